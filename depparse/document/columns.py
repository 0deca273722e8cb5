"""The columns of CoNLL-U and their values: one pure function a column and direction; and the keys of comments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from depparse.errors import DepparseError

CONLLU_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
VALUE_COLUMNS = CONLLU_COLUMNS[1:]


def check_cell(value: str | None, column: str) -> str:
    """`value` as a cell: None and '' become ``_``. DepparseError if it is no text or would break the line."""
    if value is None or value == "":
        return "_"
    if not isinstance(value, str):
        raise DepparseError(f"a value of column {column} is text or None, not {value!r}")
    if "\t" in value or "\n" in value or "\r" in value:
        raise DepparseError(f"a value of column {column} holds no tab and no line break, but {value!r} does")
    return value


def in_order(columns: dict[str, list[str]], like: Collection[str]) -> dict[str, list[str]]:
    """The columns in the order of CoNLL-U, others behind them, unless those named by `like` stand in another one."""
    first = [name for name in VALUE_COLUMNS if name in like]
    if first != list(like)[: len(first)]:
        return columns
    return {name: columns[name] for name in (*VALUE_COLUMNS, *columns) if name in columns}


def parse_feats(cell: str | None) -> dict[str, str]:
    """FEATS as a dictionary, in the order written; {} for None or ``_``. A part without ``=`` maps to ''."""
    if cell is None or cell == "_":
        return {}
    return {key: value for key, _, value in (part.partition("=") for part in cell.split("|"))}


def format_feats(feats: Mapping[str, str]) -> str:
    """FEATS in the order that UD asks for: by name, without regard to case; ``_`` for none."""
    return "|".join(f"{k}={v}" for k, v in sorted(feats.items(), key=lambda item: item[0].lower())) or "_"


def parse_misc(cell: str | None) -> dict[str, str | None]:
    """MISC as a dictionary; a part without ``=`` maps to None. Of repeated names the last value stays."""
    if cell is None or cell == "_":
        return {}
    return {key: value if eq else None for key, eq, value in (part.partition("=") for part in cell.split("|"))}


def format_misc(misc: Mapping[str, str | None]) -> str:
    return "|".join(key if value is None else f"{key}={value}" for key, value in misc.items()) or "_"


def parse_deps(cell: str | None) -> list[tuple[str, str]]:
    """DEPS as (head, relation) pairs. Heads are IDs as text, since an empty node's is ``8.1``."""
    if cell is None or cell == "_":
        return []
    return [(head, relation) for head, _, relation in (part.partition(":") for part in cell.split("|"))]


def format_deps(deps: Iterable[tuple[str, str]]) -> str:
    """DEPS in the order that UD asks for: by head, an empty node right after its word, then by relation."""

    def place(item: tuple[str, str]) -> tuple[int, int, str]:
        word, _, node = item[0].partition(".")
        return int(word), int(node or 0), item[1]

    return "|".join(f"{head}:{relation}" for head, relation in sorted(deps, key=place)) or "_"


def set_in_misc(cell: str, name: str, value: str | None) -> str:
    """MISC `cell` with the attribute `name` set to `value`, or removed for None; all else stays as written."""
    parts = [] if cell == "_" else [part for part in cell.split("|") if part.partition("=")[0] != name]
    if value is not None:
        parts.append(f"{name}={value}")
    return "|".join(parts) or "_"


def get_from_misc(cell: str, name: str) -> str | None:
    """Value of the attribute `name` in a MISC `cell`, or None."""
    if name in cell:
        for part in cell.split("|"):
            key, eq, value = part.partition("=")
            if key == name and eq:
                return value
    return None


def comment_name(line: str) -> str:
    """The first word of a comment, such as ``newdoc``, which may have a value or not; empty if it has none."""
    return next(iter(line[1:].split(None, 1)), "")


def comment_key(line: str) -> str:
    """The key of the comment ``# key = value``; all of a comment without a value."""
    return line[1:].partition("=")[0].strip()
