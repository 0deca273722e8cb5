"""The stages of a run. Each trains one part of the pipeline; the segmenter and the model go through the same loop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from depparse.evaluation.scores import Scores
from depparse.model.model import Model
from depparse.segmentation.learner import SegmenterLearner
from depparse.training.estimate import Clock
from depparse.training.log import TensorBoard, log
from depparse.training.loop import Evaluation, Step, TrainingConfig
from depparse.training.records import Began, Listener, Part, Scored


@dataclass
class Stage:
    """A stage of a run: the part that it trains, and what becomes of the records of its training."""

    part: Part
    learner: Model | SegmenterLearner
    training: TrainingConfig
    records: Generator[Step | Evaluation]
    sentences: int
    words: int
    findings: list[str]  # what the user is told before the stage begins
    metrics: tuple[str, ...]  # names of the scores that are logged, if dev data has them
    latest: Mapping[str, Scores]  # the last dev scores by file, which `records` renews at each evaluation
    chosen: bool  # whether dev scores choose the state that is kept; else it is the last one
    log: Path
    board: Path  # the folder of TensorBoard's files
    keep: Callable[[], None]  # saves the part as it is now

    def run(self, listen: Listener, dev_words: int, *, main: bool) -> None:
        """Trains to the end. Of several processes, only the `main` one logs and saves. Dev has `dev_words` words."""
        parameters = sum(weight.numel() for weight in self.learner.parameters() if weight.requires_grad)
        listen(Began(parameters, self.sentences, self.words, self.findings, self.part, self.metrics))
        clock = Clock(self.training.sized(self.words), dev_words)
        with ExitStack() as stack:
            stack.enter_context(closing(self.records))
            board = None
            if self.training.tensorboard and main:
                board = stack.enter_context(closing(TensorBoard(self.board, self.metrics)))
            for record in self.records:
                if isinstance(record, Step):
                    self._step(record, clock, board, listen)
                elif main:
                    self._evaluated(record, board, listen)

    def _step(self, record: Step, clock: Clock, board: TensorBoard | None, listen: Listener) -> None:
        listen(record)
        if board is not None:
            board.step(record)
        if (estimate := clock(record)) is not None:
            listen(estimate)

    def _evaluated(self, record: Evaluation, board: TensorBoard | None, listen: Listener) -> None:
        log(self.log, record, self.latest, self.metrics)
        if record.improved or not self.chosen:
            self.keep()
        if board is not None:
            board.evaluation(self.latest)
        for name, scores in self.latest.items():
            listen(Scored(record, scores, name, self.part))
        if not self.latest:
            listen(Scored(record, None, part=self.part))
