"""The Document and its views: names, offsets, writing through, and what leaves the process."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.formats.conllu import read_conllu

TEXT = """\
# newdoc id = d
# newpar
# sent_id = s1
# text = John doesn't like "du vin".
1\tJohn\tJohn\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t4:nsubj\t_
2-3\tdoesn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdoes\tdo\tAUX\tVBZ\tMood=Ind|Person=3\t4\taux\t4:aux\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t4:advmod\t_
4\tlike\tlike\tVERB\tVB\tVerbForm=Inf\t0\troot\t0:root\t_
5\t"\t"\tPUNCT\t``\t_\t8\tpunct\t8:punct\tSpaceAfter=No
6-7\tdu\t_\t_\t_\t_\t_\t_\t_\t_
6\tde\tde\tADP\t_\t_\t8\tcase\t8:case\t_
7\tle\tle\tDET\t_\t_\t8\tdet\t8:det\t_
8\tvin\tvin\tNOUN\t_\t_\t4\tobj\t4:obj|8.1:dep\tSpaceAfter=No
8.1\tbu\tboire\tVERB\t_\t_\t_\t_\t4:dep\t_
9\t"\t"\tPUNCT\t''\t_\t8\tpunct\t8:punct\tSpaceAfter=No
10\t.\t.\tPUNCT\t.\t_\t4\tpunct\t4:punct\t_

# sent_id = s2
1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No

# newpar
1\tNo\tno\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No

1\t_\t_\tSYM\t_\t_\t0\troot\t_\t_

