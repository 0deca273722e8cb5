"""Views of what a sentence holds: `Word`, `Token`, `EmptyNode`.

They are made on demand and hold nothing of their own: reading or writing an attribute reads or writes a column of the
sentence. Attribute names follow Stanza. An unannotated cell (``_``) reads as None; writing None makes it unannotated.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from depparse.document import columns as values
from depparse.document import trees
from depparse.document.attributes import Attributes
from depparse.document.offsets import Characters
from depparse.errors import DepparseError

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


class MultiwordToken:
    """The line ``start-end`` of a multiword token: its IDs and its cells by column."""

    __slots__ = ("cells", "end", "start")

    def __init__(self, start: int, end: int, cells: dict[str, str]) -> None:
        self.start, self.end, self.cells = start, end, cells

    def copy(self) -> MultiwordToken:
        """A copy with cells of its own."""
        return MultiwordToken(self.start, self.end, dict(self.cells))


class EmptyNode:
    """An empty node of the enhanced graph: ``id`` (8, 1) stands for the line ``8.1``; `cells` are its columns."""

    __slots__ = ("cells", "id")

    def __init__(self, id: tuple[int, int], cells: dict[str, str]) -> None:
        self.id, self.cells = id, cells

    def copy(self) -> EmptyNode:
        """A copy with cells of its own."""
        return EmptyNode(self.id, dict(self.cells))

    text = property(lambda self: self.cells.get("FORM", "_"))
    lemma = property(lambda self: _none(self.cells.get("LEMMA", "_")))
    upos = property(lambda self: _none(self.cells.get("UPOS", "_")))
    xpos = property(lambda self: _none(self.cells.get("XPOS", "_")))
    feats = property(lambda self: _none(self.cells.get("FEATS", "_")))
    deps = property(lambda self: _none(self.cells.get("DEPS", "_")))
    misc = property(lambda self: _none(self.cells.get("MISC", "_")))

    def __repr__(self) -> str:
        return f"EmptyNode({self.id[0]}.{self.id[1]}, {self.text!r})"


def _none(cell: str) -> str | None:
    return None if cell == "_" else cell


def _column(name: str, doc: str) -> Any:
    def get(self: Word) -> str | None:
        column = self.sentence.columns.get(name)
        if column is None or (cell := column[self.index]) == "_":
            return None
        return cell

    def set_(self: Word, value: str | None) -> None:
        self.sentence.column(name)[self.index] = values.check_cell(value, name)

    return property(get, set_, doc=doc)


class Word:
    """A syntactic word: a view of row `index` (from 0) of its sentence."""

    __slots__ = ("index", "sentence")

    def __init__(self, sentence: Sentence, index: int) -> None:
        self.sentence, self.index = sentence, index

    @property
    def id(self) -> int:
        """The CoNLL-U ID, from 1."""
        return self.index + 1

    @property
    def text(self) -> str:
        """The form."""
        return self.sentence.columns["FORM"][self.index]

    @text.setter
    def text(self, value: str) -> None:
        self.sentence.columns["FORM"][self.index] = values.check_cell(value, "FORM")
        self.sentence.forget_offsets()

    @property
    def lemma(self) -> str | None:
        """The lemma. Where the form is an underscore too, ``_`` is a lemma, not a missing one."""
        cell = self.sentence.columns["LEMMA"][self.index] if "LEMMA" in self.sentence.columns else "_"
        return None if cell == "_" and self.text != "_" else cell

    @lemma.setter
    def lemma(self, value: str | None) -> None:
        self.sentence.column("LEMMA")[self.index] = values.check_cell(value, "LEMMA")

    upos: str | None = _column("UPOS", "The universal part of speech.")
    xpos: str | None = _column("XPOS", "The language-specific part of speech.")
    deprel: str | None = _column("DEPREL", "The relation to the head, with its subtype.")

    @property
    def head(self) -> int | None:
        """The ID of the head; 0 for the root, None where unannotated."""
        cell = self.sentence.columns["HEAD"][self.index] if "HEAD" in self.sentence.columns else "_"
        return None if cell == "_" else int(cell)

    @head.setter
    def head(self, value: int | None) -> None:
        if value is not None and (type(value) is not int or not 0 <= value <= len(self.sentence)):
            raise DepparseError(f"a head lies between 0 and {len(self.sentence)} in this sentence, not at {value!r}")
        self.sentence.column("HEAD")[self.index] = "_" if value is None else str(value)

    # -- the tree, whatever the heads are: each of these takes O(n) in a sentence of n words

    @property
    def parent(self) -> Word | None:
        """The word that is the head; None for the root and where unannotated. (In Stanza, `parent` is the token.)"""
        return Word(self.sentence, head - 1) if (head := self.head) else None

    @property
    def children(self) -> list[Word]:
        """The words whose head this word is, in order."""
        return self._words(trees.children(self.sentence.heads, self.id))

    @property
    def subtree(self) -> list[Word]:
        """The word and all words below it, in order."""
        return self._words(trees.subtree(self.sentence.heads, self.id))

    def path_to(self, other: Word) -> list[Word]:
        """The words on the way to another word of the sentence, both included; empty if the tree does not join them.

        The way leads up to the lowest word above both, then down. Raises DepparseError for a word of another sentence.
        """
        if not isinstance(other, Word) or other.sentence is not self.sentence:
            raise DepparseError(f"a path leads to a word of the same sentence, not to {other!r:.60}")
        return self._words(trees.path(self.sentence.heads, self.id, other.id))

    def _words(self, ids: Iterable[int]) -> list[Word]:
        return [Word(self.sentence, id - 1) for id in ids]

    @property
    def feats(self) -> str | None:
        """The FEATS column as read; `feats_dict` has it parsed. May be set from a mapping."""
        return self._cell("FEATS")

    @feats.setter
    def feats(self, value: str | Mapping[str, str | None] | None) -> None:
        text = value if isinstance(value, str) or value is None else values.format_feats(value)
        self.sentence.column("FEATS")[self.index] = values.check_cell(text, "FEATS")

    @property
    def feats_dict(self) -> dict[str, str]:
        """The features by name, in the order written. To set one or to remove one changes the cell."""

        def change(name: str, value: str | None = None) -> dict[str, str]:
            self.feats = values.set_in_feats(self.feats or "_", name, value)
            return values.parse_feats(self.feats)

        return Attributes(values.parse_feats(self.feats), change)

    @property
    def deps(self) -> str | None:
        """The DEPS column as read; `deps_list` has it parsed. May be set from (head, relation) pairs."""
        return self._cell("DEPS")

    @deps.setter
    def deps(self, value: str | Iterable[tuple[str | int, str]] | None) -> None:
        text = value if isinstance(value, str) or value is None else values.checked_deps(value)
        self.sentence.column("DEPS")[self.index] = values.check_cell(text, "DEPS")

    @property
    def deps_list(self) -> list[tuple[str, str]]:
        """The enhanced dependencies as (head, relation); the head is an ID as text, since it may be ``8.1``."""
        return values.parse_deps(self.deps)

    @property
    def misc(self) -> str | None:
        """The MISC column as read; `misc_dict` has it parsed. May be set from a mapping."""
        return self._cell("MISC")

    @misc.setter
    def misc(self, value: str | Mapping[str, str | None] | None) -> None:
        text = value if isinstance(value, str) or value is None else values.format_misc(value)
        self.sentence.column("MISC")[self.index] = values.check_cell(text, "MISC")
        self.sentence.forget_offsets()

    @property
    def misc_dict(self) -> dict[str, str | None]:
        """The attributes of MISC by name; None for one without ``=``. To set one or to remove one changes the cell."""

        def change(name: str, *value: str | None) -> dict[str, str | None]:
            part = values.format_misc({name: value[0]}) if value else None
            self.misc = values.put_in_misc(self.misc or "_", name, part)
            return values.parse_misc(self.misc)

        return Attributes(values.parse_misc(self.misc), change)

    def _cell(self, name: str) -> str | None:
        column = self.sentence.columns.get(name)
        return None if column is None or column[self.index] == "_" else column[self.index]

    @property
    def token(self) -> Token:
        """The surface token that the word belongs to: a multiword token, or the word itself."""
        index = bisect_right(self.sentence.mwts, self.id, key=lambda multiword: multiword.start) - 1
        if index >= 0 and (multiword := self.sentence.mwts[index]).end >= self.id:
            return Token(self.sentence, multiword.start, multiword.end, multiword)
        return Token(self.sentence, self.id, self.id)

    @property
    def covering_chars(self) -> Characters:
        """The offsets of the word, or of its whole multiword token where the word's own cannot be told."""
        first, last = self.start_char, self.end_char
        return (first, last) if first is not None else (self.token.start_char, self.token.end_char)

    @property
    def start_char(self) -> int | None:
        """The offset of the first character in the document's text (code points), or None where it cannot be told."""
        return _shift(self.sentence.word_chars()[self.index][0], self.sentence.start_char)

    @property
    def end_char(self) -> int | None:
        """The offset behind the last character in the document's text, or None where it cannot be told."""
        return _shift(self.sentence.word_chars()[self.index][1], self.sentence.start_char)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Word) and self.sentence is other.sentence and self.index == other.index

    def __hash__(self) -> int:
        return hash((id(self.sentence), self.index))

    def __repr__(self) -> str:
        return f"Word({self.id}, {self.text!r}, upos={self.upos}, head={self.head}, deprel={self.deprel})"


