"""The search against a plain matcher: nested loops over all words, which know no order, no candidates and no views."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode, Word
from depparse.errors import DepparseError
from depparse.treebanks.query.pattern import (
    Arc,
    Choice,
    Clauses,
    Comparison,
    Condition,
    Crossing,
    Label,
    Node,
    Order,
    Term,
)
from depparse.treebanks.query.search import Pattern, id_of

FORMS, TAGS, RELATIONS = "a b c".split(), ["NOUN", "VERB", "_"], ["nsubj", "obj", "nsubj:pass", "obl:arg:x", "_"]
Place = Word | EmptyNode


# -- the plain matcher


def plain_matches(pattern: Pattern, sentence: Sentence) -> set[tuple[tuple[str, str], ...]]:
    """What each name may stand for: pairs of a name and an ID or a label."""
    tree = pattern.tree
    results = set()
    for found in assignments(tree.matching, {}, sentence):
        wanted = [any(assignments(clauses, found, sentence)) == (clauses.kind == "with") for clauses in tree.filters]
        if all(wanted):
            for whole in with_optional(list(tree.optional), found, sentence):
                results.add(tuple(sorted((name, shown(value)) for name, value in whole.items())))
    return results


def with_optional(blocks: list[Clauses], found: dict[str, Any], sentence: Sentence) -> Iterator[dict[str, Any]]:
    if not blocks:
        yield found
        return
    more = list(assignments(blocks[0], found, sentence)) or [found]
    for one in more:
        yield from with_optional(blocks[1:], one, sentence)


def shown(value: Any) -> str:
    return f"{value[2]}" if isinstance(value, tuple) else id_of(value)


def assignments(clauses: Clauses, found: dict[str, Any], sentence: Sentence) -> Iterator[dict[str, Any]]:
    """All ways to choose the new nodes and arcs."""
    arcs = [item for item in clauses.items if isinstance(item, Arc) and item.name]
    bound = {id_of(value) for name, value in found.items() if not isinstance(value, tuple) and not name.endswith("$")}
    choices = [nodes_of(sentence) if name in clauses.empty else list(sentence.words) for name in clauses.nodes]
    for chosen in product(*choices):
        nodes = dict(zip(clauses.nodes, chosen, strict=True))
        ids = [id_of(node) for name, node in nodes.items() if not name.endswith("$")]
        if len(set(ids)) < len(ids) or bound & set(ids):
            continue
        whole = {**found, **nodes}
        for edges in product(*(edges_of(sentence, arc.label.layer) for arc in arcs)):
            if len(set(edges)) < len(edges):
                continue
            named = {str(arc.name): edge for arc, edge in zip(arcs, edges, strict=True)}
            if all(holds(item, {**whole, **named}, sentence) for item in clauses.items):
                yield {**whole, **named}


def nodes_of(sentence: Sentence) -> list[Place]:
    return [*sentence.words, *sentence.empty_nodes]


def edges_of(sentence: Sentence, layer: str) -> list[tuple[str, str, str | None]]:
    """The arcs of a layer: ID of the head, ID of the dependent, label."""
    if layer == "":
        return [(str(word.head), id_of(word), word.deprel) for word in sentence.words if word.head is not None]
    if layer == "E":
        edges = []
        for node in nodes_of(sentence):
            parts = [edge.split(":", 1) for edge in (node.deps or "").split("|") if edge]
            edges += [(head, id_of(node), label) for head, label in parts]
        return list(dict.fromkeys(edges))
    return [
        (str(frame.predicate), str(argument.head), argument.role)
        for frame in sentence.frames
        for argument in frame.arguments
    ]


def holds(item: object, found: dict[str, Any], sentence: Sentence) -> bool:
    if isinstance(item, Node):
        return any(
            all(passes(test, feature(found[item.name], test.feature, sentence)) for test in tests)
            for tests in item.alternatives
        )
    if isinstance(item, Arc):
        return arc_holds(item, found, sentence)
    if isinstance(item, Order):
        left, right = place(found[item.left]), place(found[item.right])
        between = [word for word in range(1, len(sentence) + 1) if left < (word, 0) < right]
        return left < right and not (item.adjacent and between)
    if isinstance(item, Crossing):
        ends = [sorted(place_of_id(id) for id in found[name][:2]) for name in item.arcs]
        (a, b), (c, d) = ends
        return a < c < b < d or c < a < d < b
    assert isinstance(item, Comparison)
    left = term_value(item.left, found, sentence)
    if isinstance(item.right, Condition):
        return passes(item.right, left)
    right = term_value(item.right, found, sentence)
    if left is None or right is None:
        return False
    return {"=": left == right, "<>": left != right}[item.sign]


def arc_holds(arc: Arc, found: dict[str, Any], sentence: Sentence) -> bool:
    edges = [edge for edge in edges_of(sentence, arc.label.layer) if label_passes(arc.label, edge[2])]
    if arc.name:
        edges = [edge for edge in edges if edge == found[arc.name]]
    head = None if arc.head is None else id_of(found[arc.head])
    dependent = None if arc.dependent is None else id_of(found[arc.dependent])
    if not arc.path:
        return any(head in (None, edge[0]) and dependent in (None, edge[1]) for edge in edges)
    reached = {head}
    for _ in range(2 * len(sentence) + 5):
        reached |= {edge[1] for edge in edges if edge[0] in reached and edge[0] != "0"}
    steps = {edge[1] for edge in edges if edge[0] in reached}  # the start counts only if an arc leads back to it
    return dependent in steps


def label_passes(label: Label, text: str | None) -> bool:
    if label.values is not None:
        return (text is not None and in_choice(label.values, text)) is not label.negated
    parts = [] if text is None else text.split(":", 2)
    return all(passes(test, dict(enumerate(parts, 1)).get(int(test.feature))) for test in label.parts)


def in_choice(choice: Choice, text: str) -> bool:
    return text in choice.texts or any(expression.fullmatch(text) for expression in choice.expressions)


def passes(test: Condition, value: str | None) -> bool:
    if test.sign == "defined":
        return value is not None
    if test.sign == "undefined":
        return value is None
    if value is None:
        return False
    if isinstance(test.values, Choice):
        return in_choice(test.values, value) is (test.sign == "=")
    number, limit = float(value), float(str(test.values))
    return {"<": number < limit, ">": number > limit, "<=": number <= limit, ">=": number >= limit}[test.sign]


def feature(node: Place, name: str, sentence: Sentence) -> str | None:
    if name == "empty":
        return "Yes" if isinstance(node, EmptyNode) else None
    if name == "id":
        return id_of(node)
    if name == "form":
        return node.text
    if name == "deprel":
        return node.deprel if isinstance(node, Word) else None
    if name in ("lemma", "upos"):
        return getattr(node, name)
    if name == "inside":
        types = [span.type for span in sentence.ents if isinstance(node, Word) and span.start <= node.id <= span.end]
        return types[0] if types else None
    column, _, attribute = name.rpartition(":")
    for cell in (node.feats if column != "MISC" else None, node.misc if column != "FEATS" else None):
        for part in (cell or "").split("|"):
            if part.split("=")[0] == attribute:
                return part.split("=")[1]
    return None


def term_value(term: Term, found: dict[str, Any], sentence: Sentence) -> str | None:
    if len(term.names) == 2 or term.feature in ("length", "delta"):
        ends = [found[name] for name in term.names] if len(term.names) == 2 else None
        left, right = map(place, ends) if ends else map(place_of_id, found[term.names[0]][:2])
        return str(right[0] - left[0]) if term.feature == "delta" else str(abs(right[0] - left[0]))
    value = found[term.names[0]]
    if isinstance(value, tuple):
        if term.feature == "label":
            return None if value[2] is None else str(value[2])
        parts = [] if value[2] is None else value[2].split(":", 2)
        return dict(enumerate(parts, 1)).get(int(term.feature))
    return feature(value, term.feature, sentence)


def place(node: Place) -> tuple[int, int]:
    return place_of_id(id_of(node))


def place_of_id(id: str) -> tuple[int, int]:
    word, _, number = id.partition(".")
    return int(word), int(number or 0)


# -- random sentences and patterns


def random_sentence(choice: random.Random) -> Sentence:
    """Up to six words with any heads, cycles too, up to two empty nodes, a graph, roles and entities."""
    n = choice.randint(1, 6)
    nodes = [(choice.randint(0, n), 1)] if choice.random() < 0.5 else []
    if nodes and choice.random() < 0.4:
        nodes.append((nodes[0][0], 2))
    ids = [str(number) for number in range(n + 1)] + [f"{word}.{number}" for word, number in nodes]

    def deps() -> str:
        edges = {(choice.choice(ids), choice.choice(RELATIONS[:4])) for _ in range(choice.randint(0, 3))}
        return "|".join(f"{head}:{label}" for head, label in sorted(edges)) or "_"

    def misc() -> str:
        return choice.choice(["_", "Gloss=x", "Gloss=y|Number=Plur", "NER=B-PER", "NER=B-LOC|Gloss=x"])

    columns = {
        "FORM": [choice.choice(FORMS) for _ in range(n)],
        "LEMMA": [choice.choice([*FORMS, "_"]) for _ in range(n)],
        "UPOS": [choice.choice(TAGS) for _ in range(n)],
        "FEATS": [choice.choice(["_", "Number=Sing", "Case=Nom|Number=Plur"]) for _ in range(n)],
        "HEAD": [choice.choice(["_", *map(str, range(n + 1))]) for _ in range(n)],
        "DEPREL": [choice.choice(RELATIONS) for _ in range(n)],
        "DEPS": [deps() for _ in range(n)],
        "MISC": [misc() for _ in range(n)],
    }
    empty = [EmptyNode(id, {"FORM": choice.choice(FORMS), "UPOS": choice.choice(TAGS), "DEPS": deps()}) for id in nodes]
    sentence = Sentence(columns, [f"# sent_id = {choice.choice('ab')}"], (), empty)
    predicates = ["buy.01" if choice.random() < 0.4 else "_" for _ in range(n)]
    roles = [f"A0:{choice.randint(1, n)}|A1:{choice.randint(1, n)}" if sense != "_" else "_" for sense in predicates]
    sentence.columns |= {"UP:PRED": predicates, "UP:ARGHEADS": roles}
    return sentence


def random_pattern(choice: random.Random) -> str:
    """A pattern of up to three nodes, with filters and optional parts."""

    def name(names: str) -> str:
        return choice.choice(names)

    def label() -> str:
        letter = choice.choice(["", "", "E:", "S:"])
        values = ["A0", "A1"] if letter == "S:" else ["nsubj", "obj", "nsubj:pass", "obl:arg:x", 're"n.*"', "/OB.*/i"]
        kind = choice.random()
        if kind < 0.2:
            return f"{letter}*"
        if kind < 0.5:
            part = choice.choice(["1=nsubj", "1=obl|nsubj", "1<>obj", "2", "!2", "2=pass", "1=obl, 2=arg", "3=x"])
            return f"{letter}{part}"
        chosen = "|".join(letter + value for value in choice.sample(values, choice.randint(1, 2)))
        return choice.choice(["", "", "^"]) + chosen

    def tests() -> str:
        options = [
            "upos=NOUN", "upos=VERB|NOUN", "upos<>VERB", "lemma=a", 'form=re"[ab]"', "!lemma", "lemma", "Number=Plur",
            "Number<>Sing", "!Number", "Gloss=x", "deprel=nsubj|obj", "empty", "!empty", "id>2", "inside=PER",
            "MISC:Gloss=y", "FEATS:Number=Plur",
        ]  # fmt: skip
        return ", ".join(choice.sample(options, choice.randint(0, 2)))

    def arrow() -> str:
        return choice.choice(["->", f"-[{label()}]->", f"-[{label()}]->", "->>", f"-[{label()}]->>"])

    def item(names: str, arcs: list[str], new_arcs: str) -> str:
        kind = choice.random()
        if kind < 0.3:
            alternative = f" | [{tests()}]" if choice.random() < 0.2 else ""
            return f"{name(names)} [{tests()}]{alternative}"
        if kind < 0.6:
            return f"{name(names)} {arrow()} {name(names)}"
        if kind < 0.7:
            return choice.choice(
                [f"* -[{label()}]-> {name(names)}", f"{name(names)} -[{label()}]-> *", f"* -> {name(names)}"]
            )
        if kind < 0.85:
            return f"{name(names)} {choice.choice(['<', '<<', '>', '>>'])} {name(names)}"
        if len(arcs) < len(new_arcs):
            arcs.append(new_arcs[len(arcs)])
            return f"{arcs[-1]}: {name(names)} {choice.choice(['->', f'-[{label()}]->'])} {name(names)}"
        return f"{name(names)} -> {name(names)}"

    def more(names: str, arcs: list[str]) -> str:
        sign = choice.choice(["=", "<>"])
        options = [
            f"{name(names)}.form {sign} {name(names)}.lemma", f"{name(names)}.upos {sign} {name(names)}.upos",
            f"{name(names)}.lemma = {choice.choice(['a', 'a|b', '/[ab]/'])}", f"delta({name(names)},{name(names)}) > 1",
            f"length({name(names)},{name(names)}) = 1",
        ]  # fmt: skip
        if arcs:
            arc = choice.choice(arcs)
            options += [f"{arc}.label = nsubj", f"{arc}.1 <> obj", f"{arc}.length > 1", f"{arc}.delta <= 1"]
        if len(arcs) > 1:
            options += [f"{arcs[0]} >< {arcs[1]}", f"{arcs[0]}.label = {arcs[1]}.label"]
        return choice.choice(options)

    names = choice.choice(["X", "XY", "XYZ", "XY"])
    arcs: list[str] = []
    clauses = [f"{one} []" for one in names] + [item(names, arcs, "ef") for _ in range(choice.randint(0, 3))]
    clauses += [more(names, arcs) for _ in range(choice.randint(0, 1))]
    choice.shuffle(clauses)
    text = f"pattern {{ {'; '.join(clauses)} }}"
    for number, kind in enumerate(choice.choices(["with", "without", "optional"], k=choice.randint(0, 2))):
        new_arcs: list[str] = []
        inner = names + "VW"[number]
        items = [item(inner, new_arcs, "gh"[number]) for _ in range(choice.randint(1, 2))]
        if all(inner[-1] not in one for one in items):
            items.append(f"{inner[-1]} []")
        text += f" {kind} {{ {'; '.join(items)} }}"
    if choice.random() < 0.2:
        text += (
            f" global {{ {choice.choice(['sent_id = a', 'sent_id <> a', 'is_tree', 'is_not_cyclic', 'length > 3'])} }}"
        )
    if choice.random() < 0.1:
        text = text.replace("Y", "Y$")
    return text


@pytest.mark.parametrize("seed", range(4))
def test_random_patterns_find_what_nested_loops_find(seed: int) -> None:
    choice = random.Random(seed)
    compared = matched = 0
    while compared < 150:
        text = random_pattern(choice)
        try:
            pattern = Pattern(text)
        except DepparseError:  # such as an arc and its name used twice
            continue
        for _ in range(4):
            sentence = random_sentence(choice)
            if not global_holds(text, sentence):
                expected = set()
            else:
                expected = plain_matches(pattern, sentence)
            found = [found_names(match) for match in pattern.matches(sentence)]
            assert set(found) == expected, f"{text}\n{sentence.to_conllup()}"
            assert len(found) == len(set(found)) == pattern.count(sentence), text
            assert pattern.is_in(sentence) == bool(found)
            lines = sentence.to_conllu()
            if found and "S:" not in text:
                assert pattern.may_be_in(lines), f"{text}\n{lines}"
            matched += bool(found)
        compared += 1
    assert matched > 40  # so that something was compared


def found_names(match: Any) -> tuple[tuple[str, str], ...]:
    arcs = {name: f"{arc.label}" for name, arc in match.arcs.items()}
    return tuple(sorted({**match.ids, **arcs}.items()))


def global_holds(text: str, sentence: Sentence) -> bool:
    """The facts that random patterns may ask for, without the code of the package."""
    fact = text.partition("global { ")[2].removesuffix(" }")
    heads = sentence.heads
    cyclic = any(reaches(heads, word, word) for word in range(1, len(heads) + 1))
    return {
        "": True,
        "sent_id = a": sentence.sent_id == "a",
        "sent_id <> a": sentence.sent_id != "a",
        "is_tree": None not in heads and heads.count(0) == 1 and not cyclic,
        "is_not_cyclic": not cyclic,
        "length > 3": len(heads) > 3,
    }[fact]


def reaches(heads: list[int | None], word: int, goal: int) -> bool:
    node = heads[word - 1]
    for _ in heads:
        if node == goal:
            return True
        node = heads[node - 1] if node else None
    return False
