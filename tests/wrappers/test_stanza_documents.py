"""Documents as those of Stanza and back: nothing is lost, changes count, and documents of Stanza stay what they are."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import ConfigError, DepparseError, FormatError
from depparse.formats.table import read
from tests.formats.documents import TRICKY, conllup
from tests.strategies import nasty_documents

stanza = pytest.importorskip("stanza", reason="needs the extra stanza: pip install 'depparse[stanza]'")

TREE = """\
# newdoc id = d1
# newpar
# sent_id = s1
# text = Il va au lac.
# note without value
1\tIl\til\tPRON\t_\tPerson=3\t2\tnsubj\t2:nsubj|2.1:nsubj\tNER=B-PER
2\tva\taller\tVERB\t_\t_\t0\troot\t0:root\tid=7|text=x
2.1\tnage\tnager\tVERB\t_\t_\t_\t_\t2:conj\tCopyOf=2
3-4\tau\t_\t_\t_\tTypo=No\t_\t_\t_\tTranslit=o
3\tà\tà\tADP\t_\t_\t5\tcase\t5:case\t_
4\tle\tle\tDET\tART\tGender=Masc|Number=Sing\t5\tdet\t5:det\tNER=B-LOC
5\tlac\tlac\tNOUN\t_\tGender=Masc\t2\tobl\t2:obl:à\tSpaceAfter=No|NER=I-LOC
6\t.\t.\tPUNCT\t_\t_\t2\tpunct\t2:punct\t_

# sent_id = s2
# text = _ a b
0.1\t_\t_\tVERB\t_\t_\t_\t_\t0:root\t_
1\t_\t_\tSYM\t_\t_\t2\tdep\t0.1:dep\tSpacesBefore=\\t|SpacesAfter=\\s\\s
2\ta b\t_\tX\t_\t_\t0\troot\t0.1:obj|0.1:obj\tSpacesInToken=a\\s\\sb

"""
# What Stanza would read otherwise than it was written: comments twice, without blanks, or not what Stanza expects.
COMMENTS = """\
# sent_id = a
# sent_id = b
#text=Go
# text = Stop\x20
# sentiment = good
# constituency = (S
# constituency = (S (V Go))
# sentiment = 1
#
1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_

"""


def dictionaries(document: Any) -> Any:
    """What ``to_dict`` gives, with chains as Stanza's JSON has them; an empty MISC is none."""
    from stanza.models.common.doc import DocJSONEncoder

    rows = json.loads(json.dumps(document.to_dict(), cls=DocJSONEncoder))
    return [[{key: value for key, value in row.items() if value != ""} for row in rows] for rows in rows]


def rebuilt(document: Any) -> Any:
    """The document as Stanza makes it anew of its dictionaries and comments, without anything that is beside them."""
    result = stanza.Document(document.to_dict(), document.text, comments=document.sentence_comments())
    result.build_ents()
    return result


def assert_same(ours: Any, theirs: Any) -> None:
    """Two documents of Stanza have the same contents."""
    assert dictionaries(ours) == dictionaries(theirs)
    assert ours.text == theirs.text
    assert ours.sentence_comments() == theirs.sentence_comments()
    assert [(e.text, e.type, e.start_char) for e in ours.ents] == [(e.text, e.type, e.start_char) for e in theirs.ents]


def test_samples_survive_stanza(samples: Path) -> None:
    files = [path for ending in ("conllu*", "iob2", "biose") for path in sorted(samples.glob(f"*/*.{ending}"))]
    assert len(files) > 20
    for path in files:
        document = read(path)
        for offsets in (True, False):
            theirs = document.to_stanza(offsets=offsets)
            back = Document.from_stanza(theirs)
            assert conllup(back) == conllup(document)
            assert back.column_names == document.column_names
            again = rebuilt(theirs)
            assert_same(Document.from_stanza(again).to_stanza(offsets=offsets), again)
            assert [word.head for word in Document.from_stanza(again).iter_words()] == [
                word.head for word in document.iter_words()
            ]
            if path.suffix == ".conllu":
                assert theirs.text == (document.text if offsets else None)
                again = Document.from_stanza(again)
                assert again.text == document.text
                assert offsets or again.to_conllu() == document.to_conllu()


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("treebanks/UD_French-Sequoia/fr_sequoia-ud-dev.conllu", marks=pytest.mark.slow),
        "treebanks/UD_Tamil-TTB/ta_ttb-ud-dev.conllu",
        "treebanks/UD_Hebrew-IAHLTKnesset-NE/he_iahltknesset-ne-ud-test.conllu",
        pytest.param("srl/UP_English-EWT/en_ewt-up-dev.conllup", marks=pytest.mark.slow),
    ],
)
def test_real_treebanks_survive_stanza(shared: Path, name: str) -> None:
    document = read(shared / name)
    theirs = document.to_stanza()
    assert conllup(Document.from_stanza(theirs)) == conllup(document)
    again = rebuilt(theirs)
    assert_same(Document.from_stanza(again).to_stanza(), again)


