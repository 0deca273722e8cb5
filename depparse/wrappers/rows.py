"""Annotates the rows of tables, for libraries that map functions over data sets.

A row is a text or, in the fields of `depparse.formats.arrow`, a sentence. Annotated, it is a row for each sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from numbers import Integral
from typing import TYPE_CHECKING, Any

from depparse.arguments import shown
from depparse.document.columns import VALUE_COLUMNS
from depparse.document.document import Document
from depparse.document.raw_text import placed
from depparse.errors import ConfigError, FormatError
from depparse.formats import arrow
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Request
from depparse.text.naming import name_document

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Rows:
    """What is asked of a pipeline for each row, and the columns that have the texts and, if any, their names."""

    request: Request
    text: str = "text"
    name: str | None = None

    def check(self, pipeline: Pipeline, columns: Sequence[str], *, are_texts: bool = False) -> None:
        """Raises ConfigError if a data set with these columns cannot be annotated; rows may have to be texts."""
        if arrow.is_own(columns) and not are_texts:
            if self.request.choice(pipeline.languages).is_auto:
                raise ConfigError(
                    "rows that are sentences do not tell their paragraph: name the language or the treebank"
                )
        elif missing := [column for column in (self.text, self.name) if column and column not in columns]:
            option = "text" if missing[0] == self.text else "name"
            message = f"the data set has no column {missing[0]!r}; its columns are {', '.join(columns)}"
            raise ConfigError(f"{message}; say which by {option}=…")

    def schema(self, pipeline: Pipeline, columns: Sequence[str]) -> pyarrow.Schema:
        """The fields of the annotated sentences of a data set with these columns; they are the same for all batches."""
        names = arrow.columns_of(columns) if arrow.is_own(columns) else ()
        return arrow.schema(dict.fromkeys((*VALUE_COLUMNS, *names, *pipeline.written(self.request))))

    def annotated(self, pipeline: Pipeline, table: pyarrow.Table) -> pyarrow.Table:
        """The annotated sentences of the rows, in order. Raises FormatError."""
        import pyarrow as pa

        if arrow.is_own(table.column_names):
            given = arrow.sentences_from_batches(table.schema, table.to_batches(), "data set")
            sentences = pipeline.annotate_stream(given, request=self.request)
        else:
            names = None if self.name is None else table.column(self.name).to_pylist()
            sentences = chain.from_iterable(self.documents(pipeline, table.column(self.text).to_pylist(), names))
        fields = self.schema(pipeline, table.column_names)
        return pa.Table.from_batches(arrow.record_batches(placed(sentences), fields), fields)

    def documents(
        self, pipeline: Pipeline, texts: Sequence[object], names: Iterable[object] | None = None
    ) -> Iterator[Document]:
        """The annotated texts, in order. Raises FormatError for a row without a text, or without a name."""
        checked = [_checked(text, str, f"text in the column {self.text!r}") for text in texts]
        documents: Iterator[Document] = pipeline.pipe(checked, batch_size=len(checked) or 1, request=self.request)
        if names is None:
            return documents
        texts_of_names = [_checked(name, (str, Integral), f"name in the column {self.name!r}") for name in names]
        return (_named(document, name) for document, name in zip(documents, texts_of_names, strict=True))


def _checked(value: object, types: Any, expected: str) -> str:
    """The value as text. Raises FormatError unless it is of one of the `types`."""
    if not isinstance(value, types):
        raise FormatError(f"a row has no {expected}: {shown(value)}", path="data set")
    return str(value)


def _named(document: Document, name: str) -> Document:
    """The document, whose sentences are changed in place."""
    name = "_".join(name.split())
    for sentence in name_document(document, name):
        sentence.set_comment("sent_id", f"{name}-{sentence.sent_id}")
    return document
