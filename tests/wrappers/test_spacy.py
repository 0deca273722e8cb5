"""spaCy: our component on its tokens, pipelines with our tokenizer, streams, processes, and folders of pipelines."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import depparse
from depparse.document.document import Document
from depparse.errors import ConfigError, ModelError
from tests.conftest import ROOT
from tests.packages import install_project

spacy = pytest.importorskip("spacy", reason="needs the extra spacy: pip install 'depparse[spacy]'")
# The entry points, which other tests need, are there only in an environment into which this checkout is installed.
pytest.importorskip("depparse.wrappers.spacy_component")

TEXT = "  Ann's friends don't like\tthe old school.\n\nThey went to New York.  Bob stayed!\n"
TEXTS = [TEXT, "", " \n ", "Go home.", "\u200b", "😀 \ufeff He said: “No\u00a0way”..."]


@pytest.fixture(scope="module")
def nlp() -> Any:
    return depparse.spacy_pipeline("en", runtime="torch")


@pytest.fixture
def on_spacy_tokens(nlp: Any) -> Any:
    """A pipeline with spaCy's tokenizer and our component, which shares the model that is loaded already."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("depparse", config={"model": "en", "runtime": "torch"})
    pipeline.get_pipe("depparse").model.set_pipeline(nlp.get_pipe("depparse").model.pipeline)
    return pipeline


def annotation(doc: Any) -> list[tuple[Any, ...]]:
    return [(t.text, t.pos_, t.tag_, t.lemma_, str(t.morph), t.dep_, t.head.i, t.is_sent_start) for t in doc]


def test_our_tokenizer_keeps_the_text_and_all_annotation(nlp: Any) -> None:
    assert (nlp.lang, nlp.pipe_names) == ("en", ["depparse"])
    doc = nlp(TEXT)
    assert doc.text == TEXT
    direct = nlp.get_pipe("depparse").model.pipeline(TEXT)
    assert doc._.conllu == direct.to_conllu() == Document.from_spacy(doc).to_conllu()
    assert [token.text for token in doc][:8] == ["  ", "Ann", "'s", "friends", "do", "n't", "like", "\t"]
    assert [span.text.strip() for span in doc.sents][1] == "They went to New York."
    assert doc[6].dep_ == "ROOT"
    assert (doc[5].head, doc[5].lemma_, doc[7].pos_) == (doc[6], "not", "SPACE")
    assert [predicate.sense for predicate in doc._.frames][:2] == [
        frame.sense for sentence in direct for frame in sentence.frames
    ][:2]
    for word, token in zip(direct.iter_words(), (token for token in doc if not token.is_space), strict=True):
        assert (word.start_char, word.text, word.upos) == (token.idx, token.text, token.pos_)


def test_odd_texts(nlp: Any) -> None:
    docs = list(nlp.pipe(TEXTS))
    assert [doc.text for doc in docs] == TEXTS
    assert [len(doc) for doc in docs[1:3]] == [0, 1]
    for doc, text in zip(docs, TEXTS, strict=True):
        assert annotation(doc) == annotation(nlp(text))


@settings(max_examples=15)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_kept(text: str) -> None:
    nlp = spacy.blank("xx", config={"nlp": {"tokenizer": {"@tokenizers": "depparse.Tokenizer.v1"}}})
    nlp.add_pipe("depparse", config={"runtime": "torch"})
    nlp.get_pipe("depparse").model.set_pipeline(depparse.Pipeline(None))
    assert nlp(text).text == text


def test_words_of_spacy_stay_and_spacing_is_no_word(on_spacy_tokens: Any) -> None:
    text = " Ann  didn't\n\nleave .\nBob can't   stay.\n"
    doc = on_spacy_tokens(text)
    tokens = [token.text for token in spacy.blank("en")(text)]
    assert [token.text for token in doc] == tokens
    assert [word.text for word in Document.from_spacy(doc).iter_words()] == [t for t in tokens if t.strip()]
    assert {token.pos_ for token in doc if token.is_space} == {"SPACE"}
    assert all(token.head.sent == token.sent for token in doc)
    assert doc.has_annotation("DEP", require_complete=True)
    assert doc.text == text == Document.from_spacy(doc).text
    words = [[word.text for word in sentence] for sentence in Document.from_spacy(doc)]
    direct = on_spacy_tokens.get_pipe("depparse").model.pipeline(words)
    assert [w.deprel for w in Document.from_spacy(doc).iter_words()] == [w.deprel for w in direct.iter_words()]


