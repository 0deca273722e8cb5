"""Training the segmenter: the first part of a run, with the same loop as the model's."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

import torch

from depparse.data.sentence import Sentence
from depparse.evaluation.ud import Scores
from depparse.segmentation.passages import Passage, make_passages
from depparse.segmentation.segmenter import Segmenter
from depparse.training.examples import InMemory
from depparse.training.gold import Gold
from depparse.training.loop import Evaluation, Step, train
from depparse.training.recipe import SegmentationConfig

# A wrong word costs more of a parse than a wrong sentence end, and words are many: so weighed, dev chooses about as the
# LAS from raw text would.
_WEIGHTS = {"Words": 1.0, "Sentences": 0.1}


def read_passages(config: SegmentationConfig, sentences: Sequence[Sentence], sources: Sequence[int]) -> list[Passage]:
    """What the segmenter learns from; `sources` numbers the treebank of each sentence.

    Treebanks without text (as those of entities in columns) are left out: that all tokens stand apart would be learned.
    """
    words: Counter[int] = Counter()
    with_text: set[int] = set()
    for source, sentence in zip(sources, sentences, strict=True):
        words[source] += len(sentence)
        if source not in with_text and _has_text(sentence):
            with_text.add(source)
    share = min(1.0, config.max_words / max(1, sum(words[source] for source in with_text)))
    groups = itertools.groupby(zip(sources, sentences, strict=True), key=lambda pair: pair[0])
    passages = (
        passage
        for source, group in groups
        if source in with_text
        for passage in make_passages((sentence for _, sentence in group), config.passage_words, source)
    )
    # Every 1 / share of them, from the first on.
    return [p for number, p in enumerate(passages) if math.floor(number * share) > math.floor((number - 1) * share)]


def _has_text(sentence: Sentence) -> bool:
    """Whether the sentence says anything of its raw text."""
    return sentence.comment("text") is not None or not all(token.space_after for token in sentence.tokens)


def train_segmenter(
    config: SegmentationConfig,
    passages: Sequence[Passage],
    dev: Sequence[Gold],
    *,
    checkpoint: Path,
    resume: bool,
    run: str,
    warn: Callable[[str], None],
) -> Generator[tuple[Segmenter, Step | Evaluation, Mapping[str, Scores]]]:
    """The segmenter with each record of its training and the latest scores on dev, from raw text.

    At an evaluation the segmenter holds the averaged weights, so it can be saved.
    """
    torch.manual_seed(config.training.seed)
    segmenter = Segmenter.build(config.network, passages)
    latest: dict[str, Scores] = {}

    def score() -> float:
        latest.update((gold.name, gold.score_raw(segmenter)) for gold in dev)
        found = [sum(weight * scores[name].f1 for name, weight in _WEIGHTS.items()) for scores in latest.values()]
        return statistics.fmean(found) if found else 0.0

    records = train(
        segmenter,
        InMemory(passages),
        config.training,
        score,
        checkpoint=checkpoint,
        resume=resume,
        run=run,
        warn=warn,
    )
    for record in records:
        yield segmenter, record, latest
