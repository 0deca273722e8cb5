"""Arguments of predicates as targets, and from scores of what each word is to a predicate.

``arcs``: the word is the head of an argument of a role, or of none. O(predicates · words) scores.
``spans``: the word has a BIOES tag, and the tags of a predicate are one sequence of `depparse.layers.role_chain`, which
states what it costs. The scores of arcs are there too, and tell the head of each span: no tree is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from depparse.document.spans import Argument, Span, decode_tags, encode_tags
from depparse.features.batch import Ints, pad
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.trees.paths import PathInputs
from depparse.tasks.task import Stage

Array = TypeVar("Array")  # of NumPy or of torch
Decoder = Literal["arcs", "spans"]
_CELLS = 1 << 24  # scores that are in memory at a time


class ArgumentScores(NamedTuple, Generic[Array]):
    """What scores of pairs of a predicate and a word are made of."""

    predicates: Array  # [batch, words, width + 1]: each word as a predicate
    words: Array  # [batch, words, width + 1]: each word as what it is to predicates
    paths: PathInputs[Array] | None  # if there are embeddings of paths


class ArgumentTargets(NamedTuple, Generic[Array]):
    """What the words are to some predicates."""

    roles: Array  # [predicates, words]: as heads, 0 for nothing; IGNORE where it is not annotated, at ROOT and padding
    tags: Array  # [predicates, words]: IGNORE at all words of a predicate whose spans are not annotated


class ArgumentCodec:
    """Roles, and tags of them."""

    def __init__(self, decoder: Decoder, roles: Vocabulary, core: Sequence[str]) -> None:
        self.decoder, self.roles = decoder, roles
        self.tags = Vocabulary(role_tags(roles.items))
        self.core = [number for number, role in enumerate(roles.items) if role in core]
        self.n_labels = 1 + len(roles)
        self.n_scores = self.n_labels + (len(self.tags) if decoder == "spans" else 0)

    # -- targets

    def target(self, arguments: Sequence[Argument], length: int) -> tuple[list[int], list[int]]:
        """For each word the number of its role as the head of an argument, and that of its tag.

        Arguments of other roles than `roles` are left out, and so is a second one of the same head; a predicate whose
        spans are not annotated or not in the language gives no tags.
        """
        learned = [argument for argument in arguments if argument.role in self.roles]
        roles = [0] * length
        for argument in learned:
            if argument.head is not None and not roles[argument.head - 1]:
                roles[argument.head - 1] = 1 + self.roles.number(argument.role)
        if any(argument.head is None for argument in learned):
            roles = [IGNORE] * length
        return roles, self._tags(learned, length) or [IGNORE] * length

    def _tags(self, arguments: Sequence[Argument], length: int) -> list[int] | None:
        spans = [Span(a.start, a.end, a.role) for a in arguments if a.start is not None and a.end is not None]
        times = Counter(span.type for span in spans)
        twice = any(times[self.roles.item(role)] > 1 for role in self.core)
        tags = self.tags.numbers(encode_tags(spans, length, "BIOES"), IGNORE)
        return None if len(spans) < len(arguments) or twice or IGNORE in tags else tags

    def collate(self, targets: Sequence[tuple[list[int], list[int]]], words: int) -> ArgumentTargets[Ints]:
        """The targets of several predicates side by side, for so many `words` with ROOT."""
        roles, tags = (pad([target[place] for target in targets], width=words) for place in (0, 1))
        return ArgumentTargets(roles, tags)

    def problem(self, arguments: Sequence[Argument], length: int) -> str | None:
        """What of the arguments of a predicate is not learned, besides those of other roles."""
        learned = [argument for argument in arguments if argument.role in self.roles]
        heads = [argument.head for argument in learned]
        if None not in heads and len(set(heads)) < len(heads):
            return "arguments with the head word of another one of the same predicate are not learned"
        if self.decoder == "arcs" and None in heads:
            return "predicates with arguments without a head word are left out"
        if self.decoder == "spans" and self._tags(learned, length) is None:
            return "predicates whose arguments overlap, repeat a core role or have no span are left out"
        return None

    # -- decoding

    def decode(
        self, scores: ArgumentScores[NDArray[Any]], positions: Ints, lengths: Ints, stage: Stage
    ) -> list[list[Argument]]:
        """The arguments of each predicate of ``positions[predicates, 2]`` (sentence and word), by their first words;
        ``lengths[predicates]`` in words."""
        if not len(positions) or not len(self.roles):
            return [[] for _ in positions]
        several = max(1, _CELLS // (max(scores.words.shape[1:]) * self.n_scores))
        arguments: list[list[Argument]] = []
        for start in range(0, len(positions), several):
            rows = slice(start, start + several)
            inputs = scores.predicates, scores.words, positions[rows], lengths[rows], *(scores.paths or ())
            if self.decoder == "spans":
                tags, tag_scores, role_scores = stage("argument_tags", *inputs)
                arguments += self.from_tags(tags, tag_scores, role_scores, lengths[rows], stage)
            else:
                roles, probabilities = stage("argument_heads", *inputs)
                arguments += self.from_heads(roles, probabilities)
        return arguments

    def from_heads(self, roles: NDArray[Any], probabilities: NDArray[Any]) -> list[list[Argument]]:
        """The arguments of each predicate, of ``roles[predicates, words]`` (0 is none) without ROOT."""
        arguments: list[list[Argument]] = [[] for _ in roles]
        heads = roles > 0
        rows, words = (column.tolist() for column in heads.nonzero())
        cells = zip(rows, words, roles[heads].tolist(), probabilities[heads].tolist(), strict=True)
        for row, word, role, probability in cells:
            arguments[row].append(Argument(self.roles.item(role - 1), head=word + 1, score=probability))
        return arguments

    def from_tags(
        self, tags: NDArray[Any], tag_scores: NDArray[Any], role_scores: NDArray[Any], lengths: Ints, stage: Stage
    ) -> list[list[Argument]]:
        """The arguments of each predicate, of the best ``tags[predicates, words]`` without ROOT.

        ``role_scores[predicates, words, 1 + roles]`` tell the head of each, ``tag_scores[predicates, words, tags]`` how
        probable it is.
        """
        arguments: list[list[Argument]] = []
        spans: list[tuple[int, int, int, int]] = []  # predicate, first and last word, role
        for row, (numbers, length) in enumerate(zip(tags.tolist(), lengths.tolist(), strict=True)):
            arguments.append([])
            for span in decode_tags(list(map(self.tags.item, numbers[:length]))):
                role = self.roles.number(span.type)
                head = span.start + int(role_scores[row, span.start - 1 : span.end, 1 + role].argmax())
                arguments[row].append(Argument(span.type, head, span.start, span.end))
                spans.append((row, span.start - 1, span.end - 1, role))
        if spans:
            table = np.array(spans)
            # Many predicates, such as auxiliaries, have no argument, and need no sums.
            rows, table[:, 0] = np.unique(table[:, 0], return_inverse=True)
            (probabilities,) = stage("span_probabilities", tag_scores[rows], lengths[rows], table)
            every = (argument for of_predicate in arguments for argument in of_predicate)
            for argument, probability in zip(every, probabilities.tolist(), strict=True):
                argument.score = probability
        return arguments


def role_tags(roles: Sequence[str]) -> list[str]:
    """The tags, in the order of the scores."""
    return ["O", *(f"{prefix}-{role}" for role in roles for prefix in "BIES")]
