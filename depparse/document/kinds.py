"""The kinds of annotation by name, each found on first use: so a sentence needs no import of what its annotation is."""

from __future__ import annotations

from functools import cache
from typing import Any

from depparse.document.columns import VALUE_COLUMNS
from depparse.errors import ConfigError
from depparse.folders import Folder

KINDS = Folder("depparse.document.annotations", "KIND", "depparse.annotations")
_ABILITIES = ("columns", "read", "write", "restore")  # some of what a `Kind` has (annotations/kind.py)


@cache
def get_kind(name: str) -> Any:
    """The kind of that name. Raises ConfigError if there is none."""
    kind = KINDS[name]
    if getattr(kind, "name", None) != name or not all(hasattr(kind, ability) for ability in _ABILITIES):
        raise ConfigError(f"the entry point {name!r} of {KINDS.group} is no Kind of that name")
    return kind


@cache
def kinds() -> tuple[Any, ...]:
    """All kinds: in the order of their columns in CoNLL-U, then by name. Raises ConfigError if two claim one column."""

    def position(kind: Any) -> tuple[int, str]:
        of_conllu = [VALUE_COLUMNS.index(name) for name in kind.columns if name in VALUE_COLUMNS]
        return min(of_conllu, default=len(VALUE_COLUMNS)), kind.name

    ordered = sorted((get_kind(name) for name in KINDS.names()), key=position)
    for attribute in ("columns", "misc", "comments", "keep", "record"):
        owners: dict[str, str] = {}
        for kind in ordered:
            claimed = getattr(kind, attribute)
            for name in (claimed,) if isinstance(claimed, str) else claimed or ():
                if owners.setdefault(name, kind.name) != kind.name:
                    both = f"the kinds of annotation {owners[name]} and {kind.name}"
                    raise ConfigError(f"{both} both have {name!r} as {attribute}; one of their packages has to go")
    return tuple(ordered)
