"""What a rule of Universal Dependencies is: a code with a level, and a function that finds where data breaks it.

The rules are those of the guidelines (https://universaldependencies.org/format.html and the pages of the relations), in
the levels that UD gives them: 1 is the file format, 2 are the basic concepts of UD, 3 is what the guidelines ask of all
languages. Each file of this folder has the rules that read one sort of thing, as a table; a new rule is one more entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from depparse.document.annotations.kind import Code
from depparse.document.words import EmptyNode, MultiwordToken

Read = TypeVar("Read")
Place = int | MultiwordToken | EmptyNode  # a word (from 1), or 0 for the sentence; or another line
Hit = tuple[Place, str]  # where a rule is broken, and the example for the message, which may be empty


class Rule(NamedTuple, Generic[Read]):
    """A rule that reads one sort of thing: `find` yields each place where it is broken."""

    code: Code
    find: Callable[[Read], Iterable[Hit]]


class Rules(dict[str, Rule[Read]]):
    """Rules by the names of their codes. Called, it is the decorator that adds a function as a rule."""

    def __call__(
        self, name: str, level: int, unit: str, message: str, remedy: str, severity: str = "error"
    ) -> Callable[[Callable[[Read], Iterable[Hit]]], Callable[[Read], Iterable[Hit]]]:
        """A decorator: the function finds what the code `name` says; see `Code`."""

        def add(find: Callable[[Read], Iterable[Hit]]) -> Callable[[Read], Iterable[Hit]]:
            self[name] = Rule(Code(severity, unit, message, remedy, level), find)
            return find

        return add

    def up_to(self, level: int) -> list[tuple[str, Callable[[Read], Iterable[Hit]]]]:
        """Name and function of the rules of this level and those below."""
        return [(name, rule.find) for name, rule in self.items() if (rule.code.level or 0) <= level]
