"""A pretrained transformer of Hugging Face as an input: subwords in, a vector a word out.

Words are split one by one, so that alignment is exact also inside multiword tokens. Sentences longer than the model can
see are read in overlapping windows, and each subword is taken from the window in which it stands most central.
Layers are mixed by learned weights (Peters et al. 2018, *Deep Contextualized Word Representations*, without their
scale, which the layer above learns), one mix for all or one for each task.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn

from depparse.data.batching import Batch
from depparse.data.sentence import Sentence
from depparse.encoders.bert import Bert
from depparse.errors import ConfigError
from depparse.registry import PartConfig

_PACKAGE = "package:"
_SURROGATES = re.compile("[\ud800-\udfff]")
_PIECE = 8_192  # subwords, with padding, that are read at once: bounds memory where no gradient is kept

Numbers = NDArray[np.int64]


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

    ids: Numbers  # [subwords]
    counts: Numbers  # [words], how many of them each word has: at least one


@dataclass(slots=True)
class Subwords:
    """The windows of a batch, and where its words are in them."""

    ids: Tensor  # [windows, subwords]
    mask: Tensor  # [windows, subwords], 1 at real subwords
    places: Tensor  # [parts of words], place in ids.flatten(); their windows never decrease
    words: Tensor  # [parts of words], number of the word among batch · words
    shape: tuple[int, int]  # batch, words


class Transformer(nn.Module):
    """`Subwords` to ``[batch, words, width]``; ROOT is what the model has for the begin of the text."""

    Config = TransformerConfig

    def __init__(self, config: TransformerConfig, tokenizer: Tokenizer, pretrained: Any) -> None:
        super().__init__()
        self.config, self.tokenizer, self.pretrained = config, tokenizer, pretrained
        # Both would change what is read without a word; they are settings of the file, not of the model.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.width: int = pretrained.config.hidden_size
        tokenizer.encode_special_tokens = True  # a word "[SEP]" is a word
        self._lead = _lead(tokenizer)
        self.n_layers = min(config.layers, pretrained.config.num_hidden_layers)
        self.mix = nn.Parameter(torch.zeros(self.n_layers))
        self.window = min(config.window, _positions(pretrained) or config.window)
        self._begin, self._end = _special(tokenizer, pretrained.config)
        self._padding: int = getattr(pretrained.config, "pad_token_id", None) or 0
        unknown = (tokenizer.token_to_id(name) for name in ("[UNK]", "<unk>"))
        self._unknown: int = next((number for number in unknown if number is not None), self._end)
        pretrained.requires_grad_(not config.frozen)

    @classmethod
    def build(
        cls, config: TransformerConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()
    ) -> Transformer:
        """With the pretrained weights."""
        from transformers import AutoModel, AutoTokenizer

        folder = resolve(config.name)
        try:
            with _quiet():
                pretrained = AutoModel.from_pretrained(folder, local_files_only=not config.download).float()
                tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=not config.download)
        except (OSError, ValueError) as error:
            if not config.download and not Path(folder).is_dir():
                raise ConfigError(
                    f"the transformer {config.name!r} is no folder here and not among those that were fetched before; "
                    "give a folder, or fetch it from the hub by its key download = true"
                ) from None
            reason = str(error).strip().split("\n")[0]
            raise ConfigError(f"the transformer {config.name!r} cannot be loaded: {reason}") from None
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ConfigError(f"the transformer {config.name!r} has no tokenizer.json; only fast tokenizers are read")
        if Bert.fits(settings := pretrained.config.to_dict()):
            weights, pretrained = pretrained.state_dict(), Bert(settings)
            pretrained.load_state_dict(weights)
        return cls(config, Tokenizer.from_str(backend.to_str()), pretrained)

    def set_tasks(self, n_tasks: int) -> None:
        """Makes a mix for each task beside the shared one, if the config says so."""
        if self.config.mix == "task":
            # All in one vector: it has a gradient also where a task does not read its mix.
            self.mix = nn.Parameter(torch.zeros((1 + n_tasks) * self.n_layers))

    def add_tasks(self, n_tasks: int) -> None:
        """Further mixes, which begin as the shared one."""
        if self.config.mix == "task":
            shared = self.mix.detach()[: self.n_layers]
            self.mix = nn.Parameter(torch.cat([self.mix.detach(), shared.repeat(n_tasks)]))

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Forgets the mixes of the other tasks."""
        if self.config.mix == "task":
            mixes = self.mix.detach().view(-1, self.n_layers)
            self.mix = nn.Parameter(mixes[[0, *(1 + number for number in numbers)]].flatten())

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

    def collate(self, rows: Sequence[Pieces]) -> Subwords:
        """O(subwords)."""
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
        if self.config.pooling == "first":
            kept = np.diff(words, prepend=-1) > 0
            words, owner, place = words[kept], owner[kept], place[kept]
        window = _most_central(place, sizes[owner], n_windows[owner], step, capacity)
        flat = (windows_before[owner] + window) * longest + 1 + place - window * step
        flat, words = np.concatenate([windows_before * longest, flat]), np.concatenate([root_words, words])
        order = flat.argsort(kind="stable")
        return Subwords(
            torch.from_numpy(matrix),
            torch.from_numpy((places < size[:, None] + 2).astype(np.int64)),
            torch.from_numpy(flat[order]),
            torch.from_numpy(words[order]),
            (len(rows), n_words),
        )

    def forward(self, subwords: Subwords, batch: Batch) -> Tensor | list[Tensor]:
        """With a mix for each task a list: the shared mix, then that of each task."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.config.frozen):
            # Pooling and mixing commute, and there are fewer words than subwords.
            layers = self._words(subwords)
        mixes = self.mix.view(-1, self.n_layers).softmax(-1)
        mixed = [
            reduce(torch.add, (weight * layer for weight, layer in zip(weights, layers, strict=True)))
            for weights in mixes
        ]
        return mixed if self.config.mix == "task" else mixed[0]

    def _words(self, subwords: Subwords) -> list[Tensor]:
        """For each layer, ``[batch, words, width]``. Windows of like lengths are read together.

        Batches are of like numbers of words, but one of these may have hundreds of subwords (a URL), to whose length
        all windows would be padded: seconds become minutes, and megabytes gigabytes.
        """
        n_sentences, n_words = subwords.shape
        longest = subwords.ids.shape[1]
        lengths = subwords.mask.sum(1)
        order = lengths.argsort(stable=True)
        rank = order.argsort()  # of each window, its place in that order
        part_rank = rank[subwords.places // longest]
        sums: list[Tensor] = []
        for first, end in _plan_pieces(lengths[order].tolist()):
            windows, length = order[first:end], int(lengths[order[end - 1]])
            output = self.pretrained(
                input_ids=subwords.ids[windows, :length],
                attention_mask=subwords.mask[windows, :length],
                output_hidden_states=True,
            )
            here = (part_rank >= first) & (part_rank < end)
            places = (part_rank[here] - first) * length + subwords.places[here] % longest
            parts = [layer.flatten(0, 1)[places] for layer in output.hidden_states[-self.n_layers :]]
            if not sums:
                sums = [part.new_zeros(n_sentences * n_words, self.width) for part in parts]
            for sum_, part in zip(sums, parts, strict=True):
                sum_.index_add_(0, subwords.words[here], part)
        counts = torch.bincount(subwords.words, minlength=n_sentences * n_words).clamp(min=1)[:, None]
        return [(sum_ / counts).view(n_sentences, n_words, -1) for sum_ in sums]

    def train(self, mode: bool = True) -> Transformer:
        """Dropout of a frozen model would only add noise."""
        super().train(mode)
        if self.config.frozen:
            self.pretrained.eval()
        return self

    def to_json(self) -> Any:
        tokenizer = json.loads(self.tokenizer.to_str())
        vocabulary = tokenizer["model"]["vocab"]
        if isinstance(vocabulary, dict):
            subwords = sorted(vocabulary, key=vocabulary.__getitem__)
            if list(map(vocabulary.__getitem__, subwords)) == list(range(len(subwords))):
                tokenizer["model"]["vocab"] = subwords  # numbered by their places: a third of the file is saved
        settings = self.pretrained.config.to_dict()
        settings.pop("_name_or_path", None)  # a folder of the machine that trained it
        return {"config": settings, "tokenizer": tokenizer}

    @classmethod
    def from_json(cls, config: TransformerConfig, data: Any) -> Transformer:
        settings, tokenizer = dict(data["config"]), dict(data["tokenizer"])
        vocabulary = tokenizer["model"]["vocab"]
        if vocabulary and isinstance(vocabulary, list) and isinstance(vocabulary[0], str):
            numbers = {subword: number for number, subword in enumerate(vocabulary)}
            tokenizer["model"] = tokenizer["model"] | {"vocab": numbers}
        if Bert.fits(settings):
            pretrained: Any = Bert(settings)
        else:
            from transformers import AutoConfig, AutoModel

            model_config = AutoConfig.for_model(settings.pop("model_type"), **settings)
            pretrained = AutoModel.from_config(model_config)  # type: ignore[no-untyped-call]
        return cls(config, Tokenizer.from_str(json.dumps(tokenizer)), pretrained)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bars of transformers, which a library does not print."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _plan_pieces(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """What is read at once of windows whose rising `lengths` are given: from the first of a pair to before the second.

    A piece has at most `_PIECE` subwords with padding, or one window, and none is padded to more than twice its length.
    """
    pieces: list[tuple[int, int]] = []
    first = 0
    for place, length in enumerate(lengths):
        if place > first and (length > 2 * lengths[first] or length * (place + 1 - first) > _PIECE):
            pieces.append((first, place))
            first = place
    return [*pieces, (first, len(lengths))]


def resolve(name: str) -> str:
    """The folder of ``package:NAME/FOLDER``; any other name as it is."""
    if not name.startswith(_PACKAGE):
        return name
    package, _, rest = name.removeprefix(_PACKAGE).partition("/")
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"the transformer {name!r} is in a package that is not installed: pip install {package}")
    return str(Path(next(iter(found.submodule_search_locations))) / rest)


def _most_central(places: Numbers, sizes: Numbers, n_windows: Numbers, step: int, capacity: int) -> Numbers:
    """The window, among those of its sentence, in which each subword is farthest from the nearer end.

    `places` are those in a sentence of `sizes` subwords and `n_windows` windows. Of the two or three windows that a
    subword is in, the first of the best is taken.
    """
    last = np.minimum(places // step, n_windows - 1)
    candidates = np.stack([np.maximum(last - back, 0) for back in (2, 1, 0)])
    begins = candidates * step
    ends = np.minimum(begins + capacity, sizes) - 1
    best = np.minimum(places - begins, ends - places).argmax(0)
    central: Numbers = candidates[best, np.arange(len(places))]
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


def _positions(pretrained: Any) -> int | None:
    """How many subwords the model can see at once, if that is limited."""
    positions: int | None = getattr(pretrained.config, "max_position_embeddings", None)
    # RoBERTa and its like count from the padding's number + 1.
    table = getattr(getattr(pretrained, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return positions - padding - 1 if positions is not None and padding is not None else positions


def _special(tokenizer: Tokenizer, config: Any) -> tuple[int, int]:
    """The subwords that stand before and after a text: those of the tokenizer, or else of the model's config."""
    encoding = tokenizer.encode("")
    ids = [i for i, special in zip(encoding.ids, encoding.special_tokens_mask, strict=True) if special]
    if not ids:
        named = (getattr(config, name, None) for name in ("bos_token_id", "eos_token_id"))
        ids = [number for number in named if isinstance(number, int)] or [0]
    return ids[0], ids[-1]


INPUT = Transformer
