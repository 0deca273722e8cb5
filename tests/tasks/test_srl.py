"""Semantic roles: learned by heart, alike in any batch and after saving, with predicates found and given."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame
from depparse.errors import ConfigError
from depparse.evaluation.frames import FRAMES
from depparse.evaluation.metrics import scores_of
from depparse.evaluation.pair import Pair
from depparse.features.edit_scripts import apply_script
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.formats.table import read, write
from depparse.inference.pipeline import Pipeline
from depparse.layers.tensors import as_arrays, to_tensors
from depparse.model.model import Model
from depparse.model_folder.store import load as load_model
from depparse.model_folder.store import save
from depparse.tasks.srl.sense_codec import SenseCodec, count_scripts
from depparse.tasks.srl.sense_network import Senses
from depparse.tasks.task import Stage
from tests.models import annotated, annotated_copies, learned, loss_of, model_of, random_model
from tests.recipes import CONTEXTS, GCN, INPUTS, TASKS
from tests.sentences import TREES, bare, with_trees

ARCS: dict[str, Any] = {"type": "srl", "decoder": "arcs", "width": 32, "argument_width": 24, "dropout": 0.1}
SPANS = ARCS | {"decoder": "spans"}
BOTH = pytest.mark.parametrize("task", [ARCS, SPANS], ids=["arcs", "spans"])


def frame(predicate: int, sense: str, *arguments: tuple[str, int, int, int]) -> Frame:
    """A frame with arguments of role, head, first and last word."""
    return Frame(predicate, sense, [Argument(*argument) for argument in arguments])


def sentence(text: str, *frames: Frame) -> Sentence:
    """A sentence of the words between blanks, with columns of frames."""
    result = Sentence.from_forms(text.split())
    result.column("UP:PRED")
    result.frames = frames
    return result


def five() -> Document:
    """Sentences with a noun and a particle verb, a discontinuous argument, a role twice, a simple one, and no frame."""
    return Document(
        [
            sentence(
                "Tom used the services she picked up",
                frame(2, "use.01", ("ARG0", 1, 1, 1), ("ARG1", 4, 3, 7)),
                frame(4, "serve.02"),
                frame(6, "pick_up.04", ("ARG1", 4, 3, 4), ("ARG0", 5, 5, 5)),
            ),
            sentence(
                "Bread , she said , was cheap today",
                frame(4, "say.01", ("ARG1", 1, 1, 1), ("ARG0", 3, 3, 3), ("C-ARG1", 7, 6, 8)),
            ),
            sentence(
                "Now she said it at noon",
                frame(3, "say.01", ("ARGM-TMP", 1, 1, 1), ("ARG0", 2, 2, 2), ("ARG1", 4, 4, 4), ("ARGM-TMP", 6, 5, 6)),
            ),
            sentence("Tom picked one", frame(2, "pick.01", ("ARG0", 1, 1, 1), ("ARG1", 3, 3, 3))),
            sentence("No , no ."),
        ]
    )


def frames(document: Document, *, spans: bool = True) -> list[tuple[Frame, ...]]:
    """The frames to compare; without `spans`, arguments have heads alone, as from the decoder of arcs."""
    rows = []
    for s in document:
        copies = [Frame(f.predicate, f.sense, [Argument(*fields_of(a, spans)) for a in f.arguments]) for f in s.frames]
        for copy in copies:
            copy.arguments.sort(key=lambda argument: argument.head or 0)
        rows.append(tuple(copies))
    return rows


def fields_of(argument: Argument, spans: bool) -> tuple[Any, ...]:
    return (argument.role, argument.head, *((argument.start, argument.end) if spans else ()))


def stage_of(network: nn.Module) -> Stage:
    """A stage that calls the methods of a network."""
    return lambda name, *inputs: as_arrays(getattr(network, name)(*to_tensors(inputs, torch.device("cpu"))))


def decoded(model: Model, pair_scores: Tensor, lengths: Tensor) -> list[list[Argument]]:
    """The arguments of these scores, without ROOT."""
    network: Any = model.tasks["srl"]
    codec: Any = model.codec.tasks["srl"]
    arguments: list[list[Argument]]
    if codec.config.decoder == "arcs":
        roles, _ = as_arrays(network.arguments.best_heads(pair_scores, lengths))
        arguments = codec.arguments.from_heads(roles, None)
    else:
        tags, _, role_scores = as_arrays(network.arguments.best_tags(pair_scores, lengths))
        arguments = codec.arguments.from_tags(tags, role_scores, lengths.numpy())
    return arguments


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {decoder: learned({"srl": ARCS | {"decoder": decoder}}, five()) for decoder in ("arcs", "spans")}


def told_by_trees() -> Document:
    """The same words twice: only the tree tells what is an argument."""
    words = "a saw b with c"
    first = frame(2, "see.01", ("ARG0", 1, 1, 1), ("ARG1", 3, 3, 5))
    second = frame(2, "see.01", ("ARG0", 1, 1, 1), ("ARG1", 3, 3, 3), ("ARGM-MNR", 5, 4, 5))
    return with_trees(Document([sentence(words, first), sentence(words, second)]), *TREES)


@pytest.mark.parametrize(
    "more", [{"paths": {"type": "paths", "width": 16, "word_width": 8, "relation_width": 8}}, GCN], ids=["paths", "gcn"]
)
def test_what_the_trees_alone_tell_is_learned(more: dict[str, Any], tmp_path: Path) -> None:
    document = told_by_trees()
    model = learned({"srl": SPANS | more}, document)
    assert model.codec.findings(document.sentences, ["srl"]) == []
    save(model, tmp_path / "m", "")
    pipeline = Pipeline(load_model(tmp_path / "m"))
    assert frames(pipeline(document)) == frames(document)
    exchanged = with_trees(told_by_trees(), *reversed(TREES))
    assert frames(pipeline(exchanged)) == frames(document)[::-1]
    with pytest.raises(ConfigError, match="has no tree"):
        pipeline("a saw b")
    document[0].columns["HEAD"][0] = "_"
    (line,) = model.codec.findings(document.sentences, ["srl"])
    assert "have no tree, or words without a head, and are learned as such: 1 (first: sentence 1)" in line


@pytest.mark.parametrize("decoder", ["arcs", "spans"])
def test_sentences_are_learned_by_heart(decoder: str, models: dict[str, Model], tmp_path: Path) -> None:
    document, model, spans = five(), models[decoder], decoder == "spans"
    assert model.codec.findings(document.sentences, ["srl"]) == []
    analysed = annotated(model, document)
    assert frames(analysed, spans=spans) == frames(document, spans=spans)
    for found in (f for s in analysed for f in s.frames):
        assert found.score is not None
        assert 0.5 < found.score <= 1.0
        assert all(a.score is None and (a.start is not None) == spans for a in found.arguments)
    # Probabilities of arguments take time, so they are computed only if they are asked for.
    asked = Pipeline(model)(bare(document), probabilities=True)
    assert frames(asked, spans=spans) == frames(document, spans=spans)
    arguments = [argument for sentence in asked for frame in sentence.frames for argument in frame.arguments]
    assert arguments
    assert all(a.score is not None and 0.5 < a.score <= 1.0 for a in arguments)
    # A sentence without frames is known to have none.
    assert [s.columns["UP:PRED"][0] for s in analysed] == ["_"] * 5
    save(model, tmp_path / "m", "")
    again = annotated(load_model(tmp_path / "m"), document)
    assert frames(again) == frames(analysed)
    for one, other in zip(analysed, again, strict=True):
        assert [f.score for f in other.frames] == pytest.approx([f.score for f in one.frames])


def odd_model(task: dict[str, Any], document: Document) -> Model:
    """An untrained model with half of the words as predicates and weights that are not zero, so it finds frames."""
    model = random_model({"srl": task}, document)
    odd: Any = model.tasks["srl"]
    with torch.no_grad():
        odd.predicate.bias.zero_()
    return model


@BOTH
def test_frames_and_probabilities_are_the_same_in_any_batch_and_order(task: dict[str, Any], samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-up-dev.conllup"
    model = odd_model(task, read(path))

    annotate_by = partial(annotated_copies, model, read(path), probabilities=True)
    expected = annotate_by(5000, 1)
    assert all(argument.score is not None for s in expected for f in s.frames for argument in f.arguments)
    assert sum(len(f.arguments) for s in expected for f in s.frames) > 20
    for words, order in ((1, 1), (60, -1)):
        for one, other in zip(expected, annotate_by(words, order), strict=True):
            assert one.frames == other.frames
            for a, b in zip(one.frames, other.frames, strict=True):
                assert b.score == pytest.approx(a.score, abs=1e-4)
                assert [x.score for x in b.arguments] == pytest.approx([x.score for x in a.arguments], abs=1e-4)


@BOTH
def test_core_roles_come_at_most_once_and_others_as_often_as_they_like(task: dict[str, Any]) -> None:
    model = model_of({"srl": task}, five())
    codec: Any = model.codec.tasks["srl"]
    generator = torch.Generator().manual_seed(1)
    scores = 2 * torch.randn(20, 18, codec.arguments.n_scores, generator=generator)
    roles = [[argument.role for argument in found] for found in decoded(model, scores, torch.full((20,), 18))]
    assert any("ARG0" in found and "ARG1" in found for found in roles)
    assert all(found.count(role) <= 1 for found in roles for role in ("ARG0", "ARG1"))
    assert any(found.count("ARGM-TMP") > 1 for found in roles)


def test_the_best_arcs_have_each_core_role_at_most_once() -> None:
    model = random_model({"srl": ARCS}, five())
    codec: Any = model.codec.tasks["srl"]
    roles = codec.arguments.roles
    scores = torch.full((2, 3, 1 + len(roles)), -9.0)
    first, second = (1 + roles.number(role) for role in ("ARG0", "ARG1"))
    scores[..., 0] = 0.0
    scores[0, 0, [first, second]] = torch.tensor([3.0, 2.5])
    scores[0, 1, [first, second]] = torch.tensor([2.0, -1.0])
    scores[1, 0, first] = 1.0
    best_arguments = decoded(model, scores, torch.tensor([3, 3]))
    # One word gives up the role that both like best, and it is not the one that likes it less.
    assert [[(a.role, a.head) for a in arguments] for arguments in best_arguments] == [
        [("ARG1", 1), ("ARG0", 2)],
        [("ARG0", 1)],
    ]


@BOTH
def test_missing_annotation_gives_no_loss(task: dict[str, Any]) -> None:
    model = random_model({"srl": task}, five())
    model.eval()
    bare, empty, full = Sentence.from_forms(["Tom", "said", "it"]), sentence("Tom said it"), five()[0]

    loss = partial(loss_of, model, "srl")
    missing = loss(bare)
    assert missing.item() == 0.0
    missing.backward()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())
    assert loss(empty).item() > 0.01
    # The loss is the mean over annotated words, whatever stands beside them in the batch.
    assert loss(empty, bare).item() == pytest.approx(loss(empty).item(), rel=1e-5)
    both = (3 * loss(empty) + 7 * loss(full)) / 10
    assert loss(bare, empty, full).item() == pytest.approx(both.item(), rel=1e-5)
    # Without columns of arguments, predicates and senses are learned alone.
    senses = five()[0]
    del senses.columns["UP:ARGHEADS"], senses.columns["UP:ARGSPANS"]
    model.zero_grad()
    loss(senses).backward()
    learns = {name for name, p in model.tasks["srl"].named_parameters() if p.grad is not None and p.grad.any()}
    assert {"predicate.weight", "senses.script_scores.weight"} <= learns
    assert not any(name.startswith("arguments") for name in learns)


def test_frames_that_are_not_learned_are_told() -> None:
    document = five()
    document[3].frames = [frame(2, "pick.01", ("ARG0", 1, 1, 1), ("ARG0", 3, 3, 3), ("ARG9", 3, 3, 3))]
    document[2].frames = [frame(3, "say.01", ("ARG0", 2, 1, 2), ("ARG1", 4, 2, 4))]
    document[1].frames = [Frame(4, "say.01", [Argument("ARG1", start=1, end=1)])]
    left_out = (
        "predicates whose arguments overlap, repeat a core role or have no span are left out: 2 (first: sentence 3)"
    )
    model = model_of({"srl": SPANS | {"rare": 0.11}}, document)
    assert model.codec.findings(document.sentences, ["srl"]) == [
        f"warning: srl: {left_out}",
        "warning: srl: arguments of rare roles (rare) are not learned: 1 (first: sentence 4)",
    ]
    task: Any = model.codec.tasks["srl"]
    tags = [parts[1] for s in document for _, _, parts in task.targets(s).frames]
    assert [set(row) == {IGNORE} for row in tags] == [False, False, False, False, True, True]
    heads = [parts[0] for s in document for _, _, parts in task.targets(s).frames]
    assert [set(row) == {IGNORE} for row in heads] == [False, False, False, True, False, False]
    model = model_of({"srl": ARCS}, document)
    assert model.codec.findings(document.sentences, ["srl"]) == [
        "warning: srl: predicates with arguments without a head word are left out: 1 (first: sentence 2)",
        "warning: srl: arguments with the head word of another one of the same predicate are not learned: "
        "1 (first: sentence 4)",
    ]


def test_known_lemmas_get_their_senses_and_others_the_first(models: dict[str, Model]) -> None:
    task: Any = models["spans"].codec.tasks["srl"]
    senses = task.senses
    assert senses.of_lemma["pick"] != senses.of_lemma["pick_up"]
    hidden = torch.randn(6, 32, generator=torch.Generator().manual_seed(1))
    forms = ["picked", "services", "blorked", "a|b=c", "Googled", "_"]
    predictions = senses.decode(hidden.numpy(), forms, stage_of(models["spans"].tasks["srl"]))
    for sense, share in predictions:
        lemma, _, number = sense.rpartition(".")
        assert 0.0 < share <= 1.0
        known = [senses.rolesets.item(roleset) for roleset in senses.of_lemma.get(lemma, [])]
        assert sense in known if known else number == "01"
    # Whatever the form is, the sense can be written.
    written = sentence("a b c d e f", *(frame(number, sense) for number, (sense, _) in enumerate(predictions, 1)))
    assert [f.sense for f in Document.from_conllu(written.to_conllu())[0].frames] == [sense for sense, _ in predictions]


def test_lemmas_of_the_training_data_are_preferred() -> None:
    pairs = [("digs", "dig.01"), ("digs", "dig.02"), ("bugging", "bug.01"), ("sending", "send.01")]
    codec = SenseCodec(count_scripts(pairs), Vocabulary.count(sense for _, sense in pairs))
    senses = Senses(codec, 4)
    with torch.no_grad():
        for number, script in enumerate(codec.scripts.items):
            # The script that makes "digg" of "digging" is the most probable, but "digg" is no lemma, and "dig" is one.
            made = {"digging": apply_script(script, "digging"), "mapping": apply_script(script, "mapping")}
            senses.script_scores.bias[number] = 3.0 if made["digging"] == "digg" else 0.0
        senses.script_scores.weight.zero_()
    hidden = torch.zeros(2, 4).numpy()
    (dig, share), (mapp, _) = codec.decode(hidden, ["digging", "mapping"], stage_of(senses))
    assert dig in ("dig.01", "dig.02")
    assert 0 < share < 0.1  # the script is not probable
    assert mapp == "mapp.01"  # no script makes a known lemma, so that the most probable one is taken


def test_a_lemma_that_was_never_seen_gets_the_first_sense(models: dict[str, Model]) -> None:
    pipeline = Pipeline(models["spans"])
    given = sentence("Tom used one", frame(2, "x.05"))
    given.columns["FORM"][1] = "blorked"
    (found,) = pipeline(Document([given]), keep="predicates")[0].frames
    assert found.sense.endswith(".01")
    assert found.sense.startswith("blork")


def test_given_predicates_keep_what_is_asked(models: dict[str, Model]) -> None:
    pipeline = Pipeline(models["spans"])
    source = Document(
        [
            sentence("Tom picked one", frame(1, "tom.07", ("ARG2", 3, 3, 3))),
            Sentence.from_forms(["Tom", "picked", "one"]),
            sentence("Tom picked one"),
            Document.from_conllu("1\tTom" + "\t_" * 7 + "\tUPPred=tom.07|SpaceAfter=No\n\n")[0],
        ]
    )
    expected = frames(five())[3]

    def predicates(keep: str, number: int) -> list[tuple[int, str]]:
        return [(f.predicate, f.sense) for f in pipeline(source, keep=keep)[number].frames]

    for keep in ("predicates", "up:pred", "frames"):
        assert [place for place, _ in predicates(keep, 0)] == [1]
        assert predicates(keep, 2) == []
        assert frames(pipeline(source, keep=keep))[1] == expected  # not annotated: all is predicted
        assert [place for place, _ in predicates(keep, 3)] == [1]
    assert predicates("predicates", 0)[0][1] != "tom.07"
    assert predicates("up:pred", 0) == predicates("up:pred", 3) == [(1, "tom.07")]
    assert pipeline(source, keep="up:pred")[0].frames[0].arguments != source[0].frames[0].arguments
    kept = pipeline(source, keep="frames")
    assert kept[0].frames == source[0].frames
    assert kept[3].columns["MISC"] == source[3].columns["MISC"]
    # Without keep, all are predicted; without the task, all stay; and the source is not changed.
    assert frames(pipeline(source))[0] == frames(pipeline(source))[2] == expected
    assert frames(pipeline(source, without="srl")) == frames(source)
    assert pipeline(source)[3].columns["MISC"] == ["SpaceAfter=No"]
    assert source[0].frames[0].sense == "tom.07"


def test_given_predicates_are_scored_as_found(models: dict[str, Model]) -> None:
    pipeline, gold = Pipeline(models["spans"]), five()
    gold[3].frames = [frame(1, "pick.01", ("ARG0", 2, 2, 2))]
    found_scores, given_scores = (
        scores_of(FRAMES, Pair(gold, pipeline.reanalyze(gold, given_predicates=told)))["Predicates"]
        for told in (False, True)
    )
    assert found_scores.correct == given_scores.gold - 1 == given_scores.correct - 1
    assert given_scores.f1 == 1.0
    with pytest.raises(ConfigError, match="cannot be given for raw text"):
        pipeline.reanalyze(gold, raw=True, given_predicates=True)


def test_frames_are_written_in_all_forms(models: dict[str, Model], tmp_path: Path) -> None:
    document = Pipeline(models["spans"])("Tom used the services she picked up. Tom picked one")
    assert sum(len(s.frames) for s in document) > 1
    for name in ("a.conllu", "a.conllup", "a.json", "a.parquet"):
        write(document, tmp_path / name)
        again = read(tmp_path / name)
        assert [s.frames for s in again] == [s.frames for s in document]
        if name in ("a.json", "a.parquet"):
            assert [f.score for s in again for f in s.frames] == [f.score for s in document for f in s.frames]
    assert "UP:PRED UP:ARGHEADS UP:ARGSPANS" in (tmp_path / "a.conllup").read_text(encoding="utf-8").split("\n")[0]
    assert "UPPred=" in (tmp_path / "a.conllu").read_text(encoding="utf-8")


def recipe(task: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "model": {"encoder": {"inputs": INPUTS, "context": CONTEXTS["bilstm"]}, "tasks": {"srl": task, **others}},
        "training": {"epochs": 1, "batch_words": 200, "precision": "fp32"},
    }


@pytest.mark.parametrize(("task", "form"), [(ARCS, "conllup"), (SPANS, "conllu"), (SPANS, "frames alone")])
def test_a_run_needs_only_files_of_frames(task: dict[str, Any], form: str, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    files = {split: folder / f"en_sample-up-{split}.conllup" for split in ("train", "dev", "test")}
    for split, file in files.items() if form != "conllup" else ():
        document = read(file)
        if form == "conllu":
            files[split] = tmp_path / f"{split}.conllu"
        else:
            files[split] = tmp_path / f"{split}.conllup"
            for s in document:
                s.columns = {name: s.columns[name] for name in s.columns if name == "FORM" or ":" in name}
            document.column_names = ("FORM",)
        write(document, files[split])
    nlp = depparse.train(recipe(task), **files, output=tmp_path / "run")
    line = json.loads((tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0])
    names = {"Predicates", "Senses", "ArgHeads", *(("ArgSpans",) if task is SPANS else ())}
    assert names == line.keys() & {"Predicates", "Senses", "ArgHeads", "ArgSpans", "LAS", "UPOS", "NER"}
    assert (
        f"| | {' | '.join(name for name in ('Predicates', 'Senses', 'ArgHeads', 'ArgSpans') if name in names)} |\n"
        in nlp.card
    )
    gold = read(files["test"])
    scores = scores_of(FRAMES, Pair(gold, nlp.reanalyze(gold)))
    assert f"| test | {100 * scores['Predicates'].f1:.2f} | {100 * scores['Senses'].f1:.2f} |" in nlp.card


def test_frames_and_trees_are_learned_from_different_files(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    files = {
        split: [folder / f"en_sample-ud-{split}.conllu", folder / f"en_sample-up-{split}.conllup"]
        for split in ("train", "dev")
    }
    settings = recipe(ARCS, **TASKS) | {"metric": "ArgHeads"}
    depparse.train(settings, **files, output=tmp_path / "run")
    line = json.loads((tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert "ArgHeads" not in line["dev"]["en_sample-ud-dev"]
    assert {"ArgHeads", "LAS"} <= set(line["dev"]["en_sample-up-dev"])
    with pytest.raises(ConfigError, match="config key metric: the model predicts nothing that ArgSpans scores"):
        depparse.train(settings | {"metric": "ArgSpans"}, **files, output=tmp_path / "other")
