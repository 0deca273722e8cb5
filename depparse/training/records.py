"""The records that a training run sends to its caller, who may print them, draw them, or just wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from depparse.evaluation.metrics import Use, segmenter_metrics
from depparse.evaluation.scores import Scores
from depparse.evaluation.tables import Table
from depparse.training.estimate import Estimate
from depparse.training.loop import Evaluation, Step

Part = Literal["segmenter", "model"]  # of a pipeline, in the order of training


@dataclass(slots=True)
class Began:
    """The record before a part is trained: what it is, and what it learns from."""

    parameters: int  # trained ones only
    sentences: int
    words: int
    findings: list[str]  # what the data check says, a line each; only before the first part
    part: Part = "model"
    # Names of the scores that dev or test data can give.
    metrics: tuple[str, ...] = field(default_factory=lambda: segmenter_metrics(Use.LOG))


@dataclass(slots=True)
class Warned:
    """A warning to the user in the course of a run."""

    message: str


@dataclass(slots=True)
class Going:
    """How far a long work has come that is no training."""

    message: str


@dataclass(slots=True)
class Scored:
    """The official scores of one dev file after an epoch; each dev file has a record of its own.

    Without dev data, there is one record, whose scores are None. The segmenter is scored from raw text, the model from
    gold words.
    """

    evaluation: Evaluation
    scores: Scores | None
    name: str = "dev"
    part: Part = "model"


@dataclass(slots=True)
class Done:
    """The record at the end of a run: the scores of the kept model on each test file, by its name."""

    folder: Path
    minutes: float
    tests: dict[str, Scores] = field(default_factory=dict)
    raw: dict[str, Scores] = field(default_factory=dict)  # the same from raw text, if there is a segmenter


@dataclass(slots=True)
class Compared:
    """The last record of runs with several seeds: their scores on dev and test, with mean and spread."""

    folder: Path  # of all the runs
    table: Table


Record = Began | Warned | Going | Step | Estimate | Scored | Done | Compared
Listener = Callable[[Record], None]
