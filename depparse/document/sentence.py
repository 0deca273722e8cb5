"""A Sentence: columns of strings inside, light views of words outside.

Each column is one list of strings, as read. So reading is fast, and whatever nobody changed is written back byte for
byte. ``sentence.words`` and ``sentence.tokens`` are views (`depparse.document.words`); entities, frames and any other
annotation are read from cells and written to cells by their kind (`depparse.document.annotations`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from depparse.arguments import check_iterable, shown
from depparse.document import trees
from depparse.document.columns import VALUE_COLUMNS, check_cell, comment_key
from depparse.document.conversions import CONVERSIONS
from depparse.document.drawings import Drawable
from depparse.document.exact import has_spaces, join_tokens, spaces
from depparse.document.kinds import get_kind, kinds
from depparse.document.lines import Lines
from depparse.document.offsets import Characters, find_tokens, share_characters
from depparse.document.spans import Frame, Span
from depparse.document.words import EmptyNode, MultiwordToken, Token, Word, Words
from depparse.errors import ConfigError

if TYPE_CHECKING:
    import networkx

_CONLLU = frozenset(VALUE_COLUMNS)


class Dependency(NamedTuple):
    """An arc of the tree: the word, its relation to the head, and the head; None is ROOT as the head."""

    head: Word | None
    relation: str | None
    word: Word


class Sentence(Lines, Drawable):
    """One sentence: `comments` (whole lines), `columns` (name to list of cells), `mwts`, `empty_nodes`.

    Each column has one cell for each word; FORM is always there. Column names are those of CoNLL-U (``UPOS``) or of the
    CoNLL-U Plus header (``UP:PRED``). `start_char` is the offset of the sentence in the text of its document; `place`
    is where it was read, such as ``file.conllu:12``, or None.
    """

    __slots__ = ("_built", "_chars", "_values", "start_char")

    def __init__(
        self,
        columns: dict[str, list[str]],
        comments: Iterable[str] = (),
        mwts: Iterable[MultiwordToken] = (),
        empty_nodes: Iterable[EmptyNode] = (),
    ) -> None:
        if not isinstance(columns, dict) or "FORM" not in columns:
            raise ConfigError(f"the columns of a sentence are a dictionary with the list FORM, not {shown(columns)}")
        super().__init__(columns, comments, mwts, empty_nodes)
        self.start_char = 0
        self._chars: tuple[dict[int, Characters], list[Characters]] | None = None
        self._built: str | None = None  # the text made of the tokens, used if no comment has it
        self._values: dict[str, tuple[object, Any]] | None = None  # see `remember`

    @classmethod
    def from_forms(cls, forms: Iterable[str], comments: Iterable[str] = ()) -> Sentence:
        """A sentence of words with these forms and no annotation."""
        check_iterable(forms, "forms", "a list of words")
        return cls({"FORM": [check_cell(form, "FORM") for form in forms]}, comments)

    def set_comment(self, key: str, value: str | None) -> None:
        """Replaces ``# key = value`` in its place or adds it at the end; for None, removes it. Raises DepparseError."""
        super().set_comment(key, value)
        self.forget_offsets()

    def copy(self) -> Sentence:
        """A copy that shares nothing with the sentence."""
        columns = {name: list(column) for name, column in self.columns.items()}
        mwts, nodes = map(MultiwordToken.copy, self.mwts), map(EmptyNode.copy, self.empty_nodes)
        copy = Sentence(columns, self.comments, mwts, nodes)
        copy.start_char, copy.place = self.start_char, self.place
        for kind, (cells, value) in (self._values or {}).items():
            copy.remember(kind, cells, get_kind(kind).copied(value, copy))
        return copy

    # -- words and tokens

    def __iter__(self) -> Iterator[Word]:
        """The words, as views."""
        return iter(self.words)

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> list[Word]: ...
    def __getitem__(self, index: int | slice) -> Word | list[Word]:
        return self.words[index]

    @property
    def words(self) -> Words:
        """The syntactic words, as views."""
        return Words(self)

    @property
    def tokens(self) -> list[Token]:
        """The surface tokens, as views."""
        multiwords = {multiword.start: multiword for multiword in self.mwts}
        tokens, position = [], 1
        while position <= len(self):
            multiword = multiwords.get(position)
            end = position if multiword is None else max(position, multiword.end)
            tokens.append(Token(self, position, end, multiword))
            position = end + 1
        return tokens

    @property
    def heads(self) -> list[int | None]:
        """The HEAD of each word, None where unannotated."""
        column = self.columns.get("HEAD")
        return [None] * len(self) if column is None else [None if cell == "_" else int(cell) for cell in column]

    @property
    def root(self) -> Word | None:
        """The word whose head is 0; the first of several, None if there is none."""
        roots = trees.roots(self.heads)
        return self.words[roots[0] - 1] if roots else None

    @property
    def dependencies(self) -> list[Dependency]:
        """The arcs (head, relation, word) of the tree, one for each annotated word; the head of the root is None."""
        heads = zip(self.words, self.heads, strict=True)
        return [Dependency(word.parent, word.deprel, word) for word, head in heads if head is not None]

    # -- text and offsets

    @property
    def text(self) -> str:
        """The plain text: that of ``# text``, or else the tokens with spaces except after ``SpaceAfter=No``."""
        text = self.comment("text")
        if text is not None:
            return text
        if self._built is None:
            tokens = self.tokens
            pieces = [token.text + " " if token.space_after else token.text for token in tokens[:-1]]
            self._built = "".join(pieces) + (tokens[-1].text if tokens else "")
        return self._built

    @property
    def exact_text(self) -> str:
        """The text from the first to the last token, code point for code point.

        ``SpacesAfter``, ``SpacesBefore`` and ``SpacesInToken`` tell it; without any of them it is the plain `text`.
        """
        exact = self._exact()
        return self.text if exact is None else exact[0]

    def _exact(self) -> tuple[str, list[tuple[int, int]]] | None:
        """`exact_text` with the start and end of each token in it; None if it is the plain text."""
        if not has_spaces(self.columns.get("MISC", ())) and not has_spaces(m.cells.get("MISC", "_") for m in self.mwts):
            return None
        return join_tokens((token.text, token.misc or "_") for token in self.tokens)

    @property
    def space_after(self) -> bool:
        """Whether a space follows the last token."""
        misc = self._outer_misc(-1)
        return misc == "_" or "SpaceAfter=No" not in misc.split("|")

    @property
    def spaces_before(self) -> str:
        """The ``SpacesBefore`` of the first token: spacing besides the `spaces_after` of the sentence before."""
        return spaces(self._outer_misc(0), "SpacesBefore") or ""

    @property
    def spaces_after(self) -> str | None:
        """The ``SpacesAfter`` of the last token: the spacing that follows it; None if it is not told."""
        return spaces(self._outer_misc(-1), "SpacesAfter")

    def _outer_misc(self, index: int) -> str:
        """The MISC cell of the first (0) or last (-1) token."""
        if self.mwts:
            multiword = self.mwts[index]
            if (multiword.end == len(self)) if index else (multiword.start == 1):
                return multiword.cells.get("MISC", "_")
        return self.columns["MISC"][index] if len(self) and "MISC" in self.columns else "_"

    def token_chars(self) -> dict[int, Characters]:
        """The offsets of each token in `exact_text`, by the ID of its first word.

        They are (None, None) from the first token on that the text does not have.
        """
        return self._offsets()[0]

    def word_chars(self) -> list[Characters]:
        """The offsets of each word in `exact_text`.

        They are (None, None) where they cannot be told, as for *de* and *le* in French *du*.
        """
        return self._offsets()[1]

    def forget_offsets(self) -> None:
        """Forgets the offsets. Call it after changing forms or spacing in `columns` or `comments` directly."""
        self._chars = None
        self._built = None

    def _offsets(self) -> tuple[dict[int, Characters], list[Characters]]:
        if self._chars is None:
            surface = self.tokens
            exact = self._exact()
            text = self.text if exact is None else exact[0]
            spans = find_tokens(text, [token.text for token in surface]) if exact is None else exact[1]
            tokens: dict[int, Characters] = {}
            words: list[Characters] = []
            for token, span in zip(surface, spans, strict=True):
                if span is None:
                    tokens[token.start] = (None, None)
                    words += [(None, None)] * (token.end - token.start + 1)
                else:
                    tokens[token.start] = span
                    words += share_characters(span, text, [word.text for word in token.words])
            self._chars = tokens, words
        return self._chars

    # -- annotation

    @property
    def ents(self) -> tuple[Span, ...]:
        """The entities, from the column NER or the MISC attribute ``NER``; assign a list of `Span` to change them."""
        spans: tuple[Span, ...] = self.annotation("entities")
        return spans

    @ents.setter
    def ents(self, spans: Iterable[Span]) -> None:
        self.annotate("entities", spans)

    def entity_tags(self) -> list[str] | None:
        """The entity tags in the column NER or in MISC, those of nested entities joined by bars.

        None if nothing is annotated: without entities, only a sentence with the column is annotated.
        """
        tags: list[str] | None = get_kind("entities").tags(self)
        return tags

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The predicates with arguments, from ``UP:`` columns or MISC; assign a list of `Frame` to change them."""
        frames: tuple[Frame, ...] = self.annotation("frames")
        return frames

    @frames.setter
    def frames(self, frames: Iterable[Frame]) -> None:
        self.annotate("frames", frames)

    def annotation(self, kind: str) -> Any:
        """The annotation of the kind of that name, be it from another package. Raises FormatError for broken cells."""
        return get_kind(kind).read(self)

    def annotate(self, kind: str, value: Any, *, in_columns: bool = False) -> None:
        """Replaces the annotation of a kind, where it stands or, with `in_columns`, in columns. Raises DepparseError.

        Columns can say that a sentence is annotated with nothing; MISC cannot.
        """
        get_kind(kind).write(self, value, in_columns=in_columns)

    def remember(self, kind: str, cells: object, value: Any) -> None:
        """For kinds: keeps a value beside the `cells` that hold it, for they may say less; None forgets the value."""
        if value is not None:
            self._values = (self._values or {}) | {kind: (cells, value)}
        elif self._values is not None:
            self._values.pop(kind, None)

    def remembered(self, kind: str, cells: object) -> Any:
        """For kinds: the value kept beside these cells; None if there is none or the cells were changed since."""
        held, value = (self._values or {}).get(kind, (None, None))
        return value if held == cells else None

    @property
    def misc_cells(self) -> list[str]:
        """The cells of MISC; ``_`` for each word if there is no such column, which is not added."""
        return self.columns.get("MISC") or ["_"] * len(self)

    # -- out

    def to_conllu(self) -> str:
        """The sentence as in a CoNLL-U file, with the empty line after it. Annotation in other columns goes to MISC."""
        columns = self.columns
        if not _CONLLU.issuperset(columns):
            columns = columns | {"MISC": self._misc_with_all()}
        self._check_values()
        return self.text_of_lines(VALUE_COLUMNS, columns)

    def _misc_with_all(self) -> list[str]:
        """The cells of MISC, with the annotation in columns that CoNLL-U does not have."""
        misc = self.misc_cells
        for kind in kinds():
            if kind.misc and kind.columns[0] in self.columns:
                misc = kind.to_misc(self, misc)
                in_misc = Sentence({"FORM": self.columns["FORM"], "MISC": misc})
                if not kind.same_cells(self, in_misc):
                    problem = f"MISC cannot hold the {kind.name}, as a label has a | or a comma; write CoNLL-U Plus"
                    raise self._error(problem, kind.columns[0])
        return misc

    def to_conllup(self, names: Sequence[str] | None = None) -> str:
        """The sentence in CoNLL-U Plus, without the file's header line; `names` are its columns after ID."""
        comments = [line for line in self.comments if comment_key(line) != "global.columns"]
        self._check_values()
        return self.text_of_lines(names or self.column_names, comments=comments)

    def to_networkx(self, *, enhanced: bool = False) -> networkx.DiGraph:
        """The tree as a graph of networkx, ROOT being the node 0; or the enhanced graph, a MultiDiGraph.

        See `depparse.formats.networkx`; ``Document.of("networkx", graphs)`` makes sentences of such graphs again.
        """
        return CONVERSIONS["networkx"].to_object([self], enhanced=enhanced)[0]

    def _check_values(self) -> None:
        """Raises FormatError if the sentence remembers objects that its cells do not tell, apart from their scores."""
        for name in self._values or ():
            if not get_kind(name).told_by_cells(self):
                problem = f"the cells of CoNLL-U cannot tell all {name}; write JSON or Parquet to keep them"
                raise self._error(problem)

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else self.text[:59] + "…"
        name = "" if self.sent_id is None else f"{self.sent_id}: "
        return f"<Sentence {name}{text!r}, {len(self)} words>"
