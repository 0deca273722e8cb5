"""Splits, statistics and the check of a treebank: each kind of finding in a file that was made to have it."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depparse.document import ud
from depparse.errors import FormatError
from depparse.formats.table import read, write
from depparse.treebanks.checks import check
from depparse.treebanks.findings import Finding, codes
from depparse.treebanks.rules.cells import CELL_RULES
from depparse.treebanks.rules.comments import COMMENT_RULES
from depparse.treebanks.rules.lines import LINE_RULES
from depparse.treebanks.rules.sentences import SENTENCE_RULES
from depparse.treebanks.rules.trees import TREE_RULES
from depparse.treebanks.treebank import Statistics, Treebank, find_splits, iter_file, labels, spell


def block(*rows: str, sent_id: str | None = "s1", text: str | None = None) -> str:
    """A sentence; the cells of a row are separated by blanks, and missing cells at its end are ``_``."""
    comments = [f"# sent_id = {sent_id}"] if sent_id is not None else []
    comments += [f"# text = {text}"] if text is not None else []
    lines = ["\t".join((row.split(" ") + ["_"] * 10)[:10]) for row in rows]
    return "\n".join([*comments, *lines, "", ""])


BIRDS = (
    "1 Birds bird NOUN N Number=Plur 2 nsubj",
    "2 sing sing VERB V _ 0 root _ SpaceAfter=No",
    "3 . . PUNCT P _ 2 punct",
)
GOOD = block(*BIRDS, text="Birds sing.")


def changed(line: int, column: int, cell: str) -> str:
    """The good sentence with one cell changed."""
    rows = [(row.split(" ") + ["_"] * 10)[:10] for row in BIRDS]
    rows[line - 1][column - 1] = cell
    return block(*map(" ".join, rows), text="Birds sing.")


def file(tmp_path: Path, content: str | bytes, name: str = "x.conllu") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def folder(tmp_path: Path, **splits: str) -> Path:
    for split, content in splits.items():
        file(tmp_path, content, f"xx_own-ud-{split}.conllu")
    return tmp_path


def by_code(findings: list[Finding]) -> dict[str, Finding]:
    found = {finding.code: finding for finding in findings}
    assert len(found) == len(findings), findings
    return found


# -- splits


@pytest.mark.parametrize(
    "names",
    [
        {"train": "en_ewt-ud-train.conllu", "dev": "en_ewt-ud-dev.conllu", "test": "en_ewt-ud-test.conllu"},
        {"train": "train.conllu", "test": "test.conllu"},
        {"train": "my.Train.conllu", "dev": "mydev.conllu"},
        {"train": "x_train.conllu.gz"},
        {"train": "de_hdt-ud-train.conllu", "dev": "de_hdt-ud-dev.conllu"},
        {"test": "cs_pdt-ud-test-a-1.conllu"},
    ],
)
def test_splits_are_found_by_file_names(names: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "any name"
    home.mkdir()
    for name in [*names.values(), "README.md", "notes.txt", "x-train.conllup", ".hidden-dev.conllu", "other.conllu"]:
        (home / name).touch()
    assert find_splits(home) == {split: home / name for split, name in names.items()}


def test_a_whole_file_comes_before_its_parts(tmp_path: Path) -> None:
    for name in ("a-train-a.conllu", "a-train-b.conllu"):
        (tmp_path / name).touch()
    with pytest.raises(FormatError, match=r"several files for train: a-train-a\.conllu, a-train-b\.conllu; join"):
        find_splits(tmp_path)
    (tmp_path / "a-train.conllu").touch()
    assert find_splits(tmp_path) == {"train": tmp_path / "a-train.conllu"}
    (tmp_path / "latest.conllu").touch()
    (tmp_path / "b-test.conllu").touch()
    assert find_splits(tmp_path)["test"].name == "b-test.conllu"


def test_a_file_is_a_treebank(tmp_path: Path) -> None:
    assert find_splits(file(tmp_path, GOOD, "x-dev.conllu")) == {"dev": tmp_path / "x-dev.conllu"}
    assert find_splits(file(tmp_path, GOOD, "story.conllu")) == {"file": tmp_path / "story.conllu"}
    treebank = Treebank.open(tmp_path / "story.conllu")
    assert (treebank.name, treebank.folder) == ("story.conllu", None)
    assert treebank.read("file").to_conllu() == GOOD
    assert [s.sent_id for s in treebank.iter("file")] == ["s1"]
    with pytest.raises(FormatError, match=r"the treebank story\.conllu has no train file, only file"):
        treebank.iter("train")


def test_folders_without_a_treebank_are_refused(tmp_path: Path) -> None:
    for name, hint in (
        ("nowhere", "$"),
        ("UD_English-EWT", "; depparse corpora get UD_English-EWT fetches this treebank"),
        ("UD_Englsh-EWT", "; did you mean UD_English-EWT"),
    ):
        with pytest.raises(FormatError, match=f"no such file or folder{hint}"):
            find_splits(tmp_path / name)
    with pytest.raises(FormatError, match=r"no \.conllu file in this folder$"):
        find_splits(tmp_path)
    (tmp_path / "UD_X").mkdir()
    file(tmp_path / "UD_X", GOOD, "x-dev.conllu")
    with pytest.raises(FormatError, match="name one of its folders, such as UD_X"):
        find_splits(tmp_path)
    file(tmp_path, GOOD, "story.conllu")
    with pytest.raises(FormatError, match=r"ends in train, dev or test, as story\.conllu does not"):
        find_splits(tmp_path)


# -- statistics


def test_statistics_count_words_trees_texts_and_annotation(tmp_path: Path) -> None:
    second = block(
        "1-2 Don't", "1 Do do AUX _ Mood=Imp 3 aux 3:aux", "2 n't not PART _ _ 3 advmod 3:advmod",
        "3 wait wait VERB _ Mood=Imp 0 root 0:root", "3.1 you", "4 long\u00a0ago x ADV _ _ 1 obl 3:obl",
        text="Don't wait long ago",
    )  # fmt: skip
    third = block("1 So so ADV _ _ _ dep", sent_id=None)
    counts = Statistics.of(iter_file(file(tmp_path, GOOD + second + third)))
    assert counts.to_dict() == {
        "sentences": 3,
        "words": 8,
        "tokens": 7,
        "multiword_tokens": 1,
        "sentences_with_multiword_tokens": 1,
        "empty_nodes": 1,
        "words_with_spaces": 1,
        "length": {"mean": 8 / 3, "median": 3, "p95": 4, "longest": 4},
        "trees": 2,
        "nonprojective_trees": 1,
        "nonprojective_arcs": 1,
        "texts": 2,
        "texts_spelled_by_tokens": 1,  # the other has another kind of blank
        "tokens_without_space_after": 1,
        "annotated": {
            "LEMMA": 1.0, "UPOS": 1.0, "XPOS": 3 / 8, "FEATS": 3 / 8, "HEAD": 7 / 8, "DEPREL": 1.0, "DEPS": 4 / 8,
            "MISC": 1 / 8,
        },
        "upos": {"VERB": 2, "ADV": 2, "NOUN": 1, "PUNCT": 1, "AUX": 1, "PART": 1},
        "relations": {"root": 2, "nsubj": 1, "punct": 1, "aux": 1, "advmod": 1, "obl": 1, "dep": 1},
        "feats": 2,
    }  # fmt: skip


def test_statistics_add_up(samples: Path) -> None:
    treebank = Treebank.open(samples / "UD_English-Sample")
    counts = treebank.statistics()
    assert list(counts) == ["train", "dev", "test"]
    together = Statistics.of(s for split in counts for s in treebank.iter(split))
    assert counts["train"] + counts["dev"] + counts["test"] == together
    assert Statistics().to_dict()["length"] == {"mean": 0.0, "median": 0, "p95": 0, "longest": 0}
    assert Statistics().share("LEMMA") == 0.0


def test_a_sentence_is_spelled_by_its_tokens(tmp_path: Path) -> None:
    rows = ("1-2 du _ _ _ _ _ _ _ SpaceAfter=No", "1 de", "2 le", "3 pain _ _ _ _ _ _ _ A=1|SpaceAfter=No|B=2")
    [sentence] = iter_file(file(tmp_path, block(*rows)))
    assert spell(sentence) == ("dupain", 2)


def test_conllu_plus_is_counted_and_checked(tmp_path: Path) -> None:
    path = file(tmp_path, "# global.columns = ID FORM NER\n1\tBonn\tB-LOC\n\n", "x-dev.conllup")
    assert Statistics.of(iter_file(path)).words == 1
    findings = check(path)
    assert "unreadable" not in {finding.code for finding in findings}
    unannotated_columns = [finding.subject for finding in findings if finding.code.startswith("unannotated")]
    assert unannotated_columns == ["HEAD", "DEPREL", "LEMMA", "UPOS", "XPOS", "FEATS"]
    [finding, *_] = check(file(tmp_path, "# global.columns = ID NER\n1\tB-LOC\n\n", "y.conllup"))
    assert finding.message.endswith("global.columns names no column FORM")


PLUS = "# global.columns = ID FORM NER UP:PRED UP:ARGHEADS UP:ARGSPANS\n"


@pytest.mark.parametrize("cells", ["ARG0\t_", "ARG0:7\t_", "ARG0:0\t_", "_\tARG0:1-2", "ARG0:1\tARG1:1", ":1\t_"])
def test_arguments_in_columns_of_their_own_are_checked(cells: str, tmp_path: Path) -> None:
    path = file(tmp_path, f"{PLUS}# sent_id = s1\n1\tgoes\tO\tgo.01\t{cells}\n\n", "x-dev.conllup")
    finding = by_code([f for f in check(path) if f.severity == "error"])["frame-arguments"]
    assert (finding.count, finding.places) == (1, ("x-dev.conllup:3",))


@pytest.mark.parametrize(
    ("tags", "broken"),
    [
        ("B-PER I-PER O B-PER B-PER", []),  # IOB2
        ("I-PER B-PER I-PER O I-LOC", []),  # IOB1
        ("PER PER O LOC", []),  # IO
        ("B-PER I-PER E-PER S-LOC O", []),  # BIOES
        ("B-PER L-PER U-LOC", []),
        ("B-ORG|B-PER I-ORG|E-PER E-ORG|S-PER", []),  # nested
        ("B-PER|B-PER E-PER|E-PER", []),
        ("B-PER I-LOC", [2]),
        ("B-PER O I-PER", [3]),
        ("B-PER PER O LOC", [4]),
        ("B-PER I-PER O S-LOC", [2]),
        ("S-PER E-PER B-LOC", [2, 3]),
        ("B-PER|B-PER E-PER|I-PER O", [2]),
    ],
)
def test_entity_tags_in_a_column_of_their_own_are_checked(tags: str, broken: list[int], tmp_path: Path) -> None:
    rows = [f"{word}\tw\t{tag}\t_\t_\t_\n" for word, tag in enumerate(tags.split(), 1)]
    found = [f for f in check(file(tmp_path, PLUS + "".join(rows) + "\n", "x.conllup")) if f.code == "entity-tags"]
    assert [f.count for f in found] == ([len(broken)] if broken else [])
    assert [place for f in found for place in f.places] == [f"x.conllup:{word + 1}" for word in broken]


# -- the check


def test_a_good_file_has_no_findings(tmp_path: Path) -> None:
    assert check(file(tmp_path, GOOD)) == []


MANY = [f"{i} w{i} w{i} NOUN N _ {i - 1} {'root' if i == 1 else 'dep'}" for i in range(1, 202)]
MANY_TEXT = " ".join(f"w{i}" for i in range(1, 202)) + " x"
CROSSING = ("3 x x X X _ 1 dep", "4 y y X X A=1 2 dep")
LOC = changed(1, 10, "NER=B-LOC")

GRAPH_ROWS = ("1 Birds bird NOUN N _ 2 nsubj 2:nsubj", "2 sing sing VERB V _ 0 root 0:root SpaceAfter=No",
              "3 . . PUNCT P _ 2 punct 2:punct")  # fmt: skip
GRAPH = block(*GRAPH_ROWS, text="Birds sing.")
GRAPH_NODE = block(*GRAPH_ROWS[:2], "2.1 sing _ _ _ _ _ _ 2:conj", GRAPH_ROWS[2], sent_id="g2", text="Birds sing.")

# Each case has a code, the content of a file, the place of the first finding, the count, and a part of the message.
CASES: list[tuple[str, str | bytes, str, int, str]] = [
    ("unreadable", GOOD + "1\ta\n\n" + GOOD.replace("s1", "s2"), "x.conllu:7", 1, "expected 10 columns"),
    ("unreadable", GOOD.encode() + b"# \xff\n\n", "x.conllu:7", 1, "not UTF-8: byte 0xff"),
    ("unreadable", changed(2, 7, "9"), "x.conllu:4", 1, "head 9 is outside the sentence, which has 3 words"),
    ("unreadable", changed(3, 1, "2"), "x.conllu:5", 1, "expected ID 3"),
    ("empty-file", "", "x.conllu", 1, "no sentence"),
    ("no-empty-line", GOOD[:-1], "x.conllu", 1, "without an empty line"),
    ("no-empty-line", GOOD[:-2], "x.conllu", 1, "without an empty line"),
    ("empty-lines", GOOD + "\n" + GOOD.replace("s1", "s2"), "x.conllu:7", 1, "superfluous empty lines"),
    ("empty-lines", "\n" + GOOD, "x.conllu:1", 1, "superfluous empty lines"),
    ("line-ends", GOOD.replace("\n", "\r\n"), "x.conllu:1", 1, "carriage returns"),
    ("line-ends", GOOD + "# a \rlone one\n" + GOOD.replace("s1", "s2"), "x.conllu:7", 1, "carriage returns"),
    ("line-ends", "\ufeff" + GOOD, "x.conllu:1", 1, "byte order mark"),
    ("comment-form", GOOD.replace("# text", "#text"), "x.conllu:1", 1, "we read it"),
    ("comment-form", GOOD.replace("= Birds", "=Birds"), "x.conllu:1", 1, "we read it"),
    ("comment-form", "#newpar\n" + GOOD, "x.conllu:1", 1, "we read it"),
    ("tab-in-comment", "# note =\tx\n" + GOOD, "x.conllu:1", 1, "holds a tab"),
    ("forms-withheld", GOOD.replace("Birds\t", "_\t").replace("sing\ts", "_\ts"), "x.conllu", 2, "nothing to learn"),
    ("no-spacing", GOOD.replace("SpaceAfter=No", "_"), "x.conllu", 1, "SpaceAfter=No is nowhere"),
    ("no-spacing", block(BIRDS[0], "2 sing sing VERB V _ 0 root"), "x.conllu", 1, "SpaceAfter=No is nowhere"),
    ("all-spaced", block(BIRDS[0], "2 sing sing VERB V _ 0 root", text="Birds sing"), "x.conllu", 1, "stand apart"),
    ("control-characters", GOOD.replace("Birds", "Bi\u200brds"), "x.conllu:3", 1, "zero-width"),
    ("long-sentence", block(*MANY, "202 x x X X A=1 1 dep", text=MANY_TEXT), "x.conllu:1", 1, "200 words"),
    ("long-token", GOOD.replace("Birds", "B" * 101), "x.conllu:3", 1, "100 characters"),
    ("literal-underscore", GOOD.replace("Birds", "_").replace("bird", "_"), "x.conllu:3", 1, "an underscore"),
    ("single-word-mwt", GOOD.replace("1\tB", "1-1\tBirds" + "\t_" * 8 + "\n1\tB"), "x.conllu:4", 1, "of one word"),
    ("unannotated", changed(1, 4, "_"), "", 1, "UPOS is '_' for 33.3 % of the words"),
    ("unannotated", GOOD.replace("\tN\t", "\t_\t").replace("\tV\t", "\t_\t"), "", 2, "XPOS is '_' for 66.7 % of"),
    ("unannotated-tree", changed(1, 7, "_"), "", 1, "HEAD is '_' for 33.3 % of the words"),
    ("no-root", changed(2, 7, "1"), "x.conllu:1", 1, "no word has head 0"),
    ("several-roots", changed(1, 7, "0"), "x.conllu:4", 1, "several words have head 0"),
    ("cycle", changed(1, 7, "1"), "x.conllu:3", 1, "heads form a cycle"),
    ("root-relation", changed(2, 8, "dep"), "x.conllu:4", 1, "head 0 but another relation"),
    ("root-elsewhere", changed(3, 8, "root"), "x.conllu:5", 1, "relation root but another head"),
    ("root-elsewhere", changed(3, 8, "root:x"), "x.conllu:5", 1, "relation root but another head"),
    ("nonprojective", block(*MANY[:2], *CROSSING, text="w1 w2 x y"), "", 1, "file 100.0 %"),
    ("enhanced-head", changed(1, 9, "2.1:nsubj|2:nsubj"), "x.conllu:3", 1, "(2.1:nsubj)"),
    ("enhanced-head", changed(1, 9, "nsubj"), "x.conllu:3", 1, "(nsubj)"),
    ("enhanced-unreachable", changed(1, 9, "3:nsubj"), "x.conllu:3", 3, "not reachable"),
    ("enhanced-loop", changed(1, 9, "1:nsubj|2:nsubj"), "x.conllu:3", 1, "its own head"),
    ("enhanced-root", GRAPH.replace("2:nsubj", "2:root"), "x.conllu:3", 1, ": 2:root"),
    ("enhanced-orphan", GRAPH.replace("2:nsubj", "2:orphan") + GRAPH_NODE, "x.conllu:3", 1, "empty nodes"),
    ("graph-missing", GRAPH + GOOD.replace("s1", "s2"), "x.conllu:7", 1, "without DEPS"),
    ("frame-arguments", changed(2, 10, "UPPred=sing.01|UPArgHeads=ARG0:1,ARG1"), "x.conllu:4", 1, "ARG0:1,ARG1"),
    ("frame-arguments", changed(2, 10, "UPPred=sing.01|UPArgHeads=ARG0:4"), "x.conllu:4", 1, "ARG0:4"),
    ("frame-arguments", changed(2, 10, "UPPred=sing.01|UPArgSpans=ARG0:3-2"), "x.conllu:4", 1, "ARG0:3-2"),
    ("entity-tags", LOC.replace("SpaceAfter", "NER=I-PER|SpaceAfter"), "x.conllu:4", 1, "I-PER"),
    ("entity-tags", LOC.replace("SpaceAfter", "NER=S-LOC|SpaceAfter"), "x.conllu:3", 1, "B-LOC"),
]  # fmt: skip

NAMES = [f"{code}-{number}" for number, (code, *_) in enumerate(CASES)]


@pytest.mark.parametrize(("code", "content", "place", "count", "message"), CASES, ids=NAMES)
def test_a_file_has_the_finding_that_it_was_made_for(
    code: str, content: str | bytes, place: str, count: int, message: str, tmp_path: Path
) -> None:
    finding = by_code(check(file(tmp_path, content)))[code]
    assert finding.severity == codes()[code].severity
    assert (finding.count, finding.places[:1]) == (count, (place,) if place else ())
    assert message in finding.message
    assert "{" not in finding.message


LARGE = "".join(GOOD.replace("s1", f"l{i}") for i in range(1700))  # 5100 words
LONG = block(
    *("1 Birds bird NOUN N Number=Plur 2 nsubj", "2 sing sing VERB V _ 0 root"),
    *("3 in in ADP P _ 5 case", "4 old old ADJ A _ 5 amod", "5 trees tree NOUN N _ 2 obl _ SpaceAfter=No"),
    "6 . . PUNCT P _ 2 punct", sent_id="long", text="Birds sing in old trees.",
)  # fmt: skip
FEATS = LONG.replace("\tA\t_", "\tA\tCase=Nom|Number=Sing").replace("\tN\t_", "\tN\tNumber=Plur")

# Each case has a code, the files, the first places, the count, and a part of the message.
DEV, TEST = "xx_own-ud-dev.conllu", "xx_own-ud-test.conllu"
SPLIT_CASES: list[tuple[str, dict[str, str], list[str], int, str]] = [
    ("no-train", {"test": GOOD}, [], 1, "no train file"),
    ("no-dev", {"train": LARGE}, [], 1, "no dev file"),
    ("small-train", {"train": GOOD, "dev": LONG}, ["xx_own-ud-train.conllu"], 3, "is small"),
    ("duplicate-sent-id", {"train": LARGE, "dev": GOOD + GOOD}, [f"{DEV}:7"], 1, "given before"),
    ("annotated-elsewhere", {"train": LARGE.replace("\tNOUN", "\t_").replace("\tVERB", "\t_").replace("\tPUNCT", "\t_"),
                             "dev": LONG}, [], 5100, "UPOS is annotated in some files only (not in train)"),
    ("unseen-upos", {"train": LARGE, "dev": LONG}, [f"{DEV}:5", f"{DEV}:6"], 2, "ADP, ADJ"),
    ("unseen-relation", {"train": LARGE, "test": LONG}, [f"{TEST}:5"], 3, "case, amod, obl"),
    ("unseen-feature", {"train": FEATS, "dev": changed(1, 6, "Case=Dat")}, [f"{DEV}:3"], 1, "Case=Dat"),
    ("unseen-feats", {"train": FEATS, "dev": changed(1, 6, "Case=Nom")}, [f"{DEV}:3"], 1, "has each feature"),
    ("overlap", {"train": LARGE + LONG, "dev": LONG.replace("long", "x")}, [f"{DEV}:1"], 1, "dev 100.0 %"),
    ("some-overlap", {"train": LONG, "test": LARGE + LONG.replace("long", "x")}, [f"{TEST}:10201"], 1, "test 0.1 %"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "splits", "places", "count", "message"), SPLIT_CASES, ids=[code for code, *_ in SPLIT_CASES]
)
def test_files_have_the_finding_that_they_were_made_for(
    code: str, splits: dict[str, str], places: list[str], count: int, message: str, tmp_path: Path
) -> None:
    finding = by_code(check(folder(tmp_path, **splits)))[code]
    assert (finding.count, list(finding.places[: len(places)])) == (count, places)
    assert message in finding.message


def test_every_kind_of_finding_is_tested() -> None:
    of_rules = {*LINE_RULES, *CELL_RULES, *COMMENT_RULES, *SENTENCE_RULES, *TREE_RULES}  # test_rules.py
    assert {code for code, *_ in CASES} | {code for code, *_ in SPLIT_CASES} - of_rules == set(codes()) - of_rules


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    folder(tmp_path, train=GOOD, dev="1\tx\n\n", test=changed(1, 7, "1").replace("s1", "t1"))
    findings = by_code(check(tmp_path))
    assert findings["unreadable"].places == ("xx_own-ud-dev.conllu:1",)
    assert findings["cycle"].places == ("xx_own-ud-test.conllu:3",)
    assert [finding.severity for finding in check(tmp_path)][:3] == ["error", "error", "error"]


def test_a_damaged_archive_is_a_finding(tmp_path: Path) -> None:
    path = file(tmp_path, gzip.compress(GOOD.encode())[:-12], "x.conllu.gz")
    assert "unreadable" in by_code(check(path))
    assert check(file(tmp_path, gzip.compress(GOOD.encode()), "y.conllu.gz")) == []
    packed = bytearray(gzip.compress(GOOD.encode() * 50))
    packed[15:25] = b"\xff" * 10
    assert "unreadable" in by_code(check(file(tmp_path, bytes(packed), "z.conllu.gz")))


def test_lines_are_counted_behind_mwts_and_empty_nodes(tmp_path: Path) -> None:
    rows = ("0.1 e _ _ _ _ _ _ 2:dep", "1-2 Birdsing", *BIRDS[:2], "2.1 e _ _ _ _ _ _ 2:dep", "3 . . XX P _ 2 punct")
    found = by_code(check(file(tmp_path, GOOD + block(*rows, sent_id="s2"))))
    assert found["unknown-upos"].places == ("x.conllu:13",)


def test_given_files_are_a_treebank(tmp_path: Path) -> None:
    train, dev = file(tmp_path, LARGE + LONG, "a"), file(tmp_path, LONG.replace("long", "x"), "b")
    assert [f.code for f in check(Treebank("own", {"train": train, "dev": dev}))] == ["overlap"]


def test_chunks_of_any_size_are_watched_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [GOOD, "\ufeff" + GOOD, (GOOD + "\n" + GOOD).replace("\n", "\r\n"), GOOD[:-1], "\n" + GOOD]
    for content in contents:
        path = file(tmp_path, content)
        whole = check(path)
        for size in (3, 4, 5, 7):
            monkeypatch.setattr("depparse.formats.conllu._CHUNK", size)
            assert check(path) == whole, (content, size)
        monkeypatch.undo()


def test_samples_have_no_errors(samples: Path) -> None:
    for path in sorted(samples.glob("UD_*")):
        findings = check(path)
        assert [f.to_dict() for f in findings if f.severity == "error"] == []
        allowed = {"small-train", "unseen-upos"}
        assert {f.code for f in findings if f.severity == "warning"} <= allowed, path.name


# -- the real treebanks


def rows_of_data_md(shared: Path) -> list[list[str]]:
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in (shared / "DATA.md").read_text().splitlines()]
    return [row for row in rows if len(row) == 15 and row[0].startswith("UD_")]


@pytest.mark.slow
@pytest.mark.shared
def test_counts_are_those_of_data_md(shared: Path) -> None:
    rows = rows_of_data_md(shared)
    assert len(rows) > 30
    for row in rows:
        counts = Statistics.of(iter_file(find_splits(shared / "treebanks" / row[0])[row[2]]))
        nonprojective = f"{100 * counts.nonprojective / counts.trees:.1f}"
        numbers = [counts.sentences, counts.words, counts.tokens, f"{counts.mwt_sentences} ({counts.mwts})"]
        numbers += [nonprojective, counts.length_at(1.0), len(labels(counts.relations))]
        shares = [share_in_data_md(counts, column) for column in ("XPOS", "FEATS", "LEMMA")]
        spelled = f"{100 * counts.spelled / counts.sentences:.1f}"
        assert row[3:] == [*map(str, numbers), *shares, spelled, "yes" if counts.filled["DEPS"] else "no"], row[:3]


def share_in_data_md(counts: Statistics, column: str) -> str:
    """The share as DATA.md has it, in whole percents and rounded down."""
    if not counts.filled[column]:
        return "-"
    return f"{math.floor(100 * counts.share(column))}" if counts.share(column) >= 0.01 else "<1"


# Single treebanks are rightly warned of these, besides a missing train file and labels that the train file lacks.
WARNINGS = {
    "UD_Irish-IDT": {"long-sentence"},
    "UD_Korean-GSD": {"overlap"},  # the same sentences in two splits
    "UD_Marathi-UFAL": {"small-train"},
    "UD_Portuguese-Bosque": {"long-sentence"},
    "UD_Scottish_Gaelic-ARCOSG": {"tab-in-comment"},
}


@pytest.mark.slow
@pytest.mark.shared
def test_real_treebanks_have_no_errors_and_few_warnings(shared: Path) -> None:
    folders = sorted((shared / "treebanks").glob("UD_*"))
    assert folders
    for path in folders:
        findings = check(path, level=2)
        assert [f.to_dict() for f in findings if f.severity == "error"] == []
        warnings = {f.code for f in findings if f.severity == "warning"} - {"no-train", "unseen-upos"}
        assert warnings == WARNINGS.get(path.name, set()), path.name


def test_the_lists_of_ud_are_complete() -> None:
    assert (len(ud.UPOS), len(ud.RELATIONS)) == (17, 37)


PIECES = st.sampled_from(
    ["\n", "\t", "_", "", "0", "1-2", "2.1", "# text = x", "#", "\r\n", "|", "é", "\u2028", "\x00"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 9), PIECES), min_size=1, max_size=5))
def test_no_damage_makes_the_check_fail(tmp_path: Path, damage: list[tuple[int, int, str]]) -> None:
    """Whatever is overwritten in a file, the check ends with findings and the reader agrees about errors."""
    content = LONG + FEATS.replace("long", "s2")
    for place, length, piece in damage:
        place %= len(content)
        content = content[:place] + piece + content[place + length :]
    path = file(tmp_path, content)
    codes = {finding.code for finding in check(path)}
    try:
        readable = bool(list(iter_file(path)))
    except FormatError:
        readable = False
    assert readable == (not codes & {"unreadable", "empty-file"})


# -- other formats than CoNLL-U


def test_other_formats_are_counted_and_checked(samples: Path, tmp_path: Path) -> None:
    entities = samples / "UD_English-Sample" / "en_sample-ner-dev.iob2"
    assert Statistics.of(iter_file(entities)).words == Treebank.open(entities).read("dev").num_words == 183
    assert check(entities) == []
    broken = file(
        tmp_path, "# sent_id = a\n# text = a b c\n1\ta\tI-X\n2\tb\tO\n3\tc\tB-X\n\n1\td\tO\n3\te\tO\n\n", "x.iob2"
    )
    found = by_code(check(broken))
    assert set(found) == {"entity-tags", "unreadable"}
    assert found["entity-tags"].places == ("x.iob2:3",)
    assert found["unreadable"].places == ("x.iob2:8",)
    conllu = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    for ending in ("json", "jsonl", "parquet", "conllup"):
        other = tmp_path / f"x-dev.{ending}"
        write(read(conllu), other)
        assert Statistics.of(iter_file(other)) == Statistics.of(iter_file(conllu))
        assert {finding.code for finding in check(other)} == {finding.code for finding in check(conllu)}


def test_a_split_in_conllu_plus_is_read_with_its_columns(samples: Path) -> None:
    file = samples / "UD_English-Sample" / "en_sample-up-dev.conllup"
    document = Treebank.open(file).read("dev")
    assert "UP:PRED" in document.column_names
    assert any(sentence.frames for sentence in document)
