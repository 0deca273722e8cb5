"""How a task says what of the training data it does not learn (`ChecksData` in depparse/tasks/task.py)."""

from __future__ import annotations

from collections.abc import Iterable

from depparse.document.sentence import Sentence
from depparse.document.spans import Span


def tell(problems: Iterable[tuple[int, Sentence, Span | None]], what: str) -> list[str]:
    """A line that says `what` is wrong, how often, and where first; none if it never is.

    `problems` are the number of a sentence, from 1, the sentence, and the entity, if it is about one.
    """
    listed = list(problems)
    if not listed:
        return []
    number, sentence, span = listed[0]
    place = f"sentence {number}" + (f" ({sentence.sent_id})" if sentence.sent_id is not None else "")
    if span is not None:
        place += f", words {span.start} to {span.end}, {span.type}"
    return [f"{what}: {len(listed)} (first: {place})"]
