"""Plain text to sentences and tokens by rules that suit most languages a little and none fully.

For reading plain text without a trained model. Paragraphs end at empty lines, tokens at white space and around
punctuation, sentences after final punctuation. Multiword tokens are not split: that takes a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import regex

from depparse.data.files import PathLike, name_of, open_input
from depparse.data.sentence import Sentence, placed
from depparse.errors import FormatError

_HAN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_TOKEN = regex.compile(
    rf"""
    (?:https?://|www\.)[^\s<>"]*[^\s<>".,;:!?)\]}}'’»]   # a web address
    | [\w.+-]{{1,64}}+@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}  # a mail address
    | [@\#]\w+                                           # a handle or a tag
    | \p{{N}}+(?:[.,:/’'\u00a0\u202f]\p{{N}}+)*(?!\w)    # a number, a date, a time
    | (?:\p{{L}}\.){{2,}}                                # an abbreviation such as U.S.
    | {_HAN}                                             # scripts without spaces: a character each
    | (?:(?!{_HAN})[\p{{L}}\p{{M}}\p{{N}}_])+
      (?:['’\-\u2010\u2011·](?:(?!{_HAN})[\p{{L}}\p{{M}}\p{{N}}_])+)*  # a word
    | (\p{{P}})\1*                                       # a sign, or a run of the same
    | \X                                                 # a symbol or an emoji sequence: what one sees as a character
    """,
    regex.VERBOSE,
)
_FINAL = re.compile(r"[.!?…‽؟۔।॥。！？]+$")
_WIDE_FINAL = re.compile(r"[。！？]+$")
_CLOSING = frozenset("\"'”’»)]}›」』）】")
_ABBREVIATION = regex.compile(r"\p{L}|\p{Lu}\p{Ll}{1,2}|etc|vs|cf|ca")


def iter_text_sentences(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a plain text file in UTF-8, a paragraph at a time."""
    with open_input(path) as stream:
        yield from placed(_numbered(_paragraphs(stream, name_of(path))))


def split_text(text: str) -> Iterator[Sentence]:
    """The sentences of a text."""
    return placed(_numbered(re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n"))))


def _paragraphs(stream: Iterable[bytes], name: str) -> Iterator[str]:
    lines: list[str] = []
    for number, raw in enumerate(stream, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            message = f"not UTF-8: byte 0x{raw[error.start]:02x} ({error.reason}); convert the file to UTF-8"
            raise FormatError(message, path=name, line=number) from None
        if line.strip():
            lines.append(line)
        elif lines:
            yield "".join(lines)
            lines = []
    if lines:
        yield "".join(lines)


def _numbered(paragraphs: Iterable[str]) -> Iterator[Sentence]:
    number, first = 0, True
    for paragraph in paragraphs:
        new_paragraph = True
        for forms, glued in _sentences(paragraph):
            number += 1
            misc = ["SpaceAfter=No" if no_space else "_" for no_space in glued]
            text = "".join(form if no_space else form + " " for form, no_space in zip(forms, glued, strict=True))
            comments = ["# newdoc"] if first else []
            comments += ["# newpar"] if new_paragraph else []
            comments += [f"# sent_id = {number}", f"# text = {text.rstrip(' ')}"]
            yield Sentence({"FORM": forms, "MISC": misc}, comments)
            first = new_paragraph = False


def _sentences(paragraph: str) -> Iterator[tuple[list[str], list[bool]]]:
    """(forms, whether no space follows) of each sentence of a paragraph."""
    matches = [match for match in _TOKEN.finditer(paragraph) if not match.group().isspace()]
    forms: list[str] = []
    glued: list[bool] = []
    ended = False
    for number, match in enumerate(matches):
        form = match.group()
        following = matches[number + 1] if number + 1 < len(matches) else None
        forms.append(form)
        glued.append(following is not None and following.start() == match.end())
        if _FINAL.search(form) and not (
            form == "." and len(forms) > 1 and _ABBREVIATION.fullmatch(forms[-2]) and glued[-2]
        ):
            ended = True
        elif form not in _CLOSING:
            ended = False
        if not ended or following is None:
            continue
        if glued[-1] and not (_WIDE_FINAL.search(form) and following.group() not in _CLOSING):
            continue
        if following.group()[0].islower():
            continue
        yield forms, glued
        forms, glued, ended = [], [], False
    if forms:
        yield forms, glued
