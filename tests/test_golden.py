"""Model folders of old formats analyse as when they were new; benchmarks/golden.py says all that differs."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import depparse
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "golden" / "format2"
NAMES = ("joint", "nested", "roles", "segmenter", "treebanks")
CONLLU = """\
# sent_id = s1
1	Anna	Anna	PROPN	_	_	2	nsubj	_	HeadProb=0.9000|LabelProb=0.5000
2	left	leave	VERB	_	_	0	root	_	DepsProb=0.1000,0.2000

"""


@pytest.fixture(scope="module", autouse=True)
def scripts() -> Iterator[None]:
    """Scripts of benchmarks/ can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield


@pytest.fixture(scope="module")
def comparison() -> ModuleType:
    """benchmarks/golden_comparison.py"""
    return importlib.import_module("golden_comparison")


def config(name: str) -> dict[str, Any]:
    """The content of the folder's ``config.json``."""
    content: dict[str, Any] = json.loads((FOLDER / name / "config.json").read_text(encoding="utf-8"))
    return content


# -- folders


def test_together_the_folders_have_parts_of_all_sorts() -> None:
    assert sorted(path.parent.name for path in FOLDER.glob("*/config.json")) == sorted(NAMES)
    configs = [config(name) for name in NAMES]
    assert {content["format"] for content in configs} == {2}
    assert {content["weights"] for content in configs} == {"float32", "float16", "int8"}
    assert sum(content["segmenter"] is not None for content in configs) == 3
    models = [content["model"] for content in configs if content["model"] is not None]
    inputs = [part for model in models for part in model["encoder"]["inputs"]]
    contexts = [model["encoder"]["context"] or {"type": "none"} for model in models]
    tasks = [task for model in models for task in model["tasks"].values()]
    assert {(part["type"], part.get("kind"), part.get("frozen"), part.get("mix")) for part in inputs} == {
        ("words", None, None, None),
        ("characters", "cnn", None, None),
        ("characters", "bilstm", None, None),
        ("vectors", None, True, None),
        ("vectors", None, False, None),
        ("transformer", None, False, "shared"),
        ("transformer", None, False, "task"),
        ("treebank", None, None, None),
    }
    assert {(context["type"], context.get("cell")) for context in contexts} == {
        ("none", None), ("linear_recurrent", None), ("bilstm", "lstm"), ("bilstm", "gru"),
    }  # fmt: skip
    assert {task["type"] for task in tasks} == {
        "tagger", "lemmatizer", "dependencies", "enhanced", "ner", "nested_ner", "srl"
    }  # fmt: skip
    assert {task["syntax"]["type"] for task in tasks if task.get("syntax")} == {"gcn", "dglstm"}
    assert {task["decoder"] for task in tasks if task["type"] == "srl"} == {"spans", "arcs"}
    assert any(task.get("paths") for task in tasks)
    assert any(task.get("projective") for task in tasks)
    assert any(task.get("language") for task in tasks)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_analyses_as_when_it_was_new(
    name: str, comparison: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPPARSE_RUNTIME", "torch")  # which computed the probabilities, to the last digit
    models = importlib.import_module("golden_models")
    for kind, actual in models.tried(FOLDER / name, FOLDER).items():
        expected = (FOLDER / f"{name}.{kind}").read_text(encoding="utf-8")
        if kind.endswith(".json"):
            differences = comparison.compare_values(json.loads(expected), json.loads(actual))
        else:
            differences = comparison.compare_texts(expected, actual, columns=True)
        assert list(differences) == [], kind


def test_recorded_analyses_are_not_empty() -> None:
    """Otherwise nothing would be compared."""
    texts = {name: (FOLDER / f"{name}.words.conllu").read_text(encoding="utf-8") for name in NAMES}
    spans = {name: json.loads((FOLDER / f"{name}.spans.json").read_text(encoding="utf-8")) for name in NAMES}
    for name in ("joint", "nested", "roles", "treebanks"):
        assert texts[name].count("HeadProb=0.") > 20
    assert "DepsProb=" in texts["joint"]
    for name in ("joint", "nested", "treebanks"):
        assert any(sentence["ents"] for sentence in spans[name]), name
    for name in ("joint", "roles"):
        assert any(frame["arguments"] for sentence in spans[name] for frame in sentence["frames"]), name
    for name in ("joint", "treebanks"):  # multiword tokens
        assert re.search(r"(?m)^\d+-\d+\t", (FOLDER / f"{name}.text.conllu").read_text(encoding="utf-8")), name


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_described(name: str, tmp_path: Path) -> None:
    recording = importlib.import_module("golden_recording")
    code, text, errors = recording.run(["info", str(FOLDER / name)], b"", tmp_path)
    assert (code, errors) == (0, "")
    assert "as they were saved\n" in text
    assert "none: made before folders had facts" in text  # the card has the facts, for people
    code, text, errors = recording.run(["info", str(FOLDER / name), "--json"], b"", tmp_path)
    assert (code, errors) == (0, "")
    description = json.loads(text)
    model = config(name)["model"] or {"tasks": {}}
    assert {key: task["type"] for key, task in description["tasks"].items()} == {
        key: task["type"] for key, task in model["tasks"].items()
    }
    assert description["parameters"] > 1000
    assert description["data"] == description["scores"] == []


def test_the_folders_are_small_and_name_no_machine() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    for path in files:
        if path.name in ("README.md", "config.json", "manifest.json"):
            assert re.findall(r"(?:^|[\s\"'`=(])/\w\S*", path.read_text(encoding="utf-8")) == [], path


# -- the comparison


def changed(comparison: ModuleType, old: str, new: str) -> list[str]:
    """The differences that the change makes to a text in CoNLL-U."""
    assert old in CONLLU
    return list(comparison.compare_texts(CONLLU, CONLLU.replace(old, new), columns=True))


def test_columns_are_compared_exactly_and_probabilities_nearly(comparison: ModuleType) -> None:
    for old, new in (("0.9000", "0.9001"), ("0.5000", "0.4999"), ("0.1000,0.2000", "0.1001,0.1999")):
        assert changed(comparison, old, new) == []
    assert changed(comparison, "0.9000", "0.9002") == [
        "line 2, sentence s1, word 1 Anna, MISC: HeadProb=0.9000|LabelProb=0.5000 | HeadProb=0.9002|LabelProb=0.5000"
    ]
    assert changed(comparison, "\tleave\t", "\tLeave\t") == ["line 3, sentence s1, word 2 left, LEMMA: leave | Leave"]
    assert changed(comparison, "# sent_id = s1", "# sent_id = s2") == [
        "line 1, sentence s1: '# sent_id = s1' | '# sent_id = s2'"
    ]
    assert len(changed(comparison, "0.1000,0.2000", "0.1000")) == 1
    assert len(changed(comparison, "|LabelProb=0.5000", "")) == 1
    assert len(changed(comparison, "HeadProb=0.9000", "Headprob=0.9000")) == 1
    assert len(changed(comparison, "HeadProb=0.9000", "HeadProb=0.900")) == 0
    (hunk,) = changed(comparison, "\n\n", "\n3\tx\n\n")
    assert hunk.splitlines()[-2:] == ["+3\tx", " "]


def test_values_are_compared_by_their_keys(comparison: ModuleType) -> None:
    value = {
        "score": 0.5,
        "losses": {"a": 1.0},
        "f1": 0.5,
        "n": 1,
        "text": "# tree_log_probability = -1.5",
        "x": [1, 2],
    }

    def differences(**other: object) -> list[str]:
        return list(comparison.compare_values(value, value | other))

    assert differences(score=0.50005, losses={"a": 1.0001}, text="# tree_log_probability = -1.5001") == []
    assert differences(score=0.51) == ["score: 0.5 | 0.51"]
    assert differences(losses={"a": 1.1, "b": 1.0}) == ["losses.a: 1.0 | 1.1", "losses: 'b' only in the second"]
    assert differences(f1=0.50005) == ["f1: 0.5 | 0.50005"]
    assert differences(n=1.0) == ["n: 1 | 1.0"]
    assert differences(text="# tree_log_probability = -1.6") == [
        "text: '# tree_log_probability = -1.5' | '# tree_log_probability = -1.6'"
    ]
    assert differences(x=[1, 3, 4]) == ["x: 2 items | 3 items", "x.1: 2 | 3"]
    assert list(comparison.compare_values({"a": 1, "b": 2}, {"b": 2, "a": 1})) == [
        "all: the order of keys differs: ['a', 'b'] | ['b', 'a']"
    ]


def test_folders_are_compared_file_by_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = importlib.import_module("golden")
    a, b = tmp_path / "a", tmp_path / "b"
    for folder in (a, b):
        (folder / "x").mkdir(parents=True)
        (folder / "x" / "tree.conllu").write_text(CONLLU)
        (folder / "x" / "scores.json").write_text('{"LAS": 0.5}')
        (folder / "x" / "same.txt").write_text("one\ntwo\n")
        (folder / "commands.json").write_text('{"x/tree": "depparse parse x", "x/t": "depparse train"}')
    (a / "model-folders").mkdir()
    (a / "model-folders" / "any").write_text("")

    def compare() -> tuple[object, list[str]]:
        monkeypatch.setattr(sys, "argv", ["golden.py", "compare", str(a), str(b)])
        with pytest.raises(SystemExit) as stop:
            golden.main()
        return stop.value.code, capsys.readouterr().out.splitlines()

    assert compare() == (0, ["no difference"])
    (b / "x" / "tree.conllu").write_text(CONLLU.replace("VERB", "NOUN"))
    (b / "x" / "scores.json").write_text('{"LAS": 0.6}')
    (b / "x" / "same.txt").write_text("one\nthree\n")
    (a / "x" / "old.txt").write_text("")
    (b / "new.txt").write_text("")
    assert compare() == (1, [
        f"new.txt: only in {b}",
        f"x/old.txt: only in {a}",
        "x/same.txt: 1 difference",
        "  @@ -1,3 +1,3 @@", "   one", "  -two", "  +three", "   ",
        "x/scores.json: 1 difference",
        "  LAS: 0.5 | 0.6",
        "x/tree.conllu: 1 difference",
        "  made by: depparse parse x",
        "  line 3, sentence s1, word 2 left, UPOS: VERB | NOUN",
    ])  # fmt: skip


def test_output_of_commands_is_recorded_without_paths_of_the_machine(tmp_path: Path) -> None:
    recording = importlib.import_module("golden_recording")
    with recording.scratch() as work:
        recorder = recording.Recorder(tmp_path / "made", work)
        sample = "corpora/samples/UD_English-Sample"
        recorder.command("samples", "corpora", "list", "--samples")
        recorder.command("version", "--version")
        recorder.command("stats", "corpora", "stats", sample, "--json")
        recorder.command("broken", "convert", "-", "--from", "conllu", "--to", "conllu", input="1\ta\n\n")
        recorder.command("note", "info", work / "nothing")
        recorder.command("file", "convert", f"{sample}/en_sample-ud-dev.conllu", "-o", "d.txt", keep=["d.txt"])
        recorder.error("python", lambda: depparse.load(work / "nothing"))
        with pytest.raises(AssertionError, match="no error was raised"):
            recorder.error("none", lambda: None)
        recorder.finish()
    files = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "made").iterdir()}
    assert sorted(files) == [
        "broken.status.txt", "commands.json", "file.d.txt", "note.status.txt", "python.txt", "samples.txt",
        "stats.json", "version.txt",
    ]  # fmt: skip
    assert "UD_English-Sample\t<root>/corpora/samples/UD_English-Sample\n" in files["samples.txt"]
    assert files["version.txt"] == "depparse <version>\n"
    assert json.loads(files["stats.json"])[0]["treebank"] == "UD_English-Sample"
    assert files["broken.status.txt"].startswith("exit code 2\ndepparse: error: standard input:1: expected 10 columns")
    assert files["note.status.txt"] == "exit code 2\ndepparse: error: <work>/nothing: no such model folder\n"
    assert files["python.txt"] == "ModelError < DepparseError < ValueError\n<work>/nothing: no such model folder\n"
    assert json.loads(files["commands.json"])["version"] == "depparse --version"


def test_times_in_the_output_of_training_are_left_out() -> None:
    recording = importlib.import_module("golden_recording")
    shown = """\
about 2 min to go
epoch      UPOS     time
    1     10.00     0:07  best
    2     10.00  1:00:07  best  en-dev
    3      9.00     0:09
epoch 4, 0:09; loss tagger 1.250 srl 0.5
 test     11.00
12 s; the model is in runs/x/model, the curves in runs/x/curves.png
"""
    assert (
        recording._clean_training(shown)
        == """\
epoch      UPOS     time
    1     10.00 <time>  best
    2     10.00 <time>  best  en-dev
    3      9.00 <time>
epoch 4, <time>; loss tagger <loss> srl <loss>
 test     11.00
<time>; the model is in runs/x/model, the curves in runs/x/curves.png
"""
    )
    card = "| torch | 2.5 |\n| seed | 1 |\n| peak memory | 5 MiB |\nx, whose manifest.json has the SHA-256 `ab12`\n"
    assert recording._clean_card(card) == (
        "| torch | <varies> |\n| seed | 1 |\n| peak memory | <varies> |\n"
        "x, whose manifest.json has the SHA-256 `<hash>`\n"
    )
