"""Pipelines of Stanza with our processors, and our pipelines behind Stanza's. None needs a model of Stanza."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import depparse
from depparse.document.document import Document
from depparse.errors import ConfigError, ModelError
from depparse.wrappers.stanza_tokenizer import StanzaTokenizer
from tests.models import learned
from tests.sentences import two_sentences

stanza = pytest.importorskip("stanza", reason="needs the extra stanza: pip install 'depparse[stanza]'")

TEXT = "  Ann's friends don't like\tthe old school.\n\nThey went to New York.  Bob stayed!\n"
TEXTS = [TEXT, "", " \n ", "Go home.", "\u200b", "😀 \ufeff He said: “No\u00a0way”..."]


@pytest.fixture(scope="module")
def nlp() -> Any:
    return depparse.stanza_pipeline("en", runtime="torch")


@pytest.fixture
def folder(tmp_path: Path, nlp: Any) -> Path:
    """A folder of Stanza that knows English and has no models; the bundled model is loaded as long as it is used."""
    (tmp_path / "resources.json").write_text(
        json.dumps({"en": {"lang_name": "English", "packages": {}, "tokenize": {}}})
    )
    return tmp_path


@pytest.fixture
def tagger() -> Iterator[None]:
    """A processor of Stanza that needs no model: tags, entities, and what CoNLL-U has no columns for."""
    from stanza.pipeline import registry
    from stanza.pipeline.processor import Processor, register_processor

    class Tagger(Processor):  # type: ignore[misc]
        PROVIDES_DEFAULT = frozenset({"pos", "ner"})
        REQUIRES_DEFAULT = frozenset({"tokenize"})

        def process(self, document: Any) -> Any:
            for token in document.iter_tokens():
                token.ner = "S-X" if token.text == "Bob" else "O"
                token.multi_ner = (token.ner, "O")
                for word in token.words:
                    word.upos, word.morphemes = "X", [word.text[:1], word.text[1:]]
            document.build_ents()
            return document

    register_processor("tagger")(Tagger)
    registry.PIPELINE_NAMES.remove("tagger")
    registry.PIPELINE_NAMES.insert(registry.PIPELINE_NAMES.index("mwt") + 1, "tagger")
    yield
    registry.PIPELINE_NAMES.remove("tagger")
    del registry.NAME_TO_PROCESSOR_CLASS["tagger"]


def pipeline_of(folder: Path, processors: Any, **options: Any) -> Any:
    """A pipeline of Stanza as a user makes it, with processors of ours that share the model of the other tests."""
    runtime = {
        f"{name}_runtime": "torch" for name in ("udparse", "tokenize") if processors.get(name) in ("en", "depparse")
    }
    options = {"device": "cpu", **runtime, **options}
    return stanza.Pipeline("en", str(folder), None, processors, download_method=None, verbose=False, **options)


def direct(nlp: Any) -> depparse.Pipeline:
    pipeline: depparse.Pipeline = nlp.processors["udparse"].model
    return pipeline


def test_stanzas_documents_have_our_annotation(nlp: Any) -> None:
    assert (nlp.lang, list(nlp.processors)) == ("en", ["tokenize", "udparse"])
    assert str(nlp) == "<Pipeline: tokenize=TokenizeProcessor(en), udparse=UDParseProcessor(en)>"
    assert nlp.processors["tokenize"]._variant.model is direct(nlp)
    doc = nlp(TEXT)
    ours = direct(nlp)(TEXT)
    assert doc.text == TEXT
    assert Document.from_stanza(doc).to_conllu() == ours.to_conllu()
    assert [frame for s in Document.from_stanza(doc) for frame in s.frames] == [f for s in ours for f in s.frames]
    for word, mine in zip(doc.iter_words(), ours.iter_words(), strict=True):
        assert (word.text, word.lemma, word.upos, word.xpos) == (mine.text, mine.lemma, mine.upos, mine.xpos)
        assert (word.feats, word.head, word.deprel, word.deps) == (mine.feats, mine.head, mine.deprel, mine.deps)
        assert (word.start_char, word.end_char) == (mine.start_char, mine.end_char)
    assert [token.text for token in doc.sentences[0].tokens][:4] == ["Ann's", "friends", "don't", "like"]
    assert [len(sentence.dependencies) for sentence in doc.sentences] == [len(sentence) for sentence in ours]


def test_many_documents(nlp: Any) -> None:
    docs = nlp.bulk_process(TEXTS)
    assert [doc.text for doc in docs] == TEXTS
    assert [len(doc.sentences) for doc in docs] == [3, 0, 0, 1, 0, 2]
    for doc, text in zip(docs, TEXTS, strict=True):
        assert doc.to_dict() == nlp(text).to_dict()
    assert [doc.text for doc in nlp.stream(iter(TEXTS), batch_size=2)] == TEXTS


@settings(max_examples=10)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_kept(text: str) -> None:
    doc = depparse.stanza_pipeline("en", runtime="torch", without=["segmenter"])(text)
    assert doc.text == text
    assert Document.from_stanza(doc).text == (text if doc.sentences else "")


def test_words_of_others_stay(nlp: Any, folder: Path) -> None:
    pipeline = pipeline_of(folder, {"tokenize": "depparse", "udparse": "en"}, tokenize_pretokenized=True)
    doc = pipeline([["Ann", "can't", "go"], ["Go", "."]])
    ours = direct(nlp)([["Ann", "can't", "go"], ["Go", "."]])
    assert [[word.text for word in s.words] for s in doc.sentences] == [["Ann", "can't", "go"], ["Go", "."]]
    assert [word.deprel for word in doc.iter_words()] == [word.deprel for word in ours.iter_words()]
    again = pipeline(doc)  # annotates it in place, and alike
    assert again is doc
    assert [word.head for word in doc.iter_words()] == [word.head for word in ours.iter_words()]
    with_tokens = Document.from_conllu(
        "1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n1\tde" + "\t_" * 8 + "\n2\tle" + "\t_" * 8 + "\n\n"
    )
    doc = pipeline(with_tokens.to_stanza())
    assert [(token.id, token.text) for token in doc.iter_tokens()] == [((1, 2), "du")]
    assert None not in [word.upos for word in doc.iter_words()]


def test_annotation_of_stanza_is_kept(nlp: Any, folder: Path, tagger: None) -> None:
    processors = {"tokenize": "depparse", "tagger": "x", "lemma": "identity", "udparse": "en"}
    doc = pipeline_of(folder, processors, udparse_keep="upos lemma".split())(TEXT)
    words = list(doc.iter_words())
    assert [word.lemma for word in words] == [word.text for word in words]
    assert {word.upos for word in words} == {"X"}
    assert words[0].morphemes == ["A", "nn"]
    assert [(entity.text, entity.type) for entity in doc.ents] == [("Bob", "X")]
    assert {token.multi_ner for token in doc.iter_tokens()} == {("O", "O"), ("S-X", "O")}
    assert [len(sentence.get_roots()) for sentence in doc.sentences] == [1, 1, 1]
    changed = pipeline_of(folder, processors)(TEXT)
    assert [word.upos for word in changed.iter_words()] == [word.upos for word in nlp(TEXT).iter_words()]


def test_stanza_in_front_of_our_pipeline(nlp: Any, folder: Path, tagger: None) -> None:
    front = pipeline_of(folder, {"tokenize": "depparse", "tagger": "x", "lemma": "identity"})
    ours = direct(nlp)(Document.from_stanza(front(TEXT)), keep=["lemma", "ner"])
    assert [word.lemma for word in ours.iter_words()] == [word.text for word in ours.iter_words()]
    assert [word.head for word in ours.iter_words()] == [word.head for word in direct(nlp)(TEXT).iter_words()]
    assert [entity.text for entity in ours.ents] == ["Bob"]
    segmenter = StanzaTokenizer(front, "lemma,tagger")
    sentences = list(segmenter.segment([TEXT[:20], TEXT[20:]]))
    assert [[word.lemma for word in s] for s in sentences] == [[word.text for word in s] for s in sentences]
    assert Document(sentences).text == TEXT
    plain = list(StanzaTokenizer(front).segment([TEXT]))
    assert [sentence.start_char for sentence in sentences] == [sentence.start_char for sentence in plain]
    assert plain[0].words[0].lemma is None
    with pytest.raises(ConfigError, match=r"no processor 'lema'; did you mean lemma\?"):
        StanzaTokenizer(front, "lema")


def test_requirements_of_stanza_are_met(folder: Path) -> None:
    from stanza.pipeline import registry
    from stanza.pipeline.core import PipelineRequirementsException
    from stanza.pipeline.processor import Processor, register_processor

    class Reader(Processor):  # type: ignore[misc]
        PROVIDES_DEFAULT = frozenset({"reader"})
        REQUIRES_DEFAULT = frozenset({"tokenize", "pos", "lemma", "depparse"})

        def process(self, document: Any) -> Any:
            self.seen = [word.head for word in document.iter_words()]
            return document

        def mark_inactive(self) -> None:
            pass

    register_processor("reader")(Reader)
    try:
        processors = {"tokenize": "depparse", "udparse": "en", "reader": "x"}
        pipeline = pipeline_of(folder, processors)
        pipeline("Go home.")
        assert None not in pipeline.processors["reader"].seen
        with pytest.raises(PipelineRequirementsException, match=r"missing: frozenset\(\{'lemma'\}\)"):
            pipeline_of(folder, processors, udparse_without="lemmatizer")
    finally:
        registry.PIPELINE_NAMES.remove("reader")
        del registry.NAME_TO_PROCESSOR_CLASS["reader"]


def test_entities_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from depparse.wrappers import stanza_processor

    document = two_sentences()
    document[0].ents = [depparse.Span(1, 2, "PER")]
    model = depparse.Pipeline(learned({"ner": {"type": "ner"}}, document))
    monkeypatch.setattr(stanza_processor.ModelName, "load", lambda _: model)
    nlp = depparse.stanza_pipeline("of-entities")
    assert nlp.processors["udparse"].provides == {"udparse", "ner"}
    doc = nlp.process(document.to_stanza(), processors="udparse")
    back = Document.from_stanza(doc)
    assert back[0].ents == document[0].ents == model(document)[0].ents
    assert [entity.type for entity in doc.ents] == [span.type for span in model(document).ents]


def test_devices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/stanza.md says: the tokenizer does not follow the device of a pipeline, unless it is told."""
    from depparse.wrappers import stanza_processor

    asked: list[tuple[str, str]] = []

    def model(config: Any, processor: str, options: Any, device: str) -> Any:
        asked.append((processor, config.get("device", device)))
        return depparse.Pipeline(None)

    monkeypatch.setattr(stanza_processor, "_model", model)
    monkeypatch.setattr(stanza_processor, "shared", lambda *_, **__: depparse.Pipeline(None))
    pipeline_of(folder, {"tokenize": "depparse", "udparse": "en"}, device="cuda")
    assert asked == [("tokenize", "cpu"), ("udparse", "cuda")]
    asked.clear()
    depparse.stanza_pipeline("en", device="cuda")
    assert asked == [("tokenize", "cuda"), ("udparse", "cuda")]


def test_mistakes_are_told(nlp: Any, folder: Path) -> None:
    for make, error, message in (
        (
            lambda: depparse.stanza_pipeline("en", kep="upos"),
            ConfigError,
            "stanza_pipeline has no argument 'kep'; did you",
        ),
        (lambda: depparse.stanza_pipeline("no-such-model"), ModelError, "no-such-model"),
        (
            lambda: pipeline_of(folder, {"udparse": "en"}, udparse_kep="x"),
            ConfigError,
            "no option 'udparse_kep'; did you",
        ),
        (lambda: pipeline_of(folder, {"udparse": "en"}, udparse_keep="x"), ConfigError, "keep"),
        (lambda: pipeline_of(folder, {"udparse": "default"}, udparse_model="xx"), ModelError, "xx"),
        (lambda: pipeline_of(folder, {"udparse": "yy"}), ModelError, "yy"),
        (lambda: nlp.processors["tokenize"].process(7), ValueError, "must be a string or a Document"),
        (lambda: nlp(stanza.Document([])), ConfigError, "takes a text or a Document with one, not NoneType"),
    ):
        with pytest.raises(error, match=message):
            make()
