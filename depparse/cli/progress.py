"""Progress of long work, on standard error, and only where somebody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
_PATIENCE = 1.0  # seconds before the first sign of life


def progress(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """The items, while a line on the terminal counts them. Silent in pipes, and for work of under a second."""
    if not sys.stderr.isatty():
        yield from items
        return
    begin = last = time.monotonic()
    try:
        for count, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now - last > 0.2 and now - begin > _PATIENCE:
                last = now
                rate = count / (now - begin)
                left = f", {(total - count) / rate:.0f} s left" if total else ""
                of = f" of {total:,}" if total else ""
                sys.stderr.write(f"\r\x1b[K{count:,}{of} {what}, {rate:,.0f}/s{left}")
                sys.stderr.flush()
    finally:  # before an error message too
        if last != begin:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
