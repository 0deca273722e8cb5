"""The Document: sentences in order, and their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.sentence import Sentence, placed
from depparse.document.spans import Span
from depparse.document.words import Word
from depparse.text.raw import iter_exact_text

if TYPE_CHECKING:
    import pandas
    import pyarrow


class Document:
    """Sentences, in order. `column_names` are the columns of the file they came from, ID included."""

    __slots__ = ("column_names", "sentences")

    def __init__(self, sentences: Iterable[Sentence] = (), column_names: Sequence[str] = CONLLU_COLUMNS) -> None:
        self.sentences = list(placed(sentences))
        self.column_names = tuple(column_names)

    @property
    def text(self) -> str:
        """The text, in which offsets of words and tokens count: exact where the tokens tell how they are spaced
        (``SpacesAfter`` …), as in documents made of raw text, else the plain raw text (`depparse.text.raw`)."""
        # Placed again, as the sentences may have been changed or moved.
        return "".join(iter_exact_text(placed(self.sentences)))

    @property
    def ents(self) -> list[Span]:
        return [span for sentence in self.sentences for span in sentence.ents]

    @property
    def num_words(self) -> int:
        return sum(map(len, self.sentences))

    @property
    def num_tokens(self) -> int:
        return sum(len(s) - sum(m.end - m.start for m in s.mwts) for s in self.sentences)

    def iter_words(self) -> Iterator[Word]:
        return (word for sentence in self.sentences for word in sentence.words)

    def to_conllu(self) -> str:
        """The document as a CoNLL-U file. What was read and not touched comes back byte for byte."""
        return "".join(sentence.to_conllu() for sentence in self.sentences)

    @classmethod
    def from_conllu(cls, text: str) -> Document:
        """The document in a string of CoNLL-U. Raises FormatError."""
        from depparse.formats.conllu import parse_conllu

        return cls(parse_conllu(text))

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON-able dictionaries and lists; `from_dict` gives it back without loss."""
        from depparse.formats.export import document_to_dict

        return document_to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Document:
        from depparse.formats.export import document_from_dict

        return document_from_dict(data)

    def to_pandas(self) -> pandas.DataFrame:
        """One row a line of the file, in order; see `depparse.formats.export.to_pandas`."""
        from depparse.formats.export import to_pandas

        return to_pandas(self)

    def to_arrow(self) -> pyarrow.Table:
        """One row a sentence, columns as lists; see `depparse.formats.arrow.to_arrow`."""
        from depparse.formats.arrow import to_arrow

        return to_arrow(self)

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)

    def __getitem__(self, index: int) -> Sentence:
        return self.sentences[index]

    def __repr__(self) -> str:
        return f"<Document: {len(self)} sentences, {self.num_tokens} tokens, {self.num_words} words>"
