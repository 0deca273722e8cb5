"""The benchmarks that take a model run, and their counts are right; what they measure is not compared."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import depparse
from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.segmentation import Segmentation, segment
from depparse.evaluation.significance import Interval, f1_of
from depparse.formats.conllu import read_conllu
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import TASKS
from depparse.model.order import is_parser
from depparse.segmentation.segmenter import Segmenter
from depparse.training.recipe import read_recipe
from depparse.treebanks.join import join
from tests.conftest import ROOT
from tests.models import model_of, small_model
from tests.pretrained import needs_minilm
from tests.recipes import ENHANCED, PARSER

GOLD = """\
# newdoc
# text = I can't see 1,5.
1\tI\t_\t_\t_\t_\t4\tdep\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
2\tca\t_\t_\t_\t_\t4\tdep\t_\t_
3\tn't\t_\t_\t_\t_\t4\tdep\t_\t_
4\tsee\t_\t_\t_\t_\t0\troot\t_\t_
5\t1,5\t_\t_\t_\t_\t4\tdep\t_\tSpaceAfter=No
6\t.\t_\t_\t_\t_\t4\tdep\t_\t_

# text = "No."
1\t"\t_\t_\t_\t_\t2\tdep\t_\tSpaceAfter=No
2\tNo\t_\t_\t_\t_\t0\troot\t_\tSpaceAfter=No
3\t.\t_\t_\t_\t_\t2\tdep\t_\tSpaceAfter=No
4\t"\t_\t_\t_\t_\t2\tdep\t_\t_

# text = she's
1-2\tshe's\t_\t_\t_\t_\t_\t_\t_\t_
1\tshe\t_\t_\t_\t_\t0\troot\t_\t_
2\t's\t_\t_\t_\t_\t1\tdep\t_\t_

"""
# "can't" is a word, "1,5" and "she's" are two tokens each, `."` is one, and the second sentence ends before it begins.
SYSTEM = """\
1\tI\t_\t_\t_\t_\t2\tdep\t_\t_
2\tcan't\t_\t_\t_\t_\t0\troot\t_\t_
3-4\tsee\t_\t_\t_\t_\t_\t_\t_\t_
3\ts\t_\t_\t_\t_\t2\tdep\t_\t_
4\tee\t_\t_\t_\t_\t2\tdep\t_\t_
5\t1,\t_\t_\t_\t_\t2\tdep\t_\tSpaceAfter=No

1\t5\t_\t_\t_\t_\t0\troot\t_\tSpaceAfter=No
2\t.\t_\t_\t_\t_\t1\tdep\t_\t_
3\t"\t_\t_\t_\t_\t1\tdep\t_\tSpaceAfter=No
4\tNo\t_\t_\t_\t_\t1\tdep\t_\tSpaceAfter=No
5\t."\t_\t_\t_\t_\t1\tdep\t_\t_
6\tshe\t_\t_\t_\t_\t1\tdep\t_\tSpaceAfter=No
7\t's\t_\t_\t_\t_\t1\tdep\t_\t_

"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/segmentation.py"""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("segmentation")


@pytest.fixture
def sides() -> tuple[Segmentation, Segmentation]:
    return segment(Document.from_conllu(GOLD), "gold"), segment(Document.from_conllu(SYSTEM), "system")


