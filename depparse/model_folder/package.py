"""A model folder as a Python package for pip: a wheel, or what makes the folder itself installable.

The package holds the files of the folder and no code. Its entry point of the group ``depparse.models`` tells
`depparse.model_folder.find` where they are. All that people and tools read of it comes from the facts and the card.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import textwrap
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from depparse import __version__
from depparse.errors import ConfigError, ModelError
from depparse.model_folder.contents import read_card
from depparse.model_folder.description import check_folder, read_facts
from depparse.model_folder.facts import Facts
from depparse.model_folder.find import CARD, FACTS, FILES, FOLDER, GROUP
from depparse.model_folder.metadata import without_front_matter
from depparse.model_folder.store import replacing

# A name of a package, as PyPA defines it: the names of the package and of its file are made of that of the model.
_NAME = re.compile(r"[A-Za-z0-9]|[A-Za-z0-9][\w.-]*[A-Za-z0-9]", re.ASCII)
_KEYWORDS = ("depparse", "Universal Dependencies", "dependency parsing")
_CLASSIFIERS = ("Intended Audience :: Science/Research", "Topic :: Text Processing :: Linguistic")
# The languages of UD for which PyPI has a classifier, which is the only kind that it accepts.
_CLASSIFIED = frozenset(
    "Afrikaans Arabic Basque Bengali Bulgarian Cantonese Catalan Croatian Czech Danish Dutch English Esperanto Finnish "
    "French Galician Georgian German Greek Hebrew Hindi Hungarian Icelandic Indonesian Irish Italian Japanese Javanese "
    "Korean Latin Latvian Lithuanian Macedonian Marathi Norwegian Persian Polish Portuguese Romanian Russian Serbian "
    "Slovak Slovenian Spanish Swedish Tamil Telugu Thai Turkish Ukrainian Urdu Vietnamese".split()
)
_TAG, _PYTHON = "py3-none-any", ">=3"  # data for any machine; depparse itself says which Python it needs
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the time of all files in a wheel, so that equal folders give equal wheels


@dataclass(frozen=True, slots=True)
class Package:
    """The package of a model: its name and version, and all that follows from these."""

    model: str  # the name by which `depparse.load` finds it
    version: str

    @classmethod
    def of(cls, model: str, version: str) -> Package:
        """The package. Raises ConfigError for a name or a version that no package can have."""
        if not _NAME.fullmatch(model):
            rule = "letters, digits and, between them, . _ -"
            raise ConfigError(f"a model cannot have the name {model!r} in a package: it needs {rule}; give a --name")
        if (FOLDER / model).is_dir():
            raise ConfigError(f"{model} is a model that comes with depparse and is found first; give another --name")
        try:
            return cls(model, str(Version(version)))
        except InvalidVersion:
            raise ConfigError(f"{version!r} is no version of a package, such as 1.0 or 2.0.dev1") from None

    @property
    def name(self) -> str:
        """The name by which pip installs and uninstalls it."""
        return canonicalize_name(f"depparse-model-{self.model}")

    @property
    def module(self) -> str:
        """The package of Python, which is the model's folder."""
        return self.name.replace("-", "_")

    @property
    def init(self) -> str:
        """The content of ``__init__.py``."""
        return f'"""Data of a model of depparse: ``depparse.load("{self.model}")``."""\n'

    def wheel_in(self, output: Path) -> Path:
        """The path of the wheel in a folder. Raises ModelError if no new file can be there."""
        path = output / f"{self.module}-{self.version}-{_TAG}.whl"
        if output.is_file() or output.suffix == ".whl":
            raise ModelError(f"{output}: a wheel is named after its package; give the folder to write it into")
        if path.exists():
            raise ModelError(f"{path}: exists; give another --version or folder, or remove it")
        return path


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the package says about the model."""

    summary: str
    licence: str  # empty if the model states none
    is_spdx: bool  # whether the licence is an expression of SPDX, which tools understand
    keywords: list[str]
    classifiers: list[str]
    requires: str

    @classmethod
    def of(cls, folder: Path) -> _Metadata:
        """What the facts and the card of a model folder say. Warns if no tool can tell its licence.

        Raises ModelError if the folder is no model, or damaged.
        """
        check_folder(folder)
        facts = read_facts(folder)
        licence, is_spdx = _licence(facts)
        if not licence:
            warnings.warn("the model states no licence, without which nobody may use it; see --card", stacklevel=3)
        elif not is_spdx:
            wrong = f"the licence {licence!r} is no expression of SPDX such as CC-BY-SA-4.0; see --card"
            warnings.warn(wrong, stacklevel=3)
        card = without_front_matter(read_card(folder))
        title = next(iter(card.splitlines()), "").lstrip("# ") or "A model of depparse"
        languages = facts.languages()
        return cls(
            summary=textwrap.shorten(_printable(title), 500, placeholder=" …"),  # PyPI takes up to 512 characters
            licence=licence,
            is_spdx=is_spdx,
            keywords=[*_KEYWORDS, *(_printable(name.replace(",", " ")) for name in languages)],
            classifiers=[*_CLASSIFIERS, *(f"Natural Language :: {name}" for name in languages if name in _CLASSIFIED)],
            requires=f"depparse>={_needed(facts)}",
        )


def _licence(facts: Facts) -> tuple[str, bool]:
    """The licence of the model, of all its parts if none is stated of the whole, and whether it is of SPDX."""
    licences = [facts.licence] if facts.licence else facts.licences()
    parts = list(dict.fromkeys(map(_spdx, licences)))
    if not all(parts):
        return _printable("; ".join(licences)), False
    return " AND ".join(f"({part})" if " OR " in part and len(parts) > 1 else part for part in parts), True


def _spdx(licence: str) -> str:
    """The licence as an expression of SPDX, also if it is written as "CC BY-SA 4.0"; empty if it is none."""
    for text in (licence, licence.replace(" ", "-")):
        with contextlib.suppress(InvalidLicenseExpression):
            return canonicalize_license_expression(text)
    return ""


def _needed(facts: Facts) -> str:
    """The version of depparse that wrote the folder, which no older one need be able to read."""
    for source in (facts.packing, facts.training):
        try:
            if source is not None:
                return Version(source.depparse).public
        except InvalidVersion:
            pass
    return __version__


def _printable(text: str) -> str:
    """The text in one line, without characters that are no text, which a line of metadata cannot have."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _files(folder: Path) -> list[str]:
    """The names of the files of a model folder."""
    return [name for name in (*FILES, FACTS, CARD, "manifest.json") if (folder / name).is_file()]


