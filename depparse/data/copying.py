"""Copies of sentences that can be changed without changing the original."""

from __future__ import annotations

from dataclasses import replace

from depparse.data.sentence import Sentence


def copy_sentence(sentence: Sentence) -> Sentence:
    """A copy whose columns, comments and entities can be changed alone; multiword tokens, empty nodes and frames are
    shared."""
    columns = {name: list(column) for name, column in sentence.columns.items()}
    copied = Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)
    copied.start_char = sentence.start_char
    copy_entities(copied, sentence)
    copied._frames = sentence._frames
    return copied


def copy_entities(sentence: Sentence, original: Sentence) -> None:
    """Gives the sentence those of the original that are not only in columns, such as entities with probabilities."""
    spans = original._ents
    sentence._ents = None if spans is None else tuple(replace(span, sentence=sentence) for span in spans)
