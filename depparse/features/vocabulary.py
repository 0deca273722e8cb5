"""Vocabularies: the strings of a treebank as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from depparse.errors import ModelError

UNKNOWN = 0
IGNORE = -100  # the target where there is no annotation, so no loss


class Vocabulary:
    """Strings and their numbers, which begin after `reserved` numbers; an input reserves 0 (unknown) and 1 (ROOT).

    `count` sorts strings by frequency, then by code point, so that the same data gives the same numbers on every
    machine.
    """

    __slots__ = ("_numbers", "items", "reserved")

    def __init__(self, items: Sequence[str], reserved: int = 0) -> None:
        self.items = list(items)
        if wrong := [item for item in self.items if not isinstance(item, str)]:
            raise ModelError(f"a vocabulary holds strings, not {wrong[0]!r}")
        self.reserved = reserved
        self._numbers = {item: number for number, item in enumerate(self.items, reserved)}

    @classmethod
    def count(cls, items: Iterable[str], *, min_count: int = 1, reserved: int = 0) -> Vocabulary:
        """The vocabulary of all strings that occur at least `min_count` times."""
        counts = Counter(items)
        kept = (item for item, count in counts.items() if count >= min_count)
        return cls(sorted(kept, key=lambda item: (-counts[item], item)), reserved)

    def __len__(self) -> int:
        return len(self.items) + self.reserved

    def __contains__(self, item: str) -> bool:
        return item in self._numbers

    def number(self, item: str, default: int = UNKNOWN) -> int:
        """The number of a string, or `default` if it is not in the vocabulary."""
        return self._numbers.get(item, default)

    def numbers(self, items: Iterable[str], default: int = UNKNOWN) -> list[int]:
        """The number of each string, or `default`."""
        get = self._numbers.get
        return [get(item, default) for item in items]

    def item(self, number: int) -> str:
        """The string with this number."""
        return self.items[number - self.reserved]

    def strings(self, numbers: Iterable[int]) -> list[str]:
        """The string of each number, none of them reserved."""
        if self.reserved:
            return list(map(self.item, numbers))
        return list(map(self.items.__getitem__, numbers))

    def to_json(self) -> list[str]:
        """The strings in the order of their numbers."""
        return self.items
