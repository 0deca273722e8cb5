"""Does syntax help to find entities? Layers over trees, and spans restricted to trees, against none of it.

    python benchmarks/syntax.py OUTPUT [--only NAME,…] [--seeds 1,2,3] [--sentences 1000] [--epochs 8] [--folds 5]

Trains small models from scratch on a part of UNER English-EWT, joined with the trees of UD English-EWT: a CRF (`crf`)
with graph convolutions (`gcn`) or dependency-guided LSTMs (`dglstm`) before it, and a scorer of spans (`nested`), also
of those alone that go with the tree (`spans`). Trees are gold, or predicted: those of the training data by jackknifing,
those of the test data by a parser of all training sentences. All networks have the same encoder, train for the same
epochs, and are taken as they are in the end (the running average), so no dev data is looked at. $DEPPARSE_SHARED (by
default ../shared) has the data.

Parsers, and what each network found, stay in OUTPUT: so the work can be done in pieces, and what is there is shown at
the end of each: strict micro F1 on test, its mean over seeds, and the difference to the same network without trees,
with a bootstrap interval over sentences and seeds. Seconds are of the processor: set OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from depparse.data.document import Document
from depparse.data.formats import read, write
from depparse.data.join import join
from depparse.data.sentence import Sentence
from depparse.data.spans import Span
from depparse.evaluation.entities import count_by_sentence, cover_by_trees, evaluate_entities
from depparse.evaluation.significance import difference_of_runs
from depparse.evaluation.systems import bare_copies
from depparse.evaluation.ud import evaluate
from depparse.model import Model
from depparse.training.jackknife import jackknife, train_parser, with_trees_of
from depparse.training.loop import Evaluation, train
from depparse.training.recipe import RecipeConfig, read_recipe

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


ROWS = [
    Row(name, trees) for name, (plain, _) in NETWORKS.items() for trees in TREES if (trees == "none") == (name == plain)
]


class Ablation:
    """The data, the settings, and what is in the folder."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.output = options, options.output
        self.output.mkdir(parents=True, exist_ok=True)
        kept = ("treebank", "entities", "sentences", "epochs", "folds", "set")
        settings = {name: str(getattr(options, name)) for name in kept}
        file = self.output / "settings.json"
        if file.exists() and json.loads(file.read_text(encoding="utf-8")) != settings:
            raise SystemExit(f"{self.output} was begun with other settings: {file}; give another folder")
        file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")

    def recipe(self, task: dict[str, Any], seed: int = 1) -> RecipeConfig:
        training = {"epochs": self.options.epochs, "evaluate_every": self.options.epochs, "batch_words": 250}
        content = {"model": {"encoder": ENCODER, "tasks": {"task": task}}, "training": training}
        return read_recipe(content, self.options.set).with_seed(seed)

    @cached_property
    def gold(self) -> dict[str, Document]:
        """Train, cut to so many sentences evenly from all of it, and test."""
        found = {}
        for split in ("train", "test"):
            trees, entities = (
                next(folder.glob(f"*-{split}*.{ending}"))
                for folder, ending in ((self.options.treebank, "conllu"), (self.options.entities, "iob2"))
            )
            document = read(trees)
            join(document, read(entities))
            joined = [sentence for sentence in document if sentence.entity_tags() is not None]
            size = min(len(joined), self.options.sentences) if split == "train" else len(joined)
            found[split] = Document([joined[number * len(joined) // size] for number in range(size)])
        return found

    @cached_property
    def predicted(self) -> dict[str, Document]:
        """The same with predicted trees, which are kept."""
        files = {split: self.output / f"{split}.conllu" for split in self.gold}
        if not all(file.exists() for file in files.values()):
            recipe = self.recipe({"type": "dependencies", "arc_width": 200, "label_width": 50})
            sentences, parsers = self.gold["train"].sentences, self.output / "parsers"
            write(jackknife(recipe, sentences, parsers, self.options.folds), files["train"])
            parser = train_parser(recipe, sentences, parsers / "all")
            write(with_trees_of(parser, self.gold["test"]), files["test"])
        return {split: Document(map(with_tree, self.gold[split], read(file))) for split, file in files.items()}

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
        begin = time.process_time()
        for record in train(model, examples, recipe.training, lambda: 0.0):
            if isinstance(record, Evaluation):  # the average is in the model now
                trained = time.process_time() - begin
                copies = list(bare_copies(data["test"], trees=model.needs_trees()))
                begin = time.process_time()
                model.annotate(copies)
                parsed = time.process_time() - begin
        found = [[(span.start, span.end, span.type) for span in copy.ents] for copy in copies]
        content = {"train": trained, "test": parsed, "max_width": getattr(model.tasks["task"], "max_width", 0)}
        self.file(row, seed).write_text(json.dumps(content | {"entities": found}) + "\n", encoding="utf-8")

    def found(self, row: Row) -> list[dict[str, Any]]:
        """What the runs of the row that are there have in their files."""
        files = sorted(self.output.glob(f"{row.network}-{row.trees}-*.json"))
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def system(self, entities: list[list[tuple[int, int, str]]]) -> Document:
        copies = list(bare_copies(self.gold["test"]))
        for sentence, spans in zip(copies, entities, strict=True):
            sentence.ents = [Span(*span) for span in spans]
        return Document(copies)

    def table(self) -> str:
        """All that is there, as Markdown."""
        lines = [
            "| network | trees | runs | F1 | to none | 95 % interval | training, s | test, s |",
            "|---|---|--:|--:|--:|--:|--:|--:|",
        ]
        gold = self.gold["test"]
        counts: dict[Row, list[Any]] = {}
        for row in ROWS:
            runs = self.found(row)
            if not runs:
                continue
            systems = [self.system(run["entities"]) for run in runs]
            scores = [evaluate_entities(gold, system).micro.f1 for system in systems]
            counts[row] = [count_by_sentence(gold, system) for system in systems]
            change = ["", ""]
            if row.plain != row and row.plain in counts:
                value, interval = difference_of_runs(counts[row], counts[row.plain])
                change = [f"{100 * value:+.2f}", f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"]
            spread = f" ± {100 * statistics.stdev(scores):.2f}" if len(scores) > 1 else ""
            seconds = [f"{statistics.fmean(run[name] for run in runs):.1f}" for name in ("train", "test")]
            cells = [row.network, row.trees, len(runs), f"{100 * np.mean(scores):.2f}{spread}", *change, *seconds]
            lines.append(f"| {' | '.join(map(str, cells))} |")
        return "\n".join(lines)

    def coverage(self) -> str:
        """What the restriction of spans costs and saves, by the trees that are there."""
        lines = ["| trees of test | LAS | entities that go with the tree | spans that do |", "|---|--:|--:|--:|"]
        for trees in TREES[1:]:
            runs = self.found(Row("spans", trees))
            if runs:
                document = self.data(trees)["test"]
                las = evaluate(self.gold["test"], document)["LAS"].f1
                cover = cover_by_trees(document, runs[0]["max_width"])
                share = 100 * cover.spans / cover.all_spans
                cells = [trees, f"{100 * las:.2f}", f"{100 * cover.recall:.2f} %", f"{share:.1f} %"]
                lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines) if len(lines) > 2 else ""


def with_tree(sentence: Sentence, parsed: Sentence) -> Sentence:
    """A copy with the tree of the other."""
    columns = sentence.columns | {name: parsed.columns[name] for name in ("HEAD", "DEPREL")}
    return Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def main() -> None:
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Entities with and without trees.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--only", type=names, default=list(NETWORKS), help=f"of {','.join(NETWORKS)}; '': only show")
    parser.add_argument("--trees", type=names, default=list(TREES), help=f"of {','.join(TREES)}")
    parser.add_argument("--seeds", type=lambda text: list(map(int, names(text))), default=[1, 2, 3])
    parser.add_argument("--sentences", type=int, default=1000, help="of the training data")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--folds", type=int, default=5, help="of jackknifing")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--entities", type=Path, default=shared / "ner" / "UNER_English-EWT")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the recipe of all networks")
    ablation = Ablation(parser.parse_args())
    options = ablation.options
    for seed in options.seeds:
        for row in ROWS:
            wanted = row.network in options.only and row.trees in options.trees
            if wanted and not ablation.file(row, seed).exists():
                ablation.run(row, seed)
    print(f"{len(ablation.gold['train'])} training sentences, {options.epochs} epochs\n")
    print(ablation.table())
    print("\n" + ablation.coverage())


if __name__ == "__main__":
    main()
