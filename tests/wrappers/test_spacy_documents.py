"""Documents as Docs of spaCy and back: nothing is lost, changes count, and Docs of others become CoNLL-U."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import ConfigError, DepparseError, FormatError
from depparse.formats.spacy import aligned
from depparse.formats.spacy_tokens import fill
from depparse.formats.table import read
from tests.formats.documents import TRICKY
from tests.strategies import nasty_documents

spacy = pytest.importorskip("spacy", reason="needs the extra spacy: pip install 'depparse[spacy]'")

# Multiword tokens that their words spell and that they do not, empty nodes, nested entities, odd spacing.
FRENCH = """\
# newdoc id = d1
# newpar
# sent_id = s1
# text = Il parle du grand lac.
# a note
1\tIl\til\tPRON\t_\tNumber=Sing|Person=3\t2\tnsubj\t2:nsubj|2.1:nsubj\t_
2\tparle\tparler\tVERB\tV\t_\t0\troot\t0:root\tSpacesAfter=\\s\\s
2.1\tnage\tnager\tVERB\t_\t_\t_\t_\t2:conj\tCopyOf=2
3-4\tdu\t_\t_\t_\t_\t_\t_\t_\tTranslit=dü
3\tde\tde\tADP\tP\t_\t6\tcase\t6:case\tInner=Yes
4\tle\tle\tDET\tD\tGender=Masc\t6\tdet\t6:det\t_
5\tgrand\tgrand\tADJ\tA\t_\t6\tamod\t6:amod\tNER=B-LOC
6\tlac\tlac\tNOUN\tN\tGender=Masc\t2\tobl\t2:obl:de\tNER=I-LOC|SpaceAfter=No
7\t.\t.\tPUNCT\t.\t_\t2\tpunct\t2:punct\tSpacesAfter=\\n\\n

# sent_id = s2
# text = Don't!
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tDo\tdo\tAUX\t_\t_\t0\troot\t0:root\t_
2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t1:advmod\t_
3\t!\t!\tPUNCT\t_\t_\t1\tpunct\t1:punct\t_

