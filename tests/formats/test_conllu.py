"""CoNLL-U in and out: byte for byte, in any chunks, and one clear error for each kind of broken file."""

from __future__ import annotations

import gzip
import io
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.errors import FormatError
from depparse.formats import conllu
from depparse.formats.conllu import iter_conllu, iter_conllup, parse_conllu, read_conllu, read_conllup, write_conllu

TRICKY = """\
# newdoc id = d1
#no blank after the sign
# text =Ann didn't sleep , and Bob 10 000 hours
#
#	tabs	in a comment
# sent_id = s1
0.1\t_\t_\t_\t_\t_\t_\t_\t_\tEmpty=First
1\tAnn\tAnn\tPROPN\t_\tNumber=Sing\t4\tnsubj\t4:nsubj\t_
2-3\tdidn't\t_\t_\t_\tTypo=Yes\t_\t_\t_\tSpaceAfter=No|Odd
2\tdid\tdo\tAUX\tVBD\t_\t4\taux\t4:aux\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t4:advmod\t_
4\tsleep\tsleep\tVERB\tVB\t_\t0\troot\t0:root\tA=1|A=2|=|
5\t,\t,\tPUNCT\t,\t_\t6\tpunct\t6:punct\t_
6\tBob\t_\t_\t_\t_\t4\tconj\t6.1:nsubj\t_
6.1\tslept\tsleep\tVERB\t_\t_\t_\t_\t4:conj\tCopyOf=4
6.2\t_\t_\t_\t_\t_\t_\t_\t_\t_
7\t10 000\t_\tNUM\t_\t_\t6\torphan\t6.1:obj\t_
8\t_\t_\tSYM\t_\t_\t4\tpunct\t_\t_

# global.columns = ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC
1\t\u2028x\u0085\t_\t_\t_\t_\t_\t_\t_\t_

"""
ROW = "1\tword\tword\tNOUN\t_\t_\t0\troot\t_\t_\n"


def test_a_tricky_file_is_written_back_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "tricky.conllu"
    path.write_bytes(TRICKY.encode())
    document = read_conllu(path)
    assert document.to_conllu() == TRICKY
    assert "".join(sentence.to_conllu() for sentence in document) == TRICKY
    write_conllu(document, tmp_path / "out.conllu")
    assert (tmp_path / "out.conllu").read_bytes() == path.read_bytes()


def test_the_tricky_file_has_its_tokens_and_empty_nodes() -> None:
    first = Document.from_conllu(TRICKY)[0]
    assert [token.id for token in first.tokens] == [(1,), (2, 3), (4,), (5,), (6,), (7,), (8,)]
    assert [word.text for word in first.tokens[1].words] == ["did", "n't"]
    assert [node.id for node in first.empty_nodes] == [(0, 1), (6, 1), (6, 2)]
    assert first.sent_id == "s1"
    assert first.text == "Ann didn't sleep , and Bob 10 000 hours"
    assert first.heads == [4, 4, 4, 0, 6, 4, 6, 4]


def test_samples_are_written_back_byte_for_byte(samples: Path) -> None:
    paths = sorted(samples.glob("*/*.conllu"))
    assert len(paths) >= 15
    for path in paths:
        assert read_conllu(path, strict=True).to_conllu().encode() == path.read_bytes(), path


@pytest.mark.shared
def test_every_treebank_is_written_back_byte_for_byte(shared: Path) -> None:
    paths = sorted((shared / "treebanks").glob("*/*.conllu"))
    assert paths
    for path in paths:
        expected = path.read_bytes()
        assert "".join(s.to_conllu() for s in iter_conllu(path, strict=True)).encode() == expected, path


@pytest.mark.shared
def test_every_role_file_is_written_back_byte_for_byte(shared: Path) -> None:
    paths = sorted((shared / "srl").glob("*/*.conllup"))
    assert paths
    for path in paths:
        document = read_conllup(path)
        text = "".join(conllu.conllup_lines(document, document.column_names))
        assert text.encode() == path.read_bytes(), path


@given(
    st.integers(1, 80),
    st.sampled_from(
        [TRICKY.replace("\n", "\r\r\n"), TRICKY, "\n" + TRICKY + "\n\n", TRICKY.replace("\n", "\r\n"), TRICKY[:-1]]
    ),
)
def test_sentences_are_the_same_in_any_chunks(size: int, text: str) -> None:
    class Slow(io.BytesIO):
        def read1(self, _: int | None = -1, /) -> bytes:
            return super().read1(size)

    sentences = list(iter_conllu(Slow(text.encode())))
    assert "".join(sentence.to_conllu() for sentence in sentences) == TRICKY


