"""Mends what a check finds and what needs no judgement: line ends, order, NFC, blanks, missing sent_ids …

All else in a file stays byte for byte. A file is read as a stream, sentence by sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import BinaryIO

from depparse.document.columns import CONLLU_COLUMNS, NODE_ID, format_deps, parse_deps, set_in_misc
from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_input, open_output
from depparse.formats.conllu import parse_blocks
from depparse.treebanks.rules.cells import ONCE
from depparse.treebanks.rules.comments import KEY, SENT_ID
from depparse.treebanks.treebank import format_of, spell

_BOM = b"\xef\xbb\xbf"
_WITH_VALUE = re.compile(r"#\s*(sent_id|text)\s*=\s*(.*?)\s*")
_WITHOUT_VALUE = re.compile(r"#\s*(?:sent_id\s*=?|text\s*=)\s*")
_FIRST_ID = re.compile(r"1|1-[0-9]+|0\.1")
_KEPT = ("ID", "FORM")  # blanks and empty cells here are for people to judge
_REMEMBERED = 1 << 16  # cells of a column whose mended form is kept


@dataclass(frozen=True, slots=True)
class Change:
    """The lines of a sentence and the empty lines around it, before and after; `line` is the number of the first."""

    line: int
    old: list[str]
    new: list[str]


@dataclass(slots=True)
class Fix:
    """A file that is mended while it is read: iterate over its sentences, changed or not."""

    path: PathLike
    lines: int = 0  # lines that were changed, removed or added
    line_ends: int = 0  # lines that ended in a carriage return or not at all; and the byte order mark

    _cells: dict[str, dict[str, str]] = field(default_factory=dict)
    _names: tuple[str, ...] = CONLLU_COLUMNS

    def __iter__(self) -> Iterator[Change]:
        if format_of(self.path) not in ("conllu", "conllup") or name_of(self.path) != str(self.path):
            raise FormatError("--fix mends files in CoNLL-U", path=name_of(self.path))
        self.lines = self.line_ends = 0
        sent_ids = _SentIds(self.path)
        self._names = CONLLU_COLUMNS
        for change in self._sentences():
            filled = [number for number, line in enumerate(change.old) if line.strip()]
            lines = change.old[filled[0] : filled[-1] + 1] if filled else []
            new = self._mended(lines, self._names, sent_ids)
            if new != change.old:
                self.lines += changed_lines(Change(change.line, change.old, new))
            yield Change(change.line, change.old, new)

    def _sentences(self) -> Iterator[Change]:
        """The lines of each sentence with the empty lines behind it; lines before the first belong to it."""
        old: list[str] = []
        first = 1
        with open_input(self.path) as stream:
            for number, raw in enumerate(_raw_lines(stream), 1):
                if number == 1 and raw.startswith(_BOM):
                    raw, self.line_ends = raw[len(_BOM) :], 1
                text = raw.rstrip(b"\r\n")
                if raw != text + b"\n":
                    self.line_ends += 1
                try:
                    line = text.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise FormatError(f"not UTF-8 ({error.reason})", path=name_of(self.path), line=number) from None
                if number == 1 and line.startswith("# global.columns"):
                    self._names = tuple(line.partition("=")[2].split())
                if line.strip() and _is_complete(old, line, self._names):
                    yield Change(first, old, [])
                    old, first = [], number
                old.append(line)
        if old:
            yield Change(first, old, [])

    def _mended(self, lines: list[str], names: tuple[str, ...], sent_ids: _SentIds) -> list[str]:
        if not lines:
            return []
        lines = [line if line.isascii() else unicodedata.normalize("NFC", line) for line in lines]
        start = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        comments = list(map(_mend_comment, lines[:start]))
        rows = [line.split("\t") if line.strip() else [line] for line in lines[start:]]
        if not rows:
            return [*comments, ""]
        whole = all(map(str.strip, lines)) and all(len(row) == len(names) for row in rows)
        for row in rows:
            if len(row) == len(names):
                row[:] = map(self._cell, names, row)
        if whole and "ID" in names:
            _mend_rows(rows, names)
        mended = ["\t".join(row) for row in rows]
        keys = [_key(line) for line in comments if not _WITHOUT_VALUE.fullmatch(line)]
        comments = [line for line in comments if not (_WITHOUT_VALUE.fullmatch(line) and _key(line) in keys)]
        begins = whole and _begins_sentence(mended[0], names)
        if begins and "sent_id" not in keys:
            place = next((n for n, line in enumerate(comments) if _key(line) == "text"), len(comments))
            comments = _with_comment(comments, "sent_id", sent_ids.next(), place)
        else:
            sent_ids.number += 1
        if begins and "text" not in keys and (text := _spelled(mended, names)):
            comments = _with_comment(comments, "text", text, len(comments))
        return [*comments, *mended, ""]

    def _cell(self, name: str, cell: str) -> str:
        known = self._cells.setdefault(name, {})
        mended = known.get(cell)
        if mended is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            mended = known[cell] = _mend_cell(name, cell)
        return mended


def changed_lines(change: Change) -> int:
    """How many lines were changed, removed or added."""
    codes = SequenceMatcher(None, change.old, change.new, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in codes if tag != "equal")


def difference(change: Change, context: int = 2) -> Iterator[str]:
    """The lines of a unified diff of one sentence, with so many equal lines around what is changed."""
    if change.old == change.new:
        return
    matcher = SequenceMatcher(None, change.old, change.new, autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        _, a, _, c, _ = group[0]
        _, _, b, _, d = group[-1]
        yield f"@@ -{change.line + a},{b - a} +{d - c} @@"
        for tag, i, j, k, m in group:
            if tag == "equal":
                yield from (" " + line for line in change.old[i:j])
            else:
                yield from ("-" + line for line in change.old[i:j])
                yield from ("+" + line for line in change.new[k:m])


def write_fixed(path: PathLike, output: PathLike) -> Fix:
    """Writes the mended file to `output`, which may be `path`; it appears when it is complete. Raises FormatError."""
    fix = Fix(path)
    with open_output(output) as out:
        for change in fix:
            out.writelines(line + "\n" for line in change.new)
    return fix


class _SentIds:
    """Names for sentences without one: the name of the file and the number of the sentence, unless it is taken."""

    def __init__(self, path: PathLike) -> None:
        self.number = 0
        self._stem = re.sub(r"\s", "_", name_of(path).replace("\\", "/").rpartition("/")[2].partition(".")[0])
        with open_input(path) as stream:
            raw_lines = (raw.removeprefix(_BOM) for raw in _raw_lines(stream))
            lines = (raw.decode("utf-8", "replace").rstrip() for raw in raw_lines if raw.startswith(b"#"))
            self._taken = {found[1] for line in lines if (found := SENT_ID.fullmatch(line))}

    def next(self) -> str:
        """The name of the next sentence."""
        self.number += 1
        name = f"{self._stem}-{self.number}"
        while name in self._taken:
            name += "x"
        self._taken.add(name)
        return name


def _raw_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of the file. If it has no line feed at all, its lines end in carriage returns."""
    for number, raw in enumerate(stream):
        if number == 0 and not raw.endswith(b"\n"):
            yield from raw.splitlines(keepends=True)
        else:
            yield raw


