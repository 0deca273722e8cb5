"""The settings of the segmenter's network."""

from __future__ import annotations

from pydantic import Field

from depparse.config import Config


class SegmenterConfig(Config):
    """The settings of the segmenter's network."""

    embedding: int = Field(48, ge=1)  # units of the embedding of a character or an n-gram
    width: int = Field(96, ge=1)  # units of a character in the convolutions
    layers: int = Field(3, ge=1)  # convolutions
    window: int = Field(5, ge=1)  # characters that a convolution sees
    spread: int = Field(2, ge=1)  # each further convolution multiplies their distance by this
    ngrams: int = Field(6_000, ge=0)  # known n-grams of characters, of each length
    longest: int = Field(4, ge=1)  # characters of the longest n-grams; the shortest have 2
    min_count: int = Field(2, ge=1)  # rarer characters, n-grams and words are unknown
    words: int = Field(48, ge=1)  # units of the embedding of a token
    token_width: int = Field(128, ge=2)  # units of a token in the recurrence
    token_layers: int = Field(2, ge=1)
    dropout: float = Field(0.4, ge=0, lt=1)  # probability
    unknown: float = Field(0.2, ge=0, le=0.5)  # probability that an n-gram is made unknown; a form: twice that
