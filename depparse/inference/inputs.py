"""Reading of all inputs of a pipeline (text, documents, lists of tokens and files) as sentences to be annotated."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import chain, islice
from types import NoneType
from typing import Any, Protocol, runtime_checkable

from depparse.arguments import check_iterable, check_path, check_type, shown
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.files import STANDARD_INPUT, name_of
from depparse.formats import table as formats
from depparse.formats.first_lines import InputFile, InputPath, input_files
from depparse.inference.annotator import Annotator, Group
from depparse.text import rules
from depparse.text.naming import document_names, name_document, name_sentences
from depparse.text.pieces import iter_pieces
from depparse.text.presplit import segment_lines
from depparse.treebanks.languages import Languages

Input = str | Document | Iterable[Sequence[str]]
Given = str | Document | list[list[str]]  # a checked input
_CHARS_A_WORD = 6  # a rough estimate, by which texts are counted in words


class Segmenter(Protocol):
    """A splitter of text: that of `depparse.segmentation`, or any other with these methods."""

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text that comes in pieces, with their tokens and words."""

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences, whose words are tokens so far, with the multiword tokens among these split into words."""


@runtime_checkable
class SegmentsTogether(Protocol):
    """A segmenter that is faster on several short texts at once."""

    def segment_all(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """The sentences of each text."""


def each(inputs: object) -> Iterable[Any]:
    """The items of an iterable, or of what has a length and items by number, such as a data set of torch.

    Raises ConfigError for anything else.
    """
    if isinstance(inputs, Iterable):
        return inputs
    if not isinstance(inputs, Sized) or not hasattr(inputs, "__getitem__"):
        raise ConfigError(f"pipe takes many texts or documents, not {shown(inputs)}; call the pipeline itself for one")
    return map(inputs.__getitem__, range(len(inputs)))


@dataclass(frozen=True, slots=True)
class InputReader:
    """Makes sentences of inputs. Without a `segmenter`, text is split by rules.

    With `presplit`, each line of text is a sentence. With `expand`, multiword tokens are found among the words of
    inputs that are not text. With `languages`, the sentences of each input say their languages (`Languages.mark`).
    """

    segmenter: Segmenter | None
    presplit: bool = False
    expand: bool = False
    languages: Languages | None = None

    def __post_init__(self) -> None:
        if self.expand and self.segmenter is None:
            raise ConfigError("expanding multiword tokens takes a segmenter, and the pipeline has none at work")

    def check(self, given: object) -> Given:
        """The input, with other iterables turned into lists. Raises ConfigError if it is of no kind that is taken."""
        if self.presplit and not isinstance(given, str):
            raise ConfigError("presplit is for text, a sentence a line; other input has its sentences already")
        if isinstance(given, (str, Document)):
            return given
        expected = "expected a text, a Document or sentences as lists of tokens"
        if isinstance(given, (bytes, bytearray)) or not isinstance(given, Iterable):
            raise ConfigError(f"{expected}, not {type(given).__name__}")
        sentences = []
        for number, tokens in enumerate(given, 1):
            if isinstance(tokens, str):
                raise ConfigError(f"{expected}, not a list of texts; pipe(texts) takes those")
            if isinstance(tokens, Sentence) or not isinstance(tokens, Iterable):
                raise ConfigError(f"{expected}; sentence {number} is of type {type(tokens).__name__}")
            sentences.append(list(tokens))
            if not sentences[-1] or not all(isinstance(token, str) and token.strip() for token in sentences[-1]):
                raise ConfigError(f"sentence {number} has no tokens, or one that is no text or blank; leave them out")
        return sentences

    def check_all(self, inputs: Iterable[object]) -> Iterator[Given]:
        """Each input, checked; the error of a wrong one says which it is."""
        for number, given in enumerate(inputs, 1):
            try:
                yield self.check(given)
            except ConfigError as error:
                raise ConfigError(f"input {number}: {error}") from None

    def sentences(self, given: Given) -> Iterable[Sentence]:
        """The sentences of an input: the very ones of a Document, or new ones without annotation."""
        if isinstance(given, str):
            return self.segment([given])
        if isinstance(given, list):
            given = Document(name_sentences(map(Sentence.from_forms, given)))
        return self.expanded(given) if self.expand else self._marked(given)

    def expanded(self, sentences: Iterable[Sentence]) -> Iterable[Sentence]:
        """New sentences with the tokens, comments and MISC of the given ones, with multiword tokens expanded."""
        assert self.segmenter is not None
        check_iterable(sentences, "the input", "a Document or a list of sentences")
        return self.segmenter.expand(self._marked(map(_surface, sentences)))

    def _marked(self, sentences: Iterable[Sentence]) -> Iterable[Sentence]:
        return sentences if self.languages is None else self.languages.mark(sentences)

    def sentences_of_all(self, inputs: Sequence[Given]) -> list[list[Sentence]]:
        """The sentences of each of several inputs; texts are segmented together if the segmenter can do so."""
        texts = [given for given in inputs if isinstance(given, str)]
        segmenter: object = self.segmenter
        if not isinstance(segmenter, SegmentsTogether) or self.presplit or len(texts) < 2:
            return [list(self.sentences(given)) for given in inputs]
        segmented = iter(segmenter.segment_all(texts))
        return [
            list(self._marked(next(segmented))) if isinstance(given, str) else list(self.sentences(given))
            for given in inputs
        ]

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text, or of one that comes in pieces."""
        check_type(pieces, Iterable, "a text to be segmented", "text, or its pieces")
        pieces = [pieces] if isinstance(pieces, str) else map(_piece, pieces)
        segment = rules.segment if self.segmenter is None else self.segmenter.segment
        return iter(self._marked(segment_lines(segment, pieces) if self.presplit else segment(pieces)))

    def read(self, paths: InputPath | Sequence[InputPath], format: str | None) -> Iterator[Sentence]:
        """The sentences of files; see `Pipeline.read`."""
        paths = [paths] if isinstance(paths, (str, os.PathLike, InputFile)) else paths
        check_iterable(paths, "paths", "a list of files")
        for path in paths:
            check_path(path.path if isinstance(path, InputFile) else path, "a file")
        check_type(format, (str, NoneType), "format", "the name of a format")
        files = input_files(paths, format, unknown="text" if self.presplit else None)
        for file in files:
            if self.presplit and file.format != "text":
                raise ConfigError(
                    f"presplit is for text, a sentence a line, but {name_of(file.path)} is read as {file.format}"
                )
        return self._read(files)

    def _read(self, files: list[InputFile]) -> Iterator[Sentence]:
        for file, document in zip(files, document_names([file.path for file in files]), strict=True):
            if file.format == "text":
                sentences = self.segment(iter_pieces(file.content))
            else:
                sentences = formats.iter_sentences(file.content, file.format)
                sentences = iter(self.expanded(sentences) if self.expand else self._marked(sentences))
            if not formats.get_format(file.format).has_comments:
                sentences = name_sentences(sentences, f"{document}-" if len(files) > 1 else "")
                if name_of(file.path) != STANDARD_INPUT:
                    sentences = name_document(sentences, document)
            yield from sentences


