"""Scores are those of the official scorer to the last digit, and files that it refuses are refused."""

from __future__ import annotations

import random
import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from udtools.udeval import CONTENT_DEPRELS, FUNCTIONAL_DEPRELS, UNIVERSAL_FEATURES, UDError

import depparse
from depparse.document import ud
from depparse.document.document import Document
from depparse.errors import DepparseError
from depparse.evaluation import annotation
from depparse.evaluation.segmentation import SPACES
from tests.official import OFFICIAL


def values(scores, names=OFFICIAL):
    return {n: (scores[n].precision, scores[n].recall, scores[n].f1, scores[n].aligned_accuracy) for n in names}


@settings(max_examples=400)
@given(rng=st.randoms(use_true_random=False), characters=st.text("abA", max_size=16))
def test_random_pairs_have_the_official_scores(official, make_conllu, rng, characters):
    gold, system = make_conllu(rng, characters), make_conllu(rng, characters)
    scores = depparse.evaluate(Document.from_conllu(gold), Document.from_conllu(system))
    assert values(scores) == official(gold, system)


@pytest.mark.parametrize("seed", range(8))
def test_long_random_pairs_have_the_official_scores(official, make_conllu, seed):
    rng = random.Random(seed)
    characters = "".join(rng.choices("abA", k=1500))
    gold, system = make_conllu(rng, characters), make_conllu(rng, characters)
    scores = depparse.evaluate(Document.from_conllu(gold), Document.from_conllu(system))
    expected = official(gold, system)
    assert values(scores) == expected
    assert 0 < expected["LAS"][2] < expected["UAS"][2] < expected["Words"][2] < 1
    assert 0 < expected["ELAS"][2] < expected["EULAS"][2]


@pytest.mark.parametrize("seed", range(4))
def test_random_labels_on_the_same_words_have_the_official_scores(official, make_conllu, seed):
    rng = random.Random(seed)
    gold = make_conllu(rng, "".join(rng.choices("abA", k=1500)))
    system = relabelled(gold, rng)
    expected = official(gold, system)
    assert values(depparse.evaluate(Document.from_conllu(gold), Document.from_conllu(system))) == expected
    f1 = {name: value[2] for name, value in expected.items()}
    assert 0.1 < f1["MLAS"] < f1["BLEX"] < f1["CLAS"] < f1["UAS"] < f1["Words"] == 1
    assert f1["AllTags"] < f1["UPOS"] < 1


def relabelled(text, rng):
    """The same words with another cell here and there; trees stay trees."""
    document = Document.from_conllu(text)
    for sentence in document:
        root = sentence.heads.index(0) + 1
        for word in sentence.words:
            changes = [rng.random() < 0.06 for _ in range(7)]
            if changes[0] and word.id != root:
                word.head = root
            if changes[1]:
                word.deprel = rng.choice(["nsubj", "det", "obl:in"])
            if changes[2]:
                word.upos = "INTJ"
            if changes[3]:
                word.feats = "Case=Ess|Other=Yes"
            elif word.feats is not None:
                word.feats = "|".join(reversed(word.feats.split("|")))  # the order has no meaning
            if changes[4]:
                word.lemma = "other"
            if changes[5]:
                word.xpos = "YY"
            if changes[6]:
                word.deps = f"{root}:obl:at"
    return document.to_conllu()


def test_words_before_a_multiword_token_fall_into_its_region(official):
    # The official scorer lets "c", which lies before the token "de", be aligned with one of its words.
    gold = words("abc", ("de", "x", "c"), "f")
    system = words("ab", "c", "d", "e", "f")
    expected = official(gold, system)
    assert expected["Words"][:2] == (2 / 5, 2 / 4)
    assert values(depparse.evaluate(Document.from_conllu(gold), Document.from_conllu(system))) == expected


