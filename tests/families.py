"""Tiny models of every family of transformers that is read, with random weights and tokenizers of their sorts."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from depparse.encoders.transformer.families import FAMILIES
from depparse.training.loop import TrainingConfig
from depparse.training.optim import OptimizerConfig
from tests.pretrained import tiny_transformer

# A few steps, with rates at which tiny networks learn.
STEPS = TrainingConfig(
    epochs=3,
    precision="fp32",
    optimizer=OptimizerConfig(learning_rate=1e-2, pretrained_learning_rate=1e-3, average="none"),
)
# Settings of all families that have them; those of `_OWN` come before them.
_SIZES: dict[str, Any] = {
    **dict.fromkeys(["hidden_size", "dim", "d_model", "n_embd", "emb_dim", "embedding_size"], 16),
    **dict.fromkeys(["input_embedding_size", "word_embed_proj_dim", "lru_width", "intra_bottleneck_size"], 16),
    **dict.fromkeys(["num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers"], 3),
    **dict.fromkeys(["decoder_layers", "num_decoder_layers"], 1),
    **dict.fromkeys(["num_attention_heads", "n_heads", "n_head", "num_heads", "attention_heads"], 2),
    **dict.fromkeys(["encoder_attention_heads", "decoder_attention_heads", "num_key_value_heads", "num_kv_heads"], 2),
    **dict.fromkeys(["intermediate_size", "hidden_dim", "d_ff", "d_inner", "dff", "ffn_dim", "n_inner"], 32),
    **dict.fromkeys(["encoder_ffn_dim", "decoder_ffn_dim", "moe_intermediate_size"], 32),
    **dict.fromkeys(["shared_expert_intermediate_size", "ffn_hidden_size"], 32),
    **dict.fromkeys(["head_dim", "d_kv", "d_head"], 8),
    **dict.fromkeys(["max_position_embeddings", "n_positions", "n_ctx"], 40),
    **dict.fromkeys(["max_encoder_position_embeddings", "max_decoder_position_embeddings"], 40),
    **dict.fromkeys(["num_experts", "num_local_experts", "state_size", "mamba_d_state", "rotary_dim"], 4),
    **dict.fromkeys(["num_experts_per_tok", "attn_layer_period", "num_hidden_groups"], 2),
    **dict.fromkeys(["sliding_window", "local_attention", "attention_window_size", "window_size"], 12),
    **dict.fromkeys(["attention_window", "chunk_size", "local_radius", "mamba_chunk_size"], 4),
    **dict.fromkeys(["attn_layer_offset", "n_groups"], 1),
}
_OWN: dict[str, dict[str, Any]] = {
    "albert": {"num_hidden_groups": 1},
    "bamba": {"mamba_n_heads": 4},
    "codegen": {"n_head": 4, "rotary_dim": 2},
    "deberta": {"relative_attention": True, "pos_att_type": "c2p|p2c"},
    "deberta-v2": {
        "relative_attention": True,
        "position_buckets": 16,
        "pos_att_type": "p2c|c2p",
        "share_att_key": True,
    },
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "first_k_dense_replace": 1},
    "falcon_h1": {"mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_head": 8},
    "gpt_neo": {"attention_types": [[["global", "local", "global"], 1]]},
    "granitemoehybrid": {"mamba_n_heads": 4},
    "lfm2_moe": {"layer_types": ["conv", "full_attention", "conv"], "num_dense_layers": 1},
    "mamba2": {"num_heads": 4},
    "mobilebert": {"num_feedforward_networks": 2},
}
# One family for each way in which a family can differ from others; `make check-all` has all of them.
FEW = """
    bart bert deberta-v2 distilbert electra fnet gpt2 llama mamba modernbert recurrent_gemma roberta t5 xlnet
""".split()
KINDS = [kind if kind in FEW else pytest.param(kind, marks=pytest.mark.slow) for kind in FAMILIES]
# The sorts of tokenizers that the families have, and the marks that they put around a text.
_WORD_PIECES = """
    bert convbert distilbert electra ernie fnet gte megatron-bert mobilebert mpnet nomic_bert rembert roformer splinter
    squeezebert
""".split()
_REPLACED_SPACES = ["gemma", "gemma2", "gemma3_text", "recurrent_gemma", "vaultgemma"]
_SENTENCE_PIECES = """
    albert bert-generation big_bird camembert deberta-v2 llama longt5 m2m_100
    marian mbart mistral mixtral mt5 pegasus plbart t5 umt5 xglm xlm-roberta xlm-roberta-xl
    xlnet
""".split()
_MARKS = {
    **dict.fromkeys(["longt5", "m2m_100", "marian", "mt5", "pegasus", "t5", "umt5"], "$A </s>"),
    **dict.fromkeys(["gemma", "gemma2", "gemma3_text", "llama", "mistral", "mixtral", "recurrent_gemma"], "<s> $A"),
    "xlnet": "$A </s> <s>",
}
_NO_MARKS = """
    bloom codegen ctrl falcon gpt2 gpt_bigcode gpt_neo gpt_neox gpt_neox_japanese gpt_oss gptj mamba mamba2 olmo olmo2
    olmo3 phi qwen2 qwen2_moe qwen3 qwen3_moe stablelm starcoder2
""".split()


def transformer_of_type(kind: str, folder: Path, **settings: Any) -> dict[str, Any]:
    """The config of an input that reads a transformer of that type with random weights, written into the folder.

    It has three layers; `settings` are those of the network.
    """
    sorts = {"wordpiece": _WORD_PIECES, "unigram": _SENTENCE_PIECES, "replaced spaces": _REPLACED_SPACES}
    sort = next((sort for sort, kinds in sorts.items() if kind in kinds), "bytes")
    config = tiny_transformer(sort, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    written = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    begin, end = ("[CLS]", "[SEP]") if sort == "wordpiece" else ("<s>", "</s>")
    numbers = {"bos_token_id": tokenizer.token_to_id(begin), "eos_token_id": tokenizer.token_to_id(end)}
    if kind in _MARKS or kind in _NO_MARKS:
        marks = _MARKS.get(kind, "$A")
        pairs = [(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>") if name in marks]
        tokenizer.post_processor = TemplateProcessing(single=marks, special_tokens=pairs)
        tokenizer.save(str(folder / "tokenizer.json"))
    names = {field.name for field in fields(CONFIG_MAPPING[kind])}
    sizes = {name: written[name] for name in ("vocab_size", "pad_token_id")}
    sizes |= numbers | _SIZES | _OWN.get(kind, {})
    for file in folder.glob("model*"):
        file.unlink()
    torch.manual_seed(1)
    chosen = {name: value for name, value in sizes.items() if name in names} | settings
    network = AutoModel.from_config(AutoConfig.for_model(kind, **chosen))
    with torch.no_grad():  # as in many pretrained networks, but in no new one
        for each in network.modules():
            if isinstance(each, torch.nn.Embedding) and each.padding_idx is not None:
                each.weight[each.padding_idx].normal_()
    network.save_pretrained(folder)
    return config
