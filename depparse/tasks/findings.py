"""Lines that say which training data a task does not learn (`ChecksData` in depparse/tasks/task.py)."""

from __future__ import annotations

from collections.abc import Iterable

from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.layers.trees.reader import TreeSource

Problem = tuple[int, Sentence, Span | None]  # number of the sentence, the sentence, and the entity concerned, if any


def tell_of_trees(annotated: Iterable[tuple[int, Sentence]], source: TreeSource | None) -> list[str]:
    """Says how many of the numbered sentences that a task learns lack a tree, or a part of one, that it learns with."""
    if source != "given":
        return []
    lacking = ((number, sentence, None) for number, sentence in annotated if None in sentence.heads)
    return tell(lacking, "annotated sentences have no tree, or words without a head, and are learned as such")


def tell(problems: Iterable[Problem], message: str) -> list[str]:
    """A line with the message, the number of problems and the place of the first; no line without problems.

    Sentences are numbered from 1.
    """
    listed = list(problems)
    if not listed:
        return []
    number, sentence, span = listed[0]
    place = f"sentence {number}" + (f" ({sentence.sent_id})" if sentence.sent_id is not None else "")
    if span is not None:
        place += f", words {span.start} to {span.end}, {span.type}"
    return [f"{message}: {len(listed)} (first: {place})"]
