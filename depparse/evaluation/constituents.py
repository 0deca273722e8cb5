"""Labelled brackets of constituent trees, as EVALB counts them with the parameters of Collins.

A constituent is right if gold has one with the same words and label, each as often as both have it. Punctuation, words
whose XPOS in gold is one of the Penn Treebank's tags of it, is not counted as words, and constituents of nothing else
are left out. So are roots (ROOT, TOP, S1, and brackets without a label). Of a label, functions and indices do not count
(``NP-SBJ-1`` is NP), and PRT is ADVP.

Where we differ: sentences of any length count, and so do sentences whose words differ, if the text is the same.
"""

from __future__ import annotations

import re
from collections import Counter

from depparse.document.document import Document
from depparse.document.kinds import get_kind
from depparse.evaluation.measures import Measure
from depparse.evaluation.pair import Pair, Places
from depparse.evaluation.scores import Details, Score, Section
from depparse.evaluation.units import Unit, counting_place, measure_units

PUNCTUATION = frozenset({",", ":", "``", "''", "."})  # tags
_ROOTS = frozenset({"", "ROOT", "TOP", "S1"})
_FUNCTIONS = re.compile(r"(?<=[^-=])[-=].*")
_ALIKE = {"PRT": "ADVP"}


def bare_label(label: str) -> str:
    """The label without functions and indices."""
    label = label if label.startswith("-") else _FUNCTIONS.sub("", label)
    return _ALIKE.get(label, label)


def measure_brackets(pair: Pair) -> Measure:
    """The measure of constituents with their labels, by sentence."""
    return measure_units(pair, *pair.once(_units_of_both))


def measure_unlabelled(pair: Pair) -> Measure:
    """The measure of constituents without their labels, by sentence."""
    gold, system = (_without_labels(units) for units in pair.once(_units_of_both))
    return measure_units(pair, gold, system)


def _without_labels(units: Counter[Unit]) -> Counter[Unit]:
    bare: Counter[Unit] = Counter()
    for (place, bracket), count in units.items():
        bare[place, bracket[:2]] += count  # type: ignore[index]
    return bare


def _units_of_both(pair: Pair) -> tuple[Counter[Unit], Counter[Unit]]:
    gold, places = pair.gold.document, pair.places
    tags = (tag for sentence in gold for tag in sentence.columns.get("XPOS", ["_"] * len(sentence)))
    punctuation = {place for place, tag in enumerate(tags) if tag in PUNCTUATION}
    return _units(gold, places.gold, punctuation), _units(pair.system.document, places.system, punctuation)


def _units(document: Document, places: Places, punctuation: set[int]) -> Counter[Unit]:
    units: Counter[Unit] = Counter()
    for sentence, words in zip(document, places, strict=True):
        for start, end, label in sentence.annotation("constituents"):
            counted = [place for place in words[start - 1 : end] if place not in punctuation]
            if counted and label not in _ROOTS:
                bracket = counted[0], counted[-1], bare_label(label)
                units[counting_place(words, start), bracket] += 1
    return units


def _details(pair: Pair) -> Details:
    gold_units, system_units = pair.once(_units_of_both)
    gold, system, right = (
        Counter(bracket[2] for _, bracket in units.elements())  # type: ignore[index]
        for units in (gold_units, system_units, gold_units & system_units)
    )
    labels = {
        label: Score(gold[label], system[label], right[label], harmonic=True)
        for label in sorted({*gold, *system}, key=lambda label: (-gold[label], label))
    }
    measure = pair.once(measure_brackets)
    complete = int(((measure.gold == measure.correct) & (measure.system == measure.correct)).sum())
    data = {
        "labels": {label: CONSTITUENTS.to_dict(score) for label, score in labels.items()},
        "complete": complete / max(1, len(pair.gold.document)),
    }
    return Details(labels, {}, data)


CONSTITUENTS = Section(
    "Constituents",
    "constituents",
    held=lambda document: any(map(get_kind("constituents").annotated, document)),
    label="Label",
    details=_details,
    note="Brackets: labelled, as EVALB counts them.",
)
