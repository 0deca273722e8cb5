"""The table of metrics: each is defined once, and a package that adds one sees it wherever metrics are shown."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import depparse
from depparse.cli.screen import Screen
from depparse.config import parse
from depparse.document.constituents import Constituent
from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.evaluation import pair as pairs
from depparse.evaluation.metrics import GROUP, Use, by_rank, metrics, model_metrics, segmenter_metrics
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import report
from depparse.formats import table as formats
from depparse.model.codec import ModelConfig
from depparse.model.model import Model
from depparse.training.gold import read_gold
from depparse.training.records import Record
from depparse.treebanks.join import join
from depparse.visualize.curves import draw_curves
from tests.conftest import ROOT
from tests.packages import install
from tests.sentences import two_sentences

# The metrics of another package: one in a table of ours, and one in a table of its own.
CAPITALS = """
import numpy as np
from depparse.evaluation.measures import Measure, words_where
from depparse.evaluation.metrics import Metric
from depparse.evaluation.scores import TREES, Section

def count(pair):
    gold, system = ([sum(c.isupper() for c in s.text) for s in side.document] for side in (pair.gold, pair.system))
    return Measure(np.array(gold), np.array(system), np.minimum(gold, system), unit="sentence")

SHOUTING = Section("Shouting", "shouting", held=lambda document: True)
METRICS = (
    Metric("Tags", TREES, "the tag is the same", words_where(lambda same: same.upos), ("UPOS",)),
    Metric("Capitals", SHOUTING, "capital letters", count, ("XPOS",), title="Capital letters", key="capitals"),
)
OURS = (Metric("LAS", TREES, "not ours", count, ("HEAD",)),)
ONE = METRICS[0]
PROBES = (Metric("UUAS", SHOUTING, "the same two words", count, ("HEAD", "DEPREL")),)
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a package with these entry points, as far as `importlib.metadata` can see."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))

    def install_with(points: str) -> None:
        install(site, "shouting-package", f"[{GROUP}]\n{points}\n", CAPITALS)

    yield install_with
    sys.modules.pop("shouting_package", None)


@pytest.fixture
def joint(samples: Path) -> tuple[Document, Document]:
    """Gold data with trees, graphs, empty nodes, entities and roles, and the output of a system for it."""
    folder = samples / "UD_English-Sample"
    gold, system = (formats.read(folder / "en_sample-ud-test.conllu") for _ in range(2))
    for document in (gold, system):
        join(document, formats.read(folder / "en_sample-ner-test.iob2"))
        join(document, formats.read(folder / "en_sample-up-test.conllup"))
        for sentence in document:
            sentence.annotate("constituents", [Constituent(1, len(sentence), "S"), Constituent(1, 1, "NP")])
    for number, sentence in enumerate(system):
        for word in sentence.words[:: number + 2]:
            word.upos, word.deprel = "X", "dep"
        sentence.ents, sentence.frames = sentence.ents[:1], sentence.frames[:1]
    return gold, system


