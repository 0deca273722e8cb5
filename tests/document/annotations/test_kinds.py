"""Kinds of annotation: their list, and how they are kept, copied, taken away and remembered."""

from __future__ import annotations

import pytest

from depparse.document import annotations
from depparse.document.annotations import check_kept, complete, kept_names, kinds, restore
from depparse.document.columns import in_order
from depparse.document.constituents import Constituent
from depparse.document.document import Document
from depparse.document.kinds import get_kind
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import ConfigError, DepparseError, FormatError
from depparse.evaluation.systems import bare_copies

ROWS = """\
# sent_id = s1
1\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t2\tnsubj\t2:nsubj\tNER=B-PER|SpaceAfter=No
2\tsleeps\t_\tVERB\t_\t_\t0\troot\t0:root\tUPPred=sleep.01|UPArgHeads=ARG0:1
2.1\t_\t_\t_\t_\t_\t_\t_\t0:root\t_

"""


def sentence(rows: str = ROWS) -> Sentence:
    return Document.from_conllu(rows)[0]


def changed() -> Sentence:
    """A copy in which tasks have predicted everything anew."""
    copy = sentence().copy()
    for name in ("LEMMA", "UPOS", "XPOS", "FEATS", "DEPREL"):
        copy.columns[name] = ["x", "y"]
    copy.columns["HEAD"], copy.columns["DEPS"], copy.empty_nodes = ["0", "1"], ["0:x", "1:y"], []
    copy.ents = [Span(2, 2, "LOC", 0.5)]
    copy.annotate("frames", [Frame(1, "ann.01"), Frame(2, "z.09", [Argument("ARG1", 1)], 0.5)], in_columns=True)
    copy.columns["MISC"] = [f"{cell}|HeadProb=1.0000" for cell in copy.columns["MISC"]]
    return copy


def kept_of(*kept: str) -> Sentence:
    copy = changed()
    restore(copy, sentence(), check_kept(kept))
    return copy


def test_kinds_are_in_the_order_of_their_columns() -> None:
    assert [kind.name for kind in kinds()] == [
        "lemmas", "tags", "tree", "graph", "constituents", "entities", "frames"
    ]  # fmt: skip
    columns = [name for kind in kinds() for name in kind.columns]
    assert columns == "LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS CONSTITUENTS NER UP:PRED UP:ARGHEADS UP:ARGSPANS".split()
    with pytest.raises(
        ConfigError, match=r"there is no 'tag'; did you mean tags\? there are: constituents, entities, frames"
    ):
        get_kind("tag")


def test_columns_and_kinds_may_be_kept_by_their_names() -> None:
    assert kept_names() == tuple(
        "FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC CONSTITUENTS NER PREDICATES UP:PRED FRAMES".split()
    )
    assert check_kept(["ner", "up:pred", "Misc"]) == {"NER", "UP:PRED", "MISC"}
    with pytest.raises(ConfigError, match=r"keep names columns \(FORM, .*, FRAMES\), not NERS, UP:ARGHEADS"):
        check_kept(["ners", "up:argheads"])


def test_blanks_of_kept_columns_are_filled() -> None:
    kept = kept_of("lemma", "upos", "xpos", "feats", "head")
    values = {name: kept.columns[name] for name in ("LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL")}
    assert values == {
        "LEMMA": ["Ann", "y"],
        "UPOS": ["PROPN", "VERB"],
        "XPOS": ["NNP", "y"],
        "FEATS": ["Number=Sing", "_"],  # an underscore says that there are none
        "HEAD": ["2", "0"],
        "DEPREL": ["x", "y"],
    }
    underscore = Sentence({"FORM": ["_", "a"], "LEMMA": ["_", "_"]})
    predicted = Sentence({"FORM": ["_", "a"], "LEMMA": ["x", "y"]})
    restore(predicted, underscore, {"LEMMA"})
    assert predicted.columns["LEMMA"] == ["_", "y"]


def test_a_graph_is_kept_whole() -> None:
    kept = kept_of("deps")
    assert kept.columns["DEPS"] == ["2:nsubj", "0:root"]
    assert [node.id for node in kept.empty_nodes] == [(2, 1)]
    without = sentence()
    without.columns["DEPS"] = ["_", "_"]
    copy = changed()
    restore(copy, without, {"DEPS"})
    assert (copy.columns["DEPS"], copy.empty_nodes) == (["0:x", "1:y"], [])


