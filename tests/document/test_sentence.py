"""A sentence: its columns, comments, text and offsets, annotation, copies and lines."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import DepparseError, FormatError
from depparse.formats.table import read
from tests.sentences import TWO, TWO_PARAGRAPHS


def in_brackets() -> Sentence:
    """The text "(do n't)", of which the last two words are one token."""
    return Sentence(
        {"FORM": ["(", "do", "n't"], "MISC": ["SpaceAfter=No", "A=b", "_"]},
        mwts=[MultiwordToken(2, 3, {"FORM": "don't", "MISC": "SpaceAfter=No"})],
    )


# -- columns


def test_a_sentence_is_made_of_forms() -> None:
    sentence = Sentence.from_forms(["a", "b c"])
    assert sentence.to_conllu() == "1\ta" + "\t_" * 8 + "\n2\tb c" + "\t_" * 8 + "\n\n"
    assert (sentence.text, sentence.heads) == ("a b c", [None, None])


def test_forms_that_are_no_cells_are_refused_or_blank() -> None:
    assert Sentence.from_forms(["a", ""]).columns == {"FORM": ["a", "_"]}
    with pytest.raises(DepparseError, match=r"a value of column FORM holds no tab .*, but 'a\\tb' does"):
        Sentence.from_forms(["a", "a\tb"])


def test_a_column_is_made_of_blanks_and_stays() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    column = sentence.column("UPOS")
    assert column == ["_", "_"]
    column[1] = "X"
    assert sentence.column("UPOS") is column is sentence.columns["UPOS"]
    assert [word.upos for word in sentence.words] == [None, "X"]


def test_heads_are_numbers_or_none() -> None:
    sentence = Sentence({"FORM": ["a", "b", "c"], "HEAD": ["3", "_", "0"]})
    assert sentence.heads == [3, None, 0]


def test_misc_of_a_sentence_without_it_is_blank_and_not_made() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    assert sentence.misc_cells == ["_", "_"]
    assert "MISC" not in sentence.columns
    assert in_brackets().misc_cells == ["SpaceAfter=No", "A=b", "_"]


def test_tokens_are_words_or_several_of_them() -> None:
    assert [(token.id, token.text, len(token.words)) for token in in_brackets().tokens] == [
        ((1,), "(", 1),
        ((2, 3), "don't", 2),
    ]
    assert len(in_brackets()) == 3


# -- copies


def test_a_copy_shares_nothing() -> None:
    sentence = Sentence.from_forms(["a", "b"], ["# sent_id = s1"])
    sentence.start_char = 7
    copy = sentence.copy()
    assert copy.start_char == 7
    copy.columns["FORM"][0] = "c"
    copy.column("UPOS")[0] = "X"
    copy.set_comment("sent_id", "s2")
    copy.comments.append("# more")
    assert (sentence.columns, sentence.comments) == ({"FORM": ["a", "b"]}, ["# sent_id = s1"])


def test_a_copy_has_the_annotation_with_all_that_cells_do_not_hold() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    sentence.ents = [Span(1, 2, "PER", 0.5)]
    sentence.frames = [Frame(1, "go.01", [Argument("A0", 2, 2, 2, 0.25)], 0.75)]
    copy = sentence.copy()
    assert (copy.ents, copy.frames) == (sentence.ents, sentence.frames)
    assert copy.ents[0].score == 0.5
    assert copy.ents[0].sentence is copy
    assert sentence.ents[0].sentence is sentence
    assert (copy.frames[0].score, copy.frames[0].arguments[0].score) == (0.75, 0.25)
    copy.ents, copy.frames = [], []
    assert (len(sentence.ents), len(sentence.frames)) == (1, 1)
    assert sentence.ents[0].score == 0.5


def test_a_copy_has_the_multiword_tokens_and_empty_nodes(document: Document) -> None:
    copy = document[0].copy()
    assert copy.to_conllu() == document[0].to_conllu()
    copy.mwts, copy.empty_nodes = [], []
    assert document.to_conllu() == TWO_PARAGRAPHS


# -- comments


def test_comments_are_read_and_set(document: Document) -> None:
    sentence = document[0]
    assert (sentence.comment("newdoc id"), sentence.comment("newpar"), sentence.comment("x")) == ("d", "", None)
    assert [s.starts_paragraph for s in document] == [True, False, True, False]
    sentence.set_comment("sent_id", "new")
    sentence.set_comment("newpar", None)
    sentence.set_comment("lang", "en")
    assert sentence.comments[0] == "# newdoc id = d"
    assert sentence.comments[1] == "# sent_id = new"
    assert sentence.comments[-1] == "# lang = en"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("# note = a = b", "a = b"),
        ("#note=a", "a"),
        ("#  note  =  a ", " a "),  # one blank belongs to the sign
        ("# note", ""),
        ("# note =", ""),
        ("# notes = a", None),
        ("# a = note", None),
        ("# a note = b", None),
    ],
)
def test_the_value_of_a_comment_stands_after_its_name(line: str, value: str | None) -> None:
    assert Sentence.from_forms(["a"], [line]).comment("note") == value


def test_a_comment_is_set_in_its_place_and_once() -> None:
    lines = ["# a = 1", "#note=x", "# b = 2", "# note = y"]
    sentence = Sentence.from_forms(["a"], lines)
    assert sentence.comment("note") == "x"
    sentence.set_comment("note", "z")
    assert sentence.comments == ["# a = 1", "# note = z", "# b = 2"]
    sentence.set_comment("note", None)
    sentence.set_comment("c", None)
    assert sentence.comments == ["# a = 1", "# b = 2"]
    sentence.set_comment("c", "")
    assert sentence.comments[-1] == "# c = "
    for wrong in ("a\nb", "a\rb"):
        with pytest.raises(DepparseError, match="a comment is one line"):
            sentence.set_comment("c", wrong)
    assert sentence.comment("c") == ""
    assert len(lines) == 4  # the lines of the caller are not changed


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("# newpar", True),
        ("#newpar", True),
        ("# newpar id = p1", True),
        ("# newdoc id = d1", True),
        ("# newdoc", True),
        ("# newpars", False),
        ("# text = newpar", False),
        ("# not newdoc", False),
    ],
)
def test_newpar_and_newdoc_begin_a_paragraph(line: str, starts: bool) -> None:
    assert Sentence.from_forms(["a"], ["# sent_id = 1", line]).starts_paragraph is starts


def test_comments_that_only_look_like_others_stay_and_begin_no_paragraph() -> None:
    text = "# global.columns.note = x\n# newpartner = y\n# global.columns=ID FORM\n1\ta" + "\t_" * 8 + "\n\n"
    document = Document.from_conllu(text)
    assert document.to_conllu() == text
    assert not document[0].starts_paragraph


# -- text and offsets


def test_text_is_the_comment_or_else_the_tokens_with_their_spaces() -> None:
    sentence = in_brackets()
    assert sentence.text == "(don't"
    sentence.mwts = []
    sentence.forget_offsets()
    assert sentence.text == "(do n't"
    sentence.set_comment("text", "( do  n't")
    assert sentence.text == "( do  n't"
    sentence.set_comment("text", None)
    assert sentence.text == "(do n't"
    assert Sentence.from_forms([]).text == ""


def test_exact_text_is_that_of_the_tokens() -> None:
    cells = {
        "FORM": ["a", "b", "c"],
        "MISC": ["SpacesAfter=\\s\\n", "SpaceAfter=No", "SpacesBefore=\\t|SpacesAfter=\\n"],
    }
    sentence = Sentence(cells, ["# text = a bc"])
    assert (sentence.text, sentence.exact_text) == ("a bc", "a \nb\tc")
    assert [(word.start_char, word.end_char) for word in sentence.words] == [(0, 1), (3, 4), (5, 6)]
    assert in_brackets().exact_text == in_brackets().text


def test_spaces_around_a_sentence_are_those_of_its_outer_tokens() -> None:
    sentence = in_brackets()
    assert (sentence.space_after, sentence.spaces_after, sentence.spaces_before) == (False, None, "")
    sentence.mwts[0].cells["MISC"] = "SpacesAfter=\\n"
    sentence.columns["MISC"][0] = "SpacesBefore=\\t"
    assert (sentence.space_after, sentence.spaces_after, sentence.spaces_before) == (True, "\n", "\t")
    sentence.mwts = []
    assert (sentence.space_after, sentence.spaces_after) == (True, None)
    sentence.columns["MISC"][2] = "A=b|SpaceAfter=No"
    assert not sentence.space_after
    nothing = Sentence.from_forms([])
    assert (nothing.space_after, nothing.spaces_before, nothing.spaces_after) == (True, "", None)


def test_words_of_a_token_share_its_characters() -> None:
    sentence = in_brackets()
    assert sentence.token_chars() == {1: (0, 1), 2: (1, 6)}
    assert sentence.word_chars() == [(0, 1), (1, 3), (3, 6)]
    sentence.start_char = 10
    assert sentence.word_chars()[1] == (1, 3)
    assert (sentence.words[1].start_char, sentence.tokens[1].end_char) == (11, 16)


def test_spacing_changes_move_offsets() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    assert sentence.words[1].start_char == 2
    sentence.words[0].misc = "SpaceAfter=No"
    assert (sentence.text, sentence.words[1].start_char) == ("ab", 1)


def test_offsets_stop_where_text_and_forms_differ() -> None:
    sentence = Document.from_conllu(
        "# text = one too three\n"
        + "".join(f"{i}\t{w}\t_\t_\t_\t_\t_\t_\t_\t_\n" for i, w in enumerate(["one", "two", "three"], 1))
        + "\n"
    )[0]
    assert [word.start_char for word in sentence.words] == [0, None, None]


# -- annotation


def test_a_value_is_remembered_until_its_cells_are_changed() -> None:
    sentence = Sentence.from_forms(["a"])
    assert sentence.remembered("kind", ["x"]) is None
    sentence.remember("kind", ["x"], "value")
    sentence.remember("other", ["y"], "another")
    assert sentence.remembered("kind", ["x"]) == "value"
    assert sentence.remembered("kind", ["z"]) is None
    sentence.remember("kind", ["x"], None)
    assert sentence.remembered("kind", ["x"]) is None
    assert sentence.remembered("other", ["y"]) == "another"


def test_annotation_is_read_and_written_by_the_name_of_its_kind() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    sentence.annotate("entities", [Span(2, 2, "LOC")])
    assert sentence.annotation("entities") == sentence.ents == (Span(2, 2, "LOC"),)
    assert sentence.columns == {"FORM": ["a", "b"], "MISC": ["_", "NER=B-LOC"]}
    sentence.annotate("entities", [], in_columns=True)
    assert sentence.columns == {"FORM": ["a", "b"], "MISC": ["_", "_"], "NER": ["O", "O"]}


# -- lines


def test_lines_stand_in_the_order_of_a_file() -> None:
    sentence = in_brackets()
    sentence.empty_nodes = [EmptyNode((0, 1), {"FORM": "e"}), EmptyNode((3, 1), {}), EmptyNode((3, 2), {"FORM": "f"})]
    assert list(sentence.rows(["FORM", "UPOS"])) == [
        ("0.1", ("e", "_")),
        ("1", ("(", "_")),
        ("2-3", ("don't", "_")),
        ("2", ("do", "_")),
        ("3", ("n't", "_")),
        ("3.1", ("_", "_")),
        ("3.2", ("f", "_")),
    ]
    assert list(Sentence.from_forms(["a"]).rows(["FORM"])) == [("1", ("a",))]


def test_other_columns_go_to_misc_in_conllu_and_stay_in_conllu_plus() -> None:
    comments = ["# global.columns = ID FORM NER", "# sent_id = s1"]
    sentence = Sentence({"FORM": ["a", "b"], "NER": ["B-PER", "O"]}, comments)
    assert sentence.to_conllu() == (
        "# global.columns = ID FORM NER\n# sent_id = s1\n"
        "1\ta\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    )
    assert sentence.to_conllup() == "# sent_id = s1\n1\ta\tB-PER\n2\tb\tO\n\n"
    assert sentence.to_conllup(["NER", "UPOS"]) == "# sent_id = s1\n1\tB-PER\t_\n2\tO\t_\n\n"
    assert "MISC" not in sentence.columns


def test_long_sentences_are_shown_in_part() -> None:
    assert repr(Sentence.from_forms(["a", "b"])) == "<Sentence 'a b', 2 words>"
    shown = repr(Sentence.from_forms(["x" * 61], ["# sent_id = s1"]))
    assert shown == f"<Sentence s1: '{'x' * 59}…', 1 words>"


def test_ways_about_a_tree() -> None:
    sentence = Document.from_conllu(TWO)[0]
    assert [word.text for word in sentence] == sentence.columns["FORM"]
    assert (sentence[0].text, sentence[-1].text, [word.id for word in sentence[1:3]]) == ("Anna", ".", [2, 3])
    root = sentence.root
    assert root is not None
    assert (root.text, root.parent) == ("buy", None)
    assert [word.text for word in root.children] == ["Anna", "did", "n't", "apples", "."]
    apples = sentence[5]
    assert apples.parent == root
    assert [word.text for word in apples.subtree] == ["2", "apples"]
    assert root.subtree == list(sentence)
    assert [word.text for word in sentence[4].path_to(sentence[0])] == ["2", "apples", "buy", "Anna"]
    assert sentence[4].path_to(sentence[4]) == [sentence[4]]
    first, *_, last = sentence.dependencies
    assert first == (root, "nsubj", sentence[0])
    assert (last.head, last.relation, last.word) == (root, "punct", sentence[6])
    assert sentence.dependencies[3] == (None, "root", root)
    with pytest.raises(DepparseError, match="a path leads to a word of the same sentence"):
        root.path_to(Document.from_conllu(TWO)[0][0])


def test_ways_about_what_is_no_tree() -> None:
    sentence = Sentence({"FORM": ["a", "b", "c", "d"], "HEAD": ["2", "1", "_", "0"]})
    assert [word.id for word in sentence[0].subtree] == [1, 2]
    assert [word.id for word in sentence[0].path_to(sentence[1])] == [1, 2]
    assert sentence[0].path_to(sentence[2]) == []
    assert (sentence[2].parent, sentence[2].children) == (None, [])
    assert [(arc.head, arc.relation, arc.word.id) for arc in sentence.dependencies][2:] == [(None, None, 4)]
    bare = Sentence.from_forms(["a", "b"])
    assert (bare.root, bare.dependencies, bare[0].subtree, bare[0].children) == (None, [], [bare[0]], [])


def test_copies_share_no_lines() -> None:
    sentence = Sentence({"FORM": ["do", "n't"]}, [], [MultiwordToken(1, 2, {"FORM": "don't"})], [EmptyNode((1, 1), {})])
    copy = sentence.copy()
    copy.tokens[0].misc = "A=b"
    copy.empty_nodes[0].cells["FORM"] = "x"
    assert sentence.mwts[0].cells == {"FORM": "don't"}
    assert sentence.empty_nodes[0].cells == {}


def test_errors_about_cells_say_where_the_sentence_was_read(tmp_path: Path) -> None:
    row = "1\ta" + "\t_" * 7 + "\t{}\n\n"
    text = row.format("_") + "# sent_id = s2\n" + row.format("UPPred=go.01|UPArgHeads=A0:99")
    (tmp_path / "x.conllu").write_text(text, encoding="utf-8")
    sentence = read(tmp_path / "x.conllu")[1]
    for broken in (sentence, sentence.copy(), pickle.loads(pickle.dumps(sentence))):
        with pytest.raises(FormatError, match=r"x\.conllu:3: sentence s2, column UP:ARGHEADS: word 1: the argument A0"):
            _ = broken.frames
