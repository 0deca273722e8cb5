"""The catalogue of UD treebanks and the sample treebanks that come with the package; no network is needed."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from depparse.errors import ConfigError, closest

_FAMILIES = {"indo-european": "ie"}  # other name: the one that UD and the catalogue have


@dataclass(frozen=True, slots=True)
class Entry:
    """A treebank of UD. Releases are written ``2.18``; `scripts` are ISO 15924 codes joined by commas."""

    treebank: str
    language: str
    code: str
    iso639_3: str
    family: str
    genus: str
    scripts: str
    first_release: str
    last_release: str
    repository: str


def corpora_folder() -> Path:
    """The folder of the catalogue and the samples: inside an installed package, or beside it in a checkout."""
    package = importlib.resources.files("depparse")
    for folder in (Path(str(package / "corpora")), Path(str(package)).parent / "corpora"):
        if (folder / "catalogue.tsv").is_file():
            return folder
    raise ConfigError(f"the catalogue of treebanks is missing from {package}; install depparse again")


def samples() -> dict[str, Path]:
    """The folders of the sample treebanks that come with the package, by name."""
    return {folder.name: folder for folder in sorted((corpora_folder() / "samples").glob("UD_*")) if folder.is_dir()}


@cache
def _catalogue() -> tuple[Entry, ...]:
    lines = (corpora_folder() / "catalogue.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    names = [field.name for field in fields(Entry)]
    if rows[0] != names:
        raise ConfigError(f"the columns of catalogue.tsv are {', '.join(names)}, not {', '.join(rows[0])}")
    return tuple(Entry(*row) for row in rows[1:])


def newest_release() -> str:
    """The newest release in the catalogue."""
    return max((entry.last_release for entry in _catalogue()), key=release_number)


def release_number(release: str) -> tuple[int, ...]:
    """A release as numbers, to compare releases: 2.9 comes before 2.10."""
    return tuple(map(int, release.split(".")))


def entries(language: str | None = None) -> list[Entry]:
    """The treebanks of the catalogue, or those of a language.

    `language` is its name, UD code or ISO 639-3 code, or else a family or genus, or else a word of a name (``Sami``).
    Case does not matter. Raises ConfigError, with suggestions, if nothing matches.
    """
    catalogue = _catalogue()
    if language is None:
        return list(catalogue)
    wanted = " ".join(language.replace("_", " ").split()).lower()
    wanted = _FAMILIES.get(wanted, wanted)
    keys_of: tuple[Callable[[Entry], Iterable[str]], ...] = (
        lambda entry: (entry.language, entry.code, entry.iso639_3),
        lambda entry: (entry.family, entry.genus),
        lambda entry: entry.language.split(),
    )
    for keys in keys_of:
        if wanted and (matching := [entry for entry in catalogue if wanted in map(str.lower, keys(entry))]):
            return matching
    names = sorted({name for entry in catalogue for keys in keys_of[:2] for name in keys(entry) if len(name) > 3})
    raise ConfigError(f"no treebank of a language or family {language!r}{_meant(closest(wanted, names, 3, 0.7))}")


def find(name: str) -> Entry:
    """The treebank of that name, with or without ``UD_``. Raises ConfigError, with suggestions, if there is none."""
    names = {entry.treebank.lower(): entry for entry in _catalogue()}
    for candidate in (name.lower(), f"ud_{name.lower()}"):
        if candidate in names:
            return names[candidate]
    raise ConfigError(f"no treebank {name!r} in the catalogue{similar(name) or '; see depparse corpora list'}")


def similar(name: str) -> str:
    """The end of an error, a question: did you mean treebanks named like `name`, or ``UD_Language-NAME``?"""
    names = [entry.treebank for entry in _catalogue() if entry.treebank.lower() != name.lower()]
    same_ending = [other for other in names if other.lower().endswith(f"-{name.lower()}")]
    return _meant(same_ending[:3] or closest(name, names, 3, 0.7))


def _meant(names: list[str]) -> str:
    return f"; did you mean {_or(names)}?" if names else ""


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
