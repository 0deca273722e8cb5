"""Runs that train a segmenter and a model: what they keep and say, and that they end the same whatever stops them."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import depparse
from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.formats.table import read
from depparse.inference.pipeline import Pipeline
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import network_of
from depparse.training.loop import Step
from depparse.training.recipe import read_recipe
from depparse.training.records import Began, Done, Record, Scored, Warned
from tests.recipes import WHOLE
from tests.runs import scored, weights
from tests.sentences import TWO

FINISHED = ["curves.png", "metrics.jsonl", "model", "recipe.json", "segmenter.jsonl"]


def trained(output: Path, treebank: Path | list[Path], *, resume: bool = False, **settings: Any) -> list[Record]:
    """The records of a run; `settings` has ``__`` for the dots of keys."""
    records: list[Record] = []
    overrides = {key.replace("__", "."): value for key, value in settings.items()}
    depparse.train(WHOLE, treebank=treebank, set=overrides, output=output, resume=resume, listen=records.append)
    return records


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_keeps_both_parts_and_says_how_good_they_are(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_German-Sample"
    records = trained(tmp_path / "run", folder)
    assert files(tmp_path / "run") == FINISHED
    began = [record for record in records if isinstance(record, Began)]
    assert [record.part for record in began] == ["segmenter", "model"]
    assert [bool(record.findings) for record in began] == [True, False]  # findings about the data, once
    assert began[0].words == began[1].words
    nlp = depparse.load(tmp_path / "run")
    assert nlp.parts == ("segmenter", "tagger", "dependencies")
    assert nlp.model is not None
    assert isinstance(nlp.segmenter, Segmenter)
    for part, record in ((network_of(nlp.segmenter), began[0]), (nlp.model, began[1])):
        assert record.parameters == sum(parameter.numel() for parameter in part.parameters())
    # Each part is scored as it is said to be: the segmenter from raw text, the model from gold words.
    dev = read(folder / "de_sample-ud-dev.conllu")
    for part, name, raw, epochs in (("segmenter", "Words", True, [2, 4]), ("model", "LAS", False, [1, 2])):
        part_records = scored(records, part)
        assert [record.evaluation.epoch for record in part_records] == epochs
        log = tmp_path / "run" / ("segmenter.jsonl" if raw else "metrics.jsonl")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert [line[name] for line in lines] == [record.scores[name].f1 for record in part_records if record.scores]
        best = [record.scores[name].f1 for record in part_records if record.scores and record.evaluation.improved][-1]
        assert depparse.evaluate(dev, nlp.reanalyze(dev, raw=raw))[name].f1 == best
    # So are the card and the end.
    last_record = records[-1]
    assert isinstance(last_record, Done)
    for split in ("dev", "test"):
        gold = read(folder / f"de_sample-ud-{split}.conllu")
        for raw, heading in ((False, "## Scores\n"), (True, "## Scores from raw text\n")):
            scores = depparse.evaluate(gold, nlp.reanalyze(gold, raw=raw))
            table = nlp.card.partition(heading)[2]
            row = next(line for line in table.splitlines() if line.startswith(f"| {split} |"))
            names = next(line for line in table.splitlines() if line.startswith("| | ")).split(" | ")
            assert row.split(" | ")[names.index("UAS")] == f"{100 * scores['UAS'].f1:.2f}"
            if split == "test":
                assert (last_record.raw if raw else last_record.tests)["test"]["LAS"].f1 == scores["LAS"].f1
    text = "".join(iter_text(dev))
    assert nlp(text).text == text


class Killed(BaseException):
    """An exception that ends a run as a kill does."""


def until(part: str, kind: type, number: int, stop: Callable[[], None]) -> Callable[[Record], None]:
    """A listener that calls `stop` at that step of the part, after that epoch, or when the part begins or is done."""
    current = ""

    def listen(record: Record) -> None:
        nonlocal current
        current = record.part if isinstance(record, Began) else current
        attribute = {Step: "step", Scored: "evaluation"}.get(kind)
        value = getattr(record, attribute, number) if attribute else number
        if current == part and isinstance(record, kind) and getattr(value, "epoch", value) == number:
            stop()

    return listen


def kill() -> None:
    raise Killed


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def whole_weights(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> bytes:
    """The weights at the end of a run that nothing stops."""
    folder = tmp_path_factory.mktemp("whole")
    trained(folder, samples / "UD_German-Sample")
    return weights(folder)


@pytest.mark.parametrize(
    ("part", "kind", "number", "stop", "seconds", "again"),
    [
        ("segmenter", Step, 3, interrupt, 1e9, ["segmenter", "model"]),
        ("segmenter", Step, 3, kill, 0, ["segmenter", "model"]),
        ("segmenter", Scored, 2, kill, 1e9, ["segmenter", "model"]),  # one is kept, and there is no checkpoint yet
        ("segmenter", Scored, 2, interrupt, 1e9, ["segmenter", "model"]),
        ("segmenter", Scored, 4, kill, 0, ["segmenter", "model"]),
        ("model", Began, 0, kill, 1e9, ["model"]),
        ("model", Step, 2, kill, 0, ["model"]),
        ("model", Step, 2, interrupt, 1e9, ["model"]),
        ("model", Scored, 1, interrupt, 1e9, ["model"]),
        ("model", Done, 0, kill, 1e9, []),
    ],
)
def test_a_stopped_run_ends_as_a_whole_one(
    part: str,
    kind: type,
    number: int,
    stop: Callable[[], None],
    seconds: float,
    again: list[str],
    whole_weights: bytes,
    tmp_path: Path,
    samples: Path,
) -> None:
    folder = samples / "UD_German-Sample"
    settings = {"segmentation.training.checkpoint_seconds": seconds, "training.checkpoint_seconds": seconds}
    with pytest.raises(KeyboardInterrupt if stop is interrupt else Killed):
        depparse.train(WHOLE, treebank=folder, set=settings, output=tmp_path, listen=until(part, kind, number, stop))
    assert (kind is Done) or files(tmp_path) != FINISHED
    with pytest.raises(ConfigError, match="holds a run already"):
        trained(tmp_path, folder)
    records: list[Record] = []
    depparse.train(WHOLE, treebank=folder, set=settings, output=tmp_path, resume=True, listen=records.append)
    assert [record.part for record in records if isinstance(record, Began)] == again
    assert weights(tmp_path) == whole_weights
    assert files(tmp_path) == FINISHED


def test_a_run_killed_while_it_tidies_up_is_finished(
    whole_weights: bytes, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def killed(path: Path, *arguments: Any, **options: Any) -> None:
        if Path(path).name == "segmenter":
            raise Killed
        remove(path, *arguments, **options)

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(Killed):
        trained(tmp_path, samples / "UD_German-Sample")
    monkeypatch.undo()
    records = trained(tmp_path, samples / "UD_German-Sample", resume=True)
    assert [type(record) for record in records] == [Warned]
    assert weights(tmp_path) == whole_weights


def weights_by_part(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The weights of the segmenter and of the model."""
    state = load_file(folder / "model" / "model.safetensors")
    own = {name: value for name, value in state.items() if name.startswith("segmenter.")}
    return own, {name: value for name, value in state.items() if name not in own}


