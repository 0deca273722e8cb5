"""SVG: valid XML, words and labels in their places, arcs that keep apart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.data.document import Document
from depparse.data.formats import read
from depparse.data.sentence import Sentence
from depparse.visualize.svg import _arcs, draw_svg
from tests.visualize.test_terminal import CONTRACTION, heads_of_any_kind

SPACE = "{http://www.w3.org/2000/svg}"
ARC = re.compile(r"M([\d.]+) ([\d.]+) V([\d.]+) q.* H([\d.]+) q(-?8)")


def texts(root: ET.Element, kind: str) -> list[tuple[str, float]]:
    found = [element for element in root.iter(f"{SPACE}text") if kind in element.get("class", "").split()]
    return [(element.text or "", float(element.get("x", "nan"))) for element in found]


def draw(sentence: Sentence) -> ET.Element:
    return ET.fromstring(draw_svg(sentence))


def test_words_tags_labels_and_brackets() -> None:
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


def test_right_to_left() -> None:
    text = "1\tשלום\t_\t_\t_\t_\t0\troot\t_\t_\n2\tעולם\t_\t_\t_\t_\t1\tvocative\t_\t_\n\n"
    (_, first), (_, second) = texts(draw(Document.from_conllu(text).sentences[0]), "form")
    assert first > second


def test_text_is_escaped_and_characters_that_xml_cannot_hold_are_replaced() -> None:
    root = draw(Sentence.from_forms(["<b>&\"'", "\x00\x1b", "\ufffe"]))
    assert [form for form, _ in texts(root, "form")] == ["<b>&\"'", "\ufffd\ufffd", "\ufffd"]


@pytest.mark.parametrize("forms", [[], ["x"], ["x", "y"]])
def test_without_heads(forms: list[str]) -> None:
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
    arcs = [arc for arc in _arcs(heads, ["dep"] * len(heads)) if arc.head]
    for arc in arcs:
        assert arc.head != arc.dependent
        span = set(range(*sorted((arc.head, arc.dependent))))
        below = [o.level for o in arcs if o is not arc and span & set(range(*sorted((o.head, o.dependent))))]
        assert arc.level not in below
        assert arc.level == 1 or arc.level - 1 in below


@given(heads_of_any_kind(10), st.lists(st.text(max_size=8), min_size=10, max_size=10))
def test_any_heads_and_labels(heads: list[int | None], labels: list[str]) -> None:
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
            assert len(set(places)) == len(sentence)
            starts = re.findall(r'class="arc" d="M([\d.]+)', draw_svg(sentence))
            ends = re.findall(r'class="tip" d="M([\d.]+)', draw_svg(sentence))
            legs = [*starts, *ends]
            roots = sum(head == 0 for head in sentence.heads)
            assert len(set(legs)) == len(legs) - roots  # each leg has a place of its own; a root's is its tip's
