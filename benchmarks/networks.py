"""The time of parsing and training against that of the encoder alone, and of the linear recurrence against a BiLSTM.

    python benchmarks/networks.py [--treebank FOLDER] [--configs bilstm,recurrent,transformer] [--words 25000]
        [--steps 20] [--rounds 5] [--set KEY=VALUE …]

Weights are random: speed does not depend on them, except that the decoder takes longer for their trees than for those
of a trained parser. FOLDER is a UD treebank, by default English-EWT in $DEPPARSE_SHARED (by default ../shared).
`--words` words of its dev file are parsed, and as many of its train file give vocabularies and training steps. All is
measured in turn in one process after a warm-up. A ratio is the median over rounds of the ratio in a round, shown with
the least and the greatest.

- parsing: CoNLL-U in a file to CoNLL-U in a file, against the forward pass of the encoder on the same batches;
- training: a step of `training.loop` (with collating, losses, clipping, optimizer and average), against forward and
  backward of the encoder on the same batch, which is full;
- contexts: training and inference of the two context layers alone, with the same number of parameters (within 2 %), on
  the same batches.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

import depparse
from depparse.document.sentence import Sentence
from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.encoders.linear_recurrent.network import LinearRecurrent
from depparse.features.batch import Batch, chunks, plan_batches
from depparse.formats.conllu import iter_conllu, write_conllu
from depparse.inference.annotator import BATCHES
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import BATCH_WORDS
from depparse.layers.bilstm import BiLSTM
from depparse.model.model import Model
from depparse.training.checkpoint import epoch_random
from depparse.training.examples import plan_epoch
from depparse.training.loop import train
from depparse.training.recipe import RecipeConfig, read_recipe
from depparse.treebanks.treebank import find_splits

INPUT_WIDTH = 384  # units that the context layers read, as many as those of words and characters


def seconds(work: Callable[[], object]) -> float:
    """The seconds that a call takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def ratio(pairs: list[tuple[float, float]]) -> str:
    """The median, the least and the greatest ratio of the first number of a pair to the second."""
    ratios = sorted(first / second for first, second in pairs)
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def take(sentences: Iterator[Sentence], words: int) -> list[Sentence]:
    """The first sentences, with about `words` words."""
    return next(chunks(sentences, words))


def bare_encoder(model: Model, sentences: Iterator[Sentence]) -> Callable[[], None]:
    """The forward pass of the encoder alone, on the batches in which a pipeline reads the sentences."""
    batches = [
        model.collate([model.example(group[number]) for number in numbers])
        for group in chunks(sentences, BATCHES * BATCH_WORDS)
        for numbers in plan_batches([len(sentence) for sentence in group], BATCH_WORDS)
    ]

    @torch.inference_mode()
    def bare() -> None:
        for batch in batches:
            model.read(batch)

    return bare


def measure_parsing(model: Model, sentences: list[Sentence], rounds: int) -> str:
    """A line with the speed of parsing, and its time as a multiple of the encoder's."""
    n_words = sum(map(len, sentences))
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.conllu"), Path(folder, "out.conllu")
        write_conllu(sentences, source)
        pipeline = Pipeline(model)
        bare = bare_encoder(model, iter_conllu(source))

        def parse() -> None:
            write_conllu(pipeline.annotate_stream(iter_conllu(source), batch_words=BATCH_WORDS), target)

        parse(), bare()
        times = [(seconds(parse), seconds(bare)) for _ in range(rounds)]
    speed = n_words / statistics.median(time for time, _ in times)
    return f"parsing   {speed:9,.0f} words/s   by the encoder alone: {ratio(times)}"


def measure_training(model: Model, sentences: list[Sentence], recipe: RecipeConfig, steps: int) -> str:
    """A line with the speed of training, and its time as a multiple of the encoder's."""
    # Training is in fp32, as the encoder alone is too.
    config = recipe.training.model_copy(update={"epochs": 100, "evaluate_every": 100, "precision": "fp32"})
    examples = [model.example(sentence, targets=True) for sentence in sentences]
    lengths, sources = [example.length for example in examples], [0] * len(examples)
    records = train(model, examples, config, lambda: 0.0)

    def bare(batch: Batch) -> None:
        encoded = model.read(batch).encoded
        (encoded.context.sum() + encoded.inputs.sum()).backward()

    times: list[tuple[float, float]] = []
    n_words = 0
    warm = 3
    for epoch in range(config.epochs):
        shuffle = epoch_random(config.seed, epoch)
        for numbers in plan_epoch(lengths, sources, config.batch_words, config.temperature, shuffle):
            batch = model.collate([examples[number] for number in numbers])
            pair = seconds(lambda: next(records)), seconds(lambda batch=batch: bare(batch))
            if math.prod(batch.shape) < 0.85 * config.batch_words:
                continue  # the last batch of an epoch may not be full
            warm -= 1
            if warm < 0:
                times.append(pair)
                n_words += batch.n_words
            if len(times) == steps:
                speed = n_words / sum(time for time, _ in times)
                return f"training  {speed:9,.0f} words/s   by the encoder alone: {ratio(times)}"
    raise SystemExit(f"{config.epochs} epochs have no {steps} full batches; give more --words or fewer --steps")


