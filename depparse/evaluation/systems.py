"""What a system that is scored gets of the gold data, and how its analyses are made fit for the scorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from depparse.data.sentence import Sentence


def bare_copies(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Copies that have forms, multiword tokens, empty nodes and comments alone."""
    for sentence in sentences:
        columns = {"FORM": list(sentence.columns["FORM"])}
        yield Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)


def with_trees(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences; a chain stands for the tree, which the scorer asks for, where no part predicts one."""
    for sentence in sentences:
        if "HEAD" not in sentence.columns:
            sentence.columns["HEAD"] = [str(number) for number in range(len(sentence))]
        yield sentence
