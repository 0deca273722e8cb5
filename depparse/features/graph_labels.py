"""Labels of enhanced dependencies such as ``nmod:of``, with the words that they name taken from the basic tree.

UD adds the lemma of a case marker, subordinator or conjunction to the label. If whole labels were the classes, there
would be hundreds, most of them rare, and a label with an unseen preposition could never be right. So a model learns a
class, ``nmod:{case}``, whose braces name a *source*: the place in the tree around the word where the lemma is found.
The name of a source has up to four parts:

- the owner of the marker: nothing for the dependent itself; ``first`` for its first conjunct, whose marker counts for
  all; ``next`` for the next conjunct that has a marker, as *and* in *tea, milk and juice* counts for *milk*; ``head``
  for its basic head
- the relation of the marker: ``case``, ``mark`` or ``cc``
- which of several markers is meant: nothing for the first, ``last``, or ``all``
- ``form`` if the form is meant and not the lemma (*including* and not *include*)

Words that are ``fixed`` to a marker belong to it, with underscores: ``obl:because_of``. A word that no source tells
stays in the class as it is. If the tree has no word at the source, the label is written without it.

Grünewald & Friedrich 2020 (*RobertNLP at the IWPT 2020 Shared Task*) have such placeholders for case and conjunctions;
the choice between sources is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import regex

_MARKERS = ("case", "mark", "cc")
_PLACEHOLDER = regex.compile(r"\{([a-z ]+)\}")
_NO_LETTERS = regex.compile(r"[^\p{Ll}\p{Lm}\p{Lo}\p{M}]+")  # characters that UD does not allow in a label


class LabelWords:
    """The words of a sentence that its enhanced labels may name."""

    def __init__(
        self, heads: Sequence[int | None], relations: Sequence[str], forms: Sequence[str], lemmas: Sequence[str] = ()
    ) -> None:
        """The basic tree and the words, with one cell a word; a head of 0 is ROOT.

        Where a lemma is ``_``, and where there are no `lemmas`, the form stands in for it.
        """
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
        self._sources_of: dict[int, dict[str, str]] = {}
        self._first_of: dict[int, int] = {}
        self._markers_of: dict[int, dict[str, str]] = {}
        self._next_of: dict[int, dict[int, dict[str, str]]] = {}

    def sources(self, word: int) -> dict[str, str]:
        """For each source of the word's labels, the lemma or form that it tells; the nearest sources first."""
        if word not in self._sources_of:
            text_of = dict(self._markers(word))
            for markers, prefix in self._markers_elsewhere(word):
                for name, text in markers.items():
                    text_of.setdefault(prefix + name, text)
            self._sources_of[word] = text_of
        return self._sources_of[word]

    def delexicalize(self, word: int, label: str) -> str:
        """The class of a label of `word`. Paths over empty nodes (``conj:and>obl:in``) are converted step by step."""
        return ">".join(self._delexicalize_step(word, step) for step in label.split(">"))

    def relexicalize(self, word: int, label_class: str) -> str:
        """The label that the class gives at `word`."""
        if "{" not in label_class:
            return label_class
        sources = self.sources(word)
        filled = _PLACEHOLDER.sub(lambda match: sources.get(match[1], ""), label_class)
        return ">".join(":".join(part for part in step.split(":") if part) for step in filled.split(">"))

    def _delexicalize_step(self, word: int, step: str) -> str:
        relation, *parts = step.split(":")
        if parts:
            # If several sources tell the same text, the first one is taken, so that classes are as few as possible.
            names = {text: name for name, text in reversed(self.sources(word).items())}
            for number, part in enumerate(parts):
                if part in names:
                    parts[number] = f"{{{names[part]}}}"
                    break
        return ":".join([relation, *parts])

    def _markers_elsewhere(self, word: int) -> Iterator[tuple[dict[str, str], str]]:
        """The markers of other words that count for `word`, and how the names of sources begin for those words."""
        if (first := self._first(word)) != word:
            yield self._markers(first), "first "
        head = self._heads[word - 1] or 0
        if self._relations[word - 1] == "conj":
            yield self._next(head).get(word, {}), "next "
        if head:
            yield self._markers(head), "head "

    def _first(self, word: int) -> int:
        """The first conjunct of the coordination of `word`, or `word` itself."""
        path: list[int] = []
        while word not in self._first_of:
            self._first_of[word] = word  # heads that are no tree may have a cycle
            path.append(word)
            if self._relations[word - 1] == "conj" and (head := self._heads[word - 1]):
                word = head
        first = self._first_of[word]
        self._first_of |= dict.fromkeys(path, first)
        return first

    def _next(self, head: int) -> dict[int, dict[str, str]]:
        """For each conjunct of `head`, the nearest markers of the conjuncts behind it."""
        if head not in self._next_of:
            behind: dict[str, str] = {}
            markers_of = self._next_of[head] = {}
            for sibling in reversed(self._dependents[head]):
                if self._relations[sibling - 1] == "conj":
                    markers_of[sibling] = behind
                    nearest = self._markers(sibling)
                    behind = nearest | {name: text for name, text in behind.items() if name not in nearest}
        return self._next_of[head]

    def _markers(self, owner: int) -> dict[str, str]:
        """The markers of a word, by the ends of the names of their sources."""
        if owner not in self._markers_of:
            self._markers_of[owner] = dict(self._iter_markers(owner))
        return self._markers_of[owner]

    def _iter_markers(self, owner: int) -> Iterator[tuple[str, str]]:
        marking = [word for word in self._dependents[owner] if self._relations[word - 1] in _MARKERS]
        if not marking:
            return
        by_relation: dict[str, list[int]] = {relation: [] for relation in _MARKERS}
        for word in marking:
            by_relation[self._relations[word - 1]].append(word)
        for relation, markers in by_relation.items():
            for kind, texts in (("", self._lemmas), (" form", self._forms)):
                marker_texts = [text for marker in markers if (text := self._text(marker, texts))]
                if marker_texts:
                    yield relation + kind, marker_texts[0]
                    yield f"{relation} last{kind}", marker_texts[-1]
                    yield f"{relation} all{kind}", "_".join(marker_texts)

    def _text(self, marker: int, texts: Sequence[str]) -> str:
        """The text of a marker with the words fixed to it."""
        fixed = (word for word in self._dependents[marker] if self._relations[word - 1] == "fixed")
        return "_".join(text for word in (marker, *fixed) if (text := texts[word - 1]))


def sources_of(label_class: str) -> frozenset[str]:
    """The names of the sources in the class."""
    return frozenset(_PLACEHOLDER.findall(label_class))


@lru_cache(maxsize=1 << 15)
def _letters(text: str) -> str:
    """The text as UD writes it in a label."""
    return _NO_LETTERS.sub("", text.lower())