def test_sentences_of_the_doc_are_kept(on_spacy_tokens: Any) -> None:
    on_spacy_tokens.add_pipe("sentencizer", config={"punct_chars": [";"]}, before="depparse")
    doc = on_spacy_tokens("Ann left. Bob stayed; they met. Ok")
    assert [span.text for span in doc.sents] == ["Ann left. Bob stayed;", "they met. Ok"]
    assert [sum(token.dep_ == "ROOT" for token in sentence) for sentence in doc.sents] == [1, 1]
    on_spacy_tokens.remove_pipe("sentencizer")
    doc = on_spacy_tokens("Ann left. Bob stayed; they met. Ok")
    assert next(doc.sents).text == "Ann left."


def test_entities_and_tags_of_others_stay(on_spacy_tokens: Any) -> None:
    ruler = on_spacy_tokens.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "GPE", "pattern": "New York", "id": "Q60"}])
    doc = on_spacy_tokens("We saw New York.")
    assert [(span.text, span.label_, span.ent_id_) for span in doc.ents] == [("New York", "GPE", "Q60")]
    assert "NER=B-GPE" in doc._.conllu
    without = spacy.blank("en")
    component = without.add_pipe("depparse", config={"without": ["tagger"], "keep": "lemma", "runtime": "torch"})
    component.model.set_pipeline(on_spacy_tokens.get_pipe("depparse").model.pipeline)
    given_doc = spacy.tokens.Doc(without.vocab, words=["Go", "home"], tags=["T", "U"], lemmas=["x", ""])
    assert [(t.tag_, t.lemma_) for t in without(given_doc)] == [("T", "x"), ("U", "home")]


def test_noun_chunks_follow_our_labels(nlp: Any, on_spacy_tokens: Any) -> None:
    text = "Anna's old friends didn't like the school in New York and the two teachers."
    chunks = ["Anna's old friends", "the school", "New York", "the two teachers"]
    for pipeline in (nlp, on_spacy_tokens):
        doc = pipeline(text)
        assert [chunk.text for chunk in doc.noun_chunks] == chunks
        stored = spacy.tokens.Doc(pipeline.vocab).from_bytes(doc.to_bytes())
        assert [chunk.text for chunk in stored.noun_chunks] == chunks
    assert [chunk.text for chunk in spacy.pipeline.functions.merge_noun_chunks(doc).noun_chunks] == chunks
    document = Document.from_conllu(
        "1\tAnna\t_\tPROPN\t_\t_\t3\tnsubj\t_\t_\n2\tSmith\t_\tPROPN\t_\t_\t1\tflat\t_\t_\n"
        "3\tleft\t_\tVERB\t_\t_\t0\troot\t_\t_\n4\tthere\t_\tPRON\t_\t_\t3\texpl\t_\t_\n\n"
    )
    assert [chunk.text for chunk in document.to_spacy().noun_chunks] == ["Anna Smith"]
    with pytest.raises(ValueError, match="E029"):
        list(Document.from_conllu("1\tAnna" + "\t_" * 8 + "\n\n").to_spacy().noun_chunks)
    assert spacy.blank("en").vocab.get_noun_chunks is not on_spacy_tokens.vocab.get_noun_chunks


def test_a_doc_may_be_annotated_again(nlp: Any, on_spacy_tokens: Any) -> None:
    doc = nlp(TEXT)
    before = annotation(doc), doc._.conllu
    again = nlp.get_pipe("depparse")(doc)
    assert (annotation(again), again._.conllu) == before
    probable = spacy.blank("en")
    component = probable.add_pipe("depparse", config={"probabilities": True, "runtime": "torch"})
    component.model.set_pipeline(nlp.get_pipe("depparse").model.pipeline)
    assert float(probable("Go home.")[0]._.misc["HeadProb"]) > 0.5