@pytest.fixture
def model(samples: Path, tmp_path: Path, segmenter: Segmenter) -> Path:
    document = read_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu")
    Pipeline(small_model(document=document), segmenter=segmenter).save(tmp_path / "model")
    return tmp_path / "model"


Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a script of benchmarks/ in this process, as a new one takes long to import torch; gives what it prints."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")

    def run(name: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        importlib.import_module(name).main()
        return capsys.readouterr().out

    return run


def test_ends_are_counted_by_kind(script: ModuleType, sides: tuple[Segmentation, Segmentation]) -> None:
    gold, system = sides
    text = script.Text("".join(iter_text(gold.document)))
    assert text.characters == gold.characters == system.characters

    def kinds(name: str, kind: str) -> tuple[dict[str, int], dict[str, int]]:
        ends = ([end for end in getattr(side, name).tolist() if end < len(text.characters)] for side in sides)
        found = script.Differences.of(*ends, lambda place: getattr(script, kind)(text, place))
        return tuple({k: len(v) for k, v in part.items()} for part in (found.missed, found.extra))

    assert kinds("token_ends", "token_kind") == (
        {"at a full stop": 1},
        {"inside a number": 1, "at an apostrophe": 1},
    )
    assert kinds("sentence_ends", "kind_before") == ({"after final punctuation": 2}, {"after other punctuation": 1})
    assert kinds("sentence_ends", "kind_after") == (
        {"before punctuation": 1, "before lower case": 1},
        {"before a digit": 1},
    )
    assert kinds("sentence_ends", "kind_of_gap") == ({"at a space": 2}, {"without a space": 1})
    assert text.example(gold.sentence_ends.tolist()[0]) == "I can't see 1,5.‖ \"No.\" she's"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a‖b", "between letters"),
        ("a‖ b", "at white space"),
        ("see www.a‖.org", "inside a web or mail address"),
        ("to x‖@y.org", "inside a web or mail address"),
        ("news.a‖.com/b", "inside a web or mail address"),
        ("1‖.5", "inside a number"),
        ("5‖pm", "between a letter and a digit"),
        ("dog‖'s", "at an apostrophe"),
        ("well‖-known", "at a hyphen or dash"),
        ("etc‖. and", "at a full stop"),
        ("so‖, no", "at other punctuation"),
        ("5‖€", "at a symbol"),
    ],
)
def test_a_token_end_has_a_kind(script: ModuleType, raw: str, expected: str) -> None:
    text = script.Text(raw.replace("‖", ""))
    place = len("".join(raw.partition("‖")[0].split()))
    assert script.token_kind(text, place) == expected
    assert text.example(place) == raw


def test_multiword_tokens_are_counted_by_cause(script: ModuleType, sides: tuple[Segmentation, Segmentation]) -> None:
    gold, system = sides
    known_expansions = {("can't", ("ca", "n't")), ("see", ("s", "ee"))}
    n_right, causes = script.compare_multiwords(gold, system, known_expansions)
    assert n_right == 0
    assert causes == {
        "left whole": [("can't: ca n't", True)],
        "its token was not found": [("she's: she 's", False)],
        "made of a single word": [("see → s ee", False)],
    }
    assert script.compare_multiwords(gold, gold, known_expansions) == (2, {})
    assert script.compare_multiwords(system, gold, known_expansions)[1]["made of what is no token"] == [
        ("she's → she 's", False)
    ]


def test_parts_of_a_segmentation_are_replaced(script: ModuleType, sides: tuple[Segmentation, Segmentation]) -> None:
    gold, system = sides

    def words(*arguments: object) -> list[str]:
        return [" ".join(sentence.columns["FORM"]) for sentence in script.resegmented(*arguments)]

    ends = [side.sentence_ends.tolist() for side in sides]
    assert words(gold, ends[0]) == ["I ca n't see 1,5 .", '" No . "', "she 's"]
    assert words(gold, ends[1]) == ["I ca n't see 1,5", '. " No . " she \'s']
    assert words(system, ends[0]) == ["I can't s ee 1, 5 .", '" No ."', "she 's"]
    assert words(gold, ends[0], system) == ["I can't s ee 1,5 .", '" No . "', "she 's"]
    [first, *_] = script.resegmented(gold, ends[0])
    assert [(token.text, len(token.words)) for token in first.tokens][1] == ("can't", 2)


def test_losses_of_segmentation_are_shown(samples: Path, model: Path, run: Run) -> None:
    gold = samples / "UD_French-Sample" / "fr_sample-ud-test.conllu"
    out = run("segmentation", model, gold, "--wrap", 40, "--examples", 1, "--raw-scores")
    for expected in ("\nTokens\n", "Multiword tokens", "at a line end", "| gold segmentation | 100.00 |", "‖", "MLAS"):
        assert expected in out
    costs = re.findall(r"^\| (.*?) \|.* (-?[\d.]+) \|$", out, re.MULTILINE)
    assert ("gold segmentation", "0.00") in costs
    assert "all predicted" in dict(costs)


