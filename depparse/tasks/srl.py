"""Semantic roles: predicates, their senses and their arguments, as in Universal PropBank (Jindal et al. 2022).

All predicates of a batch share one pass of the encoder. Each word is a predicate or not; senses.py tells the sense of
those that are, arguments.py their arguments, by labelled arcs to head words or by spans. In training, senses and
arguments are those of the gold predicates; otherwise of the predicates that are found, or given: `keep` of
`depparse.pipeline.Pipeline.annotate_stream`.

With ``decoder = "arcs"``, ``UP:ARGHEADS`` is written: a head word says nothing of the span. With ``"spans"``,
``UP:ARGSPANS`` too, and the head words are those of the same model, so neither needs a tree; in training data without
head words they are those of the tree. `syntax` and `paths` let it see trees (depparse/encoders/syntax.py, paths.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.annotations.frames import FRAME_COLUMNS, FRAMES, PREDICATES
from depparse.data.batching import Batch, Example, pad_labels
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.data.spans import Argument, Frame
from depparse.data.trees import top_word
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.encoders.paths import Paths, PathsConfig
from depparse.encoders.syntax import Syntax, SyntaxConfig, TreeSource, count_relations
from depparse.registry import PartConfig
from depparse.tasks.arguments import Arguments, ArgumentScores, ArgumentTargets, Decoder
from depparse.tasks.entities import tell
from depparse.tasks.senses import Senses, SenseTargets, count_scripts

CORE = tuple(f"{prefix}{number}" for prefix in ("ARG", "A") for number in "012345A")  # in PropBank and in CoNLL


class SrlConfig(PartConfig):
    """Predicates, senses and arguments."""

    type: Literal["srl"] = "srl"
    decoder: Decoder = "spans"
    width: int = Field(200, ge=1)  # units of the hidden layer of predicates and senses
    argument_width: int = Field(100, ge=1)  # units of predicates, and of words, as to arguments
    dropout: float = Field(0.33, ge=0, lt=1)
    # Roles that a predicate has at most once. The spans of a predicate cost as much as 2 to the power of their number.
    core: tuple[str, ...] = CORE
    rare: float = Field(1e-4, ge=0, lt=1)  # roles with a smaller share in the arguments of the data are not learned
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="gcn"}, between encoder and task
    paths: PathsConfig | None = None  # embeddings of the paths between predicates and words, {type="paths"}
    trees: TreeSource = "given"  # those it learns with: of the training data, or the model's own, as it predicts them


class Targets(NamedTuple):
    """What is learned of a sentence."""

    predicates: list[int]  # for each word 1 or 0; IGNORE if the sentence is not annotated
    frames: list[tuple[int, tuple[int, int], tuple[list[int], list[int]]]]  # word; sense, arguments as their parts say


@dataclass(slots=True)
class SrlTargets:
    """Of a batch."""

    predicates: Tensor  # [batch, words]: 1 at predicates, 0 elsewhere; IGNORE where that is not known
    places: Tensor  # [predicates, 2]: sentence and word
    senses: SenseTargets
    arguments: ArgumentTargets


@dataclass(slots=True)
class SrlScores:
    """Scores of predicates, and what others are made of once those are known."""

    predicates: Tensor  # [batch, words]: logarithm of the odds of being a predicate
    hidden: Tensor  # [batch, words, width]: what senses are told by
    arguments: ArgumentScores


class Srl(nn.Module):
    """Frames; every word is at most one predicate."""

    Config = SrlConfig

    def __init__(
        self,
        config: SrlConfig,
        encoder: Encoder,
        scripts: Vocabulary,
        rolesets: Vocabulary,
        roles: Vocabulary,
        relations: Vocabulary,
    ) -> None:
        super().__init__()
        self.config = config
        self.syntax = Syntax(config.syntax, encoder.width, relations)
        self.reads_trees = config.trees if config.syntax is not None or config.paths is not None else None
        inputs = self.syntax.width + encoder.input_width
        self.hidden = nn.Sequential(nn.Linear(inputs, config.width), nn.GELU(), SharedDropout(config.dropout))
        self.predicate = nn.Linear(config.width, 1)
        self.senses = Senses(config.width, scripts, rolesets)
        paths = Paths(config.paths, encoder.input_width, len(relations)) if config.paths is not None else None
        self.arguments = Arguments(
            config.decoder, inputs, config.argument_width, config.dropout, roles, config.core, paths
        )

    @classmethod
    def build(cls, config: SrlConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> Srl | None:
        """With the senses and roles of `sentences`, and if it needs them the relations."""
        pairs = ((s.columns["FORM"][frame.predicate - 1], frame.sense) for s in sentences for frame in s.frames)
        forms = Counter(pairs)
        if not forms:
            return None
        roles = Counter(a.role for s in sentences for frame in s.frames for a in frame.arguments)
        least = config.rare * roles.total()
        learned = Vocabulary.count(role for role in roles.elements() if roles[role] >= least)
        rolesets = Vocabulary.count(sense for _, sense in forms.elements())
        relations = count_relations(config.syntax or config.paths, sentences, config.trees)
        return cls(config, encoder, count_scripts(forms.elements()), rolesets, learned, relations)

    # -- what is learned

    def targets(self, sentence: Sentence) -> Targets:
        """Of a sentence without annotation nothing; of one without columns of arguments its predicates and senses."""
        frames, forms = frames_of(sentence), sentence.columns["FORM"]
        if frames is None:
            return Targets([IGNORE] * len(sentence), [])
        predicates = [0] * len(sentence)
        found = []
        for frame in frames:
            predicates[frame.predicate - 1] = 1
            arguments = [IGNORE] * len(sentence), [IGNORE] * len(sentence)
            if _has_arguments(sentence):
                arguments = self.arguments.target(_with_heads(frame.arguments, sentence), len(sentence))
            found.append((frame.predicate, self.senses.target(forms[frame.predicate - 1], frame.sense), arguments))
        return Targets(predicates, found)

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """What of the training data is not learned."""
        problems: dict[str, list[tuple[int, Sentence, None]]] = {}
        for number, sentence in enumerate(sentences, 1):
            place = number, sentence, None
            frames = frames_of(sentence) or ()
            for frame in frames if _has_arguments(sentence) else ():
                arguments = _with_heads(frame.arguments, sentence)
                if (problem := self.arguments.problem(arguments, len(sentence))) is not None:
                    problems.setdefault(problem, []).append(place)
                for argument in arguments:
                    if argument.role not in self.arguments.roles:
                        problems.setdefault("arguments of rare roles (rare) are not learned", []).append(place)
            if frames and self.reads_trees == "given" and None in sentence.heads:
                problem = "annotated sentences have no tree, or words without a head, and are learned as such"
                problems.setdefault(problem, []).append(place)
        return [line for problem, places in problems.items() for line in tell(places, problem)]

    def collate(self, rows: Sequence[Targets]) -> SrlTargets:
        frames = [(number, *frame) for number, row in enumerate(rows) for frame in row.frames]
        words = 1 + max(len(row.predicates) for row in rows)
        places = torch.tensor([(number, word) for number, word, _, _ in frames], dtype=torch.long).view(-1, 2)
        arguments = [_pad([parts[side] for _, _, _, parts in frames], words) for side in (0, 1)]
        senses = self.senses.collate([sense for _, _, sense, _ in frames])
        return SrlTargets(pad_labels([row.predicates for row in rows]), places, senses, ArgumentTargets(*arguments))

    # -- the network

    def forward(self, encoded: Encoded, batch: Batch) -> SrlScores:
        values = torch.cat([self.syntax(encoded.context, batch), encoded.inputs], -1)
        hidden = self.hidden(values)
        paths = self.arguments.paths
        read = paths.prepare(encoded.inputs, self.syntax.arcs(batch)) if paths is not None else None
        return SrlScores(self.predicate(hidden).squeeze(-1).float(), hidden, self.arguments(values, read))

    def loss(self, scores: SrlScores, targets: SrlTargets) -> Tensor:
        """Minus the logarithm of the probability of the gold frames, as a mean over the annotated words."""
        known = targets.predicates != IGNORE
        loss = nn.functional.binary_cross_entropy_with_logits(
            scores.predicates[known], targets.predicates[known].float(), reduction="sum"
        )
        if len(targets.places):
            sentence, word = targets.places.T
            lengths = known.sum(1)[sentence]
            pair_scores = self.arguments.pair_scores(scores.arguments, targets.places)
            loss = loss + self.senses.loss(scores.hidden[sentence, word], targets.senses)
            loss = loss + self.arguments.loss(pair_scores, lengths, targets.arguments)
        return loss / known.sum().clamp(min=1)

    # -- what is predicted

    def predict(self, scores: SrlScores, batch: Batch) -> list[list[Frame] | None]:
        """The frames of each sentence, by their predicates; None where those that are there are kept as they are."""
        probabilities = scores.predicates.sigmoid().tolist()
        found: list[list[Frame] | None] = []
        for example, row in zip(batch.examples, probabilities, strict=True):
            given = _given(example)
            if given is None:
                words = range(1, example.length + 1)
                found.append([Frame(word, "", score=row[word]) for word in words if row[word] > 0.5])
            else:
                found.append(None if FRAMES in example.kept else [Frame(f.predicate, f.sense) for f in given])
        pairs = [(number, frame) for number, frames in enumerate(found) for frame in frames or ()]
        places = torch.tensor([(number, frame.predicate) for number, frame in pairs], dtype=torch.long).view(-1, 2)
        places = places.to(scores.hidden.device)
        sentence, word = places.T
        arguments = self.arguments.predict(scores.arguments, places, batch.lengths[sentence])
        forms = [batch.examples[number].sentence.columns["FORM"][frame.predicate - 1] for number, frame in pairs]
        senses = self.senses.predict(scores.hidden[sentence, word], forms)
        for (number, frame), parts, (sense, share) in zip(pairs, arguments, senses, strict=True):
            frame.arguments = parts
            if FRAME_COLUMNS[0] not in batch.examples[number].kept or not frame.sense:
                frame.sense, frame.score = sense, share * (1.0 if frame.score is None else frame.score)
        return found

    def annotate(self, sentence: Sentence, prediction: list[Frame] | None) -> None:
        """Writes columns, which CoNLL-U has in MISC, so that a sentence without frames is known to have none."""
        if prediction is None:
            return
        sentence.annotate("frames", prediction, in_columns=True)

    def writes(self) -> tuple[str, ...]:
        return FRAME_COLUMNS if self.config.decoder == "spans" else FRAME_COLUMNS[:2]

    def to_json(self) -> Any:
        return {
            "scripts": self.senses.scripts.to_json(),
            "rolesets": self.senses.rolesets.to_json(),
            "roles": self.arguments.roles.to_json(),
            "relations": self.syntax.relations.items,
        }

    @classmethod
    def from_json(cls, config: SrlConfig, encoder: Encoder, data: Any) -> Srl:
        scripts, rolesets, roles = (Vocabulary(data[name]) for name in ("scripts", "rolesets", "roles"))
        return cls(config, encoder, scripts, rolesets, roles, Vocabulary(data["relations"], reserved=1))


def frames_of(sentence: Sentence) -> tuple[Frame, ...] | None:
    """The frames of a sentence, by their predicates; None if it is not annotated with any.

    Where there is a column of predicates, a sentence without any is annotated too.
    """
    frames = sentence.frames
    return tuple(sorted(frames, key=lambda f: f.predicate)) if frames or FRAME_COLUMNS[0] in sentence.columns else None


def _with_heads(arguments: Sequence[Argument], sentence: Sentence) -> list[Argument]:
    """The arguments, with head words by the tree for those that have a span alone."""
    return [
        replace(a, head=top_word(sentence.heads, a.start, a.end))
        if a.head is None and a.start is not None and a.end is not None
        else a
        for a in arguments
    ]


def _has_arguments(sentence: Sentence) -> bool:
    """Whether the arguments of an annotated sentence are annotated, too."""
    columns = sentence.columns
    return FRAME_COLUMNS[0] not in columns or any(name in columns for name in FRAME_COLUMNS[1:])


def _given(example: Example) -> tuple[Frame, ...] | None:
    """The frames of the sentence that are to be kept, or something of them; None if they are to be found."""
    kept = not example.kept.isdisjoint((PREDICATES, FRAME_COLUMNS[0], FRAMES))
    return frames_of(example.sentence) if kept else None


def _pad(rows: Sequence[list[int]], words: int) -> Tensor:
    """``[predicates, words]``, IGNORE at ROOT and padding."""
    cells = [[IGNORE, *row, *[IGNORE] * (words - 1 - len(row))] for row in rows]
    return torch.tensor(cells, dtype=torch.long).view(-1, words)


TASK = Srl
