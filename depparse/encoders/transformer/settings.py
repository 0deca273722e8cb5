"""The settings of pretrained encoders that are accepted. No torch here.

Settings come from folders that others made, and transformers does what they say: ``auto_map`` names code to run,
``attn_implementation`` a kernel to fetch, ``quantization_config`` a library to import. So only settings that are listed
here reach transformers, each with a value of its kind, and only for types of models (``families.py``) whose networks
read nothing else. A setting means the same in all types that have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from depparse.encoders.transformer.families import FAMILIES, REFUSED
from depparse.errors import ModelError, closest

_LARGEST, _INFINITE = 3e38, (float("inf"), {"__float__": "Infinity"})
_Layers = Annotated[int, Field(ge=1, le=1_000)]
_Width = Annotated[int, Field(ge=1, le=2**17)]
_Count = Annotated[int, Field(ge=0, le=2**16)]
_Positions = Annotated[int, Field(ge=1, le=2**24)]
_Window = Annotated[int, Field(ge=2, le=2**20)]  # subwords that attention reaches
_Block = Annotated[int, Field(ge=1, le=2**12)]  # subwords, of which networks read a multiple, with padding of their own
_Distance = Annotated[int, Field(ge=-1, le=2**20)]  # -1 says that there is no limit
_Probability = Annotated[float, Field(ge=0, le=1)]
_Scale = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
_Theta = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
_Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
# JSON has no infinity, and transformers has an object for it.
_Limit = Annotated[
    float, Field(ge=0, le=_LARGEST), BeforeValidator(lambda value: _LARGEST if value in _INFINITE else value)
]
_TokenId = Annotated[int, Field(ge=0, le=2**31)]
_Activation = Literal[
    "gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python", "gelu_python_tanh",
    "gelu_pytorch_tanh", "hardswish", "laplace", "leaky_relu", "linear", "mish", "prelu", "quick_gelu", "relu", "relu2",
    "relu6", "sigmoid", "silu", "swish", "tanh", "xielu",
]  # fmt: skip
_LayerType = Literal[
    "attention", "chunked_attention", "conv", "dense", "full_attention", "global", "hybrid", "linear_attention",
    "local", "mamba", "moe", "recurrent", "sliding_attention", "sparse",
]  # fmt: skip
_List = Field(max_length=1_000)


class _Rope(BaseModel):
    """How positions turn the vectors, for all layers or for one kind of layer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rope_type: Literal["default", "dynamic", "linear", "llama3", "longrope", "proportional", "yarn"] = "default"
    type: Literal["default", "dynamic", "linear", "llama3", "longrope", "yarn"] = "default"  # the older name
    rope_theta: _Theta | None = None
    partial_rotary_factor: _Probability | None = None
    factor: _Scale | None = None
    original_max_position_embeddings: _Positions | None = None
    attention_factor: _Scale | None = None
    beta_fast: _Scale | None = None
    beta_slow: _Scale | None = None
    low_freq_factor: _Scale | None = None
    high_freq_factor: _Scale | None = None
    mscale: _Scale | None = None
    mscale_all_dim: _Scale | None = None
    short_factor: Annotated[list[_Scale], _List] | None = None
    long_factor: Annotated[list[_Scale], _List] | None = None
    truncate: bool | None = None
    llama_4_scaling_beta: _Scale | None = None
    max_position_embeddings: _Positions | None = None


