"""A kind of another package goes everywhere that entities go, and nothing of depparse knows its name."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from depparse.document import annotations
from depparse.document.annotations import check_kept, kinds, restore
from depparse.document.annotations.kind import Code
from depparse.document.document import Document
from depparse.document.kinds import get_kind
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, DepparseError, FormatError
from depparse.evaluation.systems import bare_copies
from depparse.formats.arrow import from_arrow, read_parquet, write_parquet
from depparse.formats.pandas import from_pandas
from depparse.formats.table import read, write
from depparse.training.examples import read_sentences
from depparse.treebanks.checks import check
from depparse.treebanks.findings import codes
from depparse.treebanks.join import join
from tests.conftest import ROOT
from tests.forking import run_depparse
from tests.packages import install

# The package has directed relations between words, in a column or in MISC, and a sentiment of sentences, in a comment.
PACKAGE = """
from dataclasses import dataclass, field

from depparse.document.annotations.kind import Code, Kind
from depparse.document.annotations.objects import ObjectKind
from depparse.document.annotations.records import as_dict, as_position, as_score, as_text
from depparse.document.spans import check_label, with_score
from depparse.errors import DepparseError, FormatError


@dataclass
class Relation:
    type: str
    source: int
    target: int
    score: float | None = field(default=None, compare=False)


class Relations(ObjectKind):
    name, columns, misc, keep, record = "relations", ("REL",), ("Rel",), ("RELATIONS",), "relations"
    codes = {"relation-target": Code("error", "words", "relations lead to no word: {examples}", "correct them")}

    def decode(self, cells, sentence):
        relations = []
        for source, cell in enumerate(cells.columns[0] if cells and cells.columns[0] else (), 1):
            for part in cell.split(cells.joint) if cell != "_" else ():
                type, colon, target = part.rpartition(":")
                if not target.isdecimal():
                    raise FormatError(f"{part!r} is no relation", sent_id=sentence.sent_id, column="REL")
                relations.append(Relation(type, source, int(target)))
        return tuple(relations)

    def encode(self, items, length, joint):
        cells = [[] for _ in range(length)]
        for item in items:
            cells[item.source - 1].append(f"{item.type}:{item.target}")
        return [[joint.join(parts) or "_" for parts in cells]]

    def accept(self, items, sentence):
        for item in items:
            check_label(item.type, "the type of a relation")
            if not (1 <= item.source <= len(sentence) and 1 <= item.target <= len(sentence)):
                raise DepparseError(f"a relation is between words 1 to {len(sentence)}")

    def to_record(self, item):
        return with_score({"type": item.type, "source": item.source, "target": item.target}, item.score)

    def from_record(self, record, sentence, fail):
        fields = as_dict(record, "a relation", fail)
        source, target = (as_position(fields, key, sentence, fail) for key in ("source", "target"))
        return Relation(as_text(fields.get("type"), "its type", fail), source, target, as_score(fields, fail))

    def is_scored(self, item):
        return item.score is not None

    def arrow_type(self):
        import pyarrow as pa

        word, text, score = pa.int32(), pa.string(), pa.float64()
        return pa.list_(pa.struct({"type": text, "source": word, "target": word, "score": score}))

    def checker(self, file):
        return Checker(file)


class Checker:
    def __init__(self, file):
        self.file = file

    def check(self, sentence):
        for item in sentence.annotation("relations"):
            if item.target > len(sentence):
                self.file.find("relation-target", self.file.place(sentence, item.source), f"{item.type}:{item.target}")

    def finish(self):
        pass


class Sentiment(Kind):
    name, comments, keep = "sentiment", ("sentiment",), ("SENTIMENT",)


relations, sentiment = Relations(), Sentiment()
"""
ROWS = """\
# sent_id = s1
# text = Ann saw Bob
# sentiment = good
1\tAnn\tAnn\tPROPN\tNNP\t_\t2\tnsubj\t_\tRel=knows:3,sees:2
2\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_
3\tBob\tBob\tPROPN\tNNP\t_\t2\tobj\t_\t_

"""


@pytest.fixture
def package(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of the other package, installed as far as `importlib.metadata` can see."""
    site = tmp_path_factory.mktemp("site")
    points = "[depparse.annotations]\nrelations = other_kinds:relations\nsentiment = other_kinds:sentiment\n"
    install(site, "other-kinds", points, PACKAGE)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", f"{site}:{ROOT}")
    import other_kinds  # type: ignore[import-not-found]

    yield other_kinds
    sys.modules.pop("other_kinds")


def triples(sentence: Sentence) -> list[tuple[str, int, int]]:
    return [(item.type, item.source, item.target) for item in sentence.annotation("relations")]


