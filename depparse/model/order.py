"""The order of tasks: a task comes after those that write what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.errors import ConfigError
from depparse.tasks.task import AnyCodec, ParsesTrees, ReadsTrees


def is_parser(codec: object) -> TypeGuard[ParsesTrees]:
    """Whether a codec, or the class of one, is that of a parser, whose trees other tasks read."""
    return getattr(codec, "parses_trees", False) is True


def reads_trees(codec: object) -> TypeGuard[ReadsTrees]:
    """Whether the network of the codec, as it is configured, reads trees."""
    # This is asked for every batch, and checks against a protocol take long in Python 3.11.
    return getattr(codec, "reads_trees", None) is not None and hasattr(codec, "read_trees")


def check_columns(tasks: Mapping[str, AnyCodec]) -> None:
    """Raises ConfigError if two tasks write the same column, since one would overwrite the other."""
    writers: dict[str, str] = {}
    for name, codec in tasks.items():
        for column in codec.writes:
            if (first := writers.setdefault(column, name)) != name:
                raise ConfigError(
                    f"config key model.tasks.{name}: writes {column}, and so does the task {first}; leave one of them "
                    f'out, or let the new one take the place of one that a base model has by replaces = "{first}"'
                )


def order_tasks(tasks: Mapping[str, AnyCodec]) -> tuple[str, ...]:
    """The names of the tasks, each after those that write what it reads, and otherwise in the given order.

    A task whose network reads trees comes after the parser. Raises ConfigError if there is no such order.
    """
    writers = {column: name for name, codec in tasks.items() for column in codec.writes}
    reads = {name: set(codec.reads) for name, codec in tasks.items()}
    before = {name: {writers[column] for column in reads[name] if column in writers} for name in tasks}
    if (parser := next((name for name, codec in tasks.items() if is_parser(codec)), None)) is not None:
        for reader in (name for name, codec in tasks.items() if reads_trees(codec)):
            before[reader].add(parser)
            reads[reader].update(TREE_COLUMNS)
    order: list[str] = []
    while len(order) < len(tasks):
        ready = (name for name in tasks if name not in order and before[name].issubset({name, *order}))
        if (name := next(ready, None)) is None:
            ring = [name for name in tasks if name not in order]
            columns = sorted(set().union(*(reads[name] for name in ring)))
            raise ConfigError(
                f"the tasks {', '.join(ring)} read what each other writes ({', '.join(columns)}), so none can be first"
            )
        order.append(name)
    return tuple(order)
