"""Matches counted by keys, as rows of tables and as data for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from depparse.treebanks.query.search import Key, Match, Pattern

UNDEFINED = "_"  # how tables show what is not defined
Cells = tuple[tuple[str, ...], list[tuple[str, ...]]]  # the names of the columns of a table, and its rows
_COLUMNS = 12  # values of a second key that have columns of their own


class Counts:
    """How many matches have which values. `counter` is by tuples of values, one for each of the `keys` or None."""

    def __init__(self, pattern: Pattern, keys: Sequence[str]) -> None:
        """Counts nothing yet. Raises ConfigError for a wrong key."""
        self._keys = [Key(pattern, key) for key in keys]
        self.keys = tuple(key.text for key in self._keys)
        self.counter: Counter[tuple[str | None, ...]] = Counter()

    def add(self, matches: Iterable[Match]) -> None:
        """Counts further matches of the pattern."""
        keys = self._keys
        self.counter.update(tuple(match.value(key) for key in keys) for match in matches)

    @property
    def total(self) -> int:
        """The number of matches."""
        return self.counter.total()

    def table(self, first: int | None = None) -> Cells:
        """The table as text: a row for each value; for two keys a cross table; for more, a row for each combination.

        `first` is the greatest number of rows with values; the others are summed up in one.
        """
        return self._cross(first) if len(self.keys) == 2 else self._list(first)

    def _list(self, first: int | None) -> Cells:
        shown = [(_texts(values), count) for values, count in _sorted(self.counter)]
        left = sum(count for _, count in shown[first:]) if first is not None else 0
        rows = [(*values, f"{count:,}", self._percent(count)) for values, count in shown[:first]]
        blank = ("",) * (len(self.keys) - 1)
        if left:
            rows.append((f"{len(shown) - len(rows):,} more", *blank, f"{left:,}", self._percent(left)))
        rows.append(("all", *blank, f"{self.total:,}", self._percent(self.total)))
        return (*self.keys, "matches", "%"), rows

    def _percent(self, count: int) -> str:
        return f"{100 * count / self.total:.1f}" if self.total else ""

    def _cross(self, first: int | None) -> Cells:
        totals: tuple[Counter[tuple[str | None, ...]], ...] = (Counter(), Counter())
        for values, count in self.counter.items():
            for axis, value in zip(totals, values, strict=True):
                axis[(value,)] += count
        rows, columns = ([values[0] for values, _ in _sorted(axis)] for axis in totals)
        shown_rows, shown_columns = rows[:first], columns[:_COLUMNS] if len(columns) > _COLUMNS + 1 else columns
        groups = [[value] for value in shown_columns]
        if len(shown_columns) < len(columns):
            groups.append(columns[len(shown_columns) :])
        heads = [*_texts(shown_columns), *([f"{len(groups[-1]):,} more"] if len(groups) > len(shown_columns) else [])]

        def row(name: str, of: Sequence[str | None]) -> tuple[str, ...]:
            counts = [sum(self.counter[one, value] for one in of for value in group) for group in groups]
            return (name, *(f"{count:,}" if count else "" for count in counts), f"{sum(counts):,}")

        lines = [row(text, [value]) for text, value in zip(_texts(shown_rows), shown_rows, strict=True)]
        if len(shown_rows) < len(rows):
            lines.append(row(f"{len(rows) - len(shown_rows):,} more", rows[len(shown_rows) :]))
        lines.append(row("all", rows))
        return (f"{self.keys[0]} / {self.keys[1]}", *heads, "all"), lines

    def to_dict(self, first: int | None = None) -> dict[str, Any]:
        """The counts for JSON, most first: the values of each combination, null if undefined, and its number.

        `first` is the greatest number of combinations; all matches count in the sum.
        """
        counts = [{"values": list(values), "matches": count} for values, count in _sorted(self.counter)[:first]]
        return {"keys": list(self.keys), "matches": self.total, "counts": counts}


def _texts(values: Sequence[str | None]) -> list[str]:
    return [UNDEFINED if value is None else value for value in values]


def _sorted(counter: Mapping[tuple[str | None, ...], int]) -> list[tuple[tuple[str | None, ...], int]]:
    """The counts, most first; of one key whose values are all numbers, by number."""
    try:
        return sorted(counter.items(), key=lambda item: int(*(value or "" for value in item[0])))
    except (ValueError, TypeError):
        return sorted(counter.items(), key=lambda item: (-item[1], [value or "" for value in item[0]]))