"""


@pytest.fixture(scope="module")
def vocab() -> Any:
    return spacy.blank("en").vocab


def through_bytes(doc: Any, vocab: Any, *, user_data: bool = True) -> Any:
    """The Doc as it comes out of a DocBin."""
    data = spacy.tokens.DocBin(store_user_data=user_data, docs=[doc]).to_bytes()
    return next(spacy.tokens.DocBin().from_bytes(data).get_docs(vocab))


def test_samples_survive_spacy(samples: Path, vocab: Any) -> None:
    files = [path for ending in ("conllu*", "iob2", "biose") for path in sorted(samples.glob(f"*/*.{ending}"))]
    assert len(files) > 20
    for path in files:
        document = read(path)
        doc = document.to_spacy(vocab)
        for made in (doc, through_bytes(doc, vocab), spacy.tokens.Doc(vocab).from_bytes(doc.to_bytes())):
            back = Document.from_spacy(made)
            assert back.to_conllu() == document.to_conllu()
            assert back.column_names == document.column_names
            assert [sentence.frames for sentence in back] == [sentence.frames for sentence in document]
            assert [span.start for span in made.sents] == [span.start for span in doc.sents]
        assert len(list(doc.sents)) == len(document)
        if path.suffix == ".conllu":
            assert doc.text == document.text


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("treebanks/UD_French-Sequoia/fr_sequoia-ud-dev.conllu", marks=pytest.mark.slow),
        "treebanks/UD_Tamil-TTB/ta_ttb-ud-dev.conllu",
        pytest.param("srl/UP_English-EWT/en_ewt-up-dev.conllup", marks=pytest.mark.slow),
    ],
)
def test_real_treebanks_survive_spacy(shared: Path, vocab: Any, name: str) -> None:
    document = read(shared / name)
    doc = document.to_spacy(vocab)
    assert doc.text == document.text
    stored = through_bytes(doc, vocab)
    assert "".join(s.to_conllup() for s in Document.from_spacy(stored)) == "".join(s.to_conllup() for s in document)
    assert len(list(doc.sents)) == len(list(stored.sents)) == len(document)


def test_hard_sentences_survive_spacy(vocab: Any) -> None:
    for text in (FRENCH, TRICKY):
        document = Document.from_conllu(text)
        doc = document.to_spacy(vocab)
        assert Document.from_spacy(doc).to_conllu() == text
        assert Document.from_spacy(through_bytes(doc, vocab)).to_conllu() == text
        assert doc._.conllu == text
    assert len(Document().to_spacy(vocab)) == 0
    assert Document.from_spacy(spacy.tokens.Doc(vocab)).to_conllu() == ""


@settings(max_examples=200)
@given(nasty_documents())
def test_any_document_survives_spacy(sentences: list[Sentence]) -> None:
    document = Document(sentences)
    try:
        text = document.to_conllu()
    except DepparseError:
        return
    vocab = spacy.vocab.Vocab()
    doc = document.to_spacy(vocab)
    stored = through_bytes(doc, vocab)
    assert Document.from_spacy(doc).to_conllu() == Document.from_spacy(stored).to_conllu() == text
    assert Document.from_spacy(doc).ents == document.ents
    assert [token.is_sent_start for token in stored] == [token.is_sent_start for token in doc]
    assert len(list(doc.sents)) == len(document)
    for token in doc:
        assert token not in token.ancestors
    # Without what depparse keeps, what remains is valid and has the text of the Doc.
    bare = through_bytes(doc, vocab, user_data=False)
    rest = Document.from_spacy(bare)
    assert Document.from_conllu(rest.to_conllu()).to_conllu() == rest.to_conllu()
    assert rest.text == (bare.text if len(rest) else "")


def test_what_spacy_shows(vocab: Any) -> None:
    document = Document.from_conllu(FRENCH)
    doc = document.to_spacy(vocab)
    assert doc.text == document.text == "Il parle  du grand lac.\n\nDon't!"
    assert [token.text for token in doc] == [
        *("Il", "parle", " ", "du", "grand", "lac", ".", "\n\n", "Do", "n't", "!"),
    ]
    du = doc[3]
    assert (du.pos_, du.tag_, du.lemma_, str(du.morph)) == ("ADP", "P_D", "de le", "Gender=Masc")
    assert (du.dep_, du.head.text) == ("case", "lac")
    assert [(token.dep_, token.head.text) for token in doc[8:]] == [("ROOT", "Do"), ("advmod", "Do"), ("punct", "Do")]
    assert [token.pos_ for token in doc[1:3]] == ["VERB", "SPACE"]
    assert str(doc[0].morph) == "Number=Sing|Person=3"
    assert [span.text for span in doc.sents] == ["Il parle  du grand lac.\n\n", "Don't!"]
    assert [(span.text, span.label_) for span in doc.ents] == [("grand lac", "LOC")]
    assert doc.has_annotation("DEP")
    assert [token.idx for token in doc] == [doc.text.index(token.text, token.idx) for token in doc]


def test_extension_attributes(vocab: Any) -> None:
    document = Document.from_conllu(FRENCH)
    document[0].frames = [Frame(2, "parler.01", [Argument("A0", 1, 1, 1), Argument("A1", 6, 3, 6)], score=0.5)]
    doc = document.to_spacy(vocab)
    du = doc[3]
    assert [(word.text, word.lemma, word.upos, word.id) for word in du._.words] == [
        ("de", "de", "ADP", 3),
        ("le", "le", "DET", 4),
    ]
    assert [word.text for word in doc[9]._.words] == ["n't"]
    assert doc[2]._.words == []
    assert (du._.misc, du._.words[0].misc_dict) == ({"Translit": "dü"}, {"Inner": "Yes"})
    assert doc[0]._.deps == [(doc[1], "nsubj"), ("2.1", "nsubj")]
    assert doc[1]._.deps == [(None, "root")]
    assert doc[2]._.deps == []
    first, second = doc.sents
    assert (first._.sent_id, second._.sent_id) == ("s1", "s2")
    assert first._.comments[-1] == "# a note"
    assert [node.text for node in first._.empty_nodes] == ["nage"]
    frame = doc[1]._.frame
    assert (frame.token, frame.sense, frame.score) == (doc[1], "parler.01", 0.5)
    assert [(role.role, role.head, role.span.text) for role in frame.roles] == [
        ("A0", doc[0], "Il"),
        ("A1", doc[5], "du grand lac"),
    ]
    assert doc._.frames == first._.frames == [frame]
    assert (second._.frames, doc[0]._.frame) == ([], None)
    assert Document.from_spacy(doc)[0].frames[0].score == 0.5
    bare = spacy.tokens.Doc(vocab, words=["a"])
    assert (bare[0]._.words, bare[0]._.misc, bare[0]._.deps, bare[0]._.frame) == ([], {}, [], None)
    assert (bare[:1]._.sent_id, bare[:1]._.comments, bare[:1]._.empty_nodes, bare._.frames) == (None, [], [], [])


def test_nested_entities_are_a_span_group(vocab: Any) -> None:
    document = Document.from_conllu(FRENCH)
    document[0].ents = [Span(1, 6, "EVENT", score=0.25), Span(4, 6, "LOC"), Span(6, 6, "LOC")]
    doc = through_bytes(document.to_spacy(vocab), vocab)
    assert [(span.text, span.label_) for span in doc.ents] == [("Il parle  du grand lac", "EVENT")]
    spans = [(span.text, span.label_) for span in doc.spans["entities"]]
    assert spans == [("Il parle  du grand lac", "EVENT"), ("du grand lac", "LOC"), ("lac", "LOC")]
    back = Document.from_spacy(doc)[0]
    assert back.ents == document[0].ents
    assert back.ents[0].score == 0.25
    again = through_bytes(doc, vocab)
    parts = aligned(again)
    parts[0].sentence.ents = [Span(4, 6, "LOC")]
    fill(again, parts)
    assert "entities" not in again.spans
    assert [span.text for span in again.ents] == ["du grand lac"]
    doc.spans["entities"] = [span for span in doc.spans["entities"] if span.text != "du grand lac"]
    assert Document.from_spacy(doc)[0].ents == (Span(1, 6, "EVENT"), Span(6, 6, "LOC"))
    doc.ents = [spacy.tokens.Span(doc, 3, 6, label="WORK OF ART")]
    assert Document.from_spacy(doc)[0].ents == (Span(3, 6, "WORK-OF-ART"),)


def test_what_spacy_changes_counts(vocab: Any) -> None:
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    doc[4].pos_, doc[4].lemma_, doc[4].tag_, doc[4].dep_ = "NOUN", "x\ty", "T", "flat"
    doc[4].set_morph("B=c|A=b")
    doc[6].head = doc[5]
    doc.ents = []
    lines = Document.from_spacy(doc).to_conllu().split("\n")
    assert "5\tgrand\tx y\tNOUN\tT\tA=b|B=c\t6\tflat\t6:amod\t_" in lines
    assert "7\t.\t.\tPUNCT\t.\t_\t6\tpunct\t2:punct\tSpacesAfter=\\n\\n" in lines
    expected = FRENCH.replace("\tNER=B-LOC", "\t_").replace("NER=I-LOC|", "").split("\n")
    assert [line for line in lines if line[:2] not in ("5\t", "7\t")] == [
        line for line in expected if line[:2] not in ("5\t", "7\t")
    ]


def test_a_tree_that_spacy_adds_comes_along(vocab: Any) -> None:
    document = Document([Sentence.from_forms(["a"]), Sentence.from_forms(["b", "c"]), Sentence.from_forms(["d", "e"])])
    doc = document.to_spacy(vocab)
    assert not doc.has_annotation("DEP")
    assert [token.is_sent_start for token in doc] == [True, True, False, True, False]
    deps = ["ROOT", "ROOT", "dep", "x", "ROOT"]
    parsed = spacy.tokens.Doc(vocab, [token.text for token in doc], heads=[0, 1, 1, 4, 4], deps=deps)
    doc.from_array(["HEAD", "DEP"], parsed.to_array(["HEAD", "DEP"]))
    back = Document.from_spacy(doc)
    assert [sentence.heads for sentence in back] == [[0], [0, 1], [2, 0]]
    assert [word.deprel for word in back.iter_words()] == ["root", "root", "dep", "x", "root"]
    doc = back.to_spacy(vocab)
    back[1].columns["HEAD"] = ["_", "_"]
    assert Document.from_spacy(back.to_spacy(vocab))[1].heads == [None, None]


def test_merged_split_and_cut_tokens_are_valid(vocab: Any) -> None:
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[4:6])
    merged = Document.from_spacy(doc)
    assert [word.text for word in merged[0]] == ["Il", "parle", "du", "grand lac", "."]
    assert merged[0].heads == [2, 0, 4, 2, 2]
    assert merged[1].to_conllu() == Document.from_conllu(FRENCH)[1].to_conllu()
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[5], ["la", "c"], heads=[(doc[5], 1), doc[1]])
    split = Document.from_spacy(doc)
    assert [word.text for word in split[0]] == ["Il", "parle", "du", "grand", "la", "c", "."]
    assert Document.from_conllu(split.to_conllu()).text == doc.text
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    part = doc[3:6].as_doc(copy_user_data=True)
    assert [word.text for word in Document.from_spacy(part).iter_words()] == ["du", "grand", "lac"]
    sentence = next(iter(doc.sents)).as_doc(copy_user_data=True)
    assert Document.from_spacy(sentence)[0].to_conllu() == Document.from_conllu(FRENCH)[0].to_conllu()


def test_retokenized_sentences_keep_their_comments_and_the_document_is_one(vocab: Any) -> None:
    comments = ("# newdoc id = d\n# sent_id = 1\n# text = Go home\n", "# sent_id = 2\n# note\n", "# sent_id = 3\n")
    words = "1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n2\thome\thome\tADV\t_\t_\t1\tadvmod\t_\t_\n\n"
    document = Document.from_conllu("".join(each + words for each in comments))
    for number, sentence in enumerate(document):
        merged, split = document.to_spacy(vocab), document.to_spacy(vocab)
        last = 2 * number + 1  # no token without lines follows it in its sentence
        with merged.retokenize() as retokenizer:
            retokenizer.merge(merged[last - 1 : last + 1])
        with split.retokenize() as retokenizer:
            retokenizer.split(split[last], ["ho", "me"], heads=[split[last - 1]] * 2)
        for doc, forms in ((merged, ["Go home"]), (split, ["Go", "ho", "me"])):
            back = Document.from_spacy(doc)
            assert [word.text for word in back[number]] == forms
            assert [s.comments for s in back] == [s.comments for s in document]
            others = [s.to_conllu() for s in document if s is not sentence]
            assert [s.to_conllu() for n, s in enumerate(back) if n != number] == others
    doc = document.to_spacy(vocab)
    doc = spacy.tokens.Doc.from_docs([doc, spacy.tokens.Doc(vocab, words=["Why", "not"])])
    assert [s.comment("sent_id") for s in Document.from_spacy(doc)] == ["1", "2", "3", "4"]
    doc = spacy.tokens.Doc.from_docs([doc[2:6].as_doc(copy_user_data=True), doc[6:].as_doc(), doc[:1].as_doc()])
    assert [s.comment("sent_id") for s in Document.from_spacy(doc)] == ["2", "3", "1", "4"]
    assert not any(s.comment("newdoc") for s in Document.from_spacy(doc))


def test_joined_docs_keep_all(vocab: Any) -> None:
    ours = Document.from_conllu(FRENCH).to_spacy(vocab)
    other = spacy.tokens.Doc(vocab, words=["Hi", "!"], spaces=[False, False])
    joined = Document.from_spacy(spacy.tokens.Doc.from_docs([other, ours, other, ours]))
    assert [len(sentence) for sentence in joined] == [2, 7, 3, 2, 7, 3]
    assert joined[1].to_conllu() == joined[4].to_conllu() == Document.from_conllu(FRENCH)[0].to_conllu()
    assert [word.text for word in joined[3]] == ["Hi", "!"]


def test_docs_of_others(vocab: Any) -> None:
    doc = spacy.tokens.Doc(
        vocab,
        words=["\n", "Big", "cats", " ", "ran", ".", "\n\n", "Go", "."],
        spaces=[False, True, True, False, False, False, False, False, False],
        pos=["SPACE", "ADJ", "NOUN", "SPACE", "VERB", "PUNCT", "SPACE", "VERB", "PUNCT"],
        tags=["_SP", "JJ", "NNS", "_SP", "VBD", ".", "_SP", "VB", "."],
        lemmas=["\n", "big", "cat", " ", "run", ".", "\n\n", "go", "."],
        morphs=["", "Degree=Pos", "Number=Plur", "", "Tense=Past", "", "", "", ""],
        heads=[1, 3, 4, 2, 4, 4, 5, 7, 7],
        deps=["dep", "amod", "nsubj", "dep", "ROOT", "punct", "dep", "ROOT", "punct"],
        ents=["O", "B-X", "I-X", "O", "O", "O", "O", "O", "O"],
    )
    document = Document.from_spacy(doc)
    assert document.text == doc.text == "\nBig cats  ran.\n\nGo."
    assert (
        document.to_conllu()
        == """\
