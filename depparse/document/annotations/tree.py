"""The basic tree: the columns HEAD and DEPREL."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from depparse.document.annotations.kind import CheckedFile, Code, ColumnKind
from depparse.document.trees import find_cycle
from depparse.errors import DepparseError

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence

TREE_COLUMNS = ("HEAD", "DEPREL")
HEAD_PROBABILITY, LABEL_PROBABILITY = "HeadProb", "LabelProb"  # attributes of MISC
RANK, LOG_PROBABILITY = "tree_rank", "tree_log_probability"  # comments of the k best trees
_CODES = {
    "no-root": Code(
        "error", "sentences", "no word has head 0: this is no tree, and the official scorer refuses it",
        "correct the heads", 2,
    ),
    "several-roots": Code(
        "error", "sentences",
        "several words have head 0: UD trees have one root, and the official scorer refuses this",
        "correct the heads", 2,
    ),
    "cycle": Code(
        "error", "sentences", "heads form a cycle: this is no tree, and the official scorer refuses it",
        "correct the heads", 2,
    ),
    "root-relation": Code(
        "warning", "words", "head 0 but another relation than root: models that tie the two never get them right",
        "make the relation root", 3,
    ),
    "root-elsewhere": Code(
        "warning", "words", "relation root but another head than 0: models that tie the two never get them right",
        "correct the head or the relation", 3,
    ),
    "nonprojective": Code(
        "note", "sentences", "non-projective trees ({examples}): a projective decoder gets none of them right",
        "use the non-projective decoder",
    ),
}  # fmt: skip


class TreeKind(ColumnKind):
    """Trees. The parser gets the kept heads and relations (`kept_arcs`), as they constrain the rest of the tree."""

    name = "tree"
    columns = keep = TREE_COLUMNS
    blanks = frozenset(columns)
    probabilities = (HEAD_PROBABILITY, LABEL_PROBABILITY)
    codes = _CODES

    def clear_probabilities(self, sentence: Sentence) -> None:
        """Removes the probabilities, and what says which of the best trees this is."""
        super().clear_probabilities(sentence)
        for name in (RANK, LOG_PROBABILITY):
            if sentence.comment(name) is not None:
                sentence.set_comment(name, None)

    def _checked(self, value: Any, sentence: Sentence) -> list[list[str]]:
        heads, relations = super()._checked(value, sentence)
        for word, head in enumerate(heads, 1):
            if head != "_" and not (head.isascii() and head.isdigit() and str(int(head)) == head):
                raise DepparseError(f"the head of word {word} is the number of a word, 0 or _, not {head!r}")
            if head != "_" and int(head) > len(sentence):
                raise DepparseError(f"word {word} has the head {head}, but the sentence has {len(sentence)} words")
        return [heads, relations]

    def checker(self, file: CheckedFile) -> TreeChecker:
        """A checker of the trees in the file."""
        return TreeChecker(file)


class KeptArcs(NamedTuple):
    """The heads and relations of a tree that kept columns have."""

    heads: list[tuple[int, int]]  # (word, its head); words count from 1
    relations: dict[int, str]  # by word


def kept_arcs(sentence: Sentence, kept: Collection[str]) -> KeptArcs:
    """The heads and relations that the sentence has in `kept` columns."""
    heads = sentence.heads if "HEAD" in kept else ()
    relations = sentence.columns.get("DEPREL", ()) if "DEPREL" in kept else ()
    return KeptArcs(
        [(word, head) for word, head in enumerate(heads, 1) if head is not None],
        {word: relation for word, relation in enumerate(relations, 1) if relation != "_"},
    )


class TreeChecker:
    """Finds annotation that is no tree, and tells how many trees are non-projective."""

    def __init__(self, file: CheckedFile) -> None:
        self.file = file

    def check(self, sentence: Sentence) -> None:
        """Finds wrong roots and cycles in a sentence."""
        file, heads = self.file, sentence.heads
        roots = [word for word, head in enumerate(heads, 1) if head == 0]
        relations = sentence.columns.get("DEPREL", [])
        if len(roots) > 1:
            file.find("several-roots", file.place(sentence, roots[1]))
        if not roots and None not in heads:
            file.find("no-root", file.place())
        if cycle := find_cycle(heads):
            file.find("cycle", file.place(sentence, cycle[0]))
        for word, (head, relation) in enumerate(zip(heads, relations, strict=False), 1):
            if (head == 0) != (relation.partition(":")[0] == "root") and head is not None and relation != "_":
                file.find("root-relation" if head == 0 else "root-elsewhere", file.place(sentence, word))

    def finish(self) -> None:
        """Tells the share of non-projective trees."""
        counts = self.file.statistics
        if counts.nonprojective:
            share = 100 * counts.nonprojective / counts.trees
            self.file.find("nonprojective", "", f"{self.file.split} {share:.1f} %", counts.nonprojective)


KIND = TreeKind()
