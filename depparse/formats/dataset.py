"""Documents as data sets of the library datasets, and back; data sets of the hub's common forms are read too.

Rows are those of `depparse.formats.arrow`, which lose nothing, or those of common data sets of the hub
(`depparse.formats.hub`). The columns of the document are in the description of the data set, since the library keeps
no metadata of Arrow but its own. No network is used: `depparse.wrappers.huggingface_datasets` loads sets of the hub.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from depparse.document.document import Conversion, Document
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, open_output
from depparse.formats import arrow
from depparse.formats.assemble import as_column_names, column_names_of, reporter
from depparse.formats.hub import label_names, sentences_from_rows

if TYPE_CHECKING:
    import pyarrow
    from datasets import Dataset, DatasetInfo, IterableDataset


_COLUMNS = "# global.columns = "  # begins the description of a data set


def to_dataset(
    sentences: Document | Iterable[Sentence], path: PathLike | None = None, columns: Sequence[str] | None = None
) -> Dataset:
    """A data set with one row for each sentence, in the fields of `depparse.formats.arrow`; `from_dataset` inverts it.

    The data set is in memory. With `path`, the sentences are streamed to that Arrow file, and the data set is mapped
    from the file, so it may be larger than memory. It has the `columns` (without ID), by default those of CoNLL-U and
    of the document or, if `sentences` is none, of its first sentences. Raises FormatError for a sentence with another
    column.
    """
    import datasets
    import pyarrow as pa

    if path is None:
        document = sentences if isinstance(sentences, Document) else Document(sentences)
        table = arrow.to_arrow(document, columns)
        return datasets.Dataset(table, info=info_of(table.schema))
    source, fields = arrow.with_schema(sentences, columns)
    with open_output(path) as out, pa.ipc.new_stream(out.buffer, fields) as writer:
        for batch in arrow.record_batches(source, fields):
            writer.write_batch(batch)
    return datasets.Dataset.from_file(os.fspath(path), info=info_of(fields))


def info_of(fields: pyarrow.Schema) -> DatasetInfo:
    """The description of a data set with these fields; empty if their metadata do not tell the columns."""
    import datasets

    names = arrow.stored_names(fields, "data set")
    return datasets.DatasetInfo(description=_COLUMNS + " ".join(names) if names else "")


def from_dataset(
    dataset: Dataset | IterableDataset,
    fields: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Document:
    """The document in a data set; `iter_dataset` says which data sets are understood. Raises FormatError for others."""
    sentences = list(iter_dataset(dataset, fields, labels))
    description = dataset.description or ""
    if description.startswith(_COLUMNS):
        names = description.removeprefix(_COLUMNS).split()
        return Document(sentences, as_column_names(names, reporter("data set")))
    return Document(sentences, column_names_of(next(iter(sentences), None)))


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


CONVERSION = Conversion(to_dataset, from_dataset)
