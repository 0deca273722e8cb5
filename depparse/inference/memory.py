"""Control of the heap of the C library, where tensors lie. It does nothing if the C library is not glibc.

Batches of ever new shapes leave holes in the heap, which add up over a long text: the peak of memory was 1.7 times as
high with ten times the text (benchmarks/README.md).
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

_M_MMAP_THRESHOLD = -3  # the constant of malloc.h
_LARGE = 4 * 2**20  # bytes; not smaller, since the system must supply fresh pages for each large block


def give_back() -> None:
    """Returns the free memory of the heap to the system."""
    if (trim := _function("malloc_trim")) is not None:
        trim(0)


def keep_large_blocks_apart() -> None:
    """Keeps large tensors of the whole process off the heap from now on, so that they leave no holes there.

    By default glibc puts blocks of up to 32 MiB on the heap, once blocks of that size have been freed.
    """
    if (set_option := _function("mallopt")) is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGE)


@cache
def _function(name: str) -> Any:
    """The function of the C library, or None if it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):  # another C library, or another system
        return None
