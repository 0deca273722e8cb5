"""The table of metrics. It says what each metric counts, which columns it scores, and where it is shown.

Training, reports, curves, model cards and the documentation read this table. Another package adds metrics by an entry
point of the group ``depparse.metrics`` that names a tuple of `Metric`.

Each metric counts the units (words, tokens, sentences, edges …) of the gold file, those of the system file, and the
right ones: precision is right / system, recall is right / gold, F1 is 2 · right / (system + gold). Words are compared
as aligned by `depparse.evaluation.alignment`; aligned accuracy is the share of right words among the aligned ones.

The metrics of trees up to EULAS are those of Zeman et al. 2018 (*CoNLL 2018 Shared Task*) section 4, and Bouma, Seddah
& Zeman 2020 (*IWPT 2020 Shared Task*), equal to the official scorer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache

from depparse.errors import ConfigError
from depparse.evaluation.constituents import CONSTITUENTS, measure_brackets, measure_unlabelled
from depparse.evaluation.empty_nodes import EMPTY_NODES, measure_edges, measure_nodes
from depparse.evaluation.entities import ENTITIES, evaluate_entities, measure_entities
from depparse.evaluation.frames import (
    FRAMES,
    heads_of,
    measure_frames,
    measure_predicates,
    measure_senses,
    spans_of,
    unlabelled,
)
from depparse.evaluation.measures import (
    Measure,
    aligned_words,
    content_words,
    edges,
    no_punctuation,
    sentences,
    sentences_where,
    tokens,
    words_where,
)
from depparse.evaluation.pair import Pair
from depparse.evaluation.scores import TREES, Score, Section
from depparse.folders import all_installed, load

GROUP = "depparse.metrics"


class Use(Flag):
    """The uses of a metric besides the tables of `evaluate`, which have all metrics."""

    TRAINING = auto()  # training scores dev data by it, and a recipe may choose the model by it
    SCREEN = auto()  # training shows it
    LOG = auto()  # metrics.jsonl and TensorBoard have it
    CURVES = auto()
    CARD = auto()  # the model card has it, from gold words
    RAW = auto()  # the model card has it from raw text too
    TESTS = auto()  # `evaluate` tests it: intervals and differences
    ALL = TRAINING | SCREEN | LOG | CURVES | CARD | RAW | TESTS


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A metric. It scores models that predict one of its `columns`.

    A metric without columns scores segmentation, so it is useful only for analyses of raw text.
    """

    name: str
    section: Section  # the table of `evaluate` that has it
    definition: str  # one line that says which units are right, or what the score is
    count: Callable[[Pair], Measure]
    columns: tuple[str, ...] = ()
    uses: Use = Use.ALL
    rank: int = 100  # the lowest rank is drawn first, and chooses the model if the recipe names no metric
    colour: str | None = None  # colour of its curve
    title: str = ""  # its title in the table, if not the name
    key: str = ""  # its key in JSON, if not the name
    scorer: Callable[[Pair], Score] | None = None  # makes the score if it is not simply the sum of the counts

    def measure(self, pair: Pair) -> Measure:
        """The contribution of each unit of the text to the counts.

        If only some words of the pair are scored, it is that of these words. Raises ConfigError for a metric that does
        not count words then.
        """
        measure = pair.once(self.count)
        if (scored := pair.scored_words) is None:
            return measure
        if measure.unit != "word":
            raise ConfigError(f"{self.name} counts no words, so it is not scored of some of them")
        return measure.among(pair, scored)

    def score(self, pair: Pair) -> Score:
        """The score of the system."""
        whole = self.scorer is not None and pair.scored_words is None
        return self.scorer(pair) if self.scorer is not None and whole else self.measure(pair).total()

    def counts_words(self, pair: Pair) -> bool:
        """Whether it scores the annotation of single words, so that it can be the score of some words."""
        return bool(self.columns) and pair.once(self.count).unit == "word"

    def tells_of(self, columns: Collection[str]) -> bool:
        """Whether the metric scores any of the columns."""
        return any(column in columns for column in self.columns)


# No table of training shows such a metric, but a recipe may choose the model by it.
_HIDDEN = Use.TRAINING | Use.TESTS
# The tables of a trained model show such a metric, but not those that have only the most important scores.
_LOGGED = _HIDDEN | Use.LOG | Use.CARD
_BLUE, _LIGHT_BLUE, _GREEN = "#2456a6", "#5d93d6", "#2a8a57"

