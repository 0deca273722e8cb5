"""What is known of a model besides its network: how it was made, of which data, under which licences, and its scores.

``facts.json`` of a model folder holds it; `depparse.model_folder.card` renders it for people. Files are named without
their folders, and commands too, so that nothing of the machine that made the model is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from depparse.config import Config, parse
from depparse.errors import ConfigError, ModelError
from depparse.files import hash_file
from depparse.treebanks.catalogue import entries

# An absolute path, of Unix or Windows, that begins an argument or a value.
_PATH = re.compile(r"""(?<![\w.~:/\\-])(?:/|[A-Za-z]:[/\\])[^\s'",=]*""")
_DEPTH = 20  # models that a model was made of, one of the other


class DataFile(Config):
    """A file that a model was trained, chosen or tested on."""

    split: str  # train, dev or test
    file: str
    sha256: str
    treebank: str = ""
    language: str = ""  # as UD names it; empty if the name of the file does not tell
    licence: str = ""  # as the treebank's README has it


class ScoreRow(Config):
    """The official scores of one file."""

    data: str  # dev, test, or the name of the file
    source: Literal["words", "text"]  # what was analysed: the gold words, or the raw text
    f1: dict[str, float]  # by metric, fractions of 1


class Training(Config):
    """How the weights were learned."""

    command: str
    depparse: str
    torch: str
    seeds: tuple[int, ...]
    threads: int
    minutes: float
    words_per_second: float
    peak_memory_mib: float | None = None


class Origin(Config):
    """Another model folder, or what it was called."""

    name: str
    manifest_sha256: str

    @classmethod
    def of(cls, name: str | os.PathLike[str], folder: Path) -> Origin:
        """The model in `folder`, which was asked for by this name: a bundled one, an id of the hub, or a path."""
        return cls(name=without_paths(os.fspath(name)), manifest_sha256=hash_file(folder / "manifest.json"))


class Packing(Config):
    """How a model and a segmenter were made one folder."""

    command: str = ""
    depparse: str
    model: Origin | None = None
    segmenter: Origin | None = None
    left_out: tuple[str, ...] = ()
    weights: str
    size: int  # of the weights, in bytes


class Facts(Config):
    """All facts of a folder. Those of the models that it was made of are inside, so that no licence gets lost."""

    format: Literal[1] = 1
    head: str = ""  # Markdown for the beginning of the card
    licence: str = ""  # of the model as a whole
    training: Training | None = None
    data: tuple[DataFile, ...] = ()
    scores: tuple[ScoreRow, ...] = ()  # of the weights in this folder
    packing: Packing | None = None
    base: Base | None = None  # what training began with
    model: Facts | None = None  # of the model and the segmenter that were packed
    segmenter: Facts | None = None

    def all(self) -> Iterator[Facts]:
        """These facts, and those of all models that this one was made of."""
        yield self
        for part in (self.model, self.base.facts if self.base is not None else None, self.segmenter):
            if part is not None:
                yield from part.all()

    def all_data(self) -> list[DataFile]:
        """Every file that anything in the model learned of or was tested on, once."""
        files = {(file.split, file.file, file.sha256): file for facts in self.all() for file in facts.data}
        return list(files.values())

    def licences(self) -> list[str]:
        """The licences of the model, and of those that it was made of."""
        return list(dict.fromkeys(facts.licence for facts in self.all() if facts.licence))

    def languages(self) -> list[str]:
        """The languages of the data, as UD names them."""
        return list(dict.fromkeys(file.language for file in self.all_data() if file.language))

    def known_scores(self) -> tuple[ScoreRow, ...]:
        """The scores of the weights in this folder or, if nobody measured these, of the model that was packed."""
        packed = self.model or self.segmenter
        return self.scores or (packed.known_scores() if packed is not None else ())


class Base(Config):
    """The model that training began with."""

    origin: Origin
    frozen: bool  # all of it but the tasks that were trained
    facts: Facts


Facts.model_rebuild()


def facts_from(data: Any, place: str) -> Facts:
    """The facts in the content of a file. Raises ModelError."""
    depth, inner = 0, [data]
    while inner := [value for item in inner for value in _inside(item)]:
        depth += 1
        if depth > 4 * _DEPTH:
            raise ModelError(f"{place}: models within models, more than {_DEPTH} deep")
    try:
        return parse(Facts, data)
    except ConfigError as error:
        raise ModelError(f"{place}: {str(error).replace('config key', 'the key')}") from None


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def without_paths(text: str) -> str:
    """A command or a name with absolute paths cut to their last part."""
    return _PATH.sub(lambda match: _last_part(match[0]), text)


def _last_part(path: str) -> str:
    """The name of a file or folder; of the folder ``model`` of a run, with that of the run."""
    *folders, name = re.split(r"[/\\]+", path.rstrip("/\\"))
    return f"{folders[-1]}/{name}" if name == "model" and folders and folders[-1] else name or "/"


def language_of(file: str) -> str:
    """The language of a file that is named as UD does it, ``sv_talbanken-ud-train.conllu``; empty if it is not."""
    code = re.match(r"([a-z]{2,3})_[a-z0-9]+-", Path(file).name)
    return next((entry.language for entry in entries() if code and entry.code == code[1]), "")


def licence_of(markdown: str) -> str:
    """The first line under the heading Licence."""
    text = markdown.partition("\n## Licence\n")[2].partition("\n## ")[0].strip()
    return text.splitlines()[0].strip("`. ") if text else ""
