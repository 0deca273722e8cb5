"""Senses of predicates: rolesets such as ``pick_up.04``, of a lemma and a suffix.

The lemma of a roleset is not always that of its word: nouns have the lemmas of verbs (*services*: ``serve.02``), and
particles belong to a lemma (*picked*: ``pick_up.04``). So a classifier of its own finds the lemma, by edit scripts from
the form, as in the lemmatizer. It needs no other annotation and makes lemmas that were never seen; but lemmas of the
training data are preferred. The suffix is one that the lemma has in the training data; a lemma that the training data
lacks gets ``.01``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from depparse.features.batch import Ints, pad_rows
from depparse.features.edit_scripts import apply_script, make_script
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.tasks.task import Stage

Array = TypeVar("Array")  # of NumPy or of torch

_FIRST = ".01"  # the suffix of a lemma that the training data lacks
_SCRIPTS = 20  # most scripts that are tried for a predicate
# The weight of a lemma that the training data lacks, where one that it has weighs 1: scripts alone make *digg* of
# *digging*.
_UNKNOWN = 0.001
_FORBIDDEN = re.compile(r"[|,=\s]")  # characters that a cell of rolesets cannot hold


class SenseTargets(NamedTuple, Generic[Array]):
    """The gold senses of some predicates; IGNORE for a script or a roleset that is not in the vocabulary."""

    scripts: Array  # [predicates]
    candidates: Array  # [predicates, candidates]: the rolesets of the lemma, -1 behind them
    chosen: Array  # [predicates]: index of the gold roleset among the candidates


class SenseCodec:
    """Scripts and rolesets. The probability of a sense is P(lemma) · P(suffix | lemma)."""

    def __init__(self, scripts: Vocabulary, rolesets: Vocabulary) -> None:
        self.scripts, self.rolesets = scripts, rolesets
        lemmas_and_suffixes = list(map(split_sense, rolesets.items))
        self.suffixes = Vocabulary.count(suffix for _, suffix in lemmas_and_suffixes)
        self.suffix_of = self.suffixes.numbers(suffix for _, suffix in lemmas_and_suffixes)  # of each roleset
        self.n_scripts = min(_SCRIPTS, len(scripts))  # scripts that are tried for a predicate
        self._unknown = _FIRST if _FIRST in self.suffixes else self.suffixes.item(0)
        self.of_lemma: dict[str, list[int]] = {}
        for number, (lemma, _) in enumerate(lemmas_and_suffixes):
            self.of_lemma.setdefault(lemma, []).append(number)

    def target(self, form: str, sense: str) -> tuple[int, int]:
        """The numbers of the script and the roleset; IGNORE for one that is not in its vocabulary."""
        script = make_script(form, split_sense(sense)[0])
        return self.scripts.number(script, IGNORE), self.rolesets.number(sense, IGNORE)

    def collate(self, targets: Sequence[tuple[int, int]]) -> SenseTargets[Ints]:
        """The targets of several predicates as arrays."""
        rows = [self._siblings(roleset) for _, roleset in targets]
        chosen = [IGNORE if r == IGNORE else row.index(r) for row, (_, r) in zip(rows, targets, strict=True)]
        scripts = np.array([script for script, _ in targets], np.int64)
        return SenseTargets(scripts, pad_rows(rows, -1), np.array(chosen, np.int64))

    def _siblings(self, roleset: int) -> list[int]:
        """The rolesets with the lemma of `roleset`; any one row for IGNORE, since that is not learned."""
        return [0] if roleset == IGNORE else self.of_lemma[split_sense(self.rolesets.item(roleset))[0]]

    def decode(self, hidden: NDArray[Any], forms: Sequence[str], stage: Stage) -> list[tuple[str, float]]:
        """The sense of each predicate, and its probability: the best lemma with the best suffix of that lemma.

        ``hidden[predicates, width]`` are the vectors of the predicates.
        """
        if not forms:
            return []
        shares, scripts = (array.tolist() for array in stage("sense_scripts", hidden))
        lemmas = [self._lemma(*row) for row in zip(scripts, shares, forms, strict=True)]
        # So that no row is empty, a lemma without rolesets gets the first of all; its score is not used below.
        candidates = pad_rows([self.of_lemma.get(lemma, [0]) for lemma, _ in lemmas], -1)
        (of_senses,) = stage("sense_shares", hidden, candidates)
        best = of_senses.argmax(-1)[:, None]
        rolesets = np.take_along_axis(candidates, best, 1)[:, 0].tolist()
        of_best = np.take_along_axis(of_senses, best, 1)[:, 0].tolist()
        return [
            (self.rolesets.item(roleset), of_lemma * of_sense)
            if lemma in self.of_lemma
            else (lemma + self._unknown, of_lemma)
            for (lemma, of_lemma), roleset, of_sense in zip(lemmas, rolesets, of_best, strict=True)
        ]

    def _lemma(self, scripts: Sequence[int], shares: Sequence[float], form: str) -> tuple[str, float]:
        """The best lemma that the most probable scripts make, and the probability of all scripts that make it.

        A script that does not fit makes the form.
        """
        by_lemma: dict[str, float] = {}
        for script, share in zip(scripts, shares, strict=True):
            lemma = _lemma_of(self.scripts.items[script], form)
            by_lemma[lemma] = by_lemma.get(lemma, 0.0) + share
        best, share = max(by_lemma.items(), key=lambda item: item[1] * (1.0 if item[0] in self.of_lemma else _UNKNOWN))
        return best, min(share, 1.0)


@lru_cache(maxsize=1 << 16)
def _lemma_of(script: str, form: str) -> str:
    """What the script makes of the form, as a cell of rolesets can hold it."""
    return _FORBIDDEN.sub("_", apply_script(script, form))


def split_sense(sense: str) -> tuple[str, str]:
    """The lemma and the suffix: ``go`` and ``.01`` of ``go.01``. Without a dot inside, all of it is lemma."""
    lemma, dot, number = sense.rpartition(".")
    return (lemma, dot + number) if lemma else (sense, "")


def count_scripts(pairs: Iterable[tuple[str, str]]) -> Vocabulary:
    """The scripts of pairs of form and sense."""
    return Vocabulary.count(make_script(form, split_sense(sense)[0]) for form, sense in pairs)
