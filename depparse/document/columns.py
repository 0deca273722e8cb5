"""The columns of CoNLL-U and the keys of comments. Values are parsed and formatted by one pure function each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from depparse.errors import DepparseError

CONLLU_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
VALUE_COLUMNS = CONLLU_COLUMNS[1:]
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


def format_feats(feats: Mapping[str, str]) -> str:
    """The cell of FEATS, in the order that UD asks for: by name, without regard to case; ``_`` for none."""
    return "|".join(f"{k}={v}" for k, v in sorted(feats.items(), key=lambda item: item[0].lower())) or "_"


def parse_misc(cell: str | None) -> dict[str, str | None]:
    """MISC as a dictionary. An attribute without ``=`` maps to None; of repeated names the last value stays."""
    if cell is None or cell == "_":
        return {}
    return {key: value if eq else None for key, eq, value in (part.partition("=") for part in cell.split("|"))}


def format_misc(misc: Mapping[str, str | None]) -> str:
    """The cell of MISC, in the order given; an attribute that is None has no ``=``; ``_`` for none."""
    return "|".join(key if value is None else f"{key}={value}" for key, value in misc.items()) or "_"


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

    return "|".join(f"{head}:{relation}" for head, relation in sorted(deps, key=place)) or "_"


def set_in_misc(cell: str, name: str, value: str | None) -> str:
    """The MISC `cell` with the attribute `name` set to `value`, or removed for None; all else stays as written."""
    attributes = [] if cell == "_" else [part for part in cell.split("|") if part.partition("=")[0] != name]
    if value is not None:
        attributes.append(f"{name}={value}")
    return "|".join(attributes) or "_"


def get_from_misc(cell: str, name: str) -> str | None:
    """The value of the attribute `name` in a MISC `cell`, or None."""
    if name in cell:
        for part in cell.split("|"):
            key, eq, value = part.partition("=")
            if key == name and eq:
                return value
    return None


def comment_name(line: str) -> str:
    """The first word of a comment, such as ``newdoc``, with or without a value after it; empty for an empty comment."""
    return next(iter(line[1:].split(None, 1)), "")


def comment_key(line: str) -> str:
    """The key of the comment ``# key = value``; the whole comment if it has no ``=``."""
    return line[1:].partition("=")[0].strip()
