"""An input: a vector for the shape of a word, which is Xx for Anna and d for 1989."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType, InputNetwork, InputType
from depparse.features.batch import Ints, pad
from depparse.features.vocabulary import UNKNOWN, Vocabulary
from depparse.layers.tensors import Layout
from depparse.registry import PartConfig

ROOT = 1  # its number; 0 is UNKNOWN


def shape(form: str) -> str:
    """Letters as X or x, digits as d, and no sign twice in a row."""
    kinds = "".join("X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in form)
    return re.sub(r"(.)\1+", r"\1", kinds)


class ShapesConfig(PartConfig):
    """The settings in model.encoder.inputs of a recipe."""

    type: Literal["shapes"] = "shapes"
    width: int = Field(8, ge=1)  # units


class ShapesCodec:
    """Words to numbers of shapes."""

    Config = ShapesConfig

    def __init__(self, config: ShapesConfig, vocabulary: Vocabulary) -> None:
        self.config, self.vocabulary = config, vocabulary

    def features(self, sentence: Sentence) -> list[int]:
        return self.vocabulary.numbers(map(shape, sentence.columns["FORM"]))

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        return pad(rows, root=ROOT, padding=UNKNOWN)

    def to_json(self) -> Any:
        return self.vocabulary.to_json()

    @classmethod
    def from_json(cls, config: ShapesConfig, data: Any) -> ShapesCodec:
        return cls(config, Vocabulary(data, reserved=2))


class Shapes(nn.Module):
    """Numbers to vectors."""

    Codec = ShapesCodec

    def __init__(self, codec: ShapesCodec) -> None:
        super().__init__()
        self.codec, self.width = codec, codec.config.width
        self.embedding = nn.Embedding(len(codec.vocabulary), self.width)

    @classmethod
    def build(cls, config: ShapesConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Shapes:
        forms = (form for sentence in sentences for form in sentence.columns["FORM"])
        return cls(ShapesCodec(config, Vocabulary.count(map(shape, forms), reserved=2)))

    def forward(self, numbers: Tensor, layout: Layout) -> Tensor:
        vectors: Tensor = self.embedding(numbers)
        return vectors


INPUT: InputType[ShapesCodec, ShapesConfig] = Shapes
if TYPE_CHECKING:
    _codec: type[InputCodec[list[int], Ints]] = ShapesCodec
    _codec_type: InputCodecType[ShapesConfig] = ShapesCodec
    _network: type[InputNetwork[Tensor]] = Shapes