def _piece(piece: object) -> str:
    """The piece of text. Raises ConfigError if it is none."""
    if not isinstance(piece, str):
        raise ConfigError(f"a piece of text is text, not {shown(piece)}")
    return piece


def _surface(sentence: Sentence) -> Sentence:
    """A new sentence whose words are the tokens of the given one."""
    check_type(sentence, Sentence, "a sentence to be expanded", "a Sentence")
    tokens = sentence.tokens
    columns = {"FORM": [token.text for token in tokens], "MISC": [token.misc or "_" for token in tokens]}
    return Sentence(columns, sentence.comments)


def jobs_of(inputs: Iterable[Given], size: int, words: int) -> Iterator[list[Given]]:
    """Lists of consecutive inputs: at most `size` in each, with about `words` words."""
    job: list[Given] = []
    n_words = 0
    for given in inputs:
        job.append(given)
        n_words += len(given) // _CHARS_A_WORD if isinstance(given, str) else sum(len(s) + 1 for s in given)
        if len(job) == size or n_words >= words:
            yield job
            job, n_words = [], 0
    if job:
        yield job


def annotate_inputs(reader: InputReader, annotator: Annotator, inputs: list[Given]) -> list[list[Sentence]]:
    """The annotated sentences of each input; all inputs share batches."""
    documents = reader.sentences_of_all(inputs)
    groups = annotator.groups(chain.from_iterable(documents))
    annotated = (copies for group in groups for copies in annotator.annotate_group(group))
    return [list(chain.from_iterable(islice(annotated, len(document)))) for document in documents]


def annotate_group(annotator: Annotator, group: Group) -> list[list[Sentence]]:
    """The annotated copies of each sentence of a group, in order."""
    return list(annotator.annotate_group(group))
