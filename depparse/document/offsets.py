"""Where tokens stand in a text, and the words of a token in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# Offsets of the first character and behind the last; None if they cannot be told.
Characters = tuple[int | None, int | None]


def find_tokens(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int] | None]:
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


def share_characters(place: tuple[int, int], text: str, forms: list[str]) -> list[Characters]:
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
