"""Named entities that do not overlap, by a linear-chain CRF over BIOES tags.

As Lample et al. 2016 (*Neural Architectures for Named Entity Recognition*), with a BIOES tag of each word and learned
transitions. Where we differ: the CRF gives probability to valid sequences of tags alone, in training too (Papay,
Klinger & Padó 2022), and `language` may narrow them further. The probability of an entity is that of its tags, over all
sequences. For entities that nest or overlap there is the task ``nested_ner``. `syntax` lets it see dependency trees
(depparse/encoders/syntax.py).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch, pad_labels
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.data.spans import Span, decode_tags, encode_tags
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.encoders.syntax import Syntax, SyntaxConfig, TreeSource, count_relations
from depparse.errors import ConfigError, DepparseError
from depparse.registry import PartConfig
from depparse.structs.automaton import Automaton, bioes, intersect
from depparse.structs.linear_chain import LinearChain, Segment
from depparse.structs.regular_expression import automaton_of
from depparse.tasks.entities import WRITES, count_types, entities_of, tell, tell_of_trees
from depparse.tasks.growing import WEIGHT, Lesson, Old, Teacher, collate


class NerConfig(PartConfig):
    """Flat entities."""

    type: Literal["ner"] = "ner"
    width: int = Field(200, ge=1)  # units of the hidden layer
    dropout: float = Field(0.33, ge=0, lt=1)
    # A regular expression that valid sequences of BIOES tags must match as well, such as "O* (PER+ O*)?" for at most
    # one stretch of persons: see depparse.structs.regular_expression. A type stands for any of its tags. "": no more.
    language: str = ""
    # Of a trained model that learns new types: how it keeps those that the data does not annotate. See growing.py;
    # with "forget", a word without an entity in the data has none.
    old_types: Literal["causal", "distill", "forget"] = "causal"
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="dglstm"}, between encoder and task
    trees: TreeSource = "given"  # those it learns with: of the training data, or the model's own, as it predicts them


class Ner(nn.Module):
    """A linear-chain CRF that gives probability to valid sequences of tags alone."""

    Config = NerConfig

    def __init__(self, config: NerConfig, encoder: Encoder, types: Vocabulary, relations: Vocabulary) -> None:
        super().__init__()
        self.config, self.types = config, types
        self.syntax = Syntax(config.syntax, encoder.width, relations)
        self.reads_trees = config.trees if config.syntax is not None else None
        self.tags = Vocabulary(["O", *(f"{prefix}-{kind}" for kind in types.items for prefix in "BIES")])
        self.scorer = nn.Sequential(
            nn.Linear(self.syntax.width + encoder.input_width, config.width),
            nn.GELU(),
            SharedDropout(config.dropout),
            nn.Linear(config.width, len(self.tags)),
        )
        # transitions[previous, next]; the last row is the beginning of the sentence, the last column its end.
        self.transitions = nn.Parameter(torch.zeros(len(self.tags) + 1, len(self.tags) + 1))
        self.chain = LinearChain(self._language())
        self.teacher: Teacher | None = None  # while old types are kept
        self.kept: Sequence[str] = ()  # those

    @classmethod
    def build(cls, config: NerConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> Ner | None:
        """With the types of `sentences`, and if it needs them the relations."""
        types = count_types(sentences)
        if not len(types):
            return None
        return cls(config, encoder, types, count_relations(config.syntax, sentences, config.trees))

    def grown(
        self, config: NerConfig, encoder: Encoder, sentences: Sequence[Sentence], remember: Callable[[], Old]
    ) -> Ner:
        """With the types of `sentences` besides its own, which stay known as `config.old_types` says."""
        there = count_types(sentences)
        new = [kind for kind in there.items if kind not in self.types]
        old = [kind for kind in self.types.items if kind not in there]
        settings = self.config.model_copy(update={"old_types": config.old_types})
        grown = Ner(settings, encoder, Vocabulary([*self.types.items, *new]), self.syntax.relations)
        grown._inherit(self)
        if old and len(there) and config.old_types != "forget":
            causal = config.old_types == "causal"
            weight = WEIGHT * (len(old) / len(there)) ** 0.5 if causal else WEIGHT
            free = [grown.tags.number("O"), *(grown.tags.number(f"{p}-{kind}") for kind in old for p in "BIES")]
            chain = copy.deepcopy(grown.chain)  # of its own, on a device of its own
            grown.kept = old
            grown.teacher = Teacher(remember(), chain, grown.transitions, free, causal=causal, weight=weight)
        return grown

    @torch.no_grad()
    def _inherit(self, old: Ner) -> None:
        """Takes the weights of one with fewer types; transitions of new tags begin as the mean of those of the old."""
        n_old, n_types = len(old.tags), len(old.types)
        weights = self.state_dict()
        for name, value in old.state_dict().items():
            if name == "transitions":
                continue
            weights[name][: len(value)] = value
        # By prefix, old types are places 1 + 4k + prefix; the last row and column are the boundary.
        place = [0, *(1 + (number - 1) % 4 for number in range(1, len(self.tags))), 5]
        mean = torch.zeros(6, 6)
        groups = [[0], *([1 + 4 * kind + prefix for kind in range(n_types)] for prefix in range(4)), [n_old]]
        for row, before in enumerate(groups):
            for column, after in enumerate(groups):
                mean[row, column] = old.transitions[before][:, after].mean()
        self.transitions.copy_(mean[place][:, place])
        self.transitions[:n_old, :n_old] = old.transitions[:n_old, :n_old]
        self.transitions[-1, :n_old] = old.transitions[-1, :n_old]
        self.transitions[:n_old, -1] = old.transitions[:n_old, -1]

    def _language(self) -> Automaton:
        valid = bioes(self.tags.items)
        if not self.config.language:
            return valid
        tags = self.tags.items

        def tags_of(name: str) -> list[int]:
            return [number for number, tag in enumerate(tags) if name == tag or name == tag[2:]]

        try:
            more = automaton_of(self.config.language, tags_of, len(tags))
        except DepparseError as error:
            there = ", ".join(["O", *self.types.items])
            raise ConfigError(f"config key language of the task ner: {error}; there are {there}") from None
        return intersect(valid, more)

    def targets(self, sentence: Sentence) -> list[int] | Lesson:
        """A tag for each word; none of a sentence that is not annotated or not in the language."""
        tags = self._gold(sentence)
        return tags if self.teacher is None else self.teacher.teach(sentence, tags, self.tags.number("O"))

    def _gold(self, sentence: Sentence) -> list[int]:
        spans = entities_of(sentence)
        tags = [] if spans is None else self.tags.numbers(encode_tags(spans, len(sentence), "BIOES"), IGNORE)
        known = spans is not None and IGNORE not in tags and self.chain.language.accepts(tags)
        return tags if known else [IGNORE] * len(sentence)

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """What of the training data is not learned."""
        refused = (
            (number, sentence, None)
            for number, sentence in enumerate(sentences, 1)
            if len(sentence) and entities_of(sentence) is not None and self._gold(sentence)[0] == IGNORE
        )
        what = "sentences with entities that overlap (nested_ner learns them) or are not in its language are left out"
        return [*tell(refused, what), *tell_of_trees(sentences, self.reads_trees)]

    def collate(self, rows: Sequence[Any]) -> Tensor | Lesson:
        return pad_labels(rows) if self.teacher is None else collate(rows)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """Scores of tags, ``[batch, words, tags]``."""
        scores: Tensor = self.scorer(torch.cat([self.syntax(encoded.context, batch), encoded.inputs], -1))
        return scores

    def loss(self, scores: Tensor, targets: Tensor | Lesson) -> Tensor:
        """Minus the logarithm of the probability of the gold tags, as a mean over the annotated words."""
        if isinstance(targets, Lesson):
            assert self.teacher is not None
            return self.teacher.loss(scores[:, 1:], self.transitions, targets, self.tags.number("O"))
        annotated = targets[:, 1:].ne(IGNORE).any(1)
        tags = targets[annotated, 1:]
        scores = scores[annotated, 1:].float()
        lengths = tags.ne(IGNORE).sum(1)
        logarithms = self.chain.path_score(scores, self.transitions, lengths, tags)
        logarithms = logarithms - self.chain.log_partition(scores, self.transitions, lengths)
        return -logarithms.sum() / lengths.sum().clamp(min=1)

    def predict(self, scores: Tensor, batch: Batch) -> list[list[Span]]:
        """The entities of the most probable tags. DepparseError if a sentence has no tags within the language."""
        precision = torch.float32 if scores.device.type == "mps" else torch.float64  # of which that device has none
        given = scores[:, 1:].to(precision), self.transitions, batch.lengths
        best, totals = (values.tolist() for values in self.chain.viterbi(*given))
        segments: list[Segment] = []
        found: list[list[Span]] = []
        for number, (example, row, total) in enumerate(zip(batch.examples, best, totals, strict=True)):
            if not math.isfinite(total):
                problem = "the scores are no numbers" if math.isnan(total) else "no tags are in its language"
                raise DepparseError(f"{example.name}, of {example.length} words, for the task ner: {problem}")
            spans = decode_tags([self.tags.item(tag) for tag in row[: example.length]])
            segments += (Segment(number, span.start - 1, row[span.start - 1 : span.end]) for span in spans)
            found.append(spans)
        probabilities = iter(self.chain.segment_probabilities(*given, segments))
        for spans in found:
            for span in spans:
                span.score = next(probabilities)
        return found

    def annotate(self, sentence: Sentence, prediction: list[Span]) -> None:
        sentence.ents = prediction

    def writes(self) -> tuple[str, ...]:
        return WRITES

    def to_json(self) -> Any:
        types = self.types.to_json()
        return types if self.config.syntax is None else {"types": types, "relations": self.syntax.relations.items}

    @classmethod
    def from_json(cls, config: NerConfig, encoder: Encoder, data: Any) -> Ner:
        types, relations = (data, []) if config.syntax is None else (data["types"], data["relations"])
        return cls(config, encoder, Vocabulary(types), Vocabulary(relations, reserved=1))


TASK = Ner