def _shift(offset: int | None, start: int) -> int | None:
    return None if offset is None else offset + start


class Token:
    """A surface token: one word, or a multiword token such as *don't* (`words` are then *do* and *n't*)."""

    __slots__ = ("end", "multiword", "sentence", "start")

    def __init__(self, sentence: Sentence, start: int, end: int, multiword: MultiwordToken | None = None) -> None:
        self.sentence, self.start, self.end, self.multiword = sentence, start, end, multiword

    @property
    def id(self) -> tuple[int, ...]:
        """The IDs of the token: (3,) for a simple one, (3, 4) for a multiword token."""
        return (self.start,) if self.multiword is None else (self.start, self.end)

    @property
    def words(self) -> Sequence[Word]:
        """The words of the token, as views."""
        return self.sentence.words[self.start - 1 : self.end]

    @property
    def text(self) -> str:
        """The form."""
        return self._cell("FORM")

    @property
    def misc(self) -> str | None:
        """The MISC column of the token's line, as read. May be set from a mapping."""
        return _none(self._cell("MISC"))

    @misc.setter
    def misc(self, value: str | Mapping[str, str | None] | None) -> None:
        text = value if isinstance(value, str) or value is None else values.format_misc(value)
        if self.multiword is None:
            self.sentence.column("MISC")[self.start - 1] = values.check_cell(text, "MISC")
        else:
            self.multiword.cells["MISC"] = values.check_cell(text, "MISC")
        self.sentence.forget_offsets()

    @property
    def space_after(self) -> bool:
        """Whether a space follows: MISC has no ``SpaceAfter=No``."""
        misc = self._cell("MISC")
        return misc == "_" or "SpaceAfter=No" not in misc.split("|")

    def _cell(self, name: str) -> str:
        if self.multiword is not None:
            return self.multiword.cells.get(name, "_")
        column = self.sentence.columns.get(name)
        return "_" if column is None else column[self.start - 1]

    @property
    def start_char(self) -> int | None:
        """The offset of the first character in the document's text (code points), or None where it cannot be told."""
        return _shift(self.sentence.token_chars()[self.start][0], self.sentence.start_char)

    @property
    def end_char(self) -> int | None:
        """The offset behind the last character in the document's text, or None where it cannot be told."""
        return _shift(self.sentence.token_chars()[self.start][1], self.sentence.start_char)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self.sentence is other.sentence and self.id == other.id

    def __hash__(self) -> int:
        return hash((id(self.sentence), self.id))

    def __repr__(self) -> str:
        return f"Token({'-'.join(map(str, self.id))}, {self.text!r})"


class Words(Sequence[Word]):
    """The words of a sentence, each view made when it is asked for."""

    __slots__ = ("_sentence",)

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence

    def __len__(self) -> int:
        return len(self._sentence)

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> list[Word]: ...
    def __getitem__(self, index: int | slice) -> Word | list[Word]:
        if isinstance(index, slice):
            return [Word(self._sentence, i) for i in range(*index.indices(len(self)))]
        return Word(self._sentence, range(len(self))[index])

    def __iter__(self) -> Iterator[Word]:
        sentence = self._sentence
        return (Word(sentence, i) for i in range(len(sentence)))

    def __repr__(self) -> str:
        return repr(list(self))
