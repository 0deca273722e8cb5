"""Studies: their plans, folds and runs, and what is computed from the predictions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

import depparse
from depparse.cli.app import make_app
from depparse.document.document import Document
from depparse.errors import ConfigError, DepparseError, EvaluationError, FormatError
from depparse.evaluation.metrics import LAS, UAS
from depparse.evaluation.pair import Pair
from depparse.evaluation.significance import bootstrap, paired_test
from depparse.experiments.experiment import experiment
from depparse.experiments.parts import read_treebanks, write_texts
from depparse.experiments.plan import Plan, read_plan, read_sizes
from depparse.experiments.results import Cell, compute
from depparse.formats.conllu import read_conllu
from depparse.training.recipe import read_recipe
from depparse.training.records import Done, Going, Record, Scored, Step
from tests.recipes import TINY

ONE_EPOCH = TINY | {"training": {"epochs": 1, "batch_words": 100, "precision": "fp32"}}
TEXTS = ("A/X/2/det dog/NOUN/3/nsubj barks/VERB/0/root", "It/PRON/2/nsubj sleeps/VERB/0/root")


def treebank(folder: Path, *sentences: str, splits: tuple[str, ...] = ("train", "dev", "test")) -> Path:
    """A treebank of sentences written ``form/UPOS/head/deprel form/UPOS/head/deprel …``, the same in each split."""
    folder.mkdir(parents=True)
    for split in splits:
        (folder / f"x-ud-{split}.conllu").write_text(conllu(*sentences), encoding="utf-8")
    return folder


def conllu(*sentences: str) -> str:
    blocks = []
    for sentence in sentences:
        rows = [word.split("/") for word in sentence.split()]
        cells = [
            (str(i), form, "_", upos, "_", "_", head, deprel, "_", "_")
            for i, (form, upos, head, deprel) in enumerate(rows, 1)
        ]
        blocks.append("".join("\t".join(row) + "\n" for row in cells) + "\n")
    return "".join(blocks)


def finish(plan: Plan, output: Path, systems: dict[str, str]) -> None:
    """Writes what each run leaves when it is complete: the system's file of the longest key that its folder holds."""
    for run in plan.runs():
        folder = output / run.folder
        folder.mkdir(parents=True, exist_ok=True)
        key = max((key for key in systems if key in run.folder.as_posix()), key=len)
        (folder / "predictions.conllu").write_text(systems[key], encoding="utf-8")
        (folder / "metrics.json").write_text('["UPOS", "UAS", "LAS", "UCM"]', encoding="utf-8")


def plan_of(folder: Path, paths: list[Path], **changes: object) -> Plan:
    parts, _ = read_treebanks(list(map(str, paths)), None, folder)
    recipe = read_recipe(TINY)
    values: dict[str, object] = {"recipes": {"a": recipe, "b": recipe}, "sizes": (None,), "seeds": (1, 2)}
    return Plan.model_validate(values | {"treebanks": parts} | changes)


GOLD_X = ("a/X/0/root b/X/1/obj c/X/2/obl d/X/3/det",)
HALF_X = ("a/X/0/root b/X/1/obj c/X/1/obl d/X/1/det",)  # two heads of four are right
GOLD_Y = ("e/X/2/obj f/X/0/root",)
NONE_Y = ("e/X/0/root f/X/1/obj",)