# Names of a size in different types of models, and the names of all settings by the kind of their values.
LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers")
WIDTHS = ("hidden_size", "dim", "n_embd", "d_model", "emb_dim")
_HEADS = ("num_attention_heads", "n_heads", "n_head", "num_heads", "encoder_attention_heads", "attention_heads")
_HEAD_WIDTHS = ("attention_head_size", "head_dim", "d_kv", "d_head")
_BY_LAYER = (
    "attention_layers",
    "attention_window",
    "layer_types",
    "mlp_layer_types",
    "no_rope_layers",
)  # lists with an item a layer
_TABLE = 2**28  # numbers in the largest table of positions
POSITIONS = ("max_position_embeddings", "n_positions", "max_encoder_position_embeddings")
_KINDS: list[tuple[Any, str]] = [
    (str, "model_type"),
    (Annotated[int, Field(ge=1, le=2**24)], "vocab_size"),
    (_Layers, " ".join(LAYERS)),
    (_Width, " ".join((*WIDTHS, *_HEADS))),
    (
        _Width | None,
        """
        attention_head_size d_ff d_head d_inner d_kv dff embedding_size encoder_ffn_dim ffn_dim ffn_hidden_size
        head_dim hidden_dim input_embedding_size intermediate_size intra_bottleneck_size kv_channels
        kv_lora_rank linear_key_head_dim linear_num_key_heads linear_num_value_heads linear_value_head_dim
        lru_width mamba_d_ssm mamba_n_groups mamba_n_heads moe_intermediate_size n_inner num_key_value_heads
        num_kv_heads q_lora_rank qk_nope_head_dim qk_rope_head_dim shared_expert_intermediate_size v_head_dim
        word_embed_proj_dim
        """,
    ),
    (_Positions | None, f"{' '.join(POSITIONS)} n_ctx original_max_position_embeddings"),
    (_Window | None, "attention_window_size local_attention window_size"),
    (Annotated[int, Field(ge=0, le=2**20)] | None, "sliding_window"),
    (_Block | None, "chunk_size global_block_size local_radius mamba_chunk_size"),
    (_Distance | None, "clamp_len max_relative_positions position_buckets relative_attention_max_distance"),
    (Annotated[int, Field(ge=4, le=2**16)], "relative_attention_num_buckets"),
    (
        Annotated[int, Field(ge=1, le=2**16)],
        "global_attn_every_n_layers inner_group_num intermediate_multiple_size num_hidden_groups",
    ),
    (
        Annotated[int, Field(ge=0, le=99)] | None,
        "conv1d_width conv_L_cache conv_kernel conv_kernel_size linear_conv_kernel_dim mamba_d_conv",
    ),
    (
        _Count | None,
        """
        attn_layer_offset attn_layer_period block_multiple_of conv_groups decoder_sparse_step
        expand expert_layer_offset expert_layer_period first_k_dense_replace head_ratio intermediate_groups
        k_groups lang_id mamba_d_state mamba_expand max_window_layers moe_topk n_group n_groups n_langs
        n_routed_experts n_shared_experts no_rope_layer_interval num_dense_layers num_experts
        num_experts_per_tok num_feedforward_networks num_groups num_ln_in_parallel_attn num_local_experts
        num_shared_experts output_groups post_attention_groups q_groups query_pre_attn_scalar rotary_dim
        shared_intermediate_size state_size task_type_vocab_size topk_group type_vocab_size v_groups
        """,
    ),
    (_Count | Literal["auto"] | None, "mamba_d_head mamba_dt_rank time_step_rank"),
    (
        _Probability | None,
        """
        activation_dropout attention_dropout attention_probs_dropout_prob attn_pdrop dropout dropout_rate
        embd_pdrop embed_dropout embedding_dropout hidden_dropout hidden_dropout_prob mlp_dropout
        partial_rotary_factor resid_dropout resid_pdrop residual_dropout rotary_pct
        """,
    ),
    (
        _Scale | None,
        """
        attention_in_multiplier attention_multiplier attention_out_multiplier attn_logit_softcapping
        block_ffn_dim_multiplier clip_qkv embedding_multiplier init_std initializer_factor initializer_range
        key_multiplier layer_norm_eps layer_norm_epsilon mixer_rms_eps norm_eps norm_epsilon residual_multiplier
        rms_norm_eps routed_scaling_factor ssm_in_multiplier ssm_out_multiplier swiglu_alpha swiglu_limit
        w_init_variance_scale
        """,
    ),
    (_Theta | None, "global_rope_theta local_rope_theta rope_theta rotary_emb_base"),
    (
        _TokenId | None,
        "bos_index bos_token_id cls_token_id eos_index mask_index mask_token_id pad_index pad_token_id unk_index",
    ),
    (_TokenId | list[_TokenId] | None, "eos_token_id"),
    (Literal[False], "is_encoder_decoder add_cross_attention causal is_decoder quant_mode same_length use_prompt"),
    (Literal[True], "is_encoder"),
    (
        bool | None,
        """
        alibi apply_residual_connection_post_layernorm asm attention_bias attention_out_bias bias
        block_auto_adjust_ff_dim conv_bias do_layer_norm_before enable_bias gelu_activation
        inv_coeff_init_option key_query_shared_bottleneck layer_norm_elementwise_affine linear_allow_neg_eigval
        mamba_conv_bias mamba_norm_before_gate mamba_proj_bias mamba_rms_norm mlp_bias multi_query
        new_decoder_architecture norm_bias norm_topk_prob normalize_before parallel_attn position_biased_input
        pre_norm projectors_bias qk_layernorm qkv_bias relative_attention _remove_final_layer_norm
        rescale_embeddings residual_in_fp32 rope_interleave rotary_value scale_attn_by_inverse_layer_idx
        scale_attn_weights scale_embedding share_att_key sinusoidal_embeddings sinusoidal_pos_embds
        static_position_embeddings trigram_input use_attention_gate use_bias use_bidirectional_attention
        use_bottleneck use_bottleneck_attention use_conv_bias use_expert_bias use_lang_emb use_parallel_residual
        use_post_norm use_qk_norm use_qkv_bias use_sandwich_norm use_sliding_window use_task_id
        """,
    ),
    (_Activation | None, "activation activation_function afn conv_act ff_activation hidden_act hidden_activation"),
    (Annotated[str, Field(pattern=r"^(gated-)?(gelu|gelu_new|relu|silu|swish)$")], "feed_forward_proj"),
    (Literal["absolute", "nope", "relative_key", "relative_key_query", "rope"] | None, "position_embedding_type"),
    (Annotated[str, Field(pattern=r"^[cp2|]{0,20}$")] | list[Literal["c2p", "p2c", "p2p"]] | None, "pos_att_type"),
    (Literal["none", "layer_norm", "layer_norm|none"], "norm_rel_ebd"),
    (Literal["no_norm", "layer_norm"], "normalization_type"),
    (Literal["bi"], "attn_type"),
    (Literal["local", "transient-global"], "encoder_attention_type"),
    (Literal["none"], "force_dequant"),
    (Literal["greedy", "group_limited_greedy", "noaux_tc"] | None, "topk_method"),
    (Annotated[list[_Number], _List] | None, "mlp_multipliers ssm_multipliers"),
    (_Count | Annotated[str, Field(pattern=r"^[LG]{1,99}$")] | None, "sliding_window_pattern"),
    (Annotated[list[_Limit], Field(min_length=2, max_length=2)], "time_step_limit"),
    (_Block | Annotated[list[_Block], _List], "attention_window"),
    (Annotated[list[_LayerType], _List] | None, "attention_layers block_types layer_types mlp_layer_types"),
    (Annotated[list[Annotated[list[list[_LayerType] | _Layers], _List]], _List] | None, "attention_types"),
    (Annotated[list[_Count], _List] | None, "attn_layer_indices full_attn_idxs mlp_only_layers no_rope_layers"),
    (_Rope | dict[_LayerType, _Rope | None] | None, "rope_parameters rope_scaling"),
]
_KIND_OF = {name: number for number, (_, names) in enumerate(_KINDS) for name in names.split()}
SETTINGS = frozenset(_KIND_OF)

