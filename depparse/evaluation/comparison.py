"""What differs between a gold analysis and that of a system, kind by kind, in sentences that cover the same text.

`depparse.evaluation.differences` tells it. Words are numbers in their whole document, as in `Segmentation`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any, TypeAlias

from depparse.evaluation.pair import Pair, Side

COLUMNS = {"label": "DEPREL", "upos": "UPOS", "xpos": "XPOS", "feats": "FEATS", "lemma": "LEMMA"}
NONE = "–"  # stands where a side has nothing

Place: TypeAlias = int | tuple[str, int] | None  # see `Comparison.place`
Key: TypeAlias = tuple[Any, ...]
Told: TypeAlias = dict[Key, str]
Items: TypeAlias = Callable[["Words", int, Callable[[int | None], Place]], Iterator[tuple[Key, str]]]
# What a comparison finds: the gold word, a key that tells several differences at a word apart, the gold value, and that
# of the system. It compares the gold words of a passage with the sentences of the system in this range.
Found: TypeAlias = Iterator[tuple[int, object, str, str]]
Compare: TypeAlias = Callable[["Comparison", range, tuple[int, int]], Found]


class Words:
    """The words of a document in one row, with what they are annotated with."""

    def __init__(self, side: Side) -> None:
        self.document = side.document
        self.segmentation = side.segmentation
        self.first: list[int] = side.segmentation.sentence_words.tolist()  # of each sentence, and behind the last
        self.sentence_of = [number for number, sentence in enumerate(self.document) for _ in range(len(sentence))]
        self.starts: list[int] = side.segmentation.starts.tolist()
        self.ends: list[int] = side.segmentation.ends.tolist()
        self.cells = {name: self._column(name) for name in ("HEAD", "DEPS", *COLUMNS.values())}
        self.has = {name: any(cell != "_" for cell in cells) for name, cells in self.cells.items()}
        self.has["entities"] = any(sentence.ents for sentence in self.document)
        self.has["roles"] = any(sentence.frames for sentence in self.document)

    def _column(self, name: str) -> list[str]:
        cells: list[str] = []
        for sentence in self.document:
            cells += sentence.columns.get(name) or ["_"] * len(sentence)
        return cells

    def at(self, id: str, word: int) -> int | None:
        """The word of the document that has that ID in the sentence of `word`; -1 for ROOT, None if there is none."""
        if id == "0":
            return -1
        begin, end = self.first[self.sentence_of[word]], self.first[self.sentence_of[word] + 1]
        return begin + int(id) - 1 if id.isdecimal() and 0 < int(id) <= end - begin else None


class Comparison:
    """A system beside the gold file. Words are numbers in the whole document; a gold word may have none there."""

    def __init__(self, pair: Pair) -> None:
        self.gold, self.system = Words(pair.gold), Words(pair.system)
        self.to_gold: list[int] = pair.alignment.to_gold.tolist()
        self.to_system = {gold: system for system, gold in enumerate(self.to_gold) if gold >= 0}

    def compares(self, kind: str) -> bool:
        """Whether both annotate what is compared."""
        column = _ANNOTATED.get(kind, kind)
        return kind in ("words", "tokens", "sentences") or (self.gold.has[column] and self.system.has[column])

    def covers(self, kind: str, word: int) -> bool:
        """Whether the gold word is compared in this."""
        return self.compares(kind) and (kind in ("words", "sentences", "entities", "roles") or word in self.to_system)

    def place(self, word: int | None) -> Place:
        """The gold word of a system's word; -1 for ROOT; for a word without partner, what equals nothing in gold."""
        if word is None or word < 0:
            return word
        return self.to_gold[word] if self.to_gold[word] >= 0 else ("system", word)

    def tell(self, place: Place, words: range) -> str:
        """A head, by its number among the gold `words` of the passage and its form."""
        if place is None:
            return NONE
        if isinstance(place, tuple):
            return f"({self.system.segmentation.forms[place[1]]})"
        return "0 ROOT" if place < 0 else f"{place - words[0] + 1} {self.gold.segmentation.forms[place]}"


