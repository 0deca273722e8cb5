"""Control characters of foreign files: no command passes them to a terminal, and none changes data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from depparse.printable import clean
from tests.cli.conftest import Run, on_a_terminal

EVIL = "\x1b]0;evil\x07\x1b[2J\x9b31m\u202e"


def sentence_of(column: int, value: str, name: str = "s") -> str:
    cells = ["1", "a", "a", "X", "_", "_", "0", "root", "_", "_"]
    cells[column] = value
    return f"# sent_id = {name}\n" + "\t".join(cells) + "\n\n"


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    path = tmp_path / "evil.conllu"
    sentences = [sentence_of(7, f"root:{EVIL}", EVIL), sentence_of(3, EVIL, "t"), sentence_of(6, "1", EVIL)]
    path.write_text("".join(sentences), encoding="utf-8")
    return path


COMMANDS = [
    ["corpora", "check", "FILE"],
    ["corpora", "check", "FILE", "--json"],
    ["corpora", "stats", "FILE"],
    ["show", "FILE"],
    ["evaluate", "FILE", "FILE", "--by", "deprel"],
    ["evaluate", "FILE", "FILE", "--by", "upos", "--json"],
    ["convert", "FILE", "--to", "conllu", "--join", "FILE"],
    ["parse", "FILE", "--model", "no/such\x1b[2J"],
    ["train", "demo", "--train", "FILE", "--output", "OUT", "--set", "training.epochs=\x1b[2J"],
    ["info", "FILE\x1b[2J"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_no_command_passes_escapes_to_standard_error(command: list[str], evil: Path, run: Run, tmp_path: Path) -> None:
    result = run(*(part.replace("FILE", str(evil)).replace("OUT", str(tmp_path / "out")) for part in command))
    shown = result.stderr if command[0] == "convert" else result.stdout + result.stderr
    assert clean(shown, kept="\n") == shown
    assert shown


@pytest.mark.parametrize(
    ("command", "code"), [(["convert", "FILE", "--to", "conllu"], 0), (["corpora", "check", "FILE"], 1)]
)
def test_no_command_passes_escapes_to_a_terminal(command: list[str], code: int, evil: Path) -> None:
    output = on_a_terminal(*(part.replace("FILE", str(evil)) for part in command), code=code)
    shown = re.sub(r"\x1b\[[\d;]*m", "", output)  # styles of our own
    assert "evil" in shown
    assert not re.search("[\x1b\x07\x9b\u202e]", shown)


def test_data_is_not_changed_in_a_pipe(evil: Path, run: Run) -> None:
    result = run("convert", str(evil), "--to", "conllu")
    assert EVIL in result.stdout


def test_json_is_the_same_data(run: Run, evil: Path) -> None:
    result = run("corpora", "check", str(evil), "--json")
    assert clean(result.stdout, kept="\n") == result.stdout
    assert any("evil" in finding["message"] for finding in json.loads(result.stdout)[0]["findings"])