@pytest.mark.shared
def test_files_that_stanza_reads_are_the_same(shared: Path) -> None:
    from stanza.utils.conll import CoNLL

    path = shared / "treebanks/UD_French-Sequoia/fr_sequoia-ud-dev.conllu"
    theirs = CoNLL.conll2doc(str(path), ignore_gapping=False)
    ours = Document.from_stanza(theirs)
    assert ours.to_conllu() == path.read_text(encoding="utf-8")
    assert dictionaries(ours.to_stanza(offsets=False)) == dictionaries(theirs)


def test_hard_sentences_survive_stanza() -> None:
    for text in (TREE, TRICKY, COMMENTS):
        document = Document.from_conllu(text)
        theirs = document.to_stanza()
        for made in (theirs, copy.deepcopy(theirs), pickle.loads(pickle.dumps(theirs))):
            assert Document.from_stanza(made).to_conllu() == text
        assert Document.of("stanza", document.to("stanza")).to_conllu() == text
    assert Document.from_stanza(Document().to_stanza()).to_conllu() == ""
    assert Document.from_stanza(stanza.Document([])).to_conllu() == ""


@settings(max_examples=100)
@given(nasty_documents())
def test_any_document_survives_stanza(sentences: list[Sentence]) -> None:
    document = Document(sentences)
    try:
        text = document.to_conllu()
    except DepparseError:
        return
    theirs = document.to_stanza()
    assert Document.from_stanza(theirs).to_conllu() == text
    assert Document.from_stanza(theirs).ents == document.ents
    theirs.sentences[0].words[0].upos = "CHANGED"
    changed = Document.from_stanza(theirs)
    assert changed[0].words[0].upos == "CHANGED"
    changed[0].words[0].upos = document[0].words[0].upos
    assert changed.to_conllu() == text


def test_what_stanza_shows() -> None:
    document = Document.from_conllu(TREE)
    theirs = document.to_stanza()
    first, second = theirs.sentences
    assert (first.sent_id, second.sent_id, first.text) == ("s1", "s2", "Il va au lac.")
    assert [token.text for token in first.tokens] == ["Il", "va", "au", "lac", "."]
    assert first.words[0].deps == "2:nsubj|2.1:nsubj"
    assert [word.id for word in first.empty_words] == [(2, 1)]
    assert (first.words[1].misc, first.words[1].text) == ("id=7|text=x", "va")
    assert (first.words[0].misc, first.tokens[0].ner, first.tokens[0].multi_ner) == ("NER=B-PER", "S-PER", ("S-PER",))
    told = Document.from_conllu("1\tAnn\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER|A=b\n\n").to_stanza().sentences[0]
    assert (told.words[0].misc, told.tokens[0].ner) == ("A=b", "S-PER")  # the tag tells the entity
    assert [token.spaces_after for token in first.tokens] == [" ", " ", " ", "", " "]
    assert (second.tokens[0].spaces_before, second.tokens[0].spaces_after) == ("\t", "  ")
    places = [(token.start_char, token.end_char) for sentence in document for token in sentence.tokens]
    assert [(token.start_char, token.end_char) for token in theirs.iter_tokens()] == places
    assert theirs.text == document.text
    assert [(entity.text, entity.type) for entity in theirs.ents] == [("Il", "PER"), ("au lac", "LOC")]
    head, relation, word = first.dependencies[0]
    assert (head.text, relation, word.text) == ("va", "nsubj", "Il")
    assert "start_char" not in theirs.sentences[0].words[2].to_dict()
    assert document.to_stanza(offsets=False).sentences[0].tokens[0].start_char is None
    comments = Document.from_conllu(COMMENTS).to_stanza().sentences[0]
    assert (comments.sent_id, comments.sentiment, str(comments.constituency)) == ("a", 1, "(S (V Go))")


def test_stanza_writes_our_annotation() -> None:
    """The file that Stanza writes of our document is read again, and the offsets in it too."""
    document = Document.from_conllu(TREE.replace("id=7|text=x", "_"))
    written = f"{document.to_stanza():C}\n\n"
    again = Document.from_conllu(written)
    assert again.text == document.text
    for ours, back in zip(document, again, strict=True):
        for name in ("FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL"):
            assert ours.column(name) == back.column(name)
        assert ours.comments == back.comments
    theirs = again.to_stanza()
    assert [token.start_char for token in theirs.iter_tokens()] == [t.start_char for s in document for t in s.tokens]
    assert Document.from_stanza(theirs).to_conllu() == written