def test_means_spreads_and_macro_averages_are_those_computed_by_hand(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, [treebank(tmp_path / "X", *GOLD_X), treebank(tmp_path / "Y", *GOLD_Y)])
    finish(plan, tmp_path / "study", {
        "a/X/size-all/seed-1": conllu(*GOLD_X), "a/X/size-all/seed-2": conllu(*HALF_X), "a/Y": conllu(*GOLD_Y),
        "b/X": conllu(*HALF_X), "b/Y/size-all/seed-1": conllu(*NONE_Y), "b/Y/size-all/seed-2": conllu(*GOLD_Y),
    })  # fmt: skip
    results = compute(plan, tmp_path / "study")
    las = {
        (cell.treebank, recipe): mean
        for cell, by in results.means.items()
        if cell.metric == "LAS"
        for recipe, mean in by.items()
    }
    assert {key: (mean.f1, mean.mean, mean.gold) for key, mean in las.items()} == {
        ("X", "a"): ([1.0, 0.5], 0.75, 4), ("Y", "a"): ([1.0, 1.0], 1.0, 2), (None, "a"): ([1.0, 0.75], 0.875, 6),
        ("X", "b"): ([0.5, 0.5], 0.5, 4), ("Y", "b"): ([0.0, 1.0], 0.5, 2), (None, "b"): ([0.25, 0.75], 0.5, 6),
    }  # fmt: skip
    assert las["X", "a"].sd == pytest.approx(0.5 / 2**0.5)
    assert las[None, "a"].sd == pytest.approx(0.25 / 2**0.5)
    assert las["Y", "a"].sd == 0
    (test,) = results.tests[Cell("LAS", None, None, None)]
    assert (test.first, test.second, test.difference.value) == ("a", "b", 0.375)
    table = next(table for table in results.tables() if table.title.startswith("LAS: F1"))
    assert table.columns == ("treebank", "gold", "a", "sd", "95 %", "b", "sd", "95 %")
    assert [row[:4] for row in table.rows] == [
        ("macro-average", "6", "87.50", "17.68"), ("X", "4", "75.00", "35.36"), ("Y", "2", "100.00", "0.00"),
    ]  # fmt: skip
    assert not any(table.title.startswith("UCM") for table in results.tables())  # measured, but not shown
    assert any(cell.metric == "UCM" for cell in results.means)
    entry = next(
        e for e in results.to_dict()["scores"] if (e["metric"], e["treebank"], e["recipe"]) == ("LAS", None, "a")
    )
    assert (entry["f1"], entry["mean"], entry["of"], entry["sentences"]) == ([1.0, 0.75], 0.875, None, None)


def test_scores_intervals_and_tests_are_those_of_evaluate(tmp_path: Path) -> None:
    gold = [f"w{n}/X/0/root o{n}/X/1/obj p{n}/X/1/obl" for n in range(40)]
    first = [s if n % 3 else s.replace("/1/obl", "/2/obl") for n, s in enumerate(gold)]
    second = [s if n % 5 < 3 else s.replace("/1/obj", "/1/iobj") for n, s in enumerate(gold)]
    plan = plan_of(tmp_path, [treebank(tmp_path / "X", *gold)], seeds=(1,))
    finish(plan, tmp_path / "study", {"a/": conllu(*first), "b/": conllu(*second)})
    results = compute(plan, tmp_path / "study", chosen=["LAS", "UAS"])
    document = Document.from_conllu(conllu(*gold))
    pairs = [Pair(document, Document.from_conllu(conllu(*system))) for system in (first, second)]
    differences = paired_test(*pairs, [LAS, UAS])
    for metric in (LAS, UAS):
        cell = Cell(metric.name, None, "X", None)
        for recipe, pair in zip("ab", pairs, strict=True):
            assert results.means[cell][recipe].f1 == [
                depparse.evaluate(pair.gold.document, pair.system.document)[metric.name].f1
            ]
            assert results.means[cell][recipe].interval == bootstrap(pair, [metric])[metric.name]
        (test,) = results.tests[cell]
        assert test.difference == differences[metric.name]
        assert test.corrected == test.difference.p_value  # of one test
    # A pattern leaves the words with one relation: the second system has 16 of 40 relations wrong, the first none.
    pattern = depparse.parse_pattern("pattern { H -[obj]-> X }")
    of = compute(plan, tmp_path / "study", [pattern]).means[Cell("LAS", str(pattern), "X", None)]
    assert (of["a"].f1, of["b"].f1, of["a"].gold) == ([1.0], [0.6], 40)


