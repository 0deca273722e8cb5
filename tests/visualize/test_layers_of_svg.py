"""All that an SVG shows: each label stands near its word, nothing overlaps, nothing foreign gets out of its place."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.constituents import Constituent
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import ConfigError, FormatError
from depparse.printable import clean
from depparse.visualize.pixels import text_width
from depparse.visualize.shown import DEFAULT, LAYERS
from depparse.visualize.style import COLORS
from depparse.visualize.svg import draw_svg
from tests.sentences import ALL, everything

SPACE = "{http://www.w3.org/2000/svg}"
HEBREW = """\
1\tאנה\tאנה\tPROPN\t_\t_\t2\tnsubj\t2:nsubj|3:nsubj:xsubj\t_
2\tרוצה\tרצה\tVERB\t_\tGender=Fem\t0\troot\t0:root\t_
3\tלישון\tישן\tVERB\t_\t_\t2\txcomp\t2:xcomp\t_

"""


@dataclass
class Text:
    """A text of a drawing, with the box that it takes."""

    kinds: set[str]
    text: str
    x: float
    y: float
    size: int = 11

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        half = text_width(self.text, self.size) / 2
        return self.x - half, self.y - 0.75 * self.size, self.x + half, self.y + 0.2 * self.size


class Drawing:
    """An SVG as it was parsed: its texts, bars and arcs."""

    def __init__(self, sentence: Sentence, width: int | None = None, show: str | None = None) -> None:
        self.source = draw_svg(sentence, width=width, show=show)
        self.root = ET.fromstring(self.source)
        self.width = float(self.root.get("width", "nan"))
        self.texts = []
        for element in self.root.iter(f"{SPACE}text"):
            kinds = set((element.get("class") or "").split())
            size = 16 if "form" in kinds else 13 if "token" in kinds else 11
            x, y = float(element.get("x", "")), float(element.get("y", ""))
            self.texts.append(Text(kinds, "".join(element.itertext()), x, y, size))
        self.bars: list[tuple[set[str], float, float, float]] = []  # kinds, left, right, upper edge
        for element in self.root.iter(f"{SPACE}rect"):
            kinds = set((element.get("class") or "").split())
            if "bar" in kinds:
                x, width_, y = (float(element.get(name, "")) for name in ("x", "width", "y"))
                self.bars.append((kinds, x, x + width_, y))

    def of(self, *kinds: str) -> list[Text]:
        """The texts that have all of these classes."""
        return [text for text in self.texts if text.kinds.issuperset(kinds)]

    def words(self, *kinds: str) -> list[str]:
        """What these texts say."""
        return [text.text for text in self.of(*kinds)]

    def form(self, form: str) -> Text:
        """The only word with that form."""
        (found,) = [text for text in self.of("form") if text.text == form]
        return found

    def bar(self, label: str) -> tuple[float, float, float]:
        """Left, right and upper edge of the only bar with that label."""
        (name,) = [text for text in self.of("name") if text.text == label]
        (found,) = [bar[1:] for bar in self.bars if bar[1] <= name.x <= bar[2] and 0 < name.y - bar[3] < 16]
        return found

    def arcs(self, kind: str) -> list[tuple[float, float, list[float]]]:
        """For each arc of a class: the x of both ends, and all y."""
        found = []
        for path in self.root.iter(f"{SPACE}path"):
            if {"arc", kind} <= set((path.get("class") or "").split()):
                start, y, top, middle, turn, end = re.findall(
                    r"^M([-\d.]+) ([-\d.]+) V([-\d.]+) .* H([-\d.]+) q(-?8) .* V([-\d.]+)$", path.get("d", "")
                )[0]
                found.append((float(start), float(middle) + float(turn), [float(y), float(top), float(end)]))
        return found


def test_the_default_and_all() -> None:
    default, full = Drawing(everything()), Drawing(everything(), show="all")
    assert {name for text in default.texts for name in text.kinds} >= {"tag", "token", "label", "name", "enhanced"}
    assert not default.of("line")
    assert default.words("form") == ALL_FORMS
    for name in ("xpos", "lemma", "feats"):
        assert full.of("line", name)
    assert draw_svg(everything(), show="default") == default.source
    assert draw_svg(everything(), show=["Tree ", *DEFAULT[1:]]) == default.source
    assert draw_svg(everything(), show=",".join(LAYERS)) == full.source
    assert draw_svg(Sentence.from_forms(["x"]), show="all") == draw_svg(Sentence.from_forms(["x"]))


ALL_FORMS = [line.split("\t")[1] for line in ALL.splitlines() if line[:1].isdigit() and not line.startswith("8-9")]


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_alone(layer: str) -> None:
    drawing = Drawing(everything(), show=layer)
    kinds = {name for text in drawing.texts for name in text.kinds} - {"form", "root", "empty", "uncertain", "doubtful"}
    expected = {
        "tree": {"label"}, "upos": {"tag"}, "xpos": {"line", "xpos"}, "lemma": {"line", "lemma"},
        "feats": {"line", "feats"}, "tokens": {"token"}, "enhanced": {"label", "enhanced"},
        "entities": {"name", "entity"}, "constituents": {"name", "constituent"},
        "frames": {"name", "predicate", "role"}, "probabilities": set(),
    }  # fmt: skip
    assert kinds == expected[layer]


def test_small_lines_stand_below_their_word_in_order() -> None:
    drawing = Drawing(everything(), show="all")
    did = drawing.form("did")
    below = sorted((text.y, text.text) for text in drawing.texts if text.x == did.x and text.y > did.y)
    assert [text for _, text in below] == ["AUX", "VBD", "do", "Mood=Ind", "Tense=Past", "VerbForm=Fin"]
    assert all(10 < b - a < 20 for (a, _), (b, _) in itertools.pairwise([(did.y, ""), *below]))
    assert drawing.words("tag") == [line.split("\t")[3] for line in ALL.splitlines() if re.match(r"[\d.]+\t", line)]


def test_enhanced_arcs_lead_from_head_to_dependent_below_the_words() -> None:
    drawing = Drawing(everything())
    forms = {text.text: text for text in drawing.of("form")}
    assert drawing.words("form", "empty") == ["buys"]
    assert forms["Tom"].x < forms["buys"].x < forms["pears"].x
    ends = {("buys", "and"), ("buys", "Tom"), ("buys", "pears"), ("buy", "buys")}
    found = set()
    for start, end, heights in drawing.arcs("enhanced"):
        head, dependent = (min(forms, key=lambda form: abs(forms[form].x - x)) for x in (start, end))
        found.add((head, dependent))
        assert min(heights) > forms[head].y
    assert found == ends
    for label in drawing.of("label", "enhanced"):
        assert label.y > forms["buy"].y
        assert any(min(start, end) < label.x < max(start, end) for start, end, _ in drawing.arcs("enhanced"))
    assert sorted(drawing.words("label", "enhanced")) == ["cc", "conj:and", "nsubj", "obj"]


def test_what_tree_and_graph_have_in_common_is_drawn_once() -> None:
    drawing = Drawing(everything())
    assert drawing.words("label").count("nmod:of") == 2
    assert [element.text for element in drawing.root.iter(f"{SPACE}tspan")] == [":of", ":of"]
    assert drawing.words("label", "lost") == ["cc", "conj", "orphan"]
    assert not Drawing(everything(), show="tree").of("label", "lost")
    graph = Drawing(everything(), show="enhanced")
    assert len(graph.of("label", "enhanced")) == 17  # all edges


def test_edges_that_lead_nowhere_are_left_out() -> None:
    text = ALL.replace("10:nsubj\t", "10:nsubj|99:dep|7.7:x|1:self|rubbish|10:nsubj\t")
    assert Drawing(Document.from_conllu(text)[0]).words("label", "enhanced").count("dep") == 0
    many = "|".join(f"2:r{n}" for n in range(5_000))
    columns = {"FORM": ["a", "b"], "DEPS": [many, "0:root"]}
    assert len(draw_svg(Sentence(columns))) < 20_000


def test_bars_of_entities_cover_their_words() -> None:
    drawing = Drawing(everything())
    boxes = {text.text: text.box() for text in drawing.of("form") if text.text != "of"}
    for label, first, last, beyond in (("ORG", "University", "Bern", "did"), ("GPE", "Bern", "Bern", "did")):
        left, right, y = drawing.bar(label)
        assert left <= boxes[first][0]
        assert boxes[last][2] <= right < boxes[beyond][0]
        assert left > boxes["the"][2]
        assert y > drawing.form("Bern").y
    assert drawing.bar("GPE")[2] < drawing.bar("ORG")[2]  # the inner one is nearer to the words
    assert drawing.bar("ORG")[0] < drawing.bar("GPE")[0] < drawing.bar("GPE")[1] <= drawing.bar("ORG")[1]


def test_bars_of_frames_cover_their_words() -> None:
    drawing = Drawing(everything())
    boxes = {text.text: text.box() for text in drawing.of("form")}
    places = {
        "buy.01": ("buy", "buy"), "ARG0": ("Anna", "Bern"), "ARGM-NEG": ("n't", "n't"), "ARG1": ("2", "apples"),
        "study.02": ("University", "University"),
    }  # fmt: skip
    for label, (first, last) in places.items():
        left, right, _ = drawing.bar(label)
        assert left <= boxes[first][0]
        assert boxes[last][2] <= right
    assert drawing.bar("ARG0")[2] == drawing.bar("ARG1")[2] == drawing.bar("buy.01")[2]
    assert drawing.bar("study.02")[2] == drawing.bar("ARGM-LOC")[2] != drawing.bar("buy.01")[2]
    assert len([kinds for kinds, *_ in drawing.bars if "predicate" in kinds]) == 2


def test_arguments_without_words_stand_with_the_predicate() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    sentence.frames = [Frame(1, "go.01", [Argument("A0"), Argument("A1", head=2)])]
    assert Drawing(sentence).words("name") == ["go.01 (A0)", "A1"]


def test_what_is_uncertain_looks_so_and_numbers_come_on_request() -> None:
    drawing, numbers = Drawing(everything()), Drawing(everything(), show="all")
    assert drawing.words("label", "uncertain") == ["nmod:of", "nsubj"]  # an arc of the tree, an edge of the graph
    assert drawing.words("label", "doubtful") == ["nmod:of"]  # a sure head with an unsure relation
    assert drawing.words("name", "uncertain") == ["ORG", "ARG1"]
    assert not any("0." in text.text for text in drawing.of("label") + drawing.of("name"))
    assert {"nsubj 0.98", "nmod:of 0.48", "nmod:of 0.58", "nsubj 0.72"} <= set(numbers.words("label"))
    assert {"PER 0.97", "ORG 0.60", "buy.01 0.98", "ARG1 0.50", "study.02"} <= set(numbers.words("name"))
    odd = Document.from_conllu(ALL.replace("0.5500", "nan").replace("0.4800", "much").replace("0.7200", "1,2,3"))[0]
    assert Drawing(odd, show="all").words("label").count("nmod:of") == 1


def test_unknown_names_are_one_error() -> None:
    with pytest.raises(ConfigError, match=r"show has no 'entitys'; did you mean entities\? there are: tree, upos"):
        draw_svg(everything(), show="tree,entitys")
    for wrong in (3, [3], "", b"tree"):
        with pytest.raises(ConfigError):
            draw_svg(everything(), show=wrong)  # type: ignore[arg-type]


def test_broken_cells_are_an_error_only_by_name() -> None:
    sentence = Sentence({"FORM": ["a"], "UP:PRED": ["go.01"], "UP:ARGHEADS": ["A0"]})
    assert Drawing(sentence).words("form") == ["a"]
    with pytest.raises(FormatError, match="ROLE:PLACE"):
        draw_svg(sentence, show="frames")


# -- foreign text

EVIL = "<script>alert(1)</script>&\"']]>\u202e\x1b[31m\u2066\x00"


def hostile() -> Sentence:
    """A sentence in which each text that is drawn would do harm."""
    evil = EVIL.replace("=", "").replace("|", "")
    text = ALL.replace("\tbuy\t", f"\t{evil}\t").replace("NNP", evil).replace("nsubj", evil).replace("Sing", evil)
    text = text.replace("a1", evil).replace("didn't\t", f"{evil}\t").replace("PROPN", evil).replace("buys", evil)
    (sentence,) = Document.from_conllu(text)
    sentence.set_comment("text", evil)
    label = EVIL.replace(" ", "").replace("\x00", "")
    sentence.ents = [Span(1, 2, label), Span(2, 2, label)]
    sentence.frames = [Frame(10, label, [Argument(label, 1, 1, 7)])]
    sentence.annotate("constituents", [Constituent(1, 3, label), Constituent(2, 2, label)])
    return sentence


@pytest.mark.parametrize("width", [None, 300])
def test_foreign_text_stays_text(width: int | None) -> None:
    drawing = Drawing(hostile(), width, show="all")
    assert {element.tag.removeprefix(SPACE) for element in drawing.root.iter()} == {
        "svg", "title", "desc", "style", "rect", "path", "text", "tspan",
    }  # fmt: skip
    assert clean(drawing.source, kept="\n") == drawing.source
    assert "<script" not in drawing.source
    assert sum("<script>alert(1)</script>&\"']]>\ufffd" in text.text for text in drawing.texts) > 12


# -- scripts, rows, room


def test_right_to_left_mirrors_all_layers() -> None:
    (sentence,) = Document.from_conllu(HEBREW)
    sentence.ents = [Span(1, 1, "PER")]
    sentence.annotate("constituents", [Constituent(1, 3, "S"), Constituent(2, 3, "VP"), Constituent(3, 3, "INF")])
    sentence.frames = [Frame(2, "w.01", [Argument("A0", 1, 1, 1), Argument("A1", 3, 3, 3)])]
    drawing = Drawing(sentence, show="all")
    first, second, third = drawing.of("form")
    assert first.x > second.x > third.x
    assert [text.x for text in drawing.of("lemma")] == [first.x, second.x, third.x]
    assert drawing.bar("A0")[0] < first.x < drawing.bar("A0")[1]
    assert drawing.bar("A1")[0] < third.x < drawing.bar("A1")[1] < drawing.bar("w.01")[0]
    assert drawing.bar("VP")[0] < third.x < second.x < drawing.bar("VP")[1] < first.x < drawing.bar("S")[1]
    assert drawing.bar("PER")[0] < first.x < drawing.bar("PER")[1]
    ((start, end, _),) = drawing.arcs("enhanced")
    assert abs(start - third.x) < 15
    assert abs(end - first.x) < 15


def legs(path: str) -> list[tuple[float, float, float]]:
    """The vertical parts of a path: x, upper and lower y."""
    found, x, y = [], 0.0, 0.0
    for command, text in re.findall(r"([MVHq])([-\d. ]+)", path):
        values = [float(value) for value in text.split()]
        if command == "V":
            found.append((x, min(y, values[0]), max(y, values[0])))
        x, y = {
            "M": lambda v: (v[0], v[-1]), "V": lambda v, x=x: (x, v[0]), "H": lambda v, y=y: (v[0], y),
            "q": lambda v, x=x, y=y: (x + v[2], y + v[3]),
        }[command](values)  # fmt: skip
    return found


def check_room(drawing: Drawing) -> None:
    """No text meets another or leaves the drawing; no leg of an arc crosses a bar; no bar meets another."""
    for text in drawing.texts:
        left, _, right, _ = text.box()
        assert left >= -0.6
        assert right <= drawing.width + 0.6
    for one, other in itertools.combinations([text.box() for text in drawing.texts], 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    for (_, left, right, y), (_, other_left, other_right, other_y) in itertools.combinations(drawing.bars, 2):
        assert abs(y - other_y) >= 16 or right <= other_left or other_right <= left
    for path in drawing.root.iter(f"{SPACE}path"):
        if "enhanced" not in (path.get("class") or "") or "arc" not in (path.get("class") or ""):
            continue
        for x, top, bottom in legs(path.get("d", "")):
            for _, left, right, upper in drawing.bars:
                assert not (left < x < right and upper < bottom and top < upper + 16)
            for text in drawing.of("form") + drawing.of("tag") + drawing.of("token"):
                box = text.box()
                assert not (box[0] < x < box[2] and box[1] < bottom and top < box[3])


@pytest.mark.parametrize("width", [None, 900, 500, 260, 120])
def test_rows_hold_all_layers(width: int | None) -> None:
    whole, drawing = Drawing(everything(), show="all"), Drawing(everything(), width, show="all")
    check_room(drawing)
    assert drawing.width <= max(width or 10_000, 310)  # of the multiword token, which no row breaks
    for kind in ("form", "tag", "line", "token"):
        assert drawing.words(kind) == whole.words(kind)
    for kind in ("label", "name"):
        said = {text.partition(" of ")[0] for text in drawing.words(kind)}
        # A bar in a row without its predicate says whose it is.
        assert {re.sub(" .*", "", text) for text in whole.words(kind)} == {re.sub(" .*", "", text) for text in said}


def test_words_make_room_for_the_labels_of_their_bars() -> None:
    sentence = Sentence.from_forms(["a", "b", "c", "d"])
    sentence.ents = [Span(1, 1, "ORGANIZATION"), Span(2, 2, "GEOPOLITICAL"), Span(3, 4, "WORK-OF-ART-OR-SCIENCE")]
    drawing = Drawing(sentence)
    assert len({y for *_, y in drawing.bars}) == 1
    for (_, left, right, _), name in zip(drawing.bars, drawing.of("name"), strict=True):
        assert right - left >= text_width(name.text, name.size)
        assert abs((left + right) / 2 - name.x) < 0.2


def test_in_a_row_without_their_predicate_arguments_say_whose_they_are() -> None:
    names = Drawing(everything(), 480, show="frames").words("name")
    assert {"ARG0 of buy.01", "buy.01", "study.02", "ARGM-LOC"} <= set(names)
    assert "of" not in " ".join(Drawing(everything(), show="frames").words("name"))


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 4), st.sampled_from(["A", "PERSON-NAME"])), max_size=6),
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), max_size=8),
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["S", "ADVP-LOC-PRD"])), max_size=6),
    st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(0, 3)), max_size=6),
    st.sampled_from([None, 200, 400]),
    st.sampled_from(["w", "word", "שלום", "文", "துறைகளையும்", "e\u0301"]),
)
def test_nothing_overlaps_whatever_is_annotated(
    ents: list[tuple[int, int, str]],
    edges: list[tuple[int, int]],
    constituents: list[tuple[int, str]],
    roles: list[tuple[int, int, int]],
    width: int | None,
    form: str,
) -> None:
    cells = [[f"{head}:nmod:poss" for word, head in dict.fromkeys(edges) if word == i] for i in range(1, 9)]
    columns = {"FORM": [form] * 8, "UPOS": ["X"] * 8, "DEPS": ["|".join(cell) or "_" for cell in cells]}
    sentence = Sentence(columns)
    sentence.ents = [Span(start, min(start + length, 8), name) for start, length, name in ents]
    sentence.annotate("constituents", [Constituent(start, 9 - start, name) for start, name in constituents])
    frames: dict[int, Frame] = {}
    for word, start, length in roles:
        frame = frames.setdefault(word, Frame(word, "go.01"))
        frame.arguments.append(Argument("ARGM-TMP", start=start, end=min(start + length, 8)))
    sentence.frames = list(frames.values())
    check_room(Drawing(sentence, width))


# -- colours, screen readers


def luminance(color: str) -> float:
    """The relative luminance of a colour, as WCAG 2 defines it."""
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [1, 2])
def test_text_and_lines_can_be_told_from_what_is_behind(look: int) -> None:
    for name, color in COLORS.items():
        if name.endswith((".form", ".empty", ".tag", ".line", ".token", ".label", ".more")):
            assert contrast(str(color[look]), str(COLORS[".paper"][look])) >= 4.5, name
        if name.endswith(".name"):
            assert contrast(str(color[look]), str(COLORS[name.replace(".name", ".bar")][look])) >= 4.5, name
        if name in (".arc", ".tip", ".enhanced.arc", ".enhanced.tip", ".hit.arc"):
            assert contrast(str(color[look]), str(COLORS[".paper"][look])) >= 3, name
    for name in (".form", ".empty"):
        assert contrast(str(COLORS[name][look]), str(COLORS[".mark"][look])) >= 4.5


def test_the_description_says_everything() -> None:
    description = Drawing(everything()).root.findtext(f"{SPACE}desc", "").split("; ")
    assert "University: nmod:of of Anna" in description
    assert "buys: enhanced, conj:and of buy" in description
    assert "entity ORG: University of Bern" in description
    names = ["constituent NP: Anna Maria of the University of Bern", "constituent NP: University of Bern"]
    assert description[-4:-2] == names
    assert description[-2].startswith(
        "predicate buy.01: buy, ARG0: Anna Maria of the University of Bern, ARGM-NEG: n't"
    )
