"""Segmenters: a small one with random weights, and one by rules that knows multiword tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from depparse.document.sentence import Sentence
from depparse.document.words import MultiwordToken
from depparse.formats.conllu import iter_conllu
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.passages import make_passages
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import network_of
from depparse.text import rules


def random_segmenter(samples: Path) -> Segmenter:
    """A seeded segmenter with vocabularies of the French sample, which has multiword tokens."""
    passages = list(make_passages(iter_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"), 40))
    torch.manual_seed(2)
    config = SegmenterConfig(embedding=16, width=64, layers=2, words=16, token_width=64, token_layers=1)
    return SegmenterLearner.build(config, passages).segmenter


def described(segmenter: Segmenter) -> dict[str, Any]:
    """The description of the segmenter that `describe` gives."""
    network = network_of(segmenter)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return network.config.model_dump() | {"parameters": parameters}


class Expanding:
    """A segmenter by rules that splits tokens such as *didn't* into two words."""

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of the text, with multiword tokens."""
        return self.expand(rules.segment(pieces))

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences, with tokens that end in *n't* split."""
        for sentence in sentences:
            forms: list[str] = []
            misc: list[str] = []
            mwts = []
            for token in sentence.tokens:
                words = [token.text[:-3], "n't"] if token.text.endswith("n't") else [token.text]
                if len(words) > 1:
                    cells = {"FORM": token.text, "MISC": token.misc or "_"}
                    mwts.append(MultiwordToken(len(forms) + 1, len(forms) + 2, cells))
                forms += words
                misc += ["_", "_"] if len(words) > 1 else [token.misc or "_"]
            expanded = Sentence({"FORM": forms, "MISC": misc}, sentence.comments, mwts)
            expanded.start_char = sentence.start_char
            yield expanded
