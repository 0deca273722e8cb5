"""Does syntax help to find entities and semantic roles? Networks that read trees against the same without them.

    python benchmarks/syntax.py OUTPUT [--only NAME,…] [--trees none,gold,predicted] [--seeds 1,2,3]
        [--sentences 1000] [--parser-sentences 2500] [--epochs 8] [--folds 4] [--on dev] [--set KEY=VALUE …]

Trains small models from scratch on a part of UD English-EWT, joined with UNER English-EWT and Universal PropBank:

- entities: a CRF (`crf`) with graph convolutions (`gcn`) or dependency-guided LSTMs (`dglstm`) before it, and a scorer
  of spans (`nested`), also of those alone that go with the tree (`spans`); strict micro F1;
- roles: arcs from given predicates to the heads of their arguments (`roles`), with graph convolutions before them
  (`roles_gcn`) or embeddings of the paths between them (`roles_paths`); F1 of labelled heads.

Trees are gold, or predicted: those of the training data by jackknifing, those of the test data by a parser of all
sentences that parsers are trained on. All networks have the same encoder, train for the same epochs (scorers of spans
in more and larger steps), and are taken as they are in the end (the running average), so no dev data is looked at.
Sentences whose words differ in the data sets are left out. $DEPPARSE_SHARED (by default ../shared) has the data.

Parsers, and what each network found, stay in OUTPUT: so the work can be done in pieces, and what is there is shown at
the end of each: F1 on test, its mean over seeds, and the difference to the same network without trees, with a
bootstrap interval over sentences and seeds. Seconds are of the processor: set OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from trees_as_input import cover_by_trees, difference_of_runs

from depparse.document.annotations.frames import FRAME_COLUMNS
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.evaluation.entities import measure_entities
from depparse.evaluation.frames import heads_of, measure_frames
from depparse.evaluation.pair import Pair
from depparse.evaluation.significance import Floats
from depparse.evaluation.systems import bare_copies
from depparse.evaluation.ud import evaluate
from depparse.formats.table import read, write
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.tasks.nested_ner import covering_width
from depparse.training.jackknife import jackknife, train_parser, with_trees_of
from depparse.training.loop import Evaluation, train
from depparse.training.recipe import RecipeConfig, read_recipe
from depparse.treebanks.join import join

ENCODER: dict[str, Any] = {
    "inputs": [{"type": "words", "width": 100, "dropout": 0.15}, {"type": "characters", "width": 100}],
    "context": {"type": "linear_recurrent", "width": 200, "layers": 1},
    "input_dropout": 0.15,
}
# The network without trees that each is compared with, and the task.
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "crf": ("crf", {"type": "ner"}),
    "gcn": ("crf", {"type": "ner", "syntax": {"type": "gcn"}}),
    "dglstm": ("crf", {"type": "ner", "syntax": {"type": "dglstm"}}),
    "nested": ("nested", {"type": "nested_ner"}),
    "spans": ("nested", {"type": "nested_ner", "spans": "tree"}),
    "roles": ("roles", {"type": "srl", "decoder": "arcs"}),
    "roles_gcn": ("roles", {"type": "srl", "decoder": "arcs", "syntax": {"type": "gcn"}}),
    "roles_paths": ("roles", {"type": "srl", "decoder": "arcs", "paths": {"type": "paths"}}),
}
TREES = ("none", "gold", "predicted")


@dataclass(frozen=True, slots=True)
class Row:
    """A network and the trees that it gets."""

    network: str
    trees: str

    @property
    def plain(self) -> Row:
        return Row(NETWORKS[self.network][0], "none")

    @property
    def finds_roles(self) -> bool:
        return NETWORKS[self.network][1]["type"] == "srl"


ROWS = [
    Row(name, trees) for name, (plain, _) in NETWORKS.items() for trees in TREES if (trees == "none") == (name == plain)
]


class Ablation:
    """The data, the settings, and what is in the folder."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.output = options, options.output
        self.output.mkdir(parents=True, exist_ok=True)
        kept = ("on", "treebank", "entities", "roles", "sentences", "parser_sentences", "epochs", "folds", "set")
        settings = {name: str(getattr(options, name)) for name in kept}
        file = self.output / "settings.json"
        if file.exists() and json.loads(file.read_text(encoding="utf-8")) != settings:
            raise SystemExit(f"{self.output} was begun with other settings: {file}; give another folder")
        file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")

    def recipe(self, task: dict[str, Any], seed: int = 1) -> RecipeConfig:
        epochs = self.options.epochs
        training: dict[str, Any] = {"epochs": epochs, "evaluate_every": epochs, "batch_words": 250}
        if task["type"] == "nested_ner":  # which finds nothing at all for hundreds of steps
            training |= {"batch_words": 80, "optimizer": {"learning_rate": 5e-3}}
        content = {"model": {"encoder": ENCODER, "tasks": {"task": task}}, "training": training}
        return read_recipe(content, self.options.set).with_seed(seed)

    @cached_property
    def joined(self) -> dict[str, Document]:
        """The sentences of train and test (or dev) that have trees, entities and roles."""
        found = {}
        for split, name in (("train", "train"), ("test", self.options.on)):
            document = read(next(self.options.treebank.glob(f"*-{name}*.conllu")))
            join(document, read(next(self.options.entities.glob(f"*-{name}*.iob2"))))
            join(document, read(next(self.options.roles.glob(f"*-{name}*.conllup"))))
            found[split] = Document(
                s for s in document if s.entity_tags() is not None and FRAME_COLUMNS[0] in s.columns
            )
        return found

    @cached_property
    def gold(self) -> dict[str, Document]:
        """What parsers are trained on (``parser``), the part of it that the networks are, and test."""
        parser = evenly(self.joined["train"], self.options.parser_sentences)
        return {"parser": parser, "train": evenly(parser, self.options.sentences), "test": self.joined["test"]}

    @cached_property
    def predicted(self) -> dict[str, Document]:
        """The same with predicted trees, which are kept."""
        gold, files = self.gold, {split: self.output / f"{split}.conllu" for split in ("parser", "test")}
        if not all(file.exists() for file in files.values()):
            recipe = self.recipe({"type": "dependencies", "arc_width": 200, "label_width": 50})
            parsers = self.output / "parsers"
            write(jackknife(recipe, gold["parser"], parsers, self.options.folds), files["parser"])
            write(with_trees_of(train_parser(recipe, gold["parser"], parsers / "all"), gold["test"]), files["test"])
        found = {split: Document(map(with_tree, gold[split], read(file))) for split, file in files.items()}
        return found | {"train": evenly(found["parser"], self.options.sentences)}

    def data(self, trees: str) -> dict[str, Document]:
        return self.predicted if trees == "predicted" else self.gold

    def file(self, row: Row, seed: int) -> Path:
        return self.output / f"{row.network}-{row.trees}-{seed}.json"

    def run(self, row: Row, seed: int) -> None:
        """Trains the network and keeps what it finds in the test data."""
        recipe, data = self.recipe(NETWORKS[row.network][1], seed), self.data(row.trees)
        torch.manual_seed(seed)
        model = Model.build(recipe.model, data["train"].sentences)
        examples = [model.example(sentence, targets=True) for sentence in data["train"] if len(sentence)]
        inside = clock(model.tasks["task"])
        begin = time.process_time()
        for record in train(model, examples, recipe.training, lambda: 0.0):
            if isinstance(record, Evaluation):  # the average is in the model now
                trained = time.process_time() - begin
                inside.clear()
                begin = time.process_time()
                system = Pipeline(model).reanalyze(data["test"], given_predicates=row.finds_roles)
                seconds = {"train": trained, "test": time.process_time() - begin, "task": sum(inside)}
        found = [(to_roles if row.finds_roles else to_spans)(sentence) for sentence in system]
        self.file(row, seed).write_text(json.dumps(seconds | {"found": found}) + "\n", encoding="utf-8")

    def found(self, row: Row) -> list[dict[str, Any]]:
        """What the runs of the row that are there have in their files."""
        files = sorted(self.output.glob(f"{row.network}-{row.trees}-*.json"))
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def counts(self, row: Row, found: list[list[tuple[int, int, str]]]) -> Floats:
        """``[sentence, 3]``: what gold has, what was found, and what of it is right."""
        gold, copies = self.gold["test"], list(bare_copies(self.gold["test"]))
        for sentence, parts in zip(copies, found, strict=True):
            if row.finds_roles:
                sentence.frames = [
                    Frame(predicate, "some.01", [Argument(role, head) for _, head, role in arguments])
                    for predicate, arguments in groupby(parts, key=lambda part: part[0])
                ]
            else:
                sentence.ents = [Span(*part) for part in parts]
        measure = (measure_frames(heads_of) if row.finds_roles else measure_entities)(Pair(gold, Document(copies)))
        return np.stack([measure.gold, measure.system, measure.correct], axis=1).astype(float)

    def table(self) -> str:
        """All that is there, as Markdown."""
        lines = [
            "| network | trees | runs | F1 | to none | 95 % interval | training, s | test, s | of it in the task, s |",
            "|---|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        counts: dict[Row, list[Floats]] = {}
        for row in ROWS:
            runs = self.found(row)
            if not runs:
                continue
            counts[row] = [self.counts(row, run["found"]) for run in runs]
            totals = [run.sum(axis=0) for run in counts[row]]
            scores = [2 * right / max(in_gold + found, 1) for in_gold, found, right in totals]
            change = ["", ""]
            if row.plain != row and row.plain in counts:
                value, interval = difference_of_runs(counts[row], counts[row.plain])
                change = [f"{100 * value:+.2f}", f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"]
            spread = f" ± {100 * statistics.stdev(scores):.2f}" if len(scores) > 1 else ""
            seconds = [f"{statistics.fmean(run[name] for run in runs):.2f}" for name in ("train", "test", "task")]
            cells = [row.network, row.trees, len(runs), f"{100 * np.mean(scores):.2f}{spread}", *change, *seconds]
            lines.append(f"| {' | '.join(map(str, cells))} |")
        return "\n".join(lines)

    def coverage(self) -> str:
        """How good the trees are that are there, and what the restriction of spans to them costs and saves on test."""
        lines = ["| trees | LAS, train | LAS, test | entities that go with them | spans that do |"]
        lines.append("|---|--:|--:|--:|--:|")
        width = covering_width(self.gold["train"])
        for trees in ("gold", "predicted") if (self.output / "test.conllu").exists() else ("gold",):
            data = self.data(trees)
            las = (f"{100 * evaluate(self.gold[split], data[split])['LAS'].f1:.2f}" for split in ("train", "test"))
            found = cover_by_trees(data["test"], width)
            shares = (100 * found.recall, 100 * found.spans / found.all_spans)
            lines.append(f"| {' | '.join([trees, *las, *(f'{share:.2f} %' for share in shares)])} |")
        return "\n".join(lines)


def evenly(document: Document, size: int) -> Document:
    """At most so many sentences, from all of the document."""
    size = min(size, len(document))
    return Document([document[number * len(document) // size] for number in range(size)])


def clock(module: nn.Module) -> list[float]:
    """Grows by the seconds of each forward pass of the module."""
    begins: list[float] = []
    seconds: list[float] = []
    module.register_forward_pre_hook(lambda *_: begins.append(time.process_time()))
    module.register_forward_hook(lambda *_: seconds.append(time.process_time() - begins.pop()))
    return seconds


def to_spans(sentence: Sentence) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.type) for span in sentence.ents]


def to_roles(sentence: Sentence) -> list[tuple[int, int, str]]:
    """Predicate, head and role of each argument, predicate after predicate."""
    arguments = [(frame.predicate, argument) for frame in sentence.frames for argument in frame.arguments]
    return [(predicate, argument.head, argument.role) for predicate, argument in arguments if argument.head is not None]


def with_tree(sentence: Sentence, parsed: Sentence) -> Sentence:
    """A copy with the tree of the other."""
    columns = sentence.columns | {name: parsed.columns[name] for name in ("HEAD", "DEPREL")}
    return Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def main() -> None:
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Entities and roles with and without trees.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--only", type=names, default=list(NETWORKS), help=f"of {','.join(NETWORKS)}; '': only show")
    parser.add_argument("--trees", type=names, default=list(TREES), help=f"of {','.join(TREES)}")
    parser.add_argument("--seeds", type=lambda text: list(map(int, names(text))), default=[1, 2, 3])
    parser.add_argument("--sentences", type=int, default=1000, help="that networks are trained on")
    parser.add_argument("--parser-sentences", type=int, default=2500, help="that parsers are trained on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument(
        "--on", choices=("dev", "test"), default="test", help="what is scored; dev to choose anything by"
    )
    parser.add_argument("--folds", type=int, default=4, help="of jackknifing")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--entities", type=Path, default=shared / "ner" / "UNER_English-EWT")
    parser.add_argument("--roles", type=Path, default=shared / "srl" / "UP_English-EWT")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the recipe of all networks")
    ablation = Ablation(parser.parse_args())
    options = ablation.options
    for seed in options.seeds:
        for row in ROWS:
            wanted = row.network in options.only and row.trees in options.trees
            if wanted and not ablation.file(row, seed).exists():
                ablation.run(row, seed)
    print(f"{len(ablation.gold['train'])} training sentences, {options.epochs} epochs, scored on {options.on}")
    print(f"\n{ablation.table()}\n\n{ablation.coverage()}")


if __name__ == "__main__":
    main()
