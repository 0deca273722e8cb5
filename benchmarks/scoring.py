"""The speed of scoring: ``depparse evaluate`` against udtools' ``udeval``, whole processes in turn, in one run.

    python benchmarks/scoring.py [GOLD]

GOLD is by default English-EWT test in $DEPPARSE_SHARED (by default ../shared). The system file is GOLD with the trees
of the baseline next_word.py.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5


def main(gold: Path) -> None:
    """Prints the times of both scorers on a gold file."""
    scripts = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        system = Path(folder) / "system.conllu"
        with system.open("wb") as out:
            subprocess.run([sys.executable, scripts / "next_word.py", gold], stdout=out, check=True)
        commands = {
            "depparse evaluate": [sys.executable, "-m", "depparse", "evaluate", gold, system],
            "udeval -v": [Path(sys.executable).with_name("udeval"), "-v", gold, system],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                begin = time.perf_counter()
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                times[name].append(time.perf_counter() - begin)
    print(f"{gold.name}, whole process, median of {ROUNDS} alternating rounds:")
    for name, seconds in times.items():
        print(f"  {name:20} {statistics.median(seconds):5.2f} s")
    ratios = [b / a for a, b in zip(*times.values(), strict=True)]
    print(f"  ratio {statistics.median(ratios):.1f} (from {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "treebanks/UD_English-EWT/en_ewt-ud-test.conllu")