def test_the_seed_is_that_of_both_parts(tmp_path: Path, samples: Path) -> None:
    one_epoch = {"segmentation.training.epochs": 1, "training.epochs": 1}
    for name, seed, settings in (
        ("a", 7, {}), ("b", 7, {}), ("c", 8, {}),
        ("alone", 7, {"model.tasks": {}}), ("other", None, {"training.seed": 7}),
    ):  # fmt: skip
        depparse.train(
            WHOLE, treebank=samples / "UD_German-Sample", set=one_epoch | settings, seed=seed, output=tmp_path / name
        )

    def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
        return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)

    a, b, c, alone, other = (weights_by_part(tmp_path / name) for name in ("a", "b", "c", "alone", "other"))
    assert [same(*pair) for pair in zip(a, b, strict=True)] == [True, True]
    assert [same(*pair) for pair in zip(a, c, strict=True)] == [False, False]
    assert same(a[0], alone[0])  # whether there is a model beside it or not
    assert not alone[1]
    assert [same(*pair) for pair in zip(a, other, strict=True)] == [False, True]
    assert "| seed | 7 |" in depparse.load(tmp_path / "alone").card
    assert "| seed | 1, 7 |" in depparse.load(tmp_path / "other").card


def test_a_segmenter_is_trained_alone(tmp_path: Path, samples: Path) -> None:
    settings = {f"segmentation.training.{key}": value for key, value in WHOLE["segmentation"]["training"].items()}
    settings["segmentation.network"] = WHOLE["segmentation"]["network"]
    run = tmp_path / "run"
    records: list[Record] = []
    folder = samples / "UD_French-Sample"
    nlp = depparse.train("segmenter", treebank=folder, set=settings, output=run, listen=records.append)
    assert files(run) == [name for name in FINISHED if name != "metrics.jsonl"]
    assert [record.part for record in records if isinstance(record, Began)] == ["segmenter"]
    assert (nlp.model, nlp.parts, nlp.writes) == (None, ("segmenter",), ())
    last_record = records[-1]
    assert isinstance(last_record, Done)
    assert (list(last_record.tests), list(last_record.raw)) == ([], ["test"])
    assert "## Scores from raw text" in nlp.card
    assert "## Scores\n" not in nlp.card
    with pytest.raises(ConfigError, match="holds a run already"):
        depparse.train("segmenter", treebank=folder, set=settings, output=run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    records.clear()
    depparse.train("segmenter", treebank=folder, set=settings, output=run, resume=True, listen=records.append)
    assert [type(record) for record in records] == [Warned]
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_without_dev_data_the_last_of_both_parts_is_kept(tmp_path: Path, samples: Path) -> None:
    train = samples / "UD_German-Sample" / "de_sample-ud-train.conllu"
    for key in ("patience", "optimizer.average"):
        setting = {f"segmentation.training.{key}": 2 if key == "patience" else "asgd"}
        with pytest.raises(ConfigError, match=rf"segmentation\.training\.{key}.* needs dev data"):
            depparse.train(WHOLE, train=train, set=setting, output=tmp_path / "no")
    records: list[Record] = []
    depparse.train(WHOLE, train=train, output=tmp_path / "run", listen=records.append)
    assert [(r.part, r.scores, r.evaluation.epoch) for r in records if isinstance(r, Scored)] == [
        ("segmenter", None, 2), ("segmenter", None, 4), ("model", None, 1), ("model", None, 2)
    ]  # fmt: skip
    # Dev data that is scored only at the end does not change what is learned.
    short = {"segmentation.training.evaluate_every": 4, "training.evaluate_every": 2}
    depparse.train(WHOLE, train=train, dev=train, set=short, output=tmp_path / "dev")
    assert weights(tmp_path / "run") == weights(tmp_path / "dev")


def test_several_treebanks_train_alike_in_memory_and_on_disk(tmp_path: Path, samples: Path) -> None:
    folders = [samples / "UD_Turkish-Sample", samples / "UD_Chinese-Sample"]
    for name, on_disk in (("memory", False), ("disk", True)):
        records = trained(
            tmp_path / name, folders, data__on_disk=on_disk, segmentation__training__temperature=3,
            segmentation__training__tensorboard=True,
        )  # fmt: skip
        assert [record.name for record in scored(records, "segmenter")] == ["tr_sample-ud-dev", "zh_sample-ud-dev"] * 2
        line = json.loads((tmp_path / name / "segmenter.jsonl").read_text().splitlines()[-1])
        assert line["Words"] == pytest.approx(sum(score["Words"] for score in line["dev"].values()) / 2)
    assert weights(tmp_path / "memory") == weights(tmp_path / "disk")
    assert not list((tmp_path / "disk").glob("sentences*"))
    assert list((tmp_path / "disk" / "tensorboard" / "segmenter").glob("events*"))


VIETNAMESE = [
    "Hà_Nội là thủ_đô của Việt_Nam .", "Tôi sống ở Hà_Nội .", "Anh ấy là sinh_viên .",
    "Chúng_tôi học tiếng Việt .", "Sinh_viên đọc sách ở thư_viện .", "Thủ_đô của Pháp là Paris .",
]  # fmt: skip


def with_spaces(path: Path) -> Path:
    """A treebank of words with spaces."""
    sentences = []
    for number, text in enumerate(VIETNAMESE, 1):
        forms = [form.replace("_", " ") for form in text.split()]
        columns = {
            "FORM": forms, "UPOS": ["X"] * len(forms), "HEAD": [str(i) for i in range(len(forms))],
            "DEPREL": ["root"] + ["dep"] * (len(forms) - 1),
        }  # fmt: skip
        sentences.append(Sentence(columns, [f"# sent_id = {number}", f"# text = {' '.join(forms)}"]))
    path.write_text(Document(sentences).to_conllu(), encoding="utf-8")
    return path


@pytest.mark.parametrize("language", ["Chinese", "Turkish", "French", "German", "Vietnamese"])
def test_treebanks_of_all_kinds_are_learned(language: str, tmp_path: Path, samples: Path) -> None:
    if language == "Vietnamese":
        train = with_spaces(tmp_path / "vi-ud-train.conllu")
    else:
        (train,) = (samples / f"UD_{language}-Sample").glob("*-ud-train.conllu")
    settings = {
        "segmentation.training.epochs": 60, "segmentation.training.evaluate_every": 60, "training.epochs": 1,
        "segmentation.network.dropout": 0.0,
    }  # fmt: skip
    records: list[Record] = []
    nlp = depparse.train(WHOLE, train=train, dev=train, set=settings, output=tmp_path / "run", listen=records.append)
    scores = scored(records, "segmenter")[-1].scores
    assert scores is not None
    assert scores["Words"].f1 > 0.97
    assert scores["Sentences"].f1 > 0.8
    gold = read(train)
    parsed = nlp("".join(iter_text(gold)))
    kinds = {len(token.words) for sentence in parsed for token in sentence.tokens}
    assert kinds == {len(token.words) for sentence in gold for token in sentence.tokens}
    assert all(word.deprel for sentence in parsed for word in sentence.words)


def test_data_without_text_teaches_no_segmentation(tmp_path: Path, samples: Path) -> None:
    bare = "".join(line for line in TWO.splitlines(keepends=True) if not line.startswith("# text"))
    bare = bare.replace("SpaceAfter=No", "_")
    (tmp_path / "bare.conllu").write_text(bare)
    records: list[Record] = []
    nlp = depparse.train(WHOLE, train=tmp_path / "bare.conllu", output=tmp_path / "a", listen=records.append)
    began = [record for record in records if isinstance(record, Began)]
    assert [record.part for record in began] == ["model"]
    assert any("the segmenter is left out: the training data has no Space" in line for line in began[0].findings)
    assert nlp.segmenter is None
    assert files(tmp_path / "a") == [name for name in FINISHED if name != "segmenter.jsonl"]
    with pytest.raises(ConfigError, match="segmentation cannot be learned: the training data has no SpaceAfter=No"):
        depparse.train("segmenter", train=tmp_path / "bare.conllu", output=tmp_path / "b")
    # Beside data with text, data without text changes nothing of the segmenter.
    folder = samples / "UD_English-Sample"
    train, tags = folder / "en_sample-ud-train.conllu", folder / "en_sample-ner-train.iob2"
    for name, both in (("one", [train]), ("two", [train, tags])):
        depparse.train(WHOLE, train=both, set={"model.tasks": {}}, output=tmp_path / name)
    assert weights(tmp_path / "one") == weights(tmp_path / "two")


def test_segmentation_may_be_left_out_and_mistakes_are_told(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_German-Sample"
    assert read_recipe("demo").segmentation is not None
    assert read_recipe("demo", "segmentation=none").segmentation is None
    nlp = depparse.train(WHOLE, treebank=folder, set="segmentation=none", output=tmp_path / "run")
    assert nlp.segmenter is None
    assert nlp("Das ist gut.").sentences[0].words[3].text == "."
    assert "raw text" not in nlp.card
    for key, message in (
        ("segmentation.netwrk.width", r"segmentation\.netwrk does not exist; did you mean network"),
        ("segmentation.network.widht", r"segmentation\.network\.widht does not exist; did you mean width"),
        ("segmentation.training.optimizer.rate", r"segmentation\.training\.optimizer\.rate does not exist"),
        ("segmentation.training.epochs", r"segmentation\.training\.epochs: .*greater than or equal to 0"),
    ):
        with pytest.raises(ConfigError, match=message):
            depparse.train(WHOLE, treebank=folder, set={key: -1}, output=tmp_path / "no")
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match=r"segmentation\.training\.precision: fp16 needs a GPU"):
            depparse.train(WHOLE, treebank=folder, set="segmentation.training.precision=fp16", output=tmp_path / "no")
    with pytest.raises(ConfigError, match="no tasks and no segmentation"):
        depparse.train({"model": {"tasks": {}}}, treebank=folder, output=tmp_path / "no")


def test_a_loaded_pipeline_is_the_trained_one(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_French-Sample"
    nlp = depparse.train(WHOLE, treebank=folder, output=tmp_path / "run")
    text = "".join(iter_text(read(folder / "fr_sample-ud-test.conllu")))
    nlp.save(tmp_path / "copy")
    again = depparse.load(tmp_path / "copy")
    assert isinstance(again, Pipeline)
    assert again(text).to_conllu() == nlp(text).to_conllu()
    assert again.card == nlp.card
