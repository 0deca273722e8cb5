"""What all tasks that find entities share: which sentences say what their entities are, and which lack a tree. No torch
here."""

from __future__ import annotations

from collections.abc import Iterable

from depparse.document.annotations.entities import ENTITY_COLUMN
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.features.vocabulary import Vocabulary
from depparse.layers.trees.reader import TreeSource
from depparse.tasks.findings import tell_of_trees

WRITES = (ENTITY_COLUMN,)  # in CoNLL-U, where there is no such column, as the MISC attribute


def entities_of(sentence: Sentence) -> tuple[Span, ...] | None:
    """The entities of a sentence, sorted by start, longest first; None if it is not annotated with any.

    Where there is a column of entities, a sentence without any is annotated too.
    """
    if sentence.entity_tags() is None:
        return None
    return tuple(sorted(sentence.ents, key=lambda span: (span.start, -span.end)))


def count_types(sentences: Iterable[Sentence]) -> Vocabulary:
    """The types of entities in the sentences."""
    return Vocabulary.count(span.type for sentence in sentences for span in sentence.ents)


def tell_of_entities_without_trees(sentences: Iterable[Sentence], source: TreeSource | None) -> list[str]:
    """Of the sentences annotated with entities, how many lack a tree that a task learns with, or a part of it."""
    return tell_of_trees(((n, s) for n, s in enumerate(sentences, 1) if entities_of(s) is not None), source)
