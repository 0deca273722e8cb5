"""The weights and records of runs of training, and a launcher that runs them in several processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from depparse.training.records import Record, Scored


def weights(folder: Path) -> bytes:
    """The weights of the model in the folder of a run."""
    return (folder / "model" / "model.safetensors").read_bytes()


def scored(records: Iterable[Record], part: str) -> list[Scored]:
    """The records of the scores of one part: ``segmenter`` or ``model``."""
    return [record for record in records if isinstance(record, Scored) and record.part == part]


def launch(processes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with these arguments, in that many processes that train together, each with one thread."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    prefix = torchrun if processes > 1 else []
    return subprocess.run(
        [sys.executable, *prefix, *arguments], capture_output=True, text=True, env=environment, timeout=600
    )
