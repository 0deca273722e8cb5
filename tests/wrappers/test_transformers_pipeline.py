"""A model of depparse as a pipeline of transformers."""

from __future__ import annotations

from typing import Any

import pytest

from depparse.errors import ConfigError
from depparse.inference.pipeline import Pipeline
from depparse.wrappers.transformers_pipeline import TASK, register
from tests.models import clear_pipeline
from tests.segmenters import Expanding

TEXTS = ["A cat eats. It sleeps.", "One more."]


@pytest.fixture
def nlp() -> Pipeline:
    """A small pipeline whose segmenter expands multiword tokens."""
    pipeline = clear_pipeline()
    pipeline.segmenter = Expanding()
    return pipeline


def words(nlp: Pipeline, text: str, **asked: Any) -> list[tuple[object, ...]]:
    return [(w.text, w.upos, w.head, w.deprel, w.start_char) for w in nlp(text, **asked).iter_words()]


def values(result: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [(row["word"], row["upos"], row["head"], row["deprel"], row["start"]) for row in result]


def test_a_loaded_model_becomes_a_pipeline_of_transformers(nlp: Pipeline) -> None:
    import transformers

    register()
    register()
    assert TASK in transformers.pipelines.PIPELINE_REGISTRY.get_supported_tasks()
    parser: Any = transformers.pipeline(TASK, model=nlp)  # type: ignore[call-overload]
    result = parser(TEXTS[0])
    assert values(result) == words(nlp, TEXTS[0])
    assert [row["sentence"] for row in result if row["id"] == 1] == [0, 1]
    assert [TEXTS[0][row["start"] : row["end"]] for row in result] == [row["word"] for row in result]
    expected = [words(nlp, text) for text in TEXTS]
    assert list(map(values, parser(TEXTS))) == expected
    assert list(map(values, parser(iter(TEXTS), batch_size=1))) == expected
    assert values(parser(TEXTS[0], without=["tagger"])) == words(nlp, TEXTS[0], without=["tagger"])
    partial: Any = transformers.pipeline(TASK, model=nlp, without="tagger", batch_size=2)  # type: ignore[call-overload]
    assert values(partial(TEXTS)[1]) == words(nlp, TEXTS[1], without=["tagger"])
    with pytest.raises(ConfigError, match="there is no part x"):
        parser("A text.", without="x")
    with pytest.raises(ConfigError, match=r"model is a pipeline that depparse\.load has loaded"):
        transformers.pipeline(TASK, model=object())  # type: ignore[call-overload]
