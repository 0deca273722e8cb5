"""Tasks that read trees: learned with given ones or the model's own, used with those of the parser or the sentence."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import depparse
from depparse.document.document import Document
from depparse.document.spans import Span
from depparse.errors import ConfigError
from depparse.formats.table import read, write
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from depparse.structs.constraints import Constraints
from depparse.training.gold import Gold
from depparse.treebanks.join import join
from tests.models import annotated, annotated_copies, learned, model_of, random_model
from tests.recipes import CONTEXTS, DGLSTM, FLAT, GCN, INPUTS, NESTED, PARSER, TASKS
from tests.sentences import TREES, TWO, entities, entity_sentence, with_trees


def told_by_trees() -> Document:
    """The same words twice: only the tree tells what is an entity."""
    words = "a saw b with c"
    return with_trees(
        Document([entity_sentence(words, (3, 5, "LOC")), entity_sentence(words, (2, 2, "PER"), (5, 5, "LOC"))]), *TREES
    )


def parsed() -> Document:
    """Two sentences with trees and entities."""
    document = Document.from_conllu(TWO)
    document[0].ents = [Span(1, 1, "PER"), Span(5, 6, "LOC")]
    document[1].ents = [Span(3, 3, "PER")]
    return document


@pytest.mark.parametrize("task", [FLAT | DGLSTM, NESTED | GCN], ids=["dglstm", "gcn"])
def test_what_the_trees_alone_tell_is_learned(task: dict[str, Any], tmp_path: Path) -> None:
    document = told_by_trees()
    model = learned({"ner": task}, document)
    assert model.codec.findings(document.sentences, ["ner"]) == []
    save(model, tmp_path / "m", "")
    loaded = load(tmp_path / "m")
    for found in (annotated(model, document), annotated(loaded, document)):
        assert entities(found) == entities(document)
        assert found[1].columns["HEAD"] == ["0", "1", "2", "3", "4"]  # given trees are not to be scored as predicted
    exchanged = with_trees(told_by_trees(), *reversed(TREES))
    pipeline = Pipeline(loaded)
    assert entities(pipeline(exchanged)) == entities(document)[::-1]
    assert entities(pipeline.reanalyze(exchanged)) == entities(document)[::-1]
    # Relations that were never seen, and words without a head, are no obstacle.
    pipeline(with_trees(told_by_trees(), "2:odd 0:root 2:obj 5:case 3:nmod", "_:_ 0:root _:_ _:_ 2:obl"))


def test_a_task_may_learn_with_trees_of_the_model(tmp_path: Path) -> None:
    document = parsed()
    model = learned({"ner": FLAT | DGLSTM | {"trees": "own"}, **PARSER}, document)
    save(model, tmp_path / "m", "")
    pipeline = Pipeline(load(tmp_path / "m"))
    raw = Document.from_conllu("".join(s.to_conllu() for s in document).replace("NER=", "Was="))
    assert pipeline.model is not None
    with Reads(pipeline.model) as reads:
        analysed = pipeline(raw)
    assert entities(analysed) == entities(document)
    assert sorted(reads.trees) == sorted(s.heads for s in analysed)


@pytest.fixture(scope="module")
def model() -> Model:
    """An untrained model with a parser whose trees are odd, and a task that reads them."""
    return random_model({"ner": FLAT | GCN, **PARSER}, parsed())


class Reads:
    """Watches which trees the task reads."""

    def __init__(self, model: Model) -> None:
        self.trees: list[list[int | None]] = []
        self._task: Any = model.tasks["ner"]

    def __enter__(self) -> Reads:
        def watch(module: Any, arguments: Any) -> None:
            arcs, lengths = arguments[1], arguments[2].lengths
            for heads, known, length in zip(arcs.heads.tolist(), arcs.known.tolist(), lengths.tolist(), strict=True):
                words = range(1, length + 1)
                self.trees.append([heads[word] if known[word][0] else None for word in words])

        self._hook = self._task.syntax.register_forward_pre_hook(watch)
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()


def test_the_trees_that_are_written_are_read(model: Model) -> None:
    document, pipeline = parsed(), Pipeline(model)
    heads = [s.heads for s in document]

    def read_and_written(**options: Any) -> tuple[list[list[int | None]], list[list[int | None]]]:
        with Reads(model) as reads:
            analysed = pipeline(document, **options)
        return sorted(reads.trees, key=repr), sorted((s.heads for s in analysed), key=repr)

    # The trees that are written are read, whether they are the best ones or the best with kept or required arcs.
    predicted = read_and_written()
    assert predicted[0] == predicted[1]
    assert predicted[0] != sorted(heads, key=repr)
    assert read_and_written(keep="head")[0] == read_and_written(keep=["head", "deprel"])[0] == sorted(heads, key=repr)
    assert read_and_written(k_best=1)[0] == read_and_written(probabilities=True)[0] == predicted[0]
    constrained = read_and_written(constraints=[Constraints([(7, 1)]), None])
    assert constrained[0] == constrained[1] != predicted[0]
    # Without the parser, the trees of the sentences are read.
    assert read_and_written(without="dependencies")[0] == sorted(heads, key=repr)
    # In training, given trees are read even where there is a parser, unless the task learns with the parser's own.
    model.train()
    batch = model.collate([model.example(s, targets=True) for s in document])
    with Reads(model) as reads:
        model.losses(batch)
    assert reads.trees == heads
    task: Any = model.codec.tasks["ner"]
    task.reads_trees = "own"
    with Reads(model) as reads:
        model.losses(batch)["ner"].backward()
    assert reads.trees != heads
    assert all(0 <= (head or 0) < 8 for tree in reads.trees for head in tree)
    parser: Any = model.tasks["dependencies"]
    assert all(parameter.grad is None for parameter in parser.parameters())  # no gradient through the decision
    task.reads_trees = "given"


def test_without_a_tree_there_is_one_clear_error(model: Model) -> None:
    text = "Anna did n't buy 2 apples ."
    assert Pipeline(model)(text).sentences[0].heads != []
    switched_off = "sentence 1 has no tree \\(HEAD, DEPREL\\), which ner reads, and the parser is switched off"
    with pytest.raises(ConfigError, match=switched_off):
        Pipeline(model)(text, without="dependencies")
    alone = model_of({"ner": FLAT | GCN}, parsed())
    with pytest.raises(ConfigError, match="which ner reads, and no task of the model predicts any"):
        Pipeline(alone)(text)
    assert Pipeline(alone)(text, without="ner").ents == []
    gold = Gold("dev", "dev.iob2", Document([entity_sentence("Tom slept")]), 0)
    with pytest.raises(ConfigError, match=r"dev\.iob2: sentence 1 has no tree"):
        gold.check(alone)
    gold.document = parsed()
    gold.check(alone)
    with pytest.raises(ConfigError, match=r"dev\.iob2 from raw text: sentence 1 has no tree"):
        gold.check(alone, raw=True)
    with pytest.raises(ConfigError, match=r"config key model\.tasks\.ner\.trees: own, but no task predicts trees"):
        model_of({"ner": FLAT | GCN | {"trees": "own"}}, parsed())


@pytest.mark.parametrize("task", [FLAT | DGLSTM, NESTED | GCN | {"spans": "tree"}], ids=["dglstm", "gcn and spans"])
def test_entities_and_trees_are_the_same_in_any_batch_and_order(task: dict[str, Any], samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-train.conllu")
    join(document, read(samples / "UD_English-Sample" / "en_sample-ner-train.iob2"))
    model = random_model({"ner": task, **PARSER}, document)

    annotate_by = partial(annotated_copies, model, document)
    expected = annotate_by(5000, 1)
    assert sum(len(s.ents) for s in expected) > 10
    for words, order in ((1, 1), (60, -1)):
        for one, other in zip(expected, annotate_by(words, order), strict=True):
            assert (one.ents, one.heads) == (other.ents, other.heads)
            scores = [span.score for span in other.ents]
            assert scores == pytest.approx([span.score for span in one.ents], abs=1e-4)


def test_a_run_with_given_trees_is_scored_with_them_but_not_on_them(samples: Path, tmp_path: Path) -> None:
    folder, files = samples / "UD_English-Sample", {}
    for split in ("train", "dev", "test"):
        document = read(folder / f"en_sample-ud-{split}.conllu")
        join(document, read(folder / f"en_sample-ner-{split}.iob2"))
        write(document, tmp_path / f"{split}.conllu")
        files[split] = tmp_path / f"{split}.conllu"
    recipe = {
        "model": {
            "encoder": {"inputs": INPUTS, "context": CONTEXTS["linear_recurrent"]},
            "tasks": {"ner": NESTED | GCN | {"spans": "tree"}, "tagger": TASKS["tagger"]},
        },
        "training": {"epochs": 1, "batch_words": 200, "precision": "fp32"},
    }
    nlp = depparse.train(recipe, **files, output=tmp_path / "run")
    line = json.loads((tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8"))
    assert {"NER", "UPOS"} <= set(line)
    assert line["LAS"] < 0.5  # the score of chains
    scores = depparse.evaluate(files["test"], nlp.reanalyze(read(files["test"])))
    assert scores["LAS"].f1 < 0.5
    with pytest.raises(ConfigError, match=r"from raw text: sentence .* has no tree"):
        depparse.train(recipe | {"segmentation": {}}, **files, output=tmp_path / "other")


def test_sentences_without_trees_are_told_and_learned() -> None:
    document = Document([*told_by_trees(), entity_sentence("Tom slept", (1, 1, "PER")), *told_by_trees()])
    document[3].columns["HEAD"][0] = "_"
    for task in (FLAT | GCN, NESTED | DGLSTM, NESTED | {"spans": "tree"}):
        model = model_of({"ner": task}, document)
        (line,) = model.codec.findings(document.sentences, ["ner"])
        assert line == (
            "warning: ner: annotated sentences have no tree, or words without a head, and are learned as such: "
            "2 (first: sentence 3)"
        )
        batch = model.collate([model.example(document[number], targets=True) for number in (2, 3)])
        assert torch.isfinite(model.losses(batch)["ner"])


@pytest.mark.slow
def test_only_spans_that_go_with_the_tree_are_scored(tmp_path: Path) -> None:
    document = told_by_trees()
    document[0].ents = [Span(3, 5, "LOC"), Span(4, 5, "ORG")]
    document[1].ents = [Span(3, 4, "LOC"), Span(4, 5, "ORG")]
    task = NESTED | {"spans": "tree", "overlap": "any"}
    model = learned({"ner": task}, document)
    (line,) = model.codec.findings(document.sentences, ["ner"])
    place = "(first: sentence 2, words 3 to 4, LOC)"
    assert line == f"warning: ner: entities that do not go with the tree (spans) are not learned: 1 {place}"
    prediction = annotated(model, document)
    assert entities(prediction) == [[(3, 5, "LOC"), (4, 5, "ORG")], [(4, 5, "ORG")]]
    # Only spans that go with the tree are computed.
    batch = model.collate([model.example(s) for s in document])
    with torch.inference_mode():
        scores = model.eval()(batch)
    scored_spans = {(i, first, first + wider) for i, first, wider in scores["ner"].spans.tolist()}
    words = {(i, word, word) for i in (0, 1) for word in range(1, 6)}
    arcs = {(0, 1, 2), (0, 2, 3), (0, 4, 5), (0, 3, 5), (1, 1, 2), (1, 2, 3), (1, 4, 5)}
    chains = {(0, 1, 3), (1, 1, 3)}  # (2, 5) is too wide
    codec: Any = model.codec.tasks["ner"]
    assert codec.max_width == 3
    assert scored_spans == words | arcs | chains
    # The scores are those that these spans have among all.
    everything = model_of({"ner": NESTED}, document)
    everything.load_state_dict(model.state_dict())
    everything.eval()
    with torch.inference_mode():
        of_all = everything(batch)
    rows = {tuple(place): row for place, row in zip(of_all["ner"].spans.tolist(), of_all["ner"].scores, strict=True)}
    assert len(rows) == 2 * (5 + 4 + 3)
    for place, row in zip(scores["ner"].spans.tolist(), scores["ner"].scores, strict=True):
        torch.testing.assert_close(row, rows[tuple(place)])
