"""Types of entities are added to a model one after another, without the old data. How much does it forget?

    python benchmarks/growing.py --types PER LOC ORG --output DIR [--train FILE --dev FILE --test FILE]
        [--recipe ner] [--sentences 3000] [--seeds 1 2 3] [--methods causal distill forget] [--set KEY=VALUE …]

The training sentences are shuffled and split into as many parts as there are types. Each step learns from its own part,
in which only its own type is annotated (Zheng et al. 2022; Monaikul et al. 2021), and so is dev; no step sees the type
of another step. The methods are `forget`, plain fine-tuning; `distill`, plain distillation; and `causal`, the default
of the task `ner`. `together` learns all types from all parts at once, which is the best that the methods can hope for.
All methods share the first step. Files hold entities, by default UNER English-EWT in $DEPPARSE_SHARED (by default
../shared). Scores are strict F1 in percent on test, of the types learned so far. Runs are kept in DIR; finished ones
are not repeated.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.evaluation.entities import EntityScores, evaluate_entities
from depparse.evaluation.pair import Pair
from depparse.formats.table import read, write
from depparse.inference.pipeline import Pipeline
from depparse.training.prepare import is_begun, is_finished


def only(sentences: Iterable[Sentence], types: Sequence[str]) -> Document:
    """Copies of the sentences with only their words and their entities of these types."""
    copies = []
    for sentence in sentences:
        copy = Sentence.from_forms(sentence.columns["FORM"])
        copy.columns["NER"] = ["O"] * len(copy)
        copy.ents = [span for span in sentence.ents if span.type in types]
        copies.append(copy)
    return Document(copies)


def score(nlp: Pipeline, test: Document, types: Sequence[str]) -> EntityScores:
    """The scores of a pipeline on test, for entities of these types only."""
    gold = only(test, types)
    return evaluate_entities(Pair(gold, only(nlp.reanalyze(gold), types)))


class Steps:
    """The runs with one seed."""

    def __init__(self, options: argparse.Namespace, seed: int) -> None:
        self.options, self.seed = options, seed
        self.folder: Path = options.output / str(seed)
        self.types: list[str] = options.types
        train = [sentence for sentence in read(options.train) if len(sentence)]
        random.Random(seed).shuffle(train)
        train = train[: options.sentences or len(train)]
        self.parts = [train[number :: len(self.types)] for number in range(len(self.types))]
        self.dev, self.test = read(options.dev), read(options.test)

    def run(self, name: str, parts: list[Sentence], types: Sequence[str], *more: str, base: Path | None) -> Path:
        """Trains the run of this `name` unless it is finished; returns its folder."""
        output = self.folder / name
        if not is_finished(output):
            output.mkdir(parents=True, exist_ok=True)
            files = {"train": output / "train.iob2", "dev": output / "dev.iob2"}
            write(only(parts, types), files["train"])
            write(only(self.dev, types), files["dev"])
            settings = [*self.options.set, *more]
            depparse.train(
                self.options.recipe, **files, base=base, seed=self.seed, set=settings, output=output,
                resume=is_begun(output),
            )  # fmt: skip
        return output

    def scores(self, method: str) -> list[EntityScores]:
        """The scores after each step, for the types learned so far."""
        scores, folder = [], self.run("first", self.parts[0], self.types[:1], base=None)
        for number, kind in enumerate(self.types):
            if number:
                name, key = f"{method}-{number}", f"model.tasks.ner.old_types={method}"
                folder = self.run(name, self.parts[number], [kind], key, base=folder)
            scores.append(score(depparse.load(folder), self.test, self.types[: number + 1]))
        return scores

    def together(self) -> EntityScores:
        """The scores after learning all types at once."""
        everything = [sentence for part in self.parts for sentence in part]
        return score(depparse.load(self.run("together", everything, self.types, base=None)), self.test, self.types)


def row(name: str, by_seed: Sequence[Sequence[EntityScores]], types: Sequence[str]) -> str:
    """A row of the table with means over the seeds: F1 after each step, then that of each type at the end."""
    steps = [statistics.mean(scores[n].micro.f1 for scores in by_seed) for n in range(len(by_seed[0]))]
    cells = [""] * (len(types) - len(steps)) + [f"{100 * value:.2f}" for value in steps]
    for kind in types:
        values = [scores[-1].types[kind].f1 for scores in by_seed]
        cells.append(f"{100 * statistics.mean(values):.2f}")
    macro = [100 * scores[-1].macro.f1 for scores in by_seed]
    spread = f" ± {statistics.stdev(macro):.2f}" if len(macro) > 1 else ""
    return f"| {name} | {' | '.join(cells)} | {statistics.mean(macro):.2f}{spread} |"


def main() -> None:
    """Runs the methods by the command line, and prints the table."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared")) / "ner" / "UNER_English-EWT"
    parser = argparse.ArgumentParser(description="Types of entities, added one after another.")
    parser.add_argument("--train", type=Path, default=shared / "en_ewt-ud-train.preliminary.iob2")
    parser.add_argument("--dev", type=Path, default=shared / "en_ewt-ud-dev.iob2")
    parser.add_argument("--test", type=Path, default=shared / "en_ewt-ud-test.iob2")
    parser.add_argument("--types", nargs="+", default=["PER", "LOC", "ORG"], help="in the order of the steps")
    parser.add_argument("--recipe", default="ner", help="a recipe with a task called ner")
    parser.add_argument("--sentences", type=int, default=0, help="number of sentences of all parts together; 0: all")
    parser.add_argument("--methods", nargs="+", default=["forget", "distill", "causal", "together"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    seeds = [Steps(options, seed) for seed in options.seeds]
    steps = [", ".join(options.types[: number + 1]) for number in range(len(options.types))]
    head = ["method", *steps, *(f"{kind} at the end" for kind in options.types), "mean of types at the end"]
    print(f"| {' | '.join(head)} |\n|---{'|--:' * (len(head) - 1)}|")
    for method in options.methods:
        by_seed = [[runs.together()] if method == "together" else runs.scores(method) for runs in seeds]
        print(row(method, by_seed, options.types), flush=True)


if __name__ == "__main__":
    main()
