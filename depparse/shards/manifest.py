"""The list of finished shards in their folder, ``manifest.jsonl``, by which an interrupted job goes on.

The first line says which job the folder belongs to. Each further line has a shard (what it was made from, its sizes and
its hash) or the number of sentences of a section. Lines are added when something is finished; a last line that is not
whole, of a job that was killed, does not count. When all shards are finished, the list is written anew, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depparse.errors import ConfigError, FormatError
from depparse.files import hash_file, open_output

NAME = "manifest.jsonl"
_SHARD, _COUNT, _TOTAL = "shard", "section", "shards"  # the keys that begin a line


@dataclass(frozen=True, slots=True)
class Shard:
    """A finished shard: its file, the hash of what it was made from, its sizes and the hash of its content.

    `void` are columns of the input whose content did not stay.
    """

    shard: str
    made_from: str
    sentences: int
    words: int
    sha256: str
    void: tuple[str, ...] = ()


class Manifest:
    """The manifest of a folder, which is made if it does not exist.

    `job` says in what jobs may differ: the model, what is asked of it, the format. Raises ConfigError if the folder
    belongs to another job, or holds other files.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any]) -> None:
        self._folder, self._path, self._job = folder, folder / NAME, dict(job)
        self.shards: dict[str, Shard] = {}  # by the name of the file
        self.counts: dict[str, int] = {}  # of sentences, by the hash of a section
        lines = self._read()
        if lines:
            self._check(lines[0])
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(f"{folder} is no folder of shards, and not empty; give a new folder")
        for line in lines[1:]:
            if _SHARD in line:
                self.shards[line[_SHARD]] = Shard(**line | {"void": tuple(line["void"])})
            elif _COUNT in line:
                self.counts[line[_COUNT]] = line["sentences"]
        folder.mkdir(parents=True, exist_ok=True)
        self._write([self._job, *self._counted(), *map(asdict, self.shards.values())])

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        lines = []
        for line in self._path.read_bytes().split(b"\n")[:-1]:
            try:
                lines.append(json.loads(line))
            except ValueError as error:
                raise FormatError(f"no manifest of shards: {error}", path=str(self._path)) from None
        return lines

    def _check(self, found: Mapping[str, Any]) -> None:
        for name in dict.fromkeys([*self._job, *found]):
            ours, theirs = self._job.get(name), found.get(name)
            if json.loads(json.dumps(ours)) != theirs:
                raise ConfigError(
                    f"{self._folder} has shards of another job: there, {name} is {theirs!r}, and here it is {ours!r}; "
                    "give another folder, or remove this one"
                )

    def has(self, shard: str, made_from: str) -> bool:
        """Whether the shard was made from this, and its file is whole."""
        known, path = self.shards.get(shard), self._folder / shard
        return known is not None and known.made_from == made_from and path.is_file() and hash_file(path) == known.sha256

    def add(self, shard: Shard) -> None:
        """Says that the shard is finished."""
        self.shards[shard.shard] = shard
        self._append(asdict(shard))

    def add_count(self, section: str, sentences: int) -> None:
        """Says how many sentences the section with this hash has."""
        self.counts[section] = sentences
        self._append({_COUNT: section, "sentences": sentences})

    def finish(self, shards: Sequence[str]) -> list[str]:
        """Says that these are all shards. Returns the names of others, which were of the same job on other input.

        Their files are removed.
        """
        others = [name for name in self.shards if name not in shards]
        for name in others:
            (self._folder / name).unlink(missing_ok=True)
            del self.shards[name]
        done = [self.shards[name] for name in shards]
        total = {_TOTAL: len(done), "sentences": sum(s.sentences for s in done), "words": sum(s.words for s in done)}
        self._write([self._job, *self._counted(), *map(asdict, done), total])
        return others

    def _counted(self) -> list[dict[str, Any]]:
        return [{_COUNT: section, "sentences": number} for section, number in sorted(self.counts.items())]

    def _append(self, line: Mapping[str, Any]) -> None:
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        with open_output(self._path) as out:
            out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