# fmt: off
WORDS = Metric("Words", TREES, "the words are aligned", aligned_words, rank=2, colour=_BLUE)
SENTENCES = Metric("Sentences", TREES, "the characters are the same", sentences, rank=3, colour=_GREEN)
UAS = Metric(
    "UAS", TREES, "the heads are aligned, or both words are roots",
    words_where(lambda same: same.head), ("HEAD",), rank=11, colour=_LIGHT_BLUE,
)
LAS = Metric(
    "LAS", TREES, "as UAS, and the relation without its subtype is the same",
    words_where(lambda same: same.labelled), ("HEAD",), rank=10, colour=_BLUE,
)

# All tables keep this order; `evaluate` has one table for each section.
_METRICS = (
    Metric("Tokens", TREES, "the characters are the same", tokens, rank=1, colour=_LIGHT_BLUE),
    SENTENCES,
    WORDS,
    Metric(
        "UPOS", TREES, "the tag is the same",
        words_where(lambda same: same.upos), ("UPOS",), rank=14, colour=_GREEN,
    ),
    Metric(
        "XPOS", TREES, "the tag is the same",
        words_where(lambda same: same.xpos), ("XPOS",), _LOGGED, rank=15,
    ),
    Metric(
        "UFeats", TREES, "the universal features are the same (others, such as `Typo`, do not count)",
        words_where(lambda same: same.feats), ("FEATS",), rank=16, colour="#d0722b",
    ),
    Metric(
        "AllTags", TREES, "UPOS, XPOS and universal features are the same",
        words_where(lambda same: same.upos & same.xpos & same.feats), ("UPOS", "XPOS", "FEATS"), _HIDDEN,
    ),
    Metric(
        "Lemmas", TREES, "the lemma is the same; always right where the gold file has none",
        words_where(lambda same: same.lemma), ("LEMMA",), rank=17, colour="#8250a8",
    ),
    UAS,
    LAS,
    Metric(
        "CLAS", TREES, "LAS over words with a content relation (for right and aligned words, that of the gold word)",
        words_where(lambda same: same.labelled, content_words), ("HEAD",), _LOGGED | Use.RAW,
    ),
    Metric(
        "MLAS", TREES,
        "CLAS with UPOS, universal features, and the same for all function words that depend on the word",
        words_where(lambda same: same.labelled & same.upos & same.feats & same.function_words, content_words),
        ("HEAD",), _LOGGED | Use.RAW,
    ),
    Metric(
        "BLEX", TREES, "CLAS with the lemma",
        words_where(lambda same: same.labelled & same.lemma, content_words), ("HEAD",), _LOGGED | Use.RAW,
    ),
    Metric(
        "ELAS", TREES,
        "enhanced edges with the same dependent, head and relation; edges from empty nodes are left out",
        edges(subtypes=True), ("DEPS",), rank=12, colour="#a61c28",
    ),
    Metric(
        "EULAS", TREES, "as ELAS, but relations without subtypes",
        edges(subtypes=False), ("DEPS",), _LOGGED | Use.CURVES, rank=13, colour="#dd7f86",
    ),
    Metric(
        "LAS_subtypes", TREES, "as LAS, but the whole relation is the same, `nmod:poss` not being `nmod`",
        words_where(lambda same: same.subtyped), ("HEAD",), _HIDDEN,
    ),
    Metric(
        "UAS_nopunct", TREES,
        "UAS without punctuation: words with UPOS `PUNCT` in the gold file or, if not aligned, in the system's",
        words_where(lambda same: same.head, no_punctuation), ("HEAD",), _HIDDEN,
    ),
    Metric(
        "LAS_nopunct", TREES, "LAS without punctuation",
        words_where(lambda same: same.labelled, no_punctuation), ("HEAD",), _HIDDEN,
    ),
    Metric(
        "UCM", TREES,
        "sentences with the same characters and words, in which all heads are right;"
        " aligned accuracy is over the sentences with the same characters",
        sentences_where(lambda same: same.head), ("HEAD",), _HIDDEN,
    ),
    Metric(
        "LCM", TREES, "as UCM, and all relations without subtypes are right",
        sentences_where(lambda same: same.labelled), ("HEAD",), _HIDDEN,
    ),
    Metric(
        "EmptyNodes", EMPTY_NODES,
        "an empty node on the same words with the same relations without subtypes, and with a dependent in common",
        measure_nodes, ("DEPS",), Use.TESTS, title="nodes", key="nodes",
    ),
    Metric(
        "EmptyEdges", EMPTY_NODES, "an edge over empty nodes with the same dependent, head, and relations on the way",
        measure_edges, ("DEPS",), Use.TESTS, title="edges", key="edges",
    ),
    Metric(
        "NER", ENTITIES, "an entity with the same first word, last word and type, over all types (micro average)",
        measure_entities, ("NER",), rank=18, colour="#b8336a", title="micro average", key="micro",
        scorer=lambda pair: pair.once(evaluate_entities).micro,
    ),
    Metric(
        "Brackets", CONSTITUENTS, "a constituent with the same words and label, as EVALB counts them",
        measure_brackets, ("CONSTITUENTS",), rank=23, colour="#6b4f2a", title="labelled", key="labelled",
    ),
    Metric(
        "Brackets_unlabelled", CONSTITUENTS, "a constituent with the same words",
        measure_unlabelled, ("CONSTITUENTS",), _HIDDEN, title="unlabelled", key="unlabelled",
    ),
    Metric(
        "Predicates", FRAMES, "a word that is a predicate in both",
        measure_predicates, ("UP:PRED",), rank=22, colour="#8c8c3a", key="predicates",
    ),
    Metric(
        "Senses", FRAMES, "a predicate with the same sense (roleset)",
        measure_senses, ("UP:PRED",), rank=21, colour="#a58a1f", key="senses",
    ),
    Metric(
        "ArgHeads", FRAMES, "an argument of the same predicate with the same head word and role",
        measure_frames(heads_of), ("UP:ARGHEADS",), rank=20, colour="#57b0b8",
        title="Arguments by head, labelled", key="heads_labelled",
    ),
    Metric(
        "ArgHeads_unlabelled", FRAMES, "ArgHeads without roles",
        measure_frames(unlabelled(heads_of)), ("UP:ARGHEADS",), Use(0),
        title="Arguments by head, unlabelled", key="heads_unlabelled",
    ),
    Metric(
        "ArgSpans", FRAMES, "an argument of the same predicate with the same first word, last word and role",
        measure_frames(spans_of), ("UP:ARGSPANS",), rank=19, colour="#1d7f8c",
        title="Arguments by span, labelled", key="spans_labelled",
    ),
    Metric(
        "ArgSpans_unlabelled", FRAMES, "ArgSpans without roles",
        measure_frames(unlabelled(spans_of)), ("UP:ARGSPANS",), Use(0),
        title="Arguments by span, unlabelled", key="spans_unlabelled",
    ),
)
# fmt: on


