"""Ctrl-C between two steps: a run that is interrupted leaves a checkpoint of a whole step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interrupts:
    """Holds back interrupts, which could come in the middle of an update of the weights, until `check` is called.

    A second one of the same kind comes through at once. Signals that Python does not handle are left alone, and so are
    all of them outside the main thread, where none arrives.
    """

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self.pending: int | None = None  # the signal that is held back
        self._through = False

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                if callable(before):
                    self._before[number] = before
                    signal.signal(number, self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, before in self._before.items():
                signal.signal(number, before)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self._through or self.pending == number:
            self._before[number](number, frame)
        self.pending = number

    def check(self) -> None:
        """Raises what was held back."""
        if self.pending is not None:
            number, self.pending = self.pending, None
            self._before[number](number, None)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Within, interrupts come at once."""
        self.check()
        self._through = True
        try:
            yield
        finally:
            self._through = False
