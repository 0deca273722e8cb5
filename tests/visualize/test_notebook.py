"""What notebooks show of documents, sentences and entities."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.printable import clean
from tests.sentences import everything


class Page(HTMLParser):
    """Checks that all tags are closed in order, and notes elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def html(value: Document | Sentence | Span) -> str:
    return value._repr_html_()


def test_a_sentence_is_drawn() -> None:
    fragment = html(everything())
    page = Page(fragment)
    assert page.tags.count("svg") == page.tags.count("figcaption") == 1
    assert "nmod" in page.text
    assert "ARG0" in page.text
    assert "a1" in page.text


def test_a_long_document_shows_its_first_sentences() -> None:
    page = Page(html(Document([everything() for _ in range(1_205)])))
    assert page.tags.count("svg") == 5
    assert "… and 1,200 more sentences" in page.text
    assert page.tags.count("style") == 1
    assert "1 more sentence:" in Page(html(Document([everything() for _ in range(6)]))).text
    assert "more" not in Page(html(Document([everything()]))).text
    assert "without sentences" in Page(html(Document())).text


def test_a_sentence_that_nobody_could_read_is_not_drawn() -> None:
    page = Page(html(Sentence.from_forms(["w"] * 5_000)))
    assert "svg" not in page.tags
    assert "5,000 words" in page.text
    assert len(page.text) < 3_000


def test_an_entity_stands_out_in_its_sentence() -> None:
    org = everything().ents[1]
    fragment = html(org)
    page = Page(fragment)
    assert "ORG words 5 to 7, 0.60" in page.text
    ((x, y, width),) = re.findall(r'<rect class="mark" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', fragment)
    words = re.findall(r'class="form[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]+)<', fragment)
    row = [(float(place), form) for place, base, form in words if 0 < float(base) - float(y) < 24]
    inside = [form for place, form in row if float(x) < place < float(x) + float(width)]
    assert inside == ["University", "of", "Bern"]
    assert "svg" not in Page(html(Span(1, 2, "PER"))).tags  # it belongs to no sentence
    moved = everything().ents[0]
    moved.end = 99
    assert "svg" not in Page(html(moved)).tags


def test_light_and_dark_and_nothing_from_outside() -> None:
    fragment = html(everything())
    assert "prefers-color-scheme:dark" in fragment
    themes = ('data-jp-theme-light="false"', ".vscode-dark", 'html[theme="dark"]', '[data-theme="dark"]')
    for theme in (*themes, 'data-jp-theme-light="true"'):
        assert theme in fragment
    assert fragment.count("http") == 1  # the name space of SVG
    for outside in ("url(", "@import", "<script", "<link", "src="):
        assert outside not in fragment
    (style,) = re.findall(r"<style>(.*?)</style>", fragment, re.DOTALL)
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", style.replace("@media (prefers-color-scheme:dark){", ""))
    assert len(rules) > 50
    assert all(".depparse" in selector for rule in rules for selector in re.split(r",(?![^()]*\))", rule))  # scoped


@pytest.mark.parametrize("whole", [True, False])
def test_foreign_text_stays_text(whole: bool) -> None:
    evil = "<script>alert(1)</script><img/onerror=x>\u202e\x1b"
    sentence = Sentence({"FORM": [evil, "b"], "HEAD": ["0", "1"], "DEPREL": [evil, evil]})
    sentence.comments = [f"# sent_id = {evil}", f"# text = {evil}"]
    sentence.ents = [Span(1, 1, "<script>alert(1)</script>\u202e")]
    value = Document([sentence]) if whole else sentence.ents[0]
    page = Page(html(value))
    assert not {"script", "img"} & set(page.tags)
    assert not any(name.startswith("on") for name in page.attributes)
    assert clean(html(value), kept="\n") == html(value)
    assert "<script>alert(1)</script>" in page.text


def test_broken_annotation_does_not_hinder_the_rest() -> None:
    sentence = Sentence({"FORM": ["a"], "UP:PRED": ["go.01"], "UP:ARGHEADS": ["A0"]})
    assert "svg" in Page(html(sentence)).tags
