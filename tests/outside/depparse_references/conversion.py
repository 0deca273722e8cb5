"""A conversion: for each sentence the pairs of its words and their antecedents, which are None or IDs."""

from __future__ import annotations

from collections.abc import Sequence

from depparse.document.document import Conversion, Document
from depparse.document.sentence import Sentence
from depparse_references.annotation import Reference

Pairs = list[tuple[str, int | None]]


def to_pairs(document: Document) -> list[Pairs]:
    """The pairs that `Document.to("references")` gives."""
    rows = []
    for sentence in document:
        antecedents = {item.word: item.antecedent for item in sentence.annotation("references")}
        rows.append([(word.text, antecedents.get(word.id)) for word in sentence.words])
    return rows


def from_pairs(sentences: Sequence[Pairs]) -> Document:
    """The document that `Document.of("references", …)` gives."""
    annotated_sentences = []
    for pairs in sentences:
        sentence = Sentence.from_forms([form for form, _ in pairs])
        items = [Reference(word, antecedent) for word, (_, antecedent) in enumerate(pairs, 1) if antecedent is not None]
        sentence.annotate("references", items, in_columns=True)
        annotated_sentences.append(sentence)
    return Document(annotated_sentences)


CONVERSION = Conversion(to_pairs, from_pairs)
