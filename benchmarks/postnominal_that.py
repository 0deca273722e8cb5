"""A study: is *that* after an English noun a relative pronoun or a complementizer, and how much data teaches it?

    python benchmarks/postnominal_that.py UD_English-EWT runs/that

After Tighidet & Ballier, *Fine-tuning a Subtle Parsing Distinction Using a Probabilistic Decision Tree: the Case of
Postnominal "that" in Noun Complement Clauses vs. Relative Clauses*: both uses are found in the treebank by patterns,
get tags of their own by rules, and are learned from training data of several sizes. Differences from the paper: the
treebank is another one, its annotation is gold and not that of a parser, the taggers are neural, and a parser learns
beside one of them.

Writes `postnominal_that.md` and `.svg` beside this file (or in `--page FOLDER`) for docs/postnominal-that.md. A study
that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import depparse
from depparse.evaluation.tables import percent, percent_range
from depparse.experiments.results import Cell, Results

HERE = Path(__file__).resolve().parent
RELATIVE, COMPLEMENTIZER = "WDT-THAT", "IN-THAT"
NOUN = "N [upos=NOUN|PROPN]; T [lemma=that]; N << T"
PATTERNS = {
    RELATIVE: "pattern { " + NOUN + "; N -[acl:relcl]-> X; X ->> T; T [PronType=Rel]; T << X }",
    COMPLEMENTIZER: "pattern { " + NOUN + "; N -[acl]-> X; X -[mark]-> T; T << X }",
}
MEANING = {
    RELATIVE: "relative pronoun (*the book that I read*)",
    COMPLEMENTIZER: "complementizer (*the fact that I read*)",
}
RULES = "\n".join(
    f"rule {name} {{\n  {PATTERNS[tag]}\n  commands {{ T.xpos = \"{tag}\" }}\n}}"
    for name, tag in (("relative", RELATIVE), ("complementizer", COMPLEMENTIZER))
)  # fmt: skip
RECIPES = {"tagger": ("tagger",), "parser": ("tagger", "dependencies")}


class Use(NamedTuple):
    """A *that* after a noun: its sentence, the number of its word, its tag, and the lemma of the noun."""

    sentence: int
    word: int
    tag: str
    noun: str


def find(document: depparse.Document) -> list[Use]:
    """All uses, each word once, in the order of the text."""
    numbers = {id(sentence): number for number, sentence in enumerate(document)}
    uses = {}
    for tag, pattern in PATTERNS.items():
        for match in document.query(pattern):
            place = numbers[id(match.sentence)], match["T"].id
            uses.setdefault(place, Use(*place, tag, match["N"].lemma or "_"))
    return [uses[place] for place in sorted(uses)]


def relabel(files: Sequence[Path], output: Path) -> tuple[Path, int, int]:
    """Writes all files as one, with the tags: its path, and how many words were changed and refused."""
    sentences: list[depparse.Sentence] = []
    changed = refused = 0
    for path in files:
        result = depparse.relabel(depparse.read(path), RULES)
        changed += sum(result.applied.values())
        refused += len(result.refused)
        sentences += result.document
    output.mkdir(parents=True, exist_ok=True)
    depparse.write(sentences, output / "that.conllu")
    return output / "that.conllu", changed, refused


def recipe(tasks: Sequence[str], epochs: int) -> dict[str, Any]:
    """Words and characters under one recurrent layer, with these tasks."""
    return {
        "segmentation": None,
        "model": {
            "encoder": {
                "inputs": [{"type": "words", "width": 100, "min_count": 2}, {"type": "characters", "width": 64}],
                "context": {"type": "linear_recurrent", "width": 200, "layers": 2, "dropout": 0.3},
            },
            "tasks": {task: {"type": task} for task in tasks},
        },
        "metric": "XPOS",
        "training": {"epochs": epochs, "batch_words": 500, "evaluate_every": max(epochs // 4, 1)},
    }


def by_noun(train: Iterable[Use], test: Iterable[Use]) -> list[tuple[str, str]]:
    """The tag and the guess for each use in `test`: the tag that its noun has most in `train`, in doubt a relative."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for use in train:
        seen[use.noun][use.tag] += 1
    often = {noun for noun, counts in seen.items() if counts[COMPLEMENTIZER] > counts[RELATIVE]}
    return [(use.tag, COMPLEMENTIZER if use.noun in often else RELATIVE) for use in test]


