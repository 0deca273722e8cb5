"""The document: its sizes, its text, offsets in it, and pickling."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.document.spans import Span
from depparse.formats.conllu import read_conllu
from tests.sentences import TWO_PARAGRAPHS


def test_sizes_are_counted_and_shown(document: Document) -> None:
    assert (len(document), document.num_words, document.num_tokens) == (4, 13, 11)
    assert repr(document) == "<Document: 4 sentences, 11 tokens, 13 words>"
    assert repr(document[1]) == "<Sentence s2: 'Yes', 1 words>"
    assert repr(document[0].words[3]) == "Word(4, 'like', upos=VERB, head=0, deprel=root)"
    assert repr(document[0].tokens[1]) == 'Token(2-3, "doesn\'t")'
    assert [word.text for word in document.iter_words()][:2] == ["John", "does"]


def test_the_raw_text_has_spaces_and_paragraphs(document: Document) -> None:
    assert document.text == 'John doesn\'t like "du vin". Yes\n\nNo_'


def test_offsets_are_places_in_the_text(document: Document) -> None:
    for sentence in document:
        for token in sentence.tokens:
            assert document.text[token.start_char : token.end_char] == token.text
    words = document[0].words
    assert [(w.start_char, w.end_char) for w in words[1:3]] == [(5, 9), (9, 12)]
    assert (words[5].start_char, words[5].end_char) == (None, None)  # where de and le are in du cannot be told
    assert words[5].covering_chars == (19, 21)
    assert document[3].words[0].start_char == len(document.text) - 1


@pytest.mark.shared
def test_most_offsets_in_real_text_are_known(shared: Path) -> None:
    for name in (
        "UD_Vietnamese-VTB/vi_vtb-ud-dev",
        "UD_Tamil-TTB/ta_ttb-ud-train",
        "UD_French-Sequoia/fr_sequoia-ud-dev",
    ):
        document = read_conllu(shared / "treebanks" / f"{name}.conllu")
        text, n_known = document.text, 0
        for sentence in document:
            for token in sentence.tokens:
                assert text[token.start_char : token.end_char] == token.text
            n_known += sum(word.start_char is not None for word in sentence.words)
        assert n_known > 0.8 * document.num_words


def test_pickle_keeps_all_and_stays_small(document: Document) -> None:
    document[0].ents = [Span(1, 1, "PER", score=0.5)]
    again = pickle.loads(pickle.dumps(document))
    assert again.to_conllu() == document.to_conllu()
    assert again[0].ents[0].score == 0.5
    assert again[0].ents[0].sentence is again[0]
    assert len(pickle.dumps(Document.from_conllu(TWO_PARAGRAPHS))) < 2.5 * len(TWO_PARAGRAPHS)
