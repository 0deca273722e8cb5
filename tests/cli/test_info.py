"""``depparse info`` describes a model from its folder alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from depparse.files import hash_file
from depparse.model_folder.facts import DataFile, Facts
from depparse.model_folder.find import FACTS as FACTS_FILE
from depparse.model_folder.find import FILES
from depparse.model_folder.store import save
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.passages import Passage
from depparse.text.spacing import RawToken
from tests.cli.conftest import Run
from tests.conftest import ROOT
from tests.models import FACTS, small_model
from tests.packages import install


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save(small_model(), tmp_path / "run" / "model", FACTS)
    return tmp_path / "run" / "model"


def test_a_model_and_a_run_are_described(model: Path, run: Run) -> None:
    text = run("info", model).stdout
    for expected in (
        "Swedish",
        "linear recurrent: layers 2, width 32",
        "CC0 1.0",
        "88.12",
        "as they were saved\n",
    ):
        assert expected in text
    assert "85.43" not in text  # the score of raw text, of a segmenter that the folder does not have
    rows = {line.split()[0]: line for line in text.splitlines() if line}
    assert "UPOS, XPOS, FEATS" in rows["tagger"]
    assert "HEAD, DEPREL" in rows["dependencies"]
    assert run("info", model.parent).stdout == text


def test_treebanks_are_named_as_a_user_can_ask_for_them(tmp_path: Path, run: Run) -> None:
    data = DataFile(split="train", file="th_tud-ud-train.conllu", sha256="0", treebank="UD_Thai-TUD", licence="CC0 1.0")
    save(small_model(treebanks=("UD_Thai-TUD", "own")), tmp_path / "m", Facts(data=(data,)))
    assert json.loads(run("info", tmp_path / "m", "--json").stdout)["treebanks"] == ["UD_Thai-TUD", "own"]
    rows = {line.split()[0]: line.split() for line in run("info", tmp_path / "m").stdout.splitlines() if line}
    assert rows["UD_Thai-TUD"] == ["UD_Thai-TUD", "Thai", "th", "CC0", "1.0"]
    assert rows["own"] == ["own", "not", "stated"]
    # Those of a segmenter alone are its own.
    passages = [Passage("Go.", [RawToken(0, 2), RawToken(2, 3, (), True)], 2, source) for source in range(2)]
    learner = SegmenterLearner.build(SegmenterConfig(min_count=1), passages, ["UD_Thai-TUD", "UD_Irish-IDT"])
    save(None, tmp_path / "s", segmenter=learner.segmenter)
    assert "UD_Irish-IDT" in run("info", tmp_path / "s").stdout


def test_json_has_all_facts(model: Path, run: Run) -> None:
    description = json.loads(run("info", model, "--json").stdout)
    network = small_model()
    assert description["parameters"] == sum(parameter.numel() for parameter in network.parameters())
    assert description["types"] == {"F32": description["parameters"]}
    assert description["tasks"]["lemmatizer"]["columns"] == ["LEMMA"]
    tags = description["tasks"]["tagger"]["labels"]
    assert tags["UPOS"] == len({"PROPN", "AUX", "PART", "VERB", "NUM", "NOUN", "PUNCT", "PRON"})
    assert description["scores"] == [{"data": "dev", "source": "words", "UPOS": 97.0, "LAS": 88.12}]
    assert description["scores_as_packed"] is False
    assert description["languages"] == ["Swedish"]
    assert (description["data"][0]["file"], description["data"][0]["licence"]) == ("sv_test-ud-train.conllu", "CC0 1.0")
    assert description["card_as_saved"] is True
    assert description["size"] == sum(path.stat().st_size for path in model.iterdir())


def test_without_a_model_those_with_a_name_are_listed(
    model: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    install(site, "depparse-model-sv", "[depparse.models]\nsv = sv_package\nen = sv_package\ngone = gone_package\n")
    languages = ("Swedish", "Irish", "Welsh", "Thai", "Korean")
    data = tuple(DataFile(split="train", file=name, sha256="0", language=name) for name in languages)
    save(small_model(), site / "sv_package", Facts(licence="MIT", data=data))
    monkeypatch.setenv("PYTHONPATH", f"{site}:{ROOT}")
    result = run("info")
    assert result.returncode == 0
    rows = [line.split(maxsplit=3) for line in result.stdout.splitlines()]
    assert [row[:2] for row in rows[1:3]] == [["name", "package"], ["en", "depparse"]]
    assert "English  Apache-2.0 AND CC-BY-SA-4.0  34.5" in result.stdout
    assert [row[:3] for row in rows[-2:]] == [["gone", "depparse-model-sv", "1.0"], ["sv", "depparse-model-sv", "1.0"]]
    assert re.search(r"Swedish, Irish, Welsh and 2 more +MIT +0\.\d", result.stdout)
    assert result.stderr == (
        "note: gone: the package depparse-model-sv offers this model, but there is none in gone_package; install the "
        "package again\n"
    )
    items = {item["name"]: item for item in json.loads(run("info", "--json").stdout)}
    assert (Path(items["en"]["folder"]).name, items["gone"]["error"]) == ("en", result.stderr[6:-1])
    assert (items["sv"]["folder"], items["sv"]["languages"]) == (str(site / "sv_package"), list(languages))
    assert "MIT" in run("info", "sv").stdout


def test_weights_in_bytes_are_described(model: Path, run: Run) -> None:
    in_floats = json.loads(run("info", model, "--json").stdout)
    save(small_model(), model, FACTS.model_copy(update={"licence": "CC0-1.0"}), weights="int8")
    in_bytes = json.loads(run("info", model, "--json").stdout)
    assert (in_floats["weights"], in_bytes["weights"], in_bytes["licences"]) == ("float32", "int8", ["CC0-1.0"])
    assert in_bytes["parameters"] == in_floats["parameters"] == sum(in_bytes["types"].values())
    assert set(in_bytes["types"]) == {"F16", "I8"}
    assert {name: task["parameters"] for name, task in in_bytes["tasks"].items()} == {
        name: task["parameters"] for name, task in in_floats["tasks"].items()
    }
    text = run("info", model).stdout
    assert f"I8 {in_bytes['types']['I8']:,}" in text
    assert "licence" in text


def test_a_model_without_a_card_is_described(model: Path, run: Run) -> None:
    (model / "README.md").unlink()
    result = run("info", model)
    assert result.returncode == 0
    assert "but the card was changed or removed" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", "{}", "damaged: config.json is not the file that was saved"),
        ("model.safetensors", None, "not a depparse model: model.safetensors missing"),
        ("manifest.json", "[]", "its JSON is no object"),
        ("manifest.json", "{}", "damaged: config.json"),
        ("manifest.json", "x", "not JSON"),
    ],
)
def test_damaged_and_foreign_folders_are_one_line(
    name: str, content: str | None, message: str, model: Path, run: Run
) -> None:
    if content is None:
        (model / name).unlink()
    else:
        (model / name).write_text(content, encoding="utf-8")
    result = run("info", model)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr


def test_whole_files_that_are_no_model_are_one_line(model: Path, run: Run) -> None:
    """Another program could write such files: their hashes are right, and their content is not."""

    def write(name: str, content: str) -> None:
        (model / name).write_text(content, encoding="utf-8")
        hashes = {name: hash_file(model / name) for name in (*FILES, FACTS_FILE)}
        (model / "manifest.json").write_text(json.dumps(hashes), encoding="utf-8")

    for content, message in (
        ('{"format": 1, "licence": 5}', "facts.json: the key licence: input should be a valid string, not 5"),
        ('{"format": 2}', "facts.json: the key format: input should be 1, not 2"),
        ('{"model": ' * 500 + "{}" + "}" * 500, "models within models, more than 20 deep"),
    ):
        write("facts.json", content)
        assert message in run("info", model).stderr
    write("model.safetensors", "short")
    assert "not a model that this version knows" in run("info", model).stderr
    write("config.json", '{"format": 1, "model": {}}')
    assert "not a model that this version knows" in run("info", model).stderr
    write("config.json", '{"format": 7}')
    assert "format 7, but this version reads 1, 2, 3; update depparse" in run("info", model).stderr
    assert "no such model folder" in run("info", "nowhere").stderr


def test_a_description_needs_no_torch(model: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from depparse.model_folder.description import describe\n"
        f"describe(Path({str(model)!r})); print({{'torch', 'numpy'}} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_a_foreign_folder_moves_no_cursor(tmp_path: Path, run: Run) -> None:
    evil = "MIT\x1b[2J\x1b]0;x\x07"
    data = DataFile(split="train", file=evil, sha256="0", licence=evil, language=evil)
    save(small_model(), tmp_path / "m", Facts(licence=evil, data=(data,)))
    result = run("info", tmp_path / "m")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout
    assert "MIT\ufffd[2J" in result.stdout