def rates(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Accuracy, and precision, recall and F1 of the complementizer, as fractions; what is undefined is 0."""
    pairs = list(pairs)
    right = sum(gold == found for gold, found in pairs)
    hits = sum(gold == found == COMPLEMENTIZER for gold, found in pairs)
    n_found = sum(found == COMPLEMENTIZER for _, found in pairs)
    n_gold = sum(gold == COMPLEMENTIZER for gold, _ in pairs)
    return {
        "accuracy": right / len(pairs) if pairs else 0.0,
        "precision": hits / n_found if n_found else 0.0,
        "recall": hits / n_gold if n_gold else 0.0,
        "F1": 2 * hits / (n_found + n_gold) if n_found + n_gold else 0.0,
    }


def predicted(results: Results, name: str, size: int | None) -> list[tuple[str, str]]:
    """Gold tag and predicted tag of each use in the test parts, of all seeds."""
    pairs = []
    for run in results.plan.runs():
        if (run.recipe, run.size) == (name, size):
            gold = depparse.read(results.plan.fold(run).test)
            system = depparse.read(results.output / run.folder / "predictions.conllu")
            pairs += [(use.tag, system[use.sentence].words[use.word - 1].xpos or "_") for use in find(gold)]
    return pairs


def noun_baseline(results: Results) -> list[tuple[str, str]]:
    """What the noun alone tells, learned from all training sentences of each fold."""
    pairs = []
    name = next(iter(results.plan.recipes))
    for run in results.plan.runs():
        if (run.recipe, run.size, run.seed) == (name, results.plan.sizes[-1], results.plan.seeds[0]):
            fold = results.plan.fold(run)
            pairs += by_noun(find(depparse.read(fold.train)), find(depparse.read(fold.test)))
    return pairs


def table(header: Sequence[str], rows: Iterable[Sequence[object]], left: int = 1) -> str:
    """A table in Markdown, whose first columns are flush left."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * left + "--:|" * (len(header) - left)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


def count_table(files: Sequence[Path]) -> str:
    """How often each use occurs in each file."""
    counts = {path.name: Counter(use.tag for use in find(depparse.read(path))) for path in files}
    rows = [
        (
            f"`{tag}`",
            meaning,
            *(f"{counts[path.name][tag]:,}" for path in files),
            f"{sum(c[tag] for c in counts.values()):,}",
        )
        for tag, meaning in MEANING.items()
    ]
    return table(["tag", "", *(path.stem.rpartition("-")[2] for path in files), "all"], rows, 2)


def noun_table(uses: Iterable[Use], most: int = 10) -> str:
    """The nouns that have complementizers most often, with how often they have relative pronouns."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for use in uses:
        counts[use.noun][use.tag] += 1
    names = sorted(counts, key=lambda name: (-counts[name][COMPLEMENTIZER], name))[:most]
    rows = [(f"*{name}*", counts[name][COMPLEMENTIZER], counts[name][RELATIVE]) for name in names]
    return table(["noun", "complementizer", "relative"], rows)


def score_table(results: Results) -> str:
    """Scores of the predicted tags of *that* by size, and what the noun and the more frequent tag alone would give."""

    def row(*names: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        return (*names, *map(percent, rates(pairs).values()))

    rows = []
    for size in results.plan.sizes:
        rows += [
            row(size_name(results, size), name, pairs=predicted(results, name, size)) for name in results.plan.recipes
        ]
    nouns = noun_baseline(results)
    rows.append(row(size_name(results, None), "the noun alone", pairs=nouns))
    rows.append(row("", "always relative", pairs=[(gold, RELATIVE) for gold, _ in nouns]))
    return table(["sentences", "learner", "accuracy", "precision", "recall", "F1"], rows, 2)


def clause_table(results: Results) -> str:
    """LAS of the heads X of both sorts of clauses, of the parser, with 95 % intervals."""
    rows = []
    for size in results.plan.sizes:
        cells = []
        for pattern in PATTERNS.values():
            found = results.means.get(Cell("LAS", str(depparse.parse_pattern(pattern)), "that", size), {})
            mean = found.get("parser")
            cells.append(
                "" if mean is None else f"{percent(mean.mean)} ({percent_range(mean.interval.low, mean.interval.high)})"
            )
        rows.append((size_name(results, size), *cells))
    return table(["sentences", "`acl:relcl`", "`acl`"], rows)


def size_name(results: Results, size: int | None) -> str:
    """The number of training sentences, as it is shown; of all, the mean over folds."""
    (folds,) = results.plan.treebanks.values()
    return f"{statistics.fmean(fold.sentences for fold in folds):,.0f}, all" if size is None else f"{size:,}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Does the study and writes its page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("treebank", type=Path, help="the folder of UD_English-EWT, or of another treebank")
    parser.add_argument("output", type=Path, help="where the study goes")
    parser.add_argument("--sizes", default="500,2000,all")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--page", type=Path, default=HERE, help="folder for postnominal_that.md and .svg")
    options = parser.parse_args(arguments)
    files = sorted(
        options.treebank.glob("*.conllu"), key=lambda path: ("train" not in path.name, "dev" not in path.name)
    )
    data, changed, refused = relabel(files, options.output / "data")
    results = depparse.experiment(
        {name: recipe(tasks, options.epochs) for name, tasks in RECIPES.items()},
        treebanks=data, output=options.output / "study", sizes=options.sizes, folds=options.folds, seeds=options.seeds,
        metrics=["XPOS", "LAS"], of=[f'pattern {{ X [xpos="{RELATIVE}"|"{COMPLEMENTIZER}"] }}', *PATTERNS.values()],
        listen=lambda record: print(record.message, flush=True) if type(record).__name__ == "Going" else None,
    )  # fmt: skip
    uses = [use for path in files for use in find(depparse.read(path))]
    found = f"The patterns find {len(uses):,} words in {options.treebank.name}; the rules changed {changed:,} of them"
    setting = f"{options.folds} folds, {options.epochs} epochs, seeds {options.seeds}"
    parts = [
        f"{found} and refused {refused}.\n",
        count_table(files),
        "The nouns with most complement clauses:\n",
        noun_table(uses),
        f"Accuracy of the tags of *that*, and precision, recall and F1 of complementizers, in percent ({setting}):\n",
        score_table(results),
        "LAS of the heads of the clauses, in percent, with 95 % intervals:\n",
        clause_table(results),
    ]
    options.page.mkdir(parents=True, exist_ok=True)
    (options.page / "postnominal_that.md").write_text("\n".join(parts), encoding="utf-8")
    shutil.copyfile(options.output / "study" / "curves.svg", options.page / "postnominal_that.svg")
    print("\n".join(parts))


if __name__ == "__main__":
    main()
