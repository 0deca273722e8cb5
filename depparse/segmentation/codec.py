"""Segmentation without the network: from text to arrays of numbers, and from scores to tokens, sentences and words.

Together with an engine that computes the scores (see `segmenter`), this is all of segmentation; it needs no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from depparse.features.batch import pad_rows
from depparse.features.choices import pad_lessons
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.segmentation.abbreviations import is_abbreviation
from depparse.segmentation.batch import Sizes, SymbolBatch, TokenBatch, TokenRanges, pad_symbols, pad_tokens
from depparse.segmentation.expansion import Expansions
from depparse.segmentation.passages import Passage, Probabilities
from depparse.segmentation.style import Style
from depparse.segmentation.symbols import (
    PARAGRAPH,
    Bools,
    Floats,
    Ints,
    Symbols,
    SymbolVocabulary,
    locate_lasts,
    may_end,
    read_symbols,
)
from depparse.text.spacing import RawToken
from depparse.text.variants import unify_apostrophes

_UNKNOWN_FORM = 1  # number of forms that are not in the vocabulary; 0 is padding
_FIRST_TREEBANK = 2  # number of the first treebank; 0 is padding, and 1 a treebank that the network is not told
# The least logarithm of the odds for a token to end between a short word and a full stop, for words that the training
# data has and others. On EWT dev, 3 of 17 ends of sentences have less; unseen abbreviations have 0.3 to 7.8.
_LEAST_OF_KNOWN, _LEAST_OF_UNKNOWN = 3.5, 6.0
_SCRIPTS_TRIED = 8  # the best ones are tried until one fits the token


class SegmenterCodec:
    """Vocabularies of symbols and of token forms, and the style of each treebank.

    `treebanks` are the names of the treebanks, in the order of `Symbols.source`. If there are several, the network
    reads the number of the treebank at each symbol, as one more kind of symbols. The scripts of multiword tokens that
    it scores are those of all treebanks; a text gets only those of its own.
    """

    def __init__(
        self, symbols: SymbolVocabulary, forms: Vocabulary, styles: Sequence[Style], treebanks: Sequence[str] = ("",)
    ) -> None:
        self.symbols, self.forms, self.styles, self.treebanks = symbols, forms, tuple(styles), tuple(treebanks)
        if not self.styles or len(self.styles) != len(self.treebanks):
            raise ValueError(f"{len(self.treebanks)} treebanks, but {len(self.styles)} styles")
        # All scripts, in the order in which they come first; and for each treebank, the number among these of each of
        # its own, in which 0 stands for a single word.
        self.scripts = list(dict.fromkeys(script for style in self.styles for script in style.expansions.scripts))
        numbers = {script: number for number, script in enumerate(self.scripts, 1)}
        self._numbers = [
            np.array([0, *map(numbers.__getitem__, style.expansions.scripts)], np.int64) for style in self.styles
        ]

    @classmethod
    def learn(
        cls,
        passages: Sequence[Passage],
        *,
        min_count: int,
        longest: int,
        ngrams: int,
        treebanks: Sequence[str] = ("",),
    ) -> SegmenterCodec:
        """The codec with the vocabularies of the training data, whose `Passage.source` are indices of `treebanks`.

        Characters, n-grams and forms that occur less than `min_count` times are unknown. N-grams have at most `longest`
        characters; of each length, the `ngrams` most frequent are kept.
        """
        texts = [passage.text for passage in passages]
        symbols = SymbolVocabulary.learn(texts, min_count=min_count, longest=longest, most=ngrams)
        counts = Counter(unify_apostrophes(form) for passage in passages for form in passage.forms)
        common = [form for form, count in sorted(counts.items()) if count >= min_count]
        styles = [
            Style.learn([passage for passage in passages if passage.source == source])
            for source in range(len(treebanks))
        ]
        return cls(symbols, Vocabulary(common, reserved=2), styles, treebanks)

    @property
    def sizes(self) -> Sizes:
        """The sizes of the network that fits the vocabularies."""
        treebanks = [_FIRST_TREEBANK + len(self.treebanks)] if len(self.treebanks) > 1 else []
        return Sizes((*self.symbols.sizes, *treebanks), len(self.forms), len(self.scripts))

    # -- text to arrays

    def batch_symbols(self, texts: Sequence[Symbols]) -> Ints:
        """The input of the first stage of the network, ``[kinds, batch, symbols]``."""
        return pad_symbols(list(map(self._symbols, texts)))

    def _symbols(self, text: Symbols) -> Ints:
        """The numbers of the symbols of a text, ``[kinds, symbols]``."""
        numbers = self.symbols.numbers(text.points)
        if len(self.treebanks) == 1:
            return numbers
        return np.concatenate([numbers, np.full((1, len(text)), _FIRST_TREEBANK + text.source)])

    def batch_tokens(self, texts: Sequence[Symbols], ranges: Sequence[TokenRanges]) -> TokenBatch:
        """The input of the second stage."""
        forms = [
            np.array(self.forms.numbers(_forms(text, tokens), _UNKNOWN_FORM), np.int64)
            for text, tokens in zip(texts, ranges, strict=True)
        ]
        return pad_tokens(texts, ranges, forms)

    def collate(self, passages: Sequence[Passage]) -> SymbolBatch:
        """A batch of passages, with the targets to learn."""
        texts = [read_symbols(passage.text, passage.source) for passage in passages]
        ranges = [locate_tokens(text, passage.tokens) for text, passage in zip(texts, passages, strict=True)]
        symbols, tokens = self.batch_symbols(texts), self.batch_tokens(texts, ranges)
        ends = [self._end_targets(text, lasts) for text, (_, lasts) in zip(texts, ranges, strict=True)]
        width = tokens.forms.shape[1]
        sentences = [np.array([token.ends_sentence for token in passage.tokens], np.int64) for passage in passages]
        # The end of a paragraph always ends a sentence, so it is no target.
        sentence_targets = np.where(tokens.ends_paragraph, IGNORE, pad_rows(sentences, IGNORE, width=width))
        batch = SymbolBatch(
            symbols,
            tokens,
            pad_rows(ends, IGNORE, width=symbols.shape[2]),
            sentence_targets,
            pad_rows([self.script_targets(passage) for passage in passages], IGNORE, width=width),
            sum(passage.length for passage in passages),
        )
        known = [passage.probabilities for passage in passages if passage.probabilities is not None]
        return _softened(batch, known) if len(known) == len(passages) else batch

    def _end_targets(self, text: Symbols, lasts: Ints) -> Ints:
        """For each symbol, 1 if a token ends there, else 0; IGNORE where there is no choice."""
        ends = np.where(text.white, IGNORE, 0)
        ends[lasts] = 1
        needed, possible = self._places(text)
        ends[needed | ~possible] = IGNORE
        return ends

    def _places(self, text: Symbols) -> tuple[Bools, Bools]:
        """Where a token must end, and where one may end, ``[symbols]`` each."""
        possible = may_end(text.points) & ~text.white
        style = self.styles[text.source]
        needed = must_end(text, style.inner_spaces)
        joined, edges = style.borders.apply(text)
        inside = joined & ~needed
        return needed | (edges & possible & ~inside), possible & ~inside

    def script_targets(self, passage: Passage) -> Ints:
        """For each token, the number of its script, 0 for a single word; IGNORE if no script makes its words.

        It is IGNORE too for a typo that is not known, since plurals should not be learned from a lost apostrophe.
        """
        pairs = enumerate(zip(passage.forms, passage.tokens, strict=True))
        expansions, numbers = self.styles[passage.source].expansions, self._numbers[passage.source]
        scripts = [
            0
            if not token.words
            else None
            if number in passage.typos and not expansions.knows(form)
            else expansions.number(form, token.words)
            for number, (form, token) in pairs
        ]
        return np.array([IGNORE if script is None else numbers[script] for script in scripts], np.int64)

    # -- scores to tokens

    def find_tokens(self, text: Symbols, ends: Floats) -> TokenRanges:
        """The tokens of the text. One ends after each symbol whose score in `ends` is above 0, if one may end there.

        Where that is doubtful, the score has to be greater.
        """
        needed, possible = self._places(text)
        least = np.zeros(len(text), np.float32)
        for word, last in self.styles[text.source].borders.doubtful(text):
            least[last] = _LEAST_OF_KNOWN if word in self.forms else _LEAST_OF_UNKNOWN
        lasts = np.flatnonzero((ends[: len(text)] > least) & possible | needed)
        # A token begins at the first visible symbol after the end of the token before.
        visible = np.flatnonzero(~text.white)
        return TokenRanges(visible[np.searchsorted(visible, np.concatenate(([0], lasts[:-1] + 1)))], lasts)

    def decode(
        self,
        texts: Sequence[Symbols],
        ranges: Sequence[TokenRanges],
        batch: TokenBatch,
        sentences: Floats,
        scripts: Floats,
    ) -> list[list[RawToken]]:
        """The tokens of each text, with their words and sentence ends.

        A sentence ends after token t of text b if ``sentences[b, t]`` is above 0 or a paragraph ends there.
        ``scripts[b, t, script]`` are the logits of the scripts; number 0 stands for a single word.
        """
        sentence_ends = ((sentences > 0) | batch.ends_paragraph).tolist()
        decoded = []
        for row, (text, (firsts, lasts)) in enumerate(zip(texts, ranges, strict=True)):
            starts, stops = text.offsets[firsts].tolist(), (text.offsets[lasts] + 1).tolist()
            # Rows of scores are padded, so they may be longer than the tokens.
            columns = zip(starts, stops, sentence_ends[row], strict=False)
            tokens = [RawToken(start, stop, (), ends_sentence) for start, stop, ends_sentence in columns]
            style = self.styles[text.source]
            if style.borders.abbreviations:
                _go_on(text.text, tokens, batch.ends_paragraph[row])
            if style.expansions.scripts:
                own = scripts[row, : len(tokens)]
                if len(self.styles) > 1:
                    own = own[:, self._numbers[text.source]]
                _expand(text.text, tokens, style.expansions, own)
            decoded.append(tokens)
        return decoded

    # -- saving

    def to_json(self) -> dict[str, Any]:
        """All of the codec, for `from_json`."""
        shared = {"symbols": self.symbols.to_json(), "words": self.forms.to_json()}
        if self.treebanks == ("",):
            return shared | self.styles[0].to_json()
        pairs = zip(self.treebanks, self.styles, strict=True)
        return shared | {"treebanks": [{"name": name, **style.to_json()} for name, style in pairs]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SegmenterCodec:
        """The codec from the data of `to_json`. Raises KeyError, TypeError or ValueError for other data."""
        of_treebanks = data.get("treebanks", [{"name": "", **data}])
        if any(not isinstance(each["name"], str) for each in of_treebanks):
            raise ValueError("the name of a treebank is a string")
        styles = [Style.from_json(each) for each in of_treebanks]
        # Segmenters without borders (format 2) tell digits apart. Those with borders do not; the first do not say so.
        symbols = SymbolVocabulary.from_json({"fold": "borders" in of_treebanks[0], **data["symbols"]})
        return cls(symbols, Vocabulary(data["words"], reserved=2), styles, [each["name"] for each in of_treebanks])


def _softened(batch: SymbolBatch, known: Sequence[Probabilities]) -> SymbolBatch:
    """The batch with probabilities in place of decisions, where there is a choice."""
    ends, sentences = batch.ends.astype(np.float32), batch.sentences.astype(np.float32)
    for row, probabilities in enumerate(known):
        for targets, own in ((ends[row], probabilities.ends), (sentences[row], probabilities.sentences)):
            targets[: len(own)] = np.where(targets[: len(own)] == IGNORE, IGNORE, own)
    padded = pad_lessons([probabilities.scripts for probabilities in known])
    scripts = {name: array[:, 1:] for name, array in padded.items()}  # tokens have no ROOT
    return replace(batch, ends=ends, sentences=sentences, scripts=scripts)


def must_end(text: Symbols, inner_spaces: bool) -> Bools:
    """Whether a token must end after a symbol: before white space or, with `inner_spaces`, before a paragraph break."""
    before_white = np.concatenate((text.white[1:], [True]))
    if inner_spaces:
        before_white &= np.concatenate((text.points[1:] == PARAGRAPH, [True])) | _at_end(text)
    return before_white & ~text.white


def _at_end(text: Symbols) -> Bools:
    """Whether only white space follows each symbol."""
    visible = np.flatnonzero(~text.white)
    return np.arange(len(text)) >= (visible[-1] if len(visible) else 0)


def locate_tokens(text: Symbols, tokens: Sequence[RawToken]) -> TokenRanges:
    """The tokens as ranges of symbols."""
    firsts = np.searchsorted(text.offsets, [token.start for token in tokens])
    return TokenRanges(firsts, locate_lasts(text, tokens))


def _forms(text: Symbols, tokens: TokenRanges) -> list[str]:
    """The text of each token, with one form of apostrophes."""
    starts, stops = text.offsets[tokens.firsts].tolist(), (text.offsets[tokens.lasts] + 1).tolist()
    return [unify_apostrophes(text.text[start:stop]) for start, stop in zip(starts, stops, strict=True)]


def _go_on(text: str, tokens: Sequence[RawToken], ends_paragraph: Bools) -> None:
    """Takes back the ends of sentences after abbreviations, but at the ends of paragraphs."""
    for number, token in enumerate(tokens):
        if token.ends_sentence and not ends_paragraph[number] and is_abbreviation(text[token.start : token.end]):
            token.ends_sentence = False


def _expand(text: str, tokens: Sequence[RawToken], expansions: Expansions, scripts: Floats) -> None:
    """Gives multiword tokens their words, by ``scripts[tokens, script]``."""
    forms, several = [text[token.start : token.end] for token in tokens], _are_several(scripts)
    multiwords = [number for number, form in enumerate(forms) if several[number] or expansions.is_always(form)]
    for number, best_scripts in zip(multiwords, _best_scripts(scripts[multiwords]), strict=True):
        tokens[number].words = expansions.best(forms[number], best_scripts)


def _are_several(scripts: Floats) -> Bools:
    """Whether all scripts together are likelier than a single word, ``[…, tokens]``; ``scripts[…, tokens, script]``."""
    single, multiword = scripts[..., 0], scripts[..., 1:]
    if not multiword.shape[-1]:
        return np.zeros(single.shape, np.bool_)
    # log Σ exp lies between the greatest score and that plus log n, so only scores in between need exponentials.
    best = multiword.max(-1)
    several: Bools = best > single
    undecided = ~several & (best + np.log(multiword.shape[-1]) + 1e-3 > single)
    several[undecided] = np.exp(multiword[undecided] - single[undecided][:, None]).sum(-1) > 1
    return several


def _best_scripts(scripts: Floats) -> list[list[int]]:
    """For each token, the numbers of the scripts with the greatest ``scripts[t, script]``, the best first."""
    scores = scripts[:, 1:]
    n_tried = min(_SCRIPTS_TRIED, scores.shape[1])
    tried = np.argpartition(-scores, n_tried - 1, axis=1)[:, :n_tried]
    order = np.argsort(-np.take_along_axis(scores, tried, 1), axis=1, kind="stable")
    best: list[list[int]] = (1 + np.take_along_axis(tried, order, 1)).tolist()
    return best
