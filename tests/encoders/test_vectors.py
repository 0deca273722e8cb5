"""Pretrained vectors and treebank embeddings as inputs of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.inference.load import load
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.store import load as load_model
from depparse.model_folder.store import save
from depparse.training.loop import Evaluation, TrainingConfig, train
from depparse.training.optim import OptimizerConfig, make_optimizer
from tests.models import learn, small_model
from tests.recipes import TASKS
from tests.sentences import two_sentences


def vectors(tmp_path: Path, **settings: object) -> dict[str, object]:
    """Settings with a file that has some words of the two sentences, and one new word among its first two rows."""
    path = tmp_path / "v.vec"
    path.write_text("6 2\nnew 1 2\nanna 3 4\nrare 9 9\nAnna 5 6\nbuy 7 8\nhot_dog 1 1\n", encoding="utf-8")
    return {"type": "vectors", "file": str(path), "limit": 2, "width": 8, **settings}


def test_vectors_are_looked_up_scaled_and_saved(tmp_path: Path) -> None:
    document = two_sentences()
    document.sentences.append(Sentence.from_forms(["hot dog"]))
    model = small_model("none", [vectors(tmp_path)], document)
    (tmp_path / "v.vec").unlink()
    vector_input = model.encoder.inputs[0]
    assert vector_input.codec.vocabulary.items == ["new", "anna", "Anna", "buy", "hot_dog"]  # type: ignore[union-attr]
    rows = vector_input.pretrained.weight  # type: ignore[union-attr]
    expected = torch.tensor([[1, 2], [3, 4], [5, 6], [7, 8], [1, 1]], dtype=torch.float)
    torch.testing.assert_close(rows, expected / expected.square().mean().sqrt())
    # A form is looked up as it is, in lower case, and with underscores; a form that is nowhere is unknown.
    sentence = Sentence.from_forms(["Anna", "ANNA", "BUY", "New", "Hot dog", "hot dog", "rare"])
    assert vector_input.codec.features(sentence) == [4, 3, 5, 2, 6, 6, 0]  # type: ignore[operator]
    with torch.inference_mode():
        encoded = model.eval().read(model.collate([model.example(sentence)])).encoded.context[0]
    assert torch.equal(encoded[0], vector_input.special[1])  # type: ignore[index]
    assert torch.equal(encoded[7], vector_input.special[0])  # type: ignore[index]
    torch.testing.assert_close(encoded[1], vector_input.project(rows[2]))  # type: ignore[operator]
    # The saved model needs no file of vectors.
    save(model, tmp_path / "m")
    again = load_model(tmp_path / "m")
    with torch.inference_mode():
        assert torch.equal(again.read(again.collate([again.example(sentence)])).encoded.context[0], encoded)


@pytest.mark.parametrize("frozen", [True, False])
def test_rows_are_frozen_or_fine_tuned_at_their_own_rate(frozen: bool, tmp_path: Path) -> None:
    model = small_model("none", [vectors(tmp_path, frozen=frozen, dropout=0.5)])
    settings = OptimizerConfig(learning_rate=1e-2, pretrained_learning_rate=1e-3)
    rows = model.encoder.inputs[0].pretrained.weight  # type: ignore[union-attr]
    rates = {
        group["lr"] for group in make_optimizer(model, settings).param_groups if any(p is rows for p in group["params"])
    }
    assert rates == (set() if frozen else {1e-3})
    before = {name: value.clone() for name, value in model.named_parameters()}
    learn(model, two_sentences(), TrainingConfig(epochs=3, precision="fp32", optimizer=settings))
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert ("encoder.inputs.0.pretrained.weight" in changed) is not frozen
    assert {"encoder.inputs.0.project.weight", "encoder.inputs.0.special"} <= changed


def test_vectors_of_another_language_are_refused(tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text("2 2\nfoo 1 2\nbar 3 4\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"v\.vec has none of the 12 words of the training data"):
        small_model("none", [{"type": "vectors", "file": str(tmp_path / "v.vec")}])


@pytest.mark.slow
def test_a_treebank_embedding_learns_how_treebanks_differ(tmp_path: Path) -> None:
    # The same words are tagged by two conventions, and only the treebank tells which.
    first = Document.from_conllu("1\tyes\t_\tINTJ" + "\t_" * 6 + "\n2\tyes\t_\tX" + "\t_" * 6 + "\n\n")
    second = Document.from_conllu("1\tyes\t_\tADV" + "\t_" * 6 + "\n2\tyes\t_\tNOUN" + "\t_" * 6 + "\n\n")
    inputs = [{"type": "characters", "width": 16, "min_count": 1}, {"type": "treebank", "width": 4}]
    both = Document([*first, *second])
    model = small_model("bilstm", inputs, both, treebanks=["UD_A", "UD_B"])
    assert model.treebanks == ("UD_A", "UD_B")
    examples = [model.example(s, targets=True, source=number) for number, s in enumerate(both)]
    config = TrainingConfig(epochs=200, precision="fp32", evaluate_every=200, optimizer=OptimizerConfig(average="none"))
    assert any(isinstance(record, Evaluation) for record in train(model, examples, config, lambda: 0.0))
    Pipeline(model).save(tmp_path / "m")
    pipeline = load(tmp_path / "m")
    assert pipeline.model.treebanks == ("UD_A", "UD_B")

    def tags(treebank: str | None) -> list[str]:
        return pipeline(Document.from_conllu(first.to_conllu()), treebank=treebank).sentences[0].columns["UPOS"]

    assert tags(None) == tags("UD_A") == ["INTJ", "X"]
    assert tags("UD_B") == ["ADV", "NOUN"]
    with pytest.raises(ConfigError, match="no treebank 'UD_C'; did you mean UD_B\\? it knows: UD_A, UD_B"):
        tags("UD_C")
    # A batch may mix treebanks, and a sentence is encoded alike alone.
    with torch.inference_mode():
        batch = model.eval().collate(examples)
        alone = [model.read(model.collate([example])).encoded.context[0] for example in examples]
        torch.testing.assert_close(model.read(batch).encoded.context, torch.stack(alone))


def test_without_names_there_is_one_treebank() -> None:
    model = small_model("none", [{"type": "treebank"}])
    assert model.treebanks == ()
    with pytest.raises(ConfigError, match="no treebank 'UD_A'; it knows: no names"):
        Pipeline(model)(two_sentences(), treebank="UD_A")
    assert list(TASKS) == list(model.tasks)
