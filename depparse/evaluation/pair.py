"""A gold document and a system's analysis of the same text, aligned once for all metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from depparse.document.document import Document
from depparse.document.words import Word
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.alignment import Alignment, align
from depparse.evaluation.annotation import Annotation, Codebook, annotate
from depparse.evaluation.segmentation import Bools, Segmentation, segment
from depparse.files import PathLike, name_of
from depparse.formats.conllu import read_conllu
from depparse.treebanks.query.search import Pattern

_Value = TypeVar("_Value")
Places = list[list[int]]  # places[sentence][word], both from 0


class Side:
    """One of the two documents, in the forms that scorers need."""

    def __init__(self, document: Document, name: str, codes: Codebook) -> None:
        self.document, self.name, self._codes = document, name, codes

    @cached_property
    def segmentation(self) -> Segmentation:
        """The tokens, words and sentences. Raises FormatError for empty sentences or forms."""
        return segment(self.document, self.name)

    @cached_property
    def annotation(self) -> Annotation:
        """The tags, trees and graphs. Raises FormatError unless each sentence is a tree with one root."""
        return annotate(self.segmentation, self._codes)

    def number_words(self) -> Places:
        """The index of each word in the whole document, from 0, by sentence."""
        places, start = [], 0
        for sentence in self.document:
            places.append(list(range(start, start + len(sentence))))
            start += len(sentence)
        return places


@dataclass(frozen=True, slots=True)
class SharedPlaces:
    """The places of the words of both documents in the gold one, by which entities and frames are compared.

    If both have the same words in the same sentences, the place of a word is its own index. Otherwise words are aligned
    as for trees. The place of a system word without a partner is below 0, so that nothing can be right there.
    """

    gold: Places
    system: Places


class Pair:
    """A gold document and a system's document of the same text. Everything is computed on first use, and then kept.

    `names` are the names by which errors call the two. With a pattern `of` words, only the gold words that it finds are
    scored: those of its only node, or of its node X if it has several. Raises ConfigError if neither is the case.
    """

    def __init__(
        self,
        gold: Document,
        system: Document,
        names: tuple[str, str] = ("gold", "system"),
        of: Pattern | None = None,
    ) -> None:
        self._of = None if of is None else (of, scored_node(of))
        self.codes = Codebook()  # shared by both sides, so that equal values have equal numbers
        self.gold = Side(gold, names[0], self.codes)
        self.system = Side(system, names[1], self.codes)
        self._kept: dict[Callable[[Pair], Any], Any] = {}

    @cached_property
    def alignment(self) -> Alignment:
        """The alignment of the words. Raises EvaluationError if the texts differ."""
        return align(self.gold.segmentation, self.system.segmentation)

    @cached_property
    def same_words(self) -> bool:
        """Whether both have the same words in the same sentences."""
        gold, system = self.gold.document, self.system.document
        return len(gold) == len(system) and all(
            a.columns["FORM"] == b.columns["FORM"] for a, b in zip(gold, system, strict=True)
        )

    @cached_property
    def places(self) -> SharedPlaces:
        """The places of the words of both. Raises EvaluationError if neither words nor texts are the same."""
        places = self.gold.number_words()
        if self.same_words:
            return SharedPlaces(places, places)
        try:
            to_gold = self.alignment.to_gold.tolist()
        except EvaluationError as error:
            problem = "neither the words nor the characters of the two files are the same"
            raise EvaluationError(f"{problem}: {error}") from None
        aligned = [[to_gold[word] for word in sentence] for sentence in self.system.number_words()]
        return SharedPlaces(places, aligned)

    @cached_property
    def scored_words(self) -> Bools | None:
        """Whether each gold word is scored; None if all are."""
        if self._of is None:
            return None
        pattern, node = self._of
        scored = np.zeros(len(self.gold.segmentation), bool)
        for sentence, places in zip(self.gold.document, self.gold.number_words(), strict=True):
            for match in pattern.matches(sentence):
                if isinstance(word := match[node], Word):
                    scored[places[word.id - 1]] = True
        return scored

    def once(self, function: Callable[[Pair], _Value]) -> _Value:
        """The result of the function for this pair, which is computed only at the first call."""
        if function not in self._kept:
            self._kept[function] = function(self)
        value: _Value = self._kept[function]
        return value


def scored_node(pattern: Pattern) -> str:
    """The name of the node whose words are scored. Raises ConfigError if it cannot be told."""
    nodes = pattern.tree.matching.nodes
    if len(nodes) > 1 and "X" not in nodes:
        raise ConfigError(f"the words of one node are scored: call it X instead of {' or '.join(nodes)} in {pattern}")
    return "X" if "X" in nodes else nodes[0]


def read_pair(gold: PathLike | Document, system: PathLike | Document) -> Pair:
    """The pair of two files or Documents. Raises FormatError if a file is broken."""
    names = _name(gold, "gold"), _name(system, "system")
    return Pair(read_strictly(gold), read_strictly(system), names)


def _name(source: PathLike | Document, default: str) -> str:
    return default if isinstance(source, Document) else name_of(source)


def read_strictly(source: PathLike | Document) -> Document:
    """The document in a file. CoNLL-U, also with an unknown ending, is read as strictly as by the official scorer."""
    if isinstance(source, Document):
        return source
    if Path(source).suffix != ".conllu":
        from depparse.formats import table as formats

        if (format := formats.guess_format(source, "conllu")) != "conllu":
            return formats.read(source, format)
    return read_conllu(source, strict=True)
