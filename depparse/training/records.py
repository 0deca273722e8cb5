"""What a run of training tells, record by record. The caller prints, draws, or waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from depparse.evaluation.metrics import Use, segmenter_metrics
from depparse.evaluation.scores import Scores
from depparse.training.estimate import Estimate
from depparse.training.loop import Evaluation, Step

Part = Literal["segmenter", "model"]  # of a pipeline, in the order of training


@dataclass(slots=True)
class Began:
    """What is about to be trained."""

    parameters: int  # that are trained
    sentences: int
    words: int
    findings: list[str]  # what the data check says, a line each; before the first part
    part: Part = "model"
    # Scores that dev and test data have something for.
    metrics: tuple[str, ...] = field(default_factory=lambda: segmenter_metrics(Use.LOG))


@dataclass(slots=True)
class Warned:
    """Something that the user should know, in the course of a run."""

    message: str


@dataclass(slots=True)
class Scored:
    """Official scores of a dev file after an epoch; of several files, each has a record. None without dev data.

    The segmenter is scored from raw text, the model from gold words.
    """

    evaluation: Evaluation
    scores: Scores | None
    name: str = "dev"
    part: Part = "model"


@dataclass(slots=True)
class Done:
    """The end: scores of the kept model on each test file, by name."""

    folder: Path
    minutes: float
    tests: dict[str, Scores] = field(default_factory=dict)
    raw: dict[str, Scores] = field(default_factory=dict)  # the same from raw text, if there is a segmenter


Record = Began | Warned | Step | Estimate | Scored | Done
Listener = Callable[[Record], None]