# newdoc
# newpar
# sent_id = 1
# text = Big cats ran.
1\tBig\tbig\tADJ\tJJ\tDegree=Pos\t2\tamod\t_\tSpacesBefore=\\n|NER=B-X
2\tcats\tcat\tNOUN\tNNS\tNumber=Plur\t3\tnsubj\t_\tSpacesAfter=\\s\\s|NER=I-X
3\tran\trun\tVERB\tVBD\tTense=Past\t0\troot\t_\tSpaceAfter=No
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\tSpacesAfter=\\n\\n

# newpar
# sent_id = 2
# text = Go.
1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
2\t.\t.\tPUNCT\t.\t_\t1\tpunct\t_\t_

"""
    )
    assert Document.from_spacy(through_bytes(doc, vocab, user_data=False)).to_conllu() == document.to_conllu()


def test_docs_without_sentences_are_split_by_rules() -> None:
    doc = spacy.blank("en")("Hello there. It's me  .\n\nBye")
    document = Document.from_spacy(doc)
    assert [[word.text for word in s] for s in document] == [
        ["Hello", "there", "."],
        ["It", "'s", "me", "."],
        ["Bye"],
    ]
    assert document.text == doc.text


def test_drawings_and_matchers(vocab: Any) -> None:
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    svg = spacy.displacy.render(next(iter(doc.sents)), style="dep", jupyter=False)
    assert svg.count("displacy-arrowhead") == 6  # of seven tokens, spacing included
    assert "grand lac" in spacy.displacy.render(doc, style="ent", jupyter=False)
    matcher = spacy.matcher.Matcher(vocab)
    matcher.add("name", [[{"POS": "ADJ"}, {"LEMMA": "lac", "MORPH": {"IS_SUPERSET": ["Gender=Masc"]}}]])
    assert [(start, end) for _, start, end in matcher(doc)] == [(4, 6)]
    dependencies = spacy.matcher.DependencyMatcher(vocab)
    verb = {"RIGHT_ID": "verb", "RIGHT_ATTRS": {"POS": "VERB", "DEP": "ROOT"}}
    noun = {"LEFT_ID": "verb", "REL_OP": ">", "RIGHT_ID": "noun", "RIGHT_ATTRS": {"DEP": "obl"}}
    case = {"LEFT_ID": "noun", "REL_OP": ">", "RIGHT_ID": "case", "RIGHT_ATTRS": {"DEP": "case"}}
    dependencies.add("place", [[verb, noun, case]])
    assert [tokens for _, tokens in dependencies(doc)] == [[1, 5, 3]]


def test_names_that_others_have_taken_stay_theirs(vocab: Any) -> None:
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    code = """
import spacy
from spacy.tokens import Token
Token.set_extension("misc", default="theirs")
import depparse
doc = depparse.Document.from_conllu("1\\ta\\t_\\t_\\t_\\t_\\t_\\t_\\t_\\tA=b\\n\\n").to_spacy()
from depparse.formats.spacy_views import misc
print(doc[0]._.misc, misc(doc[0]), doc._.conllu.count("A=b"))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "theirs {'A': 'b'} 1"
    assert doc[0]._.misc == {}


