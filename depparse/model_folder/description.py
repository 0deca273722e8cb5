"""The description of a model folder, read from its JSON files and the header of its weights. No torch here."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from depparse import __version__
from depparse.errors import ModelError
from depparse.files import hash_file
from depparse.folders import package_of
from depparse.layers.stored import SCALE
from depparse.model_folder.facts import Facts, ScoreRow, facts_from
from depparse.model_folder.find import CARD, FACTS, FILES, bundled, find, in_package, packaged

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FORMAT = 3
# Formats that can be read: 1 had no segmenters, and no other weights than float32; up to 2, lemmatizers had nothing but
# scripts, which counted the letters that they drop, and segmenters knew no sure borders and told digits apart.
READ = (1, 2, 3)
Weights = Literal["float32", "float16", "int8"]  # how weights are stored
WEIGHTS: tuple[str, ...] = get_args(Weights)


@dataclass(frozen=True, slots=True)
class Description:
    """The description of a model, without its weights. Sizes are in bytes."""

    folder: str
    format: int
    size: int
    parameters: int
    types: dict[str, int]  # number of parameters by the type that they are stored as, such as F32, I8
    weights: str  # how they are stored: float32, float16 or int8
    segmenter: dict[str, Any] | None  # its config, and the number of its "parameters"
    inputs: list[dict[str, Any]]  # configs of the encoder's inputs
    context: dict[str, Any] | None  # config of the encoder's context layer
    tasks: dict[str, dict[str, Any]]  # by name: "type", "columns", "labels" (their number by column), "parameters"
    treebanks: list[str]  # the names of those that it learned from, as a user can name them
    facts: Facts  # data, licences, scores …
    card_as_saved: bool  # whether the card is still the saved one; no other file may have changed

    @property
    def scores(self) -> tuple[ScoreRow, ...]:
        """The scores of the parts that the model has."""
        columns = [column for task in self.tasks.values() for column in task["columns"]]
        if self.tasks and not columns:  # a folder of an old format
            return self.facts.known_scores()
        return self.facts.scores_of(columns, segments=self.segmenter is not None)

    def to_dict(self) -> dict[str, Any]:
        """The description as a dictionary for JSON. Scores are in percent, with two decimal places, as in the card."""
        data = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "facts"}
        facts = self.facts
        return data | {
            "licences": facts.licences(),
            "languages": facts.languages(),
            "data": [file.model_dump(mode="json") for file in facts.all_data()],
            "scores": [
                {"data": row.data, "source": row.source, **{name: round(100 * f1, 2) for name, f1 in row.f1.items()}}
                for row in self.scores
            ],
            "scores_as_packed": facts.packing is not None and bool(facts.scores),
            "facts": facts.model_dump(mode="json", exclude_defaults=True),
        }


@dataclass(frozen=True, slots=True)
class Named:
    """A model that has a name: it comes with depparse, or an installed package offers it."""

    name: str
    package: str  # with its version
    folder: str = ""
    size: int = 0  # in bytes
    languages: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    error: str = ""  # why the package has no such model; then all else is empty


def named() -> list[Named]:
    """The models that `find` finds by a name, those of depparse first. Their weights are not read."""
    own, others, models = bundled(), packaged(), []
    for name in [*own, *(name for name in others if name not in own)]:
        package = f"depparse {__version__}" if name in own else " and ".join(map(_with_version, others[name]))
        try:
            folder = own[name] if name in own else in_package(others[name])
            facts = read_facts(folder)
        except ModelError as error:
            models.append(Named(name, package, error=str(error)))
            continue
        languages, licences = tuple(facts.languages()), tuple(facts.licences())
        models.append(Named(name, package, str(folder), _size(folder), languages, licences))
    return models


def _with_version(point: EntryPoint) -> str:
    return f"{package_of(point)} {point.dist.version if point.dist is not None else ''}".strip()


def _size(folder: Path) -> int:
    """The size of all files of a folder, in bytes."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def read_facts(folder: Path) -> Facts:
    """The facts of a model folder; empty ones if the folder is so old that it has none. Raises ModelError."""
    path = folder / FACTS
    return facts_from(read_json(path), str(path)) if path.is_file() else Facts()


