"""A Sentence: columns of strings inside, light views of words outside.

Each column is kept as one list of strings, as read, so reading is fast and what nobody touched is written back byte for
byte. ``sentence.words`` and ``sentence.tokens`` are views (`depparse.data.words`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from depparse.data.columns import (
    ENTITY_COLUMN,
    FRAME_COLUMNS,
    VALUE_COLUMNS,
    check_cell,
    get_from_misc,
    set_in_misc,
)
from depparse.data.exact import has_spaces, join_tokens, spaces
from depparse.data.spans import Frame, Span, check_label, decode_frames, decode_tags, encode_frames, encode_tags
from depparse.data.words import Characters, EmptyNode, MultiwordToken, Token, Words
from depparse.errors import FormatError

# Entities and frames in MISC, for files that have no columns of their own for them. ``ner`` is what Stanza writes.
ENTITY_KEYS = ("NER", "ner")
FRAME_KEYS = ("UPPred", "UPArgHeads", "UPArgSpans")
_BREAKS = (["newpar"], ["newdoc"])  # first words of the comments that begin a paragraph


class Sentence:
    """One sentence: `comments` (whole lines), `columns` (name to list of cells), `mwts`, `empty_nodes`.

    All column lists have one cell a word; FORM is always there. Names are those of CoNLL-U (``UPOS``) or of the
    CoNLL-U Plus header (``UP:PRED``). `start_char` is the offset of the sentence in the text of its document.
    """

    __slots__ = ("_built", "_chars", "_ents", "_frames", "columns", "comments", "empty_nodes", "mwts", "start_char")

    def __init__(
        self,
        columns: dict[str, list[str]],
        comments: Iterable[str] = (),
        mwts: Iterable[MultiwordToken] = (),
        empty_nodes: Iterable[EmptyNode] = (),
    ) -> None:
        self.columns = columns
        self.comments = list(comments)
        self.mwts = list(mwts)
        self.empty_nodes = list(empty_nodes)
        self.start_char = 0
        self._chars: tuple[dict[int, Characters], list[Characters]] | None = None
        self._built: str | None = None  # the text, where no comment has it
        self._ents: tuple[Span, ...] | None = None
        self._frames: tuple[Frame, ...] | None = None

    @classmethod
    def from_forms(cls, forms: Iterable[str], comments: Iterable[str] = ()) -> Sentence:
        """A sentence of bare words: all other columns unannotated."""
        return cls({"FORM": [check_cell(form, "FORM") for form in forms]}, comments)

    def __len__(self) -> int:
        """Number of syntactic words."""
        return len(self.columns["FORM"])

    def column(self, name: str) -> list[str]:
        """The column `name`, made of ``_`` if the sentence has none yet."""
        if name not in self.columns:
            self.columns[name] = ["_"] * len(self)
        return self.columns[name]

    # -- words and tokens

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
            end = position if multiword is None else multiword.end
            tokens.append(Token(self, position, end, multiword))
            position = end + 1
        return tokens

    @property
    def heads(self) -> list[int | None]:
        """HEAD of each word, None where unannotated."""
        column = self.columns.get("HEAD")
        return [None] * len(self) if column is None else [None if cell == "_" else int(cell) for cell in column]

    # -- comments

    def comment(self, key: str) -> str | None:
        """Value of the comment ``# key = value`` ('' for ``# key`` alone), or None."""
        for line in self.comments:
            if key in line:
                name, _, value = line[1:].partition("=")
                if name.strip() == key:
                    return value[1:] if value.startswith(" ") else value
        return None

    def set_comment(self, key: str, value: str | None) -> None:
        """Sets ``# key = value`` in its place, adds it at the end, or removes it for None."""
        line = None if value is None else f"# {key} = {value}"
        if line is not None and ("\n" in line or "\r" in line):
            raise ValueError(f"a comment is one line, but {line!r} holds a line break")
        kept = []
        for old in self.comments:
            if old[1:].partition("=")[0].strip() != key:
                kept.append(old)
            elif line is not None:
                kept.append(line)
                line = None
        self.comments = kept + ([line] if line is not None else [])
        self.forget_offsets()

    @property
    def sent_id(self) -> str | None:
        return self.comment("sent_id")

    @property
    def starts_paragraph(self) -> bool:
        """Whether ``# newpar`` or ``# newdoc`` stands before the sentence, with or without an id."""
        return any("new" in line and line[1:].split(None, 1)[:1] in _BREAKS for line in self.comments)

    # -- text and offsets

    @property
    def text(self) -> str:
        """The plain text: the ``# text`` comment; without one, the tokens with the spaces that ``SpaceAfter=No``
        leaves."""
        text = self.comment("text")
        if text is not None:
            return text
        if self._built is None:
            tokens = self.tokens
            parts = [token.text + " " if token.space_after else token.text for token in tokens[:-1]]
            self._built = "".join(parts) + (tokens[-1].text if tokens else "")
        return self._built

    @property
    def exact_text(self) -> str:
        """The text from the first to the last token, code point for code point, as ``SpacesAfter``, ``SpacesBefore``
        and ``SpacesInToken`` of the tokens tell it; where none of them is there, the plain `text`."""
        exact = self._exact()
        return self.text if exact is None else exact[0]

    def _exact(self) -> tuple[str, list[tuple[int, int]]] | None:
        """`exact_text` and the places of the tokens in it; None if it is the plain text."""
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
        """What stands before the first token besides what follows the sentence before: its ``SpacesBefore``."""
        return spaces(self._outer_misc(0), "SpacesBefore") or ""

    @property
    def spaces_after(self) -> str | None:
        """What follows the last token, if its ``SpacesAfter`` tells."""
        return spaces(self._outer_misc(-1), "SpacesAfter")

    def _outer_misc(self, index: int) -> str:
        """MISC of the first (0) or last (-1) token."""
        if self.mwts:
            multiword = self.mwts[index]
            if (multiword.end == len(self)) if index else (multiword.start == 1):
                return multiword.cells.get("MISC", "_")
        return self.columns["MISC"][index] if len(self) and "MISC" in self.columns else "_"

    def token_chars(self) -> dict[int, Characters]:
        """Offsets in `exact_text` of each token, by the ID of its first word; (None, None) from where text and forms
        part."""
        return self._offsets()[0]

    def word_chars(self) -> list[Characters]:
        """Offsets in `exact_text` of each word; (None, None) where they cannot be told, as for French *du* = *de* +
        *le*."""
        return self._offsets()[1]

    def forget_offsets(self) -> None:
        """To be called after forms or spacing were changed in `columns` or `comments` directly."""
        self._chars = None
        self._built = None

    def _offsets(self) -> tuple[dict[int, Characters], list[Characters]]:
        if self._chars is None:
            surface = self.tokens
            exact = self._exact()
            text = self.text if exact is None else exact[0]
            places = _find_all(text, [token.text for token in surface]) if exact is None else exact[1]
            tokens: dict[int, Characters] = {}
            words: list[Characters] = []
            for token, place in zip(surface, places, strict=True):
                if place is None:
                    tokens[token.start] = (None, None)
                    words += [(None, None)] * (token.end - token.start + 1)
                else:
                    tokens[token.start] = place
                    words += _share(place, text, [word.text for word in token.words])
            self._chars = tokens, words
        return self._chars

    # -- entities and frames

    @property
    def ents(self) -> tuple[Span, ...]:
        """Entities, from the column NER or the MISC attribute ``NER``; assign a list of `Span` to change them."""
        if self._ents is not None:
            return self._ents
        spans = decode_tags(self.entity_tags() or ())
        for span in spans:
            span.sentence = self
        return tuple(spans)

    @ents.setter
    def ents(self, spans: Iterable[Span]) -> None:
        spans = tuple(spans)
        for span in spans:
            if not 1 <= span.start <= span.end <= len(self):
                raise ValueError(f"an entity lies within words 1 to {len(self)}, not {span.start} to {span.end}")
            check_label(span.type, "the type of an entity")
            span.sentence = self
        self._ents = spans
        if ENTITY_COLUMN in self.columns:
            self.columns[ENTITY_COLUMN] = encode_tags(spans, len(self))
        else:
            self.columns["MISC"] = self._misc_with_entities(spans)

    def entity_tags(self) -> list[str] | None:
        """The tags of entities in the column NER or in MISC, nested ones joined by bars; None if nothing is annotated.

        A sentence without entities has such tags only if it has the column.
        """
        tags = self.columns.get(ENTITY_COLUMN)
        if tags is not None and all(tag == "_" for tag in tags):
            return None
        if tags is None:
            keys = (k for k in ENTITY_KEYS if any(get_from_misc(cell, k) is not None for cell in self._misc()))
            key = next(keys, None)
            if key is None:
                return None
            tags = [get_from_misc(cell, key) or "O" for cell in self._misc()]
        # MISC cannot hold a bar inside a value: nested entities stand there with a comma.
        return [tag.replace(",", "|") for tag in tags]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Predicates with arguments, from the ``UP:`` columns or MISC; assign a list of `Frame` to change them."""
        if self._frames is not None:
            return self._frames
        joint, columns = "|", [self.columns.get(name) for name in FRAME_COLUMNS]
        if columns[0] is None:
            if not any(FRAME_KEYS[0] + "=" in cell for cell in self._misc()):
                return ()
            cells = [[get_from_misc(cell, key) or "_" for cell in self._misc()] for key in FRAME_KEYS]
            joint, columns = ",", [column if any(cell != "_" for cell in column) else None for column in cells]
        try:
            return tuple(decode_frames(columns[0] or [], columns[1], columns[2], joint))
        except ValueError as error:
            raise FormatError(str(error), sent_id=self.sent_id, column=FRAME_COLUMNS[1]) from None

    @frames.setter
    def frames(self, frames: Iterable[Frame]) -> None:
        frames = tuple(frames)
        for frame in frames:
            if not 1 <= frame.predicate <= len(self):
                raise ValueError(f"a predicate is a word from 1 to {len(self)}, not {frame.predicate}")
            check_label(frame.sense, "the sense of a predicate")
            for argument in frame.arguments:
                check_label(argument.role, "the role of an argument")
        if len({frame.predicate for frame in frames}) < len(frames):
            raise ValueError("a word is the predicate of at most one frame")
        self._frames = frames
        if FRAME_COLUMNS[0] in self.columns:
            self.columns |= zip(FRAME_COLUMNS, encode_frames(self._frames, len(self)), strict=True)
        else:
            self.columns["MISC"] = self._misc_with_frames(self._frames, self._misc())

    def forget_annotation(self, *, entities: bool, frames: bool) -> None:
        """To be called after entity or frame columns were changed directly: what was assigned no longer holds."""
        self._ents = None if entities else self._ents
        self._frames = None if frames else self._frames

    def _misc(self) -> list[str]:
        return self.columns.get("MISC") or ["_"] * len(self)

    def _misc_with_entities(self, spans: Iterable[Span]) -> list[str]:
        tags = encode_tags(spans, len(self), joint=",")
        cells = [set_in_misc(set_in_misc(cell, "ner", None), "NER", None) for cell in self._misc()]
        return [set_in_misc(cell, "NER", None if tag == "O" else tag) for cell, tag in zip(cells, tags, strict=True)]

    def _misc_with_frames(self, frames: Iterable[Frame], misc: list[str]) -> list[str]:
        for key, column in zip(FRAME_KEYS, encode_frames(frames, len(self), joint=","), strict=True):
            pairs = zip(misc, column, strict=True)
            misc = [set_in_misc(cell, key, None if value == "_" else value) for cell, value in pairs]
        return misc

    # -- out

    def to_conllu(self) -> str:
        """The sentence as in a CoNLL-U file, with its empty line. Entities and frames of other columns go to MISC."""
        columns = self.columns
        if ENTITY_COLUMN in columns:
            columns = columns | {"MISC": self._misc_with_entities(self.ents)}
        if FRAME_COLUMNS[0] in columns:
            columns = columns | {"MISC": self._misc_with_frames(self.frames, columns.get("MISC") or self._misc())}
        return self._write(VALUE_COLUMNS, columns, self.comments)

    def to_conllup(self, names: Sequence[str] | None = None) -> str:
        """The sentence in CoNLL-U Plus, without the file's header line; `names` are its columns after ID."""
        comments = [line for line in self.comments if line[1:].partition("=")[0].strip() != "global.columns"]
        return self._write(names or tuple(self.columns), self.columns, comments)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(ID, cells of the columns `names`) of each line in file order: multiword tokens, words, empty nodes."""
        return self._rows(names, self.columns)

    def _rows(self, names: Sequence[str], columns: dict[str, list[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
        blank = ["_"] * len(self)
        lists = [columns.get(name, blank) for name in names]
        words = ((str(i), cells) for i, cells in enumerate(zip(*lists, strict=True), 1))
        if not self.mwts and not self.empty_nodes:
            yield from words
            return
        multiwords = {multiword.start: multiword for multiword in self.mwts}
        nodes: dict[int, list[EmptyNode]] = {}
        for node in self.empty_nodes:
            nodes.setdefault(node.id[0], []).append(node)
        for position in range(len(self) + 1):
            if position:
                if (multiword := multiwords.get(position)) is not None:
                    cells = tuple(multiword.cells.get(name, "_") for name in names)
                    yield f"{multiword.start}-{multiword.end}", cells
                yield next(words)
            for node in nodes.get(position, ()):
                yield f"{node.id[0]}.{node.id[1]}", tuple(node.cells.get(name, "_") for name in names)

    def _write(self, names: Sequence[str], columns: dict[str, list[str]], comments: list[str]) -> str:
        lines = ["\t".join((id, *cells)) for id, cells in self._rows(names, columns)]
        return "\n".join([*comments, *lines, "", ""])

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else self.text[:59] + "…"
        name = "" if self.sent_id is None else f"{self.sent_id}: "
        return f"<Sentence {name}{text!r}, {len(self)} words>"


def _find_all(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int] | None]:
    """Where each of the forms stands in `text`, one after the other; None from the first that is not there."""
    place: tuple[int, int] | None = (0, 0)
    for form in forms:
        # What comes after a form that is not there could only be guessed.
        place = None if place is None else _find(text, place[1], form)
        yield place


def _find(text: str, position: int, form: str) -> tuple[int, int] | None:
    """Where `form` stands in `text` at or after the white space at `position`; inner spaces may differ."""
    while position < len(text) and text[position].isspace():
        position += 1
    if text.startswith(form, position):
        return position, position + len(form)
    if not any(char.isspace() for char in form):
        return None
    end = position
    for char in form:
        if char.isspace():
            continue
        while end < len(text) and text[end].isspace():
            end += 1
        if end >= len(text) or text[end] != char:
            return None
        end += 1
    return position, end


def _share(place: tuple[int, int], text: str, forms: list[str]) -> list[Characters]:
    """The characters of each word of a token: told only where the words joined are the token, case aside."""
    if len(forms) == 1:
        return [place]
    start, end = place
    if "".join(forms).lower() != text[start:end].lower() or sum(map(len, forms)) != end - start:
        return [(None, None)] * len(forms)
    shares: list[Characters] = []
    for form in forms:
        shares.append((start, start + len(form)))
        start += len(form)
    return shares


def separator(previous: Sentence | None, sentence: Sentence) -> str:
    """What stands between two sentences in plain raw text."""
    if previous is None:
        return ""
    if sentence.starts_paragraph:
        return "\n\n"
    return " " if previous.space_after else ""


def exact_separator(previous: Sentence | None, sentence: Sentence) -> str:
    """What stands between two sentences, or before the first, in exact text."""
    after = None if previous is None else previous.spaces_after
    return (separator(previous, sentence) if after is None else after) + sentence.spaces_before


def placed(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences, each with its `start_char` in exact text set, as they pass."""
    previous, end = None, 0
    for sentence in sentences:
        sentence.start_char = end + len(exact_separator(previous, sentence))
        end = sentence.start_char + len(sentence.exact_text)
        yield sentence
        previous = sentence