def words(*tokens):
    """A sentence of tokens, a multiword one as (form, word, …); the first word is the root."""
    lines, word = [], 0
    for token in tokens:
        forms = (token,) if isinstance(token, str) else token[1:]
        if not isinstance(token, str):
            lines.append(f"{word + 1}-{word + len(forms)}\t{token[0]}" + "\t_" * 8)
        for form in forms:
            word += 1
            lines.append(f"{word}\t{form}\t_\tX\t_\t_\t{int(word > 1)}\t{'dep' if word > 1 else 'root'}\t_\t_")
    return "\n".join([*lines, "", ""])


SAMPLES = ["UD_Chinese-Sample", "UD_English-Sample", "UD_French-Sample", "UD_German-Sample", "UD_Turkish-Sample"]


@pytest.mark.parametrize("treebank", SAMPLES)
def test_samples_have_the_official_scores(official, samples, tmp_path, treebank):
    paths = sorted((samples / treebank).glob("*.conllu"))
    assert len(paths) == 3
    for path in paths:
        check_file(official, path, tmp_path)


REAL = [
    pytest.param("UD_English-EWT/en_ewt-ud-test.conllu", marks=pytest.mark.slow),
    pytest.param("UD_French-Sequoia/fr_sequoia-ud-test.conllu", marks=pytest.mark.slow),
    "UD_Hebrew-IAHLTKnesset-NE/he_iahltknesset-ne-ud-test.conllu",
    pytest.param("UD_Turkish-IMST/tr_imst-ud-test.conllu", marks=pytest.mark.slow),
    pytest.param("UD_Vietnamese-VTB/vi_vtb-ud-test.conllu", marks=pytest.mark.slow),
    "UD_Tamil-TTB/ta_ttb-ud-test.conllu",
]


@pytest.mark.shared
@pytest.mark.parametrize("path", REAL)
def test_real_treebanks_have_the_official_scores(official, shared, tmp_path, path):
    check_file(official, shared / "treebanks" / path, tmp_path)


def check_file(official, path, folder):
    gold = path.read_text(encoding="utf-8")
    assert values(depparse.evaluate(path, path)) == official(gold, gold)
    system = perturbed(gold, random.Random(7))
    other = folder / "system.conllu"
    other.write_text(system, encoding="utf-8")
    expected = official(gold, system)
    scores = depparse.evaluate(path, other)
    assert values(scores) == expected
    assert 0 < scores["LAS"].f1 < 1
    # The other way round, other scores are equal too.
    assert values(depparse.evaluate(other, path)) == official(system, gold)
    labels = relabelled(gold, random.Random(8))
    other.write_text(labels, encoding="utf-8")
    scores = depparse.evaluate(path, other)
    assert values(scores) == official(gold, labels)
    assert 0 < scores["MLAS"].f1 < 1


def perturbed(text, rng):
    """Another analysis of the text: words merged, split and made multiword tokens, sentences cut, labels changed."""
    blocks = []
    for sentence in Document.from_conllu(text):
        tokens = []
        for token in sentence.tokens:
            columns = [
                [w.lemma or "_", w.upos or "_", w.xpos or "_", w.feats or "_", w.deprel or "_"] for w in token.words
            ]
            forms = [w.text for w in token.words]
            chance = rng.random()
            if chance < 0.05 and len(token.text) > 1:
                tokens += [(form, [form], columns[:1]) for form in (token.text[:1], token.text[1:]) if form.strip()]
            elif chance < 0.1:
                tokens.append((token.text, [token.text], columns[:1]))
            elif chance < 0.15:
                tokens.append((token.text, [token.text[:1].upper(), *forms[1:], "x"], [*columns, columns[0]]))
            elif chance < 0.2 and tokens:
                before = tokens.pop()
                tokens.append((before[0] + token.text, before[1] + forms, before[2] + columns))
            else:
                tokens.append((token.text, forms, columns))
        middle = rng.randint(1, len(tokens)) if rng.random() < 0.2 else len(tokens)
        blocks += [rebuilt(part, rng) for part in (tokens[:middle], tokens[middle:]) if part]
    return "".join(blocks)


