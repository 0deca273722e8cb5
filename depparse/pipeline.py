"""`train` a model or `load` one, call it on documents."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from depparse.data.batching import chunks
from depparse.data.columns import VALUE_COLUMNS
from depparse.data.document import Document
from depparse.data.sentence import Sentence
from depparse.errors import ConfigError
from depparse.model import Model
from depparse.models import find
from depparse.storage import Weights
from depparse.store import load as load_model
from depparse.store import save as save_model
from depparse.structs.analysis import ParseAnalysis
from depparse.structs.constraints import Constraints
from depparse.tasks.dependencies import Dependencies

# Columns where an underscore is a blank to be filled. In FEATS it says that there are none; in DEPS and MISC it may.
_BLANKS = frozenset({"LEMMA", "UPOS", "XPOS", "HEAD", "DEPREL"})
_TREE = frozenset({"HEAD", "DEPREL"})
# First words of comments that would begin a document or paragraph anew with each tree of a sentence.
_ONCE = (["newdoc"], ["newpar"], ["global.columns"], ["global.Entity"])

if TYPE_CHECKING:
    from depparse.training.recipe import Recipe
    from depparse.training.run import Listener

# A forked child has none of its parent's OpenMP threads, and torch would wait for them forever. (A DataLoader does the
# same in its workers.)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


class Pipeline:
    """A trained model: ``pipeline(document)`` gives the document annotated. Safe to call from several threads."""

    def __init__(self, model: Model, card: str = "") -> None:
        self.model = model.eval()
        self.card = card

    def __call__(
        self,
        document: Document,
        *,
        keep: Collection[str] = (),
        constraints: Iterable[Constraints | None] | None = None,
        probabilities: bool = False,
        k_best: int | None = None,
        treebank: str | None = None,
    ) -> Document:
        """A copy of `document` with the columns of the model's tasks predicted. For the rest see `pipe`."""
        annotated = self.pipe(
            document, keep=keep, constraints=constraints, probabilities=probabilities, k_best=k_best, treebank=treebank
        )
        return Document(annotated, document.column_names)

    def pipe(
        self,
        sentences: Iterable[Sentence],
        *,
        keep: Collection[str] = (),
        constraints: Iterable[Constraints | None] | None = None,
        probabilities: bool = False,
        k_best: int | None = None,
        treebank: str | None = None,
        batch_words: int = 5000,
    ) -> Iterator[Sentence]:
        """Copies of the sentences, annotated, in order, with a few batches in memory at a time.

        Comments, multiword tokens, empty nodes and MISC are not touched. A model of several treebanks annotates in the
        manner of `treebank`, by default the first that it learned.

        `keep` names columns (``upos``, ``LEMMA``): what they hold stays, and only what is ``_`` in them is predicted.
        FEATS, where ``_`` is a value, stays as it is. The tree is built around kept heads and relations: it is the best
        one that has them. `constraints` say more, one for each sentence or None: arcs that must or must not be there,
        and relations, which go before kept ones.

        `probabilities` writes HeadProb (of the arc) and LabelProb (of the arc with its relation) into MISC. `k_best`
        gives so many trees of each sentence, best first, each as a sentence with the comments ``tree_rank`` and
        ``tree_log_probability`` (natural logarithm). Those after the first have ``-tree2``, ``-tree3`` … behind their
        sent_id and begin no document or paragraph. Probabilities are over all trees that have what is kept and
        required.

        Raises ConfigError, and DepparseError naming the sentence if there is no such tree.
        """
        kept = _check_columns(keep)
        if k_best is not None and k_best < 1:
            raise ConfigError(f"k_best is a number of trees, at least 1, not {k_best}")
        asked = probabilities or k_best is not None or constraints is not None
        parser = self._parser(needed=asked) if asked or kept & _TREE else None
        for sentence, analysis in self._run(sentences, kept, constraints, treebank, batch_words, parser):
            if parser is None or analysis is None or not (asked or _has_blanks(sentence, kept)):
                yield sentence
                continue
            trees = [analysis.best] if k_best is None else analysis.trees(k_best)
            for rank, tree in enumerate(trees, 1):
                copied = copy_sentence(sentence)
                parser[1].annotate(copied, analysis.with_probabilities(tree) if probabilities else tree)
                if k_best is not None:
                    _set_rank(copied, rank, tree.log_probability or 0.0)
                yield copied

    def analyses(
        self,
        sentences: Iterable[Sentence],
        *,
        keep: Collection[str] = (),
        constraints: Iterable[Constraints | None] | None = None,
        treebank: str | None = None,
        batch_words: int = 5000,
    ) -> Iterator[ParseAnalysis]:
        """What the parser makes of each sentence, in order: probabilities of all arcs and relations, the best trees.

        Each is computed when it is asked for. `keep` (of HEAD and DEPREL), `constraints` and `treebank` are those of
        `pipe`.
        """
        parser = self._parser(needed=True)
        kept = _check_columns(keep)
        for sentence, analysis in self._run(sentences, kept, constraints, treebank, batch_words, parser):
            if analysis is None:  # no words
                analysis = ParseAnalysis(
                    repr(sentence), np.zeros((1, 1)), (), lambda _, heads: np.zeros((*heads.shape, 1))
                )
            yield analysis

    def _run(
        self,
        sentences: Iterable[Sentence],
        kept: frozenset[str],
        constraints: Iterable[Constraints | None] | None,
        treebank: str | None,
        batch_words: int,
        parser: tuple[str, Dependencies] | None,
    ) -> Iterator[tuple[Sentence, ParseAnalysis | None]]:
        """Copies with what other tasks than `parser` predict, and what it makes of them (None without words)."""
        source = self._source(treebank)
        given = repeat(None) if constraints is None else iter(constraints)
        first = 1
        for group in chunks(iter(sentences), 8 * batch_words):
            known = [_known(sentence, kept, more) for sentence, more in zip(group, given, strict=False)]
            if len(known) < len(group):
                raise ConfigError(f"constraints end at sentence {first + len(known)}; give one for each, or None")
            copies = [copy_sentence(sentence) for sentence in group]
            analyses: dict[int, ParseAnalysis] = {}
            for batch, scores in self.model.scored(copies, batch_words, first=first, source=source):
                if parser is not None:
                    name, task = parser
                    numbers = [example.number for example in batch.examples]
                    found = task.analyze(scores.pop(name), batch, [known[number - first] for number in numbers])
                    analyses |= zip(numbers, found, strict=True)
                self.model.write(batch, scores)
            for number, (original, copied) in enumerate(zip(group, copies, strict=True), first):
                _restore(copied, original, kept)
                yield copied, analyses.pop(number, None)
            first += len(group)
        if constraints is not None and any(True for _ in given):
            raise ConfigError(f"there are more constraints than the {first - 1} sentences; give one for each, or None")

    def _parser(self, *, needed: bool) -> tuple[str, Dependencies] | None:
        """Name and task that predict trees. Raises ConfigError if there is none but it is needed."""
        for name, task in self.model.tasks.items():
            if isinstance(task, Dependencies):
                return name, task
        if needed:
            raise ConfigError("the model predicts no trees, so nothing about them: it has no task of type dependencies")
        return None

    def _source(self, treebank: str | None) -> int:
        names = self.model.treebanks
        if treebank is None:
            return 0
        if treebank not in names:
            raise ConfigError(f"the model learned no treebank {treebank!r}; it knows: {', '.join(names) or 'no names'}")
        return names.index(treebank)

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the model predicts."""
        return tuple(name for columns in self.model.writes.values() for name in columns)

    def save(self, folder: str | os.PathLike[str], weights: Weights = "float32") -> None:
        """Writes the model folder. Weights stored as ``float16`` or ``int8`` take a half or a quarter of the space."""
        save_model(self.model, Path(folder), self.card, weights=weights)


def copy_sentence(sentence: Sentence) -> Sentence:
    """A copy whose columns and comments can be changed alone; multiword tokens and empty nodes are shared."""
    columns = {name: list(column) for name, column in sentence.columns.items()}
    copied = Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)
    copied.start_char = sentence.start_char
    return copied


def load(
    name: str | os.PathLike[str],
    device: str | torch.device = "cpu",
    *,
    fetch: bool = False,
    revision: str | None = None,
) -> Pipeline:
    """The pipeline called `name`, on a device of torch such as ``cuda``.

    `name` is that of a bundled model (``en``), the folder of a model or of the run that made it, or an id of the Hugging
    Face hub (``user/repo``), which must have been fetched before, or is fetched if `fetch` is true, at `revision`. A
    bundled name goes before a folder of that name here, which is ``./en``. Raises ModelError and ConfigError.
    """
    folder = find(name, fetch=fetch, revision=revision)
    try:
        model = load_model(folder).to(device)
    except (RuntimeError, AssertionError) as error:  # of torch, about devices that there are not
        reason = str(error).splitlines()[0]
        raise ConfigError(f"the model cannot be put on the device {str(device)!r}: {reason}") from None
    card = folder / "README.md"
    return Pipeline(model, card.read_text(encoding="utf-8") if card.is_file() else "")


def train(
    config: Recipe,
    *,
    treebank: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    train: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    dev: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    test: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    output: str | os.PathLike[str] = "runs/model",
    set: str | Mapping[str, Any] | Sequence[str] = (),
    seed: int | None = None,
    resume: bool = False,
    listen: Listener | None = None,
    command: str | None = None,
) -> Pipeline:
    """Trains a model as ``depparse train`` does, with the same names; returns the best on dev, kept in `output`.

    ``depparse.train("recurrent", treebank="UD_French-Sequoia", set={"training.epochs": 10}, output="runs/sequoia")``

    `config` is the name of a recipe, a TOML file, a dictionary, or a RecipeConfig. `treebank` are UD folders, whose
    splits are used; `train`, `dev` and `test` are files in place of theirs. `set` has any key of the recipe, with dots.
    `listen` is called with a record of each step and evaluation (`depparse.training.run.Record`); nothing is printed.
    `command` is what the model card says made it. Raises ConfigError, FormatError, ModelError, and DepparseError if
    training diverges.
    """
    from depparse.training.recipe import read_recipe
    from depparse.training.run import run

    set = [set] if isinstance(set, str) else set
    data = {"train": _paths(train), "dev": _paths(dev), "test": _paths(test)}
    if seed is not None:
        set = {**set, "training.seed": seed} if isinstance(set, Mapping) else [*set, f"training.seed={seed}"]
    recipe = read_recipe(config, set, _paths(treebank), data)
    if command is None:
        given = {"treebank": _paths(treebank), **data, "output": os.fspath(output), "set": set, "resume": resume}
        name = repr(config if not isinstance(config, os.PathLike) else os.fspath(config))
        command = f"depparse.train({', '.join([name, *(f'{key}={value!r}' for key, value in given.items() if value)])})"
    run(recipe, Path(output), resume=resume, command=command, listen=listen or (lambda _: None))
    return load(Path(output))


def _paths(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    return [os.fspath(path) for path in ([given] if isinstance(given, (str, os.PathLike)) else given)]


def _check_columns(keep: Collection[str]) -> frozenset[str]:
    kept = frozenset(name.upper() for name in keep)
    wrong = kept - set(VALUE_COLUMNS)
    if wrong:
        raise ConfigError(f"keep names columns of CoNLL-U ({', '.join(VALUE_COLUMNS)}), not {', '.join(sorted(wrong))}")
    return kept


def _known(sentence: Sentence, kept: frozenset[str], more: Constraints | None) -> Constraints | None:
    """What the kept columns and `more` say of the tree."""
    if not kept & _TREE:
        return more
    more = more or Constraints()
    heads = sentence.heads if "HEAD" in kept else ()
    relations = sentence.columns.get("DEPREL", ()) if "DEPREL" in kept else ()
    required = [(word, head) for word, head in enumerate(heads, 1) if head is not None]
    labels = {word: relation for word, relation in enumerate(relations, 1) if relation != "_"}
    return Constraints([*required, *more.required], more.forbidden, labels | dict(more.labels))


def _has_blanks(sentence: Sentence, kept: frozenset[str]) -> bool:
    """Whether there is something to predict in HEAD and DEPREL."""
    return not kept >= _TREE or any("_" in sentence.columns.get(name, "_") for name in _TREE)


def _restore(sentence: Sentence, original: Sentence, kept: frozenset[str]) -> None:
    """Puts the kept values back where they were."""
    forms = original.columns["FORM"]
    for name in kept & original.columns.keys():
        cells = zip(original.columns[name], sentence.columns[name], forms, strict=True)
        # An underscore is no blank as the lemma of an underscore.
        sentence.columns[name] = [
            new if old == "_" and name in _BLANKS and not (name == "LEMMA" and form == "_") else old
            for old, new, form in cells
        ]


def _set_rank(sentence: Sentence, rank: int, log_probability: float) -> None:
    if rank > 1:
        sentence.comments = [line for line in sentence.comments if line[1:].split(None, 1)[:1] not in _ONCE]
        if sentence.sent_id is not None:
            sentence.set_comment("sent_id", f"{sentence.sent_id}-tree{rank}")
    sentence.set_comment("tree_rank", str(rank))
    sentence.set_comment("tree_log_probability", f"{round(log_probability, 4) + 0.0:.4f}")  # no minus before a zero
