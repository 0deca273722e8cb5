"""Our BERT against that of the library transformers, loading without that library, and smaller vocabularies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel

from depparse.document.sentence import Sentence
from depparse.encoders.bert import Bert
from depparse.encoders.transformer.codec import TransformerCodec, TransformerConfig
from depparse.encoders.transformer.network import Transformer
from depparse.encoders.transformer.settings import is_bert
from depparse.formats.table import read
from depparse.model_folder.store import load, save
from tests.models import small_model
from tests.pretrained import MINILM, ODD_WORDS, needs_minilm, tiny_transformer, transformer_of
from tests.sentences import two_sentences

SIZES = {
    "vocab_size": 50,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 20,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


@pytest.mark.parametrize("training", [False, True])
def test_states_and_gradients_are_those_of_transformers(training: bool) -> None:
    torch.manual_seed(1)
    their_network = BertModel(BertConfig(**SIZES)).train(training)
    our_network = Bert(their_network.config.to_dict()).train(training)
    our_network.load_state_dict(their_network.state_dict())  # with its pooler, which is left out
    left_out = set(their_network.state_dict()) - set(our_network.state_dict())
    assert left_out == {"pooler.dense.weight", "pooler.dense.bias"}
    ids = torch.randint(0, 50, (4, 13))
    mask = (torch.arange(13) < torch.tensor([[13], [1], [6], [12]])).long()
    real = mask.bool()
    gradients = []
    for network in (their_network, our_network):
        states = network(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        sum((state[real] ** 2).sum() * number for number, state in enumerate(states)).backward()
        gradients.append(({name: p.grad for name, p in network.named_parameters()}, [state[real] for state in states]))
    (their_gradients, their_states), (our_gradients, our_states) = gradients
    assert len(our_states) == len(their_states) == 4
    for state, other in zip(our_states, their_states, strict=True):
        torch.testing.assert_close(state, other, rtol=1e-5, atol=1e-5)
    for name, gradient in our_gradients.items():
        torch.testing.assert_close(gradient, their_gradients[name], rtol=1e-4, atol=1e-4)


def test_dropout_is_active_only_in_training() -> None:
    network = Bert(BertConfig(**SIZES | {"hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}).to_dict())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_()
    ids, mask = torch.arange(5)[None], torch.ones(1, 5, dtype=torch.long)
    once, twice = (network.train()(ids, mask).hidden_states for _ in range(2))
    assert not any(torch.equal(*pair) for pair in zip(once, twice, strict=True))
    once, twice = (network.eval()(ids, mask).hidden_states for _ in range(2))
    assert all(torch.equal(*pair) for pair in zip(once, twice, strict=True))


def test_other_networks_are_left_to_transformers(tmp_path: Path) -> None:
    settings = BertConfig(**SIZES).to_dict()
    assert is_bert(settings)
    for other in ({"model_type": "roberta"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}):
        assert not is_bert(settings | other)
    assert not is_bert(settings | {"is_decoder": True})
    for kind, ours in (("wordpiece", True), ("bytes", False)):
        model = small_model("none", [tiny_transformer(kind, tmp_path / kind)])
        assert isinstance(transformer_of(model).pretrained, Bert) is ours


def test_a_model_is_loaded_without_transformers(tmp_path: Path) -> None:
    save(small_model("none", [tiny_transformer("wordpiece", tmp_path / "t")]), tmp_path / "m")
    code = (
        "import sys, depparse\n"
        f"pipeline = depparse.load({str(tmp_path / 'm')!r})\n"
        "pipeline(depparse.Document([depparse.Sentence.from_forms(['Tom', 'sees'])]))\n"
        "slow = 'transformers datasets pandas pyarrow accelerate scipy.optimize sympy torch._dynamo huggingface_hub'\n"
        "print(*[name for name in slow.split() if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "\n"


def test_a_folder_with_a_pooler_and_a_numbered_vocabulary_is_read(tmp_path: Path) -> None:
    """Folders were written so when their network was the class of transformers."""
    name = tiny_transformer("wordpiece", tmp_path / "t")["name"]
    built = Transformer.build(TransformerConfig(name=name), two_sentences().sentences)
    data = built.codec.to_json()
    subwords = data["tokenizer"]["model"]["vocab"]
    assert isinstance(subwords, list)
    assert "_name_or_path" not in data["config"]
    data["tokenizer"]["model"]["vocab"] = {word: number for number, word in enumerate(subwords)}
    state = {"pretrained.pooler.dense.weight": torch.ones(16, 16), **built.state_dict()}
    again = Transformer(TransformerCodec.from_json(built.codec.config, data))
    again.load_state_dict(state)
    for key, value in built.state_dict().items():
        assert torch.equal(again.state_dict()[key], value)
    sentence = Sentence.from_forms(ODD_WORDS)
    assert again.codec.features(sentence).ids.tolist() == built.codec.features(sentence).ids.tolist()
    with pytest.raises(RuntimeError, match="Unexpected key"):
        again.load_state_dict(state | {"pretrained.other": torch.ones(1)})


def same_words(whole: Transformer, smaller: Transformer, forms: list[str]) -> bool:
    """Whether both split the forms into the same subwords, unknown ones included."""
    pieces = [network.codec.features(Sentence.from_forms(forms)) for network in (whole, smaller)]
    names = [
        [network.codec.tokenizer.id_to_token(number) for number in found.ids]
        for network, found in zip((whole, smaller), pieces, strict=True)
    ]
    return names[0] == names[1] and pieces[0].counts.tolist() == pieces[1].counts.tolist()


@needs_minilm
def test_subwords_that_no_text_has_are_dropped(samples: Path, tmp_path: Path) -> None:
    model = small_model("none", [MINILM]).eval()
    whole: Any = transformer_of(model)
    smaller, n_dropped = whole.without_unused()
    assert n_dropped > 1000
    kept_subwords = smaller.codec.tokenizer.get_vocab()
    assert (
        len(kept_subwords) == smaller.pretrained.config.vocab_size == whole.codec.tokenizer.get_vocab_size() - n_dropped
    )
    dropped_subwords = set(whole.codec.tokenizer.get_vocab()) - set(kept_subwords)
    assert {"[unused1]", "##.", "##國"} <= dropped_subwords
    assert {"[UNK]", "[MASK]", "國", ".", "##ing"} <= set(kept_subwords)
    for name, number in kept_subwords.items():
        row = whole.codec.tokenizer.token_to_id(name)
        assert torch.equal(
            smaller.pretrained.embeddings.word_embeddings.weight[number],
            whole.pretrained.embeddings.word_embeddings.weight[row],
        )
    forms = [word.text for path in sorted(samples.glob("*/*.conllu")) for word in read(path).iter_words()]
    assert same_words(
        whole, smaller, [*forms, *ODD_WORDS, *dropped_subwords, *(f"a{word}" for word in dropped_subwords)]
    )
    words_of_each_character = [f"a{chr(point)}" for point in range(0x20, 0x20000) if not 0xD800 <= point < 0xE000]
    assert same_words(whole, smaller, words_of_each_character)

    @settings(max_examples=200)
    @given(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1),
            min_size=1,
            max_size=20,
        )
    )
    def any_text(texts: list[str]) -> None:
        assert same_words(whole, smaller, texts)

    any_text()
    document = two_sentences()
    batch = model.collate([model.example(sentence) for sentence in document])
    with torch.inference_mode():
        expected = model(batch)["lemmatizer"]
        model.encoder.inputs[0] = smaller
        model.renew_codec()
        save(model, tmp_path / "m")
        again = load(tmp_path / "m")
        for network in (model, again):
            batch = network.collate([network.example(sentence) for sentence in document])
            assert torch.equal(network(batch)["lemmatizer"], expected)


def test_other_tokenizers_keep_their_subwords(tmp_path: Path) -> None:
    for kind in ("bytes", "unigram"):
        whole = Transformer.build(TransformerConfig.model_validate(tiny_transformer(kind, tmp_path / kind)), [])
        assert whole.without_unused() == (whole, 0)
