"""The errors that the validator of UD finds in CoNLL-U."""

from __future__ import annotations

import functools
import io
import unicodedata
import unittest.mock

from udtools.validator import Validator

_unicode_name = unicodedata.name


@functools.lru_cache
def _validator() -> Validator:
    return Validator(lang="ud", level=2, output=None)


def _name(char: str) -> str:
    """The name of a character; those for private use have none, of which udtools would stop."""
    return _unicode_name(char, "PRIVATE USE")


def complaints(conllu: str) -> list[str]:
    """The errors at level 2, except those of Unicode normalization, since forms keep the code points of the input."""
    stream = io.TextIOWrapper(io.BytesIO(conllu.encode()), encoding="utf-8")
    with unittest.mock.patch("udtools.level1.unicodedata.name", _name):
        state = _validator().validate_file_handle(stream)
    # U+FFFD is not wrong in itself: it stands in the input, or for half a pair.
    harmless = ("unicode-normalization", "invalid-utf")
    return [str(incident) for incident in state.error_tracker if incident.testid not in harmless]
