"""Probabilities, best trees and constraints of a parser, against enumeration of all trees."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from depparse.document.columns import get_from_misc, set_in_misc
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, DepparseError
from depparse.formats.conllu import iter_conllu
from depparse.formats.table import read
from depparse.inference.load import load
from depparse.inference.pipeline import Pipeline
from depparse.structs.analysis import ParseAnalysis
from depparse.structs.constraints import Constraints
from depparse.tasks.tagger.codec import TaggerCodec
from tests.models import clear_pipeline, parser_of, small_model
from tests.sentences import FORMS, TWO, blanked, two_sentences
from tests.structs.oracles import all_trees, tree_scores

CONSTRAINTS = {
    "none": Constraints(),
    "required": Constraints(required=[(2, 3)]),
    "forbidden": Constraints(forbidden=[(1, 2), (3, 0)]),
    "label": Constraints(labels={2: "obj"}),
    "root": Constraints(labels={3: "root"}),
    "unknown label": Constraints(labels={1: "dislocated"}),
    "label of a required arc": Constraints(required=[(3, 1)], labels={3: "aux"}),
    "all": Constraints(required=[(1, 3)], forbidden=[(2, 1)], labels={2: "nsubj", 1: "obj"}),
}


def bare(n: int) -> Document:
    return Document([Sentence.from_forms(FORMS[:n])])


class Enumeration:
    """All trees that the constraints permit, with their probabilities, straight from the task's scores."""

    def __init__(self, pipeline: Pipeline, n: int, constraints: Constraints) -> None:
        parser = parser_of(pipeline.model)
        with torch.inference_mode():
            model = pipeline.model
            scores = model(model.collate([model.example(bare(n)[0])]))["dependencies"]
            arc_scores = scores.arc_scores[0].double().numpy()
            everywhere = torch.arange(n + 1).expand(1, n + 1, n + 1)
            label_scores = parser.label_scores(scores.label_dependents, scores.label_heads, everywhere)
            label_scores = label_scores[0].double().numpy()
        self.labels = parser.codec.labels.items
        root = self.labels.index("root")
        weights = np.exp(label_scores)  # [dependents, heads, labels]
        weights[:, 0] = 0.0
        weights[:, :, root] = 0.0
        weights[:, 0, root] = 1.0
        self.conditional = weights / weights.sum(-1, keepdims=True)

        permitted_trees = [
            heads
            for heads in all_trees(n, parser.codec.config.projective).tolist()
            if all(heads[word] == head for word, head in constraints.required)
            and not any(heads[word] == head for word, head in constraints.forbidden)
        ]
        self.trees = np.array(permitted_trees)
        evidence = np.ones(len(permitted_trees))
        for word, label in constraints.labels.items():
            if word in dict(constraints.required):
                pass
            elif label in self.labels:
                evidence *= self.conditional[word, self.trees[:, word], self.labels.index(label)]
            else:
                evidence *= self.trees[:, word] != 0
            self.conditional[word] = [[label == other for other in self.labels]] * (n + 1)
        weight = evidence * np.exp(tree_scores(arc_scores, self.trees))
        self.probabilities = weight / weight.sum()
        self.arcs = np.zeros((n + 1, n + 1))
        for heads, probability in zip(self.trees, self.probabilities, strict=True):
            self.arcs[np.arange(1, n + 1), heads[1:]] += probability


