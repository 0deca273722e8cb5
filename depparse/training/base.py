"""The trained model that a run begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from depparse.errors import ModelError
from depparse.files import hash_file
from depparse.model.model import Model
from depparse.model_folder import facts
from depparse.model_folder.contents import read_facts
from depparse.model_folder.find import find
from depparse.model_folder.store import load_parts
from depparse.segmentation.segmenter import Segmenter
from depparse.training.recipe import RecipeConfig


@dataclass(slots=True)
class Base:
    """The content of the base model's folder."""

    folder: Path
    model: Model
    segmenter: Segmenter | None
    hash: str  # SHA-256 of the folder's manifest.json

    @classmethod
    def load(cls, name: str) -> Base:
        """Loads the model of that name or in that folder. Raises ModelError."""
        folder = find(name)
        parts = load_parts(folder)
        if parts.model is None:
            raise ModelError(f"{folder}: holds a segmenter and no model to begin with")
        return cls(folder, parts.model, parts.segmenter, hash_file(folder / "manifest.json"))

    def facts(self, config: RecipeConfig) -> facts.Base:
        """The facts of the base model, such as its data and licences, for the facts of the model trained from it."""
        origin = facts.Origin.of(config.base or "", self.folder)
        return facts.Base(origin=origin, frozen=config.freeze, facts=read_facts(self.folder))
