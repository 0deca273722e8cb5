"""BERT (Devlin et al. 2019): the encoder alone, with the parameter names of transformers' ``BertModel``.

It computes the same numbers as that class. It is written here so that models load fast: importing that class takes
several times as long as importing torch, and only the code below is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class BertSettings(SimpleNamespace):
    """The settings of a network, which transformers calls its config, by the names that they have there."""

    def to_dict(self) -> dict[str, Any]:
        """The settings by name."""
        return dict(vars(self))


@dataclass(slots=True)
class BertOutput:
    """The output of `Bert`, whose fields have the same names as in transformers."""

    hidden_states: list[Tensor]  # [windows, subwords, width] each: the embeddings, then every layer
    attentions: list[Tensor]  # [windows, heads, subwords, subwords] of every layer, if they are asked for


class Bert(nn.Module):
    """The network, for settings of which `transformer.settings.is_bert` is true. It is called like one of theirs."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = BertSettings(**settings)
        width, padding = settings["hidden_size"], settings.get("pad_token_id")
        self.embeddings: Any = nn.ModuleDict(
            {
                # The weights will be loaded, and to write others first would take longer than all else here.
                "word_embeddings": nn.Embedding(
                    settings["vocab_size"],
                    width,
                    padding_idx=padding,
                    _weight=torch.empty(settings["vocab_size"], width),
                ),
                "position_embeddings": nn.Embedding(settings["max_position_embeddings"], width),
                "token_type_embeddings": nn.Embedding(settings["type_vocab_size"], width),
                "LayerNorm": nn.LayerNorm(width, eps=settings["layer_norm_eps"]),
            }
        )
        layers = nn.ModuleList(_Layer(settings) for _ in range(settings["num_hidden_layers"]))
        self.encoder: Any = nn.ModuleDict({"layer": layers})
        self.dropout = nn.Dropout(settings["hidden_dropout_prob"])

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        output_hidden_states: bool = True,
        output_attentions: bool = False,
    ) -> BertOutput:
        """All hidden states, and attentions if asked for, of ``[windows, subwords]``.

        `output_hidden_states` is there for callers of transformers and changes nothing.
        """
        embeddings = self.embeddings
        values = embeddings["word_embeddings"](input_ids) + embeddings["token_type_embeddings"].weight[0]
        values = values + embeddings["position_embeddings"].weight[: input_ids.shape[1]]
        values = self.dropout(embeddings["LayerNorm"](values))
        mask = attention_mask[:, None, None, :].bool()
        output = BertOutput([values], [])
        for layer in self.encoder["layer"]:
            values, attention = layer(values, mask, output_attentions)
            output.hidden_states.append(values)
            if attention is not None:
                output.attentions.append(attention)
        return output

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *arguments: Any) -> None:
        # The weights of transformers' class include a pooler, which nothing reads.
        for name in [name for name in state_dict if name.startswith(f"{prefix}pooler.")]:
            del state_dict[name]
        super()._load_from_state_dict(state_dict, prefix, *arguments)


class _Layer(nn.Module):
    """A layer of BERT: attention, then a feed-forward network."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        width, inner, epsilon = settings["hidden_size"], settings["intermediate_size"], settings["layer_norm_eps"]
        self.n_heads: int = settings["num_attention_heads"]
        self.attention_dropout: float = settings["attention_probs_dropout_prob"]

        def added(input_width: int) -> nn.ModuleDict:
            return nn.ModuleDict({"dense": nn.Linear(input_width, width), "LayerNorm": nn.LayerNorm(width, epsilon)})

        projections = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
        self.attention = nn.ModuleDict({"self": projections, "output": added(width)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = added(inner)
        self.dropout = nn.Dropout(settings["hidden_dropout_prob"])

    def forward(self, values: Tensor, mask: Tensor, with_attention: bool) -> tuple[Tensor, Tensor | None]:
        """The values after the layer and, if asked for, its attention."""
        projections: Any = self.attention["self"]
        query, key, value = (
            projections[name](values).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        dropout = self.attention_dropout if self.training else 0.0
        weights = None
        if not with_attention:
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        else:
            scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
            weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
            attended = functional.dropout(weights, dropout) @ value
        values = self._add(self.attention["output"], attended.transpose(1, 2).flatten(2), values)
        return self._add(self.output, functional.gelu(self.intermediate["dense"](values)), values), weights

    def _add(self, modules: Any, new: Tensor, values: Tensor) -> Tensor:
        """The normalized sum of `values` and a linear layer of `new`."""
        added: Tensor = modules["LayerNorm"](self.dropout(modules["dense"](new)) + values)
        return added
