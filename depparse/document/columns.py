"""The columns of CoNLL-U and the keys of comments. Values are parsed and formatted by one pure function each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from depparse.errors import DepparseError

CONLLU_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
VALUE_COLUMNS = CONLLU_COLUMNS[1:]
NODE_ID = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[1-9][0-9]{0,8})?")
SURROGATE = "text holds no lone surrogates"


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold `text`: strings from JSON may have halves of UTF-16 pairs, which are no characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_cell(value: str | None, column: str) -> str:
    """`value` as a cell: None and '' become ``_``. Raises DepparseError if it is no text or would break the line."""
    if value is None or value == "":
        return "_"
    if not isinstance(value, str):
        raise DepparseError(f"a value of column {column} is text or None, not {value!r}")
    if "\t" in value or "\n" in value or "\r" in value:
        raise DepparseError(f"a value of column {column} holds no tab and no line break, but {value!r} does")
    if not value.isascii() and not is_unicode(value):
        raise DepparseError(f"{SURROGATE}, but {value!r} in column {column} does")
    return value


def in_order(columns: dict[str, list[str]], like: Collection[str]) -> dict[str, list[str]]:
    """The columns in the order of CoNLL-U, other columns last; unchanged if the names in `like` have another order."""
    first = [name for name in VALUE_COLUMNS if name in like]
    if first != list(like)[: len(first)]:
        return columns
    return {name: columns[name] for name in (*VALUE_COLUMNS, *columns) if name in columns}


def parse_feats(cell: str | None) -> dict[str, str]:
    """FEATS as a dictionary, in the order written; {} for None or ``_``. A feature without ``=`` maps to ''."""
    if cell is None or cell == "_":
        return {}
    return {key: value for key, _, value in (part.partition("=") for part in cell.split("|"))}


def format_feats(feats: Mapping[str, str | None]) -> str:
    """The cell of FEATS, in the order that UD asks for: by name, without regard to case; ``_`` for none.

    A feature that is None is left out. Raises DepparseError for what is no feature.
    """
    pairs = _checked_items(feats, "FEATS")
    present = {name: value for name, value in pairs if value is not None}
    if "" in present.values():
        raise DepparseError(f"a feature has a value, or None to be left out, unlike {dict(feats)!r:.60}")
    return "|".join(f"{k}={v}" for k, v in sorted(present.items(), key=lambda item: item[0].lower())) or "_"


def parse_misc(cell: str | None) -> dict[str, str | None]:
    """MISC as a dictionary. An attribute without ``=`` maps to None; of repeated names the last value stays."""
    if cell is None or cell == "_":
        return {}
    return {key: value if eq else None for key, eq, value in (part.partition("=") for part in cell.split("|"))}


def format_misc(misc: Mapping[str, str | None]) -> str:
    """The cell of MISC, in the order given; an attribute that is None has no ``=``; ``_`` for none.

    Raises DepparseError for what is no attribute.
    """
    return "|".join(key if value is None else f"{key}={value}" for key, value in _checked_items(misc, "MISC")) or "_"


def _checked_items(values: object, column: str) -> list[tuple[str, str | None]]:
    """The names and values of FEATS or MISC. Raises DepparseError if a cell would not read back as what they are."""
    if not isinstance(values, Mapping):
        raise DepparseError(f"{column} is text, a dictionary or None, not {values!r:.60}")
    for name, value in values.items():
        if not isinstance(name, str) or name in ("", "_") or "=" in name or "|" in name:
            raise DepparseError(f"a name in {column} is text without the signs = and |, not {name!r:.60}")
        if value is not None and (not isinstance(value, str) or "|" in value):
            hint = "; join several values by a comma" if column == "FEATS" else "; write \\p for it"
            raise DepparseError(f"the value of {name} in {column} is text without the sign |, not {value!r:.60}{hint}")
    return list(values.items())


def parse_deps(cell: str | None) -> list[tuple[str, str]]:
    """DEPS as (head, relation) pairs. Heads are IDs as text, since an empty node's is ``8.1``."""
    if cell is None or cell == "_":
        return []
    return [(head, relation) for head, _, relation in (part.partition(":") for part in cell.split("|"))]