@pytest.mark.parametrize("projective", [False, True])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_probabilities_and_best_trees_are_those_of_enumeration(name: str, projective: bool) -> None:
    pipeline = clear_pipeline(projective=projective)
    constraints = CONSTRAINTS[name]
    for n in range(1, 5) if name == "none" else (3, 4):
        expected = Enumeration(pipeline, n, constraints)
        (analysis,) = pipeline.analyses(bare(n), constraints=[constraints])
        assert len(analysis) == n
        assert list(analysis.labels) == expected.labels
        np.testing.assert_allclose(analysis.arc_probabilities, expected.arcs, atol=1e-5)
        np.testing.assert_allclose(analysis.arc_probabilities[1:].sum(1), 1.0, atol=1e-12)
        joint = expected.arcs[:, :, None] * expected.conditional
        np.testing.assert_allclose(analysis.label_probabilities, joint, atol=1e-5)

        order = np.argsort(-expected.probabilities)
        possible = int((expected.probabilities > 0).sum())
        trees = analysis.trees(possible + 3)
        assert [tree.heads for tree in trees] == expected.trees[order[:possible], 1:].tolist()
        np.testing.assert_allclose(
            np.exp([tree.log_probability for tree in trees]), expected.probabilities[order[:possible]], atol=1e-5
        )
        assert analysis.best.heads == trees[0].heads
        assert analysis.best.labels == trees[0].labels
        for tree in trees:
            rated = analysis.with_probabilities(tree)
            words = np.arange(1, n + 1)
            np.testing.assert_allclose(rated.arc_probabilities, expected.arcs[words, tree.heads], atol=1e-5)
            for word, (head, label) in enumerate(zip(tree.heads, tree.labels, strict=True), 1):
                if word in constraints.labels:
                    assert label == constraints.labels[word]
                    probability = expected.arcs[word, head]
                else:
                    number = expected.conditional[word, head].argmax()
                    assert label == expected.labels[number]
                    probability = joint[word, head, number]
                assert rated.label_probabilities is not None
                assert rated.label_probabilities[word - 1] == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize("projective", [False, True])
def test_the_best_tree_is_that_of_plain_parsing(projective: bool, samples: Path) -> None:
    document = read(samples / "UD_German-Sample" / "de_sample-ud-dev.conllu")
    pipeline = clear_pipeline(projective=projective, document=document)
    parsed = pipeline(document)
    for sentence, analysis in zip(parsed, pipeline.analyses(document), strict=True):
        assert analysis.best.heads == sentence.heads
        assert analysis.best.labels == sentence.columns["DEPREL"]


