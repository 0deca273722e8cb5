"""The segmenter: from raw text to sentences, tokens and words.

First the scores of symbols decide where tokens end; then the scores of tokens decide where sentences end and which
tokens are multiword. An engine computes the scores (`SegmenterScorer`; `torch_scorer` has that of torch), and the codec
does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from itertools import chain, compress, groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeVar

from depparse.document.columns import LANGUAGE
from depparse.document.sentence import Sentence
from depparse.features.batch import chunks, plan_batches
from depparse.segmentation.batch import TokenBatch
from depparse.segmentation.codec import SegmenterCodec, locate_tokens
from depparse.segmentation.expansion import expand_sentence
from depparse.segmentation.passages import make_passages
from depparse.segmentation.symbols import Floats, Ints, read_symbols
from depparse.text.blocks import iter_blocks
from depparse.text.spacing import RawToken, breaks_paragraph, build_sentences, split_paragraphs
from depparse.treebanks.languages import Choice, Languages

BLOCK = 8_000  # characters of a long text that are read at once; that many stay in the processor's cache
_BATCH = BLOCK  # symbols of several texts or blocks that are scored at once, padding included
_CHOICES = 1_000  # of which the segmenters are remembered
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


class Piece(NamedTuple):
    """A piece of text that is analysed on its own."""

    text: str
    source: int = 0  # number of the treebank in whose style it is segmented
    language: str = ""  # its code, if the language was found


class Segmenter:
    """Splits raw text into sentences, tokens and words. Safe to call from several threads.

    A segmenter of several treebanks segments in the style that is chosen (`choosing`), by default that of the first.
    """

    def __init__(self, codec: SegmenterCodec, scorer: SegmenterScorer[Any]) -> None:
        self.codec, self.scorer = codec, scorer
        self.choice = Choice()
        self._own = self._languages = Languages(codec.treebanks)
        self._chosen: dict[tuple[Choice, Languages], Segmenter] = {}

    def choosing(self, choice: Choice, languages: Languages | None = None) -> Segmenter:
        """The segmenter that segments in this style: the same object for the same choice.

        If the language of each paragraph is to be found, it is found among `languages`, those of the pipeline; by
        default among those of the segmenter's treebanks.
        """
        languages = languages or self._own
        chosen = self._chosen.get((choice, languages))
        if chosen is None:
            chosen = copy(self)
            chosen.choice, chosen._languages, chosen._chosen = choice, languages, {}
            if len(self._chosen) < _CHOICES:
                chosen = self._chosen.setdefault((choice, languages), chosen)
        return chosen

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_chosen": {}}  # processes make their own

    def number(self, treebank: str) -> int:
        """The number of the treebank of that name, or else of the nearest one, in `Symbols.source`."""
        return self._own.number(Choice(treebank), quiet=True)

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text given in pieces. Memory is bounded; how the text is cut changes no sentence."""
        return build_sentences(self.analyse(self._pieces(pieces)))

    def _pieces(self, pieces: Iterable[str]) -> Iterator[Piece]:
        """The text in pieces that are analysed on their own. These are blocks; if the language of each paragraph is
        to be found, a block is cut where the language changes."""
        blocks = iter_blocks(pieces, BLOCK)
        if not self.choice.is_auto:
            source = self._own.number(self.choice, quiet=True)
            yield from (Piece(block, source) for block in blocks)
            return
        language, before = "", ""  # the language of the last paragraph, and the spacing behind it
        for block in blocks:
            paragraphs = split_paragraphs(block)
            codes = self._languages.identify(paragraphs)
            after = block[: len(block) - len(block.lstrip())]
            if language and not breaks_paragraph(before + after):
                codes[0] = language  # the paragraph began in the block before
            for language, group in groupby(zip(codes, paragraphs, strict=True), key=itemgetter(0)):
                text = "".join(paragraph for _, paragraph in group)
                yield Piece(text, self._own.number(self.choice, language, quiet=True), language)
            before = block[len(block.rstrip()) :]

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Pretokenized sentences, with the multiword tokens among their tokens expanded.

        A sentence that gets new words keeps its comments and the MISC of its tokens; its other annotations are dropped.
        Tokens that are already multiword stay as they are, and so do sentences with a token of only white space, which
        no text can have. Where each is expanded as in its language, the comment ``# lang`` tells which it is.
        """
        for group in chunks(iter(sentences), _BATCH // 10):
            are_readable = [
                len(sentence) > 0 and not any(map(str.isspace, sentence.columns["FORM"])) for sentence in group
            ]
            readable = list(compress(group, are_readable))
            passages = [next(make_passages([sentence], len(sentence))) for sentence in readable]
            languages = [sentence.comment(LANGUAGE) for sentence in readable]
            sources = [self._own.number(self.choice, language, quiet=True) for language in languages]
            texts = [Piece(passage.text, source) for passage, source in zip(passages, sources, strict=True)]
            analysed = iter(self._analyse(texts, [passage.tokens for passage in passages]))
            for sentence, is_readable in zip(group, are_readable, strict=True):
                yield expand_sentence(sentence, next(analysed)) if is_readable else sentence

    def segment_all(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """The sentences of each text, as from `segment`, but faster: short texts are scored together."""
        pieces = [list(self._pieces([text])) for text in texts]
        analysed = self.analyse(chain.from_iterable(pieces))
        return [list(build_sentences(islice(analysed, len(own)))) for own in pieces]

    def analyse(self, pieces: Iterable[Piece]) -> Iterator[tuple[str, list[RawToken]]]:
        """The text of each piece, and its tokens. Only a few pieces are in memory at a time."""
        group: list[Piece] = []
        size = 0
        for piece in pieces:
            group.append(piece)
            size += len(piece.text)
            if size >= _HELD:
                yield from self._analyse_group(group)
                group, size = [], 0
        yield from self._analyse_group(group)

    def _analyse_group(self, pieces: list[Piece]) -> Iterator[tuple[str, list[RawToken]]]:
        tokens: dict[int, list[RawToken]] = {}
        for numbers in plan_batches([len(piece.text) for piece in pieces], _BATCH):
            tokens |= zip(numbers, self._analyse([pieces[number] for number in numbers]), strict=True)
        return ((piece.text, tokens[number]) for number, piece in enumerate(pieces))

    def _analyse(
        self, pieces: Sequence[Piece], tokens: Sequence[Sequence[RawToken]] | None = None
    ) -> list[list[RawToken]]:
        """The tokens of each piece, with their words and sentence ends. If `tokens` is given, these are the tokens."""
        all_symbols = [read_symbols(piece.text, piece.source) for piece in pieces]
        filled = [number for number, text in enumerate(all_symbols) if not text.white.all()]
        analysed: list[list[RawToken]] = [[] for _ in pieces]
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
            for token in decoded_tokens if pieces[number].language else ():
                token.language = pieces[number].language
        return analysed
