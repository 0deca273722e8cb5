"""The official scorer as an oracle, and small documents."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence

import pytest
from udtools.udeval import evaluate, load_conllu

from depparse.document.document import Document

Values = dict[str, tuple[float, float, float, float | None]]


@pytest.fixture(scope="session")
def official() -> Callable[[str, str], Values]:
    """(precision, recall, F1, aligned accuracy) of each metric by udtools for two files given as text."""

    def score(gold: str, system: str) -> Values:
        sides = [load_conllu(io.StringIO(text), name, {}) for name, text in (("gold", gold), ("system", system))]
        scores = evaluate(*sides)
        return {name: (s.precision, s.recall, s.f1, s.aligned_accuracy) for name, s in scores.items()}

    return score


@pytest.fixture(scope="session")
def trees() -> Callable[..., Document]:
    """A document of sentences written ``form/UPOS/head/deprel form/UPOS/head/deprel …``."""

    def build(*sentences: str) -> Document:
        blocks = []
        for sentence in sentences:
            rows = [word.split("/") for word in sentence.split()]
            lines = [
                f"{i}\t{form}\t{form}\t{upos}\t_\t_\t{head}\t{deprel}\t{head}:{deprel}\t_"
                for i, (form, upos, head, deprel) in enumerate(rows, 1)
            ]
            blocks.append("\n".join([*lines, "", ""]))
        return Document.from_conllu("".join(blocks))

    return build


@pytest.fixture(scope="session")
def make_conllu() -> Callable[[random.Random, str], str]:
    """A CoNLL-U file of the given characters: all that can differ between two analyses is drawn at random."""
    return lambda rng, characters: "".join(_sentence(rng, part) for part in _cut(rng, characters, (8, 8, 8, 4, 12)))


def _cut(rng: random.Random, text: str, sizes: Sequence[int]) -> list[str]:
    pieces = []
    while text:
        size = rng.choice(sizes)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def _spaced(rng: random.Random, form: str) -> str:
    """The form with a space of some kind in it, now and then."""
    if rng.random() < 0.9:
        return form
    place = rng.randint(0, len(form))
    return form[:place] + rng.choice(" \u00a0\u2009\u3000") + form[place:]


def _sentence(rng: random.Random, characters: str) -> str:
    tokens: list[tuple[str, list[str] | None]] = []
    for form in _cut(rng, characters, (1, 1, 1, 1, 2, 3)):
        pieces = [rng.choice(["a", "b", "A", "ab", "c", "b c"]) for _ in range(rng.randint(1, 3))]
        tokens.append((_spaced(rng, form), pieces if rng.random() < 0.35 else None))
    length = sum(1 if words is None else len(words) for _, words in tokens)
    heads = _tree(rng, length)
    nodes = {place: rng.randint(1, 2) for place in range(length + 1) if rng.random() < 0.1}
    ids = [*map(str, range(length + 1)), *(f"{w}.{k + 1}" for w, n in nodes.items() for k in range(n))]
    lines, word = ["# text = whatever"], 0
    lines += [f"0.{k + 1}\tE" + "\t_" * 8 for k in range(nodes.get(0, 0))]
    for form, words in tokens:
        if words is not None:
            lines.append(f"{word + 1}-{word + len(words)}\t{form}" + "\t_" * 8)
        for text in words or [form]:
            word += 1
            lines.append("\t".join([str(word), text, *_columns(rng, heads[word - 1], ids), "_"]))
            lines += [f"{word}.{k + 1}\tE" + "\t_" * 8 for k in range(nodes.get(word, 0))]
    return "\n".join([*lines, "", ""])


def _tree(rng: random.Random, length: int) -> list[int]:
    """Mostly a chain from the first word, so that two analyses agree often; sometimes anything."""
    order = list(range(1, length + 1))
    if rng.random() < 0.3:
        rng.shuffle(order)
    heads = [0] * length
    for place, word in enumerate(order[1:], 1):
        heads[word - 1] = rng.choice(order[:place][-2:])
    return heads


def _columns(rng: random.Random, head: int, ids: Sequence[str]) -> list[str]:
    relations = ["nsubj", "nsubj", "nsubj:pass", "det", "aux:pass", "aux", "punct", "strange", "_"]
    deps = [
        f"{rng.choice(ids)}:{rng.choice(['obl', 'obl:in', 'conj:en>obl', 'conj>obl:in', 'nsubj', ''])}"
        for _ in range(rng.choice([0, 1, 1, 2, 4]))
    ]
    feats = [
        *["_"] * 5,
        "Case=Nom",
        "Case=Nom|Foo=Bar",
        "Foo=Bar|Case=Nom",
        "Number=Sing|Case=Nom",
        "Case=Nom|Number=Sing",
        "Case",
        "Foo=Bar",
    ]
    return [
        rng.choice(["a", "b", "_"]),
        rng.choice(["NOUN", "NOUN", "NOUN", "VERB", "PUNCT", "_"]),
        rng.choice(["x", "_"]),
        rng.choice(feats),
        str(head),
        rng.choice(relations),
        "|".join(deps) or "_",
    ]
