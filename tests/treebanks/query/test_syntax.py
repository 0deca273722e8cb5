"""Patterns from text: what they say, and one line about each mistake."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.formats.conllu import parse_conllu, read_conllu
from depparse.treebanks.query.names import parse
from depparse.treebanks.query.pattern import Arc, Node
from depparse.treebanks.query.search import Key, Pattern, parse_pattern
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```text\n(pattern .*?)^```", PAGE, re.M | re.S)
SENTENCE = """\
# sent_id = s1
# text = Ann's "big|ideas" won't
1-2\tAnn's\t_\t_\t_\t_\t_\t_\t_\t_
1\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing|Number[psor]=Plur\t4\tnmod:poss\t4:nmod:poss\tGloss=A
2\t's\t's\tPART\tPOS\t_\t1\tcase\t1:case\t_
3\tbig\tbig\tADJ\tJJ\t_\t4\tamod\t4:amod\tLonely
4\tideas\tidea\tNOUN\tNNS\tNumber=Plur\t0\troot\t0:root|4.1:nsubj\t_
4.1\t_\tgo\tVERB\t_\t_\t_\t_\t4:conj\t_
5\two\twill\tAUX\tMD\tVerbForm=Fin\t4\taux\t4:aux\tNumber=Sing
6\t_\t_\tSYM\t_\t_\t4\tdep\t4:dep\t_

