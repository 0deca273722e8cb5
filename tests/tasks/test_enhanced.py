"""Enhanced graphs: learned by heart, alike in any batch and after saving, valid, and written after tree and lemmas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import depparse
from depparse.document.columns import get_from_misc, parse_deps
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.trees import unreachable
from depparse.errors import ConfigError
from depparse.evaluation.empty_nodes import EMPTY_NODES
from depparse.evaluation.metrics import scores_of
from depparse.evaluation.pair import Pair
from depparse.evaluation.ud import evaluate
from depparse.features.vocabulary import IGNORE
from depparse.formats.conllu import read_conllu
from depparse.inference.pipeline import Pipeline
from depparse.layers.tensors import to_tensors
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from depparse.training.gold import Gold
from tests.models import annotated, learn, model_of, random_model
from tests.recipes import ENHANCED, GCN, INPUTS, PARSER, QUICK, TASKS
from tests.sentences import bare
from tests.validation import complaints

GRAPHS = """\
# sent_id = 1
# text = Anna wants to sing in Bern and out of Rome
1\tAnna\tAnna\tPROPN\t_\t_\t2\tnsubj\t2:nsubj|4:nsubj:xsubj\t_
2\twants\twant\tVERB\t_\t_\t0\troot\t0:root\t_
3\tto\tto\tPART\t_\t_\t4\tmark\t4:mark\t_
4\tsing\tsing\tVERB\t_\t_\t2\txcomp\t2:xcomp\t_
5\tin\tin\tADP\t_\t_\t6\tcase\t6:case\t_
6\tBern\tBern\tPROPN\t_\t_\t4\tobl\t4:obl:in\t_
7\tand\tand\tCCONJ\t_\t_\t10\tcc\t10:cc\t_
8\tout\tout\tADP\t_\t_\t10\tcase\t10:case\t_
9\tof\tof\tADP\t_\t_\t8\tfixed\t8:fixed\t_
10\tRome\tRome\tPROPN\t_\t_\t6\tconj\t4:obl:out_of|6:conj:and\t_

# sent_id = 2
# text = Tom drank tea and Anna milk
1\tTom\tTom\tPROPN\t_\t_\t2\tnsubj\t2:nsubj\t_
2\tdrank\tdrink\tVERB\t_\t_\t0\troot\t0:root\t_
3\ttea\ttea\tNOUN\t_\t_\t2\tobj\t2:obj\t_
4\tand\tand\tCCONJ\t_\t_\t5\tcc\t5.1:cc\t_
5\tAnna\tAnna\tPROPN\t_\t_\t2\tconj\t5.1:nsubj\t_
5.1\t_\t_\t_\t_\t_\t_\t_\t2:conj:and\t_
6\tmilk\tmilk\tNOUN\t_\t_\t5\torphan\t5.1:obj\t_

