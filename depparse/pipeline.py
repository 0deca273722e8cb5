"""`train` a model or `load` one, call it on text and documents."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from depparse.annotator import BATCHES, BATCHES_OF_WORKER, Annotator, Group
from depparse.data.annotations.frames import PREDICATES
from depparse.data.document import Document
from depparse.data.files import PathLike
from depparse.data.sentence import Sentence
from depparse.data.text import iter_text, wrapped
from depparse.errors import ConfigError
from depparse.evaluation.systems import bare_copies, with_hidden, with_trees
from depparse.inputs import Given, Input, InputReader, Segmenter, expanded, jobs_of
from depparse.model import BATCH_WORDS, Model
from depparse.models import find
from depparse.segmentation.segmenter import Segmenter as OwnSegmenter
from depparse.storage import Weights
from depparse.store import load_parts
from depparse.store import save as save_model
from depparse.structs.analysis import ParseAnalysis
from depparse.structs.constraints import Constraints
from depparse.workers import run_in_order

_SEGMENTER = "segmenter"  # the name of that part

if TYPE_CHECKING:
    from depparse.training.recipe import Recipe
    from depparse.training.run import Listener


class Pipeline:
    """A trained model: ``pipeline(text)`` gives the text analysed. Safe to call from several threads.

    A `segmenter` finds sentences, tokens and words in text; without one, rules do, which expand no multiword tokens.
    Without a `model`, text is segmented and no more.
    """

    def __init__(self, model: Model | None, card: str = "", segmenter: Segmenter | None = None) -> None:
        self.model, self.card, self.segmenter = model, card, segmenter
        parts: tuple[object, ...] = (model, segmenter)
        for part in parts:
            if isinstance(part, torch.nn.Module):
                part.eval()

    def __call__(
        self,
        input: Input,
        *,
        presplit: bool = False,
        expand: bool = False,
        without: str | Collection[str] = (),
        keep: str | Collection[str] = (),
        constraints: Iterable[Constraints | None] | None = None,
        probabilities: bool = False,
        k_best: int | None = None,
        treebank: str | None = None,
    ) -> Document:
        """The input, analysed: a text, a Document (which is copied), or sentences that are lists of tokens.

        `presplit`: each line of the text is a sentence, and only its tokens are to be found. `expand`: multiword tokens
        among the words of a Document or of lists are found and split; its other columns are not read then. `without`
        switches parts off (see `parts`): what a Document holds of them stays. For the rest see `annotate_stream`.

        Raises ConfigError, and DepparseError naming the sentence if there is no tree as `keep` and `constraints` ask.
        """
        annotator = Annotator(
            self.model, keep=keep, probabilities=probabilities, k_best=k_best, treebank=treebank,
            without=self._check_parts(without), needs_parser=constraints is not None,
        )  # fmt: skip
        reader = self._reader(without, presplit, expand)
        given = reader.check(input)
        return _document(annotator.annotate(reader.sentences(given), constraints), given)

    def pipe(
        self,
        inputs: Iterable[Input],
        *,
        batch_size: int = 256,
        workers: int = 1,
        presplit: bool = False,
        expand: bool = False,
        without: str | Collection[str] = (),
        keep: str | Collection[str] = (),
        probabilities: bool = False,
        k_best: int | None = None,
        treebank: str | None = None,
        batch_words: int = BATCH_WORDS,
    ) -> Iterator[Document]:
        """Many inputs, analysed, in order: each as by a call, but faster, since their sentences share batches.

        Inputs are read when they are needed: at most `batch_size` ahead, fewer if they are long. `workers` are
        processes, of one thread each, that share the work out; each has such a batch in work and one waiting. See
        `depparse.workers.run_in_order` for how they start and end. Closing the iterator stops them. The analyses do
        not depend on `batch_size` (inputs), `batch_words` (words with padding) or `workers`.

        Raises as a call does, and what a worker raises; nothing comes after an error.
        """
        if isinstance(inputs, (str, Document)):
            raise ConfigError("pipe takes many texts or documents; call the pipeline itself for one")
        self._check_workers(workers)
        if batch_size < 1:
            raise ConfigError(f"batch_size is a number of inputs, at least 1, not {batch_size}")
        annotator = Annotator(
            self.model, keep=keep, probabilities=probabilities, k_best=k_best, treebank=treebank,
            without=self._check_parts(without), batch_words=batch_words,
        )  # fmt: skip
        reader = self._reader(without, presplit, expand)
        batches = BATCHES if workers == 1 else BATCHES_OF_WORKER
        jobs = jobs_of(map(reader.check, inputs), batch_size, batches * batch_words)
        return _documents(run_in_order(partial(_annotate_inputs, reader, annotator), jobs, workers))

    def annotate_stream(
        self,
        sentences: Iterable[Sentence],
        *,
        keep: str | Collection[str] = (),
        constraints: Iterable[Constraints | None] | None = None,
        probabilities: bool = False,
        k_best: int | None = None,
        treebank: str | None = None,
        without: str | Collection[str] = (),
        batch_words: int = BATCH_WORDS,
        workers: int = 1,
    ) -> Iterator[Sentence]:
        """Copies of the sentences, annotated, in order, with a few batches in memory at a time.

        Comments, multiword tokens and MISC are not touched, nor are empty nodes unless the model predicts DEPS. A model
        of several treebanks annotates in the manner of `treebank`, by default the first that it learned. `workers` and
        `without` are those of `pipe`. A task that reads trees (its `syntax`, `spans`) reads those that are written;
        without the parser, those that the sentences have.

        `keep` names columns (``upos``, ``LEMMA``): what they hold stays, and only what is ``_`` in them is predicted.
        FEATS, where ``_`` is a value, stays as it is. ``ner`` keeps the entities of sentences that are annotated with
        any, or with none in a column of their own; ``frames`` does so with frames. Of the frames of such sentences,
        ``predicates`` keeps the words, and ``up:pred`` their senses too; the rest is predicted. ``deps`` keeps the
        enhanced graphs of sentences that have one, with their empty nodes. The tree is built around kept heads and
        relations: it is the best one that has them. `constraints` say more, one for each sentence or None: arcs that
        must or must not be there, and relations, which go before kept ones.

        `probabilities` writes HeadProb (of the arc) and LabelProb (of the arc with its relation) into MISC, and of an
        enhanced graph DepsProb (of each arc with its label, in the order of DEPS, with commas). `k_best` gives so many
        trees of each sentence, best first, each as a sentence with the comments ``tree_rank`` and
        ``tree_log_probability`` (natural logarithm). Those after the first have ``-tree2``, ``-tree3`` … behind their
        sent_id and begin no document or paragraph; their enhanced graph is that of the best tree, too. Probabilities of
        trees are over all trees that have what is kept and required.

        Raises ConfigError, and DepparseError naming the sentence if there is no such tree.
        """
        annotator = Annotator(
            self.model, keep=keep, probabilities=probabilities, k_best=k_best, treebank=treebank,
            without=self._check_parts(without), batch_words=batch_words, needs_parser=constraints is not None,
        )  # fmt: skip
        self._check_workers(workers)
        if workers == 1:
            return annotator.annotate(sentences, constraints)
        groups = annotator.groups(sentences, constraints, BATCHES_OF_WORKER)
        return _flat(run_in_order(partial(_annotate_group, annotator), groups, workers))

    def segment(
        self, pieces: Iterable[str], *, presplit: bool = False, without: str | Collection[str] = ()
    ) -> Iterator[Sentence]:
        """The sentences of a text that comes in pieces, of any length, not annotated; in bounded memory.

        It does not matter where the text is cut into pieces. `presplit` is that of a call.
        """
        return self._reader(without, presplit).segment([pieces] if isinstance(pieces, str) else pieces)

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """New sentences of the tokens of the given ones, with multiword tokens expanded; not annotated.

        Comments and MISC are kept. Raises ConfigError if there is no segmenter.
        """
        segmenter = self._reader(expand=True).segmenter
        return iter(()) if segmenter is None else expanded(segmenter, sentences)

    def read(
        self,
        paths: Sequence[PathLike],
        format: str | None = None,
        *,
        presplit: bool = False,
        expand: bool = False,
        without: str | Collection[str] = (),
    ) -> Iterator[Sentence]:
        """The sentences of files, text segmented, a few at a time: what `annotate_stream` takes.

        `format` is that of all files; by default their endings tell it, and others are CoNLL-U. `presplit` and `expand`
        are those of a call. Sentences of text, horizontal and vertical files get ``# sent_id`` and ``# text``, the
        first of each file ``# newdoc id``, its name. If there are several files, their sent_ids begin with it.

        Raises ConfigError, and FormatError, for a file that is not there at once.
        """
        return self._reader(without, presplit, expand).read(paths, format)

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

        `raw`: of the raw text, `depparse.data.text.iter_text`, with lines of at most `wrap` characters if given. Where
        no part predicts trees, chains stand for them, since the scorer asks for trees. `given_predicates`: which words
        are predicates is told, where gold has frames; their senses and arguments are not.
        """
        given = self.model is not None and self.model.needs_trees()
        if raw and given_predicates:
            raise ConfigError("predicates are words, so they cannot be given for raw text")
        sentences = bare_copies(gold, trees=given, predicates=given_predicates)
        if raw:
            sentences = self.segment(wrapped(iter_text(gold), wrap) if wrap else iter_text(gold))
        analysed = self.annotate_stream(sentences, treebank=treebank, keep=PREDICATES if given_predicates else ())
        return Document(with_trees(with_hidden(analysed, gold) if raw else analysed, given=given))

    def analyses(
        self,
        sentences: Iterable[Sentence],
        *,
        keep: str | Collection[str] = (),
        constraints: Iterable[Constraints | None] | None = None,
        treebank: str | None = None,
        batch_words: int = BATCH_WORDS,
    ) -> Iterator[ParseAnalysis]:
        """What the parser makes of each sentence, in order: probabilities of all arcs and relations, the best trees.

        Each is computed when it is asked for. `keep` (of HEAD and DEPREL), `constraints` and `treebank` are those of
        `annotate_stream`.
        """
        annotator = Annotator(self.model, keep=keep, treebank=treebank, batch_words=batch_words, needs_parser=True)
        for group in annotator.groups(sentences, constraints):
            for sentence, analysis in zip(group.sentences, annotator.analyses(group), strict=True):
                if analysis is None:  # no words
                    analysis = ParseAnalysis(
                        repr(sentence), np.zeros((1, 1)), (), lambda _, heads: np.zeros((*heads.shape, 1))
                    )
                yield analysis

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that there are: ``segmenter`` if there is one, and the tasks."""
        return (*((_SEGMENTER,) if self.segmenter is not None else ()), *(self.model.tasks if self.model else ()))

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the model predicts."""
        return tuple(name for columns in (self.model.writes.values() if self.model else ()) for name in columns)

    def _reader(self, without: str | Collection[str] = (), presplit: bool = False, expand: bool = False) -> InputReader:
        return InputReader(None if _SEGMENTER in self._check_parts(without) else self.segmenter, presplit, expand)

    def _check_parts(self, without: str | Collection[str]) -> frozenset[str]:
        names = frozenset([without] if isinstance(without, str) else without)
        if wrong := sorted(names - set(self.parts)):
            there = ", ".join(self.parts) or "no parts"
            raise ConfigError(f"there is no part {', '.join(wrong)} to switch off; the pipeline has {there}")
        return names

    def _check_workers(self, workers: int) -> None:
        if workers < 1:
            raise ConfigError(f"workers is a number of processes, at least 1, not {workers}")
        if workers > 1 and self.model is not None and self.model.device.type != "cpu":
            raise ConfigError(f"workers share out processors, but the model is on {self.model.device}; use one worker")

    def save(self, folder: str | os.PathLike[str], weights: Weights = "float32") -> None:
        """Writes the model folder. Weights stored as ``float16`` or ``int8`` take a half or a quarter of the space.

        Raises ConfigError for a segmenter that is not of depparse, which a folder cannot hold.
        """
        if self.segmenter is not None and not isinstance(self.segmenter, OwnSegmenter):
            kind = type(self.segmenter).__name__
            raise ConfigError(f"a model folder cannot hold a segmenter of type {kind}; set pipeline.segmenter = None")
        save_model(self.model, Path(folder), self.card, segmenter=self.segmenter, weights=weights)