def test_nested_entities_and_frames_stay(samples: Path) -> None:
    document = Document.from_conllu(TREE)
    document[0].ents = [Span(1, 5, "EVENT", score=0.5), Span(4, 5, "LOC"), Span(5, 5, "LOC")]
    document[0].frames = [Frame(2, "go.01", [Argument("A0", 1, 1, 1)], score=0.25)]
    theirs = document.to_stanza()
    assert [(entity.text, entity.type) for entity in theirs.ents] == [("Il va au lac", "EVENT")]
    for made in (theirs, rebuilt(Document.from_conllu(document.to_conllu().replace("id=7|text=x", "_")).to_stanza())):
        back = Document.from_stanza(made)[0]
        assert (back.ents, back.frames) == (document[0].ents, document[0].frames)
    assert Document.from_stanza(theirs)[0].ents[0].score == 0.5
    assert Document.from_stanza(theirs)[0].frames[0].score == 0.25


def test_what_stanza_changes_counts() -> None:
    theirs = Document.from_conllu(TREE).to_stanza()
    first, second = theirs.sentences
    first.tokens[0].ner = "S-ORG"  # then entities are whole tokens, as Stanza's are
    first.words[0].upos, first.words[0].head, first.words[0].deps = "NOUN", 5, "5:x"
    first.words[4].misc, first.tokens[3].spaces_after = "Gloss=lake", " "
    first.words[1].morphemes = ["v", "a,"]
    first.empty_words[0].lemma = "x"
    first.set_comment("sent_id", "new")
    second.add_comment("# added")
    ours = Document.from_stanza(theirs)
    expected = (
        TREE.replace("sent_id = s1", "sent_id = new")
        .replace(
            "PRON\t_\tPerson=3\t2\tnsubj\t2:nsubj|2.1:nsubj\tNER=B-PER", "NOUN\t_\tPerson=3\t5\tnsubj\t5:x\tNER=B-ORG"
        )
        .replace("id=7|text=x", "id=7|Morphemes=v,a\\u002C|text=x")
        .replace("5\tcase\t5:case\t_", "5\tcase\t5:case\tNER=B-LOC")
        .replace("5:det\tNER=B-LOC", "5:det\tNER=I-LOC")
        .replace("SpaceAfter=No|NER=I-LOC", "Gloss=lake|NER=I-LOC")
        .replace("nager\tVERB", "x\tVERB")
        .replace("# text = _ a b\n", "# text = _ a b\n# added\n")
    )
    assert ours.to_conllu() == expected
    assert ours[0].ents == (Span(1, 1, "ORG"), Span(3, 5, "LOC"))
    theirs = Document.from_conllu("1\tGo\t_\t_\t_\t_\t_\t_\t_\t_\n\n").to_stanza()
    theirs.sentences[0].tokens[0].ner = "O"
    assert Document.from_stanza(theirs)[0].entity_tags() == ["O"]


def test_other_words_are_what_stanza_says() -> None:
    theirs = Document.from_conllu(TREE).to_stanza()
    theirs.set_mwt_expansions(["à le petit"])
    back = Document.from_stanza(theirs)
    assert [word.text for word in back[0]] == ["Il", "va", "à", "le", "petit", "lac", "."]
    theirs = Document.from_conllu(TREE).to_stanza()
    theirs.sentences = theirs.sentences[1:]
    assert Document.from_stanza(theirs).to_conllu() == TREE[TREE.index("# sent_id = s2") :]


def annotated() -> Any:
    """A document with all that Stanza's processors say: chains, a zero, morphemes, two sets of entities, offsets."""
    from stanza.models.common.doc import Word
    from stanza.models.coref.coref_chain import CorefChain, CorefMention
    from stanza.pipeline.coref_processor import extract_text

    text = "  Ann's dog  barks. She ,\nlikes it.\n"
    rows = [
        [("Ann's", 2, [("Ann", 2), ("'s", 5)]), ("dog", 8, []), ("barks", 13, []), (".", 18, [])],
        [("She", 20, []), (",", 24, []), ("likes", 26, []), ("it", 32, []), (".", 34, [])],
    ]
    sentences = []
    for row in rows:
        entries: list[dict[str, Any]] = []
        number = 1
        for form, start, words in row:
            ids = (number,) if not words else (number, number + len(words) - 1)
            entries.append({"id": ids, "text": form, "start_char": start, "end_char": start + len(form)})
            for word, begin in words:
                entries.append({"id": (number,), "text": word, "start_char": begin, "end_char": begin + len(word)})
                number += 1
            number += not words
        sentences.append(entries)
    document = stanza.Document(sentences, text)
    document.sentences[0].sentiment = 2
    for token in document.iter_tokens():
        token.ner, token.multi_ner = "O", ("O", "O")
    first, second = document.sentences
    first.tokens[0].ner, first.tokens[0].multi_ner = "S-PER", ("S-PER", "S-A B,|")
    first.words[3].morphemes, second.words[1].morphemes = ["bark", "s"], [","]
    for place in ((2, 1), (4, 2)):  # numbered as Stanza's processor numbers them
        second.empty_words.append(Word(second, {"text": "_", "lemma": "_", "id": place}))
    document.build_ents()
    mentions = [
        [(0, 0, 2), (1, 0, 1), (1, (2, 1), (2, 1))],
        [(0, 0, 3), (0, 2, 3), (1, 3, 4), (1, (4, 2), (4, 2))],
    ]
    chains = []
    for index, (spans, representative) in enumerate(zip(mentions, (0, 1), strict=True)):
        chain = [CorefMention(*span) for span in spans]
        chains.append(CorefChain(index, chain, extract_text(document, *spans[representative]), representative))
    document.coref = chains
    return document


