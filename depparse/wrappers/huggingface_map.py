"""Annotation of data sets of the library datasets, by its `map`: with its progress bar, its processes and its cache.

The cache of the library finds what was annotated before by a fingerprint of the function that is mapped. Here that is
an `Annotator`, whose fingerprint is the same in every process and session for the same model (its name and the
content of its files), engine, request and version of depparse, and else another one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from depparse import __version__
from depparse.arguments import check_number
from depparse.errors import ConfigError, FormatError, ModelError
from depparse.inference.load import Options
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked, Request
from depparse.inference.workers import in_new_program, is_fork_of_started, use_one_thread
from depparse.shards.work import ModelName
from depparse.wrappers.rows import Rows

if TYPE_CHECKING:
    import pyarrow
    from datasets import Dataset, DatasetDict

_ROWS = 256  # that are annotated together
_MODELS = 2  # that a process keeps
_loaded: dict[tuple[ModelName, str], Pipeline] = {}  # by name and digest; processes that are forked later share them
_programs: dict[tuple[int, str], Callable[[Any], Any]] = {}  # by process and state
Data = TypeVar("Data", "Dataset", "DatasetDict")


class Annotator:
    """A function for `Dataset.map` that gives each row the CoNLL-U of its annotated text.

    ``dataset.map(Annotator("en"), batched=True, num_proc=4)`` adds the column ``conllu``, of which
    `Document.from_conllu` makes the document. `text` names the column of the texts, `column` the new one, and `name`,
    if given, the column with the name of each text, for ``# newdoc id`` and in front of the sent_ids. With
    ``batched=True``, the texts of a batch are annotated together, which is much faster. Without a `column` (None), rows
    that are a table of pyarrow become one with a row for each sentence, as `annotate` has them. For `model`, `device`,
    `runtime`, `precision`, `fetch`, `revision` see `depparse.load`, for `asked` `depparse.Request`.

    It loads the model, and is pickled without it; each process loads it once. A process of several uses one thread.
    OpenVINO cannot run in a fork of a process that has used it; there, a program beside each process computes.

    Raises ConfigError and ModelError; FormatError, from `map`, for a row without a text or a name.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "en",
        *,
        text: str = "text",
        column: str | None = "conllu",
        name: str | None = None,
        device: str = "cpu",
        runtime: str = "auto",
        precision: str = "auto",
        fetch: bool = False,
        revision: str | None = None,
        **asked: Unpack[Asked],
    ) -> None:
        source = ModelName(os.fspath(model), device, fetch, revision, runtime, precision).absolute()
        pipeline = source.load()
        self._model = replace(source.alike(pipeline), fetch=False)  # other processes find it where it is now
        self._digest = self._model.digest()
        self._rows, self._column = Rows(pipeline.request(**asked), text, name), column
        self._keep(pipeline)

    def __call__(self, rows: Any) -> Any:
        """The new column of these rows: a dictionary of the columns of a batch or of the cells of a row, or a table."""
        is_table = isinstance(rows, _table())
        # A batch may also be a dictionary, or a frame of pandas or Polars, of which only the first lists its names.
        columns = rows.column_names if is_table else list(getattr(rows, "columns", rows))
        if self._model.runtime == "openvino" and is_fork_of_started():
            return self._program()(rows if is_table else {name: rows[name] for name in columns})
        pipeline = self._pipeline()
        if self._column is None:
            return self._rows.annotated(pipeline, rows)
        self._rows.check(pipeline, columns, are_texts=True)
        texts, *names = [rows[name] for name in (self._rows.text, self._rows.name) if name is not None]
        if is_row := not is_table and isinstance(texts, str | None):
            texts, names = [texts], [[name] for name in names]
        elif is_table:
            texts, *names = [values.to_pylist() for values in (texts, *names)]
        found = [document.to_conllu() for document in self._rows.documents(pipeline, list(texts), *names)]
        return {self._column: found[0] if is_row else found}

    def schema(self, columns: Sequence[str]) -> pyarrow.Schema:
        """The fields of a row for each sentence, made of rows with these columns. Raises ConfigError."""
        pipeline = self._pipeline()
        self._rows.check(pipeline, columns)
        return self._rows.schema(pipeline, columns)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._state(),)

    def _state(self) -> str:
        """All that decides what the annotator does, as JSON with sorted keys."""
        request = {name: getattr(self._rows.request, name) for name in self._rows.request.asked}
        names = {name: sorted(value) for name, value in request.items() if isinstance(value, frozenset)}
        state = {
            "depparse": __version__,
            "digest": self._digest,
            "model": asdict(self._model),
            "request": request | names,
            "text": self._rows.text,
            "name": self._rows.name,
            "column": self._column,
        }
        return json.dumps(state, sort_keys=True)

    def _keep(self, pipeline: Pipeline) -> None:
        _loaded[self._model, self._digest] = pipeline
        while len(_loaded) > _MODELS:
            del _loaded[next(iter(_loaded))]

    def _pipeline(self) -> Pipeline:
        """The model, loaded if this process has not done so. Raises ModelError if it has become another one."""
        if (self._model, self._digest) not in _loaded:
            library = sys.modules.get("multiprocess")  # the processes of the library datasets
            if library is not None and library.parent_process() is not None:
                use_one_thread()
            pipeline = self._model.load()
            if self._model.digest() != self._digest:
                raise ModelError(f"{self._model.name} is not the model any more that it was; make the annotator again")
            self._keep(pipeline)
        return _loaded[self._model, self._digest]

    def _program(self) -> Callable[[Any], Any]:
        """The same annotator in a program beside this process."""
        key = os.getpid(), self._state()
        if key not in _programs:
            _programs[key] = in_new_program(self)
        return _programs[key]


