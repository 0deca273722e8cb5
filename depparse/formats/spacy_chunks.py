"""Base noun phrases of trees of Universal Dependencies, as spaCy's ``doc.noun_chunks`` gives them.

spaCy's own rules for English, German and Persian look for labels of other schemes (``dobj``), so they would miss
objects. A chunk is a noun, proper noun or pronoun with what belongs to it before it (determiners, adjectives, numbers,
compounds, possessors) and the rest of its name behind it; without cases, conjunctions and clauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token
    from spacy.vocab import Vocab

_NOMINAL = frozenset({"NOUN", "PROPN", "PRON"})
_NAME = frozenset({"flat", "fixed", "goeswith"})  # of the rest of a name, or of a word in pieces
_BEFORE = frozenset({"det", "amod", "nummod", "compound", "nmod", "clf"}) | _NAME
_NO_PHRASE = frozenset({"case", "mark", "cc", "cop", "aux", "punct", "discourse", "expl", "dep", "reparandum"})


def noun_chunks(doclike: Doc | Span) -> Iterator[tuple[int, int, int]]:
    """The first token of each chunk, the one behind its last, and the label ``NP``; none in another, none crossing.

    Raises ValueError, as spaCy does, if there are no trees.
    """
    from spacy.errors import Errors

    if not doclike.doc.has_annotation("DEP"):
        raise ValueError(Errors.E029)
    label = doclike.doc.vocab.strings.add("NP")
    last_end = 0
    for word in doclike:
        if word.pos_ not in _NOMINAL or word.i < last_end or not _is_head(word):
            continue
        start, end = word.i, word.i + 1
        for child in reversed(list(word.lefts)):
            if _relation(child) not in _BEFORE:
                break
            start = child.left_edge.i
        for child in word.rights:
            if _relation(child) not in _NAME:
                break
            end = child.right_edge.i + 1
        start, last_end = max(start, last_end), end
        yield start, end, label


def set_noun_chunks(doc: Any) -> None:
    """Has `noun_chunks` of a Doc with a tree of Universal Dependencies follow that, where spaCy's rules do not."""
    if is_needed(doc.vocab):
        doc.noun_chunks_iterator = noun_chunks


def is_needed(vocab: Vocab) -> bool:
    """Whether spaCy has no rules for the language of the vocabulary, or has rules for other labels."""
    return vocab.get_noun_chunks is None or vocab.lang in ("en", "de", "fa")


def _is_head(word: Token) -> bool:
    """Whether the noun is the head of a phrase, and no part of that of another noun."""
    while _relation(word) == "conj" and word.head.i < word.i:  # a coordinated noun is what the first one is
        word = word.head
    relation = _relation(word)
    is_behind = relation == "nmod" and word.head.i < word.i  # "the end of the day" has two chunks, "Anna's day" has one
    return relation not in _NO_PHRASE and (relation not in _BEFORE or is_behind)


def _relation(word: Token) -> str:
    """The relation without its subtype."""
    return str(word.dep_).partition(":")[0]
