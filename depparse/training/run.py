"""A training run from a recipe to a model folder: read, check, build, train, keep the best, test, write the facts."""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch

from depparse.errors import ConfigError, did_you_mean
from depparse.evaluation.metrics import WORDS, Use, model_metrics, segmenter_metrics
from depparse.evaluation.scores import Scores
from depparse.inference.pipeline import Pipeline
from depparse.model.extension import extend
from depparse.model.model import Model
from depparse.model_folder.facts import Facts
from depparse.model_folder.store import load, load_parts, save
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.passages import Passage
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import network_of
from depparse.training.base import Base
from depparse.training.examples import Chain, InMemory, counted_words, make_examples, read_sentences
from depparse.training.facts import data_facts, score_facts, training_facts
from depparse.training.gold import read_gold
from depparse.training.log import read_log
from depparse.training.loop import train
from depparse.training.prepare import (
    CHECKPOINT,
    CURVES,
    LESSONS,
    METRICS_FILE,
    SEGMENTER,
    SEGMENTER_BEST,
    SEGMENTER_CHECKPOINT,
    SEGMENTER_METRICS_FILE,
    VECTORS,
    check_data,
    choose_metric,
    is_finished,
    prepare,
    treebank_names,
)
from depparse.training.processes import Processes, choose_precision
from depparse.training.recipe import RecipeConfig, SegmentationConfig, treebank_name
from depparse.training.records import Done, Going, Listener, Record, Warned
from depparse.training.segmentation import read_passages, segmenter_score
from depparse.training.stage import Stage
from depparse.training.teaching import Teaching
from depparse.training.vectors import with_kept_vectors
from depparse.treebanks.languages import Choice, Languages
from depparse.visualize.curves import draw_curves


