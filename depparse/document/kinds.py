"""The kinds of annotation by name. Each is imported on first use, so that `Sentence` need not import them."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from depparse.document.columns import VALUE_COLUMNS
from depparse.errors import ConfigError
from depparse.folders import Folder

KINDS = Folder("depparse.document.annotations", "KIND", "depparse.annotations")
# Keys that sentences have in JSON and in Arrow besides the records of kinds.
_KEYS = ("sent_id", "text", "comments", "columns", "tokens", "mwts", "empty_nodes")
_ABILITIES = ("columns", "read", "write", "restore")  # some attributes of a `Kind` (annotations/kind.py), to tell one


def get_kind(name: str) -> Any:
    """The kind of that name. Raises ConfigError if there is none."""
    return _get_kind(name, tuple(sys.path))


@cache
def _get_kind(name: str, path: tuple[str, ...]) -> Any:  # noqa: ARG001 (part of the cache key)
    kind = KINDS[name]
    is_kind = not isinstance(kind, type) and all(hasattr(kind, ability) for ability in _ABILITIES)
    if not is_kind or getattr(kind, "name", None) != name:
        raise ConfigError(f"the entry point {name!r} of {KINDS.group} is no Kind of that name")
    return kind


def kinds() -> tuple[Any, ...]:
    """All kinds, in the order of their columns in CoNLL-U, then by name. Raises ConfigError if two claim one place."""
    return _kinds(tuple(sys.path))


@cache
def _kinds(path: tuple[str, ...]) -> tuple[Any, ...]:  # noqa: ARG001
    def position(kind: Any) -> tuple[int, str]:
        indices = [VALUE_COLUMNS.index(name) for name in kind.columns if name in VALUE_COLUMNS]
        return min(indices, default=len(VALUE_COLUMNS)), kind.name

    ordered = sorted((get_kind(name) for name in KINDS.names()), key=position)
    for attribute in ("columns", "misc", "comments", "keep", "record", "codes"):
        owners: dict[str, str] = {}
        for kind in ordered:
            claimed = getattr(kind, attribute)
            for name in (claimed,) if isinstance(claimed, str) else claimed or ():
                if owners.setdefault(name, kind.name) != kind.name:
                    both = f"the kinds of annotation {owners[name]} and {kind.name}"
                    raise ConfigError(f"{both} both have {name!r} as {attribute}; one of their packages has to go")
    for kind in ordered:
        if kind.record in _KEYS:
            raise ConfigError(f"the kind {kind.name} has the record {kind.record!r}, which sentences have already")
    return tuple(ordered)