def test_folds_cover_every_sentence_exactly_once(samples: Path, tmp_path: Path) -> None:
    file = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    every = [sentence.to_conllu() for sentence in read_conllu(file)]
    parts, texts = read_treebanks([str(file)], 5, tmp_path)
    assert not any(tmp_path.iterdir())
    write_texts(texts)
    ((name, folds),) = parts.items()
    assert (name, len(folds)) == ("en_sample-ud-train", 5)
    tested = []
    for fold in folds:
        splits = {
            split: [sentence.to_conllu() for sentence in read_conllu(getattr(fold, split))]
            for split in ("train", "dev", "test")
        }
        tested += splits["test"]
        assert sorted(text for part in splits.values() for text in part) == sorted(every)
        assert splits["train"] == [text for text in every if text in splits["train"]]  # in order
        assert len(splits["train"]) == fold.sentences
        assert min(len(splits["dev"]), len(splits["test"])) > 0
    assert tested == every
    # All splits of a treebank that lacks one are cut together; a treebank with all of them is not cut.
    incomplete = treebank(tmp_path / "UD_Small", *TEXTS, *TEXTS, splits=("train", "test"))
    parts, _ = read_treebanks([str(incomplete), str(samples / "UD_German-Sample")], 4, tmp_path)
    assert {name: len(folds) for name, folds in parts.items()} == {"UD_Small": 4, "UD_German-Sample": 1}
    with pytest.raises(ConfigError, match=r"UD_Small has no dev split; --folds 10 would cut it into ten parts"):
        read_treebanks([str(incomplete)], None, tmp_path)
    for number in (2, 9):
        with pytest.raises(ConfigError, match=f"UD_Small: folds are at least 3, .* the 8 sentences, not {number}"):
            read_treebanks([str(incomplete)], number, tmp_path)
    with pytest.raises(ConfigError, match="folds are for treebanks without train, dev or test"):
        read_treebanks([str(samples / "UD_German-Sample")], 4, tmp_path)


def test_all_folds_are_scored_together(tmp_path: Path) -> None:
    file = tmp_path / "X.conllu"
    file.write_text(conllu(*GOLD_X, *GOLD_Y, *GOLD_Y), encoding="utf-8")
    parts, texts = read_treebanks([str(file)], 3, tmp_path / "study")
    write_texts(texts)
    plan = plan_of(tmp_path, [], treebanks=parts, seeds=(1,), folds=3)
    assert len(list(plan.runs())) == 6
    finish(plan, tmp_path / "study", {"fold-1": conllu(*HALF_X), "fold-2": conllu(*GOLD_Y), "fold-3": conllu(*NONE_Y)})
    means = compute(plan, tmp_path / "study").means[Cell("UAS", None, "X", None)]
    assert (means["a"].f1, means["a"].gold) == ([(2 + 2 + 0) / 8], 8)


