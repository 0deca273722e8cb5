"""Pipelines of several languages: whose style is chosen, by name, by language, and by the text."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import depparse
from depparse import Pipeline
from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.formats.first_lines import input_files
from depparse.shards.job import ShardJob
from depparse.shards.work import ModelName

GERMAN = "Anna liest heute ein neues Buch und geht danach in die Schule."
ENGLISH = "Anna reads a new book today and then she goes to school."
FRENCH = "Les enfants lisent des livres au jardin de la nouvelle école."
TREEBANKS = ["UD_German-Sample", "UD_English-Sample", "UD_French-Sample"]


@pytest.fixture(scope="module")
def nlp(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A model of three samples."""
    folder = tmp_path_factory.mktemp("run")
    return depparse.train(
        "demo",
        treebank=[str(samples / name) for name in TREEBANKS],
        output=folder / "run",
        set={
            "training.epochs": 2,
            "segmentation.training.epochs": 4,
            "model.encoder.inputs": [
                {"type": "words", "width": 16},
                {"type": "characters", "width": 16, "embedding": 8},
                {"type": "treebank", "width": 12},
            ],
        },
    )


def words(document: Document) -> list[str]:
    """The sentences without their comments."""
    return [sentence.to_conllu().split("\n", len(sentence.comments))[-1] for sentence in document]


def test_each_paragraph_is_annotated_as_in_its_language(nlp: Pipeline) -> None:
    document = nlp(f"{FRENCH}\n\n{GERMAN}\n\n{ENGLISH}")
    assert [sentence.comment("lang") for sentence in document if sentence.comment("newpar") is not None] == [
        "fr", "de", "en"
    ]  # fmt: skip
    alone = [nlp(text, language=code) for text, code in ((FRENCH, "French"), (GERMAN, "de"), (ENGLISH, "eng"))]
    assert all(sentence.comment("lang") is None for each in alone for sentence in each)
    columns = [[s.columns[name] for name in ("FORM", "UPOS", "FEATS", "HEAD", "DEPREL")] for s in document]
    assert columns == [
        [s.columns[name] for name in ("FORM", "UPOS", "FEATS", "HEAD", "DEPREL")] for each in alone for s in each
    ]
    by_name = nlp(GERMAN, treebank="UD_German-Sample")
    assert by_name.to_conllu() == alone[1].to_conllu()


def test_all_ways_of_asking_agree(nlp: Pipeline) -> None:
    text = f"{GERMAN}\n\n{ENGLISH}"
    document = nlp(text)
    request = nlp.request(language="auto")
    assert nlp(text, request=request).to_conllu() == document.to_conllu()
    assert [each.to_conllu() for each in nlp.pipe([text, ENGLISH])] == [document.to_conllu(), nlp(ENGLISH).to_conllu()]
    streamed = nlp.annotate_stream(nlp.segment([text[:7], text[7:]]))
    assert [s.to_conllu() for s in streamed] == [s.to_conllu() for s in document]
    # What is annotated again keeps the language that its comment says, whatever its words are.
    document[0].set_comment("lang", "fr")
    (again, *_) = nlp(document)
    french = nlp(Document([document[0]]), language="fr")[0]
    assert again.columns == french.columns
    # Lists of tokens and given sentences are marked, and the caller's sentences are left as they are.
    (marked,) = nlp([GERMAN.rstrip(".").split()])
    assert marked.comment("lang") == "de"
    bare = Document([depparse.Sentence.from_forms(GERMAN.split())])
    assert nlp(bare)[0].comment("lang") == "de"
    assert bare[0].comment("lang") is None


def test_an_input_is_annotated_alike_alone_and_with_others(nlp: Pipeline) -> None:
    """Also if nothing says where paragraphs begin, as with lists of tokens; and in small batches."""
    inputs = [[text.rstrip(".").split()] for text in (GERMAN, ENGLISH, FRENCH)]
    alone = [nlp(each).to_conllu() for each in inputs]
    assert [each.to_conllu() for each in nlp.pipe(inputs)] == alone
    assert [each.to_conllu() for each in nlp.pipe(inputs, batch_size=1, batch_words=20)] == alone
    assert ["# lang = de" in alone[0], "# lang = en" in alone[1], "# lang = fr" in alone[2]] == [True] * 3


def test_requests_that_are_alike_have_one_reader(nlp: Pipeline) -> None:
    """So that a server segments the texts of several clients together."""
    for pipeline, asked in ((nlp, {}), (nlp, {"language": "de"}), (depparse.load("en"), {})):
        first, second = (pipeline.reader(depparse.Request.of(asked)) for _ in range(2))  # type: ignore[arg-type]
        assert first == second
        assert hash(first) == hash(second)
    assert nlp.reader(depparse.Request(language="de")) != nlp.reader(depparse.Request(language="fr"))


