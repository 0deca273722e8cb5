"""The training loop, a generator of records. The caller prints, draws, and decides what to keep.

One loop trains all models. Each step minimizes the weighted sum of the tasks' losses on one batch, or on several one
after the other, by AdamW or SGD, and updates a running average of the weights. Now and then the loop takes the official
dev score, and writes a checkpoint from which a killed run goes on to the same result, to the last bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self, cast

import torch
from pydantic import Field
from torch import nn

from depparse.config import Config
from depparse.training.checkpoint import Progress, State, epoch_random, load_checkpoint, save_checkpoint
from depparse.training.examples import Examples, InMemory, Placed, counted_words, plan_epoch
from depparse.training.interrupts import Interrupts
from depparse.training.optim import Average, OptimizerConfig, make_optimizer, non_monotonic, rate_at, set_rate
from depparse.training.processes import Precision, Processes, choose_precision
from depparse.training.step import AnyBatch, Learner, step


class TrainingConfig(Config):
    """How long a model is trained, and in what steps."""

    epochs: int = Field(0, ge=0)  # 0: by the size of the data, see `sized`
    batch_words: int = Field(1500, ge=1)  # words of a batch, with padding, of all processes together
    # Batches of one step, whose gradients are added up. Runs with 1 have the fingerprint of runs without this key.
    accumulate: int = Field(1, ge=1, exclude_if=lambda number: number == 1)
    temperature: float = Field(1.0, ge=1)  # 1: treebanks are seen in proportion to their sizes; higher: more equally
    # Words of a treebank that an epoch counts at most; of a larger treebank, each epoch sees other sentences.
    treebank_words: int | None = Field(None, ge=1, exclude_if=lambda words: words is None)
    # Weights in the sum of the losses, by the name of the task; all other tasks have 1.
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    evaluate_every: int = Field(1, ge=1)  # epochs
    patience: int = Field(0, ge=0)  # evaluations without a better dev score before the end; 0: never
    checkpoint_seconds: float = Field(120.0, ge=0)  # seconds between checkpoints
    precision: Precision = "auto"  # auto: bf16 where the processor has it; fp16 needs a GPU
    tensorboard: bool = False  # write event files to the folder tensorboard of the run
    seed: int = 1
    optimizer: OptimizerConfig = OptimizerConfig()

    def sized(self, words: int) -> Self:
        """This config; if it leaves epochs open (0), with 1500 / ∛words of them, at least 8 and at most 100.

        That is 81 epochs for 6,300 words of training data, 41 for 50,000, 25 for 200,000. So more data is learned from
        in more steps but fewer epochs.
        """
        if self.epochs:
            return self
        return self.model_copy(update={"epochs": min(100, max(8, round(1500 / max(1, words) ** (1 / 3))))})


@dataclass(slots=True)
class Step:
    """One step of the optimizer."""

    epoch: int  # from 1
    step: int  # from 1
    steps: int  # of the whole run
    words: int
    losses: dict[str, float]  # mean per word, by task
    seconds: float  # of the whole run so far
    learning_rate: float = 0.0


@dataclass(slots=True)
class Evaluation:
    """The dev score after an epoch; the model holds the averaged weights while the caller has this record."""

    epoch: int  # from 1
    score: float
    improved: bool
    seconds: float
    losses: dict[str, float] = field(default_factory=dict)  # mean per word since the last evaluation, by task
    learning_rate: float = 0.0
    words_per_second: float = 0.0  # in steps since the last evaluation


def train(
    learner: Learner[Placed, AnyBatch],
    examples: Examples[Placed] | Sequence[Placed],
    config: TrainingConfig,
    evaluate: Callable[[], float],
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    run: str = "",
    warn: Callable[[str], None] = lambda _: None,
) -> Generator[Step | Evaluation]:
    """Trains the `learner` on `examples`; yields a record of each step and evaluation.

    `evaluate` returns the dev score of the model, which is then in evaluation mode and has the averaged weights.
    The state is written to the file `checkpoint` now and then and on an interrupt; with `resume`, it is first read from
    there. `run` is a fingerprint of config and data, which must be that of the checkpoint. Of several processes, only
    the main one evaluates and writes. Raises DepparseError if a loss is infinite or NaN.
    """
    model, settings, processes = cast(nn.Module, learner), config.optimizer, Processes()
    examples = InMemory(examples) if isinstance(examples, Sequence) else examples
    config = config.sized(counted_words(examples.lengths, examples.sources, config.treebank_words))
    precision = choose_precision(config.precision, processes.device)
    torch.manual_seed(config.seed + processes.number)  # each process drops other units
    model.to(processes.device)
    processes.tell_weights(model)
    average = Average(model, settings.average, settings.ema_decay) if settings.average != "none" else None
    scaler = torch.amp.GradScaler(processes.device.type, enabled=precision == torch.float16)
    state = State(model, make_optimizer(model, settings), average, scaler)
    if resume and checkpoint is not None and checkpoint.exists():
        if changed := load_checkpoint(checkpoint, state, run):
            warn(f"resumed in another environment, so the last bits of the result may differ: {'; '.join(changed)}")
        if processes.number:  # the random numbers in the checkpoint are those of the main process
            torch.manual_seed(config.seed + processes.number + 1000 * state.progress.step)
    progress = state.progress
    began = time.monotonic() - progress.seconds
    saved = time.monotonic()

    def plan(epoch: int) -> list[list[list[int]]]:
        """The batches of each step of the epoch, as numbers of examples."""
        shuffle, size = epoch_random(config.seed, epoch), config.accumulate
        lengths, sources, limit = examples.lengths, examples.sources, config.treebank_words
        batches = plan_epoch(lengths, sources, config.batch_words, config.temperature, shuffle, limit)
        return [batches[first : first + size] for first in range(0, len(batches), size)]

    def keep() -> None:
        nonlocal saved
        progress.seconds = time.monotonic() - began
        if checkpoint is not None and processes.main:
            save_checkpoint(checkpoint, state, run)
        saved = time.monotonic()

    steps = sum(len(plan(epoch)) for epoch in range(config.epochs))
    with Interrupts() as interrupts:
        while progress.epoch < config.epochs and not (config.patience and progress.bad >= config.patience):
            model.train()
            for batches in plan(progress.epoch)[progress.done :]:
                rate = rate_at(progress.step, steps, settings)
                set_rate(state.optimizer, rate)
                begin = time.monotonic()
                parts = [examples.take(processes.part(numbers)) for numbers in batches]
                words, losses = step(learner, state, parts, processes, precision, settings.clip, config.weights)
                progress.add(words, losses, time.monotonic() - begin, rate * settings.learning_rate)
                yield Step(
                    progress.epoch + 1, progress.step, steps, words, losses, time.monotonic() - began, progress.rate
                )
                stop = interrupts.pending is not None
                if stop or time.monotonic() - saved > config.checkpoint_seconds:
                    keep()
                if stop:
                    interrupts.check()
            epoch = progress.epoch + 1
            if epoch % config.evaluate_every == 0 or epoch == config.epochs:
                try:
                    with average.inside(model) if average is not None else nullcontext():
                        model.eval()
                        with interrupts.let_through():
                            score = processes.tell(evaluate() if processes.main else 0.0)
                        yield _evaluation(progress, epoch, score, time.monotonic() - began)
                except (KeyboardInterrupt, SystemExit):
                    keep()  # the epoch is over but not scored, so --resume begins by scoring it
                    raise
                if average is not None and average.kind == "asgd" and non_monotonic(progress.scores, settings.trigger):
                    average.trigger()
            progress.epoch, progress.done = epoch, 0
            if epoch % config.evaluate_every == 0 or epoch == config.epochs:
                keep()
        interrupts.check()


def _evaluation(progress: Progress, epoch: int, score: float, seconds: float) -> Evaluation:
    """Enters a dev score into `progress`, and begins its sums anew; returns the record of the evaluation."""
    improved = score > progress.best
    progress.scores.append(score)
    progress.bad = 0 if improved else progress.bad + 1
    if improved:
        progress.best = score
    losses = {name: loss / max(1, progress.words) for name, loss in progress.losses.items()}
    speed = progress.words / max(1e-9, progress.learning)
    progress.words, progress.learning, progress.losses = 0, 0.0, {}
    return Evaluation(epoch, score, improved, seconds, losses, progress.rate, speed)