def test_a_study_that_is_interrupted_goes_on_and_gives_the_same(samples: Path, tmp_path: Path) -> None:
    study = {"treebanks": samples / "UD_German-Sample", "sizes": "8, all", "metrics": "las"}

    def interrupt(record: Record) -> None:
        told.append(record)
        if isinstance(record, Scored) and sum(isinstance(going, Going) for going in told) == 2:
            raise RuntimeError("stop")

    told: list[Record] = []
    with pytest.raises(RuntimeError, match="stop"):
        experiment({"tiny": TINY}, output=tmp_path / "a", listen=interrupt, **study)
    assert len(list((tmp_path / "a").rglob("predictions.conllu"))) == 1
    told.clear()
    with FileLock(tmp_path / "a" / ".lock"), pytest.raises(ConfigError, match="another process works on this study"):
        experiment({"tiny": TINY}, output=tmp_path / "a", **study)
    results = experiment({"tiny": TINY}, output=tmp_path / "a", listen=told.append, keep_models=True, **study)
    assert sum(isinstance(record, Done) for record in told) == 1  # the complete run is not repeated
    whole = experiment({"tiny": TINY}, output=tmp_path / "b", keep_models=True, **study)
    assert whole.means == results.means
    assert (tmp_path / "a" / "results.txt").read_bytes() == (tmp_path / "b" / "results.txt").read_bytes()
    assert (tmp_path / "a" / "curves.svg").read_text(encoding="utf-8").count("LAS") >= 1
    runs = json.loads((tmp_path / "b" / "results.json").read_text(encoding="utf-8"))["runs"]
    for run, size in zip(runs, (8, None), strict=True):
        folder = tmp_path / "b" / run["run"]
        assert (tmp_path / "b" / run["predictions"]).is_file()
        assert not (tmp_path / "a" / "runs" / "tiny" / "UD_German-Sample" / "size-8" / "seed-1" / "model").exists()
        f1 = depparse.evaluate(run["gold"], tmp_path / "b" / run["predictions"])["LAS"].f1
        assert results.means[Cell("LAS", None, "UD_German-Sample", size)]["tiny"].f1 == [f1]
        nlp = depparse.load(folder, runtime="torch")
        assert nlp.facts is not None
        assert next(row for row in nlp.facts.scores if row.data == "test").f1["LAS"] == pytest.approx(f1, abs=1e-4)
    # The study alone shows its results again, with other scores; a further seed adds runs, another recipe is refused.
    told.clear()
    again = experiment(output=tmp_path / "b", of="pattern { X [upos=DET] }", metrics="UPOS", listen=told.append)
    assert {(cell.metric, cell.of) for cell in again.means} == {("UPOS", None), ("UPOS", "pattern { X [upos=DET] }")}
    assert not any(isinstance(record, (Step, Scored)) for record in told)
    assert (folder / "model").is_dir()  # what was kept stays
    with pytest.raises(
        ConfigError, match=r"another plan: its recipe tiny has training.epochs = 2, not 1; give another"
    ):
        experiment({"tiny": ONE_EPOCH}, output=tmp_path / "b", **study)
    with pytest.raises(EvaluationError, match="the test data holds no words that match"):
        experiment(output=tmp_path / "b", of="pattern { X [form=zzz] }")


def test_a_plan_may_grow_and_not_change(tmp_path: Path) -> None:
    x = treebank(tmp_path / "X", *TEXTS)
    plan, output = plan_of(tmp_path, [x], sizes=(1, 2)), tmp_path / "study"
    output.mkdir()
    plan.check_against(output)
    plan.write(output)
    assert read_plan(output) == plan
    plan_of(tmp_path, [x], sizes=(1, 2, None), seeds=(1, 2, 3)).check_against(output)
    for changes, problem in (
        ({"sizes": (2,)}, "it has the size 1 too"),
        ({"sizes": (1, 2), "seeds": (2,)}, "it has the seed 1 too"),
        ({"sizes": (1, 2), "recipes": {"a": plan.recipes["a"]}}, "it has the recipe b too"),
        ({"sizes": (1, 2), "raw": True}, "it analyses gold words"),
    ):
        with pytest.raises(
            ConfigError, match=f"study holds a study with another plan: {problem}; give another --output"
        ):
            plan_of(tmp_path, [x], **changes).check_against(output)
    (x / "x-ud-test.conllu").write_text(conllu(*GOLD_X), encoding="utf-8")
    with pytest.raises(ConfigError, match="another plan: the files of the treebank X have changed"):
        plan_of(tmp_path, [x], sizes=(1, 2)).check_against(output)


def test_the_files_of_a_study_may_stand_elsewhere_but_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    treebank(tmp_path / "X", *GOLD_X)
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(tmp_path / "X", tmp_path / "elsewhere" / "X")
    monkeypatch.chdir(tmp_path)
    plan = plan_of(tmp_path, [Path("X")])
    Path("study").mkdir()
    plan.write(Path("study"))
    finish(plan, Path("study"), {"a": conllu(*GOLD_X), "b": conllu(*GOLD_X)})
    monkeypatch.chdir(tmp_path / "elsewhere")
    results = experiment(output="../study")
    assert experiment(plan.recipes, treebanks="X", seeds=plan.seeds, output="../study").means == results.means
    (tmp_path / "elsewhere" / "X" / "x-ud-test.conllu").write_text(conllu(*TEXTS), encoding="utf-8")
    with pytest.raises(ConfigError, match="the files of the treebank X have changed since the study began"):
        experiment(output="../study")


