"""Does syntax help to find entities and semantic roles? Compares networks that read trees with the same without trees.

    python benchmarks/syntax.py OUTPUT [--only NAME,…] [--trees none,gold,predicted] [--seeds 1,2,3]
        [--sentences 1000] [--parser-sentences 2500] [--epochs 8] [--folds 4] [--on dev] [--set KEY=VALUE …]

It trains small models from scratch on a part of UD English-EWT, joined with UNER English-EWT and Universal PropBank:

- entities: a CRF (`crf`), with graph convolutions (`gcn`) or dependency-guided LSTMs (`dglstm`) before it, and a scorer
  of all spans (`nested`), or only of those that go with the tree (`spans`); strict micro F1;
- roles: arcs from given predicates to the heads of their arguments (`roles`), with graph convolutions before them
  (`roles_gcn`) or embeddings of the paths between them (`roles_paths`); F1 of labelled heads.

Trees are gold or predicted: those of the training data by jackknifing, those of the test data by a parser that learned
from all sentences for parsers. All networks have the same encoder and train for the same number of epochs (scorers of
spans in more and larger steps). Their last running average is scored, so no dev data is used. Sentences whose words
differ between the data sets are left out. $DEPPARSE_SHARED (by default ../shared) has the data.

Parsers, and the predictions of each network, stay in OUTPUT, so the work can be done in pieces. After each piece, the
results so far are shown: F1 on test, its mean over seeds, and the difference to the same network without trees, with a
bootstrap interval over sentences and seeds. Seconds are processor seconds: set OMP_NUM_THREADS=1.
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
# For each network, the one without trees that it is compared with, and the config of its task.
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
        """The row of the same network without trees."""
        return Row(NETWORKS[self.network][0], "none")

    @property
    def finds_roles(self) -> bool:
        """Whether the network finds semantic roles, not entities."""
        return NETWORKS[self.network][1]["type"] == "srl"


ROWS = [
    Row(name, trees) for name, (plain, _) in NETWORKS.items() for trees in TREES if (trees == "none") == (name == plain)
]


class Ablation:
    """The data and the settings of the comparison, and the results in its folder."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.output = options, options.output
        self.output.mkdir(parents=True, exist_ok=True)
        names = ("on", "treebank", "entities", "roles", "sentences", "parser_sentences", "epochs", "folds", "set")
        settings = {name: str(getattr(options, name)) for name in names}
        file = self.output / "settings.json"
        if file.exists() and json.loads(file.read_text(encoding="utf-8")) != settings:
            raise SystemExit(f"{self.output} was begun with other settings: {file}; give another folder")
        file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")

    def recipe(self, task: dict[str, Any], seed: int = 1) -> RecipeConfig:
        """The recipe of a network with this task."""
        epochs = self.options.epochs
        training: dict[str, Any] = {"epochs": epochs, "evaluate_every": epochs, "batch_words": 250}
        if task["type"] == "nested_ner":  # it finds nothing at all in its first hundreds of steps
            training |= {"batch_words": 80, "optimizer": {"learning_rate": 5e-3}}
        content = {"model": {"encoder": ENCODER, "tasks": {"task": task}}, "training": training}
        return read_recipe(content, self.options.set).with_seed(seed)

    @cached_property
    def joined(self) -> dict[str, Document]:
        """The sentences of train and test (or dev) that have trees, entities and roles."""
        documents = {}
        for split, name in (("train", "train"), ("test", self.options.on)):
            document = read(next(self.options.treebank.glob(f"*-{name}*.conllu")))
            join(document, read(next(self.options.entities.glob(f"*-{name}*.iob2"))))
            join(document, read(next(self.options.roles.glob(f"*-{name}*.conllup"))))
            documents[split] = Document(
                s for s in document if s.entity_tags() is not None and FRAME_COLUMNS[0] in s.columns
            )
        return documents

    @cached_property
    def gold(self) -> dict[str, Document]:
        """The data with gold trees: ``parser`` for training parsers, its part ``train`` for networks, and ``test``."""
        parser = evenly(self.joined["train"], self.options.parser_sentences)
        return {"parser": parser, "train": evenly(parser, self.options.sentences), "test": self.joined["test"]}

    @cached_property
    def predicted(self) -> dict[str, Document]:
        """The same data with predicted trees, which stay in the folder."""
        gold, files = self.gold, {split: self.output / f"{split}.conllu" for split in ("parser", "test")}
        if not all(file.exists() for file in files.values()):
            recipe = self.recipe({"type": "dependencies", "arc_width": 200, "label_width": 50})
            parsers = self.output / "parsers"
            write(jackknife(recipe, gold["parser"], parsers, self.options.folds), files["parser"])
            write(with_trees_of(train_parser(recipe, gold["parser"], parsers / "all"), gold["test"]), files["test"])
        parsed = {split: Document(map(with_tree, gold[split], read(file))) for split, file in files.items()}
        return parsed | {"train": evenly(parsed["parser"], self.options.sentences)}

    def data(self, trees: str) -> dict[str, Document]:
        """The data with ``predicted`` trees, or with gold ones."""
        return self.predicted if trees == "predicted" else self.gold

    def file(self, row: Row, seed: int) -> Path:
        """The file of a run's results."""
        return self.output / f"{row.network}-{row.trees}-{seed}.json"

    def run(self, row: Row, seed: int) -> None:
        """Trains the network, and writes its predictions on test and its times to the run's file."""
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
        """The contents of the files of the row's finished runs."""
        files = sorted(self.output.glob(f"{row.network}-{row.trees}-*.json"))
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def counts(self, row: Row, found: list[list[tuple[int, int, str]]]) -> Floats:
        """The numbers ``[sentence, 3]`` of units in gold, of those `found`, and of right ones."""
        gold, copies = self.gold["test"], list(bare_copies(self.gold["test"]))
        for sentence, triples in zip(copies, found, strict=True):
            if row.finds_roles:
                sentence.frames = [
                    Frame(predicate, "some.01", [Argument(role, head) for _, head, role in arguments])
                    for predicate, arguments in groupby(triples, key=lambda triple: triple[0])
                ]
            else:
                sentence.ents = [Span(*triple) for triple in triples]
        measure = (measure_frames(heads_of) if row.finds_roles else measure_entities)(Pair(gold, Document(copies)))
        return np.stack([measure.gold, measure.system, measure.correct], axis=1).astype(float)

    def table(self) -> str:
        """The table of all results so far, in Markdown."""
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
            scores = [2 * right / max(in_gold + in_system, 1) for in_gold, in_system, right in totals]
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
        """The table of the trees' LAS, and of how many entities and spans of test go with them."""
        lines = ["| trees | LAS, train | LAS, test | entities that go with them | spans that do |"]
        lines.append("|---|--:|--:|--:|--:|")
        width = covering_width(self.gold["train"])
        for trees in ("gold", "predicted") if (self.output / "test.conllu").exists() else ("gold",):
            data = self.data(trees)
            las = (f"{100 * evaluate(self.gold[split], data[split])['LAS'].f1:.2f}" for split in ("train", "test"))
            covered = cover_by_trees(data["test"], width)
            shares = (100 * covered.recall, 100 * covered.spans / covered.all_spans)
            lines.append(f"| {' | '.join([trees, *las, *(f'{share:.2f} %' for share in shares)])} |")
        return "\n".join(lines)


