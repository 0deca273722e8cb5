"""Jackknifing: each tree is of a parser that did not see the sentence, and a call that was interrupted goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.errors import ConfigError
from depparse.formats.conllu import read_conllu
from depparse.model.model import Model
from depparse.model_folder.store import load
from depparse.training.jackknife import fold_ends, jackknife, train_parser, with_trees_of
from depparse.training.recipe import read_recipe
from depparse.training.records import Done, Record, Scored
from tests.models import annotated_copies
from tests.recipes import TINY


def words(sentences: list[Sentence]) -> list[list[str]]:
    return [sentence.columns["FORM"] for sentence in sentences]


def test_trees_are_of_parsers_that_did_not_see_the_sentence(samples: Path, tmp_path: Path) -> None:
    gold = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu").sentences[:7]
    gold[2].ents = [Span(1, 1, "PER", 0.5)]
    before = [sentence.to_conllu() for sentence in gold]
    records: list[Record] = []
    jackknifed = jackknife(TINY, gold, tmp_path, 2, set={"training.epochs": 1}, listen=records.append)
    assert [sentence.to_conllu() for sentence in gold] == before
    assert sum(isinstance(record, Done) for record in records) == 2
    folds = [read_conllu(tmp_path / f"fold-{number}" / "train.conllu").sentences for number in (1, 2)]
    assert words(folds[1]) + words(folds[0]) == words(gold)
    expected: list[Sentence] = []
    for number, held_out in ((1, folds[1]), (2, folds[0])):
        expected += annotated_copies(load(tmp_path / f"fold-{number}" / "model"), Document(held_out))
    for sentence, parsed, original in zip(jackknifed, expected, gold, strict=True):
        for name in ("HEAD", "DEPREL"):
            assert sentence.columns[name] == parsed.columns[name]
        for name in ("FORM", "UPOS", "MISC"):  # the model predicts UPOS too
            assert sentence.columns[name] == original.columns[name]
        assert (sentence.ents, sentence.comments) == (original.ents, original.comments)
    assert [span.score for span in jackknifed[2].ents] == [0.5]
    assert any(sentence.heads != original.heads for sentence, original in zip(jackknifed, gold, strict=True))

    # A fold that is finished is not made again if its data and recipe are the same.
    again = jackknife(TINY, gold, tmp_path, 2, set={"training.epochs": 1}, listen=records.append)
    assert again.to_conllu() == jackknifed.to_conllu()
    assert sum(isinstance(record, Done) for record in records) == 2
    with pytest.raises(ConfigError, match="fold-1: holds a parser of another recipe; give another folder"):
        jackknife(TINY, gold, tmp_path, 2)
    with pytest.raises(ConfigError, match="fold-1: holds a parser of other sentences; give another folder"):
        jackknife(TINY, gold[::-1], tmp_path, 2, set={"training.epochs": 1})
    with pytest.raises(ConfigError, match="at most as many as the 7 sentences, not 8"):
        jackknife(TINY, gold, tmp_path, 8)


def test_recipes_that_train_no_parser_anew_are_refused(samples: Path, tmp_path: Path) -> None:
    gold = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu").sentences[:4]
    for recipe in ("ner", TINY | {"base": "en"}):
        with pytest.raises(ConfigError, match="give a recipe without a base and with a task that predicts trees"):
            jackknife(recipe, gold, tmp_path, 2)
    assert not any(tmp_path.iterdir())


def test_an_interrupted_parser_goes_on(samples: Path, tmp_path: Path) -> None:
    gold = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu").sentences[:4]

    def interrupt(record: Record) -> None:
        if isinstance(record, Scored):
            raise RuntimeError("stop")

    with pytest.raises(
        RuntimeError, match="stop"
    ):  # after the model of the first epoch was saved, without a checkpoint
        train_parser(read_recipe(TINY), gold, tmp_path / "run", listen=interrupt)
    assert (tmp_path / "run" / "model").exists()
    resumed = train_parser(read_recipe(TINY), gold, tmp_path / "run")
    uninterrupted = train_parser(read_recipe(TINY), gold, tmp_path / "whole")

    def trees(model: Model) -> list[list[int | None]]:
        return [sentence.heads for sentence in with_trees_of(model, gold)]

    assert trees(resumed) == trees(uninterrupted)


@pytest.mark.parametrize(
    ("lengths", "folds", "expected"),
    [([5] * 6, 3, [2, 4, 6]), ([90, 1, 1, 1], 4, [1, 2, 3, 4]), ([1, 1, 1, 90], 2, [3, 4]), ([0, 0, 0], 3, [1, 2, 3])],
)
def test_folds_have_like_numbers_of_words_and_are_not_empty(
    lengths: list[int], folds: int, expected: list[int]
) -> None:
    assert fold_ends([Sentence.from_forms(["x"] * length) for length in lengths], folds) == expected


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (
            [0, 21, 34],
            [21, 40, 60],
        ),  # one is near the end of the first fold; the other is too far from that of the second
        ([0, 16, 44, 58], [16, 44, 60]),  # the last fold ends with the text, whatever begins before it
        ([0, 18, 21, 23], [21, 40, 60]),  # the nearest
        ([0], [20, 40, 60]),
    ],
)
def test_folds_end_where_documents_end_if_that_is_near(documents: list[int], expected: list[int]) -> None:
    comments = [["# newdoc id = d"] if number in documents else ["# newdocument"] for number in range(60)]
    sentences = [Sentence.from_forms(["x"], lines) for lines in comments]
    assert fold_ends(sentences, 3) == expected
