"""Comments for sentences and documents that come from text without any: ``# newdoc id``, ``# sent_id``, ``# text``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from depparse.document.columns import comment_name
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.files import STANDARD_INPUT, PathLike, name_of


def document_names(paths: Sequence[PathLike]) -> list[str]:
    """A name without blanks for the document in each file: the stem of the file, or its path if stems are equal."""
    stems = [Path(name_of(path)).name.split(".")[0] or name_of(path) for path in paths]
    names = [name_of(path) if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)]
    return ["_".join(name.split()) for name in names]


def output_files(paths: Sequence[PathLike], folder: Path, ending: str) -> list[Path]:
    """A file in `folder` for each input file: with its name, but with this ending. Raises ConfigError for two alike."""
    outputs: dict[Path, str] = {}
    for path in map(name_of, paths):
        if path == STANDARD_INPUT:
            raise ConfigError("standard input has no name for a file in a folder; give --output FILE")
        name = Path(path.removesuffix(".gz"))
        output = folder / f"{name.stem or name.name}{ending}"
        if output in outputs:
            raise ConfigError(f"{outputs[output]} and {path} would both be written to {output}; give them other names")
        if output.exists() and any(output.samefile(other) for other in paths):
            raise ConfigError(f"{output} would be written over the input; choose another folder")
        outputs[output] = path
    return list(outputs)


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
