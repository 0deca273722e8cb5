"""The metadata in front of a card: made from the facts, and valid for the library of the hub."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, metadata_load
from huggingface_hub.repocard_data import model_index_to_eval_results

import depparse
from depparse.model_folder import store
from depparse.model_folder.card import render
from depparse.model_folder.contents import read_card
from depparse.model_folder.description import describe, read_facts, read_json
from depparse.model_folder.facts import Base, DataFile, Facts, Origin, ScoreRow
from depparse.model_folder.find import bundled
from depparse.model_folder.metadata import front_matter, without_front_matter
from depparse.model_folder.store import save
from tests.models import FACTS, clear_pipeline, small_model

BASE = Facts(licence="CC BY-SA 4.0")
TESTED = Facts(
    head="# Svenska\n\nEn modell.",
    licence="CC-BY-SA-4.0",
    data=(
        DataFile(split="train", file="sv_x-ud-train.conllu", sha256="1", treebank="UD_Swedish-X", language="Swedish"),
        DataFile(split="train", file="qhe_y-ud-train.conllu", sha256="2", language="Hindi English"),
        DataFile(split="test", file="sv_x-ud-test.conllu", sha256="3", treebank="UD_Swedish-X", language="Swedish"),
    ),
    scores=(
        ScoreRow(data="test", source="words", f1={"LAS": 0.90001, "UAS": 0.92}),
        ScoreRow(data="test", source="text", f1={"LAS": 0.85}),
        ScoreRow(data="test, long sentences", source="text", f1={"LAS": 0.5}),
        ScoreRow(data="news.conllu", source="words", f1={"LAS": 0.8}),
    ),
    base=Base(origin=Origin(name="user/base", manifest_sha256="4", commit="5"), frozen=False, facts=BASE),
)
EXPECTED = """\
---
base_model:
- user/base
- org/encoder
datasets:
- universal-dependencies/universal_dependencies
language:
- sv
library_name: depparse
license: cc-by-sa-4.0
metrics:
- f1
pipeline_tag: token-classification
tags:
- depparse
- universal-dependencies
- lemmatization
- dependency-parsing
- tokenization
- sentence-segmentation
model-index:
- name: svenska
  results:
  - task:
      type: token-classification
      name: Universal Dependencies
    dataset:
      name: UD_Swedish-X
      type: universal-dependencies/universal_dependencies
      config: sv_x
      split: test
    metrics:
    - type: f1
      value: 0.9
      name: LAS
    - type: f1
      value: 0.92
      name: UAS
    - type: f1
      value: 0.85
      name: LAS (raw text)
    - type: f1
      value: 0.5
      name: LAS (long sentences, raw text)
  - task:
      type: token-classification
      name: Universal Dependencies
    dataset:
      name: news.conllu
      type: other
      config: news.conllu
    metrics:
    - type: f1
      value: 0.8
      name: LAS
---

