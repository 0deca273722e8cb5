"""Tries mutated input of all sorts for a time, or for a number of cases, and keeps what fails.

    python -m tests.fuzzing [--seconds 60 | --count N] [--seed 1] [--only TARGET] [--case N] [--output DIR]

A case is known by seed, target and number, and is repeated by `--seed S --only TARGET --case N`. It fails if it raises
anything but `DepparseError`, or takes more than `--limit` seconds of the processor (5). Its input is kept in DIR.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from depparse.errors import DepparseError
from tests.fuzzing.targets import TARGETS, Fuzzer

_PATIENCE = 12  # times the limit, after which a case is stopped


class TooSlow(BaseException):
    """A case has taken too much of the processor's time; not to be caught by the code under test."""


def run_case(fuzzer: Fuzzer, target: str, seed: int, number: int, limit: float) -> str | None:
    """Runs one case; returns what failed, or None. Of a case over the limit, the second run counts: in the first one,
    loops may have been compiled and libraries imported, which takes many seconds, but once."""
    reason, seconds = _run(fuzzer, target, seed, number, _PATIENCE * limit)
    if reason is None and seconds > limit:
        reason, seconds = _run(fuzzer, target, seed, number, _PATIENCE * limit)
        if reason is None and seconds > limit:
            return f"took {seconds:.1f} s of the processor, over {limit:g} s"
    return reason


def _run(fuzzer: Fuzzer, target: str, seed: int, number: int, patience: float) -> tuple[str | None, float]:
    """What failed, or None, and the seconds of the processor. A case is stopped after `patience` seconds; sooner, that
    could stop the import of a library, which would then fail in all later cases."""
    rng = random.Random(f"{seed} {target} {number}")
    previous = signal.signal(signal.SIGPROF, _stop)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, patience)
    reason = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fuzzer.targets[target](rng)
    except DepparseError:
        pass
    except TooSlow:
        reason = f"stopped after {patience:g} s:\n" + "".join(traceback.format_exc().splitlines(keepends=True)[-14:])
    except Exception:
        reason = traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    return reason, time.process_time() - start


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def say(line: str) -> None:
    """Writes a line at once."""
    sys.stdout.write(line.encode("ascii", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The program. Returns 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="time for all targets together")
    parser.add_argument("--count", type=int, help="number of cases of each target, whatever time they take")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=TARGETS, help="a target")
    parser.add_argument("--case", type=int, help="only this case, which is shown as it fails")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds of the processor that a case may take")
    parser.add_argument("--output", type=Path, default=Path("fuzz-failures"))
    options = parser.parse_args(arguments)
    failures = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(Path(folder))
        names = options.only or list(fuzzer.targets)
        end = time.monotonic() + options.seconds
        numbers = [options.case] if options.case is not None else itertools.count()
        counts = dict.fromkeys(names, 0)
        for number in numbers:
            if options.case is None and (number >= options.count if options.count else time.monotonic() > end):
                break
            for name in names:
                if options.count is None and options.case is None and time.monotonic() > end:
                    break
                tried += 1
                counts[name] += 1
                reason = run_case(fuzzer, name, options.seed, number, options.limit)
                if reason is None:
                    continue
                failures += 1
                kept = options.output / f"{name}-{options.seed}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("saved"))
                (kept / "reason.txt").write_text(reason, encoding="utf-8", errors="backslashreplace")
                say(f"{name} case {number}, seed {options.seed}: {reason.strip().splitlines()[-1][:300]}")
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    say(f"{tried:,} cases ({shown}), {failures} failed" + (f"; see {options.output}" if failures else ""))
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