def metrics() -> tuple[Metric, ...]:
    """All metrics: those of this file, then those of other packages. Raises ConfigError if two have the same name."""
    return _metrics(tuple(sys.path))


@cache
def _metrics(path: tuple[str, ...]) -> tuple[Metric, ...]:  # noqa: ARG001 (part of the cache key)
    by_name = {metric.name: metric for metric in _METRICS}
    for point in all_installed(GROUP):
        added = load(point)
        if not isinstance(added, tuple) or not all(isinstance(metric, Metric) for metric in added):
            raise ConfigError(f"the entry point {point.name!r} of {GROUP} is no tuple of Metric, but {added!r:.60}")
        for metric in added:
            if by_name.setdefault(metric.name, metric) is not metric:
                raise ConfigError(
                    f"the entry point {point.name!r} of {GROUP} has the metric {metric.name}, which exists already"
                )
    return tuple(by_name.values())


def sections() -> tuple[Section, ...]:
    """The tables of `evaluate`, in their order."""
    return tuple(dict.fromkeys(metric.section for metric in metrics()))


def metrics_of(section: Section) -> tuple[Metric, ...]:
    """The metrics of one table."""
    return tuple(metric for metric in metrics() if metric.section is section)


def scores_of(section: Section, pair: Pair) -> dict[str, Score]:
    """The scores of one table, by name of the metric."""
    return {metric.name: metric.score(pair) for metric in metrics_of(section)}


def by_rank(use: Use) -> list[Metric]:
    """The metrics with this use, the most important one first."""
    return sorted((metric for metric in metrics() if use in metric.uses), key=lambda metric: metric.rank)


def model_metrics(use: Use) -> tuple[str, ...]:
    """The names of the metrics of annotation with this use, in the order of the tables."""
    return tuple(metric.name for metric in metrics() if metric.columns and use in metric.uses)


def segmenter_metrics(use: Use) -> tuple[str, ...]:
    """The names of the metrics of segmentation with this use, the most important one first."""
    return tuple(metric.name for metric in by_rank(use) if not metric.columns)