def two_sentences() -> Document:
    """A sentence with both kinds, and one with neither."""
    return Document.from_conllu(ROWS + "# sent_id = s2\n1\tHi\t_\t_\t_\t_\t0\troot\t_\t_\n\n")


def scored(package: Any) -> Document:
    document = two_sentences()
    document[0].annotate("relations", [package.Relation("knows", 1, 3, 0.5)])
    return document


def test_another_kind_is_one_of_the_kinds(package: Any) -> None:
    names = [kind.name for kind in kinds()]
    assert names == ["lemmas", "tags", "tree", "graph", "constituents", "entities", "frames", "relations", "sentiment"]
    assert check_kept(["relations", "sentiment", "ner"]) == {"RELATIONS", "SENTIMENT", "NER"}
    assert codes()["relation-target"].severity == "error"


def test_another_kind_is_read_and_written(package: Any, tmp_path: Path) -> None:
    document = two_sentences()
    assert triples(document[0]) == [("knows", 1, 3), ("sees", 1, 2)]
    assert document[0].annotation("sentiment") == {"sentiment": "good"}
    assert (triples(document[1]), document[1].annotation("sentiment")) == ([], {})
    assert document.to_conllu().startswith(ROWS)
    document[0].annotate("relations", [package.Relation("hears", 3, 1)])
    document[0].annotate("sentiment", {"sentiment": "bad"})
    assert document[0].to_conllu().split("\n")[2:6] == [
        "# sentiment = bad",
        "1\tAnn\tAnn\tPROPN\tNNP\t_\t2\tnsubj\t_\t_",
        "2\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_",
        "3\tBob\tBob\tPROPN\tNNP\t_\t2\tobj\t_\tRel=hears:1",
    ]
    with pytest.raises(DepparseError, match="a relation is between words 1 to 3"):
        document[0].annotate("relations", [package.Relation("hears", 3, 4)])
    # A kind may have columns of its own, which CoNLL-U has in MISC.
    plus = "# global.columns = ID FORM REL\n1\ta\tknows:2|sees:2\n2\tb\t_\n\n"
    (tmp_path / "a.conllup").write_text(plus, encoding="utf-8")
    document = read(tmp_path / "a.conllup")
    assert triples(document[0]) == [("knows", 1, 2), ("sees", 1, 2)]
    assert "\tRel=knows:2,sees:2\n" in document.to_conllu()
    write(document, tmp_path / "b.conllup")
    assert (tmp_path / "b.conllup").read_text(encoding="utf-8") == plus
    document[0].columns["REL"][1] = "no"
    with pytest.raises(FormatError, match="column REL: 'no' is no relation"):
        triples(document[0])


def test_json_keeps_another_kind(package: Any) -> None:
    document = scored(package)
    data = json.loads(json.dumps(document.to_dict()))
    assert data["sentences"][0]["relations"] == [{"type": "knows", "source": 1, "target": 3, "score": 0.5}]
    assert "relations" not in data["sentences"][1]
    restored = Document.from_dict(data)
    assert restored.to_conllu() == document.to_conllu()
    assert restored[0].annotation("relations")[0].score == 0.5
    assert restored[0].annotation("sentiment") == {"sentiment": "good"}
    data["sentences"][0]["relations"][0]["target"] = 4
    with pytest.raises(FormatError, match=r"sentences\[0\]: sentence s1: expected target to be a word from 1 to 3"):
        Document.from_dict(data)


def test_tables_keep_another_kind(package: Any, tmp_path: Path) -> None:
    document = scored(package)
    table = document.to_arrow()
    assert table.column("relations").to_pylist() == [
        [{"type": "knows", "source": 1, "target": 3, "score": 0.5}],
        None,
    ]
    assert two_sentences().to_arrow().column("relations").to_pylist() == [None, None]  # the cells say everything
    write_parquet(document, tmp_path / "a.parquet")
    for restored in (from_arrow(table), read_parquet(tmp_path / "a.parquet")):
        assert restored.to_conllu() == document.to_conllu()
        assert restored[0].annotation("relations")[0].score == 0.5
        assert restored[0].annotation("sentiment") == {"sentiment": "good"}
    named_alike = Document([Sentence({"FORM": ["a"], "relations": ["x"]})])
    assert from_arrow(named_alike.to_arrow())[0].columns == named_alike[0].columns
    restored = from_pandas(two_sentences().to_pandas())
    assert (triples(restored[0]), restored[0].annotation("sentiment")) == (
        triples(two_sentences()[0]),
        {"sentiment": "good"},
    )