def same_size(recurrent: LinearRecurrent, layers: int) -> BiLSTM:
    """A BiLSTM with as many parameters, within 2 %."""
    target_size = size(recurrent)
    for width in range(2, 10_000, 2):
        with torch.device("meta"):
            n_parameters = size(BiLSTM(INPUT_WIDTH, width=width, layers=layers, dropout=0.33, weight_drop=0.2))
        if n_parameters >= target_size:
            break
    if n_parameters > 1.02 * target_size:
        raise SystemExit(
            f"no BiLSTM of {layers} layers has {target_size:,} parameters within 2 %; give a greater --width"
        )
    return BiLSTM(INPUT_WIDTH, width=width, layers=layers, dropout=0.33, weight_drop=0.2)


def size(module: torch.nn.Module) -> int:
    """The number of parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


def compare_contexts(lengths: list[int], width: int, layers: int, words: int, rounds: int) -> None:
    """Prints the table of context layers, on random vectors of sentences of these lengths, in batches of `words`."""
    torch.manual_seed(1)
    recurrent = LinearRecurrent(LinearRecurrentConfig(width=width, layers=layers), INPUT_WIDTH)
    bilstm = same_size(recurrent, layers)
    batches = []
    for numbers in plan_batches(lengths, words):
        sizes = torch.tensor([lengths[number] for number in numbers])
        batches.append((torch.randn(len(sizes), 1 + int(sizes.max()), INPUT_WIDTH), sizes))
    n_words = sum(lengths)

    def learn(module: torch.nn.Module) -> None:
        module.train()
        for values, sizes in batches:
            module(values, sizes).sum().backward()
            module.zero_grad()

    @torch.inference_mode()
    def infer(module: torch.nn.Module) -> None:
        module.eval()
        for values, sizes in batches:
            module(values, sizes)

    print(f"\ncontext layers, {layers} of them, batches of {words} words")
    print(f"{'':18} {'width':>6} {'parameters':>11} {'training, words/s':>18} {'inference, words/s':>19}")
    times: dict[str, list[tuple[float, float]]] = {}
    for name, work in (("training", learn), ("inference", infer)):
        work(recurrent), work(bilstm)
        times[name] = [
            (seconds(lambda work=work: work(bilstm)), seconds(lambda work=work: work(recurrent))) for _ in range(rounds)
        ]
    for side, (name, module) in enumerate((("bilstm", bilstm), ("linear_recurrent", recurrent))):
        speeds = [n_words / statistics.median(pair[side] for pair in times[key]) for key in ("training", "inference")]
        print(f"{name:18} {module.width:6} {size(module):11,} {speeds[0]:18,.0f} {speeds[1]:19,.0f}")
    print(f"the recurrence is faster: training {ratio(times['training'])}, inference {ratio(times['inference'])}")


if __name__ == "__main__":
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Parsing and training against the bare encoder.")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--configs", default="bilstm,recurrent,transformer", help="recipes, separated by commas")
    parser.add_argument("--words", type=int, default=25_000, help="words of dev and of train that are used")
    parser.add_argument("--steps", type=int, default=20, help="full training batches")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--width", type=int, default=400, help="units of the recurrence in the comparison")
    parser.add_argument("--layers", type=int, default=3, help="layers of both networks in the comparison")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipes")
    options = parser.parse_args()
    splits = find_splits(options.treebank)
    trained = take(depparse.iter_conllu(splits["train"]), options.words)
    parsed = take(depparse.iter_conllu(splits.get("dev", splits["train"])), options.words)
    print(f"{options.treebank.name}, {torch.get_num_threads()} threads, medians of {options.rounds} rounds")
    for name in filter(None, options.configs.split(",")):
        torch.manual_seed(1)
        recipe = read_recipe(name, options.set)
        model = Model.build(recipe.model, trained)
        print(f"\n{name}: {size(model):,} parameters, {size(model.encoder):,} of them of the encoder")
        print(measure_parsing(model, parsed, options.rounds), flush=True)
        print(measure_training(model, trained, recipe, options.steps), flush=True)
    words = read_recipe("recurrent").training.batch_words
    compare_contexts([len(sentence) for sentence in parsed], options.width, options.layers, words, options.rounds)
