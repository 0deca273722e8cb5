"""Comments for sentences and documents that come from text without any: ``# newdoc id``, ``# sent_id``, ``# text``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from depparse.document.columns import comment_name
from depparse.document.sentence import Sentence
from depparse.files import PathLike, name_of


def document_names(paths: Sequence[PathLike]) -> list[str]:
    """A name without blanks for the document in each file: the stem of the file, or its path if stems are equal."""
    stems = [Path(name_of(path)).name.split(".")[0] or name_of(path) for path in paths]
    names = [name_of(path) if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)]
    return ["_".join(name.split()) for name in names]


def name_document(sentences: Iterable[Sentence], name: str) -> Iterator[Sentence]:
    """The sentences of one document, of which the first gets ``# newdoc id = name``. They are changed in place."""
    for number, sentence in enumerate(sentences):
        if number == 0:
            comments = [line for line in sentence.comments if comment_name(line) != "newdoc"]
            sentence.comments = [f"# newdoc id = {name}", *comments]
        yield sentence


def name_sentences(sentences: Iterable[Sentence], prefix: str = "") -> Iterator[Sentence]:
    """The sentences, each with a ``# sent_id`` and a ``# text``. They are changed in place.

    A sentence without a sent_id gets its number (from 1). Every sent_id gets the prefix.
    """
    for number, sentence in enumerate(sentences, 1):
        if prefix or sentence.sent_id is None:
            sentence.set_comment("sent_id", f"{prefix}{sentence.sent_id or number}")
        if sentence.comment("text") is None:
            sentence.set_comment("text", sentence.text)
        yield sentence
