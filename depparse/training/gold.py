"""Gold data to score a model on: dev and test files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from depparse.data.document import Document
from depparse.data.formats import guess_format, read
from depparse.data.text import iter_text
from depparse.errors import ConfigError, DepparseError
from depparse.evaluation.metrics import Metric, Use, metrics
from depparse.evaluation.pair import Pair
from depparse.evaluation.scores import TREES, Scores
from depparse.evaluation.systems import bare_copies, with_hidden, with_trees
from depparse.model import Model
from depparse.segmentation.segmenter import Segmenter
from depparse.structs.checks import check_length
from depparse.tasks.dependencies import Dependencies
from depparse.training.recipe import treebank_name

# The shared tasks' scores of these columns are given together, whichever of them the model predicts.
_BASIC = frozenset({"LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL"})


@dataclass
class Gold:
    """A file to be scored on; `source` is the number of its treebank among those of training, else 0."""

    name: str
    file: str
    document: Document
    source: int

    @cached_property
    def trees(self) -> bool:
        """Whether its trees are scored. What has entities or frames alone has none, and all else must have them."""
        others = {metric.section for metric in _trained() if metric.section is not TREES}
        return TREES.held(self.document) or not any(section.held(self.document) for section in others)

    @cached_property
    def held(self) -> frozenset[str]:
        """The scores of graphs, entities and frames that it has something for. FormatError where frames are broken."""
        pair = Pair(self.document, self.document, (self.file, self.file))
        return frozenset(
            metric.name
            for metric in _trained()
            if metric.columns
            and not _is_basic(metric)
            and metric.section.held(self.document)
            and metric.measure(pair).gold.any()
        )

    def metrics(self, model: Model | None) -> tuple[str, ...]:
        """The scores that tell of the model: those of segmentation; those of basic trees if the file has any and the
        model predicts anything that stands in their table; all others if the file holds what the model predicts."""
        written = set() if model is None else {column for columns in model.writes.values() for column in columns}
        apart = {column for metric in _trained() if metric.section is not TREES for column in metric.columns}
        trees = self.trees and not (written and written <= apart)
        return tuple(
            metric.name
            for metric in _trained()
            if (trees if _is_basic(metric) else metric.name in self.held and metric.tells_of(written))
            or not metric.columns
        )

    def score(self, model: Model) -> Scores:
        return self._score(annotated(model, self.document, self.source), model)

    def score_raw(self, segmenter: Segmenter, model: Model | None = None) -> Scores:
        """Scores of what is made of the raw text; without a model, only those of segmentation say anything."""
        sentences = list(segmenter.segment(iter_text(self.document)))
        if model is not None:
            model.annotate(sentences, source=self.source)
        return self._score(Document(with_trees(with_hidden(sentences, self.document))), model)

    def _score(self, system: Document, model: Model | None) -> Scores:
        names, pair = self.metrics(model), Pair(self.document, system)
        return Scores({metric.name: metric.score(pair) for metric in metrics() if metric.name in names})

    def check(self, model: Model, *, raw: bool = False) -> None:
        """Refuses now what would end the run at its first evaluation or, worse, at its last."""
        try:
            # A system that starts from raw text has the words alone.
            model.check_trees(self.document.sentences if not raw else bare_copies(self.document))
        except ConfigError as error:
            raise ConfigError(f"{self.file}{' from raw text' if raw else ''}: {error}") from None
        longest = max(map(len, self.document))
        for task in model.tasks.values():
            if isinstance(task, Dependencies) and task.config.projective:
                try:
                    check_length(longest, task.config.max_projective_length)
                except DepparseError as error:
                    raise ConfigError(f"{self.file}: {error}") from None


def read_gold(split: str, files: Sequence[str], treebanks: Sequence[str], format: str = "conllu") -> list[Gold]:
    """Named by the split if there is one file, else by their stems, or whole where stems are alike.

    What the scorer refuses is refused now. `format` is that of files whose endings tell none.
    """
    stems = [Path(file).name.split(".")[0] for file in files]
    labels = [split] if len(files) == 1 else stems if len(set(stems)) == len(stems) else files
    found = []
    for file, label in zip(files, labels, strict=True):
        document = read(file, guess_format(file, format))
        if not document.num_words:
            raise ConfigError(f"{file}: there are no words to score on")
        name = treebank_name(file)
        source = treebanks.index(name) if name in treebanks else 0
        gold = Gold(label, file, document, source)
        pair = Pair(document, document, (file, file))
        try:
            _ = pair.alignment, gold.trees and pair.gold.annotation, gold.held
        except DepparseError as error:
            raise ConfigError(str(error)) from None
        found.append(gold)
    return found


def _trained() -> list[Metric]:
    return [metric for metric in metrics() if Use.TRAINING in metric.uses]


def _is_basic(metric: Metric) -> bool:
    return metric.section is TREES and bool(metric.columns) and _BASIC.issuperset(metric.columns)


def annotated(model: Model, gold: Document, source: int = 0) -> Document:
    """The document as the model analyses it, from gold sentences, tokens and words."""
    given = model.needs_trees()
    copies = list(bare_copies(gold, trees=given))
    model.annotate(copies, source=source)
    return Document(with_trees(copies, given=given))
