"""The model folder: JSON and safetensors, with a manifest of hashes. No pickle is ever read.

``config.json`` (what kind of model, and the version of the format), ``vocab.json`` (vocabularies),
``model.safetensors`` (weights), ``README.md`` (the card), ``manifest.json`` (SHA-256 of each of them).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from depparse.config import parse
from depparse.description import FILES, FORMAT, check_folder, hash_file, read_json
from depparse.encoders.encoder import Encoder
from depparse.errors import ConfigError, ModelError
from depparse.model import TASKS, Model, ModelConfig


def save(model: Model, folder: Path, card: str = "") -> None:
    """Writes the model to `folder`, which appears (or is replaced) only when all of it is there."""
    folder = Path(folder)
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        config = {"format": FORMAT, "writes": model.writes, "model": model.config.model_dump(mode="json")}
        tasks = {name: task.to_json() for name, task in model.tasks.items()}  # type: ignore[operator]
        _write_json(temporary / "config.json", config, indent=1)
        vocabularies = {"encoder": model.encoder.to_json(), "tasks": tasks, "treebanks": model.treebanks}
        _write_json(temporary / "vocab.json", vocabularies)
        save_file(
            {name: value.contiguous() for name, value in model.state_dict().items()}, temporary / "model.safetensors"
        )
        (temporary / "README.md").write_text(card, encoding="utf-8")
        # Made readable for those who can read the other files; safetensors writes for the owner alone.
        (temporary / "model.safetensors").chmod((temporary / "README.md").stat().st_mode)
        hashes = {name: hash_file(temporary / name) for name in (*FILES, "README.md")}
        _write_json(temporary / "manifest.json", hashes, indent=1)
        temporary.chmod(0o755)
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Raises ModelError if there is something else than a model in the place of the folder."""
    if folder.is_dir():
        if any(folder.iterdir()) and not all((folder / name).is_file() for name in (*FILES, "manifest.json")):
            raise ModelError(f"{folder}: holds something else than a model; give another folder, or move that away")
    elif folder.exists():
        raise ModelError(f"{folder}: is a file, and a model is a folder; give another place")


def recover(folder: Path) -> None:
    """Puts the folder back, or removes what is left over, where a process was killed while it saved there."""
    for old in folder.parent.glob(f".{folder.name}.old.*/model"):
        if not folder.exists():
            os.rename(old, folder)
    for rest in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(rest, ignore_errors=True)


def _replace(new: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(new, folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
    os.rename(folder, old / "model")
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> Model:
    """The model in `folder`. A missing, damaged or foreign folder is one ModelError."""
    folder = Path(folder)
    config = check_folder(folder)
    vocabularies = read_json(folder / "vocab.json")
    try:
        model_config = parse(ModelConfig, config.get("model") or {}, "model")
    except ConfigError as error:
        raise ModelError(f"{folder / 'config.json'}: {error}") from None
    try:
        encoder = Encoder.from_json(model_config.encoder, vocabularies["encoder"])
        tasks = {
            name: TASKS[task.type].from_json(task, encoder, vocabularies["tasks"][name])
            for name, task in model_config.tasks.items()
        }
        model = Model(model_config, encoder, tasks, vocabularies.get("treebanks", ()))
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{folder}: config, vocabulary and weights do not fit together: {reason}") from None
    return model.eval()


def _write_json(path: Path, data: Any, indent: int | None = None) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
