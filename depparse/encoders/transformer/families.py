"""The types of pretrained encoders that are read, by the names that transformers has for them. No torch here.

Models that generate text see only the words to the left, and of models with encoder and decoder only the encoder is
read. Text is padded on its right, which networks must not notice: most get a mask for it, those that see only the left
context could do without one, and of the few others texts of one length are read at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Family(NamedTuple):
    """What is special about the networks of a type."""

    encoder: str | None = None  # the class of the encoder, in models that also have a decoder
    padded: bool = True  # whether texts of different lengths may be read together, with a mask
    mixed: bool = True  # whether they can be trained in mixed precision
    rotary: bool = False  # whether they know any number of positions without a table of them


_BOTH_WAYS = """
    albert bert bert-generation big_bird camembert convbert data2vec-text deberta deberta-v2 distilbert electra
    ernie flaubert ibert longformer megatron-bert mobilebert mpnet rembert roberta roberta-prelayernorm roformer
    splinter squeezebert xlm xlm-roberta xlm-roberta-xl xlnet
"""
_BOTH_WAYS_ROTARY = "eurobert gte jina_embeddings_v3 modernbert nomic_bert openai_privacy_filter ultrabert"
_LEFT_TO_RIGHT = "biogpt codegen ctrl gpt-sw3 gpt2 gpt_bigcode gpt_neo gptj openai-gpt opt xglm"
_LEFT_TO_RIGHT_ROTARY = """
    apertus arcee bloom cohere cohere2 cwm deepseek_v2 deepseek_v3 diffllama dots1 ernie4_5 exaone4
    exaone_moe falcon flex_olmo gemma gemma2 gemma3_text glm glm4 glm4_moe glm4_moe_lite gpt_neox
    gpt_neox_japanese gpt_oss granite granitemoe granitemoeshared helium hunyuan_v1_dense hunyuan_v1_moe
    hyperclovax internlm3 iquestcoder jais2 jetmoe llama minimax_m2 ministral ministral3 mistral mistral4
    mixtral modernbert-decoder nanochat nemotron olmo olmo2 olmo3 olmoe persimmon phi phi3 phimoe qwen2
    qwen2_moe qwen3 qwen3_moe seed_oss smollm3 solar_open stablelm starcoder2 vaultgemma
"""
_RECURRENT = """
    bamba falcon_h1 falcon_mamba granitemoehybrid jamba lfm2 lfm2_moe lfm3 mamba mamba2 olmo_hybrid
    qwen3_5_moe_text qwen3_5_text qwen3_next recurrent_gemma
"""
_ENCODERS = {
    "bart": "BartEncoder",
    "bigbird_pegasus": "BigBirdPegasusEncoder",
    "blenderbot": "BlenderbotEncoder",
    "blenderbot-small": "BlenderbotSmallEncoder",
    "led": "LEDEncoder",
    "longt5": "LongT5Stack",
    "m2m_100": "M2M100Encoder",
    "marian": "MarianEncoder",
    "mbart": "MBartEncoder",
    "mt5": "MT5Stack",
    "mvp": "MvpEncoder",
    "pegasus": "PegasusEncoder",
    "plbart": "PLBartEncoder",
    "t5": "T5Stack",
    "umt5": "UMT5Stack",
}
FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(f"{_BOTH_WAYS} {_LEFT_TO_RIGHT}".split(), Family()),
    **dict.fromkeys(f"{_BOTH_WAYS_ROTARY} {_LEFT_TO_RIGHT_ROTARY} {_RECURRENT}".split(), Family(rotary=True)),
    **{name: Family(encoder) for name, encoder in _ENCODERS.items()},
    "convbert": Family(padded=False),
    "deberta": Family(mixed=False),
    "fnet": Family(padded=False),
    "mobilebert": Family(padded=False),
}
# Types whose attention is between near subwords alone, and by their distance, not between all pairs.
NEAR: frozenset[str] = frozenset({"led", "longformer", "longt5"})
# Types that read text, but not as it is needed here.
REFUSED: Mapping[str, str] = {
    "bitnet": "its weights are quantized while it computes",
    "canine": "it reads characters, not subwords",
    "dpr": "its BERT is inside another network, from which it has to be saved first",
    "esm": "it reads proteins",
    "funnel": "its layers join subwords, so they have no vectors of their own",
    "layoutlm": "it reads where words stand on a page",
    "luke": "most of its weights are of entities, which are not read",
    "markuplm": "it reads the tags of pages",
    "mra": "it computes attention in kernels for GPUs alone",
    "nllb-moe": "its experts drop subwords, depending on what else is read",
    "nystromformer": "it reads texts of one length alone",
    "perceiver": "it reads bytes, not subwords",
    "reformer": "its attention hashes at random",
    "roc_bert": "it reads shapes and sounds of signs",
    "rwkv": "its network may fetch code from the hub",
    "switch_transformers": "its experts drop subwords, depending on what else is read",
    "tapas": "it reads tables",
    "xmod": "it has layers for each language, and no text tells its own",
    "yoso": "it computes attention in kernels for GPUs alone",
}
