"""How a task says what of the training data it does not learn (`ChecksData` in depparse/tasks/task.py)."""

from __future__ import annotations

from collections.abc import Iterable

from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.layers.trees.reader import TreeSource

Problem = tuple[int, Sentence, Span | None]  # number of the sentence, the sentence, and the entity, if it is about one


def tell_of_trees(annotated: Iterable[tuple[int, Sentence]], source: TreeSource | None) -> list[str]:
    """Of the numbered sentences, which a task learns, how many lack a tree that it learns with, or a part of it."""
    if source != "given":
        return []
    lacking = ((number, sentence, None) for number, sentence in annotated if None in sentence.heads)
    return tell(lacking, "annotated sentences have no tree, or words without a head, and are learned as such")


def tell(problems: Iterable[Problem], what: str) -> list[str]:
    """A line that says `what` is wrong, how often, and where first; none if it never is. Sentences count from 1."""
    listed = list(problems)
    if not listed:
        return []
    number, sentence, span = listed[0]
    place = f"sentence {number}" + (f" ({sentence.sent_id})" if sentence.sent_id is not None else "")
    if span is not None:
        place += f", words {span.start} to {span.end}, {span.type}"
    return [f"{what}: {len(listed)} (first: {place})"]