def check_folder(folder: Path) -> dict[str, Any]:
    """Checks that all files are as they were saved; returns the content of ``config.json``. Raises ModelError."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder")
    missing = [name for name in (*FILES, "manifest.json") if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder}: not a depparse model: {', '.join(missing)} missing")
    manifest = read_json(folder / "manifest.json")
    # The card may be edited by hand, and older folders have no facts.
    for name in (*FILES, *((FACTS,) if FACTS in manifest or (folder / FACTS).exists() else ())):
        if not (folder / name).is_file() or hash_file(folder / name) != manifest.get(name):
            raise ModelError(f"{folder}: damaged: {name} is not the file that was saved; copy the model again")
    config = read_json(folder / "config.json")
    if config.get("format") not in READ:
        versions = ", ".join(map(str, READ))
        raise ModelError(
            f"{folder}: format {config.get('format')!r}, but this version reads {versions}; update depparse"
        )
    return config


def describe(name: str | os.PathLike[str]) -> Description:
    """The description of a model, which is named as for `depparse.model_folder.find.find`.

    Raises ModelError if there is no such model, or if its folder is damaged or not of depparse.
    """
    folder = find(name)
    config = check_folder(folder)
    try:
        model, segmenter = config["model"], config.get("segmenter")
        encoder = model["encoder"] if model else {"inputs": [], "context": None}
        learned = read_json(folder / "vocab.json")
        vocabularies, treebanks = learned.get("tasks", {}), list(map(str, learned.get("treebanks", ())))
        if not model and segmenter is not None:
            treebanks = [str(each["name"]) for each in learned["segmenter"].get("treebanks", ())]
        sizes, types = _count(folder / "model.safetensors")
        tasks = {
            key: {
                "type": task["type"],
                "columns": config.get("writes", {}).get(key, []),
                "labels": _count_labels(vocabularies[key]),
                "parameters": _sum(sizes, f"tasks.{key}."),
            }
            for key, task in (model["tasks"] if model else {}).items()
        }
        if segmenter is not None:
            segmenter = {**segmenter, "parameters": _sum(sizes, "segmenter.")}
        inputs, context = encoder["inputs"], encoder["context"]
        _check_kinds(config.get("writes", {}), inputs, context)
    except ModelError:
        raise
    except Exception as error:  # what a folder may hold wrongly is without end, and so are the errors that follow
        raise ModelError(f"{folder}: not a model that this version knows: {type(error).__name__} {error}") from None
    card = folder / CARD
    card_as_saved = card.is_file() and hash_file(card) == read_json(folder / "manifest.json").get(CARD)
    parameters = sum(sizes.values())
    return Description(
        str(folder), config["format"], _size(folder), parameters, types, config.get("weights", "float32"), segmenter,
        inputs, context, tasks, treebanks, read_facts(folder), card_as_saved,
    )  # fmt: skip


def _check_kinds(writes: Any, inputs: Any, context: Any) -> None:
    """Raises TypeError if these are not the columns of each task, the configs of inputs, and one config or None."""
    if not all(isinstance(name, str) for columns in dict(writes).values() for name in list(columns)):
        raise TypeError("writes has a list of columns for each task")
    if not isinstance(inputs, list) or not all(isinstance(part, dict) for part in inputs):
        raise TypeError("inputs are a list of configs")
    if context is not None and not isinstance(context, dict):
        raise TypeError("the context is a config or null")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises ModelError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise ModelError(f"{path}: not a file of a depparse model: its JSON is no object")
    return data


def _count(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """The numbers of parameters, by tensor and by type.

    Only the header of the safetensors file is read, which has the names, types and shapes of the tensors.
    """
    with open(path, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(min(length, path.stat().st_size)))
    sizes: dict[str, int] = {}
    types: dict[str, int] = {}
    for name, tensor in header.items():
        if name == "__metadata__" or (name.endswith(SCALE) and name.removesuffix(SCALE) in header):
            continue
        sizes[name] = 1
        for axis in tensor["shape"]:
            sizes[name] *= axis
        types[tensor["dtype"]] = types.get(tensor["dtype"], 0) + sizes[name]
    return sizes, types


def _sum(sizes: dict[str, int], prefix: str) -> int:
    """The number of parameters in all tensors whose names begin with `prefix`."""
    return sum(size for name, size in sizes.items() if name.startswith(prefix))


def _count_labels(vocabulary: Any) -> dict[str, int]:
    """The number of labels by column; for a task with a single vocabulary, under ''."""
    if isinstance(vocabulary, dict) and "usage" in vocabulary:  # which labels each treebank uses
        labels = {name: items for name, items in vocabulary.items() if name != "usage"}
        return _count_labels(labels["labels"] if list(labels) == ["labels"] else labels)
    if isinstance(vocabulary, dict):
        return {name: len(items) for name, items in vocabulary.items() if isinstance(items, list)}
    return {"": len(vocabulary)} if isinstance(vocabulary, list) else {}
