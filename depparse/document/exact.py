"""Exact text, as UDPipe's spacing attributes in MISC tell it, and the escapes in these attributes.

``SpacesAfter`` is the spacing between a token and the next where it is not one space. ``SpacesBefore`` is further
spacing before a token. ``SpacesInToken`` is the token as the text has it, where its form differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from depparse.document.columns import get_from_misc

_LETTERS = {"\\": "\\", "p": "|", "s": " ", "t": "\t", "r": "\r", "n": "\n"}
_ESCAPES = {char: "\\" + letter for letter, char in _LETTERS.items()}
_ESCAPED = re.compile(r"\\(?:([\\pstrn])|u([0-9A-Fa-f]{4})|U(00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4}))")
_ATTRIBUTE = re.compile(r"(?:^|[|\n])Spaces(?:Before|After|InToken)=")


def escape(text: str) -> str:
    r"""`text` as a value in MISC: UDPipe's ``\s \t \r \n \p \\`` for space, tab, CR, LF, bar and backslash.

    Other white space could be lost in MISC, and invisible characters are overlooked, so both are written by their code
    points as UD_English-EWT does: ``\u00A0``, ``\U000E0020``. `unescape` gives back every text.
    """
    return "".join(char if char.isprintable() and char not in _ESCAPES else _escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    return _ESCAPES.get(char) or (f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}")


def unescape(value: str) -> str:
    """The text that `escape` wrote as `value`; a backslash that begins no escape stands for itself."""
    return _ESCAPED.sub(_unescape, value) if "\\" in value else value


def _unescape(match: re.Match[str]) -> str:
    letter, short, long = match.groups()
    return _LETTERS[letter] if letter else chr(int(short or long, 16))


def spaces(misc: str, name: str) -> str | None:
    """The text that the attribute `name` in a MISC cell holds, or None."""
    value = get_from_misc(misc, name)
    return None if value is None else unescape(value)


def has_spaces(cells: Iterable[str]) -> bool:
    """Whether any of the MISC `cells` has a spacing attribute. It is fast where none has, as in most files."""
    joined = "\n".join(cells)
    return "Spaces" in joined and _ATTRIBUTE.search(joined) is not None


def join_tokens(tokens: Iterable[tuple[str, str]]) -> tuple[str, list[tuple[int, int]]]:
    """The text from the first to the last token, and the start and end of each token in it; a token is (form, MISC)."""
    pieces: list[str] = []
    offsets: list[tuple[int, int]] = []
    position, gap = 0, ""
    for form, misc in tokens:
        if "Spaces" in misc:
            form = spaces(misc, "SpacesInToken") or form
            gap += spaces(misc, "SpacesBefore") or ""
        if offsets:  # spacing before the first token is no part of the text
            pieces.append(gap)
            position += len(gap)
        pieces.append(form)
        offsets.append((position, position + len(form)))
        position += len(form)
        after = spaces(misc, "SpacesAfter")
        gap = after if after is not None else "" if "SpaceAfter=No" in misc.split("|") else " "
    return "".join(pieces), offsets
