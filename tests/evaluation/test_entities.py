"""Entity scores against seqeval and by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.errors import EvaluationError
from depparse.evaluation import entities
from depparse.evaluation.entities import ENTITIES, EntityScores, count_types, measure_entities, strict_spans
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import SectionReport


def evaluate_entities(gold, system, names=("gold", "system")):
    return entities.evaluate_entities(Pair(gold, system, names))


def count_by_sentence(gold, system):
    measure = measure_entities(Pair(gold, system))
    assert measure.unit == "sentence"
    return np.stack([measure.gold, measure.system, measure.correct], axis=1)


def tagged(*sentences):
    """Documents of words a, b, c … with tags in the column NER."""
    return Document(
        Sentence({"FORM": [chr(97 + i % 26) for i in range(len(tags))], "NER": list(tags)}) for tags in sentences
    )


def report(gold, system):
    """Precision, recall and F1 by seqeval, for each type and average."""
    rows = classification_report(gold, system, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    return {k: (v["precision"], v["recall"], v["f1-score"]) for k, v in rows.items() if k != "weighted avg"}


def as_report(scores):
    rows = {**scores.types, "micro avg": scores.micro, "macro avg": scores.macro}
    return {name: (score.precision, score.recall, score.f1) for name, score in rows.items()}


def own_scores(gold, system):
    """The scores by our own counting, which is otherwise for nested entities."""
    spans_by_document = [
        [(n, span.start, span.end, span.type) for n, spans in enumerate(strict_spans(document)) for span in spans]
        for document in (gold, system)
    ]
    items = [[(100 * n + start, 100 * n + end, type) for n, start, end, type in rows] for rows in spans_by_document]
    return EntityScores.of(count_types(*items), nested=True)


TAGS = st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-a-b"])


@settings(max_examples=200)
@given(st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=6), min_size=1, max_size=4))
def test_equal_to_seqeval_on_flat_entities(pairs):
    """Broken sequences are included; a first sentence shows that the files mark beginnings."""
    gold = [["B-PER", "O"], *([tag for tag, _ in sentence] for sentence in pairs)]
    system = [["O", "B-LOC"], *([tag for _, tag in sentence] for sentence in pairs)]
    expected = report(gold, system)
    scores = evaluate_entities(tagged(*gold), tagged(*system))
    assert not scores.nested
    assert as_report(scores) == expected
    assert as_report(own_scores(tagged(*gold), tagged(*system))) == expected


def test_equal_to_seqeval_on_a_long_document():
    rng = random.Random(4)
    gold, system = [], []
    for _ in range(200):
        length = rng.randint(1, 20)
        sentence = rng.choices(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG"], [6, 1, 2, 1, 2, 1], k=length)
        gold.append(sentence)
        system.append([tag if rng.random() < 0.8 else rng.choice(["O", "B-PER", "I-LOC"]) for tag in sentence])
    scores = evaluate_entities(tagged(*gold), tagged(*system))
    assert as_report(scores) == as_report(own_scores(tagged(*gold), tagged(*system))) == report(gold, system)
    assert 0 < scores.micro.f1 < 1
    assert scores.micro.f1 != scores.macro.f1
    counts = own_scores(tagged(*gold), tagged(*system))
    assert [(s.gold, s.system, s.correct) for s in scores.types.values()] == [
        (s.gold, s.system, s.correct) for s in counts.types.values()
    ]


def test_flat_entities_are_scored_by_seqeval_and_nested_ones_are_not(monkeypatch):
    calls = []
    monkeypatch.setattr(entities, "_by_seqeval", lambda *arguments: calls.append(1) or {})
    evaluate_entities(tagged(["B-PER", "I-PER"]), tagged(["B-PER", "O"]))
    assert calls == [1]
    assert evaluate_entities(tagged(["B-PER|B-LOC", "I-PER"]), tagged(["B-PER", "O"])).nested
    assert evaluate_entities(tagged(["B-PER", "O"]), tagged(["B-PER|B-LOC", "I-PER"])).nested
    assert not evaluate_entities(tagged(["O"]), tagged(["O"])).nested
    assert calls == [1]


def test_nested_entities_are_scored_as_by_hand():
    gold = tagged(["B-ORG", "I-ORG|S-GPE", "I-ORG", "O", "S-PER"])
    system = tagged(["B-ORG", "I-ORG|S-LOC", "I-ORG", "B-PER", "E-PER"])
    scores = evaluate_entities(gold, system)
    assert scores.nested
    assert list(scores.types) == ["GPE", "LOC", "ORG", "PER"]
    assert (scores.micro.gold, scores.micro.system, scores.micro.correct) == (3, 3, 1)
    assert scores.micro.f1 == pytest.approx(1 / 3)
    assert scores.macro.f1 == 1 / 4
    assert scores.types["ORG"].f1 == 1
    assert scores.types["PER"].f1 == scores.types["GPE"].recall == 0


def test_the_boundary_and_the_type_must_be_right():
    gold = tagged(["B-PER", "I-PER", "O"])
    for wrong in (["B-PER", "I-PER", "I-PER"], ["B-PER", "O", "O"], ["B-LOC", "I-LOC", "O"], ["O", "B-PER", "O"]):
        assert evaluate_entities(gold, tagged(wrong)).micro.correct == 0
    assert evaluate_entities(gold, gold).micro.f1 == 1


def test_a_continuation_of_nothing_is_no_entity_where_beginnings_are_marked():
    gold = tagged(["B-PER", "O", "B-PER"])
    assert evaluate_entities(gold, tagged(["B-PER", "O", "I-PER"])).micro.system == 1
    # In IOB1 and IO, this is the usual beginning.
    assert evaluate_entities(gold, tagged(["I-PER", "O", "I-PER"])).micro.f1 == 1
    assert evaluate_entities(gold, tagged(["PER", "O", "PER"])).micro.f1 == 1
    iob1 = tagged(["I-PER", "B-PER", "I-LOC"])
    assert evaluate_entities(tagged(["B-PER", "B-PER", "B-LOC"]), iob1).micro.f1 == 1


def test_entities_in_misc_are_scored():
    rows = ["1\ta\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER", "2\tb\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=I-PER", "", ""]
    gold = Document.from_conllu("\n".join(rows))
    assert evaluate_entities(gold, tagged(["B-PER", "I-PER"])).micro.f1 == 1
    assert evaluate_entities(gold, tagged(["B-PER", "O"])).micro.correct == 0


def test_a_key_in_misc_that_ends_like_another_one_hides_nothing():
    sentence = Sentence({"FORM": ["a", "b"], "MISC": ["INNER=1", "ner=S-PER"]})
    others = tagged(["B-PER", "O"])  # beginnings are marked
    gold = Document([*others, sentence])
    assert strict_spans(gold) == [[Span(1, 1, "PER")], [Span(2, 2, "PER")]]


def test_assigned_entities_and_documents_without_any_are_scored():
    gold = tagged(["O", "O", "O"])
    gold[0].ents = [Span(1, 2, "PER"), Span(3, 3, "PER")]
    bare = Document([Sentence.from_forms(["a", "b", "c"])])
    scores = evaluate_entities(gold, bare)
    assert (scores.micro.gold, scores.micro.system, scores.micro.f1) == (2, 0, 0)
    assert evaluate_entities(bare, bare).macro.f1 == 0


def test_other_words_are_aligned_first():
    gold = Document([Sentence({"FORM": ["ab", "c", "d"], "NER": ["B-PER", "O", "B-LOC"]})])
    system = Document(
        [
            Sentence({"FORM": ["a", "b"], "NER": ["B-PER", "I-PER"]}),
            Sentence({"FORM": ["c", "d"], "NER": ["O", "B-LOC"]}),
        ]
    )
    scores = evaluate_entities(gold, system)
    assert scores.types["LOC"].f1 == 1
    assert scores.types["PER"].correct == 0
    with pytest.raises(EvaluationError, match=r"neither the words nor the characters .* GOLD ends but SYSTEM"):
        evaluate_entities(gold, tagged(["O"] * 5), ("GOLD", "SYSTEM"))


def test_two_words_of_one_token_are_told_apart():
    rows = "1-2\tdu{0}\n1\tde{0}\n2\tle{0}\n3\tx{0}\n\n".format("\t_" * 8)
    gold, system = Document.from_conllu(rows), Document.from_conllu(rows)
    gold[0].ents, system[0].ents = [Span(1, 1, "A"), Span(3, 3, "B")], [Span(2, 2, "A"), Span(3, 3, "B")]
    assert evaluate_entities(gold, system).micro.correct == 1


def test_the_table_and_the_dictionary_have_all_types():
    scores = SectionReport.of(Pair(tagged(["B-PER", "B-LOC"]), tagged(["B-PER", "O"])), ENTITIES)
    lines = [line.split() for line in str(scores.table()).splitlines()]
    assert lines[0] == ["Entities"]
    assert ["PER", "100.00", "100.00", "100.00", "1", "1"] in lines
    assert ["micro", "average", "100.00", "50.00", "66.67", "2", "1"] in lines
    data = scores.to_dict()
    assert data["types"]["LOC"] == {"precision": 0, "recall": 0, "f1": 0, "correct": 0, "gold": 1, "system": 0}
    assert data["macro"]["f1"] == 0.5


def test_counts_by_sentence_add_up_to_the_micro_average():
    gold = tagged(["B-PER", "I-PER", "O"], ["O"], ["B-LOC", "B-LOC"], ["B-PER"])
    system = tagged(["B-PER", "O", "B-LOC"], ["B-PER"], ["B-LOC", "B-PER"], ["B-PER"])
    counts = count_by_sentence(gold, system)
    assert counts.tolist() == [[1, 2, 0], [0, 1, 0], [2, 2, 1], [1, 1, 1]]
    micro = evaluate_entities(gold, system).micro
    assert [micro.gold, micro.system, micro.correct] == counts.sum(axis=0).tolist()
    with pytest.raises(EvaluationError, match="neither the words nor the characters"):
        count_by_sentence(*(Document([Sentence.from_forms(forms)]) for forms in (["ab"], ["a", "c"])))


def test_entities_of_other_words_count_in_a_sentence_of_gold():
    gold = Document([Sentence.from_forms(["ab", "c"]), Sentence.from_forms(["d"]), Sentence.from_forms(["e"])])
    gold[0].ents, gold[2].ents = [Span(2, 2, "PER")], [Span(1, 1, "LOC")]
    system = Document([Sentence.from_forms(["a", "b", "c", "d", "e"])])
    # "b" is no word of gold and counts in the first sentence, as no word before it is one of gold; "e" is right.
    system[0].ents = [Span(2, 2, "PER"), Span(4, 4, "PER"), Span(5, 5, "LOC")]
    counts = count_by_sentence(gold, system)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 1, 1]]
    micro = evaluate_entities(gold, system).micro
    assert [micro.gold, micro.system, micro.correct] == counts.sum(axis=0).tolist()