def _restored(state: str) -> Annotator:
    """The annotator with this state. The model is not loaded yet."""
    values = json.loads(state)
    annotator: Annotator = object.__new__(Annotator)
    annotator._model, annotator._digest = ModelName(**values["model"]), values["digest"]
    annotator._rows = Rows(Request.of(values["request"]), values["text"], values["name"])
    annotator._column = values["column"]
    return annotator


def _table() -> Any:
    import pyarrow

    return pyarrow.Table


def annotate(
    dataset: Data,
    model: str | os.PathLike[str] = "en",
    *,
    text: str = "text",
    name: str | None = None,
    num_proc: int | None = None,
    batch_size: int = _ROWS,
    **options: Unpack[Options],
) -> Data:
    """A data set with a row for each sentence, in the fields of `depparse.formats.arrow`, in order.

    Each row of `dataset` is a text in the column `text`, or a sentence in the fields of `depparse.formats.arrow`. The
    column `name` has the name of each text, for ``# newdoc id`` and in front of the sent_ids. `num_proc` processes
    share the rows, of which each annotates `batch_size` together. Of a `DatasetDict`, each split is annotated.
    `depparse.Document.from_dataset` makes the document of the result. The other `options` are those of `Annotator`.

    Raises what `Annotator` raises.
    """
    import datasets

    check_number(batch_size, "batch_size", "rows")
    if num_proc is not None:
        check_number(num_proc, "num_proc", "processes")
        if num_proc > 1 and options.get("device", "cpu") != "cpu":
            device = options["device"]
            raise ConfigError(f"processes share out processors, but the model is on {device}; give no num_proc")
    if not isinstance(dataset, (datasets.Dataset, datasets.DatasetDict)):
        hint = "; a stream is annotated by its map, with an Annotator" if hasattr(dataset, "map") else ""
        raise FormatError(f"expected a datasets.Dataset, found {type(dataset).__name__}{hint}", path="data set")
    annotator = Annotator(model, text=text, column=None, name=name, **options)

    def annotated(part: Dataset) -> Dataset:
        fields = annotator.schema(part.column_names)
        if len(part) == 0:
            return datasets.Dataset(fields.empty_table())
        result = part.with_format("arrow").map(
            annotator,
            batched=True,
            batch_size=batch_size,
            num_proc=num_proc,
            remove_columns=part.column_names,
            features=datasets.Features.from_arrow_schema(fields),
            desc="Annotating",
        )
        return result.with_format(None)

    if isinstance(dataset, datasets.Dataset):
        return annotated(dataset)
    return datasets.DatasetDict({split: annotated(part) for split, part in dataset.items()})
