"""Entities and frames as dictionaries, for formats that can hold more of them than the columns of CoNLL-U can.

Columns lose scores, and which of two nested entities of one type a tag continues.
"""

from __future__ import annotations

from depparse.data.assemble import Fail, as_dict, as_list, as_text, shown
from depparse.data.sentence import Sentence
from depparse.data.spans import Argument, Frame, Span
from depparse.errors import FormatError


def ents_to_keep(sentence: Sentence) -> list[dict[str, object]] | None:
    """The entities as dictionaries if they carry scores or cannot be read off the columns."""
    spans = sentence.ents
    if spans == Sentence(sentence.columns).ents and all(span.score is None for span in spans):
        return None
    return [_plain_score({"start": s.start, "end": s.end, "type": s.type, "score": s.score}) for s in spans]


def frames_to_keep(sentence: Sentence) -> list[dict[str, object]] | None:
    """The frames as dictionaries if they carry scores or cannot be read off the columns."""
    frames = frames_of(sentence)
    if frames == _derived_frames(sentence) and not any(map(_scored, frames)):
        return None
    return [frame_to_dict(frame) for frame in frames]


def frames_of(sentence: Sentence) -> tuple[Frame, ...]:
    """The frames; none where the columns that hold them are broken, for these are kept as they are anyway."""
    try:
        return sentence.frames
    except FormatError:
        return ()


def frame_to_dict(frame: Frame) -> dict[str, object]:
    """`Frame.to_dict`, fit for JSON."""
    keys = ("role", "head", "start", "end", "score")
    arguments = [{key: value for key in keys if (value := getattr(a, key)) is not None} for a in frame.arguments]
    result = {"predicate": frame.predicate, "sense": frame.sense, "score": frame.score}
    return _plain_score(result) | {"arguments": [_plain_score(argument) for argument in arguments]}


def span_to_dict(span: Span) -> dict[str, object]:
    """`Span.to_dict`, fit for JSON."""
    return _plain_score(span.to_dict())


def _plain_score(item: dict[str, object]) -> dict[str, object]:
    """A score may come as a scalar of NumPy or torch, which JSON does not know."""
    score = item.get("score")
    if score is None:
        return {key: value for key, value in item.items() if key != "score"}
    return item | {"score": float(score)}  # type: ignore[arg-type]


def _derived_frames(sentence: Sentence) -> tuple[Frame, ...]:
    return frames_of(Sentence(sentence.columns))


def _scored(frame: Frame) -> bool:
    return frame.score is not None or any(argument.score is not None for argument in frame.arguments)


def restore_ents(sentence: Sentence, items: object, fail: Fail) -> None:
    """Gives `sentence` the entities in `items`, unless its columns say as much."""
    spans = []
    for value in as_list(items, "the entities", fail):
        item = as_dict(value, "an entity", fail)
        start, end = _position(item, "start", sentence, fail), _position(item, "end", sentence, fail)
        if start is None or end is None or start > end:
            raise fail(f"an entity has a start and an end that is not before it, but {shown(item)} has not", -1, None)
        spans.append(Span(start, end, as_text(item.get("type"), "its type", fail), _score(item, fail), sentence))
    if tuple(spans) != sentence.ents or any(span.score is not None for span in spans):
        sentence._ents = tuple(spans)


def restore_frames(sentence: Sentence, items: object, fail: Fail) -> None:
    """Gives `sentence` the frames in `items`, unless its columns say as much."""
    frames = []
    for value in as_list(items, "the frames", fail):
        item = as_dict(value, "a frame", fail)
        predicate = _position(item, "predicate", sentence, fail)
        if predicate is None:
            raise fail(f"a frame names the word of its predicate, but {shown(item)} does not", -1, None)
        arguments = [
            _argument(as_dict(argument, "an argument", fail), sentence, fail)
            for argument in as_list(item.get("arguments"), "the arguments of a frame", fail)
        ]
        frames.append(Frame(predicate, as_text(item.get("sense"), "its sense", fail), arguments, _score(item, fail)))
    if tuple(frames) != frames_of(sentence) or any(map(_scored, frames)):
        sentence._frames = tuple(frames)


def _argument(item: dict[str, object], sentence: Sentence, fail: Fail) -> Argument:
    head, start, end = (_position(item, key, sentence, fail) for key in ("head", "start", "end"))
    return Argument(as_text(item.get("role"), "the role of an argument", fail), head, start, end, _score(item, fail))


def _position(item: dict[str, object], key: str, sentence: Sentence, fail: Fail) -> int | None:
    value = item.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= len(sentence):
        raise fail(f"expected {key} to be a word from 1 to {len(sentence)}, found {shown(value)}", -1, None)
    return value


def _score(item: dict[str, object], fail: Fail) -> float | None:
    value = item.get("score")
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise fail(f"expected score to be a number, found {shown(value)}", -1, None)
