"""Sentences with pronouns, in the format of the package `depparse_references`: names tell who *she* and *he* are."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

_SHE, _HE = ("Anna", "Mary", "Ruth"), ("Bob", "John", "Karl")
_VERBS = ("slept", "left", "laughed", "sang")
# Each row is a word: form, UPOS, HEAD and DEPREL. {first}, {second} and {own} are names, {who} is a pronoun.
_MEETING = (
    "{first} PROPN 2 nsubj", "met VERB 0 root", "{second} PROPN 2 obj", "before SCONJ 6 mark", "{who} PRON 6 nsubj",
    "{verb} VERB 2 advcl", ". PUNCT 2 punct",
)  # fmt: skip
_SAYING = (
    "{own} PROPN 2 nsubj", "said VERB 0 root", "that SCONJ 5 mark", "{who} PRON 5 nsubj", "{verb} VERB 2 ccomp",
    ". PUNCT 2 punct",
)  # fmt: skip
_ALONE = ("{own} PROPN 2 nsubj", "{verb} VERB 0 root", ". PUNCT 2 punct")


def write_data(folder: Path) -> None:
    """Writes ``train.refs``, ``dev.refs`` and ``test.refs``: 100, 25 and 25 sentences."""
    cases = list(product((_SAYING, _MEETING, _MEETING, _ALONE), (True, False), _SHE, _HE, ("she", "he"), _VERBS))
    random.Random(1).shuffle(cases)
    for name, begin, end in (("train", 0, 100), ("dev", 100, 125), ("test", 125, 150)):
        text = "".join(_block(f"{name}-{number}", *case) for number, case in enumerate(cases[begin:end], 1))
        (folder / f"{name}.refs").write_text(text, encoding="utf-8")


def _block(sent_id: str, pattern: tuple[str, ...], turned: bool, she: str, he: str, who: str, verb: str) -> str:
    own = she if who == "she" else he
    first, second = (he, she) if turned else (she, he)
    rows = [row.format(first=first, second=second, own=own, who=who, verb=verb).split() for row in pattern]
    antecedent = [row[0] for row in rows].index(own) + 1
    lines = [f"# sent_id = {sent_id}"]
    for row in rows:
        entity = "B-PER" if row[1] == "PROPN" else "O"
        lines.append("\t".join([*row, entity, str(antecedent) if row[0] == who else "_"]))
    return "\n".join([*lines, "", ""])
