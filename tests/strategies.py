"""Strategies by which hypothesis draws examples for the tests of several folders."""

from __future__ import annotations

import contextlib
import re

from hypothesis import strategies as st

from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import DepparseError


def heads_of_any_kind(longest: int, shortest: int = 1) -> st.SearchStrategy[list[int | None]]:
    """Heads of `shortest` to `longest` words: trees, forests, cycles, words that are their own head or have none."""
    return st.integers(shortest, longest).flatmap(
        lambda n: st.lists(st.one_of(st.none(), st.integers(0, n)), min_size=n, max_size=n)
    )


# What formats are likely to lose: signs of comments and columns, white space of any sort, words that tables take for
# missing values, invisible characters, a byte order mark, half of a UTF-16 pair, numbers that are no ASCII digits.
NASTY = [
    "#", "# x", "-DOCSTART-", "_", "-", "O", "null", "NA", "None", "nan", "1", "0", "٣", "a", "a b", " ", " a", "a ",
    "\u00a0", "10\u00a0000", "\u202f", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x00", "\x1b[31m", "\ufeff",
    "\ufeffx", "\u200b", "e\u0301", "|", ",", "=", "a|b", "a=b", "B-PER", "{}", "[]", '"', "\\", "\ud800",
    "", "\t", "\n", "\r", "a\rb", "a\r", "\r\n", "a\tb", "a\n\nb", "😀",
]  # fmt: skip


_READABLE = [text for text in NASTY if text and not re.search("[\t\r\n\ud800]", text)]


def nasty_texts(*, readable: bool = False) -> st.SearchStrategy[str]:
    """Values that some format is likely to lose, others of one or two characters, and ordinary words.

    Those that are `readable` can stand in a cell of CoNLL-U.
    """
    any_text = st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]), min_size=1, max_size=2)
    texts = (_READABLE, any_text) if readable else (NASTY, st.text(max_size=2))
    return st.one_of(st.sampled_from(["word", "Ann", "."]), st.sampled_from(texts[0]), texts[1])


@st.composite
def nasty_sentences(draw: st.DrawFn) -> Sentence:
    """Sentences such as a user can make, with anything in their cells, comments, tokens, nodes, entities and frames.

    One half of them is readable: a file of CoNLL-U could hold them.
    """
    readable = draw(st.booleans())
    length = draw(st.integers(1 if readable else 0, 4))
    texts = nasty_texts(readable=readable)

    def column(cells: st.SearchStrategy[str]) -> list[str]:
        return draw(st.lists(cells, min_size=length, max_size=length))

    columns = {"FORM": column(st.one_of(st.just("word"), texts))}
    for name in ("LEMMA", "UPOS", "XPOS", "FEATS", "DEPREL", "DEPS", "MISC"):
        if draw(st.integers(0, 3)) == 0:
            columns[name] = column(st.one_of(st.just("_"), texts))
    if draw(st.booleans()):
        columns["HEAD"] = column(
            st.sampled_from(["_", *map(str, range(length + 1)), *([] if readable else ["9", "x"])])
        )
    if draw(st.integers(0, 3)) == 0:
        tags = ["O", "B-PER", "I-PER", "B-LOC|S-LOC", "B", "I", "_", "-", "PER", "B-", "S-X", "E-X", "B-a b", "B-a,b"]
        columns["NER"] = column(st.one_of(st.sampled_from(tags), texts))
    if draw(st.integers(0, 5)) == 0:
        places = st.sampled_from(["_", "A0:1", "A0:9", "A,1:1", "A0:1|A1:_", "x", "A0:2-1", "A:b:1"])
        columns |= {"UP:PRED": column(st.sampled_from(["_", "go.01", "a|b"])), "UP:ARGHEADS": column(places)}
    fixed = st.sampled_from(["# newdoc", "# newpar id = 1", "# sent_id = 1", "#", *([] if readable else ["no sign"])])
    written = [texts.map("# ".__add__), texts.map("# text = ".__add__)]
    comments = draw(st.lists(st.one_of(fixed, *written), max_size=2))
    places_of_lines = st.tuples(st.integers(1, 4), st.integers(1, 4))
    cells = st.fixed_dictionaries({"FORM": texts, "MISC": texts})
    mwts, nodes = [], []
    if draw(st.integers(0, 2)) == 0:
        start = draw(st.integers(1, max(1, length)))
        end = draw(st.integers(start, max(start, length)))
        mwts = [MultiwordToken(start, end, draw(cells))]
        nodes = [EmptyNode((draw(st.integers(0, length)), 1), draw(cells))]
    if not readable and draw(st.integers(0, 2)) == 0:
        mwts.append(MultiwordToken(*draw(places_of_lines), draw(cells)))
        nodes.append(EmptyNode(draw(places_of_lines), draw(cells)))
    sentence = Sentence(columns, comments, mwts, nodes)
    if draw(st.integers(0, 4)) == 0:
        with contextlib.suppress(DepparseError):
            sentence.ents = [Span(*draw(places_of_lines), draw(st.sampled_from(["X", "Y"]))) for _ in range(2)]
    return sentence


def nasty_documents() -> st.SearchStrategy[list[Sentence]]:
    """One to three such sentences."""
    return st.lists(nasty_sentences(), min_size=1, max_size=3)
