"""Treebanks as numbers. The batch knows the number of each sentence's treebank, so nothing is read of the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.registry import PartConfig


class TreebankConfig(PartConfig):
    """The settings of embeddings of treebanks."""

    type: Literal["treebank"] = "treebank"
    width: int = Field(12, ge=1)  # units


class TreebankCodec:
    """The codec of treebanks, which knows only how many there are."""

    Config = TreebankConfig

    def __init__(self, config: TreebankConfig, n_treebanks: int) -> None:
        self.config, self.n_treebanks = config, n_treebanks

    def features(self, sentence: Sentence) -> None:
        """Gives no features, as the number of the treebank is in `Batch.sources`."""

    def collate(self, rows: Sequence[None]) -> None:
        """Gives no arrays, as there are no features."""

    def to_json(self) -> Any:
        """The number of treebanks."""
        return self.n_treebanks

    @classmethod
    def from_json(cls, config: TreebankConfig, data: Any) -> TreebankCodec:
        """The codec of `data` treebanks."""
        return cls(config, data)


CODEC: InputCodecType[TreebankConfig] = TreebankCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[None, None]] = TreebankCodec