# Settings that transformers writes, now or in older versions, and that do not matter here: tasks of others, generation
# of text, decoders, first weights, and how results are computed or returned. They are dropped, so transformers never
# sees their values.
DROPPED = frozenset(
    """
    _attn_implementation_autoset architectures attention_softmax_in_fp32 attention_type aux_loss_coef bad_words_ids
    begin_suppress_tokens bi_data block_size chunk_size_feed_forward classifier_activation classifier_bias
    classifier_dropout classifier_dropout_prob classifier_pooling cross_attention_hidden_size
    decoder_attention_heads decoder_bias decoder_ffn_dim decoder_layerdrop decoder_layers decoder_start_token_id
    decoder_vocab_size deterministic_flash_attn diversity_penalty do_sample dtype early_stopping embed_init_std
    encoder_layerdrop encoder_no_repeat_ngram_size end_n_top eod_token_id exponential_decay_length_penalty
    final_logit_softcapping finetuning_task forced_bos_token_id forced_eos_token_id gradient_checkpointing id2label
    initializer_cutoff_factor input_jitter_noise label2id lambda_std_dev layerdrop legacy length_penalty
    linear_a_log_max linear_a_log_min linear_dt_init_floor linear_dt_max linear_dt_min lm_head_bias
    lm_head_multiplier logit_scale logits_scaling logits_soft_cap max_decoder_position_embeddings max_length mem_len
    min_length no_repeat_ngram_size num_beam_groups num_beams num_decoder_layers num_logits_to_keep num_mtp_layers
    num_random_blocks num_return_sequences onnx_export output_attentions output_embedding_size output_hidden_states
    output_past output_router_logits output_scores pooler_dropout pooler_hidden_act pooler_hidden_size
    prediction_head_size prefix pretraining_tp problem_type prompt_length prompt_mid_dim qa_dropout
    question_token_id reference_compile remove_invalid_values reorder_and_upcast_attn repad_logits_with_grad
    repetition_penalty rescale_prenorm_residual return_dict return_dict_in_generate reuse_len router_aux_loss_coef
    router_jitter_noise router_z_loss_coef scale_attention_softmax_in_fp32 sep_token_id seq_classif_dropout
    share_encoder_decoder_embeddings slow_but_exact sparse_pred_ignore_index sparse_prediction start_n_top
    summary_activation summary_first_dropout summary_last_dropout summary_proj_to_labels summary_type
    summary_use_proj suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder
    tie_weights_ tie_word_embeddings time_step_floor time_step_init_scheme time_step_max time_step_min
    time_step_scale tokenizer_class top_k top_p torch_dtype torchscript tpu_short_seq_length transformers_version
    typical_p use_associative_scan use_bfloat16 use_cache use_mamba_kernels use_mambapy use_mems_eval use_mems_train
    use_tpu_fourier_optimizations z_loss_coefficient
    """.split()
)


