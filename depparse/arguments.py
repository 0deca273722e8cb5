"""Checks of what users pass to public functions: a wrong type is a ConfigError that says what was expected."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable
from numbers import Integral
from typing import Any

from depparse.errors import ConfigError


def shown(value: object) -> str:
    """The beginning of the value, or of what is in it, as an error shows it."""
    try:
        return reprlib.repr(value)
    except Exception:  # of numbers with thousands of digits, and of objects that cannot show themselves
        return f"an object of type {type(value).__name__}"


def check_type(value: object, types: Any, name: str, expected: str) -> None:
    """Raises ConfigError unless `value` is of one of the `types`; `expected` says what `name` should be."""
    if not isinstance(value, types):
        raise ConfigError(f"{name} is {expected}, not {shown(value)}")


def check_path(value: object, name: str) -> None:
    """Raises ConfigError unless the value can be the path of a file or folder."""
    check_type(value, (str, os.PathLike), name, "a path, as text or pathlib.Path")
    path = os.fspath(value)  # type: ignore[call-overload]
    if not isinstance(path, str) or "\0" in path:
        raise ConfigError(f"{name} is a path, and {path!r} cannot be one")


def check_number(value: object, name: str, unit: str, least: int = 1) -> None:
    """Raises ConfigError unless the value is a whole number of at least `least`; `unit` says of what."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise ConfigError(f"{name} is a number of {unit}, at least {least}, not {shown(value)}")


def check_iterable(value: object, name: str, expected: str) -> None:
    """Raises ConfigError unless the value is an iterable other than a text."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ConfigError(f"{name} is {expected}, not {shown(value)}")
