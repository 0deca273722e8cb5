"""The catalogue of UD treebanks and the sample treebanks that come with the package. No network here."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from depparse.errors import ConfigError, closest

_FAMILIES = {"indo-european": "ie"}  # the catalogue has UD's short name


@dataclass(frozen=True, slots=True)
class Entry:
    """A treebank of UD: releases are ``2.18`` and the like, `scripts` are ISO 15924 codes joined by commas."""

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
    """Where the catalogue and the samples are: inside an installed package, or beside it in a checkout."""
    package = importlib.resources.files("depparse")
    for folder in (Path(str(package / "corpora")), Path(str(package)).parent / "corpora"):
        if (folder / "catalogue.tsv").is_file():
            return folder
    raise ConfigError(f"the catalogue of treebanks is missing from {package}; install depparse again")


def samples() -> dict[str, Path]:
    """The sample treebanks that come with the package: name to folder."""
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
    """Releases as numbers, to compare them: 2.9 comes before 2.10."""
    return tuple(map(int, release.split(".")))


def entries(language: str | None = None) -> list[Entry]:
    """The treebanks of the catalogue, or those of a language.

    `language` is its name, UD code or ISO 639-3 code; failing that a family or genus, or a word of a name
    (``Sami``). Case does not matter. ConfigError with suggestions if nothing matches.
    """
    catalogue = _catalogue()
    if language is None:
        return list(catalogue)
    wanted = " ".join(language.replace("_", " ").split()).lower()
    wanted = _FAMILIES.get(wanted, wanted)
    ways: tuple[Callable[[Entry], Iterable[str]], ...] = (
        lambda entry: (entry.language, entry.code, entry.iso639_3),
        lambda entry: (entry.family, entry.genus),
        lambda entry: entry.language.split(),
    )
    for way in ways:
        if wanted and (found := [entry for entry in catalogue if wanted in map(str.lower, way(entry))]):
            return found
    known = sorted({name for entry in catalogue for way in ways[:2] for name in way(entry) if len(name) > 3})
    raise ConfigError(f"no treebank of a language or family {language!r}{_meant(closest(wanted, known, 3, 0.7))}")


def find(name: str) -> Entry:
    """The treebank of that name, with or without ``UD_``. ConfigError with suggestions if there is none."""
    names = {entry.treebank.lower(): entry for entry in _catalogue()}
    for candidate in (name.lower(), f"ud_{name.lower()}"):
        if candidate in names:
            return names[candidate]
    raise ConfigError(f"no treebank {name!r} in the catalogue{similar(name) or '; see depparse corpora list'}")


def similar(name: str) -> str:
    """A question for the end of an error: treebanks with a name like `name`, or with its part after the dash."""
    names = [entry.treebank for entry in _catalogue() if entry.treebank.lower() != name.lower()]
    same = [known for known in names if known.lower().endswith(f"-{name.lower()}")]
    return _meant(same[:3] or closest(name, names, 3, 0.7))


def _meant(names: list[str]) -> str:
    return f"; did you mean {_or(names)}?" if names else ""


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
