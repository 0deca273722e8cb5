"""Documents as Polars frames, one row for each sentence, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depparse.arguments import check_type
from depparse.document.document import Conversion, Document
from depparse.formats.arrow import NAMES, from_arrow, to_arrow
from depparse.formats.assemble import column_names_of, reporter
from depparse.formats.pandas import from_pandas
from depparse.libraries import library

if TYPE_CHECKING:
    import polars


def to_polars(doc: Document) -> polars.DataFrame:
    """A frame with one row for each sentence and the columns of `depparse.formats.arrow`, which are lists of words.

    Nothing of a file is lost, nor are scores, as in an Arrow table; only a document without sentences forgets which
    columns it has. ``frame.explode("FORM", "UPOS")`` has one row for each word.
    """
    pl = library("polars")
    frame: polars.DataFrame = pl.from_arrow(to_arrow(doc))
    if doc.sentences and doc.column_names != column_names_of(doc[0]):  # Polars drops the metadata of Arrow
        frame = frame.with_columns(pl.lit(list(doc.column_names)).alias(NAMES))
    return frame


def from_polars(frame: polars.DataFrame | polars.LazyFrame) -> Document:
    """The document in a frame of `to_polars`, or in one with a row for each line of a file, as `from_pandas` takes it.

    Raises FormatError.
    """
    pl = library("polars")
    check_type(frame, (pl.DataFrame, pl.LazyFrame), "frame", "a polars.DataFrame")
    frame = frame.lazy().collect()
    fail = reporter("frame")
    if "FORM" in frame.columns and not isinstance(frame.schema["FORM"], pl.List):
        return from_pandas(frame.to_pandas())
    if "FORM" not in frame.columns:
        raise fail("the column 'FORM' is missing; expected a frame as Document.to('polars') makes it")
    return from_arrow(frame.to_arrow())


CONVERSION = Conversion(to_polars, from_polars)
