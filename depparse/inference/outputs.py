"""What a pipeline returns: documents and sentences, from the results of its jobs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import TypeVar

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.inference.annotator import Group
from depparse.inference.inputs import Given, Input

Context = TypeVar("Context")
Source = TypeVar("Source")


def documents(analysed: Generator[tuple[list[Given], list[list[Sentence]]], None, None]) -> Iterator[Document]:
    """The annotated document of each input, in order. Closing the iterator ends the jobs."""
    with closing(analysed):
        for inputs, annotated in analysed:
            for given, sentences in zip(inputs, annotated, strict=True):
                yield document_of(sentences, given)


def with_contexts(
    pairs: Iterable[tuple[Input, Context]], annotate: Callable[[Iterator[Input]], Iterator[Document]]
) -> Iterator[tuple[Document, Context]]:
    """What `annotate` makes of the first part of each pair, beside the second part, which nothing looks at."""
    contexts: deque[Context] = deque()
    annotated = annotate(_inputs(pairs, contexts))  # now, so that a mistake is told at once
    return ((document, contexts.popleft()) for document in annotated)


def _inputs(pairs: Iterable[tuple[Input, Context]], contexts: deque[Context]) -> Iterator[Input]:
    for number, pair in enumerate(pairs, 1):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ConfigError(f"input {number}: as_tuples takes pairs (input, context), not {type(pair).__name__}")
        given, context = pair
        contexts.append(context)
        yield given


def each_copy(annotated: Generator[tuple[Group, Iterable[list[Sentence]]], None, None]) -> Iterator[list[Sentence]]:
    """The annotated copies of each sentence of all groups, in order. Closing the iterator ends the jobs."""
    with closing(annotated):
        for _, copies in annotated:
            yield from copies


def flat(lists: Iterator[list[Sentence]]) -> Iterator[Sentence]:
    """The sentences in all lists. Closing the iterator closes that of the lists."""
    try:
        for sentences in lists:
            yield from sentences
    finally:
        if isinstance(lists, Generator):
            lists.close()


def by_source(
    sources: Sequence[Source],
    read: Callable[[Source], Iterable[Sentence]],
    annotate: Callable[[Iterator[Sentence]], Iterator[list[Sentence]]],
) -> Iterator[tuple[Source, Iterator[Sentence]]]:
    """Each source (a file) with its annotated sentences, which must be taken before those of the next source.

    All sources are annotated in one stream, so that many small ones share batches and workers as one large one does.
    If a source cannot be read, the error comes among its sentences, when those before it are complete.
    """
    sizes: list[int] = []  # of the sources that have been read to their end, in sentences
    failed: list[Exception] = []  # the error that ended the reading

    def sentences() -> Iterator[Sentence]:
        for source in sources:
            size = 0
            try:
                for size, sentence in enumerate(read(source), 1):  # noqa: B007
                    yield sentence
            except Exception as error:
                failed.append(error)
                return
            sizes.append(size)

    annotated = annotate(sentences())
    ahead: list[list[Sentence]] = []  # the copies of a sentence that turned out to belong to a later source

    def part(number: int) -> Iterator[Sentence]:
        done = 0
        while True:
            # As long as a source is not read to its end, the next sentence that comes out is its own.
            if not ahead and not (len(sizes) > number and sizes[number] == done):
                ahead.extend(islice(annotated, 1))
            if failed and len(sizes) == number and not ahead:
                raise failed[0]
            if not ahead or (len(sizes) > number and sizes[number] == done):
                return
            yield from ahead.pop()
            done += 1

    for number, source in enumerate(sources):
        yield source, part(number)


def document_of(sentences: Iterable[Sentence], given: object) -> Document:
    """The annotated document, with the column names of the given one, if that is a Document."""
    return Document(sentences, given.column_names) if isinstance(given, Document) else Document(sentences)