def check_settings(settings: Any, *, drop: bool = False) -> dict[str, Any]:
    """The settings that the network reads, checked. Raises ModelError, which names the setting that is not accepted.

    With `drop`, settings that no network reads are left out instead; this is for the folders of pretrained encoders,
    where anybody may have written notes of their own.
    """
    if not isinstance(settings, Mapping):
        raise ModelError(f"the settings of a transformer are a table, not of type {type(settings).__name__}")
    model_type = settings.get("model_type")
    family = FAMILIES.get(model_type) if isinstance(model_type, str) else None
    if family is None:
        raise ModelError(f"model_type of a transformer: {_unknown_type(model_type)}")
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        if name in _KIND_OF and not (name == "is_encoder_decoder" and family.encoder):
            checked[name] = _checked(name, value)
        elif not drop and name not in DROPPED and value not in (None, {}, []):
            raise ModelError(f"the setting {name!r} is not accepted of a transformer of the type {model_type}")
    for names in (("vocab_size",), LAYERS, WIDTHS):
        if not any(name in checked for name in names):
            raise ModelError(f"the setting {names[0]} of a transformer is missing")
    _check_together(checked)
    return checked


def _unknown_type(model_type: object) -> str:
    """Why a transformer of this type is not read."""
    if isinstance(model_type, str) and model_type in REFUSED:
        return f"{model_type} is not read, since {REFUSED[model_type]}"
    meant = "".join(f"did you mean {other}? " for other in closest(str(model_type), FAMILIES))
    return f"there is no {model_type!r} among those that are read; {meant}docs/training.md lists them"


def _checked(name: str, value: Any) -> Any:
    """The value of the setting, if it is of its kind. Raises ModelError."""
    adapter = _adapter(_KIND_OF[name])
    try:
        # In settings that transformers returns, tuples stand for lists.
        checked = adapter.validate_python(list(value) if isinstance(value, tuple) else value, strict=True)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise ModelError(f"the setting {name} of a transformer: {reason[:1].lower()}{reason[1:]}") from None
    return adapter.dump_python(checked, exclude_unset=True)


@cache
def _adapter(kind: int) -> TypeAdapter[Any]:
    """What checks values of the kind of that number in `_KINDS`."""
    return TypeAdapter(_KINDS[kind][0])


def size_of(settings: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the setting that has one of these names, such as `LAYERS`; None if there is none."""
    return next((settings[name] for name in names if name in settings), None)


def positions_of(settings: Mapping[str, Any]) -> int | None:
    """The number of positions that networks with these settings know, if that is limited."""
    positions: int | None = size_of(settings, POSITIONS)
    rope = settings.get("rope_parameters") or {}
    if rope.get("rope_type") == "longrope":  # longer texts turn the vectors of all their words in another way
        positions = min(positions or _TABLE, rope.get("original_max_position_embeddings") or _TABLE)
    return positions


def first_layers(settings: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The settings, which `check_settings` returned, of a network with only the first layers, `depth` of them.

    Raises ModelError if there are fewer, or if they would not compute the same as in the whole network.
    """
    name = next(name for name in LAYERS if name in settings)
    n_layers = settings[name]
    if depth > n_layers:
        raise ModelError(f"its depth is {n_layers}, so the key depth is at most {n_layers}, not {depth}")
    changed: dict[str, Any] = {name: depth}
    for each in _BY_LAYER:
        if isinstance(settings.get(each), list):
            changed[each] = settings[each][:depth]
    if settings.get("attention_types"):  # GPT-Neo, which tells how often a pattern is repeated
        kinds = [kind for pattern, times in settings["attention_types"] for kind in pattern * times]
        changed["attention_types"] = [[kinds[:depth], 1]]
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
    width, heads = size_of(settings, WIDTHS), size_of(settings, _HEADS)
    if heads is not None and width % heads and not any(settings.get(name) for name in _HEAD_WIDTHS):
        raise ModelError(f"a transformer of width {width} cannot have {heads} heads of attention, all equally wide")
    if settings.get("word_embed_proj_dim") not in (None, width):
        raise ModelError(f"a transformer whose layers are {width} wide, but not its embeddings, is not read")
    positions = positions_of(settings) or 0
    family = FAMILIES[settings["model_type"]]
    if not family.rotary and positions * max(positions, width) > _TABLE:  # some keep a mask of all pairs of positions
        raise ModelError(f"a transformer of the type {settings['model_type']} cannot have {positions:,} positions")
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
