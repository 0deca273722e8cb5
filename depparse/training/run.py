"""A training run from a recipe to a model folder: read, check, build, train, keep the best, test, write the card."""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from depparse.errors import ConfigError, did_you_mean
from depparse.evaluation.metrics import WORDS, Use, model_metrics, segmenter_metrics
from depparse.evaluation.scores import Scores
from depparse.inference.pipeline import Pipeline
from depparse.model.extension import extend
from depparse.model.model import Model
from depparse.model_folder.store import load, load_parts, save
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.passages import Passage
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import network_of
from depparse.training.base import Base
from depparse.training.card import TensorBoard, card, log, read_log
from depparse.training.estimate import Clock, Estimate
from depparse.training.examples import make_examples, read_sentences
from depparse.training.gold import read_gold
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from depparse.training.prepare import (
    CHECKPOINT,
    CURVES,
    METRICS_FILE,
    SEGMENTER,
    SEGMENTER_BEST,
    SEGMENTER_CHECKPOINT,
    SEGMENTER_METRICS_FILE,
    check_data,
    choose_metric,
    is_finished,
    prepare,
    treebank_names,
)
from depparse.training.processes import Processes
from depparse.training.recipe import RecipeConfig, SegmentationConfig, treebank_name
from depparse.training.segmentation import read_passages, train_segmenter
from depparse.visualize.curves import draw_curves

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


def run(config: RecipeConfig, output: Path, *, resume: bool = False, command: str = "", listen: Listener) -> None:
    """Trains by the recipe: the segmenter, then the model. Keeps those of the best dev scores in ``output/model``.

    Of several processes, the main one alone calls `listen`, evaluates and writes.
    """
    processes = Processes()
    listen = listen if processes.main else _silent
    if resume and is_finished(output):
        listen(Warned(f"the run in {output} is finished; another --output begins a new one"))
        return
    hashes = prepare(config, output, resume, processes)
    with ExitStack() as stack:
        this = _Run(config, output, resume, command, listen, processes, hashes, stack)
        model = this.build_model() if config.model.tasks else None
        segmenter = this.make_segmenter()
        if model is not None:
            this.train_model(model, segmenter)
        if processes.main:
            this.finish(segmenter)
    processes.wait()


