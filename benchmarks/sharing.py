"""The gain or loss of tasks that share an encoder: each is trained alone, and all of them together.

    python benchmarks/sharing.py OUTPUT --train FILE --dev FILE [--sentences 2000] [--recipe joint] [--seed 1]
        [--set KEY=VALUE …]

FILE has trees, enhanced graphs, entities and roles: `depparse convert TREEBANK --join ENTITIES`, then `--join ROLES`.
All runs learn from the same sentences, taken evenly from FILE, with the same settings and number of epochs, and the
last state is scored on dev. Enhanced graphs are read off a tree, so a model of them alone has a parser too. The tables
show F1 in percent, alone and together; the difference with its bootstrap interval and p-value, which tell only of other
dev sets, not of other seeds; and the cost of both. Finished runs in OUTPUT are not repeated.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import depparse
from depparse.document.document import Document
from depparse.evaluation.report import report
from depparse.formats.table import read, write
from depparse.model_folder.description import describe
from depparse.training.prepare import is_begun, is_finished
from depparse.training.recipe import read_recipe

# The tasks that are trained alone for each score.
ALONE = {
    "UPOS": ["tagger"],
    "UFeats": ["tagger"],
    "Lemmas": ["lemmatizer"],
    "UAS": ["dependencies"],
    "LAS": ["dependencies"],
    "ELAS": ["dependencies", "enhanced"],
    "NER": ["ner"],
    "Predicates": ["srl"],
    "Senses": ["srl"],
    "ArgHeads": ["srl"],
    "ArgSpans": ["srl"],
}
FACTS = ("minutes of training", "words a second in training")
TASKS = list(dict.fromkeys(task for tasks in ALONE.values() for task in tasks))


class Sharing:
    """The runs, each in a folder of its own."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.output = options, options.output
        self.output.mkdir(parents=True, exist_ok=True)
        settings = {name: str(value) for name, value in vars(options).items() if name != "output"}
        file = self.output / "settings.json"
        if file.exists() and json.loads(file.read_text(encoding="utf-8")) != settings:
            raise SystemExit(f"{self.output} was begun with other settings: {file}; give another folder")
        file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        self.train = self.output / "train.conllup"
        if not self.train.exists():
            sentences = read(options.train).sentences
            size = min(options.sentences or len(sentences), len(sentences))
            write(Document(sentences[number * len(sentences) // size] for number in range(size)), self.train)

    def run(self, tasks: list[str]) -> Path:
        """Trains the run of these tasks unless it is finished; returns its folder."""
        output: Path = self.output / "-".join(tasks)
        if not is_finished(output):
            recipe = read_recipe(self.options.recipe, self.options.set)
            model = recipe.model.model_copy(update={"tasks": {task: recipe.model.tasks[task] for task in tasks}})
            weights = {task: weight for task, weight in recipe.training.weights.items() if task in tasks}
            training = recipe.training.model_copy(update={"weights": weights})
            recipe = recipe.model_copy(update={"segmentation": None, "model": model, "training": training})
            depparse.train(
                recipe, train=self.train, seed=self.options.seed, output=output, resume=is_begun(output)
            )  # fmt: skip
        return output

    def system(self, tasks: list[str]) -> Path:
        """The file with the run's analysis of dev."""
        folder = self.run(tasks)
        file = folder / "dev.conllup"
        if not file.exists():
            write(depparse.load(folder).reanalyze(read(self.options.dev)), file)
        return file

    def table(self) -> str:
        """The table of scores, alone and together."""
        lines = ["| | alone | together | difference | 95 % interval | p |", "|---|--:|--:|--:|--:|--:|"]
        for metric, tasks in ALONE.items():
            compared = report(self.options.dev, self.system(TASKS), other=self.system(tasks))
            difference = compared.differences[metric]
            assert compared.other is not None
            cells = [f"{100 * side.f1[metric]:.2f}" for side in (compared.other, compared.system)]
            interval = f"{100 * difference.interval.low:+.2f} to {100 * difference.interval.high:+.2f}"
            cells += [f"{100 * difference.value:+.2f}", interval, f"{difference.p_value:.3f}"]
            lines.append(f"| {' | '.join([metric, *cells])} |")
        return "\n".join(lines)

    def costs(self) -> str:
        """The table of the runs' parameters, minutes and speed."""
        lines = ["| trained | parameters | minutes | words/s in training |", "|---|--:|--:|--:|"]
        for tasks in [*dict.fromkeys(map(tuple, ALONE.values())), tuple(TASKS)]:
            folder = self.run(list(tasks))
            card = (folder / "model" / "README.md").read_text(encoding="utf-8")
            facts = [re.findall(rf"^\| {name} \| (\S+) \|$", card, re.MULTILINE)[0] for name in FACTS]
            lines.append(f"| {', '.join(tasks)} | {describe(folder).parameters:,} | {' | '.join(facts)} |")
        return "\n".join(lines)


def main() -> None:
    """Trains by the command line, and prints the tables."""
    parser = argparse.ArgumentParser(description="Tasks alone, and all over one encoder.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=2000, help="number of training sentences; 0: all")
    parser.add_argument("--recipe", default="joint", help=f"a recipe with the tasks {', '.join(TASKS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe")
    sharing = Sharing(parser.parse_args())
    print(f"{sharing.table()}\n\n{sharing.costs()}")


if __name__ == "__main__":
    main()
