"""Patterns and their matches.

``parse_pattern(text).matches(sentence)`` finds every way in which the nodes and arcs with names can be nodes and arcs
of the sentence. `Document.query` does so for all of its sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.document.words import EmptyNode, Word
from depparse.treebanks.query.conditions import Slots, fact_of, literals, value_of
from depparse.treebanks.query.names import parse, parse_key
from depparse.treebanks.query.pattern import LAYERS, Arc, Clauses, Node, PatternTree
from depparse.treebanks.query.plan import Plan
from depparse.treebanks.query.view import FEATURES, Steps, View


class ArcFound(NamedTuple):
    """An arc of a match. `layer` is ``tree``, ``enhanced`` or ``roles``; `label` is None where the tree has none."""

    head: Word | EmptyNode
    label: str | None
    dependent: Word | EmptyNode
    layer: str


class Pattern:
    """A pattern that sentences are searched for. ``str`` gives its text; `tree` has it as data."""

    def __init__(self, text: str, tree: PatternTree | None = None) -> None:
        """Reads the text, unless its `tree` is given. Raises ConfigError, with the place, for what is no pattern."""
        self.tree = parse(text) if tree is None else tree
        self.text = text
        main = self.tree.matching
        self.slots, self.size = add_slots(Slots({}, {}), main, 0)
        self._plan = Plan(main, self.slots, ())
        self._filters: list[tuple[Plan, bool]] = []  # and whether what it searches for has to be found
        self._optional: list[tuple[Plan, list[int]]] = []  # and the slots that it fills
        shown = self.slots
        apart: list[int] = []  # the slots of nodes of optional parts
        for clauses in (*self.tree.filters, *self.tree.optional):
            start = self.size
            slots, self.size = add_slots(self.slots, clauses, start)
            plan = Plan(clauses, slots, main.nodes, apart)
            if clauses.kind == "optional":
                self._optional.append((plan, list(range(start, self.size))))
                apart += (slots.nodes[name] for name in clauses.nodes if not name.endswith("$"))
                shown = Slots({**shown.nodes, **slots.nodes}, {**shown.arcs, **slots.arcs})
            else:
                self._filters.append((plan, clauses.kind == "with"))
        self.slots = shown
        self._facts = [fact_of(fact) for fact in self.tree.facts]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of nodes, then of arcs, in the order of the pattern, with those of optional parts behind them."""
        return (*self.slots.nodes, *self.slots.arcs)

    def matches(self, sentence: Sentence, steps: Steps | None = None) -> Iterator[Match]:
        """The matches in a sentence, one after the other; make a list of them before you change the sentence.

        Raises FormatError for broken cells of annotation that the pattern asks for, and ConfigError if the search takes
        more than `steps`.
        """
        view = View(sentence, steps)
        return (Match(self, view, tuple(binding)) for binding in self._bindings(view))

    def matches_in(self, sentences: Iterable[Sentence]) -> Iterator[Match]:
        """The matches in all sentences, in order."""
        return (match for sentence in sentences for match in self.matches(sentence))

    def count(self, sentence: Sentence) -> int:
        """The number of matches in a sentence."""
        return sum(1 for _ in self._bindings(View(sentence)))

    def is_in(self, sentence: Sentence) -> bool:
        """Whether the sentence has a match."""
        return next(self._bindings(View(sentence)), None) is not None

    def holds(self, sentence: Sentence, found: Mapping[str, Any], steps: Steps | None = None) -> bool:
        """Whether nodes, by their numbers in a `View`, and labels of arcs are a match; optional parts do not count.

        `found` has them by name. Raises ConfigError if the search takes more than `steps`.
        """
        view = View(sentence, steps)
        binding: list[Any] = [None] * self.size
        main, slots = self.tree.matching, self.slots
        for name in main.nodes:
            binding[slots.nodes[name]] = found[name]
        return all(fact(view) for fact in self._facts) and any(
            all(binding[slots.arcs[name][0]] == found[name] for name in main.arcs) and self._passes(view, binding)
            for _ in self._fixed.run(view, binding)
        )

    @cached_property
    def _fixed(self) -> Plan:
        """The search when all nodes are known."""
        return Plan(self.tree.matching, self.slots, self.tree.matching.nodes)

    def _passes(self, view: View, binding: list[Any]) -> bool:
        return all((next(plan.run(view, binding), 0) is None) == wanted for plan, wanted in self._filters)

    def _bindings(self, view: View) -> Iterator[list[Any]]:
        if not all(fact(view) for fact in self._facts):
            return
        binding: list[Any] = [None] * self.size
        for _ in self._plan.run(view, binding):
            if self._passes(view, binding):
                yield from self._extend(view, binding, 0)

    def _extend(self, view: View, binding: list[Any], number: int) -> Iterator[list[Any]]:
        """The binding with each way to match the optional parts from that number on, or without if there is none."""
        if number == len(self._optional):
            yield binding
            return
        plan, new = self._optional[number]
        found = False
        for _ in plan.run(view, binding):
            found = True
            yield from self._extend(view, binding, number + 1)
        for slot in new:
            binding[slot] = None
        if not found:
            yield from self._extend(view, binding, number + 1)

    def doubtful_features(self) -> list[str]:
        """The features of nodes that are no columns and no names of depparse, and in small letters unlike UD's."""
        blocks = (self.tree.matching, *self.tree.filters, *self.tree.optional)
        nodes = (item for clauses in blocks for item in clauses.items if isinstance(item, Node))
        names = (test.feature for node in nodes for tests in node.alternatives for test in tests)
        return [name for name in dict.fromkeys(names) if name[0].islower() and name not in FEATURES]

    @cached_property
    def literals(self) -> tuple[frozenset[str], ...]:
        """Of each set, one text stands in the CoNLL-U lines of every sentence that has a match."""
        wanted = [self.tree.matching, *(clauses for clauses in self.tree.filters if clauses.kind == "with")]
        found: list[frozenset[str] | None] = []
        for item in (item for clauses in wanted for item in clauses.items):
            if isinstance(item, Node) and len(item.alternatives) == 1:
                found += map(literals, item.alternatives[0])
            elif isinstance(item, Arc):
                found.append(literals(item.label))
        return tuple(dict.fromkeys(texts for texts in found if texts is not None))

    def may_be_in(self, lines: str) -> bool:
        """Whether a sentence with these lines of CoNLL-U may have a match. It needs no reading of the lines."""
        for texts in self.literals:
            for text in texts:
                if text in lines:
                    break
            else:
                return False
        return True

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