def rebuilt(tokens, rng):
    length, word, lines = sum(len(forms) for _, forms, _ in tokens), 0, []
    for text, forms, columns in tokens:
        if forms != [text]:
            lines.append(f"{word + 1}-{word + len(forms)}\t{text}" + "\t_" * 8)
        for form, (lemma, upos, xpos, feats, deprel) in zip(forms, columns, strict=True):
            word += 1
            head = 0 if word == 1 else word - 1 if rng.random() < 0.7 else rng.randint(1, word - 1)
            upos = upos if rng.random() < 0.9 else "X"
            lemma = lemma if rng.random() < 0.9 else "y"
            deps = f"{head}:{deprel}" + (f"|{rng.randint(0, length)}:{deprel}" if rng.random() < 0.2 else "")
            lines.append("\t".join([str(word), form, lemma, upos, xpos, feats, str(head), deprel, deps, "_"]))
    return "\n".join([*lines, "", ""])


ROW = "{}\t{}\t_\tX\t_\t_\t{}\t{}\t{}\t_\n"


def rows(*heads, deps="_"):
    return (
        "# sent_id = s1\n" + "".join(ROW.format(i, "abc"[i - 1], h, "dep", deps) for i, h in enumerate(heads, 1)) + "\n"
    )


GOOD = rows(0, 1, 1)
BROKEN = {
    "two roots": (
        rows(0, 0, 1),
        r"sentence s1, column HEAD: word 2 \('b'\) is a second root, after word 1; only trees",
    ),
    "a cycle": (rows(0, 3, 2), r"sentence s1, column HEAD: word 2 \('b'\) never reaches the root: its heads form a"),
    "its own head": (rows(1, 1, 1), r"word 1 \('a'\) never reaches the root"),
    "no root": (rows(2, 3, 1), r"word 1 \('a'\) never reaches the root"),
    "no head": (rows(0, "_", 1), r"sentence s1, column HEAD: word 2 \('b'\) has no head; only complete trees are"),
    "head outside": (rows(0, 4, 1), "outside the sentence"),
    "negative head": (rows(0, -1, 1), "'-1'"),
    "head not a number": (rows(0, "x", 1), "'x'"),
    "no last empty line": (GOOD.removesuffix("\n"), "ends without an empty line"),
    "nothing after the row": (GOOD.rstrip("\n"), "ends without an empty line"),
    "two empty lines": (GOOD + "\n", "empty line too many"),
    "an empty line first": ("\n" + GOOD, "empty line too many"),
    "a missing column": (GOOD.replace("\tdep", "", 1), "expected 10 columns"),
    "an added column": (GOOD.replace("\tdep", "\tdep\t_", 1), "expected 10 columns"),
    "wrong ID": (GOOD.replace("2\tb", "5\tb"), "expected ID 2"),
    "unfinished token": (GOOD.replace("3\tc", "3-4\tcd\t_\t_\t_\t_\t_\t_\t_\t_\n3\tc"), "beyond the last word"),
    "a form of spaces": (GOOD.replace("\tb\t", "\t\u00a0\t"), "sentence s1, column FORM: a form without characters"),
    "an empty form": (GOOD.replace("\tb\t", "\t\t"), "empty form"),
    "another text": (GOOD.replace("\tc\t", "\td\t"), r"different texts.* after 2 characters .* 'c' \(sentence s1\)"),
    "a shorter text": (rows(0, 1), "goes on with 'c' .*ends"),
    "a longer text": (GOOD + rows(0), "ends but .* goes on with 'a'"),
    "deps without relation": (
        rows(0, 1, 1, deps="1"),
        r"sentence s1, column DEPS: word 1 \('a'\) has '1', which is no",
    ),
    "deps outside": (rows(0, 1, 1, deps="4:dep"), "'4:dep'"),
    "deps not a number": (rows(0, 1, 1, deps="x:dep"), "'x:dep'"),
    "deps with an empty part": (rows(0, 1, 1, deps="1:dep|"), "has ''"),
    "comment in a sentence": (GOOD.replace("2\tb", "# x\n2\tb"), "a comment inside a sentence"),
    "comment alone": ("# x\n\n" + GOOD, "comments without a sentence"),
    "only empty nodes": ("0.1\tE" + "\t_" * 8 + "\n\n" + GOOD, "sentence without words"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_the_official_scorer_refuses_are_refused(official, tmp_path, case):
    text, message = BROKEN[case]
    good, bad = tmp_path / "good.conllu", tmp_path / "bad.conllu"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text(text, encoding="utf-8")
    for pair, texts in (((good, bad), (GOOD, text)), ((bad, good), (text, GOOD))):
        # The official scorer does not catch all of its own exceptions.
        with pytest.raises((UDError, ValueError, IndexError)):
            official(*texts)
        with pytest.raises(DepparseError) as caught:
            depparse.evaluate(*pair)
        assert "\n" not in str(caught.value)
        assert "bad.conllu" in str(caught.value)
    with pytest.raises(DepparseError, match=message):
        depparse.evaluate(good, bad)


def test_errors_number_sentences_without_an_id(trees):
    gold = trees("a/X/0/root", "b/X/0/root")
    with pytest.raises(DepparseError, match=r"system: sentence number 2, column HEAD: word 1 \('b'\) never reaches"):
        depparse.evaluate(gold, trees("a/X/0/root", "b/X/1/root"))


def test_documents_without_trees_or_words_are_refused():
    bare = Document.from_conllu(GOOD)
    del bare[0].columns["HEAD"]
    with pytest.raises(DepparseError, match="has no head"):
        depparse.evaluate(Document.from_conllu(GOOD), bare)
    empty = Document([depparse.Sentence({"FORM": []})])
    with pytest.raises(DepparseError, match="sentence number 1 has no words"):
        depparse.evaluate(empty, empty)
    far = Document.from_conllu(GOOD)
    far[0].columns["HEAD"][1] = "9"
    with pytest.raises(DepparseError, match="the head 9, which is outside"):
        depparse.evaluate(far, far)
    far[0].columns["HEAD"][1] = "9" * 5000
    with pytest.raises(DepparseError, match="has the head"):
        depparse.evaluate(far, far)


def test_missing_columns_count_as_unannotated(official):
    bare = Document.from_conllu(GOOD)
    for name in ("LEMMA", "UPOS", "XPOS", "FEATS", "DEPS", "MISC"):
        del bare[0].columns[name]
    expected = official(GOOD, GOOD.replace("\tX\t", "\t_\t"))
    assert values(depparse.evaluate(Document.from_conllu(GOOD), bare)) == expected
    assert expected["UPOS"][2] == 0


def test_empty_files_have_the_official_scores(official, tmp_path):
    path = tmp_path / "empty.conllu"
    path.write_text("")
    assert values(depparse.evaluate(path, path)) == official("", "")


def test_windows_line_ends_and_gzip_are_read(tmp_path):
    import gzip

    text = GOOD.replace("\n", "\r\n").encode()
    (tmp_path / "a.conllu").write_bytes(text)
    (tmp_path / "b.conllu.gz").write_bytes(gzip.compress(text))
    (tmp_path / "c.pred").write_bytes(text)
    for name in ("b.conllu.gz", "c.pred"):
        assert depparse.evaluate(tmp_path / "a.conllu", str(tmp_path / name))["LAS"].f1 == 1


def test_unknown_endings_are_read_strictly(tmp_path):
    path = tmp_path / "system.pred"
    path.write_text(GOOD + "\n")
    with pytest.raises(DepparseError, match="empty line too many"):
        depparse.evaluate(path, path)


def test_definitions_are_the_official_ones():
    assert ud.CONTENT_RELATIONS == CONTENT_DEPRELS
    assert ud.FUNCTION_RELATIONS == FUNCTIONAL_DEPRELS
    assert annotation.UNIVERSAL_FEATURES == UNIVERSAL_FEATURES
    separators = {chr(i) for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)) == "Zs"}
    assert {chr(i) for i in range(sys.maxunicode + 1) if SPACES.fullmatch(chr(i))} == separators


def test_only_the_tests_know_the_official_scorer():
    sources = Path(depparse.__file__).parent.rglob("*.py")
    imports = re.compile(r"^\s*(?:from|import) udtools", re.MULTILINE)
    assert not [path for path in sources if imports.search(path.read_text(encoding="utf-8"))]