"""


def graphs() -> Document:
    return Document.from_conllu(GRAPHS)


def learned_graphs(tasks: dict[str, Any]) -> Model:
    """A model that knows the two graphs by heart."""
    model = model_of(tasks, graphs(), dropout=0.0)
    # The rate falls to zero, so that the last step does not decide by chance.
    steady = QUICK.optimizer.model_copy(update={"decay": "linear", "floor": 0.0})
    learn(model, graphs(), QUICK.model_copy(update={"epochs": 250, "evaluate_every": 250, "optimizer": steady}))
    return model


def random_graphs(document: Document, **others: Any) -> Model:
    """An untrained model, with weights of the graph that are not zero, so that its arcs are anywhere."""
    model = random_model({"enhanced": ENHANCED, **others}, document, "tasks.enhanced.")
    task: Any = model.tasks["enhanced"]
    with torch.inference_mode():
        batch = model.collate([model.example(s) for s in document])
        scores = model.eval()(batch)["enhanced"].arc_scores.flatten()
    with torch.no_grad():
        task.arc_bias -= scores[scores.isfinite()].mean()  # so that about half of all arcs are predicted
    return model


def deps(document: Document) -> list[list[str]]:
    return [s.columns["DEPS"] for s in document]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    # The graph comes first in the config, so that the order of tasks is not what makes it the last to be written.
    return Pipeline(learned_graphs({"enhanced": ENHANCED, **TASKS}))


def test_graphs_are_learned_by_heart(pipeline: Pipeline, tmp_path: Path) -> None:
    document = graphs()
    prediction = pipeline(bare(document))
    assert deps(prediction) == deps(document)
    assert [[(node.id, node.deps) for node in s.empty_nodes] for s in prediction] == [[], [((5, 1), "2:conj:and")]]
    scores = scores_of(EMPTY_NODES, Pair(document, prediction))
    assert scores["EmptyNodes"].f1 == scores["EmptyEdges"].f1 == 1.0
    assert scores["EmptyEdges"].gold == 3
    assert pipeline.model is not None
    assert evaluate(document, annotated(pipeline.model, document))["ELAS"].f1 == 1.0  # type: ignore[arg-type]
    pipeline.save(tmp_path / "m")
    assert depparse.load(tmp_path / "m")(bare(document)).to_conllu() == prediction.to_conllu()
    # A gold node that comes with the words is no part of the answer.
    assert pipeline(graphs())[1].empty_nodes[0].deps == "2:conj:and"
    # The graph of an old tree goes with it, unless it is kept or the tree stays.
    trees_alone = pipeline(graphs(), without="enhanced")
    assert [len(s.empty_nodes) for s in trees_alone] == [0, 0]
    assert "DEPS" not in {name for s in trees_alone for name in s.columns}
    for request in ({"keep": "deps"}, {"keep": ["head", "deprel"]}):
        assert [len(s.empty_nodes) for s in pipeline(graphs(), without="enhanced", **request)] == [0, 1]
    for part in ({"without": ["enhanced", "dependencies"]}, {"without": "enhanced", "keep": "deps"}):
        assert deps(pipeline(graphs(), **part)) == deps(graphs())


def test_graphs_score_alike_from_a_file_and_from_a_model(pipeline: Pipeline) -> None:
    """What the model does not predict is not copied from gold data to be called right."""
    gold = graphs()
    for without, right in (("enhanced", 0.0), ((), 1.0)):
        file = Document.from_conllu(pipeline(gold, without=without).to_conllu())
        assert evaluate(gold, file)["ELAS"].f1 == right
        assert evaluate(gold, pipeline(bare(gold), without=without))["ELAS"].f1 == right


def test_old_probabilities_go_with_what_is_predicted_anew(pipeline: Pipeline) -> None:
    first = pipeline(graphs(), probabilities=True)
    attributes = {"HeadProb", "LabelProb", "DepsProb"}

    def left(document: Document) -> set[str]:
        cells = [cell for sentence in document for cell in sentence.column("MISC")]
        return {name for name in attributes for cell in cells if get_from_misc(cell, name) is not None}

    assert left(first) == attributes
    assert left(pipeline(first)) == set()
    assert "# tree_" not in pipeline(pipeline(graphs(), k_best=2)).to_conllu()
    assert left(pipeline(first, without="enhanced")) == set()
    assert left(pipeline(first, without="enhanced", keep="deps")) == {"DepsProb"}
    assert left(pipeline(first, keep=["head", "deprel", "deps"])) == attributes  # nothing of these is predicted
    assert left(pipeline(first, without=["enhanced", "dependencies"])) == attributes
    # All of the old ones are replaced, and other attributes stay.
    first[0].columns["MISC"][0] = "Gloss=x|HeadProb=2"
    again = pipeline(first, probabilities=True)
    assert again[0].columns["MISC"][0].startswith("Gloss=x|")
    assert "HeadProb=2" not in again[0].columns["MISC"][0]
    assert pipeline(first)[0].columns["MISC"][0] == "Gloss=x"


@pytest.mark.parametrize("trees", [pytest.param("given", marks=pytest.mark.slow), "own"])
def test_layers_read_given_trees_or_those_of_the_model(trees: str, tmp_path: Path) -> None:
    others = PARSER if trees == "own" else {}
    model = learned_graphs({"enhanced": ENHANCED | GCN | {"trees": trees}, **others})
    save(model, tmp_path / "m", "")
    again = load(tmp_path / "m")
    document = graphs()
    for sentence in document:
        sentence.columns["DEPS"] = ["_"] * len(sentence)
    # Without lemmas, labels name forms.
    assert deps(Document(Pipeline(again)(document))) == deps(graphs())
    if trees == "given":
        with pytest.raises(ConfigError, match="which enhanced reads, and no task of the model predicts any"):
            Pipeline(again)(bare(document))


def test_labels_name_the_words_of_the_other_columns(pipeline: Pipeline) -> None:
    document = graphs()
    document[0].columns["LEMMA"][4] = "within"
    assert pipeline(document)[0].columns["DEPS"][5] == "4:obl:in"
    kept = pipeline(document, keep="lemma")
    assert kept[0].columns["DEPS"][5] == "4:obl:within"
    assert kept[0].columns["DEPS"][9] == "4:obl:out_of|6:conj:and"
    # Of several trees, each graph has the words that its own tree names.
    document[0].columns["LEMMA"][4] = "in"
    copies = pipeline(document, k_best=3).sentences
    assert copies[0].columns["DEPS"] == graphs()[0].columns["DEPS"]
    assert copies[0].heads != copies[1].heads
    for copy in copies:
        assert all(cell != "_" for cell in copy.columns["DEPS"])
    # Without a parser, the tree of the sentence counts.
    moved = graphs()
    moved[0].columns["DEPREL"][4] = "advmod"
    assert "in" not in pipeline(moved, without="dependencies")[0].columns["DEPS"][5].split(":")
    with pytest.raises(ConfigError, match="which enhanced reads, and the parser is switched off"):
        pipeline("Tom drank tea", without="dependencies")


def test_kept_graphs_stay_whole(pipeline: Pipeline) -> None:
    source = graphs()
    source[1].columns["DEPS"] = ["2:x", "0:root", "_", "2.1:y", "2:z", "2:z"]
    source[1].empty_nodes[0].id = (2, 1)
    source[0].columns["DEPS"] = ["_"] * 10
    prediction = pipeline(source, keep="deps", probabilities=True)
    assert prediction[1].columns["DEPS"] == source[1].columns["DEPS"]
    assert [node.id for node in prediction[1].empty_nodes] == [(2, 1)]
    assert prediction[0].columns["DEPS"] == graphs()[0].columns["DEPS"]
    assert "DepsProb" not in "".join(prediction[1].columns["MISC"])
    assert source[0].columns["DEPS"] == ["_"] * 10


def test_probabilities_stand_in_the_order_of_deps(pipeline: Pipeline) -> None:
    prediction = pipeline(bare(graphs()), probabilities=True)
    for sentence in prediction:
        for cell, misc in zip(sentence.columns["DEPS"], sentence.columns["MISC"], strict=True):
            values = list(map(float, (get_from_misc(misc, "DepsProb") or "").split(",")))
            assert len(values) == len(parse_deps(cell))
            assert all(0.3 < value <= 1.0 for value in values)
    assert deps(prediction) == deps(graphs())
    assert "DepsProb" not in pipeline(bare(graphs())).to_conllu()


def sample(samples: Path) -> Document:
    return read_conllu(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")


def test_any_scores_give_valid_graphs_the_same_in_any_batch_and_order(samples: Path) -> None:
    document = sample(samples)
    model = random_graphs(document, **TASKS)

    def annotate_by(words: int, order: int) -> list[Sentence]:
        copies = [Sentence(dict(s.columns), s.comments, s.mwts) for s in document][::order]
        return list(Pipeline(model).annotate_stream(copies, batch_words=words, probabilities=True))[::order]

    expected = annotate_by(5000, 1)
    assert any(len(parse_deps(cell)) > 3 for s in expected for cell in s.columns["DEPS"])
    assert not complaints("".join(s.to_conllu() for s in expected))
    for sentence in expected:
        nodes = {f"{node.id[0]}.{node.id[1]}": parse_deps(node.deps) for node in sentence.empty_nodes}
        edges = {str(word.id): word.deps_list for word in sentence.words}
        assert not unreachable({name: [head for head, _ in row] for name, row in (edges | nodes).items()})
        assert all(row and name not in [head for head, _ in row] for name, row in edges.items())
    for words, order in ((1, 1), (60, -1)):
        for one, other in zip(expected, annotate_by(words, order), strict=True):
            assert one.columns["DEPS"] == other.columns["DEPS"]
            for misc, same in zip(one.columns["MISC"], other.columns["MISC"], strict=True):
                values = [(get_from_misc(cell, "DepsProb") or "").split(",") for cell in (misc, same)]
                assert list(map(float, values[0])) == pytest.approx(list(map(float, values[1])), abs=2e-4)


def test_missing_annotation_gives_no_loss() -> None:
    model = random_graphs(graphs())
    model.eval()
    second = graphs()[1]
    missing = graphs()[0]
    missing.columns["DEPS"] = ["_"] * len(missing)

    def loss(*sentences: Sentence) -> torch.Tensor:
        return model.losses(model.collate([model.example(s, targets=True) for s in sentences]))["enhanced"]

    nothing = loss(missing)
    assert nothing.item() == 0.0
    nothing.backward()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())
    assert loss(second).item() > 0.1
    assert loss(second, missing).item() == pytest.approx(loss(second).item(), rel=1e-5)
    # A word without DEPS is left out, and the others count as before.
    task: Any = model.tasks["enhanced"]
    partly = graphs()[0]
    partly.columns["DEPS"][0] = "_"
    batch = model.collate([model.example(partly, targets=True)])
    targets = to_tensors(batch.targets["enhanced"], torch.device("cpu"))
    assert not targets.annotated[0, 1]
    with torch.no_grad():
        scores = model(batch)["enhanced"]
        task_loss = task.loss(scores, targets)
        scores.arc_scores[0, 1, 2:] += 7.0
        assert task.loss(scores, targets) == task_loss
    # The loss is that of a plain loop over all pairs of words.
    gold_arcs = {(d, h) for d, h, _ in task.codec.targets(partly)[0]}
    odds = scores.arc_scores[0].double()
    pairs = [(d, h) for d in range(2, 11) for h in range(11) if d != h]
    arc_losses = [
        -torch.nn.functional.logsigmoid(odds[d, h] if (d, h) in gold_arcs else -odds[d, h]).item() for d, h in pairs
    ]
    label_scores = task.label_scores(scores.label_dependents, scores.label_heads, targets.arcs, *scores.kin)
    labels = torch.nn.functional.cross_entropy(label_scores, targets.labels, label_smoothing=0.03).item()
    assert task_loss.item() == pytest.approx(sum(arc_losses) / 9 + labels, rel=1e-4)


def test_labels_have_classes_and_rare_ones_are_told() -> None:
    document = graphs()
    document[1].columns["DEPS"][0] = "1:loop|2:nsubj|2:obj|99:far"
    task: Any = model_of({"enhanced": ENHANCED}, document).codec.tasks["enhanced"]
    assert set(task.labels.items) == {
        "root", "nsubj", "nsubj:xsubj", "mark", "xcomp", "case", "fixed", "cc", "obj", "obl:{case}", "conj:{cc}",
        "conj:{cc}>nsubj", "conj:{head cc}>obj", "conj:{head cc}>cc", "nsubj|obj",
    }  # fmt: skip
    arcs, annotated_words = task.targets(document[1])
    assert [(d, h, task.labels.item(label)) for d, h, label in arcs if d == 1] == [(1, 2, "nsubj|obj")]
    assert all(annotated_words)
    rare = model_of({"enhanced": ENHANCED | {"min_count": 2}}, document)
    assert all(not label.startswith("conj:{cc}>") for label in rare.codec.tasks["enhanced"].labels.items)  # type: ignore[attr-defined]
    document[0].columns["HEAD"] = ["_"] * 10
    no_tree, few = rare.codec.findings(document.sentences, ["enhanced"])
    assert no_tree.startswith("warning: enhanced: annotated sentences have no tree, or words without a head")
    assert no_tree.endswith("1 (first: sentence 1 (1))")
    assert few.startswith("warning: enhanced: arcs whose label is too rare (min_count) are learned without it: ")
    assert IGNORE in [label for _, _, label in rare.codec.tasks["enhanced"].targets(document[1])[0]]
    with pytest.raises(ConfigError, match="annotates nothing that the tasks learn: enhanced"):
        model_of({"enhanced": ENHANCED}, bare(document))
    for sentence in document:
        sentence.columns["DEPREL"] = ["_"] * len(sentence)
    with pytest.raises(ConfigError, match="enhanced reads given trees, but the training data has no relations"):
        model_of({"enhanced": ENHANCED}, document)


def test_arcs_from_root_have_labels_of_root_alone() -> None:
    document = graphs()
    document[1].columns["DEPS"][1] = "0:root|5.1:conj"
    document[1].empty_nodes[0].cells["DEPS"] = "0:root"
    task: Any = model_of({"enhanced": ENHANCED}, document).codec.tasks["enhanced"]
    of_root = {label for label, root in zip(task.labels.items, task._of_root.tolist(), strict=True) if root}
    assert of_root == {"root", "root|root>conj", "root>cc", "root>nsubj", "root>obj"}


def test_probabilities_of_graphs_need_no_parser() -> None:
    nlp = Pipeline(random_graphs(graphs()))
    copies = list(nlp.annotate_stream(graphs().sentences, probabilities=True))
    assert all(get_from_misc(cell, "DepsProb") for sentence in copies for cell in sentence.column("MISC"))
    with pytest.raises(ConfigError, match="the model predicts no trees"):
        list(nlp.annotate_stream(graphs().sentences, k_best=2))


def test_a_run_is_scored_and_chosen_by_graphs(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    dev = tmp_path / "dev.conllu"
    dev.write_text("".join(s.to_conllu() for s in sample(samples).sentences[:3]), encoding="utf-8")
    recipe = {
        "model": {
            "encoder": {"inputs": INPUTS[:1]},
            "tasks": {"dependencies": TASKS["dependencies"], "enhanced": ENHANCED},
        },
        "training": {"epochs": 1, "batch_words": 500, "precision": "fp32"},
        "metric": "ELAS",
    }
    nlp = depparse.train(
        recipe, train=folder / "en_sample-ud-dev.conllu", dev=dev, test=dev, output=tmp_path / "run"
    )  # fmt: skip
    (line,) = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    log = json.loads(line)
    assert 0 < log["ELAS"] <= log["EULAS"] <= 1
    assert nlp.card is not None
    assert "| ELAS | EULAS |" in nlp.card
    assert nlp.writes == ("HEAD", "DEPREL", "DEPS")
    # A model without the task has no such scores, nor has dev data without graphs.
    gold = Gold("dev", "dev.conllu", sample(samples), 0)
    assert "ELAS" in gold.metrics(nlp.codec)
    assert "ELAS" not in gold.metrics(model_of({"tagger": {"type": "tagger"}}, sample(samples)).codec)
    assert "ELAS" not in Gold("dev", "dev.conllu", bare(sample(samples)), 0).metrics(nlp.codec)
