"""Entities in cells, and what a sentence tells of them."""

from __future__ import annotations

from depparse.document.sentence import Sentence
from depparse.document.spans import Span


def test_a_sentence_tells_whether_its_entities_are_annotated() -> None:
    bare = Sentence.from_forms(["a", "b"])
    assert (bare.entity_tags(), bare.ents) == (None, ())
    bare.columns["NER"] = ["_", "_"]
    assert (bare.entity_tags(), bare.ents) == (None, ())
    bare.columns["NER"] = ["O", "O"]
    assert (bare.entity_tags(), bare.ents) == (["O", "O"], ())
    misc = Sentence({"FORM": ["a", "b"], "MISC": ["SpaceAfter=No", "ner=B-A,S-B"]})
    assert misc.entity_tags() == ["O", "B-A|S-B"]
    assert [(span.start, span.end, span.type) for span in misc.ents] == [(2, 2, "A"), (2, 2, "B")]


def test_an_entity_belongs_to_one_sentence() -> None:
    one, other = Sentence.from_forms(["Tom", "ran"]), Sentence.from_forms(["Ann", "sat"])
    span = Span(1, 1, "PER", 0.5)
    one.ents = other.ents = [span]
    assert one.ents[0] is span
    assert span.sentence is one
    assert other.ents[0] is not span
    assert [(s.ents[0].text, s.ents[0].score) for s in (one, other)] == [("Tom", 0.5), ("Ann", 0.5)]
    other.ents = one.ents
    assert (one.ents[0].text, other.ents[0].text) == ("Tom", "Ann")