def format_deps(deps: Iterable[tuple[str, str]]) -> str:
    """The cell of DEPS, in the order that UD asks for: by head (an empty node follows its word), then by relation."""

    def place(item: tuple[str, str]) -> tuple[int, int, str]:
        word, _, node = item[0].partition(".")
        return int(word), int(node or 0), item[1]

    edges = list(deps)
    if len(edges) > 1:
        edges.sort(key=place)
    return "|".join(f"{head}:{relation}" for head, relation in edges) or "_"


def checked_deps(deps: object) -> str:
    """The cell of DEPS for (head, relation) pairs; a head is an ID, as text or a number. Raises DepparseError."""
    if not isinstance(deps, Iterable):
        raise DepparseError(f"DEPS is text, a list of pairs or None, not {deps!r:.60}")
    edges = []
    for pair in deps:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise DepparseError(f"DEPS has pairs of a head and a relation, not {pair!r:.60}")
        head, relation = str(pair[0]) if type(pair[0]) is int else pair[0], pair[1]
        if not isinstance(head, str) or not NODE_ID.fullmatch(head):
            raise DepparseError(f"a head in DEPS is an ID such as 3 or 8.1, not {head!r:.60}")
        if not isinstance(relation, str) or not relation or "|" in relation:
            raise DepparseError(f"a relation in DEPS is text without the sign |, not {relation!r:.60}")
        edges.append((head, relation))
    return format_deps(edges)


def get_from_feats(cell: str, name: str) -> str | None:
    """The value of the feature `name` in a FEATS `cell`, or None."""
    return get_from_misc(cell, name)


def set_in_feats(cell: str, name: str, value: str | None) -> str:
    """The FEATS `cell` with the feature set, or removed for None, in the order of UD; other parts stay as written."""
    parts = [] if cell == "_" else [part for part in cell.split("|") if part.partition("=")[0] != name]
    if value is not None:
        parts.append(format_feats({name: value}))
    return "|".join(sorted(parts, key=lambda part: part.partition("=")[0].lower())) or "_"


def set_in_misc(cell: str, name: str, value: str | None) -> str:
    """The MISC `cell` with the attribute `name` set to `value`, or removed for None; all else stays as written."""
    return put_in_misc(cell, name, None if value is None else f"{name}={value}")


def put_in_misc(cell: str, name: str, part: str | None) -> str:
    """The MISC `cell` with `part` at its end for the attribute `name`, or without it; all else stays as written."""
    if cell == "_":
        return part or "_"
    if part is None and cell and name not in cell:
        return cell
    attributes = [other for other in cell.split("|") if other.partition("=")[0] != name]
    if part is not None:
        attributes.append(part)
    return "|".join(attributes) or "_"


def get_from_misc(cell: str, name: str) -> str | None:
    """The value of the attribute `name` in a MISC `cell`, or None."""
    if name in cell:
        for part in cell.split("|"):
            key, eq, value = part.partition("=")
            if key == name and eq:
                return value
    return None


LANGUAGE = "lang"  # the comment with the code of a sentence's language, where each paragraph has one of its own


def comment_name(line: str) -> str:
    """The first word of a comment, such as ``newdoc``, with or without a value after it; empty for an empty comment."""
    return next(iter(line[1:].split(None, 1)), "")


def comment_key(line: str) -> str:
    """The key of the comment ``# key = value``; the whole comment if it has no ``=``."""
    return line[1:].partition("=")[0].strip()


def with_attributes(old: str, new: str, keys: Sequence[str]) -> str:
    """The MISC cell `new` with the attributes `keys` of `old`; `old` itself if the cells differ in nothing else."""
    bare = old
    for key in keys:
        bare, new = set_in_misc(bare, key, None), set_in_misc(new, key, None)
    if bare == new:
        return old
    for key in keys:
        new = set_in_misc(new, key, get_from_misc(old, key))
    return new