def test_runs_of_a_smaller_size_see_sentences_of_a_larger_one(samples: Path, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, [samples / "UD_English-Sample"], sizes=(5, 20, None), seeds=(1,))
    limits = [plan.config(run).data.limit for run in plan.runs() if run.recipe == "a"]
    assert limits == [5, 20, None]  # `test_a_limit_takes_nested_samples_of_all_files` tests what they mean
    assert read_sizes("20, 5 all") == (5, 20, None)
    assert read_sizes(()) == (None,)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"recipes": "smal"}, ConfigError, "no recipe 'smal'"),
        ({"treebanks": []}, ConfigError, "a study needs recipes and treebanks"),
        ({"recipes": []}, ConfigError, "a study needs recipes and treebanks"),
        ({"treebanks": "UD_Nowhere"}, FormatError, "no such file or folder"),
        ({"sizes": "3,100000"}, ConfigError, "X has 2 training sentences, fewer than the size 100,000; give smaller"),
        ({"sizes": "0"}, ConfigError, "sizes are different numbers of training sentences"),
        ({"seeds": "1,1"}, ConfigError, "seeds are different whole numbers"),
        ({"of": "pattern { A -> B }"}, ConfigError, "call it X instead of A or B"),
        ({"metrics": "LASS"}, ConfigError, "there is no metric 'LASS'"),
        ({"recipes": {"a/b": TINY}}, ConfigError, "recipes have different names, without slashes"),
        ({"recipes": {"a": TINY | {"data": {"train": "x"}}}}, ConfigError, "config key data: a study gives it the"),
        ({"recipes": {"a": TINY | {"base": "none"}}}, DepparseError, "none"),
        ({"recipes": {"a": TINY}, "raw": True}, ConfigError, "trains no segmenter"),
        ({"recipes": "segmenter"}, ConfigError, "has no tasks"),
        ({"recipes": [], "treebanks": [], "seeds": [1, 2]}, ConfigError, "seeds is part of a plan"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_before_anything_is_written(
    arguments: dict[str, object], error: type[Exception], message: str, tmp_path: Path
) -> None:
    x = treebank(tmp_path / "X", *TEXTS)
    with pytest.raises(error, match=message):
        experiment(**{"recipes": "small", "treebanks": x, "output": tmp_path / "study"} | arguments)
    assert not (tmp_path / "study").exists()


def test_other_folders_are_no_studies(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no study yet: give recipes and treebanks"):
        experiment(output=tmp_path)
    (tmp_path / "study" / "runs" / "x").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"is no folder of a study, as it has no plan\.json"):
        experiment("small", treebanks=treebank(tmp_path / "X", *TEXTS), output=tmp_path / "study")


def test_the_command_shows_results_and_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, output = treebank(tmp_path / "X", *GOLD_X), treebank(tmp_path / "Y", *GOLD_Y), tmp_path / "study"

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    app = make_app("experiment")
    arguments = ["experiment", "small", "--treebanks", str(x), str(y), "--seeds", "1,2", "--output", str(output)]
    with monkeypatch.context() as patch:
        patch.setattr("depparse.experiments.experiment.complete", stop)
        result = CliRunner().invoke(app, arguments)
        assert (result.exit_code, result.stderr[:25]) == (130, "interrupted; go on with: ")
    plan = read_plan(output)
    assert (list(plan.recipes), list(plan.treebanks), plan.seeds) == (["small"], ["X", "Y"], (1, 2))
    finish(plan, output, {"small/X": conllu(*HALF_X), "small/Y": conllu(*GOLD_Y)})
    shown = CliRunner().invoke(app, ["experiment", "--output", str(output), "--metrics", "LAS"]).stdout
    assert "run 1" not in shown  # all runs are complete
    assert [line.split()[:3] for line in shown.splitlines()[-3:]] == [
        ["macro-average", "6", "75.00"], ["X", "4", "50.00"], ["Y", "2", "100.00"],
    ]  # fmt: skip
    told = CliRunner().invoke(app, ["experiment", "--output", str(output), "--metrics", "LAS", "--json"]).stdout
    assert [entry["mean"] for entry in json.loads(told)["scores"]] == [0.75, 0.5, 1.0]
    assert json.loads(told) == json.loads((output / "results.json").read_text(encoding="utf-8"))
