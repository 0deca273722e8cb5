"""The facts of a model: how it was made, from which data, under which licences, and its scores.

They are stored in ``facts.json`` of a model folder, and `depparse.model_folder.card` renders them for people. Files are
named without their folders, and commands without absolute paths, so that nothing about the machine that made the model
is revealed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from depparse.config import Config, parse
from depparse.errors import ConfigError, ModelError
from depparse.files import hash_file
from depparse.treebanks.catalogue import entries

# An absolute path, of Unix or Windows, at the beginning of an argument or a value.
_PATH = re.compile(r"""(?<![\w.~:/\\-])(?:/|[A-Za-z]:[/\\])[^\s'",=]*""")
_DEPTH = 20  # the longest chain of models that were each made from the next


class DataFile(Config):
    """A data file on which a model was trained, chosen or tested."""

    split: str  # train, dev, test, or text that only a teacher annotated
    file: str
    sha256: str
    treebank: str = ""
    language: str = ""  # as UD names it; empty if the name of the file does not tell
    licence: str = ""  # as stated in the treebank's README


class ScoreRow(Config):
    """The official scores of one data file."""

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
    """Another model folder, by its name and the SHA-256 of its manifest."""

    name: str
    manifest_sha256: str
    commit: str = ""  # of the repository `name` on the Hugging Face hub, if the folder was fetched from there

    @classmethod
    def of(cls, name: str | os.PathLike[str], folder: Path) -> Origin:
        """The origin `folder`, which the user named `name`: a model of that name, an id on the hub, or a path.

        The path of a folder in the cache of the hub stands for the id of its repository.
        """
        digest = hash_file(folder / "manifest.json")
        repository, snapshots, commit = folder.parts[-3:] if len(folder.parts) > 2 else ("", "", "")
        is_cached = snapshots == "snapshots" and repository.startswith("models--")
        hub_id = repository.removeprefix("models--").replace("--", "/") if is_cached else ""
        if is_cached and os.fspath(name) in (hub_id, os.fspath(folder)):
            return cls(name=hub_id, manifest_sha256=digest, commit=commit)
        return cls(name=without_paths(os.fspath(name)), manifest_sha256=digest)


class Packing(Config):
    """How a model and a segmenter were packed into one folder."""

    command: str = ""
    depparse: str
    model: Origin | None = None
    segmenter: Origin | None = None
    left_out: tuple[str, ...] = ()
    weights: str
    size: int  # of the weights, in bytes


class Facts(Config):
    """All facts of a model folder, with those of the models that it was made from, so that no licence gets lost."""

    format: Literal[1] = 1
    head: str = ""  # Markdown for the beginning of the card
    licence: str = ""  # of the model as a whole
    training: Training | None = None
    data: tuple[DataFile, ...] = ()
    scores: tuple[ScoreRow, ...] = ()  # of the weights in this folder
    packing: Packing | None = None
    base: Base | None = None  # the model that training began with
    teachers: tuple[Taught, ...] = ()  # the models whose opinions it learned
    model: Facts | None = None  # facts of the model that was packed
    segmenter: Facts | None = None  # facts of the segmenter that was packed

    def all(self) -> Iterator[Facts]:
        """These facts, and those of all models that this one was made from."""
        yield self
        teachers = (teacher.facts for teacher in self.teachers)
        for part in (self.model, self.base.facts if self.base is not None else None, *teachers, self.segmenter):
            if part is not None:
                yield from part.all()

    def all_data(self) -> list[DataFile]:
        """Every file on which any part of the model was trained, chosen or tested, each once."""
        files = {(file.split, file.file, file.sha256): file for facts in self.all() for file in facts.data}
        return list(files.values())

    def licences(self) -> list[str]:
        """The licences of the model, and of those that it was made from."""
        return list(dict.fromkeys(facts.licence for facts in self.all() if facts.licence))

    def languages(self) -> list[str]:
        """The languages of the data, as UD names them."""
        return list(dict.fromkeys(file.language for file in self.all_data() if file.language))

    def scores_of(self, columns: Collection[str], *, segments: bool) -> tuple[ScoreRow, ...]:
        """The `known_scores` that are those of a model that writes these columns and, if it `segments`, reads raw text.

        The facts may tell more, of parts that were left out.
        """
        from depparse.evaluation.metrics import metrics

        others = {metric.name for metric in metrics() if metric.columns and not metric.tells_of(columns)}
        rows = [
            row.model_copy(update={"f1": {name: f1 for name, f1 in row.f1.items() if name not in others}})
            for row in self.known_scores()
            if segments or row.source == "words"
        ]
        return tuple(row for row in rows if row.f1)

    def without_parts(self, left_out: Sequence[str], packing: Packing) -> Facts:
        """The facts of a model whose facts are these, without these parts; `packing` says what is left of it."""
        return Facts(
            packing=packing.model_copy(update={"left_out": tuple(left_out)}),
            model=self if packing.model is not None else None,
            segmenter=self if packing.model is None else None,
        )

    def known_scores(self) -> tuple[ScoreRow, ...]:
        """The scores of the weights in this folder or, if nobody measured these, of the model that was packed."""
        packed = self.model or self.segmenter
        return self.scores or (packed.known_scores() if packed is not None else ())


class Base(Config):
    """The model that training began with."""

    origin: Origin
    frozen: bool  # all of it but the tasks that were trained
    facts: Facts


class Taught(Config):
    """A model whose opinions another one learned."""

    origin: Origin
    facts: Facts


Facts.model_rebuild()


def facts_from(data: Any, place: str) -> Facts:
    """The facts in `data`, the content of the file `place`. Raises ModelError."""
    depth, level = 0, [data]
    while level := [value for item in level for value in _inside(item)]:
        depth += 1
        if depth > 4 * _DEPTH:
            raise ModelError(f"{place}: models within models, more than {_DEPTH} deep")
    try:
        return parse(Facts, data)
    except ConfigError as error:
        raise ModelError(f"{place}: {str(error).replace('config key', 'the key')}") from None


def _inside(value: Any) -> list[Any]:
    """The values in an object or a list of JSON; none in anything else."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def without_paths(text: str) -> str:
    """The text of a command or a name, with absolute paths cut to their last part."""
    return _PATH.sub(lambda match: _last_part(match[0]), text)


def _last_part(path: str) -> str:
    """The name of a file or folder. That of a folder ``model`` includes the folder it is in, which is that of a run."""
    *folders, name = re.split(r"[/\\]+", path.rstrip("/\\"))
    return f"{folders[-1]}/{name}" if name == "model" and folders and folders[-1] else name or "/"


def language_of(file: str) -> str:
    """The language of a file with a name as in UD, such as ``sv_talbanken-ud-train.conllu``; empty for other names."""
    code = re.match(r"([a-z]{2,3})_[a-z0-9]+-", Path(file).name)
    return next((entry.language for entry in entries() if code and entry.code == code[1]), "")


def licence_of(markdown: str) -> str:
    """The first line under the heading Licence; empty if there is none."""
    text = markdown.partition("\n## Licence\n")[2].partition("\n## ")[0].strip()
    return text.splitlines()[0].strip("`. ") if text else ""