def test_a_metric_of_another_package_is_shown_wherever_metrics_are(
    other_package: Callable[[str], None], samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other_package("shouting = shouting_package:METRICS")
    folder = samples / "UD_English-Sample"
    gold, system = folder / "en_sample-ud-dev.conllu", tmp_path / "system.conllu"
    document = formats.read(gold)
    for sentence in document.sentences[::3]:
        sentence.columns["UPOS"] = ["X"] * len(sentence)
    formats.write(document, system)

    scores = depparse.evaluate(gold, system)
    assert list(scores)[-1] == "Tags"
    assert 0 < scores["Tags"].f1 == scores["UPOS"].f1 < 1
    assert scores["LAS"].f1 == 1  # ours
    comparison = report(gold, system, other=gold, samples=20)
    data = json.loads(json.dumps(comparison.to_dict()))
    assert data["metrics"]["Tags"]["f1"] == scores["Tags"].f1
    assert data["metrics"]["Tags"]["f1_interval"][0] < scores["Tags"].f1
    assert data["shouting"]["capitals"]["f1"] == 1
    assert data["compare"]["difference"]["Tags"]["f1"] < 0 == data["compare"]["difference"]["Capitals"]["f1"]
    text = "\n".join(map(str, comparison.tables()))
    assert re.search(r"^Tags +\d", text, re.MULTILINE)
    assert "Shouting" in text
    assert re.search(r"^Capital letters +100\.00 +100\.00 +100\.00", text, re.MULTILINE)

    recipe = {
        "model": {
            "encoder": {"inputs": [{"type": "words", "width": 16}]},
            "tasks": {"tagger": {"type": "tagger", "width": 16}},
        },
        "training": {"epochs": 2, "batch_words": 150, "precision": "fp32"},
        "metric": "Tags",
    }
    records: list[Record] = []
    nlp = depparse.train(
        recipe, train=folder / "en_sample-ud-train.conllu", dev=gold, output=tmp_path / "run", listen=records.append
    )
    screen = Screen()
    for record in records:
        screen(record)
    header = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch"))
    assert header.split()[-3:] == ["Tags", "Capitals", "time"]
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert all(0 < line["Tags"] < 1 and line["Capitals"] == 1 for line in lines)
    assert nlp.card is not None
    assert "| Tags | Capitals |" in nlp.card
    drawn = (tmp_path / "run" / "curves.png").read_bytes()
    for line in lines:
        del line["Tags"]
    (tmp_path / "fewer.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    draw_curves(tmp_path / "fewer.jsonl", tmp_path / "fewer.png", "Tags")
    assert (tmp_path / "fewer.png").read_bytes() != drawn
    assert drawn_names(tmp_path / "run" / "metrics.jsonl", "Tags")[0] == "Tags"
    assert "Capitals" in drawn_names(tmp_path / "run" / "metrics.jsonl", "Tags")


def drawn_names(log: Path, metric: str | None = None) -> list[str]:
    """The scores in the legend of the curves."""
    from matplotlib.figure import Figure

    names: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Figure, "savefig", lambda figure, path, **_: names.extend(legend(figure)) or Path(path).write_bytes(b"")
        )
        draw_curves(log, log.with_suffix(".png"), metric)
    return names


def legend(figure: object) -> list[str]:
    box = figure.axes[0].get_legend()  # type: ignore[attr-defined]
    return [] if box is None else [text.get_text().split()[0] for text in box.get_texts()]


def test_the_metric_that_chose_the_model_is_drawn_first(tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    rows = [{"epoch": epoch, **dict.fromkeys(("UPOS", "LAS", "ELAS", "EULAS", "MLAS"), 0.5)} for epoch in (1, 2)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert drawn_names(log) == ["LAS", "ELAS", "EULAS", "UPOS"]
    assert drawn_names(log, "ELAS") == ["ELAS", "LAS", "EULAS", "UPOS"]
    assert drawn_names(log, "MLAS") == ["MLAS", "LAS", "ELAS", "EULAS", "UPOS"]
    assert drawn_names(log, "UCM") == ["LAS", "ELAS", "EULAS", "UPOS"]  # which no line has


def test_metrics_that_cannot_be_imported_are_one_line(other_package: Callable[[str], None], samples: Path) -> None:
    other_package("broken = shouting_package:NOTHING")
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    with pytest.raises(ConfigError, match="'broken' of the package shouting-package cannot be imported"):
        depparse.evaluate(path, path)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (
            "theirs = shouting_package:OURS",
            "the entry point 'theirs' of depparse.metrics has the metric LAS, which exists already",
        ),
        ("one = shouting_package:ONE", "the entry point 'one' of depparse.metrics is no tuple of Metric, but Metric"),
        ("m = broken_package:X", "'m' of the package shouting-package cannot be imported: RuntimeError: broken"),
    ],
)
def test_wrong_metrics_of_another_package_are_one_line(
    other_package: Callable[[str], None], samples: Path, tmp_path: Path, points: str, message: str
) -> None:
    other_package(points)
    (tmp_path / "site" / "broken_package.py").write_text("raise RuntimeError('broken')", encoding="utf-8")
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    with pytest.raises(ConfigError, match=message):
        depparse.evaluate(path, path)


def test_a_package_that_scores_trees_in_a_table_of_its_own_hides_no_others(
    other_package: Callable[[str], None], samples: Path
) -> None:
    other_package("probes = shouting_package:PROBES")
    path = str(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    (gold,) = read_gold("dev", [path], ["x"])
    model = Model.build(
        parse(ModelConfig, {"tasks": {"dependencies": {"type": "dependencies"}}}), two_sentences().sentences
    )
    assert {"UAS", "LAS", "UUAS"} <= set(gold.metrics(model.codec))


def test_names_keys_and_colours_are_told_apart() -> None:
    assert len({metric.name for metric in metrics()}) == len(metrics())
    assert len({(metric.section, metric.key or metric.name) for metric in metrics()}) == len(metrics())
    drawn = [metric.colour for metric in by_rank(Use.CURVES) if metric.columns]
    assert None not in drawn
    assert len(set(drawn)) == len(drawn)
    for use in Use.ALL:
        names = [metric.name for metric in metrics() if use in metric.uses]
        assert sorted([*model_metrics(use), *segmenter_metrics(use)]) == sorted(names)
    assert segmenter_metrics(Use.LOG) == ("Tokens", "Words", "Sentences")
    # A metric that is shown may choose the model, and one that chooses it by default is drawn.
    assert all(Use.TRAINING in metric.uses for metric in metrics() if metric.uses & (Use.SCREEN | Use.LOG | Use.CURVES))
    metric_of_column = {}
    for metric in by_rank(Use.TRAINING):
        for column in metric.columns:
            metric_of_column.setdefault(column, metric)
    assert [metric.name for metric in metric_of_column.values()] == [
        "LAS", "ELAS", "UPOS", "XPOS", "UFeats", "Lemmas", "NER", "ArgSpans", "ArgHeads", "Senses", "Brackets",
    ]  # fmt: skip
    assert all(Use.LOG in metric.uses for metric in metric_of_column.values())


def test_scores_are_the_sums_of_counts(joint: tuple[Document, Document]) -> None:
    pair = Pair(*joint)
    for metric in metrics():
        score, total = metric.score(pair), metric.measure(pair).total()
        assert (score.gold, score.system, score.correct) == (total.gold, total.system, total.correct), metric.name
        assert score.gold, metric.name
    changed = {metric.name for metric in metrics() if metric.score(pair).f1 < 1}
    assert changed == {
        "UPOS", "AllTags", "LAS", "CLAS", "MLAS", "BLEX", "LAS_subtypes", "LAS_nopunct", "LCM", "NER",
        "Predicates", "Senses", "ArgHeads", "ArgHeads_unlabelled", "ArgSpans", "ArgSpans_unlabelled",
    }  # fmt: skip


def test_gold_and_system_are_aligned_once(
    joint: tuple[Document, Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("align", "segment", "annotate"):
        function = getattr(pairs, name)
        monkeypatch.setattr(
            pairs, name, lambda *arguments, name=name, function=function: calls.append(name) or function(*arguments)
        )
    formats.write(joint[0], tmp_path / "gold.conllup")
    # Rules find other words, so that those of entities and frames are aligned too.
    system = partial(depparse.Pipeline(None).reanalyze, raw=True)
    comparison = report(tmp_path / "gold.conllup", system, by=["deprel", "length"], samples=10)
    assert [side.section.title for side in comparison.system.sections] == [
        "Trees",
        "Entities",
        "Constituents",
        "Frames",
    ]
    assert not comparison.system.pair.same_words
    assert sorted(calls) == ["align", "annotate", "annotate", "segment", "segment"]


def test_the_documentation_has_each_metric_with_its_definition() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| (.*?) \|$", text, re.MULTILINE))
    rows.pop("metric", None)
    assert rows == {metric.name: metric.definition for metric in metrics()}


def test_names_are_written_once() -> None:
    """No other file of the package spells the name of a metric, except for columns and counts of treebanks."""
    names = {metric.name for metric in metrics() if metric.name not in metric.columns}
    names -= {"Tokens", "Words", "Sentences", "Predicates"}
    files = [path for path in Path(depparse.__file__).parent.rglob("*.py") if path.name != "metrics.py"]
    nodes = [(path.name, node) for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    assert [(file, node.value) for file, node in nodes if isinstance(node, ast.Constant) and node.value in names] == []
