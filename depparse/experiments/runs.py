"""The runs of a study, each from its training to the predictions for its test part, by which it is scored later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from depparse.evaluation.metrics import metrics
from depparse.experiments.plan import Plan, PlannedRun
from depparse.files import open_output
from depparse.inference.load import load
from depparse.training.gold import read_gold
from depparse.training.prepare import is_begun, is_finished
from depparse.training.processes import Processes
from depparse.training.records import Going, Listener
from depparse.training.run import run as train

PREDICTIONS = "predictions.conllu"  # written last: a folder with it is that of a complete run
METRICS = "metrics.json"  # the names of the metrics that tell of the model


def complete(plan: Plan, output: Path, *, keep_models: bool, command: str, listen: Listener) -> None:
    """Does all runs of the plan that are not complete; those that were interrupted go on. Raises DepparseError."""
    runs = list(plan.runs())
    for number, run in enumerate(runs, 1):
        folder = output / run.folder
        if not (folder / PREDICTIONS).exists():
            listen(Going(f"run {number:,} of {len(runs):,}: {run}"))
            if not is_finished(folder):
                train(plan.config(run), folder, resume=is_begun(folder), command=command, listen=listen)
            _predict(plan, run, folder)
            if not keep_models:
                shutil.rmtree(folder / "model", ignore_errors=True)


def _predict(plan: Plan, run: PlannedRun, folder: Path) -> None:
    """Writes the model's analyses of the test part, and which metrics tell of them."""
    gold = read_gold("test", [plan.fold(run).test], [run.treebank])[0]
    pipeline = load(folder, str(Processes().device), runtime="torch")
    system = pipeline.reanalyze(gold.document, raw=plan.raw)
    codec = pipeline.codec
    written = set() if codec is None else {column for columns in codec.writes.values() for column in columns}
    told = [metric for metric in metrics() if metric.tells_of(written) or (plan.raw and not metric.columns)]
    held = gold.metrics(codec)
    with open_output(folder / METRICS) as stream:
        stream.write(json.dumps([metric.name for metric in told if metric.name in held]) + "\n")
    with open_output(folder / PREDICTIONS) as stream:
        stream.write(system.to_conllu())
