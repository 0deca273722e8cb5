"""Treebanks as data sets of the library datasets, and data sets as treebanks.

Nothing here uses the network but `load_from_hub`. Rows are those of `depparse.formats.arrow` (lossless), or of the
forms that public data sets have (`depparse.formats.hub`).
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depparse.document.document import Document
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, open_output
from depparse.formats import arrow
from depparse.formats.hub import label_names, sentences_from_rows

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

_SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}


def to_dataset(sentences: Document | Iterable[Sentence], path: PathLike | None = None) -> Dataset:
    """A data set with one row a sentence (`depparse.formats.arrow` says which fields); `from_dataset` undoes it.

    It is in memory; with `path`, the sentences are streamed to that Arrow file and the data set is mapped from there,
    so it may be larger than memory.
    """
    import datasets
    import pyarrow as pa

    if path is None:
        document = sentences if isinstance(sentences, Document) else Document(sentences)
        return datasets.Dataset(arrow.to_arrow(document))
    source, fields = arrow.with_schema(sentences)
    with open_output(path) as out, pa.ipc.new_stream(out.buffer, fields) as writer:
        for batch in arrow.record_batches(source, fields):
            writer.write_batch(batch)
    return datasets.Dataset.from_file(os.fspath(path))


def from_dataset(
    dataset: Dataset | IterableDataset,
    fields: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Document:
    """The document in a data set; `iter_dataset` says which sets are understood. Raises FormatError."""
    sentences = list(iter_dataset(dataset, fields, labels))
    table = getattr(dataset, "data", None)
    return Document(sentences, arrow.column_names(getattr(table, "schema", None), sentences))


def iter_dataset(
    dataset: Dataset | IterableDataset,
    fields: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Sentence]:
    """The sentences of a data set, one at a time: of `to_dataset`, or of the hub's forms. Raises FormatError.

    `fields` says which columns the fields of other sets hold, ``{"words": "FORM", "labels": "NER"}``, and `labels` the
    names of numbered labels where the data set does not, ``{"labels": ["O", "B-PER", …]}``.
    """
    if isinstance(dataset, Mapping):
        names = ", ".join(map(repr, dataset))
        raise FormatError(f"this is a data set of several splits; choose one of {names}", path="data set")
    if not hasattr(dataset, "iter"):
        raise FormatError(f"expected a datasets.Dataset, found {type(dataset).__name__}", path="data set")
    # Formats such as "torch" would make tensors of the cells.
    rows = _rows(dataset.with_format(None))
    first = next(rows, None)
    if first is None:
        return iter(())
    rows = itertools.chain([first], rows)
    if arrow.is_own(list(first)):
        return placed(arrow.sentences_from_own_rows(rows, "data set"))
    known = label_names(dataset.features.arrow_schema) if dataset.features is not None else {}
    return sentences_from_rows(rows, {**known, **(labels or {})}, fields)


def _rows(dataset: Dataset | IterableDataset) -> Iterator[dict[str, object]]:
    for batch in dataset.iter(batch_size=arrow.ROWS):
        names = list(batch)
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(names, values, strict=True))


def load_parquet(
    path: PathLike | Sequence[PathLike], split: str | None = None, cache_dir: PathLike | None = None
) -> Dataset:
    """The data set in Parquet files, as downloaded from the hub. Never uses the network. Raises FormatError.

    `path` is a file, several files of one split, or the folder of one configuration, in which `split` (train,
    validation, test; dev is validation) is found by the names of files or their folders. The data is held in memory;
    with `cache_dir`, it is mapped from an Arrow copy there, so it may be larger than memory.
    """
    import datasets

    files = [os.fspath(file) for file in _files(path, split)]
    for file in files:
        arrow.parquet_file(file).close()  # says clearly what is wrong with it
    name = datasets.Split(_SPLITS.get(split, split)) if split else None
    if cache_dir is not None:
        return datasets.Dataset.from_parquet(files, split=name, cache_dir=os.fspath(cache_dir))
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(file) for file in files])
    return datasets.Dataset(table, split=name)


def _files(path: PathLike | Sequence[PathLike], split: str | None) -> list[Path]:
    if not isinstance(path, (str, os.PathLike)):
        if not path:
            raise FormatError("no files were given", path="data set")
        return [Path(file) for file in path]
    folder = Path(path)
    if not folder.is_dir():
        return [folder]
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*.parquet")):
        found.setdefault(_split_of(file.relative_to(folder)), []).append(file)
    if not found:
        raise FormatError("there is no Parquet file in this folder", path=os.fspath(path))
    wanted = _SPLITS.get(split, split) if split else next(iter(found)) if len(found) == 1 else None
    if wanted not in found:
        message = "which split?" if split is None else f"there is no split {split!r};"
        raise FormatError(f"{message} this folder has {', '.join(filter(None, found))}", path=os.fspath(path))
    files = found[wanted]
    if folders := sorted({os.fspath(file.parent) for file in files})[1:]:
        others = ", ".join([os.fspath(files[0].parent), *folders])
        raise FormatError(f"this folder has several data sets; choose one of {others}", path=os.fspath(path))
    return files


def _split_of(file: Path) -> str:
    """The split that a file's name tells (``train-00000-of-00001.parquet``), or else the folders above it."""
    for part in (file.stem, *reversed(file.parts[:-1])):
        for word in re.split(r"[^a-z]+", part.lower()):
            if word in _SPLITS:
                return _SPLITS[word]
    return ""


def load_from_hub(
    name: str,
    config: str | None = None,
    split: str = "train",
    revision: str | None = None,
    cache_dir: PathLike | None = None,
) -> Dataset:
    """A data set by its name on the Hugging Face hub (``commul/universal_dependencies``), downloaded if need be.

    This uses the network, nothing else here does. `config` is the treebank or language, `revision` a branch.
    """
    import datasets

    folder = None if cache_dir is None else os.fspath(cache_dir)
    try:
        return datasets.load_dataset(name, config, split=split, revision=revision, cache_dir=folder)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n", 1)[0]
        remedy = "check its name, configuration and split, or download its Parquet files and use load_parquet"
        if "script" in reason:
            remedy = "sets with a script are read from their Parquet branch: revision='refs/convert/parquet'"
        raise FormatError(f"cannot be loaded from the hub: {reason}; {remedy}", path=name) from error
