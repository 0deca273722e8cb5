"""Interrupts such as Ctrl-C are held back until a step ends, so that an interrupted run saves only whole steps."""

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

    A second interrupt of the same kind is handled at once. Signals without a Python handler are left alone. Outside the
    main thread all signals are left alone, as none arrives there.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}  # those outside the block
        self.pending: int | None = None  # the signal that is held back
        self._through = False

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self._through or self.pending == number:
            self._handlers[number](number, frame)
        self.pending = number

    def check(self) -> None:
        """Handles the signal that was held back, if there is one; most handlers raise an exception."""
        if self.pending is not None:
            number, self.pending = self.pending, None
            self._handlers[number](number, None)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Lets interrupts through at once within the block."""
        self.check()
        self._through = True
        try:
            yield
        finally:
            self._through = False
