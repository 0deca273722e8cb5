"""Progress of long work: a line on standard error, and only where somebody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")
_PATIENCE = 1.0  # seconds before the first sign of life
_REFRESH = 0.2  # seconds


class Line:
    """A line that tells how far something is. Silent in pipes, and for work of under a second.

    To be used in a ``with`` block: the line goes when that ends, before an error message too.
    """

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._progress: Progress | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, text: str) -> None:
        """Shows the text in place of the one before, now and then."""
        now = time.monotonic()
        if now - self._began < _PATIENCE or now - self._last < _REFRESH or not sys.stderr.isatty():
            return
        self._last = now
        if self._progress is None:
            from rich.console import Console
            from rich.progress import Progress, TextColumn

            console = Console(stderr=True, highlight=False, markup=False)
            column = TextColumn("{task.description}", markup=False)
            self._progress = Progress(column, console=console, auto_refresh=False, transient=True)
            self._progress.add_task(text)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], description=text, refresh=True)


def progress(items: Iterable[Item], what: str) -> Iterator[Item]:
    """The items, while a line on the terminal counts them."""
    if not sys.stderr.isatty():
        yield from items
        return
    began = time.monotonic()
    with Line() as line:
        for count, item in enumerate(items, 1):
            yield item
            rate = count / max(1e-9, time.monotonic() - began)
            line(f"{count:,} {what}, {rate:,.0f}/s")
