"""The segmenter learns, reads a text alike however it comes, and is the same when it was saved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.formats.conllu import iter_conllu, read_conllu
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.network import SegmenterNetwork
from depparse.segmentation.passages import Passage, make_passages
from depparse.segmentation.segmenter import Piece, Segmenter
from depparse.segmentation.torch_scorer import TorchSegmenterScorer, network_of

SMALL = SegmenterConfig(
    embedding=16, width=32, layers=2, words=16, token_width=32, token_layers=1, dropout=0, unknown=0, min_count=1
)


def train(passages: list[Passage], steps: int) -> Segmenter:
    torch.manual_seed(1)
    learner = SegmenterLearner.build(SMALL, passages)
    optimizer = torch.optim.Adam(learner.parameters(), 5e-3)
    batch = learner.collate(passages)
    for _ in range(steps):
        optimizer.zero_grad()
        sum(learner.losses(batch).values(), torch.zeros(())).backward()
        optimizer.step()
    return learner.segmenter


@pytest.fixture(scope="module")
def passages(samples: Path) -> list[Passage]:
    """All of the French sample: it has multiword tokens, and paragraphs."""
    return list(make_passages(iter_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"), 40))


@pytest.fixture(scope="module")
def segmenter(passages: list[Passage]) -> Segmenter:
    return train(passages, 150)


def shape(sentences: Iterator[Sentence] | list[Sentence]) -> list[list[tuple[str, list[str]]]]:
    return [[(token.text, [word.text for word in token.words]) for token in s.tokens] for s in sentences]


def test_passages_are_the_raw_text_with_its_tokens(samples: Path, passages: list[Passage]) -> None:
    document = read_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu")
    forms = [token.text for sentence in document for token in sentence.tokens]
    assert [form for passage in passages for form in passage.forms] == forms
    assert sum(token.ends_sentence for passage in passages for token in passage.tokens) == len(document)
    assert sum(passage.length for passage in passages) == document.num_words
    assert all(passage.text in document.text for passage in passages)
    assert any(token.words for passage in passages for token in passage.tokens)


def test_passages_learned_by_heart_come_back(segmenter: Segmenter, passages: list[Passage]) -> None:
    # Each passage is analysed by itself, as it was learned.
    analyses = list(segmenter.analyse(Piece(passage.text) for passage in passages))
    for (text, tokens), passage in zip(analyses, passages, strict=True):
        assert text == passage.text
        assert tokens == passage.tokens


def test_words_with_spaces_and_text_without_any_are_learned() -> None:
    sentences = [
        Sentence({"FORM": ["Hà Nội", "là", "thủ đô", "."]}),
        Sentence({"FORM": ["Tôi", "ở", "Hà Nội", "."]}),
        Sentence({"FORM": [*"我爱", "北京", "。"], "MISC": ["SpaceAfter=No"] * 4}),
        Sentence({"FORM": ["北京", "大"], "MISC": ["SpaceAfter=No"] * 2}),
    ]
    segmenter = train(list(make_passages(sentences, 100)), 100)
    assert segmenter.codec.styles[0].inner_spaces
    assert shape(segmenter.segment([Document(sentences).text])) == shape(sentences)
    # A line may end inside a word.
    (sentence,) = segmenter.segment(["Tôi ở Hà\nNội ."])
    assert [word.text for word in sentence.words] == ["Tôi", "ở", "Hà Nội", "."]


@settings(max_examples=30)
@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_any_text_is_read_the_same_however_it_comes(segmenter: Segmenter, text: str, cuts: list[int]) -> None:
    cuts = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [text[start:end] for start, end in pairwise(cuts)]
    whole, parts = list(segmenter.segment([text])), list(segmenter.segment(pieces))
    assert [sentence.to_conllu() for sentence in whole] == [sentence.to_conllu() for sentence in parts]


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_tokens_are_in_order_within_the_text_and_leave_out_nothing_but_white_space(
    segmenter: Segmenter, text: str
) -> None:
    ((_, tokens),) = segmenter.analyse([Piece(text)])
    end = 0
    for token in tokens:
        assert text[end : token.start].strip() == ""
        assert end <= token.start < token.end
        assert not text[token.start].isspace()
        assert not text[token.end - 1].isspace()
        end = token.end
    assert text[end:].strip() == ""


def test_texts_are_read_alike_alone_and_together(segmenter: Segmenter, passages: list[Passage]) -> None:
    texts = ["", "Salut !", *(passage.text for passage in passages), "   ", "a" * 3000]
    together = list(segmenter.analyse(map(Piece, texts)))
    assert together == [next(iter(segmenter.analyse([Piece(text)]))) for text in texts]
    assert list(segmenter.analyse(map(Piece, reversed(texts)))) == together[::-1]
    texts.append("Le chat dort. \n\n" * 1000)
    alone = [[sentence.to_conllu() for sentence in segmenter.segment([text])] for text in texts]
    assert [[sentence.to_conllu() for sentence in found] for found in segmenter.segment_all(texts)] == alone


def test_text_is_read_only_as_far_as_sentences_need_it(segmenter: Segmenter) -> None:
    n_read = 0

    def pieces() -> Iterator[str]:
        nonlocal n_read
        for _ in range(1000):
            n_read += 1
            yield "Le chat dort. " * 100 + "\n\n"

    sentences = segmenter.segment(pieces())
    next(sentences)
    assert n_read < 200


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/" + "a1%20" * 2000,
        "x" * 70_000,
        "שלום עולם. مرحبا بالعالم!",
        "\x00\x01 \u200b \ufeff",
        "👩‍🚀🇫🇷👍🏽",
        "e\u0301te\u0301",
        "\ud800",
        "a\u00a0b\u2028c\x0bd",
    ],
)
def test_odd_text_keeps_its_characters(segmenter: Segmenter, text: str) -> None:
    ((_, tokens),) = segmenter.analyse([Piece(text)])
    characters = "".join(text[token.start : token.end] for token in tokens)
    spacing = str.maketrans("", "", "\u200b\ufeff")
    assert "".join(characters.split()) == "".join(text.translate(spacing).split())


def test_pretokenized_sentences_get_their_multiword_tokens(segmenter: Segmenter, samples: Path) -> None:
    document = read_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu")
    tokenized = [Sentence.from_forms([token.text for token in s.tokens], s.comments) for s in document]
    tokenized.insert(1, Sentence.from_forms([]))
    expanded = list(segmenter.expand(tokenized))
    assert len(expanded.pop(1)) == 0
    assert shape(expanded) == shape(document.sentences)
    assert [sentence.comments for sentence in expanded] == [sentence.comments for sentence in document]
    # Sentences that are expanded already stay as they are.
    assert shape(segmenter.expand(document)) == shape(document.sentences)


def test_a_saved_segmenter_segments_alike(segmenter: Segmenter, passages: list[Passage]) -> None:
    codec = SegmenterCodec.from_json(segmenter.codec.to_json())
    network = SegmenterNetwork(SMALL, codec.sizes)
    network.load_state_dict(network_of(segmenter).state_dict())
    again = Segmenter(codec, TorchSegmenterScorer(network))
    text = "Le petit chat du voisin dort. Il rêve des souris !"
    assert list(again.analyse([Piece(text)])) == list(segmenter.analyse([Piece(text)]))
