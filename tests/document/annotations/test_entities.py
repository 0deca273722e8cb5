"""Entities in cells, and what a sentence tells of them."""

from __future__ import annotations

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from tests.sentences import TWO_PARAGRAPHS


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
    first, second = Sentence.from_forms(["Tom", "ran"]), Sentence.from_forms(["Ann", "sat"])
    span = Span(1, 1, "PER", 0.5)
    first.ents = second.ents = [span]
    assert first.ents[0] is span
    assert span.sentence is first
    assert second.ents[0] is not span
    assert [(s.ents[0].text, s.ents[0].score) for s in (first, second)] == [("Tom", 0.5), ("Ann", 0.5)]
    second.ents = first.ents
    assert (first.ents[0].text, second.ents[0].text) == ("Tom", "Ann")


def test_entities_go_to_misc_and_come_back(document: Document) -> None:
    sentence = document[0]
    assert sentence.ents == ()
    sentence.ents = [Span(1, 1, "PER", score=0.9), Span(6, 8, "DRINK")]
    again = Document.from_conllu(document.to_conllu())[0]
    assert again.ents == (Span(1, 1, "PER"), Span(6, 8, "DRINK"))
    assert again.words[7].misc == "SpaceAfter=No|NER=I-DRINK"
    assert [span.text for span in again.ents] == ["John", "du vin"]
    assert [(span.start_char, span.end_char) for span in again.ents] == [(0, 4), (19, 25)]
    assert document.ents == [Span(1, 1, "PER"), Span(6, 8, "DRINK")]
    again.ents = []
    assert again.to_conllu() == Document.from_conllu(TWO_PARAGRAPHS)[0].to_conllu()


def test_nested_entities_go_to_misc_and_come_back(document: Document) -> None:
    spans = (Span(1, 10, "WORK"), Span(6, 8, "DRINK"))
    document[0].ents = spans
    assert Document.from_conllu(document.to_conllu())[0].ents == spans


def test_entities_of_stanza_are_read() -> None:
    text = "".join(
        f"{i}\tw{i}" + "\t_" * 7 + f"\tner={tag}\n" for i, tag in enumerate(["B-PER", "E-PER", "O", "S-ORG"], 1)
    )
    assert Document.from_conllu(text + "\n")[0].ents == (Span(1, 2, "PER"), Span(4, 4, "ORG"))


def test_other_keys_that_end_alike_hide_no_entity() -> None:
    text = "1\ta" + "\t_" * 7 + "\tINNER=1\n2\tb" + "\t_" * 7 + "\tner=S-PER\n\n"
    assert Document.from_conllu(text)[0].ents == (Span(2, 2, "PER"),)
