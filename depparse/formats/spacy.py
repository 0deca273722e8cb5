"""Documents as Docs of spaCy, and back. Nothing is lost from a Document to a Doc and back, byte for byte.

A Doc has the exact text of the document. A multiword token whose words its text spells, as *don't*, is as many spaCy
tokens; any other, as French *du*, is one. `depparse.formats.spacy_tokens` says what spaCy's attributes are then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_type
from depparse.document.columns import VALUE_COLUMNS, comment_key
from depparse.document.document import Conversion, Document
from depparse.document.offsets import share_characters
from depparse.document.raw_text import exact_separator
from depparse.document.sentence import Sentence
from depparse.formats.assemble import column_names_of
from depparse.formats.spacy_alignment import Aligned, entities_between, nested_entities, set_entities
from depparse.formats.spacy_chunks import set_noun_chunks
from depparse.formats.spacy_tokens import cells_of, end_of_lines, fill, kept, restored
from depparse.libraries import library
from depparse.text import rules
from depparse.text.spacing import breaks_paragraph, is_visible, spaced_sentence, strip

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.vocab import Vocab

Ids = tuple[int, int]  # of the first and the last word of a spaCy token
Segment = Callable[[str], Iterable[Sentence]]


def spacy() -> Any:
    """The library. Raises ConfigError with what to install if it cannot be imported."""
    return library("spacy")


# -- to spaCy


def to_spacy(document: Document, vocab: Vocab | None = None) -> Doc:
    """The Doc with the text and all annotation of the document, and a vocabulary such as ``nlp.vocab``.

    Without one, it is that of ``spacy.blank("xx")``. Raises FormatError for a sentence that no file could hold.
    """
    library = spacy()
    from depparse.formats.spacy_views import register

    register()
    if vocab is None:
        vocab = library.blank("xx").vocab
    check_type(vocab, library.vocab.Vocab, "vocab", "the vocabulary of a spaCy pipeline: nlp.vocab")
    words: list[str] = []
    spaces: list[bool] = []
    parts: list[Aligned] = []
    previous = None
    for sentence in document:
        sentence.check()
        pieces = _pieces(sentence)
        gap = _spacing(exact_separator(previous, sentence) + pieces[0][0])
        for number, (before, text, ids) in enumerate(pieces):
            gap = _spacing(before) if number else gap
            if gap.startswith(" ") and words:
                spaces[-1], gap = True, gap[1:]
            if number == 0:
                if gap and parts:  # spacing between sentences goes with the one before
                    _add(gap, None, words, spaces, parts[-1])
                    gap = ""
                parts.append(Aligned(sentence, len(words), []))
            if gap:
                _add(gap, None, words, spaces, parts[-1])
            if text:
                _add(text, ids, words, spaces, parts[-1])
        previous = sentence
    if previous is not None and (gap := _spacing(previous.spaces_after or "")):
        if gap.startswith(" "):
            spaces[-1], gap = True, gap[1:]
        if gap:
            _add(gap, None, words, spaces, parts[-1])
    doc: Doc = library.tokens.Doc(vocab, words=words, spaces=spaces)
    usual = column_names_of(document.sentences[0] if document.sentences else None)
    fill(doc, parts, None if document.column_names == usual else document.column_names)
    set_noun_chunks(doc)
    return doc


def _add(text: str, ids: Ids | None, words: list[str], spaces: list[bool], part: Aligned) -> None:
    words.append(text)
    spaces.append(False)
    part.words.append(ids)


def _spacing(gap: str) -> str:
    """The text between two tokens; a space if it is no spacing, as MISC can say anything."""
    return " " if is_visible(gap) else gap


def _pieces(sentence: Sentence) -> list[tuple[str, str, Ids | None]]:
    """The spaCy tokens of a sentence, each with the spacing before it; and the spacing after the last, without text."""
    tokens, chars = sentence.tokens, sentence.token_chars()
    text = sentence.exact_text
    places = [(start, end) for start, end in map(chars.get, (t.start for t in tokens)) if start is not None]  # type: ignore[misc]
    ends = [0, *(end for _, end in places)]
    gaps = [text[end:start] for end, (start, _) in zip(ends, [*places, (len(text), 0)], strict=True)]
    forms = [text[start:end] for start, end in places]
    if len(places) < len(tokens) or "" in forms or any(map(is_visible, gaps)):  # the text is not that of the tokens
        forms = [token.text or "_" for token in tokens]
        gaps = ["", *(" " if token.space_after else "" for token in tokens[:-1]), ""]
    pieces: list[tuple[str, str, Ids | None]] = []
    for token, form, gap in zip(tokens, forms, gaps, strict=False):
        shares = share_characters((0, len(form)), form, [word.text for word in token.words])
        if any(start is None for start, _ in shares):
            pieces.append((gap, form, (token.start, token.end)))
            continue
        for word, (start, end) in enumerate(shares, token.start):
            pieces.append(("" if start else gap, form[start:end], (word, word)))
    return [*pieces, (gaps[-1], "", None)]


# -- from spaCy


def from_spacy(doc: Doc) -> Document:
    """The document in a Doc, be it one of `to_spacy`, changed since, or any other.

    What spaCy's attributes say counts before what was kept beside them. Spacing is no word. Where nothing tells
    sentences, rules do. Tokens that were merged, split or cut out of their sentence keep only spaCy's attributes.
    """
    library = spacy()
    check_type(doc, library.tokens.Doc, "doc", "a Doc of spaCy")
    from depparse.formats.spacy_views import register

    register()
    parts = aligned(doc)
    first = next((facts for token in range(len(doc)) if (facts := kept(doc, token)[1])), {})
    sentences = [part.sentence for part in parts]
    names = first.get("document") or column_names_of(sentences[0] if sentences else None)
    return Document(sentences, names)


def aligned(doc: Doc, segment: Segment = rules.segment) -> list[Aligned]:
    """The sentences in a Doc with its tokens; `segment` finds them in text if the Doc does not tell them."""
    begins = [token for token in range(len(doc)) if kept(doc, token)[1] is not None]
    parts: list[Aligned] = []
    nested = nested_entities(doc)
    end = begins[0] if begins else len(doc)
    numbers = _free_numbers(doc, begins)
    if any(is_visible(doc[token].text) for token in range(end)):
        parts += _unknown(doc, 0, end, segment, numbers)
    for number, begin in enumerate(begins):
        end = begins[number + 1] if number + 1 < len(begins) else len(doc)
        start = begin if parts else 0
        known = end_of_lines(doc, begin, end)
        part = restored(doc, start, known, nested)
        if part is None:
            parts += _unknown(doc, start, end, segment, numbers)
            continue
        parts.append(part)
        if known < end:
            parts += _unknown(doc, known, end, segment, numbers)
    return parts


def _free_numbers(doc: Doc, begins: Iterable[int]) -> Iterator[int]:
    """Numbers from 1 that are the sent_id of none of the sentences that begin at these tokens."""
    comments = chain.from_iterable((kept(doc, token)[1] or {})["comments"] for token in begins)
    taken = {line.partition("=")[2].strip() for line in comments if comment_key(line) == "sent_id"}
    return (number for number in count(1) if str(number) not in taken)


def _unknown(doc: Doc, start: int, end: int, segment: Segment, numbers: Iterator[int]) -> list[Aligned]:
    """The sentences of tokens without lines, or with some of a sentence, made of what spaCy's attributes say.

    A sentence of which the first word has comments keeps these; any other gets one of the `numbers`.
    """
    groups: list[tuple[int, list[int]]] = []  # the first token of a sentence, and its tokens that are words
    begins = _beginnings(doc, start, end, segment)
    for i in range(start, end):
        if not groups or (i in begins and groups[-1][1]):
            groups.append((i, []))
        if is_visible(doc[i].text):
            groups[-1][1].append(i)
    if len(groups) > 1 and not groups[-1][1]:
        groups.pop()
    if not groups or not groups[0][1]:
        return []
    text = doc.text
    return [
        _made(doc, text, first, words, groups[number][0] if number < len(groups) else end, numbers)
        for number, (first, words) in enumerate(groups, 1)
    ]


def _beginnings(doc: Doc, start: int, end: int, segment: Segment) -> set[int]:
    """The tokens at which sentences begin: those that the Doc says, or else those that `segment` finds."""
    if any(doc[i].is_sent_start is not None for i in range(start + 1, end)):
        return {i for i in range(start, end) if doc[i].is_sent_start}
    offset = doc[start].idx
    text = doc.text[offset : doc[end - 1].idx + len(doc[end - 1].text_with_ws)]
    chars = [offset + sentence.start_char for sentence in Document(segment(text))]
    begins, token = set(), start
    for char in chars:
        # A sentence that begins inside of a token begins with the next one.
        while token < end and doc[token].idx < char:
            token += 1
        begins.add(token)
    return begins


def _made(doc: Doc, text: str, start: int, words: Sequence[int], end: int, numbers: Iterator[int]) -> Aligned:
    """The sentence of the tokens `words`, among those from `start` to before `end`, with the annotation they have."""
    raws = [strip(doc[i].text) for i in words]
    places = [_place(doc[i]) for i in words]
    ends = [place + len(raw) for place, raw in zip(places, raws, strict=True)]
    next_place = next((_place(doc[i]) for i in range(end, len(doc)) if is_visible(doc[i].text)), None)
    gaps = [text[a:b] for a, b in zip(ends, [*places[1:], next_place], strict=True)]
    before_place = next((doc[i].idx + len(doc[i].text) for i in range(start - 1, -1, -1) if is_visible(doc[i].text)), 0)
    gap = text[before_place : places[0]]
    tokens: list[tuple[str, tuple[str, ...]]] = [(raw, ()) for raw in raws]
    sentence = spaced_sentence([], tokens, gaps, "" if before_place else gap, at_end=next_place is None)
    if facts := kept(doc, words[0])[1]:
        new_text, sentence.comments = sentence.comment("text"), list(facts["comments"])
        if sentence.comment("text") is not None:
            sentence.set_comment("text", new_text)
    else:
        borders = ["# newpar"] if breaks_paragraph(gap) else []
        if not before_place:
            borders = ["# newdoc", "# newpar"]
        sentence.comments = [*borders, f"# sent_id = {next(numbers)}", *sentence.comments]
    part = Aligned(sentence, start, [None] * (end - start))
    id_of = {i: id for id, i in enumerate(words, 1)}
    for i, id in id_of.items():
        part.words[i - start] = (id, id)
    cells: dict[str, list[str]] = {}
    for i in words:
        for name, cell in {**cells_of(doc[i]), "HEAD": _head(doc, i, id_of)}.items():
            cells.setdefault(name, []).append(cell)
    filled = {name: column for name, column in cells.items() if set(column) != {"_"}}
    columns = sentence.columns | filled
    sentence.columns = {name: columns[name] for name in VALUE_COLUMNS if name in columns}
    if places_of_entities := entities_between(doc, start, end):
        set_entities(part, places_of_entities)
    return part


def _place(token: Token) -> int:
    """The offset of the first character of a token that is no spacing."""
    return int(token.idx) + str(token.text).index(strip(token.text))


def _head(doc: Doc, token: int, id_of: dict[int, int]) -> str:
    """HEAD of a token: the nearest token above it that is a word of the sentence."""
    for above in _above(doc, token):
        if above in id_of:
            return str(id_of[above])
    return "0" if doc[token].dep_ else "_"


def _above(doc: Doc, token: int) -> Iterator[int]:
    """The tokens above a token, nearest first; each once, whatever the heads are."""
    seen = {token}
    while (token := doc[token].head.i) not in seen:
        seen.add(token)
        yield token


CONVERSION = Conversion(to_spacy, from_spacy)
