"""Gold data to score a model on: dev and test files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from depparse.document.annotations import annotated
from depparse.document.document import Document
from depparse.errors import ConfigError, DepparseError
from depparse.evaluation.metrics import Metric, Use, metrics
from depparse.evaluation.pair import Pair
from depparse.evaluation.scores import TREES, Scores
from depparse.evaluation.systems import bare_copies
from depparse.formats.table import guess_format, read
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import ModelCodec
from depparse.model.model import Model
from depparse.tasks.task import LimitsLength
from depparse.training.recipe import treebank_name
from depparse.treebanks.languages import Choice, Languages

# The shared tasks' scores of these columns are given together, whichever of them the model predicts.
_BASIC = frozenset({"LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL"})


@dataclass
class Gold:
    """A file to be scored on; `treebank` is that of the file or, if it is none of training, the nearest of these."""

    name: str
    file: str
    document: Document
    treebank: str | None

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

    @cached_property
    def blank(self) -> frozenset[str]:
        """The basic columns without any annotation, in which a model that predicts nothing would always be right."""
        return frozenset(name for name in _BASIC if not any(annotated(sentence, (name,)) for sentence in self.document))

    def metrics(self, codec: ModelCodec | None) -> tuple[str, ...]:
        """The scores that tell of the model: those of segmentation; those of basic trees if the file has any and the
        model predicts anything that stands in their table; all others if the file holds what the model predicts. None
        that looks at blank columns alone."""
        written = set() if codec is None else {column for columns in codec.writes.values() for column in columns}
        in_table = {column for metric in _trained() if metric.section is TREES for column in metric.columns}
        apart = {column for metric in _trained() for column in metric.columns} - in_table
        trees = self.trees and not (written and written <= apart)
        return tuple(
            metric.name
            for metric in _trained()
            if (
                trees and not self.blank.issuperset(metric.columns)
                if _is_basic(metric)
                else metric.name in self.held and metric.tells_of(written)
            )
            or not metric.columns
        )

    def score(self, pipeline: Pipeline, *, raw: bool = False) -> Scores:
        """Scores of what the pipeline makes of the gold words or, `raw`, of the raw text.

        Without a model, only those of segmentation say anything.
        """
        treebank = None
        if self.treebank is not None and len(pipeline.treebanks) > 1:
            treebank = pipeline.treebanks[pipeline.languages.number(Choice(self.treebank), quiet=True)]
        return self._score(pipeline.reanalyze(self.document, raw=raw, treebank=treebank), pipeline.codec)

    def _score(self, system: Document, codec: ModelCodec | None) -> Scores:
        names, pair = self.metrics(codec), Pair(self.document, system)
        return Scores({metric.name: metric.score(pair) for metric in metrics() if metric.name in names})

    def check(self, model: Model, *, raw: bool = False) -> None:
        """Refuses now what would end the run at its first evaluation or, worse, at its last."""
        try:
            # A system that starts from raw text has the words alone.
            model.codec.check_trees(self.document.sentences if not raw else bare_copies(self.document))
        except ConfigError as error:
            raise ConfigError(f"{self.file}{' from raw text' if raw else ''}: {error}") from None
        longest = max(map(len, self.document))
        for codec in model.codec.tasks.values():
            if isinstance(codec, LimitsLength):
                try:
                    codec.check_length(longest)
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
        nearest = Languages(treebanks).number(Choice(name), quiet=True)
        treebank = treebanks[nearest] if treebanks else None
        gold = Gold(label, file, document, treebank)
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
