"""The differences between a gold analysis and those of one or several systems, for people to look at.

Texts are aligned as for scores, so the systems may have split words and sentences otherwise. What one side does not
annotate at all is not compared with it. Unlike scores, differences need no complete trees, and whole values are
compared: relations with their subtypes, all features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from depparse.document.document import Document
from depparse.document.drawings import DRAWINGS
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, did_you_mean
from depparse.evaluation.comparison import COMPARERS, KINDS, Comparison
from depparse.evaluation.pair import Pair, read_strictly
from depparse.evaluation.tables import Table
from depparse.files import PathLike, name_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing that at least one system has otherwise than the gold file."""

    kind: str  # one of KINDS
    word: int  # number of the gold word in its passage, from 1; its ID, if the passage is one sentence
    form: str
    gold: str
    systems: tuple[str, ...]  # what each system has; the gold value where it agrees, '' where it was not compared
    upos: str = ""  # gold tag and gold relation of the word
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that is the same number of whole sentences on each side, most often one on each."""

    gold: list[Sentence]
    systems: tuple[list[Sentence], ...]
    differences: list[Difference]
    number: int  # of its first gold sentence in the file, from 1

    @property
    def length(self) -> int:
        """Gold words."""
        return sum(map(len, self.gold))

    @property
    def text(self) -> str:
        """The text of the gold sentences."""
        return " ".join(sentence.text for sentence in self.gold)

    @property
    def name(self) -> str:
        """The sent_id of the first gold sentence, or its number."""
        return self.gold[0].sent_id or str(self.number)

    @property
    def words(self) -> list[int]:
        """The numbers of the gold words with a difference."""
        return sorted({difference.word for difference in self.differences})


@dataclass(frozen=True, slots=True)
class Differences:
    """All passages with differences, in the order of the file."""

    names: tuple[str, ...]  # of the gold file and of each system
    passages: list[Passage]
    compared: int  # gold sentences
    kinds: tuple[str, ...]  # that were compared, with one system at least

    def _repr_html_(self) -> str:
        """What a notebook shows: the numbers of differences, and the first pieces of text with their trees."""
        html: str = DRAWINGS["differences"](self)
        return html

    def filter(
        self,
        *,
        kind: str | Collection[str] = (),
        relation: str | Collection[str] = (),
        upos: str | Collection[str] = (),
        word: str | Collection[str] = (),
        min_words: int = 0,
        max_words: int | None = None,
    ) -> Differences:
        """The differences of these kinds, at words with these relations, gold tags or forms; all if none is given.

        The relation is the gold one or, for labels, that of a system; one without subtype stands for all its subtypes.
        Passages have `min_words` to `max_words` gold words. Raises ConfigError for an unknown kind.
        """
        kinds = _set(kind)
        for name in kinds:
            if name not in KINDS:
                raise ConfigError(f"there is no kind of difference {name!r}; {did_you_mean(name, KINDS)}")
        relations, tags = _set(relation), _set(upos)
        forms = {form.lower() for form in (word.split() if isinstance(word, str) else word)}

        def fits(one: Difference) -> bool:
            named = {one.relation, *(one.systems if one.kind == "label" else ())}
            named |= {each.partition(":")[0] for each in named}
            return (
                (not kinds or one.kind in kinds)
                and (not relations or not relations.isdisjoint(named))
                and (not tags or one.upos in tags)
                and (not forms or one.form.lower() in forms)
            )

        passages = [
            replace(passage, differences=own)
            for passage in self.passages
            if min_words <= passage.length <= (passage.length if max_words is None else max_words)
            and (own := [one for one in passage.differences if fits(one)])
        ]
        return replace(self, passages=passages)

    def worst_first(self) -> Differences:
        """The passages with the most differing words first; those with as many in the order of the file."""
        return replace(self, passages=sorted(self.passages, key=lambda passage: -len(passage.words)))

    def tables(self, most: int = 20) -> list[Table]:
        """How often each kind occurs, by system, and the most frequent confusions of labels and tags."""
        systems = self.names[1:]
        counts: Counter[tuple[str, int]] = Counter()
        confusions: Counter[tuple[str, str, str, int]] = Counter()
        for one in (one for passage in self.passages for one in passage.differences):
            for number, value in enumerate(one.systems):
                if value not in ("", one.gold):
                    counts[one.kind, number] += 1
                    if one.kind in ("label", "upos", "xpos"):
                        confusions[one.kind, one.gold, value, number] += 1
        rows = [
            (kind, *(f"{counts[kind, number]:,}" for number in range(len(systems))))
            for kind in KINDS
            if any(counts[kind, number] for number in range(len(systems)))
        ]
        tables = [Table(f"Differences from {self.names[0]}", ("", *systems), rows)]
        frequent = Counter[tuple[str, str, str]]()
        for (kind, gold, value, _), count in confusions.items():
            frequent[kind, gold, value] += count
        pairs = sorted(frequent, key=lambda pair: (-frequent[pair], pair))[:most]
        if pairs:
            lines = [
                (f"{kind} {gold} → {value}", *(f"{confusions[kind, gold, value, n]:,}" for n in range(len(systems))))
                for kind, gold, value in pairs
            ]
            tables.append(Table("Most frequent confusions", ("", *systems), lines))
        return tables

    def to_dict(self) -> dict[str, object]:
        """All differences, for JSON."""
        return {
            "gold": self.names[0],
            "systems": list(self.names[1:]),
            "sentences": self.compared,
            "kinds": list(self.kinds),
            "passages": [
                {
                    "name": passage.name,
                    "text": passage.text,
                    "differences": [
                        {"kind": one.kind, "word": one.word, "form": one.form, "gold": one.gold}
                        | {"systems": list(one.systems), "upos": one.upos, "relation": one.relation}
                        for one in passage.differences
                    ],
                }
                for passage in self.passages
            ],
        }


def diff(gold: PathLike | Document, *systems: PathLike | Document) -> Differences:
    """The differences of one or several systems from the gold analysis; each is a file or a Document.

    Raises FormatError if a file is broken, EvaluationError if the texts differ, and ConfigError without a system.
    """
    if not systems:
        raise ConfigError("there is nothing to compare: give a gold analysis and at least one other")
    sources = (gold, *systems)
    names = compared_names(sources)
    first, *others = map(read_strictly, sources)
    return differences_of([Pair(first, other, (names[0], name)) for other, name in zip(others, names[1:], strict=True)])


def compared_names(sources: Sequence[PathLike | Document]) -> tuple[str, ...]:
    """The names of a gold analysis and of the others that are compared with it: those of files, or what they are."""
    others = [f"system {number}" if len(sources) > 2 else "system" for number in range(1, len(sources))]
    return tuple(
        default if isinstance(source, Document) else name_of(source)
        for source, default in zip(sources, ("gold", *others), strict=True)
    )


def differences_of(pairs: Sequence[Pair]) -> Differences:
    """The differences of systems that stand in pairs with the same gold document. Raises EvaluationError."""
    gold = pairs[0].gold
    names = (gold.name, *(pair.system.name for pair in pairs))
    comparisons = [Comparison(pair) for pair in pairs]
    kinds = tuple(kind for kind in KINDS if any(comparison.compares(kind) for comparison in comparisons))
    return Differences(short_names(names), list(_passages(comparisons)), len(gold.document), kinds)


def short_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of files without their folders, if these are different."""
    short = tuple(Path(name).name for name in names)
    return short if len(set(short)) == len(names) else names


