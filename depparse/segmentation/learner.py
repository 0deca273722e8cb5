"""Training of the segmenter."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from depparse.features.vocabulary import IGNORE
from depparse.segmentation.batch import SymbolBatch
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.network import SegmenterNetwork
from depparse.segmentation.passages import Passage
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import TorchSegmenterScorer


class SegmenterLearner(nn.Module):
    """The segmenter as the training loop uses a model: it makes batches and computes their losses.

    `segmenter` always segments with the current weights.
    """

    learned = ("tokens", "sentences", "words")  # the decisions that are trained

    def __init__(self, codec: SegmenterCodec, network: SegmenterNetwork) -> None:
        super().__init__()
        self.codec, self.network = codec, network
        self.segmenter = Segmenter(codec, TorchSegmenterScorer(network))

    @classmethod
    def build(
        cls, config: SegmenterConfig, passages: Sequence[Passage], treebanks: Sequence[str] = ("",)
    ) -> SegmenterLearner:
        """A learner with the vocabularies of `passages`, the training data of these treebanks, and random weights."""
        codec = SegmenterCodec.learn(
            passages,
            min_count=config.min_count,
            longest=config.longest,
            ngrams=config.ngrams,
            treebanks=treebanks,
        )
        return cls(codec, SegmenterNetwork(config, codec.sizes))

    def collate(self, passages: Sequence[Passage]) -> SymbolBatch:
        """A batch of passages, with the targets to learn."""
        return self.codec.collate(passages)

    def count_targets(self, task: str, batch: SymbolBatch) -> int:
        """The number of decisions in the batch over which the loss of the task is the mean."""
        return int((batch.targets[task] != IGNORE).sum())

    def losses(self, batch: SymbolBatch) -> dict[str, Tensor]:
        """The loss of each decision, a scalar."""
        return self.network.losses(batch)
