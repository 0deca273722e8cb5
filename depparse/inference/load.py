"""Loading of a model by its name, as a pipeline."""

from __future__ import annotations

import os
from collections.abc import Collection
from types import NoneType
from typing import Never

import torch

from depparse.arguments import check_path, check_type
from depparse.errors import ConfigError
from depparse.inference.pipeline import SEGMENTER, Pipeline
from depparse.inference.request import hint
from depparse.model_folder.find import find
from depparse.model_folder.store import load_parts, read_card, read_facts


def load(
    name: str | os.PathLike[str],
    device: str | torch.device = "cpu",
    *,
    without: str | Collection[str] = (),
    fetch: bool = False,
    revision: str | None = None,
    **unknown: Never,
) -> Pipeline:
    """The pipeline called `name`, on a device of torch such as ``cuda``. Parts in `without` are left out for good.

    `name` is that of a bundled model (``en``), the folder of a model or of the run that made it, or an id on the
    Hugging Face hub (``user/repo``). A model of the hub must have been fetched before, or is fetched if `fetch` is
    true, at `revision`. A bundled model is preferred to a folder of the same name; call that folder ``./en``. Raises
    ModelError and ConfigError.
    """
    for keyword in unknown:
        names = ("device", "without", "fetch", "revision")
        raise ConfigError(f"load has no argument {keyword!r}; {hint(keyword, names)}")
    check_path(name, "the name of a model")
    check_type(device, (str, torch.device), "device", "the name of a device, such as 'cpu' or 'cuda'")
    check_type(revision, (str, NoneType), "revision", "a branch, tag or commit, as text")
    folder = find(name, fetch=fetch, revision=revision)
    try:
        parts = load_parts(folder).to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises these for devices that it does not have
        reason = str(error).splitlines()[0]
        raise ConfigError(f"the model cannot be put on the device {str(device)!r}: {reason}") from None
    pipeline = Pipeline(parts.model, read_card(folder), parts.segmenter, read_facts(folder))
    off = pipeline.request(without=without).without
    if SEGMENTER in off:
        pipeline.segmenter = None
    if off and pipeline.model is not None:
        if off.issuperset(pipeline.model.tasks):
            pipeline.model = None
        else:
            pipeline.model.leave_out(off)
    return pipeline
