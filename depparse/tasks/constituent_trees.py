"""What all tasks that find constituents share: which trees they learn, and what they write. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from depparse.document.annotations.constituents import KIND
from depparse.document.constituents import Constituent, joined, parted
from depparse.document.sentence import Sentence
from depparse.tasks.findings import tell

WRITES = KIND.columns  # CoNLL-U has no such column: there, constituents are a MISC attribute
Tree = list[Constituent]


def tree_of(sentence: Sentence) -> Tree | None:
    """The tree of a sentence; None if the sentence has none that tasks learn.

    Such a tree has a root, a constituent of all words, and no label that joined ones would be taken for.
    """
    tree = list(KIND.read(sentence))
    has_root = bool(tree) and tree[0].start == 1 and tree[0].end == len(sentence)
    return tree if has_root and parted(joined(tree)) == tree else None


def tell_of_trees_not_learned(
    sentences: Iterable[Sentence], learned: Callable[[Sentence], object | None], reason: str
) -> list[str]:
    """Says how many sentences have constituents of which nothing is `learned`, for a `reason`."""
    refused = (
        (number, sentence, None)
        for number, sentence in enumerate(sentences, 1)
        if KIND.annotated(sentence) and learned(sentence) is None
    )
    return tell(refused, f"trees {reason} are not learned")


def write_tree(sentence: Sentence, prediction: Sequence[Constituent]) -> None:
    """Writes the constituents."""
    KIND.write(sentence, prediction)
