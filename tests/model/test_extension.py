"""Trained models that learn more: frozen weights stay the same to the last bit, and impossible tasks are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import depparse
from depparse.config import parse
from depparse.document.document import Document
from depparse.errors import ConfigError, ModelError
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import RESERVED, ModelConfig
from depparse.model.codec import TASKS as REGISTRY
from depparse.model.extension import extend
from depparse.model.model import Model
from depparse.training.loop import Step, train
from tests.models import annotated, learn, learned, small_model
from tests.pretrained import tiny_transformer
from tests.recipes import CONTEXTS, FLAT, INPUTS, QUICK, TASKS
from tests.runs import weights
from tests.sentences import TWO, entities, flat_entities, two_sentences

NER: dict[str, Any] = {"ner": REGISTRY.read(FLAT)}
RECIPE: dict[str, Any] = {
    "model": {"encoder": {"inputs": INPUTS, "context": CONTEXTS["bilstm"]}, "tasks": TASKS},
    "training": {"epochs": 2, "batch_words": 100, "precision": "fp32"},
}
ENTITIES: dict[str, Any] = {"model": {"tasks": {"ner": FLAT}}, "training": RECIPE["training"]}


def parser() -> Model:
    """A model with the words of both documents."""
    return small_model(document=Document([*two_sentences(), *flat_entities()]))


def state(model: Model) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("average", ["none", "ema"])
def test_a_task_is_added_and_all_else_stays_the_same_to_the_last_bit(average: str) -> None:
    model = parser()
    before, parsed = state(model), Pipeline(model)(two_sentences()).to_conllu()
    assert extend(model, NER, flat_entities().sentences, freeze=True) == []
    assert model.learned == ("ner",)
    settings = QUICK.model_copy(update={"optimizer": QUICK.optimizer.model_copy(update={"average": average})})
    examples = [model.example(s, targets=True) for s in flat_entities()]
    assert set(examples[0].targets) == {"ner"}
    for record in train(model, examples, settings, lambda: 0.0):
        if hasattr(record, "step"):
            assert set(record.losses) == {"ner"}
            assert not model.encoder.training
            assert model.tasks["ner"].training
    assert entities(annotated(model, flat_entities())) == entities(flat_entities())
    after = state(model)
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert Pipeline(model)(two_sentences(), without="ner").to_conllu() == parsed


def test_a_task_may_read_the_trees_of_a_frozen_parser() -> None:
    model = parser()
    before = state(model)
    task = REGISTRY.read(FLAT | {"syntax": {"type": "gcn"}, "trees": "own"})
    assert extend(model, {"ner": task}, flat_entities().sentences, freeze=True) == []
    for record in train(model, [model.example(s, targets=True) for s in flat_entities()], QUICK, lambda: 0.0):
        if hasattr(record, "step"):
            assert set(record.losses) == {"ner"}
    assert entities(annotated(model, flat_entities())) == entities(flat_entities())
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())


def test_without_freezing_all_is_trained_and_what_suffers_is_told() -> None:
    model = parser()
    before = state(model)
    (line,) = extend(model, NER, flat_entities().sentences)
    assert not model.encoder_frozen
    assert line == (
        "warning: dependencies, lemmatizer, tagger: the data does not annotate these tasks of the base model, and "
        "will spoil them; --freeze leaves them as they are"
    )
    assert model.learned == ("tagger", "lemmatizer", "dependencies", "ner")
    learn(model, flat_entities(), QUICK.model_copy(update={"epochs": 2}))
    assert any(not torch.equal(model.state_dict()[name], value) for name, value in before.items())
    # A treebank spoils nothing.
    (line,) = extend(parser(), {"tagger": REGISTRY.read(TASKS["tagger"])}, two_sentences().sentences)
    assert line == "note: tagger is trained further with its labels; others in the data are not learned"


def test_a_task_of_the_base_is_trained_further_with_its_own_settings() -> None:
    model = parser()
    before = state(model)
    other = REGISTRY.read(TASKS["tagger"] | {"width": 999})
    (line,) = extend(model, {"tagger": other}, two_sentences().sentences, freeze=True)
    assert line.startswith("note: tagger is trained further")
    assert model.learned == ("tagger",)
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())


def test_the_encoder_stays_also_if_all_tasks_are_trained_further() -> None:
    model = learned({"ner": FLAT}, flat_entities())
    before = state(model)
    assert extend(model, NER, flat_entities().sentences, freeze=True) == []
    assert model.learned == ("ner",)
    learn(model, flat_entities(), QUICK.model_copy(update={"epochs": 2}))
    changed = {name.split(".")[0] for name, value in state(model).items() if not torch.equal(value, before[name])}
    assert changed == {"tasks"}


def test_a_task_that_the_data_does_not_annotate_stays_as_it_is() -> None:
    model = parser()
    assert extend(model, NER, flat_entities().sentences, freeze=True) == []
    both = NER | {"tagger": REGISTRY.read(TASKS["tagger"])}
    notes = extend(model, both, flat_entities().sentences, freeze=True)
    assert notes == ["note: tagger stays as it is: the data does not annotate it"]
    assert model.learned == ("ner",)
    assert model.codec.findings(flat_entities().sentences, model.learned) == []


def test_tasks_that_cannot_be_learned_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.tasks\.tagger\.type: the task tagger of the base model is of type"):
        extend(parser(), {"tagger": NER["ner"]}, flat_entities().sentences)
    with pytest.raises(ConfigError, match="the training data annotates nothing that the tasks learn: ner"):
        extend(parser(), NER, two_sentences().sentences, freeze=True)


def test_a_task_is_replaced_only_by_one_that_is_built() -> None:
    model = parser()
    xpos = {"new": REGISTRY.read(TASKS["tagger"] | {"columns": ["XPOS"], "replaces": "tagger"})}
    before, parsed = state(model), Pipeline(model)(two_sentences()).to_conllu()
    data = flat_entities()  # annotated with entities alone
    notes = extend(model, NER | xpos, data.sentences, freeze=True)
    assert notes == ["note: tagger of the base model stays: the data does not annotate new, its replacement"]
    assert list(model.tasks) == ["tagger", "lemmatizer", "dependencies", "ner"]
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())
    assert Pipeline(model)(two_sentences(), without="ner").to_conllu() == parsed


def test_a_task_is_replaced_by_one_of_its_columns() -> None:
    wrong = {"new": REGISTRY.read(TASKS["tagger"] | {"replaces": "lemmatizer"})}
    model = parser()
    message = r"tasks\.new\.replaces: new writes UPOS, XPOS, FEATS, but lemmatizer writes LEMMA; it can take the place"
    with pytest.raises(ConfigError, match=message):
        extend(model, wrong, two_sentences().sentences)
    assert list(model.tasks) == ["tagger", "lemmatizer", "dependencies"]
    with pytest.raises(ConfigError, match=r"tasks\.tagger\.replaces: the base model has a task tagger already"):
        extend(model, {"tagger": wrong["new"]}, two_sentences().sentences)
    # Two tasks replace one, and a task replaces one of its own name.
    split = {name: REGISTRY.read(TASKS["tagger"] | {"columns": [name.upper()], "replaces": "tagger"}) for name in
             ("upos", "xpos")}  # fmt: skip
    again = {"lemmatizer": REGISTRY.read(TASKS["lemmatizer"] | {"width": 7, "replaces": "lemmatizer"})}
    notes = extend(model, split | again, two_sentences().sentences, freeze=True)
    assert notes == [
        "note: tagger of the base model is replaced by upos, xpos",
        "note: lemmatizer of the base model is replaced by lemmatizer",
    ]
    assert list(model.tasks) == list(model.config.tasks) == ["dependencies", "upos", "xpos", "lemmatizer"]
    assert model.learned == ("upos", "xpos", "lemmatizer")
    settings: Any = model.codec.tasks["lemmatizer"].config
    assert settings.width == 7


@pytest.mark.parametrize("name", ["keys", "pop", "training", "_modules", "two words", "a.b"])
def test_names_that_no_task_can_have_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^config key tasks\.{name} cannot be the name of a task"):
        parse(ModelConfig, {"tasks": {name: FLAT}})
    model = parser()
    with pytest.raises(ConfigError, match=rf"^config key model\.tasks\.{name} cannot be the name of a task"):
        extend(model, {name: NER["ner"]}, flat_entities().sentences)
    assert list(model.tasks) == ["tagger", "lemmatizer", "dependencies"]


def test_the_reserved_names_are_those_of_torch() -> None:
    names = {*dir(torch.nn.ModuleDict), *dir(torch.nn.ModuleDict()), "smart_apply"}  # the last is of transformers
    assert {name for name in names if not name.startswith("_")} == RESERVED
    for name in RESERVED - {"smart_apply"}:
        with pytest.raises(KeyError):
            torch.nn.ModuleDict({name: torch.nn.Linear(1, 1)})


def test_own_trees_need_a_parser() -> None:
    model = learned({"ner": FLAT}, flat_entities())
    task = REGISTRY.read(FLAT | {"syntax": {"type": "gcn"}, "trees": "own", "replaces": "ner"})
    with pytest.raises(ConfigError, match=r"config key model\.tasks\.other\.trees: own, but no task predicts trees"):
        extend(model, {"other": task}, flat_entities().sentences)


@pytest.mark.parametrize("freeze", [True, False])
def test_mixes_of_layers_stay_with_their_tasks(freeze: bool, tmp_path: Path) -> None:
    inputs = [tiny_transformer("wordpiece", tmp_path / "t", mix="task", layers=2)]
    model = small_model("none", inputs, Document([*two_sentences(), *flat_entities()]))
    mixes: Any = model.encoder.inputs[0]
    with torch.no_grad():
        mixes.mix.copy_(torch.arange(8.0))
    batch = model.collate([model.example(two_sentences()[0])])
    with torch.inference_mode():
        before = model.eval()(batch)
    extend(model, NER, flat_entities().sentences, freeze=freeze)
    assert mixes.mix.tolist() == [*map(float, range(8)), 0.0, 1.0]  # the new mix begins as the shared one
    assert mixes.mix.requires_grad != freeze
    with torch.inference_mode():
        after = model.eval()(batch)
    assert torch.equal(before["tagger"][0], after["tagger"][0])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    folder = tmp_path_factory.mktemp("base")
    recipe = RECIPE | {"segmentation": {"training": {"epochs": 1}}}
    depparse.train(recipe, treebank=samples / "UD_English-Sample", output=folder)
    return folder


def test_entities_are_added_to_a_trained_pipeline(base: Path, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    files = {split: folder / f"en_sample-ner-{split}.iob2" for split in ("train", "dev")}
    nlp = depparse.train(ENTITIES, **files, base=base, freeze=True, output=tmp_path / "run")
    assert nlp.parts == ("segmenter", "tagger", "lemmatizer", "dependencies", "ner")
    text = "The museum is closed on Monday. Anna Smith didn't know."
    assert nlp(text, without="ner").to_conllu() == depparse.load(base)(text).to_conllu()
    assert "frozen but for the tasks that were trained. Its card says:" in nlp.card
    assert "| train | en_sample-ud-train.conllu |" in nlp.card
    assert nlp.card.index("en_sample-ner-train.iob2") < nlp.card.index("## The base model")
    log = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8")
    assert '"NER"' in log
    assert '"losses": {"ner": ' in log
    # The added task is trained further, with a file on which a parser can be scored too.
    both = tmp_path / "both-ud-train.conllu"
    both.write_text(TWO.replace("nsubj\t_\t_", "nsubj\t_\tNER=B-PET"), encoding="utf-8")
    again = depparse.train(
        ENTITIES, train=both, dev=both, base=tmp_path / "run", freeze=True, output=tmp_path / "again"
    )
    assert again.model is not None
    task: Any = again.model.codec.tasks["ner"]
    assert "PET" in task.types
    assert len(task.types) > 1
    assert again(text, without="ner").to_conllu() == nlp(text, without="ner").to_conllu()
    lines = (tmp_path / "again" / "metrics.jsonl").read_text(encoding="utf-8")
    assert '"LAS"' in lines
    assert '"NER"' in lines


def test_a_run_with_a_base_is_resumed_to_the_same_weights(base: Path, samples: Path, tmp_path: Path) -> None:
    file = samples / "UD_English-Sample" / "en_sample-ner-train.iob2"
    settings: dict[str, Any] = {"base": base, "freeze": True, "train": file, "dev": file}
    settings["set"] = {"training.checkpoint_seconds": 0}
    depparse.train(ENTITIES, **settings, output=tmp_path / "whole")

    class StopError(Exception):
        pass

    def stop(record: object) -> None:
        if isinstance(record, Step) and record.step == 4:
            raise StopError

    with pytest.raises(StopError):
        depparse.train(ENTITIES, **settings, output=tmp_path / "part", listen=stop)
    depparse.train(ENTITIES, **settings, output=tmp_path / "part", resume=True)
    assert weights(tmp_path / "whole") == weights(tmp_path / "part")
    # Another base is another run.
    with pytest.raises(StopError):
        depparse.train(ENTITIES, **settings, output=tmp_path / "other", listen=stop)
    nlp = depparse.load(base)
    nlp.card += "changed"
    nlp.save(tmp_path / "changed")
    changed = settings | {"base": tmp_path / "changed"}
    with pytest.raises(ModelError, match="of a run with another config or other data"):
        depparse.train(ENTITIES, **changed, output=tmp_path / "other", resume=True)


def test_mistakes_about_a_base_are_told(base: Path, samples: Path, tmp_path: Path) -> None:
    file = samples / "UD_English-Sample" / "en_sample-ner-train.iob2"
    for settings, error, message in (
        ({"freeze": True}, ConfigError, r"config key freeze: there is no model .* \(--base MODEL\)"),
        ({"base": "nothing-of-that-name"}, ModelError, "nothing-of-that-name: no such model"),
        ({"base": base, "set": {"model.tasks": {}}}, ConfigError, "config key base: the recipe has no tasks"),
    ):
        with pytest.raises(error, match=message):
            depparse.train(ENTITIES, train=file, output=tmp_path / "no", **settings)
    nlp = depparse.load(base)
    Pipeline(None, segmenter=nlp.segmenter).save(tmp_path / "segmenter")
    with pytest.raises(ModelError, match="holds a segmenter and no model to begin with"):
        depparse.train(ENTITIES, train=file, base=tmp_path / "segmenter", output=tmp_path / "no")
