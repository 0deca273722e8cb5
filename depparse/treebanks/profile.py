"""What papers tell of a treebank: the shape of its trees, valency frames, multiword tokens, vocabulary, label counts.

A sentence counts as a tree if every HEAD is annotated and there is no cycle. The length of a dependency is the distance
from the head to the dependent in words, 1 for neighbours; arcs from the root have none. Depth is the number of arcs on
the longest way down from the root word, 0 for a single word; arity is the number of dependents of a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from depparse.document.sentence import Sentence
from depparse.document.trees import find_cycle, nonprojective_arcs
from depparse.errors import ConfigError, did_you_mean

WINDOW = 1000  # words of a window of the standardized type-token ratio
_FRAME = re.compile(r"(nsubj|csubj|obj|iobj|ccomp|xcomp|obl|expl)(:|$)")  # relations that valency frames have


@dataclass(slots=True)
class Arcs:
    """Counts over the dependencies with one relation; those from the root have no length and no direction."""

    words: int = 0
    measured: int = 0  # words whose head is not the root
    length: int = 0  # sum over the measured ones
    head_first: int = 0  # measured ones whose head stands before them
    nonprojective: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The counts for JSON, with the mean length and shares as fractions of 1; None where nothing was measured."""
        return {
            "words": self.words,
            "mean_length": _ratio(self.length, self.measured),
            "head_first": _ratio(self.head_first, self.measured),
            "nonprojective": self.nonprojective,
            "nonprojective_share": _ratio(self.nonprojective, self.words),
        }


@dataclass(slots=True)
class Shape:
    """Sums over the trees with the same number of words."""

    trees: int = 0
    length: int = 0  # of all dependencies
    depth: int = 0
    nonprojective: int = 0  # trees with a non-projective arc


@dataclass(slots=True)
class Profile:
    """The profile of sentences, counted in one pass. Relations in `without` are left out of all that is told of trees
    but their depth: `nmod` with its subtypes, `nmod:poss` alone."""

    without: Collection[str] = ()
    relations: dict[str, Arcs] = field(default_factory=dict)
    by_length: dict[int, Shape] = field(default_factory=dict)  # by the number of words of the sentence
    arity: Counter[int] = field(default_factory=Counter)
    left: int = 0  # dependents that stand before their heads
    right: int = 0
    frames: Counter[tuple[str, str]] = field(default_factory=Counter)  # verbs by lemma and frame
    multiword: Counter[tuple[str, str]] = field(default_factory=Counter)  # by form and by words, both in lower case
    types: Counter[str] = field(default_factory=Counter)  # forms in lower case, of words that are no PUNCT
    lemmas: Counter[str] = field(default_factory=Counter)
    ratios: list[float] = field(default_factory=list)  # types / words of each whole window
    deprels: set[str] = field(default_factory=set)  # all relations of all sentences
    _window: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, sentences: Iterable[Sentence], without: Collection[str] = ()) -> Profile:
        """The profile of sentences. Raises ConfigError for a name in `without` that none of their relations has."""
        profile = cls(without)
        for sentence in sentences:
            profile.add(sentence)
        names = sorted((profile.deprels | set(map(_main, profile.deprels))) - {"_"})
        for name in without:
            if name not in names:
                message = f"without {name}: no relation of the data has this name"
                raise ConfigError(f"{message}; {did_you_mean(name, names)}" if names else message)
        return profile

    def add(self, sentence: Sentence) -> None:
        """Counts one more sentence."""
        forms = [form.lower() for form in sentence.columns["FORM"]]
        upos = sentence.columns.get("UPOS") or ["_"] * len(forms)
        lemmas = sentence.columns.get("LEMMA") or ["_"] * len(forms)
        self.deprels.update(sentence.columns.get("DEPREL", ()))
        for mwt in sentence.mwts:
            words = " ".join(forms[mwt.start - 1 : mwt.end])
            self.multiword[mwt.cells.get("FORM", "_").lower(), words] += 1
        for form, tag, lemma in zip(forms, upos, lemmas, strict=True):
            if tag != "PUNCT":
                self.types[form] += 1
                if lemma != "_" or form == "_":
                    self.lemmas[lemma] += 1
                self._window.append(form)
                if len(self._window) == WINDOW:
                    self.ratios.append(len(set(self._window)) / WINDOW)
                    self._window.clear()
        if forms and "_" not in sentence.columns.get("HEAD", "_"):
            heads = [int(head) for head in sentence.columns["HEAD"]]
            if not find_cycle(heads):
                self._add_tree(heads, upos, lemmas, sentence)

    def _add_tree(self, heads: list[int], upos: list[str], lemmas: list[str], sentence: Sentence) -> None:
        relations = sentence.columns.get("DEPREL") or ["_"] * len(heads)
        kept = [r not in self.without and _main(r) not in self.without for r in relations]
        crossing = {word for _, word in nonprojective_arcs(heads) if kept[word - 1]}
        shape = self.by_length.setdefault(len(heads), Shape())
        shape.trees += 1
        shape.depth += _depth(heads)
        shape.nonprojective += bool(crossing)
        arity = [0] * (len(heads) + 1)
        dependents: dict[int, list[tuple[int, str]]] = {}
        for word, (head, relation, is_kept) in enumerate(zip(heads, relations, kept, strict=True), 1):
            if not is_kept:
                continue
            arcs = self.relations.setdefault(relation, Arcs())
            arcs.words += 1
            arcs.nonprojective += word in crossing
            if not head:
                continue
            arcs.measured += 1
            arcs.length += abs(word - head)
            arcs.head_first += head < word
            shape.length += abs(word - head)
            self.right += head < word
            self.left += word < head
            arity[head] += 1
            if _FRAME.match(relation):
                dependents.setdefault(head, []).append((word, relation))
        self.arity.update(number for number, is_kept in zip(arity[1:], kept, strict=True) if is_kept)
        for word, (tag, lemma) in enumerate(zip(upos, lemmas, strict=True), 1):
            if tag == "VERB":
                frame = sorted([(word, "V"), *dependents.get(word, ())])
                self.frames[lemma, " ".join(name for _, name in frame)] += 1

    @property
    def mean_length(self) -> float | None:
        """The mean length of dependencies; None without any."""
        return _ratio(sum(shape.length for shape in self.by_length.values()), self.left + self.right)

    @property
    def mean_depth(self) -> float | None:
        """The mean depth of trees; None without any."""
        trees = sum(shape.trees for shape in self.by_length.values())
        return _ratio(sum(shape.depth for shape in self.by_length.values()), trees)

    @property
    def mean_arity(self) -> float | None:
        """The mean number of dependents of the words that have any; None without any."""
        inner = self.arity.total() - self.arity[0]
        return _ratio(sum(number * count for number, count in self.arity.items()), inner)

    @property
    def type_token_ratio(self) -> float | None:
        """The share of types among the words."""
        return _ratio(len(self.types), self.types.total())

    @property
    def standardized_ratio(self) -> float | None:
        """The mean type-token ratio of whole windows of 1,000 words; None if there are fewer words."""
        return sum(self.ratios) / len(self.ratios) if self.ratios else None

    def to_dict(self) -> dict[str, Any]:
        """All counts for JSON, the most frequent first; shares are fractions of 1."""
        shapes = sorted(self.by_length.items())
        return {
            "without": sorted(self.without),
            "mean_dependency_length": self.mean_length,
            "mean_depth": self.mean_depth,
            "mean_arity": self.mean_arity,
            "dependents_left": self.left,
            "dependents_right": self.right,
            "arity": {str(number): count for number, count in sorted(self.arity.items())},
            "words": self.types.total(),
            "types": len(self.types),
            "lemmas": len(self.lemmas),
            "hapaxes": sum(count == 1 for count in self.types.values()),
            "type_token_ratio": self.type_token_ratio,
            "standardized_type_token_ratio": self.standardized_ratio,
            "relations": {name: arcs.to_dict() for name, arcs in self.sorted_relations()},
            "by_sentence_length": [
                {
                    "words": words,
                    "trees": shape.trees,
                    "mean_dependency_length_sum": shape.length / shape.trees,
                    "mean_depth": shape.depth / shape.trees,
                    "nonprojective_trees": shape.nonprojective,
                }
                for words, shape in shapes
            ],
            "frames": [{"lemma": v, "frame": f, "count": n} for (v, f), n in self.frames.most_common()],
            "multiword_tokens": [{"form": t, "words": w, "count": n} for (t, w), n in self.multiword.most_common()],
        }

    def sorted_relations(self) -> list[tuple[str, Arcs]]:
        """The relations with their counts, the most frequent first."""
        return sorted(self.relations.items(), key=lambda item: (-item[1].words, item[0]))


