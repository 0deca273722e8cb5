"""Arguments of predicates: their targets, and their decoding from scores of pairs of a predicate and a word.

``arcs``: a word is the head of an argument with some role, or of none. There are O(predicates · words) scores.
``spans``: a word has a BIOES tag, and the tags of a predicate are one sequence of `depparse.layers.role_chain`, which
states the cost. Arcs are scored too and tell the head of each span, so that no tree is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import repeat
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
_CELLS = 1 << 24  # most scores in memory at a time


FARTHEST = 32  # distance in words; a longer one is scored as this one


class ArgumentScores(NamedTuple, Generic[Array]):
    """The vectors from which pairs of a predicate and a word are scored."""

    predicates: Array  # [batch, words, width + 1]: each word as a predicate
    words: Array  # [batch, words, width + 1]: each word as a possible argument
    paths: PathInputs[Array] | None  # None without embeddings of paths


class ArgumentTargets(NamedTuple, Generic[Array]):
    """The gold roles and tags of the words, for some predicates."""

    # [predicates, words]: the role of an argument whose head is the word, 0 for none; IGNORE where heads are not
    # annotated, at ROOT and padding
    roles: Array
    tags: Array  # [predicates, words]: IGNORE at all words of a predicate whose spans are not annotated


class ArgumentCodec:
    """Roles of arguments, and BIOES tags with these roles."""

    def __init__(self, decoder: Decoder, roles: Vocabulary, core: Sequence[str]) -> None:
        self.decoder, self.roles = decoder, roles
        self.tags = Vocabulary(role_tags(roles.items))
        self.core = [number for number, role in enumerate(roles.items) if role in core]
        self.n_labels = 1 + len(roles)
        self.n_scores = self.n_labels + (len(self.tags) if decoder == "spans" else 0)

    # -- targets

    def target(self, arguments: Sequence[Argument], length: int) -> tuple[list[int], list[int]]:
        """For each word, the number of its role as the head of an argument, and the number of its tag.

        Arguments with other roles than `roles` are left out, and so is a second argument with the same head. The tags
        are IGNORE if spans of the predicate are not annotated, overlap or repeat a core role.
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
        """The tag of each word; None if spans are not annotated, overlap or repeat a core role."""
        spans = [Span(a.start, a.end, a.role) for a in arguments if a.start is not None and a.end is not None]
        role_counts = Counter(span.type for span in spans)
        repeats_core = any(role_counts[self.roles.item(role)] > 1 for role in self.core)
        tags = self.tags.numbers(encode_tags(spans, length, "BIOES"), IGNORE)
        return None if len(spans) < len(arguments) or repeats_core or IGNORE in tags else tags

    def collate(self, targets: Sequence[tuple[list[int], list[int]]], words: int) -> ArgumentTargets[Ints]:
        """The targets of several predicates as arrays, padded to that many `words`, ROOT among them."""
        roles, tags = (pad([target[number] for target in targets], width=words) for number in (0, 1))
        return ArgumentTargets(roles, tags)

    def problem(self, arguments: Sequence[Argument], length: int) -> str | None:
        """Says which arguments of a predicate are not learned, besides those of other roles; None if all are."""
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
        self,
        scores: ArgumentScores[NDArray[Any]],
        positions: Ints,
        lengths: Ints,
        stage: Stage,
        *,
        probabilities: bool = False,
    ) -> list[list[Argument]]:
        """The arguments of each predicate of ``positions[predicates, 2]`` (sentence and word), in order of words.

        ``lengths[predicates]`` are the words of their sentences. With `probabilities`, arguments have them as scores;
        those of spans are sums over all sequences of tags, and take as long as all the rest.
        """
        if not len(positions) or not len(self.roles):
            return [[] for _ in positions]
        rows_at_once = max(1, _CELLS // (max(scores.words.shape[1:]) * self.n_scores))
        arguments: list[list[Argument]] = []
        for start in range(0, len(positions), rows_at_once):
            rows = slice(start, start + rows_at_once)
            inputs = scores.predicates, scores.words, positions[rows], lengths[rows], *(scores.paths or ())
            if self.decoder == "spans":
                tags, tag_scores, role_scores = stage("argument_tags", *inputs)
                found = self.from_tags(tags, role_scores, lengths[rows])
                if probabilities:
                    self._score_spans(found, tag_scores, lengths[rows], stage)
            else:
                roles, shares = stage("argument_heads", *inputs)
                found = self.from_heads(roles, shares if probabilities else None)
            arguments += found
        return arguments

    def from_heads(self, roles: NDArray[Any], shares: NDArray[Any] | None) -> list[list[Argument]]:
        """The arguments of each predicate, from the ``roles[predicates, words]`` (0 is none) of words without ROOT.

        ``shares[predicates, words]`` are the probabilities of the roles, or None if they are not asked for.
        """
        arguments: list[list[Argument]] = [[] for _ in roles]
        heads = roles > 0
        rows, words = (column.tolist() for column in heads.nonzero())
        scores = repeat(None, len(rows)) if shares is None else shares[heads].tolist()
        for row, word, role, score in zip(rows, words, roles[heads].tolist(), scores, strict=True):
            arguments[row].append(Argument(self.roles.item(role - 1), head=word + 1, score=score))
        return arguments

    def from_tags(self, tags: NDArray[Any], role_scores: NDArray[Any], lengths: Ints) -> list[list[Argument]]:
        """The arguments of each predicate, from the best ``tags[predicates, words]`` of words without ROOT.

        ``role_scores[predicates, words, 1 + roles]`` tell the head of each argument.
        """
        arguments: list[list[Argument]] = []
        for row, (numbers, length) in enumerate(zip(tags.tolist(), lengths.tolist(), strict=True)):
            arguments.append([])
            for span in decode_tags(self.tags.strings(numbers[:length])):
                role = self.roles.number(span.type)
                head = span.start + int(role_scores[row, span.start - 1 : span.end, 1 + role].argmax())
                arguments[row].append(Argument(span.type, head, span.start, span.end))
        return arguments

    def _score_spans(
        self, arguments: Sequence[Sequence[Argument]], tag_scores: NDArray[Any], lengths: Ints, stage: Stage
    ) -> None:
        """Gives the arguments of each predicate their probabilities, by ``tag_scores[predicates, words, tags]``."""
        # Only predicates with arguments count: many, such as auxiliaries, have none.
        rows = [row for row, found in enumerate(arguments) if found]
        flat_arguments = [(number, argument) for number, row in enumerate(rows) for argument in arguments[row]]
        if not flat_arguments:
            return
        spans = [
            (number, argument.start - 1, argument.end - 1, self.roles.number(argument.role))
            for number, argument in flat_arguments
            if argument.start is not None and argument.end is not None  # as all arguments of tags
        ]
        (probabilities,) = stage("span_probabilities", tag_scores[rows], lengths[rows], np.array(spans, np.int64))
        for (_, argument), probability in zip(flat_arguments, probabilities.tolist(), strict=True):
            argument.score = probability


def role_tags(roles: Sequence[str]) -> list[str]:
    """The BIOES tags of these roles, in the order of the scores."""
    return ["O", *(f"{prefix}-{role}" for role in roles for prefix in "BIES")]
