"""What one process does for a job in shards: it counts the sentences of sections, and writes shards."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, cast

from depparse.document.annotations import annotated
from depparse.document.columns import comment_name
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError, FormatError, ModelError
from depparse.files import hash_file
from depparse.formats import table as formats
from depparse.inference.load import Options, is_loading, load
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked, Request
from depparse.model_folder.find import FILES, bundled, find, is_path
from depparse.shards.sections import Section
from depparse.text.naming import name_document, name_sentences
from depparse.text.pieces import iter_pieces

_MOST_TRIES = 5  # of a shard, if the process ends each time


@dataclass(frozen=True, slots=True)
class ModelName:
    """How each process loads the model: the arguments of `depparse.load`."""

    name: str
    device: str = "cpu"
    fetch: bool = False
    revision: str | None = None
    runtime: str = "auto"
    precision: str = "auto"

    @classmethod
    def of(cls, model: str | os.PathLike[str], options: Options) -> tuple[ModelName, Asked]:
        """How the `options` load the model, and what they ask of it."""
        values = dict(options)
        loading: Any = {name: values.pop(name) for name in options if is_loading(name)}
        return cls(os.fspath(model), **loading), cast("Asked", values)

    def absolute(self) -> ModelName:
        """The name by which processes in other folders find the model."""
        here = self.name not in bundled() and is_path(self.name)
        return replace(self, name=str(Path(self.name).absolute())) if here else self

    def load(self) -> Pipeline:
        """The pipeline. Raises ModelError and ConfigError."""
        return load(
            self.name,
            self.device,
            runtime=self.runtime,
            precision=self.precision,
            fetch=self.fetch,
            revision=self.revision,
        )

    def alike(self, pipeline: Pipeline) -> ModelName:
        """The arguments with which all machines compute as `pipeline` does, which was loaded by these, on the CPU."""
        precision = getattr(pipeline.scorer, "precision", None) if self.device == "cpu" else None
        if pipeline.scorer is None or precision is None:
            return self if pipeline.scorer is None else replace(self, runtime="torch", precision="fp32")
        return replace(self, runtime="openvino", precision=precision)

    def digest(self) -> str:
        """The SHA-256 of all that decides what the model predicts. The model has been loaded, and thus fetched."""
        folder = find(self.name, revision=self.revision)
        hashes = [hash_file(folder / name) for name in FILES]
        return hashlib.sha256(" ".join([*hashes, self.runtime, self.precision]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done to each section, by which model, and where shards are written."""

    model: ModelName
    digest: str
    request: Request
    format: str
    folder: str


@dataclass(frozen=True, slots=True)
class Task:
    """Sections to be written to a shard or, without the name of one, sections whose sentences are to be counted."""

    sections: tuple[Section, ...]
    shard: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the task of this number: an error, or sizes and the SHA-256 of the shard.

    `void` are columns whose content did not stay (`Pipeline.void`). With an error that is `fatal`, no other task would
    fare better.
    """

    number: int
    sentences: int = 0
    words: int = 0
    sha256: str = ""
    void: tuple[str, ...] = ()
    error: str = ""
    fatal: bool = False


class Worker:
    """A process with the model. An error of the input is a result, so that it does not end other tasks."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._fatal = ""
        try:
            if work.model.fetch:
                work.model.load()  # which fetches it
            if work.model.digest() != work.digest:
                raise ModelError(f"{work.model.name} is another model on one of the machines; give all the same one")
            self._pipeline = work.model.load()
            self._void = self._pipeline.void(work.request)
        except DepparseError as error:
            self._fatal = str(error)

    def __call__(self, number: int, task: Task) -> Result:
        """The result of the task, whose number is for the caller."""
        if self._fatal:
            return Result(number, error=self._fatal, fatal=True)
        try:
            if task.shard:
                return replace(self._write(task), number=number)
            return Result(number, sum(1 for _ in self._sentences(task)))
        except DepparseError as error:
            return Result(number, error=str(error))

    def _sentences(self, task: Task) -> Iterator[Sentence]:
        request = self._work.request
        return chain.from_iterable(read_section(self._pipeline, section, request) for section in task.sections)

    def _write(self, task: Task) -> Result:
        path = Path(self._work.folder, task.shard)
        sizes = _Sizes(self._void)
        with _counting_tries(path):
            annotated = self._pipeline.annotate_stream(
                sizes.of_input(self._sentences(task)), request=self._work.request
            )
            formats.write(sizes.of_output(annotated), path, self._work.format)
        return Result(0, sizes.sentences, sizes.words, hash_file(path), tuple(sizes.void))


