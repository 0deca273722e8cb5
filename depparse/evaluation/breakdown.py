"""Attachment scores by group, which tell what relations, lengths, arcs and tags a parser gets right.

The recall of a group is the share of its gold words that are right; its precision is the share of its system words that
are right. Each file's own annotation tells the groups of its words, so an arc of length 2 in the system file counts for
the precision of that length, however long the gold arc is (McDonald & Nivre 2007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from depparse.document.document import Document
from depparse.document.trees import nonprojective_arcs
from depparse.errors import ConfigError
from depparse.evaluation.annotation import ROOT, Annotation
from depparse.evaluation.dimensions import DIMENSIONS
from depparse.evaluation.measures import Measure
from depparse.evaluation.metrics import LAS, UAS
from depparse.evaluation.pair import Pair
from depparse.evaluation.scores import Rates, harmonic_mean
from depparse.evaluation.segmentation import Bools, Ints, Segmentation
from depparse.evaluation.tables import Table, percent

_SENTENCE_BINS = (1, 6, 11, 21, 31, 41, 51)  # first length of each bin, in words
_GENRES = 30  # more names are no genres
_ARC_BINS = (1, 2, 3, 6, 11, 21)  # first length of each bin, in words


@dataclass(frozen=True, slots=True)
class Group:
    """A group of words: its name, the numbers of its words in the gold and in the system file, and its scores."""

    name: str
    gold: int
    system: int
    uas: Rates
    las: Rates

    def to_dict(self) -> dict[str, object]:
        """The group for JSON; scores are fractions of 1."""
        result: dict[str, object] = {"group": self.name, "gold": self.gold, "system": self.system}
        return result | {UAS.name: self.uas.to_dict(), LAS.name: self.las.to_dict()}


def group_table(by: str, groups: list[Group]) -> Table:
    """The table of groups that were made by `by`; scores are in percent."""
    columns = (by, "Gold", "System", *(f"{metric.name} {part}" for metric in (UAS, LAS) for part in ("P", "R", "F1")))
    rows = []
    for group in groups:
        values = [getattr(score, name) for score in (group.uas, group.las) for name in ("precision", "recall", "f1")]
        rows.append((group.name, str(group.gold), str(group.system), *map(percent, values)))
    return Table(f"By {by}", columns, rows)


def breakdown(pair: Pair, by: str) -> list[Group]:
    """The UAS and LAS (without subtypes) of groups of words; `by` is one of `DIMENSIONS`. Raises ConfigError."""
    if by not in _BREAKDOWNS:
        raise ConfigError(f"scores can be told by {', '.join(DIMENSIONS)}, not by {by!r}")
    return _BREAKDOWNS[by](pair)


def _by_deprel(pair: Pair) -> list[Group]:
    """Groups by relation without subtype, most frequent first."""
    gold, system = pair.gold.annotation, pair.system.annotation
    return _frequent_first(_groups(pair, pair.codes.relation.names(), gold.relation, system.relation))


def _by_length(pair: Pair) -> list[Group]:
    """Groups by the length of the sentence, in words."""
    bins = _sentence_bins(pair.gold.segmentation), _sentence_bins(pair.system.segmentation)
    return _groups(pair, _bin_names(_SENTENCE_BINS), *bins)


def _by_arc_length(pair: Pair) -> list[Group]:
    """Groups by the distance of the word from its head, in words; dependents of the root are the group ``root``."""
    bins = _arc_bins(pair.gold.annotation.heads), _arc_bins(pair.system.annotation.heads)
    return _groups(pair, ["root", *_bin_names(_ARC_BINS)], *bins)


def _by_direction(pair: Pair) -> list[Group]:
    """Groups by where the head stands."""
    names = ["root", "head to the left", "head to the right"]
    return _groups(pair, names, *(_directions(side.annotation.heads) for side in (pair.gold, pair.system)))


def _directions(heads: Ints) -> Ints:
    return np.where(heads == ROOT, 0, np.where(heads < np.arange(len(heads)), 1, 2))


def _by_genre(pair: Pair) -> list[Group]:
    """Groups by the genre of the text, as the comments of the gold file tell it (`_genres`)."""
    genres, side = _genres(pair.gold.document), pair.gold.segmentation
    names = list(dict.fromkeys(genres))
    numbers = np.array([names.index(genre) for genre in genres], np.int64)
    of_gold = np.repeat(numbers, np.diff(side.sentence_words))
    # A system's word has the genre of the gold sentence in which it begins.
    of_system = numbers[np.searchsorted(side.sentence_ends, pair.system.segmentation.starts, "right")]
    return _frequent_first(_groups(pair, names, of_gold, of_system))


def _genres(document: Document) -> list[str]:
    """The genre of each sentence: that of a comment ``genre`` or ``meta::genre``, which holds up to the next one or the
    next document; else the beginning of the name of the document, or of the sentence, up to the first hyphen.

    Where that does not make a few groups, all sentences are one.
    """
    genres, told, name = [], "", ""
    for sentence in document:
        if (new := sentence.comment("newdoc id")) is not None:
            told, name = "", new
        told = sentence.comment("genre") or sentence.comment("meta::genre") or told
        genres.append(told or (name or sentence.sent_id or "").partition("-")[0])
    return genres if len(set(genres)) <= min(_GENRES, len(genres) / 2) else ["all"] * len(genres)


def _by_projectivity(pair: Pair) -> list[Group]:
    """Groups by whether the sentence is projective, then by whether the arc from the head is."""
    both = (pair.gold, pair.system)
    sides = [(side.segmentation, _is_projective(side.segmentation, side.annotation)) for side in both]
    sentences = (_of_sentences(*side) for side in sides)
    rows = _groups(pair, ["non-projective sentence", "projective sentence"], *sentences)
    arcs = (arcs.astype(np.int64) for _, arcs in sides)
    return [*rows[::-1], *_groups(pair, ["non-projective arc", "projective arc"], *arcs)[::-1]]


def _by_upos(pair: Pair) -> list[Group]:
    """Groups by UPOS, most frequent first."""
    gold, system = pair.gold.annotation, pair.system.annotation
    return _frequent_first(_groups(pair, pair.codes.upos.names(), gold.upos, system.upos))


# The keys are `DIMENSIONS`, which has a file of its own because the help of the command line needs it without NumPy.
_BREAKDOWNS: dict[str, Callable[[Pair], list[Group]]] = {
    "deprel": _by_deprel,
    "length": _by_length,
    "arc-length": _by_arc_length,
    "projectivity": _by_projectivity,
    "upos": _by_upos,
    "direction": _by_direction,
    "genre": _by_genre,
}


def _groups(pair: Pair, names: list[str], gold: Ints, system: Ints) -> list[Group]:
    """The groups that have words; `gold` and `system` are the number of each word's group, an index into `names`."""
    size = len(names)
    n_gold, n_system = np.bincount(gold, minlength=size).tolist(), np.bincount(system, minlength=size).tolist()
    i, j = pair.alignment.gold, pair.alignment.system

    def scores(measure: Measure) -> list[Rates]:
        right = measure.correct[i] > 0
        in_gold = np.bincount(gold[i[right]], minlength=size).tolist()
        in_system = np.bincount(system[j[right]], minlength=size).tolist()
        return [_score(*counts) for counts in zip(n_gold, n_system, in_gold, in_system, strict=True)]

    uas, las = scores(UAS.measure(pair)), scores(LAS.measure(pair))
    rows = zip(names, n_gold, n_system, uas, las, strict=True)
    return [Group(*row) for row in rows if row[1] or row[2]]


