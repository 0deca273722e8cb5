"""What a system that is scored gets of the gold data, and how its analyses are made fit for the scorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import regex

from depparse.document.annotations import kinds
from depparse.document.annotations.frames import PREDICATES
from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.document.exact import spaces
from depparse.document.sentence import Sentence
from depparse.text.spacing import is_visible

_SPACES = regex.compile(r"[\n\p{Zs}]+")  # what raw text is spaced with, or the scorer overlooks in forms


def bare_copies(sentences: Iterable[Sentence], *, trees: bool = False, predicates: bool = False) -> Iterator[Sentence]:
    """Copies that have forms, multiword tokens, empty nodes and comments alone; and `trees`, for what reads them, or
    frames without arguments, for what is told the `predicates`."""
    kept = {*(TREE_COLUMNS if trees else ()), *((PREDICATES,) if predicates else ())}
    for sentence in sentences:
        forms = {"FORM": list(sentence.columns["FORM"])}
        copy = Sentence(forms, sentence.comments, sentence.mwts, sentence.empty_nodes)
        for kind in kinds():
            kind.strip(copy)
            kind.restore(copy, sentence, kept)
        yield copy


def with_trees(sentences: Iterable[Sentence], *, given: bool = False) -> Iterator[Sentence]:
    """The sentences; a chain stands for the tree, which the scorer asks for, where no part predicts one.

    `given` trees are not predicted: what had them to read is not to be scored on them.
    """
    for sentence in sentences:
        for name in TREE_COLUMNS if given else ():
            sentence.columns.pop(name, None)
        if "HEAD" not in sentence.columns:
            sentence.columns["HEAD"] = [str(number) for number in range(len(sentence))]
        yield sentence


def with_hidden(sentences: Iterable[Sentence], gold: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences of gold's raw text; characters that show nothing are put back if gold has them in its tokens.

    For what is made of raw text they are spacing. For the scorer they are part of the text, and there are treebanks
    with tokens of nothing else, such as a zero-width space.
    """
    characters = {char for sentence in gold for token in sentence.tokens for char in token.text}
    if all(is_visible(char) or _SPACES.fullmatch(char) for char in characters):
        yield from sentences
        return
    for sentence in sentences:
        forms = list(sentence.columns["FORM"])
        for token in sentence.tokens:
            before, inside, after = (
                spaces(token.misc or "_", name) for name in ("SpacesBefore", "SpacesInToken", "SpacesAfter")
            )
            form = _SPACES.sub("", (before or "") + (inside or token.text) + (after or ""))
            if token.multiword is not None:
                token.multiword.cells["FORM"] = form
            else:
                forms[token.start - 1] = form
        sentence.columns["FORM"] = forms
        yield sentence