"""


@pytest.fixture
def document() -> Document:
    return Document.from_conllu(TEXT)


def test_stanza_names(document: Document) -> None:
    word = document.sentences[0].words[1]
    assert (word.id, word.text, word.lemma, word.upos, word.xpos) == (2, "does", "do", "AUX", "VBZ")
    assert (word.feats, word.head, word.deprel, word.deps, word.misc) == ("Mood=Ind|Person=3", 4, "aux", "4:aux", None)
    assert word.feats_dict == {"Mood": "Ind", "Person": "3"}
    assert document.sentences[0].words[7].deps_list == [("4", "obj"), ("8.1", "dep")]
    assert document.sentences[0].words[4].misc_dict == {"SpaceAfter": "No"}
    token = document.sentences[0].tokens[1]
    assert (token.id, token.text, [w.text for w in token.words]) == ((2, 3), "doesn't", ["does", "n't"])
    assert document.sentences[0].words[2].token == token
    assert document.sentences[0].words[3].token.id == (4,)
    node = document.sentences[0].empty_nodes[0]
    assert (node.id, node.text, node.lemma, node.deps, node.xpos) == ((8, 1), "bu", "boire", "4:dep", None)


def test_sizes_and_repr(document: Document) -> None:
    assert (len(document), document.num_words, document.num_tokens) == (4, 13, 11)
    assert repr(document) == "<Document: 4 sentences, 11 tokens, 13 words>"
    assert repr(document[1]) == "<Sentence s2: 'Yes', 1 words>"
    assert repr(document[0].words[3]) == "Word(4, 'like', upos=VERB, head=0, deprel=root)"
    assert repr(document[0].tokens[1]) == 'Token(2-3, "doesn\'t")'
    assert [word.text for word in document.iter_words()][:2] == ["John", "does"]


def test_words_are_a_sequence(document: Document) -> None:
    words = document[0].words
    assert len(words) == 10
    assert words[-1].text == "."
    assert [word.id for word in words[7:]] == [8, 9, 10]
    assert words[2] in words
    with pytest.raises(IndexError):
        words[10]


def test_raw_text(document: Document) -> None:
    assert document.text == 'John doesn\'t like "du vin". Yes\n\nNo_'


def test_offsets_are_places_in_the_text(document: Document) -> None:
    for sentence in document:
        for token in sentence.tokens:
            assert document.text[token.start_char : token.end_char] == token.text
    words = document[0].words
    assert [(w.start_char, w.end_char) for w in words[1:3]] == [(5, 9), (9, 12)]
    assert (words[5].start_char, words[5].end_char) == (None, None)  # du is de + le: cannot be told
    assert words[5].covering_chars == (19, 21)
    assert document[3].words[0].start_char == len(document.text) - 1


@pytest.mark.shared
def test_offsets_on_real_text(shared: Path) -> None:
    for name in (
        "UD_Vietnamese-VTB/vi_vtb-ud-dev",
        "UD_Tamil-TTB/ta_ttb-ud-train",
        "UD_French-Sequoia/fr_sequoia-ud-dev",
    ):
        document = read_conllu(shared / "treebanks" / f"{name}.conllu")
        text, told = document.text, 0
        for sentence in document:
            for token in sentence.tokens:
                assert text[token.start_char : token.end_char] == token.text
            told += sum(word.start_char is not None for word in sentence.words)
        assert told > 0.8 * document.num_words


def test_offsets_stop_where_text_and_forms_part() -> None:
    sentence = Document.from_conllu(
        "# text = one too three\n"
        + "".join(f"{i}\t{w}\t_\t_\t_\t_\t_\t_\t_\t_\n" for i, w in enumerate(["one", "two", "three"], 1))
        + "\n"
    )[0]
    assert [word.start_char for word in sentence.words] == [0, None, None]


def test_writing_an_attribute_writes_the_column(document: Document) -> None:
    sentence = document[0]
    word = sentence.words[0]
    word.upos, word.lemma, word.head, word.deprel = "X", None, 8, "dep"
    word.feats = {"Number": "Plur", "Case": "Nom", "abbr": "Yes"}
    word.misc = {"Gloss": "J", "Flag": None}
    word.deps = [("8.1", "dep"), ("8", "x"), ("4", "nsubj")]
    line = sentence.to_conllu().splitlines()[4]
    assert line == "1\tJohn\t_\tX\tNNP\tabbr=Yes|Case=Nom|Number=Plur\t8\tdep\t4:nsubj|8:x|8.1:dep\tGloss=J|Flag"
    word.text = "Jon"
    assert word.start_char is None
    sentence.set_comment("text", "Jon" + sentence.text[4:])
    assert word.end_char == 3
    sentence.tokens[1].misc = "SpaceAfter=No"
    assert not sentence.tokens[1].space_after
    assert sentence.to_conllu().splitlines()[5].endswith("SpaceAfter=No")


def test_wrong_values_are_refused(document: Document) -> None:
    word = document[0].words[0]
    with pytest.raises(ValueError, match="between 0 and 10"):
        word.head = 11
    with pytest.raises(ValueError, match="no tab"):
        word.lemma = "a\tb"
    with pytest.raises(ValueError, match="lies within words 1 to 10"):
        document[0].ents = [Span(9, 11, "PER")]


def test_literal_underscores_are_words(document: Document) -> None:
    word = document[3].words[0]
    assert (word.text, word.lemma, word.xpos) == ("_", "_", None)


def test_comments(document: Document) -> None:
    sentence = document[0]
    assert (sentence.comment("newdoc id"), sentence.comment("newpar"), sentence.comment("x")) == ("d", "", None)
    assert [s.starts_paragraph for s in document] == [True, False, True, False]
    sentence.set_comment("sent_id", "new")
    sentence.set_comment("newpar", None)
    sentence.set_comment("lang", "en")
    assert sentence.comments[0] == "# newdoc id = d"
    assert sentence.comments[1] == "# sent_id = new"
    assert sentence.comments[-1] == "# lang = en"


def test_sentence_of_forms() -> None:
    sentence = Sentence.from_forms(["a", "b c"])
    assert sentence.to_conllu() == "1\ta" + "\t_" * 8 + "\n2\tb c" + "\t_" * 8 + "\n\n"
    assert (sentence.text, sentence.heads) == ("a b c", [None, None])


def test_pickle_keeps_all_and_stays_small(document: Document) -> None:
    document[0].ents = [Span(1, 1, "PER", score=0.5)]
    again = pickle.loads(pickle.dumps(document))
    assert again.to_conllu() == document.to_conllu()
    assert again[0].ents[0].score == 0.5
    assert again[0].ents[0].sentence is again[0]
    assert len(pickle.dumps(Document.from_conllu(TEXT))) < 2.5 * len(TEXT)


# -- entities and frames


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
    assert again.to_conllu() == Document.from_conllu(TEXT)[0].to_conllu()


def test_nested_entities_in_misc(document: Document) -> None:
    spans = (Span(1, 10, "WORK"), Span(6, 8, "DRINK"))
    document[0].ents = spans
    assert Document.from_conllu(document.to_conllu())[0].ents == spans


def test_entities_of_stanza_are_read() -> None:
    text = "".join(
        f"{i}\tw{i}" + "\t_" * 7 + f"\tner={tag}\n" for i, tag in enumerate(["B-PER", "E-PER", "O", "S-ORG"], 1)
    )
    assert Document.from_conllu(text + "\n")[0].ents == (Span(1, 2, "PER"), Span(4, 4, "ORG"))


def test_frames_go_to_misc_and_come_back(document: Document) -> None:
    frames = [Frame(4, "like.01", [Argument("ARG0", 1, 1, 1), Argument("ARG1", 8, 6, 8)]), Frame(8, "wine.01", [])]
    document[0].frames = frames
    again = Document.from_conllu(document.to_conllu())[0]
    assert list(again.frames) == frames
    assert again.words[3].misc == "UPPred=like.01|UPArgHeads=ARG0:1,ARG1:8|UPArgSpans=ARG0:1-1,ARG1:6-8"
    again.frames = []
    assert again.to_conllu() == Document.from_conllu(TEXT)[0].to_conllu()


def test_a_span_of_no_sentence_says_so() -> None:
    with pytest.raises(ValueError, match=r"assign it to sentence\.ents"):
        Span(1, 1, "X").text  # noqa: B018


# -- what used to go wrong


def test_comments_that_only_look_like_others_stay_and_begin_no_paragraph() -> None:
    text = "# global.columns.note = x\n# newpartner = y\n# global.columns=ID FORM\n1\ta" + "\t_" * 8 + "\n\n"
    document = Document.from_conllu(text)
    assert document.to_conllu() == text
    assert not document[0].starts_paragraph


def test_setters_refuse_what_would_break_the_file(document: Document) -> None:
    sentence = document[0]
    word = sentence.words[0]
    for change in (
        lambda: sentence.set_comment("x", "a\nb"),
        lambda: setattr(word, "head", True),
        lambda: setattr(word, "head", "1"),
        lambda: setattr(word, "lemma", 3),
        lambda: setattr(sentence, "ents", [Span(1, 1, "A|B")]),
        lambda: setattr(sentence, "ents", [Span(1, 1, "A,B")]),
        lambda: setattr(sentence, "frames", [Frame(0, "x.01")]),
        lambda: setattr(sentence, "frames", [Frame(11, "x.01")]),
        lambda: setattr(sentence, "frames", [Frame(1, "x.01"), Frame(1, "y.01")]),
        lambda: setattr(sentence, "frames", [Frame(1, "a|b")]),
        lambda: setattr(sentence, "frames", [Frame(1, "x.01", [Argument("A,0", 1)])]),
    ):
        with pytest.raises(ValueError, match=r"not|at most one frame|one line"):
            change()
    assert document.to_conllu() == TEXT


def test_partly_known_arguments_survive(document: Document) -> None:
    frames = [Frame(4, "like.01", [Argument("A0", 2), Argument("A1", None, 6, 8), Argument("A2")])]
    document[0].frames = frames
    assert list(Document.from_conllu(document.to_conllu())[0].frames) == frames
    frames = [Frame(4, "like.01", [Argument("A2")])]
    document[0].frames = frames
    assert list(Document.from_conllu(document.to_conllu())[0].frames) == frames


def test_spacing_changes_move_offsets() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    assert sentence.words[1].start_char == 2
    sentence.words[0].misc = "SpaceAfter=No"
    assert (sentence.text, sentence.words[1].start_char) == ("ab", 1)


def test_other_keys_that_end_alike_hide_no_entity() -> None:
    text = "1\ta" + "\t_" * 7 + "\tINNER=1\n2\tb" + "\t_" * 7 + "\tner=S-PER\n\n"
    assert Document.from_conllu(text)[0].ents == (Span(2, 2, "PER"),)


def test_the_token_of_every_word(document: Document) -> None:
    for sentence in document:
        for token in sentence.tokens:
            assert [word.token for word in token.words] == [token] * len(token.words)
