"""The subwords of a pretrained transformer, in windows that it can see. No torch here.

Words are split one by one, so that alignment is exact also inside multiword tokens. A sentence that is longer than the
transformer can see is read in overlapping windows, and each subword is taken from the window in which it is most
central.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from tokenizers import Tokenizer

from depparse.config import Config, key_error
from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.encoders.transformer.families import FAMILIES
from depparse.encoders.transformer.settings import check_settings, positions_of
from depparse.errors import ModelError
from depparse.features.batch import Ints
from depparse.registry import PartConfig
from depparse.text.variants import unified_forms

_SURROGATES = re.compile("[\ud800-\udfff]")
_COUNT_FROM_PADDING = frozenset(
    "roberta xlm-roberta xlm-roberta-xl camembert roberta-prelayernorm data2vec-text mpnet".split()
)
_LEAST = 4  # the fewest subwords that a model may see at once: two marks, and two more so that windows overlap
_PIECE = 8_192  # subwords, with padding, that are read at once, which bounds memory if no gradient is kept
Array = TypeVar("Array")  # of NumPy or of torch


class LoraConfig(Config):
    """Adapters of low rank, which are trained in place of the weights of the layers (Hu et al. 2022)."""

    rank: int = Field(16, ge=1, le=4096)
    alpha: float = Field(32.0, gt=0)  # the learned change is multiplied by alpha / rank
    dropout: float = Field(0.05, ge=0, lt=1)  # of what the adapters read


class TransformerConfig(PartConfig):
    """The settings of a pretrained encoder, fine-tuned or frozen."""

    type: Literal["transformer"] = "transformer"
    name: str  # a folder, a name on the hub, or package:NAME/FOLDER for one inside an installed Python package
    download: bool = False  # whether it may be fetched from the hub
    frozen: bool = False
    # The embeddings and the first layers, so many, are not trained; 0: all is trained.
    frozen_layers: int = Field(0, ge=0, exclude_if=lambda number: number == 0)
    pooling: Literal["first", "mean"] = "mean"  # a word's vector is that of its first subword, or the mean of all
    layers: int = Field(4, ge=1)  # number of the last layers that are mixed, by learned weights
    mix: Literal["shared", "task"] = "shared"  # one mix, or one for each task (and one for the context layer)
    window: int = Field(512, ge=16)  # subwords read at once, with special ones; never more than the model can see
    # Only the first layers, so many, are read, trained and saved; None: all.
    depth: int | None = Field(None, ge=1, exclude_if=lambda depth: depth is None)
    # Whether training computes the layers' activations again in the backward pass, instead of keeping them in memory.
    recompute: bool = Field(False, exclude_if=lambda recompute: not recompute)
    # Trains adapters of low rank and none of the encoder's weights; saved models have them added to the weights.
    lora: LoraConfig | None = Field(None, exclude_if=lambda lora: lora is None)

    @model_validator(mode="after")
    def _trains_what_lora_says(self) -> TransformerConfig:
        if self.frozen and self.lora is not None:
            raise key_error("lora", "trains adapters, but with frozen = true nothing of the encoder is trained")
        if self.frozen_layers and (self.frozen or self.lora is not None):
            other = "frozen = true, which trains" if self.frozen else "lora, which trains"
            raise key_error("frozen_layers", f"leaves layers untrained, beside {other} none of the weights; give one")
        return self


@dataclass(slots=True)
class Pieces:
    """The subwords of a sentence."""

    ids: Ints  # [subwords]
    counts: Ints  # [words], the number of subwords of each word, at least one


class Subwords(NamedTuple, Generic[Array]):
    """The windows of a batch, and where its words are in them."""

    ids: Array  # [windows, subwords]
    mask: Array  # [windows, subwords], 1 at real subwords
    places: Array  # [subwords of words], index in ids.flatten(), rising
    words: Array  # [subwords of words], the number of the word in [batch, words], flattened
    firsts: Array  # [subwords of words], True at the first subword of a word
    owners: Array | None  # [windows, subwords], number of the word in its sentence or -1; None without attention


class KeptLayers(NamedTuple, Generic[Array]):
    """The layers of a frozen model that are mixed, as vectors of the words, which were computed before."""

    layers: Array  # [batch, words, layers, width]


class TransformerCodec:
    """The tokenizer, and the `settings` of the pretrained model by the names that transformers has for them.

    `positions` is how many subwords the model can see at once, or None if that is not limited. `family` is what is
    special about its type, and `shows_attention` says whether batches tell which word each subword belongs to.
    """

    Config = TransformerConfig

    def __init__(
        self, config: TransformerConfig, tokenizer: Tokenizer, settings: Mapping[str, Any], positions: int | None
    ) -> None:
        _check_positions(positions, settings)
        self.config, self.tokenizer, self.settings, self.positions = config, tokenizer, dict(settings), positions
        # The tokenizer's file may ask for truncation and padding, which would silently change what is read.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # so that a word "[SEP]" is read as a word, not as the mark
        self.window = config.window if positions is None else min(config.window, positions)
        self.family = FAMILIES[settings["model_type"]]
        self.shows_attention = False
        self._lead = _lead(tokenizer)
        self._begin, self._end = _special(tokenizer, settings)
        self._padding: int = settings.get("pad_token_id") or 0
        unknown = (tokenizer.token_to_id(name) for name in ("[UNK]", "<unk>"))
        self._unknown: int = next((number for number in unknown if number is not None), self._end)
        for number in (self._begin, self._end, self._padding, self._unknown):
            if number >= settings["vocab_size"]:
                raise ModelError(
                    f"the tokenizer has a subword {number}, but the transformer has {settings['vocab_size']}"
                )

    def features(self, sentence: Sentence) -> Pieces:
        """The subwords of the words."""
        # A tokenizer does not accept half a surrogate pair.
        forms = [self._lead + _SURROGATES.sub("\ufffd", form) for form in unified_forms(sentence)]
        encoding = self.tokenizer.encode(forms, is_pretokenized=True, add_special_tokens=False)
        ids, owners = np.array(encoding.ids, np.int64), np.array(encoding.word_ids, np.int64)
        counts = np.bincount(owners, minlength=len(forms))
        # A word of control characters has no subword, but needs one to have a vector.
        missing = np.flatnonzero(counts == 0)
        ids = np.insert(ids, np.searchsorted(owners, missing), self._unknown)
        counts[missing] = 1
        return Pieces(ids, counts)

    def collate(self, rows: Sequence[Pieces | NDArray[np.float16]]) -> Subwords[Ints] | KeptLayers[NDArray[Any]]:
        """The sentences in windows, with all their subwords; or kept vectors, padded. O(subwords)."""
        pieces = [row for row in rows if isinstance(row, Pieces)]
        kept = [row for row in rows if isinstance(row, np.ndarray)]
        return _padded(kept) if kept else self._windows(pieces)

    def _windows(self, rows: Sequence[Pieces]) -> Subwords[Ints]:
        n_words = 1 + max(len(row.counts) for row in rows)
        ids = np.concatenate([row.ids for row in rows])
        sizes = np.array([len(row.ids) for row in rows])
        before = sizes.cumsum() - sizes  # [batch], the number of subwords in the sentences before
        # A window begins every half window.
        capacity = self.window - 2
        step = capacity // 2
        n_windows = np.where(sizes <= capacity, 1, -(-(sizes - step) // step))
        windows_before = n_windows.cumsum() - n_windows
        sentence = np.repeat(np.arange(len(rows)), n_windows)  # [windows]
        begin = (np.arange(len(sentence)) - windows_before[sentence]) * step
        size = np.minimum(capacity, sizes[sentence] - begin)
        longest = 2 + int(size.max())
        positions = np.arange(longest)
        inside = (positions > 0) & (positions <= size[:, None])
        matrix = np.full((len(sentence), longest), self._padding)
        matrix[:, 0] = self._begin
        matrix[np.arange(len(sentence)), size + 1] = self._end
        matrix[inside] = ids[((before[sentence] + begin)[:, None] + positions - 1)[inside]]
        # The subword of ROOT is the mark at the beginning of its sentence's first window.
        root_words = np.arange(len(rows)) * n_words
        words = np.concatenate(
            [
                np.repeat(root + 1 + np.arange(len(row.counts)), row.counts)
                for root, row in zip(root_words, rows, strict=True)
            ]
        )
        owner = np.repeat(np.arange(len(rows)), sizes)  # [subwords], their sentence
        position = np.arange(len(ids)) - before[owner]
        firsts = np.diff(words, prepend=-1) > 0
        window = _most_central(position, sizes[owner], n_windows[owner], step, capacity)
        flat = (windows_before[owner] + window) * longest + 1 + position - window * step
        flat, words = np.concatenate([windows_before * longest, flat]), np.concatenate([root_words, words])
        firsts = np.concatenate([np.ones(len(rows), np.bool_), firsts])
        order = flat.argsort(kind="stable")
        mask = (positions < size[:, None] + 2).astype(np.int64)
        owners = None
        if self.shows_attention:
            owners = np.full(matrix.shape, -1)
            owners[windows_before, 0] = 0
            in_sentence = np.concatenate([np.repeat(1 + np.arange(len(row.counts)), row.counts) for row in rows])
            owners[inside] = in_sentence[((before[sentence] + begin)[:, None] + positions - 1)[inside]]
        return Subwords(matrix, mask, flat[order], words[order], firsts[order], owners)

    def to_json(self) -> Any:
        """Settings, tokenizer and positions."""
        tokenizer = json.loads(self.tokenizer.to_str())
        vocabulary = tokenizer["model"]["vocab"]
        if isinstance(vocabulary, dict):
            subwords = sorted(vocabulary, key=vocabulary.__getitem__)
            if list(map(vocabulary.__getitem__, subwords)) == list(range(len(subwords))):
                tokenizer["model"]["vocab"] = subwords  # a list numbers them by its order, in two thirds of the bytes
        return {"config": self.settings, "tokenizer": tokenizer, "positions": self.positions}

    @classmethod
    def from_json(cls, config: TransformerConfig, data: Any) -> TransformerCodec:
        """The codec that gave `data` by `to_json`. Raises ModelError for data that no codec gives."""
        settings, tokenizer = check_settings(data["config"]), dict(data["tokenizer"])
        vocabulary = tokenizer["model"]["vocab"]
        if len(vocabulary) > settings["vocab_size"]:
            raise ModelError(
                f"the tokenizer has {len(vocabulary):,} subwords, but the transformer has {settings['vocab_size']:,}"
            )
        if vocabulary and isinstance(vocabulary, list) and isinstance(vocabulary[0], str):
            numbers = {subword: number for number, subword in enumerate(vocabulary)}
            tokenizer["model"] = tokenizer["model"] | {"vocab": numbers}
        positions = data["positions"] if "positions" in data else _positions(settings)
        return cls(config, tokenizer_from(json.dumps(tokenizer)), settings, positions)


def _padded(rows: Sequence[NDArray[np.float16]]) -> KeptLayers[NDArray[Any]]:
    """The kept vectors of several sentences side by side, ``[words, layers, width]`` each; zeros at padding."""
    layers = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), np.float32)
    for number, row in enumerate(rows):
        layers[number, : len(row)] = row
    return KeptLayers(layers)


def tokenizer_from(text: str) -> Tokenizer:
    """The tokenizer that this text, the content of a ``tokenizer.json``, describes. Raises ModelError."""
    try:
        return Tokenizer.from_str(text)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library has no class of its own for its errors, and a panic is no Exception
        raise ModelError(f"the tokenizer cannot be read: {error}") from None


def _most_central(positions: Ints, sizes: Ints, n_windows: Ints, step: int, capacity: int) -> Ints:
    """The window, among those of its sentence, in which each subword is farthest from the nearer end.

    ``positions[subwords]`` are those in sentences of `sizes` subwords and `n_windows` windows, a window every `step`
    subwords, with `capacity` subwords. A subword is in two or three windows; of equally good ones, the first is taken.
    """
    last = np.minimum(positions // step, n_windows - 1)
    candidates = np.stack([np.maximum(last - back, 0) for back in (2, 1, 0)])
    begins = candidates * step
    ends = np.minimum(begins + capacity, sizes) - 1
    best = np.minimum(positions - begins, ends - positions).argmax(0)
    central: Ints = candidates[best, np.arange(len(positions))]
    return central


def plan_pieces(lengths: Sequence[int], padded: bool = True) -> list[tuple[int, int]]:
    """The pieces in which windows of rising `lengths` are read: for each, its first window and the one after its last.

    A piece has at most `_PIECE` subwords with padding, or is one window. No window is padded to more than twice its
    length, and none at all unless `padded`.
    """
    pieces: list[tuple[int, int]] = []
    first = 0
    for window, length in enumerate(lengths):
        longest = lengths[first] * (2 if padded else 1)
        if window > first and (length > longest or length * (window + 1 - first) > _PIECE):
            pieces.append((first, window))
            first = window
    return [*pieces, (first, len(lengths))]


def _lead(tokenizer: Tokenizer) -> str:
    """The text that is put before each word, so that it is read as a new word after a space.

    Only tokenizers that keep spaces inside subwords (byte-level, and some of SentencePiece) need a space there.
    """
    settings = json.loads(tokenizer.to_str())
    before, normalizers = (_steps(settings.get(name)) for name in ("pre_tokenizer", "normalizer"))
    bare = any(
        each.get("type") == "ByteLevel"
        or each.get("prepend_scheme") == "never"
        or (each.get("type") == "Replace" and each.get("pattern") == {"String": " "})  # by the mark of a space
        for each in (*before, *normalizers)
    )
    return " " if bare and not any(each.get("type") == "Prepend" for each in normalizers) else ""


def _steps(part: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The steps that a part of a tokenizer is a sequence of, from its settings; one or none if it is no sequence."""
    inner = (part or {}).get("pretokenizers", (part or {}).get("normalizers"))
    return [step for each in inner for step in _steps(each)] if inner is not None else [part] if part else []


