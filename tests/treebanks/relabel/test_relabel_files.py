"""Files after rules: what no rule changes stays byte for byte, no file is half-written, new faults are told."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from depparse.errors import DepparseError, FormatError
from depparse.treebanks.relabel.files import FileRelabelling, new_findings, relabel_file
from depparse.treebanks.relabel.syntax import parse_rules

ONE = (
    "# sent_id = s1\n# text = Birds sing.\n1\tBirds\tbird\tNOUN\tN\tNumber=Plur\t2\tnsubj\t2:nsubj\t_\n"
    "2\tsing\tsing\tVERB\tV\t_\t0\troot\t0:root\tSpaceAfter=No\n3\t.\t.\tPUNCT\tP\t_\t2\tpunct\t2:punct\t_\n\n"
)
TWO = ONE.replace("s1", "s2").replace("bird", "fowl")
THREE = ONE.replace("s1", "s3").replace("NOUN", "PROPN")
NOUN = "rule r { pattern { X [upos=NOUN] } commands { X.xpos = M } }"
BACK = "rule r { pattern { X [xpos=M] } commands { X.xpos = N } }"
NOTHING = "rule r { pattern { X [upos=XYZ] } commands { X.upos = NOUN; split_sentence X } }"
# Odd files, of which all that is odd has to stay.
FILES = {
    "plain": (ONE + TWO + THREE).encode(),
    "crlf": (ONE + TWO + THREE).replace("\n", "\r\n").encode(),
    "mixed ends": (ONE.replace("\n", "\r\n") + TWO + THREE.replace("V\t_", "V\t_", 1)).encode(),
    "bom": b"\xef\xbb\xbf" + (ONE + TWO).encode(),
    "empty lines": ("\n\n" + ONE + "\n\n\n" + TWO + "\n").encode(),
    "no empty line at the end": (ONE + TWO)[:-1].encode(),
    "no end of the last line": (ONE + TWO)[:-2].encode(),
    "comments": (ONE.replace("# text", "#  odd=comment\n#\n# text").replace("s1", "s1  ") + TWO).encode(),
    "odd cells": (ONE.replace("Number=Plur", "Number=Plur|Case=Nom").replace("2:nsubj", "10:x|2:nsubj") + TWO).encode(),
    "empty": b"",
    "only empty lines": b"\n\n",
}


@pytest.mark.parametrize("name", FILES)
def test_all_that_no_rule_changes_stays_byte_for_byte(name: str, tmp_path: Path) -> None:
    path, data = tmp_path / "x.conllu", FILES[name]
    path.write_bytes(data)
    assert not relabel_file(path, parse_rules(NOTHING), path).places
    assert path.read_bytes() == data
    result = relabel_file(path, parse_rules(NOUN), path)
    assert path.read_bytes() == data.replace(b"NOUN\tN", b"NOUN\tM")
    assert result.lines == data.count(b"NOUN")
    relabel_file(path, parse_rules(BACK), path)
    assert path.read_bytes() == data


@pytest.mark.parametrize("name", FILES)
def test_sentences_are_split_and_joined_in_odd_files(name: str, tmp_path: Path) -> None:
    path, data = tmp_path / "x.conllu", FILES[name]
    path.write_bytes(data)
    split = "rule s { pattern { X [form=sing] } commands { split_sentence X } }"
    join = "rule j { pattern { X [form=Birds] } commands { join_sentence X -[dep]-> * } }"
    relabel_file(path, parse_rules(split), path)
    if b"Birds" in data:
        assert path.read_bytes().count(b"-2") == data.count(b"1\tBirds")
    relabel_file(path, parse_rules(join + split.replace("split_sentence X", "X.A = b; del_feat X.A")), path)
    rows = [line for line in data.splitlines(keepends=True) if not line.startswith(b"1\t") and b"sing\t" not in line]
    changed = [
        line for line in path.read_bytes().splitlines(keepends=True) if line[:2] != b"1\t" and b"sing\t" not in line
    ]
    assert [line for line in changed if line[:2] != b"3\t"] == [line for line in rows if line[:2] != b"3\t"]


def test_a_packed_file_and_a_file_of_conllu_plus(tmp_path: Path) -> None:
    packed = tmp_path / "x.conllu.gz"
    packed.write_bytes(gzip.compress(FILES["crlf"]))
    relabel_file(packed, parse_rules(NOUN), packed)
    assert gzip.decompress(packed.read_bytes()) == FILES["crlf"].replace(b"NOUN\tN", b"NOUN\tM")
    plus = tmp_path / "x.conllup"
    text = "# global.columns = ID FORM UPOS NER\n# a\n1\tAnn\tPROPN\tB-PER\n2\tsings\tVERB\tO\n\n"
    plus.write_text(text)
    relabel_file(plus, parse_rules('rule r { pattern { X [NER] ; X [form=Ann] } commands { X.NER = "B-ORG" } }'), plus)
    assert plus.read_text() == text.replace("PER", "ORG")
    with pytest.raises(FormatError, match=r"column LEMMA: the rules set this column, which the file does not have"):
        relabel_file(plus, parse_rules("rule r { pattern { X [form=Ann] } commands { X.lemma = a } }"), plus)
    assert plus.read_text() == text.replace("PER", "ORG")


def test_no_file_is_left_half_written(tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    broken = ONE + TWO.replace("2\tsing", "7\tsing")
    path.write_text(broken)
    with pytest.raises(FormatError, match=r"x\.conllu:10: sentence s2, column ID"):
        relabel_file(path, parse_rules(NOUN), path)
    assert path.read_text() == broken
    assert [file.name for file in tmp_path.iterdir()] == ["x.conllu"]
    relabel_file(path, parse_rules("rule r { pattern { X [lemma=bird] } commands { X.xpos = M } }"), path)
    assert path.read_text() == broken.replace("bird\tNOUN\tN", "bird\tNOUN\tM")
    for wrong in (tmp_path, Path("-"), tmp_path / "x.txt"):
        with pytest.raises(DepparseError):
            relabel_file(wrong, parse_rules(NOUN), tmp_path / "y")
    assert not (tmp_path / "y").exists()


def test_new_findings_are_told_and_old_ones_are_not(tmp_path: Path) -> None:
    path, new = tmp_path / "x.conllu", tmp_path / "new" / "x.conllu"
    new.parent.mkdir()
    path.write_text(ONE.replace("punct\t2", "foo\t2") + TWO + THREE)
    cases = [
        ("rule r { pattern { X [lemma=fowl] } commands { X.upos = SUBST } }", [("unknown-upos", 1, "x.conllu:9")]),
        ("rule r { pattern { X [lemma=fowl] } commands { X.xpos = M } }", []),
        ("rule r { pattern { X [form=sing] } commands { split X at 2 as Y; Y.upos = X } }", []),
        ("rule r { pattern { e: X -[foo]-> Y } commands { e.label = foo:bar } }", []),
    ]
    for rules, expected in cases:
        result = relabel_file(path, parse_rules(rules), new)
        told = [(one.code, one.count, one.places[0]) for one in new_findings(result, new) if one.severity == "error"]
        if expected:
            assert len(told) == 1
            assert told[0][1:] == expected[0][1:], told
        else:
            assert not [one for one in told if "upos" in one[0] or "relation" in one[0]], told


@pytest.mark.slow
def test_rules_without_matches_leave_whole_treebanks_byte_for_byte(tmp_path: Path, shared: Path) -> None:
    rules = parse_rules(
        "rule a { pattern { X [upos=XYZ] } commands { X.upos = NOUN } }"
        'rule b { pattern { X [form=re".*"]; X -[nsubj]-> Y; X.form = "\u0001" } commands { split_sentence X } }'
        "rule c { pattern { X [upos=NOUN]; X -[zzz]-> Y } commands { join_sentence X -[x]-> * } }"
    )
    files = sorted((shared / "treebanks").rglob("*.conllu"))
    assert files
    for file in files:
        new = tmp_path / file.name
        relabel_file(file, rules, new)
        assert new.read_bytes() == file.read_bytes(), file
        new.unlink()


def test_a_file_is_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    path.write_text(ONE + TWO + THREE)
    result = iter(FileRelabelling(path, parse_rules(NOUN)))
    change, text = next(result)
    assert change is not None
    assert change.line == 1
    assert text == ONE.replace("NOUN\tN", "NOUN\tM")
