"""The trained model that a run begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from depparse.errors import ModelError
from depparse.model.model import Model
from depparse.model_folder.description import hash_file
from depparse.model_folder.find import find
from depparse.model_folder.store import load_parts
from depparse.packing import card_of, origin, retitled
from depparse.segmentation.segmenter import Segmenter
from depparse.training.recipe import RecipeConfig


@dataclass(slots=True)
class Base:
    """What is in its folder."""

    folder: Path
    model: Model
    segmenter: Segmenter | None
    hash: str  # of its manifest

    @classmethod
    def load(cls, name: str) -> Base:
        """The model of that name or in that folder. Raises ModelError."""
        folder = find(name)
        parts = load_parts(folder)
        if parts.model is None:
            raise ModelError(f"{folder}: holds a segmenter and no model to begin with")
        return cls(folder, parts.model, parts.segmenter, hash_file(folder / "manifest.json"))

    def card(self, config: RecipeConfig) -> str:
        """A section for the card of what is made of it, with its own card, which names data and licences."""
        assert config.base is not None
        what = origin(config.base, self.folder) + (", frozen but for the tasks above" if config.freeze else "")
        return f"\nBegun with {what}. Its card says:\n\n" + retitled(
            card_of(self.folder), "## The base model", deeper=True
        )
