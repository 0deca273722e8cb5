"""The differences between two folders of golden outputs.

Everything is compared byte for byte, except probabilities and losses, which may differ by `TOLERANCE`. In text these
are the numbers after ``HeadProb=``, ``LabelProb=``, ``DepsProb=`` and ``tree_log_probability =``; in JSON, the numbers
under a key ``score``, ``loss``, ``losses`` or one with ``probabilit`` in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher, unified_diff
from itertools import zip_longest
from pathlib import Path

INDEX = "commands.json"  # tells which command made which file
MODEL_FOLDERS = "model-folders"  # holds models that may become those of tests/golden
TOLERANCE = 1e-4
_ROUNDED = 1e-9  # added to the tolerance, as floats of numbers with four decimals may lie a little more than it apart
_NUMBERS = re.compile(r"((?:Head|Label|Deps)Prob=|tree_log_probability = )([-\d.,e]+|-inf)")
_COLUMNS = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC".split()
_KEYS = ("score", "loss", "losses")  # and those with "probabilit" in them


def compare_folders(a: Path, b: Path) -> Iterator[str]:
    """The lines that tell the differences, file by file; there is at least one for each difference."""
    files = {side: _files(folder) for side, folder in (("a", a), ("b", b))}
    commands = json.loads((b / INDEX).read_text(encoding="utf-8")) if (b / INDEX).exists() else {}
    for name in sorted(files["a"] | files["b"]):
        if name not in files["a"] or name not in files["b"]:
            yield f"{name}: only in {a if name in files['a'] else b}"
            continue
        differences = list(compare_files(a / name, b / name))
        if differences:
            command = [f"  made by: {commands[key]}" for key in commands if name.startswith(f"{key}.")][:1]
            yield f"{name}: {len(differences)} difference{'s' if len(differences) > 1 else ''}"
            yield from command
            yield from (f"  {line}" for difference in differences for line in difference.splitlines())


def compare_files(a: Path, b: Path) -> Iterator[str]:
    """The differences between two files of the same kind, which the ending of the first tells."""
    texts = [path.read_bytes().decode("utf-8", "surrogateescape") for path in (a, b)]
    if texts[0] == texts[1]:
        return
    values = _parse(texts) if a.suffix == ".json" else None
    if values is not None:
        yield from compare_values(*values)
    else:
        yield from compare_texts(*texts, columns=a.suffix in (".conllu", ".conllup"))


def compare_texts(a: str, b: str, *, columns: bool = False) -> Iterator[str]:
    """The differences between two texts. With `columns`, CoNLL-U of equally many lines is compared cell by cell."""
    lines = a.split("\n"), b.split("\n")
    bare = tuple([_without_numbers(line) for line in side] for side in lines)
    if columns and len(lines[0]) == len(lines[1]):
        yield from _compare_cells(*lines)
        return
    yield from ("\n".join(hunk) for hunk in _hunks(*bare))
    for first, second, length in SequenceMatcher(None, *bare, autojunk=False).get_matching_blocks():
        for number in range(length):
            pair = lines[0][first + number], lines[1][second + number]
            if not alike(*pair):
                yield f"line {first + number + 1}: {pair[0]!r} | {pair[1]!r}"


def compare_values(a: object, b: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The differences between two values of JSON."""
    place = ".".join(path) or "all"
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            if key not in a or key not in b:
                yield f"{place}: {key!r} only in {'the first' if key in a else 'the second'}"
            else:
                yield from compare_values(a[key], b[key], (*path, key))
        if list(a) != list(b) and a.keys() == b.keys():
            yield f"{place}: the order of keys differs: {list(a)} | {list(b)}"
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield f"{place}: {len(a)} items | {len(b)} items"
        for number, (one, other) in enumerate(zip(a, b, strict=False)):
            yield from compare_values(one, other, (*path, str(number)))
    elif isinstance(a, str) and isinstance(b, str):
        if not alike(a, b):
            yield f"{place}: {a!r} | {b!r}"
    elif isinstance(a, float) and isinstance(b, float) and _is_tolerant(path):
        if not _close(a, b):
            yield f"{place}: {a} | {b}"
    elif type(a) is not type(b) or a != b:
        yield f"{place}: {a!r} | {b!r}"


def alike(a: str, b: str) -> bool:
    """Whether two texts are the same but for small differences of probabilities."""
    if a == b:
        return True
    if _without_numbers(a) != _without_numbers(b):
        return False
    numbers = [[_floats(match[2]) for match in _NUMBERS.finditer(text)] for text in (a, b)]
    return all(
        len(one) == len(other) and all(map(_close, one, other)) for one, other in zip(*numbers, strict=True)
    )  # fmt: skip


def _compare_cells(a: Sequence[str], b: Sequence[str]) -> Iterator[str]:
    sentence, names = "", _COLUMNS
    for number, (one, other) in enumerate(zip(a, b, strict=True), 1):
        if one.startswith("# sent_id"):
            sentence = one.partition("=")[2].strip()
        if one.startswith("# global.columns"):
            names = one.partition("=")[2].split()
        if alike(one, other):
            continue
        place, cells = f"line {number}, sentence {sentence}", (one.split("\t"), other.split("\t"))
        if len(cells[0]) == len(cells[1]) > 1:
            for name, left, right in zip_longest(names, *cells, fillvalue="more"):
                if not alike(left, right):
                    yield f"{place}, word {cells[0][0]} {cells[0][1]}, {name}: {left} | {right}"
        else:
            yield f"{place}: {one!r} | {other!r}"


def _hunks(a: Sequence[str], b: Sequence[str]) -> Iterator[list[str]]:
    """The parts of a unified diff."""
    hunk: list[str] = []
    for line in list(unified_diff(a, b, lineterm="", n=1))[2:]:
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


def _parse(texts: Sequence[str]) -> tuple[object, object] | None:
    try:
        return json.loads(texts[0]), json.loads(texts[1])
    except ValueError:
        return None


def _without_numbers(text: str) -> str:
    return _NUMBERS.sub(r"\1#", text)


def _floats(text: str) -> list[float]:
    return [float(number) for number in text.split(",") if number]


def _close(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= TOLERANCE + _ROUNDED


def _is_tolerant(path: Sequence[str]) -> bool:
    return any(key in _KEYS or "probabilit" in key for key in path)


def _files(folder: Path) -> set[str]:
    """The names of all output files; model folders and the index are left out."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if name != INDEX and not name.startswith(f"{MODEL_FOLDERS}/")}
