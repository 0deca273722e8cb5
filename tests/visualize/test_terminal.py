"""Trees in the terminal: exact drawings of sentences written here, and properties of any heads whatever."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.document.trees import cycles, nonprojective_arcs
from depparse.errors import ConfigError
from depparse.formats.table import read
from depparse.printable import clean
from depparse.visualize.terminal import draw_arcs, draw_tree
from tests.sentences import CONTRACTION, CROSSING, everything
from tests.strategies import heads_of_any_kind

CHINESE = """\
1\t我\t_\tPRON\t_\t_\t2\tnsubj\t_\t_
2\t喜欢\t_\tVERB\t_\t_\t0\troot\t_\t_
3\t茶\t_\tNOUN\t_\t_\t2\tobj\t_\t_

"""
CYCLE = """\
1\ta\t_\t_\t_\t_\t2\tdep\t_\t_
2\tb\t_\t_\t_\t_\t1\tdep\t_\t_
3\tc\t_\t_\t_\t_\t0\troot\t_\t_

"""
PARTIAL = """\
1\tthe\t_\t_\t_\t_\t2\tdet\t_\t_
2\tcat\t_\t_\t_\t_\t_\t_\t_\t_
3\tsat\t_\t_\t_\t_\t_\t_\t_\t_

"""


def sentence(text: str) -> Sentence:
    return Document.from_conllu(text).sentences[0]


def lines(drawing: str) -> list[str]:
    return drawing.splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CONTRACTION,
            """\
  ╭─► Anna   PROPN  nsubj
  ├─► did    AUX    aux     ┐ didn't
  ├─► n't    PART   advmod  ┘
●─┴─► sleep  VERB   root""",
        ),
        (
            # The line to "arrived" passes behind the bar of "man".
            CROSSING,
            """\
    ╭───► A        DET    det
  ╭─┼───► man      NOUN   nsubj
●─┼─│───► arrived  VERB   root
  │ │ ╭─► who      PRON   nsubj
  │ ╰─┴─► sang     VERB   acl:relcl
  ╰─────► .        PUNCT  punct""",
        ),
        (
            CHINESE,
            """\
  ╭─► 我    PRON  nsubj
●─┼─► 喜欢  VERB  root
  ╰─► 茶    NOUN  obj""",
        ),
        (
            CYCLE,
            """\
  ╭── a  dep ↻ 2 b
  ╰─► b  dep
