"""The examples of docs/query.md: each finds what a few lines over the raw files count, without any code of depparse.

The numbers on the page were counted in this way before the search was run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations

import pytest

import depparse
from depparse.treebanks.query.files import FileSearch, find_files
from depparse.treebanks.query.search import Pattern
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^### (\d+)\. [^\n]*\n.*?^```text\n(.*?)^```\n\n(\d+) matches in `corpora/samples/([^`]+)`", PAGE, re.M | re.S
)
Row = list[str]
ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC, PRED, ROLES = range(12)


def raw_sentences(pattern: str) -> list[list[Row]]:
    """The rows of each sentence of the files, as they stand."""
    paths = [ROOT / "corpora" / "samples" / pattern]
    if "*" in pattern:
        paths = sorted((ROOT / "corpora" / "samples").glob(pattern))
    files = [file for path in paths for file in (sorted(path.glob("*.conllu")) if path.is_dir() else [path])]
    texts = [block for file in files for block in file.read_text(encoding="utf-8").strip().split("\n\n")]
    rows = [[line.split("\t") for line in text.split("\n") if not line.startswith("#")] for text in texts]
    return [sentence for sentence in rows if sentence]


def words(sentence: list[Row]) -> list[Row]:
    """The rows of words alone."""
    return [row for row in sentence if row[ID].isdigit()]


def arcs(sentence: list[Row]) -> list[tuple[Row, Row]]:
    """Head and dependent of each arc but that of the root."""
    rows = words(sentence)
    return [(rows[int(row[HEAD]) - 1], row) for row in rows if row[HEAD] != "0"]


def is_above(sentence: list[Row], upper: Row, lower: Row) -> bool:
    """Whether the heads lead from the lower word to the upper one."""
    rows = words(sentence)
    while lower[HEAD] != "0":
        lower = rows[int(lower[HEAD]) - 1]
        if lower is upper:
            return True
    return False


def crosses(one: tuple[Row, Row], other: tuple[Row, Row]) -> bool:
    """Whether one arc begins or ends within the other, and goes on outside."""
    (a, b), (c, d) = (sorted(int(row[ID]) for row in arc) for arc in (one, other))
    return a < c < b < d or c < a < d < b


def feature(row: Row, name: str) -> str:
    """The value of a feature, '' if there is none."""
    return dict(pair.split("=") for pair in row[FEATS].split("|") if "=" in pair).get(name, "")


def edges(row: Row) -> list[tuple[str, str]]:
    """The heads and labels of DEPS."""
    return [(edge.partition(":")[0], edge.partition(":")[2]) for edge in row[DEPS].split("|") if ":" in edge]


def has_child(sentence: list[Row], row: Row, *labels: str) -> bool:
    """Whether a dependent of the word has one of the labels."""
    return any(head is row and child[DEPREL] in labels for head, child in arcs(sentence))


def is_projective(sentence: list[Row]) -> bool:
    """Whether every word between the ends of an arc is below its head."""
    rows = words(sentence)
    return all(
        is_above(sentence, head, rows[between - 1])
        for head, child in arcs(sentence)
        for between in range(min(int(head[ID]), int(child[ID])) + 1, max(int(head[ID]), int(child[ID])))
    )


def of_words(test: Callable[[Row], bool]) -> Callable[[list[Row]], int]:
    return lambda sentence: sum(map(test, words(sentence)))


def of_arcs(test: Callable[[Row, Row], bool]) -> Callable[[list[Row]], int]:
    return lambda sentence: sum(test(head, child) for head, child in arcs(sentence))


def with_optional(sentence: list[Row]) -> int:
    """Verbs with objects, once for each further oblique, and once if there is none."""
    total = 0
    for verb in (row for row in words(sentence) if row[UPOS] == "VERB"):
        children = [child for head, child in arcs(sentence) if head is verb]
        objects = [child for child in children if child[DEPREL] == "obj"]
        obliques = [child for child in children if child[DEPREL] == "obl"]
        total += len(objects) * max(len(obliques), 1)
    return total


COUNTS: dict[str, Callable[[list[Row]], int]] = {
    "1": of_words(lambda row: row[UPOS] == "ADJ"),
    "2": of_words(
        lambda row: (
            row[LEMMA] in ("be", "have") and feature(row, "VerbForm") == "Fin" and feature(row, "Tense") == "Past"
        )
    ),
    "3": of_words(lambda row: row[FORM].lower().endswith("ing") and row[UPOS] == "VERB"),
    "4": of_words(
        lambda row: row[UPOS] == "VERB" and not feature(row, "Voice") and feature(row, "VerbForm") not in ("", "Fin")
    ),
    "5": of_arcs(lambda head, child: head[UPOS] == "VERB" and child[DEPREL] == "nsubj"),
    "6": of_arcs(lambda _, child: child[DEPREL].split(":")[0] == "nsubj"),
    "7": of_arcs(
        lambda head, child: head[UPOS] == "NOUN" and child[DEPREL] not in ("det", "case", "punct", "amod", "nmod")
    ),
    "8": of_words(lambda row: row[DEPREL] == "root" and row[HEAD] == "0" and row[UPOS] != "VERB"),
    "9": lambda sentence: sum(
        head[UPOS] == "VERB" and child[DEPREL] == "obj" and not has_child(sentence, head, "nsubj", "nsubj:pass")
        for head, child in arcs(sentence)
    ),
    "10": of_arcs(
        lambda head, child: child[DEPREL] in ("aux", "aux:tense", "aux:pass") and int(child[ID]) == int(head[ID]) - 1
    ),
    "11": of_arcs(lambda head, child: child[DEPREL] == "nsubj" and abs(int(head[ID]) - int(child[ID])) >= 4),
    "12": of_arcs(lambda head, child: child[DEPREL] == "conj" and head[UPOS] != child[UPOS]),
    "13": lambda sentence: sum(
        upper[LEMMA] == "say" and lower[UPOS] == "PROPN" and is_above(sentence, upper, lower)
        for upper in words(sentence)
        for lower in words(sentence)
    ),
    "14": lambda sentence: sum(
        # The names stand for four different words.
        crosses(one, other) and len({row[ID] for row in (*one, *other)}) == 4
        for one, other in permutations(arcs(sentence), 2)
    ),
    "15": lambda sentence: 0 if is_projective(sentence) else sum(row[UPOS] == "VERB" for row in words(sentence)),
    "16": lambda sentence: sum(
        label == "nsubj" and head != "0" and not (head == row[HEAD] and row[DEPREL] == "nsubj")
        for row in sentence
        if "-" not in row[ID]
        for head, label in edges(row)
    ),
    "17": lambda sentence: sum(label == "obj" and "." in head for row in words(sentence) for head, label in edges(row)),
    "18": lambda sentence: sum(
        row[PRED].startswith("say.") and role.startswith("ARG0:")
        for row in words(sentence)
        for role in row[ROLES].split("|")
    ),
    "19": of_words(lambda row: row[2] == "B-ORG"),
    "20": with_optional,
    "21": lambda sentence: sum(
        row[UPOS] == "AUX" and any(
            re.fullmatch(rf"{first}-\d+", other[ID]) and other[FORM].endswith("n't")
            for other in sentence
            for first in (row[ID], str(int(row[ID]) - 1))
        )
        for row in words(sentence)
    ),
}  # fmt: skip


def test_the_page_has_all_examples() -> None:
    assert [number for number, *_ in EXAMPLES] == list(COUNTS)


@pytest.mark.parametrize(("number", "text", "written", "where"), EXAMPLES, ids=[number for number, *_ in EXAMPLES])
def test_an_example_finds_what_the_raw_files_have(number: str, text: str, written: str, where: str) -> None:
    counted = sum(map(COUNTS[number], raw_sentences(where)))
    pattern = Pattern(text)
    search = FileSearch(find_files([str(ROOT / "corpora" / "samples" / where)]), pattern)
    matches = [match for found in search for match in found]
    assert len(matches) == counted == int(written)
    assert sum(FileSearch(search.files, pattern).counts()) == counted
    documents = map(depparse.read, search.files)
    assert sum(len(document.query(text)) for document in documents) == counted  # without the look at the lines
