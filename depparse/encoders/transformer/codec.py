"""Subwords of a pretrained transformer: words to subwords, sentences to windows of them. No torch here.

Words are split one by one, so that alignment is exact also inside multiword tokens. Sentences longer than the model can
see are read in overlapping windows, and each subword is taken from the window in which it stands most central.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import Field
from tokenizers import Tokenizer

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.errors import ModelError
from depparse.features.batch import Ints
from depparse.registry import PartConfig

_SURROGATES = re.compile("[\ud800-\udfff]")
_COUNT_FROM_PADDING = frozenset(
    "roberta xlm-roberta xlm-roberta-xl camembert roberta-prelayernorm data2vec-text longformer luke mpnet esm ibert "
    "xmod layoutlmv3".split()
)
_LEAST = 4  # subwords that a model sees at once: two marks, and two more, so that windows overlap
Array = TypeVar("Array")  # of NumPy or of torch


class TransformerConfig(PartConfig):
    """A pretrained encoder, fine-tuned or frozen."""

    type: Literal["transformer"] = "transformer"
    name: str  # a folder, a name on the hub, or package:NAME/FOLDER for one inside an installed Python package
    download: bool = False  # whether it may be fetched from the hub
    frozen: bool = False
    pooling: Literal["first", "mean"] = "mean"  # of the subwords of a word
    layers: int = Field(4, ge=1)  # the last so many, mixed by learned weights
    mix: Literal["shared", "task"] = "shared"  # one mix, or one for each task (and one for the context layer)
    window: int = Field(512, ge=16)  # subwords seen at once, special ones included; at most what the model can


@dataclass(slots=True)
class Pieces:
    """The subwords of a sentence."""

    ids: Ints  # [subwords]
    counts: Ints  # [words], how many of them each word has: at least one


class Subwords(NamedTuple, Generic[Array]):
    """The windows of a batch, and where its words are in them."""

    ids: Array  # [windows, subwords]
    mask: Array  # [windows, subwords], 1 at real subwords
    places: Array  # [parts of words], place in ids.flatten(); their windows never decrease
    words: Array  # [parts of words], number of the word among batch · words
    firsts: Array  # [parts of words], True at the first part of a word
    owners: Array | None  # [windows, subwords], word in its sentence or -1; if attention is asked for


class TransformerCodec:
    """The tokenizer, and the `settings` of the pretrained model, with the names that transformers has for them.

    `positions` is how many subwords the model can see at once, None if that is not limited. `shows_attention`: whether
    batches say which word each subword of a window belongs to.
    """

    Config = TransformerConfig

    def __init__(
        self, config: TransformerConfig, tokenizer: Tokenizer, settings: Mapping[str, Any], positions: int | None
    ) -> None:
        _check_positions(positions, settings)
        self.config, self.tokenizer, self.settings, self.positions = config, tokenizer, dict(settings), positions
        # Both would change what is read without a word; they are settings of the file, not of the model.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # a word "[SEP]" is a word
        self.window = config.window if positions is None else min(config.window, positions)
        self.shows_attention = False
        self._lead = _lead(tokenizer)
        self._begin, self._end = _special(tokenizer, settings)
        self._padding: int = settings.get("pad_token_id") or 0
        unknown = (tokenizer.token_to_id(name) for name in ("[UNK]", "<unk>"))
        self._unknown: int = next((number for number in unknown if number is not None), self._end)

    def features(self, sentence: Sentence) -> Pieces:
        """The subwords of the words."""
        # Half a surrogate pair is no text to a tokenizer.
        forms = [self._lead + _SURROGATES.sub("\ufffd", form) for form in sentence.columns["FORM"]]
        encoding = self.tokenizer.encode(forms, is_pretokenized=True, add_special_tokens=False)
        ids, owners = np.array(encoding.ids, np.int64), np.array(encoding.word_ids, np.int64)
        counts = np.bincount(owners, minlength=len(forms))
        # A word of control characters has no subword, but it is a word.
        missing = np.flatnonzero(counts == 0)
        ids = np.insert(ids, np.searchsorted(owners, missing), self._unknown)
        counts[missing] = 1
        return Pieces(ids, counts)

    def collate(self, rows: Sequence[Pieces]) -> Subwords[Ints]:
        """The sentences in windows, with all their subwords. O(subwords)."""
        n_words = 1 + max(len(row.counts) for row in rows)
        ids = np.concatenate([row.ids for row in rows])
        sizes = np.array([len(row.ids) for row in rows])
        before = sizes.cumsum() - sizes  # [batch], subwords of the sentences before
        # Windows: they begin at every half window.
        capacity = self.window - 2
        step = capacity // 2
        n_windows = np.where(sizes <= capacity, 1, -(-(sizes - step) // step))
        windows_before = n_windows.cumsum() - n_windows
        sentence = np.repeat(np.arange(len(rows)), n_windows)  # [windows]
        begin = (np.arange(len(sentence)) - windows_before[sentence]) * step
        size = np.minimum(capacity, sizes[sentence] - begin)
        longest = 2 + int(size.max())
        places = np.arange(longest)
        inside = (places > 0) & (places <= size[:, None])
        matrix = np.full((len(sentence), longest), self._padding)
        matrix[:, 0] = self._begin
        matrix[np.arange(len(sentence)), size + 1] = self._end
        matrix[inside] = ids[((before[sentence] + begin)[:, None] + places - 1)[inside]]
        # Words: ROOT is the begin of the first window of its sentence.
        root_words = np.arange(len(rows)) * n_words
        words = np.concatenate(
            [
                np.repeat(root + 1 + np.arange(len(row.counts)), row.counts)
                for root, row in zip(root_words, rows, strict=True)
            ]
        )
        owner = np.repeat(np.arange(len(rows)), sizes)  # [subwords], their sentence
        place = np.arange(len(ids)) - before[owner]
        firsts = np.diff(words, prepend=-1) > 0
        window = _most_central(place, sizes[owner], n_windows[owner], step, capacity)
        flat = (windows_before[owner] + window) * longest + 1 + place - window * step
        flat, words = np.concatenate([windows_before * longest, flat]), np.concatenate([root_words, words])
        firsts = np.concatenate([np.ones(len(rows), np.bool_), firsts])
        order = flat.argsort(kind="stable")
        mask = (places < size[:, None] + 2).astype(np.int64)
        owners = None
        if self.shows_attention:
            owners = np.full(matrix.shape, -1)
            owners[windows_before, 0] = 0
            in_sentence = np.concatenate([np.repeat(1 + np.arange(len(row.counts)), row.counts) for row in rows])
            owners[inside] = in_sentence[((before[sentence] + begin)[:, None] + places - 1)[inside]]
        return Subwords(matrix, mask, flat[order], words[order], firsts[order], owners)

    def to_json(self) -> Any:
        """Settings, tokenizer and positions."""
        tokenizer = json.loads(self.tokenizer.to_str())
        vocabulary = tokenizer["model"]["vocab"]
        if isinstance(vocabulary, dict):
            subwords = sorted(vocabulary, key=vocabulary.__getitem__)
            if list(map(vocabulary.__getitem__, subwords)) == list(range(len(subwords))):
                tokenizer["model"]["vocab"] = subwords  # numbered by their places: a third of the file is saved
        settings = dict(self.settings)
        settings.pop("_name_or_path", None)  # a folder of the machine that trained it
        return {"config": settings, "tokenizer": tokenizer, "positions": self.positions}

    @classmethod
    def from_json(cls, config: TransformerConfig, data: Any) -> TransformerCodec:
        """The codec that gave `data`. Raises ModelError for what no such codec gives."""
        settings, tokenizer = dict(data["config"]), dict(data["tokenizer"])
        vocabulary = tokenizer["model"]["vocab"]
        if vocabulary and isinstance(vocabulary, list) and isinstance(vocabulary[0], str):
            numbers = {subword: number for number, subword in enumerate(vocabulary)}
            tokenizer["model"] = tokenizer["model"] | {"vocab": numbers}
        positions = data["positions"] if "positions" in data else _positions(settings)
        try:
            read = Tokenizer.from_str(json.dumps(tokenizer))
        except Exception as error:  # the library has no class of its own for its errors
            raise ModelError(f"the tokenizer cannot be read: {error}") from None
        return cls(config, read, settings, positions)


def _most_central(places: Ints, sizes: Ints, n_windows: Ints, step: int, capacity: int) -> Ints:
    """The window, among those of its sentence, in which each subword is farthest from the nearer end.

    `places` are those in a sentence of `sizes` subwords and `n_windows` windows. Of the two or three windows that a
    subword is in, the first of the best is taken.
    """
    last = np.minimum(places // step, n_windows - 1)
    candidates = np.stack([np.maximum(last - back, 0) for back in (2, 1, 0)])
    begins = candidates * step
    ends = np.minimum(begins + capacity, sizes) - 1
    best = np.minimum(places - begins, ends - places).argmax(0)
    central: Ints = candidates[best, np.arange(len(places))]
    return central


def _lead(tokenizer: Tokenizer) -> str:
    """What is put before each word, so that it is read as a word after a space and not as the rest of one.

    Tokenizers that keep spaces inside subwords (byte-level, and some of SentencePiece) are the ones that need it.
    """
    settings = json.loads(tokenizer.to_str())
    first = settings.get("pre_tokenizer") or {}
    parts = first.get("pretokenizers", [first])
    bare = any(x.get("type") == "ByteLevel" or x.get("prepend_scheme") == "never" for x in parts)
    return " " if bare and '"Prepend"' not in json.dumps(settings.get("normalizer")) else ""


def _check_positions(positions: object, settings: Mapping[str, Any]) -> None:
    """Raises ModelError unless the model can see `positions` subwords at once; None: any number of them."""
    most = settings.get("max_position_embeddings")
    if positions is None and most is None:
        return
    if type(positions) is not int or positions < _LEAST or (type(most) is int and positions > most):
        limit = f" and at most {most}" if type(most) is int else ""
        raise ModelError(f"the positions of a transformer are a number, at least {_LEAST}{limit}, not {positions!r}")


def _positions(settings: Mapping[str, Any]) -> int | None:
    """How many subwords a model of format 2, which does not say it, can see at once, if that is limited."""
    positions: int | None = settings.get("max_position_embeddings")
    # RoBERTa and its like count from the padding's number + 1.
    if positions is not None and settings.get("model_type") in _COUNT_FROM_PADDING:
        return positions - (settings.get("pad_token_id") or 0) - 1
    return positions


def _special(tokenizer: Tokenizer, settings: Mapping[str, Any]) -> tuple[int, int]:
    """The subwords that stand before and after a text: those of the tokenizer, or else of the model's settings."""
    encoding = tokenizer.encode("")
    ids = [i for i, special in zip(encoding.ids, encoding.special_tokens_mask, strict=True) if special]
    if not ids:
        named = (settings.get(name) for name in ("bos_token_id", "eos_token_id"))
        ids = [number for number in named if isinstance(number, int)] or [0]
    return ids[0], ids[-1]


CODEC: InputCodecType[TransformerConfig] = TransformerCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[Pieces, Subwords[Ints]]] = TransformerCodec
