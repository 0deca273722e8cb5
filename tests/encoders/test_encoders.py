"""Encoders: shapes, independence of the batch, transformers end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.formats.table import read
from tests.models import small_model
from tests.pretrained import MINILM, needs_minilm
from tests.recipes import CONTEXTS, INPUTS
from tests.sentences import two_sentences

BILSTM_CHARACTERS = [{"type": "characters", "kind": "bilstm", "width": 16, "embedding": 8}]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("inputs", [INPUTS, BILSTM_CHARACTERS])
def test_a_sentence_is_encoded_alike_alone_and_in_any_batch(context: str, inputs: list[Any], samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = small_model(context, inputs, document).eval()
    with torch.inference_mode():
        together = model.collate([model.example(sentence) for sentence in document])
        encoded = model.read(together).encoded.context
        for number, sentence in enumerate(document):
            alone = model.read(model.collate([model.example(sentence)])).encoded.context[0]
            torch.testing.assert_close(encoded[number, : len(sentence) + 1], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["cnn", "bilstm"])
def test_odd_words_are_spelt_alike_in_any_batch(kind: str) -> None:
    settings = {"type": "characters", "kind": kind, "width": 9, "embedding": 8, "min_count": 1, "max_length": 7}
    model = small_model("none", [settings]).eval()
    odd = ["\x00", "\u200b", "👩🏽‍🚀", "\u0301\u0301", " ", "", "x" * 500, "buy", "\ufeff", "\U0010ffff", "Anna", "a b"]
    sentences = [*two_sentences(), Sentence.from_forms(odd), *(Sentence.from_forms([word]) for word in odd)]
    with torch.inference_mode():
        together = model.read(model.collate([model.example(sentence) for sentence in sentences])).encoded.context
        assert together.isfinite().all()
        for number, sentence in enumerate(sentences):
            alone = model.read(model.collate([model.example(sentence)])).encoded.context[0]
            torch.testing.assert_close(together[number, : len(sentence) + 1], alone, rtol=1e-4, atol=1e-6)
        # Known characters in another order make another word; words of different unknown characters are the same.
        words = model.read(
            model.collate([model.example(Sentence.from_forms(["did", "ddi", "¡", "¿"]))])
        ).encoded.context[0]
        assert not torch.allclose(words[1], words[2])
        assert torch.equal(words[3], words[4])


@needs_minilm
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_a_transformer_encodes_alike_in_any_batch_and_beyond_its_window(pooling: str, samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = small_model("none", [{**MINILM, "pooling": pooling}], document).eval()
    long_sentence = Sentence.from_forms([word.text for word in document.iter_words()] * 6)
    odd_sentence = Sentence.from_forms(["\u200b", "ok", "\x01", "👩🏽‍🚀", "x" * 500])
    with torch.inference_mode():
        sentences = [document[0], odd_sentence, long_sentence]
        together = model.read(model.collate([model.example(sentence) for sentence in sentences])).encoded.context
        assert together.shape == (3, len(long_sentence) + 1, 384)
        assert together.isfinite().all()
        for number, sentence in enumerate(sentences):
            alone = model.read(model.collate([model.example(sentence)])).encoded.context[0]
            torch.testing.assert_close(together[number, : len(sentence) + 1], alone, rtol=1e-3, atol=1e-4)


@needs_minilm
def test_a_word_sees_all_of_its_subwords() -> None:
    document = Document.from_conllu("1\tUnbelievably\t_\tADV" + "\t_" * 6 + "\n2\tgood\t_\tADJ" + "\t_" * 6 + "\n\n")
    model = small_model("none", [MINILM], document)
    transformer = model.encoder.inputs[0]
    counts = transformer.codec.features(document[0]).counts  # type: ignore[operator]
    assert len(counts) == 2
    assert counts[0] > 1
    assert transformer.codec.tokenizer.truncation is None  # type: ignore[union-attr]
    assert transformer.codec.tokenizer.padding is None  # type: ignore[union-attr]


def test_a_missing_transformer_is_one_line() -> None:
    with pytest.raises(ConfigError, match="pip install no_such_package"):
        small_model("none", [{"type": "transformer", "name": "package:no_such_package/x"}])
    with pytest.raises(ConfigError, match="is no folder here and not among those that were fetched before"):
        small_model("none", [{"type": "transformer", "name": "/no/such/folder"}])
