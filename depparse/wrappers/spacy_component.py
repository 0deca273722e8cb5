"""The component ``depparse`` and the tokenizer ``depparse.Tokenizer.v1`` of spaCy, which it finds by entry points.

spaCy reads the types of arguments to check configs, so they are no strings here (no ``from __future__``).
"""

import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from depparse.libraries import library

library("spacy")  # says what to install if spaCy is missing or broken
# ruff: noqa: E402
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.util import registry

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.errors import ConfigError
from depparse.formats.spacy import aligned, to_spacy
from depparse.formats.spacy_alignment import Aligned
from depparse.formats.spacy_chunks import is_needed, noun_chunks, set_noun_chunks
from depparse.formats.spacy_tokens import fill
from depparse.formats.spacy_views import register
from depparse.inference.parts import SEGMENTER
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked, Request
from depparse.model.order import is_parser
from depparse.model_folder.find import CARD, FACTS, FILES, find
from depparse.shards.work import ModelName

DEFAULTS = {
    "model": "en",
    "device": "cpu",
    "runtime": "auto",
    "precision": "auto",
    "fetch": False,
    "revision": None,
    "without": [],
    "keep": [],
    "probabilities": False,
    "treebank": None,
    "language": None,
    "expand": False,
    "batch_words": 1000,
}
_MODEL = "model"  # the folder of the model in that of a component
_ALL_FILES = (*FILES, "manifest.json", FACTS, CARD)
_LONGEST = 2**31 - 1  # characters: spaCy's offsets are numbers of 32 bits, and depparse annotates texts piece by piece
Names = str | list[str]


