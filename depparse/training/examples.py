"""Training data: sentences of several treebanks, in memory or on disk, and the batches of an epoch."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Generic, Protocol, TypeVar, overload

from depparse.document.annotations import kinds
from depparse.document.annotations.kind import Kind
from depparse.document.sentence import Sentence
from depparse.features.batch import Example, plan_batches
from depparse.files import open_input, open_output
from depparse.formats import arrow
from depparse.formats.table import guess_format, iter_sentences
from depparse.model.model import Model


class HasPlace(Protocol):
    """What is learned of a sentence or a text."""

    @property
    def length(self) -> int:
        """Words."""

    @property
    def source(self) -> int:
        """The number of the treebank."""


Placed = TypeVar("Placed", bound=HasPlace)
Placed_co = TypeVar("Placed_co", bound=HasPlace, covariant=True)


class Examples(Protocol[Placed_co]):
    """What a model learns from. Lengths and treebanks are always in memory; examples may be made when asked for."""

    @property
    def lengths(self) -> Sequence[int]:
        """The number of words of each example."""

    @property
    def sources(self) -> Sequence[int]:
        """The number of the treebank of each example."""

    def take(self, numbers: Sequence[int]) -> Sequence[Placed_co]:
        """The examples of these numbers, in this order."""


class InMemory(Generic[Placed]):
    """Examples that are made once and stay in memory."""

    def __init__(self, examples: Sequence[Placed]) -> None:
        self._examples = examples
        self.lengths = [example.length for example in examples]
        self.sources = [example.source for example in examples]

    def take(self, numbers: Sequence[int]) -> list[Placed]:
        """The examples of these numbers, in this order."""
        return [self._examples[number] for number in numbers]


class OnDisk:
    """Examples that are made anew for each batch, from sentences that are read from disk."""

    def __init__(self, model: Model, sentences: StoredSentences) -> None:
        self._model, self._sentences = model, sentences
        # A sentence without words gives no example.
        self._rows = array("q", (row for row, length in enumerate(sentences.lengths) if length))
        self.lengths = array("q", (sentences.lengths[row] for row in self._rows))
        self.sources = array("q", (sentences.sources[row] for row in self._rows))

    def take(self, numbers: Sequence[int]) -> list[Example]:
        """The examples of these numbers, in this order, made anew."""
        sentences = self._sentences.take([self._rows[number] for number in numbers])
        return [
            self._model.example(sentence, targets=True, source=self.sources[number])
            for sentence, number in zip(sentences, numbers, strict=True)
        ]


class StoredSentences(Sequence[Sentence]):
    """The sentences of files, written to Arrow files in `folder` and mapped from there by the library datasets.

    Only their lengths and sources stay in memory. `sources` numbers the treebank of each file.
    """

    def __init__(
        self, files: Sequence[str], sources: Sequence[int], folder: Path, format: str, limit: int | None = None
    ) -> None:
        import datasets
        import pyarrow as pa

        folder.mkdir(parents=True, exist_ok=True)
        self.lengths, self.sources = array("q"), array("q")
        self._begins: list[int] = []  # the number of each file's first sentence
        self._sets = []
        chosen = _chosen(files, format, limit)
        for number, (file, source) in enumerate(zip(files, sources, strict=True)):
            self._begins.append(len(self.lengths))
            sentences, fields = arrow.with_schema(_iter_file(file, format, chosen[number]))
            path = folder / f"{number}.arrow"
            with open_output(path) as out, pa.ipc.new_stream(out.buffer, fields) as writer:
                for batch in arrow.record_batches(sentences, fields):
                    lengths = batch.column("FORM").value_lengths().to_pylist()
                    self.lengths.extend(lengths)
                    self.sources.extend([source] * len(lengths))
                    writer.write_batch(batch)
            self._sets.append(datasets.Dataset.from_file(str(path)).with_format("arrow"))

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[Sentence]:
        for number, stored in enumerate(self._sets):
            for table in stored.iter(arrow.ROWS):
                yield from arrow.sentences_from_own_rows(table.to_pylist(), f"stored file {number}")

    @overload
    def __getitem__(self, number: int) -> Sentence: ...

    @overload
    def __getitem__(self, number: slice) -> list[Sentence]: ...

    def __getitem__(self, number: int | slice) -> Sentence | list[Sentence]:
        numbers = range(len(self))[number]
        return self.take([numbers])[0] if isinstance(numbers, int) else self.take(numbers)

    def take(self, numbers: Sequence[int]) -> list[Sentence]:
        """The sentences of these numbers, in this order."""
        by_number: dict[int, Sentence] = {}
        ends = [*self._begins[1:], len(self)]
        for stored, begin, end in zip(self._sets, self._begins, ends, strict=True):
            in_file = [number for number in numbers if begin <= number < end]
            if in_file:
                rows = stored[[number - begin for number in in_file]].to_pylist()
                by_number.update(zip(in_file, arrow.sentences_from_own_rows(rows, "stored file"), strict=True))
        return [by_number[number] for number in numbers]


class Chain(Sequence[Sentence]):
    """Sentences of several sequences, one after the other."""

    def __init__(self, parts: Sequence[Sequence[Sentence]]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[Sentence]:
        return chain.from_iterable(self._parts)

    @overload
    def __getitem__(self, number: int) -> Sentence: ...

    @overload
    def __getitem__(self, number: slice) -> list[Sentence]: ...

    def __getitem__(self, number: int | slice) -> Sentence | list[Sentence]:
        if isinstance(number, slice):
            return [self[each] for each in range(len(self))[number]]
        number = range(len(self))[number]
        for part in self._parts:
            if number < len(part):
                return part[number]
            number -= len(part)
        raise IndexError(number)


def read_sentences(
    files: Sequence[str],
    sources: Sequence[int],
    folder: Path | None,
    format: str = "conllu",
    limit: int | None = None,
) -> tuple[Sequence[Sentence], Sequence[int]]:
    """The sentences of all files, and the number of the treebank of each sentence.

    With a `folder`, the sentences are kept on disk, in that folder. A file has the format that its ending tells, or
    else `format`. `sources` numbers the treebank of each file. With a `limit`, at most so many sentences are read,
    chosen at random, but in the same way each time: those of a smaller limit are among those of a larger one.
    """
    if folder is not None:
        stored = StoredSentences(files, sources, folder, format, limit)
        return stored, stored.sources
    chosen = _chosen(files, format, limit)
    pairs = [
        (sentence, source)
        for file, source, numbers in zip(files, sources, chosen, strict=True)
        for sentence in _iter_file(file, format, numbers)
    ]
    return [sentence for sentence, _ in pairs], [source for _, source in pairs]


def make_examples(model: Model, sentences: Sequence[Sentence], sources: Sequence[int]) -> Examples[Example]:
    """The examples of the sentences that `read_sentences` gave. A sentence without words gives no example."""
    if isinstance(sentences, StoredSentences):
        return OnDisk(model, sentences)
    pairs = zip(sentences, sources, strict=True)
    return InMemory(
        [model.example(sentence, targets=True, source=source) for sentence, source in pairs if len(sentence)]
    )


def _chosen(files: Sequence[str], format: str, limit: int | None) -> list[set[int] | None]:
    """For each file, the numbers of the sentences to read, from 0; None for all."""
    if limit is None:
        return [None] * len(files)
    sizes = [sum(1 for _ in _iter_file(file, format)) for file in files]
    places = [(number, sentence) for number, size in enumerate(sizes) for sentence in range(size)]
    random.Random("data.limit").shuffle(places)
    return [{sentence for number, sentence in places[:limit] if number == file} for file in range(len(files))]


def _iter_file(file: str, default: str, chosen: set[int] | None = None) -> Iterator[Sentence]:
    """The sentences of a file, with a column for each kind of annotation that MISC has, such as entities.

    Only those of the `chosen` numbers, from 0, are given, if there are any. If MISC has entities anywhere in the file,
    a sentence without any is annotated: it has no entities. If MISC has none in the whole file, no sentence is
    annotated with entities. The same holds for every kind that CoNLL-U has in MISC.
    """
    format = guess_format(file, default)
    in_misc = _kinds_in_misc(file) if format == "conllu" else []
    for number, sentence in enumerate(iter_sentences(file, format)):
        if chosen is not None and number not in chosen:
            continue
        for kind in in_misc:
            kind.to_columns(sentence)
        yield sentence


def _kinds_in_misc(file: str) -> list[Kind]:
    """The kinds that MISC has anywhere in a CoNLL-U file. Lines are only searched, as reading them takes far longer."""
    missing = {f"{key}=".encode(): kind for kind in kinds() for key in (*kind.misc[:1], *kind.aliases)}
    in_misc: list[Kind] = []
    with open_input(file) as stream:
        for line in stream:
            if line.startswith(b"#") or not any(key in line for key in missing):
                continue
            attributes = line.rstrip().rpartition(b"\t")[2].split(b"|")
            in_misc += {kind for key, kind in missing.items() if any(cell.startswith(key) for cell in attributes)}
            missing = {key: kind for key, kind in missing.items() if kind not in in_misc}
            if not missing:
                break
    return in_misc


def counted_words(lengths: Sequence[int], sources: Sequence[int], treebank_words: int | None) -> int:
    """The words that an epoch counts, of examples of such lengths: at most `treebank_words` of each treebank."""
    words: Counter[int] = Counter()
    for length, source in zip(lengths, sources, strict=True):
        words[source] += length
    return sum(words.values()) if treebank_words is None else sum(min(n, treebank_words) for n in words.values())


def plan_epoch(
    lengths: Sequence[int],
    sources: Sequence[int],
    batch_words: int,
    temperature: float,
    shuffle: random.Random,
    treebank_words: int | None = None,
) -> list[list[int]]:
    """The numbers of the examples in each batch of an epoch.

    A treebank of more than `treebank_words` words counts as one of so many. With a `temperature` T above 1, small
    treebanks are seen more often and large ones less. The epoch has about as many examples as count; the share of
    treebank i is proportional to size_i^(1/T), where sizes are numbers of examples that count. A treebank fills its
    share with whole passes over it, then a random part.
    """
    whole = temperature == 1 and treebank_words is None
    chosen = range(len(lengths)) if whole else _sample(lengths, sources, temperature, shuffle, treebank_words)
    plan = plan_batches([lengths[number] for number in chosen], batch_words, shuffle=shuffle)
    return [[chosen[index] for index in batch] for batch in plan]


def _sample(
    lengths: Sequence[int],
    sources: Sequence[int],
    temperature: float,
    shuffle: random.Random,
    treebank_words: int | None,
) -> list[int]:
    """The numbers of an epoch's examples, in which each treebank has its share; see `plan_epoch`."""
    members: dict[int, list[int]] = {source: [] for source in sorted(Counter(sources))}
    for number, source in enumerate(sources):
        members[source].append(number)
    sizes = {source: float(len(numbers)) for source, numbers in members.items()}
    if treebank_words is not None:
        for source, numbers in members.items():
            words = sum(lengths[number] for number in numbers)
            sizes[source] *= min(1.0, treebank_words / max(1, words))
    weights = {source: size ** (1 / temperature) for source, size in sizes.items()}
    total = sum(sizes.values())
    chosen: list[int] = []
    for source, numbers in members.items():
        share = max(1, round(total * weights[source] / sum(weights.values())))
        passes, remainder = divmod(share, len(numbers))
        chosen += numbers * passes + shuffle.sample(numbers, remainder)
    return chosen