def test_annotation_of_stanza_survives() -> None:
    theirs = annotated()
    ours = Document.from_stanza(theirs)
    assert ours.text == theirs.text
    assert [node.id for node in ours[1].empty_nodes] == [(2, 1), (4, 1)]
    assert ours[0].words[0].misc == "coref_chains=start-repr-id0,start-id1|NER=B-PER"
    assert ours[0].tokens[0].misc == "multi_ner=S-PER,S-A\\sB\\u002C\\p|SpacesBefore=\\s\\s"
    assert ours[1].words[1].misc == "Morphemes=\\u002C|multi_ner=O,O|SpacesAfter=\\n"
    for document in (ours, Document.from_conllu(ours.to_conllu())):
        back = document.to_stanza()
        same = copy.deepcopy(theirs)
        same.sentences[1].empty_words[1].id = (4, 1)
        assert_same(back, same)
        assert [(chain.index, chain.representative_text, chain.representative_index) for chain in back.coref] == [
            (chain.index, chain.representative_text, chain.representative_index) for chain in theirs.coref
        ]
        assert [[(m.sentence, m.start_word, m.end_word) for m in chain.mentions] for chain in back.coref] == [
            [(0, 0, 2), (1, 0, 1), (1, (2, 1), (2, 1))],
            [(0, 0, 3), (0, 2, 3), (1, 3, 4), (1, (4, 2), (4, 2))],
        ]
    assert Document.from_stanza(ours.to_stanza()).to_conllu() == ours.to_conllu()


def test_parts_of_documents_keep_their_offsets() -> None:
    theirs = annotated()
    theirs.sentences, theirs.text = theirs.sentences[1:], None
    theirs.coref = []
    ours = Document.from_stanza(theirs)
    assert ours[0].words[0].misc == "end_char=23|multi_ner=O,O|start_char=20"
    back = ours.to_stanza()
    assert [token.start_char for token in back.iter_tokens()] == [20, 24, 26, 32, 34]
    assert (back.text, back.sentences[0].text) == (None, "She ,\nlikes it.")


@pytest.mark.parametrize("value", ["x", "start-id0", "end-id0", "unit-id0,middle"])
def test_chains_that_are_none_stay_in_misc(value: str) -> None:
    text = f"1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\tcoref_chains={value}\n\n"
    theirs = Document.from_conllu(text).to_stanza()
    assert theirs.coref == []
    assert Document.from_stanza(theirs).to_conllu() == text


def test_entities_that_break_their_scheme_are_mended() -> None:
    theirs = Document.from_conllu(TREE).to_stanza()
    tags = ["B-WORK OF ART", "I-WORK OF ART", "O", "I-a|b", "S-", None, None]
    for token, tag in zip(theirs.iter_tokens(), tags, strict=True):
        token.ner = tag
    assert Document.from_stanza(theirs)[0].ents == (Span(1, 2, "WORK-OF-ART"), Span(5, 5, "a-b"))


def test_documents_that_no_file_could_hold_are_refused() -> None:
    with pytest.raises(FormatError, match=r"sentence s1: a sentence without words"):
        Document([Sentence({"FORM": []}, ["# sent_id = s1"])]).to_stanza()
    theirs = Document.from_conllu(TREE).to_stanza()
    theirs.sentences[0].words[0].lemma = "a\tb"
    with pytest.raises(FormatError, match=r"sentences\[0\], line 1: sentence s1.*LEMMA.*no tab"):
        Document.from_stanza(theirs)
    with pytest.raises(ConfigError, match="document is a Document of Stanza, not"):
        Document.from_stanza("text")  # type: ignore[arg-type]