def _is_complete(lines: list[str], following: str, names: tuple[str, ...]) -> bool:
    """Whether the empty lines at the end of `lines`, if any, divide a sentence from the line that follows.

    A line of blanks divides only where a sentence ends before it and another begins behind it.
    """
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if end in (0, len(lines)):
        return False
    if "" in lines[end:]:
        return True
    return not lines[end - 1].startswith("#") and (following.startswith("#") or _begins_sentence(following, names))


def _begins_sentence(row: str, names: tuple[str, ...]) -> bool:
    """Whether the line of a word or token can be the first of a sentence; without IDs, each can."""
    cells = row.split("\t")
    place = names.index("ID") if "ID" in names else None
    return place is None or (place < len(cells) and bool(_FIRST_ID.fullmatch(cells[place])))


def _key(line: str) -> str | None:
    """``sent_id`` or ``text``, if the comment is one of these, well-formed or not."""
    found = KEY.match(line)
    key = found and (found[1] or found[2])
    return key if key in ("sent_id", "text") else None


def _with_comment(comments: list[str], key: str, value: str, place: int) -> list[str]:
    """The comments with a further one, in place of those of its key, which are all empty, or else at `place`."""
    place = next((number for number, line in enumerate(comments) if _key(line) == key), place)
    return [*comments[:place], f"# {key} = {value}", *(line for line in comments[place:] if _key(line) != key)]


