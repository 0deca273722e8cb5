"""The facts of a run (`depparse.model_folder.facts`), made from its recipe, its data and its measurements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch

from depparse import __version__
from depparse.evaluation.metrics import Use, model_metrics, segmenter_metrics
from depparse.evaluation.scores import Scores
from depparse.inference.machine import peak_memory_mib
from depparse.model_folder.facts import DataFile, ScoreRow, Training, language_of, without_paths
from depparse.training.recipe import DataConfig, RecipeConfig, treebank_name
from depparse.treebanks.download import licence

_DIGITS = 6  # decimal places of a score, which is a fraction of 1


def training_facts(config: RecipeConfig, command: str, minutes: float, speed: float) -> Training:
    """The facts of how the model was trained; `speed` is in words per second."""
    memory = peak_memory_mib()
    seeds = [] if config.segmentation is None else [config.segmentation.training.seed]
    seeds += [config.training.seed] if config.model.tasks else []
    return Training(
        command=without_paths(command),
        depparse=__version__,
        torch=torch.__version__,
        seeds=tuple(dict.fromkeys(seeds)),
        threads=torch.get_num_threads(),
        minutes=round(minutes, 1),
        words_per_second=round(speed),
        peak_memory_mib=None if memory is None else round(memory),
    )


def data_facts(data: DataConfig, hashes: Mapping[str, str]) -> tuple[DataFile, ...]:
    """The facts of each data file of a run; `hashes` has the SHA-256 of each file."""
    splits = ("train", "dev", "test", "text")
    return tuple(file_facts(split, file, hashes[file]) for split in splits for file in getattr(data, split))


def file_facts(split: str, file: str, sha256: str) -> DataFile:
    """The facts of a data file."""
    return DataFile(
        split=split,
        file=Path(file).name,
        sha256=sha256,
        treebank=treebank_name(file),
        language=language_of(file),
        licence=licence(Path(file).parent) or "",
    )


def score_facts(
    scores: Mapping[str, Scores], source: Literal["words", "text"], *, has_model: bool = True
) -> tuple[ScoreRow, ...]:
    """The scores that a card shows, a row for each entry of `scores`, whose keys name the data, such as ``dev``.

    Of raw text (`source` "text") without a model, only segmentation is scored.
    """
    names = model_metrics(Use.CARD)
    if source == "text":
        names = (*segmenter_metrics(Use.RAW), *(model_metrics(Use.RAW) if has_model else ()))
    return tuple(
        ScoreRow(
            data=without_paths(data),  # files of one name are told apart by their paths, which stay here
            source=source,
            f1={name: round(by_metric[name].f1, _DIGITS) for name in names if name in by_metric},
        )
        for data, by_metric in scores.items()
    )
