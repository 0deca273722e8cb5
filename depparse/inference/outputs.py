"""What a pipeline returns: documents and sentences, from the results of its jobs."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.inference.annotator import Group
from depparse.inference.inputs import Given


def documents(analysed: Generator[tuple[list[Given], list[list[Sentence]]], None, None]) -> Iterator[Document]:
    """The annotated document of each input, in order. Closing the iterator ends the jobs."""
    with closing(analysed):
        for inputs, annotated in analysed:
            for given, sentences in zip(inputs, annotated, strict=True):
                yield document_of(sentences, given)


def flat(annotated: Generator[tuple[Group, list[Sentence]], None, None]) -> Iterator[Sentence]:
    """The annotated sentences of all groups, in order. Closing the iterator ends the jobs."""
    with closing(annotated):
        for _, sentences in annotated:
            yield from sentences


def document_of(sentences: Iterable[Sentence], given: object) -> Document:
    """The annotated document, with the column names of the given one, if that is a Document."""
    return Document(sentences, given.column_names) if isinstance(given, Document) else Document(sentences)
