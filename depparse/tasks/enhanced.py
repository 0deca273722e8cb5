"""Enhanced dependencies: graphs in which a word may have several heads, by deep biaffine attention.

As Dozat & Manning 2018 (*Simpler but More Accurate Semantic Dependency Parsing*): every arc is there or not by itself,
and has the best label. Where we differ: the graph is the most probable one in which all words are in reach of ROOT
(depparse/structs/reachable.py); scores know the basic tree, from which most of the graph follows
(depparse/encoders/kinship.py), and labels are scored by a perceptron, which combines that with both words. Besides,
`syntax` may put layers over the tree between the encoder and the task (depparse/encoders/syntax.py).

Labels are learned without the lemmas that they name, and those are put in when the graph is written, from HEAD, DEPREL
and LEMMA as they stand by then (depparse/data/enhanced_labels.py). So this task writes after all others
(`depparse.model.ReadsColumns`). Empty nodes are learned collapsed, as labels such as ``conj:and>nsubj``, and expanded
when the graph is written (depparse/data/enhanced.py); those that no word hangs on are not predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch, WordTree, make_mask
from depparse.data.columns import format_deps, parse_deps, set_in_misc
from depparse.data.enhanced import Edge, collapsed_edges, expanded_edges
from depparse.data.enhanced_labels import LabelWords, sources_of
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.encoders.kinship import Kin, Kinship, find_kin
from depparse.encoders.syntax import Syntax, SyntaxConfig, TreeSource, count_relations
from depparse.registry import PartConfig
from depparse.structs.reachable import best_graph
from depparse.tasks.dependencies import with_one
from depparse.tasks.entities import tell
from depparse.tasks.tagger import cross_entropy


class EnhancedConfig(PartConfig):
    """DEPS of words, and empty nodes."""

    type: Literal["enhanced"] = "enhanced"
    arc_width: int = Field(300, ge=1)  # units
    label_width: int = Field(200, ge=1)  # units
    tree_width: int = Field(64, ge=0)  # units of what scores know of the basic tree; 0: nothing
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike
    min_count: int = Field(3, ge=1)  # arcs in the training data; classes of labels with fewer are not predicted
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="gcn"}, between encoder and task
    trees: TreeSource = "given"  # those it learns with: of the training data, or the model's own, as it predicts them


@dataclass(slots=True)
class GraphTargets:
    """What is learned from a batch."""

    arcs: Tensor  # [arcs, 3]: sentence, dependent, head
    labels: Tensor  # [arcs]: number of the class, IGNORE if it is not known
    annotated: Tensor  # [batch, words], True at words that have DEPS


@dataclass(slots=True)
class GraphScores:
    """Scores of arcs, and what label scores are made of once the arcs are known."""

    arc_scores: Tensor  # [batch, dependents, heads]: log-odds of an arc from h to d; 0 is ROOT
    label_dependents: Tensor  # [batch, words, label width]
    label_heads: Tensor  # the same
    kin: Kin | None  # pairs of words that are near each other in the tree
    kinship: Tensor | None  # [pairs, tree width] of them
    trees: Sequence[WordTree]  # the trees that were read


@dataclass(frozen=True, slots=True)
class Arc:
    """An arc to a word."""

    head: int  # 0 is ROOT
    label: str  # its class, without words of the tree
    probability: float  # of the arc with its label


class Enhanced(nn.Module):
    """Graphs whose words are all in reach of ROOT."""

    Config = EnhancedConfig
    reads_columns = ("HEAD", "DEPREL", "LEMMA")

    def __init__(self, config: EnhancedConfig, encoder: Encoder, labels: Vocabulary, relations: Vocabulary) -> None:
        super().__init__()
        self.config, self.labels = config, labels
        self.reads_trees = config.trees
        self.syntax = Syntax(config.syntax, encoder.width, relations)
        self.represent = nn.ModuleList(
            nn.Sequential(
                nn.Linear(self.syntax.width, config.arc_width), nn.LeakyReLU(0.1), SharedDropout(config.dropout)
            )
            for _ in range(2)
        )
        self.arcs = nn.Parameter(torch.zeros(config.arc_width + 1, config.arc_width + 1))
        self.arc_bias = nn.Parameter(torch.tensor([-3.0]))  # of a sentence of twenty words, one arc in twenty is there
        self.label_parts = nn.ModuleList(nn.Linear(self.syntax.width, config.label_width) for _ in range(2))
        self.classify = nn.Sequential(nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.label_width, len(labels)))
        self.kinship: Kinship | None = None
        if config.tree_width:
            self.kinship = Kinship(config.tree_width, len(relations))
            self.arcs_of_kin = nn.Linear(config.tree_width, 1)
            self.labels_of_kin = nn.Linear(config.tree_width, config.label_width)
        self._sources = [sources_of(label) for label in labels.items]
        parts = [label.split("|") for label in labels.items]
        self._from_root = torch.tensor([all(part.split(">")[0] == "root" for part in joined) for joined in parts])

    @classmethod
    def build(cls, config: EnhancedConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> Enhanced | None:
        """With the classes of labels of `sentences`, and the relations of their trees."""

        def labels(min_count: int) -> Vocabulary:
            found = (label for sentence in sentences for _, _, label in _arcs_of(sentence))
            return Vocabulary.count(found, min_count=min_count)

        vocabulary = labels(config.min_count)
        if not len(vocabulary):  # no graphs, or a handful of them
            vocabulary = labels(1)
        if not len(vocabulary):
            return None
        reader = config.syntax or (config if config.tree_width else None)
        return cls(config, encoder, vocabulary, count_relations(reader, sentences, config.trees))

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """What of the training data is not learned."""
        lacking: list[tuple[int, Sentence, None]] = []
        rare = total = 0
        for number, sentence in enumerate(sentences, 1):
            arcs = list(_arcs_of(sentence))
            total += len(arcs)
            rare += sum(label not in self.labels for _, _, label in arcs)
            if arcs and self.config.trees == "given" and None in sentence.heads:
                lacking.append((number, sentence, None))
        lines = tell(lacking, "sentences with a graph have no tree, or words without a head, and are learned as such")
        if rare:
            lines.append(f"arcs whose label is too rare (min_count) are learned without it: {rare} of {total}")
        return lines

    def targets(self, sentence: Sentence) -> tuple[list[tuple[int, int, int]], list[bool]]:
        """Dependent, head and label of each arc, and which words are annotated."""
        arcs = [(word, head, self.labels.number(label, IGNORE)) for word, head, label in _arcs_of(sentence)]
        return arcs, [cell != "_" for cell in sentence.columns.get("DEPS", ["_"] * len(sentence))]

    def collate(self, rows: Sequence[tuple[list[tuple[int, int, int]], list[bool]]]) -> GraphTargets:
        found = [(number, *arc) for number, (arcs, _) in enumerate(rows) for arc in arcs]
        table = torch.tensor(found, dtype=torch.long).view(-1, 4)
        annotated = make_mask(torch.tensor([len(words) for _, words in rows]), 1 + max(len(words) for _, words in rows))
        for number, (_, words) in enumerate(rows):
            annotated[number, 1 : len(words) + 1] = torch.tensor(words, dtype=torch.bool)
        return GraphTargets(table[:, :3], table[:, 3], annotated)

    def forward(self, encoded: Encoded, batch: Batch) -> GraphScores:
        values = self.syntax(encoded.context, batch)
        dependents, heads = (part(values) for part in self.represent)
        mixed = (with_one(dependents) @ self.arcs) / self.config.arc_width**0.5
        arc_scores = (mixed @ with_one(heads).transpose(1, 2)).float().add_(self.arc_bias)
        kin = kinship = None
        if self.kinship is not None:
            kin = find_kin(self.syntax.arcs(batch), batch.present)
            kinship = self.kinship(kin)
            more = self.arcs_of_kin(kinship).squeeze(-1).float()
            arc_scores.index_put_(tuple(kin.places.unbind(-1)), more, accumulate=True)
        # Nothing hangs on padding, and no word on itself.
        arc_scores.masked_fill_(~batch.present[:, None, :], float("-inf"))
        arc_scores.diagonal(dim1=1, dim2=2).fill_(float("-inf"))
        label_dependents, label_heads = (part(values) for part in self.label_parts)
        return GraphScores(arc_scores, label_dependents, label_heads, kin, kinship, batch.trees)

    def label_scores(self, scores: GraphScores, arcs: Tensor) -> Tensor:
        """``[arcs, labels]`` for ``arcs[arcs, 3]``: sentence, dependent, head."""
        sentence, dependent, head = arcs.unbind(-1)
        values = scores.label_dependents[sentence, dependent] + scores.label_heads[sentence, head]
        if scores.kin is not None and scores.kinship is not None and len(scores.kinship):
            keys, wanted = (_keys(places, scores.arc_scores.shape[-1]) for places in (scores.kin.places, arcs))
            at = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
            values = values + self.labels_of_kin(scores.kinship[at]) * (keys[at] == wanted)[:, None]
        label_scores: Tensor = self.classify(values).float()
        return label_scores

    def loss(self, scores: GraphScores, targets: GraphTargets) -> Tensor:
        """Of the arcs to each annotated word, a mean over the words; and of the labels, a mean over the arcs."""
        there = torch.zeros_like(scores.arc_scores)
        there[tuple(targets.arcs.unbind(-1))] = 1.0
        possible = scores.arc_scores.isfinite() & targets.annotated[..., None]
        arcs = nn.functional.binary_cross_entropy_with_logits(
            scores.arc_scores[possible], there[possible], reduction="sum"
        )
        labels = cross_entropy(self.label_scores(scores, targets.arcs), targets.labels, self.config.smoothing)
        return arcs / targets.annotated.sum().clamp(min=1) + labels

    def predict(self, scores: GraphScores, batch: Batch) -> list[list[list[Arc]]]:
        """The arcs to each word of each sentence."""
        arc_scores = scores.arc_scores.numpy(force=True)
        found: list[tuple[int, int, int]] = []
        for number, example in enumerate(batch.examples):
            size = example.length + 1
            graph = best_graph(arc_scores[number, :size, :size])
            found += ((number, dependent, head) for dependent, head in zip(*map(list, graph.nonzero()), strict=True))
        arcs = torch.tensor(found, dtype=torch.long).to(scores.arc_scores.device).view(-1, 3)
        of_arcs = scores.arc_scores[tuple(arcs.unbind(-1))].double().sigmoid().tolist()
        permitted = self._permitted(self.label_scores(scores, arcs), arcs[:, 2] == 0).cpu()
        # Of these, the labels whose words the tree has. Their lemmas may not stand yet, so any text is theirs.
        words = [LabelWords(tree.heads, tree.labels, ["x"] * len(tree.heads)) for tree in scores.trees]
        lacking = self._lacking(words[number].sources(dependent) for number, dependent, _ in found)
        fitting = permitted.masked_fill(lacking, float("-inf"))
        chosen = torch.where(fitting.isfinite().any(-1, keepdim=True), fitting, permitted)
        of_labels, best = (part.tolist() for part in chosen.double().softmax(-1).max(-1))
        graphs: list[list[list[Arc]]] = [[[] for _ in range(example.length)] for example in batch.examples]
        for place, (number, dependent, head) in enumerate(found):
            arc = Arc(head, self.labels.item(best[place]), of_arcs[place] * of_labels[place])
            graphs[number][dependent - 1].append(arc)
        return graphs

    def _lacking(self, sources: Iterable[dict[str, str]]) -> Tensor:
        """``[arcs, labels]``, True where the sources of an arc's dependent lack one that the label names."""

        @cache
        def row(there: frozenset[str]) -> list[bool]:
            return [not named <= there for named in self._sources]

        return torch.tensor([row(frozenset(found)) for found in sources], dtype=torch.bool).view(-1, len(self.labels))

    def _permitted(self, label_scores: Tensor, from_root: Tensor) -> Tensor:
        """-inf as UD has it: the relation root is for arcs from ROOT and for nothing else."""
        of_root = self._from_root.to(label_scores.device)
        wrong = from_root[:, None] != of_root
        return label_scores.masked_fill(wrong & ~wrong.all(-1, keepdim=True), float("-inf"))

    def annotate(self, sentence: Sentence, prediction: list[list[Arc]], *, probabilities: bool = False) -> None:
        """Writes DEPS and empty nodes; with `probabilities`, those of the arcs in the order of DEPS."""
        columns = sentence.columns
        lemmas, relations = columns.get("LEMMA", ()), columns.get("DEPREL", ["_"] * len(sentence))
        words = LabelWords(sentence.heads, relations, columns["FORM"], lemmas)
        paths: list[list[Edge]] = []
        of_paths: list[list[float]] = []
        for word, arcs in enumerate(prediction, 1):
            found = [(arc, label) for arc in arcs for label in arc.label.split("|")]
            paths.append([(str(arc.head), words.relexicalize(word, label)) for arc, label in found])
            of_paths.append([arc.probability for arc, _ in found])
        edges, sentence.empty_nodes = expanded_edges(paths)
        columns["DEPS"] = [format_deps(set(row)) for row in edges]
        if probabilities:
            rows = zip(sentence.column("MISC"), columns["DEPS"], edges, of_paths, strict=True)
            columns["MISC"] = [
                set_in_misc(misc, "DepsProb", _join(deps, row, values)) for misc, deps, row, values in rows
            ]

    def writes(self) -> tuple[str, ...]:
        return ("DEPS",)

    def to_json(self) -> Any:
        return {"labels": self.labels.to_json(), "relations": self.syntax.relations.items}

    @classmethod
    def from_json(cls, config: EnhancedConfig, encoder: Encoder, data: Any) -> Enhanced:
        return cls(config, encoder, Vocabulary(data["labels"]), Vocabulary(data["relations"], reserved=1))


def _arcs_of(sentence: Sentence) -> Iterator[tuple[int, int, str]]:
    """Dependent, head and class of the label of each arc, empty nodes collapsed; loops and broken heads left out.

    The labels of several arcs between the same words are one, joined with bars.
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


def _keys(places: Tensor, size: int) -> Tensor:
    """A number for each of ``places[places, 3]``, in their order."""
    return (places[:, 0] * size + places[:, 1]) * size + places[:, 2]


def _join(deps: str, edges: list[Edge], probabilities: list[float]) -> str:
    """The probabilities in the order of DEPS; of edges that have become the same, the highest."""
    highest = dict(sorted(zip(edges, probabilities, strict=True), key=lambda item: item[1]))
    return ",".join(f"{highest[edge]:.4f}" for edge in parse_deps(deps))


TASK = Enhanced