def _annotate_inputs(reader: InputReader, annotator: Annotator, inputs: list[Given]) -> list[list[Sentence]]:
    """The sentences of each input, annotated together."""
    documents = reader.sentences_of_all(inputs)
    groups = annotator.groups(chain.from_iterable(documents))
    annotated = (copies for group in groups for copies in annotator.annotate_group(group))
    return [list(chain.from_iterable(islice(annotated, len(document)))) for document in documents]


def _annotate_group(annotator: Annotator, group: Group) -> list[Sentence]:
    return list(chain.from_iterable(annotator.annotate_group(group)))


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


def load(
    name: str | os.PathLike[str],
    device: str | torch.device = "cpu",
    *,
    without: str | Collection[str] = (),
    fetch: bool = False,
    revision: str | None = None,
) -> Pipeline:
    """The pipeline called `name`, on a device of torch such as ``cuda``; parts `without` are left out of it for good.

    `name` is that of a bundled model (``en``), the folder of a model or of the run that made it, or an id of the
    Hugging Face hub (``user/repo``), which must have been fetched before, or is fetched if `fetch` is true, at
    `revision`. A bundled name goes before a folder of that name here, which is ``./en``. Raises ModelError and
    ConfigError.
    """
    folder = find(name, fetch=fetch, revision=revision)
    try:
        parts = load_parts(folder)
        for part in (parts.model, parts.segmenter):
            if part is not None:
                part.to(device)
    except (RuntimeError, AssertionError) as error:  # of torch, about devices that there are not
        reason = str(error).splitlines()[0]
        raise ConfigError(f"the model cannot be put on the device {str(device)!r}: {reason}") from None
    card = folder / "README.md"
    pipeline = Pipeline(parts.model, card.read_text(encoding="utf-8") if card.is_file() else "", parts.segmenter)
    off = pipeline._check_parts(without)
    if _SEGMENTER in off:
        pipeline.segmenter = None
    if off and pipeline.model is not None:
        if off.issuperset(pipeline.model.tasks):
            pipeline.model = None
        else:
            pipeline.model.leave_out(off)
    return pipeline