"""


@pytest.fixture
def doc() -> Document:
    return Document(parse_conllu(SENTENCE))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("pattern { X [] }", "1 2 3 4 5 6"),
        ("pattern { X [!empty] }", "1 2 3 4 5 6"),
        ("pattern { X [empty] }", "4.1"),
        ("pattern { X -[E:conj]-> Y }", "4"),
        ("pattern { Y [upos=VERB] }", ""),  # an empty node is no word
        ("pattern { X -[E:nsubj]-> Y; Y [upos=NOUN] }", "4.1"),
        ("pattern { X [Number=Sing] }", "1 5"),
        ("pattern { X [FEATS:Number=Sing] }", "1"),
        ("pattern { X [MISC:Number=Sing] }", "5"),
        ("pattern { X [Number[psor]=Plur] }", "1"),
        ("pattern { X [Lonely] }", "3"),
        ("pattern { X [!Gloss, !upos] }", ""),
        ('pattern { X [mwt="Ann\'s"] }', "1 2"),
        ("pattern { X [lemma=_] }", "6"),  # of a word whose form is an underscore
        ('pattern { X [form=re"i.*"|big] }', "3 4"),
        ("pattern { X [form=/B.G/i] }", "3"),
        ("pattern { X [form=/B.G/] }", ""),
        ("pattern { X [form=/i/] }", ""),  # the whole value has to match
        ("pattern { X [id >= 5] }", "5 6"),
        ("pattern { X [id < 2, id = 1] }", "1"),
        ("pattern { X [upos=ADJ] | [upos=AUX, VerbForm=Fin] }", "3 5"),
        ("pattern { X [deprel<>root|aux|case] }", "1 3 6"),
        ("pattern { * -[root]-> X }", "4"),
        ("pattern { * -> X }", "1 2 3 4 5 6"),
        ("pattern { X -[1=nmod]-> * }", "4"),
        ("pattern { X -> * }", "1 4"),
        ("pattern { Y -[1=nmod, 2=poss, !3]-> X }", "1"),
        ("pattern { Y -[^case|aux|dep]-> X }", "1 3"),
        ("pattern { Y -[2]-> X }", "1"),
        ("pattern { Y [form=ideas]; Y ->> X }", "1 2 3 5 6"),
        ("pattern { Y [form=ideas]; Y -[1=nmod]->> X }", "1"),
        ("pattern { X < Y; Y [form=ideas] }", "3"),
        ("pattern { X > Y; Y [form=ideas] }", "5"),
        ("pattern { X < Y; Y [empty] }", "4"),
        ("pattern { X > Y; Y [empty] }", "5"),
        ("pattern { X >> Y; Y [form=big] }", "4 5 6"),
        ("pattern { Y [form=big]; X []; delta(Y,X) = -2 }", "1"),
        ("pattern { Y [form=big]; X []; length(X,Y) = 2 }", "1 5"),
        ("pattern { Y [form=big]; X []; length(X,Y) <> 2 }", "2 4 6"),
        ('pattern { X [] ; X.form = "big" }', "3"),
        ("pattern { X []; X.form = X.lemma }", "1 2 3 6"),
        ("pattern { e: Y -> X; e.1 = nmod }", "1"),
        ("pattern { X [upos=PROPN]; X$ [upos=PROPN] }", "1"),
        ("pattern { X [] } global { sent_id = s2 }", ""),
        ('pattern { X [form=big] } global { sent_id = re"s."; text; !translit; length = 6; is_tree }', "3"),
        ("pattern { X [form=big] } % global { is_cyclic }", "3"),
        ("pattern { X [form=big] } pattern { X -> Y }", ""),
        ("with { X -[case]-> * } pattern { X [] }", "1"),
        ("pattern { X [] } without { X [upos=NOUN] } without { X [upos=AUX] } without { Y -> X }", ""),
    ],
)
def test_a_pattern_finds(pattern: str, found: str, doc: Document) -> None:
    ids = sorted({match.ids["X"] for match in doc.query(pattern)}, key=float)
    assert " ".join(ids) == found


def test_without_words_a_pattern_is_about_sentences(doc: Document) -> None:
    assert len(doc.query("global { is_tree }")) == 1
    assert len(doc.query("pattern { } global { is_not_projective }")) == 0
    assert doc.query("global { is_tree }")[0].nodes == {}


def test_the_tree_of_a_pattern_can_be_read(doc: Document) -> None:
    pattern = Pattern("pattern { V [upos=VERB]; e: V -[E:1=obj]-> O } optional { O -> D }")
    node, arc = pattern.tree.matching.items
    assert isinstance(node, Node)
    assert isinstance(arc, Arc)
    assert (node.alternatives[0][0].feature, arc.name, arc.label.layer) == ("upos", "e", "E")
    assert pattern.names == ("V", "O", "D", "e")
    assert parse_pattern(pattern) is pattern
    assert str(pattern).startswith("pattern { V")
    assert doc.query(pattern) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1: expected pattern, with, without, optional or global, and then {, found its end"),
        (
            "X [upos=VERB]",
            "line 1, column 1: expected pattern, with, without, optional or global, and then {, found 'X'",
        ),
        ("pattern X []", "line 1, column 9: expected {, found 'X'"),
        ("pattern { X [upos=VERB }", "column 24: expected ] or ,, found '}'"),
        (
            "pattern {\n X [];\n  Y ]\n}",
            "line 3, column 5: expected one of [ . : -> ->> -[ < << > >> >< behind Y",
        ),
        ("pattern { X [upos=] }", "column 19: expected a value, found ']'"),
        ('pattern { X [form="a] }', "column 19: the text between quotes has no end in this line"),
        (r'pattern { X [form="a\nb"] }', r"column 21: \n between quotes has no meaning; write \\ for a backslash"),
        (r'global { "a\b" }', r"column 12: \b between quotes has no meaning"),
        ('pattern { X [form=re"a(b"] }', "column 19: the regular expression is broken: missing )"),
        ("pattern { X [label=a] }", "column 14: a node has no label; write deprel, or a label in an arc"),
        ("pattern { X [id<a] }", "column 17: expected a number behind <, found 'a'"),
        ("pattern { X -[nsubj-> Y }", "expected ]-> behind the label, or | and another label"),
        ("pattern { X -[Q:nsubj]-> Y }", "column 15: before a label stands E: (enhanced graph), S: (semantic roles)"),
        (
            "pattern { X -[E:nsubj|obj]-> Y }",
            "column 23: all labels of an arc have the same letter before them, here E",
        ),
        ("pattern { X -[^*]-> Y }", "no arc has none of all labels"),
        ("pattern { X -[root]-> Y }", "column 11: no word is the head of a root; write * -[root]-> Y"),
        ("pattern { e: X -> * }", "* is one end of an arc without a name"),
        ("pattern { e: * -> X }", "an arc with a name joins two nodes with names, not *"),
        ("pattern { * -> * }", "* is one end of an arc without a name"),
        ("pattern { e: X ->> Y }", "->> may be several arcs, so it has no name"),
        ("pattern { e: X -> Y; e: Y -> Z }", "column 22: two arcs have the name e"),
        ("pattern { e: e -> X }", "e is the name of both a node and an arc"),
        ("pattern { X []; Xs.lemma = a }", "column 17: no node or arc is called Xs; did you mean X?"),
        ("pattern { X [] } without { X -> Y; Z.form = a }", "no node or arc is called Z"),
        ("pattern { e: X -> Y; e.lemma = a }", "an arc has label, 1, 2, 3, length, delta, but no lemma"),
        ("pattern { X []; X.label = a }", "a node has no label; name the arc to it"),
        ("pattern { X []; delta(X,Y) = 1 }", "no node is called Y"),
        ("pattern { X -> Y; X >< Y }", "no arc is called X; name one: X: X -> Y"),
        ("pattern { X [] } optional { X -> Y } without { Y -> X }", "Y is the name of an optional part too"),
        ("pattern { X [] } global { is_nice }", "there is no is_nice; there are is_ and is_not_ with projective"),
        ("pattern { X [] ", "expected ; or }, found its end"),
        ("pattern { } " * 101, "a pattern has at most 100 blocks, and as many names"),
        ("pattern { " + "; ".join(f"X{i} < X{i + 1}" for i in range(100)) + " }", "a pattern has at most 100 blocks"),
        ("pattern { X.form < b }", "expected a number or a feature behind <"),
        ("pattern { X [] } " + " " * 100_000, "a pattern has at most 100,000 characters"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_pattern(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_no_pattern() -> None:
    with pytest.raises(ConfigError, match="a pattern is text"):
        parse_pattern(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key", ["", "X", "X.", "Z.form", "e.form", "delta(X)", "{ X << }", "{ Z.a = b }", "X.form Y", "{ X -> D }"]
)
def test_a_wrong_key_is_one_line_with_its_place(key: str) -> None:
    with pytest.raises(ConfigError, match=r"^key, line 1, column \d+: "):
        Key(Pattern("pattern { e: X -> Y } optional { Y -> D }"), key)


def mutated(text: str, choice: random.Random) -> str:
    """The text with a few characters removed, doubled, moved or replaced."""
    for _ in range(choice.randint(1, 4)):
        at = choice.randrange(len(text) + 1)
        other = choice.randrange(len(text) + 1)
        piece = choice.choice([text[other : other + 4], choice.choice('[]{}()|;:.,<>=-^*"/%$ \n\\éE1'), ""])
        text = text[:at] + piece + text[at + choice.randint(0, 3) :]
    return text


def test_changed_patterns_never_crash(samples: Path, doc: Document) -> None:
    sentences = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-test.conllu").sentences[3:6]
    choice = random.Random(1)
    read = 0
    for text in EXAMPLES * 100:
        changed, pattern = mutated(text, choice), None
        try:
            pattern = Pattern(changed)
        except ConfigError as error:
            message = str(error)
        if pattern is None:
            assert re.match(r"pattern, line \d+, column \d+: ", message), message
            continue
        read += 1
        for sentence in (*sentences, *doc):
            found = [match.ids for match in pattern.matches(sentence)]
            assert pattern.may_be_in(sentence.to_conllu()) or not found
    assert read > 100


def test_patterns_of_the_page_are_read() -> None:
    assert len(EXAMPLES) == 21
    for text in EXAMPLES:
        assert parse(text).matching.items
