"""Names for sentences and documents that come from text and have none: ``# newdoc id``, ``# sent_id``, ``# text``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from depparse.document.columns import comment_name
from depparse.document.sentence import Sentence
from depparse.files import PathLike, name_of


def document_names(paths: Sequence[PathLike]) -> list[str]:
    """A name without blanks for the document in each file: its stem, or the path where stems are alike."""
    stems = [Path(name_of(path)).name.split(".")[0] or name_of(path) for path in paths]
    names = [name_of(path) if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)]
    return ["_".join(name.split()) for name in names]


def name_document(sentences: Iterable[Sentence], name: str) -> Iterator[Sentence]:
    """The sentences of one document, the first with ``# newdoc id = name``; changed in place."""
    for number, sentence in enumerate(sentences):
        if number == 0:
            others = [line for line in sentence.comments if comment_name(line) != "newdoc"]
            sentence.comments = [f"# newdoc id = {name}", *others]
        yield sentence


def name_sentences(sentences: Iterable[Sentence], prefix: str = "") -> Iterator[Sentence]:
    """The sentences with ``# sent_id``, the prefix and their number, and ``# text`` if they have none; in place.

    A sent_id that is there gets the prefix.
    """
    for number, sentence in enumerate(sentences, 1):
        if prefix or sentence.sent_id is None:
            sentence.set_comment("sent_id", f"{prefix}{sentence.sent_id or number}")
        if sentence.comment("text") is None:
            sentence.set_comment("text", sentence.text)
        yield sentence
