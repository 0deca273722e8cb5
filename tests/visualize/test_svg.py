"""SVG: valid XML, words and labels in their places, arcs that keep apart."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.formats.table import read
from depparse.visualize.arcs import arcs_of
from depparse.visualize.ink import FORM, SMALL
from depparse.visualize.pixels import text_width
from depparse.visualize.svg import draw_svg
from tests.sentences import CONTRACTION, CROSSING
from tests.strategies import heads_of_any_kind

SPACE = "{http://www.w3.org/2000/svg}"
ARC = re.compile(r"M([\d.]+) ([\d.]+) V([\d.]+) q.* H([\d.]+) q(-?8)")


def texts(root: ET.Element, kind: str) -> list[tuple[str, float]]:
    found = [element for element in root.iter(f"{SPACE}text") if kind in element.get("class", "").split()]
    return [(element.text or "", float(element.get("x", "nan"))) for element in found]


def draw(sentence: Sentence, width: int | None = None) -> ET.Element:
    return ET.fromstring(draw_svg(sentence, width=width))


@dataclass
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )  # fmt: skip


@dataclass
class Geometry:
    """The boxes of a drawing, in its own coordinates; the lines of arcs are boxes without area."""

    width: float
    words: list[Box] = field(default_factory=list)
    labels: list[Box] = field(default_factory=list)
    tokens: list[Box] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    patches: list[Box] = field(default_factory=list)  # patches of paper behind labels


def geometry(root: ET.Element) -> Geometry:
    drawn = Geometry(float(root.get("width", "nan")))
    for text in root.iter(f"{SPACE}text"):
        kind = (text.get("class") or "").split()[0]
        size = {"form": FORM, "token": 13}.get(kind, SMALL)
        x, y, length = float(text.get("x", "")), float(text.get("y", "")), text_width(text.text or "", size)
        box = Box(x - length / 2, y - 0.75 * size, x + length / 2, y + 0.2 * size)
        {"form": drawn.words, "tag": drawn.words, "token": drawn.tokens, "label": drawn.labels}[kind].append(box)
    for rect in root.iter(f"{SPACE}rect"):
        if rect.get("x"):
            x, y, width, height = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
            drawn.patches.append(Box(x, y, x + width, y + height))
    for path in root.iter(f"{SPACE}path"):
        if (path.get("class") or "").startswith("arc"):
            drawn.lines += segments(path.get("d", ""))
    return drawn


def segments(path: str) -> list[Box]:
    """The straight parts of a path."""
    lines: list[Box] = []
    x = y = 0.0
    for command, text in re.findall(r"([MVHq])([-\d. ]+)", path):
        values = [float(value) for value in text.split()]
        if command == "M":
            to_x, to_y = values
        elif command == "q":
            to_x, to_y = x + values[2], y + values[3]
        else:
            to_x, to_y = (x, values[0]) if command == "V" else (values[0], y)
        if command in "VH":
            lines.append(Box(min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)))
        x, y = to_x, to_y
    return lines


def check_geometry(drawn: Geometry) -> None:
    for kind in (drawn.labels, drawn.words, drawn.tokens):
        for one, other in itertools.combinations(kind, 2):
            assert not one.meets(other)
    for line in drawn.lines:
        assert not any(line.meets(box) for box in (*drawn.words, *drawn.tokens))
        for label in drawn.labels:
            if line.meets(label):  # the line is behind a patch
                assert any(patch.left <= label.left and label.right <= patch.right for patch in drawn.patches)
    for box in (*drawn.words, *drawn.labels, *drawn.tokens, *drawn.lines):
        assert box.left >= 0
        assert box.right <= drawn.width + 0.6  # widths are written in whole pixels


def test_words_tags_labels_and_brackets_are_drawn() -> None:
    root = draw(Document.from_conllu(CONTRACTION).sentences[0])
    forms = texts(root, "form")
    assert [form for form, _ in forms] == ["Anna", "did", "n't", "sleep"]
    assert [form for form, _ in texts(root, "root")] == ["sleep"]
    assert [tag for tag, _ in texts(root, "tag")] == ["PROPN", "AUX", "PART", "VERB"]
    assert [label for label, _ in texts(root, "label")] == ["nsubj", "aux", "advmod", "root"]
    ((token, x),) = texts(root, "token")
    assert token == "didn't"
    assert forms[1][1] < x < forms[2][1]
    assert root.find(f"{SPACE}title") is not None


def test_right_to_left_text_runs_to_the_left() -> None:
    text = "1\tשלום\t_\t_\t_\t_\t0\troot\t_\t_\n2\tעולם\t_\t_\t_\t_\t1\tvocative\t_\t_\n\n"
    (_, first), (_, second) = texts(draw(Document.from_conllu(text).sentences[0]), "form")
    assert first > second


def test_text_is_escaped_and_characters_that_xml_cannot_hold_are_replaced() -> None:
    root = draw(Sentence.from_forms(["<b>&\"'", "\x00\x1b", "\ufffe"]))
    assert [form for form, _ in texts(root, "form")] == ["<b>&\"'", "\ufffd\ufffd", "\ufffd"]
    assert "\u202e" not in draw_svg(Sentence.from_forms(["a\u202eb"]))


@pytest.mark.parametrize("forms", [[], ["x"], ["x", "y"]])
def test_sentences_without_heads_are_drawn(forms: list[str]) -> None:
    root = draw(Sentence({"FORM": forms}))
    assert [form for form, _ in texts(root, "form")] == forms
    assert not texts(root, "label")


def test_nothing_comes_from_outside(samples: Path) -> None:
    drawing = draw_svg(read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu").sentences[0])
    assert drawing.count("http") == 1  # the name space
    assert "url(" not in drawing
    assert "<script" not in drawing


@given(heads_of_any_kind(12))
def test_arcs_share_no_place(heads: list[int | None]) -> None:
    """Arcs of one level have no stretch in common, and every level has an arc below, or is the first."""
    arcs = [arc for arc in arcs_of(heads, ["dep"] * len(heads)) if arc.head]
    for arc in arcs:
        assert arc.head != arc.dependent
        span = set(range(*sorted((arc.head, arc.dependent))))
        below = [o.level for o in arcs if o is not arc and span & set(range(*sorted((o.head, o.dependent))))]
        assert arc.level not in below
        assert arc.level == 1 or arc.level - 1 in below


@given(heads_of_any_kind(10), st.lists(st.text(max_size=8), min_size=10, max_size=10))
def test_any_heads_and_labels_are_drawn(heads: list[int | None], labels: list[str]) -> None:
    columns = {"FORM": labels[: len(heads)], "DEPREL": labels[: len(heads)]}
    root = draw(Sentence(columns | {"HEAD": ["_" if head is None else str(head) for head in heads]}))
    places = [x for _, x in texts(root, "form")]
    assert len(places) == len(heads)
    left, right = 0.0, float(root.get("viewBox", "").split()[2])
    arcs = [ARC.match(path.get("d", "")) for path in root.iter(f"{SPACE}path") if path.get("class") == "arc"]
    for arc in filter(None, arcs):
        start, _, top, stop, turn = map(float, arc.groups())
        assert left < start < right
        assert left < stop + turn < right
        assert top > 0


def test_samples_have_room_for_words_and_labels(samples: Path) -> None:
    for path in sorted(samples.glob("UD_*/*-test.conllu")):
        for sentence in read(path):
            root = draw(sentence)
            places = [x for _, x in texts(root, "form")]
            assert places == sorted(places)
            assert len(set(places)) == len(sentence) + len(sentence.empty_nodes)
            drawing = draw_svg(sentence, show="tree")
            starts = re.findall(r'class="arc" d="M([\d.]+)', drawing)
            ends = re.findall(r'class="tip" d="M([\d.]+)', drawing)
            legs = [*starts, *ends]
            roots = sum(head == 0 for head in sentence.heads)
            assert len(set(legs)) == len(legs) - roots  # each leg stands apart; the leg of a root is also its tip


@pytest.mark.parametrize("width", [None, 1000, 300])
def test_nothing_overlaps_and_no_arc_crosses_the_text(width: int | None, samples: Path) -> None:
    for path in sorted(samples.glob("UD_*/*-test.conllu")):
        for sentence in read(path):
            drawn = geometry(draw(sentence, width))
            check_geometry(drawn)
            assert not drawn.patches or width  # these trees are projective: there is room for all labels


@given(heads_of_any_kind(10), st.sampled_from([None, 200, 400]), st.sampled_from(["word", "שלום", "文", "துறைகளையும்"]))
def test_nothing_overlaps_whatever_the_heads(heads: list[int | None], width: int | None, form: str) -> None:
    cells = {
        "FORM": [form] * len(heads),
        "UPOS": ["PROPN"] * len(heads),
        "HEAD": ["_" if head is None else str(head) for head in heads],
        "DEPREL": ["nmod:poss", "det"] * (len(heads) // 2) + ["x"] * (len(heads) % 2),
    }
    check_geometry(geometry(draw(Sentence(cells), width)))


def test_labels_stand_beside_the_lines_that_cross_theirs() -> None:
    """A leg of an arc above passes through the middle of "over"."""
    cells = {"FORM": ["aaaaaaaa"] * 5, "HEAD": ["3", "5", "0", "3", "3"], "DEPREL": ["over", "above", "root", "c", "d"]}
    root = draw(Sentence(cells))
    drawn = geometry(root)
    check_geometry(drawn)
    assert not drawn.patches
    (_, first), _, (_, third) = texts(root, "form")[:3]
    over = dict(texts(root, "label"))["over"]
    assert abs(over - (first + third) / 2) > 5  # it moved aside


def test_rows_stay_within_the_width_and_keep_all_words(samples: Path) -> None:
    for sentence in read(samples / "UD_French-Sample" / "fr_sample-ud-test.conllu"):
        wide, narrow = draw(sentence), draw(sentence, 350)
        assert float(narrow.get("width", "nan")) <= 350 < float(wide.get("width", "nan"))
        for kind in ("form", "tag", "token"):
            assert [text for text, _ in texts(narrow, kind)] == [text for text, _ in texts(wide, kind)]
        assert {text for text, _ in texts(narrow, "label")} == {text for text, _ in texts(wide, "label")}
        assert draw_svg(sentence, width=5000) == draw_svg(sentence)


def test_arcs_that_go_on_in_the_next_row_run_to_the_edges() -> None:
    cells = {"FORM": ["a" * 20, "b" * 20], "HEAD": ["2", "0"], "DEPREL": ["nsubj", "root"]}
    root = draw(Sentence(cells), 260)
    first_line, second_line = [line for line in geometry(root).lines if line.left < line.right]
    assert abs(first_line.right - float(root.get("width", "nan"))) < 1
    assert second_line.left == 0
    assert first_line.top < second_line.top
    assert [label for label, _ in texts(root, "label")].count("nsubj") >= 1


def test_a_multiword_token_is_in_one_row() -> None:
    for width in range(60, 400, 20):
        root = draw(Document.from_conllu(CONTRACTION).sentences[0], width)
        rows = {form: element.get("y") for element in root.iter(f"{SPACE}text") for form in [element.text]}
        assert rows["did"] == rows["n't"]


def test_the_description_says_the_tree_in_words() -> None:
    root = draw(Document.from_conllu(CROSSING).sentences[0])
    clauses = root.findtext(f"{SPACE}desc", "").split("; ")
    assert clauses[:3] == ["A: det of man", "man: nsubj of arrived", "arrived: root"]