@dataclass(slots=True)
class Labels:
    """How many words have each label of a column. The labels of FEATS are single features, such as ``Case=Nom``."""

    column: str
    counts: Counter[str]
    words: int  # what shares are of: the annotated words; of FEATS, all words, since many rightly have no feature

    @classmethod
    def of(cls, sentences: Iterable[Sentence], column: str) -> Labels:
        """The labels of sentences."""
        cells: Counter[str] = Counter()
        words = 0
        for sentence in sentences:
            forms = sentence.columns["FORM"]
            words += len(forms)
            of_forms = zip(sentence.columns.get(column) or ["_"] * len(forms), forms, strict=True)
            cells.update(
                cell for cell, form in of_forms if cell != "_" or (form == "_" and column in ("FORM", "LEMMA"))
            )
        if column != "FEATS":
            return cls(column, cells, cells.total())
        counts: Counter[str] = Counter()
        for cell, number in cells.items():
            counts.update(dict.fromkeys(cell.split("|"), number))
        return cls(column, counts, words)

    def most_common(self) -> list[tuple[str, int, float]]:
        """The labels with their counts and shares, which are fractions of 1, the most frequent first."""
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [(label, count, count / self.words) for label, count in ordered]

    def to_dict(self) -> dict[str, Any]:
        """All labels for JSON."""
        labels = [{"label": label, "count": count, "share": share} for label, count, share in self.most_common()]
        return {"by": self.column, "words": self.words, "labels": labels}


def _main(relation: str) -> str:
    """The relation without its subtype."""
    return relation.partition(":")[0]


def _depth(heads: list[int]) -> int:
    """The number of arcs on the longest way from the root word down. O(n) for trees."""
    depths = [-1] + [0] * len(heads)  # the root word has depth 0; 0 of others means that it is not known yet
    known = [True] + [False] * len(heads)
    for word in range(1, len(heads) + 1):
        way: list[int] = []
        while not known[word]:
            way.append(word)
            word = heads[word - 1]
        for below in reversed(way):
            depths[below], known[below] = depths[heads[below - 1]] + 1, True
    return max(depths[1:], default=0)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
