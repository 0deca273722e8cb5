"""Labels of enhanced dependencies such as ``nmod:of``, with the words that they name taken from the basic tree.

UD adds the lemma of a case marker, subordinator or conjunction to the label. As classes to be learned these are
hundreds, most of them rare, and a new preposition could never be right. So a label is split into what is learned, its
class ``nmod:{case}``, and where its lemma stands: braces name a *source* of the word's surroundings in the tree. A
source has up to four parts:

- whose marker: that of the dependent itself, or of another ``conjunct`` of it (the ``first`` one, whose marker counts
  for all; the ``next`` one that has any, as *and* in *tea, milk and juice* counts for *milk*), or of its basic ``head``
- its relation: ``case``, ``mark`` or ``cc``
- which one, where there are several: the first, the ``last``, or ``all`` of them
- its lemma, or its ``form`` (*including* and not *include*)

Words that are ``fixed`` to a marker belong to it, with underscores: ``obl:because_of``. What no source tells stays in
the class as it is. Where the tree has no such word after all, the label goes without.

As in Grünewald & Friedrich 2020 (*RobertNLP at the IWPT 2020 Shared Task*), who have placeholders for case and
conjunctions; the choice between sources is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

_MARKERS = ("case", "mark", "cc")
_PLACEHOLDER = regex.compile(r"\{([a-z ]+)\}")
_NO_LETTERS = regex.compile(r"[^\p{Ll}\p{Lm}\p{Lo}\p{M}]+")  # what UD has no place for in a label


class LabelWords:
    """The words of a sentence that its enhanced labels may name."""

    def __init__(
        self, heads: Sequence[int | None], relations: Sequence[str], forms: Sequence[str], lemmas: Sequence[str] = ()
    ) -> None:
        """A cell each word: `heads` from 0 for ROOT, `relations` of the basic tree, and `lemmas`, where ``_`` or none
        at all let the form stand for them."""
        self._heads = [head if head is not None and head <= len(heads) else None for head in heads]
        self._relations = [relation.partition(":")[0] for relation in relations]
        self._forms = list(map(_letters, forms))
        self._lemmas = self._forms
        if lemmas:
            pairs = zip(lemmas, self._forms, strict=True)
            self._lemmas = [form if lemma == "_" else _letters(lemma) for lemma, form in pairs]
        self._dependents: list[list[int]] = [[] for _ in range(len(heads) + 1)]
        for word, head in enumerate(self._heads, 1):
            if head is not None:
                self._dependents[head].append(word)
        self._found: dict[int, dict[str, str]] = {}
        self._firsts: dict[int, int] = {}
        self._told: dict[int, dict[str, str]] = {}
        self._nexts: dict[int, dict[int, dict[str, str]]] = {}

    def sources(self, word: int) -> dict[str, str]:
        """What each source of a word's labels tells, the closest ones first."""
        if word not in self._found:
            found = dict(self._markers(word))
            for told, prefix in self._others(word):
                for name, text in told.items():
                    found.setdefault(prefix + name, text)
            self._found[word] = found
        return self._found[word]

    def delexicalize(self, word: int, label: str) -> str:
        """The class of a label of `word`; of paths over empty nodes (``conj:and>obl:in``), step by step."""
        return ">".join(self._delexicalize_step(word, step) for step in label.split(">"))

    def relexicalize(self, word: int, label_class: str) -> str:
        """The label of `word` that belongs to the class."""
        if "{" not in label_class:
            return label_class
        sources = self.sources(word)
        filled = _PLACEHOLDER.sub(lambda found: sources.get(found[1], ""), label_class)
        return ">".join(":".join(part for part in step.split(":") if part) for step in filled.split(">"))

    def _delexicalize_step(self, word: int, step: str) -> str:
        relation, *parts = step.split(":")
        if parts:
            # If several sources tell the same, the first of them is the one; so classes are as few as possible.
            names = {text: name for name, text in reversed(self.sources(word).items())}
            for place, part in enumerate(parts):
                if part in names:
                    parts[place] = f"{{{names[part]}}}"
                    break
        return ":".join([relation, *parts])

    def _others(self, word: int) -> Iterator[tuple[dict[str, str], str]]:
        """The markers of other words that count for `word`, and how sources call those words."""
        if (first := self._first(word)) != word:
            yield self._markers(first), "first "
        head = self._heads[word - 1] or 0
        if self._relations[word - 1] == "conj":
            yield self._next(head).get(word, {}), "next "
        if head:
            yield self._markers(head), "head "

    def _first(self, word: int) -> int:
        """The first conjunct of the coordination of `word`, or itself."""
        path: list[int] = []
        while word not in self._firsts:
            self._firsts[word] = word  # heads that are no tree may go round
            path.append(word)
            if self._relations[word - 1] == "conj" and (head := self._heads[word - 1]):
                word = head
        first = self._firsts[word]
        self._firsts |= dict.fromkeys(path, first)
        return first

    def _next(self, head: int) -> dict[int, dict[str, str]]:
        """For each conjunct of `head`, of the conjuncts behind it the markers that come next."""
        if head not in self._nexts:
            behind: dict[str, str] = {}
            found = self._nexts[head] = {}
            for sibling in reversed(self._dependents[head]):
                if self._relations[sibling - 1] == "conj":
                    found[sibling] = behind
                    nearest = self._markers(sibling)
                    behind = nearest | {name: text for name, text in behind.items() if name not in nearest}
        return self._nexts[head]

    def _markers(self, owner: int) -> dict[str, str]:
        if owner not in self._told:
            self._told[owner] = dict(self._iter_markers(owner))
        return self._told[owner]

    def _iter_markers(self, owner: int) -> Iterator[tuple[str, str]]:
        by_relation: dict[str, list[int]] = {relation: [] for relation in _MARKERS}
        for word in self._dependents[owner]:
            if (relation := self._relations[word - 1]) in by_relation:
                by_relation[relation].append(word)
        for relation, markers in by_relation.items():
            for kind, texts in (("", self._lemmas), (" form", self._forms)):
                told = [text for marker in markers if (text := self._text(marker, texts))]
                if told:
                    yield relation + kind, told[0]
                    yield f"{relation} last{kind}", told[-1]
                    yield f"{relation} all{kind}", "_".join(told)

    def _text(self, marker: int, texts: Sequence[str]) -> str:
        fixed = (word for word in self._dependents[marker] if self._relations[word - 1] == "fixed")
        return "_".join(text for word in (marker, *fixed) if (text := texts[word - 1]))


def sources_of(label_class: str) -> frozenset[str]:
    """The sources that the class names."""
    return frozenset(_PLACEHOLDER.findall(label_class))


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text.lower())
