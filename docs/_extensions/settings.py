"""The recipes and their settings, in Markdown, from configs/ and the classes that read them.

What a key means is said by the comment beside it in the code, or in the lines above it.
"""

from __future__ import annotations

import ast
import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import PydanticUndefined

from depparse.config import Config
from depparse.encoders.codec import CONTEXTS, INPUTS
from depparse.layers.trees.reader import LAYERS
from depparse.model.codec import TASKS
from depparse.registry import PartConfig, Registry
from depparse.training.recipe import RecipeConfig

CONFIGS = Path(__file__).resolve().parent.parent.parent / "configs"
PARTS: tuple[tuple[str, Registry, str], ...] = (
    ("Inputs", INPUTS, "in the list `model.encoder.inputs`"),
    ("Context layers", CONTEXTS, "under `model.encoder.context`"),
    ("Tasks", TASKS, "under `model.tasks.NAME`"),
    ("Layers over trees", LAYERS, "under `syntax` of a task"),
)


class Key(NamedTuple):
    """A row of a table."""

    name: str
    values: str
    default: str
    meaning: str


def recipes() -> str:
    """The files of all recipes."""
    return "\n".join(
        f"### {file.stem}\n\n```toml\n{file.read_text(encoding='utf-8').rstrip()}\n```\n"
        for file in sorted(CONFIGS.glob("*.toml"))
    )


def markdown() -> str:
    """Tables of all keys of a recipe, and of those of each part."""
    lines = [line for title, config in tables(RecipeConfig, "") for line in table(title, config)]
    for title, registry, place in PARTS:
        lines += [f"## {title}", "", f"They stand {place}; `type` says which one it is.", ""]
        for name in registry.names():
            lines += table(f'type = "{name}"', registry.config(name), level=3)
    return "\n".join(lines)


def tables(config: type[Config], prefix: str) -> Iterator[tuple[str, type[Config]]]:
    """The config and, in it, those that are tables of their own, each with its path."""
    yield prefix or "The recipe", config
    for name, field in config.model_fields.items():
        below = next(configs_in(field.annotation), None)
        if below is not None:
            if isinstance(field.default, below):
                below = type(field.default)  # which may have defaults of its own
            yield from tables(below, f"{prefix}.{name}" if prefix else name)


def configs_in(annotation: Any) -> Iterator[type[Config]]:
    """The classes of configs that the annotation names, but not those of parts, which a `type` chooses."""
    if inspect.isclass(annotation) and issubclass(annotation, Config) and annotation is not PartConfig:
        yield annotation
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for argument in typing.get_args(annotation):
            yield from configs_in(argument)


def table(title: str, config: type[Config], level: int = 2) -> list[str]:
    """The lines of a heading and a table of the keys; keys that are tables of their own are left out."""
    rows = [key for key in keys(config) if key.name != "type"]
    heading = title if " " in title and "=" not in title else f"`{title}`" if "=" in title else f"`[{title}]`"
    lines = [f"{'#' * level} {heading}", "", (inspect.getdoc(config) or "").partition("\n\n")[0], ""]
    if rows:
        lines += ["| key | values | default | meaning |", "|---|---|---|---|"]
        lines += [f"| `{row.name}` | {row.values} | {row.default} | {row.meaning} |" for row in rows]
    return [*lines, ""]


def keys(config: type[Config]) -> Iterator[Key]:
    """The keys of a config, those of its base classes first."""
    meanings: dict[str, str] = {}
    for base in reversed(config.__mro__):
        if issubclass(base, Config) and base is not Config:
            meanings |= {name: text for name, text in comments(base).items() if text or name not in meanings}
    for name, field in config.model_fields.items():
        if next(configs_in(field.annotation), None) is None:
            bounds = ", ".join(filter(None, map(bound, field.metadata)))
            values = f"{kind(field.annotation)}{f', {bounds}' if bounds else ''}"
            yield Key(name, escape(values), escape(default(field)), escape(meanings.get(name, "")))


def comments(config: type[Config]) -> dict[str, str]:
    """What the comments in the code of the class say of each of its fields."""
    source = inspect.getsource(config)
    lines = source.splitlines()
    found = {}
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above: list[str] = []
            for line in reversed(lines[: node.lineno - 1]):
                if not line.lstrip().startswith("#"):
                    break
                above.insert(0, line.lstrip(" #"))
            beside = [line.partition("  # ")[2] for line in lines[node.lineno - 1 : node.end_lineno]]
            found[node.target.id] = " ".join([*above, *filter(None, beside)]).strip()
    return found


def kind(annotation: Any) -> str:
    """The values that a key takes, in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is typing.Annotated:
        return kind(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(kind(argument) for argument in arguments if argument is not type(None))
    if origin is tuple:
        return f"list: {kind(arguments[0])}"
    if origin is dict:
        return f"table: {kind(arguments[1])}"
    names = {int: "whole number", float: "number", bool: "`true` or `false`", str: "text", PartConfig: "a part"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def bound(metadata: Any) -> str:
    """A bound of numbers or lengths, such as ≥ 1; empty for other metadata."""
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    return ", ".join(f"{sign} {getattr(metadata, name)}" for name, sign in signs.items() if hasattr(metadata, name))


def default(field: Any) -> str:
    """The default as TOML writes it, or that there is none."""
    value = field.default_factory() if field.default_factory else field.default
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "none"
    if isinstance(value, Config):
        return ""
    if isinstance(value, tuple) and any(isinstance(item, PartConfig) for item in value):
        return ", ".join(f"`{item.type}`" for item in value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (tuple, list)):
        return f"`[{', '.join(map(repr, value))}]`".replace("'", '"')
    if isinstance(value, dict):
        return "`{}`"
    return f"`{value!r}`".replace("'", '"')


def escape(text: str) -> str:
    """Text that can stand in a cell: bars are escaped."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)