def test_models_and_segmenters_may_know_other_treebanks(nlp: Pipeline, tmp_path: Path) -> None:
    """Each is asked for its own treebank of the language that is found."""
    text = f"{FRENCH}\n\n{GERMAN}"
    en = depparse.load("en")
    several = Pipeline(nlp.model, segmenter=en.segmenter)
    document = several(text)
    assert [s.comment("lang") for s in document if s.comment("newpar") is not None] == ["fr", "de"]
    (french, *_) = nlp(Document([document[0]]), language="fr")
    assert document[0].columns["UPOS"] == french.columns["UPOS"]
    # A model of one treebank, whose segmenter knows three: the text is cut as in its own.
    assert nlp.segmenter is not None
    one = Pipeline(en.model, segmenter=nlp.segmenter)
    english = [s.columns["FORM"] for s in nlp.segment([f"{GERMAN} {ENGLISH}"], language="en")]
    assert [s.columns["FORM"] for s in one.segment([f"{GERMAN} {ENGLISH}"])] == english
    assert [s.columns["FORM"] for s in one(f"{GERMAN} {ENGLISH}")] == english
    # Rules know no language, but the model does.
    by_rules = nlp(text, without="segmenter")
    assert [s.comment("lang") for s in by_rules if s.comment("newpar") is not None] == ["fr", "de"]


def test_labels_are_those_of_the_treebank(nlp: Pipeline, samples: Path) -> None:
    """An untrained network would mix them."""
    text = " ".join([GERMAN, ENGLISH, FRENCH])
    for name in TREEBANKS:
        (file,) = samples.glob(f"{name}/*-train.conllu")
        gold = depparse.read_conllu(file)
        document = nlp(text, treebank=name)
        for column in ("UPOS", "XPOS", "FEATS", "DEPREL"):
            used = {cell for sentence in gold for cell in sentence.columns[column]} | {"_"}
            assert {cell for sentence in document for cell in sentence.columns.get(column, ["_"])} <= used, column


def test_other_languages_are_annotated_like_the_nearest_with_a_warning(nlp: Pipeline) -> None:
    with pytest.warns(UserWarning, match=r"Spanish \(es\).*UD_French-Sample"):
        spanish = nlp("Los niños leen libros.", language="Spanish")
    assert words(spanish) == words(nlp("Los niños leen libros.", language="fr"))


def test_given_tokens_are_expanded_in_the_language_that_is_asked_for(nlp: Pipeline) -> None:
    tokens = [depparse.Sentence.from_forms(FRENCH.split())]
    french = list(nlp.expand(tokens, language="fr"))
    assert [s.columns for s in nlp.expand(tokens)] == [s.columns for s in french]
    assert [s.columns for s in nlp.expand(tokens, treebank="UD_French-Sample")] == [s.columns for s in french]
    with pytest.raises(ConfigError, match="no language 'Frensh' is known; did you mean French"):
        list(nlp.expand(tokens, language="Frensh"))


def test_shards_need_a_language_where_sentences_are_given(nlp: Pipeline, tmp_path: Path) -> None:
    """A cut might part a sentence from its paragraph. Text is cut where the result stays the same."""
    nlp.save(tmp_path / "m")
    words, text = tmp_path / "a.conllu", tmp_path / "a.txt"
    depparse.write(Document([depparse.Sentence.from_forms(GERMAN.split())]), words)
    text.write_text(f"{GERMAN}\n\n{ENGLISH}\n", encoding="utf-8")
    name = ModelName(str(tmp_path / "m"))
    with pytest.raises(ConfigError, match="in shards, the language is found only in text"):
        ShardJob(name, tmp_path / "one", "conllu", 100).run(input_files([str(words)], None))
    for folder, asked, file in (("two", {"language": "de"}, words), ("three", {}, text)):
        summary = ShardJob(name, tmp_path / folder, "conllu", 100, **asked).run(input_files([str(file)], None))  # type: ignore[arg-type]
        assert summary.sentences > 0
    (shard,) = summary.shards
    assert shard.read_text(encoding="utf-8").count("# lang = ") == summary.sentences


def test_what_cannot_be_asked_is_one_clear_line(nlp: Pipeline) -> None:
    with pytest.raises(ConfigError, match="no language 'Gherman' is known; did you mean German"):
        nlp(GERMAN, language="Gherman")
    with pytest.raises(ConfigError, match="language is the name or code of a language, or auto"):
        nlp(GERMAN, language=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="the model learned no treebank 'UD_Greek-X'"):
        nlp(GERMAN, treebank="UD_Greek-X")


def test_a_model_of_one_language_finds_none() -> None:
    """It imports no library for that, and warns if it is told to annotate another language."""
    code = "import sys, depparse; depparse.load('en')('Go.'); print('py3langid' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
    en = depparse.load("en")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = en(GERMAN)
        assert en(GERMAN, language="en").to_conllu() == document.to_conllu()
    assert document[0].comment("lang") is None
    with pytest.warns(UserWarning, match="no treebank of the model is in the language German"):
        en(GERMAN, language="de")
