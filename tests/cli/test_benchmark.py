"""``depparse benchmark``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from depparse.inference.pipeline import Pipeline
from tests.cli.conftest import Run
from tests.models import small_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    Pipeline(small_model()).save(tmp_path / "m")
    return tmp_path / "m"


def test_a_model_is_measured(run: Run, model: Path) -> None:
    result = run("benchmark", "m", "--words", "60", "--rounds", "1")
    assert (result.returncode, result.stderr) == (0, "")
    for expected in (
        "sentences of UD_English-Sample, repeated: ",
        "\nprocessor  ",
        "\nSpeed: 1 round, each in a new process\n",
        "\nwords/s, processor time ",
        "\nstart-up, clock s ",
        "\nfirst sentence ",
        "\nencoder ",
        "\ndependencies: decoding ",
    ):
        assert expected in result.stdout


def test_standard_input_is_measured_as_json(run: Run, model: Path) -> None:
    result = run(
        "benchmark", "m", "-", "--rounds", "1", "--without", "tagger,lemmatizer", "--json", input="Tom sees it."
    )
    measured = json.loads(result.stdout)
    assert (measured["text"], measured["without"], measured["threads"]) == ("standard input", "tagger,lemmatizer", 1)
    [only] = measured["rounds"]
    assert (only["words"], only["sentences"]) == (4, 1)
    assert "dependencies: network" in only["profile"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no such model folder, nor a model of that name"),
        (["m", "nowhere.txt"], "nowhere.txt: cannot be read: no such file or directory"),
        (["m", "."], "is a folder"),
        (["m", "x.conllu"], "x.conllu is conllu, but raw text is needed: depparse convert x.conllu --to text"),
        (["m", "letter.txt", "--words", "5"], "words are those of the built-in text"),
        (["m", "--rounds", "0"], "Invalid value for '--rounds'"),
        (["m", "--without", "parser", "--words", "9"], "there is no part parser to switch off"),
        (["m", "--device", "nothing", "--words", "9"], "the model cannot be put on the device 'nothing'"),
        (["m", "-"], "the text has no words, so there is nothing to measure"),
        (["m", "latin.txt"], "latin.txt:1: not UTF-8"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, run: Run, model: Path, tmp_path: Path) -> None:
    for name, content in (("x.conllu", b""), ("letter.txt", b"Hi."), ("latin.txt", b"caf\xe9")):
        (tmp_path / name).write_bytes(content)
    result = run("benchmark", *arguments, input=" \n")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.stderr
    assert message in result.stderr
