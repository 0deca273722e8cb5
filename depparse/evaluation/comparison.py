"""What differs between a gold analysis and that of a system, kind by kind, in sentences that cover the same text.

`depparse.evaluation.differences` tells it. Words are numbers in their whole document, as in `Segmentation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from depparse.evaluation.pair import Pair, Side

# The kinds of differences, in the order in which those of a word are told.
KINDS = ("words", "sentences", "head", "label", "upos", "xpos", "feats", "lemma", "graph", "entities", "roles")
COLUMNS = {"label": "DEPREL", "upos": "UPOS", "xpos": "XPOS", "feats": "FEATS", "lemma": "LEMMA"}
NONE = "–"  # stands where a side has nothing


class Words:
    """The words of a document in one row, with what they are annotated with."""

    def __init__(self, side: Side) -> None:
        self.document = side.document
        self.segmentation = side.segmentation
        self.first: list[int] = side.segmentation.sentence_words.tolist()  # of each sentence, and behind the last
        self.cells = {name: self._column(name) for name in ("HEAD", "DEPS", *COLUMNS.values())}
        self.has = {name: any(cell != "_" for cell in cells) for name, cells in self.cells.items()}
        self.has_ents = any(sentence.ents for sentence in self.document)
        self.has_frames = any(sentence.frames for sentence in self.document)

    def _column(self, name: str) -> list[str]:
        cells: list[str] = []
        for sentence in self.document:
            cells += sentence.columns.get(name) or ["_"] * len(sentence)
        return cells

    @cached_property
    def sentence_of(self) -> list[int]:
        """The number of each word's sentence."""
        return [number for number, sentence in enumerate(self.document) for _ in range(len(sentence))]

    def at(self, id: str, word: int) -> int | None:
        """The word of the document that has that ID in the sentence of `word`; -1 for ROOT, None if there is none."""
        if id == "0":
            return -1
        begin, end = self.first[self.sentence_of[word]], self.first[self.sentence_of[word] + 1]
        return begin + int(id) - 1 if id.isdecimal() and int(id) <= end - begin else None


class Comparison:
    """A system beside the gold file. Words are numbers in the whole document; a gold word may have none there."""

    def __init__(self, pair: Pair) -> None:
        self.gold, self.system = Words(pair.gold), Words(pair.system)
        self.to_gold: list[int] = pair.alignment.to_gold.tolist()
        self.to_system = {gold: system for system, gold in enumerate(self.to_gold) if gold >= 0}

    def both(self, column: str) -> bool:
        """Whether both annotate the column."""
        return self.gold.has[column] and self.system.has[column]

    def place(self, word: int | None) -> object:
        """The gold word of a system's word, for comparison: -1 for ROOT; something equal to nothing if it has none."""
        if word is None or word < 0:
            return word
        return self.to_gold[word] if self.to_gold[word] >= 0 else ("system", word)


# Each comparison gives the gold word, a key that tells several differences at a word apart, the gold value, and that of
# the system.
Found = Iterator[tuple[int, object, str, str]]


