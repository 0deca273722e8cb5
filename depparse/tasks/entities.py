"""What all tasks that find entities share: the annotated entities of sentences, their types, and a count of sentences
that lack a tree. No torch here."""

from __future__ import annotations

from collections.abc import Iterable

from depparse.document.annotations.entities import ENTITY_COLUMN
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.features.vocabulary import Vocabulary
from depparse.layers.trees.reader import TreeSource
from depparse.tasks.findings import tell_of_trees

WRITES = (ENTITY_COLUMN,)  # CoNLL-U has no such column: there, entities are a MISC attribute


def entities_of(sentence: Sentence) -> tuple[Span, ...] | None:
    """The entities of a sentence, sorted by start, longest first; None if the sentence is not annotated.

    A sentence that has a column of entities is annotated, even if it holds no entity.
    """
    if sentence.entity_tags() is None:
        return None
    return tuple(sorted(sentence.ents, key=lambda span: (span.start, -span.end)))


def count_types(sentences: Iterable[Sentence]) -> Vocabulary:
    """The types of entities in the sentences."""
    return Vocabulary.count(span.type for sentence in sentences for span in sentence.ents)


def tell_of_entities_without_trees(sentences: Iterable[Sentence], source: TreeSource | None) -> list[str]:
    """Says how many sentences annotated with entities lack a tree, or a part of one, that a task learns with."""
    return tell_of_trees(((n, s) for n, s in enumerate(sentences, 1) if entities_of(s) is not None), source)
