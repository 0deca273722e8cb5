"""The heap of the C library, where tensors lie. Nothing happens where it is not glibc's.

Batches of ever new shapes leave holes in it. They add up over a long text: its peak of memory was 1.7 times as high
with ten times the text (benchmarks/README.md).
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

_M_MMAP_THRESHOLD = -3  # of malloc.h
_LARGE = 4 * 2**20  # bytes; each such block costs the system fresh pages


def give_back() -> None:
    """Returns to the system what is free within the heap."""
    if (trim := _function("malloc_trim")) is not None:
        trim(0)


def keep_large_blocks_apart() -> None:
    """Large tensors are not put on the heap any more, so that they leave no holes there; of the whole process.

    By default glibc puts blocks of up to 32 MiB there, once such have been freed.
    """
    if (set_option := _function("mallopt")) is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGE)


@cache
def _function(name: str) -> Any:
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):  # another C library, or another system
        return None