def add_slots(slots: Slots, clauses: Clauses, start: int) -> tuple[Slots, int]:
    """The slots with those of the names that clauses add, from a number on; and the number behind the last."""
    arcs = {item.name: item for item in clauses.items if isinstance(item, Arc) and item.name is not None}
    nodes = {name: number for number, name in enumerate(clauses.nodes, start)}
    start += len(nodes)
    labels = {name: (number, arcs[name]) for number, name in enumerate(clauses.arcs, start)}
    return Slots({**slots.nodes, **nodes}, {**slots.arcs, **labels}), start + len(labels)


def parse_pattern(text: str | Pattern) -> Pattern:
    """The pattern in a text; see docs/query.md. Raises ConfigError, with line and column, for what is no pattern."""
    return text if isinstance(text, Pattern) else _parse(text) if isinstance(text, str) else Pattern(text)


@lru_cache(maxsize=32)
def _parse(text: str) -> Pattern:
    return Pattern(text)


class Match:
    """One way in which a pattern fits a sentence. ``match["X"]`` is what X stands for, None if that is not there.

    Words and empty nodes are those of the sentence, and can be changed. `value` and the labels of arcs are those at the
    time of the search.
    """

    __slots__ = ("_binding", "_view", "pattern")

    def __init__(self, pattern: Pattern, view: View, binding: tuple[Any, ...]) -> None:
        self.pattern, self._view, self._binding = pattern, view, binding

    @property
    def sentence(self) -> Sentence:
        """The sentence."""
        return self._view.sentence

    def __getitem__(self, name: str) -> Word | EmptyNode | ArcFound | None:
        slots = self.pattern.slots
        if name in slots.nodes:
            number = self._binding[slots.nodes[name]]
            return None if number is None else self._view.node(number)
        slot, arc = slots.arcs[name]
        head, dependent = (self._binding[end] for end in slots.ends(name))
        label = self._binding[slot]
        if label is None or head is None or dependent is None:
            return None
        layer = LAYERS[arc.label.layer]
        return ArcFound(self._view.node(head), label or None, self._view.node(dependent), layer)

    @property
    def nodes(self) -> dict[str, Word | EmptyNode]:
        """The words and empty nodes by name, without those of optional parts that are not there."""
        slots = self.pattern.slots.nodes.items()
        found = {name: self._binding[slot] for name, slot in slots}
        return {name: self._view.node(number) for name, number in found.items() if number is not None}

    @property
    def arcs(self) -> dict[str, ArcFound]:
        """The arcs by name, without those of optional parts that are not there."""
        found = {name: self[name] for name in self.pattern.slots.arcs}
        return {name: arc for name, arc in found.items() if isinstance(arc, ArcFound)}

    @property
    def ids(self) -> dict[str, str]:
        """The IDs of words and empty nodes by name, such as 3 or 8.1."""
        return {name: id_of(node) for name, node in self.nodes.items()}

    @property
    def entities(self) -> dict[str, list[Span]]:
        """The entities that words are in, the longer ones first, by name; without words that are in none."""
        spans = self.sentence.ents
        words = {name: node.id for name, node in self.nodes.items() if isinstance(node, Word)} if spans else {}
        found = {name: [span for span in spans if span.start <= id <= span.end] for name, id in words.items()}
        return {name: around for name, around in found.items() if around}

    def value(self, key: str | Key) -> str | None:
        """The value of a key such as ``X.lemma``, ``e.label`` or ``delta(X,Y)``; None if it is not defined.

        Clauses between braces, ``{ X << Y }``, have the values ``yes`` and ``no``. Raises ConfigError for a wrong key.
        """
        key = key if isinstance(key, Key) else Key(self.pattern, key)
        return key.value(self._view, list(self._binding))

    def to_dict(self) -> dict[str, Any]:
        """The match for JSON: the sentence's name and text, its place in the file, and what each name stands for.

        Words have the entities that they are in.
        """
        sentence = self.sentence
        nodes: dict[str, dict[str, Any]]
        nodes = {name: {"id": id_of(node), "form": node.text} for name, node in self.nodes.items()}
        for name, spans in self.entities.items():
            nodes[name]["entities"] = [span.to_dict() for span in spans]
        arcs = {
            name: {"head": id_of(arc.head), "label": arc.label, "dependent": id_of(arc.dependent), "layer": arc.layer}
            for name, arc in self.arcs.items()
        }
        place = {"sent_id": sentence.sent_id, "text": sentence.text, "place": sentence.place}
        return place | {"nodes": nodes, "arcs": arcs}

    def __repr__(self) -> str:
        found = [f"{name}={id_of(node)} {node.text}" for name, node in self.nodes.items()]
        return f"<Match {', '.join([*found, *(f'{name}={arc.label}' for name, arc in self.arcs.items())])}>"


