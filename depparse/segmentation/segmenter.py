"""The segmenter: from raw text to sentences, tokens and words.

First the scores of symbols decide where tokens end; then the scores of tokens decide where sentences end and which
tokens are multiword. An engine computes the scores (`SegmenterScorer`; `torch_scorer` has that of torch), and the codec
does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, islice
from typing import Any, Protocol, TypeVar

from depparse.document.sentence import Sentence
from depparse.features.batch import chunks, plan_batches
from depparse.segmentation.batch import TokenBatch
from depparse.segmentation.codec import SegmenterCodec, locate_tokens
from depparse.segmentation.expansion import expand_sentence
from depparse.segmentation.passages import make_passages
from depparse.segmentation.symbols import Floats, Ints, read_symbols
from depparse.text.blocks import iter_blocks
from depparse.text.spacing import RawToken, build_sentences

BLOCK = 8_000  # characters of a long text that are read at once; that many stay in the processor's cache
_BATCH = BLOCK  # symbols of several texts or blocks that are scored at once, padding included
_HELD = 8 * _BATCH  # characters in memory, so that texts of similar length are scored together

States = TypeVar("States")


class SegmenterScorer(Protocol[States]):
    """An engine that computes the network, in two stages on NumPy arrays. Safe to call from several threads.

    `States` is what the first stage passes on to the second, in a form of the engine's own; the segmenter only hands it
    over. A text gets the same scores in any batch: padding must not change the scores before it.
    """

    def ends(self, symbols: Ints) -> tuple[States, Floats]:
        """The states of the symbols, and ``ends[b, s]``, above 0 if a token ends after symbol s of text b.

        ``symbols[kind, b, s]`` are numbers of the codec's vocabulary, 0 at padding.
        """
        ...

    def tokens(self, states: States, tokens: TokenBatch) -> tuple[Floats, Floats]:
        """``sentences[b, t]``, above 0 if a sentence ends after token t, and the logits ``scripts[b, t, script]``.

        Script 0 is a single word, the others are the codec's ways to expand a multiword token.
        """
        ...


class Segmenter:
    """Splits raw text into sentences, tokens and words. Safe to call from several threads."""

    def __init__(self, codec: SegmenterCodec, scorer: SegmenterScorer[Any]) -> None:
        self.codec, self.scorer = codec, scorer

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text given in pieces. Memory is bounded; how the text is cut changes no sentence."""
        return build_sentences(self.analyse(iter_blocks(pieces, BLOCK)))

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Pretokenized sentences, with the multiword tokens among their tokens expanded.

        A sentence that gets new words keeps its comments and the MISC of its tokens; its other annotations are dropped.
        Tokens that are already multiword stay as they are, and so do sentences with a token of only white space, which
        no text can have.
        """
        for group in chunks(iter(sentences), _BATCH // 10):
            are_readable = [
                len(sentence) > 0 and not any(map(str.isspace, sentence.columns["FORM"])) for sentence in group
            ]
            readable = list(compress(group, are_readable))
            passages = [next(make_passages([sentence], len(sentence))) for sentence in readable]
            texts, tokens = [passage.text for passage in passages], [passage.tokens for passage in passages]
            analysed = iter(self._analyse(texts, tokens))
            for sentence, is_readable in zip(group, are_readable, strict=True):
                yield expand_sentence(sentence, next(analysed)) if is_readable else sentence

    def segment_all(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """The sentences of each text, as from `segment`, but faster: short texts are scored together."""
        blocks = [list(iter_blocks([text], BLOCK)) for text in texts]
        analysed = self.analyse(chain.from_iterable(blocks))
        return [list(build_sentences(islice(analysed, len(own)))) for own in blocks]

    def analyse(self, blocks: Iterable[str]) -> Iterator[tuple[str, list[RawToken]]]:
        """Each piece of text with its tokens, analysed on its own. Only a few pieces are in memory at a time."""
        group: list[str] = []
        size = 0
        for block in blocks:
            group.append(block)
            size += len(block)
            if size >= _HELD:
                yield from self._analyse_group(group)
                group, size = [], 0
        yield from self._analyse_group(group)

    def _analyse_group(self, texts: list[str]) -> Iterator[tuple[str, list[RawToken]]]:
        tokens: dict[int, list[RawToken]] = {}
        for numbers in plan_batches([len(text) for text in texts], _BATCH):
            tokens |= zip(numbers, self._analyse([texts[number] for number in numbers]), strict=True)
        return ((text, tokens[number]) for number, text in enumerate(texts))

    def _analyse(
        self, texts: Sequence[str], tokens: Sequence[Sequence[RawToken]] | None = None
    ) -> list[list[RawToken]]:
        """The tokens of each text, with their words and sentence ends. If `tokens` is given, these are the tokens."""
        all_symbols = list(map(read_symbols, texts))
        filled = [number for number, text in enumerate(all_symbols) if not text.white.all()]
        analysed: list[list[RawToken]] = [[] for _ in texts]
        if not filled:
            return analysed
        symbols = [all_symbols[number] for number in filled]
        states, ends = self.scorer.ends(self.codec.batch_symbols(symbols))
        if tokens is None:
            ranges = [self.codec.find_tokens(text, row) for text, row in zip(symbols, ends, strict=True)]
        else:
            ranges = [locate_tokens(all_symbols[number], tokens[number]) for number in filled]
        batch = self.codec.batch_tokens(symbols, ranges)
        sentences, scripts = self.scorer.tokens(states, batch)
        decoded = self.codec.decode(symbols, ranges, batch, sentences, scripts)
        for number, decoded_tokens in zip(filled, decoded, strict=True):
            analysed[number] = decoded_tokens
        return analysed
