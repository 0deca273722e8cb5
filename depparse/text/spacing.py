"""Makes sentences of the tokens found in raw text, such that the text can be rebuilt code point for code point."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from depparse.document.columns import LANGUAGE
from depparse.document.exact import escape
from depparse.document.sentence import Sentence
from depparse.document.words import MultiwordToken
from depparse.text.wrap import IDEOGRAPHIC

# A sentence ends after so many tokens even if nothing says so, so that text without such ends takes bounded memory. The
# longest sentences of UD treebanks have some hundred tokens, and projective parsers take a thousand words.
MAX_TOKENS = 600

_BREAKS = "\n\r\x85\u2028\u2029"
LINE_BREAK = "(?:\r\n|\r(?!\n)|[\n\x85\u2028])"
_PARAGRAPH_BREAK = re.compile(f"\u2029|{LINE_BREAK}[^{_BREAKS}]*{LINE_BREAK}")
# These are not visible: white space, controls, zero-width and other default-ignorable characters, the blank of Braille,
# marks of annotations between lines, and halves of UTF-16 pairs.
_VISIBLE = regex.compile(r"[^\s\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]")
# Characters that are cut off at the ends of a token: white space, the zero-width space, and the byte order mark.
_EDGES = "".join(char for char in map(chr, range(0x3001)) if char.isspace()) + "\u200b\u2060\ufeff"
_WHITE = re.compile(r"\s+")
_NOT_WHITE = re.compile(r"\S+")
_UNSPACED = regex.compile(rf"[{IDEOGRAPHIC}\p{{Line_Break=Complex_Context}}]")  # Complex_Context is Thai, Lao, Khmer …
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class RawToken:
    """A token in a block of text: ``text[start:end]``.

    `words` are the two or more words of a multiword token, else empty. `ends_sentence` says that the token is the last
    of its sentence. `language` is the code of the token's language, if that was found.
    """

    start: int
    end: int
    words: tuple[str, ...] = ()
    ends_sentence: bool = False
    language: str = ""


def is_visible(text: str) -> bool:
    """Whether `text` has a visible character. Text without one is spacing."""
    return _VISIBLE.search(text) is not None


def strip(text: str) -> str:
    """`text` without white space, zero-width spaces and byte order marks at its ends, which are no part of a token."""
    return text.strip(_EDGES)


def breaks_paragraph(spacing: str) -> bool:
    """Whether a paragraph ends in the spacing: it has two line breaks (CR LF is one) or a paragraph separator."""
    return _PARAGRAPH_BREAK.search(spacing) is not None


def split_paragraphs(text: str) -> list[str]:
    """The paragraphs of the text, each with the spacing after it; joined, they are the text."""
    ends = [match.end() for match in _WHITE.finditer(text) if breaks_paragraph(match.group())]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)]) if start < end]


def build_sentences(blocks: Iterable[tuple[str, Sequence[RawToken]]]) -> Iterator[Sentence]:
    """The sentences of a text, given as consecutive blocks with the tokens in each, in order.

    The text between tokens is spacing, and so is a token without a visible character. Visible text outside of all
    tokens becomes tokens, so nothing is lost. Sentences may run over blocks. They end where a token says so, at a
    paragraph break (spacing with two line breaks), after `MAX_TOKENS` tokens and at the end of the text. Only the open
    sentence is held in memory. A text without a visible character gives no sentence.

    The comments are ``# newdoc`` (first sentence), ``# newpar``, ``# sent_id`` (numbers from 1) and ``# text``, which
    has one space for any spacing; and ``# lang``, the language of the first token, if it is known. In MISC,
    ``SpaceAfter=No`` says that the next token follows directly, no attribute says that one space does, and
    ``SpacesAfter`` has any other spacing. At the end of the text it is the other way round: no spacing needs no
    attribute and one space does, so that documents after one another in a file are not said to touch. ``SpacesBefore``
    has the spacing before the first token.

    Forms are as in the text with two exceptions. White space that CoNLL-U cannot hold (line breaks, tabs, runs) becomes
    one space, or nothing where a line breaks between characters of scripts without spaces; half a UTF-16 pair becomes
    U+FFFD. ``SpacesInToken`` then has the token as it was. A multiword token cannot have white space in CoNLL-U: one
    that has becomes a word with a space.

    Raises ValueError for tokens that overlap or lie outside of their block.
    """
    number, position, before = 0, 0, ""
    comments, language = ["# newdoc", "# newpar"], ""
    tokens: list[tuple[str, tuple[str, ...]]] = []
    gaps: list[str] = []
    for gap, ended, raw, token in _with_spacing(blocks):
        if not tokens:  # only before the first token: later a sentence is begun when the one before is made
            before = gap
            start = position = len(gap)
        else:
            gaps.append(gap)
            position += len(gap)
            new_paragraph = gap not in ("", " ") and breaks_paragraph(gap)
            if ended or new_paragraph or not raw or len(tokens) >= MAX_TOKENS:
                number += 1
                comments += [f"# sent_id = {number}"] + ([f"# {LANGUAGE} = {language}"] if language else [])
                sentence = spaced_sentence(comments, tokens, gaps, before, at_end=not raw)
                sentence.start_char = start
                yield sentence
                comments = ["# newpar"] if new_paragraph else []
                tokens, gaps, before, start = [], [], "", position
        language = language if tokens else token.language or language
        tokens.append((raw, token.words))
        position += len(raw)


def _with_spacing(
    blocks: Iterable[tuple[str, Sequence[RawToken]]],
) -> Iterator[tuple[str, bool, str, RawToken]]:
    """(spacing before it, whether a sentence ends before it, its text, the token itself) of each token.

    The last item is the end of the text, as a token without text.
    """
    gap: list[str] = []
    ended = False
    for text, tokens in blocks:
        position = 0
        for token in _complete(text, tokens):
            raw = strip(text[token.start : token.end])
            if is_visible(raw):
                start = text.index(raw, token.start)
                gap.append(text[position:start])
                yield "".join(gap), ended, raw, token
                position, gap, ended = start + len(raw), [], False
            ended = ended or token.ends_sentence
        gap.append(text[position:])
    yield "".join(gap), True, "", RawToken(0, 0)


def _complete(text: str, tokens: Iterable[RawToken]) -> Iterator[RawToken]:
    """The tokens, checked, and further tokens for visible text between them."""
    position = 0
    for token in (*tokens, RawToken(len(text), len(text))):
        if not position <= token.start <= token.end <= len(text):
            raise ValueError(
                f"a token from {token.start} to {token.end} in a block of {len(text)} characters, "
                f"where the one before ends at {position}"
            )
        between = text[position : token.start]
        if between not in ("", " ") and is_visible(between):
            for match in _NOT_WHITE.finditer(between):
                yield RawToken(position + match.start(), position + match.end())
        yield token
        position = token.end


def spaced_sentence(
    comments: list[str], tokens: list[tuple[str, tuple[str, ...]]], gaps: list[str], before: str, *, at_end: bool
) -> Sentence:
    """The sentence of `tokens`, each followed by its spacing in `gaps`. `at_end`: it is the last sentence.

    A token is its text, and its words if it is a multiword token. `before` is the spacing before the first sentence.
    """
    forms: list[str] = []
    misc: list[str] = []
    mwts: list[MultiwordToken] = []
    text: list[str] = []
    for number, ((raw, words), gap) in enumerate(zip(tokens, gaps, strict=True), 1):
        form = _form(raw)
        text.append(form)
        attributes = []
        usual = "" if at_end and number == len(tokens) else " "
        if gap != usual:
            attributes.append(f"SpacesAfter={escape(gap)}" if gap else "SpaceAfter=No")
        if gap and number < len(tokens):
            text.append(" ")
        if before and number == 1:
            attributes.append(f"SpacesBefore={escape(before)}")
        if form != raw:
            attributes.append(f"SpacesInToken={escape(raw)}")
        cell = "|".join(attributes) or "_"
        word_forms = [_form(word.strip()) for word in words]
        if len(word_forms) > 1 and all(word_forms) and not _WHITE.search(form):
            mwts.append(MultiwordToken(len(forms) + 1, len(forms) + len(word_forms), {"FORM": form, "MISC": cell}))
            forms += word_forms
            misc += ["_"] * len(word_forms)
        else:
            forms.append(form)
            misc.append(cell)
    return Sentence({"FORM": forms, "MISC": misc}, [*comments, f"# text = {''.join(text)}"], mwts)


def _form(raw: str) -> str:
    """The token in a form that CoNLL-U can hold."""
    if raw.isprintable() and "  " not in raw:
        return raw
    return _SURROGATE.sub("\ufffd", _WHITE.sub(_white_in_form, raw))


def _white_in_form(match: re.Match[str]) -> str:
    white, text = match.group(), match.string
    if unicodedata.category(white[0]) == "Zs" and len(white) == 1:
        return white
    broken = any(char in _BREAKS for char in white)
    unspaced = _UNSPACED.match(text, match.start() - 1) and _UNSPACED.match(text, match.end())
    return "" if broken and unspaced else " "
