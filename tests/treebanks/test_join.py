"""Joining a treebank with the entities or roles of another file."""

from __future__ import annotations

from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.formats import table as formats
from depparse.treebanks.join import join


def tagged(forms: str, tags: str, *comments: str) -> Sentence:
    return Sentence({"FORM": forms.split(), "NER": tags.split()}, comments)


def test_samples_join_completely(samples: Path) -> None:
    folder = samples / "UD_English-Sample"
    document = formats.read(folder / "en_sample-ud-test.conllu")
    for name in ("en_sample-ner-test.iob2", "en_sample-up-test.conllup"):
        report = join(document, formats.iter_sentences(folder / name))
        assert (report.joined, report.unjoined) == (15, [])
    assert document.ents == formats.read(folder / "en_sample-ner-test.iob2").ents
    frames = [s.frames for s in formats.read(folder / "en_sample-up-test.conllup")]
    assert [s.frames for s in document] == frames
    assert document.column_names[-4:] == ("NER", "UP:PRED", "UP:ARGHEADS", "UP:ARGSPANS")
    again = Document.from_conllu(document.to_conllu())
    assert again.ents == document.ents
    assert [s.frames for s in again] == frames


def test_sentences_without_ids_are_joined_by_their_words(samples: Path) -> None:
    folder = samples / "UD_German-Sample"
    document = formats.read(folder / "de_sample-ud-train.conllu")
    report = join(document, formats.iter_sentences(folder / "de_sample-ner-train.biose"))
    assert (report.joined, report.unjoined) == (16, [])


def test_every_sentence_that_does_not_join_is_reported() -> None:
    document = Document(
        [
            Sentence({"FORM": ["a", "b"]}, ["# sent_id = 1"]),
            Sentence({"FORM": ["a", "c"]}, ["# sent_id = 2"]),
            Sentence({"FORM": ["d"]}, ["# sent_id = 3"]),
            Sentence({"FORM": ["e"]}),
            Sentence({"FORM": ["e"]}),
            Sentence({"FORM": ["f", "g"]}, ["# sent_id = 4"]),
        ]
    )
    annotations = [
        tagged("e", "S-ONE"),
        tagged("a b", "B-X I-X", "# sent_id = 1"),
        tagged("a x", "O O", "# sent_id = 2"),
        tagged("f", "O", "# sent_id = 4"),
        tagged("e", "S-TWO"),
        tagged("d", "S-D", "# sent_id = other"),
    ]
    report = join(document, annotations)
    assert report.joined == 4
    assert [str(problem) for problem in report.unjoined] == [
        "treebank sentence 2 (2): word 2 is 'c' here and 'x' in the other file",
        "treebank sentence 6 (4): 2 words here and 1 in the other file",
        "annotation sentence 3 (2): no sentence with this id or these words in the treebank",
        "annotation sentence 4 (4): no sentence with this id or these words in the treebank",
    ]
    assert [sentence.ents for sentence in document] == [
        (Span(1, 2, "X"),),
        (),
        (Span(1, 1, "D"),),
        (Span(1, 1, "ONE"),),
        (Span(1, 1, "TWO"),),
        (),
    ]
    assert "NER" not in document[1].columns  # a sentence that is not annotated differs from one without entities


def test_entities_in_misc_are_joined(samples: Path) -> None:
    source = Document([Sentence({"FORM": ["a", "b"]})])
    source[0].ents = [Span(2, 2, "X")]
    document = Document([Sentence({"FORM": ["a", "b"]})])
    join(document, Document.from_conllu(source.to_conllu()))
    assert document.ents == [Span(2, 2, "X")]
    assert document.ents[0].sentence is document[0]


@pytest.mark.shared
def test_real_joins_have_the_counts_of_data_md(shared: Path) -> None:
    ewt = shared / "treebanks" / "UD_English-EWT"
    document = formats.read(ewt / "en_ewt-ud-dev.conllu")
    entities = formats.iter_sentences(shared / "ner" / "UNER_English-EWT" / "en_ewt-ud-dev.iob2")
    assert join(document, entities).joined == 1998
    roles = formats.iter_sentences(shared / "srl" / "UP_English-EWT" / "en_ewt-up-dev.conllup")
    assert join(document, roles).joined == 1967
    assert sum(len(s.frames) for s in document) == 4957
    assert sum(len(f.arguments) for s in document for f in s.frames) == 9572
    hebrew = shared / "treebanks" / "UD_Hebrew-IAHLTKnesset-NE"
    document = formats.read(hebrew / "he_iahltknesset-ne-ud-test.conllu")
    assert join(document, formats.iter_sentences(hebrew / "he_iahltknesset-ne-ud-test.biose")).joined == 131


def test_joining_replaces_entities_that_were_assigned() -> None:
    document = Document([Sentence({"FORM": ["a"]})])
    document[0].ents = [Span(1, 1, "LOC")]
    join(document, [tagged("a", "B-PER")])
    assert document.ents == [Span(1, 1, "PER")]
    assert "NER=B-PER" in document.to_conllu()
