"""Prints rows of the tables in results.md, from the folders of finished runs: python benchmarks/results.py RUN …"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from depparse.model_folder.description import describe

METRICS = ("UPOS", "UFeats", "Lemmas", "UAS", "LAS", "CLAS", "MLAS", "BLEX")
FACTS = ("seed", "threads", "minutes of training", "words a second in training", "peak memory")


def row(run: Path, metrics: Sequence[str]) -> str:
    """A Markdown row: training data, parameters, test scores, facts of the card, hash of the training data, command."""
    card = (run / "model" / "README.md").read_text(encoding="utf-8")
    description = describe(run)
    # The card of a base model comes later in this card, so the first fact of each name counts.
    facts = dict(reversed(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", card, re.MULTILINE)))
    train = re.search(r"^\| train \| (\S+) \| `(\w{12})", card, re.MULTILINE)
    command = re.search(r"^depparse .*", card, re.MULTILINE)
    if train is None or command is None:
        raise SystemExit(f"{run}: the card names no training data or no command")
    scores = next(line for line in description.scores if line["data"].startswith("test"))
    short = re.sub(r" --output [^ ]+", "", re.sub(r"[^ ]*/(UD_[^ /]+|[^ /]+\.[^ /.]+)", r"\1", command[0]))
    cells = [
        train[1].split("-ud-")[0],
        f"{description.parameters / 1e6:.1f} M",
        *(f"{float(scores[name]):.2f}" for name in metrics),
        *(facts[name] for name in FACTS),
        f"`{train[2]}`",
        f"`{short}`",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Prints the rows of the runs on the command line."""
    parser = argparse.ArgumentParser(description="Rows of the tables in results.md.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="the folder of a finished run")
    parser.add_argument("--scores", default=",".join(METRICS), help="names of scores, separated by commas")
    options = parser.parse_args()
    for run in options.runs:
        print(row(run, options.scores.split(",")))


if __name__ == "__main__":
    main()