class _Sizes:
    """Counts sentences and words on their way, and finds columns that do not stay."""

    def __init__(self, void: Iterable[str]) -> None:
        self._watched = list(void)
        self.void: list[str] = []
        self.sentences = self.words = 0

    def of_input(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        for sentence in sentences:
            for name in [name for name in self._watched if annotated(sentence, (name,))]:
                self._watched.remove(name)
                self.void.append(name)
            yield sentence

    def of_output(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        for sentence in sentences:
            self.sentences += 1
            self.words += len(sentence)
            yield sentence


@contextmanager
def _counting_tries(path: Path) -> Iterator[None]:
    """Counts how often a shard is begun, in a hidden file beside it, so that one that ends each process is given up.

    Ray repeats the task of a process that was killed. If memory runs out at a shard, that would never end.
    """
    file = tries_file(path)
    tries = file.stat().st_size if file.exists() else 0
    if tries >= _MOST_TRIES:
        raise DepparseError(
            f"the process that wrote {path.name} was killed {tries} times; if memory ran out, make the shards smaller, "
            "or use fewer workers on a machine"
        )
    try:
        with open(file, "ab") as stream:
            stream.write(b".")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DepparseError(
            f"{path.parent} cannot be written to: {reason}; all machines must see this folder"
        ) from None
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def tries_file(path: Path) -> Path:
    """The file that counts how often the shard was begun."""
    return path.with_name(f".{path.name}.tries")


# -- reading


def read_section(pipeline: Pipeline, section: Section, request: Request) -> Iterator[Sentence]:
    """The sentences of the section, as `Pipeline.read` gives those of the whole file. Raises FormatError."""
    try:
        for sentence in _named(_unnamed(pipeline, section, request), section):
            sentence.place = _place(sentence.place, section)
            yield sentence
    except FormatError as error:
        line = None if error.line is None else error.line + section.line - 1
        place = {"sent_id": error.sent_id, "column": error.column}
        raise FormatError(error.message, path=_place(error.path, section), line=line, **place) from None


def _place(place: str | None, section: Section) -> str | None:
    """The place, in which a line of the section becomes that of the file."""
    name, _, line = (place or "").rpartition(":")
    return f"{name}:{int(line) + section.line - 1}" if name == section.path and line.isdecimal() else place


def _unnamed(pipeline: Pipeline, section: Section, request: Request) -> Iterator[Sentence]:
    if section.is_whole and hash_file(Path(section.path)) != section.sha256:
        raise _changed(section)
    if section.format == "text":
        pieces = iter_pieces(section.path) if section.is_whole else [_content(section).decode()]
        return pipeline.segment(pieces, request=request)
    if section.format == "parquet":
        sentences = _row_groups(section)
    elif section.is_whole:
        sentences = formats.iter_sentences(section.path, section.format)
    else:
        sentences = formats.iter_sentences(_Content(section), section.format)
    return pipeline.expand(sentences) if request.expand else sentences


class _Content(BytesIO):
    """The bytes of a section as a stream with the name of the file, by which errors call it."""

    def __init__(self, section: Section) -> None:
        super().__init__(_content(section))
        self.name = section.path


def _content(section: Section) -> bytes:
    """The bytes of the section. Raises FormatError if they are not those that were there when the job was planned."""
    try:
        with open(section.path, "rb") as stream:
            stream.seek(section.start)
            content = stream.read(-1 if section.end is None else section.end - section.start)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"cannot be read: {reason}; all machines must see the file at this path"
        raise FormatError(message, path=section.path) from error
    if hashlib.sha256(content).hexdigest() != section.sha256:
        raise _changed(section)
    return content


def _changed(section: Section) -> FormatError:
    return FormatError("the file was changed while it was parsed; start the job again", path=section.path)


def _row_groups(section: Section) -> Iterator[Sentence]:
    from depparse.formats.arrow import ROWS, parquet_file, sentences_from_batches

    with parquet_file(section.path) as file:
        groups = range(section.start, file.metadata.num_row_groups if section.end is None else section.end)
        batches = file.iter_batches(batch_size=ROWS, row_groups=groups)
        place = f"{section.path}, from row group {section.start}"
        yield from sentences_from_batches(file.schema_arrow, batches, place)


def _named(sentences: Iterator[Sentence], section: Section) -> Iterator[Sentence]:
    """The sentences, with the comments that tell their document and their number."""
    if formats.get_format(section.format).has_comments:
        return sentences
    if section.start:
        sentences = _continued(sentences, section)
    else:
        sentences = name_document(sentences, section.document)
    if section.format != "text":
        return name_sentences(sentences, section.prefix)
    return _numbered(sentences, section)


def _numbered(sentences: Iterable[Sentence], section: Section) -> Iterator[Sentence]:
    for number, sentence in enumerate(sentences, section.first):
        sentence.set_comment("sent_id", f"{section.prefix}{number}")
        yield sentence


def _continued(sentences: Iterable[Sentence], section: Section) -> Iterator[Sentence]:
    """The sentences, of which the first does not begin a document and perhaps no paragraph."""
    wrong = {"newdoc"} if section.opens_paragraph else {"newdoc", "newpar"}
    for number, sentence in enumerate(sentences):
        if number == 0:
            sentence.comments = [line for line in sentence.comments if comment_name(line) not in wrong]
        yield sentence
