"""The metrics of the CoNLL 2018 and IWPT 2020 shared tasks, equal to the official scorer, and a few more.

Each metric counts units (words, tokens, sentences, edges) of the gold file, of the system file, and those that are
right: precision is right / system, recall is right / gold, F1 is 2 · right / (system + gold). Words are compared along
`depparse.evaluation.alignment`; aligned accuracy is the share of right ones among the aligned words.

From Zeman et al. 2018 (*CoNLL 2018 Shared Task*) section 4, and Bouma, Seddah & Zeman 2020 (*IWPT 2020 Shared Task*):

========== ===========================================================================================================
Tokens     tokens with the same characters
Sentences  sentences with the same characters
Words      aligned words
UPOS, XPOS the tag is the same
UFeats     the universal features are the same
AllTags    UPOS, XPOS and universal features are the same
Lemmas     the lemma is the same; always right where the gold file has none (``_``)
UAS        the heads are aligned, or both words are roots
LAS        as UAS, and the relation without subtypes is the same
CLAS       LAS over words with a content relation (of the gold word for those right and aligned)
MLAS       CLAS with UPOS, universal features, and the same for all function words that depend on the word
BLEX       CLAS with the lemma
ELAS       enhanced edges with the same dependent, head and relation; edges from empty nodes are left out
EULAS      as ELAS, but relations without subtypes
========== ===========================================================================================================

Beyond the shared tasks:

============ =========================================================================================================
LAS_subtypes as LAS, but the whole relation is the same
UAS_nopunct  UAS without punctuation: words with UPOS PUNCT in the gold file, or, if not aligned, in the system file
LAS_nopunct  LAS without punctuation
UCM          sentences with the same characters and words, in which all heads are right; aligned accuracy is over the
             sentences with the same characters
LCM          as UCM, and all relations without subtypes are right
============ =========================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from depparse.data.conllu import read_conllu
from depparse.data.document import Document
from depparse.data.files import PathLike, name_of
from depparse.evaluation.alignment import Alignment, align
from depparse.evaluation.annotation import Annotation, Codebook, annotate
from depparse.evaluation.measures import Measure, measure
from depparse.evaluation.segmentation import Segmentation, segment
from depparse.evaluation.tables import Table, percent

OFFICIAL = tuple("Tokens Sentences Words UPOS XPOS UFeats AllTags Lemmas UAS LAS CLAS MLAS BLEX ELAS EULAS".split())
EXTRA = ("LAS_subtypes", "UAS_nopunct", "LAS_nopunct", "UCM", "LCM")


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one metric and what follows from them, as fractions of 1."""

    gold: int
    system: int
    correct: int
    aligned: int | None = None  # None where the metric does not go along aligned words

    @property
    def precision(self) -> float:
        return self.correct / self.system if self.system else 0.0

    @property
    def recall(self) -> float:
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.correct / (self.system + self.gold) if self.system + self.gold else 0.0

    @property
    def aligned_accuracy(self) -> float | None:
        """Share of right ones among the aligned; None where the metric has none."""
        if self.aligned is None:
            return None
        return self.correct / self.aligned if self.aligned else 0.0

    def to_dict(self) -> dict[str, float | None]:
        """Precision, recall, F1 and aligned accuracy, and the counts."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "aligned_accuracy": self.aligned_accuracy,
            "correct": self.correct,
            "gold": self.gold,
            "system": self.system,
            "aligned": self.aligned,
        }


@dataclass(frozen=True, slots=True)
class Scores(Mapping[str, Score]):
    """Scores by the name of the metric: ``scores["LAS"].f1``. Printed, they are a table in percent."""

    metrics: dict[str, Score]

    def __getitem__(self, name: str) -> Score:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def to_dict(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """``{"metrics": {"LAS": {"precision": …, "recall": …, "f1": …, "aligned_accuracy": …, …}, …}}``"""
        return {"metrics": {name: score.to_dict() for name, score in self.metrics.items()}}

    def table(self) -> Table:
        """In percent, the shared tasks' metrics first."""
        rows = []
        for name, score in self.metrics.items():
            values = (score.precision, score.recall, score.f1, score.aligned_accuracy)
            rows.append((name, *map(percent, values)))
        return Table("Trees", ("Metric", "Precision", "Recall", "F1", "AlignedAcc"), rows)

    def __str__(self) -> str:
        return str(self.table())


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All about a pair of analyses: what `evaluate` sums up, and tables and tests by group and by sentence need."""

    gold: Segmentation
    system: Segmentation
    alignment: Alignment
    gold_annotation: Annotation
    system_annotation: Annotation
    codes: Codebook
    measures: dict[str, Measure]
    scores: Scores


def evaluate(gold: PathLike | Document, system: PathLike | Document) -> Scores:
    """Scores of `system` against `gold`, each a path or a Document, by all metrics above.

    The files hold the same text, spaces aside; sentences, tokens and words may differ. Raises EvaluationError if the
    texts differ and FormatError if a file is broken or holds anything but trees with one root.
    """
    return compare(gold, system).scores


def compare(
    gold: PathLike | Document, system: PathLike | Document, names: tuple[str, str] = ("gold", "system")
) -> Comparison:
    """As `evaluate`, with all the details. `names` is how errors call what is given as a Document."""
    codes = Codebook()
    gold_side = segment(load(gold), _name(gold, names[0]))
    system_side = segment(load(system), _name(system, names[1]))
    alignment = align(gold_side, system_side)
    a, b = annotate(gold_side, codes), annotate(system_side, codes)
    measures = measure(gold_side, system_side, alignment, a, b, codes)
    scores = Scores({name: _sum(measures[name]) for name in (*OFFICIAL, *EXTRA)})
    return Comparison(gold_side, system_side, alignment, a, b, codes, measures, scores)


def _sum(measure: Measure) -> Score:
    aligned = None if measure.aligned is None else int(measure.aligned.sum())
    return Score(int(measure.gold.sum()), int(measure.system.sum()), int(measure.correct.sum()), aligned)


def load(source: PathLike | Document) -> Document:
    """The document of a file. CoNLL-U, which is assumed of unknown endings, is read as strictly as officially."""
    if isinstance(source, Document):
        return source
    if Path(source).suffix != ".conllu":
        from depparse.data import formats

        if (format := formats.guess_format(source, "conllu")) != "conllu":
            return formats.read(source, format)
    return read_conllu(source, strict=True)


def _name(source: PathLike | Document, default: str) -> str:
    return default if isinstance(source, Document) else name_of(source)