cells = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(st.lists(st.lists(st.tuples(*[cells] * 8), min_size=1, max_size=5), max_size=4), st.lists(cells, max_size=3))
def test_any_cells_and_comments_survive(rows: list[list[tuple[str, ...]]], comments: list[str]) -> None:
    text = ""
    for sentence in rows:
        text += "".join(f"#{comment}\n" for comment in comments)
        for number, (form, *others) in enumerate(sentence, 1):
            before, after = "\t".join(others[:4]), "\t".join(others[4:])
            text += f"{number}\t{form}\t{before}\t{number - 1}\t{after}\n"
        text += "\n"
    document = Document.from_conllu(text)
    assert document.to_conllu() == text
    assert Document.from_conllu(document.to_conllu()).to_conllu() == text
    assert pickle.loads(pickle.dumps(document)).to_conllu() == text


def test_bom_and_crlf_are_accepted_and_not_written() -> None:
    source = io.BytesIO(b"\xef\xbb\xbf" + TRICKY.replace("\n", "\r\n").encode())
    assert read_conllu(source).to_conllu() == TRICKY


def test_files_may_be_gzipped(tmp_path: Path) -> None:
    write_conllu(Document.from_conllu(TRICKY), tmp_path / "a.conllu.gz")
    assert gzip.decompress((tmp_path / "a.conllu.gz").read_bytes()).decode() == TRICKY
    assert read_conllu(tmp_path / "a.conllu.gz").to_conllu() == TRICKY


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("# sent_id = x\n1\ta\tb\n\n", 2, None, "expected 10 columns separated by tabs, found 3"),
        (ROW + "\n" + ROW.replace("\t", " ") + "\n", 3, None, "the columns seem to be separated by blanks"),
        (ROW + " \n" + ROW, 2, None, "a line of blanks where an empty line was expected"),
        (ROW + "# late\n\n", 2, None, "a comment inside a sentence"),
        (ROW + "# late\t\t\t\t\t\t\t\t\t\n\n", 2, None, "a comment inside a sentence"),
        (ROW + ROW + "\n", 2, "ID", "expected ID 2 (or a multiword token from there, or the empty node 1.1)"),
        (ROW + "01" + ROW[1:] + "\n", 2, "ID", "found '01'"),
        (ROW + "1.2" + ROW[1:] + "\n", 2, "ID", "found '1.2'"),
        ("1-3" + ROW[1:] + ROW + "2" + ROW[1:] + "\n", 3, "ID", "1-3 goes beyond the last word, 2"),
        ("1-2" + ROW[1:] + ROW + "2-3" + ROW[1:] + "2" + ROW[1:] + "3" + ROW[1:] + "\n", 3, "ID", "overlaps"),
        ("2-1" + ROW[1:] + ROW + "\n", 1, "ID", "found '2-1'"),
        (ROW + "2-1" + ROW[1:] + "\n", 2, "ID", "found '2-1'"),
        (ROW + "2-3" + ROW[1:] + "1.1" + ROW[1:] + "2" + ROW[1:] + "3" + ROW[1:] + "\n", 3, "ID", "stands before"),
        ("0.1" + ROW[1:] + "\n", 1, None, "a sentence without words"),
        (ROW.replace("\t0\t", "\t2\t") + "\n", 1, "HEAD", "head 2 is outside the sentence, which has 1 words"),
        (ROW.replace("\t0\t", "\t-1\t") + "\n", 1, "HEAD", "a head is a word ID, 0 or _, not '-1'"),
        (ROW.replace("\t0\t", "\t00\t") + "\n", 1, "HEAD", "not '00'"),
        (ROW.replace("\tword\tword", "\t\tword") + "\n", 1, "FORM", "empty form"),
        (ROW.replace("\t0\t", "\t" + "9" * 5000 + "\t") + "\n", 1, "HEAD", "is outside the sentence"),
        ("1-" + "9" * 5000 + ROW[1:] + ROW + "\n", 1, "ID", "goes beyond the sentence"),
        ("# only\n# comments\n\n" + ROW + "\n", 2, None, "comments without a sentence"),
        (ROW + "\n# at the end\n", 3, None, "comments without a sentence"),
    ],
)
def test_an_error_of_a_broken_file_says_where_and_why(text: str, line: int, column: str | None, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        list(parse_conllu(text, name="broken.conllu"))
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line, caught.value.column) == ("broken.conllu", line, column)
    assert str(caught.value).startswith(f"broken.conllu:{line}: ")
    assert "\n" not in str(caught.value)