def _compare_words(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
    """Gold words that the system lacks, with its words in their place; and its words beside gold words that it has."""
    gold, system = comparison.gold, comparison.system
    own = range(system.first[sentences[0]], system.first[sentences[1]])
    free = [word for word in own if comparison.to_gold[word] < 0]
    ends = [system.ends[word] for word in free]  # neither decreases
    covered: set[int] = set()
    for word in words:
        if word not in comparison.to_system:
            begin = bisect_right(ends, gold.starts[word])
            over = list(takewhile(lambda w: system.starts[w] < gold.ends[word], free[begin:]))  # noqa: B023
            covered.update(over)
            forms = " ".join(system.segmentation.forms[w] for w in over)
            yield word, "", gold.segmentation.forms[word], forms or NONE
    gold_ends = [gold.ends[word] for word in words]
    for word in (word for word in free if word not in covered):
        near = words[min(bisect_right(gold_ends, system.starts[word]), len(words) - 1)]
        yield near, word, NONE, system.segmentation.forms[word]


def _compare_tokens(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
    """Words that both have, but as other tokens: as one multiword token, or each by itself."""
    gold, system = comparison.gold, comparison.system
    # By the range of the longer token: the first word, and the ranges of the tokens of both sides.
    found: dict[tuple[int, int], tuple[int, dict[tuple[int, int], str], dict[tuple[int, int], str]]] = {}
    for word in words:
        if (other := comparison.to_system.get(word)) is None:
            continue
        ranges = [(side.starts[own], side.ends[own]) for side, own in ((gold, word), (system, other))]
        if ranges[0] != ranges[1]:
            longer = max(ranges, key=lambda token: token[1] - token[0])
            tokens = found.setdefault(longer, (word, {}, {}))[1:]
            for told, side, token in zip(tokens, (gold, system), ranges, strict=True):
                told[token] = side.segmentation.characters[slice(*token)]
    for longer, (word, own_tokens, others) in found.items():
        yield word, longer, " ".join(own_tokens.values()), " ".join(others.values())


def _compare_sentences(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
    """Ends of sentences that only one of both has."""
    gold, system = comparison.gold, comparison.system
    own_sentences = slice(gold.sentence_of[words[0]], gold.sentence_of[words[-1]] + 1)
    own = set(gold.segmentation.sentence_ends[own_sentences].tolist())
    others = set(system.segmentation.sentence_ends[slice(*sentences)].tolist())
    ends = [gold.ends[word] for word in words]
    for end in sorted(own ^ others):
        word = words[min(bisect_left(ends, end), len(words) - 1)]
        yield word, end, "end" if end in own else NONE, "end" if end in others else NONE


def _compare_heads(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
    gold, system = comparison.gold, comparison.system
    for word in words:
        if (other := comparison.to_system.get(word)) is not None:
            head = gold.at(gold.cells["HEAD"][word], word)
            place = comparison.place(system.at(system.cells["HEAD"][other], other))
            if head != place:
                yield word, "", comparison.tell(head, words), comparison.tell(place, words)


def _compare_column(column: str) -> Compare:
    def compare(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
        cells, others = comparison.gold.cells[column], comparison.system.cells[column]
        for word in words:
            other = comparison.to_system.get(word)
            if other is not None and cells[word] != others[other]:
                yield word, "", cells[word], others[other]

    return compare


def _compare_graphs(comparison: Comparison, words: range, _: tuple[int, int]) -> Found:
    """Edges to words. An empty node is told by the word before it; the edges to empty nodes are not compared."""
    gold, system = comparison.gold, comparison.system

    def edges(side: Words, word: int, place: Callable[[int | None], Place]) -> dict[tuple[Place, str, str], str]:
        """The edges to the word: the place of the head, or of the word before an empty one, and what tells them."""
        cell, found = side.cells["DEPS"][word], {}
        for edge in cell.split("|") if cell != "_" else ():
            id, _, label = edge.partition(":")
            number, dot, minor = id.partition(".")
            head = place(side.at(number, word))
            told = comparison.tell(head, words).partition(" ")[0]
            found[head, dot + minor, label] = f"{told}{dot}{minor}:{label}"
        return found

    for word in words:
        if (other := comparison.to_system.get(word)) is None:
            continue
        own, others = edges(gold, word, lambda head: head), edges(system, other, comparison.place)
        if own.keys() != others.keys():
            only = " ".join(told for key, told in own.items() if key not in others) or NONE
            yield word, only, only, " ".join(told for key, told in others.items() if key not in own) or NONE


def _both(comparison: Comparison, words: range, sentences: tuple[int, int], items: Items) -> tuple[Told, Told]:
    """What the sentences of both sides have, by keys with places in the gold file."""
    gold, system = comparison.gold, comparison.system
    own_sentences = range(gold.sentence_of[words[0]], gold.sentence_of[words[-1]] + 1)
    own = {key: told for number in own_sentences for key, told in items(gold, number, lambda word: word)}
    others = {key: told for number in range(*sentences) for key, told in items(system, number, comparison.place)}
    return own, others


def _compare_items(items: Items) -> Compare:
    """Compares what is neither of a word nor of a sentence; its key begins with the place of a word."""

    def compare(comparison: Comparison, words: range, sentences: tuple[int, int]) -> Found:
        own, others = _both(comparison, words, sentences, items)
        for key in sorted(own.keys() | others.keys(), key=str):
            if own.get(key) != others.get(key):
                word = key[0] if isinstance(key[0], int) else words[0]
                yield word, key, own.get(key, NONE), others.get(key, NONE)

    return compare


def _entities(side: Words, number: int, place: Callable[[int | None], Place]) -> Iterator[tuple[Key, str]]:
    """The entities of a sentence."""
    begin = side.first[number]
    for span in side.document[number].ents:
        key = place(begin + span.start - 1), place(begin + span.end - 1), span.type
        yield key, f"{span.type}: {span.text}"


def _roles(side: Words, number: int, place: Callable[[int | None], Place]) -> Iterator[tuple[Key, str]]:
    """The sense of each predicate of a sentence, and each of its arguments."""
    begin = side.first[number]
    forms = side.document[number].columns["FORM"]
    for frame in side.document[number].frames:
        predicate = place(begin + frame.predicate - 1)
        yield (predicate,), frame.sense or "predicate"
        for argument in frame.arguments:
            first, last = (argument.head, argument.head) if argument.start is None else (argument.start, argument.end)
            places = tuple(place(None if end is None else begin + end - 1) for end in (first, last))
            text = " ".join(forms[first - 1 : last]) if first is not None and last is not None else ""
            yield (predicate, argument.role, *places), f"{argument.role}: {text}"


# The kinds of differences, in the order in which those of a word are told.
COMPARERS: dict[str, Compare] = {
    "words": _compare_words,
    "tokens": _compare_tokens,
    "sentences": _compare_sentences,
    "head": _compare_heads,
    **{kind: _compare_column(column) for kind, column in COLUMNS.items()},
    "graph": _compare_graphs,
    "entities": _compare_items(_entities),
    "roles": _compare_items(_roles),
}
KINDS = tuple(COMPARERS)
_ANNOTATED = {"head": "HEAD", "graph": "DEPS", **COLUMNS}  # the column that a kind compares
