"""Senses of predicates: rolesets such as ``pick_up.04``, of a lemma and a suffix.

The lemma of a roleset is not always that of its word: nouns are named after verbs (*services*: ``serve.02``), and
particles belong to it (*picked*: ``pick_up.04``). So it has a classifier of its own, over edit scripts from the form as
in the lemmatizer, which needs no other annotation and makes lemmas that were never seen; but those that the training
data has are preferred. Given the lemma, the suffix is one that the lemma has in the training data; each roleset has
weights of its own besides those of its suffix, which all lemmas share. A lemma that is not there gets ``.01``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from depparse.data.edit_scripts import apply_script, make_script
from depparse.data.fields import IGNORE, Vocabulary

_FIRST = ".01"  # the suffix of what is not known
_SCRIPTS = 20  # that are looked at, of a predicate
# What a lemma that the training data lacks is worth beside one that it has: scripts alone make *digg* of *digging*.
_UNKNOWN = 0.001
_FORBIDDEN = re.compile(r"[|,=\s]")  # what a cell of rolesets cannot hold


@dataclass(slots=True)
class SenseTargets:
    """The gold senses of some predicates; IGNORE where there is none that is known."""

    scripts: Tensor  # [predicates]
    candidates: Tensor  # [predicates, several]: the rolesets of the lemma, -1 behind them
    chosen: Tensor  # [predicates]: the place of the gold one among them


class Senses(nn.Module):
    """``[predicates, width]`` to senses: P(lemma) · P(suffix | lemma)."""

    suffix_of: Tensor  # [rolesets]

    def __init__(self, width: int, scripts: Vocabulary, rolesets: Vocabulary) -> None:
        super().__init__()
        self.scripts, self.rolesets = scripts, rolesets
        parts = list(map(split_sense, rolesets.items))
        suffixes = Vocabulary.count(suffix for _, suffix in parts)
        self.unknown = _FIRST if _FIRST in suffixes else suffixes.item(0)
        self.of_lemma: dict[str, list[int]] = {}
        for number, (lemma, _) in enumerate(parts):
            self.of_lemma.setdefault(lemma, []).append(number)
        self.script_scores = nn.Linear(width, len(scripts))
        self.suffix_scores = nn.Linear(width, len(suffixes))
        self.own_weights, self.own_biases = nn.Embedding(len(rolesets), width), nn.Embedding(len(rolesets), 1)
        for own in (self.own_weights, self.own_biases):
            nn.init.zeros_(own.weight)
        numbers = torch.tensor([suffixes.number(suffix) for _, suffix in parts])
        self.register_buffer("suffix_of", numbers, persistent=False)

    def target(self, form: str, sense: str) -> tuple[int, int]:
        """Numbers of script and roleset, IGNORE where they are not known."""
        script = make_script(form, split_sense(sense)[0])
        return self.scripts.number(script, IGNORE), self.rolesets.number(sense, IGNORE)

    def collate(self, targets: Sequence[tuple[int, int]]) -> SenseTargets:
        rows = [self._siblings(roleset) for _, roleset in targets]
        chosen = [IGNORE if r == IGNORE else row.index(r) for row, (_, r) in zip(rows, targets, strict=True)]
        scripts = torch.tensor([script for script, _ in targets], dtype=torch.long)
        return SenseTargets(scripts, _pad(rows), torch.tensor(chosen, dtype=torch.long))

    def _siblings(self, roleset: int) -> list[int]:
        return [0] if roleset == IGNORE else self.of_lemma[split_sense(self.rolesets.item(roleset))[0]]

    def loss(self, hidden: Tensor, targets: SenseTargets) -> Tensor:
        """Minus the logarithm of the probability of the gold senses, summed."""
        scripts = nn.functional.cross_entropy(
            self.script_scores(hidden).float(), targets.scripts, ignore_index=IGNORE, reduction="sum"
        )
        rolesets = nn.functional.cross_entropy(
            self._choices(hidden, targets.candidates), targets.chosen, ignore_index=IGNORE, reduction="sum"
        )
        return scripts + rolesets

    def _choices(self, hidden: Tensor, candidates: Tensor) -> Tensor:
        """Scores of the rolesets ``candidates[predicates, several]``; -inf where there is none."""
        known = candidates.clamp(min=0)
        own = (self.own_weights(known) @ hidden[..., None] + self.own_biases(known)).squeeze(-1)
        shared = self.suffix_scores(hidden).gather(1, self.suffix_of[known])
        scores: Tensor = (own + shared).float()
        return scores.masked_fill(candidates < 0, float("-inf"))

    def predict(self, hidden: Tensor, forms: Sequence[str]) -> list[tuple[str, float]]:
        """The sense of each predicate, of the best lemma and the best suffix then; its probability."""
        if not forms:
            return []
        several = min(_SCRIPTS, len(self.scripts))
        shares, scripts = (part.tolist() for part in self.script_scores(hidden).float().softmax(-1).topk(several))
        lemmas = [self._lemma(*row) for row in zip(scripts, shares, forms, strict=True)]
        found, probabilities = zip(*lemmas, strict=True)
        # What is not known is scored with the first roleset, so that no row is empty, and then overlooked.
        candidates = _pad([self.of_lemma.get(lemma, [0]) for lemma in found]).to(hidden.device)
        of_senses, places = self._choices(hidden, candidates).softmax(-1).max(-1)
        chosen = candidates.gather(1, places[:, None]).squeeze(1).tolist()
        senses = []
        for lemma, roleset, first, second in zip(found, chosen, probabilities, of_senses.tolist(), strict=True):
            known = lemma in self.of_lemma
            senses.append((self.rolesets.item(roleset), first * second) if known else (lemma + self.unknown, first))
        return senses

    def _lemma(self, scripts: Sequence[int], shares: Sequence[float], form: str) -> tuple[str, float]:
        """The best lemma of the most probable scripts, and the probability of all that make it."""
        found: dict[str, float] = {}
        for script, share in zip(scripts, shares, strict=True):
            lemma = _lemma(self.scripts.item(script), form)
            found[lemma] = found.get(lemma, 0.0) + share
        best, share = max(found.items(), key=lambda item: item[1] * (1.0 if item[0] in self.of_lemma else _UNKNOWN))
        return best, min(share, 1.0)


def split_sense(sense: str) -> tuple[str, str]:
    """Lemma and suffix: ``go.01`` to ``go`` and ``.01``; all is lemma where there is no dot within."""
    lemma, dot, number = sense.rpartition(".")
    return (lemma, dot + number) if lemma else (sense, "")


def count_scripts(pairs: Iterable[tuple[str, str]]) -> Vocabulary:
    """The scripts of pairs of form and sense."""
    return Vocabulary.count(make_script(form, split_sense(sense)[0]) for form, sense in pairs)


def _lemma(script: str, form: str) -> str:
    return _FORBIDDEN.sub("_", apply_script(script, form))


def _pad(rows: Sequence[Sequence[int]]) -> Tensor:
    several = max(map(len, rows), default=0)
    cells = [[*row, *[-1] * (several - len(row))] for row in rows]
    return torch.tensor(cells, dtype=torch.long).view(len(rows), several)