def write_project(folder: Path, output: Path, package: Package) -> None:
    """Writes to `output` a copy of a model folder that is also the source of its package: ``pip install ./output``.

    Raises ModelError if the folder is no model, or if there is something else at `output`, or it cannot be written.
    """
    about, files = _Metadata.of(folder), _files(folder)
    with replacing(output) as temporary:
        for name in files:
            shutil.copyfile(folder / name, temporary / name)
        (temporary / "__init__.py").write_text(package.init, encoding="utf-8")
        card = without_front_matter(read_card(folder))
        (temporary / "pyproject.toml").write_text(_project(package, about, files, card), encoding="utf-8")


def _project(package: Package, about: _Metadata, files: list[str], card: str) -> str:
    """The content of pyproject.toml. JSON is TOML where it holds strings, and lists of them."""
    values = {
        "name": package.name, "version": package.version, "description": about.summary, "requires-python": _PYTHON,
        **({"readme.text": card, "readme.content-type": "text/markdown"} if CARD in files else {}),
        **({"license" if about.is_spdx else "license.text": about.licence} if about.licence else {}),
        "keywords": about.keywords, "classifiers": about.classifiers, "dependencies": [about.requires],
    }  # fmt: skip
    lines = "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    lines = lines.replace("\x7f", "\\u007f")
    return f"""\
# Written by depparse pack --package: this folder is a model, and also the source of its package for pip.
[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"

[project]
{lines}

[project.entry-points."{GROUP}"]
"{package.model}" = "{package.module}"

[tool.hatch.build]
ignore-vcs = true

[tool.hatch.build.targets.wheel]
only-include = {json.dumps(["__init__.py", *files])}
sources = {{ "" = "{package.module}" }}
"""


def write_wheel(folder: Path, output: Path, package: Package) -> None:
    """Writes the wheel of the model in `folder` into the folder `output`, which is made if needed.

    Equal folders and packages give equal wheels, to the last byte. Raises ModelError if the folder is no model, or if
    the wheel exists or cannot be written.
    """
    path, about = package.wheel_in(output), _Metadata.of(folder)
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output, prefix=f".{path.name}.") as temporary:
            part = Path(temporary, path.name)
            _write_wheel(part, folder, package, about)
            os.replace(part, path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from error


def _write_wheel(path: Path, folder: Path, package: Package, about: _Metadata) -> None:
    """Writes the wheel, whose last file, RECORD, has the hashes and sizes of all others."""
    info, record = f"{package.module}-{package.version}.dist-info", ""
    contents: dict[str, Path | str] = {
        f"{package.module}/__init__.py": package.init,
        **{f"{package.module}/{name}": folder / name for name in _files(folder)},
        f"{info}/METADATA": _metadata(package, about, without_front_matter(read_card(folder))),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: depparse {__version__}\nRoot-Is-Purelib: true\nTag: {_TAG}\n",
        f"{info}/entry_points.txt": f"[{GROUP}]\n{package.model} = {package.module}\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            with open(content, "rb") if isinstance(content, Path) else io.BytesIO(content.encode()) as source:
                digest = base64.urlsafe_b64encode(hashlib.file_digest(source, "sha256").digest()).decode().rstrip("=")
                entry = _entry(name)
                entry.file_size = source.seek(0, os.SEEK_END)
                record += f"{name},sha256={digest},{entry.file_size}\n"
                source.seek(0)
                with archive.open(entry, "w") as target:
                    shutil.copyfileobj(source, target)
        archive.writestr(_entry(f"{info}/RECORD"), f"{record}{info}/RECORD,,\n")


def _metadata(package: Package, about: _Metadata, card: str) -> str:
    """The content of METADATA, in version 2.4 of the format."""
    licence = [("License-Expression" if about.is_spdx else "License", about.licence)] if about.licence else []
    fields = [
        ("Metadata-Version", "2.4"), ("Name", package.name), ("Version", package.version), ("Summary", about.summary),
        *licence, ("Keywords", ",".join(about.keywords)), *(("Classifier", name) for name in about.classifiers),
        ("Requires-Python", _PYTHON), ("Requires-Dist", about.requires), ("Description-Content-Type", "text/markdown"),
    ]  # fmt: skip
    return "".join(f"{name}: {value}\n" for name, value in fields) + f"\n{card}"


def _entry(name: str) -> zipfile.ZipInfo:
    """A file in a wheel, which every user may read."""
    entry = zipfile.ZipInfo(name, _BEGINNING)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry
