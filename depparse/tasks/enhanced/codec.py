"""Enhanced dependencies: graphs in which a word may have several heads, decoded from scores of arcs.

Labels are learned without the lemmas that they name. The lemmas are put in when the graph is written, from the HEAD,
DEPREL and LEMMA that the sentence has by then (features/graph_labels.py). Empty nodes are learned collapsed, as labels
such as ``conj:and>nsubj``, and expanded when the graph is written (document/graphs.py); an empty node without
dependents is not predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.document.annotations.graph import GRAPH_PROBABILITIES
from depparse.document.columns import format_deps, parse_deps, set_in_misc
from depparse.document.graphs import Edge, collapsed_edges, expanded_edges
from depparse.document.sentence import Sentence
from depparse.features.batch import Batch, Ints
from depparse.features.graph_labels import LabelWords, sources_of
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.trees.reader import Arcs, SyntaxConfig, TreeReader, TreeSource, count_relations
from depparse.structs.graphs import best_graph
from depparse.structs.probabilities import sigmoid
from depparse.tasks.findings import tell_of_trees
from depparse.tasks.task import Codec, CodecType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
Bools = NDArray[np.bool_]


class EnhancedConfig(TaskConfig):
    """The settings of the task: DEPS of words, and empty nodes."""

    type: Literal["enhanced"] = "enhanced"
    arc_width: int = Field(300, ge=1)  # units
    label_width: int = Field(200, ge=1)  # units
    tree_width: int = Field(64, ge=0)  # units of the vectors by which scores see the basic tree; 0: they do not see it
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike
    min_count: int = Field(3, ge=1)  # classes of labels with fewer arcs in the training data are not predicted
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="gcn"}, between encoder and task
    trees: TreeSource = "given"  # the trees it learns with: of the training data, or those that the model predicts


class GraphTargets(NamedTuple, Generic[Array]):
    """What is learned from a batch."""

    arcs: Array  # [arcs, 3]: sentence, dependent, head
    labels: Array  # [arcs]: number of the class, IGNORE if it is too rare
    annotated: Array  # [batch, words], True at words that have DEPS


class KinVectors(NamedTuple, Generic[Array]):
    """Vectors of pairs of words that are near each other in the basic tree."""

    pairs: Array  # [pairs, 3]: sentence, dependent, head; sorted
    vectors: Array  # [pairs, tree width]


class GraphScores(NamedTuple, Generic[Array]):
    """Scores of arcs, and the vectors from which labels are scored once the arcs are decided."""

    arc_scores: Array  # [batch, dependents, heads]: log-odds of an arc from each head to each dependent; 0 is ROOT
    label_dependents: Array  # [batch, words, label width]
    label_heads: Array  # [batch, words, label width]
    kin: KinVectors[Array] | None  # None if `tree_width` is 0


@dataclass(frozen=True, slots=True)
class Arc:
    """An arc to a word."""

    head: int  # 0 is ROOT
    label: str  # the class of its label, without lemmas
    probability: float  # of the arc with its label


class EnhancedCodec:
    """Graphs in which all words are in reach of ROOT."""

    Config = EnhancedConfig
    reads = ("HEAD", "DEPREL", "LEMMA")
    writes = ("DEPS",)

    def __init__(self, config: EnhancedConfig, labels: Vocabulary, relations: Vocabulary) -> None:
        self.config, self.labels, self.trees = config, labels, TreeReader(relations)
        self.reads_trees: TreeSource | None = config.trees
        self._sources = [sources_of(label) for label in labels.items]
        split_labels = [label.split("|") for label in labels.items]
        self._of_root = np.array(
            [all(label.split(">")[0] == "root" for label in joined) for joined in split_labels], np.bool_
        )

    @classmethod
    def build(cls, config: EnhancedConfig, sentences: Sequence[Sentence]) -> EnhancedCodec | None:
        """The codec of the classes of labels of `sentences`, and of the relations of their trees."""

        def labels(min_count: int) -> Vocabulary:
            classes = (label for sentence in sentences for _, _, label in _arcs_of(sentence))
            return Vocabulary.count(classes, min_count=min_count)

        vocabulary = labels(config.min_count)
        if not len(vocabulary):  # no graphs, or a handful of them
            vocabulary = labels(1)
        if not len(vocabulary):
            return None
        reader = config.syntax or (config if config.tree_width else None)
        return cls(config, vocabulary, count_relations(reader, sentences, config.trees))

    def read_trees(self, batch: Batch) -> Arcs[Any] | None:
        """The trees as numbers; None if the network, as it is configured, has nothing that reads them."""
        return self.trees.arcs(batch) if self.config.tree_width or self.config.syntax is not None else None

    # -- what is learned

    def targets(self, sentence: Sentence) -> tuple[list[tuple[int, int, int]], list[bool]]:
        """The dependent, head and label of each arc; and for each word, whether it is annotated."""
        arcs = [(word, head, self.labels.number(label, IGNORE)) for word, head, label in _arcs_of(sentence)]
        return arcs, [cell != "_" for cell in sentence.columns.get("DEPS", ["_"] * len(sentence))]

    def collate(self, rows: Sequence[tuple[list[tuple[int, int, int]], list[bool]]]) -> GraphTargets[Ints | Bools]:
        """The graphs of several sentences as arrays."""
        numbered = [(number, *arc) for number, (arcs, _) in enumerate(rows) for arc in arcs]
        table = np.array(numbered, np.int64).reshape(-1, 4)
        annotated = np.zeros((len(rows), 1 + max(len(words) for _, words in rows)), np.bool_)
        for number, (_, words) in enumerate(rows):
            annotated[number, 1 : len(words) + 1] = words
        return GraphTargets(table[:, :3], table[:, 3], annotated)

    def count_targets(self, targets: GraphTargets[Any]) -> int:
        """The number of annotated words."""
        return int(targets.annotated.sum())

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says which training data is not learned."""
        lacking: list[tuple[int, Sentence]] = []
        rare = total = 0
        for number, sentence in enumerate(sentences, 1):
            arcs = list(_arcs_of(sentence))
            total += len(arcs)
            rare += sum(label not in self.labels for _, _, label in arcs)
            if arcs and None in sentence.heads:
                lacking.append((number, sentence))
        lines = tell_of_trees(lacking, self.reads_trees)
        if rare:
            lines.append(f"arcs whose label is too rare (min_count) are learned without it: {rare} of {total}")
        return lines

    # -- what is predicted

    def decode(self, scores: GraphScores[NDArray[Any]], batch: Batch, stage: Stage) -> list[list[list[Arc]]]:
        """The arcs to each word of each sentence: those of the most probable graph, each with its best label."""
        numbered: list[tuple[int, int, int]] = []
        for number, example in enumerate(batch.examples):
            size = example.length + 1
            graph = best_graph(scores.arc_scores[number, :size, :size])
            numbered += ((number, dependent, head) for dependent, head in np.argwhere(graph).tolist())
        arcs = np.array(numbered, np.int64)
        arc_probabilities = sigmoid(scores.arc_scores[tuple(arcs.T)])
        (label_scores,) = stage("label_scores", scores.label_dependents, scores.label_heads, arcs, *(scores.kin or ()))
        label_probabilities, best = self._best_labels(label_scores.astype(np.float64), arcs, batch)
        predictions: list[list[list[Arc]]] = [[[] for _ in range(example.length)] for example in batch.examples]
        cells = zip(arcs.tolist(), best.tolist(), (arc_probabilities * label_probabilities).tolist(), strict=True)
        for (number, dependent, head), label, probability in cells:
            predictions[number][dependent - 1].append(Arc(head, self.labels.item(label), probability))
        return predictions

    def _best_labels(self, label_scores: NDArray[Any], arcs: Ints, batch: Batch) -> tuple[NDArray[Any], Ints]:
        """The probability of the best label of each arc, among the labels that the arc may have, and that label.

        ``label_scores[arcs, labels]`` are changed: all other labels get -inf.
        """
        # In UD, arcs from ROOT and no others have the relation root.
        wrong = (arcs[:, 2] == 0)[:, None] != self._of_root
        label_scores[wrong & ~wrong.all(-1, keepdims=True)] = -np.inf
        # Of these labels, an arc may have those whose words are in the tree, if there are any. The lemmas may not be
        # written yet, and only their sources matter here, so every word gets the same lemma.
        words = [LabelWords(tree.heads, tree.labels, ["x"] * len(tree.heads)) for tree in batch.trees]
        lacking = self._lacking(words[number].sources(dependent) for number, dependent, _ in arcs.tolist())
        fits = (~lacking & np.isfinite(label_scores)).any(-1, keepdims=True)
        label_scores[lacking & fits] = -np.inf
        best = label_scores.argmax(-1)
        highest = label_scores.max(-1, keepdims=True)
        return 1.0 / np.exp(label_scores - highest).sum(-1), best

    def _lacking(self, sources: Iterable[dict[str, str]]) -> Bools:
        """``[arcs, labels]``: True where the sources of an arc's dependent lack one that the label names."""
        numbers: dict[frozenset[str], int] = {}
        arc_numbers = [numbers.setdefault(frozenset(names), len(numbers)) for names in sources]
        rows = np.array([[not named <= names for named in self._sources] for names in numbers], np.bool_)
        lacking: Bools = rows[arc_numbers]
        return lacking

    def annotate(self, sentence: Sentence, prediction: list[list[Arc]]) -> None:
        """Writes DEPS and empty nodes."""
        edges, sentence.empty_nodes = expanded_edges(_paths(sentence, prediction))
        sentence.columns["DEPS"] = [format_deps(set(row)) for row in edges]

    def write_probabilities(self, sentence: Sentence, prediction: list[list[Arc]]) -> None:
        """Writes the probabilities of the arcs to MISC, in the order of DEPS."""
        edges, _ = expanded_edges(_paths(sentence, prediction))
        probabilities = ([arc.probability for arc in arcs for _ in arc.label.split("|")] for arcs in prediction)
        rows = zip(sentence.column("MISC"), edges, probabilities, strict=True)
        sentence.columns["MISC"] = [
            set_in_misc(misc, GRAPH_PROBABILITIES, _join(row, values)) for misc, row, values in rows
        ]

    # -- saving

    def to_json(self) -> Any:
        """The classes of labels, and the relations."""
        return {"labels": self.labels.to_json(), "relations": self.trees.to_json()}

    @classmethod
    def from_json(cls, config: EnhancedConfig, data: Any) -> EnhancedCodec:
        """The codec of the classes and relations in `data`."""
        return cls(config, Vocabulary(data["labels"]), Vocabulary(data["relations"], reserved=1))


