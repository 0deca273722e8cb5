"""The training loop: a generator of records. The caller prints, draws, and decides what to keep.

One loop for all models: batches of words, the sum of the tasks' losses, AdamW, a running average of the weights, an
official dev score now and then, and a checkpoint from which a killed run goes on to the same last bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field

from depparse.config import Config
from depparse.data.batching import Example, plan_batches
from depparse.model import Model
from depparse.training.checkpoint import Progress, epoch_random, load_checkpoint, save_checkpoint
from depparse.training.optim import Average, OptimizerConfig, make_optimizer, rate_at


class TrainingConfig(Config):
    """How long and in what steps."""

    epochs: int = Field(30, ge=1)
    batch_words: int = Field(1500, ge=1)  # words of a batch, with padding
    evaluate_every: int = Field(1, ge=1)  # epochs
    patience: int = Field(0, ge=0)  # evaluations without a better dev score before the end; 0: never
    checkpoint_seconds: float = Field(120.0, ge=0)  # seconds between checkpoints
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto: bf16 where the processor has it
    seed: int = 1
    optimizer: OptimizerConfig = OptimizerConfig()


@dataclass(slots=True)
class Step:
    """One step of the optimizer."""

    epoch: int  # from 1
    step: int  # from 1
    steps: int  # of the whole run
    words: int
    losses: dict[str, float]  # mean a word, by task
    seconds: float  # of the whole run so far


@dataclass(slots=True)
class Evaluation:
    """The dev score after an epoch; the model holds the averaged weights while the caller has this record."""

    epoch: int  # from 1
    score: float
    improved: bool
    seconds: float


def has_bf16() -> bool:
    """Whether the processor multiplies bf16 itself; where it does not, bf16 is only slower."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def train(
    model: Model,
    examples: Sequence[Example],
    config: TrainingConfig,
    evaluate: Callable[[], float],
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    run: str = "",
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[Step | Evaluation]:
    """Trains `model` on `examples`. `evaluate` scores the model (in evaluation mode, averaged weights) on dev.

    With `checkpoint`, the state is written there now and then, and read from there first if `resume`; `run` is a
    fingerprint of config and data that must be the same.
    """
    torch.manual_seed(config.seed)
    settings = config.optimizer
    optimizer = make_optimizer(model, settings)
    average = Average(model, settings.average, settings.ema_decay) if settings.average != "none" else None
    lengths = [example.length for example in examples]
    plans = [
        plan_batches(lengths, config.batch_words, shuffle=epoch_random(config.seed, e)) for e in range(config.epochs)
    ]
    steps = sum(map(len, plans))
    progress = Progress()
    if resume and checkpoint is not None and checkpoint.exists():
        progress, changed = load_checkpoint(checkpoint, model, optimizer, average, run)
        if changed:
            warn(f"resumed elsewhere, so the result may differ in its last bits: {'; '.join(changed)}")
    bf16 = config.precision == "bf16" or (config.precision == "auto" and has_bf16())
    began = time.monotonic() - progress.seconds
    saved = time.monotonic()

    def keep() -> None:
        nonlocal saved
        if checkpoint is not None:
            progress.seconds = time.monotonic() - began
            save_checkpoint(checkpoint, model, optimizer, average, progress, run)
            saved = time.monotonic()

    while progress.epoch < config.epochs:
        plan = plans[progress.epoch]
        model.train()
        for numbers in plan[progress.done :]:
            rate = rate_at(progress.step, steps, settings)
            for group in optimizer.param_groups:
                group["lr"] = rate * (
                    settings.pretrained_learning_rate if group.get("pretrained") else settings.learning_rate
                )
            batch = model.collate([examples[number] for number in numbers])
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                losses = model.losses(batch)
            optimizer.zero_grad(set_to_none=True)
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
            optimizer.step()
            if average is not None:
                average.update(model)
            progress.step += 1
            progress.done += 1
            shown = {name: loss.item() for name, loss in losses.items()}
            yield Step(progress.epoch + 1, progress.step, steps, batch.n_words, shown, time.monotonic() - began)
            if time.monotonic() - saved > config.checkpoint_seconds:
                keep()
        progress.epoch += 1
        progress.done = 0
        if progress.epoch % config.evaluate_every == 0 or progress.epoch == config.epochs:
            yield from _evaluate(model, average, evaluate, progress, began)
            keep()
            if config.patience and progress.bad >= config.patience:
                break


def _evaluate(
    model: Model, average: Average | None, evaluate: Callable[[], float], progress: Progress, began: float
) -> Iterator[Evaluation]:
    if average is not None:
        average.swap(model)
    try:
        model.eval()
        score = evaluate()
        improved = score > progress.best
        progress.scores.append(score)
        progress.bad = 0 if improved else progress.bad + 1
        if improved:
            progress.best, progress.best_epoch = score, progress.epoch
        yield Evaluation(progress.epoch, score, improved, time.monotonic() - began)
    finally:
        if average is not None:
            average.swap(model)
    if average is not None and average.kind == "asgd" and progress.bad >= 3:
        average.triggered = True