def run(config: RecipeConfig, output: Path, *, resume: bool = False, command: str = "", listen: Listener) -> None:
    """Trains the segmenter, then the model, and keeps those with the best dev scores in ``output/model``.

    Of several processes, only the main one calls `listen`, evaluates and writes. Raises DepparseError.
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
    """A run whose data has been read. The methods are the stages of `run`, in order."""

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
        self.teaching = Teaching(config, output, hashes, processes) if config.training.teacher else None
        self.fingerprint = _fingerprint(config, hashes, self.base, self.teaching)
        data = config.data
        self.treebanks: Sequence[str] = treebank_names(data.train)
        if self.base is not None:
            self.treebanks = self.base.model.treebanks
        self.dev, self.tests = (
            read_gold(split, files, self.treebanks, data.format)
            for split, files in (("dev", data.dev), ("test", data.test))
        )
        self.findings = check_data(data) if processes.main else []
        self.metric: str | None = None  # the score that chooses the model
        folder = None
        if data.on_disk:
            folder = output / f"sentences-{processes.number}"
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # A base model knows only its own treebanks; files of any other treebank are read as those of the nearest one.
        languages = Languages(self.treebanks)
        numbers = [languages.number(Choice(treebank_name(file)), quiet=True) for file in data.train]
        self.sentences, self.sources = read_sentences(data.train, numbers, folder, data.format, data.limit)
        if data.limit is not None:
            self.findings.append(f"note: data.limit leaves {len(self.sentences):,} sentences to learn from")
        if not any(map(len, self.sentences)):
            raise ConfigError(f"no sentences in {', '.join(data.train)}")

    def build_model(self) -> Model:
        """The model before training. Raises ConfigError, also if the dev or test data could not be scored."""
        torch.manual_seed(self.config.training.seed)
        if self.base is None:
            known = None if self.teaching is None else Chain([self.sentences, self.teaching.text])
            model = Model.build(self.config.model, self.sentences, self.treebanks, self.sources, known)
        else:
            model, freeze = self.base.model, self.config.freeze
            self.findings += extend(model, self.config.model.tasks, self.sentences, self.sources, freeze=freeze)
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
        if self.teaching is not None:
            self.findings += self.teaching.check(model)
        left_out = [name for name in self.config.model.tasks if name not in model.tasks]
        self.findings += model.codec.findings(self.sentences, model.learned) if self.processes.main else []
        self.findings += [
            f"note: the task {name} is left out: the training data does not annotate it" for name in left_out
        ]
        return model

    def make_segmenter(self) -> Segmenter | None:
        """The base model's segmenter if the recipe has none or freezes the base; else a trained one, or None."""
        config, base = self.config.segmentation, self.base
        if base is not None and base.segmenter is not None and (config is None or self.config.freeze):
            network_of(base.segmenter).to(self.processes.device)
            return base.segmenter
        return self.train_segmenter(config) if config is not None else None

    def train_segmenter(self, config: SegmentationConfig) -> Segmenter | None:
        """The trained segmenter with the best dev score, in evaluation mode. A folder of its own has it until the end.

        None if the training data does not say how its tokens are spaced; without a model to be trained, this raises
        ConfigError.
        """
        folder, checkpoint = self.output / SEGMENTER, self.output / SEGMENTER_CHECKPOINT
        if not (self.resume and folder.exists()):
            passages, treebanks = read_passages(config, self.sentences, self.sources, self.treebanks)
            if not passages:
                reason = "the training data has no SpaceAfter=No, and no # text that would tell which tokens touch"
                if not self.config.model.tasks:
                    raise ConfigError(f"segmentation cannot be learned: {reason}")
                self.findings.append(f"note: the segmenter is left out: {reason}")
                return None
            self._run_stage(self._segmenter_stage(config, passages, treebanks))
            self.processes.wait()
            if self.processes.main:
                os.rename(self.output / SEGMENTER_BEST, folder)  # under this name, its training is complete
            self.processes.wait()
        if self.processes.main:
            checkpoint.unlink(missing_ok=True)
        return load_parts(folder).to(self.processes.device).segmenter

    def _segmenter_stage(
        self, config: SegmentationConfig, passages: Sequence[Passage], treebanks: Sequence[str]
    ) -> Stage:
        torch.manual_seed(config.training.seed)
        names = treebanks if len(treebanks) > 1 else [""]  # a single treebank needs no name
        learner, latest = SegmenterLearner.build(config.network, passages, names), dict[str, Scores]()
        if self.teaching is not None:
            passages = self.teaching.passages(config, passages, learner.codec, treebanks)
        lengths, sources = [p.length for p in passages], [p.source for p in passages]
        training = config.training.sized(counted_words(lengths, sources, config.training.treebank_words))
        best = self.output / SEGMENTER_BEST
        return Stage(
            "segmenter",
            learner,
            training,
            train(
                learner,
                InMemory(passages),
                training,
                partial(segmenter_score, learner.segmenter, self.dev, latest),
                checkpoint=self.output / SEGMENTER_CHECKPOINT,
                resume=self.resume,
                run=self.fingerprint,
                warn=self._warn,
            ),
            len(passages),
            sum(lengths),
            self._take_findings(),
            segmenter_metrics(Use.LOG),
            latest,
            bool(self.dev),
            self.output / SEGMENTER_METRICS_FILE,
            self.output / "tensorboard" / "segmenter",
            lambda: save(None, best, segmenter=learner.segmenter),
        )

    def train_model(self, model: Model, segmenter: Segmenter | None) -> None:
        """Trains the model, and saves it with the segmenter whenever it is the best so far."""
        if self.teaching is None:
            examples = make_examples(model, self.sentences, self.sources)
        else:
            examples = self.teaching.examples(
                model, self.sentences, self.sources, lambda message: self.listen(Going(message))
            )
        training = self.config.training
        training = training.sized(counted_words(examples.lengths, examples.sources, training.treebank_words))
        precision = choose_precision(training.precision, self.processes.device)
        examples = with_kept_vectors(
            model,
            examples,
            self.output / VECTORS / self.fingerprint[:16],
            self.processes,
            precision,
            lambda message: self.listen(Going(message)),
        )
        pipeline, metric, latest = Pipeline(model), self.metric, dict[str, Scores]()
        scored = {name for gold in (*self.dev, *self.tests) for name in gold.metrics(model.codec)}
        logged = {*model_metrics(Use.LOG), metric}  # the score that chooses is always logged
        metrics = tuple(name for name in model_metrics(Use.TRAINING) if name in scored & logged)

        def score() -> float:
            latest.update((gold.name, gold.score(pipeline)) for gold in self.dev)
            chosen = [scores[metric].f1 for scores in latest.values() if metric and metric in scores]
            return statistics.fmean(chosen) if chosen else 0.0

        def keep() -> None:
            save(model, self.output / "model", self._facts(latest), segmenter=segmenter)

        stage = Stage(
            "model",
            model,
            training,
            train(
                model,
                examples,
                training,
                score,
                checkpoint=self.output / CHECKPOINT,
                resume=self.resume,
                run=self.fingerprint,
                warn=self._warn,
            ),
            len(examples.lengths),
            sum(examples.lengths),
            self._take_findings(),
            metrics,
            latest,
            bool(self.dev) and metric is not None,
            self.output / METRICS_FILE,
            self.output / "tensorboard",
            keep,
        )
        self._run_stage(stage)

    def _take_findings(self) -> list[str]:
        """The findings, which only the first stage gets, so that the user is told them once."""
        findings, self.findings = self.findings, []
        return findings

    def _warn(self, message: str) -> None:
        self.listen(Warned(message))

    def _run_stage(self, stage: Stage) -> None:
        dev_words = sum(gold.document.num_words for gold in self.dev)
        stage.run(self.listen, dev_words, main=self.processes.main)

    def finish(self, segmenter: Segmenter | None) -> None:
        """Scores the kept model, writes its card and the curves, and removes files that only a resumed run needs."""
        model = None
        if self.config.model.tasks:
            model = load(self.output / "model")
            model.to(self.processes.device)
        pipeline, gold_files = Pipeline(model, segmenter=segmenter), (*self.dev, *self.tests)
        scores = {} if model is None else {gold.name: gold.score(pipeline) for gold in gold_files}
        raw = {} if segmenter is None else {gold.name: gold.score(pipeline, raw=True) for gold in gold_files}
        save(model, self.output / "model", self._facts(scores, raw), segmenter=segmenter)
        if model is not None:
            draw_curves(self.output / METRICS_FILE, self.output / CURVES, self.metric)
        else:
            draw_curves(self.output / SEGMENTER_METRICS_FILE, self.output / CURVES, WORDS.name)
        (self.output / CHECKPOINT).unlink(missing_ok=True)
        for name in (SEGMENTER, LESSONS, VECTORS):
            shutil.rmtree(self.output / name, ignore_errors=True)
        tests = [gold.name for gold in self.tests]
        done = Done(self.output / "model", self._minutes())
        done.tests = {name: scores[name] for name in tests if name in scores}
        done.raw = {name: raw[name] for name in tests if name in raw}
        self.listen(done)

    def _minutes(self) -> float:
        """The minutes that the model and the segmenter were trained."""
        logs = [read_log(self.output / file) for file in (METRICS_FILE, SEGMENTER_METRICS_FILE)]
        return sum(float(lines[-1]["seconds"]) for lines in logs if lines) / 60

    def _facts(self, scores: Mapping[str, Scores], raw: Mapping[str, Scores] | None = None) -> Facts:
        """The facts of the model, with its scores from gold words and, if there are any, from `raw` text."""
        lines = read_log(self.output / METRICS_FILE) or read_log(self.output / SEGMENTER_METRICS_FILE)
        speed = statistics.median(line["words_per_second"] for line in lines)
        from_text = score_facts(raw or {}, "text", has_model=bool(scores))
        return Facts(
            training=training_facts(self.config, self.command, self._minutes(), speed),
            data=data_facts(self.config.data, self.hashes),
            scores=(*score_facts(scores, "words"), *from_text),
            base=self.base.facts(self.config) if self.base is not None else None,
            teachers=self.teaching.facts() if self.teaching is not None else (),
        )


def _silent(record: Record) -> None:
    pass


def _fingerprint(config: RecipeConfig, hashes: Mapping[str, str], base: Base | None, teaching: Teaching | None) -> str:
    """A hash of config, data, base model and teachers, so that no checkpoint is resumed with other ones."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    digest.update((base.hash if base is not None else "").encode())
    for file in (*config.data.train, *config.data.dev, *config.data.text):
        digest.update(hashes[file].encode())
    digest.update("".join(teaching.hashes if teaching is not None else ()).encode())
    return digest.hexdigest()