def _mend_comment(line: str) -> str:
    if found := _WITH_VALUE.fullmatch(line):
        return f"# {found[1]} = {found[2]}" if found[2] else line
    found = KEY.match(line)
    return f"# {found[3]}{line[found.end() :]}".rstrip() if found and found[3] else line


def _mend_cell(name: str, cell: str) -> str:
    mend = _MENDED.get(name)
    before = None
    while name not in _KEPT and cell != before:  # a blank within the cell may stand at its end once parts are sorted
        before = cell
        cell = re.sub(r"(?<=\s)\s+", "", cell.strip())
        cell = (mend(cell) if mend and cell != "_" else cell) or "_"
    return cell


def _mend_feats(cell: str) -> str:
    parts = list(dict.fromkeys(cell.split("|")))
    if not all(part.partition("=")[2] for part in parts):
        return cell
    pairs = [(name, values) for name, _, values in (part.partition("=") for part in parts)]
    pairs.sort(key=lambda pair: pair[0].lower())
    return "|".join(f"{name}={_sorted_values(values)}" for name, values in pairs)


def _sorted_values(values: str) -> str:
    return ",".join(sorted(dict.fromkeys(values.split(",")), key=str.lower)) if "," in values else values


def _mend_deps(cell: str) -> str:
    edges = list(dict.fromkeys(parse_deps(cell)))
    if not all(NODE_ID.fullmatch(head) and relation for head, relation in edges):
        return cell
    return format_deps(edges)


def _mend_misc(cell: str) -> str:
    seen: set[str] = set()
    parts = []
    for part in cell.split("|"):
        if part in ("", "="):
            continue
        if part not in seen or part.partition("=")[0] not in ONCE:
            parts.append(part)
        seen.add(part)
    return "|".join(parts)


_MENDED: dict[str, Callable[[str], str]] = {"FEATS": _mend_feats, "DEPS": _mend_deps, "MISC": _mend_misc}


def _mend_rows(rows: list[list[str]], names: tuple[str, ...]) -> None:
    """Removes what lines say that have no space after them, and edges of empty nodes that DEPS repeats."""
    place = {name: number for number, name in enumerate(names)}
    inside = 0  # the last word of the multiword token
    for row in rows:
        first, dash, last = row[place["ID"]].partition("-")
        if dash:
            inside = int(last) if last.isdigit() else inside
            continue
        node = "." in first
        if "MISC" in place and (node or (first.isdigit() and int(first) <= inside)):
            misc = row[place["MISC"]]
            if "SpaceAfter=No" in misc.split("|"):
                row[place["MISC"]] = _mend_cell("MISC", set_in_misc(misc, "SpaceAfter", None))
        if node and {"HEAD", "DEPREL", "DEPS"} <= place.keys():
            head, relation = row[place["HEAD"]], row[place["DEPREL"]]
            if f"{head}:{relation}" in row[place["DEPS"]].split("|"):
                row[place["HEAD"]] = row[place["DEPREL"]] = "_"


def _spelled(rows: list[str], names: tuple[str, ...]) -> str:
    """The text that the tokens spell; empty if they cannot be read."""
    try:
        return next((spell(sentence)[0] for sentence in parse_blocks([(1, "\n".join(rows))], names, "")), "")
    except FormatError:
        return ""