class Model:
    """A model that is loaded when it is first used, and that can be stored with a pipeline of spaCy."""

    def __init__(self, source: ModelName) -> None:
        self.source = source
        self._pipeline: Pipeline | None = None
        self._is_own = False  # whether it came as bytes, so that no name leads to it

    @property
    def pipeline(self) -> Pipeline:
        """The model as a pipeline of depparse. Raises ModelError if it cannot be loaded."""
        if self._pipeline is None:
            self._pipeline = self.source.load()
        return self._pipeline

    def set_pipeline(self, pipeline: Pipeline) -> None:
        """Takes the pipeline, which was loaded by the same name and options."""
        self._pipeline = pipeline

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle has: the bytes of a model that came as bytes, the name of any other."""
        data = self.to_bytes() if self._is_own else None
        return {"source": self.source, "data": data}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Model.__init__(self, state["source"])
        if state["data"] is not None:
            self.from_bytes(state["data"])

    def files(self) -> dict[str, Path]:
        """The files of the model, by name."""
        folder = find(self.source.name, fetch=self.source.fetch, revision=self.source.revision)
        return {name: folder / name for name in _ALL_FILES if (folder / name).is_file()}

    def to_disk(self, folder: Path) -> None:
        """Copies the model into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in self.files().items():
            if path.resolve() != (folder / name).resolve():
                shutil.copyfile(path, folder / name)

    def from_disk(self, folder: Path) -> None:
        """Makes it the model in the folder."""
        self.source = replace(self.source, name=str(folder.resolve()), fetch=False, revision=None)
        self._pipeline, self._is_own = None, False
        self._pipeline = self.pipeline

    def to_bytes(self) -> bytes:
        """The files of the model."""
        import srsly

        return bytes(srsly.msgpack_dumps({name: path.read_bytes() for name, path in self.files().items()}))

    def from_bytes(self, data: bytes) -> None:
        """Makes it the model of `to_bytes`, in a folder that is there as long as it is."""
        import srsly

        folder = Path(mkdtemp(prefix="depparse-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        for name, content in srsly.msgpack_loads(data).items():
            if name in _ALL_FILES:
                (folder / name).write_bytes(content)
        self.from_disk(folder)
        self._is_own = True


class _Stored:
    """The methods by which spaCy stores a part that may have a model of its own."""

    _own: Model | None

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes the model to a folder, unless `exclude` has ``model``."""
        if self._own is not None and _MODEL not in exclude:
            self._own.to_disk(Path(path) / _MODEL)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Any:
        """Takes the model of a folder, if it has one."""
        if self._own is not None and _MODEL not in exclude and (Path(path) / _MODEL).is_dir():
            self._own.from_disk(Path(path) / _MODEL)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The model as bytes, unless `exclude` has ``model``."""
        return b"" if self._own is None or _MODEL in exclude else self._own.to_bytes()

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Any:
        """Takes the model of `to_bytes`."""
        if self._own is not None and data and _MODEL not in exclude:
            self._own.from_bytes(data)
        return self


class Component(_Stored, Pipe):
    """Annotates Docs: on any tokens, in batches that the Docs of a stream share.

    `asked` is what is asked of the model (`Request`). Sentences are those of the Doc or, if it tells none, those that
    the model finds in its text. Tokens that are spacing are no words.
    """

    def __init__(self, name: str, model: Model, asked: Asked) -> None:
        self.name, self.model, self.asked = name, model, asked
        self._own = model
        self._request: tuple[Pipeline, Request] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """What a pickle has: all, also the error handler, but the request, which each process checks with its model."""
        return Component, (self.name, self.model, self.asked), self.__dict__ | {"_request": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __call__(self, doc: Doc) -> Doc:
        """Annotates one Doc in place."""
        return self._annotated([doc])[0]

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotates Docs, `batch_size` together. If some fail, the error handler of spaCy gets them one by one."""
        docs_left = iter(stream)
        while docs := list(islice(docs_left, batch_size)):
            try:
                yield from self._annotated(docs)
            except Exception:
                yield from self._one_by_one(docs)

    def _one_by_one(self, docs: Sequence[Doc]) -> Iterator[Doc]:
        for doc in docs:
            try:
                annotated = self(doc)
            except Exception as error:
                self.get_error_handler()(self.name, self, [doc], error)
            else:
                yield annotated

    def request(self) -> tuple[Pipeline, Request]:
        """The model and what is asked of it. Raises ConfigError if it cannot do that, and ModelError."""
        pipeline = self.model.pipeline
        if self._request is None or self._request[0] is not pipeline:
            asked: Asked = {**self.asked, "expand": False}  # multiword tokens are expanded here, beside spaCy's tokens
            self._request = pipeline, pipeline.request(**asked)
        return self._request

    def segment(self, text: str) -> Iterator[Sentence]:
        """The sentences of the text, as the model finds them."""
        pipeline, request = self.request()
        without = request.without.intersection([SEGMENTER])
        treebank, language = self.asked.get("treebank"), self.asked.get("language")
        return pipeline.segment([text], without=without, treebank=treebank, language=language)

    def _annotated(self, docs: list[Doc]) -> list[Doc]:
        pipeline, request = self.request()
        register()
        parts_of_docs = [aligned(doc, self.segment) for doc in docs]
        if self.asked.get("expand"):
            parts_of_docs = [[self._expanded(pipeline, part) for part in parts] for parts in parts_of_docs]
        inputs = [Document(part.sentence for part in parts) for parts in parts_of_docs]
        annotated = pipeline.pipe(inputs, batch_size=max(1, len(docs)), request=request)
        tasks = {} if pipeline.codec is None else pipeline.codec.tasks
        parses = any(is_parser(task) for name, task in tasks.items() if name not in request.without)
        for doc, parts, document in zip(docs, parts_of_docs, annotated, strict=True):
            pairs = zip(parts, document, strict=True)
            fill(doc, [part._replace(sentence=sentence) for part, sentence in pairs])
            if parses:
                set_noun_chunks(doc)
        return docs

    def _expanded(self, pipeline: Pipeline, part: Aligned) -> Aligned:
        """The sentence with its multiword tokens expanded, unless it has some. Of its annotation entities stay."""
        if part.sentence.mwts:
            return part
        treebank, language = self.asked.get("treebank"), self.asked.get("language")
        sentence = next(iter(pipeline.expand([part.sentence], treebank=treebank, language=language)))
        tokens = sentence.tokens  # one for each word so far
        ents = part.sentence.ents
        if ents:
            sentence.ents = [Span(tokens[e.start - 1].start, tokens[e.end - 1].end, e.type, e.score) for e in ents]
        words = [None if ids is None else (tokens[ids[0] - 1].start, tokens[ids[1] - 1].end) for ids in part.words]
        return Aligned(sentence, part.start, words)


class Tokenizer(_Stored):
    """Makes Docs of text with the tokens, words and sentences that a model finds; the text of a Doc is that text.

    Without a model of its own, it has that of the component depparse of the same pipeline, disabled or not.
    """

    def __init__(self, nlp: Language, model: Model | None) -> None:
        self.nlp, self._own = nlp, model

    def __call__(self, text: str) -> Doc:
        """The Doc of a text. Raises ConfigError if there is no model to segment it."""
        document = Document(self._component().segment(text))
        if len(document):
            return to_spacy(document, self.nlp.vocab)
        return Doc(self.nlp.vocab, words=[text] if text else [], spaces=[False] if text else [])

    def pipe(self, texts: Iterable[str], batch_size: int = 128) -> Iterator[Doc]:  # noqa: ARG002 (a call of spaCy)
        """The Docs of texts."""
        return map(self, texts)

    def _component(self) -> Component:
        if self._own is not None:
            return Component("tokenizer", self._own, {})
        for _, component in self.nlp.components:
            if isinstance(component, Component):
                return component
        message = "the tokenizer of depparse segments with the component depparse, which this pipeline lacks; add it by"
        raise ConfigError(f"{message} nlp.add_pipe('depparse'), or give the tokenizer a model in its config")


@Language.factory(
    "depparse",
    default_config=DEFAULTS,
    assigns=[
        *("doc.ents", "doc.sents", "token.pos", "token.tag", "token.morph", "token.lemma", "token.dep", "token.head"),
        *("token.is_sent_start", "token._.conllu", "token._.conllu_sentence"),
    ],
)
def make_component(
    nlp: Language,
    name: str,
    model: str,
    device: str,
    runtime: str,
    precision: str,
    fetch: bool,
    revision: str | None,
    without: Names,
    keep: Names,
    probabilities: bool,
    treebank: str | None,
    language: str | None,
    expand: bool,
    batch_words: int,
) -> Component:
    """The component of a pipeline; `Pipeline` and `Request` say what the arguments mean. The model is loaded later."""
    register()
    if "parser" not in nlp.pipe_names and is_needed(nlp.vocab):  # Docs that come as bytes know no other rules
        nlp.vocab.get_noun_chunks = noun_chunks  # type: ignore[assignment]
    asked: Asked = {"without": without, "keep": keep, "probabilities": probabilities, "batch_words": batch_words}
    asked |= {"treebank": treebank, "language": language, "expand": expand}
    return Component(name, Model(ModelName(model, device, fetch, revision, runtime, precision)), asked)


@registry.tokenizers("depparse.Tokenizer.v1")  # type: ignore[untyped-decorator]
def make_tokenizer(
    model: str | None = None,
    device: str = "cpu",
    runtime: str = "auto",
    precision: str = "auto",
    fetch: bool = False,
    revision: str | None = None,
) -> Callable[[Language], Tokenizer]:
    """A function that makes the tokenizer of a pipeline, with a model of its own if one is given."""
    own = None if model is None else Model(ModelName(model, device, fetch, revision, runtime, precision))

    def make(nlp: Language) -> Tokenizer:
        register()
        nlp.max_length = max(nlp.max_length, _LONGEST)
        return Tokenizer(nlp, own)

    return make
