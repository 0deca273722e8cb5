"""`Pipeline` on text, lists of tokens and documents: what comes out, in what order, and how far input is read."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.formats.conllu import iter_conllu
from depparse.inference import memory
from depparse.inference.annotator import Annotator
from depparse.inference.load import load
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Request
from depparse.model_folder.facts import DataFile, Facts
from depparse.model_folder.store import save
from depparse.segmentation.segmenter import Segmenter
from tests.models import small_model
from tests.segmenters import Expanding
from tests.sentences import TEXTS, TWO, conllu, two_sentences


@pytest.fixture(scope="module")
def nlp() -> Pipeline:
    return Pipeline(small_model(), segmenter=Expanding())


def counted(items: Iterable[Any], n_read: list[int]) -> Iterator[Any]:
    for item in items:
        n_read[0] += 1
        yield item


# -- one input


def test_text_is_segmented_and_parsed(nlp: Pipeline) -> None:
    doc = nlp(TEXTS[0])
    assert doc.text == TEXTS[0]
    assert [s.sent_id for s in doc] == ["1", "2"]
    assert doc[0].comments == ["# newdoc", "# newpar", "# sent_id = 1", "# text = Anna didn't buy 2 apples."]
    assert doc[0].columns["FORM"] == two_sentences()[0].columns["FORM"]
    assert doc[0].columns["UPOS"] == nlp(two_sentences())[0].columns["UPOS"]
    assert [TEXTS[0][w.start_char : w.end_char] for w in doc.iter_words()] == [w.text for w in doc.iter_words()]
    assert list(iter_conllu_of(doc)) == conllu([doc])


def iter_conllu_of(doc: Document) -> Iterator[str]:
    """The document as a strict reader reads it again."""
    import io

    yield Document(iter_conllu(io.BytesIO(doc.to_conllu().encode()), strict=True)).to_conllu()


@pytest.mark.parametrize(
    "text",
    [
        "", " \n\t\n ", "\ufeff", "\u200b\u00ad", "👩🏽‍🚀👨‍👩‍👧‍👦 🏳️‍🌈", "שלום עולם. مرحبا بالعالم", "x" * 100_000,
        "。" * 50, "no line end", "a\r\nb\rc\x00d", "_ _ -- 1-2 #x", "\ud800 half",
    ],
)  # fmt: skip
@pytest.mark.parametrize("presplit", [False, True])
def test_odd_text_comes_back(nlp: Pipeline, text: str, presplit: bool) -> None:
    doc = nlp(text, presplit=presplit)
    assert [s for s in doc if not len(s)] == []
    visible = any(char.isprintable() and not char.isspace() for char in text)
    assert doc.text == (text if visible else "")
    assert all(word.head is not None and word.upos for word in doc.iter_words())
    assert list(iter_conllu_of(doc)) == conllu([doc])
    assert conllu(nlp.pipe([text], presplit=presplit)) == conllu([doc])


def test_presplit_text_has_a_sentence_on_each_line(nlp: Pipeline) -> None:
    text = "One. Two didn't\n\n  three\r\n\u200b\nfour.  Five!"
    doc = nlp(text, presplit=True)
    assert [s.text for s in doc] == ["One. Two didn't", "three", "four. Five!"]
    assert [s.starts_paragraph for s in doc] == [True, True, True]
    assert [t.text for t in doc[0].tokens] == ["One", ".", "Two", "didn't"]
    assert doc[0].columns["FORM"] == ["One", ".", "Two", "did", "n't"]
    assert doc.text == text
    assert [s.text for s in nlp("One.\nTwo", presplit=True)] == ["One.", "Two"]
    assert [s.starts_paragraph for s in nlp("One.\nTwo", presplit=True)] == [True, False]


def test_pieces_do_not_matter(nlp: Pipeline) -> None:
    for presplit in (False, True):
        expected = "".join(s.to_conllu() for s in nlp.segment(TEXTS[2], presplit=presplit))
        for size in (1, 3, 7):
            pieces = [TEXTS[2][begin : begin + size] for begin in range(0, len(TEXTS[2]), size)]
            assert "".join(s.to_conllu() for s in nlp.segment(pieces, presplit=presplit)) == expected


@pytest.mark.parametrize("presplit", [False, True])
def test_text_is_segmented_as_a_stream(presplit: bool) -> None:
    n_read = [0]
    sentences = Pipeline(None).segment(counted(["Tom sees Anna.\n" * 100] * 150, n_read), presplit=presplit)
    next(sentences)
    assert n_read[0] < 100
    assert sum(1 for _ in sentences) == 15_000 - 1
    assert n_read[0] == 150


def test_lists_of_tokens_are_parsed(nlp: Pipeline) -> None:
    token_lists = [["Anna", "didn't", "buy"], ("in spite of", "Tom")]
    doc = nlp(token_lists)
    assert [s.columns["FORM"] for s in doc] == [list(tokens) for tokens in token_lists]
    assert [s.comments for s in doc] == [
        ["# sent_id = 1", "# text = Anna didn't buy"], ["# sent_id = 2", "# text = in spite of Tom"]
    ]  # fmt: skip
    expanded = nlp(token_lists, expand=True)
    assert expanded[0].columns["FORM"] == ["Anna", "did", "n't", "buy"]
    assert [t.text for t in expanded[0].tokens] == token_lists[0]
    assert all(word.upos for word in expanded.iter_words())
    assert len(nlp([])) == 0


def test_documents_are_copied(nlp: Pipeline) -> None:
    source = Document.from_conllu(TWO)
    starts = [s.start_char for s in source]
    for copy in (nlp(source), nlp(source, expand=True), *nlp.pipe([source]), *nlp.pipe([source], workers=2)):
        assert copy.to_conllu() != TWO
        assert [s.sent_id for s in copy] == ["1", "2"]
        copy[0].columns["FORM"][0] = "changed"
    assert source.to_conllu() == TWO
    assert [s.start_char for s in source] == starts


def test_the_pipeline_keeps_what_it_is_told_to(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    pipeline = load(tmp_path / "m")
    document = two_sentences()
    parsed = pipeline(document, keep=["upos", "lemma"])
    assert document.to_conllu() == TWO
    assert [s.columns["UPOS"] for s in parsed] == [s.columns["UPOS"] for s in document]
    assert [s.columns["LEMMA"] for s in parsed] == [s.columns["LEMMA"] for s in document]
    assert [s.comments for s in parsed] == [s.comments for s in document]
    assert [[t.text for t in s.tokens] for s in parsed] == [[t.text for t in s.tokens] for s in document]
    assert pipeline.writes == ("UPOS", "XPOS", "FEATS", "LEMMA", "HEAD", "DEPREL")
    with pytest.raises(ConfigError, match="not UPSO"):
        pipeline(document, keep=["upso"])


def test_expansion_begins_with_the_tokens(nlp: Pipeline) -> None:
    text = TWO.replace("2\tdid\tdo", "2\twould\tdo")
    expanded = nlp(Document.from_conllu(text), expand=True)
    assert expanded[0].columns["FORM"] == two_sentences()[0].columns["FORM"]
    assert expanded[0].comments == two_sentences()[0].comments
    assert expanded[0].text == two_sentences()[0].text
    assert next(nlp.expand(two_sentences())).to_conllu().count("didn't") == 2  # comment and token


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (["one text", "another"], {}, "not a list of texts; pipe(texts) takes those"),
        (b"bytes", {}, "expected a text, a Document or sentences as lists of tokens, not bytes"),
        (7, {}, "not int"),
        ([["a"], []], {}, "sentence 2 has no tokens"),
        ([["a", None]], {}, "sentence 1 has no tokens, or one that is no text"),
        ([["a", " "]], {}, "sentence 1 has no tokens, or one that is no text or blank"),
        (two_sentences().sentences, {}, "sentence 1 is of type Sentence"),
        ([["a"]], {"presplit": True}, "presplit is for text"),
        (
            "a",
            {"without": ["tager"]},
            "no part tager to switch off; did you mean tagger? the pipeline has segmenter, tagger, lemmatizer",
        ),
        ("a", {"without": "dependencies", "k_best": 2}, "predicts HEAD and DEPREL that is not switched off"),
        ([["a"]], {"without": "segmenter", "expand": True}, "takes a segmenter"),
        ("a", {"keep": "ups"}, "keep names columns"),
        ("a", {"treebank": "UD_X"}, "the model learned no treebank 'UD_X'"),
    ],
)
def test_wrong_inputs_and_options_are_told(nlp: Pipeline, given: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        nlp(given, **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"keep": frozenset({"ups"})}, r"^keep names columns \(.*\), not UPS; did you mean UPOS\?$"),
        ({"keep": 3}, "^keep is a name or a list of names, not 3$"),
        ({"without": ["ner", None]}, r"^without is a name or a list of names, not \['ner', None\]$"),
        ({"batch_words": 0}, "^batch_words is a number of words, at least 1, not 0$"),
        ({"batch_words": None}, "^batch_words is a number of words, at least 1, not None$"),
        ({"k_best": 2.5}, "^k_best is a number of trees, at least 1, not 2.5$"),
        ({"k_best": True}, "^k_best is a number of trees, at least 1, not True$"),
    ],
)
def test_a_request_is_checked_however_it_is_made(values: dict[str, Any], message: str) -> None:
    for make in (lambda: Request(**values), lambda: Request.of(values), lambda: replace(Request(), **values)):  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=message):
            make()


def test_names_are_a_list_or_one_text(nlp: Pipeline) -> None:
    expected = Request(keep=frozenset({"UPOS", "HEAD"}), without=frozenset({"tagger", "lemmatizer"}))
    assert nlp.request(keep="upos,head", without="tagger lemmatizer") == expected
    assert nlp.request(keep=["upos", "head"], without=("tagger", "lemmatizer")) == expected
    assert nlp.request(keep="", without="") == Request()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"disable": ["tagger"]}, "a pipeline is not asked for 'disable'; here this is without=…"),
        ({"n_process": 2}, "a pipeline is not asked for 'n_process'; here this is workers=N of pipe"),
        ({"processors": "tokenize,pos"}, "here this is without=…"),
        ({"tokenize_pretokenized": True}, "here this is sentences as lists of tokens"),
        ({"tokenize_no_ssplit": True}, "here this is presplit=True"),
        ({"probabilites": True}, "did you mean probabilities? there are: keep, without"),
    ],
)
def test_names_of_other_libraries_get_a_hint(nlp: Pipeline, options: dict[str, Any], message: str) -> None:
    for call in (nlp, nlp.annotate_stream, nlp.pipe, nlp.request):
        with pytest.raises(ConfigError) as error:
            call(*(() if call == nlp.request else ([["a"]],)), **options)
        assert message in str(error.value)


def test_a_name_of_another_library_is_no_argument_of_load() -> None:
    with pytest.raises(ConfigError, match=r"^load has no argument 'exclude'; here this is without=…"):
        load("en", exclude=["srl"])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"load has no argument 'revison'; did you mean revision\?"):
        load("en", revison="x")  # type: ignore[arg-type]


def test_a_pipeline_says_what_it_is(nlp: Pipeline) -> None:
    assert repr(nlp) == "<Pipeline: segmenter, tagger, lemmatizer, dependencies>"
    assert repr(Pipeline(None)) == "<Pipeline: rules that split text>"
    data = DataFile(split="train", file="fr_x-ud-train.conllu", sha256="", language="French")
    assert repr(Pipeline(None, segmenter=Expanding(), facts=Facts(data=(data,)))) == "<Pipeline: segmenter; French>"


def test_a_request_made_by_hand_is_that_of_the_pipeline(nlp: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"keep": frozenset({"upos"}), "without": "lemmatizer"}
    assert Request(**options) == Request(keep=frozenset({"UPOS"}), without=frozenset({"lemmatizer"}))
    assert Request(**options).asked == ("keep", "without")
    document = two_sentences()
    document[0].columns["UPOS"] = ["X"] * len(document[0])
    assert nlp(document, request=Request(**options)).to_conllu() == nlp(document, **options).to_conllu()
    assert nlp(document, request=Request(**options))[0].columns["UPOS"] == ["X"] * len(document[0])
    for name in ("__call__", "annotate_stream", "segment", "analyses", "pipe"):
        with pytest.raises(
            ConfigError, match="there is no part typo to switch off; the pipeline has segmenter, tagger"
        ):
            getattr(nlp, name)([["a"]], request=Request(without=frozenset({"typo"})))
    built: list[Request] = []
    make = Annotator.__init__
    monkeypatch.setattr(Annotator, "__init__", lambda self, *parts: (built.append(parts[-1]), make(self, *parts))[0])
    nlp(document, keep="upos")
    nlp.pipe([document], keep="upos")
    nlp.annotate_stream(document, keep="upos")
    assert len(built) == 3


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("annotate_stream", {"expand": True, "presplit": True}, "annotate_stream cannot do what presplit, expand asks"),
        (
            "segment",
            {"k_best": 3},
            "segment cannot do what k_best asks; it can be asked for without, treebank, language, presplit",
        ),
        ("segment", {"expand": True}, "segment cannot do what expand asks"),
        ("read", {"keep": "upos", "probabilities": True}, "read cannot do what keep, probabilities asks"),
        ("read", {"k_best": 2, "batch_words": 7}, "read cannot do what k_best, batch_words asks"),
        ("analyses", {"k_best": 3, "probabilities": True}, "analyses cannot do what probabilities, k_best asks"),
        ("analyses", {"request": Request(k_best=3)}, "analyses cannot do what k_best asks"),
    ],
)
def test_requests_that_a_method_cannot_serve_are_refused_at_once(
    nlp: Pipeline, method: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        getattr(nlp, method)([], **options)


def test_each_method_does_its_part_of_a_request(nlp: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Anna didn't\nsee Tom.\n", encoding="utf-8")
    request = nlp.request(presplit=True, k_best=2)
    sentences = list(nlp.annotate_stream(nlp.read([tmp_path / "a.txt"], request=request), request=request))
    assert [s.comment("tree_rank") for s in sentences] == ["1", "2", "1", "2"]
    assert [s.text for s in nlp.read([tmp_path / "a.txt"], presplit=True, k_best=None)] == ["Anna didn't", "see Tom."]


def test_codecs_alone_need_a_scorer(nlp: Pipeline) -> None:
    codec, scorer = nlp.codec, nlp.scorer
    assert codec is not None
    other = Pipeline(codec, scorer=scorer)
    assert (other.model, other.parts) == (None, ("tagger", "lemmatizer", "dependencies"))
    assert other(two_sentences()).to_conllu() == nlp(two_sentences()).to_conllu()
    with pytest.raises(ConfigError, match="give the scorer that computes their networks"):
        Pipeline(codec)


def test_contexts_come_out_beside_their_documents(nlp: Pipeline) -> None:
    pairs = [(text, {"number": number}) for number, text in enumerate(TEXTS)]
    n_read = [0]
    out = nlp.pipe(counted(pairs, n_read), as_tuples=True, batch_size=2, keep="upos")
    assert n_read == [0]
    first, context = next(out)
    assert context is pairs[0][1]
    assert n_read[0] <= 3
    rest = list(out)
    expected = [document.to_conllu() for document in nlp.pipe(TEXTS)]
    assert [document.to_conllu() for document in (first, *(document for document, _ in rest))] == expected
    assert [context for _, context in rest] == [context for _, context in pairs[1:]]
    with pytest.raises(ConfigError, match=r"input 2: as_tuples takes pairs \(input, context\), not str"):
        list(nlp.pipe([("a", 1), "b"], as_tuples=True))  # type: ignore[list-item]
    with pytest.raises(ConfigError, match="workers"):
        nlp.pipe(pairs, as_tuples=True, workers=0)


def test_each_sentence_has_its_copies(nlp: Pipeline) -> None:
    lists = list(nlp.annotate_each(two_sentences(), k_best=3))
    assert [len(copies) for copies in lists] == [3, 3]
    stream = nlp.annotate_stream(two_sentences(), k_best=3)
    assert [s.to_conllu() for copies in lists for s in copies] == [s.to_conllu() for s in stream]
    assert [len(copies) for copies in nlp.annotate_each(two_sentences())] == [1, 1]


def test_mistakes_of_pipe_are_told_at_once(nlp: Pipeline) -> None:
    for inputs, options in (
        ("text", {}), (two_sentences(), {}), ([], {"workers": 0}), ([], {"batch_size": 0}), ([], {"batch_words": 0}),
        ([], {"without": "x"}), ([], {"k_best": 0}),
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            nlp.pipe(inputs, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="takes a segmenter"):
        Pipeline(small_model()).pipe([], expand=True)


def test_predicted_columns_stand_where_conllu_has_them(nlp: Pipeline) -> None:
    expected = ["FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "MISC"]
    assert list(nlp(TEXTS[0])[0].columns) == expected
    # Other columns stand behind them, unless the file has an order of its own.
    words = two_sentences()[0]
    columns = {name: words.columns[name] for name in ("FORM", "MISC")} | {"NER": ["O"] * len(words)}
    assert list(nlp(Document([Sentence(columns)]))[0].columns) == [*expected, "NER"]
    columns = {name: columns[name] for name in ("MISC", "FORM", "NER")}
    assert list(nlp(Document([Sentence(columns)]))[0].columns)[:3] == ["MISC", "FORM", "NER"]


# -- parts


def test_parts_are_switched_off(nlp: Pipeline) -> None:
    assert nlp.parts == ("segmenter", "tagger", "lemmatizer", "dependencies")
    complete = nlp(TEXTS[0])
    doc = nlp(TEXTS[0], without=["lemmatizer", "dependencies"])
    assert [w.upos for w in doc.iter_words()] == [w.upos for w in complete.iter_words()]
    assert {w.lemma for w in doc.iter_words()} == {w.head for w in doc.iter_words()} == {None}
    # The annotation of a document stays where the part is switched off.
    source = two_sentences()
    copy = nlp(source, without="dependencies")
    assert [s.heads for s in copy] == [s.heads for s in source]
    assert nlp(source, without=["tagger", "lemmatizer", "dependencies"]).to_conllu() == TWO
    assert [t.text for t in nlp("I can't", without="segmenter")[0].tokens] == ["I", "can't"]
    assert len(nlp("I can't", without="segmenter")[0]) == 2
    assert conllu(nlp.pipe([source], without="dependencies", workers=2)) == conllu([copy])


def test_parts_are_left_out_at_load(segmenter: Segmenter, tmp_path: Path) -> None:
    pipeline = Pipeline(small_model(), segmenter=segmenter)
    pipeline.save(tmp_path / "m")
    tasks = ["tagger", "lemmatizer"]
    less = load(tmp_path / "m", without=tasks)
    assert less.parts == ("segmenter", "dependencies")
    assert less(TEXTS[0]).to_conllu() == pipeline(TEXTS[0], without=tasks).to_conllu()
    assert not [name for name, _ in less.model.named_parameters() if name.startswith(("tasks.tagger", "tasks.lemma"))]
    assert load(tmp_path / "m", without="segmenter").parts == (*tasks, "dependencies")
    alone = load(tmp_path / "m", without=[*tasks, "dependencies"])
    assert alone.parts == ("segmenter",)
    assert alone.model is None
    with pytest.raises(
        ConfigError, match=r"no part taggr to switch off; did you mean tagger\? the pipeline has segmenter, tagger"
    ):
        load(tmp_path / "m", without="taggr")


def test_a_pipeline_without_a_model_segments() -> None:
    segmenter = Pipeline(None, segmenter=Expanding())
    assert segmenter.writes == ()
    assert segmenter.parts == ("segmenter",)
    assert segmenter(TEXTS[0])[0].columns["FORM"] == two_sentences()[0].columns["FORM"]
    with pytest.raises(ConfigError, match="predicts no trees"):
        segmenter(TEXTS[0], probabilities=True)


# -- many inputs


def test_pipe_is_the_call_in_any_batch(nlp: Pipeline) -> None:
    expected = conllu(map(nlp, TEXTS))
    for options in ({}, {"batch_size": 1}, {"batch_size": 2}, {"batch_words": 20}, {"batch_size": 3, "batch_words": 1}):
        assert conllu(nlp.pipe(TEXTS, **options)) == expected  # type: ignore[arg-type]
    assert conllu(nlp.pipe(TEXTS[::-1])) == expected[::-1]
    mixed = [TEXTS[0], two_sentences(), [["Anna", "sees"]], Document()]
    assert conllu(nlp.pipe(mixed)) == conllu(nlp(given) for given in mixed)
    ranked = list(nlp.pipe(TEXTS, k_best=2, probabilities=True))
    assert conllu(ranked) == conllu(nlp(text, k_best=2, probabilities=True) for text in TEXTS)


def test_documents_share_batches(nlp: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nlp.model is not None
    sizes = []
    read = nlp.model.read
    monkeypatch.setattr(nlp.model, "read", lambda batch: (sizes.append(len(batch.examples)), read(batch))[1])
    assert len(list(nlp.pipe(["Tom sees Anna."] * 40))) == 40
    assert sizes == [40]


def test_threads_share_a_pipe(nlp: Pipeline) -> None:
    expected = conllu(map(nlp, TEXTS))
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: conllu(nlp.pipe(TEXTS, batch_size=2)), range(8)):
            assert found == expected


@pytest.mark.parametrize(("workers", "ahead"), [(1, 3), (2, 12)])
def test_inputs_are_read_when_they_are_needed(nlp: Pipeline, workers: int, ahead: int) -> None:
    n_read = [0]
    documents = nlp.pipe(counted(["Tom sees Anna."] * 60, n_read), batch_size=3, workers=workers)
    assert n_read == [0]
    for n_given, _ in enumerate(documents, 1):
        assert n_given <= n_read[0] < n_given + ahead
    assert n_given == n_read[0] == 60


def test_long_inputs_are_read_one_by_one(nlp: Pipeline) -> None:
    n_read = [0]
    for n_given, _ in enumerate(nlp.pipe(counted(["Tom sees Anna. " * 20] * 10, n_read), batch_words=2), 1):
        assert n_read[0] == n_given


def test_an_error_of_the_inputs_comes_through(nlp: Pipeline) -> None:
    def inputs() -> Iterator[str]:
        yield from TEXTS
        raise OSError("the disk is gone")

    for workers in (1, 2):
        documents = nlp.pipe(inputs(), batch_size=1, workers=workers)
        with pytest.raises(OSError, match="the disk is gone"):
            list(documents)


def test_memory_is_given_back_after_several_batches(nlp: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(memory, "_function", lambda name: calls.append if name == "malloc_trim" else None)
    monkeypatch.setattr(memory, "_SLACK", -(2**60))  # as if the process had grown
    document = nlp(" ".join(TEXTS))
    assert calls == []  # one batch leaves no holes worth the time
    list(nlp.annotate_stream(document.sentences, batch_words=1))
    assert calls
    assert set(calls) == {0}


def test_memory_is_given_back_with_any_c_library() -> None:
    library = ctypes.CDLL(None)
    assert (memory._function("malloc_trim") is not None) == hasattr(library, "malloc_trim")
    assert memory._function("no_such_function") is None
    memory.give_back()
    # This changes the process for good, and so it runs in a process of its own.
    subprocess.run(
        [sys.executable, "-c", "from depparse.inference import memory; memory.keep_blocks_on_heap()"], check=True
    )
