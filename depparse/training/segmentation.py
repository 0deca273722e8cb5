"""The passages that the segmenter learns from, and the score that chooses it."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from depparse.document.sentence import Sentence
from depparse.evaluation.metrics import SENTENCES, WORDS
from depparse.evaluation.scores import Scores
from depparse.features.batch import pad_rows, plan_batches
from depparse.features.choices import Floats, blend, choose, softmax, translate
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.inference.pipeline import Pipeline
from depparse.segmentation.abbreviations import shorten
from depparse.segmentation.batch import SCRIPTS
from depparse.segmentation.borders import Borders
from depparse.segmentation.codec import SegmenterCodec, locate_tokens
from depparse.segmentation.passages import Passage, Probabilities, make_passages
from depparse.segmentation.segmenter import BLOCK, Segmenter
from depparse.segmentation.symbols import read_symbols
from depparse.training.gold import Gold
from depparse.training.recipe import SegmentationConfig

# A wrong word harms a parse more than a wrong sentence end, and there are many more words. With these weights, the
# score chooses nearly the same segmenter as the LAS from raw text would.
_WEIGHTS = {WORDS.name: 1.0, SENTENCES.name: 0.1}


def read_passages(
    config: SegmentationConfig, sentences: Sequence[Sentence], sources: Sequence[int], treebanks: Sequence[str]
) -> tuple[list[Passage], list[str]]:
    """The passages that the segmenter learns from, and the names of their treebanks.

    `sources` numbers the treebank of each sentence, by its place in `treebanks`; `Passage.source` is its place in the
    returned names. Treebanks that do not say how their tokens are spaced are left out: they would teach that all tokens
    stand apart.
    """
    spaced = sorted(_spaced(sentences, sources))
    numbers = {source: number for number, source in enumerate(spaced)}
    words = Counter(dict.fromkeys(spaced, 0))
    for source, sentence in zip(sources, sentences, strict=True):
        if source in numbers:
            words[source] += len(sentence)
    most = _most(list(words.values()), config.max_words)
    shares = [min(1.0, most / max(1, words[source])) for source in spaced]
    groups = itertools.groupby(zip(sources, sentences, strict=True), key=lambda pair: pair[0])
    passages = (
        passage
        for source, group in groups
        if source in spaced
        for passage in make_passages((sentence for _, sentence in group), config.passage_words, numbers[source])
    )
    # Of each treebank, one passage in 1 / share is taken, beginning with the first.
    taken: list[Passage] = []
    seen: Counter[int] = Counter()
    for passage in passages:
        share, number = shares[passage.source], seen[passage.source]
        seen[passage.source] += 1
        if math.floor(number * share) > math.floor((number - 1) * share):
            taken.append(passage)
    # Abbreviations are made where the treebank has them as tokens inside sentences.
    found: list[Passage] = []
    for number in range(len(spaced)):
        own = [passage for passage in taken if passage.source == number]
        found += shorten(own, config.abbreviated) if Borders.learn(own).abbreviations else own
    return found, [treebanks[source] if source < len(treebanks) else "" for source in spaced]


def _most(sizes: Sequence[int], limit: int) -> float:
    """How much of each of several sizes may be taken, so that all together are at most `limit`: the largest are cut."""
    remaining, left = float(limit), len(sizes)
    for size in sorted(sizes):
        if size * left > remaining:
            return remaining / left
        remaining, left = remaining - size, left - 1
    return float(max(sizes, default=0))


def soften(
    passages: Sequence[Passage],
    teachers: Sequence[Segmenter],
    codec: SegmenterCodec,
    trust: float,
    treebanks: Sequence[str],
) -> None:
    """Gives the passages of these `treebanks` the mean probabilities of the teachers, for a segmenter with that codec.

    The weight of the teachers is `trust`; the tokens, as the passage has them, have the rest.
    """
    ours = _scripts(codec)
    for numbers in plan_batches([len(passage.text) for passage in passages], BLOCK):
        several = [passages[number] for number in numbers]
        texts = [read_symbols(passage.text, passage.source) for passage in several]
        ranges = [locate_tokens(text, passage.tokens) for text, passage in zip(texts, several, strict=True)]
        ends, sentences, scripts = list[Floats](), list[Floats](), list[Floats]()
        for teacher in teachers:
            own = [replace(text, source=teacher.number(treebanks[text.source])) for text in texts]
            states, end_scores = teacher.scorer.ends(teacher.codec.batch_symbols(own))
            tokens = teacher.scorer.tokens(states, teacher.codec.batch_tokens(own, ranges))
            ends.append(_sigmoid(end_scores))
            sentences.append(_sigmoid(tokens[0]))
            scripts.append(translate(softmax(tokens[1]), _scripts(teacher.codec), ours))
        gold = pad_rows([codec.script_targets(passage) for passage in several], IGNORE, width=scripts[0].shape[1])
        choices = choose(blend(scripts, gold, np.full(len(several), trust)), SCRIPTS)
        mean_ends, mean_sentences = np.mean(ends, 0), np.mean(sentences, 0)
        for row, (passage, tokens_of) in enumerate(zip(several, ranges, strict=True)):
            are_ends = np.zeros(len(texts[row]))
            are_ends[tokens_of.lasts] = 1
            end_sentences = np.array([token.ends_sentence for token in passage.tokens])
            blended = [
                (trust * opinion[row, : len(decided)] + (1 - trust) * decided).astype(np.float32)
                for opinion, decided in ((mean_ends, are_ends), (mean_sentences, end_sentences))
            ]
            passage.probabilities = Probabilities(
                blended[0], blended[1], {name: array[row, : len(passage.tokens)] for name, array in choices.items()}
            )


def _scripts(codec: SegmenterCodec) -> Vocabulary:
    """What the network has scores for at each token: a single word, and the scripts."""
    return Vocabulary(["", *codec.scripts])


def _sigmoid(scores: Floats) -> Floats:
    probabilities: Floats = 1 / (1 + np.exp(-scores.astype(np.float64)))
    return probabilities


def _spaced(sentences: Iterable[Sentence], sources: Iterable[int]) -> set[int]:
    """The numbers of the treebanks that say how their tokens are spaced.

    These have ``SpaceAfter=No`` somewhere, or a ``# text`` that in most sentences has a space after every token, as in
    Vietnamese-VTB. Data with entities in columns may have ``# text`` but no mark of which tokens touch in it.
    """
    marked: set[int] = set()
    fitting: Counter[int] = Counter()  # sentences whose text has these spaces, minus those whose text has not
    for source, sentence in zip(sources, sentences, strict=True):
        if source in marked:
            continue
        text = sentence.comment("text")
        if not all(token.space_after for token in sentence.tokens):
            marked.add(source)
        elif text is not None:
            fitting[source] += 1 if text.split() == " ".join(token.text for token in sentence.tokens).split() else -1
    return marked | {source for source, count in fitting.items() if count > 0}


def segmenter_score(segmenter: Segmenter, dev: Sequence[Gold], latest: dict[str, Scores]) -> float:
    """The score that chooses the segmenter, from the raw text of dev. All its dev scores are put into `latest`."""
    pipeline = Pipeline(None, segmenter=segmenter)
    latest.update((gold.name, gold.score(pipeline, raw=True)) for gold in dev)
    sums = [sum(weight * scores[name].f1 for name, weight in _WEIGHTS.items()) for scores in latest.values()]
    return statistics.fmean(sums) if sums else 0.0
