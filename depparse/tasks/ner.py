"""Named entities that do not overlap, by a linear-chain CRF over BIOES tags.

The model is that of Lample et al. 2016 (*Neural Architectures for Named Entity Recognition*): each word has a BIOES
tag, and transitions between tags are learned. Where we differ: the CRF gives probability to valid sequences of tags
alone, in training too (Papay, Klinger & Padó 2022), and `language` may narrow them further. The probability of an
entity is that of its tags, over all sequences. For entities that nest or overlap there is the task ``nested_ner``.
With `syntax`, the task sees dependency trees (layers/trees/syntax.py).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.document.spans import Span, decode_tags, encode_tags
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.errors import ConfigError, DepparseError
from depparse.features.batch import Batch, Ints, pad
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.dropout import SharedDropout
from depparse.layers.linear_chain import LinearChain
from depparse.layers.tensors import Layout
from depparse.layers.trees.reader import Arcs, SyntaxConfig, TreeReader, TreeSource, count_relations
from depparse.layers.trees.syntax import Syntax
from depparse.structs.automaton import Automaton, bioes, determinize, intersect
from depparse.structs.regular_expression import automaton_of
from depparse.tasks.entities import WRITES, count_types, entities_of, tell_of_entities_without_trees
from depparse.tasks.findings import tell
from depparse.tasks.growing import WEIGHT, Lesson, Lessons, Teacher, collate, growing_loss
from depparse.tasks.task import Codec, CodecType, Network, NetworkType, Remember, Stage, TaskConfig


class NerConfig(TaskConfig):
    """The settings of the task: entities that do not overlap."""

    type: Literal["ner"] = "ner"
    width: int = Field(200, ge=1)  # units of the hidden layer
    dropout: float = Field(0.33, ge=0, lt=1)
    # A regular expression that valid sequences of BIOES tags must match as well, such as "O* (PER+ O*)?" for at most
    # one stretch of persons: see depparse.structs.regular_expression. A type stands for any of its tags. "": none.
    language: str = ""
    # How a trained model that learns new types keeps the types that the data does not annotate: see growing.py. With
    # "forget", it learns that a word without an annotated entity is in none.
    old_types: Literal["causal", "distill", "forget"] = "causal"
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="dglstm"}, between encoder and task
    trees: TreeSource = "given"  # the trees it learns with: of the training data, or those that the model predicts


class NerCodec:
    """BIOES tags, and the language of their valid sequences."""

    Config = NerConfig
    reads = ()
    writes = WRITES

    def __init__(self, config: NerConfig, types: Vocabulary, trees: TreeReader) -> None:
        self.config, self.types, self.trees = config, types, trees
        self.reads_trees: TreeSource | None = config.trees if config.syntax is not None else None
        self.tags = Vocabulary(["O", *(f"{prefix}-{kind}" for kind in types.items for prefix in "BIES")])
        self.language = determinize(self._language())

    @classmethod
    def build(cls, config: NerConfig, sentences: Sequence[Sentence]) -> NerCodec | None:
        """The codec of the types of entities in `sentences` and, if it reads trees, of their relations."""
        types = count_types(sentences)
        if not len(types):
            return None
        return cls(config, types, TreeReader(count_relations(config.syntax, sentences, config.trees)))

    def _language(self) -> Automaton:
        """The automaton of the valid sequences of tags. Raises ConfigError for a wrong regular expression."""
        valid = bioes(self.tags.items)
        if not self.config.language:
            return valid
        tags = self.tags.items

        def tags_of(name: str) -> list[int]:
            return [number for number, tag in enumerate(tags) if name == tag or name == tag[2:]]

        try:
            configured = automaton_of(self.config.language, tags_of, len(tags))
        except DepparseError as error:
            names = ", ".join(["O", *self.types.items])
            raise ConfigError(f"config key language of the task ner: {error}; there are {names}") from None
        return intersect(valid, configured)

    def read_trees(self, batch: Batch) -> Arcs[NDArray[Any]]:
        """The trees as numbers, for `syntax`."""
        return self.trees.arcs(batch)

    def targets(self, sentence: Sentence) -> list[int]:
        """A tag for each word; IGNORE throughout a sentence that is not annotated or whose tags the language lacks."""
        spans = entities_of(sentence)
        tags = [] if spans is None else self.tags.numbers(encode_tags(spans, len(sentence), "BIOES"), IGNORE)
        learned = spans is not None and IGNORE not in tags and self.language.accepts(tags)
        return tags if learned else [IGNORE] * len(sentence)

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        """The tags ``[batch, words]``."""
        return pad(rows)

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says which training data is not learned."""
        refused = (
            (number, sentence, None)
            for number, sentence in enumerate(sentences, 1)
            if len(sentence) and entities_of(sentence) is not None and self.targets(sentence)[0] == IGNORE
        )
        message = (
            "sentences with entities that overlap (nested_ner learns them) or that `language` forbids are left out"
        )
        return [*tell(refused, message), *tell_of_entities_without_trees(sentences, self.reads_trees)]

    def decode(self, scores: NDArray[np.float32], batch: Batch, stage: Stage) -> list[list[Span]]:
        """The entities of the most probable tags, each with its probability, from ``scores[batch, words, tags]``.

        Raises DepparseError if a sentence has no tags within the language.
        """
        best, totals = stage("best_tags", scores, batch.lengths)
        entities: list[list[Span]] = []
        for example, row, total in zip(batch.examples, best.tolist(), totals.tolist(), strict=True):
            if not math.isfinite(total):
                problem = "the scores are no numbers" if math.isnan(total) else "no tags are in its language"
                raise DepparseError(f"{example.name}, of {example.length} words, for the task ner: {problem}")
            entities.append(decode_tags([self.tags.item(tag) for tag in row[: example.length]]))
        spans = [span for row in entities for span in row]
        numbers = [number for number, row in enumerate(entities) for _ in row]
        sentences, starts, ends = np.array(
            [numbers, [span.start - 1 for span in spans], [span.end - 1 for span in spans]], np.int64
        )
        words = starts[:, None] + np.arange((ends - starts + 1).max(initial=0))
        inside = words <= ends[:, None]
        tags = np.where(inside, best[sentences[:, None], np.where(inside, words, 0)], IGNORE)
        (probabilities,) = stage("segment_probabilities", scores, batch.lengths, sentences, starts, tags)
        for span, probability in zip(spans, probabilities.tolist(), strict=True):
            span.score = probability
        return entities

    def annotate(self, sentence: Sentence, prediction: list[Span]) -> None:
        """Writes the entities, always with their probabilities."""
        sentence.ents = prediction

    def to_json(self) -> Any:
        """The types of entities and, if the task reads trees, the relations."""
        types = self.types.to_json()
        return types if self.config.syntax is None else {"types": types, "relations": self.trees.to_json()}

    @classmethod
    def from_json(cls, config: NerConfig, data: Any) -> NerCodec:
        """The codec of the types and relations in `data`."""
        types, relations = (data, []) if config.syntax is None else (data["types"], data["relations"])
        return cls(config, Vocabulary(types), TreeReader.from_json(relations))


