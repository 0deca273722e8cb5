"""Servers that run in a thread of the tests, on a free port of this machine; and pipelines that block or fail."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from depparse.document.sentence import Sentence
from depparse.inference.pipeline import Pipeline
from depparse.server.limits import Limits
from depparse.server.models import Models, ServedModel
from depparse.server.run import Server, address_of, bind
from tests.models import clear_pipeline
from tests.segmenters import Expanding


@contextmanager
def served(
    pipelines: Mapping[str, Pipeline], limits: Limits | None = None, origins: Iterable[str] = ()
) -> Iterator[httpx.Client]:
    """A client of a server with these models, which is stopped in the end."""
    models = Models(ServedModel(name, pipeline) for name, pipeline in pipelines.items())
    said: list[str] = []
    server = Server(models, limits or Limits(), list(origins), say=said.append)
    bound = bind("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([bound],))
    address = address_of(bound)
    thread.start()
    try:
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            while not server.started:
                assert thread.is_alive()
                threading.Event().wait(0.01)
            yield client
    finally:
        server.stop()
        thread.join()


def expanding_pipeline() -> Pipeline:
    """A small model whose scores are clear, behind rules that split text and multiword tokens."""
    pipeline = clear_pipeline()
    pipeline.segmenter = Expanding()
    return pipeline


class Gated(Pipeline):
    """A pipeline that annotates only while the gate is open, fails at a word, and remembers what it was given."""

    def __init__(self, pipeline: Pipeline, fails_at: str = "") -> None:
        super().__init__(pipeline.model, segmenter=pipeline.segmenter, facts=pipeline.facts)
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()
        self.fails_at = fails_at
        self.rounds: list[list[str]] = []  # the texts of the sentences that were annotated together

    def annotate_each(self, sentences: Iterable[Sentence], **options: Any) -> Iterator[list[Sentence]]:
        """The annotated sentences, as of a pipeline. Raises RuntimeError at a sentence with the word."""
        given = list(sentences)
        self.rounds.append([sentence.text for sentence in given])
        self.entered.set()
        self.gate.wait(20)
        if self.fails_at and any(self.fails_at in sentence.columns["FORM"] for sentence in given):
            raise RuntimeError(f"cannot annotate {self.fails_at}")
        return super().annotate_each(given, **options)
