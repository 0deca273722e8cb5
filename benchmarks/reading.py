"""The speed and the memory of reading CoNLL-U: depparse against the package conllu, in turn, in one run.

    python benchmarks/reading.py [FILE]

FILE is by default English-EWT train in $DEPPARSE_SHARED (by default ../shared). After the speed, a file of a million
lines, made from copies of FILE, is streamed in a process of its own, as is a tenth of it; both peaks of memory are
shown.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROUNDS = 5
MILLION = 1_000_000


def seconds(work: Callable[[], Iterable[object]]) -> float:
    """The seconds that it takes to go through what a call returns."""
    begin = time.perf_counter()
    for _ in work():
        pass
    return time.perf_counter() - begin


def compare(path: Path) -> None:
    """Prints the speed of both packages on a file."""
    from importlib.metadata import version

    import conllu

    from depparse import iter_conllu

    def theirs() -> Iterable[object]:
        with path.open(encoding="utf-8") as stream:
            yield from conllu.parse_incr(stream)

    lines = path.read_bytes().count(b"\n")
    our_times, their_times = [], []
    for _ in range(ROUNDS):
        our_times.append(seconds(lambda: iter_conllu(path)))
        their_times.append(seconds(theirs))
    ratios = [b / a for a, b in zip(our_times, their_times, strict=True)]
    print(f"{path.name}, {lines:,} lines, median of {ROUNDS} alternating rounds:")
    for name, times in (("depparse.iter_conllu", our_times), (f"conllu {version('conllu')} parse_incr", their_times)):
        median = statistics.median(times)
        print(f"  {name:28} {median:6.2f} s  {lines / median:11,.0f} lines/s")
    print(f"  ratio {statistics.median(ratios):.1f} (from {min(ratios):.1f} to {max(ratios):.1f})")


def memory(path: Path) -> None:
    """Prints the peak memory of streaming about a million lines, and a tenth of them."""
    block = path.read_bytes()
    copies = MILLION // block.count(b"\n") + 1
    with tempfile.TemporaryDirectory() as folder:
        for factor in (0.1, 1.0):
            big = Path(folder) / "big.conllu"
            with big.open("wb") as out:
                for _ in range(max(1, round(copies * factor))):
                    out.write(block)
            out_lines = block.count(b"\n") * max(1, round(copies * factor))
            run = subprocess.run(
                [sys.executable, __file__, "--stream", str(big)], capture_output=True, text=True, check=True
            )
            print(f"  streaming {out_lines:9,} lines: {run.stdout.strip()}")


def stream(path: str) -> None:
    """Streams a file, and prints the peak memory of this process."""
    from depparse import iter_conllu

    begin = time.perf_counter()
    words = sum(map(len, iter_conllu(path)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{words:,} words in {time.perf_counter() - begin:.1f} s, peak {peak:.0f} MiB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        stream(sys.argv[2])
    else:
        shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
        file = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "treebanks/UD_English-EWT/en_ewt-ud-train.conllu"
        compare(file)
        memory(file)
