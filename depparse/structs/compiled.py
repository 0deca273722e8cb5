"""How loops are compiled, in one place: by numba on their first call, and then kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function, to be compiled on its first call; other threads go on while it runs.

    The compiled code is kept in ``__pycache__`` beside the file, or in the user's folder for caches. Where neither can
    be written, as in a read-only installation without a home, it is compiled anew in each process.
    """
    try:
        return cast(Function, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba raises it here if there is no place for the cache
        return cast(Function, njit(nogil=True)(function))
