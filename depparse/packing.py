"""Packs a model and a segmenter, each trained by itself, into one small folder or package, and scores the whole."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import cast

from torch import nn

from depparse import __version__
from depparse.encoders.input import DropsUnused
from depparse.errors import ConfigError, ModelError, did_you_mean
from depparse.files import PathLike, hash_file
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.model_folder.description import Weights, read_facts, read_json
from depparse.model_folder.facts import DataFile, Facts, Origin, Packing, ScoreRow, licence_of, without_paths
from depparse.model_folder.find import find
from depparse.model_folder.package import Package, write_project, write_wheel
from depparse.model_folder.store import check_replaceable, load_parts, save, state
from depparse.model_folder.weights import as_weights, encode
from depparse.training.facts import file_facts, score_facts
from depparse.training.gold import Gold, read_gold


def pack(
    model: str | os.PathLike[str],
    segmenter: str | os.PathLike[str] | None = None,
    *,
    output: str | os.PathLike[str],
    weights: Weights | None = None,
    without: str | Collection[str] = (),
    card: str = "",
    command: str = "",
    score: Sequence[PathLike] = (),
) -> Facts:
    """Writes the folder `output` with a pipeline of the model in `model` and the segmenter in `segmenter`.

    Both are named as for `load`. Without `segmenter`, that of `model` is taken, if it has one; a warning says if the
    two are of different languages. Tasks in `without` are left out. Weights that inference never reads are left out
    too, which changes no analysis; `weights` stored as float16 or int8 may change a few analyses, and by default are
    stored as those of `model`. `card` is Markdown for the beginning of the card, with the licence under ``## Licence``;
    `command` is the command that the card shows. The packed pipeline is scored on the gold files `score`. Returns the
    facts. Raises ModelError, ConfigError and, for a gold file, FormatError.
    """
    output = Path(output)
    check_replaceable(output)
    folder = find(model)
    parts = load_parts(folder)
    weights = as_weights(weights or read_json(folder / "config.json").get("weights", "float32"))
    segmenter_folder = find(segmenter) if segmenter is not None else folder
    if segmenter is not None:
        parts.segmenter = load_parts(segmenter_folder).segmenter
        if parts.segmenter is None:
            raise ModelError(f"{segmenter_folder}: holds no segmenter; train one, or pack the model alone")
        _warn_of_languages(folder, segmenter_folder)
    # Read now, so that a wrong file is an error before anything is written.
    treebanks = Pipeline(parts.model, segmenter=parts.segmenter).treebanks
    paths = [os.fspath(file) for file in score]
    gold_files = read_gold(Path(paths[0]).name.split(".")[0], paths, treebanks) if paths else []
    left_out: list[str] = []
    if without := without.replace(",", " ").split() if isinstance(without, str) else without:
        left_out += _leave_out(parts.model, without)
    if parts.model is not None:
        n_subwords = _drop_subwords(parts.model)
        left_out += [f"{n_subwords:,} subwords that no text is split into"] if n_subwords else []
    packing = Packing(
        command=without_paths(command),
        depparse=__version__,
        model=Origin.of(model, folder) if parts.model is not None else None,
        segmenter=Origin.of(segmenter or model, segmenter_folder) if parts.segmenter is not None else None,
        left_out=tuple(left_out),
        weights=weights,
        size=sum(tensor.nbytes for tensor in encode(state(parts.model, parts.segmenter), weights).values()),
    )
    facts = Facts(
        head=card.strip(),
        licence=licence_of(card),
        packing=packing,
        model=read_facts(folder) if parts.model is not None else None,
        segmenter=read_facts(segmenter_folder) if parts.model is None or segmenter_folder != folder else None,
    )
    save(parts.model, output, facts, segmenter=parts.segmenter, weights=weights)
    if gold_files:
        facts = facts.model_copy(update={"scores": _scores(output, gold_files), "data": _files(gold_files, paths)})
        save(parts.model, output, facts, segmenter=parts.segmenter, weights=weights)
    return facts


def pack_package(
    model: str | os.PathLike[str],
    output: str | os.PathLike[str],
    package: Package,
    *,
    wheel: bool,
    change: Callable[..., Facts] | None = None,
) -> Path:
    """Writes a package for pip of a model, which is named as for `load`; returns its path.

    It is a file in the folder `output` if it is a `wheel`, else `output` itself, which is still a model folder. The
    model goes into it as it is, or as `change` makes it, which is `pack` with all arguments but the output. Raises
    ModelError, ConfigError and what `change` raises.
    """
    output = Path(output)
    path = package.wheel_in(output) if wheel else output
    if not wheel:
        check_replaceable(output)
    with tempfile.TemporaryDirectory() as temporary:
        if change is None:
            folder = find(model)
        else:
            change(output=(folder := Path(temporary, "model")))
        (write_wheel if wheel else write_project)(folder, output, package)
    return path


def _warn_of_languages(model: Path, segmenter: Path) -> None:
    """Warns if the data of the model and that of the segmenter have no language in common, as far as facts tell."""
    first, second = read_facts(model).languages(), read_facts(segmenter).languages()
    if first and second and set(first).isdisjoint(second):
        warnings.warn(
            f"the model learned {', '.join(first)}, but the segmenter {', '.join(second)}: it will split text badly",
            stacklevel=3,
        )


def _files(gold_files: Sequence[Gold], paths: Sequence[str]) -> tuple[DataFile, ...]:
    """The facts of the files that were scored; the name of one may be a link's, with what it is scored for."""
    return tuple(
        file_facts(gold.name.partition(", ")[0], os.path.realpath(path), hash_file(Path(path)))
        for gold, path in zip(gold_files, paths, strict=True)
    )


def _scores(folder: Path, gold_files: Sequence[Gold]) -> tuple[ScoreRow, ...]:
    """The scores of the pipeline in the folder, from gold words and, if it has a segmenter, from raw text."""
    parts = load_parts(folder)
    pipeline = Pipeline(parts.model, segmenter=parts.segmenter)
    rows: tuple[ScoreRow, ...] = ()
    if parts.model is not None:
        rows += score_facts({gold.name: gold.score(pipeline) for gold in gold_files}, "words")
    if parts.segmenter is not None:
        raw_scores = {gold.name: gold.score(pipeline, raw=True) for gold in gold_files}
        rows += score_facts(raw_scores, "text", has_model=parts.model is not None)
    return rows


def _leave_out(model: Model | None, names: Collection[str]) -> list[str]:
    """Takes the tasks of these `names` out of the model; returns the names. Raises ConfigError."""
    tasks = list(model.tasks) if model is not None else []
    for name in names:
        if name not in tasks:
            raise ConfigError(f"there is no task {name!r} to leave out; {did_you_mean(name, tasks)}")
    if model is None or set(names) >= set(tasks):
        raise ConfigError("no task would be left")
    if model.codec.needs_trees(names) and not model.codec.needs_trees():
        raise ConfigError(f"the parser cannot be left out: {', '.join(model.codec.readers(names))} reads its trees")
    model.leave_out(names)
    return [name for name in tasks if name in names]


def _drop_subwords(model: Model) -> int:
    """Takes the subwords that no text is split into out of the model's transformers; returns how many there were."""
    n_dropped = 0
    for number, network in enumerate(model.encoder.inputs):
        if isinstance(network, DropsUnused):
            smaller, n = network.without_unused()
            model.encoder.inputs[number] = cast("nn.Module", smaller)
            n_dropped += n
    model.renew_codec()
    return n_dropped
