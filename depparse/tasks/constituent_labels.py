"""Constituent trees by sequence labelling: each word has one label, and all labels together tell the tree.

`depparse.structs.constituent_labels` has the encodings and their papers. The parts of a label are classified apart
(Vilares, Abdou & Søgaard 2019, *Better, Faster, Stronger Sequence Tagging Constituent Parsers*), so labels come out
that never stood in the training data. A tree always comes out, whatever the labels are. Where we differ: each word has
its best label, also of tetratags, whose paper looks for the best sequence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from depparse.document.annotations.constituents import KIND
from depparse.document.constituents import Constituent
from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Ints, pad
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.tensors import Layout
from depparse.structs.constituent_labels import ENCODINGS
from depparse.tasks.constituent_trees import WRITES, Tree, tell_of_trees_not_learned, tree_of, write_tree
from depparse.tasks.sequence_labels import LabelClassifiers, LabelsConfig
from depparse.tasks.task import Codec, CodecType, Network, NetworkType, Stage


class ConstituentLabelsConfig(LabelsConfig):
    """The settings of the task: constituents, by labels."""

    type: Literal["constituent_labels"] = "constituent_labels"
    encoding: Literal["absolute_ancestors", "relative_ancestors", "tetratags"] = "tetratags"


class ConstituentLabelsCodec:
    """Trees of constituents with a root, as labels.

    `parts` are the values of each part of a label; `root` is the constituent of all words where the labels tell none.
    """

    Config = ConstituentLabelsConfig
    reads = ()
    writes = WRITES

    def __init__(self, config: ConstituentLabelsConfig, parts: Sequence[Vocabulary], root: str) -> None:
        self.config, self.parts, self.root = config, parts, root
        self.encoding = ENCODINGS[config.encoding]

    @classmethod
    def build(cls, config: ConstituentLabelsConfig, sentences: Sequence[Sentence]) -> ConstituentLabelsCodec | None:
        """The codec of the labels of all trees in `sentences`."""
        codec, roots = cls(config, [], ""), Counter[str]()
        counts: list[Counter[str]] = []
        for sentence in sentences:
            labels = codec._labels(sentence)
            roots.update(constituent.label for constituent in KIND.read(sentence)[:1] if labels)
            for label in labels or ():
                counts += [Counter() for _ in range(len(label) - len(counts))]
                for count, part in zip(counts, label, strict=False):
                    count[part] += 1
        codec.parts = [Vocabulary.count(count.elements(), min_count=config.min_count) for count in counts]
        codec.root = min(roots, key=lambda label: (-roots[label], label), default="")
        return codec if codec.parts and all(map(len, codec.parts)) else None

    def _labels(self, sentence: Sentence) -> list[list[str]] | None:
        """The parts of the label of each word; None if there is no tree, or if labels cannot say it."""
        tree = tree_of(sentence)
        if tree is None or any(" " in constituent.label for constituent in tree):
            return None
        labels = self.encoding.encode(tree, len(sentence))
        return [label.split(" ") for label in labels] if self.encoding.decode(labels) == tree else None

    def targets(self, sentence: Sentence) -> list[list[int]]:
        """For each part, its number in the label of each word; IGNORE where the label has no such part."""
        labels = self._labels(sentence) or [[]] * len(sentence)
        return [
            [part.number(label[place], IGNORE) if place < len(label) else IGNORE for label in labels]
            for place, part in enumerate(self.parts)
        ]

    def collate(self, rows: Sequence[list[list[int]]]) -> list[Ints]:
        """For each part, the numbers of several sentences as an array ``[batch, words]``."""
        return [pad(numbers) for numbers in zip(*rows, strict=True)]

    def count_targets(self, targets: Sequence[Any]) -> int:
        """The number of words with a label."""
        return int((targets[0] != IGNORE).sum())

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says how many trees are not learned."""
        reason = f"that the encoding {self.config.encoding} cannot say, without a root or with signs in labels,"
        return tell_of_trees_not_learned(sentences, self._labels, reason)

    def decode(self, scores: list[NDArray[np.float32]], batch: Batch, stage: Stage) -> list[Tree]:
        """The tree that the best parts of labels tell, in a root if they tell none. O(words · depth)."""
        best = [part.argmax(-1) for part in scores]
        trees = []
        for number, example in enumerate(batch.examples):
            words = slice(1, example.length + 1)
            columns = [
                part.strings(numbers[number, words].tolist()) for part, numbers in zip(self.parts, best, strict=True)
            ]
            tree = self.encoding.decode([" ".join(label) for label in zip(*columns, strict=True)])
            if not tree or tree[0].start > 1 or tree[0].end < example.length:
                tree.insert(0, Constituent(1, example.length, self.root))
            trees.append(tree)
        return trees

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        """Writes the constituents."""
        write_tree(sentence, prediction)

    def to_json(self) -> Any:
        """The root, and the values of each part."""
        return {"root": self.root, "parts": [part.to_json() for part in self.parts]}

    @classmethod
    def from_json(cls, config: ConstituentLabelsConfig, data: Any) -> ConstituentLabelsCodec:
        """The codec of the labels in `data`."""
        return cls(config, [Vocabulary(part) for part in data["parts"]], data["root"])


class ConstituentLabels(LabelClassifiers):
    """A classifier for each part of labels."""

    Codec = ConstituentLabelsCodec

    def __init__(self, codec: ConstituentLabelsCodec, widths: Widths) -> None:
        sizes = {f"part{number}": len(part) for number, part in enumerate(codec.parts)}
        super().__init__(codec.config, widths.context, sizes)
        self.codec = codec

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> list[Tensor]:
        """The scores of each part of the label of each word. O(words)."""
        return self.classify(encoded.context)

    def loss(self, scores: list[Tensor], targets: list[Tensor]) -> Tensor:
        """The sum of the cross-entropies of the parts, smoothed."""
        return self.loss_of_labels(scores, targets)


CODEC: CodecType[ConstituentLabelsConfig] = ConstituentLabelsCodec
TASK: NetworkType[ConstituentLabelsCodec] = ConstituentLabels
if TYPE_CHECKING:
    _codec: type[Codec[list[list[int]], list[Ints], list[NDArray[np.float32]], Tree]] = ConstituentLabelsCodec
    _network: type[Network[None, list[Tensor], list[Tensor]]] = ConstituentLabels
