"""A job in shards: files are parsed to many files of bounded size, by any number of processes, and after interruptions.

The shards in their order hold what `Pipeline.read` and `Pipeline.annotate_stream` make of all files. What a shard holds
depends on the input, the model and the request, never on the processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Unpack

import depparse
from depparse.arguments import check_number
from depparse.errors import ConfigError, DepparseError
from depparse.formats.first_lines import InputFile
from depparse.formats.table import get_format
from depparse.inference.parts import SEGMENTER
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked
from depparse.segmentation.segmenter import BLOCK as BLOCK_OF_SEGMENTER
from depparse.shards.manifest import Manifest, Shard
from depparse.shards.sections import Section, sections_of
from depparse.shards.work import ModelName, Result, Task, Work, Worker, tries_file
from depparse.text.blocks import BLOCK

WORDS = 100_000  # in a shard, roughly
FORMATS = ("conllu", "parquet")  # of shards
_PATIENCE = 60.0  # seconds until a file system shows what another machine has written

Execute = Callable[[Work, Sequence[Task]], Iterator[Result]]  # does tasks, in any order; results count them from 0


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished job: the files of all shards in order, how many of them were there before, and what they hold.

    `void` are columns of the input whose content did not stay.
    """

    shards: list[Path]
    kept: int
    sentences: int
    words: int
    void: tuple[str, ...]


def in_this_process(work: Work, tasks: Sequence[Task]) -> Iterator[Result]:
    """Does one task after the other, here."""
    worker = Worker(work)
    for number, task in enumerate(tasks):
        yield worker(number, task)


class ShardJob:
    """A job: the model is loaded and the request checked. `run` does it.

    `folder` gets the shards, ``part-000000.conllu`` …, each with about `words` words of the input. It belongs to this
    job: the model, the request, `format` and `words`. The options in `asked` are those of a `Pipeline`. Raises
    ConfigError and ModelError.
    """

    def __init__(
        self, model: ModelName, folder: str | os.PathLike[str], format: str, words: int, **asked: Unpack[Asked]
    ) -> None:
        check_number(words, "the size of a shard", "words")
        if format not in FORMATS:
            raise ConfigError(f"shards are written as {' or '.join(FORMATS)}, not as {format}")
        model = model.absolute()
        self.pipeline: Pipeline = replace(model, device="cpu").load()
        model = model.alike(self.pipeline)
        self.request = self.pipeline.request(**asked)
        self._folder, self._words = Path(folder).absolute(), words
        self._work = Work(model, model.digest(), self.request, format, str(self._folder))
        self._ending = get_format(format).extensions[0]

    def run(self, files: Sequence[InputFile], execute: Execute = in_this_process) -> Summary:
        """Parses the files, except shards that are finished. An error in the input does not stop the other shards.

        Raises ConfigError if the folder belongs to another job, and DepparseError with the first error of all.
        """
        manifest = Manifest(self._folder, self._description())
        segments = self.pipeline.segmenter is not None and SEGMENTER not in self.request.without
        block_size = BLOCK_OF_SEGMENTER if segments else BLOCK
        if self.request.choice(self.pipeline.languages).is_auto and any(file.format != "text" for file in files):
            raise ConfigError(
                "in shards, the language is found only in text: a sentence in another format might be cut off from its "
                "paragraph; name the language (--language) or the treebank (--treebank)"
            )
        sections = list(sections_of(files, self._words, block_size, presplit=self.request.presplit))
        counted = self._counted(sections, manifest, execute)
        shards = {f"part-{number:06d}{self._ending}": shard for number, shard in enumerate(self._grouped(counted))}
        origins = {name: _hash([section.identity for section in shard]) for name, shard in shards.items()}
        missing = [name for name in shards if not manifest.has(name, origins[name])]
        for name in missing:
            tries_file(self._folder / name).unlink(missing_ok=True)
        errors: dict[int, str] = {}
        for result in execute(self._work, [Task(shards[name], name) for name in missing]):
            if result.error:
                errors[result.number] = _error(result)
                continue
            name = missing[result.number]
            _wait_for(self._folder / name)
            sizes = (result.sentences, result.words, result.sha256, result.void)
            manifest.add(Shard(name, origins[name], *sizes))
        _raise_first(errors, f"of {len(shards)} shards")
        manifest.finish(list(shards))
        for file in self._folder.glob(".part-*.part"):  # of processes that were killed
            file.unlink(missing_ok=True)
        done = [manifest.shards[name] for name in shards]
        void = dict.fromkeys(column for shard in done for column in shard.void)
        totals = sum(shard.sentences for shard in done), sum(shard.words for shard in done)
        return Summary([self._folder / name for name in shards], len(shards) - len(missing), *totals, tuple(void))

    def _description(self) -> dict[str, Any]:
        """In what jobs may differ."""
        request = self.request
        asked = {name: getattr(request, name) for name in request.asked if name != "batch_words"}
        options = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asked.items()}
        work = self._work
        return {
            "depparse": depparse.__version__,
            "model": work.digest,
            "device": work.model.device,
            "format": work.format,
            "words": self._words,
            "options": options,
        }

    def _counted(self, sections: list[Section], manifest: Manifest, execute: Execute) -> list[Section]:
        """The sections, each with the number of its first sentence.

        For that, the sentences of a section of text are counted if another section of the file follows.
        """
        followed = [section for section, after in pairwise(sections) if section.format == "text" and after.start]
        unknown = list({a.sha256: a for a in followed if a.sha256 not in manifest.counts}.values())
        errors: dict[int, str] = {}
        for result in execute(self._work, [Task((section,)) for section in unknown]) if unknown else ():
            if result.error:
                errors[result.number] = _error(result)
            else:
                manifest.add_count(unknown[result.number].sha256, result.sentences)
        _raise_first(errors, f"of {len(unknown)} sections of text")
        numbered: list[Section] = []
        for section in sections:
            if section.format == "text" and section.start:
                before = numbered[-1]
                section = replace(section, first=before.first + manifest.counts[before.sha256])
            numbered.append(section)
        return numbered

    def _grouped(self, sections: Sequence[Section]) -> Iterator[tuple[Section, ...]]:
        """The sections of each shard: as many small ones as fit."""
        shard: list[Section] = []
        size = 0
        for section in sections:
            if shard and size + section.words > self._words:
                yield tuple(shard)
                shard, size = [], 0
            shard.append(section)
            size += section.words
        if shard:
            yield tuple(shard)


def _hash(identities: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(identities).encode()).hexdigest()


def _error(result: Result) -> str:
    """The error of a result. One that is fatal is raised at once."""
    if result.fatal:
        raise DepparseError(result.error)
    return result.error


def _raise_first(errors: dict[int, str], of_all: str) -> None:
    """Raises the error of the first task, if there is one; it says how many other tasks failed."""
    if errors:
        first = errors[min(errors)]
        more = f" (and {len(errors) - 1} more errors)" if len(errors) > 1 else ""
        raise DepparseError(f"{len(errors)} {of_all} could not be made; the others are there: {first}{more}")


def _wait_for(path: Path) -> None:
    """Waits until the file is there. Raises DepparseError if it does not come."""
    end = time.monotonic() + _PATIENCE
    while not path.is_file():
        if time.monotonic() > end:
            raise DepparseError(f"{path} was written on another machine and is not here; give a folder that all share")
        time.sleep(1)
