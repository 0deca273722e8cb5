"""How far annotators agree: kappa for tags and labels, attachment for trees, over all words and by relation.

Two analyses of one text are compared at the words that both have. What one side does not annotate is not compared.
Unlike scores, agreement is symmetric, and whole values are compared: relations with their subtypes, all features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from depparse.document.document import Document
from depparse.evaluation.comparison import COLUMNS, Comparison
from depparse.evaluation.differences import compared_names, short_names
from depparse.evaluation.metrics import LAS, UAS
from depparse.evaluation.pair import Pair, read_strictly
from depparse.evaluation.tables import Table, percent
from depparse.files import PathLike


@dataclass(frozen=True, slots=True)
class Kappa:
    """The agreement on one kind of annotation: the words, and the share at which both have the same.

    `kappa` is that of Cohen (1960, *A Coefficient of Agreement for Nominal Scales*): how far the agreement exceeds the
    one that is expected by chance, as a share of what it could; None if chance alone makes all agree.
    """

    kind: str
    words: int
    agreement: float
    kappa: float | None


@dataclass(frozen=True, slots=True)
class RelationAgreement:
    """The words to which at least one side gives a relation: how many, and at how many both give it.

    `heads` and `both` count words for which both have the same head, and the same head and relation. `kappa` is that
    of the decision whether a word has the relation or not.
    """

    relation: str
    words: int
    labels: int
    heads: int
    both: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of two sides. `uas` and `las` are shares of the words whose heads (and relations) are compared.

    They are None if a side has no heads. Each kind of `kappas` has its own words, since each may be partly annotated.
    """

    names: tuple[str, str]
    words: tuple[int, int]  # of each side
    aligned: int  # words that both have
    uas: float | None
    las: float | None
    kappas: list[Kappa]
    relations: list[RelationAgreement]  # the most frequent first

    def tables(self, most: int = 40) -> list[Table]:
        """The tables of the agreement."""
        one, other = self.names
        shares = ((UAS.name, self.uas), (LAS.name, self.las))
        rows = [
            ("words", f"{self.aligned:,}", "", ""),
            *((name, "", percent(share), "") for name, share in shares if share is not None),
            *((k.kind, f"{k.words:,}", percent(k.agreement), _three(k.kappa)) for k in self.kappas),
        ]
        tables = [Table(f"Agreement of {one} and {other}", ("", "words", "same, %", "kappa"), rows)]
        lines = [
            (r.relation, f"{r.words:,}", *(percent(n / r.words) for n in (r.labels, r.heads, r.both)), _three(r.kappa))
            for r in self.relations[:most]
        ]
        if lines:
            columns = ("relation of either", "words", "same relation, %", "same head, %", "both, %", "kappa")
            tables.append(Table(f"By relation, {one} and {other}", columns, lines))
        return tables

    def to_dict(self) -> dict[str, Any]:
        """The agreement for JSON; shares are fractions of 1."""
        return asdict(self)


def _three(number: float | None) -> str:
    return "" if number is None else f"{number:.3f}"


def kappa(counts: Counter[tuple[str, str]]) -> float | None:
    """Cohen's kappa of counted pairs of values, one of each annotator; None without pairs, or if all are the same."""
    total = counts.total()
    first, second = Counter[str](), Counter[str]()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    chance = sum(count * second[value] for value, count in first.items())
    same = sum(count for (one, other), count in counts.items() if one == other)
    # Integers until the end, so that full agreement is 1 exactly.
    return None if chance == total * total else (same * total - chance) / (total * total - chance)


def agreement(first: PathLike | Document, second: PathLike | Document) -> Agreement:
    """The agreement of two analyses of one text, each a file or a Document.

    Raises FormatError if a file is broken, and EvaluationError if the texts differ.
    """
    names = compared_names((first, second))
    return agreement_of(Pair(read_strictly(first), read_strictly(second), (names[0], names[1])))


def agreement_of(pair: Pair) -> Agreement:
    """The agreement of the two sides of a pair. Raises EvaluationError if the texts differ."""
    comparison = Comparison(pair)
    gold, system = comparison.gold, comparison.system
    words = sorted(comparison.to_system.items())
    kappas = []
    for kind, column in COLUMNS.items():
        values = [(gold.cells[column][one], system.cells[column][other]) for one, other in words]
        # FEATS and lemmas may be absent as a matter of annotation; tags and relations are then not annotated.
        needs_both = kind in ("label", "upos", "xpos")
        values = [pair for pair in values if not needs_both or "_" not in pair] if comparison.compares(kind) else []
        if values:
            share = sum(one == other for one, other in values) / len(values)
            kappas.append(Kappa(kind, len(values), share, kappa(Counter(values))))
    arcs = _arcs(comparison, words)
    relations = _relations(arcs)
    name, other_name = short_names((pair.gold.name, pair.system.name))
    heads = sum(same for same, _, _ in arcs)
    both = sum(same and one == other for same, one, other in arcs)
    return Agreement(
        (name, other_name),
        (len(gold.sentence_of), len(system.sentence_of)),
        len(words),
        heads / len(arcs) if arcs else None,
        both / len(arcs) if arcs and gold.has["DEPREL"] and system.has["DEPREL"] else None,
        kappas,
        relations,
    )


def _arcs(comparison: Comparison, words: Sequence[tuple[int, int]]) -> list[tuple[bool, str, str]]:
    """For each word that has a head on both sides: whether it is the same, and both relations."""
    gold, system = comparison.gold, comparison.system
    arcs = []
    for one, other in words:
        ids = gold.cells["HEAD"][one], system.cells["HEAD"][other]
        if "_" not in ids:
            same = gold.at(ids[0], one) == comparison.place(system.at(ids[1], other))
            arcs.append((same, gold.cells["DEPREL"][one], system.cells["DEPREL"][other]))
    return arcs


def _relations(arcs: Sequence[tuple[bool, str, str]]) -> list[RelationAgreement]:
    counts = Counter(arcs)
    first, second = Counter[str](), Counter[str]()
    labels, heads, both = Counter[str](), Counter[str](), Counter[str]()
    for (same, one, other), count in counts.items():
        first[one] += count
        second[other] += count
        for name in {one, other}:
            heads[name] += same * count
        if one == other:
            labels[one] += count
            both[one] += same * count
    total, found = len(arcs), []
    for name in (first | second).keys() - {"_"}:
        yes, left, right = labels[name], first[name] - labels[name], second[name] - labels[name]
        cells = {("x", "x"): yes, ("x", ""): left, ("", "x"): right, ("", ""): total - yes - left - right}
        union = yes + left + right
        found.append(RelationAgreement(name, union, yes, heads[name], both[name], kappa(Counter(cells))))
    return sorted(found, key=lambda one: (-one.words, one.relation))
