"""Entities, flat and nested: learned by heart, alike in any batch and after saving, in all forms that are written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span, encode_tags
from depparse.errors import ConfigError, DepparseError
from depparse.evaluation.entities import evaluate_entities
from depparse.evaluation.pair import Pair
from depparse.features.vocabulary import IGNORE
from depparse.formats.table import read, write
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.store import load as load_model
from depparse.model_folder.store import save
from depparse.runtimes.torch import TorchScorer
from tests.models import annotated, annotated_copies, learned, loss_of, model_of, random_model
from tests.recipes import CONTEXTS, FLAT, INPUTS, NESTED, TASKS
from tests.sentences import TWO, entities, entity_sentence, flat_entities


def nested_entities() -> Document:
    return Document(
        [
            entity_sentence("The Museum of New York met Tom .", (1, 5, "ORG"), (4, 5, "LOC"), (7, 7, "PER")),
            entity_sentence("Bank of Bank of Bern", (1, 5, "ORG"), (3, 5, "ORG"), (5, 5, "LOC")),
        ]
    )


@pytest.mark.parametrize(
    ("task", "document"),
    [(FLAT, flat_entities()), (NESTED, flat_entities()), (NESTED, nested_entities())],
    ids=["flat", "flat spans", "nested"],
)
def test_sentences_are_learned_by_heart(task: dict[str, Any], document: Document, tmp_path: Path) -> None:
    model = learned({"ner": task}, document)
    analysed = annotated(model, document)
    assert entities(analysed) == entities(document)
    assert evaluate_entities(Pair(document, analysed)).micro.f1 == 1.0
    for span in analysed.ents:
        assert span.score is not None
        assert 0.5 < span.score <= 1.0
    save(model, tmp_path / "m", "")
    again = annotated(load_model(tmp_path / "m"), document)
    assert entities(again) == entities(document)
    assert [span.score for span in again.ents] == pytest.approx([span.score for span in analysed.ents])


@pytest.mark.parametrize("task", [FLAT, NESTED], ids=["flat", "nested"])
def test_entities_and_probabilities_are_the_same_in_any_batch_and_order(task: dict[str, Any], samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ner-dev.iob2"
    model = random_model({"ner": task}, read(path))

    annotate_by = partial(annotated_copies, model, read(path))
    expected = annotate_by(5000, 1)
    assert sum(len(s.ents) for s in expected) > 10
    for words, order in ((1, 1), (60, -1)):
        for one, other in zip(expected, annotate_by(words, order), strict=True):
            assert one.ents == other.ents
            scores = [span.score for span in other.ents]
            assert scores == pytest.approx([span.score for span in one.ents], abs=1e-4)


def test_probabilities_are_those_of_all_sequences_of_tags() -> None:
    document = flat_entities()
    model = random_model({"ner": FLAT}, document)
    task: Any = model.tasks["ner"]
    codec: Any = model.codec.tasks["ner"]
    batch = model.collate([model.example(document[1])])
    reading = TorchScorer(model).read(batch)
    scores = reading.scores("ner")
    (spans,) = codec.decode(scores, batch, reading.stage("ner"))
    with torch.inference_mode():
        lengths = torch.from_numpy(batch.lengths)
        probabilities = task.chain.marginals(torch.from_numpy(scores)[:, 1:].double(), task.transitions, lengths)
    assert spans
    for span in spans:
        prefix = "S" if span.start == span.end else "B"
        first = probabilities[0, span.start - 1, codec.tags.number(f"{prefix}-{span.type}")].item()
        assert span.score <= first + 1e-9
        if prefix == "S":
            assert span.score == pytest.approx(first)


@pytest.mark.parametrize("task", [FLAT, NESTED], ids=["flat", "nested"])
def test_sentences_without_annotation_give_no_loss_and_those_without_entities_do(task: dict[str, Any]) -> None:
    model = random_model({"ner": task}, flat_entities())
    model.eval()
    bare, empty = Sentence.from_forms(["Tom", "met", "Anna"]), entity_sentence("Tom met Anna")

    loss = partial(loss_of, model, "ner")
    missing = loss(bare)
    assert missing.item() == 0.0
    missing.backward()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())
    assert loss(empty).item() > 0.1
    # The loss is the mean over annotated words, whatever stands beside them in the batch.
    assert loss(empty, bare).item() == pytest.approx(loss(empty).item(), rel=1e-5)
    both = (3 * loss(empty) + 8 * loss(flat_entities()[1])) / 11
    assert loss(empty, bare, flat_entities()[1]).item() == pytest.approx(both.item(), rel=1e-5)


def test_gold_tags_outside_the_language_are_told_with_their_place_and_not_learned() -> None:
    document = Document([*flat_entities(), *nested_entities()])
    model = model_of({"ner": FLAT}, document)
    task: Any = model.codec.tasks["ner"]
    assert [set(task.targets(s)) == {IGNORE} for s in document] == [False, False, False, True, True]
    (line,) = model.codec.findings(document.sentences, ["ner"])
    assert line == (
        "warning: ner: sentences with entities that overlap (nested_ner learns them) or that `language` forbids "
        "are left out: 2 (first: sentence 4)"
    )
    document[0].set_comment("sent_id", "two")
    model = model_of({"ner": FLAT | {"language": "(O | LOC)* (PER+ (O | LOC)*)? PER?"}}, flat_entities())
    (line,) = model.codec.findings(document.sentences, ["ner"])
    assert line.endswith("left out: 3 (first: sentence 1 (two))")  # it has two persons, with a place between them
    assert model_of({"ner": FLAT}, flat_entities()).codec.findings(flat_entities().sentences, ["ner"]) == []


def test_a_language_holds_in_training_and_in_prediction() -> None:
    document = flat_entities()
    one_stretch = "(O | LOC)* (PER+ (O | LOC)*)?"  # at most one stretch of persons
    model = learned({"ner": FLAT | {"language": one_stretch}}, document)
    analysed = annotated(model, document)
    assert entities(analysed)[1:] == entities(document)[1:]
    codec: Any = model.codec.tasks["ner"]
    for s in analysed:
        assert codec.language.accepts(codec.tags.numbers(encode_tags(s.ents, len(s), "BIOES"), IGNORE))
    with pytest.raises(ConfigError, match=r"language of the task ner: 'ORG' at character 4: .* there are O, PER, LOC"):
        model_of({"ner": FLAT | {"language": "O* ORG"}}, document)
    model = model_of({"ner": FLAT | {"language": "O O O"}}, document)
    with pytest.raises(DepparseError, match="sentence 3, of 4 words, for the task ner: no tags are in its language"):
        Pipeline(model)(document)


def test_wide_and_double_entities_are_told_and_the_width_is_bounded() -> None:
    document = nested_entities()
    document[0].ents = [*document[0].ents, Span(7, 7, "ORG")]
    model = model_of({"ner": NESTED | {"max_width": 3}}, document)
    wide, double = model.codec.findings(document.sentences, ["ner"])
    place = "(first: sentence 1, words 1 to 5, ORG)"
    assert wide == f"warning: ner: entities of more than 3 words (max_width) are not learned: 2 {place}"
    assert double.startswith("warning: ner: entities of the same words as another one are not learned: 1 (first: sent")
    task: Any = model.codec.tasks["ner"]
    kept = [(first, wider, task.types.item(label - 1)) for first, wider, label in task.targets(document[0]).entities]
    assert kept == [(4, 1, "LOC"), (7, 0, "PER")]
    wide_task: Any = model_of({"ner": NESTED}, nested_entities()).codec.tasks["ner"]
    assert wide_task.max_width == 5
    with torch.inference_mode():
        scores = model.eval()(model.collate([model.example(Sentence.from_forms(["x"] * 1000))]))
    assert scores["ner"].scores.shape == (3 * 1000 - 3, 4)  # grows with the words, not with their square


def test_the_config_says_which_entities_may_overlap() -> None:
    spans = [(1, 4, 0.9), (2, 3, 0.8), (3, 6, 0.7), (6, 6, 0.6), (4, 5, 0.5)]
    for overlap, expected in (("none", [0, 3]), ("nested", [0, 1, 3]), ("any", [0, 1, 2, 4, 3])):
        task: Any = model_of({"ner": NESTED | {"overlap": overlap}}, nested_entities()).codec.tasks["ner"]
        chosen = task._choose([Span(start, end, "ORG", score) for start, end, score in spans])
        assert [(span.start, span.end, span.score) for span in chosen] == [spans[number] for number in expected]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(learned({"ner": FLAT}, flat_entities()))


def test_entities_have_offsets_and_are_written_in_all_forms(pipeline: Pipeline, tmp_path: Path) -> None:
    document = pipeline("Anna Maria of Bern met Tom. Tom saw New York City in May.")
    expected = [(0, 10, "PER"), (14, 18, "LOC"), (23, 26, "PER"), (28, 31, "PER"), (36, 49, "LOC")]
    assert [(span.start_char, span.end_char, span.type) for span in document.ents] == expected
    assert [document.text[span.start_char : span.end_char] for span in document.ents] == [s.text for s in document.ents]
    spans = entities(document)
    for name in ("a.conllu", "a.iob2", "a.biose", "a.json", "a.parquet"):
        write(document, tmp_path / name)
        again = read(tmp_path / name)
        assert entities(again) == spans
        if name in ("a.json", "a.parquet"):
            assert [span.score for span in again.ents] == pytest.approx([span.score for span in document.ents])
    assert "1\tAnna\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER" in (tmp_path / "a.conllu").read_text(encoding="utf-8")


def test_annotated_entities_are_kept(pipeline: Pipeline) -> None:
    source = Document(
        [
            entity_sentence("Tom met Anna .", (3, 3, "LOC")),
            Sentence.from_forms(["Tom", "saw", "New", "York", "City"]),
            entity_sentence("Tom saw Tom"),
            Document.from_conllu("1\tTom" + "\t_" * 7 + "\tner=S-LOC|SpaceAfter=No\n\n")[0],
        ]
    )
    source[0].ents[0].score = 0.25
    analysed = pipeline(source, keep="ner")
    assert entities(analysed) == [[(3, 3, "LOC")], [(1, 1, "PER"), (3, 5, "LOC")], [], [(1, 1, "LOC")]]
    assert analysed[0].ents[0].score == 0.25
    assert analysed[0].ents[0].sentence is analysed[0]
    assert analysed[3].columns["MISC"] == source[3].columns["MISC"]
    # Without keep, all are predicted; without the task, all stay; and the source is not changed.
    assert [(s.start, s.end, s.type) for s in pipeline(source)[3].ents] == [(1, 1, "PER")]
    assert entities(pipeline(source, without="ner")) == entities(source)
    assert pipeline(source, without="ner")[0].ents[0].score == 0.25
    assert entities(source)[0] == [(3, 3, "LOC")]


def run(tmp_path: Path, task: dict[str, Any], *arguments: Sequence[Path], **settings: Any) -> tuple[Pipeline, Path]:
    recipe = {
        "model": {"encoder": {"inputs": INPUTS, "context": CONTEXTS["bilstm"]}, "tasks": {"ner": task}},
        "training": {"epochs": 2, "batch_words": 100, "precision": "fp32"},
    }
    files, dev, test = arguments
    output = tmp_path / "run"
    nlp = depparse.train(recipe, train=files, dev=dev, test=test, output=output, set=settings)
    return nlp, output


def to_token_classification(document: Document, path: Path) -> None:
    """Writes Parquet as data sets of the hub have it: tokens, and labels as numbers whose names are in the schema."""
    import datasets

    tags = [encode_tags(s.ents, len(s), "IOB2") for s in document]
    names = sorted({tag for row in tags for tag in row})
    labels = datasets.Sequence(datasets.ClassLabel(names=names))
    features = datasets.Features({"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": labels})
    rows = [{"tokens": s.columns["FORM"], "ner_tags": row} for s, row in zip(document, tags, strict=True)]
    datasets.Dataset.from_list(rows, features=features).to_parquet(path)


@pytest.mark.parametrize("form", ["iob2", "conllu", "biose", "annotated", "parquet"])
def test_a_run_needs_only_files_of_entities(form: str, samples: Path, tmp_path: Path) -> None:
    folder = samples / ("UD_German-Sample" if form == "biose" else "UD_English-Sample")
    name = ("de" if form == "biose" else "en") + "_sample-ner-{}." + ("biose" if form == "biose" else "iob2")
    files = [folder / name.format(split) for split in ("train", "dev", "test")]
    if form in ("conllu", "annotated"):
        for number, file in enumerate(files):
            files[number] = tmp_path / f"{file.stem}.{form}"
            write(read(file), files[number], "conllu" if form == "conllu" else "two-column")
    if form == "parquet":
        for number, file in enumerate(files):
            files[number] = tmp_path / f"{file.stem}.parquet"
            to_token_classification(read(file), files[number])
    settings = {"data.format": "two-column"} if form == "annotated" else {}
    nlp, output = run(tmp_path, NESTED if form == "biose" else FLAT, *([file] for file in files), **settings)
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(0 <= line["NER"] <= 1 and "LAS" not in line for line in lines)
    assert "| | NER |\n" in nlp.card
    gold = read(files[2], "two-column" if form == "annotated" else None)
    micro = evaluate_entities(Pair(gold, nlp.reanalyze(gold))).micro
    assert f"| test | {100 * micro.f1:.2f} |" in nlp.card


def test_sentences_without_entities_are_learned_from_misc_too(samples: Path, tmp_path: Path) -> None:
    from depparse.training.examples import make_examples, read_sentences

    source = samples / "UD_English-Sample" / "en_sample-ner-dev.iob2"
    write(read(source), tmp_path / "a.conllu")
    files = [str(tmp_path / "a.conllu"), str(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")]
    for folder in (None, tmp_path / "stored"):
        sentences, sources = read_sentences(files, [0, 1], folder)
        model = model_of({"ner": FLAT}, Document(sentences))
        examples = make_examples(model, sentences, sources)
        for example, number in zip(examples.take(range(len(examples.lengths))), examples.sources, strict=True):
            assert (IGNORE in example.targets["ner"]) == (number == 1)  # the treebank holds no entities


def test_entities_and_trees_are_learned_from_different_files(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    recipe = {
        "model": {"encoder": {"inputs": INPUTS, "context": CONTEXTS["bilstm"]}, "tasks": {**TASKS, "ner": FLAT}},
        "training": {"epochs": 1, "batch_words": 200, "precision": "fp32"},
        "metric": "NER",
    }
    files = {
        split: [folder / f"en_sample-ud-{split}.conllu", folder / f"en_sample-ner-{split}.iob2"]
        for split in ("train", "dev")
    }
    nlp = depparse.train(recipe, **files, output=tmp_path / "run")
    line = json.loads((tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert set(line["dev"]["en_sample-ner-dev"]) == {"NER"}
    assert {"LAS", "UPOS"} <= set(line["dev"]["en_sample-ud-dev"])
    assert "NER" not in line["dev"]["en_sample-ud-dev"]
    assert line["NER"] == line["dev"]["en_sample-ner-dev"]["NER"]
    row = next(row for row in nlp.card.splitlines() if row.startswith("| en_sample-ner-dev"))
    assert row.replace(" ", "").startswith("|en_sample-ner-dev||||")
    with pytest.raises(ConfigError, match="config key metric: the dev data holds nothing that NER scores"):
        depparse.train(recipe, train=files["train"], dev=files["dev"][:1], output=tmp_path / "other")


def test_the_parser_of_a_model_with_entities_writes_them_beside_its_trees() -> None:
    document = Document.from_conllu(TWO)
    document[0].ents = [Span(1, 1, "PER")]
    document[1].ents = [Span(3, 3, "PER")]
    nlp = Pipeline(learned({"ner": FLAT, **TASKS}, document))
    copies = nlp(document, k_best=2, probabilities=True)
    assert entities(copies) == [[(1, 1, "PER")]] * 2 + [[(3, 3, "PER")]] * 2
    assert all(span.score is not None and span.sentence in copies.sentences for span in copies.ents)
    assert "HeadProb" in copies[0].columns["MISC"][0]
    assert "NER=B-PER" in copies[0].columns["MISC"][0]
