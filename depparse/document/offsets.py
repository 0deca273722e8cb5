"""Offsets of tokens in a text, and of the words of a token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# The offsets of the first character and behind the last one; None if they cannot be told.
Characters = tuple[int | None, int | None]


def find_tokens(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int] | None]:
    """The start and end of each form in `text`, one after the other; None from the first form that is missing on."""
    span: tuple[int, int] | None = (0, 0)
    for form in forms:
        # Where forms stand after a missing one could only be guessed.
        span = None if span is None else _find(text, span[1], form)
        yield span


def _find(text: str, position: int, form: str) -> tuple[int, int] | None:
    """The start and end of `form` in `text`, after any white space at `position`; white space inside it may differ."""
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
    """The offsets of each word of the token at `place`, None unless the words joined are the token, case aside."""
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