def test_another_kind_is_joined(package: Any) -> None:
    bare = Document(bare_copies(two_sentences()))
    report = join(bare, scored(package))
    assert (report.joined, triples(bare[0])) == (2, [("knows", 1, 3)])
    assert bare[0].annotation("relations")[0].score == 0.5
    assert bare[0].annotation("sentiment") == {"sentiment": "good"}
    columns = Document([Sentence({"FORM": ["Ann", "saw", "Bob"], "REL": ["_", "_", "sees:1"]})])
    bare = Document(bare_copies(two_sentences()))
    join(bare, columns)
    assert bare[0].columns["REL"] == ["_", "_", "sees:1"]
    assert bare.column_names[-1] == "REL"


def test_the_command_line_knows_another_kind(package: Any, tmp_path: Path) -> None:
    def convert(*arguments: str) -> str:
        result = run_depparse("convert", *arguments, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        return result.stderr

    (tmp_path / "bare.conllu").write_text(Document(bare_copies(two_sentences())).to_conllu(), encoding="utf-8")
    (tmp_path / "rel.conllup").write_text(
        "# global.columns = ID FORM REL X:NO\n1\tAnn\tsees:2\t_\n2\tsaw\t_\t_\n3\tBob\t_\t_\n\n", encoding="utf-8"
    )
    assert convert("bare.conllu", "--join", "rel.conllup", "-o", "joined.conllu").count("not joined") == 1
    assert triples(read(tmp_path / "joined.conllu")[0]) == [("sees", 1, 2)]
    lost = "note: CoNLL-U has no place for X:NO; convert to conllup to keep them\n"
    assert convert("rel.conllup", "-o", "lost.conllu") == lost


def test_another_kind_is_copied_kept_and_taken_away(package: Any) -> None:
    original = scored(package)[0]
    copy = original.copy()
    assert copy.annotation("relations")[0].score == 0.5
    copy.annotate("relations", [package.Relation("hates", 2, 3, 0.9)], in_columns=True)
    copy.annotate("sentiment", {"sentiment": "bad"})
    assert triples(original) == [("knows", 1, 3)]
    assert copy.columns["REL"] == ["_", "hates:3", "_"]
    restore(copy, original, check_kept(["relations"]), ("REL",))
    assert triples(copy) == [("knows", 1, 3)]
    assert copy.annotation("relations")[0].score == 0.5
    assert copy.annotation("sentiment") == {"sentiment": "bad"}
    restore(copy, original, check_kept(["sentiment"]), ("sentiment",))
    assert copy.to_conllu() == original.to_conllu()
    (bare,) = bare_copies([original])
    assert (triples(bare), bare.annotation("sentiment"), bare.comments) == ([], {}, original.comments[:2])
    assert annotations.annotated(original, ("REL",))
    assert not annotations.annotated(bare, ("REL",))


def test_another_kind_is_checked(package: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    path.write_text(ROWS.replace("sees:2", "sees:9"), encoding="utf-8")
    (finding,) = (finding for finding in check(path) if finding.severity == "error")
    assert (finding.code, finding.places) == ("relation-target", ("x.conllu:4",))
    assert finding.message == "relations lead to no word: sees:9"


def test_training_data_says_what_is_annotated_with_nothing(package: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    path.write_text(two_sentences().to_conllu(), encoding="utf-8")
    sentences, _ = read_sentences([str(path)], [0], None)
    assert [sentence.columns["REL"] for sentence in sentences] == [["knows:3|sees:2", "_", "_"], ["_"]]
    assert [sentence.columns["MISC"] for sentence in sentences] == [["_", "_", "_"], ["_"]]
    assert all("NER" not in sentence.columns for sentence in sentences)


def test_two_kinds_of_one_column_are_refused(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package.Relations, "columns", ("NER",))
    with pytest.raises(ConfigError, match="annotation entities and relations both have 'NER' as columns; one of"):
        kinds()


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("codes", {"overlap": Code("note", "words", "x", "look")}, "the kind relations has the code overlap, which is"),
        ("record", "tokens", "the kind relations has the record 'tokens', which sentences have already"),
    ],
)
def test_names_that_are_taken_are_refused(
    package: Any, monkeypatch: pytest.MonkeyPatch, attribute: str, value: object, message: str
) -> None:
    monkeypatch.setattr(package.Relations, attribute, value)
    with pytest.raises(ConfigError, match=message):
        codes()


def test_an_entry_point_that_is_no_kind_is_refused(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "relations", package.Relations)
    with pytest.raises(ConfigError, match=r"the entry point 'relations' of depparse\.annotations is no Kind of that"):
        get_kind("relations")
