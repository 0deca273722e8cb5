"""Words as the numbers of their rows in a file of pretrained vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.encoders.words.codec import pad_numbers
from depparse.features.batch import Ints
from depparse.features.vocabulary import UNKNOWN, Vocabulary
from depparse.registry import PartConfig
from depparse.text.variants import unified_forms

RESERVED = 2  # UNKNOWN and ROOT


class VectorsConfig(PartConfig):
    """The settings of pretrained vectors of words, and of a learned projection of them."""

    type: Literal["vectors"] = "vectors"
    file: str  # .vec or .txt, .bin (word2vec or fastText), each also .gz; read in training only
    limit: int = Field(100_000, ge=0)  # rows at the beginning of the file that are kept for new words
    width: int = Field(128, ge=1)  # units that the vectors are projected to
    frozen: bool = True  # else the rows are fine-tuned, with the learning rate of pretrained weights
    dropout: float = Field(0.05, ge=0, lt=1)  # probability that a word is read as unknown, in training


class VectorsCodec:
    """The codec of forms as numbers of rows; a row has `units` units."""

    Config = VectorsConfig

    def __init__(self, config: VectorsConfig, vocabulary: Vocabulary, units: int) -> None:
        self.config, self.vocabulary, self.units = config, vocabulary, units

    def features(self, sentence: Sentence) -> list[int]:
        """The number of each word."""
        return [self._number(form) for form in unified_forms(sentence)]

    def _number(self, form: str) -> int:
        numbers = (self.vocabulary.number(reading) for reading in readings(form))
        return next((number for number in numbers if number != UNKNOWN), UNKNOWN)

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        """The numbers ``[batch, words]``."""
        return pad_numbers(rows)

    def to_json(self) -> Any:
        """The words, and the number of units in a row."""
        return {"words": self.vocabulary.to_json(), "units": self.units}

    @classmethod
    def from_json(cls, config: VectorsConfig, data: Any) -> VectorsCodec:
        """The codec of the words in `data`."""
        return cls(config, Vocabulary(data["words"], RESERVED), data["units"])


def readings(form: str) -> Iterator[str]:
    """The ways to write a form, the best first: unchanged, in lower case; then both with underscores for spaces."""
    for spaced in (form, form.replace(" ", "_")) if " " in form else (form,):
        yield spaced
        yield spaced.lower()


CODEC: InputCodecType[VectorsConfig] = VectorsCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[list[int], Ints]] = VectorsCodec
