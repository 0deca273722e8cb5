"""Compiled loops where nothing can be kept on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import depparse

# As in a read-only installation without a home: no place for the cache is found.
CODE = """
from numba.core import caching
for kind in (caching.CacheImpl, *caching.CacheImpl.__subclasses__()):
    kind._locator_classes = []
import numpy as np
from depparse.structs.mst import decode
print(decode(np.log([[[1, 1, 1], [3, 1, 2], [1, 5, 1]]]), np.array([2])).tolist())
"""


def test_nothing_is_kept_where_there_is_no_place() -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(depparse.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    result = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=False)
    assert (result.stdout, result.returncode) == ("[[0, 0, 1]]\n", 0), result.stderr


def test_compiled_functions_have_a_cache_here() -> None:
    from depparse.structs import mst
    from depparse.structs.compiled import compiled

    kernels = [value for value in vars(mst).values() if hasattr(value, "dispatcher")]
    assert kernels
    assert all(type(kernel.dispatcher._cache).__name__ == "FunctionCache" for kernel in kernels)
    assert compiled(lambda x: x + 1)(2) == 3
