"""The settings of pretrained encoders that are accepted, by the type of model. No torch here.

Settings come from folders that others made, and transformers does what they say: ``auto_map`` names code to run,
``attn_implementation`` a kernel to fetch, ``quantization_config`` a library to import. So only settings that are listed
here reach transformers, each with a value of its type, and only for types of models whose networks read nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from depparse.errors import ModelError, did_you_mean

_Layers = Annotated[int, Field(ge=1, le=1_000)]
_Width = Annotated[int, Field(ge=1, le=2**17)]
_Vocabulary = Annotated[int, Field(ge=1, le=2**24)]
_Positions = Annotated[int, Field(ge=1, le=2**20)]
_Small = Annotated[int, Field(ge=0, le=2**16)]
_Probability = Annotated[float, Field(ge=0, le=1)]
_Scale = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
_TokenId = Annotated[int, Field(ge=0)] | None
_Activation = Literal[
    "gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python", "gelu_pytorch_tanh", "leaky_relu",
    "linear", "mish", "quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu", "swish", "tanh",
]  # fmt: skip


class _Settings(BaseModel):
    """The settings that all types of models have."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())

    model_type: str
    vocab_size: _Vocabulary
    max_position_embeddings: _Positions = 512
    initializer_range: _Scale = 0.02
    pad_token_id: _TokenId = None
    bos_token_id: _TokenId = None
    eos_token_id: _TokenId | list[Annotated[int, Field(ge=0)]] = None
    is_decoder: Literal[False] = False
    add_cross_attention: Literal[False] = False
    is_encoder_decoder: Literal[False] = False
    position_embedding_type: Literal["absolute", "relative_key", "relative_key_query"] = "absolute"


class _Encoder(_Settings):
    """The settings of encoders that have the names of BERT for them."""

    hidden_size: _Width
    num_hidden_layers: _Layers
    num_attention_heads: _Width
    intermediate_size: _Width
    hidden_act: _Activation = "gelu"
    hidden_dropout_prob: _Probability = 0.1
    attention_probs_dropout_prob: _Probability = 0.1
    layer_norm_eps: _Scale = 1e-12


class _Bert(_Encoder):
    type_vocab_size: Annotated[int, Field(ge=1, le=2**16)] = 2


class _Electra(_Bert):
    embedding_size: _Width = 128


class _Albert(_Electra):
    num_hidden_groups: _Layers = 1
    inner_group_num: _Layers = 1


class _MPNet(_Encoder):
    relative_attention_num_buckets: Annotated[int, Field(ge=4, le=2**16)] = 32


class _DeBerta(_Encoder):
    type_vocab_size: _Small = 0
    relative_attention: bool = False
    max_relative_positions: Annotated[int, Field(ge=-1, le=2**20)] = -1
    position_buckets: Annotated[int, Field(ge=-1, le=2**16)] = -1
    position_biased_input: bool = True
    pos_att_type: Annotated[str, Field(pattern=r"^[cp2|]{0,20}$")] | list[Literal["c2p", "p2c", "p2p"]] | None = None
    norm_rel_ebd: Literal["none", "layer_norm", "layer_norm|none"] = "none"
    share_att_key: bool = False
    conv_kernel_size: Annotated[int, Field(ge=0, le=99)] = 0
    conv_groups: Annotated[int, Field(ge=1, le=2**16)] = 1
    conv_act: _Activation = "tanh"
    embedding_size: _Width = 128
    attention_head_size: _Width = 64


class _DistilBert(_Settings):
    dim: _Width
    n_layers: _Layers
    n_heads: _Width
    hidden_dim: _Width
    activation: _Activation = "gelu"
    dropout: _Probability = 0.1
    attention_dropout: _Probability = 0.1
    sinusoidal_pos_embds: bool = False


