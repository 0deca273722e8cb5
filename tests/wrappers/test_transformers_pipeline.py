"""A model of depparse as a pipeline of transformers."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.version import Version

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


NEEDED = 5  # version of transformers


def test_an_older_version_of_transformers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    installed = transformers.__version__
    for version in ("4.57.3", *([installed] if Version(installed).major < NEEDED else ())):
        monkeypatch.setattr(transformers, "__version__", version)
        with pytest.raises(ConfigError, match=rf"need transformers 5 or newer, found {version}: pip install -U trans"):
            register()


@pytest.fixture
def registered() -> None:
    """The task, if this transformers takes it."""
    import transformers

    if Version(transformers.__version__).major < NEEDED:
        pytest.skip("needs transformers 5")
    register()


@pytest.mark.usefixtures("registered")
def test_a_loaded_model_becomes_a_pipeline_of_transformers(nlp: Pipeline) -> None:
    import transformers

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
    for batch_size in (0, -1):
        with pytest.raises(ConfigError, match=r"batch_size is a number of inputs, at least 1"):
            list(parser(TEXTS, batch_size=batch_size))
    with pytest.raises(ConfigError, match=r"batch_size is a number of texts, at least 1, not 0"):
        transformers.pipeline(TASK, model=nlp, batch_size=0)  # type: ignore[call-overload]
    with pytest.raises(ConfigError, match=r"has loaded, on a device of your choice; none was given"):
        transformers.pipeline(TASK)  # type: ignore[call-overload]
    with pytest.raises(ConfigError, match="there is no part x"):
        parser("A text.", without="x")
    with pytest.raises(ConfigError, match=r"model is a pipeline that depparse\.load has loaded"):
        transformers.pipeline(TASK, model=object())  # type: ignore[call-overload]


@pytest.mark.usefixtures("registered")
def test_data_sets_with_items_by_number(nlp: Pipeline) -> None:
    """Those of torch have no iterator; `KeyDataset` of transformers is one of them."""
    import datasets
    import transformers
    from transformers.pipelines.pt_utils import KeyDataset

    parser: Any = transformers.pipeline(TASK, model=nlp)  # type: ignore[call-overload]
    given = KeyDataset(datasets.Dataset.from_dict({"text": TEXTS}), "text")
    expected = [words(nlp, text) for text in TEXTS]
    assert list(map(values, parser(given))) == expected
    assert [document.text for document in nlp.pipe(given)] == TEXTS  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"pipe takes many texts or documents, not 3; call the pipeline itself"):
        nlp.pipe(3)  # type: ignore[arg-type]