class _Run:
    """A run, its data read. The parts of `run`, in order."""

    def __init__(
        self,
        config: RecipeConfig,
        output: Path,
        resume: bool,
        command: str,
        listen: Listener,
        processes: Processes,
        hashes: Mapping[str, str],
        stack: ExitStack,
    ) -> None:
        self.config, self.output, self.resume, self.command = config, output, resume, command
        self.listen, self.processes, self.hashes, self.stack = listen, processes, hashes, stack
        self.base = Base.load(config.base) if config.base is not None else None
        self.fingerprint = _fingerprint(config, hashes, self.base)
        data = config.data
        self.names: Sequence[str] = treebank_names(data.train)
        if self.base is not None:
            self.names = self.base.model.treebanks
        self.dev, self.tests = (
            read_gold(split, files, self.names, data.format)
            for split, files in (("dev", data.dev), ("test", data.test))
        )
        self.findings = check_data(data) if processes.main else []
        self.metric: str | None = None  # that chooses the model
        folder = None
        if data.on_disk:
            folder = output / f"sentences-{processes.number}"
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # A base model knows its own treebanks only; what is of another one is read as of its first.
        names = [treebank_name(file) for file in data.train]
        numbers = [self.names.index(name) if name in self.names else 0 for name in names]
        self.sentences, self.sources = read_sentences(data.train, numbers, folder, data.format)
        if not any(map(len, self.sentences)):
            raise ConfigError(f"no sentences in {', '.join(data.train)}")

    def build_model(self) -> Model:
        """The model before training; refuses what could not be scored."""
        torch.manual_seed(self.config.training.seed)
        if self.base is None:
            model = Model.build(self.config.model, self.sentences, self.names)
        else:
            model, freeze = self.base.model, self.config.freeze
            self.findings += extend(model, self.config.model.tasks, self.sentences, freeze=freeze)
            of_base = "encoder is" if self.base.segmenter is None or not freeze else "encoder and the segmenter are"
            self.findings.append(f"note: the {of_base} that of {self.config.base}, whatever the recipe says")
        self.metric = choose_metric(self.config, model, self.dev)
        raw = self.config.segmentation is not None or (self.base is not None and self.base.segmenter is not None)
        for gold in (*self.dev, *self.tests):
            gold.check(model, raw=raw)
        names = list(dict.fromkeys([*self.config.model.tasks, *model.tasks]))
        for name in self.config.training.weights:
            if name not in names:
                raise ConfigError(
                    f"config key training.weights.{name}: there is no such task; {did_you_mean(name, names)}"
                )
        left_out = [name for name in self.config.model.tasks if name not in model.tasks]
        self.findings += model.codec.findings(self.sentences, model.learned) if self.processes.main else []
        self.findings += [
            f"note: the task {name} is left out: the training data does not annotate it" for name in left_out
        ]
        return model

    def make_segmenter(self) -> Segmenter | None:
        """Trained, if the recipe has one and a base model is not to stay as it is; else that of the base."""
        config, base = self.config.segmentation, self.base
        if base is not None and base.segmenter is not None and (config is None or self.config.freeze):
            network_of(base.segmenter).to(self.processes.device)
            return base.segmenter
        return self.train_segmenter(config) if config is not None else None

    def train_segmenter(self, config: SegmentationConfig) -> Segmenter | None:
        """The segmenter of the best dev score, in evaluation mode; kept in a folder of its own until the run ends.

        None if the training data does not say how its tokens are spaced, and there is a model to be trained.
        """
        folder, checkpoint = self.output / SEGMENTER, self.output / SEGMENTER_CHECKPOINT
        if not (self.resume and folder.exists()):
            passages = read_passages(config, self.sentences, self.sources)
            if not passages:
                reason = "the training data has no SpaceAfter=No, and no # text that would tell which tokens touch"
                if not self.config.model.tasks:
                    raise ConfigError(f"segmentation cannot be learned: {reason}")
                self.findings.append(f"note: the segmenter is left out: {reason}")
                return None
            self._learn_segmentation(config, passages)
            self.processes.wait()
            if self.processes.main:
                os.rename(self.output / SEGMENTER_BEST, folder)  # from now on it is whole
            self.processes.wait()
        if self.processes.main:
            checkpoint.unlink(missing_ok=True)
        return load_parts(folder).to(self.processes.device).segmenter

    def _learn_segmentation(self, config: SegmentationConfig, passages: Sequence[Passage]) -> None:
        clock, words = None, sum(passage.length for passage in passages)
        training = train_segmenter(
            config,
            passages,
            self.dev,
            checkpoint=self.output / SEGMENTER_CHECKPOINT,
            resume=self.resume,
            run=self.fingerprint,
            warn=lambda message: self.listen(Warned(message)),
        )
        self.stack.enter_context(closing(training))
        metrics = segmenter_metrics(Use.LOG)
        board = self._board(config.training, "tensorboard/segmenter", metrics)
        for learner, record, latest in training:
            if clock is None:
                self.listen(_began(learner, "segmenter", len(passages), words, self.findings, metrics))
                self.findings = []
                clock = self._clock(config.training.sized(words))
            if isinstance(record, Step):
                self._step(record, clock, board)
            elif self.processes.main:
                log(self.output / SEGMENTER_METRICS_FILE, record, latest, metrics)
                if record.improved or not self.dev:
                    save(None, self.output / SEGMENTER_BEST, segmenter=learner.segmenter)
                self._scored(record, latest, "segmenter", board)

    def train_model(self, model: Model, segmenter: Segmenter | None) -> None:
        """Trains the model, and saves it with the segmenter whenever it is the best."""
        config, latest = self.config, dict[str, Scores]()
        examples = make_examples(model, self.sentences, self.sources)
        pipeline, metric = Pipeline(model), self.metric
        scored = {name for gold in (*self.dev, *self.tests) for name in gold.metrics(model)}
        metrics = tuple(name for name in model_metrics(Use.LOG) if name in scored)
        self.listen(_began(model, "model", len(self.sentences), sum(examples.lengths), self.findings, metrics))
        board = self._board(config.training, "tensorboard", metrics)

        def score() -> float:
            latest.update((gold.name, gold.score(pipeline)) for gold in self.dev)
            found = [scores[metric].f1 for scores in latest.values() if metric and metric in scores]
            return statistics.fmean(found) if found else 0.0

        records = train(
            model,
            examples,
            config.training,
            score,
            checkpoint=self.output / CHECKPOINT,
            resume=self.resume,
            run=self.fingerprint,
            warn=lambda message: self.listen(Warned(message)),
        )
        self.stack.enter_context(closing(records))
        clock = self._clock(config.training.sized(sum(examples.lengths)))
        for record in records:
            if isinstance(record, Step):
                self._step(record, clock, board)
            elif self.processes.main:
                log(self.output / METRICS_FILE, record, latest, metrics)
                # Where nothing chooses, the last state is the one to keep.
                if record.improved or not self.dev or metric is None:
                    save(model, self.output / "model", self._card(latest), segmenter=segmenter)
                self._scored(record, latest, "model", board)

    def finish(self, segmenter: Segmenter | None) -> None:
        """Scores what was kept, writes its card and the curves, removes what only a resumed run would need."""
        model = None
        if self.config.model.tasks:
            model = load(self.output / "model")
            model.to(self.processes.device)
        pipeline, files = Pipeline(model, segmenter=segmenter), (*self.dev, *self.tests)
        gold = {} if model is None else {part.name: part.score(pipeline) for part in files}
        raw = {} if segmenter is None else {part.name: part.score(pipeline, raw=True) for part in files}
        save(model, self.output / "model", self._card(gold, raw), segmenter=segmenter)
        if model is not None:
            draw_curves(self.output / METRICS_FILE, self.output / CURVES, self.metric)
        else:
            draw_curves(self.output / SEGMENTER_METRICS_FILE, self.output / CURVES, WORDS.name)
        (self.output / CHECKPOINT).unlink(missing_ok=True)
        shutil.rmtree(self.output / SEGMENTER, ignore_errors=True)
        tests = [part.name for part in self.tests]
        done = Done(self.output / "model", self._minutes())
        done.tests = {name: gold[name] for name in tests if name in gold}
        done.raw = {name: raw[name] for name in tests if name in raw}
        self.listen(done)

    def _clock(self, training: TrainingConfig) -> Clock:
        return Clock(training, sum(gold.document.num_words for gold in self.dev))

    def _board(self, training: TrainingConfig, folder: str, metrics: Sequence[str]) -> TensorBoard | None:
        if not training.tensorboard or not self.processes.main:
            return None
        return self.stack.enter_context(closing(TensorBoard(self.output / folder, metrics)))

    def _step(self, record: Step, clock: Clock, board: TensorBoard | None) -> None:
        self.listen(record)
        if board is not None:
            board.step(record)
        if (estimate := clock(record)) is not None:
            self.listen(estimate)

    def _scored(self, record: Evaluation, latest: Mapping[str, Scores], part: Part, board: TensorBoard | None) -> None:
        if board is not None:
            board.evaluation(latest)
        for name, scores in latest.items():
            self.listen(Scored(record, scores, name, part))
        if not latest:
            self.listen(Scored(record, None, part=part))

    def _minutes(self) -> float:
        logs = [read_log(self.output / file) for file in (METRICS_FILE, SEGMENTER_METRICS_FILE)]
        return sum(float(lines[-1]["seconds"]) for lines in logs if lines) / 60

    def _card(self, scores: Mapping[str, Scores], raw: Mapping[str, Scores] | None = None) -> str:
        lines = read_log(self.output / METRICS_FILE) or read_log(self.output / SEGMENTER_METRICS_FILE)
        speed = statistics.median(line["words_per_second"] for line in lines)
        base = self.base.card(self.config) if self.base is not None else ""
        return card(self.config, self.command, self.hashes, self._minutes(), speed, scores, raw or {}) + base


def _began(
    part: Model | SegmenterLearner,
    name: Part,
    sentences: int,
    words: int,
    findings: list[str],
    metrics: tuple[str, ...],
) -> Began:
    parameters = sum(parameter.numel() for parameter in part.parameters() if parameter.requires_grad)
    return Began(parameters, sentences, words, findings, name, metrics)


def _silent(record: Record) -> None:
    pass


def _fingerprint(config: RecipeConfig, hashes: Mapping[str, str], base: Base | None) -> str:
    """Names config, data and base model, so that no checkpoint is resumed with others."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    digest.update((base.hash if base is not None else "").encode())
    for file in (*config.data.train, *config.data.dev):
        digest.update(hashes[file].encode())
    return digest.hexdigest()
