"""Polars, networkx, NLTK and displaCy: each library takes what is made for it, and what it can hold comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import networkx as nx
import polars as pl
import pytest
from nltk.parse.dependencygraph import DependencyGraph
from nltk.parse.projectivedependencyparser import ProjectiveDependencyParser

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import ConfigError, FormatError
from depparse.formats.arrow import iter_parquet
from depparse.formats.table import read
from tests.formats.documents import TRICKY, all_samples, conllup, read_plus

PLUS = "# global.columns = ID FORM NER text columns up:Pred\n1\tBea\tB-PER\tx\t_\t_\n2\tslept\tO\ty\tz\tsleep.01\n\n"
TREE = """\
# sent_id = t1
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\tVB\t_\t3\taux\t3:aux\tNER=B-X
2\tn't\tnot\tPART\tRB\tPolarity=Neg\t3\tadvmod\t3:advmod\tNER=I-X
3\tgo\tgo\tVERB\tVB\tMood=Imp|VerbForm=Fin\t0\troot\t0:root\t_
3.1\tthere\tthere\tADV\t_\t_\t_\t_\t3:advmod\t_
4\t!\t!\tPUNCT\t.\t_\t3\tpunct\t3:punct|3.1:punct\t_

"""


def scored() -> Document:
    """Entities that tags cannot tell, and a frame, with their scores."""
    sentence = Sentence.from_forms(["Ann", "Lee", "sleeps"])
    sentence.ents = [Span(1, 2, "PER", score=0.5), Span(2, 3, "ODD", score=0.25)]
    sentence.frames = [Frame(3, "sleep.01", [Argument("A0", 2, score=0.25)], 0.75)]
    return Document([sentence])


def assert_same(back: Document, document: Document) -> None:
    """All that the documents hold is the same, except the columns of a header."""
    assert conllup(back) == conllup(document)
    assert [s.columns for s in back] == [s.columns for s in document]
    assert back.ents == document.ents
    assert [span.score for span in back.ents] == [span.score for span in document.ents]
    assert [s.frames for s in back] == [s.frames for s in document]
    assert [f.score for s in back for f in s.frames] == [f.score for s in document for f in s.frames]
    assert [s.start_char for s in back] == [s.start_char for s in document]


@pytest.fixture
def documents(samples: Path, tmp_path: Path) -> list[Document]:
    some = [Document.from_conllu(TRICKY), Document.from_conllu(TREE), read_plus(PLUS, tmp_path), scored(), Document()]
    return [*all_samples(samples), *some]


# -- Polars


def test_polars_frames_keep_all_that_arrow_tables_keep(documents: list[Document]) -> None:
    for document in documents:
        back = Document.of("polars", document.to("polars"))
        assert_same(back, document)
        assert back.column_names == Document.of("arrow", document.to("arrow")).column_names == document.column_names


def test_parquet_files_of_frames_are_read(documents: list[Document], tmp_path: Path) -> None:
    """Polars has a row for each sentence, pandas one for each line."""
    for number, document in enumerate(documents):
        polars_file, pandas_file = tmp_path / f"{number}.polars.parquet", tmp_path / f"{number}.pandas.parquet"
        document.to("polars").write_parquet(polars_file)
        if document.sentences:
            assert_same(read(polars_file), document)
        else:
            assert len(read(polars_file)) == 0
        document.to_pandas().to_parquet(pandas_file)
        back = Document.from_pandas(document.to_pandas())
        for same in (read(pandas_file), Document(iter_parquet(pandas_file), back.column_names)):
            assert conllup(same) == conllup(back)
    with pytest.raises(FormatError, match=r"a row for each line, not for each sentence; Document\.from_pandas reads"):
        Document.from_dataset(datasets.Dataset.from_dict({"sentence": [0], "id": ["1"], "FORM": ["Go"]}))


def test_a_polars_frame_is_filtered_and_exploded(samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    frame = document.to("polars")
    long = frame.filter(pl.col("FORM").list.len() > 8)
    assert [s.sent_id for s in Document.of("polars", long)] == [s.sent_id for s in document if len(s) > 8]
    assert_same(Document.of("polars", frame.lazy()), document)
    words = frame.explode("FORM", "UPOS")
    assert list(words["UPOS"]) == [word.upos for word in document.iter_words()]


def test_a_polars_frame_with_a_row_for_each_line(samples: Path) -> None:
    document = read(samples / "UD_French-Sample" / "fr_sample-ud-dev.conllu")
    lines = pl.from_pandas(document.to_pandas())
    assert Document.of("polars", lines).to_conllu() == document.to_conllu()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"x": [1]}), "frame: the column 'FORM' is missing"),
        (pl.DataFrame({"FORM": [["a", ""]]}), "column FORM: a word with an empty form"),
        (pl.DataFrame({"FORM": ["a"]}), "the column 'sentence' is missing"),
        (pl.DataFrame({"FORM": [["a"]], "columns": [["ID"]]}), "the columns name FORM"),
        (pl.DataFrame({"FORM": [["a"]], "HEAD": [[3]]}), "head 3 is outside the sentence"),
    ],
)
def test_a_polars_frame_of_another_form_is_an_error(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        Document.of("polars", frame)


# -- networkx


def test_graphs_keep_everything(documents: list[Document]) -> None:
    for document in documents:
        assert_same(Document.of("networkx", document.to("networkx")), document)
        enhanced = [sentence.to_networkx(enhanced=True) for sentence in document]
        assert_same(Document.of("networkx", enhanced), document)


def test_the_graph_of_a_tree_is_an_arborescence(samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    for sentence, graph in zip(document, document.to("networkx"), strict=True):
        assert nx.is_arborescence(graph)
        assert nx.dag_longest_path_length(graph) >= 1
        for word in sentence:
            assert sorted(nx.descendants(graph, word.id) | {word.id}) == [other.id for other in word.subtree]
            for other in sentence:
                path = nx.shortest_path(graph.to_undirected(as_view=True), word.id, other.id)
                assert [node for node in path if node] == [step.id for step in word.path_to(other)]
    word = document[0][0]
    word.head = word.id
    assert not nx.is_arborescence(document[0].to_networkx())


def test_nodes_and_edges_have_what_words_have() -> None:
    sentence = Document.from_conllu(TREE)[0]
    graph = sentence.to_networkx()
    assert list(graph) == [0, 1, 2, 3, 4]
    assert graph.nodes[2] == {
        "text": "n't", "lemma": "not", "upos": "PART", "xpos": "RB", "feats": "Polarity=Neg", "deps": "3:advmod",
        "misc": "NER=I-X", "start_char": 2, "end_char": 5,
    }  # fmt: skip
    assert graph.edges[0, 3] == {"deprel": "root"}
    assert (graph.graph["sent_id"], graph.graph["text"]) == ("t1", "don't go !")
    enhanced = sentence.to_networkx(enhanced=True)
    assert list(enhanced) == [0, 1, 2, 3, "3.1", 4]
    assert sorted(map(str, enhanced.predecessors(4))) == ["3", "3.1"]
    assert enhanced.edges["3.1", 4, "punct"] == {"deprel": "punct"}
    assert (enhanced.nodes[4]["head"], enhanced.nodes[4]["deprel"]) == (3, "punct")
    assert set(sentence.to_networkx(enhanced=True).successors(0)) == {3}


def test_the_offsets_of_one_sentence_are_those_in_its_document(samples: Path) -> None:
    sentence = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")[2]
    assert sentence.to_networkx().nodes[1]["start_char"] == sentence[0].start_char == sentence.start_char > 0


def test_edges_that_were_changed_are_read() -> None:
    document = Document.from_conllu(TREE)
    (graph,) = document.to("networkx")
    graph.remove_edge(3, 2)
    graph.add_edge(1, 2, deprel="neg")
    assert (Document.of("networkx", graph)[0][1].head, Document.of("networkx", graph)[0][1].deprel) == (1, "neg")
    enhanced = document[0].to_networkx(enhanced=True)
    enhanced.remove_edge("3.1", 4)
    enhanced.add_edge(1, 4, deprel="a")
    enhanced.add_edge(1, 4, deprel="b")
    back = Document.of("networkx", [enhanced])[0]
    assert (back[3].deps, back[3].head) == ("1:a|1:b|3:punct", 3)


@pytest.mark.parametrize("enhanced", [False, True])
def test_graphs_go_through_graphml(samples: Path, tmp_path: Path, enhanced: bool) -> None:
    document = read(samples / "UD_French-Sample" / "fr_sample-ud-dev.conllu")
    graphs = []
    for sentence in document:
        nx.write_graphml(sentence.to_networkx(enhanced=enhanced), tmp_path / "x.graphml")
        graphs.append(nx.read_graphml(tmp_path / "x.graphml", force_multigraph=enhanced))
    assert Document.of("networkx", graphs).to_conllu() == document.to_conllu()


def test_a_graph_made_by_hand() -> None:
    graph = nx.DiGraph([(0, 2, {"deprel": "root"}), (2, 1, {"deprel": "nsubj"})])
    nx.set_node_attributes(graph, {1: "Ann", 2: "sleeps"}, "text")
    expected = "1\tAnn\t_\t_\t_\t_\t2\tnsubj\t_\t_\n2\tsleeps\t_\t_\t_\t_\t0\troot\t_\t_\n\n"
    assert Document.of("networkx", graph).to_conllu() == expected


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.DiGraph(), "graph 0: a sentence without words"),
        (nx.DiGraph([(0, 1)]), "graph 0, token 0: column FORM: the key 'text' is missing"),
        (nx.DiGraph([("a", "b")]), "graph 0, token 0: column FORM"),
        (nx.DiGraph([(1, 3), (2, 3)]), "graph 0: column HEAD: 2 edges lead to the node 3"),
        (nx.MultiDiGraph([(0, 1)]), "graph 0: column DEPS: the node 1: a relation in DEPS is text"),
        (nx.DiGraph(sentence="{"), "the attribute 'sentence' is no JSON"),
        (nx.DiGraph(sentence="3"), "expected the attribute 'sentence' as a dictionary"),
        (nx.DiGraph(sentence='{"tokens": [3, {"id": ["x"]}]}'), "graph 0, token 0: expected a dictionary"),
    ],
)
def test_a_graph_of_another_form_is_an_error(graph: nx.DiGraph, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        Document.of("networkx", [graph])


def test_an_attribute_that_is_no_column_is_an_error() -> None:
    graph = Document.from_conllu(TREE)[0].to_networkx()
    graph.nodes[3]["degree"] = 3
    with pytest.raises(FormatError, match="token 3: sentence t1: unknown key 'degree'"):
        Document.of("networkx", graph)


# -- NLTK


def test_nltk_reads_the_same_graphs(samples: Path) -> None:
    for file in sorted(samples.glob("*/*.conllu")):
        document = read(file)
        for sentence, graph in zip(document, document.to("nltk"), strict=True):
            rows = ["\t".join((id, *cells)) for id, cells in sentence.rows(list(sentence.columns)) if id.isdigit()]
            expected = DependencyGraph("\n".join(rows), cell_separator="\t", top_relation_label="root")
            assert graph.nodes == expected.nodes
            assert graph.root == expected.root
            assert graph.top_relation_label == "root"
            assert graph.to_conll(10) == expected.to_conll(10)
            assert graph.tree() == expected.tree()
            assert list(graph.triples()) == list(expected.triples())
            assert not graph.contains_cycle()


def test_words_of_nltk_come_back(documents: list[Document]) -> None:
    names = ("FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL")
    for document in documents:
        back = Document.of("nltk", document.to("nltk"))
        for old, new in zip(document, back, strict=True):
            for name in names:
                column = old.columns.get(name, ["_"] * len(old))
                assert new.columns[name] == [cell or "_" for cell in column]


def test_graphs_that_nltk_read_or_parsed() -> None:
    malt = DependencyGraph("John N 2 SUBJ\nloves V 0 ROOT\nMary N 2 OBJ")
    words = Document.of("nltk", malt)[0]
    assert [(w.text, w.upos, w.head, w.deprel) for w in words] == [
        ("John", "N", 2, "SUBJ"), ("loves", "V", 0, "ROOT"), ("Mary", "N", 2, "OBJ"),
    ]  # fmt: skip
    del malt.nodes[1]["head"], malt.nodes[3]["head"]  # dependents alone tell the tree
    assert Document.of("nltk", [malt])[0].heads == [2, 0, 2]
    malt.nodes[2]["deps"] = [1]
    assert Document.of("nltk", [malt])[0].heads == [2, 0, None]
    del malt.nodes[3]["word"]
    with pytest.raises(FormatError, match="graph 0, node 3: column FORM: a node without a word"):
        Document.of("nltk", [malt])
    assert ProjectiveDependencyParser  # imported to show that the parsers of NLTK need no download


# -- displaCy


def test_displacy_draws_what_spacy_would_draw(samples: Path) -> None:
    displacy = pytest.importorskip("spacy.displacy")
    document = read(samples / "UD_German-Sample" / "de_sample-ner-dev.biose")
    trees = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    for sentence, drawn in zip(trees, trees.to("displacy"), strict=True):
        expected = displacy.parse_deps(Document([sentence.copy()]).to_spacy(), {"collapse_punct": False})
        assert [word["text"] for word in drawn["words"]] == [word["text"] for word in expected["words"]]
        assert [word["tag"] for word in drawn["words"]] == [word["tag"] for word in expected["words"]]
        assert drawn["arcs"] == expected["arcs"]
        assert drawn["settings"]["direction"] == "ltr"
    for drawn in document.to("displacy"):
        for ent in drawn["ents"]:
            assert drawn["text"][ent["start"] : ent["end"]].strip()
    assert any(len(drawn["spans"]) > len(drawn["ents"]) for drawn in document.to("displacy"))  # nested entities
    for style in ("dep", "ent", "span"):
        for each in (document, trees, Document.from_conllu(TRICKY)):
            assert displacy.render(each.to("displacy"), style=style, manual=True, jupyter=False)


def test_entities_for_displacy_have_offsets_and_words() -> None:
    (drawn, _) = Document.from_conllu(TRICKY).to("displacy")
    assert drawn["text"] == "Ann did n't sleep , Bob 10 000 _"  # the comment lacks some of the forms
    assert [drawn["text"][ent["start"] : ent["end"]] for ent in drawn["ents"]] == ["Bob"]
    assert drawn["spans"] == [{"start_token": 5, "end_token": 6, "label": "PER"}]
    (drawn,) = Document.from_conllu(TREE).to("displacy")
    assert [drawn["text"][ent["start"] : ent["end"]] for ent in drawn["ents"]] == ["don't"]
    hebrew = Document([Sentence.from_forms(["שלום", "עולם"])])
    assert hebrew.to("displacy")[0]["settings"] == {"direction": "rtl"}


# -- all


def test_an_unknown_name_lists_all() -> None:
    names = "arrow, conllu, dataset, displacy, json, networkx, nltk, pandas, polars, spacy, stanza, token_lists"
    for call in (lambda: Document().to("polar"), lambda: Document.of("polar", None)):
        with pytest.raises(ConfigError, match=f"there is no 'polar'; did you mean polars\\? there are: {names} "):
            call()
    with pytest.raises(ConfigError, match="objects of 'displacy' hold too little to make documents of"):
        Document.of("displacy", [])


@pytest.mark.parametrize("name", ["arrow", "conllu", "json", "networkx", "nltk", "pandas", "polars", "token_lists"])
@pytest.mark.parametrize("value", [None, 3, "x", [3], b"x", {"a": 1}])
def test_what_no_document_is_made_of_is_a_clear_error(name: str, value: Any) -> None:
    with pytest.raises((ConfigError, FormatError)):
        Document.of(name, value)


def test_lists_are_lists_and_messages_say_so() -> None:
    document = Document.from_conllu("1\tGo" + "\t_" * 8 + "\n\n")
    token_lists = document.to("token_lists")
    assert isinstance(token_lists, list)
    assert [Document.of("token_lists", token_lists).to_conllu() for _ in range(2)] == [document.to_conllu()] * 2
    for name in ("networkx", "nltk", "token_lists"):
        with pytest.raises(ConfigError, match=r"(graphs|token_lists) is a list of [\w ,.]+, not None$"):
            Document.of(name, None)
