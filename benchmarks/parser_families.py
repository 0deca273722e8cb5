"""Compares families of parsers over the same encoder, trained alike: accuracy, and words/s in training and parsing.

    python benchmarks/parser_families.py runs/families UD_French-Sequoia UD_Latin-UDante --epochs 20

Each parser is a task in the recipe `recurrent`, beside its tagger, with gold words and no segmenter. Prints a table in
Markdown for each treebank: UAS and LAS on test with the 95 % interval of LAS (bootstrap over sentences), words a second
in training, and in parsing the test data on one thread (median of three rounds, in which all models take turns; seconds
of the processor). Parsers by transitions are tried with a beam too, which is no other training. A study that was
interrupted goes on; `--only` takes fewer parsers, to which a later call may add others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import depparse
from depparse.evaluation.tables import percent, percent_range
from depparse.experiments.plan import PlannedRun
from depparse.experiments.results import Cell, Results
from depparse.inference.pipeline import Pipeline
from depparse.structs.transition_oracles import DYNAMIC
from depparse.structs.tree_labels import ENCODINGS
from depparse.training.recipe import read_recipe

SYSTEMS = ("arc_standard", "arc_hybrid", "arc_eager", "arc_standard_swap", "arc_hybrid_swap")
BEAM = 8
NAME = "dependencies"  # of the task


def parsers() -> dict[str, dict[str, Any]]:
    """The settings of all parsers by name."""
    found: dict[str, dict[str, Any]] = {"biaffine": {"type": "dependencies"}}
    for system in SYSTEMS:
        for oracle in ("static", *(["dynamic"] if system in DYNAMIC else [])):
            found[f"{system}-{oracle}"] = {"type": "transitions", "system": system, "oracle": oracle}
    found["stack_lstm"] = {"type": "stack_lstm"}
    found |= {f"labels-{encoding}": {"type": "sequence_labels", "encoding": encoding} for encoding in ENCODINGS}
    return found | {"agreement": {"type": "agreement"}}


def recipe(parser: dict[str, Any], epochs: int) -> dict[str, Any]:
    """The recipe `recurrent` with another parser, without a segmenter and a lemmatizer."""
    whole = read_recipe("recurrent").model_dump(mode="json")
    whole["model"]["tasks"] = {"tagger": {"type": "tagger"}, NAME: parser}
    whole["training"] |= {"epochs": epochs, "evaluate_every": max(epochs // 5, 1)}
    return whole | {"segmentation": None, "metric": "LAS"}


def words_per_second_in_training(folder: Path) -> float:
    """The median over the evaluations of a run."""
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return statistics.median(json.loads(line)["words_per_second"] for line in lines)


def words_per_second(pipelines: dict[str, Pipeline], gold: depparse.Document, rounds: int = 3) -> dict[str, float]:
    """Words a second of the processor in which each pipeline analyses the words of `gold`, the median of the rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in pipelines}
    for count in range(rounds + 1):  # the first one compiles, and does not count
        for name, pipeline in pipelines.items():
            start = time.process_time()
            pipeline.reanalyze(gold)
            if count:
                seconds[name].append(time.process_time() - start)
    n_words = sum(map(len, gold))
    return {name: n_words / statistics.median(values) for name, values in seconds.items()}


def with_beam(folder: Path, beam: int) -> Pipeline:
    """The model of a run, which keeps so many states of a sentence."""
    pipeline = depparse.load(folder, runtime="torch")
    codec = pipeline.codec.tasks[NAME]
    codec.config = codec.config.model_copy(update={"beam": beam})
    return pipeline


def table(results: Results, treebank: str) -> str:
    """The table of a treebank."""
    output, seed = results.output, results.plan.seeds[0]
    runs = {name: PlannedRun(name, treebank, None, None, seed) for name in results.plan.recipes}
    gold = depparse.read(results.plan.fold(next(iter(runs.values()))).test)
    pipelines = {name: depparse.load(output / run.folder, runtime="torch") for name, run in runs.items()}
    systems = [name for name, config in parsers().items() if config["type"] == "transitions" and name in runs]
    pipelines |= {f"{name}, beam {BEAM}": with_beam(output / runs[name].folder, BEAM) for name in systems}
    speeds = words_per_second(pipelines, gold)
    lines = ["| parser | UAS | LAS | 95 % | words/s in training | words/s in parsing |", "|---|--:|--:|--:|--:|--:|"]
    for name, pipeline in pipelines.items():
        if name in runs:
            uas, las = (results.means[Cell(metric, None, treebank, None)][name] for metric in ("UAS", "LAS"))
            accuracy = percent(uas.mean), percent(las.mean), percent_range(las.interval.low, las.interval.high)
            training = f"{words_per_second_in_training(output / runs[name].folder):,.0f}"
        else:
            scores = depparse.evaluate(gold, pipeline.reanalyze(gold))
            accuracy, training = (percent(scores["UAS"].f1), percent(scores["LAS"].f1), ""), ""
        lines.append(f"| {name} | " + " | ".join([*accuracy, training, f"{speeds[name]:,.0f}"]) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains what is not trained yet, and prints the tables."""
    known = parsers()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", type=Path, help="where the study goes")
    parser.add_argument("treebanks", nargs="+", help="folders of treebanks with train, dev and test")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=known, metavar="PARSER", default=list(known))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    results = depparse.experiment(
        {name: recipe(known[name], options.epochs) for name in options.only},
        treebanks=options.treebanks, seeds=[options.seed], metrics=["UAS", "LAS"], output=options.output,
        keep_models=True,
        listen=lambda record: print(record.message, flush=True) if type(record).__name__ == "Going" else None,
    )  # fmt: skip
    for treebank in results.plan.treebanks:
        print(f"\n{treebank}, {options.epochs} epochs, seed {options.seed}:\n")
        print(table(results, treebank))


if __name__ == "__main__":
    main()