def train(
    config: Recipe,
    *,
    treebank: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    train: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    dev: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    test: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    output: str | os.PathLike[str] = "runs/model",
    set: str | Mapping[str, Any] | Sequence[str] = (),
    base: str | os.PathLike[str] | None = None,
    freeze: bool = False,
    seed: int | None = None,
    resume: bool = False,
    listen: Listener | None = None,
    command: str | None = None,
) -> Pipeline:
    """Trains a model as ``depparse train`` does, with the same names; returns the best on dev, kept in `output`.

    ``depparse.train("recurrent", treebank="UD_French-Sequoia", set={"training.epochs": 10}, output="runs/sequoia")``

    `config` is the name of a recipe, a TOML file, a dictionary, or a RecipeConfig. `treebank` are UD folders, whose
    splits are used; `train`, `dev` and `test` are files in place of theirs. `set` has any key of the recipe, with dots.
    `base` is a trained model, named as for `load`, that learns the tasks of the recipe besides its own, or further if
    it has them; with `freeze` all else of it stays as it is, to the last digit of what it predicts.
    `listen` is called with a record of each step and evaluation (`depparse.training.run.Record`); nothing is printed.
    `command` is what the model card says made it. Raises ConfigError, FormatError, ModelError, and DepparseError if
    training diverges.
    """
    from depparse.training.recipe import read_recipe
    from depparse.training.run import run

    set = [set] if isinstance(set, str) else set
    data = {"train": _paths(train), "dev": _paths(dev), "test": _paths(test)}
    begin = None if base is None else os.fspath(base)
    recipe = read_recipe(config, set, _paths(treebank), data, begin, freeze)
    if seed is not None:
        recipe = recipe.with_seed(seed)
    if command is None:
        given: dict[str, Any] = {"treebank": _paths(treebank), **data, "output": os.fspath(output), "set": set}
        given |= {"base": begin, "freeze": freeze, "resume": resume}
        name = repr(config if not isinstance(config, os.PathLike) else os.fspath(config))
        command = f"depparse.train({', '.join([name, *(f'{key}={value!r}' for key, value in given.items() if value)])})"
    run(recipe, Path(output), resume=resume, command=command, listen=listen or (lambda _: None))
    return load(Path(output))


def _paths(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    return [os.fspath(path) for path in ([given] if isinstance(given, (str, os.PathLike)) else given)]
