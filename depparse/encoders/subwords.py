"""Makes a vocabulary of subwords smaller without changing analyses: drops those that no text can be split into."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import Tokenizer

from depparse.encoders.transformer.codec import TransformerCodec


def without_unreachable(codec: TransformerCodec) -> tuple[TransformerCodec, list[int]] | None:
    """A codec without the subwords that no text can be split into, and the rows of the others in the old vocabulary.

    Only the WordPiece of BERT is known well enough; for other tokenizers this is None. BERT normalizes text character
    by character and splits off punctuation and Chinese characters before WordPiece reads it. So a subword that this
    would change or split, such as ``[unused7]`` or ``##.``, is never met.
    """
    settings = json.loads(codec.tokenizer.to_str())
    kinds = [(settings[name] or {}).get("type") for name in ("model", "normalizer", "pre_tokenizer", "post_processor")]
    if kinds != ["WordPiece", "BertNormalizer", "BertPreTokenizer", "TemplateProcessing"]:
        return None
    model = settings["model"]
    special = {token["content"] for token in settings["added_tokens"]} | {model["unk_token"]}
    prefix = model["continuing_subword_prefix"]
    subwords = sorted(model["vocab"], key=model["vocab"].__getitem__)
    kept = [word for word in subwords if word in special or _is_reachable(word, codec.tokenizer, prefix)]
    rows = [model["vocab"][word] for word in kept]
    numbers = {row: number for number, row in enumerate(rows)}

    model["vocab"] = {word: number for number, word in enumerate(kept)}
    for token in settings["added_tokens"]:
        token["id"] = numbers[token["id"]]
    for token in settings["post_processor"]["special_tokens"].values():
        token["ids"] = [numbers[number] for number in token["ids"]]
    network: dict[str, Any] = dict(codec.settings)
    for name, value in network.items():
        if name.endswith("_token_id") and value is not None:
            network[name] = numbers.get(value)
    network["vocab_size"] = len(kept)
    tokenizer = Tokenizer.from_str(json.dumps(settings))
    return TransformerCodec(codec.config, tokenizer, network, codec.positions), rows


def _is_reachable(subword: str, tokenizer: Tokenizer, prefix: str) -> bool:
    """Whether some text can be split into this subword; `prefix` marks subwords that continue a word."""
    # A subword that continues a word is tried after a letter, as it never begins a word.
    inside = subword.startswith(prefix) and subword != prefix
    text = "a" + subword.removeprefix(prefix) if inside else subword
    words = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
    return [word for word, _ in words] == [text]