def test_raw_text_is_timed_by_stage(samples: Path, model: Path, run: Run) -> None:
    out = run("raw", model, "--treebank", samples / "UD_French-Sample", "--words", 60, "--rounds", 1)
    assert "characters/s" in out
    stages = re.findall(r"^\| ([^|]+?) \| [\d.]+ \| [\d.]+% \|", out, re.MULTILINE)
    assert stages == [
        "read, segment, build sentences",
        "segmenter: network",
        "features, batches",
        "encoder",
        "tagger: network",
        "tagger: decoding",
        "lemmatizer: network",
        "lemmatizer: decoding",
        "dependencies: network",
        "dependencies: decoding",
        "annotate sentences",
        "rest: copies, order, memory",
        "write",
        "all",
    ]


def test_systems_run_in_turn_beside_their_scores(samples: Path, tmp_path: Path, run: Run) -> None:
    """Two systems that write gold, or next words as heads, and work as long as their text; then the picture."""
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    worse = tmp_path / "worse.conllu"
    baseline = [sys.executable, ROOT / "benchmarks" / "next_word.py", gold]
    worse.write_bytes(subprocess.run(baseline, stdout=subprocess.PIPE, check=True).stdout)
    work = tmp_path / "work.py"
    work.write_text(
        "import shutil, sys\nfor _ in range(400 * len(open(sys.argv[1]).read())): pass\nshutil.copy(*sys.argv[2:])\n"
    )
    commands = [f"{n}={sys.executable} {work} {{text}} {path} {{output}}" for n, path in (("A", gold), ("B", worse))]
    systems = [word for command in commands for word in ("--system", command)]
    shown = run("speed", gold, *systems, "--rounds", 2, "--copies", 3, "--output", tmp_path / "runs.jsonl", "--busy")
    assert shown.startswith("en_sample-ud-test.conllu, 208 words, 3 copies, 2 rounds; ")
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines()[-2:]]
    rows = {row[0]: row for row in table}
    assert (rows["A"][1], len(rows["A"])) == ("100.00", 10)
    assert rows["B"][1] == "0.00"  # it has no relations
    assert re.fullmatch(r"1\.00 \(1\.00 to 1\.00\)", rows["A"][4])
    assert re.fullmatch(r"[\d.]+ \([\d.]+ to [\d.]+\)", rows["B"][8])
    records = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text(encoding="utf-8").splitlines()]
    [scores] = [r["scores"] for r in records if r["kind"] == "system" and r["name"] == "B"]
    assert (scores["Words"], 10 < scores["UAS"] < 90) == (100, True)
    runs = [(r["round"], r["case"], r["system"]) for r in records if r["kind"] == "run"]
    assert runs == [(n, case, s) for n in (1, 2) for case in ("sentence", "text", "copies") for s in "AB"]
    assert run("speed", "--show", tmp_path / "runs.jsonl", "--busy") == shown
    (tmp_path / "begun.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records[:8]))
    with pytest.raises(SystemExit, match="holds no complete round"):
        run("speed", "--show", tmp_path / "begun.jsonl")
    run("speed_plot", tmp_path / "runs.jsonl", "-o", tmp_path / "plot.svg")
    picture = ElementTree.parse(tmp_path / "plot.svg").getroot()
    assert len(picture.findall("{http://www.w3.org/2000/svg}circle")) == 2
    assert "A: " in "".join(picture.itertext())


def test_awkward_texts_are_counted(samples: Path, model: Path, run: Run) -> None:
    gold = samples / "UD_French-Sample" / "fr_sample-ud-dev.conllu"
    table = run("awkward", str(model), "--count", "4", "--gold", str(gold))
    assert re.search(r"\| numbers with separators that are one token \| [0-4] of 4 \|", table)
    assert re.search(r"\| addresses that are one token \| [0-6] of 6 \|", table)
    assert "| contractions with ' that are two words | 0 of 120, 120 with the same lemmas as ' |" in table
    assert len(re.findall(r"contractions with . that are two words \| \d+ of 120, \d+ with", table)) == 7
    assert f"| invented lemmas of {gold.name} |" in table


def test_silver_text_has_the_words_of_two_corpora(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tagged = 2 * "Anna_NNP left_VBD -LRB-_-LRB- today_NN -RRB-_-RRB-\n" + "Go_VB\n"
    review = "* Annotated\n[t]nice phone\nphone[+2]##it didn't break .\n##x\n"
    for archive, files in (
        ("masc_tagged", {"masc/written/a.txt": tagged, "masc/categories.txt": "a_b c_d"}),
        ("product_reviews_1", {"p/a.txt": review, "p/README.txt": "##Read this ."}),
    ):
        with zipfile.ZipFile(tmp_path / f"{archive}.zip", "w") as written:
            for name, text in files.items():
                written.writestr(name, text)
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    silver: Any = importlib.import_module("silver_text")
    monkeypatch.setattr(sys, "argv", ["silver_text.py", str(tmp_path), str(tmp_path / "silver.conllu")])
    silver.main()
    assert capsys.readouterr().out == "2 sentences, 10 words\n"
    first, second = read_conllu(tmp_path / "silver.conllu")
    assert first.columns["FORM"] == ["Anna", "left", "(", "today", ")"]
    assert second.columns["FORM"] == ["it", "did", "n't", "break", "."]
    assert (first.sent_id, second.sent_id) == ("masc-1", "review-2")


@pytest.mark.slow
def test_processes_are_measured(
    samples: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    raw: Any = importlib.import_module("raw")
    text = "".join(iter_text(read_conllu(samples / "UD_French-Sample" / "fr_sample-ud-test.conllu")))
    raw.measure_processes(str(model), text, 2, 1, 0.001)
    loading, first, segmentation = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"loading +\d+\.\d\d s \(.*\)", loading)
    assert re.fullmatch(r"first sentence +\d+\.\d\d s \(.*\)", first)
    assert re.fullmatch(r"segmentation +[\d,]+ characters/s \(.*\) in 2 processes", segmentation)


@pytest.mark.slow
def test_memory_is_measured(
    samples: Path, model: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw: Any = importlib.import_module("raw")
    measured = raw.peak
    commands: list[list[str]] = []
    peaks: list[float] = []

    def peak(command: list[str]) -> tuple[float, list[str]]:
        """The first process is real; those after it would be like it."""
        commands.append(command)
        peaks.append(100.0 + 5 * len(commands) if peaks else measured(command)[0])
        return peaks[-1], []

    monkeypatch.setattr(raw, "peak", peak)
    text = "".join(iter_text(read_conllu(samples / "UD_French-Sample" / "fr_sample-ud-test.conllu")))
    raw.measure_memory(str(model), text, 0.001, 0.002, 0.004)
    rows = re.findall(r"^\| ([a-z ]+) \| ([\d.]+) \| (\d+) \| (.*) \|$", capsys.readouterr().out, re.MULTILINE)
    assert [(name, size, int(found)) for name, size, found, _ in rows] == [
        ("depparse parse", "0.001", round(peaks[0])),
        ("depparse parse", "0.002", 110),
        ("segmentation", "0.002", 115),
        ("segmentation", "0.004", 120),
    ]
    assert peaks[0] > 50  # torch alone takes that
    assert rows[3][3] == "1.043 times as much"

    # The last command runs again on a file of its own, because that of the benchmark is gone.
    source = model.parent / "in.txt"
    source.write_text(text, encoding="utf-8")
    arguments = [source if argument.endswith("in.txt") else argument for argument in commands[3][2:]]
    printed = re.fullmatch(r"([\d,]+) sentences, [\d,]+ characters/s\n", run("raw", *arguments))
    assert printed
    assert int(printed[1]) >= 12  # copies, each a paragraph at least
    assert len("".join(raw.copies(text, 0.004)).encode()) == pytest.approx(4000, abs=len(text.encode()))


@pytest.mark.slow
def test_unusual_input_is_measured(samples: Path, model: Path, run: Run) -> None:
    common = [model, "--treebank", samples / "UD_French-Sample", "--scale", 0.0005]
    shown = run("bounds", *common, "--cases", "sentence,blank,lines", "--without", "", "--without", "tagger")
    assert "| | all: seconds | all: MiB | without tagger: seconds | without tagger: MiB |" in shown
    rows = re.findall(r"^\| ([\w ,]+) \| ([\d.]+) \| ([\d,]+) \| ([\d.]+) \| ([\d,]+) \|$", shown, re.MULTILINE)
    titles = ["one sentence of 10,000 words", "1,000,000 letters without a blank", "100,000 sentences of one word"]
    assert [row[0] for row in rows] == titles
    assert all(float(row[1]) > 0.5 and int(row[2].replace(",", "")) > 50 for row in rows)  # torch alone takes that
    common[-1] = 0.1  # 10,000 sentences
    assert re.search(r"stopped at 1\.\d", run("bounds", *common, "--cases", "lines", "--seconds", 1))
    with pytest.raises(SystemExit):
        run("bounds", *common, "--cases", "line")


@pytest.mark.slow
@needs_minilm
def test_a_device_is_measured(samples: Path, model: Path, run: Run) -> None:
    common = ["--device", "cpu", "--model", model, "--treebank", samples / "UD_French-Sample", "--words", 70]
    size = ["--layers", 2, "--width", 64, "--rounds", 1, "--steps", 1, "--batch-words", 40]
    quick = ["--set", "segmentation=none", "--set", "model.encoder.context=none", "--precisions", "fp32"]
    shown = run("gpu", *common, *size, *quick)
    numbers = r"\| ([\d,]+) \| ([\d,]+) \|"
    parsing = re.findall(rf"^\| ([\w ]+) \| fp32 {numbers} (\d+) of (\d+) \|$", shown, re.MULTILINE)
    titles = ["MiniLM", "a random BERT of 2 layers of 64 units"]
    assert [(row[0], row[3]) for row in parsing] == [(title, "0") for title in titles]
    assert all(int(row[1].replace(",", "")) > 0 and int(row[4]) >= 60 for row in parsing)
    training = re.findall(rf"^\| ([\w ]+) \| fp32 \| ([a-z, ]*?) {numbers}$", shown, re.MULTILINE)
    savings = ["", "recompute", "accumulate", "recompute, accumulate"]
    assert [row[:2] for row in training] == [(title, saving) for title in titles for saving in savings]
    with pytest.raises(SystemExit):
        run("gpu", "--device", "nowhere")


def test_trees_that_encodings_can_say_are_counted(run: Run, tmp_path: Path) -> None:
    """Two trees: one projective, one with two crossing arcs of one direction; the third sentence has none."""
    heads = ([2, 0, 2], [3, 4, 0, 3], [None])
    sentences = []
    for numbers in heads:
        sentence = Sentence.from_forms(["a"] * len(numbers))
        sentence.columns["HEAD"] = ["_" if number is None else str(number) for number in numbers]
        sentences.append(sentence)
    (tmp_path / "UD_A-B").mkdir()
    depparse.write(Document(sentences), tmp_path / "UD_A-B" / "a_b-ud-test.conllu")
    said, labels = run("tree_encodings", tmp_path / "UD_A-B").strip().split("\n\n")
    names, _, row = ([cell.strip(" `") for cell in line.split("|")[1:-1]] for line in said.splitlines())
    found = dict(zip(names, row, strict=True))
    assert (found["trees said, %"], found["trees"]) == ("A-B", "2")
    assert [found[name] for name in ("absolute", "bracketing", "two_planar", "projective")] == [
        "100.00",
        "50.00",
        "100.00",
        "50.00",
    ]
    names, _, row = ([cell.strip(" `") for cell in line.split("|")[1:-1]] for line in labels.splitlines())
    assert dict(zip(names, row, strict=True))["absolute"] == "4"  # 2, 3, 4 and that of the root


@pytest.fixture
def families(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("parser_families")


def test_all_families_of_parsers_are_compared_over_the_encoder_of_one_recipe(families: Any) -> None:
    whole = read_recipe("recurrent")
    recipes = {name: read_recipe(families.recipe(parser, 20)) for name, parser in families.parsers().items()}
    assert {recipe.model.encoder for recipe in recipes.values()} == {whole.model.encoder}
    types = {recipe.model.tasks["dependencies"].type for recipe in recipes.values()}
    assert types == {name for name in TASKS.names() if is_parser(TASKS.codec(name))}
    assert len(recipes) == 20
    assert {recipe.training.evaluate_every for recipe in recipes.values()} == {4}


@pytest.mark.slow
def test_families_of_parsers_are_trained_and_measured(
    families: Any, samples: Path, tmp_path: Path, capsys: Any
) -> None:
    settings = ["--epochs", "2", "--only", "biaffine", "arc_hybrid-static"]
    families.main([str(tmp_path / "study"), str(samples / "UD_German-Sample"), *settings])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row[0].lstrip("| ") for row in rows[1:]] == ["biaffine", "arc_hybrid-static", "arc_hybrid-static, beam 8"]
    for row in rows[1:]:
        uas, las = float(row[1]), float(row[2])
        assert 0 < las <= uas < 100
        assert float(row[-1].rstrip(" |").replace(",", "")) > 0


@pytest.mark.parametrize(
    ("recipe", "file"), [("ner", "en_sample-ner-train.iob2"), ("srl", "en_sample-up-train.conllup")]
)
def test_the_share_of_the_crf_is_measured(recipe: str, file: str, run: Run, samples: Path) -> None:
    train = samples / "UD_English-Sample" / file
    settings = ["model.encoder.context.width=16", "model.encoder.context.layers=1", "training.batch_words=100"]
    options = [word for key in settings for word in ("--set", key)]
    shown = run("crf", "--train", train, "--recipe", recipe, "--steps", 2, *options)
    assert re.search(r"\nstep \d+ ms, CRF \d+ ms: \d+\.\d % \(\d+\.\d to \d+\.\d\)\n$", shown)


@pytest.mark.slow
def test_types_added_one_after_another_are_scored(run: Run, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    files = [
        word for split in ("train", "dev", "test") for word in (f"--{split}", folder / f"en_sample-ner-{split}.iob2")
    ]
    settings = ["model.encoder.context.width=16", "training.batch_words=100", "training.epochs=1"]
    options = [*(word for key in settings for word in ("--set", key)), "--seeds", 1, 2, "--types", "PER", "LOC"]
    shown = run("growing", *files, *options, "--output", tmp_path)
    rows = [line.strip("| ").split(" | ") for line in shown.splitlines()]
    assert rows[0] == ["method", "PER", "PER, LOC", "PER at the end", "LOC at the end", "mean of types at the end"]
    assert [row[0] for row in rows[2:]] == ["forget", "distill", "causal", "together"]
    assert len({row[1] for row in rows[2:5]}) == 1  # all methods share the first step
    assert rows[5][1] == ""
    for row in rows[2:]:
        assert float(row[5].split(" ± ")[0]) == pytest.approx((float(row[3]) + float(row[4])) / 2, abs=0.02)
    # The training data of two steps share no sentence, and a step sees no type but its own.
    training_data = [depparse.read(tmp_path / "1" / name / "train.iob2") for name in ("first", "causal-1")]
    whole = depparse.read(folder / "en_sample-ner-train.iob2")
    assert sum(map(len, training_data)) == len(whole)
    assert {span.type for span in training_data[0].ents} == {"PER"}
    assert {span.type for span in training_data[1].ents} == {"LOC"}
    expected = sorted(s.columns["FORM"] for s in whole)
    assert sorted(s.columns["FORM"] for part in training_data for s in part) == expected
    assert run("growing", *files, *options, "--output", tmp_path) == shown  # without training again


@pytest.mark.slow
def test_syntax_for_entities_and_roles_is_compared(run: Run, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    common = [tmp_path, "--treebank", folder, "--entities", folder, "--roles", folder]
    common += ["--sentences", 3, "--epochs", 1, "--folds", 2]
    small = ["inputs.0.width=8", "inputs.1.width=8", "context.width=16"]
    common += [word for key in small for word in ("--set", f"model.encoder.{key}")]

    def rows(*arguments: object) -> dict[str, list[str]]:
        found = re.findall(r"^\| (\w+) \| (.*) \|$", run("syntax", *common, *arguments), re.MULTILINE)
        return {f"{name} {cells[0]}": cells[1:] for name, text in found if (cells := text.split(" | "))}

    first = rows("--only", "nested,spans,roles,roles_paths", "--seeds", 1)
    names = ["nested none", "spans gold", "spans predicted"]
    roles = ["roles none", "roles_paths gold", "roles_paths predicted"]
    assert [name for name in first if name.split()[0] in ("nested", "spans", "roles", "roles_paths")] == [
        *names,
        *roles,
    ]
    files = {path.name for path in tmp_path.iterdir()}
    assert {"parser.conllu", "test.conllu", "nested-none-1.json", "spans-gold-1.json", "parsers"} <= files
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json") if path.name != "settings.json"}
    # A second run goes on from the files of the first.
    second = rows("--only", "nested", "--seeds", "1,2")
    assert [second[name][0] for name in names] == ["2", "1", "1"]
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    assert all(re.fullmatch(r"[+-]\d+\.\d\d", second[name][2]) for name in names[1:])
    # Scores are those of `depparse evaluate` on the predictions, here all right arguments and one too many.
    gold = depparse.read(next(folder.glob("*-up-test.conllup")))
    arguments = [(f.predicate, a.head, a.role) for s in gold for f in s.frames for a in f.arguments]
    found = [[(f.predicate, a.head, a.role) for f in s.frames for a in f.arguments] for s in gold]
    number = next(number for number, parts in enumerate(found) if parts)
    found[number].append((found[number][-1][0], 1, "ARGM-ADV"))
    file = tmp_path / "roles-none-1.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"found": found}))
    f1 = 200 * len(arguments) / (2 * len(arguments) + 1)
    assert rows("--only", "")["roles none"][1] == f"{f1:.2f}"
    with pytest.raises(SystemExit, match="was begun with other settings"):
        run("syntax", *common, "--epochs", 2)


def test_graphs_are_scored_beside_copied_trees(run: Run, samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    document = read_conllu(gold)
    Pipeline(model_of({"enhanced": ENHANCED, **PARSER}, document)).save(tmp_path / "model")
    shown = run("enhanced", gold, "--model", tmp_path / "model")
    rows = {
        row[0]: list(map(float, row[1:])) for row in re.findall(r"^\| ([a-z ]+)" + r" \| ([\d.]+)" * 5, shown, re.M)
    }
    assert list(rows) == ["gold tree copied", "predicted tree copied", "predicted graph"]
    copied = rows["gold tree copied"]
    assert copied[0] == 100
    assert 100 > copied[2] > copied[1] > 50  # lemmas are missing, and edges
    assert copied[3] < copied[1]  # the edges over empty nodes count
    assert rows["predicted tree copied"][0] == rows["predicted graph"][0]  # the same tree
    assert "Empty nodes" in shown
    edges = sum(len(cell.split("|")) for s in document for cell in s.columns["DEPS"])
    assert re.search(rf"\n{edges} of {edges} edges come back; \d+ labels, \d+ classes\n$", shown)
    assert run("enhanced", gold).count("| gold tree copied") == 1


@pytest.mark.slow
def test_tasks_are_compared_alone_and_together(run: Run, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    for split in ("train", "dev"):
        document = depparse.read(folder / f"en_sample-ud-{split}.conllu")
        for other in (f"en_sample-ner-{split}.iob2", f"en_sample-up-{split}.conllup"):
            join(document, depparse.read(folder / other))
        depparse.write(document, tmp_path / f"{split}.conllup")
    arguments = [tmp_path / "out", "--train", tmp_path / "train.conllup", "--dev", tmp_path / "dev.conllup"]
    small = ['inputs=[{type="words",width=16},{type="characters",width=16}]', "context.width=16", "context.layers=1"]
    settings = [*(f"model.encoder.{key}" for key in small), "training.epochs=2", "model.tasks.srl.core=[]"]
    arguments += ["--sentences", 40, *(word for key in settings for word in ("--set", key))]
    shown = run("sharing", *arguments)
    rows = {name: cells.split(" | ") for name, cells in re.findall(r"^\| (\w+) \| (.*) \|$", shown, re.MULTILINE)}
    assert list(rows)[:11] == [
        "UPOS", "UFeats", "Lemmas", "UAS", "LAS", "ELAS", "NER", "Predicates", "Senses", "ArgHeads", "ArgSpans",
    ]  # fmt: skip
    gold = depparse.read(tmp_path / "dev.conllup")
    for name, folder_name in (("UPOS", "tagger"), ("LAS", "dependencies")):
        nlp = depparse.load(tmp_path / "out" / folder_name)
        assert nlp.parts == (folder_name,)
        assert rows[name][0] == f"{100 * depparse.evaluate(gold, nlp.reanalyze(gold))[name].f1:.2f}"
        assert float(rows[name][2]) == pytest.approx(float(rows[name][1]) - float(rows[name][0]), abs=0.011)
    parameters = {
        name: int(cells.split(" | ")[0].replace(",", ""))
        for name, cells in re.findall(r"^\| ([a-z, ]+) \| ([\d,]+ .*) \|$", shown, re.MULTILINE)
    }
    assert parameters["tagger, lemmatizer, dependencies, enhanced, ner, srl"] == max(parameters.values())
    assert run("sharing", *arguments) == shown  # without training again
    with pytest.raises(SystemExit, match="was begun with other settings"):
        run("sharing", *arguments, "--seed", 2)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("trees_as_input")


def test_runs_are_compared_over_blocks_and_runs(compared: ModuleType) -> None:
    difference_of_runs = compared.difference_of_runs
    random_ = np.random.default_rng(5)
    gold = random_.integers(1, 6, 40)

    def run(right: float) -> np.ndarray:
        found = random_.integers(1, 6, 40)
        return np.stack([gold, found, np.floor(right * np.minimum(gold, found))], axis=1).astype(float)

    first, second = [run(0.9), run(0.7)], [run(0.5), run(0.6), run(0.4)]
    value, interval = difference_of_runs(first, second, 2000)
    means = [np.mean([f1_of(counts.sum(axis=0)).item() for counts in runs]) for runs in (first, second)]
    assert value == pytest.approx(means[0] - means[1])
    assert interval.low < value < interval.high

    # A plain version draws sentences and runs.
    rng, draws = np.random.default_rng(9), []
    for _ in range(2000):
        blocks = rng.integers(0, 40, 40)
        sides = []
        for runs in (first, second):
            drawn = [runs[number][blocks].sum(axis=0) for number in rng.integers(0, len(runs), len(runs))]
            sides.append(np.mean([2 * right / (gold + system) for gold, system, right in drawn]))
        draws.append(sides[0] - sides[1])
    assert [interval.low, interval.high] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.02)

    # Between the same runs, only seeds differ, or nothing does.
    one_block = [np.array([[4.0, 4.0, right]]) for right in (1, 3)]
    value, interval = difference_of_runs(one_block, one_block)
    assert (value, interval.low, interval.high) == (0.0, -0.5, 0.5)
    assert difference_of_runs(first[:1], first[:1])[1] == Interval(0.0, 0.0)
    with pytest.raises(EvaluationError, match="on one gold file"):
        difference_of_runs(first, one_block)
    with pytest.raises(ConfigError, match="at least one of each"):
        difference_of_runs(first, [])


def test_entities_that_go_with_trees_are_counted(compared: ModuleType) -> None:
    def tagged(*sentences: list[str]) -> Document:
        return Document(Sentence({"FORM": ["x"] * len(tags), "NER": tags}) for tags in sentences)

    document = tagged(["B-PER", "I-PER", "O", "O"], ["O", "B-LOC", "I-LOC", "B-PER"], ["B-PER", "I-PER"])
    heads = (["2", "0", "2", "3"], ["4", "4", "4", "0"], ["_", "1"])
    for sentence, column in zip(document, heads, strict=True):
        sentence.columns["HEAD"] = column
    coverage = compared.cover_by_trees(document, 3)
    # All entities but (2, 3) of the second sentence go with the trees.
    # The spans are 4 + 3 + 2 of 9, 4 with (3, 4) and (2, 4) of 9, and 2 + 1 of 3.
    assert (coverage.entities, coverage.within, coverage.all_spans, coverage.spans) == (4, 3, 21, 18)
    assert coverage.recall == 0.75
    assert compared.cover_by_trees(tagged(["O"]), 3).recall == 1.0


@pytest.mark.slow
def test_a_server_is_put_under_load(run: Run) -> None:
    """Good clients get what the pipeline gives offline, whatever bad ones do."""
    shown = run("serving", "en", "--clients", "1,8", "--seconds", 2, "--bad", 0.5)
    assert "offline, words per processor second" in shown
    rows = re.findall(
        r"^ +(\d) clients, (\d) bad: .*; (\d+) answers, (\d+) wrong, (\d+) bad requests", shown, re.MULTILINE
    )
    assert [(clients, bad, wrong) for clients, bad, _, wrong, _ in rows] == [("1", "0", "0"), ("8", "4", "0")]
    assert all(int(answers) > 0 for *_, answers, _, _ in rows)
    assert int(rows[1][-1]) >= 4
