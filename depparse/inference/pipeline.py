"""A trained model as a pipeline, which is called on text and documents."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from depparse.document.annotations.frames import PREDICATES
from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.evaluation.systems import bare_copies, with_hidden, with_trees
from depparse.files import PathLike
from depparse.inference.annotator import BATCHES, BATCHES_OF_WORKER, Annotator, Group
from depparse.inference.inputs import (
    Given,
    Input,
    InputReader,
    Segmenter,
    annotate_group,
    annotate_inputs,
    expanded,
    jobs_of,
)
from depparse.inference.request import Asked, Request
from depparse.inference.workers import run_in_order
from depparse.model.codec import ModelCodec
from depparse.model_folder.facts import Facts
from depparse.runtimes.scorer import Scorer
from depparse.segmentation.segmenter import Segmenter as OwnSegmenter
from depparse.structs.analysis import ParseAnalysis
from depparse.structs.constraints import Constraints
from depparse.text.wrap import wrapped

if TYPE_CHECKING:
    from depparse.model.model import Model
    from depparse.model_folder.weights import Weights

SEGMENTER = "segmenter"  # the name of that part


class Pipeline:
    """A trained model: ``pipeline(text)`` gives the text analysed. Safe to call from several threads.

    A `segmenter` finds sentences, tokens and words in text; without one, rules do, which expand no multiword tokens.
    Without a `model`, text is segmented and no more. By default torch computes its networks. Where another engine does,
    which is the `scorer`, the codecs of the model are enough (`ModelCodec`), and torch is not imported.

    What may be asked of it (`keep`, `without`, `probabilities`, `k_best`, `treebank` …) is given by name to each of its
    methods, and `Request` says what it means: ``pipeline(text, keep="upos")``. Asked often, it can be checked once:
    ``request = pipeline.request(keep="upos")``, then ``pipeline(text, request=request)``. A request is for all of the
    work: of ``pipeline.annotate_stream(pipeline.read(files, request=request), request=request)``, each does its part.
    """

    def __init__(
        self,
        model: Model | ModelCodec | None,
        card: str = "",
        segmenter: Segmenter | None = None,
        facts: Facts | None = None,
        *,
        scorer: Scorer | None = None,
    ) -> None:
        self.model: Model | None = None
        self._codec: ModelCodec | None = None
        self.card, self.segmenter, self.facts = card, segmenter, facts or Facts()
        self._scorer = scorer
        if isinstance(model, ModelCodec):
            self._codec = model
            if scorer is None:
                raise ConfigError("codecs alone annotate nothing: give the scorer that computes their networks")
        elif model is not None:
            self.model = model.eval()

    @property
    def codec(self) -> ModelCodec | None:
        """The codecs of the model, if there is one."""
        return self._codec if self.model is None else self.model.codec

    @property
    def scorer(self) -> Scorer | None:
        """What computes the networks of the model: that which was given, or torch."""
        if self._scorer is not None or self.model is None:
            return self._scorer
        from depparse.runtimes.torch import TorchScorer

        return TorchScorer(self.model)

    def request(self, *, constrained: bool = False, **asked: Unpack[Asked]) -> Request:
        """The request, checked against the parts that there are. Raises ConfigError.

        `constrained`: whether constraints on the trees will be given beside it.
        """
        request = self._requested(None, asked, constrained=constrained)
        self._annotator(request)
        return request

    def __call__(
        self,
        input: Input,
        *,
        constraints: Iterable[Constraints | None] | None = None,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Document:
        """The input, analysed: a text, a Document (which is copied), or sentences that are lists of tokens.

        `constraints` are one for each sentence or None: arcs that must or must not be there, and relations, which go
        before kept ones. What else may be asked, `Request` says.

        Raises ConfigError, and DepparseError naming the sentence if there is no tree as `keep` and `constraints` ask.
        """
        request = self._requested(request, asked, constrained=constraints is not None)
        reader = self._reader(request)
        checked = reader.check(input)
        return _document(self._annotator(request).annotate(reader.sentences(checked), constraints), checked)

    def pipe(
        self,
        inputs: Iterable[Input],
        *,
        batch_size: int = 256,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Document]:
        """Many inputs, analysed, in order: each as by a call, but faster, since their sentences share batches.

        Inputs are read when they are needed: at most `batch_size` ahead, fewer if they are long. `workers` are
        processes, of one thread each, that share the work out; each has such a batch in work and one waiting. See
        `depparse.inference.workers.run_in_order` for how they start and end. Closing the iterator stops them. The
        analyses do not depend on `batch_size` (inputs) or `workers`.

        Raises as a call does, and what a worker raises; nothing comes after an error.
        """
        if isinstance(inputs, (str, Document)):
            raise ConfigError("pipe takes many texts or documents; call the pipeline itself for one")
        self._check_workers(workers)
        if batch_size < 1:
            raise ConfigError(f"batch_size is a number of inputs, at least 1, not {batch_size}")
        request = self._requested(request, asked)
        annotator, reader = self._annotator(request), self._reader(request)
        batches = BATCHES if workers == 1 else BATCHES_OF_WORKER
        jobs = jobs_of(map(reader.check, inputs), batch_size, batches * request.batch_words)
        return _documents(run_in_order(partial(annotate_inputs, reader, annotator), jobs, workers))

    def annotate_stream(
        self,
        sentences: Iterable[Sentence],
        *,
        constraints: Iterable[Constraints | None] | None = None,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Sentence]:
        """Copies of the sentences, annotated, in order, with a few batches in memory at a time.

        Comments, multiword tokens and MISC are not touched, nor are empty nodes unless the model predicts DEPS.
        `workers` are those of `pipe`, `constraints` those of a call.

        Raises ConfigError, and DepparseError naming the sentence if there is no tree as `keep` and `constraints` ask.
        """
        able = ("keep", "without", "probabilities", "k_best", "treebank", "batch_words")
        request = self._requested(request, asked, "annotate_stream", able, constrained=constraints is not None)
        annotator = self._annotator(request)
        self._check_workers(workers)
        if workers == 1:
            return annotator.annotate(sentences, constraints)
        groups = annotator.groups(sentences, constraints, BATCHES_OF_WORKER)
        return _flat(run_in_order(partial(annotate_group, annotator), groups, workers))

    def segment(
        self, pieces: Iterable[str], *, request: Request | None = None, **asked: Unpack[Asked]
    ) -> Iterator[Sentence]:
        """The sentences of a text that comes in pieces, of any length, not annotated; in bounded memory.

        It does not matter where the text is cut into pieces.
        """
        reader = self._reader(self._requested(request, asked, "segment", ("without", "presplit")))
        return reader.segment([pieces] if isinstance(pieces, str) else pieces)

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """New sentences of the tokens of the given ones, with multiword tokens expanded; not annotated.

        Comments and MISC are kept. Raises ConfigError if there is no segmenter.
        """
        segmenter = self._reader(Request(expand=True)).segmenter
        return iter(()) if segmenter is None else expanded(segmenter, sentences)

    def read(
        self,
        paths: Sequence[PathLike],
        format: str | None = None,
        *,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Sentence]:
        """The sentences of files, text segmented, a few at a time: what `annotate_stream` takes.

        `format` is that of all files; by default their endings tell it, and others are CoNLL-U. Sentences of text,
        horizontal and vertical files get ``# sent_id`` and ``# text``, the first of each file ``# newdoc id``, its
        name. If there are several files, their sent_ids begin with it.

        Raises ConfigError, and FormatError, for a file that is not there at once.
        """
        able = ("without", "presplit", "expand")
        return self._reader(self._requested(request, asked, "read", able)).read(paths, format)

    def reanalyze(
        self,
        gold: Document,
        *,
        raw: bool = False,
        wrap: int | None = None,
        treebank: str | None = None,
        given_predicates: bool = False,
    ) -> Document:
        """What the pipeline makes of gold data, to be scored against it. It sees the words, not their annotation; but
        their trees if a task reads trees and no part predicts them.

        `raw`: of the plain raw text, with lines of at most `wrap` characters if given. Where no part predicts trees,
        chains stand for them, since the scorer asks for trees. `given_predicates`: which words are predicates is told,
        where gold has frames; their senses and arguments are not.
        """
        trees = self.codec is not None and self.codec.needs_trees()
        if raw and given_predicates:
            raise ConfigError("predicates are words, so they cannot be given for raw text")
        sentences = bare_copies(gold, trees=trees, predicates=given_predicates)
        if raw:
            sentences = self.segment(wrapped(iter_text(gold), wrap) if wrap else iter_text(gold))
        analysed = self.annotate_stream(sentences, treebank=treebank, keep=PREDICATES if given_predicates else ())
        return Document(with_trees(with_hidden(analysed, gold) if raw else analysed, given=trees))

    def analyses(
        self,
        sentences: Iterable[Sentence],
        *,
        constraints: Iterable[Constraints | None] | None = None,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[ParseAnalysis]:
        """What the parser makes of each sentence, in order: probabilities of all arcs and relations, the best trees.

        Each is computed when it is asked for. `keep` (of HEAD and DEPREL), `treebank` and `batch_words` may be asked.
        """
        able = ("keep", "without", "treebank", "batch_words")
        request = self._requested(request, asked, "analyses", able, constrained=True)
        _refuse("analyses", [name for name in ("probabilities", "k_best") if name in request.asked], able)
        return self._annotator(request).all_analyses(sentences, constraints)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that there are: ``segmenter`` if there is one, and the tasks."""
        return (*((SEGMENTER,) if self.segmenter is not None else ()), *(self.codec.tasks if self.codec else ()))

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the model predicts."""
        return tuple(name for columns in (self.codec.writes.values() if self.codec else ()) for name in columns)

    def _requested(
        self,
        request: Request | None,
        asked: Asked,
        method: str = "",
        able: Collection[str] = (*Asked.__annotations__,),
        *,
        constrained: bool = False,
    ) -> Request:
        """The request that was given, or one of what was asked by name of a method that is `able` to do so much."""
        if request is None:
            request = Request.of(asked, constrained=constrained)
            _refuse(method, [name for name in request.asked if name not in able], able)
        elif asked:
            raise ConfigError(f"give a request or {', '.join(asked)}, not both")
        else:
            request = replace(request, constrained=request.constrained or constrained)
        if wrong := sorted(request.without - set(self.parts)):
            names = ", ".join(self.parts) or "no parts"
            raise ConfigError(f"there is no part {', '.join(wrong)} to switch off; the pipeline has {names}")
        return request

    def _annotator(self, request: Request) -> Annotator:
        return Annotator(self.codec, self.scorer, request)

    def _reader(self, request: Request) -> InputReader:
        segmenter = None if SEGMENTER in request.without else self.segmenter
        return InputReader(segmenter, request.presplit, request.expand)

    def _check_workers(self, workers: int) -> None:
        if workers < 1:
            raise ConfigError(f"workers is a number of processes, at least 1, not {workers}")
        if workers > 1 and self.model is not None and self.model.device.type != "cpu":
            raise ConfigError(f"workers share out processors, but the model is on {self.model.device}; use one worker")

    def save(self, folder: str | os.PathLike[str], weights: Weights = "float32") -> None:
        """Writes the model folder. Weights stored as ``float16`` or ``int8`` take a half or a quarter of the space.

        Raises ConfigError for what a folder cannot hold: a segmenter that is not of depparse, or a model without torch.
        """
        if self.segmenter is not None and not isinstance(self.segmenter, OwnSegmenter):
            kind = type(self.segmenter).__name__
            raise ConfigError(f"a model folder cannot hold a segmenter of type {kind}; set pipeline.segmenter = None")
        if self.model is None and self.codec is not None:
            engine = type(self.scorer).__name__
            raise ConfigError(
                f"a model folder holds weights of torch, but {engine} computes the networks of this model"
            )
        from depparse.model_folder.store import save as save_model

        card = self.card or None  # made of the facts, if there is none
        save_model(self.model, Path(folder), self.facts, card=card, segmenter=self.segmenter, weights=weights)


def _refuse(method: str, names: Collection[str], able: Collection[str]) -> None:
    if names:
        raise ConfigError(f"{method} cannot do what {', '.join(names)} asks; it can be asked for {', '.join(able)}")


def _documents(analysed: Generator[tuple[list[Given], list[list[Sentence]]], None, None]) -> Iterator[Document]:
    with closing(analysed):
        for inputs, annotated in analysed:
            for given, sentences in zip(inputs, annotated, strict=True):
                yield _document(sentences, given)


def _flat(analysed: Generator[tuple[Group, list[Sentence]], None, None]) -> Iterator[Sentence]:
    with closing(analysed):
        for _, sentences in analysed:
            yield from sentences


def _document(sentences: Iterable[Sentence], given: object) -> Document:
    """The analysed document, with the column names of the given one."""
    return Document(sentences, given.column_names) if isinstance(given, Document) else Document(sentences)
