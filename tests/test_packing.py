"""``pack``: two folders to one, tasks left out, and the card that says so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import depparse
from depparse.errors import ConfigError, FormatError, ModelError
from depparse.files import hash_file
from depparse.inference.load import load
from depparse.model_folder.description import describe
from depparse.model_folder.facts import DataFile, Facts
from depparse.model_folder.metadata import without_front_matter
from depparse.model_folder.store import load_parts, save
from depparse.packing import pack
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import network_of
from tests.models import FACTS, small_model
from tests.pretrained import MINILM, needs_minilm, tiny_transformer
from tests.recipes import INPUTS
from tests.segmenters import described
from tests.sentences import two_sentences

HEAD = "# English\n\n## Licence\n\nApache-2.0 AND CC-BY-SA-4.0\n\n## Attribution\n\nby Tom\n"


def test_a_model_and_a_segmenter_are_packed_together(segmenter: Segmenter, tmp_path: Path) -> None:
    model = small_model()
    save(model, tmp_path / "run" / "model", FACTS)
    data = DataFile(split="train", file="x.conllu", sha256="0", licence="CC BY 4.0")
    head = "# A segmenter\n\n```sh\n# how\n```\n\n## Why\n\nBecause.\n"
    save(None, tmp_path / "s", Facts(head=head, data=(data,)), segmenter=segmenter)
    pack(tmp_path / "run", tmp_path / "s", output=tmp_path / "p", card=HEAD, command="depparse pack …")
    parts = load_parts(tmp_path / "p")
    assert parts.model is not None
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in parts.model.state_dict().items())
    assert parts.segmenter is not None
    assert torch.equal(network_of(parts.segmenter).forms.weight, network_of(segmenter).forms.weight)
    card = without_front_matter((tmp_path / "p" / "README.md").read_text(encoding="utf-8"))
    assert card.startswith(HEAD + "\n## Packed\n\n```sh\ndepparse pack …\n```\n")
    for folder in ("run/model", "s"):
        assert hash_file(tmp_path / folder / "manifest.json") in card
    assert [line for line in card.splitlines() if line.startswith("#")] == [
        "# English", "## Licence", "## Attribution", "## Packed",
        "## The model", "### Scores", "### Scores from raw text", "### Data",
        "## The segmenter", "# how", "### Why", "### Data",
    ]  # fmt: skip
    description = describe(tmp_path / "p")
    assert description.facts.licences() == ["Apache-2.0 AND CC-BY-SA-4.0"]
    assert [file.licence for file in description.facts.all_data()] == ["CC0 1.0", "CC BY 4.0"]
    assert (description.facts.scores, description.facts.known_scores()) == ((), FACTS.scores)
    # A pipeline that is packed again keeps its segmenter, and a segmenter may be packed alone.
    pack(tmp_path / "p", output=tmp_path / "again", weights="int8")
    assert describe(tmp_path / "again").segmenter == described(segmenter)
    assert describe(tmp_path / "again").size < describe(tmp_path / "p").size
    pack(tmp_path / "s", output=tmp_path / "alone", weights="int8")
    assert load_parts(tmp_path / "alone").model is None
    assert "\n## The segmenter\n\n```sh\n# how\n" in (tmp_path / "alone" / "README.md").read_text(encoding="utf-8")


def test_a_segmenter_of_another_language_is_told(segmenter: Segmenter, tmp_path: Path) -> None:
    def facts(*languages: str) -> Facts:
        data = [DataFile(split="train", file=name, sha256=name, language=name) for name in languages]
        return Facts(data=tuple(data))

    save(small_model(), tmp_path / "english", facts("English"))
    save(small_model(), tmp_path / "both", facts("French", "English"))
    save(small_model(), tmp_path / "unknown", facts(""))
    save(None, tmp_path / "french", facts("French"), segmenter=segmenter)
    with pytest.warns(
        UserWarning, match="the model learned English, but the segmenter French: it will split text badly"
    ):
        pack(tmp_path / "english", tmp_path / "french", output=tmp_path / "p")
    assert load(tmp_path / "p").parts[0] == "segmenter"
    for name in ("both", "unknown"):
        pack(tmp_path / name, tmp_path / "french", output=tmp_path / "p")  # any warning would be an error


def test_a_packed_pipeline_is_scored_as_packed(segmenter: Segmenter, samples: Path, tmp_path: Path) -> None:
    model = small_model()
    save(model, tmp_path / "m", FACTS, segmenter=segmenter)
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    facts = pack(tmp_path / "m", output=tmp_path / "p", weights="int8", score=[gold])
    pipeline = load(tmp_path / "p")
    words, text = facts.scores
    assert (words.data, words.source, text.source) == ("en_sample-ud-test", "words", "text")
    document = depparse.read(gold)
    for row, raw in ((words, False), (text, True)):
        expected = depparse.evaluate(document, pipeline.reanalyze(document, raw=raw))
        assert {"UPOS", "LAS", "Lemmas"} <= row.f1.keys()
        assert row.f1 == {name: round(expected[name].f1, 6) for name in row.f1}
    assert {"Words", "Sentences"} <= text.f1.keys()
    assert pipeline.facts == facts
    assert f"| en_sample-ud-test | {100 * words.f1['UPOS']:.2f} |" in pipeline.card
    assert "## Scores as packed from raw text" in pipeline.card


def test_tasks_are_left_out(tmp_path: Path) -> None:
    document = two_sentences()
    model = small_model("none", [*INPUTS, tiny_transformer("wordpiece", tmp_path / "t", mix="task")])
    with torch.no_grad():
        model.encoder.inputs[2].mix.copy_(torch.arange(12.0).sin() * 3)  # type: ignore[operator]
    save(model, tmp_path / "m")
    pack(tmp_path / "m", output=tmp_path / "p", without=["tagger"])
    all_tasks, fewer_tasks = load(tmp_path / "m"), load(tmp_path / "p")
    assert fewer_tasks.writes == ("LEMMA", "HEAD", "DEPREL")
    assert fewer_tasks.model.encoder.inputs[2].mix.shape == (9,)
    for name in fewer_tasks.writes:
        assert [s.columns[name] for s in fewer_tasks(document)] == [s.columns[name] for s in all_tasks(document)]
    with torch.inference_mode():
        scores = []
        for pipeline in (all_tasks, fewer_tasks):
            batch = pipeline.model.collate([pipeline.model.example(sentence) for sentence in document])
            scores.append(pipeline.model(batch))
        torch.testing.assert_close(scores[1]["lemmatizer"], scores[0]["lemmatizer"])
        torch.testing.assert_close(scores[1]["dependencies"].arc_scores, scores[0]["dependencies"].arc_scores)
    assert "| left out | tagger" in (tmp_path / "p" / "README.md").read_text(encoding="utf-8")


@needs_minilm
def test_minilm_in_bytes_reads_nearly_the_same(tmp_path: Path) -> None:
    save(small_model("none", [MINILM]), tmp_path / "m")
    pack(tmp_path / "m", output=tmp_path / "p", weights="int8")
    card = (tmp_path / "p" / "README.md").read_text(encoding="utf-8")
    assert "subwords that no text is split into" in card
    before, after = describe(tmp_path / "m"), describe(tmp_path / "p")
    assert 1_000 * 384 < before.parameters - after.parameters < 2_000 * 384
    assert after.size < 1.03 * after.parameters + 400_000
    document = two_sentences()
    original, packed = load(tmp_path / "m").model, load(tmp_path / "p").model
    with torch.inference_mode():
        states = [
            model.read(model.collate([model.example(sentence) for sentence in document])).encoded.context
            for model in (original, packed)
        ]
    assert 0 < (states[1] - states[0]).norm() < 0.03 * states[0].norm()


def test_mistakes_are_refused_and_write_nothing(segmenter: Segmenter, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    save(None, tmp_path / "s", segmenter=segmenter)
    wrong: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
        ("m", {"segmenter": tmp_path / "m"}, ModelError, "m: holds no segmenter; train one, or pack the model alone"),
        ("m", {"without": ["taggr"]}, ConfigError, "no task 'taggr' to leave out; did you mean tagger"),
        ("m", {"without": ["tagger", "lemmatizer", "dependencies"]}, ConfigError, "no task would be left"),
        ("s", {"without": ["tagger"]}, ConfigError, "no task 'tagger' to leave out"),
        ("n", {}, ModelError, "n: no such model folder"),
        ("m", {"weights": "int4"}, ConfigError, "weights are stored as float32, float16, int8, not as 'int4'"),
    ]
    for name, options, kind, message in wrong:
        with pytest.raises(kind, match=message):
            pack(tmp_path / name, output=tmp_path / "p", **options)
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "thesis.tex").touch()
    with pytest.raises(ModelError, match="holds something else than a model"):
        pack(tmp_path / "m", output=tmp_path / "p")
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["thesis.tex"]


def test_gold_files_are_read_before_anything_is_written(samples: Path, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    with pytest.raises(FormatError, match=r"missing\.conllu: cannot be read: no such file"):
        pack(tmp_path / "m", output=tmp_path / "p", score=[tmp_path / "missing.conllu"])
    (tmp_path / "broken.conllu").write_text("1\tx\n\n", encoding="utf-8")
    with pytest.raises(FormatError, match="expected 10 columns"):
        pack(tmp_path / "m", output=tmp_path / "p", score=[tmp_path / "broken.conllu"])
    assert not (tmp_path / "p").exists()
    gold = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    same = tmp_path / "other" / gold.name
    same.parent.mkdir()
    shutil.copy(gold, same)
    rows = pack(tmp_path / "m", output=tmp_path / "p", score=[gold, same]).scores
    assert [row.data for row in rows] == [gold.name, same.name]  # both are scored, and no path is told
