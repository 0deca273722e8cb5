"""The cost of raw text: of segmentation alone, of raw text to CoNLL-U against the bare encoder, and in memory.

    python benchmarks/raw.py MODEL [--treebank FOLDER] [--words 25000] [--rounds 5] [--cpu]
    python benchmarks/raw.py MODEL --memory [--treebank FOLDER] [--megabytes 1,10,100]
    python benchmarks/raw.py MODEL --processes 2 [--treebank FOLDER] [--rounds 5]

MODEL is anything that `depparse.load` takes. FOLDER is a UD treebank, by default English-EWT in $DEPPARSE_SHARED (by
default ../shared), whose dev file gives the text. All is measured in turn in one process after a warm-up. A ratio is
the median over rounds of the ratio in a round, shown with the least and the greatest. `--cpu` counts processor seconds
instead of clock seconds, for a busy machine. Use it with one thread (OMP_NUM_THREADS=1), as threads that wait for each
other count too.

- segmentation: from text to sentences of words, in characters per second;
- raw text: from text in a file to CoNLL-U in a file, against the forward pass of the encoder on the same words in the
  same batches; then the same with a clock on each stage, in seconds of a median round.

`--processes` measures how long a new process takes to load the model after torch is imported, and to analyse the first
sentence; then segmentation in so many processes at the same time, each with one thread and 3 MB of text, in characters
per second.

`--memory` measures the peak memory of processes that read copies of the text one after the other: `depparse parse` for
the first two sizes, and segmentation alone for the second and the third.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from networks import bare_encoder, ratio, take

import depparse
from depparse.document.raw_text import iter_text
from depparse.formats.conllu import iter_conllu, write_conllu
from depparse.inference.pipeline import Pipeline
from depparse.inference.profile import ENCODER, profile
from depparse.text.pieces import iter_pieces
from depparse.treebanks.treebank import find_splits

# The peak that the system counts for a process includes the memory of its parent. So a small parent starts it.
_PEAK = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
_LOAD = """
import sys, time, torch
begin = time.perf_counter()
import depparse
nlp = depparse.load(sys.argv[1])
loaded = time.perf_counter()
nlp("This is a sentence.")
print(loaded - begin, time.perf_counter() - loaded)
"""


def measure(pipeline: Pipeline, text: str, rounds: int, now: Callable[[], float]) -> None:
    """Prints the speed of segmentation, that of raw text to CoNLL-U, and the table of stages; `now` is the clock."""

    def seconds(work: Callable[[], object]) -> float:
        begin = now()
        work()
        return now() - begin

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.txt"), Path(folder, "out.conllu")
        source.write_text(text, encoding="utf-8")
        sentences = list(pipeline.read([source], "text"))
        n_words = sum(map(len, sentences))
        print(f"{len(text):,} characters, {n_words:,} words in {len(sentences):,} sentences")

        def segment() -> None:
            for _ in pipeline.segment(iter_pieces(source)):
                pass

        segment()
        speeds = sorted(len(text) / seconds(segment) for _ in range(rounds))
        middle = statistics.median(speeds)
        print(f"segmentation {middle:9,.0f} characters/s ({speeds[0]:,.0f} to {speeds[-1]:,.0f})")
        if (model := pipeline.model) is None:
            return
        bare = bare_encoder(model, iter(sentences))

        def parse() -> None:
            sentences = pipeline.read([source], "text")
            write_conllu(pipeline.annotate_stream(sentences), target)

        parse(), bare()
        times = [(seconds(parse), seconds(bare)) for _ in range(rounds)]
        speed = n_words / statistics.median(time for time, _ in times)
        print(f"raw text     {speed:9,.0f} words/s        by the encoder alone: {ratio(times)}")
        profiles = [profile(pipeline, source, target, now) for _ in range(rounds)]
        # The stages are those of the round with the median sum, as medians of each stage would not add up.
        print_profile(sorted(profiles, key=lambda stages: sum(stages.values()))[rounds // 2])


def print_profile(stages: dict[str, float]) -> None:
    """Prints the table of the stages' seconds."""
    whole, encoder = sum(stages.values()), stages[ENCODER]
    print("\n| stage | seconds | share | / encoder |\n|---|--:|--:|--:|")
    for stage, spent in [*stages.items(), ("all", whole)]:
        print(f"| {stage} | {spent:.3f} | {spent / whole:.1%} | {spent / encoder:.2f} |")


# -- memory


def copies(text: str, megabytes: float) -> Iterator[str]:
    """Copies of `text`, a paragraph each, of about `megabytes` MB in UTF-8; at least one."""
    n_bytes = len(text.encode()) + 2
    for _ in range(max(1, round(megabytes * 1_000_000 / n_bytes))):
        yield text
        yield "\n\n"


