"""``depparse evaluate``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

import depparse
from depparse.cli import evaluate as command
from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.evaluation.dimensions import DIMENSIONS
from depparse.evaluation.ud import evaluate
from depparse.formats import table as formats
from depparse.inference.pipeline import Pipeline
from depparse.text.wrap import wrapped
from tests.cli.conftest import Run, on_a_terminal
from tests.models import small_model
from tests.official import OFFICIAL


@pytest.fixture
def files(samples: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A sample test set, and a system's file for it: every fifth word hangs on the root."""
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    return gold, spoiled(gold, tmp_path / "system.conllu", 5)


def spoiled(source: Path, target: Path, step: int) -> Path:
    document = formats.read(source)
    for sentence in document:
        root = sentence.heads.index(0) + 1
        for word in sentence.words:
            if word.id % step == 0 and word.id != root:
                word.head, word.deprel = root, "obj"
    target.write_text(document.to_conllu(), encoding="utf-8")
    return target


def test_json_is_the_scores(run: Run, files: tuple[Path, Path]) -> None:
    result = run("evaluate", *files, "--json")
    assert result.returncode == 0
    assert result.stderr == ""
    data = json.loads(result.stdout)
    assert data["metrics"] == evaluate(*files).to_dict()["metrics"]
    assert list(data["metrics"])[: len(OFFICIAL)] == list(OFFICIAL)
    assert 0 < data["metrics"]["LAS"]["f1"] < 1
    assert set(data) == {"gold", "system", "metrics", "empty_nodes"}


def test_the_table_has_a_row_for_each_metric(run: Run, files: tuple[Path, Path]) -> None:
    lines = run("evaluate", *files).stdout.splitlines()
    assert lines[1].split() == ["Metric", "Precision", "Recall", "F1", "AlignedAcc"]
    las = f"{100 * evaluate(*files)['LAS'].f1:.2f}"
    assert next(line for line in lines if line.startswith("LAS ")).split() == ["LAS", las, las, las, las]
    assert not any("\x1b" in line for line in lines)


def test_the_table_on_a_terminal_has_styles(files: tuple[Path, Path]) -> None:
    output = on_a_terminal("evaluate", *files, width=100)
    assert "\x1b[1m" in output
    assert "AlignedAcc" in output


def test_scores_by_group_are_shown(run: Run, files: tuple[Path, Path]) -> None:
    result = run("evaluate", *files, "--json", *(option for by in DIMENSIONS for option in ("--by", by)))
    groups = json.loads(result.stdout)["by"]
    assert list(groups) == list(DIMENSIONS)
    obj = next(group for group in groups["deprel"] if group["group"] == "obj")
    assert obj["LAS"]["recall"] > obj["LAS"]["precision"] > 0
    assert "By upos" in run("evaluate", *files, "--by", "upos").stdout
    result = run("evaluate", *files, "--by", "xpos")
    assert result.returncode == 2
    assert "arc-length" in result.stderr
    result = run("evaluate", *files, "--by", "deprell")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert (
        "Invalid value for '--by': there is no group 'deprell'; did you mean deprel? there are: deprel, "
        in result.stderr
    )


def test_dimensions_are_those_of_the_library() -> None:
    assert command.DIMENSIONS == DIMENSIONS


def test_bootstrap_is_seeded(run: Run, files: tuple[Path, Path]) -> None:
    first, again, other = (
        json.loads(run("evaluate", *files, "--json", "--bootstrap", "200", "--seed", seed).stdout) for seed in "112"
    )
    assert first == again
    assert first["metrics"]["LAS"]["f1_interval"] != other["metrics"]["LAS"]["f1_interval"]
    low, high = first["metrics"]["LAS"]["f1_interval"]
    assert low < first["metrics"]["LAS"]["f1"] < high
    assert first["resampling"] == {"samples": 200, "seed": 1, "confidence": 0.95}
    assert "F1 in 95 %" in run("evaluate", *files, "--bootstrap", "200").stdout
    assert run("evaluate", *files, "--bootstrap", "0").returncode == 2


