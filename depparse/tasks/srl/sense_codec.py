"""Senses of predicates: rolesets such as ``pick_up.04``, of a lemma and a suffix.

The lemma of a roleset is not always that of its word: nouns are named after verbs (*services*: ``serve.02``), and
particles belong to it (*picked*: ``pick_up.04``). So it has a classifier of its own, over edit scripts from the form as
in the lemmatizer, which needs no other annotation and makes lemmas that were never seen; but those that the training
data has are preferred. The suffix is one that the lemma has in the training data; a lemma that the training data lacks
gets ``.01``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from depparse.features.batch import Ints, pad_rows
from depparse.features.edit_scripts import apply_script, make_script
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.tasks.task import Stage

Array = TypeVar("Array")  # of NumPy or of torch

_FIRST = ".01"  # the suffix of a lemma that the training data lacks
_SCRIPTS = 20  # that are looked at, of a predicate
# What a lemma that the training data lacks is worth beside one that it has: scripts alone make *digg* of *digging*.
_UNKNOWN = 0.001
_FORBIDDEN = re.compile(r"[|,=\s]")  # what a cell of rolesets cannot hold


class SenseTargets(NamedTuple, Generic[Array]):
    """The gold senses of some predicates; IGNORE where the script, or the roleset, has no number."""

    scripts: Array  # [predicates]
    candidates: Array  # [predicates, several]: the rolesets of the lemma, -1 behind them
    chosen: Array  # [predicates]: which of them is the gold one


class SenseCodec:
    """Scripts and rolesets: P(lemma) · P(suffix | lemma)."""

    def __init__(self, scripts: Vocabulary, rolesets: Vocabulary) -> None:
        self.scripts, self.rolesets = scripts, rolesets
        parts = list(map(split_sense, rolesets.items))
        self.suffixes = Vocabulary.count(suffix for _, suffix in parts)
        self.suffix_of = self.suffixes.numbers(suffix for _, suffix in parts)  # of each roleset
        self.n_scripts = min(_SCRIPTS, len(scripts))  # that are looked at, of a predicate
        self._unknown = _FIRST if _FIRST in self.suffixes else self.suffixes.item(0)
        self.of_lemma: dict[str, list[int]] = {}
        for number, (lemma, _) in enumerate(parts):
            self.of_lemma.setdefault(lemma, []).append(number)

    def target(self, form: str, sense: str) -> tuple[int, int]:
        """Numbers of script and roleset, IGNORE for those that are not in the vocabularies."""
        script = make_script(form, split_sense(sense)[0])
        return self.scripts.number(script, IGNORE), self.rolesets.number(sense, IGNORE)

    def collate(self, targets: Sequence[tuple[int, int]]) -> SenseTargets[Ints]:
        """The targets of several predicates side by side."""
        rows = [self._siblings(roleset) for _, roleset in targets]
        chosen = [IGNORE if r == IGNORE else row.index(r) for row, (_, r) in zip(rows, targets, strict=True)]
        scripts = np.array([script for script, _ in targets], np.int64)
        return SenseTargets(scripts, pad_rows(rows, -1), np.array(chosen, np.int64))

    def _siblings(self, roleset: int) -> list[int]:
        return [0] if roleset == IGNORE else self.of_lemma[split_sense(self.rolesets.item(roleset))[0]]

    def decode(self, hidden: NDArray[Any], forms: Sequence[str], stage: Stage) -> list[tuple[str, float]]:
        """The sense of each predicate, of the best lemma and the best suffix then; its probability.

        ``hidden[predicates, width]`` is what the network has of each.
        """
        if not forms:
            return []
        shares, scripts = (part.tolist() for part in stage("sense_scripts", hidden))
        lemmas = [self._lemma(*row) for row in zip(scripts, shares, forms, strict=True)]
        # A lemma without rolesets is scored with the first of all, so that no row is empty, and that is not looked at.
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
        """The best lemma of the most probable scripts, and the probability of all that make it."""
        by_lemma: dict[str, float] = {}
        for script, share in zip(scripts, shares, strict=True):
            lemma = _FORBIDDEN.sub("_", apply_script(self.scripts.item(script), form))
            by_lemma[lemma] = by_lemma.get(lemma, 0.0) + share
        best, share = max(by_lemma.items(), key=lambda item: item[1] * (1.0 if item[0] in self.of_lemma else _UNKNOWN))
        return best, min(share, 1.0)


def split_sense(sense: str) -> tuple[str, str]:
    """Lemma and suffix: ``go.01`` to ``go`` and ``.01``; all is lemma where there is no dot within."""
    lemma, dot, number = sense.rpartition(".")
    return (lemma, dot + number) if lemma else (sense, "")


def count_scripts(pairs: Iterable[tuple[str, str]]) -> Vocabulary:
    """The scripts of pairs of form and sense."""
    return Vocabulary.count(make_script(form, split_sense(sense)[0]) for form, sense in pairs)
