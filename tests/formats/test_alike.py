"""What a writer writes, its reader reads alike; what it cannot write, it refuses with the sentence's number."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from depparse.document.constituents import Constituent
from depparse.document.document import Document
from depparse.document.raw_text import iter_exact_text, iter_text
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import DepparseError, FormatError
from depparse.formats import table as formats
from depparse.text.wrap import write_exact_text
from tests.strategies import NASTY, nasty_documents

Held = Callable[[list[Sentence]], object]


def entities(sentence: Sentence) -> list[tuple[int, int, str]]:
    return sorted((span.start, span.end, span.type) for span in sentence.ents)


def annotated(sentence: Sentence) -> object:
    """The frames and entities of a sentence, or that they cannot be read."""
    try:
        return sentence.frames, entities(sentence)
    except DepparseError:
        return None


def in_conllu(sentences: list[Sentence]) -> object:
    return [(sentence.to_conllu(), annotated(sentence)) for sentence in sentences]


def in_plus(sentences: list[Sentence]) -> object:
    """All columns; an absent one is alike to one without values."""
    held = []
    for sentence in sentences:
        filled = {name for name, column in sentence.columns.items() if set(column) != {"_"}}
        filled |= {
            name for line in (*sentence.mwts, *sentence.empty_nodes) for name, c in line.cells.items() if c != "_"
        }
        names = sorted({"FORM"} | filled)
        comments = [line for line in sentence.comments if not line.startswith("# global.columns")]
        held.append((comments, list(sentence.rows(names)), annotated(sentence)))
    return held


def in_lines(*names: str) -> Held:
    def held(sentences: list[Sentence]) -> object:
        blank = {name: ["_"] * 9 for name in names}
        return [
            ([[cell or "_" for cell in (s.columns | blank | s.columns)[name][: len(s)]] for name in names], entities(s))
            for s in sentences
        ]

    return held


def in_iob2(sentences: list[Sentence]) -> object:
    return in_lines("FORM")(sentences), [sentence.comments for sentence in sentences]


def in_conll2003(sentences: list[Sentence]) -> object:
    begins = [any(line[1:].split()[:1] == ["newdoc"] for line in sentence.comments) for sentence in sentences]
    return in_lines("FORM", "XPOS")(sentences), begins


def in_tokens(sentences: list[Sentence]) -> object:
    return [[token.text for token in sentence.tokens] for sentence in sentences]


def in_horizontal(sentences: list[Sentence]) -> object:
    return in_tokens(sentences), [sentence.starts_paragraph for sentence in sentences][1:]


def in_ptb(sentences: list[Sentence]) -> object:
    blank = {"XPOS": ["_"] * 9}
    held = []
    for sentence in sentences:
        columns = [
            [cell or "_" for cell in (blank | sentence.columns)[name][: len(sentence)]] for name in ("FORM", "XPOS")
        ]
        whole = (Constituent(1, len(sentence), ""),)
        held.append((columns, sentence.comments, sentence.annotation("constituents") or whole))
    return held


HELD: dict[str, Held] = {
    "conllu": in_conllu, "conllup": in_plus, "json": in_plus, "jsonl": in_plus, "parquet": in_plus,
    "iob2": in_iob2, "two-column": in_lines("FORM"), "biose": in_lines("FORM"), "conll2003": in_conll2003,
    "horizontal": in_horizontal, "vertical": in_tokens, "ptb": in_ptb,
}  # fmt: skip


def test_every_format_is_tried() -> None:
    assert {*HELD, "text"} == set(formats.FORMATS)


@pytest.mark.parametrize("name", HELD)
def test_what_is_written_is_read_alike_or_refused(name: str, tmp_path: Path) -> None:
    refusals: list[str] = []
    n_alike = 0

    @given(nasty_documents())
    @settings(deadline=None, max_examples=100)
    def check(sentences: list[Sentence]) -> None:
        nonlocal n_alike
        path = tmp_path / "file"
        try:
            formats.write(iter(sentences), path, name)
        except FormatError as error:
            refusals.append(str(error))
            return
        assert HELD[name](list(formats.read(path, name))) == HELD[name](sentences)
        n_alike += 1

    check()
    assert min(len(refusals), n_alike) > 5  # the examples are not all of one sort
    assert all(re.search("sentence [0-9]", message.encode().decode()) for message in refusals)


Refusal = tuple[str, list[str], dict[str, Any], str]
REFUSED: dict[str, Refusal] = {
    "a no-break space for a blank": (
        "conll2003",
        ["a", "1\u00a0000"],
        {},
        "column FORM: word 2: a value holds no no",
    ),
    "a token of blanks": ("vertical", ["a", " "], {}, "sentence 2: sentence s, column FORM: a token of blanks"),
    "a line break": ("conllu", ["a", "b"], {"LEMMA": ["a\nb", "_"]}, "column LEMMA: word 1: a cell holds no tab and"),
    "a head outside": ("json", ["a", "b"], {"HEAD": ["_", "3"]}, "column HEAD: word 2: a head is _ or a number from 0"),
    "a lone surrogate": ("conllup", ["a", "\ud800"], {}, "column FORM: word 2: text holds no lone surrogates"),
    "no text": ("parquet", ["a", "b"], {"XPOS": [5, "_"]}, "column XPOS: word 1: a cell is text, not 5"),
    "too few cells": (
        "iob2",
        ["a", "b"],
        {"UNER:OTHER": ["-"]},
        "column UNER:OTHER: expected 2 values, one for each",
    ),
    "a beginning of a document": ("two-column", ["-DOCSTART-"], {}, "a sentence that begins with the word -DOCSTART-"),
    "a tag with a blank": ("biose", ["a"], {"NER": ["B-a b"]}, "column TAG: word 1: a tag holds no blank"),
    "a role with a comma": ("conllu", ["a"], {"UP:PRED": ["x"], "UP:ARGHEADS": ["A,1:1"]}, "MISC cannot hold the fram"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_which_sentence_and_word(case: str, tmp_path: Path) -> None:
    name, forms, columns, message = REFUSED[case]
    good = Sentence({"FORM": ["x"]} | {key: ["_"] for key in columns})
    with pytest.raises(FormatError) as caught:
        formats.write([good, Sentence({"FORM": forms, **columns}, ["# sent_id = s"])], tmp_path / "file", name)
    assert message in str(caught.value)
    assert re.search(r"sentence [12]: sentence s\b", str(caught.value))
    assert not (tmp_path / "file").exists()


def test_a_byte_order_mark_is_only_lost_at_the_beginning(tmp_path: Path) -> None:
    plain, marked = Sentence.from_forms(["a"]), Sentence.from_forms(["\ufeffb"])
    formats.write([plain, marked], tmp_path / "file.vert")
    assert [s.columns["FORM"] for s in formats.read(tmp_path / "file.vert")] == [["a"], ["\ufeffb"]]
    with pytest.raises(FormatError, match=r"sentence 1: column FORM: word 1: a byte order mark"):
        formats.write([marked, plain], tmp_path / "file.vert")


def test_entities_that_tags_cannot_tell_are_refused(tmp_path: Path) -> None:
    sentence = Sentence.from_forms(["a", "b", "c"])
    sentence.ents = [Span(1, 2, "X"), Span(2, 3, "X")]
    formats.write([sentence], tmp_path / "file", "biose")
    assert formats.read(tmp_path / "file", "biose").ents == list(sentence.ents)
    with pytest.raises(FormatError, match="sentence 1: IOB2 tags cannot tell its entities"):
        formats.write([sentence], tmp_path / "file", "iob2")
    with pytest.raises(FormatError, match="sentence 1: the cells of CoNLL-U cannot tell all entities; write JSON or"):
        formats.write([sentence], tmp_path / "file", "conllu")


def test_cells_of_tokens_and_nodes_in_columns_of_no_word(tmp_path: Path) -> None:
    token, node = MultiwordToken(1, 2, {"FORM": "ab", "MISC": "Gloss=x"}), EmptyNode((2, 1), {"UPOS": "VERB"})
    document = Document([Sentence({"FORM": ["a", "b"]}, [], [token], [node])])
    for name in ("conllu", "conllup", "json", "parquet"):
        formats.write(document, tmp_path / "file", name)
        assert formats.read(tmp_path / "file", name).to_conllu() == document.to_conllu(), name


def test_a_later_sentence_with_further_columns(tmp_path: Path) -> None:
    sentences = [Sentence({"FORM": ["a"]}), Sentence({"FORM": ["b"], "X:Y": ["z"]})]
    formats.write(Document(sentences), tmp_path / "a.conllup")
    assert formats.read(tmp_path / "a.conllup")[1].columns["X:Y"] == ["z"]
    with pytest.raises(FormatError, match="sentence 2: column X:Y: the first sentence lacks this column"):
        formats.write(iter(sentences), tmp_path / "b.conllup")


def test_arguments_outside_of_the_sentence_are_an_error_and_no_json() -> None:
    cells = "\t".join("a a X _ _ 0 root _ UPPred=go.01|UPArgHeads=A0:99".split())
    document = Document.from_conllu(f"# sent_id = s\n1\t{cells}\n\n")
    with pytest.raises(FormatError, match="input:1: sentence s, column UP:ARGHEADS: word 1: the argument A0 lies"):
        _ = document[0].frames
    assert Document.from_dict(document.to_dict()).to_conllu() == document.to_conllu()
    for argument in (Argument("A0", 9), Argument("A0", start=1), Argument("A0", end=1), Argument("A0", None, 1, 0)):
        with pytest.raises(DepparseError, match="the argument A0"):
            document[0].frames = [Frame(1, "go.01", [argument])]


def test_lone_surrogates_in_a_string_of_conllu_and_in_setters() -> None:
    with pytest.raises(FormatError, match="input:2: text holds no lone surrogates"):
        Document.from_conllu("# a\n1\t\ud800" + "\t_" * 8 + "\n\n")
    sentence = Sentence.from_forms(["a"])
    with pytest.raises(DepparseError, match="text holds no lone surrogates"):
        sentence.words[0].upos = "\ud800"
    with pytest.raises(DepparseError, match="text holds no lone surrogates"):
        sentence.set_comment("x", "\ud800")


@given(nasty_documents())
@settings(deadline=None, max_examples=60)
def test_text_is_read_alike_or_refused(sentences: list[Sentence]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.txt"
        for write, pieces, end in ((formats.write, iter_text, "\n"), (write_exact_text, iter_exact_text, "")):
            try:
                write(iter(sentences), path)
            except FormatError:
                continue
            text = "".join(pieces(sentences)) + end
            assert path.read_bytes().decode() == text
            document = formats.read(path)
            assert document.text == text or not document.sentences  # nothing visible in it


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("form", NASTY)
def test_each_nasty_form(form: str, name: str, tmp_path: Path) -> None:
    sentences = [Sentence({"FORM": [form, "x"]}), Sentence({"FORM": [form]})]
    try:
        formats.write(sentences, tmp_path / "file", name)
    except FormatError:
        return
    assert [s.columns["FORM"] for s in formats.read(tmp_path / "file", name)] == [[form, "x"], [form]]
