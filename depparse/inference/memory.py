"""Control of the heap of the C library, where tensors lie. It does nothing if the C library is not glibc.

Batches of ever new shapes leave holes in the heap, which add up over a long text: the peak of memory was 1.7 times as
high with ten times the text. But the system has to supply each page that was given back anew, which took a quarter of
the time when that was done after every batch (benchmarks/README.md). So memory is reused until it has grown much.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # the constants of malloc.h
_LARGEST = 32 * 2**20  # bytes; glibc takes no greater threshold for blocks on the heap
_NEVER = 2**31 - 1  # bytes of free memory at the end of the heap, above which free() itself returns them
_SLACK = 128 * 2**20  # bytes by which the process may grow until free memory is returned


class _Returned:
    """The memory that was in use when free memory was last returned, in bytes; None before the first time."""

    resident: int | None = None


def give_back() -> None:
    """Returns the free memory of the heap to the system if the process has grown by `_SLACK` since the last time.

    Call it often, between batches: it takes some microseconds if there is nothing to do.
    """
    if (trim := _function("malloc_trim")) is None:
        return
    resident = _resident()
    if resident is None:  # without /proc, nothing tells
        trim(0)
    elif _Returned.resident is None or resident < _Returned.resident:
        _Returned.resident = resident
    elif resident > _Returned.resident + _SLACK:
        trim(0)
        _Returned.resident = _resident()


def keep_blocks_on_heap() -> None:
    """Lets the whole process reuse the memory of large blocks from now on; `give_back` alone returns it to the system.

    By default, each large block is memory of its own, which goes back to the system with it, at first from 128 KiB on.
    """
    if (set_option := _function("mallopt")) is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGEST)
        set_option(_M_TRIM_THRESHOLD, _NEVER)


def _resident() -> int | None:
    """The memory that the process has in use, in bytes; None where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


@cache
def _function(name: str) -> Any:
    """The function of the C library, or None if it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):  # another C library, or another system
        return None
