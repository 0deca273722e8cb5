"""The progress of long work, as a line on standard error, shown only on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from depparse.printable import clean

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")
_PATIENCE = 1.0  # seconds before the line appears
_REFRESH = 0.2  # seconds between updates


class Line:
    """A line that shows the progress of some work. It is not shown in a pipe, or for work of less than a second.

    Use it in a ``with`` block: the line disappears at the end of the block, also before an error message.
    """

    def __init__(self) -> None:
        self._start_time = self._last_update = time.monotonic()
        self._progress: Progress | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, text: str) -> None:
        """Shows the text in place of the one before, but not more often than the eye needs."""
        now = time.monotonic()
        if now - self._start_time < _PATIENCE or now - self._last_update < _REFRESH or not sys.stderr.isatty():
            return
        self._last_update = now
        if self._progress is None:
            from rich.console import Console
            from rich.progress import Progress, TextColumn

            console = Console(stderr=True, highlight=False, markup=False)
            column = TextColumn("{task.description}", markup=False)
            self._progress = Progress(column, console=console, auto_refresh=False, transient=True)
            self._progress.add_task(text)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], description=clean(text), refresh=True)


def progress(items: Iterable[Item], noun: str) -> Iterator[Item]:
    """The items, while a line on the terminal counts them. `noun` says what is counted."""
    if not sys.stderr.isatty():
        yield from items
        return
    start_time = time.monotonic()
    with Line() as line:
        for count, item in enumerate(items, 1):
            yield item
            rate = count / max(1e-9, time.monotonic() - start_time)
            line(f"{count:,} {noun}, {rate:,.0f}/s")
