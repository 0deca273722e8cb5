"""What a segmenter learns from: passages, or an even share of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from depparse.document.sentence import Sentence
from depparse.formats.table import read
from depparse.training.recipe import read_recipe
from tests.recipes import WHOLE


def test_a_share_of_the_data_comes_evenly_from_all_of_it(samples: Path) -> None:
    from depparse.training.segmentation import read_passages

    sentences = read(samples / "UD_English-Sample" / "en_sample-ud-train.conllu").sentences
    config = read_recipe(WHOLE, {"segmentation.passage_words": 1}).segmentation
    assert config is not None
    everything, names = read_passages(config, sentences, [0] * len(sentences), ["UD_X"])
    assert names == ["UD_X"]
    assert sum(passage.length for passage in everything) == sum(map(len, sentences))
    third = config.model_copy(update={"max_words": sum(map(len, sentences)) // 3})
    some, _ = read_passages(third, sentences, [0] * len(sentences), ["UD_X"])
    assert len(some) == pytest.approx(len(everything) / 3, abs=1)
    positions = [position for position, passage in enumerate(everything) if passage in some]
    assert positions[0] <= 3
    assert positions[-1] >= len(everything) - 3


def test_passages_are_numbered_by_the_treebanks_that_have_spacing() -> None:
    """A treebank without spacing teaches nothing; each other one has a name."""
    from depparse.training.segmentation import read_passages

    spaced = Sentence({"FORM": ["Go", "."], "MISC": ["SpaceAfter=No", "_"]})
    unknown = Sentence.from_forms(["Go", "."])
    config = read_recipe(WHOLE).segmentation
    assert config is not None
    names = ["UD_A", "UD_B", "UD_C"]
    passages, found = read_passages(config, [spaced, unknown, spaced], [0, 1, 2], names)
    assert found == ["UD_A", "UD_C"]
    assert [(passage.source, passage.text) for passage in passages] == [(0, "Go."), (1, "Go.")]
    passages, found = read_passages(config, [unknown, spaced], [1, 2], names)
    assert found == ["UD_C"]
    assert [passage.source for passage in passages] == [0]
    # Of too much data, the largest treebanks are cut, and the small one is whole.
    many = config.model_copy(update={"max_words": 30, "passage_words": 2})
    sentences, sources = [spaced] * 45, [0] * 20 + [2] * 5 + [1] * 20
    passages, _ = read_passages(many, sentences, sources, names)
    assert [sum(passage.source == number for passage in passages) for number in range(3)] == [5, 5, 5]
