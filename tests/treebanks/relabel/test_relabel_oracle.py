"""Rules on random trees against a plain matcher and plain dictionaries: search anew after each change, then go on."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.treebanks.relabel.documents import relabel

Tree = dict[int, tuple[int, str, str]]  # by ID: head, relation, tag
RELATIONS, TAGS = ("a", "b", "c"), ("X", "Y")


def random_tree(rng: random.Random) -> Tree:
    order = list(range(1, rng.randint(3, 7)))
    rng.shuffle(order)
    return {
        word: (
            rng.choice(order[:number]) if number else 0,
            rng.choice(RELATIONS) if number else "root",
            rng.choice(TAGS),
        )
        for number, word in enumerate(order)
    }


def sentence_of(tree: Tree) -> Sentence:
    rows = [tree[word] for word in sorted(tree)]
    columns = {"FORM": [f"w{word}" for word in sorted(tree)], "UPOS": [tag for _, _, tag in rows]}
    columns |= {"HEAD": [str(head) for head, _, _ in rows], "DEPREL": [label for _, label, _ in rows]}
    return Sentence(columns)


def plain_matches(tree: Tree, first: str, second: str, tag: str) -> list[tuple[int, int, int]]:
    """All (x, y, z) with x above y by the first relation, and y above z by the second, where x has the tag."""
    return [
        (x, y, z)
        for x, y, z in permutations(sorted(tree), 3)
        if tree[y][:2] == (x, first) and tree[z][:2] == (y, second) and tree[x][2] == tag
    ]


def has_cycle(tree: Tree) -> bool:
    for word in tree:
        above, seen = word, set()
        while above and above not in seen:
            seen.add(above)
            above = tree[above][0]
        if above:
            return True
    return False


@pytest.mark.parametrize("seed", range(60))
def test_random_rules_on_random_trees(seed: int) -> None:
    rng = random.Random(seed)
    tree = random_tree(rng)
    first, second, label, tag = rng.choice(RELATIONS), rng.choice(RELATIONS), rng.choice(RELATIONS), rng.choice(TAGS)
    kind = seed % 4
    commands = ["add_edge X -> Z", f"e.label = {label}", "Z.upos = X; X.upos = Y", f"add_edge Z -[{label}]-> X"][kind]
    rule = (
        f"rule r {{ pattern {{ X [upos={tag}]; X -[{first}]-> Y; e: Y -[{second}]-> Z }} commands {{ {commands} }} }}"
    )
    result = relabel(Document([sentence_of(tree)]), rule).document[0]
    # The order of matches is that of the search; so any order of the plain matches has to be allowed.
    matches = plain_matches(tree, first, second, tag)
    outcomes = []
    for order in permutations(matches[:5]):
        changed = dict(tree)
        for x, y, z in order:
            if (x, y, z) not in plain_matches(changed, first, second, tag):
                continue
            (hx, lx, _), (hz, lz, tz) = changed[x], changed[z]
            trial = changed | {
                0: {z: (x, lz, tz)}, 1: {z: (hz, label, tz)}, 2: {z: (hz, lz, "X"), x: (hx, lx, "Y")},
                3: {x: (z, label, changed[x][2])},
            }[kind]  # fmt: skip
            changed = changed if has_cycle(trial) else trial
        outcomes.append([changed[word] for word in sorted(changed)])
    found = list(zip(result.heads, result.columns["DEPREL"], result.columns["UPOS"], strict=True))
    assert found in outcomes or len(matches) > 5
