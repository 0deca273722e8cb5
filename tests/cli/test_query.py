"""``depparse corpora query``: matches as trees, lines, counts, CoNLL-U, JSON and a page."""

from __future__ import annotations

import gzip
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from depparse.formats.conllu import read_conllu
from tests.cli.conftest import Run, on_a_terminal

SENTENCES = """\
# sent_id = s1
# text = Dogs bark loudly
1\tDogs\tdog\tNOUN\t_\tNumber=Plur\t2\tnsubj\t2:nsubj\t_
2\tbark\tbark\tVERB\t_\t_\t0\troot\t0:root\t_
3\tloudly\tloudly\tADV\t_\t_\t2\tadvmod\t2:advmod\t_

# sent_id = s2
# text = Cats sleep and dogs too
1\tCats\tcat\tNOUN\t_\tNumber=Plur\t2\tnsubj\t2:nsubj\t_
2\tsleep\tsleep\tVERB\t_\t_\t0\troot\t0:root\t_
3\tand\tand\tCCONJ\t_\t_\t4\tcc\t4.1:cc\t_
4\tdogs\tdog\tNOUN\t_\tNumber=Plur\t2\tconj\t4.1:nsubj\t_
4.1\t_\tsleep\tVERB\t_\t_\t_\t_\t2:conj\t_
5\ttoo\ttoo\tADV\t_\t_\t4\torphan\t4.1:advmod\t_

# sent_id = s3
# text = Rain
1\tRain\train\tNOUN\t_\tNumber=Sing\t0\troot\t0:root\t_

"""
SUBJECTS = "pattern { e: V -[nsubj]-> S }"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.conllu"
    path.write_text(SENTENCES, encoding="utf-8")
    return path


def test_matches_are_drawn_with_their_names(run: Run, file: Path) -> None:
    result = run("corpora", "query", "x.conllu", SUBJECTS)
    assert result.returncode == 0, result.stderr
    first = "# s1 (x.conllu:1)\nDogs bark loudly\nV=2 bark  S=1 Dogs  e=nsubj\n"
    tree = "  ╭─► Dogs    S  NOUN  nsubj\n●─┼─► bark    V  VERB  root\n  ╰─► loudly     ADV   advmod\n\n"
    assert result.stdout.startswith(first + tree)
    assert result.stderr == "2 matches in 2 of 3 sentences\n"
    limited = run("corpora", "query", file, "pattern { X [upos=NOUN] }", "--limit", "2", "--ascii")
    assert limited.stderr == "2 matches in 2 of 2 sentences; --limit ends the search\n"
    assert "`-+-> dogs" in limited.stdout
    assert "X=4" not in limited.stdout
    several = run("corpora", "query", "-", "pattern { X [Number=Plur] }", input=SENTENCES).stdout
    assert "# s2 (standard input:7)\n" in several
    assert "Cats   X1  NOUN" in several  # the matches of a sentence are numbered


def test_matches_stand_out_on_a_terminal(file: Path) -> None:
    shown = on_a_terminal("corpora", "query", file, SUBJECTS)
    assert "\x1b[1;30;103mDogs\x1b[0m" in shown
    assert "\x1b[1m loudly\x1b[0m" in shown
    empty = on_a_terminal("corpora", "query", file, "pattern { X [empty] }", "--no-color")
    assert "X  VERB             2:conj" in empty  # empty nodes are drawn if the pattern has any
    assert "\x1b" not in empty


def test_matches_are_counted(run: Run, file: Path) -> None:
    assert run("corpora", "query", file, SUBJECTS, "--count").stdout == "2\n"
    assert [
        run("corpora", "query", file, "pattern { X [] }", "--count", "--limit", n).stdout for n in ("1", "9", "10")
    ] == ["1\n", "9\n", "9\n"]
    counted = run("corpora", "query", file, "pattern { X [] }", "--by", "X.upos", "--limit", "2").stdout
    assert counted == (
        "9 matches in 3 sentences\nX.upos  matches      %\nNOUN          4   44.4\nADV           2   22.2\n"
        "2 more        3   33.3\nall           9  100.0\n"
    )  # fmt: skip
    crossed = run("corpora", "query", file, "pattern { e: X -> Y }", "--by", "Y.upos", "--by", "{ X << Y }").stdout
    lines = [line.split() for line in crossed.splitlines()[1:]]
    assert lines[0][-4:] == ["}", "no", "yes", "all"] or lines[0][-3:] == ["yes", "no", "all"]
    assert lines[-1][-1] == "6"
    data = json.loads(run("corpora", "query", file, "pattern { X [] }", "--by", "X.Number", "--json").stdout)
    assert data["counts"] == [
        {"values": [None], "matches": 5},
        {"values": ["Plur"], "matches": 3},
        {"values": ["Sing"], "matches": 1},
    ]
    assert (data["keys"], data["matches"], data["sentences"]) == (["X.Number"], 9, 3)
    limited = run("corpora", "query", file, "pattern { X [] }", "--by", "X.Number", "--json", "--limit", "2").stdout
    assert json.loads(limited) == data | {"counts": data["counts"][:2]}  # all matches count in the sum


