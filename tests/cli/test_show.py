"""``depparse show``: trees in the terminal, as SVG, as a page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.conftest import Run, on_a_terminal

SENTENCE = """\
# sent_id = s1
# text = Dogs bark
1\tDogs\tdog\tNOUN\t_\t_\t2\tnsubj\t_\t_
2\tbark\tbark\tVERB\t_\t_\t0\troot\t_\t_

"""
DRAWN = "# s1\nDogs bark\n  ╭─► Dogs  NOUN  nsubj\n●─┴─► bark  VERB  root\n"
TWO = SENTENCE + SENTENCE.replace("s1", "s2").replace("Dogs", "Cats")


def test_standard_input_and_files_are_shown(run: Run, tmp_path: Path) -> None:
    assert run("show", input=SENTENCE).stdout == DRAWN
    assert run("show", "-", input=SENTENCE).stdout == DRAWN
    (tmp_path / "x.horizontal").write_text("Dogs bark\n", encoding="utf-8")
    assert run("show", "x.horizontal").stdout.endswith("Dogs bark\nDogs\nbark\n")
    expected = DRAWN + "\n" + DRAWN.replace("s1", "s2").replace("Dogs", "Cats")
    assert run("show", "--no-color", input=TWO).stdout == expected


def test_text_has_no_trees_to_be_shown(run: Run) -> None:
    result = run("show", input="Dogs bark.\n")
    assert (result.returncode, result.stdout) == (2, "")
    assert "standard input seems to be text, which has no trees yet: depparse parse --model MODEL" in result.stderr


def test_a_part_of_the_sentences_is_shown(run: Run) -> None:
    assert run("show", "--first", "1", input=TWO + "broken").stdout == DRAWN  # the rest is not read
    assert run("show", "--sentence", "s1", input=TWO + "broken").stdout == DRAWN
    assert run("show", "-s", "s2", "-s", "s1", input=TWO).stdout.count("root") == 2
    assert run("show", "--ascii", "-n", "1", input=TWO).stdout.splitlines()[2] == "  .-> Dogs  NOUN  nsubj"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sentence", "ss2"], "there is no sentence 'ss2' among 2; did you mean s2?"),
        (["--sentence", "nothing"], "there is no sentence 'nothing' among 2; the first is 's1'"),
        (["--to", "svg"], "an SVG holds one sentence, and there are several: choose by --first 1"),
        (["--to", "png"], "--to is text, svg or html, not 'png'"),
        (["--show", "tree,lema"], "show has no 'lema'; did you mean lemma? there are: tree, upos, xpos"),
        (["--show", ""], "show has no ''; there are: tree"),
        (["--first", "0"], "Invalid value for '--first'"),
        (["--from", "conlu"], "did you mean conllu?"),
        (["nowhere.conllu"], "nowhere.conllu: cannot be read"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, run: Run, tmp_path: Path) -> None:
    result = run("show", *arguments, "-o", "x", input=TWO)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
    assert not (tmp_path / "x").exists()


def test_an_svg_and_a_page_are_written(run: Run, tmp_path: Path) -> None:
    assert run("show", "-n", "1", "-o", "tree.svg", input=TWO).returncode == 0
    assert ET.parse(tmp_path / "tree.svg").getroot().tag.endswith("svg")
    assert run("show", "-o", "trees.html", input=TWO.replace("Dogs", "<Dogs>")).returncode == 0
    page = (tmp_path / "trees.html").read_text(encoding="utf-8")
    assert page.count("<svg") == page.count("</svg>") == 2
    assert "<bdi>&lt;Dogs&gt; bark</bdi>" in page
    assert "<Dogs>" not in page


def test_drawings_keep_to_the_width(run: Run, tmp_path: Path) -> None:
    long_words = SENTENCE.replace("Dogs\tdog", "D" * 200 + "\tdog").replace("bark\tbark", "b" * 200 + "\tbark")
    for arguments, rows in ((["--width", "0"], 1), (["--width", "9999"], 1), ([], 2), (["--width", "500"], 2)):
        assert run("show", "-o", "tree.svg", *arguments, input=long_words).returncode == 0
        forms = [e for e in ET.parse(tmp_path / "tree.svg").iter() if "form" in e.get("class", "").split()]
        assert len({form.get("y") for form in forms}) == rows
    assert max(map(len, run("show", "--width", "30", input=long_words).stdout.splitlines()[2:])) == 30
    assert run("show", "--width", "0", input=SENTENCE).stdout == DRAWN


def test_a_caption_keeps_the_direction_of_its_script(run: Run, tmp_path: Path) -> None:
    run("show", "-o", "trees.html", input=SENTENCE.replace("Dogs bark", "הכלב נובח."))
    page = (tmp_path / "trees.html").read_text(encoding="utf-8")
    # All lines of a caption begin at the right, and so does a tree that is wider than the screen.
    assert '<figure dir="rtl"><figcaption><small>s1</small> <bdi>הכלב נובח.</bdi></figcaption>\n<div><svg' in page
    assert '<meta name="viewport" content="width=device-width">' in page
    run("show", "-o", "trees.html", input=SENTENCE)
    assert "<figure><figcaption>" in (tmp_path / "trees.html").read_text(encoding="utf-8")


def test_colors_are_for_terminals(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.conllu"
    path.write_text(SENTENCE, encoding="utf-8")
    assert "\x1b[1mbark" in on_a_terminal("show", path)
    assert "\x1b[" in run("show", path, "--color").stdout
    assert "\x1b[" not in on_a_terminal("show", path, "--no-color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in on_a_terminal("show", path)


def test_what_is_shown_can_be_chosen(run: Run, tmp_path: Path) -> None:
    assert run("show", "--show", "upos,lemma", input=SENTENCE).stdout.splitlines()[2:] == [
        "Dogs  NOUN  dog", "bark  VERB  bark",
    ]  # fmt: skip
    run("show", "--show", "default,lemma", "-o", "tree.svg", input=SENTENCE)
    texts = ["".join(element.itertext()) for element in ET.parse(tmp_path / "tree.svg").iter() if element.get("x")]
    assert sorted(texts) == sorted(["nsubj", "root", "Dogs", "NOUN", "dog", "bark", "VERB", "bark"])
    run("show", "--show", "lemma", "-o", "trees.html", input=TWO)
    page = (tmp_path / "trees.html").read_text(encoding="utf-8")
    assert page.count(">dog</text>") == 2
    assert 'class="arc"' not in page
    assert page.count("<style>") == 1