def test_two_systems_are_compared(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    gold, system = files
    worse = spoiled(gold, tmp_path / "worse.conllu", 2)
    data = json.loads(run("evaluate", gold, system, "--compare", worse, "--json").stdout)
    assert data["compare"]["metrics"] == evaluate(gold, worse).to_dict()["metrics"]
    las = data["compare"]["difference"]["LAS"]
    assert las["f1"] == pytest.approx(data["metrics"]["LAS"]["f1"] - data["compare"]["metrics"]["LAS"]["f1"])
    assert las["p_value"] < 0.05
    assert 0 < las["f1_interval"][0] < las["f1"] < las["f1_interval"][1]
    assert data["resampling"]["samples"] == 1000
    output = run("evaluate", gold, system, "--compare", worse).stdout
    assert f"F1: A = {system}, B = {worse}" in output
    assert "A - B in 95 %" in output


@pytest.mark.slow
def test_two_models_are_compared(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    document = formats.read(gold)
    for name, seed in (("a", 1), ("b", 2)):
        torch.manual_seed(seed)
        Pipeline(small_model(document=document)).save(tmp_path / name)
    system = {name: depparse.load(tmp_path / name).reanalyze(document) for name in "ab"}
    by_file = {name: evaluate(document, system[name]).to_dict()["metrics"] for name in "ab"}
    data = json.loads(run("evaluate", gold, "--model", "a", "--compare", "b", "--json").stdout)
    assert (data["system"], data["compare"]["system"]) == ("a", "b")
    assert (data["metrics"], data["compare"]["metrics"]) == (by_file["a"], by_file["b"])
    assert "LAS" in data["compare"]["difference"]
    # A file against a model, whose options count.
    formats.write(system["a"], tmp_path / "a.conllu")
    data = json.loads(run("evaluate", gold, "a.conllu", "--compare", "b", "--raw", "--json").stdout)
    assert data["metrics"] == by_file["a"]
    raw = evaluate(document, depparse.load(tmp_path / "b").reanalyze(document, raw=True))
    assert data["compare"]["metrics"] == raw.to_dict()["metrics"]


def test_metrics_are_chosen(run: Run, files: tuple[Path, Path], samples: Path) -> None:
    result = run("evaluate", *files, "--metrics", "las, UPOS", "--compare", files[1], "--bootstrap", "20")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines if re.match(r"\w+ +\d", line)] == ["UPOS", "LAS"] * 3
    data = json.loads(run("evaluate", *files, "--metrics", "LAS,UPOS", "--json").stdout)
    every = json.loads(run("evaluate", *files, "--json").stdout)
    assert set(data) == {"gold", "system", "metrics"}
    assert data["metrics"] == {name: every["metrics"][name] for name in ("UPOS", "LAS")}
    entities = samples / "UD_English-Sample" / "en_sample-ner-test.iob2"
    result = run("evaluate", entities, entities, "--metrics", "NER")
    assert [line.split()[:2] for line in result.stdout.splitlines()[2:]] == [["micro", "average"]]
    result = run("evaluate", *files, "--metrics", "NER,LAS")
    assert result.stderr == "note: NER is not scored: no annotation\n"
    for names, message in (
        ("lass", "there is no metric 'lass'; did you mean LAS? there are: Tokens"),
        ("NER", "do not both hold what NER scores"),
    ):
        result = run("evaluate", *files, "--metrics", names)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr
    assert "by asks for scores of trees" in run("evaluate", *files, "--metrics", "NER", "--by", "upos").stderr


def test_standard_input_is_scored(run: Run, files: tuple[Path, Path]) -> None:
    gold, system = files
    piped = run("evaluate", gold, "-", "--json", input=system.read_text(encoding="utf-8"))
    assert json.loads(piped.stdout)["metrics"] == evaluate(gold, system).to_dict()["metrics"]
    result = run("evaluate", "-", "-")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "only one of the files" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-1], "ends without an empty line"),
        (lambda text: text + "\n", "an empty line too many"),
        (lambda text: text.replace("\tMaria\t", "\tMara\t", 1), "different texts"),
        (lambda text: text.replace("\t0\troot", "\t1\troot", 1), "form a cycle"),
        (lambda text: text.replace("\t0\troot", "\t_\troot", 1), "has no head"),
    ],
)
def test_errors_are_one_line(run: Run, files: tuple[Path, Path], change, message: str) -> None:  # type: ignore[no-untyped-def]
    gold, system = files
    text = gold.read_text(encoding="utf-8")
    assert change(text) != text
    system.write_text(change(text), encoding="utf-8")
    result = run("evaluate", gold, system)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
    assert "system.conllu" in result.stderr


def test_a_missing_file_and_a_missing_argument_are_errors(run: Run, files: tuple[Path, Path]) -> None:
    result = run("evaluate", files[0], "nowhere.conllu")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "nowhere.conllu" in result.stderr
    assert run("evaluate", files[0]).returncode == 2


