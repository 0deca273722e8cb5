"""The official validator of UD, run as a program beside the check, and compared with it sentence by sentence.

It is no part of depparse: `udvalidate` is looked for among the installed programs, and nothing of it is imported.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from depparse.errors import ConfigError
from depparse.files import name_of
from depparse.treebanks.findings import Finding
from depparse.treebanks.treebank import format_of

PROGRAM = "udvalidate"
_INCIDENT = re.compile(r"\[(?:File \S+ )?Line (\d+)(?: .*?)?\]: \[L(\d) (\w+) ([\w-]+)\]")
_SUMMARY = re.compile(r"^\*\*\* (?:PASSED|FAILED) \*\*\*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the official validator and the check found in one file, in sentences (from 1) by level.

    Only errors are compared at levels 1 and 2, and errors against warnings at level 3. `both`, `ours` and `theirs` map
    levels to sentences that both have, only the check has, and only the validator has. `codes` are those of `theirs`.
    """

    file: str
    both: dict[int, list[int]]
    ours: dict[int, list[int]]
    theirs: dict[int, list[int]]
    codes: tuple[str, ...]


def find_program() -> str:
    """The path of the official validator. Raises ConfigError with the command that installs it."""
    beside = Path(sys.executable).with_name(PROGRAM)
    found = str(beside) if beside.is_file() else shutil.which(PROGRAM)
    if found is None:
        raise ConfigError(f"--official runs the program {PROGRAM}, which is not installed; pip install udtools (GPL)")
    return found


def require_conllu(file: Path) -> None:
    """Raises ConfigError unless it is a file in CoNLL-U, packed by gzip or not, as the official validator needs."""
    if format_of(file) != "conllu" or str(file) == "-" or not file.is_file():
        raise ConfigError(f"--official takes files in CoNLL-U (.conllu or .conllu.gz), not {name_of(file)}")


def compare(file: Path, findings: Sequence[Finding], level: int) -> Comparison:
    """Runs the official validator on a file of CoNLL-U, with the rules for all languages, and compares the findings.

    `findings` are those of `check` for this file alone with all their places. Raises ConfigError if it is not in
    CoNLL-U, or if the program is not installed or does not end as it should.
    """
    require_conllu(file)
    with tempfile.TemporaryDirectory() as folder:
        whole = file
        if file.suffix == ".gz":  # which the validator does not read
            whole = Path(folder, file.stem)
            with gzip.open(file) as packed, open(whole, "wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
        output = _run(whole, level)
        sentence_of = _sentences(whole)
    if not _SUMMARY.search(output):
        last = output.strip().rpartition("\n")[2]
        raise ConfigError(f"{PROGRAM} did not finish {file.name}: {last or 'it said nothing'}")
    theirs: dict[int, set[int]] = {number: set() for number in range(1, level + 1)}
    ours: dict[int, set[int]] = {number: set() for number in range(1, level + 1)}
    codes: dict[tuple[int, int], set[str]] = {}
    for line, at, kind, code in _INCIDENT.findall(output):
        if kind != "WARNING":
            sentence = sentence_of[min(int(line), len(sentence_of)) - 1]
            theirs[int(at)].add(sentence)
            codes.setdefault((int(at), sentence), set()).add(code)
    for finding in findings:
        if finding.level is not None and finding.severity != "note":
            for place in finding.places:
                line = place.rpartition(":")[2]
                number = int(line) if line.isdigit() else len(sentence_of)
                ours[finding.level].add(sentence_of[min(number, len(sentence_of)) - 1])
    only = {at: sorted(theirs[at] - ours[at]) for at in theirs}
    return Comparison(
        file.name,
        {at: sorted(theirs[at] & ours[at]) for at in theirs},
        {at: sorted(ours[at] - theirs[at]) for at in theirs},
        only,
        tuple(sorted({code for at, found in only.items() for number in found for code in codes[at, number]})),
    )


def _run(file: Path, level: int) -> str:
    """All that the official validator says of a file."""
    command = [find_program(), "--lang", "ud", "--level", str(level), "--max-err", "0", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    return result.stdout + result.stderr


def _sentences(file: Path) -> list[int]:
    """The number of the sentence of each line; an empty line belongs to the one before it."""
    numbers: list[int] = []
    number, ended = 1, False
    with open(file, "rb") as stream:
        for line in stream:
            blank = not line.strip()
            number += ended and not blank
            ended = blank and bool(numbers)
            numbers.append(number)
    return numbers or [1]