def test_a_doubtful_name_of_a_feature_is_noted_if_nothing_is_found(run: Run, file: Path) -> None:
    result = run("corpora", "query", file, "pattern { X [lema=dog] }", "--count")
    assert (result.returncode, result.stdout) == (0, "0\n")
    assert "note: lema is no column, so it was searched for in FEATS and MISC; did you mean lemma?" in result.stderr


def test_matches_are_lines_json_and_conllu(run: Run, file: Path, tmp_path: Path) -> None:
    assert run("corpora", "query", "x.conllu", SUBJECTS, "--lines", "--limit", "1").stdout == (
        "x.conllu:1\ts1\tV=2 bark  S=1 Dogs  e=nsubj\tDogs bark loudly\n"
    )
    data = json.loads(run("corpora", "query", "x.conllu", SUBJECTS, "--json").stdout)
    assert (data["pattern"], data["sentences"], len(data["matches"])) == (SUBJECTS, 3, 2)
    assert data["matches"][0] == {
        "sent_id": "s1",
        "text": "Dogs bark loudly",
        "place": "x.conllu:1",
        "nodes": {"V": {"id": "2", "form": "bark"}, "S": {"id": "1", "form": "Dogs"}},
        "arcs": {"e": {"head": "2", "label": "nsubj", "dependent": "1", "layer": "tree"}},
    }
    (tmp_path / "found.conllu").write_text(run("corpora", "query", file, SUBJECTS, "--conllu").stdout, encoding="utf-8")
    found = read_conllu(tmp_path / "found.conllu")
    assert [sentence.sent_id for sentence in found] == ["s1", "s2"]
    assert found[1].comment("match") == "V=2 sleep  S=1 Cats  e=nsubj"
    assert found[1].empty_nodes[0].lemma == "sleep"


def test_a_page_has_drawings(run: Run, file: Path, tmp_path: Path) -> None:
    result = run("corpora", "query", file, "pattern { V -[E:nsubj]-> S; V [empty] } % <x>", "--html", "page.html")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "% &lt;x&gt;</pre>" in page
    assert "Cats sleep and <mark>dogs</mark> too" in page
    drawing = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    classes = [element.get("class", "") for element in drawing.iter()]
    assert classes.count("mark") == 2  # the empty node and its subject
    assert classes.count("line hit") == 2  # their names
    (arc,) = [element for element in drawing.iter() if element.get("class") == "arc enhanced hit"]
    tags = [float(element.get("y", "nan")) for element in drawing.iter() if element.get("class") == "tag"]
    assert float(arc.get("d", "").split()[1]) > max(tags)  # below the words, names and tags


def test_folders_and_names_with_stars_are_searched(run: Run, file: Path, tmp_path: Path) -> None:
    inner = tmp_path / "treebanks" / "UD_A"
    inner.mkdir(parents=True)
    (inner / "a-ud-test.conllu").write_text(SENTENCES, encoding="utf-8")
    (inner / "b.conllu.gz").write_bytes(gzip.compress(SENTENCES.encode()))
    (inner / "notes.txt").write_text("no treebank", encoding="utf-8")
    assert run("corpora", "query", "treebanks", file, SUBJECTS, "--count").stdout == "6\n"
    assert run("corpora", "query", "treebanks/*/*.conllu", SUBJECTS, "--count").stdout == "2\n"
    assert run("corpora", "query", "treebanks/**/*.gz", "treebanks", SUBJECTS, "--count").stdout == "4\n"  # each once


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.conllu", "pattern { X [upos=] }"], "pattern, line 1, column 19: expected a value, found ']'"),
        (["pattern { X [] }", "x.conllu"], "the pattern stands behind the files, but x.conllu is a file"),
        (["no.conllu", SUBJECTS], "no.conllu: cannot be read: no such file or directory"),
        (["no*.conllu", SUBJECTS], "no*.conllu: cannot be read: no such file or directory"),
        ([".", SUBJECTS, "--by", "V.lema", "--by", "X.form"], "key, line 1, column 1: no node or arc is called X"),
        (["x.conllu", SUBJECTS, "--count", "--json"], "--count and --json do not go together; give one of them"),
        (["x.conllu", SUBJECTS, "--html", "x.html", "--by", "V.lemma"], "--html and --by do not go together"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, run: Run, file: Path) -> None:
    result = run("corpora", "query", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