def _set(values: str | Collection[str]) -> set[str]:
    return set(values.replace(",", " ").split()) if isinstance(values, str) else set(values)


def _passages(comparisons: Sequence[Comparison]) -> Iterator[Passage]:
    """The passages with differences. A passage ends where sentences end on all sides."""
    sides = [comparisons[0].gold, *(comparison.system for comparison in comparisons)]
    ends = [side.segmentation.sentence_ends.tolist() for side in sides]
    shared = set(ends[0]).intersection(*ends[1:])
    begins = [0] * len(sides)
    for end in ends[0]:
        if end not in shared:
            continue
        stops = [own.index(end, begin) + 1 for own, begin in zip(ends, begins, strict=True)]
        ranges = list(zip(begins, stops, strict=True))
        differences = list(_differences(comparisons, ranges))
        if differences:
            parts = [side.document.sentences[begin:stop] for side, (begin, stop) in zip(sides, ranges, strict=True)]
            yield Passage(parts[0], tuple(parts[1:]), differences, begins[0] + 1)
        begins = stops


def _differences(comparisons: Sequence[Comparison], ranges: Sequence[tuple[int, int]]) -> Iterator[Difference]:
    """The differences between the sentences of these ranges: those of the gold file, then those of each system."""
    gold = comparisons[0].gold
    words = range(gold.first[ranges[0][0]], gold.first[ranges[0][1]])
    found: dict[tuple[int, int, object, str], list[str | None]] = {}  # word, kind, key, gold value: values of systems
    for order, (kind, compare) in enumerate(COMPARERS.items()):
        for number, (comparison, of_system) in enumerate(zip(comparisons, ranges[1:], strict=True)):
            if comparison.compares(kind):
                for word, key, value, other in compare(comparison, words, of_system):
                    found.setdefault((word, order, key, value), [None] * len(comparisons))[number] = other
    for (word, order, _, value), others in sorted(found.items(), key=lambda item: item[0][:2]):
        kind = KINDS[order]
        values = [
            other if other is not None else value if comparison.covers(kind, word) else ""
            for comparison, other in zip(comparisons, others, strict=True)
        ]
        upos, relation = (gold.cells[name][word] for name in ("UPOS", "DEPREL"))
        yield Difference(
            kind,
            word - words[0] + 1,
            gold.segmentation.forms[word],
            value,
            tuple(values),
            "" if upos == "_" else upos,
            "" if relation == "_" else relation,
        )
