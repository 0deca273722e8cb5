"""Batches of texts, as NumPy arrays: their symbols, their tokens, and the targets for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from depparse.features.batch import pad_rows
from depparse.features.choices import Lesson
from depparse.segmentation.symbols import PARAGRAPH, Bools, Floats, Ints, Symbols

SCRIPTS = "scripts"  # names their probabilities
SPACING = 3  # values for the spacing of a token: white space before it, white space after it, end of paragraph after it


class Sizes(NamedTuple):
    """The sizes of the vocabularies that the network reads and scores."""

    symbols: tuple[int, ...]  # of each kind: characters, categories, n-grams of each length
    forms: int
    scripts: int  # for multiword tokens; the single word does not count


class TokenRanges(NamedTuple):
    """The tokens of one text as ranges of its symbols, both ends included."""

    firsts: Ints  # [tokens]
    lasts: Ints  # [tokens]


class TokenBatch(NamedTuple):
    """The tokens of several texts side by side; padding follows the last token of a text."""

    firsts: Ints  # [batch, tokens], index of a token's first symbol; the number of symbols at padding
    lasts: Ints  # [batch, tokens], index of a token's last symbol; the number of symbols at padding
    forms: Ints  # [batch, tokens], numbers of the forms; 0 at padding
    spacing: Floats  # [batch, tokens, 3], the values of SPACING, 1 for yes and 0 for no
    lengths: Ints  # [batch], tokens

    @property
    def ends_paragraph(self) -> Bools:
        """Whether a paragraph, and so a sentence, ends after each token, ``[batch, tokens]``."""
        return self.spacing[..., 2] > 0


@dataclass(frozen=True, slots=True)
class SymbolBatch:
    """A training batch: texts with their tokens and targets. Targets are IGNORE where there is nothing to learn."""

    symbols: Ints  # [kinds, batch, symbols], numbers of the vocabulary; 0 at padding
    tokens: TokenBatch
    ends: Ints | Floats  # [batch, symbols], 1 where a token ends, else 0; or the probability
    sentences: Ints | Floats  # [batch, tokens], 1 where a sentence ends, else 0; or the probability
    expansions: Ints  # [batch, tokens], number of the script of a multiword token, 0 for a single word
    n_words: int
    scripts: Lesson | None = None  # [batch, tokens, …], probabilities that are learned in place of `expansions`

    @property
    def targets(self) -> dict[str, Ints | Floats]:
        """The targets of each decision."""
        return {"tokens": self.ends, "sentences": self.sentences, "words": self.expansions}


def pad_symbols(numbers: Sequence[Ints]) -> Ints:
    """The numbers of each text, ``[kinds, symbols]``, as one array ``[kinds, batch, symbols]``; 0 at padding."""
    longest = max(row.shape[1] for row in numbers)
    cells = np.zeros((len(numbers[0]), len(numbers), longest), np.int64)
    for index, row in enumerate(numbers):
        cells[:, index, : row.shape[1]] = row
    return cells


def pad_tokens(texts: Sequence[Symbols], ranges: Sequence[TokenRanges], forms: Sequence[Ints]) -> TokenBatch:
    """The tokens of the texts as one batch. `forms` are the numbers of the forms of each text."""
    n_symbols, n_tokens = max(map(len, texts)), max(1, *map(len, forms))
    spacing = np.zeros((len(texts), n_tokens, SPACING), np.float32)
    for cells, text, (firsts, lasts) in zip(spacing, texts, ranges, strict=True):
        # The text counts as surrounded by white space.
        white = np.concatenate(([True], text.white, [True]))
        cells[: len(firsts), 0] = white[firsts]
        cells[: len(firsts), 1] = white[lasts + 2]
        cells[: len(firsts), 2] = np.concatenate((text.points == PARAGRAPH, [False]))[lasts + 1]
    return TokenBatch(
        pad_rows([firsts for firsts, _ in ranges], n_symbols, width=n_tokens),
        pad_rows([lasts for _, lasts in ranges], n_symbols, width=n_tokens),
        pad_rows(forms, 0, width=n_tokens),
        spacing,
        np.array([len(row) for row in forms], np.int64),
    )
