"""The errors that the validator of UD finds in CoNLL-U."""

from __future__ import annotations

import functools
import io

from udtools.validator import Validator


@functools.lru_cache
def _validator() -> Validator:
    return Validator(lang="ud", level=2, output=None)


def complaints(conllu: str) -> list[str]:
    """The errors at level 2, except those of Unicode normalization, since forms keep the code points of the input."""
    stream = io.TextIOWrapper(io.BytesIO(conllu.encode()), encoding="utf-8")
    state = _validator().validate_file_handle(stream)
    # U+FFFD is not wrong in itself: it stands in the input, or for half a pair.
    harmless = ("unicode-normalization", "invalid-utf")
    return [str(incident) for incident in state.error_tracker if incident.testid not in harmless]
