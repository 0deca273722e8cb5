"""Reads the folder of a pretrained encoder, whose files others made: settings, tokenizer and weights.

Three files are read, here: ``config.json`` as JSON, ``tokenizer.json``, and ``model.safetensors`` (or its parts). So a
folder cannot name code to be run, libraries to be imported or repositories to be fetched, and no pickle is read.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from torch import Tensor

from depparse.encoders.bert import Bert
from depparse.encoders.transformer.codec import tokenizer_from
from depparse.encoders.transformer.families import FAMILIES
from depparse.encoders.transformer.settings import check_settings, first_layers, is_bert
from depparse.errors import ConfigError, ModelError

_PACKAGE = "package:"
_CONFIG, _TOKENIZER = "config.json", "tokenizer.json"
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
# Settings that would have to be followed, but say that the model is not what its type says.
_FOREIGN = ("auto_map", "quantization_config", "adapters", "pruned_heads")
_OF_ENCODER, _SHARED = re.compile(r"(model\.)?encoder\."), re.compile(r"(model\.)?shared\.weight")
# Settings that would make analyses depend on what else is read, or that ask for kernels; by names of transformers.
_FIXED = {
    "attention_type": "original_full",  # BigBird otherwise looks at random places
    "decoder_layerdrop": 0.0,
    "encoder_layerdrop": 0.0,
    "is_encoder_decoder": False,
    "layerdrop": 0.0,
    "use_cache": False,
    "use_mamba_kernels": False,
    "use_mems_eval": False,
    "use_mems_train": False,
}
_CONVERT = "save it anew by save_pretrained of the library transformers"


class Pretrained(NamedTuple):
    """A pretrained encoder."""

    settings: dict[str, Any]  # of the whole network, as transformers completes them
    tokenizer: Tokenizer
    network: Any  # a `Bert`, or a model of transformers


def read_pretrained(name: str, *, download: bool, depth: int | None = None) -> Pretrained:
    """The encoder in a folder, in a package or on the hub, from which it is fetched only with `download`.

    With `depth`, it has only so many of its layers, the first ones, and the weights of the others are not read. Raises
    ConfigError.
    """
    folder = _find(name, download)
    try:
        settings = _read_json(folder / _CONFIG)
        for key in _FOREIGN:
            if settings.get(key):
                raise ModelError(f"{_CONFIG} has {key}, and only plain encoders are read")
        whole = check_settings(settings, drop=True)
        checked = whole if depth is None else first_layers(whole, depth)
        tokenizer = _read_tokenizer(folder)
        left_out = _left_out(whole, checked)
        if FAMILIES[whole["model_type"]].encoder is not None:
            left_out.append("decoder.")
        network = _with_weights(checked, _read_weights(folder, left_out))
        return Pretrained(check_settings(network.config.to_dict(), drop=True), tokenizer, network)
    except Exception as error:  # of transformers, of tokenizers, of safetensors, or of the disk
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        reason = " ".join(lines[:2] if lines[0].endswith(":") else lines[:1])
        raise ConfigError(f"the transformer {name!r} cannot be loaded: {reason}") from None


def _find(name: str, download: bool) -> Path:
    """The folder of that name. Raises ConfigError."""
    folder = Path(resolve(name))
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    files = [_CONFIG, _TOKENIZER, _INDEX, "model*.safetensors"]
    try:
        return Path(snapshot_download(name, allow_patterns=files, local_files_only=not download))
    except Exception as error:  # of the hub, of its HTTP library (which it may change), or of the disk
        if not download:
            raise ConfigError(
                f"the transformer {name!r} is no folder here and not among those that were fetched before; "
                "give a folder, or fetch it from the hub by its key download = true"
            ) from None
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ConfigError(f"the transformer {name!r} cannot be fetched: {reason}") from None


def resolve(name: str) -> str:
    """The folder that ``package:NAME/FOLDER`` names; any other name is returned unchanged. Raises ConfigError."""
    if not name.startswith(_PACKAGE):
        return name
    package, _, folder = name.removeprefix(_PACKAGE).partition("/")
    spec = importlib.util.find_spec(package) if package.isidentifier() else None  # a dot would import the first part
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f"the transformer {name!r} is in a package that is not installed: pip install {package}")
    return str(Path(next(iter(spec.submodule_search_locations))) / folder)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise ModelError(f"{path.name} is no object of JSON")
    return data


def _read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of the folder."""
    if not (folder / _TOKENIZER).is_file():
        raise ModelError(f"it has no {_TOKENIZER}; only fast tokenizers are read: {_CONVERT}")
    return tokenizer_from((folder / _TOKENIZER).read_text(encoding="utf-8"))