def test_entities_are_kept_as_they_were_written() -> None:
    kept = kept_of("ner")
    assert kept.ents == sentence().ents
    assert kept.ents[0].score is None
    assert kept.columns["MISC"][0].split("|") == ["SpaceAfter=No", "HeadProb=1.0000", "NER=B-PER"]
    assert "NER" not in kept.columns
    stanza = sentence(ROWS.replace("NER=B-PER", "ner=S-PER"))
    copy = stanza.copy()
    copy.ents = [Span(1, 2, "ORG")]
    restore(copy, stanza, {"NER"})
    assert copy.columns["MISC"] == stanza.columns["MISC"]
    in_column = Sentence({"FORM": ["a", "b"], "NER": ["B-X", "E-X"]})
    in_column.ents[0].score = 1.0
    copy = in_column.copy()
    copy.ents = [Span(1, 2, "X", 0.5)]
    restore(copy, in_column, {"NER"})
    assert copy.columns["NER"] == ["B-X", "E-X"]
    assert copy.ents[0].score is None


def test_frames_are_kept_as_far_as_is_asked() -> None:
    original = [Frame(2, "sleep.01", [Argument("ARG0", 1)])]
    kept = kept_of("frames")
    assert list(kept.frames) == original
    assert "UP:PRED" not in kept.columns
    assert kept.columns["MISC"][1] == "NER=B-LOC|HeadProb=1.0000|UPPred=sleep.01|UPArgHeads=ARG0:1"
    predicates = kept_of("predicates")
    assert predicates.frames == (Frame(2, "z.09", [Argument("ARG1", 1)]),)
    assert predicates.frames[0].score == 0.5
    senses = kept_of("up:pred")
    assert senses.frames == (Frame(2, "sleep.01", [Argument("ARG1", 1)]),)
    assert senses.frames[0].score is None
    unpredicted = sentence().copy()
    restore(unpredicted, sentence(), {"PREDICATES"})
    assert unpredicted.to_conllu() == ROWS


def test_missing_annotation_is_not_kept() -> None:
    bare = Sentence.from_forms(["Ann", "sleeps"])
    copy = changed()
    before = copy.to_conllup()
    restore(copy, bare, check_kept(kept_names()))
    assert copy.to_conllup() == before


def test_only_columns_that_were_written_are_put_back() -> None:
    copy = changed()
    restore(copy, sentence(), check_kept(["upos", "head", "ner", "misc"]), ("UPOS", "NER"))
    assert copy.columns["UPOS"] == ["PROPN", "VERB"]
    assert copy.columns["HEAD"] == ["0", "1"]
    # Of a kept MISC, the attributes of these kinds are put back, and not what others have written there.
    assert copy.columns["MISC"][0].split("|") == ["SpaceAfter=No", "HeadProb=1.0000", "NER=B-PER"]
    copy = changed()
    restore(copy, sentence(), {"MISC"}, ("NER",))
    assert [(span.start, span.type) for span in copy.ents] == [(1, "PER")]
    restore(copy, sentence(), {"MISC"})
    assert copy.columns["MISC"] == sentence().columns["MISC"]


def test_complete_annotation_needs_no_prediction() -> None:
    full = sentence()
    assert complete(full, {"HEAD", "DEPREL"}, ("HEAD", "DEPREL"))
    assert not complete(full, {"HEAD"}, ("HEAD", "DEPREL"))
    assert complete(full, {"DEPS", "NER", "FRAMES"}, ("DEPS", "NER", "UP:PRED", "UP:ARGHEADS"))
    assert not complete(full, {"UP:PRED"}, ("UP:PRED",))
    assert not complete(full, {"LEMMA"}, ("LEMMA",))
    full.columns["HEAD"][0] = "_"
    assert not complete(full, {"HEAD", "DEPREL"}, ("tree",))
    bare = Sentence.from_forms(["a"])
    assert not any(complete(bare, check_kept(kept_names()), (kind.name,)) for kind in kinds())
    assert complete(Sentence({"FORM": ["a"], "UP:PRED": ["_"]}), {"FRAMES"}, ("frames",))  # annotated with nothing
    assert not complete(full, {"LEMMA", "NER"}, ("NER", "X:NEW"))


