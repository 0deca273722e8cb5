"""Entities in cells, and what a sentence tells of them."""

from __future__ import annotations

from depparse.document.sentence import Sentence


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