def test_mistakes_are_one_line(vocab: Any) -> None:
    with pytest.raises(ConfigError, match="doc is a Doc of spaCy, not"):
        Document.from_spacy("text")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"vocab is the vocabulary of a spaCy pipeline: nlp.vocab, not"):
        Document().to_spacy("en")  # type: ignore[arg-type]
    with pytest.raises(FormatError, match="a sentence without words"):
        Document([Sentence({"FORM": []})]).to_spacy(vocab)
    doc = Document.from_conllu(FRENCH).to_spacy(vocab)
    doc[0]._.conllu = "1\tIl"
    with pytest.raises(FormatError, match="Doc:6: sentence s1: expected 10 columns"):
        Document.from_spacy(doc)


def test_without_spacy_one_line_says_what_to_install() -> None:
    for call in ("depparse.Document().to_spacy()", "depparse.spacy_pipeline('en')", "depparse.Document.from_spacy(1)"):
        code = f"import sys; sys.modules['spacy'] = None; import depparse; {call}"
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        last = result.stderr.splitlines()[-1]
        assert last == "depparse.errors.ConfigError: this needs the package spacy: pip install 'depparse[spacy]'"
    code = "import sys, depparse; depparse.Document.from_conllu; depparse.load; print('spacy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
    assert "spacy_pipeline" in dir(depparse)
