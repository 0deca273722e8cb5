"""Cells of CoNLL-U beside what Stanza's objects say: attributes in MISC, and sentences with what Stanza changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from depparse.document.columns import VALUE_COLUMNS
from depparse.document.exact import escape, unescape
from depparse.document.sentence import Sentence

ENTITIES = frozenset({"NER", "ner"})  # the attributes of MISC with entity tags


class Kept(NamedTuple):
    """A sentence that Stanza has, and what Stanza said of it right then."""

    sentence: Sentence
    told: Sentence


def merged(told: Sentence, kept: Kept) -> Sentence:
    """The sentence that was kept, with what Stanza says otherwise now; what it says alone if it has other words."""
    old, new = dict(kept.told.rows(VALUE_COLUMNS)), dict(told.rows(VALUE_COLUMNS))
    if list(old) != list(new):
        return told
    result = kept.sentence.copy()
    result.comments = list(told.comments)
    others = {f"{m.start}-{m.end}": m.cells for m in result.mwts}
    others |= {"{}.{}".format(*node.id): node.cells for node in result.empty_nodes}
    for id, cells in new.items():
        for name, before, cell in zip(VALUE_COLUMNS, old[id], cells, strict=True):
            if cell == before:
                continue
            if id in others:
                own = others[id].get(name, "_")
                others[id][name] = _changed_misc(own, before, cell) if name == "MISC" else cell
            else:
                column, index = result.column(name), int(id) - 1
                column[index] = _changed_misc(column[index], before, cell) if name == "MISC" else cell
    if told.entity_tags() != kept.told.entity_tags():
        result.annotate("entities", told.ents, in_columns=not told.ents)
    result.forget_offsets()
    return result


def _changed_misc(cell: str, before: str, after: str) -> str:
    """The MISC cell with those attributes of `after` that `before` has otherwise; entities aside."""
    old, new = _by_name(before), _by_name(after)
    changed = {name for name in old | new if old.get(name) != new.get(name)} - ENTITIES
    parts = [part for part in _parts(cell) if _name(part) not in changed]
    for name in new:
        for part in new[name] if name in changed else ():
            _insert(parts, part)
    return "|".join(parts) or "_"


def _by_name(misc: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for part in _parts(misc):
        parts.setdefault(_name(part), []).append(part)
    return parts


def _parts(misc: str | None) -> list[str]:
    return [] if misc in (None, "", "_") else misc.split("|")


def _name(part: str) -> str:
    return part.partition("=")[0]


# -- attributes in MISC


def without(misc: str, names: Collection[str]) -> str | None:
    """The MISC cell without the attributes of these names; None if none are left."""
    return "|".join(part for part in _parts(misc) if _name(part) not in names) or None


def with_added(misc: str | None, attributes: dict[str, str]) -> str:
    """The MISC cell with the attributes in their alphabetical places, except those whose names it has."""
    parts = _parts(misc)
    for name, value in attributes.items():
        if name.lower() not in (_name(part).lower() for part in parts):
            _insert(parts, f"{name}={value}")
    return "|".join(parts) or "_"


def _insert(parts: list[str], part: str) -> None:
    name = _name(part).lower()
    parts.insert(next((i for i, other in enumerate(parts) if _name(other).lower() > name), len(parts)), part)


def joined(items: Iterable[str]) -> str:
    """The items as one value in MISC, between commas; commas and what a value cannot hold are escaped."""
    return ",".join(escape(item).replace(",", "\\u002C") for item in items)


def split_items(value: str) -> Sequence[str]:
    """The items of a value that `joined` made."""
    return tuple(map(unescape, value.split(",")))
