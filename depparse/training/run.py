"""A training run from a recipe to a model folder: read, check, build, train, keep the best, test, write the card."""

from __future__ import annotations

import hashlib
import shutil
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import torch

from depparse.errors import ConfigError
from depparse.evaluation.ud import Scores
from depparse.model import Model
from depparse.store import load, save
from depparse.training.card import TensorBoard, card, log, read_log
from depparse.training.examples import make_examples, read_sentences
from depparse.training.gold import read_gold
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from depparse.training.prepare import (
    CHECKPOINT,
    CURVES,
    METRICS_FILE,
    check_data,
    choose_metric,
    is_finished,
    prepare,
    treebank_names,
)
from depparse.training.processes import Processes
from depparse.training.recipe import RecipeConfig, treebank_name
from depparse.visualize.curves import draw_curves


@dataclass(slots=True)
class Began:
    """What is about to be trained."""

    parameters: int
    sentences: int
    words: int
    findings: list[str]  # what the data check says, a line each


@dataclass(slots=True)
class Warned:
    """Something that the user should know, in the course of a run."""

    message: str


@dataclass(slots=True)
class Estimate:
    """After some steps: what the rest of the run will take, evaluations included."""

    seconds: float


@dataclass(slots=True)
class Scored:
    """Official scores of a dev file after an epoch; of several files, each has a record. None without dev data."""

    evaluation: Evaluation
    scores: Scores | None
    name: str = "dev"


@dataclass(slots=True)
class Done:
    """The end: scores of the kept model on each test file, by name."""

    folder: Path
    minutes: float
    tests: dict[str, Scores] = field(default_factory=dict)


Record = Began | Warned | Step | Estimate | Scored | Done
Listener = Callable[[Record], None]


def run(config: RecipeConfig, output: Path, *, resume: bool = False, command: str = "", listen: Listener) -> None:
    """Trains by the recipe, keeps the model of the best dev score in ``output/model``.

    Of several processes, the main one alone calls `listen`, evaluates and writes.
    """
    processes = Processes()
    listen = listen if processes.main else _silent
    if resume and is_finished(output):
        listen(Warned(f"the run in {output} is finished; another --output begins a new one"))
        return
    hashes = prepare(config, output, resume, processes)
    data = config.data
    names = treebank_names(data.train)
    dev, tests = read_gold("dev", data.dev, names), read_gold("test", data.test, names)
    findings = check_data(config.data) if processes.main else []
    with ExitStack() as stack:
        board = None
        if config.training.tensorboard and processes.main:
            board = stack.enter_context(closing(TensorBoard(output / "tensorboard")))
        folder = None
        if data.on_disk:
            folder = output / f"sentences-{processes.number}"
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        numbers = [names.index(treebank_name(file)) for file in data.train]
        sentences, sources = read_sentences(data.train, numbers, folder)
        if not any(map(len, sentences)):
            raise ConfigError(f"no sentences in {', '.join(data.train)}")
        torch.manual_seed(config.training.seed)
        model = Model.build(config.model, sentences, names)
        examples = make_examples(model, sentences, sources)
        metric = choose_metric(config, model)
        for gold in (*dev, *tests):
            gold.check(model)
        left_out = [name for name in config.model.tasks if name not in model.tasks]
        findings += [f"note: the task {name} is left out: the training data does not annotate it" for name in left_out]
        parameters = sum(parameter.numel() for parameter in model.parameters())
        listen(Began(parameters, len(sentences), sum(examples.lengths), findings))
        latest: dict[str, Scores] = {}

        def score() -> float:
            latest.update((gold.name, gold.score(model)) for gold in dev)
            return statistics.fmean(scores[metric].f1 for scores in latest.values()) if latest and metric else 0.0

        records = train(
            model,
            examples,
            config.training,
            score,
            checkpoint=output / CHECKPOINT,
            resume=resume,
            run=_fingerprint(config, hashes),
            warn=lambda message: listen(Warned(message)),
        )
        stack.enter_context(closing(records))
        training = config.training.sized(sum(examples.lengths))
        clock = _Clock(training, sum(gold.document.num_words for gold in dev))
        for record in records:
            if isinstance(record, Step):
                listen(record)
                if board is not None:
                    board.step(record)
                if (estimate := clock(record)) is not None:
                    listen(estimate)
            elif processes.main:
                log(output / METRICS_FILE, record, latest)
                # Where nothing chooses, the last state is the one to keep.
                if record.improved or not dev or metric is None:
                    save(model, output / "model", _card(config, command, hashes, output, latest))
                if board is not None:
                    board.evaluation(latest)
                for name, scores in latest.items():
                    listen(Scored(record, scores, name))
                if not latest:
                    listen(Scored(record, None))
    if processes.main:
        best = load(output / "model").to(processes.device)
        tested = {gold.name: gold.score(best) for gold in tests}
        scores_of = {gold.name: gold.score(best) for gold in dev} | tested
        save(best, output / "model", _card(config, command, hashes, output, scores_of))
        draw_curves(output / METRICS_FILE, output / CURVES)
        (output / CHECKPOINT).unlink(missing_ok=True)
        minutes = read_log(output / METRICS_FILE)[-1]["seconds"] / 60
        listen(Done(output / "model", minutes, tested))
    processes.wait()


def _silent(record: Record) -> None:
    pass


class _Clock:
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


def _fingerprint(config: RecipeConfig, hashes: Mapping[str, str]) -> str:
    """Names config and data, so that no checkpoint is resumed with others."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    for file in (*config.data.train, *config.data.dev):
        digest.update(hashes[file].encode())
    return digest.hexdigest()


def _card(
    config: RecipeConfig,
    command: str,
    hashes: Mapping[str, str],
    output: Path,
    scores: Mapping[str, Scores],
) -> str:
    evaluations = read_log(output / METRICS_FILE)
    speed = statistics.median(line["words_per_second"] for line in evaluations)
    return card(config, command, hashes, evaluations[-1]["seconds"] / 60, speed, scores)
