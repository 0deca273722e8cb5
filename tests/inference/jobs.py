"""Jobs for worker processes. They are in a module of their own, so that processes find them however they start."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from depparse.errors import FormatError

LONG = 600  # seconds; a test must not wait for such a job


def square_later(number: int) -> int:
    """Squares the number after a time that does not grow with it, so that results are not ready in order."""
    time.sleep(0.01 * (number % 3))
    return number * number


def fail(number: int) -> int:
    """Raises an error of the package at 3."""
    if number == 3:
        raise FormatError("it is broken", path="x.conllu", line=7)
    return number


def end_itself(how: signal.Signals, number: int) -> int:
    """Ends its process by that signal at 3."""
    if number == 3:
        os.kill(os.getpid(), how)
        time.sleep(LONG)
    return number


def be_killed_sending(number: int) -> bytes:
    """Ends its process while its result, much more than a pipe holds, is on the way."""
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return bytes(2**29)


class OddError(Exception):
    """Its arguments are not those that make it, so it cannot be read back."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__("odd")


def be_odd(number: int) -> object:
    """Raises a plain error at 2 and an odd one at 3; its result at 4 cannot be pickled."""
    if number == 2:
        raise ZeroDivisionError("plain")
    if number == 3:
        raise OddError(1, 2)
    return (lambda: 1) if number == 4 else number


def sleep(folder: Path, number: int) -> int:
    """Leaves a file that says that the job has begun, and ends only at 0."""
    (folder / f"begun{number}").touch()
    if number:
        time.sleep(LONG)
    return number