def peak(command: list[str]) -> tuple[float, list[str]]:
    """The peak memory of a process in MiB, and the lines that it printed."""
    whole = [sys.executable, "-c", _PEAK, *command]
    printed = subprocess.run(whole, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return int(printed[-1]) / 1024, printed[:-1]


def measure_memory(model: str, text: str, small: float, large: float, largest: float) -> None:
    """Prints the peak memory of parsing and of segmentation, for sizes in MB."""
    print("| | MB of text | peak, MiB | |\n|---|--:|--:|---|")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.txt")

        def show(name: str, sizes: tuple[float, float], command: Callable[[float], list[str]]) -> None:
            before = 0.0
            for size in sizes:
                mebibytes, printed = peak(command(size))
                growth = [f"{mebibytes / before:.3f} times as much"] if before else []
                print(f"| {name} | {size:g} | {mebibytes:.0f} | {', '.join([*printed, *growth])} |", flush=True)
                before = mebibytes

        def parse(size: float) -> list[str]:
            with source.open("w", encoding="utf-8") as out:
                out.writelines(copies(text, size))
            command = [sys.executable, "-m", "depparse", "parse", str(source), "--from", "text", "--model", model]
            return [*command, "--output", str(Path(folder, "out.conllu"))]

        def segment(size: float) -> list[str]:
            source.write_text(text, encoding="utf-8")
            return [sys.executable, __file__, model, "--segment", str(source), "--megabytes", str(size)]

        show("depparse parse", (small, large), parse)
        show("segmentation", (large, largest), segment)


def segment_copies(pipeline: Pipeline, text: str, megabytes: float) -> None:
    """Segments copies of the text, and prints the speed."""
    n_chars = 0

    def pieces() -> Iterator[str]:
        nonlocal n_chars
        for piece in copies(text, megabytes):
            n_chars += len(piece)
            yield piece

    begin = time.perf_counter()
    n_sentences = sum(1 for _ in pipeline.segment(pieces()))
    speed = n_chars / (time.perf_counter() - begin)
    print(f"{n_sentences:,} sentences, {speed:,.0f} characters/s")


# -- processes


def measure_processes(model: str, text: str, n_processes: int, rounds: int, megabytes: float = 3) -> None:
    """Prints the times of loading and of the first sentence, and the speed of segmentation in several processes."""
    load = [sys.executable, "-c", _LOAD, model]
    times = [subprocess.run(load, stdout=subprocess.PIPE, text=True, check=True).stdout.split() for _ in range(rounds)]
    for name, column in zip(("loading", "first sentence"), zip(*times, strict=True), strict=True):
        seconds = sorted(map(float, column))
        print(f"{name:15} {statistics.median(seconds):.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f})", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.txt")
        source.write_text(text, encoding="utf-8")
        command = [sys.executable, __file__, model, "--segment", str(source), "--megabytes", str(megabytes)]
        one_thread = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        speeds = []
        for _ in range(rounds):
            started = [
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=one_thread) for _ in range(n_processes)
            ]
            printed = [process.communicate()[0] for process in started]
            speeds.append(sum(int(line.split()[-2].replace(",", "")) for line in printed))
    speeds.sort()
    speed = statistics.median(speeds)
    print(f"segmentation    {speed:,.0f} characters/s ({speeds[0]:,} to {speeds[-1]:,}) in {n_processes} processes")


def main() -> None:
    """Measures by the command line."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="What raw text costs in time and memory.")
    parser.add_argument("model", metavar="MODEL", help="anything that depparse.load takes")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--words", type=int, default=25_000, help="words of dev whose text is read")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cpu", action="store_true", help="count processor seconds, not clock seconds")
    parser.add_argument("--memory", action="store_true", help="measure memory, and nothing else")
    parser.add_argument("--megabytes", default="1,10,100", metavar="SMALL,LARGE,LARGEST", help="sizes for --memory")
    parser.add_argument("--processes", type=int, metavar="N", help="measure loading, and segmentation in N processes")
    parser.add_argument("--segment", type=Path, help=argparse.SUPPRESS)  # for the processes of the two above
    options = parser.parse_args()
    sizes = [float(size) for size in options.megabytes.split(",")]
    if options.segment:
        segment_copies(depparse.load(options.model), options.segment.read_text(encoding="utf-8"), sizes[0])
        return
    splits = find_splits(options.treebank)
    text = "".join(iter_text(take(iter_conllu(splits.get("dev", splits["train"])), options.words)))
    if options.memory:
        measure_memory(options.model, text, *sizes)
    elif options.processes:
        measure_processes(options.model, text, options.processes, options.rounds)
    else:
        print(f"{options.treebank.name}, {torch.get_num_threads()} threads, medians of {options.rounds} rounds")
        now = time.process_time if options.cpu else time.perf_counter
        measure(depparse.load(options.model), text, options.rounds, now)


if __name__ == "__main__":
    main()