def _read_weights(folder: Path, left_out: Iterable[str]) -> dict[str, Tensor]:
    """The weights, from one file or from several that an index names, except those that `left_out` names.

    The names in files may have more in front, such as ``bert.``.
    """
    if (folder / _WEIGHTS).is_file():
        names = {_WEIGHTS}
    elif (folder / _INDEX).is_file():
        named = _read_json(folder / _INDEX).get("weight_map")
        names = set(named.values()) if isinstance(named, dict) else set()
        if wrong := [each for each in names if not isinstance(each, str) or Path(each).name != each]:
            raise ModelError(f"{_INDEX} names {wrong[0]!r}, which is no file of its folder")
    else:
        raise ModelError(f"it has no {_WEIGHTS}, and weights of other formats are not read: {_CONVERT}")
    weights: dict[str, Tensor] = {}
    for each in sorted(names):
        with safe_open(folder / each, "pt") as file:
            for key in file.keys():  # noqa: SIM118
                if not any(f".{begin}" in f".{key}." for begin in left_out):
                    weights[key] = file.get_tensor(key)
    return {key: value.float() if value.is_floating_point() else value for key, value in weights.items()}


def new_network(settings: dict[str, Any]) -> Any:
    """A network with these settings, which `check_settings` returned, and with new weights."""
    if is_bert(settings):
        return Bert(settings)
    config = _config(settings)
    with _quiet():
        return _class_of(config)(config)


def _config(settings: dict[str, Any]) -> Any:
    """The settings as an object of transformers."""
    from transformers import AutoConfig

    options = {key: value for key, value in settings.items() if key != "model_type"}
    config = AutoConfig.for_model(settings["model_type"], **options)
    for name, value in _FIXED.items():
        if hasattr(config, name):
            setattr(config, name, value)
    return config


def _class_of(config: Any) -> Any:
    """The class of the network; that of the encoder, if a model of the type has a decoder too."""
    from transformers import MODEL_MAPPING

    whole = MODEL_MAPPING[type(config)]
    encoder = FAMILIES[config.model_type].encoder
    return whole if encoder is None else getattr(sys.modules[whole.__module__], encoder)


def _outline(settings: dict[str, Any]) -> Any:
    """A network with these settings whose weights take no memory and cannot be used."""
    config = _config(settings)
    with torch.device("meta"), _quiet():
        return _class_of(config)(config)


def _left_out(whole: dict[str, Any], part: dict[str, Any]) -> list[str]:
    """How the names begin of weights that a network with the settings `whole` has and one with `part` has not."""
    if whole == part:
        return []
    names, kept_names = (list(_outline(settings).state_dict()) for settings in (whole, part))
    kept = {begin for name in kept_names for begin in _beginnings(name)}
    beginnings = (next((begin for begin in _beginnings(name) if begin not in kept), "") for name in names)
    return sorted({begin for begin in beginnings if begin})


def _beginnings(name: str) -> list[str]:
    """``a.``, ``a.b.`` and ``a.b.c.`` of the name ``a.b.c``."""
    return [begin + "." for begin in accumulate(name.split("."), "{}.{}".format)]


def _with_weights(settings: dict[str, Any], weights: dict[str, Tensor]) -> Any:
    """The network with these weights. Raises ModelError if the weights of a layer are missing."""
    config = _config(settings)
    with _quiet():
        kind = _class_of(config)
        if FAMILIES[config.model_type].encoder is not None:
            weights = _of_encoder(weights)
        # The library knows the names that weights had in its older versions. It gets no folder, so it reads none.
        network, found = kind.from_pretrained(None, config=config, state_dict=weights, output_loading_info=True)
    if missing := sorted(key for key in found["missing_keys"] if not key.startswith("pooler.")):
        raise ModelError(f"its weights lack {missing[0]}, and {len(missing) - 1} more")
    network = network.float()
    if is_bert(complete := network.config.to_dict()):
        state = network.state_dict()
        network = Bert(complete)
        network.load_state_dict(state)
    return network


def _of_encoder(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the encoder in a model with a decoder, by their names in the encoder alone.

    Older files have the embeddings, which encoder and decoder share, only by a name of their own.
    """
    found: dict[str, Tensor] = {}
    for name, value in weights.items():
        if match := _SHARED.fullmatch(name):
            found.setdefault("embed_tokens.weight", value)
        elif match := _OF_ENCODER.match(name):
            found[name[match.end() :]] = value
    return found or weights


@contextmanager
def _quiet() -> Iterator[None]:
    """Turns off the progress bars and reports of transformers within the block, as a library should print none."""
    from transformers.utils import logging

    enabled, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
