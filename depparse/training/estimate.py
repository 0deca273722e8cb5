"""An estimate of how long a run will take."""

from __future__ import annotations

from dataclasses import dataclass

from depparse.training.loop import Step, TrainingConfig


@dataclass(slots=True)
class Estimate:
    """The seconds that the rest of the run will take, evaluations included."""

    seconds: float


class Clock:
    """Estimates from the first steps of a session how long the rest of the run will take."""

    BEGIN, END = 5, 25  # the steps between these are timed; the first ones are slower, as loops are compiled

    def __init__(self, training: TrainingConfig, dev_words: int) -> None:
        self._training, self._dev_words = training, dev_words
        self._n_steps = self._words = 0
        self._begin = 0.0

    def __call__(self, record: Step) -> Estimate | None:
        """Counts a step. Returns the estimate once, after step `END` of the session, and None after all others."""
        self._n_steps += 1
        if self._n_steps == self.BEGIN:
            self._begin = record.seconds
        elif self.BEGIN < self._n_steps <= self.END:
            self._words += record.words
        if self._n_steps != self.END:
            return None
        seconds = record.seconds - self._begin
        training = (record.steps - record.step) * seconds / (self.END - self.BEGIN)
        n_evaluations = -(-(self._training.epochs - record.epoch + 1) // self._training.evaluate_every)
        # An evaluation runs only the forward pass, which is about a third of a step.
        return Estimate(training + n_evaluations * self._dev_words * seconds / self._words / 3)