def test_multiword_tokens_may_be_expanded(nlp: Any) -> None:
    expanding = spacy.blank("en")
    component = expanding.add_pipe("depparse", config={"expand": True, "runtime": "torch"})
    component.model.set_pipeline(nlp.get_pipe("depparse").model.pipeline)
    doc = spacy.tokens.Doc(expanding.vocab, words=["We", "don't", "know", "Ann", "."], ents=["O", "O", "O", "B-P", "O"])
    doc = expanding(doc)
    assert [token.text for token in doc] == ["We", "don't", "know", "Ann", "."]
    assert [word.text for word in doc[1]._.words] == ["do", "n't"]
    assert (doc[1].lemma_, doc[1].head.text) == ("do not", "know")
    assert [(span.text, span.label_) for span in doc.ents] == [("Ann", "P")]
    assert "2-3\tdon't" in doc._.conllu


def test_streams_share_batches_and_keep_contexts(nlp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = nlp.get_pipe("depparse").model.pipeline
    calls: list[int] = []
    original = type(pipeline).pipe

    def counted(self: Any, inputs: Any, **options: Any) -> Iterator[Document]:
        documents = list(inputs)
        calls.append(len(documents))
        return original(self, documents, **options)

    monkeypatch.setattr(type(pipeline), "pipe", counted)
    texts = [f"This is text {number}." for number in range(10)]
    pairs = list(nlp.pipe(zip(texts, range(10), strict=True), as_tuples=True, batch_size=4))
    assert calls == [4, 4, 2]
    assert [(doc.text, context) for doc, context in pairs] == list(zip(texts, range(10), strict=True))


def test_an_error_handler_gets_only_the_doc_that_fails(nlp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    component = nlp.get_pipe("depparse")
    original = component._annotated

    def failing(docs: list[Any]) -> Any:
        if any("bad" in doc.text for doc in docs):
            raise ConfigError("this one fails")
        return original(docs)

    monkeypatch.setattr(component, "_annotated", failing)
    with pytest.raises(ConfigError, match="this one fails"):
        list(nlp.pipe(["good", "bad"]))
    seen: list[str] = []
    component.set_error_handler(lambda name, proc, docs, error: seen.append(f"{name} {docs[0].text}: {error}"))
    try:
        assert [doc.text for doc in nlp.pipe(["one", "bad one", "two"])] == ["one", "two"]
    finally:
        del component.error_handler
    assert seen == ["depparse bad one: this one fails"]
    monkeypatch.undo()
    component.set_error_handler(print)  # goes to processes that are not forked, too
    try:
        copy = pickle.loads(pickle.dumps(component))
    finally:
        del component.error_handler
    assert copy.get_error_handler() is print
    assert (copy.name, copy.asked, copy.model.source) == (component.name, component.asked, component.model.source)


@pytest.mark.slow
def test_very_long_texts(nlp: Any) -> None:
    light = depparse.spacy_pipeline("en", runtime="torch")
    assert light.max_length > 10**9
    text = f"Ann saw the old {'o' * 200}. " * 5_000
    light.get_pipe("depparse").model.set_pipeline(depparse.Pipeline(None))
    doc = light(text)
    assert len(text) > 1_000_000
    assert doc.text == text
    assert len(list(doc.sents)) == 5_000
    long_sentence = nlp(" ".join(["Ann"] * 700) + ".")
    assert sum(token.head is token or token.head == token for token in long_sentence) == len(list(long_sentence.sents))


@pytest.mark.slow
def test_processes_give_the_same(nlp: Any) -> None:
    """In a program of its own: a test process has threads, which do not survive a fork."""
    code = f"""
import depparse
texts = {TEXTS!r} * 3
nlp = depparse.spacy_pipeline("en", runtime="torch")
several = [doc._.conllu for doc in nlp.pipe(texts, n_process=2, batch_size=5)]
one = [doc._.conllu for doc in nlp.pipe(texts)]
after = [doc._.conllu for doc in nlp.pipe(texts, n_process=2, batch_size=5)]
print(one == several == after, len(one))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert result.stdout.strip() == f"True {3 * len(TEXTS)}"


# -- stored


def test_a_stored_pipeline_has_its_model(nlp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "own"
    model = Path(depparse.__file__).parent / "models" / "en"
    shutil.copytree(model, folder)
    own = depparse.spacy_pipeline(folder, runtime="torch")
    own.to_disk(tmp_path / "stored")
    data = own.to_bytes()
    assert len(data) < 1.1 * sum(path.stat().st_size for path in model.iterdir())  # the model is there once
    shutil.rmtree(folder)
    expected = annotation(nlp(TEXT))
    loaded = spacy.load(tmp_path / "stored")
    assert annotation(loaded(TEXT)) == expected
    assert loaded(TEXT).text == TEXT
    config = loaded.config
    from_bytes = spacy.blank("en", config={"nlp": {"tokenizer": config["nlp"]["tokenizer"]}})
    from_bytes.add_pipe("depparse", config={"model": "no longer there", "runtime": "torch"})
    from_bytes.from_bytes(data)
    assert annotation(from_bytes(TEXT)) == expected
    component = pickle.loads(pickle.dumps(from_bytes.get_pipe("depparse")))
    assert component.model.pipeline.parts == nlp.get_pipe("depparse").model.pipeline.parts
    small = nlp.to_bytes(exclude=["depparse"])
    assert len(small) < 1_000_000


def test_a_tokenizer_with_a_model_of_its_own(nlp: Any, tmp_path: Path) -> None:
    tokenizer = {"@tokenizers": "depparse.Tokenizer.v1", "model": "en", "runtime": "torch"}
    alone = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
    assert [token.text for token in alone("Ann can't go.")] == ["Ann", "ca", "n't", "go", "."]
    alone.add_pipe("sentencizer")
    alone.to_disk(tmp_path / "alone")
    assert [token.text for token in spacy.load(tmp_path / "alone")("I can't.")] == ["I", "ca", "n't", "."]


def test_entry_points_need_no_import_of_depparse(tmp_path: Path) -> None:
    data = tmp_path / "site"
    project = tmp_path / "project"
    project.mkdir()
    shutil.copyfile(ROOT / "pyproject.toml", project / "pyproject.toml")
    install_project(data, project)
    code = f"""
import sys; sys.path[:0] = [{str(data)!r}, {str(ROOT)!r}]
import spacy
nlp = spacy.blank("en", config={{"nlp": {{"tokenizer": {{"@tokenizers": "depparse.Tokenizer.v1"}}}}}})
nlp.add_pipe("depparse", config={{"model": "en"}})
print(nlp.pipe_names, type(nlp.tokenizer).__module__)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.stdout.strip() == "['depparse'] depparse.wrappers.spacy_component", result.stderr


def test_mistakes_are_one_line(nlp: Any) -> None:
    with pytest.raises(ConfigError, match=r"no argument 'witout'; did you mean without\?"):
        depparse.spacy_pipeline("en", witout=["srl"])
    with pytest.raises(ModelError, match="no such model"):
        depparse.spacy_pipeline("no-such-model")
    for asked, message in (
        ({"without": "foo"}, "there is no part foo"),
        ({"treebank": "zzz"}, "zzz"),
        ({"batch_words": 0}, "batch_words is a number of words"),
        ({"lang": "qq"}, "lang is spaCy's code of a language, such as 'en' or 'xx', not 'qq'"),
    ):
        with pytest.raises(ConfigError, match=message):
            depparse.spacy_pipeline("en", runtime="torch", **asked)
    missing = spacy.blank("en")
    missing.add_pipe("depparse", config={"model": "no-such-model"})
    with pytest.raises(ModelError, match="no-such-model: no such model"):
        missing("Hi")
    wrong = spacy.blank("en")
    wrong.add_pipe("depparse", config={"keep": ["nonsense"]})
    with pytest.raises(ConfigError, match="keep names columns"):
        wrong("Hi")
    bare = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "depparse.Tokenizer.v1"}}})
    with pytest.raises(ConfigError, match=r"nlp.add_pipe\('depparse'\)"):
        bare("Hi")
