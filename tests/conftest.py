"""Fixtures for all tests: where the data is, and a segmenter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from depparse.segmentation.segmenter import Segmenter

# Workers with several threads each wait for one another at every barrier while the cores are busy, which makes the
# suite three times as slow. The variables must be set before torch is imported, also in processes that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")

# An example may take long on a busy machine, which is no error.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")

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


@pytest.fixture
def segmenter(samples: Path) -> Segmenter:
    """A small segmenter with random weights, of the French sample."""
    from tests.segmenters import random_segmenter  # imports torch, which most tests do without

    return random_segmenter(samples)
