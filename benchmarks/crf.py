"""The cost of the CRF of entities or semantic roles in training: its loss and gradient as a share of a step.

    python benchmarks/crf.py [--train FILE] [--recipe ner] [--words 25000] [--steps 20] [--set KEY=VALUE …]

FILE holds entities, or roles with `--recipe srl`; by default it is WNUT-17 (six types, so 25 tags) in $DEPPARSE_SHARED
(by default ../shared). Its first `--words` words are used. A step is one of `training.loop`, with collating, losses,
clipping, optimizer and average. The CRF's part, from the scores of tags to their gradient, is measured after the step
on the same batch; only full batches count. Everything runs in one process after a warm-up. The share that is shown is
the median over the steps, with the least and the greatest.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from depparse.features.batch import chunks
from depparse.features.vocabulary import IGNORE
from depparse.formats.table import iter_sentences
from depparse.layers.tensors import to_tensors
from depparse.model.model import Model
from depparse.tasks.ner import Ner
from depparse.tasks.srl.network import Srl
from depparse.training.checkpoint import epoch_random
from depparse.training.examples import plan_epoch
from depparse.training.loop import train
from depparse.training.recipe import RecipeConfig, read_recipe

WARM = 3  # steps of the warm-up


def seconds(work: Callable[[], object]) -> float:
    """The seconds that a call takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make_crf(task: Ner | Srl, scores: Any, targets: Any) -> Callable[[], object]:
    """The CRF's work, from the scores of tags to their gradient; for roles with the loss of argument heads."""
    if isinstance(task, Srl):
        arguments = task.arguments
        pairs = arguments.pair_scores(scores.arguments, targets.positions).detach().requires_grad_()
        lengths = (targets.predicates != IGNORE).sum(1)[targets.positions[:, 0]]
        return lambda: arguments.loss(pairs, lengths, targets.arguments).backward()
    tags = scores.detach().requires_grad_()
    return lambda: task.loss(tags, targets).backward()


def measure(path: Path, recipe: RecipeConfig, words: int, steps: int) -> list[tuple[float, float]]:
    """The seconds of each step, and those of the CRF in it."""
    sentences = next(chunks(iter_sentences(path), words))
    torch.manual_seed(1)
    model = Model.build(recipe.model, sentences)
    name, task = next((name, task) for name, task in model.tasks.items() if isinstance(task, (Ner, Srl)))
    config = recipe.training.model_copy(update={"epochs": 100, "evaluate_every": 100, "precision": "fp32"})
    examples = [model.example(sentence, targets=True) for sentence in sentences]
    lengths, sources = [example.length for example in examples], [0] * len(examples)
    records = train(model, examples, config, lambda: 0.0)
    times: list[tuple[float, float]] = []
    for epoch in range(config.epochs):
        shuffle = epoch_random(config.seed, epoch)
        for numbers in plan_epoch(lengths, sources, config.batch_words, config.temperature, shuffle):
            batch = model.collate([examples[number] for number in numbers])
            step = seconds(lambda: next(records))
            if math.prod(batch.shape) >= 0.85 * config.batch_words:  # the last batch of an epoch may not be full
                targets = to_tensors(batch.targets[name], model.device)
                times.append((step, seconds(make_crf(task, model(batch)[name], targets))))
            if len(times) == WARM + steps:
                return times[WARM:]
    raise SystemExit(f"{config.epochs} epochs have no {WARM + steps} full batches; give more --words or fewer --steps")


def main() -> None:
    """Measures by the command line, and prints the CRF's share."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="The CRF's share of a training step.")
    parser.add_argument("--train", type=Path, default=shared / "ner" / "wnut17" / "wnut17train.conll")
    parser.add_argument("--recipe", default="ner", help="with a task of type ner or srl")
    parser.add_argument("--words", type=int, default=25_000)
    parser.add_argument("--steps", type=int, default=20, help="number of full batches")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe")
    options = parser.parse_args()
    times = measure(options.train, read_recipe(options.recipe, options.set), options.words, options.steps)
    shares = sorted(100 * crf / step for step, crf in times)
    step, crf = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
    print(f"{options.train.name}, {options.recipe}, {torch.get_num_threads()} threads, {options.steps} steps")
    print(
        f"step {step:.0f} ms, CRF {crf:.0f} ms: {statistics.median(shares):.1f} % ({shares[0]:.1f} to {shares[-1]:.1f})"
    )


if __name__ == "__main__":
    main()