def _arcs_of(sentence: Sentence) -> Iterator[tuple[int, int, str]]:
    """The dependent, head and class of label of each arc. Empty nodes are collapsed, loops and broken heads left out.

    The labels of several arcs between the same words are joined with bars into one.
    """
    if all(cell == "_" for cell in sentence.columns.get("DEPS", ())):
        return
    columns, size = sentence.columns, len(sentence)
    relations = columns.get("DEPREL", ["_"] * size)
    words = LabelWords(sentence.heads, relations, columns["FORM"], columns.get("LEMMA", ()))
    for word, edges in enumerate(collapsed_edges(sentence), 1):
        by_head: dict[int, list[str]] = {}
        for head, label in edges:
            if head.isdecimal() and int(head) <= size and int(head) != word and label:
                by_head.setdefault(int(head), []).append(words.delexicalize(word, label))
        yield from ((word, head, "|".join(sorted(labels))) for head, labels in by_head.items())


def _paths(sentence: Sentence, prediction: list[list[Arc]]) -> list[list[Edge]]:
    """The arcs to each word, with collapsed empty nodes and with lemmas in their labels."""
    columns = sentence.columns
    lemmas, relations = columns.get("LEMMA", ()), columns.get("DEPREL", ["_"] * len(sentence))
    words = LabelWords(sentence.heads, relations, columns["FORM"], lemmas)
    return [
        [(str(arc.head), words.relexicalize(word, label)) for arc in arcs for label in arc.label.split("|")]
        for word, arcs in enumerate(prediction, 1)
    ]


def _join(edges: list[Edge], probabilities: list[float]) -> str:
    """The probabilities in the order of DEPS, with commas; of edges that have become the same, the highest one."""
    highest = dict(sorted(zip(edges, probabilities, strict=True), key=lambda item: item[1]))
    return ",".join(f"{highest[edge]:.4f}" for edge in parse_deps(format_deps(set(edges))))


CODEC: CodecType[EnhancedConfig] = EnhancedCodec
if TYPE_CHECKING:
    _codec: type[
        Codec[
            tuple[list[tuple[int, int, int]], list[bool]],
            GraphTargets[Ints | Bools],
            GraphScores[NDArray[Any]],
            list[list[Arc]],
        ]
    ] = EnhancedCodec
