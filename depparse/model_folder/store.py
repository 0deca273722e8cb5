"""The model folder: JSON and safetensors, with a manifest of hashes. No pickle is ever read.

Its files are ``config.json`` (the config of the model, how its weights are stored, and the version of the format),
``vocab.json`` (vocabularies), ``model.safetensors`` (weights), ``facts.json`` (how the model was made, and its scores),
``README.md`` (the card, made from the facts) and ``manifest.json`` (the SHA-256 of each of these files).
A folder holds a model, a segmenter, or both; the names of the segmenter's weights begin with ``segmenter.``.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from depparse.errors import ModelError
from depparse.files import hash_file
from depparse.layers.low_rank import merged_state
from depparse.model.model import Model
from depparse.model_folder.card import render
from depparse.model_folder.contents import SEGMENTER, Contents, check_finite, explained, read_contents
from depparse.model_folder.description import FORMAT, Weights
from depparse.model_folder.facts import Facts
from depparse.model_folder.find import CARD, FACTS, FILES, HUB_ID, short_name
from depparse.model_folder.metadata import front_matter, has_front_matter
from depparse.model_folder.sizes import bounded_by
from depparse.model_folder.weights import as_weights, decode, encode, write_tensors
from depparse.segmentation.network import SegmenterNetwork
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import TorchSegmenterScorer, network_of


@dataclass(slots=True)
class Parts:
    """The model and the segmenter of a model folder; it may have only one of them."""

    model: Model | None
    segmenter: Segmenter | None

    def to(self, device: str | torch.device) -> Parts:
        """Moves the weights to the device; returns the parts themselves."""
        if self.model is not None:
            self.model.to(device)
        if self.segmenter is not None:
            network_of(self.segmenter).to(device)
        return self


def save(
    model: Model | None,
    folder: Path,
    facts: Facts | None = None,
    *,
    card: str | None = None,
    segmenter: Segmenter | None = None,
    weights: Weights = "float32",
    metadata: bool = False,
) -> None:
    """Writes the model and the segmenter to `folder`, which appears (or is replaced) only once it is complete.

    The card is made from the `facts` unless `card` is given. In front of it stands metadata for the hub; with
    `metadata`, also if it is given without. No absolute path is written into the config. Raises ModelError, and
    ConfigError for `weights` that are not known.
    """
    if model is None and segmenter is None:
        raise ModelError(f"{folder}: there is nothing to save: no model and no segmenter")
    weights = as_weights(weights)
    with replacing(folder) as temporary:
        config: dict[str, Any] = {"format": FORMAT, "weights": weights, "writes": {}, "model": None, "segmenter": None}
        vocabularies: dict[str, Any] = {}
        if model is not None:
            config |= {"writes": model.codec.writes, "model": _portable(model.config.model_dump(mode="json"))}
            vocabularies |= model.codec.to_json()
        if segmenter is not None:
            config["segmenter"] = network_of(segmenter).config.model_dump(mode="json")
            vocabularies["segmenter"] = segmenter.codec.to_json()
        _write_json(temporary / "config.json", config, indent=1)
        _write_json(temporary / "vocab.json", vocabularies)
        stored = encode(state(model, segmenter), weights)
        check_finite({name: value.numpy() for name, value in stored.items()})
        write_tensors(temporary / "model.safetensors", stored)
        facts = facts or Facts()
        if facts.packing is not None:
            packing = {"weights": weights, "size": sum(tensor.nbytes for tensor in stored.values())}
            facts = facts.model_copy(update={"packing": facts.packing.model_copy(update=packing)})
        _write_json(temporary / FACTS, facts.model_dump(mode="json", exclude_defaults=True) | {"format": 1}, indent=1)
        text = render(facts) if card is None else card
        if (card is None or metadata) and not has_front_matter(text):
            text = _metadata(config, facts, short_name(folder)) + text
        (temporary / CARD).write_text(text, encoding="utf-8")
        # Safetensors makes its file readable for the owner alone; whoever can read the card may read the weights.
        (temporary / "model.safetensors").chmod((temporary / CARD).stat().st_mode)
        hashes = {name: hash_file(temporary / name) for name in (*FILES, FACTS, CARD)}
        _write_json(temporary / "manifest.json", hashes, indent=1)


def _metadata(config: dict[str, Any], facts: Facts, name: str) -> str:
    """The metadata of a model with this content of ``config.json``."""
    columns = [column for names in config["writes"].values() for column in names]
    inputs = config["model"]["encoder"]["inputs"] if config["model"] is not None else []
    names = [str(part["name"]) for part in inputs if part.get("download")]  # encoders that were fetched
    encoders = [name for name in names if HUB_ID.fullmatch(name)]
    return front_matter(facts, name, columns, segments=config["segmenter"] is not None, encoders=encoders)


def _portable(value: Any) -> Any:
    """The config with absolute paths cut to their last part: the folder holds what was read from them."""
    if isinstance(value, dict):
        return {key: _portable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_portable(item) for item in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def state(model: Model | None, segmenter: Segmenter | None) -> dict[str, Tensor]:
    """The weights of the model and the segmenter, by their names in the folder."""
    weights: dict[str, Tensor] = {} if model is None else merged_state(model)
    if segmenter is not None:
        weights |= {SEGMENTER + name: value for name, value in network_of(segmenter).state_dict().items()}
    return weights


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder to write to, which takes the place of the model `folder` when the block ends without an error.

    Raises ModelError if there is something other than a model in that place, or if the new folder cannot be written.
    """
    folder = Path(folder)
    check_replaceable(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise ModelError(f"{folder}: cannot be made: {(error.strerror or str(error)).lower()}") from error
    try:
        yield temporary
        temporary.chmod(0o755)
        _replace(temporary, folder)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written: {(error.strerror or str(error)).lower()}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Raises ModelError if there is something other than a model at the path of the folder."""
    if folder.is_dir():
        if any(folder.iterdir()) and not all((folder / name).is_file() for name in (*FILES, "manifest.json")):
            raise ModelError(f"{folder}: holds something else than a model; give another folder, or move that away")
    elif folder.exists():
        raise ModelError(f"{folder}: is a file, and a model is a folder; give another place")


def recover(folder: Path) -> None:
    """Repairs what a process left that was killed while it saved to the folder.

    If the old folder had been moved away and the new one is not in its place, the old one is put back. All temporary
    folders are removed.
    """
    for old in folder.parent.glob(f".{folder.name}.old.*/model"):
        if not folder.exists():
            os.rename(old, folder)
    for temporary in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(new: Path, folder: Path) -> None:
    """Moves the folder `new` into the place of `folder`."""
    if not folder.exists():
        os.rename(new, folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
    os.rename(folder, old / "model")
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> Model:
    """The model in `folder`. Raises ModelError as `load_parts` does, and if the folder holds only a segmenter."""
    model = load_parts(folder).model
    if model is None:
        raise ModelError(f"{folder}: holds a segmenter and no model")
    return model


def load_parts(folder: Path) -> Parts:
    """The model and the segmenter in `folder`. Raises ModelError if it is missing, damaged, or not of depparse."""
    return parts_of(read_contents(folder))


def parts_of(contents: Contents) -> Parts:
    """The parts of a folder whose contents have been read. Raises ModelError."""
    with explained(contents.folder):
        return _build(contents)


def _build(contents: Contents) -> Parts:
    """The networks with their weights."""
    parts = Parts(None, None)
    stored = {name: torch.from_numpy(values) for name, values in contents.stored.items()}
    with bounded_by(sum(value.numel() for value in stored.values()), len(stored)):
        if contents.config is not None and contents.codec is not None:
            parts.model = Model.from_codec(contents.config, contents.codec)
        if contents.segmenter_config is not None and contents.segmenter_codec is not None:
            codec = contents.segmenter_codec
            network = SegmenterNetwork(contents.segmenter_config, codec.sizes)
            parts.segmenter = Segmenter(codec, TorchSegmenterScorer(network))
    weights = decode(stored)
    if parts.segmenter is not None:
        names = [name for name in weights if name.startswith(SEGMENTER)]
        network = network_of(parts.segmenter)
        network.load_state_dict({name.removeprefix(SEGMENTER): weights.pop(name) for name in names})
        network.eval()
    if parts.model is not None:
        parts.model.load_state_dict(weights)
        parts.model.eval()
    elif weights:
        raise ModelError(f"there are weights of a model, such as {min(weights)}, but no model")
    return parts


def _write_json(path: Path, data: Any, indent: int | None = None) -> None:
    separators = None if indent else (",", ":")
    text = json.dumps(data, ensure_ascii=False, indent=indent, separators=separators)
    path.write_text(text + "\n", encoding="utf-8")
