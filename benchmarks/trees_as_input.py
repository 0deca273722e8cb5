"""The comparisons of `syntax.py`: the runs of two systems, and the entities and spans that go with trees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from depparse.document.sentence import Sentence
from depparse.document.trees import chained_spans
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.significance import Floats, Interval, f1_of, intervals, resamples


def difference_of_runs(
    first: Sequence[Floats], second: Sequence[Floats], samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> tuple[float, Interval]:
    """The mean F1 of the runs of one system minus that of another, and its bootstrap interval over blocks and runs.

    A run is given by ``counts[block, 3]``: the numbers of units in gold, in the system, and of right ones, for each
    sentence or other block of the same gold data. A sample draws, with replacement, blocks, which are the same for all
    runs, and as many runs of each system as it has. So the interval tells of other test sets and of other seeds.
    O(samples · runs · blocks).
    """
    if not first or not second:
        raise ConfigError("runs of two systems are compared; give at least one of each")
    if len({counts.shape for counts in (*first, *second)}) > 1:
        raise EvaluationError("runs can be compared on one gold file, not on several")
    random = np.random.default_rng(seed)
    draws: list[Floats] = []
    for weights in resamples(len(first[0]), samples, seed):
        means = []
        for runs in (first, second):
            scores = np.concatenate([f1_of(weights @ counts) for counts in runs], axis=1)  # [sample, run]
            drawn = random.integers(0, len(runs), scores.shape)
            means.append(np.take_along_axis(scores, drawn, axis=1).mean(axis=1, keepdims=True))
        draws.append(means[0] - means[1])
    mean, other_mean = (np.mean([f1_of(run.sum(axis=0)) for run in runs]) for runs in (first, second))
    return float(mean - other_mean), intervals(np.concatenate(draws), confidence)[0]


@dataclass(frozen=True, slots=True)
class TreeCoverage:
    """The cost and the gain of using only spans that go with the tree (`depparse.document.trees.chained_spans`)."""

    entities: int
    within: int  # entities whose spans go with the tree: the others cannot be found
    all_spans: int  # spans of at most so many words
    spans: int  # those of them that go with the tree

    @property
    def recall(self) -> float:
        """The greatest recall that is possible, as a fraction of 1."""
        return self.within / self.entities if self.entities else 1.0


def cover_by_trees(sentences: Iterable[Sentence], max_width: int) -> TreeCoverage:
    """How many of the entities and of all spans of at most `max_width` words go with the trees of the sentences."""
    n_entities = n_within = n_all = n_spans = 0
    for sentence in sentences:
        spans = set(chained_spans(sentence.heads, max_width))
        entities = [(span.start, span.end) for span in sentence.ents if span.end - span.start < max_width]
        n_entities += len(entities)
        n_within += sum(entity in spans for entity in entities)
        n_all += sum(min(max_width, left) for left in range(1, len(sentence) + 1))
        n_spans += len(spans)
    return TreeCoverage(n_entities, n_within, n_all, n_spans)
