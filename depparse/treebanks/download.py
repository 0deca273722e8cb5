"""Downloads treebanks from their GitHub repositories, on request only, resumes files and checks their hashes.

GitHub's API, ``/repos/OWNER/UD_X/git/trees/r2.18``, lists the files of a release, each with its git object ID, which is
a SHA-1 of its content. The files are fetched from ``/OWNER/UD_X/r2.18/FILE``. A mirror serves both paths under one base
URL; a folder of static files is enough. If a list of SHA-256 hashes is given, it says which files to fetch, and the API
is not asked. ``sha256sums.txt`` in the folder of a treebank is such a list, in the format of sha256sum.

No library does all of this: pooch resumes no files and knows no git object IDs, and huggingface_hub fetches only from
the hub.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depparse.errors import ConfigError, DownloadError
from depparse.files import PathLike, open_output
from depparse.treebanks import catalogue
from depparse.treebanks.web import Web

MIRROR = "DEPPARSE_MIRROR"  # environment variable with a base URL
SUMS = "sha256sums.txt"
# Names come from a mirror, so they hold nothing that a file system or a terminal would take for something else.
_NAME = re.compile(r"(?![. ])[\w.,+() -]{1,200}(?<![. ])")
_WANTED = re.compile(r".*\.conllu|(?:README|LICEN[CS]E|COPYING).*|stats\.xml", re.IGNORECASE | re.DOTALL)
_BLOB = re.compile("[0-9a-f]{40}")
_MOST_FILES = 10_000  # of a treebank
_LICENCE = re.compile(r"^\s*licen[cs]e:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to fetch: its size in bytes if known, and its hash as git object ID or SHA-256 (hexadecimal)."""

    name: str
    size: int | None = None
    blob: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A downloaded treebank. `files` are SHA-256 hashes by file name; `fetched` are the files that were missing."""

    folder: Path
    repository: str
    release: str
    files: dict[str, str]
    fetched: tuple[str, ...]
    licence: str | None

    def to_dict(self) -> dict[str, Any]:
        """The download for JSON."""
        return {
            "folder": str(self.folder),
            "repository": self.repository,
            "release": self.release,
            "files": self.files,
            "fetched": list(self.fetched),
            "licence": self.licence,
        }


def download(
    name: str,
    release: str | None = None,
    to: PathLike = ".",
    *,
    base_url: str | None = None,
    sha256: PathLike | None = None,
    progress: Progress | None = None,
    web: Web | None = None,
) -> Download:
    """Fetches a treebank of UD into the folder `to`/`name`, and checks it. Right files are not fetched again.

    `name` is a treebank of the catalogue, or OWNER/REPOSITORY. `release` is a number such as 2.18 (by default the last
    release that has the treebank), or a tag, branch or commit. `base_url`, or else the environment variable
    DEPPARSE_MIRROR, names a mirror; `sha256` names a file with hashes as sha256sum writes them. Raises ConfigError and
    DownloadError.
    """
    web = web or Web(base_url or os.environ.get(MIRROR) or None)
    repository, release, ref = _repository(name, release)
    remote_files = _read_sums(Path(sha256)) if sha256 is not None else _listing(web, repository, release, ref)
    folder = Path(to) / repository.partition("/")[2]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"{folder} cannot be made: {error.strerror or error}") from error
    files, fetched = {}, []
    for file in remote_files:
        digest = _digest(folder / file.name, file)[1] if (folder / file.name).is_file() else None
        if digest is None:
            digest = _get(web, f"{repository}/{ref}/{file.name}", folder / file.name, file, progress)
            fetched.append(file.name)
        files[file.name] = digest
    with open_output(folder / SUMS) as out:
        out.writelines(f"{digest}  {name}\n" for name, digest in files.items())
    return Download(folder, repository, release, files, tuple(fetched), licence(folder))


def _repository(name: str, release: str | None) -> tuple[str, str, str]:
    """(OWNER/REPOSITORY, release, its tag). Raises ConfigError if the catalogue shows that there is no such release."""
    if "/" in name:
        if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
            raise ConfigError(f"a repository is written OWNER/NAME, not {name!r}")
        release = release or catalogue.newest_release()
        return name, release, _tag(release)
    entry = catalogue.find(name)
    release = (release or entry.last_release).removeprefix("r")
    first, last = entry.first_release, entry.last_release
    if re.fullmatch(r"\d{1,3}(?:\.\d+)*", release):
        number = catalogue.release_number(release)
        newer = last == catalogue.newest_release() and number > catalogue.release_number(last)
        if not newer and not catalogue.release_number(first) <= number <= catalogue.release_number(last):
            releases = f"only in {first}" if first == last else f"in the releases {first} to {last}"
            raise ConfigError(f"{entry.treebank} is {releases} of UD, not in {release}")
    return entry.repository, release, _tag(release)


def _tag(release: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", release):
        raise ConfigError(f"a release is a number such as 2.18, or a tag, branch or commit, not {release!r}")
    return f"r{release}" if re.fullmatch(r"\d+(?:\.\d+)+", release) else release


def _listing(web: Web, repository: str, release: str, ref: str) -> list[RemoteFile]:
    url = web.api(f"repos/{repository}/git/trees/{ref}")
    try:
        answer = web.json(url)
    except DownloadError as error:
        if isinstance(error.__cause__, urllib.error.HTTPError) and error.__cause__.code == 404:
            hint = catalogue.similar(repository.partition("/")[2])
            raise DownloadError(
                f"there is no {repository}, or not in release {release} ({url}: HTTP 404){hint}"
            ) from None
        raise
    try:
        files = [
            _checked(url, item["path"], item["size"], item["sha"])
            for item in answer["tree"]
            if item["type"] == "blob" and "/" not in item["path"] and _WANTED.fullmatch(item["path"])
        ]
    except (KeyError, TypeError):
        raise DownloadError(f"{url} gave no list of files; is the mirror right?") from None
    if len(files) > _MOST_FILES:
        raise DownloadError(f"{url} lists {len(files):,} files; a treebank has at most {_MOST_FILES:,}")
    if not any(file.name.endswith(".conllu") for file in files):
        raise DownloadError(f"{repository} has no .conllu file in {release}")
    return files


def _checked(url: str, name: str, size: object, blob: object) -> RemoteFile:
    """The file that a mirror lists under that name. Raises DownloadError."""
    if not _NAME.fullmatch(name):
        raise DownloadError(f"{url} lists a file called {name!r}, which is no name of a file in a treebank")
    if type(size) is not int or size < 0 or not isinstance(blob, str) or not _BLOB.fullmatch(blob):
        raise DownloadError(f"{url} lists {name} with the size {size!r} and the hash {blob!r}; is the mirror right?")
    return RemoteFile(name, size, blob)


def _read_sums(path: Path) -> list[RemoteFile]:
    """The files in a list that sha256sum wrote. Raises ConfigError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the list of hashes {path} cannot be read: {error}") from None
    files = []
    for number, line in enumerate(lines, 1):
        match = re.fullmatch(r"([0-9a-fA-F]{64}) [ *]([^/\\]+)", line)
        if match is None or not _NAME.fullmatch(match[2]):
            raise ConfigError(f"{path}:{number}: expected 'SHA-256, two blanks, file name', found {line[:80]!r}")
        files.append(RemoteFile(match[2], sha256=match[1].lower()))
    if not files:
        raise ConfigError(f"the list of hashes {path} is empty")
    return files