class _Rope(BaseModel):
    """How positions of ModernBERT turn the vectors, for one kind of layer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rope_type: Literal["default"] = "default"
    rope_theta: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


_AttentionType = Literal["full_attention", "sliding_attention"]


class _ModernBert(_Settings):
    hidden_size: _Width
    num_hidden_layers: _Layers
    num_attention_heads: _Width
    intermediate_size: _Width
    hidden_activation: _Activation = "gelu"
    initializer_cutoff_factor: _Scale = 2.0
    norm_eps: _Scale = 1e-5
    norm_bias: bool = False
    cls_token_id: _TokenId = None
    sep_token_id: _TokenId = None
    attention_bias: bool = False
    attention_dropout: _Probability = 0.0
    embedding_dropout: _Probability = 0.0
    mlp_bias: bool = False
    mlp_dropout: _Probability = 0.0
    local_attention: Annotated[int, Field(ge=2, le=2**20)] = 128
    layer_types: Annotated[list[_AttentionType], Field(max_length=1_000)] | None = None
    rope_parameters: dict[_AttentionType, _Rope] | None = None
    global_attn_every_n_layers: Annotated[int, Field(ge=1, le=1_000)] = 3
    global_rope_theta: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] = 160_000.0
    local_rope_theta: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] = 10_000.0


TYPES: Mapping[str, type[_Settings]] = {
    "albert": _Albert,
    "bert": _Bert,
    "camembert": _Bert,
    "data2vec-text": _Bert,
    "deberta-v2": _DeBerta,
    "distilbert": _DistilBert,
    "electra": _Electra,
    "modernbert": _ModernBert,
    "mpnet": _MPNet,
    "roberta": _Bert,
    "roberta-prelayernorm": _Bert,
    "xlm-roberta": _Bert,
    "xlm-roberta-xl": _Bert,
}

# Settings that transformers writes, now or in older versions, and that do not matter to an encoder: tasks of others,
# generation of text, and how results are returned. They are dropped, so transformers never sees their values.
DROPPED = frozenset(
    """
    _attn_implementation_autoset architectures bad_words_ids begin_suppress_tokens chunk_size_feed_forward
    classifier_activation classifier_bias classifier_dropout classifier_dropout_prob classifier_pooling
    cross_attention_hidden_size decoder_bias decoder_start_token_id deterministic_flash_attn diversity_penalty
    do_sample dtype early_stopping encoder_no_repeat_ngram_size exponential_decay_length_penalty finetuning_task
    forced_bos_token_id forced_eos_token_id gradient_checkpointing id2label label2id legacy length_penalty max_length
    min_length no_repeat_ngram_size num_beam_groups num_beams num_return_sequences output_attentions
    output_hidden_states output_past output_scores pooler_dropout pooler_hidden_act pooler_hidden_size prefix
    problem_type qa_dropout reference_compile remove_invalid_values repad_logits_with_grad repetition_penalty
    return_dict return_dict_in_generate sep_token_id seq_classif_dropout sparse_pred_ignore_index sparse_prediction
    summary_activation summary_last_dropout summary_type summary_use_proj suppress_tokens task_specific_params
    temperature tf_legacy_loss tie_encoder_decoder tie_weights_ tie_word_embeddings tokenizer_class top_k top_p
    torch_dtype torchscript transformers_version typical_p use_bfloat16 use_cache
    """.split()
)


def check_settings(settings: Any, *, drop: bool = False) -> dict[str, Any]:
    """The settings that the network reads, checked. Raises ModelError, which names the setting that is not accepted.

    With `drop`, settings that no network reads are left out instead; this is for the folders of pretrained encoders,
    where anybody may have written notes of their own.
    """
    if not isinstance(settings, Mapping):
        raise ModelError(f"the settings of a transformer are a table, not of type {type(settings).__name__}")
    kind = settings.get("model_type")
    accepted = TYPES.get(kind) if isinstance(kind, str) else None
    if accepted is None:
        raise ModelError(f"model_type of a transformer: there is no {kind!r} here; {did_you_mean(str(kind), TYPES)}")
    names = accepted.model_fields
    values = {name: value for name, value in settings.items() if name in names}
    for name in settings:
        if name not in names and not drop and name not in DROPPED and settings[name] not in (None, {}, []):
            raise ModelError(f"the setting {name!r} is not accepted of a transformer of the type {kind}")
    try:
        checked = accepted.model_validate(values).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        reason = first["msg"][:1].lower() + first["msg"][1:]
        raise ModelError(f"the setting {name} of a transformer: {reason}") from None
    _check_together(checked)
    return checked


def first_layers(settings: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The settings, which `check_settings` returned, of a network with only the first layers, `depth` of them.

    Raises ModelError if there are fewer, or if they would not compute the same as in the whole network.
    """
    name = "n_layers" if "n_layers" in settings else "num_hidden_layers"
    n_layers = settings[name]
    if depth > n_layers:
        raise ModelError(f"its depth is {n_layers}, so the key depth is at most {n_layers}, not {depth}")
    changed: dict[str, Any] = {name: depth}
    if settings.get("layer_types"):
        changed["layer_types"] = settings["layer_types"][:depth]
    if (n_groups := settings.get("num_hidden_groups", 1)) > 1:  # ALBERT, in which the layers of a group are one
        groups = [int(layer / (n_layers / n_groups)) for layer in range(depth)]
        changed["num_hidden_groups"] = n_left = groups[-1] + 1
        if groups != [int(layer / (depth / n_left)) for layer in range(depth)]:
            raise ModelError(
                f"its {n_layers} layers share weights in {n_groups} groups, so the key depth is a multiple of "
                f"{n_layers / n_groups:g}, not {depth}"
            )
    return {**settings, **changed}


def _check_together(settings: Mapping[str, Any]) -> None:
    """Raises ModelError for settings that do not fit together."""
    width = settings.get("hidden_size", settings.get("dim"))
    heads = settings.get("num_attention_heads", settings.get("n_heads"))
    if width % heads and "attention_head_size" not in settings:
        raise ModelError(f"a transformer of width {width} cannot have {heads} heads of attention, all equally wide")
    padding = settings.get("pad_token_id")
    if padding is not None and padding >= settings["vocab_size"]:
        raise ModelError(f"pad_token_id of a transformer: {padding} is not below vocab_size, {settings['vocab_size']}")


def is_bert(settings: Mapping[str, Any]) -> bool:
    """Whether the settings describe the network of depparse/encoders/bert.py."""
    return (
        settings.get("model_type") == "bert"
        and settings.get("hidden_act") == "gelu"
        and settings.get("position_embedding_type", "absolute") == "absolute"
        and not settings.get("is_decoder")
        and not settings.get("add_cross_attention")
    )