def test_a_kind_is_annotated_where_its_cells_are_not_blank() -> None:
    full, bare = sentence(), Sentence.from_forms(["a"])
    full.annotate("constituents", [Constituent(1, 2, "S")])
    for kind in kinds():
        assert kind.annotated(full)
        assert not kind.annotated(bare)
    assert annotations.annotated(full, ("XPOS", "NER"))
    full.columns["XPOS"] = ["_", "_"]
    assert not annotations.annotated(full, ("XPOS",))
    assert not annotations.annotated(full, ("X:NEW",))
    assert annotations.annotated(Sentence({"FORM": ["a"], "X:NEW": ["b"]}), ("X:NEW",))
    empty = Sentence({"FORM": ["a"], "NER": ["O"], "UP:PRED": ["_"]})
    assert annotations.annotated(empty, ("NER",))
    assert annotations.annotated(empty, ("UP:ARGHEADS",))
    assert not annotations.annotated(Sentence({"FORM": ["a"], "NER": ["_"]}), ("NER",))


def test_bare_copies_have_only_what_is_given() -> None:
    full = sentence()
    (bare,) = bare_copies([full])
    assert list(bare.columns) == ["FORM"]
    assert bare.comments == full.comments
    assert [(node.id, node.cells) for node in bare.empty_nodes] == [(node.id, node.cells) for node in full.empty_nodes]
    (given,) = bare_copies([full], trees=True, predicates=True)
    assert list(given.columns) == ["FORM", "HEAD", "DEPREL", "UP:PRED", "UP:ARGHEADS", "UP:ARGSPANS"]
    assert given.frames == (Frame(2, "sleep.01"),)
    (nothing,) = bare_copies([Sentence({"FORM": ["a"], "UP:PRED": ["_"]})], predicates=True)
    assert nothing.columns["UP:PRED"] == ["_"]


def test_a_kind_is_taken_away_wherever_it_stands() -> None:
    full = sentence()
    full.columns["NER"] = ["B-PER", "O"]
    for kind in kinds():
        kind.strip(full)
    assert full.columns == {"FORM": ["Ann", "sleeps"], "MISC": ["SpaceAfter=No", "_"]}
    assert [kind.name for kind in kinds() if kind.annotated(full)] == []


# -- one truth


def test_changed_cells_are_the_truth() -> None:
    full = sentence()
    full.ents, full.frames = [Span(1, 2, "ORG", 0.5)], [Frame(1, "ann.01", score=0.5)]
    assert (full.ents[0].score, full.frames[0].score) == (0.5, 0.5)
    full.words[1].misc = "UPPred=doze.01"
    assert [(span.start, span.end) for span in full.ents] == [(1, 1)]
    assert [frame.sense for frame in full.frames] == ["ann.01", "doze.01"]
    full.columns["NER"] = ["O", "S-LOC"]
    assert [(span.start, span.type) for span in full.ents] == [(2, "LOC")]
    assert "NER=B-LOC" in full.to_conllu()
    full.ents = [Span(1, 1, "PER")]
    assert full.columns["NER"] == ["B-PER", "O"]


def test_a_copy_shares_nothing() -> None:
    full = sentence()
    full.ents = [Span(1, 2, "ORG", 0.5)]
    copy = full.copy()
    assert copy.ents == full.ents
    assert (copy.ents[0].score, copy.ents[0].sentence is copy, full.ents[0].sentence is full) == (0.5, True, True)
    copy.ents[0].score = 0.75
    copy.comments.append("# new")
    copy.columns["UPOS"][0] = "X"
    copy.ents = []
    assert full.ents[0].score == 0.5
    assert full.comments == ["# sent_id = s1"]
    assert full.columns["UPOS"][0] == "PROPN"