def _check_positions(positions: object, settings: Mapping[str, Any]) -> None:
    """Raises ModelError unless a model with these settings can see `positions` subwords at once; None is no limit."""
    most = positions_of(settings)
    if positions is None and most is None:
        return
    if type(positions) is not int or positions < _LEAST or (most is not None and positions > most):
        limit = f" and at most {most}" if most is not None else ""
        raise ModelError(f"the positions of a transformer are a number, at least {_LEAST}{limit}, not {positions!r}")


def _positions(settings: Mapping[str, Any]) -> int | None:
    """How many subwords a model of format 2, which may not say it, can see at once, if that is limited."""
    positions = positions_of(settings)
    # RoBERTa and similar models count positions from the number of the padding + 1.
    if positions is not None and settings.get("model_type") in _COUNT_FROM_PADDING:
        return positions - (settings.get("pad_token_id") or 0) - 1
    return positions


def _special(tokenizer: Tokenizer, settings: Mapping[str, Any]) -> tuple[int, int]:
    """The subwords that mark the beginning and the end of a text, from the tokenizer or else the model's settings."""
    encoding = tokenizer.encode("")
    ids = [i for i, special in zip(encoding.ids, encoding.special_tokens_mask, strict=True) if special]
    if not ids:
        named = (settings.get(name) for name in ("bos_token_id", "eos_token_id"))
        ids = [number for number in named if isinstance(number, int)] or [0]
    return ids[0], ids[-1]


CODEC: InputCodecType[TransformerConfig] = TransformerCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[Pieces | NDArray[np.float16], Subwords[Ints] | KeptLayers[NDArray[Any]]]] = TransformerCodec
