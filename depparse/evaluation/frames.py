"""Scores of predicates with their senses and arguments.

- A *predicate* is right if the system has a frame at the same word.
- Its *sense* is right if the predicate is and the sense (roleset) is the same.
- An *argument* is right if its predicate is, whatever the sense, and the argument has the same place and, when
  labelled, the same role. So all arguments of a missed predicate are missed, all those of a wrong predicate are wrong.

The place of an argument is its head word (by head) or its first and last word (by span); arguments whose file does not
tell that place are not counted there. What a file says twice counts twice.

Labelled arguments by span are scored as in the CoNLL 2005 shared task (Carreras & Màrquez 2005), but a continuation
(``C-ARG1``) is an argument like others here; by head as in CoNLL 2009 (Hajič et al. 2009), where senses are added to
the same count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from depparse.data.document import Document
from depparse.data.sentence import Sentence
from depparse.data.spans import Frame
from depparse.errors import FormatError
from depparse.evaluation.places import Places, Unit, counting_place, share_places, sum_by_sentence
from depparse.evaluation.tables import Table, percent
from depparse.evaluation.ud import Score

# What tables call a score where it stands beside those of trees; its field below; the column that it is of.
METRICS = {
    "Predicates": ("predicates", "UP:PRED"),
    "Senses": ("senses", "UP:PRED"),
    "ArgHeads": ("heads_labelled", "UP:ARGHEADS"),
    "ArgSpans": ("spans_labelled", "UP:ARGSPANS"),
}
TITLES = {
    "predicates": "Predicates",
    "senses": "Senses",
    "heads_labelled": "Arguments by head, labelled",
    "heads_unlabelled": "Arguments by head, unlabelled",
    "spans_labelled": "Arguments by span, labelled",
    "spans_unlabelled": "Arguments by span, unlabelled",
}


@dataclass(frozen=True, slots=True)
class FrameScores:
    """One score a question; `aligned_accuracy` of `senses` is their accuracy on the predicates that were found."""

    predicates: Score
    senses: Score
    heads_labelled: Score
    heads_unlabelled: Score
    spans_labelled: Score
    spans_unlabelled: Score

    def items(self) -> list[tuple[str, Score]]:
        """Names and scores, in the order of the table."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def table(self) -> Table:
        """In percent; the last column is the accuracy of senses on the predicates that were found."""
        rows = []
        for name, score in self.items():
            values = (score.precision, score.recall, score.f1, score.aligned_accuracy)
            rows.append((TITLES[name], *map(percent, values), str(score.gold), str(score.system)))
        return Table("Frames", ("", "Precision", "Recall", "F1", "Accuracy", "Gold", "System"), rows)

    def __str__(self) -> str:
        return str(self.table())

    def to_dict(self) -> dict[str, dict[str, float | None]]:
        return {name: score.to_dict() for name, score in self.items()}


def evaluate_frames(gold: Document, system: Document, names: tuple[str, str] = ("gold", "system")) -> FrameScores:
    """Scores of the frames of `system` (``sentence.frames``) against those of `gold`.

    Where the words differ, they are aligned first (`depparse.evaluation.places`); EvaluationError if even the texts do.
    `names` is how errors call the documents.
    """
    places = share_places(gold, system, names)
    a, b = _collect(gold, places.gold, names[0]), _collect(system, places.system, names[1])
    scores = {field: _score(a[field], b[field]) for field in a}
    predicates, senses = scores["predicates"], scores["senses"]
    scores["senses"] = Score(senses.gold, senses.system, senses.correct, aligned=predicates.correct)
    return FrameScores(**scores)


def count_by_sentence(
    gold: Document, system: Document, names: tuple[str, str] = ("gold", "system")
) -> NDArray[np.float64]:
    """``counts[sentence, 3 · metric]``: units of gold, of the system, and right ones, for each of `METRICS` in turn.

    They lie where their predicate does. Their sums give the scores of `evaluate_frames`; they are what `significance`
    resamples.
    """
    places = share_places(gold, system, names)
    a, b = _collect(gold, places.gold, names[0]), _collect(system, places.system, names[1])
    pairs = [(a[field], b[field]) for field, _ in METRICS.values()]
    return sum_by_sentence(gold, [part for a, b in pairs for part in (a, b, a & b)])


def _collect(document: Document, places: Places, name: str) -> dict[str, Counter[Unit]]:
    """The units of each score: where they count, the place of the predicate, and more; the role last if labelled."""
    found: dict[str, Counter[Unit]] = {field.name: Counter() for field in fields(FrameScores)}
    for number, (sentence, words) in enumerate(zip(document, places, strict=True), 1):
        for frame in _frames(sentence, name, number):
            predicate = counting_place(words, frame.predicate), words[frame.predicate - 1]
            found["predicates"][predicate] += 1
            found["senses"][*predicate, frame.sense] += 1
            for argument in frame.arguments:
                if argument.head is not None:
                    head = words[argument.head - 1]
                    found["heads_labelled"][*predicate, head, argument.role] += 1
                    found["heads_unlabelled"][*predicate, head] += 1
                if argument.start is not None and argument.end is not None:
                    span = words[argument.start - 1], words[argument.end - 1]
                    found["spans_labelled"][*predicate, *span, argument.role] += 1
                    found["spans_unlabelled"][*predicate, *span] += 1
    return found


def _frames(sentence: Sentence, name: str, number: int) -> Sequence[Frame]:
    """The frames of a sentence, all places within it. Raises FormatError."""
    sent_id = sentence.sent_id or f"number {number}"
    try:
        frames = sentence.frames
    except ValueError as error:
        raise FormatError(str(error), path=name, sent_id=sent_id) from error
    for frame in frames:
        for argument in frame.arguments:
            for place in (argument.head, argument.start, argument.end):
                if place is not None and not 1 <= place <= len(sentence):
                    message = f"the argument {argument.role} of word {frame.predicate} is at word {place}"
                    raise FormatError(f"{message}, which is outside the sentence", path=name, sent_id=sent_id)
    return frames


def _score(gold: Counter[Unit], system: Counter[Unit]) -> Score:
    return Score(gold.total(), system.total(), (gold & system).total())