●───► c  root""",
        ),
        (PARTIAL, "╭─► the  det\n╰── cat\n    sat"),
        ("1\tx" + "\t_" * 8 + "\n2\ty" + "\t_" * 8 + "\n\n", "x\ny"),
        ("1\tHi\t_\tINTJ\t_\t_\t0\troot\t_\t_\n\n", "●─► Hi  INTJ  root"),
    ],
)
def test_drawings_are_exact(text: str, expected: str) -> None:
    assert draw_tree(sentence(text)) == expected


def test_drawings_may_be_ascii() -> None:
    assert draw_tree(sentence(CROSSING), ascii=True) == (
        "    .---> A        DET    det\n"
        "  .-+---> man      NOUN   nsubj\n"
        "*-+-|---> arrived  VERB   root\n"
        "  | | .-> who      PRON   nsubj\n"
        "  | `-+-> sang     VERB   acl:relcl\n"
        "  `-----> .        PUNCT  punct"
    )
    assert draw_tree(sentence(CYCLE), ascii=True).isascii()
    assert draw_tree(sentence(CONTRACTION), ascii=True, width=20).isascii()


def test_color_changes_nothing_but_color() -> None:
    import re

    colored = draw_tree(sentence(CONTRACTION), color=True)
    assert re.sub("\x1b\\[[0-9]+m", "", colored) == draw_tree(sentence(CONTRACTION))
    assert "\x1b[1msleep\x1b[0m" in colored
    assert "\x1b" not in draw_tree(sentence(CONTRACTION))


def test_right_to_left_words_are_isolated() -> None:
    drawing = draw_tree(sentence("1\tשלום\t_\tINTJ\t_\t_\t0\troot\t_\t_\n\n"))
    assert drawing == "●─► \u2068שלום\u2069  INTJ  root"


def test_a_bracket_stays_on_its_side_of_a_right_to_left_token() -> None:
    text = (
        "1-2\tשלי\t_\t_\t_\t_\t_\t_\t_\t_\n1\tשל\t_\tADP\t_\t_\t2\tcase\t_\t_\n2\tי\t_\tPRON\t_\t_\t0\troot\t_\t_\n\n"
    )
    assert lines(draw_tree(sentence(text)))[0].endswith("case  ┐ \u2068שלי\u2069")


def test_a_long_word_is_cut_before_tags_and_relations_are() -> None:
    drawn = Sentence({
        "FORM": ["x" * 100, "字" * 50, "is"],
        "UPOS": ["NOUN"] * 3,
        "HEAD": ["3", "3", "0"],
        "DEPREL": ["nsubj", "dep", "root"],
    })  # fmt: skip
    assert lines(draw_tree(drawn, width=30)) == [
        " ╭► xxxxxxxxxxxx…  NOUN  nsubj",
        " ├► 字字字字字字…  NOUN  dep",
        "●┴► is             NOUN  root",
    ]
    assert "x" * 100 in draw_tree(drawn)  # in a pipe, nothing is cut
    assert max(map(cell_len, lines(draw_tree(drawn, width=12)))) <= 12


def test_characters_of_several_code_points_and_wide_ones_line_up() -> None:
    forms = ["👩‍👩‍👧‍👦", "🇸🇪", "e\u0301te\u0301", "한국어", "！", "ผู้"]
    drawn = Sentence({"FORM": forms, "UPOS": ["X"] * 6, "HEAD": ["0"] + ["1"] * 5})
    columns = {cell_len(line[: line.index("  X" if form == "한국어" else " X")].rstrip()) - cell_len(form)
               for line, form in zip(lines(draw_tree(drawn)), forms, strict=True)}  # fmt: skip
    assert len(columns) == 1
    assert len({cell_len(line) for line in lines(draw_tree(drawn))}) == 1


def test_what_would_move_the_cursor_is_not_shown() -> None:
    drawing = draw_tree(Sentence.from_forms(["a\x1b[2Jb", "c\u202ed", "e\u200cf"]))
    assert drawing == "a\ufffd[2Jb\nc\ufffdd\ne\u200cf"


def test_no_words_have_no_drawing() -> None:
    assert draw_tree(Sentence({"FORM": []})) == ""


def decode(rows: list[str]) -> list[int | None]:
    """The heads that a drawing of arcs shows, read off the picture alone: None for a line without an arc."""
    heads: list[int | None] = []
    for y, row in enumerate(rows):
        row = row[:-1]
        if not row.endswith("►"):
            heads.append(None)
            continue
        # The line runs to the left, behind whole bars, through bars of its own, to where it bends or begins.
        x = len(row) - 2
        while row[x] in "─│┬┴┼" and x > 0:
            x -= 1
        if row[x] == "●":
            heads.append(0)
            continue
        # The bar ends where it bends; the line of the head joins it from both sides or begins it.
        assert row[x] in "╭╰├", (row, x)
        heads.append(_head_on_bar(rows, x, y))
    return heads


def _head_on_bar(rows: list[str], x: int, y: int) -> int:
    top, bottom = y, y
    while rows[top][x] not in "╭┬":
        top -= 1
    while rows[bottom][x] not in "╰┴":
        bottom += 1
    # The line of the head goes on to the left of the bar, or it is the one without an arrow.
    owners = [
        line + 1
        for line in range(top, bottom + 1)
        if rows[line][x] in "┬┴┼" or (rows[line][x] in "╭╰├" and rows[line].rstrip().endswith("─"))
    ]
    (owner,) = owners
    return owner


@given(heads_of_any_kind(12))
def test_the_picture_shows_the_heads(heads: list[int | None]) -> None:
    """Read back from the drawing, the arcs are those that were drawn, whether they cross or not."""
    cut = {cycle[0] for cycle in cycles(heads)}
    rows = draw_arcs(heads, cut)
    assert len({len(row) for row in rows}) == 1
    expected = [None if word in cut else head for word, head in enumerate(heads, 1)]
    if any(head is not None for head in heads):
        assert decode(rows) == expected


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_all_heads_of_short_sentences_are_shown(length: int) -> None:
    for heads in itertools.product([None, *range(length + 1)], repeat=length):
        cut = {cycle[0] for cycle in cycles(heads)}
        if any(head is not None for head in heads):
            shown = decode(draw_arcs(heads, cut))
            assert shown == [None if word in cut else head for word, head in enumerate(heads, 1)], heads


@given(heads_of_any_kind(20), st.integers(10, 60))
def test_any_heads_are_drawn_within_the_width(heads: list[int | None], width: int) -> None:
    drawn = Sentence({
        "FORM": ["字" * (1 + i % 7) for i in range(len(heads))],
        "HEAD": ["_" if head is None else str(head) for head in heads],
        "DEPREL": ["dep"] * len(heads),
    })  # fmt: skip
    assert len(lines(draw_tree(drawn))) == len(heads)
    narrow = lines(draw_tree(drawn, width=width))
    assert len(narrow) == len(heads)
    assert max(map(cell_len, narrow)) <= width


def test_samples_are_drawn_in_columns(samples: Path) -> None:
    """Every sentence of the samples: the columns line up, and lines cross bars only where arcs cross."""
    count = 0
    for path in sorted(samples.glob("UD_*/*.conllu")):
        for drawn in read(path):
            rows = draw_arcs(drawn.heads)
            assert decode(rows) == drawn.heads
            crossing = any("─│─" in row for row in rows)
            if not nonprojective_arcs(drawn.heads):
                assert not crossing
            forms = [word.text for word in drawn.words]
            for line, form, row in zip(lines(draw_tree(drawn)), forms, rows, strict=True):
                assert line.startswith(row + form)
            count += 1
    assert count > 100


def test_a_deep_tree_keeps_its_words_in_sight() -> None:
    length = 300
    chain = Sentence({
        "FORM": [f"w{i}" for i in range(1, length + 1)],
        "HEAD": [str(i) for i in range(length)],
        "DEPREL": ["root", *["dep"] * (length - 1)],
    })  # fmt: skip
    drawing = lines(draw_tree(chain, width=60))
    assert all(f"► w{number}" in line for number, line in enumerate(drawing, 1))
    assert drawing[-1].startswith(" ")
    assert drawing[0].startswith("…")


def test_entities_are_shown_and_all_else_on_request() -> None:
    default = lines(draw_tree(everything()))
    assert default[4] == "  │ ╰─┼───► University  PROPN  nmod ?                   ┐ ORG ?  ┐ NP  │     │"
    assert default[6] == "  │   ╰─┴─► Bern        PROPN  nmod ?            ─ GPE  ┘        ┘     ┘     │"
    graph = lines(draw_tree(everything(), show="tree,enhanced"))
    assert graph[12:16] == [
        "  │     ╭─► and         (cc)       14.1:cc",
        "  ├─────┼─► Tom         (conj)     14.1:nsubj ?",
        "  │     │   14.1 buys              10:conj:and",
        "  │     ╰─► pears       (orphan)   14.1:obj",
    ]
    assert lines(draw_tree(everything(), show="frames"))[4:7] == [
        "University  │           ● study.02",
        "of          │           ┐ ARGM-LOC",
        "Bern        ┘           ┘",
    ]
    details = lines(draw_tree(everything(), show=["upos", "xpos", "lemma", "feats"]))
    assert details[7] == "did         AUX    VBD  do          Mood=Ind|Tense=Past|VerbForm=Fin"
    assert "nmod:of 0.48 ?" in draw_tree(everything(), show="all")
    assert draw_tree(everything(), show="all", ascii=True).isascii()
    assert all(cell_len(line) <= 60 for line in lines(draw_tree(everything(), show="all", width=60)))
    with pytest.raises(ConfigError, match="did you mean lemma"):
        draw_tree(everything(), show="lema")


def test_no_label_reaches_a_terminal_uncleaned() -> None:
    sentence = Sentence({"FORM": ["a", "b"], "DEPS": ["0:\x1b[2J", "1:\u202e"], "FEATS": ["\x1b=\x07", "_"]})
    sentence.ents = [Span(1, 2, "\x1b[31m")]
    sentence.frames = [Frame(1, "\x1b]0;x\x07", [Argument("\u202e", 2)])]
    drawing = draw_tree(sentence, show="all")
    assert clean(drawing, kept="\n\u2068\u2069") == drawing
    assert drawing.count("\ufffd") >= 7
