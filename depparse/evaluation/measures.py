"""What each word adds to each metric: the definitions of `depparse.evaluation.ud`, as arrays over the words.

Sums over all words are the scores, sums over some are those of a group or of a resampled test set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depparse.evaluation.alignment import UNALIGNED, Alignment
from depparse.evaluation.annotation import (
    CONTENT_RELATIONS,
    FUNCTION_RELATIONS,
    ROOT,
    Annotation,
    Codebook,
    Edges,
)
from depparse.evaluation.segmentation import Bools, Ints, Segmentation


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """What each word adds to the counts of a metric. Tokens and sentences count at their first word."""

    gold: Ints  # one a gold word
    system: Ints  # one a system word
    correct: Ints  # one a gold word
    aligned: Ints | None = None  # one a gold word


def measure(
    gold: Segmentation, system: Segmentation, alignment: Alignment, a: Annotation, b: Annotation, codes: Codebook
) -> dict[str, Measure]:
    """All measures by the name of the metric; `a` is the annotation of the gold file, `b` that of the system's."""
    return _Measuring(gold, system, alignment, a, b, codes).all()


@dataclass(frozen=True, slots=True, eq=False)
class _Measuring:
    """Makes the measures; the arguments are those of `measure`."""

    gold: Segmentation
    system: Segmentation
    alignment: Alignment
    a: Annotation
    b: Annotation
    codes: Codebook

    def all(self) -> dict[str, Measure]:
        i, j, a, b = self.alignment.gold, self.alignment.system, self.a, self.b
        upos, xpos, feats = (x[i] == y[j] for x, y in ((a.upos, b.upos), (a.xpos, b.xpos), (a.feats, b.feats)))
        # A gold file without lemmas asks for none.
        lemma = (a.lemma[i] == b.lemma[j]) | (a.lemma[i] == self.codes.lemma["_"])
        head = a.heads[i] == self._in_gold(b.heads)[j]
        labelled = head & (a.relation[i] == b.relation[j])
        everywhere = np.ones(len(self.gold), bool), np.ones(len(self.system), bool)
        content = self._relations(CONTENT_RELATIONS)
        no_punct = self._no_punct()
        function = self._same_function_words(labelled & upos & feats)
        aligned = self._words(np.ones(len(i), bool), everywhere)
        return {
            **self._spans(),
            "Words": Measure(aligned.gold, aligned.system, aligned.correct),
            "UPOS": self._words(upos, everywhere),
            "XPOS": self._words(xpos, everywhere),
            "UFeats": self._words(feats, everywhere),
            "AllTags": self._words(upos & xpos & feats, everywhere),
            "Lemmas": self._words(lemma, everywhere),
            "UAS": self._words(head, everywhere),
            "LAS": self._words(labelled, everywhere),
            "CLAS": self._words(labelled, content),
            "MLAS": self._words(labelled & upos & feats & function, content),
            "BLEX": self._words(labelled & lemma, content),
            "ELAS": self._edges(a.edges, b.edges, a.edges.paths, b.edges.paths),
            "EULAS": self._edges(a.edges, b.edges, a.edges.bare_paths, b.edges.bare_paths),
            "LAS_subtypes": self._words(head & (a.subtyped[i] == b.subtyped[j]), everywhere),
            "UAS_nopunct": self._words(head, no_punct),
            "LAS_nopunct": self._words(labelled, no_punct),
            "UCM": self._complete(head),
            "LCM": self._complete(labelled),
        }

    def _words(self, right: Bools, counted: tuple[Bools, Bools]) -> Measure:
        """A metric over the `counted` words of both sides; `right` has one value a pair of aligned words."""
        pairs = self.alignment.gold
        correct, aligned = np.zeros(len(self.gold), np.int64), np.zeros(len(self.gold), np.int64)
        correct[pairs] = right & counted[0][pairs]
        aligned[pairs] = counted[0][pairs]
        return Measure(counted[0].astype(np.int64), counted[1].astype(np.int64), correct, aligned)

    def _in_gold(self, heads: Ints) -> Ints:
        """System words as gold words; ROOT stays."""
        if not len(heads):
            return heads
        return np.where(heads == ROOT, ROOT, self.alignment.to_gold[heads])

    def _relations(self, names: frozenset[str]) -> tuple[Bools, Bools]:
        codes = self.codes.relation
        return codes.is_one_of(names, self.a.relation), codes.is_one_of(names, self.b.relation)

    def _no_punct(self) -> tuple[Bools, Bools]:
        codes = self.codes.upos
        gold, system = codes.is_one_of(["PUNCT"], self.a.upos), codes.is_one_of(["PUNCT"], self.b.upos)
        system[self.alignment.system] = gold[self.alignment.gold]
        return ~gold, ~system

    def _same_function_words(self, same: Bools) -> Bools:
        """Per aligned pair, whether the function words that depend on both are the same ones, tags included.

        `same` tells per pair whether head, relation, UPOS and features agree. Alignment keeps the order of words, so
        both lists of dependents are equal if they are equally long and each gold one has its partner in the other.
        """
        i, j = self.alignment.gold, self.alignment.system
        gold, system = self._relations(FUNCTION_RELATIONS)
        gold &= self.a.heads != ROOT
        system &= self.b.heads != ROOT
        in_gold = np.bincount(self.a.heads[gold], minlength=len(gold))
        in_system = np.bincount(self.b.heads[system], minlength=len(system))
        shared = np.bincount(self.a.heads[i[same & gold[i]]], minlength=len(gold))
        result: Bools = (in_gold[i] == shared[i]) & (in_system[j] == shared[i])
        return result

    def _edges(self, gold: Edges, system: Edges, gold_paths: Ints, system_paths: Ints) -> Measure:
        n_gold, n_system = len(self.gold), len(self.system)
        dependents, heads = self.alignment.to_gold[system.dependents], self._in_gold(system.heads)
        known = (dependents != UNALIGNED) & (heads != UNALIGNED)
        n_paths = int(max(gold_paths.max(initial=0), system_paths.max(initial=0))) + 1

        def keys(dependents: Ints, heads: Ints, paths: Ints) -> Ints:
            return (dependents * (n_gold + 1) + heads + 1) * n_paths + paths

        # An edge that a file repeats counts as often, and so do the pairs of equal edges.
        edges, copies = np.unique(keys(gold.dependents, gold.heads, gold_paths), return_counts=True)
        others, other_copies = np.unique(keys(dependents[known], heads[known], system_paths[known]), return_counts=True)
        common, at, other_at = np.intersect1d(edges, others, assume_unique=True, return_indices=True)
        correct = np.zeros(n_gold, np.int64)
        np.add.at(correct, common // n_paths // (n_gold + 1), copies[at] * other_copies[other_at])
        return Measure(
            np.bincount(gold.dependents, minlength=n_gold), np.bincount(system.dependents, minlength=n_system), correct
        )

    def _spans(self) -> dict[str, Measure]:
        gold, system = self.gold, self.system

        def spans(words: Ints, other_words: Ints, same: Bools) -> Measure:
            correct = _marks(words[same], len(gold))
            return Measure(_marks(words, len(gold)), _marks(other_words, len(system)), correct)

        tokens = _is_common(gold.token_starts, gold.token_ends, system.token_starts, system.token_ends)
        return {
            "Tokens": spans(gold.token_words, system.token_words, tokens),
            "Sentences": spans(gold.sentence_words[:-1], system.sentence_words[:-1], self._same_sentences()),
        }

    def _same_sentences(self) -> Bools:
        gold, system = self.gold, self.system
        return _is_common(gold.sentence_starts, gold.sentence_ends, system.sentence_starts, system.sentence_ends)

    def _complete(self, right: Bools) -> Measure:
        """Sentences with the same characters in which each word, of as many on both sides, is right."""
        gold, system = self.gold, self.system
        same = self._same_sentences()
        firsts = gold.sentence_words[:-1]
        is_right = np.zeros(len(gold) + 1, np.int64)
        is_right[self.alignment.gold + 1] = right
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
        )


def _marks(places: Ints, length: int) -> Ints:
    marks = np.zeros(length, np.int64)
    marks[places] = 1
    return marks


def _is_common(starts: Ints, ends: Ints, other_starts: Ints, other_ends: Ints) -> Bools:
    """For each range, whether it is among the others too. Both lists are sorted and nothing overlaps."""
    result: NDArray[np.bool_] = np.zeros(len(starts), bool)
    _, i, j = np.intersect1d(starts, other_starts, assume_unique=True, return_indices=True)
    result[i] = ends[i] == other_ends[j]
    return result
