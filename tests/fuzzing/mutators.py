"""Mutations of bytes, of lines and cells, of JSON values and of text. All chance comes from the given generator."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

# Strings that a hasty writer gets wrong: separators of each format, white space, controls, surrogates, wide characters.
NASTY = (
    "", " ", "\t", "\n", "\r", "\r\n", "\u00a0", "\u2028", "\u0085", "\x0b", "\x00", "\x1b[31m", "\ud800",
    "\ufeff", "\u200b", "_", "#", "# text = x", "-", "--", "1-2", "2-1", "1.1", "0", "-1", "99999999999999999999",
    "1" * 5000, "|", "||", "=", "A=", "=B", "A=1|A=2", "0:root", "1:dep|1:dep", "9:x", ":", "B-", "I-PER",
    "B-PER|I-LOC", "O", "NER=B-PER", "UP:PRED=go.01", "null", "NaN", "<script>", '"', "'", "\\", "{", "[" * 50,
    "(" * 50, "é", "e\u0301", "שלום", "👩\u200d🚀", "a" * 3000, "true", "1e999", "../../x", "%s%n", "*",
)  # fmt: skip


_SCRIPTS = (0x20, 0x300, 0x600, 0x900, 0xE00, 0x3000, 0x1F300)  # beginnings of their blocks of code points


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """The data with a few bytes changed, cut out, doubled, put elsewhere or replaced by nasty strings."""
    content = bytearray(data)
    for _ in range(_few(rng)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice((1, 1, 2, 8, 64, 1024)))
        change = rng.randrange(6)
        if change == 0 and content:
            content[min(start, len(content) - 1)] = rng.randrange(256)
        elif change == 1:
            del content[start:end]
        elif change == 2:
            content[start:start] = content[start:end] * rng.choice((1, 2, 20))
        elif change == 3:
            part = content[start:end]
            del content[start:end]
            place = rng.randrange(len(content) + 1)
            content[place:place] = part
        elif change == 4:
            content[start:end] = rng.choice(NASTY).encode("utf-8", "surrogatepass")
        elif rng.random() < 0.2:
            del content[start:]
    return bytes(content)


def mutate_lines(rng: random.Random, text: str) -> str:
    """The text of a table with a few lines or cells changed."""
    lines = text.split("\n")
    for _ in range(_few(rng)):
        number = rng.randrange(len(lines))
        cells = lines[number].split("\t")
        change = rng.randrange(7)
        if change == 0:
            del lines[number]
            lines = lines or [""]
        elif change == 1:
            lines.insert(rng.randrange(len(lines) + 1), lines[number])
        elif change == 2:
            other = rng.randrange(len(lines))
            lines[number], lines[other] = lines[other], lines[number]
        elif change == 3:
            lines[number] = rng.choice(NASTY) + lines[number]
        else:
            cell = rng.randrange(len(cells))
            if change == 4:
                cells[cell] = rng.choice(NASTY)
            elif change == 5:
                cells[cell] = cells[cell] + rng.choice(("|", "=", "", ",")) + rng.choice(NASTY)
            else:
                cells.insert(cell, cells.pop(rng.randrange(len(cells))))
            lines[number] = "\t".join(cells)
    return "\n".join(lines)


def mutate_json(rng: random.Random, value: Any) -> Any:
    """The JSON value, in which one value or key, at any depth, is another."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        if rng.random() < 0.15:
            rest = {other: item for other, item in value.items() if other != key}
            return rest if rng.random() < 0.5 else rest | {rng.choice(NASTY): value[key]}
        return value | {key: mutate_json(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        number = rng.randrange(len(value))
        if rng.random() < 0.15:
            return value[:number] + value[number + 1 :] if rng.random() < 0.5 else [*value, value[number]]
        return [*value[:number], mutate_json(rng, value[number]), *value[number + 1 :]]
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.5:
        return rng.choice((0, -1, 1, value + 1, -value, 10**9, 10**30, 0.5, float("nan"), float("inf")))
    return rng.choice((None, True, False, 0, -1, 3, 2.5, "", {}, [], [[]], {"a": 1}, rng.choice(NASTY)))


def make_text(rng: random.Random, words: list[str]) -> str:
    """A text of some words, nasty strings and characters of any script."""
    makers: list[Callable[[], str]] = [
        lambda: rng.choice(words),
        lambda: rng.choice(words) + rng.choice(".,!?…。"),
        lambda: rng.choice(NASTY),
        lambda: chr(rng.randrange(0x110000)),
        lambda: "".join(chr(rng.choice(_SCRIPTS) + rng.randrange(96)) for _ in range(5)),
        lambda: rng.choice("a.-'#@/0") * rng.choice((1, 2, 300)),
    ]  # fmt: skip
    pieces = [rng.choices(makers, (8, 3, 2, 1, 2, 1))[0]() for _ in range(rng.choice((0, 1, 5, 30, 200)))]
    return "".join(piece + rng.choices((" ", "", "\n", "\n\n", "\u3000"), (8, 2, 1, 1, 1))[0] for piece in pieces)


def _few(rng: random.Random) -> int:
    return rng.choice((1, 1, 1, 2, 3, 8))
