"""Typed configurations: TOML files, overrides by ``key=value``, and errors that name the key and the valid ones."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from depparse.arguments import check_iterable, check_type
from depparse.errors import ConfigError, did_you_mean

_MODEL = TypeVar("_MODEL", bound="Config")


class Config(BaseModel):
    """Base of all configurations: frozen, and refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _unknown_keys(cls, data: Any) -> Any:
        # Checked here because the class is known here, even if a value of the table chose it (see registry.py).
        for key in data if isinstance(data, Mapping) else ():
            if key not in cls.model_fields:
                raise key_error(str(key), f"does not exist; {did_you_mean(str(key), cls.model_fields)}")
        return data


def key_error(key: str, problem: str) -> PydanticCustomError:
    """The error that a validator raises about `key` of its table, or about the table itself (``""``).

    It is shown as ``config key a.b.KEY PROBLEM``.
    """
    return PydanticCustomError("config_key", "{problem}", {"key": key, "problem": problem})


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigError, which says where the mistake is."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:  # also of numbers of thousands of digits
        raise ConfigError(f"{path}: not TOML: {error}") from None


def apply_overrides(data: Mapping[str, Any], overrides: Iterable[str] | Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `data` with each override ``a.b.c=value`` applied; a value that is no TOML is taken as a string.

    A mapping of overrides has keys ``a.b.c`` and Python values. A number in a key is an index of a list (from 0):
    ``encoder.inputs.0.width=64``.
    """
    result: dict[str, Any] = _copy(data)
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            check_type(key, str, "a key of set", "text, such as 'training.epochs'")
            _put(result, key, _copy(value))
        return result
    check_iterable(overrides, "set", "a mapping or a list of texts such as 'training.epochs=3'")
    for override in overrides:
        check_type(override, str, "an item of set", "text such as 'training.epochs=3'")
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set takes key=value, such as training.epochs=3, not {override!r}")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            value = text
        _put(result, key.strip(), value)
    return result


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple)) else value


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    steps = key.split(".")
    table: Any = data
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if isinstance(table, list):
            if not re.fullmatch("[0-9]{1,9}", step) or int(step) >= len(table):
                raise ConfigError(f"--set {key}: {'.'.join(steps[:number])} has the items 0 to {len(table) - 1}")
            if last:
                table[int(step)] = value
            table = table[int(step)]
        elif isinstance(table, dict):
            if last:
                table[step] = value
            table = table.setdefault(step, {}) if not last else None
        else:
            raise ConfigError(f"--set {key}: {'.'.join(steps[:number])} is a value, not a table")


def parse(model: type[_MODEL], data: Mapping[str, Any], place: str = "") -> _MODEL:
    """`data` as a `model`. Raises one ConfigError, which names the first wrong key with its whole path from `place`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        try:
            message = _explain(error, place)
        except UnicodeEncodeError:  # in pydantic
            message = f"config key {place or '(at the top)'}: a key or a value below it holds half of a UTF-16 pair"
        raise ConfigError(message) from None


def _explain(error: ValidationError, place: str) -> str:
    # An unknown key is shown first: a required key is often missing only because it was misspelt.
    first = min(error.errors(include_url=False), key=lambda item: item["type"] != "config_key")
    context = first.get("ctx", {}) if first["type"] == "config_key" else {}
    path = [place, *map(str, first["loc"]), context.get("key", "")]
    key = ".".join(part for part in path if part)
    if context:
        return f"config key {key} {context['problem']}"
    if first["type"] == "missing":
        return f"config key {key} is missing"
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"config key {key}: {message}, not {first['input']!r}"
