"""Gold data: files, and the names of their treebanks."""

from __future__ import annotations

from pathlib import Path

from depparse.document.document import Document
from depparse.training.gold import read_gold
from depparse.training.recipe import treebank_name
from tests.models import small_model
from tests.sentences import TWO


def test_treebanks_are_named_by_folder_or_file(tmp_path: Path, samples: Path) -> None:
    assert treebank_name(str(samples / "UD_German-Sample" / "de_sample-ud-train.conllu")) == "UD_German-Sample"
    (tmp_path / "news.conllu").write_text(TWO)
    assert treebank_name(str(tmp_path / "news.conllu")) == "news"
    files = [str(tmp_path / folder / "dev.conllu") for folder in ("a", "b")]
    for file in files:
        Path(file).parent.mkdir()
        Path(file).write_text(TWO)
    assert [(gold.name, gold.treebank) for gold in read_gold("dev", files, ["x", "b"])] == [
        (files[0], "x"),
        (files[1], "b"),
    ]
    assert [gold.name for gold in read_gold("dev", files[:1], [])] == ["dev"]


def test_columns_without_annotation_have_no_score(tmp_path: Path) -> None:
    """A model that predicts nothing in them would have 100 %."""
    document = Document.from_conllu(TWO)
    model = small_model(document=document)

    def scored(*blank: str) -> set[str]:
        copy = Document(sentence.copy() for sentence in document)
        for sentence in copy:
            for name in blank:
                sentence.columns[name] = ["_"] * len(sentence)
        (tmp_path / "dev.conllu").write_text(copy.to_conllu(), encoding="utf-8")
        (gold,) = read_gold("dev", [str(tmp_path / "dev.conllu")], [])
        return set(gold.metrics(model.codec))

    tags = {"UPOS", "XPOS", "UFeats", "AllTags", "Lemmas"}
    assert scored("LEMMA", "UPOS", "FEATS") & tags == {"XPOS", "AllTags"}
    assert scored("LEMMA", "XPOS") & tags == {"UPOS", "UFeats", "AllTags"}
    assert scored("LEMMA", "UPOS", "XPOS", "FEATS") & tags == set()
    assert "LAS" in scored("LEMMA", "UPOS", "XPOS", "FEATS")
