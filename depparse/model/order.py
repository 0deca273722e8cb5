"""Which task comes after which: what one reads, another may write."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from depparse.errors import ConfigError
from depparse.tasks.task import AnyCodec


def check_columns(tasks: Mapping[str, AnyCodec]) -> None:
    """Raises ConfigError if two tasks write the same column: only one of them would be seen."""
    writers: dict[str, str] = {}
    for name, codec in tasks.items():
        for column in codec.writes:
            if (first := writers.setdefault(column, name)) != name:
                raise ConfigError(
                    f"config key model.tasks.{name}: writes {column}, and so does the task {first}; leave one of them "
                    f'out, or let the new one take the place of one that a base model has by replaces = "{first}"'
                )


def order_tasks(tasks: Mapping[str, AnyCodec]) -> tuple[str, ...]:
    """The names of the tasks, each after those that write what it reads, and else as they stand.

    Raises ConfigError if there is no such order.
    """
    writers = {column: name for name, codec in tasks.items() for column in codec.writes}
    before = {
        name: {writers[column] for column in codec.reads if column in writers} - {name} for name, codec in tasks.items()
    }
    order: list[str] = []
    while len(order) < len(tasks):
        ready = (name for name in tasks if name not in order and before[name].issubset(order))
        if (name := next(ready, None)) is None:
            ring = [name for name in tasks if name not in order]
            columns = sorted(set(chain.from_iterable(tasks[name].reads for name in ring)))
            raise ConfigError(
                f"the tasks {', '.join(ring)} read what each other writes ({', '.join(columns)}), so none can be first"
            )
        order.append(name)
    return tuple(order)
