"""The contribution of each word to the metrics of the shared tasks, as arrays over the words.

Sums over all words give the scores; sums over some words give those of a group or of a resampled test set.
`depparse.evaluation.metrics` defines what each metric counts, and this file counts it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from depparse.document.ud import CONTENT_RELATIONS, FUNCTION_RELATIONS
from depparse.evaluation.alignment import UNALIGNED
from depparse.evaluation.annotation import ROOT
from depparse.evaluation.pair import Pair
from depparse.evaluation.scores import Score
from depparse.evaluation.segmentation import Bools, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """The contribution of each word or sentence to the counts of a metric.

    If `unit` is word, `gold`, `correct` and `aligned` have a value for each gold word, and `system` has one for each
    system word. If it is range, the same holds of tokens and sentences, which count at their first word. If it is
    sentence, all have a value for each gold sentence.
    """

    gold: Ints
    system: Ints
    correct: Ints
    aligned: Ints | None = None
    unit: Literal["word", "range", "sentence"] = "word"

    def total(self) -> Score:
        """The score of the whole text."""
        aligned = None if self.aligned is None else int(self.aligned.sum())
        return Score(int(self.gold.sum()), int(self.system.sum()), int(self.correct.sum()), aligned)

    def among(self, pair: Pair, scored: Bools) -> Measure:
        """The same of the gold words that are `scored`, and of the system words that are aligned with these."""
        in_system = np.zeros(len(self.system), bool)
        in_system[pair.alignment.system] = scored[pair.alignment.gold]
        aligned = None if self.aligned is None else self.aligned * scored
        return Measure(self.gold * scored, self.system * in_system, self.correct * scored, aligned)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Whether aligned words are annotated alike: ``[pair]`` is the value for a pair of words."""

    upos: Bools
    xpos: Bools
    feats: Bools
    lemma: Bools
    head: Bools
    labelled: Bools  # same head, and same relation without subtype
    subtyped: Bools  # same head, and same relation with subtype
    function_words: Bools  # same function words that depend on the word, tags included


Right = Callable[[Agreement], Bools]  # which pairs of words are right
Counted = Callable[[Pair], tuple[Bools, Bools]]  # which words of gold and of the system count


def agreement(pair: Pair) -> Agreement:
    """The agreement of the annotation of aligned words."""
    i, j = pair.alignment.gold, pair.alignment.system
    a, b = pair.gold.annotation, pair.system.annotation
    upos, feats = a.upos[i] == b.upos[j], a.feats[i] == b.feats[j]
    head = a.heads[i] == _in_gold(pair, b.heads)[j]
    labelled = head & (a.relation[i] == b.relation[j])
    return Agreement(
        upos=upos,
        xpos=a.xpos[i] == b.xpos[j],
        feats=feats,
        # A word without a gold lemma counts as right, as the gold file does not ask for its lemma.
        lemma=(a.lemma[i] == b.lemma[j]) | (a.lemma[i] == pair.codes.lemma["_"]),
        head=head,
        labelled=labelled,
        subtyped=head & (a.subtyped[i] == b.subtyped[j]),
        function_words=_same_function_words(pair, labelled & upos & feats),
    )


def _in_gold(pair: Pair, heads: Ints) -> Ints:
    """The gold words that are aligned with these system words; ROOT stays ROOT."""
    if not len(heads):
        return heads
    return np.where(heads == ROOT, ROOT, pair.alignment.to_gold[heads])


def _same_function_words(pair: Pair, same: Bools) -> Bools:
    """For each aligned pair of words, whether the same function words depend on both, tags included.

    `same` says for each pair whether head, relation, UPOS and features agree. Alignment keeps the order of words, so
    both lists of dependents are equal if they are equally long and the other has a partner of each gold dependent.
    """
    i, j = pair.alignment.gold, pair.alignment.system
    a, b = pair.gold.annotation, pair.system.annotation
    gold, system = _with_relations(pair, FUNCTION_RELATIONS)
    gold &= a.heads != ROOT
    system &= b.heads != ROOT
    in_gold = np.bincount(a.heads[gold], minlength=len(gold))
    in_system = np.bincount(b.heads[system], minlength=len(system))
    shared = np.bincount(a.heads[i[same & gold[i]]], minlength=len(gold))
    result: Bools = (in_gold[i] == shared[i]) & (in_system[j] == shared[i])
    return result


def _with_relations(pair: Pair, names: frozenset[str]) -> tuple[Bools, Bools]:
    codes = pair.codes.relation
    return (
        codes.is_one_of(names, pair.gold.annotation.relation),
        codes.is_one_of(names, pair.system.annotation.relation),
    )


# -- which words count


def every_word(pair: Pair) -> tuple[Bools, Bools]:
    """All words count."""
    return np.ones(len(pair.gold.segmentation), bool), np.ones(len(pair.system.segmentation), bool)


def content_words(pair: Pair) -> tuple[Bools, Bools]:
    """Words with a content relation count."""
    return _with_relations(pair, CONTENT_RELATIONS)


def no_punctuation(pair: Pair) -> tuple[Bools, Bools]:
    """Words count unless they are punctuation in the gold file or, if not aligned, in the system's file."""
    codes = pair.codes.upos
    gold = codes.is_one_of(["PUNCT"], pair.gold.annotation.upos)
    system = codes.is_one_of(["PUNCT"], pair.system.annotation.upos)
    system[pair.alignment.system] = gold[pair.alignment.gold]
    return ~gold, ~system


# -- measures