def _compare_words(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
    """Gold words that the system lacks, with its words in their place; and its words beside gold words that it has."""
    gold, system = comparison.gold.segmentation, comparison.system.segmentation
    own = range(comparison.system.first[sentences[0]], comparison.system.first[sentences[1]])
    free = [word for word in own if comparison.to_gold[word] < 0]
    covered: set[int] = set()
    for word in words:
        over = [w for w in free if system.starts[w] < gold.ends[word] and gold.starts[word] < system.ends[w]]
        if word not in comparison.to_system:
            covered.update(over)
            yield word, "", gold.forms[word], " ".join(system.forms[w] for w in over) or NONE
    for word in (word for word in free if word not in covered):
        near = next((w for w in words if gold.ends[w] > system.starts[word]), words[-1])
        yield near, word, NONE, system.forms[word]


def _compare_sentences(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
    """Ends of sentences that only one of both has."""
    gold, system = comparison.gold.segmentation, comparison.system.segmentation
    ends = {int(end) for end in system.sentence_ends[slice(*sentences)]}
    own = {int(gold.ends[word]) for word in words if word + 1 in comparison.gold.first}
    for end in sorted(ends ^ own):
        word = next(w for w in words if gold.ends[w] >= end)
        yield word, end, "end" if end in own else NONE, "end" if end in ends else NONE


def _compare_heads(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
    if not comparison.both("HEAD"):
        return
    gold, system = comparison.gold, comparison.system
    for word in words:
        if (other := comparison.to_system.get(word)) is None:
            continue
        head = gold.at(gold.cells["HEAD"][word], word)
        other_head = system.at(system.cells["HEAD"][other], other)
        if head != comparison.place(other_head):
            yield word, "", _shown(gold, head), _shown(system, other_head)


def _shown(side: Words, word: int | None) -> str:
    """A head as it is told: its ID and its form."""
    if word is None or word < 0:
        return NONE if word is None else "0 ROOT"
    return f"{word - side.first[side.sentence_of[word]] + 1} {side.segmentation.forms[word]}"


def _compare_column(column: str) -> Callable[[Comparison, range, tuple[int, int]], Found]:
    def compare(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
        if not comparison.both(column):
            return
        cells, others = comparison.gold.cells[column], comparison.system.cells[column]
        for word in words:
            other = comparison.to_system.get(word)
            if other is not None and cells[word] != others[other]:
                yield word, "", cells[word], others[other]

    return compare


def _compare_graphs(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
    if not comparison.both("DEPS"):
        return
    gold, system = comparison.gold, comparison.system

    def edges(side: Words, word: int, place: Callable[[int | None], object]) -> dict[tuple[object, str], str]:
        """The edges to the word, by the place of their heads and their labels; empty nodes have only their names."""
        cell, found = side.cells["DEPS"][word], {}
        for edge in cell.split("|") if cell != "_" else ():
            id, _, label = edge.partition(":")
            found[(id if "." in id else place(side.at(id, word)), label)] = edge
        return found

    for word in words:
        if (other := comparison.to_system.get(word)) is None:
            continue
        own, others = edges(gold, word, lambda head: head), edges(system, other, comparison.place)
        if own.keys() != others.keys():
            only = [edge for key, edge in own.items() if key not in others]
            other_only = [edge for key, edge in others.items() if key not in own]
            yield word, "", " ".join(only) or NONE, " ".join(other_only) or NONE


def _compare_entities(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
    gold, system = comparison.gold, comparison.system
    if not (gold.has_ents and system.has_ents):
        return
    ranges = (gold.sentence_of[words[0]], gold.sentence_of[words[-1]] + 1), sentences
    own, others = (
        {
            (place(side.first[number] + span.start - 1), place(side.first[number] + span.end - 1), span.type): span
            for number in range(*numbers)
            for span in side.document[number].ents
        }
        for side, numbers, place in zip((gold, system), ranges, (lambda w: w, comparison.place), strict=True)
    )
    for key in own.keys() ^ others.keys():
        start = key[0] if isinstance(key[0], int) else words[0]
        span = own[key] if key in own else others[key]
        told = f"{span.type}: {span.text}"
        yield start, key, told if key in own else NONE, told if key in others else NONE


def _compare_roles(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
    gold, system = comparison.gold, comparison.system
    if not (gold.has_frames and system.has_frames):
        return
    ranges = (gold.sentence_of[words[0]], gold.sentence_of[words[-1]] + 1), sentences
    own, others = (
        {key: told for number in range(*numbers) for key, told in _roles(side, number, place)}
        for side, numbers, place in zip((gold, system), ranges, (lambda w: w, comparison.place), strict=True)
    )
    for key in sorted(own.keys() | others.keys(), key=str):
        if own.get(key) != others.get(key):
            start = key[0] if isinstance(key[0], int) else words[0]
            yield start, key, own.get(key, NONE), others.get(key, NONE)


def _roles(side: Words, number: int, place: Callable[[int | None], object]) -> Iterator[tuple[tuple[object, ...], str]]:
    """The sense of each predicate, and each of its arguments, with keys by which they are compared."""
    begin = side.first[number]
    forms = side.document[number].columns["FORM"]
    for frame in side.document[number].frames:
        predicate = place(begin + frame.predicate - 1)
        yield (predicate,), frame.sense or "predicate"
        for argument in frame.arguments:
            ends = (argument.start, argument.end) if argument.start is not None else (argument.head, argument.head)
            places = tuple(place(None if end is None else begin + end - 1) for end in ends)
            first, last = ends
            text = " ".join(forms[first - 1 : last]) if first is not None and last is not None else ""
            yield (predicate, argument.role, *places), f"{argument.role}: {text}"


COMPARERS: dict[str, Callable[[Comparison, range, tuple[int, int]], Found]] = {
    "words": _compare_words,
    "sentences": _compare_sentences,
    "head": _compare_heads,
    **{kind: _compare_column(column) for kind, column in COLUMNS.items()},
    "graph": _compare_graphs,
    "entities": _compare_entities,
    "roles": _compare_roles,
}