class Key:
    """What matches are counted by; see `Match.value`."""

    def __init__(self, pattern: Pattern, text: str) -> None:
        """Reads the key. Raises ConfigError for what is no key, or has a name that the pattern has not."""
        self.text = text.strip()
        key = parse_key(text, pattern.tree)
        self._size = pattern.size
        self._plan: Plan | None = None
        if isinstance(key, Clauses):
            slots, self._size = add_slots(pattern.slots, key, pattern.size)
            self._plan = Plan(key, slots, pattern.tree.matching.nodes)
        else:
            self._value = value_of(key, pattern.slots)

    def value(self, view: View, binding: list[Any]) -> str | None:
        """The value for a binding."""
        if self._plan is None:
            return self._value(view, binding)
        binding = binding + [None] * (self._size - len(binding))
        return "yes" if next(self._plan.run(view, binding), 0) is None else "no"


def id_of(node: Word | EmptyNode) -> str:
    """The ID as a file has it."""
    return str(node.id) if isinstance(node, Word) else f"{node.id[0]}.{node.id[1]}"


def query(sentences: Iterable[Sentence], pattern: str | Pattern) -> list[Match]:
    """The matches of a pattern in sentences, in order. Raises ConfigError for a text that is no pattern."""
    return list(parse_pattern(pattern).matches_in(sentences))


SEARCH = query
