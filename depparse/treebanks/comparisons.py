"""Checks that compare the files of a treebank with each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from depparse.document.annotations.graph import GRAPH_COLUMN
from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.document.columns import VALUE_COLUMNS
from depparse.treebanks.findings import Findings
from depparse.treebanks.treebank import Statistics, labels

if TYPE_CHECKING:
    from depparse.treebanks.checked_file import CheckedFile

SMALL_TRAIN = 5000  # words
_COMPLETE = 0.95  # share of words; a column filled this far has exceptions rather than gaps
_UNSEEN = {"UPOS": "unseen-upos", "DEPREL": "unseen-relation", "FEATS": "unseen-feature"}


def check_splits(files: dict[str, CheckedFile], findings: Findings) -> None:
    """Finds missing files, and sentences of other files that stand in train too."""
    train = files.get("train")
    if train is None:
        findings.add("no-train")
        return
    if train.statistics.words < SMALL_TRAIN:
        findings.add("small-train", train.path.name, count=train.statistics.words)
    if "dev" not in files:
        findings.add("no-dev")
    for split, file in files.items():
        if split == "train":
            continue
        common = {key: count for key, count in file.sentences.items() if key in train.sentences}
        if common:
            share = 100 * sum(common.values()) / file.statistics.sentences
            code = "overlap" if share > 5 else "some-overlap"
            places = [file.places[key] for key in common]
            findings.add(code, places[0], f"{split} {share:.1f} %", sum(common.values()))


def check_columns(files: dict[str, CheckedFile], findings: Findings) -> None:
    """Finds columns that are not annotated, in the whole treebank, in part of it, or in some files."""
    total = sum((file.statistics for file in files.values()), Statistics())
    held = set().union(*(file.columns for file in files.values()))  # a format that lacks a column leaves no gap
    for name in (name for name in VALUE_COLUMNS[1:-1] if name in held):
        missing = total.words - total.filled[name]
        without = {split for split, file in files.items() if file.statistics.words and not file.statistics.filled[name]}
        if without and total.filled[name]:
            split = ", ".join(f"not in {split}" for split in files if split in without)
            count = sum(files[split].statistics.words for split in without)
            findings.add("annotated-elsewhere", "", split, count, name)
        elif name == GRAPH_COLUMN or not missing:
            continue
        elif name in TREE_COLUMNS:
            findings.add("unannotated-tree", "", _of_words(missing, total.words), missing, name)
        elif total.share(name) < (0.01 if name == "FEATS" else 1.0 if name == "UPOS" else _COMPLETE):
            findings.add("unannotated", "", _of_words(missing, total.words), missing, name)


def _of_words(part: int, whole: int) -> str:
    return f"for {100 * part / whole:.1f} % of the words" if part < whole else "for all words"


def check_unseen(files: dict[str, CheckedFile], findings: Findings) -> None:
    """Finds labels of dev and test that train does not have, in columns that train has."""
    train = files["train"].statistics
    train_labels = {column: labels(counter) for column, counter in train.label_counts.items()}
    features = {feature for bundle in train_labels["FEATS"] for feature in bundle.split("|")}
    for file in files.values():
        for column, label, count in _each_label(file.statistics):
            if label in train_labels[column] or not train_labels[column]:
                continue
            place = file.first[column, label]
            unseen = (
                [feature for feature in label.split("|") if feature not in features] if column == "FEATS" else [label]
            )
            for new_label in unseen:
                findings.add(_UNSEEN[column], place, new_label, count)
            if not unseen:
                findings.add("unseen-feats", place, count=count)


def _each_label(counts: Statistics) -> Iterator[tuple[str, str, int]]:
    for column, counter in counts.label_counts.items():
        for label, count in labels(counter).items():
            if label:
                yield column, label, count
