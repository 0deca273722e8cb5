"""A model and a segmenter, each trained by itself, as one small folder."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from depparse import __version__
from depparse.errors import ConfigError, ModelError, did_you_mean
from depparse.model.model import Model
from depparse.model_folder.description import hash_file
from depparse.model_folder.find import find
from depparse.model_folder.store import check_replaceable, load_parts, save, state
from depparse.model_folder.weights import Weights, encode


def pack(
    model: str | os.PathLike[str],
    segmenter: str | os.PathLike[str] | None = None,
    *,
    output: str | os.PathLike[str],
    weights: Weights = "float32",
    without: Collection[str] = (),
    card: str = "",
    command: str = "",
) -> None:
    """Writes the folder `output`: a pipeline of what is in the folder `model` and the segmenter in another folder.

    The segmenter goes before one that `model` has. Tasks in `without` are left out, and so are weights that inference
    never reads, which changes no analysis; `weights` stored as float16 or int8 may change a few. `card` (Markdown)
    stands before what the cards of both say; `command` is what the card says made it. Raises ModelError and
    ConfigError.
    """
    check_replaceable(Path(output))
    folder = find(model)
    parts = load_parts(folder)
    segmenter_folder = find(segmenter) if segmenter is not None else folder
    if segmenter is not None:
        parts.segmenter = load_parts(segmenter_folder).segmenter
        if parts.segmenter is None:
            raise ModelError(f"{segmenter_folder}: holds no segmenter; train one, or pack the model alone")
    left_out = []
    if without:
        left_out += _leave_out(parts.model, without)
    if parts.model is not None:
        n_subwords = _drop_subwords(parts.model)
        left_out += [f"{n_subwords:,} subwords that no text is split into"] if n_subwords else []
    size = sum(tensor.nbytes for tensor in encode(state(parts.model, parts.segmenter), weights).values())
    facts = {
        "depparse": __version__,
        "model": origin(model, folder) if parts.model is not None else "none",
        "segmenter": origin(segmenter or model, segmenter_folder) if parts.segmenter is not None else "none",
        "left out": ", ".join(left_out) or "nothing",
        "weights": f"{weights}{', a scale for each row of a matrix' if weights == 'int8' else ''}: {size:,} bytes",
    }
    lines = [card.strip() or "# A pipeline of depparse", "", "## Packed", ""]
    lines += ["```sh", command, "```", ""] if command else []
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items()), ""]
    lines += ["What follows was written when its parts were trained, and so were their scores measured.", ""]
    if parts.model is not None:
        lines.append(retitled(card_of(folder), "## The model", deeper=False))
        if segmenter_folder != folder:
            lines.append(retitled(card_of(segmenter_folder), "## The segmenter", deeper=True))
    else:
        lines.append(retitled(card_of(segmenter_folder), "## The segmenter", deeper=False))
    save(parts.model, Path(output), "\n".join(lines), segmenter=parts.segmenter, weights=weights)


def _leave_out(model: Model | None, names: Collection[str]) -> list[str]:
    """Takes the tasks out of the model."""
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
    """Takes subwords that are never met out of the model's transformers."""
    n_dropped = 0
    for number, config in enumerate(model.config.encoder.inputs):
        if config.type == "transformer":
            from depparse.encoders.subwords import drop_unreachable  # it needs tokenizers, which others do not

            model.encoder.inputs[number], n = drop_unreachable(model.encoder.inputs[number])  # type: ignore[arg-type]
            n_dropped += n
    model.renew_codec()
    return n_dropped


def origin(given: str | os.PathLike[str], folder: Path) -> str:
    """Which model was `given`, for a card."""
    return f"{os.fspath(given)}, whose manifest.json has the SHA-256 `{hash_file(folder / 'manifest.json')}`"


def card_of(folder: Path) -> str:
    """The card of a model folder; empty if it has none."""
    path = folder / "README.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def retitled(card: str, title: str, *, deeper: bool) -> str:
    """The card under another title; its sections, if `deeper`, as sections of that."""
    lines = [title]
    inside_code = False
    for line in card.strip().splitlines():
        inside_code ^= line.startswith("```")
        if not inside_code and re.match("# ", line):
            continue
        lines.append("#" + line if deeper and not inside_code and re.match("##+ ", line) else line)
    return "\n".join(lines) + "\n"
