"""Reads the clauses of patterns. Their syntax is that of requests in Grew, with additions: see docs/query.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from depparse.treebanks.query.pattern import (
    GRAPH,
    TREE,
    Arc,
    Comparison,
    Condition,
    Crossing,
    Fact,
    Item,
    Label,
    Node,
    Order,
    Term,
)
from depparse.treebanks.query.scanner import FEATURE, NUMBER, SIGN, Scanner

ARC_FEATURES = ("label", "1", "2", "3", "length", "delta")
_FACTS = ("projective", "tree", "forest", "cyclic")

_NAME = re.compile(r"[^\W\d]\w*\$?")
_NAME_OF = re.compile(r"[^\W\d]\w*\$?(?=\s*[.(])")
_ARROW = re.compile("->>?|-\\[")
_ARROW_END = re.compile(r"\]->>?")
_ORDER = re.compile("<<|>>|><|<(?![>=])|>(?!=)")
_KEY = re.compile(r"[^\W\d]\w*")


@dataclass(slots=True)
class Block:
    """What has been read between braces. Each use of a name is (name, what it is used as, place)."""

    kind: str
    items: list[Item] = field(default_factory=list)
    facts: list[Fact | Condition] = field(default_factory=list)
    uses: list[tuple[str, str, int]] = field(default_factory=list)
    empty: set[str] = field(default_factory=set)

    def names(self, *roles: str) -> dict[str, int]:
        """The names that are used as one of these, with the place of their first use."""
        return {name: place for name, role, place in reversed(self.uses) if role in roles}


class Reader(Scanner):
    """Reads clauses, and notes which names they use."""

    def __init__(self, text: str, what: str = "pattern") -> None:
        super().__init__(text, what)
        self.block = Block("pattern")

    def use(self, name: str, role: str, place: int) -> str:
        """Notes the use of a name."""
        self.block.uses.append((name, role, place))
        return name

    def item(self) -> Item:
        """A clause between semicolons."""
        place = self.skip()
        if self.takes("*"):
            return self.arc(None, None, place)
        name = self.need(_NAME, "the name of a node, of an arc, or *")[0]
        if self.takes(":"):
            self.use(name, "arc", place)
            place = self.skip()
            if self.takes("*"):
                raise self.error("an arc with a name joins two nodes with names, not *", place)
            return self.arc(name, self.need(_NAME, "the name of a node")[0], place)
        if self.takes("["):
            return self.node(name, place)
        if name in ("delta", "length") and self.text.startswith("(", self.skip()):
            return self.comparison(self.distance(name))
        if self.takes("."):
            return self.comparison(self.feature_of(name, place))
        if _ARROW.match(self.text, self.skip()):
            return self.arc(None, name, place)
        return self.order(name, place)

    def node(self, name: str, place: int) -> Node:
        """The tests of a node, of which the first bracket is read."""
        self.use(name, "node", place)
        alternatives = [self.tests()]
        while self.takes("|"):
            self.need_sign("[")
            alternatives.append(self.tests())
        if any(test.feature == "empty" for tests in alternatives for test in tests):
            self.block.empty.add(name)
        return Node(name, tuple(alternatives))

    def arc(self, name: str | None, head: str | None, place: int) -> Arc:
        """An arc, of which all before the arrow is read."""
        if head is not None:
            self.use(head, "node", place)
        arrow = self.need(_ARROW, "an arrow: ->, ->> or -[label]->")[0]
        label = Label()
        if arrow == "-[":
            label = self.label()
            arrow = self.need(_ARROW_END, "]-> behind the label, or | and another label")[0]
        path = arrow.endswith(">>")
        dependent = None
        end = self.skip()
        if not self.takes("*"):
            dependent = self.use(self.need(_NAME, "the name of a node or *")[0], "node", end)
        if None in (head, dependent) and (path or name or head == dependent):
            raise self.error("* is one end of an arc without a name, and not of ->>", place)
        if path and name:
            raise self.error(f"->> may be several arcs, so it has no name; leave out {name}:", place)
        if label.layer == TREE and head and label.values and not label.negated and label.values.texts == {"root"}:
            raise self.error(f"no word is the head of a root; write * -[root]-> {dependent or 'X'}", place)
        if label.layer == GRAPH:
            self.block.empty.update(filter(None, (head, dependent)))
        return Arc(name, head, dependent, label, path)

    def order(self, name: str, place: int) -> Order | Crossing:
        """The order of two nodes or the crossing of two arcs; the first name is read."""
        sign = self.need(_ORDER, f"one of [ . : -> ->> -[ < << > >> >< behind {name}")[0]
        end = self.skip()
        other = self.need(_NAME, "the name of a node")[0]
        role = "used arc" if sign == "><" else "node"
        self.use(name, role, place)
        self.use(other, role, end)
        if sign == "><":
            return Crossing((name, other))
        left, right = (name, other) if "<" in sign else (other, name)
        return Order(left, right, len(sign) == 1)

    def term(self) -> Term:
        """A feature or a distance."""
        place = self.skip()
        name = self.need(_NAME, "a feature such as X.lemma, delta(X,Y), length(X,Y), or clauses between braces")[0]
        if name in ("delta", "length") and self.text.startswith("(", self.skip()):
            return self.distance(name)
        self.need_sign(".")
        return self.feature_of(name, place)

    def feature_of(self, name: str, place: int) -> Term:
        """A feature of a node or an arc, behind the point."""
        self.use(name, "used", place)
        place = self.skip()
        feature = self.need(FEATURE, "the name of a feature")[0]
        self.use(f"{name}.{feature}", "feature", place)
        return Term((name,), feature)

    def distance(self, function: str) -> Term:
        """The two names of a distance."""
        self.need_sign("(")
        names = []
        for sign in (",", ")"):
            place = self.skip()
            names.append(self.use(self.need(_NAME, "the name of a node")[0], "used node", place))
            self.need_sign(sign)
        return Term(tuple(names), function)

    def comparison(self, left: Term) -> Comparison:
        """A comparison, of which the left side is read."""
        sign = self.need(SIGN, "one of = <> < <= > >=")[0].replace("!=", "<>")
        place = self.skip()
        if sign not in ("=", "<>") and (number := self.take(NUMBER)):
            return Comparison(left, sign, Condition(left.feature, sign, number[0]))
        name = self.take(_NAME_OF)
        if name is not None and self.takes("."):
            return Comparison(left, sign, self.feature_of(name[0], place))
        if name is not None and name[0] in ("delta", "length"):
            return Comparison(left, sign, self.distance(name[0]))
        self.place = place
        if sign not in ("=", "<>"):
            raise self.error(f"expected a number or a feature behind {sign}")
        return Comparison(left, sign, Condition(left.feature, sign, self.choice()))

    # -- facts about the sentence

    def fact(self) -> Fact | Condition:
        """A fact about the whole sentence, or a test of a comment."""
        place = self.skip()
        absent = self.takes("!")
        quoted = self.quoted()
        expected = "is_projective and the like, or the key of a comment"
        key = self.need(_KEY, expected)[0] if quoted is None else quoted
        if quoted is None and not absent and key.startswith("is_"):
            name = key.removeprefix("is_").removeprefix("not_")
            if name not in _FACTS:
                raise self.error(f"there is no {key}; there are is_ and is_not_ with {', '.join(_FACTS)}", place)
            return Fact(name, not key.startswith("is_not_"))
        sign = None if absent else self.take(SIGN)
        return Condition(key, "undefined" if absent else "defined") if sign is None else self.test_of(key, sign[0])

    def clauses(self, kind: str) -> Block:
        """The clauses of a block, behind the opening brace up to the closing one."""
        self.block = Block(kind)
        while not self.takes("}"):
            if kind == "global":
                self.block.facts.append(self.fact())
            else:
                self.block.items.append(self.item())
            if not self.takes(";"):
                if not self.takes("}"):
                    raise self.error("expected ; or }")
                break
        return self.block
