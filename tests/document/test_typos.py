"""Words that a treebank marks as misspelled."""

from __future__ import annotations

from depparse.document.sentence import Sentence
from depparse.document.typos import find_beginnings, find_typos


def test_typos_are_found_by_both_marks_of_ud() -> None:
    columns = {"FORM": ["a", "b", "c"], "FEATS": ["_", "Typo=Yes", "Case=Nom"], "MISC": ["CorrectForm=an", "_", "_"]}
    assert find_typos(Sentence(columns)) == {1, 2}
    assert find_typos(Sentence.from_forms(["a", "b"])) == set()


def test_the_first_part_of_a_word_in_several_parts_is_found() -> None:
    columns = {"FORM": ["to", "gether", "x"], "HEAD": ["3", "1", "0"], "DEPREL": ["advmod", "goeswith", "root"]}
    assert find_beginnings(Sentence(columns)) == {1}
    columns["HEAD"][1] = "_"
    assert find_beginnings(Sentence(columns)) == set()