def test_probabilities_do_not_depend_on_the_batch(samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    pipeline = clear_pipeline(document=document)
    alone = pipeline.analyses(document, batch_words=1)
    for one, other in zip(alone, pipeline.analyses(document), strict=True):
        np.testing.assert_allclose(one.arc_probabilities, other.arc_probabilities, atol=1e-4)
        np.testing.assert_allclose(one.label_probabilities, other.label_probabilities, atol=1e-4)


def test_probabilities_and_ranks_are_written_to_conllu(tmp_path: Path) -> None:
    pipeline = clear_pipeline()
    document = Document.from_conllu("# newdoc id = d\n# newpar\n" + TWO)
    plain = pipeline(document)
    parsed = pipeline(document, probabilities=True, k_best=3)
    analyses = list(pipeline.analyses(document))
    expected = []
    for analysis in analyses:
        expected += [analysis.with_probabilities(tree) for tree in analysis.trees(3)]
    (tmp_path / "out.conllu").write_text(parsed.to_conllu(), encoding="utf-8")
    written = list(iter_conllu(tmp_path / "out.conllu", strict=True))
    assert [s.sent_id for s in written] == ["1", "1-tree2", "1-tree3", "2", "2-tree2", "2-tree3"]
    assert [s.comment("tree_rank") for s in written] == ["1", "2", "3"] * 2
    assert [s.starts_paragraph for s in written] == [True] + [False] * 5
    for sentence, tree in zip(written, expected, strict=True):
        assert sentence.heads == tree.heads
        assert sentence.columns["DEPREL"] == tree.labels
        assert float(sentence.comment("tree_log_probability") or "") == pytest.approx(tree.log_probability, abs=1e-4)
        for word, arc, label in zip(
            sentence.words, tree.arc_probabilities or [], tree.label_probabilities or [], strict=True
        ):
            assert float(get_from_misc(word.misc or "_", "HeadProb") or "") == pytest.approx(arc, abs=1e-4)
            assert float(get_from_misc(word.misc or "_", "LabelProb") or "") == pytest.approx(label, abs=1e-4)
    # All other columns are as without probabilities, and the input is not changed.
    assert written[0].columns["UPOS"] == written[1].columns["UPOS"] == plain[0].columns["UPOS"]
    assert [cell.startswith("SpaceAfter=No|") for cell in written[1].columns["MISC"]] == [False] * 5 + [True, False]
    assert [token.text for token in written[2].tokens][1] == "didn't"
    assert "HeadProb" not in plain.to_conllu()
    assert document.to_conllu() == "# newdoc id = d\n# newpar\n" + TWO


def test_probabilities_are_written_over_nothing_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tagger that writes probabilities too writes nothing else after the kept tags were put back."""

    def tell(codec: TaggerCodec, sentence: Sentence, prediction: list[list[int]]) -> None:
        assert [cell == "_" for cell in sentence.columns["UPOS"]] == [False] * len(sentence)
        cells = zip(sentence.column("MISC"), prediction[0], strict=True)
        sentence.columns["MISC"] = [set_in_misc(cell, "Tag", str(number)) for cell, number in cells]

    monkeypatch.setattr(TaggerCodec, "write_probabilities", tell, raising=False)
    pipeline = clear_pipeline()
    document = two_sentences()
    document[0].columns["UPOS"] = ["X", *["_"] * 5, "SYM"]
    parsed = pipeline(document, keep="upos", probabilities=True)
    plain = pipeline(two_sentences())
    assert parsed[0].columns["UPOS"] == ["X", *plain[0].columns["UPOS"][1:6], "SYM"]
    assert "Tag" not in pipeline(document, keep="upos").to_conllu()
    cells = [cell for sentence in parsed for cell in sentence.columns["MISC"]]
    assert all(get_from_misc(cell, "Tag") and get_from_misc(cell, "HeadProb") for cell in cells)
    assert parsed[1].columns["UPOS"] == two_sentences()[1].columns["UPOS"]


@pytest.mark.parametrize("name", ["joint", "nested", "roles"])
def test_each_of_the_best_trees_has_objects_of_its_own(name: str) -> None:
    folder = Path(__file__).parents[1] / "golden" / "format2"
    ranked = load(folder / name)(read(folder / "words.conllu"), k_best=3)
    kind = "frames" if name == "roles" else "entities"
    owners: dict[int, tuple[object, Sentence]] = {}
    for sentence in ranked:
        objects = sentence.annotation(kind)
        for item in (*objects, *(argument for frame in sentence.frames for argument in frame.arguments)):
            assert owners.setdefault(id(item), (item, sentence))[1] is sentence
        if kind == "entities":
            assert all(span.sentence is sentence for span in objects)
    assert len({id(owner) for _, owner in owners.values()}) >= 3  # otherwise nothing is tested


@pytest.mark.parametrize("projective", [False, True])
def test_partly_annotated_trees_are_completed_exactly(projective: bool) -> None:
    pipeline = clear_pipeline(projective=projective)
    heads, labels = {1: "2"}, {2: "obj", 3: "fixed"}
    document = Document.from_conllu(blanked(heads, labels))
    constraints = Constraints(required=[(1, 2)], labels={2: "obj", 3: "fixed"})
    best = Enumeration(pipeline, 4, constraints)
    parsed = pipeline(document, keep=["head", "deprel"])
    assert parsed[0].heads == best.trees[best.probabilities.argmax()][1:].tolist()
    relations = parsed[0].columns["DEPREL"]
    assert relations[1:3] == ["obj", "fixed"]
    root = parsed[0].heads.index(0)
    assert relations[root] == "root"
    assert "_" not in relations

    # Where heads alone are kept, every relation is predicted, also those of kept heads.
    parsed = pipeline(document, keep=["head"])
    best = Enumeration(pipeline, 4, Constraints(required=constraints.required))
    assert parsed[0].heads == best.trees[best.probabilities.argmax()][1:].tolist()
    chosen = [best.labels[best.conditional[word, head or 0].argmax()] for word, head in enumerate(parsed[0].heads, 1)]
    assert parsed[0].columns["DEPREL"] == chosen
    # Further constraints hold together with kept heads, also for several trees and for probabilities.
    more = Constraints(forbidden=[(4, 0)])
    parsed = pipeline(document, keep=["head"], constraints=[more], k_best=2, probabilities=True)
    best = Enumeration(pipeline, 4, Constraints(required=constraints.required, forbidden=more.forbidden))
    order = np.argsort(-best.probabilities)
    assert [s.heads for s in parsed] == best.trees[order[:2], 1:].tolist()
    assert get_from_misc(parsed[0].columns["MISC"][0], "HeadProb") == "1.0000"


@pytest.mark.parametrize("probabilities", [False, True])
def test_constraints_on_relations_come_before_kept_ones(probabilities: bool) -> None:
    pipeline = clear_pipeline()
    document = two_sentences()
    relations = document[0].columns["DEPREL"]
    assert (relations[2], relations[4]) == ("advmod", "nummod")
    more = [Constraints(labels={3: "obl"}), None]
    options = {"keep": ["head", "deprel"], "probabilities": probabilities}
    parsed = pipeline(document, constraints=more, **options)  # type: ignore[arg-type]
    assert parsed[0].columns["DEPREL"] == [*relations[:2], "obl", *relations[3:]]
    assert [s.heads for s in parsed] == [s.heads for s in document]
    assert parsed[1].columns["DEPREL"] == document[1].columns["DEPREL"]
    assert ("LabelProb" in parsed.to_conllu()) == probabilities
    ranked = pipeline(document, constraints=more, k_best=1, **options)  # type: ignore[arg-type]
    assert ranked[0].columns["DEPREL"] == parsed[0].columns["DEPREL"]


def test_an_analysis_lives_until_its_sentence_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = clear_pipeline()
    codec = parser_of(pipeline.model).codec
    references: list[weakref.ref[ParseAnalysis]] = []
    analyze = codec.analyze

    def watched(*arguments: Any) -> list[ParseAnalysis]:
        analyses = analyze(*arguments)
        references.extend(map(weakref.ref, analyses))
        return analyses

    monkeypatch.setattr(codec, "analyze", watched)
    document = Document([bare(n)[0] for n in (4, 3, 2, 1)])
    for sentences in (pipeline.annotate_stream(document, probabilities=True), pipeline.analyses(document)):
        references.clear()
        for number, _ in enumerate(sentences, 1):
            assert len(references) == 4
            del _
            assert sum(analysis() is not None for analysis in references) <= 4 - number + 1


def test_complete_cells_stay_and_blank_ones_are_filled() -> None:
    pipeline = clear_pipeline()
    document = two_sentences()
    assert pipeline(document, keep=["head", "deprel", "upos", "xpos", "lemma", "feats"]).to_conllu() == TWO
    rows = TWO.replace("\tPROPN\tNNP\tNumber=Sing\t4", "\t_\t_\t_\t4").replace("1\tAnna\tAnna", "1\tAnna\t_")
    rows = rows.replace("5\t2\t2\t", "5\t_\t_\t")
    parsed = pipeline(Document.from_conllu(rows), keep=["upos", "xpos", "lemma", "feats", "head"])
    first, gold = parsed[0], document[0]
    assert first.columns["UPOS"][0] != "_"
    assert first.columns["XPOS"][0] != "_"
    assert first.columns["LEMMA"][0] != "_"
    assert first.columns["LEMMA"][4] == "_"  # the lemma of an underscore
    assert first.columns["FEATS"][0] == "_"  # an underscore says that there are none
    for name in ("UPOS", "XPOS", "LEMMA"):
        assert [c for i, c in enumerate(first.columns[name]) if i not in (0, 4)] == [
            c for i, c in enumerate(gold.columns[name]) if i not in (0, 4)
        ]
    assert first.heads == gold.heads
    # A sentence with nothing to predict in its tree is left alone, tree or not.
    broken = blanked({1: "2", 2: "1", 3: "0", 4: "0"}, dict.fromkeys(range(1, 5), "dep"))
    assert pipeline(Document.from_conllu(broken), keep=["head", "deprel"])[0].heads == [2, 1, 0, 0]


@pytest.mark.parametrize(
    ("heads", "comments", "message"),
    [
        ({1: "2", 2: "1"}, ["# sent_id = s1"], "sentence s1: required arcs form a cycle: [1, 2, 1]"),
        ({1: "0", 3: "0"}, [], "sentence 3: required arcs make words 1 and 3 roots; a tree has one"),
        ({2: "2"}, ["# sent_id = s1"], "sentence s1: expected arcs (dependent, head) of two different words"),
    ],
)
def test_contradictions_name_the_sentence(heads: dict[int, str], comments: list[str], message: str) -> None:
    document = Document.from_conllu(TWO + blanked(heads, {}, *comments))
    with pytest.raises(DepparseError) as error:
        clear_pipeline()(document, keep=["head"])
    assert str(error.value).startswith(message)


def test_impossible_constraints_are_refused() -> None:
    pipeline = clear_pipeline(projective=True)
    cases = {
        "permitted arcs hold no such tree": Constraints(labels={1: "root", 2: "root"}),
        "both required and forbidden": Constraints(required=[(1, 2)], forbidden=[(1, 2)]),
        "without crossing arcs": Constraints(required=[(1, 3), (2, 4), (4, 1)]),
        "given relations of words 1 to 4; got one of 7": Constraints(labels={7: "obj"}),
    }
    for message, constraints in cases.items():
        with pytest.raises(DepparseError, match=r"^sentence 1: [^:]*" + message):
            pipeline(bare(4), constraints=[constraints])
    for wrong, message in (([None], "end at sentence 2"), ([None] * 3, "more constraints than the 2 sentences")):
        with pytest.raises(ConfigError, match=message):
            pipeline(two_sentences(), constraints=wrong)
    with pytest.raises(ConfigError, match="at least 1, not 0"):
        pipeline(bare(2), k_best=0)
    pipeline.model.leave_out(["dependencies"])
    assert pipeline(two_sentences(), keep=["head"])[0].heads == two_sentences()[0].heads
    for options in ({"probabilities": True}, {"k_best": 2}, {"constraints": [None]}):
        with pytest.raises(ConfigError, match="no task that predicts HEAD and DEPREL"):
            pipeline(bare(2), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("k_best", [None, 2])
def test_sentences_too_long_for_projective_trees_are_refused(k_best: int | None) -> None:
    pipeline = clear_pipeline(projective=True, longest=6)
    assert len(pipeline(Document(two_sentences().sentences[1:]), k_best=k_best)) == (k_best or 1)
    with pytest.raises(DepparseError, match=r"^sentence 1: a sentence of 7 words .* 6 .* raise max_projective_length"):
        pipeline(two_sentences(), k_best=k_best)


def test_a_sentence_without_words_has_an_empty_tree() -> None:
    pipeline = clear_pipeline()
    document = Document([Sentence.from_forms([]), *bare(2)])
    assert [len(s) for s in pipeline(document, k_best=2, probabilities=True)] == [0, 2, 2]
    empty, other = pipeline.analyses(document)
    assert (len(empty), len(other)) == (0, 2)
    assert empty.best.heads == []
    assert empty.arc_probabilities.tolist() == [[0.0]]


def test_a_vocabulary_of_root_alone_gives_it_to_all_words() -> None:
    pipeline = Pipeline(small_model(document=Document.from_conllu("1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_\n\n")))
    assert pipeline(bare(2), probabilities=True)[0].columns["DEPREL"] == ["root", "root"]
