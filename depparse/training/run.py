"""A training run from a recipe to a model folder: read, check, build, train, keep the best, test, write the card."""

from __future__ import annotations

import hashlib
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import torch

from depparse.data.checks import check
from depparse.data.document import Document
from depparse.data.formats import guess_format, read
from depparse.data.sentence import Sentence
from depparse.errors import ConfigError
from depparse.evaluation.ud import Scores, evaluate
from depparse.model import Model
from depparse.store import load, save
from depparse.training.card import TensorBoard, card, hash_file, log, read_log
from depparse.training.examples import make_examples, read_sentences
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from depparse.training.processes import Processes, choose_precision
from depparse.training.recipe import RecipeConfig, treebank_name
from depparse.visualize.curves import draw_curves

CHECKPOINT = "checkpoint.safetensors"
METRICS_FILE = "metrics.jsonl"


@dataclass(slots=True)
class Began:
    """What is about to be trained."""

    parameters: int
    sentences: int
    words: int
    findings: list[str]  # what the data check says, a line each


@dataclass(slots=True)
class Estimate:
    """After some steps: what the rest of the run will take, evaluations included."""

    seconds: float


@dataclass(slots=True)
class Scored:
    """Official scores of a dev file after an epoch; of several files, each has a record."""

    evaluation: Evaluation
    scores: Scores
    name: str = "dev"


@dataclass(slots=True)
class Done:
    """The end: scores of the kept model on the first test file (None without), and on each of them by name."""

    folder: Path
    test: Scores | None
    minutes: float
    tests: dict[str, Scores] = field(default_factory=dict)


Record = Began | Step | Estimate | Scored | Done
Listener = Callable[[Record], None]


def run(config: RecipeConfig, output: Path, *, resume: bool = False, command: str = "", listen: Listener) -> None:
    """Trains by the recipe, keeps the model of the best dev score in ``output/model``.

    Of several processes, the main one alone calls `listen`, evaluates and writes.
    """
    processes = Processes()
    listen = listen if processes.main else _silent
    hashes = _prepare(config, output, resume, processes)
    data = config.data
    names = list(dict.fromkeys(map(treebank_name, data.train)))  # of the treebanks, in order of their numbers
    dev, tests = _read_gold("dev", data.dev, names), _read_gold("test", data.test, names)
    findings = [line for file in data.train for line in _check(file)] if processes.main else []
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
        left_out = [name for name in config.model.tasks if name not in model.tasks]
        findings += [f"note: the task {name} is left out: the training data does not annotate it" for name in left_out]
        parameters = sum(parameter.numel() for parameter in model.parameters())
        listen(Began(parameters, len(sentences), sum(examples.lengths), findings))
        latest: dict[str, Scores] = {}

        def score() -> float:
            latest.update((gold.name, gold.score(model)) for gold in dev)
            return statistics.fmean(scores[config.metric].f1 for scores in latest.values()) if latest else 0.0

        records = train(
            model,
            examples,
            config.training,
            score,
            checkpoint=output / CHECKPOINT,
            resume=resume,
            run=_fingerprint(config, hashes),
            warn=lambda message: listen(Began(parameters, 0, 0, [f"warning: {message}"])),
        )
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
                # Without dev data the last state is the one to keep.
                if record.improved or not dev:
                    save(model, output / "model", _card(config, command, hashes, output, latest))
                if board is not None:
                    board.evaluation(latest)
                for name, scores in latest.items():
                    listen(Scored(record, scores, name))
    if processes.main:
        best = load(output / "model").to(processes.device)
        tested = {gold.name: gold.score(best) for gold in tests}
        scores_of = {gold.name: gold.score(best) for gold in dev} | tested
        save(best, output / "model", _card(config, command, hashes, output, scores_of))
        draw_curves(output / METRICS_FILE, output / "curves.png")
        (output / CHECKPOINT).unlink(missing_ok=True)
        minutes = read_log(output / METRICS_FILE)[-1]["seconds"] / 60
        listen(Done(output / "model", next(iter(tested.values()), None), minutes, tested))
    processes.wait()


def _silent(record: Record) -> None:
    pass


def _prepare(config: RecipeConfig, output: Path, resume: bool, processes: Processes) -> dict[str, str]:
    """Refuses what cannot be trained, makes the run's folder; returns the hash of each file of data."""
    if not config.data.train:
        raise ConfigError("no training data: give --train FILE or --treebank DIR")
    if not config.model.tasks:
        raise ConfigError("the recipe has no tasks: config key model.tasks is empty")
    choose_precision(config.training.precision, processes.device)
    if not resume and (output / CHECKPOINT).exists():
        raise ConfigError(f"{output} holds a run already: --resume goes on with it, another --output begins a new one")
    hashes = {file: hash_file(file) for file in (*config.data.train, *config.data.dev, *config.data.test)}
    output.mkdir(parents=True, exist_ok=True)
    if processes.main:
        if not resume:
            (output / METRICS_FILE).unlink(missing_ok=True)
        (output / "recipe.json").write_text(config.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return hashes


def _check(file: str) -> list[str]:
    """What the data check says of a file of CoNLL-U, notes aside."""
    if not guess_format(file, "conllu").startswith("conllu"):
        return []
    return [
        f"{finding.severity}: {finding.message} ({', '.join(finding.places[:1]) or file})"
        for finding in check(Path(file))
        if finding.severity != "note"
    ]


@dataclass(slots=True)
class _Gold:
    """A file to be scored on; `source` is the number of its treebank among those of training, else 0."""

    name: str
    document: Document
    source: int

    def score(self, model: Model) -> Scores:
        return evaluate(self.document, annotated(model, self.document, self.source))


def _read_gold(split: str, files: Sequence[str], treebanks: Sequence[str]) -> list[_Gold]:
    """Named by the split if there is one file, else by their stems, or whole where stems are alike.

    What the scorer refuses is refused now.
    """
    stems = [Path(file).name.split(".")[0] for file in files]
    labels = [split] if len(files) == 1 else stems if len(set(stems)) == len(stems) else files
    found = []
    for file, label in zip(files, labels, strict=True):
        document = read(file, guess_format(file, "conllu"))
        evaluate(document, document)
        name = treebank_name(file)
        source = treebanks.index(name) if name in treebanks else 0
        found.append(_Gold(label, document, source))
    return found


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


def annotated(model: Model, gold: Document, source: int = 0) -> Document:
    """The document as the model analyses it, from gold sentences, tokens and words."""
    copies = []
    for sentence in gold:
        columns = {"FORM": list(sentence.columns["FORM"])}
        copies.append(Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes))
    model.annotate(copies, source=source)
    for sentence in copies:
        # A model without a parser is scored too: a chain stands for the tree that the scorer asks for.
        if "HEAD" not in sentence.columns:
            sentence.columns["HEAD"] = [str(number) for number in range(len(sentence))]
    return Document(copies)


def _fingerprint(config: RecipeConfig, hashes: Mapping[str, str]) -> str:
    """Names config and data, so that no checkpoint is resumed with others."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    for file in config.data.train:
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