def test_setters_raise_errors_of_ours() -> None:
    full = sentence()

    def assign(name: str, value: object) -> str:
        with pytest.raises(DepparseError) as error:
            setattr(full, name, value)
        return str(error.value)

    before = full.to_conllu()
    assert assign("ents", [Span(2, 3, "X")]) == "an entity lies within words 1 to 2, not 2 to 3"
    assert assign("ents", [Span(1, 1, "a|b")]).startswith("the type of an entity is a name without blanks, bars")
    assert assign("frames", [Frame(3, "x")]) == "a predicate is a word from 1 to 2, not 3"
    assert assign("frames", [Frame(1, "x", [Argument("a b")])]).startswith("the role of an argument is a name")
    assert assign("frames", [Frame(1, "x"), Frame(1, "y")]) == "a word is the predicate of at most one frame"
    with pytest.raises(DepparseError, match="a head lies between 0 and 2"):
        full.words[0].head = 3
    with pytest.raises(DepparseError, match="holds no tab"):
        full.words[0].upos = "A\tB"
    with pytest.raises(DepparseError, match="holds a line break"):
        full.set_comment("x", "a\nb")
    with pytest.raises(DepparseError, match="belongs to no sentence yet"):
        _ = Span(1, 1, "X").text
    assert full.to_conllu() == before
    full.columns["MISC"][1] = "UPPred=x|UPArgHeads=ARG0"
    with pytest.raises(FormatError, match=r"sentence s1, column UP:ARGHEADS: an argument is written ROLE:PLACE"):
        _ = full.frames


def test_columns_are_put_in_order() -> None:
    columns = {name: ["x"] for name in ("FORM", "NER", "HEAD", "UPOS")}
    assert list(in_order(columns, ["FORM", "HEAD"])) == ["FORM", "UPOS", "HEAD", "NER"]
    assert list(in_order(columns, ["NER", "FORM"])) == list(columns)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("tags", {"UPOS": ["X"]}, "the column UPOS is a list of 2 cells, one for each word, not list"),
        ("tags", {"UPOS": "XX"}, "the column UPOS is a list of 2 cells"),
        ("tags", {"HEAD": ["0", "1"]}, "the annotation tags has UPOS, XPOS, FEATS, but no 'HEAD'"),
        ("tags", None, "the annotation tags is a dictionary of cells by column, not NoneType None"),
        ("tree", {"HEAD": ["0", "x"]}, "the head of word 2 is the number of a word, 0 or _, not 'x'"),
        ("tree", {"HEAD": ["0", "01"]}, "the head of word 2 is the number of a word"),
        ("tree", {"HEAD": ["0", "3"]}, "word 2 has the head 3, but the sentence has 2 words"),
        ("entities", 5, "entities are assigned as a list of objects, not as int 5"),
        ("frames", ["x"], "frames are objects of the class Frame, not str 'x'"),
    ],
)
def test_values_that_cannot_be_written_are_one_line(kind: str, value: object, message: str) -> None:
    sentence = Sentence.from_forms(["a", "b"])
    with pytest.raises(DepparseError, match=message):
        sentence.annotate(kind, value)
    assert sentence.to_conllu() == Sentence.from_forms(["a", "b"]).to_conllu()


def test_entities_of_records_are_written_to_cells() -> None:
    data = {"columns": ["ID", "FORM"], "sentences": [{"tokens": [{"id": 1, "text": "John"}]}]}
    data["sentences"][0]["ents"] = [{"start": 1, "end": 1, "type": "PER"}]  # type: ignore[index]
    document = Document.from_dict(data)
    assert document[0].columns["MISC"] == ["NER=B-PER"]
    assert [(span.start, span.end, span.type) for span in document.ents] == [(1, 1, "PER")]
    data["sentences"][0]["ents"][0]["type"] = "a b"  # type: ignore[index]
    with pytest.raises(FormatError, match=r"sentences\[0\]: the type of an entity"):
        Document.from_dict(data)


def test_copies_share_no_frames() -> None:
    sentence = Sentence.from_forms(["buys", "it"])
    sentence.frames = [Frame(1, "buy.01", [Argument("ARG1", head=2)])]
    copied = sentence.copy()
    copied.frames[0].sense, copied.frames[0].arguments[0].role = "sell.01", "ARG0"
    assert (sentence.frames[0].sense, sentence.frames[0].arguments[0].role) == ("buy.01", "ARG1")


def test_odd_frames_in_misc_are_moved_to_columns_as_they_are() -> None:
    sentence = Sentence.from_forms(["buys", "it"])
    sentence.columns["MISC"] = ["UPPred=buy.01,sell.01|UPArgHeads=A=B:2", "_"]
    get_kind("frames").to_columns(sentence)
    assert sentence.columns["UP:PRED"] == ["buy.01,sell.01", "_"]
    assert sentence.columns["UP:ARGHEADS"] == ["A=B:2", "_"]
    assert sentence.columns["MISC"] == ["_", "_"]