class Ner(nn.Module):
    """A linear-chain CRF that gives probability to valid sequences of tags alone."""

    Codec = NerCodec

    def __init__(self, codec: NerCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config, n_tags = codec, codec.config, len(codec.tags)
        self.syntax = Syntax(config.syntax, widths.context, len(codec.trees.relations))
        self.scorer = nn.Sequential(
            nn.Linear(self.syntax.width + widths.inputs, config.width),
            nn.GELU(),
            SharedDropout(config.dropout),
            nn.Linear(config.width, n_tags),
        )
        # transitions[previous, next]; the last row is the beginning of the sentence, the last column its end.
        self.transitions = nn.Parameter(torch.zeros(n_tags + 1, n_tags + 1))
        self.chain = LinearChain(codec.language)
        self.teacher: Teacher | None = None  # there is one while old types are kept
        self.kept: Sequence[str] = ()  # the old types that are kept

    def forward(self, encoded: Encoded, layout: Layout, trees: Arcs[Tensor] | None = None) -> Tensor:
        """Scores of tags, ``[batch, words, tags]``."""
        values = torch.cat([self.syntax(encoded.context, trees, layout), encoded.inputs], -1)
        scores: Tensor = self.scorer(values)
        return scores

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Minus the logarithm of the probability of the gold tags, as a mean over the annotated words."""
        annotated = targets[:, 1:].ne(IGNORE).any(1)
        tags = targets[annotated, 1:]
        scores = scores[annotated, 1:].float()
        lengths = tags.ne(IGNORE).sum(1)
        logarithms = self.chain.path_score(scores, self.transitions, lengths, tags)
        logarithms = logarithms - self.chain.log_partition(scores, self.transitions, lengths)
        return -logarithms.sum() / lengths.sum().clamp(min=1)

    # -- learning from a teacher, while old types are kept

    @property
    def is_taught(self) -> bool:
        """Whether there is a teacher."""
        return self.teacher is not None

    def lesson(self, sentence: Sentence, target: list[int]) -> Lesson:
        """The lesson that the teacher makes of the sentence, whose annotated tags are `target`."""
        assert self.teacher is not None
        return self.teacher.teach(sentence, target)

    def collate_lessons(self, lessons: Sequence[Lesson]) -> Lessons[NDArray[Any]]:
        """Pads the lessons to one batch."""
        return collate(lessons)

    def loss_of_lessons(self, scores: Tensor, lessons: Lessons[Tensor]) -> Tensor:
        """The loss of the scores against the lessons of the teacher (growing.py)."""
        assert self.teacher is not None
        return growing_loss(self.teacher, self.chain, scores[:, 1:], self.transitions, lessons)

    # -- second stages

    def best_tags(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The most probable tags ``[batch, words]`` without ROOT, IGNORE behind the end, and their score ``[batch]``.

        The score is -inf if no tags are in the language.
        """
        return self.chain.viterbi(_exact(scores), self.transitions, lengths)

    def segment_probabilities(
        self, scores: Tensor, lengths: Tensor, sentences: Tensor, starts: Tensor, tags: Tensor
    ) -> Tensor:
        """The probability ``[segments]`` of each row of ``tags[segments, words]``, with IGNORE behind its end.

        Segment i begins at the word ``starts[i]`` (the first word is 0) of the sentence ``sentences[i]`` of the batch.
        """
        return self.chain.segment_probabilities(_exact(scores), self.transitions, lengths, sentences, starts, tags)

    def grown(
        self, config: NerConfig, widths: Widths, sentences: Sequence[Sentence], remember: Callable[[], Remember]
    ) -> Ner:
        """A network that also has the types of `sentences`; `config.old_types` says how it keeps those it had."""
        types, annotated = self.codec.types, count_types(sentences)
        new = [kind for kind in annotated.items if kind not in types]
        old = [kind for kind in types.items if kind not in annotated]
        settings = self.codec.config.model_copy(update={"old_types": config.old_types})
        codec = NerCodec(settings, Vocabulary([*types.items, *new]), self.codec.trees)
        grown = Ner(codec, widths)
        grown._inherit(self)
        if old and len(annotated) and config.old_types != "forget":
            causal = config.old_types == "causal"
            weight = WEIGHT * (len(old) / len(annotated)) ** 0.5 if causal else WEIGHT
            other = codec.tags.number("O")
            free = [other, *(codec.tags.number(f"{prefix}-{kind}") for kind in old for prefix in "BIES")]
            chain = copy.deepcopy(grown.chain)  # the teacher's copy stays on the CPU when the network moves
            grown.kept = old
            grown.teacher = Teacher(remember(), chain, grown.transitions, other, free, causal=causal, weight=weight)
        return grown

    @torch.no_grad()
    def _inherit(self, old: Ner) -> None:
        """Takes over the weights of a network with fewer types.

        Transitions of new tags begin with the mean of those of the old tags with the same prefixes.
        """
        n_tags, n_old, n_types = len(self.codec.tags), len(old.codec.tags), len(old.codec.types)
        weights = self.state_dict()
        for name, value in old.state_dict().items():
            if name == "transitions":
                continue
            weights[name][: len(value)] = value
        # A tag has the number 1 + 4 · type + prefix, and O is 0; the last row and column are the sentence boundary.
        group = [0, *(1 + (number - 1) % 4 for number in range(1, n_tags)), 5]
        mean = torch.zeros(6, 6)
        members = [[0], *([1 + 4 * kind + prefix for kind in range(n_types)] for prefix in range(4)), [n_old]]
        for row, before in enumerate(members):
            for column, after in enumerate(members):
                mean[row, column] = old.transitions[before][:, after].mean()
        self.transitions.copy_(mean[group][:, group])
        self.transitions[:n_old, :n_old] = old.transitions[:n_old, :n_old]
        self.transitions[-1, :n_old] = old.transitions[-1, :n_old]
        self.transitions[:n_old, -1] = old.transitions[:n_old, -1]


def _exact(scores: Tensor) -> Tensor:
    """The scores without ROOT, in float64; in float32 on mps, a device without float64."""
    return scores[:, 1:].to(torch.float32 if scores.device.type == "mps" else torch.float64)


TASK: NetworkType[NerCodec] = Ner
if TYPE_CHECKING:
    _codec: type[Codec[list[int], Ints, NDArray[np.float32], list[Span]]] = NerCodec
    _codec_type: CodecType[NerConfig] = NerCodec
    _network: type[Network[Arcs[Tensor] | None, Tensor, Tensor]] = Ner
