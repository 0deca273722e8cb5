"""Gold data: files, and the names of their treebanks."""

from __future__ import annotations

from pathlib import Path

from depparse.training.gold import read_gold
from depparse.training.recipe import treebank_name
from tests.sentences import TWO


def test_treebanks_are_named_by_folder_or_file(tmp_path: Path, samples: Path) -> None:
    assert treebank_name(str(samples / "UD_German-Sample" / "de_sample-ud-train.conllu")) == "UD_German-Sample"
    (tmp_path / "news.conllu").write_text(TWO)
    assert treebank_name(str(tmp_path / "news.conllu")) == "news"
    files = [str(tmp_path / folder / "dev.conllu") for folder in ("a", "b")]
    for file in files:
        Path(file).parent.mkdir()
        Path(file).write_text(TWO)
    assert [(gold.name, gold.source) for gold in read_gold("dev", files, ["x", "b"])] == [(files[0], 0), (files[1], 1)]
    assert [gold.name for gold in read_gold("dev", files[:1], [])] == ["dev"]