"""


def test_metadata_are_made_from_the_facts(tmp_path: Path) -> None:
    text = front_matter(TESTED, "svenska", ("LEMMA", "HEAD", "DEPREL"), segments=True, encoders=["org/encoder"])
    assert text == EXPECTED
    (tmp_path / "README.md").write_text(text + render(TESTED), encoding="utf-8")
    card = ModelCard.load(tmp_path / "README.md")
    assert card.data.license == "cc-by-sa-4.0"
    assert card.data.language == ["sv"]
    assert card.text.lstrip("\n") == render(TESTED)
    results = [(result.metric_name, result.metric_value) for result in card.data.eval_results or ()]
    assert results[:2] == [("LAS", 0.9), ("UAS", 0.92)]
    assert len(results) == 5
    # The library writes what it has read.
    assert ModelCard(str(card)).data.to_dict() == card.data.to_dict()


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("", {}),
        ("MIT", {"license": "mit"}),
        ("CC BY-NC-SA 4.0", {"license": "cc-by-nc-sa-4.0"}),
        ("Apache-2.0 AND CC-BY-SA-4.0", {"license": "other", "license_name": "apache-2.0-and-cc-by-sa-4.0"}),
        ("of my own: ask", {"license": "other", "license_name": "of-my-own-ask"}),
    ],
)
def test_licences_are_those_of_the_hub(licence: str, expected: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(front_matter(Facts(licence=licence), "x"), encoding="utf-8")
    data = metadata_load(tmp_path / "README.md") or {}
    assert {key: value for key, value in data.items() if key.startswith("license")} == expected
    assert "model-index" not in data


def test_several_licences_are_all_named(tmp_path: Path) -> None:
    facts = Facts(licence="MIT", base=Base(origin=Origin(name="a/b", manifest_sha256="1"), frozen=True, facts=BASE))
    text = front_matter(facts, "x")
    assert "license: other\nlicense_name: mit-and-cc-by-sa-4.0\n" in text
    assert "base_model" not in text  # the base is no repository of the hub, though its path looks like one


def test_a_saved_model_has_metadata_and_a_card_by_hand_is_kept(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "runs" / "mine" / "model", FACTS)
    card = read_card(tmp_path / "runs" / "mine" / "model")
    data = ModelCard(card).data
    assert data.library_name == "depparse"
    assert {"part-of-speech-tagging", "lemmatization", "dependency-parsing"} <= set(data.tags or ())
    assert "tokenization" not in (data.tags or ())
    assert data.model_name == "mine"
    assert without_front_matter(card) == render(FACTS)
    assert describe(tmp_path / "runs" / "mine").card_as_saved
    nlp = clear_pipeline()
    nlp.facts = FACTS
    for text, saved, pretrained in (
        ("", render(FACTS), render(FACTS)),
        ("# By hand\n", "# By hand\n", "# By hand\n"),
        ("---\nlicense: mit\n---\n# By hand\n", "# By hand\n", "# By hand\n"),
    ):
        nlp.card = text
        nlp.save(tmp_path / "saved")
        nlp.save_pretrained(tmp_path / "pretrained")
        cards = [read_card(tmp_path / name) for name in ("saved", "pretrained")]
        assert list(map(without_front_matter, cards)) == [saved, pretrained]
        assert cards[1].startswith("---\n")
        if text:
            assert cards[0] == text
        if text.startswith("---"):
            assert cards[1] == text
    save(nlp.model, tmp_path / "headed", Facts(head="---\nlicense: mit\n---\n# Head"))
    assert read_card(tmp_path / "headed") == "---\nlicense: mit\n---\n# Head\n"
    loaded = depparse.load(tmp_path / "pretrained")
    assert loaded.card == read_card(tmp_path / "pretrained")
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again" / "README.md").read_bytes() == (tmp_path / "pretrained" / "README.md").read_bytes()


def test_encoders_that_were_fetched_are_base_models() -> None:
    inputs = [
        {"type": "transformer", "name": "org/encoder", "download": True},
        {"type": "transformer", "name": "runs/encoder", "download": False},
        {"type": "transformer", "name": "package:encoder/model", "download": True},
        {"type": "words"},
    ]
    config = {"writes": {"ner": ["NER"]}, "segmenter": None, "model": {"encoder": {"inputs": inputs}}}
    data = ModelCard(store._metadata(config, Facts(), "x")).data
    assert data.base_model == ["org/encoder"]
    assert data.tags == ["depparse", "universal-dependencies", "named-entity-recognition"]
    segmenter = {"writes": {}, "segmenter": {}, "model": None}
    assert "pipeline_tag" not in ModelCard(store._metadata(segmenter, Facts(), "x")).data.to_dict()


def test_lines_of_hyphens_are_no_metadata_elsewhere() -> None:
    for card in ("", "# A\n\n---\nb: c\n---\n", "---", "----\na\n----\n", "--- a\n---\n"):
        assert without_front_matter(card) == card
    assert without_front_matter("---\r\na: b\r\n---\r\n\r\n# A\r\n") == "# A\r\n"
    assert without_front_matter("---\na: b\n---") == ""


def test_the_bundled_model_has_valid_metadata(tmp_path: Path) -> None:
    """Its folder is as it was packed, and its card gets metadata when it goes to the hub."""
    folder = bundled()["en"]
    facts = read_facts(folder)
    assert without_front_matter(read_card(folder)) == render(facts)
    columns = [column for names in read_json(folder / "config.json")["writes"].values() for column in names]
    (tmp_path / "README.md").write_text(front_matter(facts, "en", columns, segments=True), encoding="utf-8")
    data = metadata_load(tmp_path / "README.md") or {}
    assert data["language"] == ["en"]
    assert data["license_name"] == "apache-2.0-and-cc-by-sa-4.0"
    name, results = model_index_to_eval_results(data["model-index"])
    scores = {
        (result.dataset_config, result.dataset_split, result.metric_name): result.metric_value for result in results
    }
    assert name == "en"
    assert scores["en_ewt", "test", "LAS"] == 0.917
    assert scores["en_ewt", "test", "LAS (raw text)"] == 0.8923
    assert scores["en_ewt", "test", "ArgSpans (sentences with roles, raw text)"] == 0.7228
    assert len(scores) == len(results) == sum(len(row.f1) for row in facts.known_scores())


def test_cards_of_bundled_models_are_made_of_their_facts() -> None:
    for name, las in (("en", 0.8923), ("en_small", 0.8335)):
        folder = bundled()[name]
        facts = read_facts(folder)
        assert without_front_matter(read_card(folder)) == render(facts)
        (raw,) = (row for row in facts.known_scores() if row.data.endswith("test") and row.source == "text")
        assert round(raw.f1["LAS"], 4) == las
        assert not re.search(
            r"(^|[\s`\"'])/(work|tmp|home|root)/", read_card(folder) + (folder / "facts.json").read_text()
        )


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_a_model_without_a_part_has_no_scores_of_it(runtime: str, tmp_path: Path) -> None:
    nlp = clear_pipeline()
    nlp.facts = TESTED.model_copy(update={"scores": (*TESTED.scores, *FACTS.scores)})
    nlp.save(tmp_path / "whole")
    loaded = depparse.load(tmp_path / "whole", runtime=runtime, without="dependencies")
    expected = [ScoreRow(data="dev", source="words", f1={"UPOS": 0.97})]  # no segmenter: none of raw text
    assert loaded.facts.model == nlp.facts
    loaded.save_pretrained(tmp_path / "part", "int8")
    assert describe(tmp_path / "part").to_dict()["scores"] == [{"data": "dev", "source": "words", "UPOS": 97.0}]
    facts, card = read_facts(tmp_path / "part"), read_card(tmp_path / "part")
    assert list(facts.scores_of(("UPOS",), segments=False)) == expected
    assert facts.packing is not None
    assert (facts.packing.left_out, facts.packing.weights) == (("dependencies",), "int8")
    assert facts.licences() == nlp.facts.licences()
    (result,) = ModelCard(card).data.eval_results or ()
    assert (result.metric_name, result.metric_value) == ("UPOS", 0.97)
    assert "| left out | dependencies |" in card
    assert "\n# A pipeline of depparse\n" in card
    whole = depparse.load(tmp_path / "whole", runtime=runtime)
    assert (whole.facts, whole.card) == (nlp.facts, read_card(tmp_path / "whole"))
