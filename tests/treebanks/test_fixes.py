"""What --fix mends is right and mended for good; all else stays byte for byte, and no file is left half-written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depparse.errors import FormatError
from depparse.treebanks.checks import check
from depparse.treebanks.fixes import Fix, difference, write_fixed

HEADER = "# sent_id = s1\n# text = Birds sing.\n"
ROWS = (
    "1\tBirds\tbird\tNOUN\tN\tCase=Nom|Number=Plur\t2\tnsubj\t2:nsubj\t_\n"
    "2\tsing\tsing\tVERB\tV\t_\t0\troot\t0:root\tSpaceAfter=No\n"
    "3\t.\t.\tPUNCT\tP\t_\t2\tpunct\t2:punct\t_\n"
)
GOOD = HEADER + ROWS + "\n"
NODE = "2.1\tsing\tsing\tVERB\tV\t_\t{}\t{}\t2:conj\t{}\n"
LAST = "3\t.\t"  # the beginning of the last line, before which the empty node stands
TOKEN = "1-2\tBirdsing\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
FEATS = "Case=Nom|Number=Plur"

# A broken file, what it becomes, and the code that is no longer found.
MENDED: list[tuple[str, str | bytes, str]] = [
    ("line-ends", GOOD.replace("\n", "\r\n"), GOOD),
    ("line-ends", "\ufeff" + GOOD, GOOD),
    ("line-ends", GOOD.replace("\n", "\r"), GOOD),
    ("line-ends", (GOOD + GOOD.replace("# sent_id = s1\n", "")).replace("s1", "x-2").replace("\n", "\r"),
     GOOD.replace("s1", "x-2") + GOOD.replace("s1", "x-2x")),
    ("no-empty-line", GOOD[:-1], GOOD),
    ("no-empty-line", GOOD[:-2], GOOD),
    ("empty-lines", "\n\n" + GOOD + "\n\n" + GOOD.replace("s1", "s2"), GOOD + GOOD.replace("s1", "s2")),
    ("unreadable", GOOD[:-1] + " \t\n" + GOOD.replace("s1", "s2"), GOOD + GOOD.replace("s1", "s2")),
    ("not-nfc", GOOD.replace("Birds", "Bi\u0308rds"), GOOD.replace("Birds", "B\u00efrds")),
    ("outer-blanks", GOOD.replace("\tbird\t", "\t bird  x \t"), GOOD.replace("\tbird\t", "\tbird x\t")),
    ("outer-blanks", GOOD.replace("\tbird\t", "\tcan  not\t"), GOOD.replace("\tbird\t", "\tcan not\t")),
    ("outer-blanks", GOOD.replace("SpaceAfter=No", "SpaceAfter=No|Gloss=x   y"),
     GOOD.replace("SpaceAfter=No", "SpaceAfter=No|Gloss=x y")),
    ("empty-cell", GOOD.replace("\tbird\t", "\t\t"), GOOD.replace("\tbird\t", "\t_\t")),
    ("feats-order", GOOD.replace(FEATS, "Number=Plur|Case=Nom"), GOOD),
    ("feats-order", GOOD.replace(FEATS, "Number=Plur |Case=Nom"), GOOD),
    ("feats-order", GOOD.replace(FEATS, "Number[psor]=Plur|Number=Sing"),
     GOOD.replace(FEATS, "Number=Sing|Number[psor]=Plur")),
    ("repeated-feature", GOOD.replace(FEATS, "Number=Plur|Case=Nom|Number=Plur"), GOOD),
    ("values-order", GOOD.replace(FEATS, "Case=Nom,Acc"), GOOD.replace(FEATS, "Case=Acc,Nom")),
    ("repeated-value", GOOD.replace(FEATS, "Case=Nom,Acc,Nom"), GOOD.replace(FEATS, "Case=Acc,Nom")),
    ("deps-order", GOOD.replace("2:nsubj", "10:x|2:nsubj|2:dep"), GOOD.replace("2:nsubj", "2:dep|2:nsubj|10:x")),
    ("repeated-deps", GOOD.replace("2:nsubj", "2:nsubj|2:nsubj"), GOOD),
    ("empty-attribute", GOOD.replace("SpaceAfter=No", "|SpaceAfter=No||Ref=1|"),
     GOOD.replace("SpaceAfter=No", "SpaceAfter=No|Ref=1")),
    ("empty-attribute", GOOD.replace("SpaceAfter=No", "=|SpaceAfter=No|="), GOOD),
    ("repeated-attribute", GOOD.replace("SpaceAfter=No", "SpaceAfter=No|A|A|SpaceAfter=No"),
     GOOD.replace("SpaceAfter=No", "SpaceAfter=No|A|A")),
    ("missing-sent-id", GOOD.replace("# sent_id = s1\n", ""), GOOD.replace("s1", "x-1")),
    ("missing-sent-id", GOOD.replace("s1", ""), GOOD.replace("s1", "x-1")),
    ("missing-sent-id", "# text =\n#sent_id\n# a\n# sent_id=\n" + ROWS + "\n",
     "# text = Birds sing.\n# sent_id = x-1\n# a\n" + ROWS + "\n"),
    ("missing-text", GOOD.replace("# text = Birds sing.\n", ""), GOOD),
    ("malformed-sent-id", GOOD.replace("s1", "s1  "), GOOD),
    ("malformed-sent-id", GOOD.replace(" = s1", ""), GOOD.replace("s1", "x-1")),
    ("malformed-sent-id", "# sent_id = \n" + GOOD, GOOD),
    ("blank-after-text", GOOD.replace("Birds sing.\n", "Birds sing.\u00a0\n"), GOOD),
    ("blank-after-text", GOOD.replace(" Birds sing.\n", "\n"), GOOD),
    ("blank-after-text", GOOD.replace("Birds sing.\n", " \u00a0\n# a\n"),
     GOOD.replace("Birds sing.\n", "Birds sing.\n# a\n")),
    ("several-texts", "# text =\n" + GOOD, GOOD),
    ("comment-form", "#newpar\n" + GOOD.replace("# sent_id = ", "#sent_id=").replace("# text =", "#text="),
     "# newpar\n" + GOOD),
    ("space-after-within", HEADER.replace("Birds sing", "Birdsing") + TOKEN + ROWS + "\n",
     HEADER.replace("Birds sing", "Birdsing") + TOKEN + ROWS.replace("SpaceAfter=No", "_") + "\n"),
    ("annotated-node", GOOD.replace(LAST, NODE.format("2", "conj", "SpaceAfter=No|CopyOf=2") + LAST),
     GOOD.replace(LAST, NODE.format("_", "_", "CopyOf=2") + LAST)),
]  # fmt: skip

# What takes judgement stays as it is.
KEPT = [
    GOOD,
    "# a  comment \n#\n" + GOOD + "# one more\n# without a sentence\n\n",
    GOOD.replace("Birds\t", "Birds \t"),
    GOOD.replace("Birds\t", "Two  birds\t"),
    GOOD.replace("s1", "s 1"),
    GOOD.replace("# text", "# note = a\rb\n# text"),
    GOOD.replace("SpaceAfter=No", "SpaceAfter=No|=x"),
    GOOD.replace("2\tsing", " \t \n2\tsing"),
    GOOD.replace("2\tsing", "\t" * 9 + "\n2\tsing"),
    GOOD.replace("2\tsing", "\n2\tsing"),
    GOOD.replace("1\tBirds", " \n1\tBirds"),
    GOOD.replace(FEATS, "Case=Nom|Case=Acc"),
    GOOD.replace(FEATS, "Plur|Case=Nom"),
    GOOD.replace("2:nsubj", "nsubj|1"),
    GOOD.replace("NOUN", "noun"),
    GOOD.replace("SpaceAfter=No", "Z=1|A=2|A=3"),
    GOOD + GOOD,
    GOOD + HEADER + "1\tone cell\n\n" + GOOD,
    GOOD.replace(LAST, NODE.format("1", "obj", "_") + LAST),
    "",
]


def file(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "x.conllu"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(("code", "content", "mended"), MENDED, ids=[f"{c}-{n}" for n, (c, *_) in enumerate(MENDED)])
def test_what_needs_no_judgement_is_mended(code: str, content: str | bytes, mended: str, tmp_path: Path) -> None:
    path = file(tmp_path, content)
    assert code in {finding.code for finding in check(path)}
    fix = write_fixed(path, path)
    assert path.read_bytes().decode() == mended
    assert fix.lines or fix.line_ends
    assert code not in {finding.code for finding in check(path)}


@pytest.mark.parametrize("content", KEPT)
def test_all_else_stays_byte_for_byte(content: str, tmp_path: Path) -> None:
    path = file(tmp_path, content)
    fix = Fix(path)
    assert [line for change in fix for line in difference(change)] == []
    assert (fix.lines, fix.line_ends) == (0, 0)
    write_fixed(path, tmp_path / "y.conllu")
    assert (tmp_path / "y.conllu").read_bytes() == content.encode()


def test_the_difference_is_a_unified_one(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD + "\n" + GOOD.replace("# sent_id = s1\n", "").replace(FEATS, "Number=Plur|Case=Nom"))
    lines = [line for change in Fix(path) for line in difference(change)]
    first, second = (row.rstrip("\n") for row in ROWS.splitlines(keepends=True)[:2])
    assert lines[:5] == ["@@ -5,3 +2 @@", " " + ROWS.splitlines()[2], " ", "-", "@@ -8,4 +5 @@"]
    assert lines[5:] == [
        "+# sent_id = x-2", " # text = Birds sing.", "-" + first.replace(FEATS, "Number=Plur|Case=Nom"), "+" + first,
        " " + second, " " + ROWS.splitlines()[2],
    ]  # fmt: skip


def test_new_sent_ids_are_unique(tmp_path: Path) -> None:
    anonymous = GOOD.replace("# sent_id = s1\n", "")
    path = file(tmp_path, anonymous + GOOD.replace("s1", "x-1") + anonymous)
    write_fixed(path, path)
    text = path.read_text(encoding="utf-8")
    assert [line for line in text.split("\n") if "sent_id" in line] == [
        "# sent_id = x-1x", "# sent_id = x-1", "# sent_id = x-3",
    ]  # fmt: skip


def test_a_line_of_blanks_divides_only_sentences(tmp_path: Path) -> None:
    anonymous = GOOD.partition("1\t")[1] + GOOD.partition("1\t")[2]
    node = "0.1" + NODE.format("_", "_", "_")[3:].replace("2:conj", "0:root")
    for second in (anonymous, TOKEN + anonymous, node + anonymous, GOOD):
        path = file(tmp_path, GOOD[:-1] + " \n" + second)
        write_fixed(path, path)
        assert path.read_text(encoding="utf-8").startswith(GOOD + "#"), second
    plus = "# global.columns = FORM UPOS\nBirds\tNOUN\n\t\nSing\tVERB\n\n"
    path = tmp_path / "x.conllup"
    path.write_text(plus, encoding="utf-8")
    write_fixed(path, path)
    text = path.read_text(encoding="utf-8")
    assert [line for line in text.split("\n") if "sent_id" in line] == ["# sent_id = x-1", "# sent_id = x-2"]


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    content = GOOD.replace(FEATS, "B=1|A=1").encode() + b"\xff\n"
    path = file(tmp_path, content)
    with pytest.raises(FormatError, match="not UTF-8"):
        write_fixed(path, path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FormatError, match="CoNLL-U"):
        list(Fix(tmp_path / "x.iob2"))


def test_the_samples_have_nothing_to_mend(samples: Path) -> None:
    for path in samples.glob("*/*.conllu*"):
        fix = Fix(path)
        assert all(change.old == change.new for change in fix), path
        assert fix.line_ends == 0


PIECES = st.sampled_from([
    "\n", "\t", "_", "", " ", "|", "A=b", "1-2", "2.1", "# text = x", "#sent_id=q", "\r\n", "\r", "\n \n", "# text =\n",
    "e\u0301",
])  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 9), PIECES), min_size=1, max_size=6))
def test_whatever_the_damage_a_mended_file_needs_no_mending(tmp_path: Path, damage: list[tuple[int, int, str]]) -> None:
    content = GOOD + GOOD.replace("s1", "s2")
    for place, length, piece in damage:
        place %= len(content)
        content = content[:place] + piece + content[place + length :]
    path = file(tmp_path, content)
    write_fixed(path, path)
    once = path.read_bytes()
    assert not write_fixed(path, path).lines
    assert path.read_bytes() == once
