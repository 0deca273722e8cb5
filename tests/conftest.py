"""Fixtures for all tests: where the data is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Workers with several threads each wait for one another at every barrier while the cores are busy: a suite that is
# three times as slow. Set before torch is imported, and for the processes that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample treebanks that this project wrote itself."""
    return ROOT / "corpora" / "samples"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real treebanks: $DEPPARSE_SHARED, else ../shared beside the checkout. Without them the test is skipped."""
    path = Path(os.environ.get("DEPPARSE_SHARED", ROOT.parent / "shared"))
    if not (path / "treebanks").is_dir():
        pytest.skip(f"needs the real treebanks: no folder {path / 'treebanks'} (set DEPPARSE_SHARED)")
    return path
