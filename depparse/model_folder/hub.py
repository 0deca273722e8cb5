"""Fetches model folders from the Hugging Face hub, and brings them there, by the library huggingface_hub.

What comes from the hub is anybody's. Only the named files are fetched, none of them beyond its size, and their reader
takes them for a stranger's: no pickle, no code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depparse import __version__
from depparse.errors import ModelError

_ASKED_FOR = 500  # the first HTTP status with which a server says that it fails itself


def fetched(
    name: str,
    files: Mapping[str, int],
    revision: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | bool | None = None,
) -> Path:
    """The folder of the model `name` (``user/repo``) at `revision`, fetched unless it is in the cache already.

    `files` are the files of a model with the largest size of each in bytes. Without a network, or if the hub fails, it
    is the one that was fetched before. Raises ModelError.
    """
    from huggingface_hub import snapshot_download

    try:
        info = _api(token).model_info(name, revision=revision, files_metadata=True)
        for sibling in info.siblings or []:
            limit = files.get(sibling.rfilename)
            if limit is not None and (sibling.size or 0) > limit:
                size = f"{sibling.rfilename} has {sibling.size:,} bytes, but such a file of a model {limit:,} at most"
                raise ModelError(f"{name}: not fetched from the Hugging Face hub: {size}")
        # The commit whose sizes were checked, whatever has been pushed since.
        commit = info.sha or revision
        options: Any = {"revision": commit, "cache_dir": cache_dir, "token": token, "allow_patterns": list(files)}
        snapshot = Path(snapshot_download(name, **options, local_files_only=False))
        if commit != (branch := revision or "main"):
            _note_commit(snapshot, branch)
        return snapshot
    except ModelError:
        raise
    except Exception as error:  # of the hub, of its HTTP library (which it may change), or of the disk
        if getattr(getattr(error, "response", None), "status_code", _ASKED_FOR) >= _ASKED_FOR:
            folder = cached(name, files, revision, cache_dir)
            if folder is not None:
                return folder
        raise ModelError(f"{name}: cannot be fetched from the Hugging Face hub: {_reason(error)}") from None


def _note_commit(snapshot: Path, branch: str) -> None:
    """Notes the commit of a branch or tag in the cache, as the library does, so that it is found without a network."""
    reference = snapshot.parents[1] / "refs" / branch
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(snapshot.name, encoding="utf-8")


def cached(
    name: str,
    files: Mapping[str, int],
    revision: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Path | None:
    """The folder of the model `name` that was fetched before; None if there is none. The network is not used."""
    from huggingface_hub import snapshot_download

    options: Any = {"revision": revision, "cache_dir": cache_dir, "allow_patterns": list(files)}
    try:
        return Path(snapshot_download(name, **options, local_files_only=True))
    except Exception:  # of the hub, or of the disk
        return None


def pushed(
    folder: Path,
    repo_id: str,
    files: Mapping[str, int],
    *,
    private: bool | None = None,
    commit_message: str | None = None,
    token: str | bool | None = None,
) -> str:
    """Brings these files of the model folder to the repository, which is made if it is missing, in one commit.

    Returns the address of the commit. Raises ModelError.
    """
    from huggingface_hub import CommitOperationAdd

    message = commit_message or f"A model of depparse {__version__}"
    additions = [CommitOperationAdd(file, folder / file) for file in files if (folder / file).is_file()]
    try:
        api = _api(token)
        repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        # upload_folder may make several commits, and between them the files would not be those of one model.
        commit = api.create_commit(repo_id, additions, commit_message=message)
    except Exception as error:
        raise ModelError(f"{repo_id}: cannot be brought to the Hugging Face hub: {_reason(error)}") from None
    return str(commit.commit_url)


def _api(token: str | bool | None) -> Any:
    from huggingface_hub import HfApi

    return HfApi(token=token, library_name="depparse", library_version=__version__)


def _reason(error: Exception) -> str:
    """The first line of the message of an error that says something."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