def test_an_error_names_the_sentence_and_survives_pickling() -> None:
    with pytest.raises(FormatError) as caught:
        list(parse_conllu(ROW + "\n# sent_id = s2\n" + ROW.replace("\t0\t", "\t9\t") + "\n"))
    assert str(caught.value) == ("input:4: sentence s2, column HEAD: head 9 is outside the sentence, which has 1 words")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.line, again.sent_id) == (str(caught.value), 4, "s2")


def test_bad_utf8_names_the_line() -> None:
    with pytest.raises(FormatError, match=r"^input:4: not UTF-8: byte 0xff"):
        list(iter_conllu(io.BytesIO(ROW.encode() + b"\n# a\n1\t\xff" + ROW[6:].encode() + b"\n")))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FormatError, match=r"^nowhere\.conllu: cannot be read: no such file"):
        read_conllu("nowhere.conllu")


@pytest.mark.parametrize(
    ("text", "line"), [(ROW, 1), (ROW + "\n\n", 3), ("\n" + ROW + "\n", 1), (ROW + "\n\n" + ROW + "\n", 3), ("\n", 1)]
)
def test_harmless_empty_lines_are_refused_only_if_strict(text: str, line: int) -> None:
    assert all(len(sentence) == 1 for sentence in parse_conllu(text))
    with pytest.raises(FormatError) as caught:
        list(iter_conllu(io.BytesIO(text.encode()), strict=True))
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "message"), [("\ufeff" + ROW + "\n", "BOM"), (ROW.replace("NOUN", "NO\rUN") + "\n", "return")]
)
def test_strict_refuses_what_the_official_scorer_refuses(text: str, message: str) -> None:
    assert len(list(iter_conllu(io.BytesIO(text.encode())))) == 1
    with pytest.raises(FormatError, match=message) as caught:
        list(iter_conllu(io.BytesIO(text.encode()), strict=True))
    assert caught.value.line == 1


def test_strict_accepts_crlf() -> None:
    assert len(list(iter_conllu(io.BytesIO((ROW + "\n").replace("\n", "\r\n").encode()), strict=True))) == 1


def test_heads_that_form_no_tree_are_read_as_they_stand() -> None:
    cycle = ROW.replace("\t0\t", "\t2\t") + "2" + ROW[1:].replace("\t0\t", "\t1\t") + "\n"
    assert Document.from_conllu(cycle)[0].heads == [2, 1]
    roots = ROW + "2" + ROW[1:] + "\n"
    assert Document.from_conllu(roots)[0].heads == [0, 0]


def test_an_empty_file_has_no_sentences() -> None:
    assert list(parse_conllu("")) == []
    assert Document().to_conllu() == ""


# -- CoNLL-U Plus


def test_conllup_may_have_few_columns_and_no_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.conllup"
    path.write_text("# global.columns = UPOS FORM X:Y\nDET\tthe\tq\nNOUN\tend\t_\n\n", encoding="utf-8")
    document = read_conllup(path)
    assert document.column_names == ("UPOS", "FORM", "X:Y")
    assert [(word.text, word.upos, word.lemma) for word in document[0].words] == [
        ("the", "DET", None),
        ("end", "NOUN", None),
    ]
    assert document[0].to_conllu().splitlines()[0] == "1\tthe\t_\tDET\t_\t_\t_\t_\t_\t_"


@pytest.mark.parametrize(
    "header", ["", "1\ta\n\n", "# global.columns = ID\n1\n\n", "# global.columns = FORM FORM\na\ta\n\n"]
)
def test_conllup_needs_a_good_header(header: str) -> None:
    if not header:
        assert list(iter_conllup(io.BytesIO(b""))) == []
        return
    with pytest.raises(FormatError, match=r"global\.columns"):
        list(iter_conllup(io.BytesIO(header.encode())))


def test_conllup_samples_are_written_back_byte_for_byte(samples: Path) -> None:
    for path in sorted(samples.glob("*/*.conllup")):
        document = read_conllup(path)
        assert "".join(conllu.conllup_lines(document, document.column_names)).encode() == path.read_bytes()
        assert sum(len(sentence.frames) for sentence in document) > 10


@pytest.mark.shared
def test_the_library_conllu_reads_the_same_words(shared: Path) -> None:
    """Both readers must see the same words; their speed is measured in benchmarks/reading.py."""
    import conllu as library

    path = shared / "treebanks" / "UD_Tamil-TTB" / "ta_ttb-ud-train.conllu"
    with open(path, encoding="utf-8") as stream:
        theirs = [[t["form"] for t in s if isinstance(t["id"], int)] for s in library.parse_incr(stream)]
    assert [s.columns["FORM"] for s in iter_conllu(path)] == theirs
