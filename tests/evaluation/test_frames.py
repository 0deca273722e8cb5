"""Frame scores on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame
from depparse.errors import DepparseError, EvaluationError, FormatError
from depparse.evaluation.frames import FRAMES
from depparse.evaluation.metrics import Use, metrics_of
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import SectionReport
from depparse.evaluation.scores import Score

FORMS = ["Ann", "told", "the", "man", "to", "go"]
TELL = Frame(2, "tell.01", [Argument("ARG0", 1, 1, 1), Argument("ARG1", 6, 5, 6), Argument("ARG2", 4, 3, 4)])
GO = Frame(6, "go.01", [Argument("ARG1", 4, 3, 4)])


def evaluate_frames(gold, system, names=("gold", "system")):
    pair = Pair(gold, system, names)
    return {metric.key: metric.score(pair) for metric in metrics_of(FRAMES)}


def count_by_sentence(gold, system):
    pair = Pair(gold, system)
    measures = [metric.measure(pair) for metric in metrics_of(FRAMES) if Use.TESTS in metric.uses]
    assert all(measure.unit == "sentence" for measure in measures)
    return np.stack([part for m in measures for part in (m.gold, m.system, m.correct)], axis=1)


def document(*frames, forms=FORMS):
    sentence = Sentence.from_forms(forms)
    sentence.frames = frames
    return Document([sentence])


def test_equal_frames_are_right():
    scores = evaluate_frames(document(TELL, GO), document(TELL, GO))
    assert scores["predicates"] == Score(2, 2, 2)
    assert scores["senses"] == Score(2, 2, 2, 2)
    for name in ("heads_labelled", "heads_unlabelled", "spans_labelled", "spans_unlabelled"):
        assert scores[name] == Score(4, 4, 4)


def test_a_missed_predicate_loses_its_arguments():
    scores = evaluate_frames(document(TELL, GO), document(TELL))
    assert scores["predicates"] == Score(gold=2, system=1, correct=1)
    assert scores["senses"] == Score(gold=2, system=1, correct=1, aligned=1)
    assert scores["senses"].aligned_accuracy == 1
    assert scores["heads_labelled"] == scores["spans_unlabelled"] == Score(gold=4, system=3, correct=3)


def test_arguments_of_a_predicate_that_is_none_are_wrong():
    scores = evaluate_frames(document(TELL), document(Frame(5, "tell.01", TELL.arguments), GO))
    assert scores["predicates"] == Score(gold=1, system=2, correct=0)
    assert scores["senses"].aligned_accuracy == 0
    assert scores["heads_unlabelled"] == scores["spans_labelled"] == Score(gold=3, system=4, correct=0)


def test_a_wrong_sense_keeps_the_arguments():
    scores = evaluate_frames(document(TELL, GO), document(Frame(2, "tell.02", TELL.arguments), GO))
    assert scores["predicates"].correct == 2
    assert scores["senses"] == Score(2, 2, 1, 2)
    assert scores["senses"].aligned_accuracy == 0.5
    assert scores["heads_labelled"].correct == 4


def test_role_head_and_span_are_told_apart():
    wrong_role, wrong_head = Argument("ARG2", 1, 1, 1), Argument("ARG1", 5, 5, 6)
    wrong_end, wrong_start = Argument("ARG2", 4, 3, 5), Argument("ARG2", 4, 4, 4)
    gold = document(TELL)

    def scores(*arguments):
        result = evaluate_frames(gold, document(Frame(2, "tell.01", list(arguments))))
        names = ("heads_labelled", "heads_unlabelled", "spans_labelled", "spans_unlabelled")
        parts = [result[name] for name in names]
        assert all((score.gold, score.system) == (3, len(arguments)) for score in parts)
        return [score.correct for score in parts]

    assert scores(wrong_role) == [0, 1, 0, 1]
    assert scores(wrong_head) == [0, 0, 1, 1]
    assert scores(wrong_end) == [1, 1, 0, 0]
    assert scores(wrong_start) == [1, 1, 0, 0]
    assert scores(*TELL.arguments) == [3, 3, 3, 3]
    # Two arguments at one place are right once.
    assert scores(TELL.arguments[0], wrong_role) == [1, 1, 1, 1]
    assert scores(TELL.arguments[0], TELL.arguments[0]) == [1, 1, 1, 1]


def test_arguments_without_a_place_are_not_counted_there():
    heads = Frame(2, "tell.01", [Argument("ARG0", head=1), Argument("ARG1", head=6)])
    scores = evaluate_frames(document(TELL), document(heads))
    assert scores["heads_labelled"] == Score(gold=3, system=2, correct=2)
    assert scores["spans_labelled"] == Score(gold=3, system=0, correct=0)


def test_the_same_places_in_another_sentence_are_wrong():
    first, second = Sentence.from_forms(FORMS), Sentence.from_forms(FORMS)
    first.frames = [TELL]
    gold = Document([first, second])
    other, last = Sentence.from_forms(FORMS), Sentence.from_forms(FORMS)
    last.frames = [TELL]
    scores = evaluate_frames(gold, Document([other, last]))
    assert scores["predicates"] == Score(1, 1, 0)
    assert scores["spans_unlabelled"].correct == 0


def test_other_words_are_aligned_first():
    forms = ["An", "n", "told", "the", "man", "to", "go"]
    system = document(Frame(3, "tell.01", [Argument("ARG0", 2, 1, 2), Argument("ARG2", 5, 4, 5)]), forms=forms)
    scores = evaluate_frames(document(TELL), system)
    assert scores["predicates"] == Score(1, 1, 1)
    assert scores["heads_labelled"] == scores["spans_labelled"] == Score(3, 2, 1)
    with pytest.raises(EvaluationError, match="neither the words"):
        evaluate_frames(document(TELL), document(forms=["x"]))


def test_broken_frames_are_format_errors():
    far = document(Frame(2, "tell.01", [Argument("ARG0", 1)]))
    for place in (9, 0):
        far[0].frames[0].arguments[0].head = place
        message = f"SYS: sentence number 1: the argument ARG0 lies within words 1 to 6, not at {place}"
        with pytest.raises(FormatError, match=message):
            evaluate_frames(document(TELL), far, ("GOLD", "SYS"))
        with pytest.raises(DepparseError, match="the argument ARG0 lies within"):
            far.to_dict()
    sentence = Sentence(
        {"FORM": ["a"], "UP:PRED": ["x.01"], "UP:ARGHEADS": ["nothing"], "UP:ARGSPANS": ["_"]}, ["# sent_id = s9"]
    )
    with pytest.raises(FormatError, match=r"gold: sentence s9: .*'nothing'"):
        evaluate_frames(Document([sentence]), document(forms=["a"]))


def test_the_sample_is_right_against_itself(samples):
    from depparse.formats.table import read

    gold = read(samples / "UD_English-Sample" / "en_sample-up-test.conllup")
    scores, report = evaluate_frames(gold, gold), SectionReport.of(Pair(gold, gold), FRAMES)
    assert scores["predicates"].gold > 0
    assert scores["spans_labelled"].gold > 0
    assert all(score.f1 == 1 for _, score in scores.items())
    assert "Arguments by span, labelled" in str(report.table())
    assert list(report.to_dict()) == [name for name, _ in scores.items()]


def test_counts_by_sentence_add_up_to_the_scores():
    gold = Document([*document(TELL, GO), *document(GO)])
    other = Frame(6, "go.02", [Argument("ARG1", 4, 3, 4), Argument("ARG0", 1, 1, 2)])
    system = Document([*document(TELL), *document(other, Frame(1, "ann.01", []))])
    counts = count_by_sentence(gold, system)
    assert counts.tolist() == [
        [2, 1, 1, 2, 1, 1, 4, 3, 3, 4, 3, 3],
        [1, 2, 1, 1, 2, 0, 1, 2, 1, 1, 2, 1],
    ]
    scores = evaluate_frames(gold, system)
    for number, field in enumerate(("predicates", "senses", "heads_labelled", "spans_labelled")):
        score = scores[field]
        assert [score.gold, score.system, score.correct] == counts[:, 3 * number : 3 * number + 3].sum(0).tolist()


def test_frames_of_other_words_count_in_a_sentence_of_gold():
    gold = Document([Sentence.from_forms(["ab", "c"]), Sentence.from_forms(["d", "e"])])
    gold[0].frames, gold[1].frames = [Frame(2, "c.01")], [Frame(1, "d.01")]
    system = Document([Sentence.from_forms(["a", "b", "c", "de"])])
    # "de" is no word of gold and counts where the word before it does; before "b", there is no word of gold.
    system[0].frames = [Frame(2, "b.01"), Frame(3, "c.01"), Frame(4, "d.01")]
    counts = count_by_sentence(gold, system)
    assert counts[:, :3].tolist() == [[1, 3, 1], [1, 0, 0]]
