"""Scores of predicates with their senses and arguments.

- A *predicate* is right if the system has a frame at the same word.
- Its *sense* is right if the predicate is right and the sense (roleset) is the same.
- An *argument* is right if its predicate is right, whatever the sense, and the argument has the same place and, when
  labelled, the same role. So all arguments of a missed predicate are missed, and those of a wrong predicate are wrong.

The place of an argument is its head word (by head) or its first and last word (by span). Arguments without that place
in their file do not count there. An argument that a file repeats counts as often.

Labelled arguments by span are scored as in the CoNLL 2005 shared task (Carreras & Màrquez 2005), except that a
continuation (``C-ARG1``) is an argument like others. Those by head are scored as in CoNLL 2009 (Hajič et al. 2009),
where the same count includes senses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from depparse.document.kinds import get_kind
from depparse.document.sentence import Sentence
from depparse.document.spans import Frame
from depparse.errors import DepparseError, FormatError
from depparse.evaluation.measures import Measure
from depparse.evaluation.pair import Pair, Places, Side
from depparse.evaluation.scores import Section
from depparse.evaluation.units import Unit, counting_place, measure_units

Described = Iterator[tuple[object, ...]]  # the units of a frame that a metric counts, without the predicate
Describe = Callable[[Frame, Sequence[int]], Described]  # takes a frame and the places of the words of its sentence


def predicate_of(_frame: Frame, _words: Sequence[int]) -> Described:
    """One unit: the predicate alone."""
    yield ()


def sense_of(frame: Frame, _words: Sequence[int]) -> Described:
    """One unit: the predicate with its sense."""
    yield (frame.sense,)


def heads_of(frame: Frame, words: Sequence[int]) -> Described:
    """A unit for each argument with a head word: that word and the role."""
    for argument in frame.arguments:
        if argument.head is not None:
            yield words[argument.head - 1], argument.role


def spans_of(frame: Frame, words: Sequence[int]) -> Described:
    """A unit for each argument with a span: its first word, its last word and the role."""
    for argument in frame.arguments:
        if argument.start is not None and argument.end is not None:
            yield words[argument.start - 1], words[argument.end - 1], argument.role


def unlabelled(describe: Describe) -> Describe:
    """The units of `describe` without their roles."""
    return lambda frame, words: (description[:-1] for description in describe(frame, words))


def measure_frames(describe: Describe) -> Callable[[Pair], Measure]:
    """The measure of the units that `describe` gives, by the sentence of the predicate."""

    def count(pair: Pair) -> Measure:
        gold, system = pair.once(_frames_of_both)
        places = pair.places
        return measure_units(pair, _units(gold, places.gold, describe), _units(system, places.system, describe))

    return count


measure_predicates = measure_frames(predicate_of)
_measure_senses = measure_frames(sense_of)


def measure_senses(pair: Pair) -> Measure:
    """The measure of senses; their aligned accuracy is over the predicates that the system found."""
    return replace(_measure_senses(pair), aligned=pair.once(measure_predicates).correct)


def _units(frames: list[Sequence[Frame]], places: Places, describe: Describe) -> Counter[Unit]:
    units: Counter[Unit] = Counter()
    for in_sentence, words in zip(frames, places, strict=True):
        for frame in in_sentence:
            counts_at, place = counting_place(words, frame.predicate), words[frame.predicate - 1]
            units.update((counts_at, (place, *description)) for description in describe(frame, words))
    return units


def _frames_of_both(pair: Pair) -> tuple[list[Sequence[Frame]], list[Sequence[Frame]]]:
    _ = pair.places  # raises the error about different texts before any other
    return _frames_of(pair.gold), _frames_of(pair.system)


def _frames_of(side: Side) -> list[Sequence[Frame]]:
    return [_frames(sentence, side.name, number) for number, sentence in enumerate(side.document, 1)]


def _frames(sentence: Sentence, name: str, number: int) -> Sequence[Frame]:
    """The frames of a sentence. Raises FormatError if a cell is broken or an argument lies outside the sentence."""
    try:
        frames = sentence.frames
        get_kind("frames").check_places(frames, sentence)
    except DepparseError as error:
        message = error.message if isinstance(error, FormatError) else str(error)
        place, sent_id = sentence.place or name, sentence.sent_id or f"number {number}"
        raise FormatError(message, path=place, sent_id=sent_id) from error
    return frames


def _is_annotated(sentence: Sentence) -> bool:
    annotated: bool = get_kind("frames").annotated(sentence)
    return annotated


FRAMES = Section(
    "Frames",
    "frames",
    held=lambda document: any(map(_is_annotated, document)),
    accuracy="Accuracy",
    note="Senses and arguments of the predicates that were found, arguments labelled.",
)
