"""Rules, and what they do to sentences.

The rules follow one another: each goes through all sentences, from the first to the last, before the next one begins.
In a sentence, the matches of its pattern are found first; then its commands are carried out for one match after the
other. A match that an earlier one has undone is left out. A rule with ``repeat`` begins again until nothing changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any

from depparse.document.sentence import Sentence
from depparse.document.trees import find_cycle
from depparse.document.words import EmptyNode, Word
from depparse.errors import ConfigError
from depparse.treebanks.query.pattern import LAYERS
from depparse.treebanks.query.search import Match, Pattern
from depparse.treebanks.query.view import Steps
from depparse.treebanks.relabel.commands import Command, Edge, Names
from depparse.treebanks.relabel.draft import CommandError, Draft
from depparse.treebanks.relabel.sentences import cut, glue
from depparse.treebanks.relabel.words import CutSentence, JoinSentence
from depparse.treebanks.treebank import spell

# Bounds for rules of strangers; work that anybody wants stays far below them.
STEPS = 1_000_000  # of the search for a rule in a sentence, each time
MATCHES = 10_000  # of a rule in a sentence
PASSES = 100  # of a rule with repeat in a sentence
GROWTH, SHORT = 10, 1000  # a sentence has at most so many times its words, or so many words
_LAYERS = {layer: letter for letter, layer in LAYERS.items()}


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and the commands that are carried out for each of its matches; again and again with `repeat`."""

    name: str
    pattern: Pattern
    commands: tuple[Command, ...]
    repeat: bool = False

    @property
    def joins(self) -> bool:
        """Whether it joins sentences."""
        return any(isinstance(command, JoinSentence) for command in self.commands)

    @property
    def cuts(self) -> bool:
        """Whether it splits sentences."""
        return any(isinstance(command, CutSentence) for command in self.commands)


@dataclass(frozen=True, slots=True)
class Refused:
    """A match for which nothing was done, and why. `place` is that of the sentence, with its sent_id if it has one."""

    rule: str
    place: str
    reason: str


@dataclass(slots=True)
class Log:
    """What rules did: the matches by rule that changed something, and those for which nothing could be done."""

    applied: Counter[str] = field(default_factory=Counter)
    refused: dict[Refused, None] = field(default_factory=dict)

    def refuse(self, rule: Rule, sentence: Sentence, reason: str) -> None:
        """Notes a match for which nothing was done."""
        self.refused[Refused(rule.name, place_of(sentence), reason)] = None


@dataclass(slots=True)
class Piece:
    """A sentence on its way through the rules. `may_have` tells without reading it whether a pattern may match.

    `origin` is kept for whoever writes it, `follow` for its further parts.
    """

    read: Callable[[], Sentence]
    may_have: Callable[[Pattern], bool]
    origin: Any = None
    changed: bool = False
    joined: list[Any] = field(default_factory=list)  # the origins of sentences that were joined to it
    _sentence: Sentence | None = None

    @property
    def sentence(self) -> Sentence:
        """The sentence, read when it is first asked for."""
        if self._sentence is None:
            self._sentence = self.read()
        return self._sentence

    @sentence.setter
    def sentence(self, sentence: Sentence) -> None:
        self._sentence, self.changed = sentence, True


Join = tuple[int, str] | None  # a word (ID) that is to govern the root of the next sentence, and the label


def run(rules: Iterable[Rule], pieces: Iterable[Piece], log: Log) -> Iterator[Piece]:
    """The pieces after all rules, in bounded memory. Raises ConfigError for a rule that goes beyond a bound."""
    for joins, group in groupby(rules, key=lambda rule: rule.joins):
        if joins:
            for rule in group:
                pieces = _joined(rule, pieces, log)
        else:
            pieces = _changed(list(group), pieces, log)
    return iter(pieces)


def _changed(rules: list[Rule], pieces: Iterable[Piece], log: Log) -> Iterator[Piece]:
    for piece in pieces:
        parts = [piece]
        for rule in rules:
            parts = [part for one in parts for part in _apply(rule, one, log)[0]]
        yield from parts


def _joined(rule: Rule, pieces: Iterable[Piece], log: Log) -> Iterator[Piece]:
    """The pieces after a rule that joins sentences; the rule has been applied to both before they are joined."""
    last: Piece | None = None
    join: Join = None
    for piece in pieces:
        following = _apply(rule, piece, log)[1]
        if last is not None and join is not None:
            try:
                whole = glue(last.sentence, piece.sentence, *join)
            except CommandError as refusal:
                log.refuse(rule, last.sentence, str(refusal))
            else:
                join = following and (following[0] + len(last.sentence), following[1])
                last.sentence = whole
                last.joined += [piece.origin, *piece.joined]
                log.applied[rule.name] += 1
                continue
        if last is not None:
            yield last
        last, join = piece, following
    if last is not None:
        if join is not None:
            log.refuse(rule, last.sentence, "there is no next sentence to join")
        yield last


