"""Rules from text: what is wrong is one line that says where."""

from __future__ import annotations

import pytest

from depparse.errors import ConfigError
from depparse.treebanks.relabel.syntax import parse_rules

FRAME = "rule r {{ pattern {{ e: X -[nsubj]-> Y }} commands {{ {} }} }}"


def test_rules_are_read_with_comments_in_order() -> None:
    rules = parse_rules(
        "% first\nrule a { pattern { X [] } without { X -> Y } global { is_tree } commands { X.A = b; } }\n"
        "repeat rule b { pattern { X [] } pattern { X -> Y } optional { Y -> Z } commands { del_feat Z.A } } % end"
    )
    assert [(rule.name, rule.repeat, len(rule.commands)) for rule in rules] == [("a", False, 1), ("b", True, 1)]
    assert rules[1].pattern.names == ("X", "Y", "Z")


@pytest.mark.parametrize(
    ("commands", "error"),
    [
        ("Z.upos = X", "column 51: no node or arc is called Z; values with a point stand between quotes"),
        ("X.upos = NN.x", "column 60: no node or arc is called NN; values with a point stand between quotes"),
        ("X.upos = ", "column 61: expected a value: a word, a text between quotes, or a feature such as X"),
        ('X.upos = ""', "column 60: a value is not empty; write del_feat to delete a feature"),
        ('X.upos = "a', "column 60: the text between quotes has no end in this line"),
        ('X.form = "a\\\\n\\tb"', r'column 65: \t between quotes has no meaning; write \\ for a backslash, \"'),
        ("X.upos NOUN", "column 58: expected =, found 'NOUN'"),
        ("X.head = 3", "column 53: head cannot be set; add_edge gives heads"),
        ("X.label = 3", "column 53: a node has no label; name the arc to it, e: X -> X, and write e.label"),
        ("e.upos = X", "column 53: an arc has label, 1, 2, 3, but no upos"),
        ("del_feat X.form", "column 62: a form cannot be deleted"),
        ("add_egde X -> Y", "column 51: there is no command add_egde; did you mean add_edge?"),
        ("add_edge X -[a|b]-> Y", "column 64: a command gives one label, such as nsubj or E:nsubj"),
        ("add_edge X -[re\"a\"]-> Y", "column 64: a command gives one label, such as nsubj or E:nsubj"),
        ("add_edge X -[S:A0]-> Y", "column 64: commands change arcs of the tree and, with E:"),
        ("add_edge e: X -> Y", "column 60: e is a name already; give another"),
        ("add_edge X Y", "column 62: expected -> or -[, found 'Y'"),
        ("del_edge f", "column 60: node f: the pattern has no such name"),
        ("shift X -> Y", "column 59: expected ==> or =[, found '-'"),
        ("split X into \"a\"", "column 68: expected 2 to 100 parts, such as: split X into \"de\", Y \"le\""),
        ("split X into \"a\", Y \"b\"", "column 69: Y is a name already; give another"),
        ("split X at 0 as Z", "column 62: 0 characters are no part of a word"),
        ("split X by 0", "column 59: expected into or at"),
        ("join_sentence X -[E:a]-> *", "column 69: the label is one of the tree; the enhanced graph gets it too"),
        ("split_sentence X; join_sentence X -[a]-> *", "column 40: one rule cannot both split and join sentences"),
        ("", "column 40: a rule has 1 to 100 commands"),
        ("X.A = b X.B = c", "column 59: expected ; or }, found 'X'"),
        ("X.A = b }", "expected rule NAME"),
        ("X.A = b" + "; X.A = b" * 100, "column 40: a rule has 1 to 100 commands"),
    ],
)  # fmt: skip
def test_wrong_commands(commands: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rules(FRAME.format(commands))
    assert str(caught.value).startswith("rules, line 1, column ")
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "line 1, column 1: expected rule NAME { pattern { … } commands { … } }"),
        ("pattern { X [] }", "line 1, column 1: expected rule NAME"),
        ("repeat r {}", "line 1, column 7: expected rule behind repeat"),
        ("rule a { }", "line 1, column 10: expected pattern, with, without, optional, commands or global, and then {"),
        ("rule a { commands { } }", "line 1, column 10: expected pattern, with"),
        ("rule a {\n pattern { X [upos=} }", "line 2, column 20: expected a value, found '}'"),
        ("rule a {\n pattern { X [] }\n commands { X.A = b }", "line 3, column 22: expected }, found its end"),
        ("rule a { pattern { X [] } commands { X.A = b } }\n" * 2, "line 2, column 1: two rules have the name a"),
        ("".join(f"rule a{n} {{ pattern {{ X [] }} commands {{ X.A = b }} }}\n" for n in range(1001)), "at most 1,000"),
        ("x" * 1_000_001, "rules have at most 1,000,000 characters, not 1,000,001"),
    ],
)  # fmt: skip
def test_wrong_rules(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rules(text)
    assert error in str(caught.value)
    assert "\n" not in str(caught.value)
