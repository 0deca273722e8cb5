"""Tags and trees of a whole document as arrays of numbers; equal values of both files have the same number.

Values are compared as in the shared tasks (Zeman et al. 2018, section 4): relations without subtypes, and FEATS with
the universal features only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from depparse.errors import FormatError
from depparse.evaluation.segmentation import Bools, Ints, Segmentation

ROOT = -1

# The features of the CoNLL 2018 shared task: https://universaldependencies.org/conll18/evaluation.html
UNIVERSAL_FEATURES = frozenset(
    "PronType NumType Poss Reflex Foreign Abbr Gender Animacy Number Case Definite Degree VerbForm Mood Tense Aspect"
    " Voice Evident Polarity Person Polite".split()
)


def universal_relation(relation: str) -> str:
    """The relation without its subtype."""
    return relation.partition(":")[0]


def universal_feats(cell: str) -> str:
    """The FEATS cell with only the universal features, sorted."""
    return "|".join(sorted(part for part in cell.split("|") if part.partition("=")[0] in UNIVERSAL_FEATURES))


def universal_path(path: str) -> str:
    """An enhanced relation, or a path over collapsed nodes (``conj:en>obl:in``), without the subtypes of its steps."""
    return ">".join(map(universal_relation, path.split(">")))


def _same(value: str) -> str:
    return value


class Codes(dict[str, int]):
    """The numbers of cells. Cells that are equal after `normalize` have one number; each cell is normalized once."""

    def __init__(self, normalize: Callable[[str], str] = _same) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}  # by normalized value
        self._normalize = normalize

    def __missing__(self, cell: str) -> int:
        number = self.numbers.setdefault(self._normalize(cell), len(self.numbers))
        self[cell] = number
        return number

    def encode(self, cells: list[str]) -> Ints:
        """The number of each cell."""
        return np.fromiter(map(self.__getitem__, cells), np.int64, len(cells))

    def is_one_of(self, values: Iterable[str], numbers: Ints) -> Bools:
        """Whether each number stands for one of `values`."""
        return np.isin(numbers, [self.numbers[value] for value in values if value in self.numbers])

    def names(self) -> list[str]:
        """The normalized value of each number."""
        return list(self.numbers)


class Codebook:
    """The numbers of all columns, shared by the files that are compared."""

    def __init__(self) -> None:
        self.upos, self.xpos, self.lemma, self.subtyped, self.path = Codes(), Codes(), Codes(), Codes(), Codes()
        self.feats = Codes(universal_feats)
        self.relation = Codes(universal_relation)
        self.bare_path = Codes(universal_path)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The edges of the enhanced graph, except those from empty nodes: ``[i]`` is the edge i."""

    dependents: Ints
    heads: Ints  # indices of words, or ROOT
    paths: Ints  # numbers of relations or paths
    bare_paths: Ints  # those without subtypes


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """The columns of a document: ``[word]`` is the number of the value of a word."""

    upos: Ints
    xpos: Ints
    lemma: Ints
    feats: Ints  # universal features only
    relation: Ints  # without subtype
    subtyped: Ints
    heads: Ints  # indices of words in the document, or ROOT
    edges: Edges


def annotate(side: Segmentation, codes: Codebook) -> Annotation:
    """The annotation of a document. Raises FormatError unless each sentence is a tree with one root."""

    def cells(name: str) -> list[str]:
        result: list[str] = []
        for sentence in side.document:
            result += sentence.columns.get(name) or ["_"] * len(sentence)
        return result

    relations = cells("DEPREL")
    return Annotation(
        upos=codes.upos.encode(cells("UPOS")),
        xpos=codes.xpos.encode(cells("XPOS")),
        lemma=codes.lemma.encode(cells("LEMMA")),
        feats=codes.feats.encode(cells("FEATS")),
        relation=codes.relation.encode(relations),
        subtyped=codes.subtyped.encode(relations),
        heads=_heads(side, cells("HEAD")),
        edges=_edges(side, cells("DEPS"), codes),
    )


def _heads(side: Segmentation, cells: list[str]) -> Ints:
    lengths = np.diff(side.sentence_words)
    first = np.repeat(side.sentence_words[:-1], lengths)
    try:
        ids = np.fromiter(map(int, cells), np.int64, len(cells))
    except (ValueError, OverflowError):
        word = next(i for i, cell in enumerate(cells) if not _is_id(cell))
        problem = "no head" if cells[word] in ("_", "") else f"the head {cells[word]!r}"
        raise _tree_error(side, word, f"has {problem}; only complete trees are scored") from None
    outside = (ids < 0) | (ids > np.repeat(lengths, lengths))
    if outside.any():
        word = int(np.argmax(outside))
        raise _tree_error(side, word, f"has the head {ids[word]}, which is outside the sentence")
    heads = np.where(ids == 0, ROOT, first + ids - 1)
    _check_trees(side, heads, lengths)
    return heads


def _is_id(cell: str) -> bool:
    return cell.isdecimal() and len(cell) < 10


def _check_trees(side: Segmentation, heads: Ints, lengths: Ints) -> None:
    """Raises FormatError unless each sentence has one root and no cycle.

    O(n · log of the longest sentence), as all n words climb in steps of doubling length.
    """
    n = len(heads)
    reached = np.append(np.where(heads == ROOT, n, heads), n)  # n stands above all roots and above itself
    for _ in range(int(lengths.max(initial=1)).bit_length()):
        reached = reached[reached]
    in_cycle = reached[:n] != n
    if in_cycle.any():
        word = int(np.argmax(in_cycle))
        raise _tree_error(side, word, "never reaches the root: its heads form a cycle, and only trees are scored")
    roots = np.flatnonzero(heads == ROOT)
    sentences = np.searchsorted(side.sentence_words, roots, "right") - 1
    repeated = np.flatnonzero(np.diff(sentences) == 0)
    if len(repeated):
        word = int(roots[repeated[0] + 1])
        first_root = int(roots[repeated[0]]) - int(side.sentence_words[sentences[repeated[0]]]) + 1
        raise _tree_error(side, word, f"is a second root, after word {first_root}; only trees with one root are scored")


def _tree_error(side: Segmentation, word: int, message: str) -> FormatError:
    sentence = side.sentence_of(word)
    id = word - int(side.sentence_words[sentence]) + 1
    return side.error(f"word {id} ({side.forms[word]!r}) {message}", sentence, "HEAD")


def _edges(side: Segmentation, cells: list[str], codes: Codebook) -> Edges:
    dependents: list[int] = []
    heads: list[int] = []
    paths: list[str] = []
    bounds = side.sentence_words.tolist()
    for start, end in pairwise(bounds):
        for word in range(start, end):
            cell = cells[word]
            if cell == "_" or not cell:
                continue
            for part in cell.split("|"):
                head, colon, path = part.partition(":")
                if colon and _is_id(head) and (number := int(head)) <= end - start:
                    dependents.append(word)
                    heads.append(start + number - 1 if number else ROOT)
                    paths.append(path)
                elif "." not in head or not colon:  # edges from empty nodes are not scored
                    problem = f"word {word - start + 1} ({side.forms[word]!r}) has {part!r}, which is no HEAD:RELATION"
                    message = f"{problem} with a head within the sentence"
                    raise side.error(message, side.sentence_of(word), "DEPS")
    return Edges(
        np.array(dependents, np.int64),
        np.array(heads, np.int64),
        codes.path.encode(paths),
        codes.bare_path.encode(paths),
    )