def _apply(rule: Rule, piece: Piece, log: Log) -> tuple[list[Piece], Join]:
    """The piece after the rule, in parts if it was split, and what it asks for about the next sentence."""
    if not piece.changed and not piece.may_have(rule.pattern):
        return [piece], None
    before = piece.sentence
    draft = Draft(before)
    names = Names({}, {})
    for _ in range(PASSES):
        changed = _pass(rule, draft, names, log, max(GROWTH * len(before), SHORT))
        if changed is None:
            break
        draft = changed
        if not rule.repeat:
            break
    else:
        raise _error(rule, before, f"still changes the sentence after {PASSES} passes; it may never end")
    join: Join = None
    if names.joins and names.joins[-1][0] in draft.keys:
        join = draft.word(names.joins[-1][0]), names.joins[-1][1]
    if draft.sentence is not before:
        _follow_text(before, draft.sentence)
        piece.sentence = draft.sentence
    if not names.cuts:
        return [piece], join
    begins = [draft.word(key) for key in names.cuts if key in draft.keys]
    try:
        sentences = cut(draft.sentence, begins)
    except CommandError as refusal:
        log.refuse(rule, before, str(refusal))
        return [piece], join
    log.applied[rule.name] += len(sentences) - 1
    piece.sentence = sentences[0]
    others = [Piece(piece.read, piece.may_have, changed=True, _sentence=sentence) for sentence in sentences[1:]]
    return [piece, *others], join


def _pass(rule: Rule, draft: Draft, names: Names, log: Log, longest: int) -> Draft | None:
    """The draft after the rule was applied to each match; None if nothing changed. Notes where to split and join.

    Raises ConfigError if the sentence would have more than `longest` words, or for too many matches or steps.
    """
    steps = Steps(STEPS)
    try:
        matches = list(islice(rule.pattern.matches(draft.sentence, steps), MATCHES + 1))
        if len(matches) > MATCHES:
            raise ConfigError(f"there are more than {MATCHES:,} matches; say how its nodes are related")
        bindings = [_keys(match, draft.keys) for match in matches]
        start = draft
        for found in bindings:
            if draft is not start and not _still_holds(rule.pattern, draft, found, steps):
                continue
            changed = _carry_out(rule, draft, found, names, log)
            if changed is None:
                continue
            draft = changed
            log.applied[rule.name] += 1
            if len(draft.sentence) > longest:
                raise ConfigError(f"it splits words until there are more than {longest:,}")
    except ConfigError as error:
        raise _error(rule, draft.sentence, str(error)) from None
    return None if draft is start else draft


def _error(rule: Rule, sentence: Sentence, problem: str) -> ConfigError:
    return ConfigError(f"rule {rule.name}, {place_of(sentence)}: {problem}")


def place_of(sentence: Sentence) -> str:
    """Where a sentence was read, and its sent_id."""
    name = "" if sentence.sent_id is None else f"sentence {sentence.sent_id}"
    return ", ".join(filter(None, (sentence.place, name))) or "a sentence"


def _keys(match: Match, keys: list[int]) -> dict[str, int | Edge]:
    """What the names of a match stand for."""
    sentence = match.sentence
    empty = {node.id: number for number, node in enumerate(sentence.empty_nodes, len(sentence))}

    def key(node: Word | EmptyNode) -> int:
        return keys[node.index if isinstance(node, Word) else empty[node.id]]

    found: dict[str, int | Edge] = {name: key(node) for name, node in match.nodes.items()}
    for name, arc in match.arcs.items():
        found[name] = Edge(key(arc.head), key(arc.dependent), _LAYERS[arc.layer], arc.label)
    return found


def _still_holds(pattern: Pattern, draft: Draft, found: dict[str, int | Edge], steps: Steps) -> bool:
    """Whether what was found before the draft was changed is still a match."""
    numbers = {key: number for number, key in enumerate(draft.keys)}
    now = {name: one.label or "" if isinstance(one, Edge) else numbers.get(one) for name, one in found.items()}
    return None not in now.values() and pattern.holds(draft.sentence, now, steps)


def _carry_out(rule: Rule, draft: Draft, found: dict[str, int | Edge], names: Names, log: Log) -> Draft | None:
    """A draft in which the commands have been carried out; None if nothing has changed, or could be done."""
    own = Names({name: one for name, one in found.items() if isinstance(one, int)}, {})
    own.edges = {name: replace(one) for name, one in found.items() if isinstance(one, Edge)}
    trial = draft.copy()
    try:
        for command in rule.commands:
            if all(name in own.nodes or name in own.edges for name in command.needs):
                command.run(trial, own)
        if find_cycle(trial.sentence.heads) and not find_cycle(draft.sentence.heads):
            raise CommandError("it would make a cycle in the tree")
    except CommandError as refusal:
        log.refuse(rule, draft.sentence, str(refusal))
        return None
    names.cuts += own.cuts
    names.joins += own.joins
    same = trial.keys == draft.keys and _cells(trial.sentence) == _cells(draft.sentence)
    return None if same else trial


def _cells(sentence: Sentence) -> tuple[object, ...]:
    """All that a draft can change."""
    columns = {name: cells for name, cells in sentence.columns.items() if set(cells) != {"_"}}
    mwts = [(token.start, token.end, token.cells) for token in sentence.mwts]
    return columns, mwts, [(node.id, node.cells) for node in sentence.empty_nodes]


def _follow_text(before: Sentence, after: Sentence) -> None:
    """Lets ``# text`` follow the forms, where it was what the tokens spelled."""
    text, (old, _), (new, _) = before.comment("text"), spell(before), spell(after)
    if text is not None and text == old != new:
        after.set_comment("text", new)
