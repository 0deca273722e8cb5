"""Conversion between treebanks and data sets of the library datasets.

Only `load_from_hub` uses the network. Rows are those of `depparse.formats.arrow`, which lose nothing, or those of
common data sets of the hub (`depparse.formats.hub`).
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
    """A data set with one row for each sentence, in the fields of `depparse.formats.arrow`; `from_dataset` inverts it.

    The data set is in memory. With `path`, the sentences are streamed to that Arrow file, and the data set is mapped
    from the file, so it may be larger than memory.
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
    """The document in a data set; `iter_dataset` says which data sets are understood. Raises FormatError for others."""
    sentences = list(iter_dataset(dataset, fields, labels))
    table = getattr(dataset, "data", None)
    return Document(sentences, arrow.column_names(getattr(table, "schema", None), sentences, "data set"))


def iter_dataset(
    dataset: Dataset | IterableDataset,
    fields: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Sentence]:
    """The sentences of a data set, one at a time: one of `to_dataset`, or in a form common on the hub.

    For other data sets, `fields` says which column each field holds, ``{"words": "FORM", "labels": "NER"}``. If labels
    are numbers without names, `labels` gives the names, ``{"labels": ["O", "B-PER", …]}``. Raises FormatError for data
    that is not understood.
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
    own_names = label_names(dataset.features.arrow_schema) if dataset.features is not None else {}
    return sentences_from_rows(rows, {**own_names, **(labels or {})}, fields)


def _rows(dataset: Dataset | IterableDataset) -> Iterator[dict[str, object]]:
    """The rows of a data set, read in batches."""
    for batch in dataset.iter(batch_size=arrow.ROWS):
        names = list(batch)
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(names, values, strict=True))


def load_parquet(
    path: PathLike | Sequence[PathLike], split: str | None = None, cache_dir: PathLike | None = None
) -> Dataset:
    """The data set in Parquet files that were downloaded from the hub. It never uses the network.

    `path` is a file, several files of one split, or the folder of one configuration. In a folder, `split` (train,
    validation, test; dev means validation) is found by the names of files or of their folders. The data is held in
    memory; with `cache_dir`, it is mapped from an Arrow copy there, so it may be larger than memory. Raises FormatError
    if there is no such split or a file cannot be read.
    """
    import datasets

    files = [os.fspath(file) for file in _files(path, split)]
    for file in files:
        arrow.parquet_file(file).close()  # its errors say clearly what is wrong with a file
    name = datasets.Split(_SPLITS.get(split, split)) if split else None
    if cache_dir is not None:
        return datasets.Dataset.from_parquet(files, split=name, cache_dir=os.fspath(cache_dir))
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(file) for file in files])
    return datasets.Dataset(table, split=name)


def _files(path: PathLike | Sequence[PathLike], split: str | None) -> list[Path]:
    """The files of one split. Raises FormatError if they cannot be told."""
    if not isinstance(path, (str, os.PathLike)):
        if not path:
            raise FormatError("no files were given", path="data set")
        return [Path(file) for file in path]
    folder = Path(path)
    if not folder.is_dir():
        return [folder]
    files_of: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*.parquet")):
        files_of.setdefault(_split_of(file.relative_to(folder)), []).append(file)
    if not files_of:
        raise FormatError("there is no Parquet file in this folder", path=os.fspath(path))
    chosen_split = _SPLITS.get(split, split) if split else next(iter(files_of)) if len(files_of) == 1 else None
    if chosen_split not in files_of:
        message = "which split?" if split is None else f"there is no split {split!r};"
        raise FormatError(f"{message} this folder has {', '.join(filter(None, files_of))}", path=os.fspath(path))
    files = files_of[chosen_split]
    if folders := sorted({os.fspath(file.parent) for file in files})[1:]:
        folder_names = ", ".join([os.fspath(files[0].parent), *folders])
        raise FormatError(f"this folder has several data sets; choose one of {folder_names}", path=os.fspath(path))
    return files


def _split_of(file: Path) -> str:
    """The split in a file's name (``train-00000-of-00001.parquet``) or in those of the folders above it; '' if none."""
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
    """A data set by its name on the Hugging Face hub (``commul/universal_dependencies``), downloaded if needed.

    Only this function uses the network. `config` is the treebank or language, `revision` a branch. Raises FormatError
    if the data set cannot be loaded.
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
