"""The segmenter: raw text to sentences, tokens and words.

Characters go through convolutions, which decide where tokens end; the tokens, put together from their characters, go
through a linear recurrence, which decides where sentences end and which tokens are of several words. So the many
characters cost little, and what takes a wide view is decided on the few tokens. After Straka & Straková (2017,
*Tokenizing, POS tagging, lemmatizing and parsing UD 2.0 with UDPipe*) and Qi et al. (2018), who decide all three at
each character with a recurrent network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.config import Config
from depparse.data.batching import chunks, count_targets, plan_batches
from depparse.data.blocks import iter_blocks
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.data.spacing import RawToken, build_sentences
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.encoders.linear_recurrent.network import LinearRecurrent
from depparse.segmentation.batch import SPACING, SymbolBatch, must_end, places_of
from depparse.segmentation.expansion import Expansions, expand_sentence
from depparse.segmentation.passages import Passage, make_passages
from depparse.segmentation.symbols import Bools, Ints, Symbols, SymbolVocabulary, may_end, read_symbols

_BLOCK = 8_000  # characters of a long text that are read at once: what stays in the processor's cache
_TOGETHER = 2 * _BLOCK  # symbols, padding included, of several texts or blocks
_HELD = 4 * _TOGETHER  # characters that are held, so that those of like lengths are read together
_SCRIPTS_TRIED = 8  # of the best, until one fits the token


class SegmenterConfig(Config):
    """The network that segments."""

    embedding: int = Field(48, ge=1)  # units a character, and an n-gram of characters
    width: int = Field(96, ge=1)  # units a character in the convolutions
    layers: int = Field(3, ge=1)  # convolutions
    window: int = Field(5, ge=1)  # characters that a convolution sees
    spread: int = Field(2, ge=1)  # in each further convolution they are so many times as far apart
    ngrams: int = Field(6_000, ge=0)  # n-grams of characters that are known, of each length
    longest: int = Field(4, ge=1)  # characters of an n-gram, from 2 on
    min_count: int = Field(2, ge=1)  # rarer characters, n-grams and words are unknown
    words: int = Field(48, ge=1)  # units of the embedding of a token
    token_width: int = Field(128, ge=2)  # units of a token in the recurrence
    token_layers: int = Field(2, ge=1)
    dropout: float = Field(0.4, ge=0, lt=1)  # probability
    unknown: float = Field(0.2, ge=0, le=0.5)  # probability that an n-gram reads as unknown; a token, twice that


class Segmenter(nn.Module):
    """Raw text in, sentences of words out. Safe to call from several threads.

    `inner_spaces`: whether tokens may hold white space, as words of Vietnamese do.
    """

    learned = ("tokens", "sentences", "words")  # what it is trained in

    def __init__(
        self,
        config: SegmenterConfig,
        vocabulary: SymbolVocabulary,
        words: Vocabulary,
        expansions: Expansions,
        inner_spaces: bool,
    ) -> None:
        super().__init__()
        self.config, self.vocabulary, self.words = config, vocabulary, words
        self.expansions, self.inner_spaces = expansions, inner_spaces
        width = config.width
        self.embeddings = nn.ModuleList(nn.Embedding(size, config.embedding) for size in vocabulary.sizes)
        for embedding in self.embeddings:
            nn.init.normal_(embedding.weight, std=0.5 * config.embedding**-0.5)  # type: ignore[arg-type]
        sizes = [config.embedding] + [width] * config.layers
        self.convolutions = nn.ModuleList(
            nn.Conv1d(size, width, config.window, padding="same", dilation=config.spread**number)
            for number, size in enumerate(sizes[: config.layers])
        )
        self.dropout = SharedDropout(config.dropout)
        self.end = nn.Linear(width, 1)
        self.forms = nn.Embedding(len(words), config.words)
        nn.init.normal_(self.forms.weight, std=config.words**-0.5)
        recurrent = LinearRecurrentConfig(
            width=config.token_width, layers=config.token_layers, dropout=config.dropout, expansion=1.0
        )
        self.context = LinearRecurrent(recurrent, 3 * width + config.words + SPACING)
        self.sentence = nn.Linear(config.token_width, 1)
        self.script = nn.Linear(config.token_width, 1 + len(expansions.scripts))

    @classmethod
    def build(cls, config: SegmenterConfig, passages: Sequence[Passage]) -> Segmenter:
        """With the vocabularies of `passages`, the training data."""
        texts = [passage.text for passage in passages]
        vocabulary = SymbolVocabulary.learn(
            texts, min_count=config.min_count, longest=config.longest, most=config.ngrams
        )
        forms = Counter(token for passage in passages for token in passage.forms)
        words = Vocabulary([form for form, count in sorted(forms.items()) if count >= config.min_count], reserved=2)
        multiwords = [
            (passage.text[token.start : token.end], token.words)
            for passage in passages
            for token in passage.tokens
            if token.words
        ]
        singles = {
            passage.text[token.start : token.end] for passage in passages for token in passage.tokens if not token.words
        }
        expansions = Expansions.learn(multiwords, singles)
        inner_spaces = any(any(char.isspace() for char in form) for form in forms)
        return cls(config, vocabulary, words, expansions, inner_spaces)

    @property
    def device(self) -> torch.device:
        """Where the weights are, and batches have to be."""
        return self.end.weight.device

    # -- training

    def collate(self, passages: Sequence[Passage]) -> SymbolBatch:
        """Passages with what is to be learned of them."""
        pieces = [read_symbols(passage.text) for passage in passages]
        batch = self._batch([self.vocabulary.numbers(piece.points) for piece in pieces])
        rows = []
        batch.ends = torch.full(batch.symbols.shape[1:], IGNORE)
        for number, (passage, piece) in enumerate(zip(passages, pieces, strict=True)):
            first, last = places_of(piece, passage.tokens)
            ends = np.where(piece.white, IGNORE, 0)
            ends[last] = 1
            ends[must_end(piece, self.inner_spaces) | ~may_end(piece.points)] = IGNORE
            batch.ends[number, : len(ends)] = torch.from_numpy(ends)
            rows.append((first, last, passage.forms))
        batch.add_tokens(rows, pieces, self.words)
        batch.sentences = torch.full(batch.firsts.shape, IGNORE)
        batch.expansions = torch.full(batch.firsts.shape, IGNORE)
        for number, (passage, (_, _, forms)) in enumerate(zip(passages, rows, strict=True)):
            n = len(forms)
            batch.sentences[number, :n] = torch.as_tensor([int(token.ends_sentence) for token in passage.tokens])
            pairs = zip(forms, passage.tokens, strict=True)
            scripts = [self.expansions.number(form, token.words) if token.words else 0 for form, token in pairs]
            batch.expansions[number, :n] = torch.as_tensor([IGNORE if s is None else s for s in scripts])
        # That the end of a paragraph ends a sentence needs no learning.
        batch.sentences[batch.spacing[..., 2] > 0] = IGNORE
        batch.n_words = sum(passage.length for passage in passages)
        return batch

    def count_targets(self, task: str, batch: SymbolBatch) -> int:
        """Decisions of the batch that the loss is a mean over."""
        return count_targets(batch.targets[task].numpy(force=True)) or 0

    def losses(self, batch: SymbolBatch) -> dict[str, Tensor]:
        """The loss of each decision, a scalar each."""
        batch = batch.to(self.device)
        symbols, forms = batch.symbols, batch.forms
        if self.training and self.config.unknown:
            # n-grams only: a character is known nearly always, and its category says the rest.
            lost = torch.rand(symbols[2:].shape, device=symbols.device) < self.config.unknown
            lost &= symbols[2:] > 0
            symbols = torch.cat([symbols[:2], symbols[2:].masked_fill(lost, 1)])
            forms = forms.masked_fill(torch.rand(forms.shape, device=forms.device) < 2 * self.config.unknown, 1)
        states = self._characters(symbols)
        tokens = self._tokens(states, batch, forms)
        return {
            "tokens": _binary_loss(self.end(states)[..., 0], batch.ends),
            "sentences": _binary_loss(self.sentence(tokens)[..., 0], batch.sentences),
            "words": nn.functional.cross_entropy(
                self.script(tokens).flatten(0, 1), batch.expansions.flatten(), ignore_index=IGNORE, reduction="sum"
            )
            / (batch.expansions != IGNORE).sum().clamp(min=1),
        }

    # -- the network

    def _characters(self, symbols: Tensor) -> Tensor:
        """``[kinds, batch, symbols]`` to ``[batch, symbols, width]``."""
        present = (symbols[0] != 0)[..., None]
        values = torch.stack([part(numbers) for part, numbers in zip(self.embeddings, symbols, strict=True)]).sum(0)
        for number, convolution in enumerate(self.convolutions):
            # Beyond its ends a piece of text reads zeros, whatever stands beside it in the batch.
            read = self.dropout(values * present).transpose(1, 2)
            made = nn.functional.relu(convolution(read).transpose(1, 2))
            values = made if number == 0 else values + made
        return values * present

    def _tokens(self, states: Tensor, batch: SymbolBatch, forms: Tensor) -> Tensor:
        """Characters ``[batch, symbols, width]`` to tokens ``[batch, tokens, token_width]``."""
        n_symbols, n_tokens = states.shape[1], batch.firsts.shape[1]
        places = torch.arange(n_symbols, device=states.device).expand(len(states), -1).contiguous()
        # Each symbol belongs to the token that ends at or after it; those after the last one to none, at the end.
        owners = torch.searchsorted(batch.lasts, places)
        inside = places >= batch.firsts.gather(1, owners.clamp(max=n_tokens - 1))
        sums = states.new_zeros(len(states), n_tokens + 1, states.shape[2])
        sums = sums.scatter_add(1, owners[..., None].expand_as(states), states * inside[..., None])
        means = sums[:, :-1] / (batch.lasts - batch.firsts + 1).clamp(min=1)[..., None]
        first, last = (
            states.gather(1, places.clamp(max=n_symbols - 1)[..., None].expand(-1, -1, states.shape[2]))
            for places in (batch.firsts, batch.lasts)
        )
        read = torch.cat([first, last, means, self.forms(forms), batch.spacing], -1)
        # Lengths are those of words beside ROOT, of which there is none here.
        tokens: Tensor = self.context(self.dropout(read), batch.lengths - 1)
        return tokens

    def _batch(self, numbers: Sequence[Ints]) -> SymbolBatch:
        """The symbols of pieces of text; no tokens and targets yet."""
        longest = max(piece.shape[1] for piece in numbers)
        symbols = np.zeros((len(numbers[0]), len(numbers), longest), np.int64)
        for row, piece in enumerate(numbers):
            symbols[:, row, : piece.shape[1]] = piece
        none = torch.zeros(0)
        return SymbolBatch(torch.from_numpy(symbols), none, none, none, none, none, none, none, none, 0)

    # -- segmentation

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text that comes in pieces; memory is bounded, and the pieces do not change the result."""
        return build_sentences(self.analyse(iter_blocks(pieces, _BLOCK)))

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Pretokenized sentences, with the multiword tokens among their tokens expanded.

        Comments and MISC of the tokens stay; all else said of a sentence with new words is gone. Multiword tokens that
        are there already stay as they are.
        """
        for group in chunks(iter(sentences), _TOGETHER // 10):
            filled = [sentence for sentence in group if len(sentence)]
            passages = [next(make_passages([sentence], len(sentence))) for sentence in filled]
            found = iter(self._analyse([p.text for p in passages], [p.tokens for p in passages]) if filled else ())
            for sentence in group:
                yield expand_sentence(sentence, next(found)) if len(sentence) else sentence

    def segment_all(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """The sentences of each text, as from `segment`, but faster: short texts are read together."""
        blocks = [list(iter_blocks([text], _BLOCK)) for text in texts]
        analysed = self.analyse(chain.from_iterable(blocks))
        return [list(build_sentences(islice(analysed, len(own)))) for own in blocks]

    def analyse(self, blocks: Iterable[str]) -> Iterator[tuple[str, list[RawToken]]]:
        """Each piece of text, on its own, with its tokens. A few are held at a time."""
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
        found: dict[int, list[RawToken]] = {}
        for numbers in plan_batches([len(text) for text in texts], _TOGETHER):
            found |= zip(numbers, self._analyse([texts[number] for number in numbers]), strict=True)
        return ((text, found[number]) for number, text in enumerate(texts))

    @torch.inference_mode()
    def _analyse(self, texts: Sequence[str], given: Sequence[Sequence[RawToken]] | None = None) -> list[list[RawToken]]:
        """The tokens of each text: found in it, or those `given`, with their words and sentence ends."""
        self.eval()
        found: list[list[RawToken]] = [[] for _ in texts]
        read = {number: piece for number, piece in enumerate(map(read_symbols, texts)) if not piece.white.all()}
        if not read:
            return found
        pieces = list(read.values())
        batch = self._batch([self.vocabulary.numbers(piece.points) for piece in pieces]).to(self.device)
        states = self._characters(batch.symbols)
        ends = (self.end(states)[..., 0] > 0).cpu().numpy()
        rows = []
        for (number, piece), row in zip(read.items(), ends, strict=True):
            first, last = places_of(piece, given[number]) if given is not None else self._find_tokens(piece, row)
            starts, stops = piece.places[first].tolist(), (piece.places[last] + 1).tolist()
            found[number] = [RawToken(start, stop) for start, stop in zip(starts, stops, strict=True)]
            text = texts[number]
            rows.append((first, last, [text[start:stop] for start, stop in zip(starts, stops, strict=True)]))
        batch.add_tokens(rows, pieces, self.words)
        batch = batch.to(self.device)
        tokens = self._tokens(states, batch, batch.forms)
        # The end of a paragraph ends a sentence in any case.
        sentence_ends = ((self.sentence(tokens)[..., 0] > 0) | (batch.spacing[..., 2] > 0)).tolist()
        expansions = self._expansions(self.script(tokens), [forms for _, _, forms in rows])
        for number, ends_of_row, words in zip(read, sentence_ends, expansions, strict=True):
            for token, end in zip(found[number], ends_of_row, strict=False):  # the row is padded
                token.ends_sentence = end
            for place, parts in words.items():
                found[number][place].words = parts
        return found

    def _find_tokens(self, piece: Symbols, ends: Bools) -> tuple[Ints, Ints]:
        """Places of the first and the last symbol of each token, from where the network sees ends."""
        possible = may_end(piece.points) & ~piece.white
        last = np.flatnonzero(ends[: len(piece)] & possible | must_end(piece, self.inner_spaces))
        # A token begins at the first symbol after the one before that is not white.
        visible = np.flatnonzero(~piece.white)
        return visible[np.searchsorted(visible, np.concatenate(([0], last[:-1] + 1)))], last

    def _expansions(self, scores: Tensor, rows: Sequence[Sequence[str]]) -> list[dict[int, tuple[str, ...]]]:
        """The words of the multiword tokens of each piece, by the token's place; `scores[b, t, script]`."""
        always, n_scripts = self.expansions.always, len(self.expansions.scripts)
        if not n_scripts:
            return [{} for _ in rows]
        several = (scores[..., 1:].logsumexp(-1) > scores[..., 0]).tolist()
        found = []
        for row, forms in enumerate(rows):
            judged = zip(forms, several[row], strict=False)  # the row is padded
            places = [place for place, (form, more) in enumerate(judged) if more or form in always]
            best = scores[row, places, 1:].topk(min(_SCRIPTS_TRIED, n_scripts)).indices.add(1).tolist()
            pairs = zip(places, best, strict=True)
            words = {place: self.expansions.best(forms[place], numbers) for place, numbers in pairs}
            found.append({place: parts for place, parts in words.items() if parts})
        return found

    # -- saving

    def to_json(self) -> dict[str, Any]:
        return {
            "symbols": self.vocabulary.to_json(),
            "words": self.words.to_json(),
            "expansions": self.expansions.to_json(),
            "inner_spaces": self.inner_spaces,
        }

    @classmethod
    def from_json(cls, config: SegmenterConfig, data: dict[str, Any]) -> Segmenter:
        vocabulary = SymbolVocabulary.from_json(data["symbols"])
        words = Vocabulary(data["words"], reserved=2)
        return cls(config, vocabulary, words, Expansions.from_json(data["expansions"]), data["inner_spaces"])


def _binary_loss(scores: Tensor, targets: Tensor) -> Tensor:
    known = targets != IGNORE
    loss = nn.functional.binary_cross_entropy_with_logits(
        scores[known], targets[known].to(scores.dtype), reduction="sum"
    )
    return loss / known.sum().clamp(min=1)
