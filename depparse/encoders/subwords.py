"""A smaller vocabulary of subwords, for the same analyses: without those that no text can be split into."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import Tokenizer

from depparse.encoders.bert import Bert
from depparse.encoders.transformer.codec import TransformerCodec
from depparse.encoders.transformer.network import Transformer


def drop_unreachable(part: Transformer) -> tuple[Transformer, int]:
    """`part` without the rows of subwords that it cannot meet, and their number.

    Known of the WordPiece of BERT, which normalizes text character by character and splits off punctuation and Chinese
    characters: a subword that this would change or split, such as ``[unused7]`` or ``##.``, stands in no text that has
    gone through it. Others come back as they are.
    """
    settings = json.loads(part.codec.tokenizer.to_str())
    kinds = [(settings[name] or {}).get("type") for name in ("model", "normalizer", "pre_tokenizer", "post_processor")]
    known = ["WordPiece", "BertNormalizer", "BertPreTokenizer", "TemplateProcessing"]
    if kinds != known or not isinstance(part.pretrained, Bert):
        return part, 0
    model = settings["model"]
    special = {token["content"] for token in settings["added_tokens"]} | {model["unk_token"]}
    prefix = model["continuing_subword_prefix"]
    subwords = sorted(model["vocab"], key=model["vocab"].__getitem__)
    kept = [word for word in subwords if word in special or _is_reachable(word, part.codec.tokenizer, prefix)]
    rows = [model["vocab"][word] for word in kept]
    numbers = {row: number for number, row in enumerate(rows)}

    model["vocab"] = {word: number for number, word in enumerate(kept)}
    for token in settings["added_tokens"]:
        token["id"] = numbers[token["id"]]
    for token in settings["post_processor"]["special_tokens"].values():
        token["ids"] = [numbers[number] for number in token["ids"]]
    network: dict[str, Any] = part.pretrained.config.to_dict()
    for name, value in network.items():
        if name.endswith("_token_id") and value is not None:
            network[name] = numbers.get(value)
    network["vocab_size"] = len(kept)

    tokenizer = Tokenizer.from_str(json.dumps(settings))
    smaller = Transformer(TransformerCodec(part.codec.config, tokenizer, network, part.codec.positions))
    smaller.mix = part.mix
    state = part.state_dict()
    name = "pretrained.embeddings.word_embeddings.weight"
    n_dropped = len(state[name]) - len(rows)
    smaller.load_state_dict(state | {name: state[name][rows]})
    return smaller.train(part.training), n_dropped


def _is_reachable(subword: str, tokenizer: Tokenizer, prefix: str) -> bool:
    # The rest of a word is looked at behind a letter, as it stands in words.
    inside = subword.startswith(prefix) and subword != prefix
    text = "a" + subword.removeprefix(prefix) if inside else subword
    words = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
    return [word for word, _ in words] == [text]