def _score(n_gold: int, n_system: int, right_in_gold: int, right_in_system: int) -> Rates:
    precision = right_in_system / n_system if n_system else 0.0
    recall = right_in_gold / n_gold if n_gold else 0.0
    return Rates(precision, recall, harmonic_mean(precision, recall))


def _frequent_first(groups: list[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.gold, -group.system, group.name))


def _bin_names(bins: tuple[int, ...]) -> list[str]:
    names = [str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(bins)]
    return [*names, f"{bins[-1]}+"]


def _sentence_bins(side: Segmentation) -> Ints:
    lengths = np.diff(side.sentence_words)
    return np.repeat(np.searchsorted(_SENTENCE_BINS, lengths, "right") - 1, lengths)


def _arc_bins(heads: Ints) -> Ints:
    lengths = np.abs(heads - np.arange(len(heads)))
    return np.where(heads == ROOT, 0, np.searchsorted(_ARC_BINS, lengths, "right"))


def _is_projective(side: Segmentation, annotation: Annotation) -> Bools:
    """Whether the arc to each word is projective: the head dominates all words between. Arcs from the root are."""
    result = np.ones(len(side), bool)
    for start, end in pairwise(side.sentence_words.tolist()):
        heads = annotation.heads[start:end]
        local: list[int] = np.where(heads == ROOT, 0, heads - start + 1).tolist()
        result[[start + word - 1 for _, word in nonprojective_arcs(local)]] = False
    return result


def _of_sentences(side: Segmentation, arcs: Bools) -> Ints:
    """For each word, 1 if all arcs of its sentence are projective, else 0."""
    if not len(arcs):
        return np.zeros(0, np.int64)
    all_projective = np.logical_and.reduceat(arcs, side.sentence_words[:-1])
    return np.repeat(all_projective, np.diff(side.sentence_words)).astype(np.int64)
