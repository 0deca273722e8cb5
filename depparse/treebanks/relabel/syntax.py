"""Rules from text. Their syntax is that of Grew, with additions: see docs/relabel.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from depparse.errors import ConfigError, did_you_mean
from depparse.treebanks.query.names import read_blocks
from depparse.treebanks.query.pattern import GRAPH, ROLES, TREE, Label, Term
from depparse.treebanks.query.scanner import FEATURE
from depparse.treebanks.query.search import Pattern
from depparse.treebanks.query.syntax import Reader
from depparse.treebanks.relabel.commands import AddEdge, Command, DeleteEdge, SetFeature, SetLabel, Shift, Value
from depparse.treebanks.relabel.draft import COMPUTED
from depparse.treebanks.relabel.rules import Rule
from depparse.treebanks.relabel.words import CutSentence, DissolveToken, Join, JoinSentence, MakeToken, Split

_LONGEST, _MOST, _JOINING = 1_000_000, 1000, 50  # characters, rules, and rules that join sentences
_COMMANDS = 100  # of a rule, and parts of a word
_NAME = re.compile(r"[^\W\d]\w*\$?")
_DOTTED = re.compile(r"[^\W\d]\w*\$?(?=\s*\.)")
_PLAIN = re.compile(r'[^\s\[\]{}(),;|=<>!"^*%/+]+')
_NUMBER = re.compile(r"-?[0-9]{1,6}(?![\w.])")
_PARTS = ("label", "1", "2", "3")


class RuleReader(Reader):
    """Reads rules, and checks that their commands use names that the patterns have."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "rules")
        self.nodes: set[str] = set()
        self.arcs: set[str] = set()

    def rules(self) -> list[Rule]:
        """All rules."""
        rules: list[Rule] = []
        names: set[str] = set()
        while not self.at_end() or not rules:
            place = self.skip()
            rules.append(self.rule())
            if rules[-1].name in names:
                raise self.error(f"two rules have the name {rules[-1].name}; rename one", place)
            names.add(rules[-1].name)
            if len(rules) > _MOST or sum(rule.joins for rule in rules) > _JOINING:
                raise self.error(f"there are at most {_MOST:,} rules, and {_JOINING} that join sentences", place)
        return rules

    def rule(self) -> Rule:
        """A rule."""
        expected = "rule NAME { pattern { … } commands { … } }, with repeat before it to go on until nothing changes"
        first = self.need(_NAME, expected)
        repeat = first[0] == "repeat"
        if not repeat and first[0] != "rule":
            self.place = first.start()
            raise self.error(f"expected {expected}")
        if repeat and self.need(_NAME, "rule behind repeat")[0] != "rule":
            raise self.error("expected rule behind repeat", first.end())
        name = self.need(_NAME, "the name of the rule")[0]
        self.need_sign("{")
        place = self.skip()
        tree = read_blocks(self, lambda: self.text.startswith("commands", self.skip()), ", commands")
        pattern = Pattern(self.text[place : self.place].strip(), tree)
        scopes = (tree.matching, *tree.optional)
        self.nodes = {name for clauses in scopes for name in clauses.nodes}
        self.arcs = {name for clauses in scopes for name in clauses.arcs}
        place = self.skip()
        self.need(re.compile("commands"), "commands")
        self.need_sign("{")
        rule = Rule(name, pattern, tuple(self.commands()), repeat)
        if not rule.commands or len(rule.commands) > _COMMANDS:
            raise self.error(f"a rule has 1 to {_COMMANDS} commands", place)
        if rule.joins and rule.cuts:
            raise self.error("one rule cannot both split and join sentences; make it two", place)
        self.need_sign("}")
        return rule

    def commands(self) -> list[Command]:
        """The commands behind the opening brace, up to the closing one."""
        commands: list[Command] = []
        while not self.takes("}"):
            commands.append(self.command())
            if not self.takes(";"):
                if not self.takes("}"):
                    raise self.error("expected ; or }")
                break
        return commands

    def command(self) -> Command:
        """One command."""
        place = self.skip()
        if name := self.take(_DOTTED):
            self.need_sign(".")
            feature = self.feature(name[0], place)
            self.need_sign("=")
            return self.set(name[0], feature, self.value_of_command())
        keyword = self.need(_NAME, "a command, such as X.upos = NOUN or add_edge X -[nsubj]-> Y")[0]
        if keyword not in _READERS:
            raise self.error(f"there is no command {keyword}; {did_you_mean(keyword, _READERS)}", place)
        return _READERS[keyword](self)

    # -- names and values

    def name(self, names: Iterable[str], what: str) -> str:
        """A name that there is."""
        place = self.skip()
        name = self.need(_NAME, f"the name of {what}")[0]
        if name not in names:
            raise self.error(f"{what.partition(' ')[2]} {name}: the pattern has no such name", place)
        return name

    def known_node(self) -> str:
        """The name of a node."""
        return self.name(self.nodes, "a node")

    def new(self, names: set[str], what: str) -> str:
        """A new name."""
        place = self.skip()
        name = self.need(_NAME, f"a new name for {what}")[0]
        if name in self.nodes | self.arcs:
            raise self.error(f"{name} is a name already; give another", place)
        names.add(name)
        return name

    def feature(self, name: str, place: int, *, read: bool = False) -> str:
        """A feature of a node or an arc, behind the point."""
        if name not in self.nodes | self.arcs:
            raise self.error(f"no node or arc is called {name}; values with a point stand between quotes", place)
        place = self.skip()
        feature = self.need(FEATURE, "the name of a feature")[0]
        if name in self.arcs and feature not in _PARTS:
            raise self.error(f"an arc has {', '.join(_PARTS)}, but no {feature}", place)
        if name in self.nodes and feature in _PARTS:
            raise self.error(
                f"a node has no {feature}; name the arc to it, e: X -> {name}, and write e.{feature}", place
            )
        if name in self.nodes and not read and feature in COMPUTED:
            hint = "; add_edge gives heads" if feature in ("head", "deps") else ""
            raise self.error(f"{feature} cannot be set{hint}", place)
        return feature

    def set(self, name: str, feature: str, value: Value | None) -> Command:
        """The command that sets or deletes a feature."""
        return SetLabel(name, feature, value) if name in self.arcs else SetFeature(name, feature, value)

    def value_of_command(self) -> Value:
        """Texts and features with + between them."""
        return Value(tuple(self.several(self.part_of_value, "+")))

    def part_of_value(self) -> str | Term:
        """A text or a feature."""
        place = self.skip()
        if name := self.take(_DOTTED):
            self.need_sign(".")
            return Term((name[0],), self.feature(name[0], place, read=True))
        text = self.quoted()
        if text == "":
            raise self.error("a value is not empty; write del_feat to delete a feature", place)
        return text or self.need(_PLAIN, "a value: a word, a text between quotes, or a feature such as X.lemma")[0]

    # -- arcs

    def end(self) -> str:
        """The head of an arc: a node, or * for ROOT."""
        return "*" if self.takes("*") else self.known_node()

    def written_label(self) -> tuple[str, str]:
        """The layer and the text of a label up to the bracket, which is one text."""
        place = self.skip()
        label = self.label()
        texts = label.values.texts if label.values is not None else ()
        if label.negated or label.values is None or label.values.expressions or len(texts) != 1:
            raise self.error("a command gives one label, such as nsubj or E:nsubj", place)
        return self.changed_layer(label, place), next(iter(texts))

    def changed_layer(self, label: Label, place: int) -> str:
        """The layer of a label, which commands can change."""
        if label.layer == ROLES:
            raise self.error("commands change arcs of the tree and, with E:, of the enhanced graph, not roles", place)
        return label.layer

    def add_edge(self) -> Command:
        """An arc to add."""
        name, place = None, self.skip()
        first = self.take(re.compile(rf"{_NAME.pattern}(?=\s*:)"))
        if first:
            self.place = place
            name = self.new(self.arcs, "the arc")
            self.need_sign(":")
        head = self.end()
        layer, label = TREE, None
        if self.takes("-["):
            layer, label = self.written_label()
            self.need_sign("]->")
        else:
            self.need_sign("->", "-[")
        return AddEdge(name, head, self.known_node(), layer, label)

    def del_edge(self) -> Command:
        """An arc to delete, by its name or its ends."""
        place = self.skip()
        name = None if self.takes("*") else self.need(_NAME, "the name of a node or an arc, or *")[0]
        if name in self.arcs:
            return DeleteEdge(name)
        self.place = place
        head, label = self.end(), Label()
        if self.takes("-["):
            place = self.skip()
            label = self.label()
            self.changed_layer(label, place)
            self.need_sign("]->")
        else:
            self.need_sign("->", "-[")
        return DeleteEdge(None, head, self.known_node(), label)

    def shift(self, inwards: bool, outwards: bool) -> Command:
        """Arcs to move."""
        source, label = self.known_node(), Label()
        if self.takes("=["):
            place = self.skip()
            label = self.label()
            self.changed_layer(label, place)
            self.need_sign("]=>")
        else:
            self.need_sign("==>", "=[")
        return Shift(source, self.known_node(), label, inwards, outwards)

    # -- words and sentences

    def split(self) -> Command:
        """A word to split."""
        name = self.known_node()
        keyword = self.need(_NAME, "into or at")
        if keyword[0] == "at":
            place = self.skip()
            at = int(self.need(_NUMBER, "a number of characters, from the end if negative")[0])
            if not at:
                raise self.error("0 characters are no part of a word", place)
            if self.need(_NAME, "as, and a name for the second part")[0] != "as":
                raise self.error("expected as, and a name for the second part", place)
            return Split(name, (self.new(self.nodes, "the second part"),), (), at)
        if keyword[0] != "into":
            raise self.error("expected into or at", keyword.start())
        forms, names = [self.value_of_command()], []
        place = self.skip()
        while self.takes(","):
            names.append(self.new(self.nodes, "the next part"))
            forms.append(self.value_of_command())
        if not names or len(names) > _COMMANDS:
            raise self.error(f'expected 2 to {_COMMANDS} parts, such as: split X into "de", Y "le"', place)
        return Split(name, tuple(names), tuple(forms))

    def join_sentence(self) -> Command:
        """A sentence to join to this one."""
        name = self.known_node()
        self.need_sign("-[")
        place = self.skip()
        layer, label = self.written_label()
        if layer == GRAPH:
            raise self.error("the label is one of the tree; the enhanced graph gets it too", place)
        self.need_sign("]->")
        self.need_sign("*")
        return JoinSentence(name, label)

    def del_feat(self) -> Command:
        """A feature to delete."""
        place = self.skip()
        name = self.need(_NAME, "the name of a node or an arc")[0]
        self.need_sign(".")
        feature_place = self.skip()
        feature = self.feature(name, place)
        if feature in ("label", "form"):
            raise self.error(f"a {feature} cannot be deleted", feature_place)
        return self.set(name, feature, None)


_READERS: dict[str, Callable[[RuleReader], Command]] = {
    "add_edge": RuleReader.add_edge,
    "del_edge": RuleReader.del_edge,
    "del_feat": RuleReader.del_feat,
    "shift": lambda reader: reader.shift(True, True),
    "shift_in": lambda reader: reader.shift(True, False),
    "shift_out": lambda reader: reader.shift(False, True),
    "split": RuleReader.split,
    "join": lambda reader: Join(reader.known_node(), reader.known_node()),
    "make_mwt": lambda reader: MakeToken(reader.known_node(), reader.known_node()),
    "del_mwt": lambda reader: DissolveToken(reader.known_node()),
    "split_sentence": lambda reader: CutSentence(reader.known_node()),
    "join_sentence": RuleReader.join_sentence,
}


def parse_rules(text: str) -> list[Rule]:
    """The rules in a text. Raises ConfigError, with line and column, for what is no rule."""
    if not isinstance(text, str):
        raise ConfigError(f"rules are text, such as rule r {{ pattern {{ … }} commands {{ … }} }}, not {text!r:.60}")
    if len(text) > _LONGEST:
        raise ConfigError(f"rules have at most {_LONGEST:,} characters, not {len(text):,}")
    return RuleReader(text).rules()