def words_where(right: Right, among: Counted = every_word) -> Callable[[Pair], Measure]:
    """The measure of words that are `right`, among the words that count by `among`."""

    def count(pair: Pair) -> Measure:
        in_gold, in_system = among(pair)
        pairs = pair.alignment.gold
        correct, aligned = np.zeros(len(in_gold), np.int64), np.zeros(len(in_gold), np.int64)
        correct[pairs] = right(pair.once(agreement)) & in_gold[pairs]
        aligned[pairs] = in_gold[pairs]
        return Measure(in_gold.astype(np.int64), in_system.astype(np.int64), correct, aligned)

    return count


def aligned_words(pair: Pair) -> Measure:
    """The measure of aligned words."""
    gold, system = every_word(pair)
    return Measure(gold.astype(np.int64), system.astype(np.int64), _marks(pair.alignment.gold, len(gold)))


def tokens(pair: Pair) -> Measure:
    """The measure of tokens with the same characters."""
    _check_text(pair)
    a, b = pair.gold.segmentation, pair.system.segmentation
    same = _is_common(a.token_starts, a.token_ends, b.token_starts, b.token_ends)
    return _ranges(pair, a.token_words, b.token_words, same)


def sentences(pair: Pair) -> Measure:
    """The measure of sentences with the same characters."""
    same = _same_sentences(pair)
    return _ranges(pair, pair.gold.segmentation.sentence_words[:-1], pair.system.segmentation.sentence_words[:-1], same)


def _check_text(pair: Pair) -> None:
    """Raises EvaluationError if the texts differ, for then indices of characters cannot be compared."""
    _ = pair.alignment


def _ranges(pair: Pair, words: Ints, other_words: Ints, same: Bools) -> Measure:
    """The measure of ranges that begin at these words of gold and of the system; `same` marks the right gold ranges."""
    n_gold, n_system = len(pair.gold.segmentation), len(pair.system.segmentation)
    return Measure(_marks(words, n_gold), _marks(other_words, n_system), _marks(words[same], n_gold), unit="range")


def _same_sentences(pair: Pair) -> Bools:
    _check_text(pair)
    a, b = pair.gold.segmentation, pair.system.segmentation
    return _is_common(a.sentence_starts, a.sentence_ends, b.sentence_starts, b.sentence_ends)


def sentences_where(right: Right) -> Callable[[Pair], Measure]:
    """The measure of sentences with the same characters and number of words in which each word is `right`."""

    def count(pair: Pair) -> Measure:
        gold, system = pair.gold.segmentation, pair.system.segmentation
        same = _same_sentences(pair)
        firsts = gold.sentence_words[:-1]
        is_right = np.zeros(len(gold) + 1, np.int64)
        is_right[pair.alignment.gold + 1] = right(pair.once(agreement))
        n_right = np.diff(np.cumsum(is_right)[gold.sentence_words])
        partners = np.searchsorted(system.sentence_starts, gold.sentence_starts[same])
        n_words, n_system_words = np.diff(gold.sentence_words), np.diff(system.sentence_words)
        complete = same & (n_right == n_words)
        complete[same] &= n_words[same] == n_system_words[partners]
        return Measure(
            _marks(firsts, len(gold)),
            _marks(system.sentence_words[:-1], len(system)),
            _marks(firsts[complete], len(gold)),
            _marks(firsts[same], len(gold)),
            unit="range",
        )

    return count


def edges(*, subtypes: bool) -> Callable[[Pair], Measure]:
    """The measure of enhanced edges with the same dependent, head and relation; edges from empty nodes do not count."""

    def count(pair: Pair) -> Measure:
        n_gold, n_system = len(pair.gold.segmentation), len(pair.system.segmentation)
        to_gold = pair.alignment.to_gold
        gold, system = pair.gold.annotation.edges, pair.system.annotation.edges
        gold_paths, system_paths = (side.paths if subtypes else side.bare_paths for side in (gold, system))
        dependents, heads = to_gold[system.dependents], _in_gold(pair, system.heads)
        in_both = (dependents != UNALIGNED) & (heads != UNALIGNED)
        n_paths = int(max(gold_paths.max(initial=0), system_paths.max(initial=0))) + 1

        def keys(dependents: Ints, heads: Ints, paths: Ints) -> Ints:
            return (dependents * (n_gold + 1) + heads + 1) * n_paths + paths

        # A repeated edge counts as often as it occurs, and each pair of equal edges counts as right.
        gold_edges, gold_copies = np.unique(keys(gold.dependents, gold.heads, gold_paths), return_counts=True)
        system_edges, system_copies = np.unique(
            keys(dependents[in_both], heads[in_both], system_paths[in_both]), return_counts=True
        )
        common, i, j = np.intersect1d(gold_edges, system_edges, assume_unique=True, return_indices=True)
        correct = np.zeros(n_gold, np.int64)
        np.add.at(correct, common // n_paths // (n_gold + 1), gold_copies[i] * system_copies[j])
        in_gold = np.bincount(gold.dependents, minlength=n_gold)
        return Measure(in_gold, np.bincount(system.dependents, minlength=n_system), correct)

    return count


def _marks(places: Ints, length: int) -> Ints:
    marks = np.zeros(length, np.int64)
    marks[places] = 1
    return marks


def _is_common(starts: Ints, ends: Ints, other_starts: Ints, other_ends: Ints) -> Bools:
    """Whether each range is among the other ranges too. Both lists are sorted, and ranges of a list do not overlap."""
    result: NDArray[np.bool_] = np.zeros(len(starts), bool)
    _, i, j = np.intersect1d(starts, other_starts, assume_unique=True, return_indices=True)
    result[i] = ends[i] == other_ends[j]
    return result
