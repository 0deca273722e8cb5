"""Transformers: windows against their definition, long sentences, threads, and tokenizers of every kind."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertModel, RobertaModel

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.encoders.encoder import Encoded
from depparse.encoders.transformer import codec as codec_module
from depparse.encoders.transformer.codec import Pieces, Subwords, TransformerCodec
from depparse.features.batch import Batch
from depparse.formats.table import read
from depparse.layers.tensors import Layout, to_tensors
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from depparse.training.loop import TrainingConfig
from depparse.training.optim import OptimizerConfig
from tests.models import annotated_copies, learn, small_model
from tests.pretrained import KINDS, MINILM, ODD_WORDS, TEXTS, needs_minilm, tiny_transformer, transformer_of
from tests.sentences import two_sentences


def encoded(model: Model, sentences: list[Sentence]) -> torch.Tensor:
    with torch.inference_mode():
        return model.eval().read(model.collate([model.example(sentence) for sentence in sentences])).encoded.context


def layers_of(model: Model, batch: Batch) -> list[torch.Tensor]:
    """The layers of the transformer that are mixed."""
    layout = Layout.of(batch, model.device)
    layers: list[torch.Tensor] = transformer_of(model)._read(to_tensors(batch.inputs[0], model.device), layout)[0]
    return layers


@pytest.mark.parametrize("kind", KINDS)
def test_tokenizers_of_every_kind_read_alike_in_any_batch(kind: str, tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer(kind, tmp_path / "t", window=16, layers=2)])
    document = two_sentences()
    odd_sentence, long_sentence = Sentence.from_forms(ODD_WORDS), Sentence.from_forms(["Tom", "sees", "apples"] * 40)
    sentences = [*document.sentences, odd_sentence, long_sentence]
    together = encoded(model, sentences)
    assert together.isfinite().all()
    for number, sentence in enumerate(sentences):
        alone = encoded(model, [sentence])[0]
        torch.testing.assert_close(together[number, : len(sentence) + 1], alone, rtol=1e-4, atol=1e-5)
    # The folder is not needed by a saved model.
    save(model, tmp_path / "m")
    (tmp_path / "t").rename(tmp_path / "elsewhere")
    again = load(tmp_path / "m")
    assert torch.equal(encoded(again, sentences), together)
    for one in (model, again):
        assert transformer_of(one).codec.tokenizer.truncation is None
        assert transformer_of(one).codec.tokenizer.padding is None
        assert transformer_of(one).codec.window == 16


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_read_as_after_a_space(kind: str, tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer(kind, tmp_path / "t")])
    pieces = transformer_of(model).codec.features(Sentence.from_forms(["Anna", "see", "don't", "apples"]))
    text = transformer_of(model).codec.tokenizer.encode(" Anna see don't apples", add_special_tokens=False)
    assert pieces.ids.tolist() == text.ids
    assert pieces.counts.sum() == len(pieces.ids)
    assert len(pieces.counts) == 4


def test_a_word_that_looks_like_a_special_subword_is_a_word(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("bytes", tmp_path / "t")])
    tokenizer = transformer_of(model).codec.tokenizer
    special = {tokenizer.token_to_id(name) for name in ("<s>", "</s>", "<pad>")}
    pieces = transformer_of(model).codec.features(Sentence.from_forms(["<s>", "</s>", "<pad>"]))
    assert not special & set(pieces.ids.tolist())
    assert (pieces.counts > 1).all()


def test_a_word_without_subwords_is_unknown(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("wordpiece", tmp_path / "t")])
    unknown = transformer_of(model).codec.tokenizer.token_to_id("[UNK]")
    pieces = transformer_of(model).codec.features(Sentence.from_forms(["\x01", "tom", "\u200b", "\x02", "see", "\x03"]))
    known_pieces = transformer_of(model).codec.features(Sentence.from_forms(["tom", "see"]))
    tom, see = np.split(known_pieces.ids, [known_pieces.counts[0]])
    assert pieces.ids.tolist() == [unknown, *tom, unknown, unknown, *see, unknown]
    assert pieces.counts.tolist() == [1, len(tom), 1, 1, len(see), 1]
    assert len(transformer_of(model).codec.features(Sentence.from_forms(["\x01"])).ids) == 1


def test_half_a_surrogate_pair_is_read(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("bytes", tmp_path / "t")])
    broken, replaced = (
        transformer_of(model).codec.features(Sentence({"FORM": ["Tom", form]})) for form in ("\ud800b", "\ufffdb")
    )
    assert broken.ids.tolist() == replaced.ids.tolist()


def test_positions_of_roberta_begin_after_the_padding(tmp_path: Path) -> None:
    kinds = {"bytes": 38, "wordpiece": 40}
    for kind, window in kinds.items():
        model = small_model("none", [tiny_transformer(kind, tmp_path / kind)])
        assert transformer_of(model).codec.window == window
        assert encoded(model, [Sentence.from_forms(["apples"] * 100)]).isfinite().all()


def plain_windows(rows: list[Pieces], window: int, pooling: str, begin: int, end: int) -> list[dict[int, list[tuple]]]:
    """By definition, for each word of each sentence: the window and the position in it of each subword of the word."""
    result = []
    capacity, step = window - 2, (window - 2) // 2
    for row in rows:
        ids = row.ids.tolist()
        begins = [0] if len(ids) <= capacity else list(range(0, len(ids) - step, step))
        windows = [(begin, *ids[b : b + capacity], end) for b in begins]
        words: dict[int, list[tuple]] = {0: [(windows[0], 0)]}
        owners = [word for word, count in enumerate(row.counts.tolist(), 1) for _ in range(count)]
        for position, word in enumerate(owners):
            if pooling == "first" and word in words:
                continue
            ends = [min(b + capacity, len(ids)) for b in begins]
            best = max(range(len(begins)), key=lambda w: min(position - begins[w], ends[w] - 1 - position))
            words.setdefault(word, []).append((windows[best], 1 + position - begins[best]))
        result.append(words)
    return result


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("window", [16, 17, 23])
def test_windows_are_those_of_their_definition(pooling: str, window: int, tmp_path: Path) -> None:
    settings = tiny_transformer("bytes", tmp_path / "t", window=window, pooling=pooling)
    model = small_model("none", [settings])
    reader: TransformerCodec = transformer_of(model).codec
    shuffle = random.Random(window)
    for _ in range(60):
        rows = []
        for _ in range(shuffle.randint(1, 5)):
            counts = np.array([shuffle.choice([1, 1, 2, 3, 30]) for _ in range(shuffle.choice([1, 3, 9, 40]))])
            rows.append(Pieces(np.array([shuffle.randint(5, 99) for _ in range(counts.sum())]), counts))
        subwords: Subwords[Any] = reader.collate(rows)
        expected = plain_windows(rows, window, pooling, reader._begin, reader._end)
        longest = subwords.ids.shape[1]
        windows_of: list[dict[int, list[tuple]]] = [{} for _ in rows]
        n_words = 1 + max(len(row.counts) for row in rows)
        pooled = subwords.firsts if pooling == "first" else np.ones_like(subwords.firsts)
        for position, word in zip(subwords.places[pooled].tolist(), subwords.words[pooled].tolist(), strict=True):
            sentence, word = divmod(word, n_words)
            ids = subwords.ids[position // longest][subwords.mask[position // longest].astype(bool)]
            windows_of[sentence].setdefault(word, []).append((tuple(ids.tolist()), position % longest))
        assert windows_of == expected
        assert (np.diff(subwords.places) > 0).all()
        assert subwords.mask.sum(1).max() == longest


@pytest.mark.slow
@needs_minilm
def test_long_sentences_are_analysed_alike_in_any_batch(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = small_model("none", [{**MINILM, "layers": 1}], document).eval()
    words = [word.text for word in document.iter_words()]
    thousand, ten_thousand = (Sentence.from_forms((words * (1 + n // len(words)))[:n]) for n in (1000, 10_000))
    subwords = model.collate([model.example(ten_thousand)]).inputs[0]
    assert len(subwords.ids) > 30
    sizes: list[int] = []
    inner = transformer_of(model).pretrained.forward

    def watched(**arguments: Any) -> Any:
        sizes.append(arguments["input_ids"].numel())
        return inner(**arguments)

    monkeypatch.setattr(transformer_of(model).pretrained, "forward", watched)
    alone = encoded(model, [ten_thousand])[0]
    assert len(sizes) > 1
    assert max(sizes) <= codec_module._PIECE
    together = encoded(model, [document[0], ten_thousand, thousand])
    torch.testing.assert_close(together[1], alone, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(together[2, :1001], encoded(model, [thousand])[0], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(
        together[0, : len(document[0]) + 1], encoded(model, [document[0]])[0], rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_pieces_do_not_change_the_result(pooling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tiny_transformer("unigram", tmp_path / "t", window=16, pooling=pooling)
    model = small_model("none", [settings])
    sentences = [Sentence.from_forms(["Tom", "sees", "apples"] * n) for n in (1, 30, 2, 50)]
    expected = encoded(model, sentences)
    for size in (1, 48, 100):
        monkeypatch.setattr(codec_module, "_PIECE", size)
        torch.testing.assert_close(encoded(model, sentences), expected, rtol=1e-5, atol=1e-6)
    # Reading all pieces at once, for the gradient, does not change it either.
    batch = model.collate([model.example(sentence) for sentence in sentences])
    torch.testing.assert_close(model.read(batch).encoded.context.detach(), expected, rtol=1e-5, atol=1e-6)


def test_threads_share_a_tokenizer(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("bytes", tmp_path / "t")]).eval()
    shuffle = random.Random(1)
    words = [word for text in TEXTS for word in text.split()]
    sentences = [Sentence.from_forms(shuffle.choices(words, k=1 + n % 30)) for n in range(200)]

    def pieces(sentence: Sentence) -> list[int]:
        return transformer_of(model).codec.features(sentence).ids.tolist()

    def analysed(sentence: Sentence) -> str:
        (copy,) = annotated_copies(model, Document([sentence]))
        return copy.to_conllu()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(pieces, sentences)) == list(map(pieces, sentences))
        assert list(threads.map(analysed, sentences[:40])) == list(map(analysed, sentences[:40]))


@pytest.mark.parametrize("context", ["none", "bilstm"])
@pytest.mark.parametrize("frozen", [False, True])
def test_each_task_has_its_own_mix_of_layers(context: str, frozen: bool, tmp_path: Path) -> None:
    settings = tiny_transformer("wordpiece", tmp_path / "t", mix="task", layers=2, frozen=frozen)
    model = small_model(context, [settings]).eval()
    mixes = transformer_of(model).mix
    assert mixes.shape == (4 * 2,)
    with torch.no_grad():
        # The shared mix and those of the tagger, the lemmatizer and the dependencies have one layer each.
        mixes.copy_(torch.tensor([0, 99, 99, 0, 0, 99, 99, 0], dtype=torch.float))
    batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])
    with torch.inference_mode():
        by_layer = layers_of(model, batch)
        states = model.read(batch).encoded
        torch.testing.assert_close(states.inputs, by_layer[1])
        for number, layer in enumerate([0, 1, 0]):
            task_states = states.of_task(number)
            torch.testing.assert_close(task_states.inputs, by_layer[layer])
            # The context layer reads the shared mix; without a context layer, each task has its own.
            torch.testing.assert_close(task_states.context, states.context if context != "none" else by_layer[layer])
        expected = model(batch)
        save(model, tmp_path / "m")
        again = load(tmp_path / "m")
        torch.testing.assert_close(again(batch)["lemmatizer"], expected["lemmatizer"])
    # Training changes all mixes that are read.
    with torch.no_grad():
        mixes.zero_()
    rates = OptimizerConfig(learning_rate=1e-2, pretrained_learning_rate=1e-3, average="none")
    config = TrainingConfig(epochs=2, precision="fp32", optimizer=rates)
    before = transformer_of(model).pretrained.encoder.layer[0].output.dense.weight.clone()
    learn(model, two_sentences(), config)
    changed = (transformer_of(model).mix.view(4, 2) != 0).any(1).tolist()
    assert changed == [context != "none", True, True, context == "none"]
    assert torch.equal(transformer_of(model).pretrained.encoder.layer[0].output.dense.weight, before) is frozen


def test_a_shared_mix_is_what_all_tasks_read(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("wordpiece", tmp_path / "t", layers=2)])
    batch = model.collate([model.example(sentence) for sentence in two_sentences()])
    states = model.eval().read(batch).encoded
    assert all(states.of_task(number) is states for number in range(3))
    assert transformer_of(model).mix.shape == (2,)
    layers = layers_of(model, batch)
    torch.testing.assert_close(states.inputs, (layers[0] + layers[1]) / 2)


@needs_minilm
def test_one_long_word_does_not_lengthen_all_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model("none", [{**MINILM, "layers": 1}])
    sentences = [Sentence.from_forms(["Yes"]) for _ in range(50)] + [
        Sentence.from_forms(["http://x.org/" + "a/" * 150])
    ]
    sizes: list[int] = []
    inner = transformer_of(model).pretrained.forward

    def watched(**arguments: Any) -> Any:
        sizes.append(arguments["input_ids"].numel())
        return inner(**arguments)

    monkeypatch.setattr(transformer_of(model).pretrained, "forward", watched)
    batch = model.collate([model.example(sentence) for sentence in sentences])
    model.read(batch)  # with a gradient, as in training
    assert sum(sizes) <= 2 * int(batch.inputs[0].mask.sum()) < batch.inputs[0].ids.size / 10


class Attending(torch.nn.Module):
    """A task that reads single layers and attention, and predicts nothing of use."""

    reads_inside = frozenset({"layers", "attention"})

    def __init__(self, codec: Any) -> None:
        super().__init__()
        self.codec = codec
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> Encoded:
        return encoded


@pytest.mark.parametrize("kind", ["wordpiece", "bytes"])
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_a_task_sees_layers_and_attention(kind: str, pooling: str, tmp_path: Path) -> None:
    settings = tiny_transformer(kind, tmp_path / "t", layers=1, pooling=pooling)
    name, model = settings["name"], small_model("none", [settings]).eval()
    sentences = [*two_sentences().sentences, Sentence.from_forms(["Tom", "sees"] * 40)]  # the long one in windows
    batch = model.collate([model.example(sentence) for sentence in sentences])
    before = model.read(batch).encoded
    assert not before.layers
    assert not before.attention
    model.tasks["tagger"] = Attending(model.codec.tasks["tagger"])
    model.renew_codec()
    batch = model.collate([model.example(sentence) for sentence in sentences])
    encoded = model(batch)["tagger"]
    assert len(encoded.layers) == 4
    assert len(encoded.attention) == 3
    torch.testing.assert_close(encoded.layers[-1], encoded.inputs)
    torch.testing.assert_close(before.inputs, encoded.inputs, rtol=1e-4, atol=1e-5)
    # Attention is that of a model that is called by hand on one sentence, summed word by word.
    pieces = transformer_of(model).codec.features(sentences[0])
    whole = (BertModel if kind == "wordpiece" else RobertaModel).from_pretrained(name, attn_implementation="eager")
    begin, end = transformer_of(model).codec._begin, transformer_of(model).codec._end
    ids = torch.tensor([[begin, *pieces.ids, end]])
    expected = whole.eval()(input_ids=ids, output_attentions=True, output_hidden_states=True)
    owners = np.concatenate([[0], np.repeat(1 + np.arange(len(pieces.counts)), pieces.counts), [-1]])
    n_words = len(sentences[0]) + 1
    for layer, weights in zip(encoded.attention, expected.attentions, strict=True):
        for word in range(n_words):
            for other in range(n_words):
                mass = weights[0][:, owners == word][:, :, owners == other].sum(2).mean(1)
                torch.testing.assert_close(layer[0, :, word, other], mass, rtol=1e-4, atol=1e-5)
    assert all((layer >= 0).all() and (layer.sum(-1) <= 1 + 1e-5).all() for layer in encoded.attention)
    assert all(
        (layer[0, :, n_words:] == 0).all() and (layer[0, ..., n_words:] == 0).all() for layer in encoded.attention
    )
    # A sentence has the same attention and layers alone as beside others, and so has the long sentence.
    for number, sentence in enumerate(sentences):
        alone = model(model.collate([model.example(sentence)]))["tagger"]
        size = len(sentence) + 1
        for layer, own in zip(encoded.attention, alone.attention, strict=True):
            torch.testing.assert_close(layer[number, :, :size, :size], own[0], rtol=1e-4, atol=1e-5)
        for layer, own in zip(encoded.layers, alone.layers, strict=True):
            torch.testing.assert_close(layer[number, :size], own[0], rtol=1e-4, atol=1e-5)