def evenly(document: Document, size: int) -> Document:
    """At most `size` sentences, taken evenly from the document."""
    size = min(size, len(document))
    return Document([document[number * len(document) // size] for number in range(size)])


def clock(module: nn.Module) -> list[float]:
    """A list that grows by the seconds of each forward pass of the module."""
    begins: list[float] = []
    seconds: list[float] = []
    module.register_forward_pre_hook(lambda *_: begins.append(time.process_time()))
    module.register_forward_hook(lambda *_: seconds.append(time.process_time() - begins.pop()))
    return seconds


def to_spans(sentence: Sentence) -> list[tuple[int, int, str]]:
    """The first word, the last word and the type of each entity."""
    return [(span.start, span.end, span.type) for span in sentence.ents]


def to_roles(sentence: Sentence) -> list[tuple[int, int, str]]:
    """The predicate, the head and the role of each argument, predicate after predicate."""
    arguments = [(frame.predicate, argument) for frame in sentence.frames for argument in frame.arguments]
    return [(predicate, argument.head, argument.role) for predicate, argument in arguments if argument.head is not None]


def with_tree(sentence: Sentence, parsed: Sentence) -> Sentence:
    """A copy of the sentence with the tree of `parsed`."""
    columns = sentence.columns | {name: parsed.columns[name] for name in ("HEAD", "DEPREL")}
    return Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)


def names(text: str) -> list[str]:
    """The names in a list with commas."""
    return [name for name in text.split(",") if name]


def main() -> None:
    """Trains what the command line asks for, and prints the tables."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Entities and roles with and without trees.")
    parser.add_argument("output", type=Path)
    parser.add_argument(
        "--only", type=names, default=list(NETWORKS), help=f"some of {','.join(NETWORKS)}; '': only show results"
    )
    parser.add_argument("--trees", type=names, default=list(TREES), help=f"some of {','.join(TREES)}")
    parser.add_argument("--seeds", type=lambda text: list(map(int, names(text))), default=[1, 2, 3])
    parser.add_argument("--sentences", type=int, default=1000, help="number that networks are trained on")
    parser.add_argument("--parser-sentences", type=int, default=2500, help="number that parsers are trained on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument(
        "--on",
        choices=("dev", "test"),
        default="test",
        help="the data that is scored; dev if results are to guide choices",
    )
    parser.add_argument("--folds", type=int, default=4, help="folds of jackknifing")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--entities", type=Path, default=shared / "ner" / "UNER_English-EWT")
    parser.add_argument("--roles", type=Path, default=shared / "srl" / "UP_English-EWT")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe of all networks"
    )
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
