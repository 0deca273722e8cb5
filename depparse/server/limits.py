"""What the server takes on, and the errors that refuse a request, each with its HTTP status."""

from __future__ import annotations

from dataclasses import dataclass, fields

from depparse.arguments import check_number
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, DepparseError

_ENVELOPE = 64 * 1024  # bytes of a body besides its text: names of parameters, boundaries, escapes


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a request, and on the requests that are served at once."""

    characters: int = 1_000_000  # of the text, or of all texts, in a request
    words: int = 100_000  # of all sentences in a request, each counted as often as it has trees (k_best)
    sentence_words: int = 1000  # of a sentence; memory grows with their square
    trees: int = 100  # of a sentence (k_best)
    seconds: float = 60  # in which a request must arrive and, after that, be answered
    waiting: int = 256  # requests that are not answered yet

    def __post_init__(self) -> None:
        """Raises ConfigError for limits under which nothing could be served."""
        for field in fields(self):
            if field.name != "seconds":
                check_number(getattr(self, field.name), field.name, field.name.replace("_", " "))
        if not self.seconds > 0:
            raise ConfigError(f"the time limit is a number of seconds above 0, not {self.seconds}")

    @property
    def bytes(self) -> int:
        """The size of the largest body: that many characters in UTF-8, of four bytes each, and what is around them."""
        return 4 * self.characters + _ENVELOPE

    def check_characters(self, *texts: str) -> None:
        """Raises Refusal (413) if the texts together have too many characters."""
        given = sum(map(len, texts))
        if given > self.characters:
            raise Refusal(
                413, "size", f"a request has at most {self.characters:,} characters, not {given:,}; send it in parts"
            )

    def check_sentence(self, sentence: Sentence, words_before: int, trees: int = 1) -> None:
        """Raises Refusal (413) if the sentence is too long, or makes the words of the request too many.

        Each word counts as often as the sentence is to have `trees`.
        """
        if len(sentence) > self.sentence_words:
            raise Refusal(
                413,
                "sentence",
                f"a sentence has at most {self.sentence_words:,} words, and one has {len(sentence):,}; split it",
            )
        if trees * (words_before + len(sentence)) > self.words:
            counted = f" ({trees} trees of each count)" if trees > 1 else ""
            raise Refusal(413, "words", f"a request has at most {self.words:,} words{counted}; send it in parts")

    def check_sentences(self, sentences: list[Sentence]) -> list[Sentence]:
        """The sentences. Raises Refusal (413) if one is too long, or if they have too many words together."""
        words = 0
        for sentence in sentences:
            self.check_sentence(sentence, words)
            words += len(sentence)
        return sentences


class Refusal(DepparseError):  # noqa: N818
    """A request that is not served.

    `status` is that of HTTP; `kind`, a word, is for metrics and programs; `retry_after` is a number of seconds.
    """

    def __init__(self, status: int, kind: str, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status, self.kind, self.retry_after = status, kind, retry_after

    @classmethod
    def of(cls, error: Exception) -> Refusal:
        """The error as a refusal: 400 for what is wrong with the input, 500 for a fault of the server."""
        if isinstance(error, Refusal):
            return error
        if isinstance(error, DepparseError):
            return cls(400, "input", str(error))
        return cls(500, "internal", "the server failed to serve this request; it is not the fault of the input")


def too_late(limits: Limits) -> Refusal:
    """The refusal of a request that takes too much time: 504, since it is the server that did not manage."""
    return Refusal(504, "time", f"the answer was not ready in {limits.seconds:g} seconds; send less text, or try later")


def disconnected() -> Refusal:
    """The end of a request whose client has gone; nobody reads the answer. 499 is nginx's status for this."""
    return Refusal(499, "disconnected", "the client closed the connection")