def test_a_file_of_entities_is_scored_without_trees(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ner-test.iob2"
    result = run("evaluate", gold, gold, "--json")
    assert result.stderr == f"note: {gold} holds no trees, so they are not scored\n"
    data = json.loads(result.stdout)
    assert "metrics" not in data
    assert data["entities"]["micro"]["f1"] == 1
    assert list(data["entities"]["types"]) == sorted({span.type for span in formats.read(gold).ents})
    table = run("evaluate", gold, gold).stdout
    assert table.startswith("Entities\n")
    assert "micro average" in table
    result = run("evaluate", gold, gold, "--by", "deprel")
    assert (result.returncode, result.stderr) == (
        2,
        f"depparse: error: --by asks for scores of trees, but {gold} holds none\n",
    )


def test_entities_have_intervals_and_differences(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ner-test.iob2"
    half = formats.read(gold)
    for sentence in half.sentences[::2]:
        sentence.ents = []
    formats.write(half, tmp_path / "half.iob2")
    arguments = (gold, gold, "--compare", "half.iob2", "--bootstrap", 200)
    data = json.loads(run("evaluate", *map(str, arguments), "--json").stdout)
    assert data["entities"]["micro"]["f1_interval"] == [1, 1]
    low, high = data["compare"]["entities"]["micro"]["f1_interval"]
    f1 = data["compare"]["entities"]["micro"]["f1"]
    assert low < f1 < high
    difference = data["compare"]["difference"]["NER"]
    assert difference["f1"] == pytest.approx(1 - f1)
    assert difference["f1_interval"] == pytest.approx([1 - high, 1 - low])  # the same resamples
    assert difference["p_value"] < 0.05
    table = run("evaluate", *map(str, arguments)).stdout
    assert "100.00 to 100.00" in table
    (row,) = [line.split() for line in table.splitlines() if line.startswith("NER")]
    assert row[1:4] == ["100.00", f"{100 * f1:.2f}", f"{100 - 100 * f1:+.2f}"]


def test_frames_have_intervals_and_differences(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-up-test.conllup"
    half = formats.read(gold)
    for sentence in half.sentences[::2]:
        sentence.frames = []
    formats.write(half, tmp_path / "half.conllup")
    arguments = (gold, "half.conllup", "--compare", gold, "--bootstrap", 200)
    data = json.loads(run("evaluate", *map(str, arguments), "--json").stdout)
    f1, (low, high) = (data["frames"]["heads_labelled"][name] for name in ("f1", "f1_interval"))
    assert low < f1 < high
    assert "f1_interval" not in data["frames"]["heads_unlabelled"]
    differences = data["compare"]["difference"]
    assert list(differences)[-4:] == ["Predicates", "Senses", "ArgHeads", "ArgSpans"]
    assert differences["ArgHeads"]["f1"] == pytest.approx(f1 - 1)
    assert differences["ArgHeads"]["f1_interval"] == pytest.approx([low - 1, high - 1])  # the same resamples
    table = run("evaluate", *map(str, arguments)).stdout
    (row,) = [
        line
        for line in table.splitlines()
        if line.startswith("Arguments by head, labelled") and "100.00 to" not in line
    ]
    assert f"{100 * low:.2f} to {100 * high:.2f}" in row
    (row,) = [line.split() for line in table.splitlines() if line.startswith("ArgHeads")]
    assert row[1:3] == [f"{100 * f1:.2f}", "100.00"]


def test_nested_entities_are_scored(run: Run, samples: Path) -> None:
    gold = samples / "UD_German-Sample" / "de_sample-ner-test.biose"
    data = json.loads(run("evaluate", gold, gold, "--json").stdout)
    assert data["entities"]["nested"]
    assert data["entities"]["micro"]["f1"] == 1


def test_trees_entities_and_frames_are_scored_together(run: Run, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    trees, entities = folder / "en_sample-up-test.conllup", folder / "en_sample-ner-test.iob2"
    assert run("convert", trees, "--join", entities, "-o", "gold.conllup").returncode == 0
    data = json.loads(run("evaluate", "gold.conllup", "gold.conllup", "--json").stdout)
    assert data["metrics"]["LAS"]["f1"] == data["entities"]["micro"]["f1"] == 1
    assert data["frames"]["spans_labelled"]["f1"] == data["frames"]["senses"]["aligned_accuracy"] == 1
    # The annotation of the gold file decides what is scored.
    data = json.loads(run("evaluate", "gold.conllup", folder / "en_sample-ud-test.conllu", "--json").stdout)
    assert data["metrics"]["LAS"]["f1"] == 1
    assert data["entities"]["micro"]["f1"] == data["frames"]["predicates"]["f1"] == 0
    assert "entities" not in json.loads(run("evaluate", trees, "gold.conllup", "--json").stdout)
    # A system may predict entities alone.
    result = run("evaluate", "gold.conllup", entities, "--json")
    assert result.stderr == f"note: {entities} holds no trees, so they are not scored\n"
    assert json.loads(result.stdout)["entities"]["micro"]["f1"] == 1


def test_other_words_in_entity_files_are_one_line(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ner-test.iob2"
    document = Document(formats.read(gold).sentences[1:])
    formats.write(document, tmp_path / "other.iob2")
    result = run("evaluate", gold, "other.iob2")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "neither the words nor the characters of the two files are the same" in result.stderr


def test_the_help_names_the_options(run: Run) -> None:
    text = run("evaluate", "--help").stdout
    for part in ("--by", "--compare", "--bootstrap", "--json", "Example: depparse evaluate gold.conllu"):
        assert part in text


def test_a_format_may_be_named_where_the_ending_tells_none(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ner-test.iob2"
    formats.write(formats.read(gold), tmp_path / "emerging.test.annotated", "two-column")
    result = run("evaluate", gold, "emerging.test.annotated", "--format", "two-column", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["entities"]["micro"]["f1"] == 1
    text = (tmp_path / "emerging.test.annotated").read_text(encoding="utf-8")
    assert run("evaluate", gold, "-", "--format", "two-column", "--json", input=text).returncode == 0
    assert "expected 10 columns" in run("evaluate", gold, "emerging.test.annotated").stderr
    result = run("evaluate", gold, gold, "--format", "two-columns")
    assert result.stderr == (
        "depparse: error: there is no format 'two-columns'; did you mean two-column? "
        f"there are: {', '.join(formats.FORMATS)}\n"
    )


@pytest.mark.parametrize("width", [80, 60, 40])
def test_numbers_on_a_terminal_are_whole(width: int, files: tuple[Path, Path]) -> None:
    output = on_a_terminal("evaluate", *files, "--by", "deprel", "--bootstrap", "20", width=width)
    assert "…" not in output
    intervals = re.findall(r"\d+\.\d\d to \d+\.\d\d", output)
    shown = sum(line.startswith(("UAS", "LAS")) for line in output.splitlines())
    assert len(intervals) > shown >= 2


@pytest.mark.slow
def test_a_model_is_scored_end_to_end(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    document = formats.read(gold)
    nlp = Pipeline(small_model(document=document))
    nlp.save(tmp_path / "m")
    blank = Document(Sentence({"FORM": list(s.columns["FORM"])}, s.comments, s.mwts) for s in document)
    by_hand = {
        (): nlp(blank),
        ("--raw",): nlp("".join(iter_text(document))),
        ("--raw", "--wrap", "40"): nlp("".join(wrapped(iter_text(document), 40))),
    }
    for options, system in by_hand.items():
        result = run("evaluate", gold, "--model", "m", *options, "--json", "--by", "upos")
        assert result.returncode == 0, result.stderr
        data = json.loads(result.stdout)
        assert data["metrics"] == evaluate(document, system).to_dict()["metrics"]
        assert data["system"] == "m"
        assert data["by"]["upos"]
        assert ("rules split the text" in result.stderr) == bool(options)
        assert (data["metrics"]["Words"]["f1"] == 1) == (not options)
    assert by_hand[("--raw",)].to_conllu() != by_hand["--raw", "--wrap", "40"].to_conllu()
    piped = run("evaluate", "-", "--model", "m", "--json", input=gold.read_text(encoding="utf-8"))
    assert json.loads(piped.stdout)["metrics"] == evaluate(document, by_hand[()]).to_dict()["metrics"]
    assert "F1 in 95 %" in run("evaluate", gold, "--model", "m", "--bootstrap", "20").stdout
    compared = json.loads(run("evaluate", gold, "--model", "m", "--compare", gold, "--json").stdout)
    assert compared["compare"]["metrics"]["LAS"]["f1"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.conllu"], "give either SYSTEM, a file to score, or --model"),
        (["x.conllu", "y.conllu", "--model", "m"], "give either SYSTEM, a file to score, or --model"),
        (["x.conllu", "y.conllu", "--raw"], "--raw goes with --model"),
        (["x.conllu", "--model", "m", "--wrap", "80"], "--wrap goes with --raw"),
        (["x.conllu", "y.conllu", "--treebank", "A"], "--treebank goes with --model"),
        (["x.conllu", "y.conllu", "--given-predicates"], "--given-predicates goes with --model"),
        (["x.conllu", "en"], "en is a model or a folder and no file of analyses; a model is given by --model"),
        (["x.conllu", "."], ". is a model or a folder and no file of analyses; a model is given by --model"),
        (["x.conllu", "y.conllu", "--compare", "enn"], "did you mean en?"),
        (["x.conllu", "y.conllu", "--compare", "nowhere/y"], "nor is there a file of that name"),
    ],
)
def test_wrong_options_of_models_are_one_line(run: Run, arguments: list[str], message: str) -> None:
    result = run("evaluate", *arguments)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
