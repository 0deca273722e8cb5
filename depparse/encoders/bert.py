"""BERT (Devlin et al. 2019), the encoder alone, with the parameter names of transformers' ``BertModel``.

The numbers are those of that class. It is here because a model has to load fast: importing that class takes several
times as long as importing torch, and all that it is needed for is what stands below.
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
    """What transformers calls a config, with its names."""

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(slots=True)
class BertOutput:
    """What models of transformers call it."""

    hidden_states: list[Tensor]  # [windows, subwords, width] each: the embeddings, then every layer
    attentions: list[Tensor]  # [windows, heads, subwords, subwords] of every layer, if they are asked for


class Bert(nn.Module):
    """Called as models of transformers are. `settings` are the config of such a model, for which `fits` holds."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = BertSettings(**settings)
        width, padding = settings["hidden_size"], settings.get("pad_token_id")
        self.embeddings: Any = nn.ModuleDict(
            {
                # Without random numbers, which would take longest of all: the weights are to be loaded.
                "word_embeddings": nn.Embedding(
                    settings["vocab_size"],
                    width,
                    padding_idx=padding,
                    _weight=torch.zeros(settings["vocab_size"], width),
                ),
                "position_embeddings": nn.Embedding(settings["max_position_embeddings"], width),
                "token_type_embeddings": nn.Embedding(settings["type_vocab_size"], width),
                "LayerNorm": nn.LayerNorm(width, eps=settings["layer_norm_eps"]),
            }
        )
        layers = nn.ModuleList(_Layer(settings) for _ in range(settings["num_hidden_layers"]))
        self.encoder: Any = nn.ModuleDict({"layer": layers})
        self.dropout = nn.Dropout(settings["hidden_dropout_prob"])

    @staticmethod
    def fits(settings: Mapping[str, Any]) -> bool:
        """Whether this is the network that the settings describe."""
        return (
            settings.get("model_type") == "bert"
            and settings.get("hidden_act") == "gelu"
            and settings.get("position_embedding_type", "absolute") == "absolute"
            and not settings.get("is_decoder")
            and not settings.get("add_cross_attention")
        )

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        output_hidden_states: bool = True,
        output_attentions: bool = False,
    ) -> BertOutput:
        """`input_ids` and `attention_mask` are ``[windows, subwords]``; all hidden states are always there."""
        part = self.embeddings
        values = part["word_embeddings"](input_ids) + part["token_type_embeddings"].weight[0]
        values = values + part["position_embeddings"].weight[: input_ids.shape[1]]
        values = self.dropout(part["LayerNorm"](values))
        mask = attention_mask[:, None, None, :].bool()
        output = BertOutput([values], [])
        for layer in self.encoder["layer"]:
            output.hidden_states.append(
                layer(output.hidden_states[-1], mask, output.attentions if output_attentions else None)
            )
        return output

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        # Weights of the whole class have a pooler, which nothing reads.
        for name in [name for name in state_dict if name.startswith(f"{prefix}pooler.")]:
            del state_dict[name]
        super()._load_from_state_dict(state_dict, prefix, *rest)


class _Layer(nn.Module):
    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        width, inner, epsilon = settings["hidden_size"], settings["intermediate_size"], settings["layer_norm_eps"]
        self.n_heads: int = settings["num_attention_heads"]
        self.attention_dropout: float = settings["attention_probs_dropout_prob"]

        def added(input_width: int) -> nn.ModuleDict:
            return nn.ModuleDict({"dense": nn.Linear(input_width, width), "LayerNorm": nn.LayerNorm(width, epsilon)})

        read = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
        self.attention = nn.ModuleDict({"self": read, "output": added(width)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = added(inner)
        self.dropout = nn.Dropout(settings["hidden_dropout_prob"])

    def forward(self, values: Tensor, mask: Tensor, attentions: list[Tensor] | None = None) -> Tensor:
        """The layer's values; its attention is put into `attentions`, if that is there."""
        read: Any = self.attention["self"]
        query, key, value = (
            read[name](values).unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for name in ("query", "key", "value")
        )
        dropout = self.attention_dropout if self.training else 0.0
        if attentions is None:
            seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        else:
            scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
            weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
            attentions.append(weights)
            seen = functional.dropout(weights, dropout) @ value
        values = self._add(self.attention["output"], seen.transpose(1, 2).flatten(2), values)
        return self._add(self.output, functional.gelu(self.intermediate["dense"](values)), values)

    def _add(self, part: Any, new: Tensor, values: Tensor) -> Tensor:
        added: Tensor = part["LayerNorm"](self.dropout(part["dense"](new)) + values)
        return added
