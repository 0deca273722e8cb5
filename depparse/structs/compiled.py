"""How loops are compiled, in one place: by numba on their first call, and then kept on disk.

To import numba and to load what it has compiled take half a second and 140 MB, more than all else that one sentence
needs. So it is imported when a compiled function is first called, and as long as it has not been (`is_loaded`), small
inputs are left to NumPy, or to Python itself (`compiled_for`).
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function, to be compiled on its first call; other threads go on while it runs.

    The compiled code is kept in ``__pycache__`` beside the file, or in the user's folder for caches. Where neither can
    be written, as in a read-only installation without a home, it is compiled anew in each process. It may call other
    compiled functions by their names.
    """
    return cast(Function, _Compiled(function))


def is_loaded() -> bool:
    """Whether numba has been imported, so that compiled functions cost nothing more."""
    return "numba" in sys.modules


_FEW = 1_000_000  # steps of loops that Python itself does, in about a third of a second
_thread = threading.local()  # `plain` says whether compiled functions run as Python


def compiled_for(function: Function, steps: int) -> Function:
    """The compiled function; or its own Python code, if numba has not been imported and little is to be done.

    `steps` says about how often the innermost loop of this call runs.
    """
    if is_loaded() or steps > _FEW or not isinstance(function, _Compiled):
        return function

    def plain(*arguments: Any) -> Any:
        _thread.plain = True
        try:
            with np.errstate(over="ignore"):  # compiled code does not warn
                return function.py_func(*arguments)
        finally:
            _thread.plain = False

    return cast(Function, plain)


def cache_folder() -> str | None:
    """The folder where numba keeps what it compiled of this package; None if there is none that can be written."""
    folder: str | None = _Compiled(lambda: None).dispatcher.stats.cache_path  # type: ignore[attr-defined]
    return folder


class _Compiled:
    """A function that numba compiles when it is first called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function

    def __call__(self, *arguments: Any) -> Any:
        if getattr(_thread, "plain", False):
            return self.py_func(*arguments)
        return self.dispatcher(*arguments)

    @functools.cached_property
    def dispatcher(self) -> Callable[..., Any]:
        """The function as numba has it."""
        from numba import njit

        names: dict[str, Any] = self.py_func.__globals__
        for name in self.py_func.__code__.co_names:
            if isinstance(value := names.get(name), _Compiled):
                names[name] = value.dispatcher  # numba knows no function of another kind
        try:
            return cast(Callable[..., Any], njit(cache=True, nogil=True)(self.py_func))
        except RuntimeError:  # numba raises it here if there is no place for the cache
            return cast(Callable[..., Any], njit(nogil=True)(self.py_func))
