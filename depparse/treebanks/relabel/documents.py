"""Rules applied to documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from depparse.document.document import Document
from depparse.treebanks.relabel.rules import Log, Piece, Refused, Rule, run
from depparse.treebanks.relabel.syntax import parse_rules


@dataclass(frozen=True, slots=True)
class Relabelled:
    """A document after rules were applied to it: by rule, how many matches they changed, and what was refused."""

    document: Document
    applied: dict[str, int]
    refused: list[Refused]


def relabel(document: Document, rules: str | Sequence[Rule]) -> Relabelled:
    """The document after all rules; the given one stays as it is. docs/relabel.md has the syntax of rules.

    Raises ConfigError, with line and column, for a text that is no rules, and for rules that go on without end.
    """
    parsed = parse_rules(rules) if isinstance(rules, str) else rules
    log = Log()
    pieces = (Piece(lambda sentence=sentence: sentence, lambda _: True) for sentence in document)  # type: ignore[misc]
    sentences = [piece.sentence if piece.changed else piece.sentence.copy() for piece in run(parsed, pieces, log)]
    applied = {rule.name: log.applied[rule.name] for rule in parsed}
    return Relabelled(Document(sentences, document.column_names), applied, list(log.refused))
