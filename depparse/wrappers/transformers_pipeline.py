"""A pipeline of depparse as a ``pipeline("dependency-parsing", model=…)`` of the library transformers.

It takes a loaded model. A mere name would be no good there: before it asks anybody, the library looks for a name on the
hub, and for one of its own networks in the files that it finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Unpack

from packaging.version import Version

from depparse.arguments import check_number, check_type
from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked

TASK = "dependency-parsing"
_EXPECTED = "a pipeline that depparse.load has loaded, on a device of your choice"
_VERSION = 5  # of transformers; older ones take only networks of torch and TensorFlow


class DependencyParsingPipeline:
    """What ``transformers.pipeline`` makes for the task: called on a text, it returns a dictionary for each word.

    A list of texts gives a list of such lists, anything else with many (a generator, a data set) an iterator. The
    keywords are those that `depparse.Request` explains, here for all texts or, in a call, for those; `batch_size` is
    the number of texts that are annotated together. Raises ConfigError.
    """

    _load_tokenizer = _load_feature_extractor = _load_image_processor = _load_video_processor = _load_processor = False

    def __init__(
        self,
        model: Pipeline,
        task: str = TASK,
        *,
        dtype: object = "auto",
        batch_size: int = 256,
        **asked: Unpack[Asked],
    ) -> None:
        check_type(model, Pipeline, "model", _EXPECTED)
        if dtype not in (None, "auto"):  # the library always names one
            raise ConfigError(f"the numbers of the model are those of depparse.load(…, precision=…), not {dtype}")
        check_number(batch_size, "batch_size", "texts")
        self.task, self.model, self.batch_size = task, model, batch_size
        self._request = model.request(**asked)

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **asked: Unpack[Asked]) -> Any:
        """The words of a text, or of each of several texts, with their annotation."""
        request = self.model.request(**asked) if asked else self._request
        if isinstance(inputs, str):
            return words_of(self.model(inputs, request=request))
        size = self.batch_size if batch_size is None else batch_size
        documents: Iterator[Document] = self.model.pipe(inputs, batch_size=size, request=request)
        results = map(words_of, documents)
        return list(results) if isinstance(inputs, list) else results


def words_of(document: Document) -> list[dict[str, Any]]:
    """A dictionary for each word, with offsets in the text, and the number of its sentence from 0.

    What is not annotated is None. Words of a multiword token have the offsets of the token, unless they spell it.
    """
    return [
        {
            "sentence": number,
            "id": word.id,
            "word": word.text,
            "lemma": word.lemma,
            "upos": word.upos,
            "xpos": word.xpos,
            "feats": word.feats,
            "head": word.head,
            "deprel": word.deprel,
            "start": word.start_char,
            "end": word.end_char,
        }
        for number, sentence in enumerate(document.sentences)
        for word in sentence.words
    ]


class _NoModel:
    """Stands where transformers has the name and the revision of the default model of a task; here there is none."""

    def __iter__(self) -> Iterator[str]:
        raise ConfigError(f"model is {_EXPECTED}; none was given")


def register() -> None:
    """Makes ``dependency-parsing`` a task of ``transformers.pipeline`` in this process.

    Raises ConfigError if transformers is older than version 5.
    """
    import transformers

    if Version(transformers.__version__).major < _VERSION:
        problem = f"pipelines of depparse need transformers {_VERSION} or newer, found {transformers.__version__}"
        raise ConfigError(f"{problem}: pip install -U transformers")
    from transformers.pipelines import PIPELINE_REGISTRY

    if PIPELINE_REGISTRY.supported_tasks.get(TASK, {}).get("impl") is not DependencyParsingPipeline:
        PIPELINE_REGISTRY.register_pipeline(
            TASK, pipeline_class=DependencyParsingPipeline, default={"model": _NoModel()}, type="text"
        )
