"""Reads signs, values, and tests of features and labels: the smaller parts of patterns.

Every error names the line and the column, what was expected there, and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

import regex

from depparse.errors import ConfigError
from depparse.treebanks.query.pattern import LAYERS, TREE, Choice, Condition, Label

_Read = TypeVar("_Read")

_SPACE = re.compile(r"(?:\s+|%[^\n]*)*")
FEATURE = re.compile(r"[^\W\d]\w*(?::[^\W\d]\w*)*(?:\[\w+\])?|[123](?!\w)")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ESCAPE = re.compile(r'(?:[^\\]|\\["\\])*?(\\[^"\\])')  # up to the first that is neither \" nor \\
_EXPRESSION = re.compile(r're"((?:[^"\\\n]|\\.)*)"|/((?:[^/\\\n]|\\.)+)/(i?)')
_VALUE = re.compile(r'[^\s\[\]{}(),;|=<>!"^*%/]+')
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?![\w.])")
SIGN = re.compile("<>|!=|<=|>=|[=<>]")
_PART = re.compile(r"[123](?=\s*(?:=|<>|!=|,|\]))")
_LAYER = re.compile(r"([A-Z]):")


class Scanner:
    """Reads one text from its beginning."""

    def __init__(self, text: str, what: str = "pattern") -> None:
        self.text, self.what, self.place = text, what, 0

    # -- signs

    def skip(self) -> int:
        """Goes on behind blanks and comments; returns the place."""
        if space := _SPACE.match(self.text, self.place):
            self.place = space.end()
        return self.place

    def take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        """What the expression matches next, behind blanks, or None."""
        found = expression.match(self.text, self.skip())
        if found is not None:
            self.place = found.end()
        return found

    def takes(self, sign: str) -> bool:
        """Whether the sign comes next; then it is read."""
        if not self.text.startswith(sign, self.skip()):
            return False
        self.place += len(sign)
        return True

    def need(self, expression: re.Pattern[str], expected: str) -> re.Match[str]:
        """What the expression matches next. Raises ConfigError if it does not."""
        found = self.take(expression)
        if found is None:
            raise self.error(f"expected {expected}")
        return found

    def need_sign(self, *signs: str) -> None:
        """Reads one of the signs. Raises ConfigError if none comes next."""
        if not any(map(self.takes, signs)):
            raise self.error(f"expected {' or '.join(signs)}")

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.skip() == len(self.text)

    def error(self, message: str, place: int | None = None) -> ConfigError:
        """An error at a place; without one, at the next sign, which the message tells."""
        if place is None:
            place = self.skip()
            found = re.compile(r"\w+|\S").match(self.text, place)
            message += f", found {found[0][:30]!r}" if found else ", found its end"
        line = self.text.count("\n", 0, place) + 1
        column = place - self.text.rfind("\n", 0, place)
        return ConfigError(f"{self.what}, line {line}, column {column}: {message}")

    def several(self, read: Callable[[], _Read], sign: str) -> list[_Read]:
        """What `read` reads, once and again behind each `sign`."""
        values = [read()]
        while self.takes(sign):
            values.append(read())
        return values

    # -- values and tests

    def choice(self) -> Choice:
        """Values between bars."""
        return _choice(self.several(self.value, "|"))

    def value(self) -> str | regex.Pattern[str]:
        """A value: a word, a text between quotes or a regular expression."""
        place = self.skip()
        if found := self.take(_EXPRESSION):
            source = found[2] or (found[1] or "").replace('\\"', '"')
            try:
                return regex.compile(source, regex.IGNORECASE if found[3] else 0)
            except (regex.error, RecursionError, OverflowError) as error:
                raise self.error(f"the regular expression is broken: {error}", place) from None
        text = self.quoted()
        if text is None and self.text.startswith('re"', place):
            raise self.error("the text between quotes has no end in this line", place)
        return self.need(_VALUE, "a value")[0] if text is None else text

    def quoted(self) -> str | None:
        """A text between quotes, or None if something else comes next."""
        place = self.skip()
        found = self.take(_STRING)
        if found is None:
            if self.text.startswith('"', place):
                raise self.error("the text between quotes has no end in this line", place)
            return None
        if wrong := _ESCAPE.match(found[1]):
            message = f'{wrong[1]} between quotes has no meaning; write \\\\ for a backslash, \\" for a quote'
            raise self.error(message, found.start(1) + wrong.start(1))
        return re.sub(r"\\(.)", r"\1", found[1])

    def test(self) -> Condition:
        """A test of a feature between brackets."""
        place = self.skip()
        if self.takes("!"):
            return Condition(self.need(FEATURE, "the name of a feature")[0], "undefined")
        name = self.need(FEATURE, "the name of a feature or !")[0]
        sign = self.take(SIGN)
        test = Condition(name, "defined") if sign is None else self.test_of(name, sign[0])
        if name == "label":
            raise self.error("a node has no label; write deprel, or a label in an arc: -[nsubj]->", place)
        return test

    def test_of(self, name: str, sign: str) -> Condition:
        """The test of a feature behind its sign."""
        sign = sign.replace("!=", "<>")
        if sign in ("=", "<>"):
            return Condition(name, sign, self.choice())
        return Condition(name, sign, self.need(NUMBER, f"a number behind {sign}")[0])

    def tests(self) -> tuple[Condition, ...]:
        """Tests between brackets, the first of which is read."""
        if self.takes("]"):
            return ()
        tests = self.several(self.test, ",")
        self.need_sign("]", ",")
        return tuple(tests)

    def label(self) -> Label:
        """The label of an arc, up to the bracket."""
        negated = self.takes("^")
        place = self.skip()
        layer = self.layer(LAYERS)
        if not negated and (self.text.startswith("!", self.skip()) or _PART.match(self.text, self.place)):
            return Label(layer, parts=tuple(self.several(self.part, ",")))
        if self.takes("*"):
            if negated:
                raise self.error("no arc has none of all labels; write the labels that it is not to have", place)
            return Label(layer)
        values = [self.value()]
        while self.takes("|"):
            place = self.skip()
            if self.layer(LAYERS) != layer:
                written = f"{layer}:" if layer else "none"
                raise self.error(f"all labels of an arc have the same letter before them, here {written}", place)
            values.append(self.value())
        return Label(layer, _choice(values), negated)

    def part(self) -> Condition:
        """A test of a part of a label."""
        absent = self.takes("!")
        number = self.need(_PART, "the number of a part of a label, 1 to 3")[0]
        sign = None if absent else self.take(SIGN)
        return (
            Condition(number, "undefined" if absent else "defined") if sign is None else self.test_of(number, sign[0])
        )

    def layer(self, layers: Iterable[str]) -> str:
        """The layer of a label, before its colon."""
        place = self.skip()
        found = self.take(_LAYER)
        if found is None:
            return TREE
        if found[1] not in layers:
            expected = "before a label stands E: (enhanced graph), S: (semantic roles) or nothing"
            raise self.error(f"{expected}, not {found[0]}", place)
        return found[1]


def _choice(values: Iterable[str | regex.Pattern[str]]) -> Choice:
    texts, expressions = [], []
    for value in values:
        if isinstance(value, str):
            texts.append(value)
        else:
            expressions.append(value)
    return Choice(frozenset(texts), tuple(expressions))
