"""Typed configurations: TOML files, overrides by ``key=value``, and errors that name the key and its neighbours."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from depparse.errors import ConfigError

_MODEL = TypeVar("_MODEL", bound="Config")


class Config(BaseModel):
    """Base of all configurations: frozen, and no key is accepted that it does not have."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigError with the place of a mistake."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def apply_overrides(data: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """`data` with each ``a.b.c=value`` put in its place; the value is TOML, or else a plain string.

    Numbers in a key are places in a list: ``encoder.inputs.0.width=64``.
    """
    result: dict[str, Any] = _copy(data)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set takes key=value, such as training.epochs=3, not {override!r}")
        try:
            value: Any = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        _put(result, key.strip(), value)
    return result


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    parts = key.split(".")
    here: Any = data
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if isinstance(here, list):
            if not part.isdigit() or int(part) >= len(here):
                raise ConfigError(f"--set {key}: {'.'.join(parts[:number])} has the items 0 to {len(here) - 1}")
            if last:
                here[int(part)] = value
            here = here[int(part)]
        elif isinstance(here, dict):
            if last:
                here[part] = value
            here = here.setdefault(part, {}) if not last else None
        else:
            raise ConfigError(f"--set {key}: {'.'.join(parts[:number])} is a value, not a table")


def parse(model: type[_MODEL], data: Mapping[str, Any], place: str = "") -> _MODEL:
    """`data` as a `model`. Raises one ConfigError that names the first wrong key, in full."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(model, error, place)) from None


def _explain(model: type[BaseModel], error: ValidationError, place: str) -> str:
    # A key that does not exist says more than the required one that it was meant to be.
    first = min(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
    path = [str(part) for part in first["loc"]]
    key = ".".join([place, *path] if place else path)
    if first["type"] == "extra_forbidden":
        names = list(_fields(model, path[:-1]))
        close = difflib.get_close_matches(path[-1], names, 1)
        hint = f"did you mean {close[0]}? " if close else ""
        return f"config key {key} does not exist; {hint}there are: {', '.join(names)}"
    if first["type"] == "missing":
        return f"config key {key} is missing"
    return f"config key {key}: {first['msg'].lower()}, not {first['input']!r}"


def _fields(model: type[BaseModel], path: list[str]) -> Iterable[str]:
    for part in path:
        field = model.model_fields.get(part)
        inner = field.annotation if field is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model = inner
    return model.model_fields
