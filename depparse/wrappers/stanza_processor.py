"""Models of depparse in pipelines of Stanza. To import this file makes their names known to Stanza.

``udparse`` is a processor that annotates the words that a tokenizer found, with all that its model predicts. The
variant ``depparse`` of Stanza's processor ``tokenize`` finds sentences, tokens and words as the model was trained on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack
from weakref import WeakValueDictionary

from depparse.libraries import library

library("stanza")  # says what to install if Stanza is missing or broken
# ruff: noqa: E402
from stanza.models.common.doc import Document as StanzaDocument
from stanza.pipeline._constants import DEPPARSE, LEMMA, NER, POS, TOKENIZE
from stanza.pipeline.processor import Processor, ProcessorVariant, register_processor, register_processor_variant
from stanza.pipeline.registry import PIPELINE_NAMES

from depparse.document.document import Document
from depparse.errors import ConfigError, did_you_mean
from depparse.formats.stanza import annotate, from_stanza, to_stanza
from depparse.inference.load import Loading
from depparse.inference.pipeline import Pipeline
from depparse.shards.work import ModelName

PROCESSOR, VARIANT = "udparse", "depparse"
LOADING = (*Loading.__annotations__,)  # keys of the config that `load` takes
ASKED = ("keep", "without", "probabilities", "treebank", "language", "batch_words")  # those that `Request` takes
SEGMENTING = ("treebank", "language")
_OF_STANZA = ("lang", "mode", "model_path", "pretagged", "check_requirements", f"with_{VARIANT}", "pretokenized")
_PROVIDED = {"UPOS": POS, "LEMMA": LEMMA, "HEAD": DEPPARSE, "NER": NER}  # what Stanza calls a column in requirements
_loaded: WeakValueDictionary[ModelName, Pipeline] = WeakValueDictionary()


@register_processor(PROCESSOR)
class UDParseProcessor(Processor):  # type: ignore[misc]
    """Annotates documents of Stanza in place; those of a call for many documents share batches.

    Keys of its config (``udparse_model`` …) are ``model``, a name or folder, `LOADING` and `ASKED`. Without a
    ``udparse_model``, the name is that of its package (``processors={"udparse": "en"}``), or else of the language of
    the pipeline. Raises ConfigError and ModelError.
    """

    PROVIDES_DEFAULT = frozenset({PROCESSOR})
    REQUIRES_DEFAULT = frozenset({TOKENIZE})

    def __init__(self, config: dict[str, Any], pipeline: Any, device: str) -> None:
        self.model = _model(config, PROCESSOR, ASKED, str(device))
        self.request = self.model.request(**{name: config[name] for name in ASKED if name in config})
        super().__init__(config, pipeline, device)

    def process(self, document: StanzaDocument) -> StanzaDocument:
        """Annotates one document."""
        return self.bulk_process([document])[0]

    def bulk_process(self, docs: list[StanzaDocument]) -> list[StanzaDocument]:
        """Annotates documents, whose sentences share batches."""
        inputs = map(from_stanza, docs)
        annotated = self.model.pipe(inputs, batch_size=max(1, len(docs)), request=self.request)
        for document, sentences in zip(docs, annotated, strict=True):
            annotate(document, sentences)
        return docs

    def mark_inactive(self) -> None:
        """Stanza calls this if the requirements of the processor are not met, before it raises its error."""

    def _set_up_provides(self) -> None:
        tasks = {} if self.model.codec is None else self.model.codec.tasks
        columns = {column for name, task in tasks.items() if name not in self.request.without for column in task.writes}
        self._provides = {PROCESSOR, *(_PROVIDED[column] for column in columns & _PROVIDED.keys())}


# Stanza runs processors in this order: tags, lemmas and trees are there for those that need them.
PIPELINE_NAMES.remove(PROCESSOR)
PIPELINE_NAMES.insert(PIPELINE_NAMES.index(LEMMA) + 1, PROCESSOR)


@register_processor_variant(TOKENIZE, VARIANT)
class UDTokenizer(ProcessorVariant):  # type: ignore[misc]
    """Segments text by the model, multiword tokens included. Keys of its config (``tokenize_model`` …) are ``model``,
    `LOADING` and `SEGMENTING`. Raises ConfigError and ModelError."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.model = _model(config, TOKENIZE, SEGMENTING, "cpu")
        self.asked: Any = {name: config[name] for name in SEGMENTING if name in config}

    def process(self, document: str | StanzaDocument) -> StanzaDocument:
        """The document of a text."""
        text = document.text if isinstance(document, StanzaDocument) else document
        if not isinstance(text, str):
            raise ConfigError(
                f"the tokenizer of depparse takes a text or a Document with one, not {type(text).__name__}"
            )
        result = to_stanza(Document(self.model.segment([text], **self.asked)))
        result.text = text
        return result


def _model(config: dict[str, Any], processor: str, options: tuple[str, ...], device: str) -> Pipeline:
    """The model that the config of a processor asks for; processors that ask for the same one share it."""
    known = ("model", *LOADING, *options)
    for name in config:
        if name not in known and name not in _OF_STANZA:
            raise ConfigError(f"depparse has no option '{processor}_{name}'; {did_you_mean(name, known)}")
    package = Path(config.get("model_path") or "default").stem
    name = config.get("model") or (config["lang"] if package == "default" else package)
    config["model_path"] = str(name)  # Stanza shows it
    return shared(name, **_loading({"device": device} | config))


def _loading(config: dict[str, Any]) -> Any:
    return {name: config[name] for name in LOADING if name in config}


def shared(name: str | os.PathLike[str], **loading: Unpack[Loading]) -> Pipeline:
    """The model that `load` gives for these arguments; the same one as long as something uses it."""
    source = ModelName(os.fspath(name), **loading)
    pipeline = _loaded.get(source)
    if pipeline is None:
        pipeline = _loaded[source] = source.load()
    return pipeline
