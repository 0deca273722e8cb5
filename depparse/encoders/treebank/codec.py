"""Treebanks as numbers: each sentence has that of its treebank, which the batch knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.registry import PartConfig


class TreebankConfig(PartConfig):
    """Embeddings of treebanks."""

    type: Literal["treebank"] = "treebank"
    width: int = Field(12, ge=1)  # units


class TreebankCodec:
    """How many treebanks there are. Sentences are not looked at."""

    Config = TreebankConfig

    def __init__(self, config: TreebankConfig, n_treebanks: int) -> None:
        self.config, self.n_treebanks = config, n_treebanks

    def features(self, sentence: Sentence) -> None:
        """None: the number of the treebank stands in `Batch.sources`."""

    def collate(self, rows: Sequence[None]) -> None:
        """None, as there are no features."""

    def to_json(self) -> Any:
        """The number of treebanks."""
        return self.n_treebanks

    @classmethod
    def from_json(cls, config: TreebankConfig, data: Any) -> TreebankCodec:
        """The codec of so many treebanks as `data` says."""
        return cls(config, data)


CODEC: InputCodecType[TreebankConfig] = TreebankCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[None, None]] = TreebankCodec