def _get(web: Web, path: str, target: Path, file: RemoteFile, progress: Progress | None) -> str:
    """Fetches one file under a temporary name, checks it and renames it. Returns its SHA-256. Raises DownloadError."""
    expected = file.sha256 or file.blob or ""
    # The hash in the name keeps the unfinished files of different releases apart.
    part = target.with_name(f"{target.name}.{expected[:8]}.part")
    url = web.raw(path)
    web.fetch(url, part, file.size, lambda done: progress(file.name, done, file.size) if progress else None)
    actual, digest = _digest(part, file)
    if digest is None:
        part.unlink()
        kind = "SHA-256" if file.sha256 else "git object ID"
        raise DownloadError(f"{url}: the {kind} is {actual}, not {expected} as listed; the file was deleted")
    os.replace(part, target)
    return digest


def _digest(path: Path, file: RemoteFile) -> tuple[str, str | None]:
    """The hash of the file at `path`, of the kind that `file` has; then its SHA-256, None if that hash is wrong."""
    sha256 = hashlib.sha256()
    blob = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open(path, "rb") as stream:
        while data := stream.read(1 << 20):
            sha256.update(data)
            blob.update(data)
    actual = sha256.hexdigest() if file.sha256 else blob.hexdigest()
    return actual, sha256.hexdigest() if actual == (file.sha256 or file.blob) else None


def licence(folder: Path) -> str | None:
    """The licence that the README of a treebank names, else the first line of its licence file."""
    for pattern in ("README*", "LICEN[CS]E*", "COPYING*"):
        for path in sorted(folder.glob(pattern)):
            text = path.read_text(encoding="utf-8", errors="replace")
            if match := _LICENCE.search(text):
                return match[1]
            if not pattern.startswith("README"):
                return next((line.strip() for line in text.splitlines() if line.strip()), None)
    return None
