"""Pieces of text side by side, and where tokens may and must lie in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from depparse.data.fields import Vocabulary
from depparse.data.spacing import RawToken
from depparse.segmentation.symbols import PARAGRAPH, Bools, Ints, Symbols

SPACING = 3  # what is told of the spacing around a token: before, after, paragraph after


@dataclass(slots=True)
class SymbolBatch:
    """Pieces of text side by side, and tokens in them; after a piece's last symbol or token comes padding."""

    symbols: Tensor  # [kinds, batch, symbols], numbers of the vocabulary, 0 at padding
    firsts: Tensor  # [batch, tokens], place of a token's first symbol; their number at padding
    lasts: Tensor  # [batch, tokens], of its last symbol
    forms: Tensor  # [batch, tokens], numbers of the tokens' vocabulary
    spacing: Tensor  # [batch, tokens, 3]
    lengths: Tensor  # [batch], tokens
    ends: Tensor  # [batch, symbols], 1 where a token ends, 0 where none does, else IGNORE
    sentences: Tensor  # [batch, tokens], 1 where a sentence ends, else 0; IGNORE where it is not known
    expansions: Tensor  # [batch, tokens], number of the script, 0: a single word, else IGNORE
    n_words: int

    @property
    def targets(self) -> dict[str, Tensor]:
        """What each decision is learned from."""
        return {"tokens": self.ends, "sentences": self.sentences, "words": self.expansions}

    def to(self, device: torch.device) -> SymbolBatch:
        """The batch on `device`."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {n: value.to(device) for n, value in values.items() if isinstance(value, Tensor)}
        return replace(self, **moved)

    def add_tokens(
        self, rows: Sequence[tuple[Ints, Ints, Sequence[str]]], pieces: Sequence[Symbols], words: Vocabulary
    ) -> None:
        """Puts tokens in: for each piece, the places of their first and last symbols, and their forms."""
        most, n_symbols = max(len(first) for first, _, _ in rows), self.symbols.shape[2]
        shape = (len(rows), max(1, most))
        firsts, lasts = np.full(shape, n_symbols), np.full(shape, n_symbols)
        forms = np.zeros(shape, np.int64)
        spacing = np.zeros((*shape, SPACING), np.float32)
        for row, ((first, last, texts), piece) in enumerate(zip(rows, pieces, strict=True)):
            n = len(first)
            firsts[row, :n], lasts[row, :n] = first, last
            forms[row, :n] = words.numbers(texts, 1)
            white = np.concatenate((piece.white, [True]))
            paragraph = np.concatenate((piece.points == PARAGRAPH, [False]))
            spacing[row, :n, 0] = white[first - 1]  # of a first token that is the end of the array, as is right
            spacing[row, :n, 1] = white[last + 1]
            spacing[row, :n, 2] = paragraph[last + 1]
        self.firsts, self.lasts = torch.from_numpy(firsts), torch.from_numpy(lasts)
        self.forms, self.spacing = torch.from_numpy(forms), torch.from_numpy(spacing)
        self.lengths = torch.as_tensor([len(first) for first, _, _ in rows])


def must_end(piece: Symbols, inner_spaces: bool) -> Bools:
    """Where a token ends in any case: before white space, or before a paragraph's end if tokens may hold spaces."""
    following = np.concatenate((piece.white[1:], [True]))
    if inner_spaces:
        following &= np.concatenate((piece.points[1:] == PARAGRAPH, [True])) | _at_end(piece)
    return following & ~piece.white


def places_of(piece: Symbols, tokens: Sequence[RawToken]) -> tuple[Ints, Ints]:
    """Places among the symbols of the first and the last symbol of each token."""
    first = np.searchsorted(piece.places, [token.start for token in tokens])
    return first, np.searchsorted(piece.places, [token.end - 1 for token in tokens], "right") - 1


def _at_end(piece: Symbols) -> Bools:
    """Whether nothing but white space follows a symbol."""
    places = np.arange(len(piece))
    visible = np.flatnonzero(~piece.white)
    return places >= (visible[-1] if len(visible) else 0)
