"""Reads a model folder as it is stored: configs, codecs and weights. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from depparse.config import parse
from depparse.errors import ConfigError, ModelError
from depparse.model.codec import ModelCodec, ModelConfig
from depparse.model_folder.description import WEIGHTS, check_folder, read_json
from depparse.model_folder.description import read_facts as read_facts
from depparse.model_folder.find import CARD
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.config import SegmenterConfig

SEGMENTER = "segmenter."  # begins the names of the segmenter's weights


@dataclass(slots=True)
class Contents:
    """What a model folder holds: a model, a segmenter, or both."""

    folder: Path
    config: ModelConfig | None
    codec: ModelCodec | None
    segmenter_config: SegmenterConfig | None
    segmenter_codec: SegmenterCodec | None
    weights: str  # how they are stored: float32, float16 or int8
    stored: dict[str, NDArray[Any]]  # all weights by their names, as `depparse.model_folder.weights` stores them

    @property
    def is_rounded(self) -> bool:
        """Whether the weights have been rounded to fewer bytes."""
        return self.weights != "float32"

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts: the segmenter, if there is one, and the tasks."""
        segmenter = () if self.segmenter_codec is None else (SEGMENTER.removesuffix("."),)
        return (*segmenter, *(self.codec.tasks if self.codec is not None else ()))


def read_contents(folder: Path) -> Contents:
    """The contents of the folder. Raises ModelError if it is missing, damaged, or not of depparse."""
    folder = Path(folder)
    config = check_folder(folder)
    stored_as = config.get("weights", "float32")
    if stored_as not in WEIGHTS:
        choice = ", ".join(WEIGHTS)
        raise ModelError(f"{folder}: weights stored as {stored_as!r}, but this version reads {choice}; update depparse")
    contents = Contents(folder, None, None, None, None, stored_as, {})
    with explained(folder):
        contents.stored = load_file(folder / "model.safetensors")
        check_finite(contents.stored)
        vocabularies = read_json(folder / "vocab.json")
        if config.get("model") is not None or config.get("segmenter") is None:
            contents.config = parse(ModelConfig, config.get("model") or {}, "model")
            contents.codec = ModelCodec.from_json(contents.config, vocabularies)
        if config.get("segmenter") is not None:
            contents.segmenter_config = parse(SegmenterConfig, config["segmenter"], "segmenter")
            contents.segmenter_codec = SegmenterCodec.from_json(vocabularies["segmenter"])
    return contents


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raises ModelError for any error, since what a folder may hold wrongly is without end."""
    try:
        yield
    except ConfigError as error:
        raise ModelError(f"{folder / 'config.json'}: {error}") from None
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from None
    except ModuleNotFoundError as error:
        raise ModelError(f"{folder}: a part of it needs {error.name}, which is not installed") from None
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"{folder}: config, vocabulary and weights do not fit together: {reason}") from None


def check_finite(stored: Mapping[str, NDArray[Any]]) -> None:
    """Raises ModelError if an array holds something else than finite numbers."""
    for name, value in stored.items():
        if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
            raise ModelError(f"the weights {name} hold numbers that are not finite (NaN or infinite)")


def read_card(folder: Path) -> str:
    """The card of a model folder; empty if it has none."""
    path = folder / CARD
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
