"""The Document: sentences in order, and their text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from depparse.arguments import check_iterable, shown
from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.conversions import CONVERSIONS, SEARCHES
from depparse.document.drawings import Drawable
from depparse.document.raw_text import iter_exact_text, placed
from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.document.words import Word
from depparse.errors import ConfigError

if TYPE_CHECKING:
    import conllu
    import pandas
    import pyarrow
    import stanza
    from datasets import Dataset
    from spacy.tokens import Doc
    from spacy.vocab import Vocab


class Conversion(NamedTuple):
    """How documents become objects of one type, and how such objects become documents; a file of formats/ has one."""

    to_object: Callable[..., Any]  # takes a Document, and options of the conversion
    to_document: Callable[[Any], Document] | None = None  # raises FormatError; None: such objects make no documents


def _sentence(value: object) -> Sentence:
    if not isinstance(value, Sentence):
        raise ConfigError(f"a document holds objects of Sentence, not {shown(value)}")
    return value


class Document(Drawable):
    """Sentences in order. `column_names` are the columns of the file that they came from, ID included."""

    __slots__ = ("column_names", "sentences")

    def __init__(self, sentences: Iterable[Sentence] = (), column_names: Sequence[str] = CONLLU_COLUMNS) -> None:
        check_iterable(sentences, "sentences", "a list of sentences; parse_conllu and a pipeline read text")
        self.sentences = list(placed(map(_sentence, sentences)))
        self.column_names = tuple(column_names)

    @property
    def text(self) -> str:
        """The text that the offsets of words and tokens refer to (see `depparse.document.raw_text`).

        It is the exact text where the tokens tell how they are spaced (``SpacesAfter`` …), as in documents made of raw
        text, else the plain one.
        """
        # The sentences may have been changed or moved, so their offsets are set anew.
        return "".join(iter_exact_text(placed(self.sentences)))

    @property
    def ents(self) -> list[Span]:
        """The entities of all sentences."""
        return [span for sentence in self.sentences for span in sentence.ents]

    @property
    def num_words(self) -> int:
        """The number of syntactic words; empty nodes do not count."""
        return sum(map(len, self.sentences))

    @property
    def num_tokens(self) -> int:
        """The number of surface tokens; a multiword token counts once."""
        return sum(len(s) - sum(m.end - m.start for m in s.mwts) for s in self.sentences)

    def iter_words(self) -> Iterator[Word]:
        """The words of all sentences, in order."""
        return (word for sentence in self.sentences for word in sentence.words)

    def query(self, pattern: Any) -> list[Any]:
        """The matches of a pattern in all sentences, in order, such as ``pattern { V -[nsubj]-> S; V [lemma="be"] }``.

        They are objects of `Match` in `depparse.treebanks.query.search`; docs/query.md has the syntax. Raises
        ConfigError, with line and column, for a text that is no pattern.
        """
        return list(SEARCHES["search"](self, pattern))

    # -- to other types, and from them

    def to(self, name: str) -> Any:
        """The document as an object of another type.

        ``arrow`` and ``polars`` are tables with one row for each sentence, ``pandas`` has one for each line;
        ``dataset`` is one of the library datasets; ``token_lists`` (of the library conllu), ``networkx`` and ``nltk``
        are lists of objects, one for each sentence;
        ``displacy`` is what spaCy draws; ``spacy`` is a Doc, ``stanza`` a Document of Stanza; ``json`` is dictionaries,
        ``conllu`` text. Other packages add names by the entry points ``depparse.conversions``. Raises ConfigError, also
        if a library is not installed.
        """
        return CONVERSIONS[name].to_object(self)

    @classmethod
    def of(cls, name: str, value: Any) -> Document:
        """The document in an object such as `to` makes under this name. Raises FormatError, or ConfigError as `to`."""
        to_document: Callable[[Any], Document] | None = CONVERSIONS[name].to_document
        if to_document is None:
            raise ConfigError(f"objects of {name!r} hold too little to make documents of; only Document.to makes them")
        return to_document(value)

    def to_conllu(self) -> str:
        """The document as the text of a CoNLL-U file. Whatever was read and not changed comes back byte for byte."""
        return "".join(sentence.to_conllu() for sentence in self.sentences)

    @classmethod
    def from_conllu(cls, text: str) -> Document:
        """The document in a string of CoNLL-U. Raises FormatError."""
        return cls.of("conllu", text)

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON-able dictionaries and lists; `from_dict` gives it back without loss."""
        data: dict[str, Any] = self.to("json")
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Document:
        """The document that `to_dict` made. Raises FormatError."""
        return cls.of("json", data)

    def to_pandas(self) -> pandas.DataFrame:
        """A frame with one row for each line of the file, in order; see `depparse.formats.pandas.to_pandas`."""
        frame: pandas.DataFrame = self.to("pandas")
        return frame

    @classmethod
    def from_pandas(cls, frame: pandas.DataFrame) -> Document:
        """The document that `to_pandas` made. Raises FormatError."""
        return cls.of("pandas", frame)

    def to_arrow(self) -> pyarrow.Table:
        """A table with one row for each sentence, columns as lists; see `depparse.formats.arrow.to_arrow`."""
        table: pyarrow.Table = self.to("arrow")
        return table

    @classmethod
    def from_arrow(cls, table: pyarrow.Table) -> Document:
        """The document that `to_arrow` made. Raises FormatError."""
        return cls.of("arrow", table)

    def to_dataset(self) -> Dataset:
        """A `datasets.Dataset` with the rows of `to_arrow`; `depparse.formats.dataset` streams to a file, too."""
        dataset: Dataset = self.to("dataset")
        return dataset

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Document:
        """The document in a data set, one of `to_dataset` or in a form common on the hub. Raises FormatError."""
        return cls.of("dataset", dataset)

    def to_token_lists(self) -> list[conllu.TokenList]:
        """A `conllu.TokenList` for each sentence; `depparse.formats.token_lists` says what they cannot hold."""
        token_lists: list[conllu.TokenList] = self.to("token_lists")
        return token_lists

    @classmethod
    def from_token_lists(cls, token_lists: Iterable[conllu.TokenList]) -> Document:
        """The document in token lists, such as those of ``conllu.parse``. Raises FormatError."""
        return cls.of("token_lists", token_lists)

    def to_spacy(self, vocab: Vocab | None = None) -> Doc:
        """A Doc of spaCy with the text and all annotation; `vocab` is that of a pipeline, ``nlp.vocab``.

        See `depparse.formats.spacy`.
        """
        doc: Doc = CONVERSIONS["spacy"].to_object(self, vocab)
        return doc

    @classmethod
    def from_spacy(cls, doc: Doc) -> Document:
        """The document in a Doc of spaCy, of `to_spacy` or of any other origin. Raises FormatError."""
        return cls.of("spacy", doc)

    def to_stanza(self, *, offsets: bool = True) -> stanza.Document:
        """A document of Stanza with the text and all annotation; see `depparse.formats.stanza.to_stanza`."""
        document: stanza.Document = CONVERSIONS["stanza"].to_object(self, offsets=offsets)
        return document

    @classmethod
    def from_stanza(cls, document: stanza.Document) -> Document:
        """The document in one of Stanza, of `to_stanza` or of any other origin. Raises FormatError."""
        return cls.of("stanza", document)

    def __len__(self) -> int:
        """The number of sentences."""
        return len(self.sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)

    def __getitem__(self, index: int) -> Sentence:
        return self.sentences[index]

    def __repr__(self) -> str:
        return f"<Document: {len(self)} sentences, {self.num_tokens} tokens, {self.num_words} words>"
