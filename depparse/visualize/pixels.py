"""How wide text is when it is drawn, without asking for a font."""

from __future__ import annotations

import unicodedata

import regex
from rich.cells import cell_len

# Widths, as shares of the font size, of characters that common sans-serif fonts draw narrower or wider than most.
_WIDTHS = dict.fromkeys("iljtfrI.,:;'’|![]()/ -", 0.38) | dict.fromkeys("mwMW@%—…", 0.92)
_WIDE = regex.compile(r"[\p{Tamil}\p{Malayalam}]")
_BROAD = regex.compile(r"[\p{Telugu}\p{Kannada}\p{Sinhala}\p{Myanmar}]")
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}{2}")
_CHARACTER = regex.compile(r"\X")  # what a reader sees as one character


def text_width(text: str, size: int) -> float:
    """An estimate of the width of the text, in pixels; rather too wide than too narrow."""
    total = 0.0
    for character in _CHARACTER.findall(text) if not text.isascii() else text:
        total += 1.4 if _EMOJI.match(character) else sum(map(_width, character))
    return total * size


def _width(character: str) -> float:
    """The width of a character as a share of the font size."""
    if character.isascii():
        return _WIDTHS.get(character, 0.7 if character.isupper() or character.isdigit() else 0.58)
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf"):
        return 0.0
    if cell_len(character) == 2 or _WIDE.match(character):
        return 1.1
    if _BROAD.match(character):
        return 0.9
    return 0.55 if category == "Mc" else 0.72
