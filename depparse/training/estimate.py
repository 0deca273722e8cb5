"""How long a run will take."""

from __future__ import annotations

from dataclasses import dataclass

from depparse.training.loop import Step, TrainingConfig


@dataclass(slots=True)
class Estimate:
    """After some steps: what the rest of the run will take, evaluations included."""

    seconds: float


class Clock:
    """Guesses from some steps how long the run will take."""

    BEGIN, END = 5, 25  # steps of this session; the first ones are slower, as loops are compiled

    def __init__(self, training: TrainingConfig, dev_words: int) -> None:
        self._training, self._dev_words = training, dev_words
        self._taken = self._words = 0
        self._begin = 0.0

    def __call__(self, record: Step) -> Estimate | None:
        self._taken += 1
        if self._taken == self.BEGIN:
            self._begin = record.seconds
        elif self.BEGIN < self._taken <= self.END:
            self._words += record.words
        if self._taken != self.END:
            return None
        taken = record.seconds - self._begin
        steps = (record.steps - record.step) * taken / (self.END - self.BEGIN)
        evaluations = -(-(self._training.epochs - record.epoch + 1) // self._training.evaluate_every)
        # The forward pass is about a third of a step.
        return Estimate(steps + evaluations * self._dev_words * taken / self._words / 3)
