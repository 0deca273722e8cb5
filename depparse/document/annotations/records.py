"""Records of JSON and of tables: checks of their values, with errors that say where a wrong value stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depparse.document.columns import SURROGATE, is_unicode
from depparse.errors import Fail

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


def as_list(value: object, what: str, fail: Fail) -> list[object]:
    """The value, which must be a list. If it is none, raises the error of `fail`, which calls the value `what`."""
    if not isinstance(value, list):
        raise fail(f"expected {what} as a list, found {shown(value)}")
    return value


def as_dict(value: object, what: str, fail: Fail) -> dict[str, object]:
    """The value, which must be a dictionary."""
    if not isinstance(value, dict):
        raise fail(f"expected {what} as a dictionary, found {shown(value)}")
    return value


def as_text(value: object, what: str, fail: Fail) -> str:
    """The value, which must be a string that UTF-8 can hold."""
    if not isinstance(value, str):
        raise fail(f"expected {what} as a string, found {shown(value)}")
    if not is_unicode(value):
        raise fail(f"{SURROGATE}, but {what} does: {shown(value)}")
    return value


def as_position(record: dict[str, object], key: str, sentence: Sentence, fail: Fail) -> int | None:
    """The word ID under `key`, which must lie in the sentence, or None if the record has none."""
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= len(sentence):
        raise fail(f"expected {key} to be a word from 1 to {len(sentence)}, found {shown(value)}")
    return value


def as_score(record: dict[str, object], fail: Fail) -> float | None:
    """The number under ``score``, or None if the record has none."""
    value = record.get("score")
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise fail(f"expected score to be a number, found {shown(value)}")


def shown(value: object) -> str:
    """The type and the beginning of a value, for errors."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:59] + '…'}"
