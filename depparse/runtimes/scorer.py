"""The interface of an engine, which turns batches into scores. No torch here."""

from __future__ import annotations

from typing import Any, Protocol

from depparse.features.batch import Batch
from depparse.tasks.task import Stage


class Reading(Protocol):
    """A batch that the encoder has read."""

    def scores(self, task: str, trees: Any = None) -> Any:
        """The scores of a task, as the arrays that its codec decodes.

        `trees` are the arrays that `ModelCodec.read_trees` makes, or None if the task reads no trees.
        """

    def stage(self, task: str) -> Stage:
        """A function that runs the second stages of the task's network."""


class Scorer(Protocol):
    """A model's networks. Scores of a sentence do not depend on the others in its batch."""

    def read(self, batch: Batch) -> Reading:
        """Runs the encoder on the batch."""
