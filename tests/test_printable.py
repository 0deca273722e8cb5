"""Foreign text in messages, on terminals and in pages: clean, in one line, of bounded length."""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path

import pytest

import depparse
from depparse.document.annotations.entities import KIND as ENTITIES
from depparse.document.document import Document
from depparse.document.spans import decode_tags
from depparse.document.trees import unreachable
from depparse.errors import ConfigError, DepparseError, FormatError
from depparse.files import open_output
from depparse.printable import clean, one_line
from depparse.structs.automaton import determinize
from depparse.structs.regular_expression import automaton_of
from depparse.treebanks.checks import check
from depparse.visualize.page import draw_page

EVIL = "\x1b]0;evil\x07\x1b[2J\x9b31m\u202e\u2028\x85"
LONG = 1_000_000


def sentence_of(column: int, value: str, name: str = "s") -> str:
    cells = ["1", "a", "a", "X", "_", "_", "0", "root", "_", "_"]
    cells[column] = value
    return f"# sent_id = {name}\n" + "\t".join(cells) + "\n\n"


@pytest.mark.parametrize("text", ["a\nb", EVIL, "x" * LONG, "x " * LONG, "é" * LONG, "\x1b" * LONG])
def test_a_message_is_one_clean_short_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 2_000
    assert clean(line) == line
    assert one_line(line) == line


def test_a_message_keeps_what_is_neither_unfit_nor_long() -> None:
    text = f"/a/b c/{'d' * 200}: 'naïve' 👩🏽\u200d🚀 \u200cfa\u00a0b  two blanks"
    assert one_line(text) == text
    assert one_line("a\n \tb\x1b") == "a b\\x1b"


@pytest.mark.parametrize("column", range(10))
@pytest.mark.parametrize("value", [EVIL.replace("\x85", ""), "x" * LONG, "|".join("ab" * 3 for _ in range(50_000))])
def test_no_error_of_a_cell_is_long_or_unclean(column: int, value: str) -> None:
    error = ""
    try:
        document = Document(depparse.parse_conllu(sentence_of(column, value)))
        document.to_dict()
        document[0].words[0].feats_dict  # noqa: B018
        depparse.evaluate(document, document)
    except DepparseError as caught:
        error = str(caught)
    assert len(error) < 1_000
    assert clean(error) == error


def test_an_error_stays_the_same_when_it_is_pickled() -> None:
    error = FormatError("x" * LONG + EVIL, path="f", line=3, sent_id=EVIL, column="HEAD")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.message, again.sent_id) == (str(error), error.message, EVIL)


# -- what reaches a terminal or a page


def test_a_terminal_gets_cleaned_data(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", terminal)
    with open_output("-") as out:
        out.write("a\tb\x1b\n")
        out.writelines(["c\x9b\n"])
    with open_output("-", drawn=True) as out:
        out.write("\x1b[1m")
    assert terminal.getvalue() == "a\tb\ufffd\nc\ufffd\n\x1b[1m"


def test_a_page_has_no_control_characters() -> None:
    page = "".join(draw_page(depparse.parse_conllu(sentence_of(7, EVIL.replace("\x85", ""), EVIL.replace("\x85", "")))))
    assert clean(page, kept="\n") == page


# -- one hostile cell takes no long time; these took minutes, and a wrong power would again


def test_a_graph_of_many_edges_in_one_cell(tmp_path: Path) -> None:
    parts = 100_000
    assert unreachable({"1": ["1"] * parts + ["2"] * parts, "2": ["1"] * parts, "3": ["0"]}) == ["1", "2"]
    (tmp_path / "f.conllu").write_text(sentence_of(8, "|".join(f"1:a{n:06}" for n in range(parts))), encoding="utf-8")
    assert "enhanced-unreachable" in {finding.code for finding in check(tmp_path / "f.conllu")}


def test_many_entities_at_one_word(tmp_path: Path) -> None:
    parts = 20_000
    cell = "|".join(["B-A", "B-B"] * parts)
    inside = "|".join(["I-A", "E-B"] * parts)
    spans = decode_tags([cell, inside, "I-A"])
    assert (len(spans), sum(span.end == 2 for span in spans), sum(span.end == 3 for span in spans)) == (
        2 * parts, 2 * parts - 1, 1,
    )  # fmt: skip
    text = sentence_of(9, "NER=" + cell.replace("|", ","))
    (tmp_path / "f.conllu").write_text(text, encoding="utf-8")
    document = depparse.read_conllu(tmp_path / "f.conllu")
    assert len(ENTITIES.decode(ENTITIES.cells(document[0]), document[0])) == 2 * parts
    check(tmp_path / "f.conllu")


def test_drawings_of_a_star_and_of_long_cells() -> None:
    star = "".join(f"{n}\tw\tw\tX\t_\t_\t{min(n - 1, 1)}\tdep\t_\t_\n" for n in range(1, 3_001))
    (sentence,) = depparse.parse_conllu(star + "\n")
    assert depparse.draw_svg(sentence).count("<text") == 3 * 3_000
    for column in (1, 3, 7):
        (sentence,) = depparse.parse_conllu(sentence_of(column, "x" * LONG))
        assert 100 < len(depparse.draw_tree(sentence)) < 5_000
        svg = depparse.draw_svg(sentence)
        assert "x" * 300 + "…" in svg
        assert column == 1 or len(svg) < 5_000


def test_languages_that_need_too_much_are_one_error() -> None:
    labels = {"A": [0], "B": [1]}

    def language(text: str) -> object:
        return determinize(automaton_of(text, lambda name: labels.get(name, []), 2))

    language(".* A" + " ." * 8)
    with pytest.raises(DepparseError, match="needs more than 5,000 states"):
        language(".* A" + " ." * 14)
    with pytest.raises(DepparseError, match="at most 2,000 are read"):
        language("A? " * 3_000)
    with pytest.raises(DepparseError, match="brackets are nested too deep"):
        language("(" * 900 + "A" + ")" * 900)


def test_more_trees_than_anybody_reads() -> None:
    with pytest.raises(ConfigError, match="k_best is at most 10,000 trees of a sentence, not 10001"):
        depparse.Request(k_best=10_001)
    with pytest.raises(ConfigError, match="k_best is at most"):
        depparse.Request(k_best=10**5_000)
