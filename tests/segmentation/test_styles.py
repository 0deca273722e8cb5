"""Segmenters of several treebanks: each text is cut as its treebank has it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from depparse.document.sentence import Sentence
from depparse.formats.conllu import iter_conllu
from depparse.model_folder.store import load_parts, save
from depparse.segmentation import segmenter as segmenter_module
from depparse.segmentation.batch import TokenRanges
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.passages import Passage, make_passages
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.symbols import read_symbols
from depparse.text.spacing import RawToken
from depparse.treebanks.languages import AUTO, Choice, Languages

TREEBANKS = ["UD_English-Whole", "UD_Vietnamese-Split", "UD_German-Other"]
SMALL = SegmenterConfig(
    embedding=16, width=32, layers=2, words=16, token_width=32, token_layers=1, dropout=0, unknown=0, min_count=1
)
TEXT = "I don't know New York. We don't go to New York."
# The first treebank has *don't* as two words; in the second it is one token, and *New York* has a space.
FIRST = [["I", "do", "n't", "know", "New", "York", "."], ["We", "do", "n't", "go", "to", "New", "York", "."]]
SECOND = [["I", "don't", "know", "New York", "."], ["We", "don't", "go", "to", "New York", "."]]


def passage(tokens: list[str], source: int, words: dict[str, tuple[str, ...]]) -> Passage:
    """The text with these tokens; sentences end at full stops."""
    raw, place = [], 0
    for token in tokens:
        start = TEXT.index(token, place)
        place = start + len(token)
        raw.append(RawToken(start, place, words.get(token, ()), token == "."))
    return Passage(TEXT, raw, len(tokens), source)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    """One that knows both treebanks by heart, and a third one with which it learned nothing but a full stop."""
    own = [token for sentence in FIRST for token in sentence]
    whole = [token if token != "do" else "don't" for token in own if token != "n't"]
    passages = [
        passage(whole, 0, {"don't": ("do", "n't")}),
        passage([token for sentence in SECOND for token in sentence], 1, {}),
        Passage("Zum Haus.", [RawToken(0, 3, ("Zu", "dem")), RawToken(4, 8), RawToken(8, 9, (), True)], 4, 2),
    ]
    torch.manual_seed(1)
    learner = SegmenterLearner.build(SMALL, passages, TREEBANKS)
    optimizer = torch.optim.Adam(learner.parameters(), 5e-3)
    batch = learner.collate(passages)
    for _ in range(120):
        optimizer.zero_grad()
        sum(learner.losses(batch).values(), torch.zeros(())).backward()
        optimizer.step()
    return learner.segmenter


def words(segmenter: Segmenter, text: str = TEXT) -> list[list[str]]:
    return [sentence.columns["FORM"] for sentence in segmenter.segment([text])]


def test_a_text_is_cut_in_the_style_that_is_chosen(segmenter: Segmenter) -> None:
    numbers = {name: segmenter.number(name) for name in (*TREEBANKS, "UD_Vietnamese-VTB", "UD_Danish-X", "")}
    assert list(numbers.values()) == [0, 1, 2, 1, 0, 0]  # the nearest, or the first
    assert words(segmenter) == words(segmenter.choosing(Choice("UD_English-Whole"))) == FIRST
    assert words(segmenter.choosing(Choice("UD_Vietnamese-Split"))) == SECOND
    assert words(segmenter.choosing(Choice(language="vi"))) == SECOND
    assert words(segmenter.choosing(Choice(language="de")), "Zum Haus.") == [["Zu", "dem", "Haus", "."]]


def test_each_paragraph_is_cut_in_the_style_of_its_language(
    segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paragraphs of one language are analysed together; each sentence says its language; the text is kept."""
    paragraphs = {f"{TEXT}\n\n": "en", f"{TEXT} \n \n": "vi", f"{TEXT}\r\n\r\n": "vi", TEXT: "en"}
    languages = Languages(TREEBANKS)
    monkeypatch.setattr(languages, "identify", lambda found: [paragraphs[text] for text in found])
    auto = segmenter.choosing(Choice(language=AUTO), languages)
    assert segmenter.choosing(Choice(language=AUTO), languages) is auto
    text = "".join(paragraphs)
    sentences = list(auto.segment(text))  # in pieces of one character
    assert [s.columns["FORM"] for s in sentences] == FIRST + SECOND + SECOND + FIRST
    assert [s.comment("lang") for s in sentences] == ["en"] * 2 + ["vi"] * 4 + ["en"] * 2
    assert [s.comment("newpar") is not None for s in sentences] == [True, False] * 4
    spaced = [s.columns["MISC"][-1] for s in sentences if s.columns["MISC"][-1] != "_"]
    assert spaced == ["SpacesAfter=\\n\\n", "SpacesAfter=\\s\\n\\s\\n", "SpacesAfter=\\r\\n\\r\\n"]
    together = auto.segment_all([text, TEXT])
    assert [[s.to_conllu() for s in part] for part in together] == [
        [s.to_conllu() for s in auto.segment([each])] for each in (text, TEXT)
    ]


def test_a_paragraph_break_between_blocks_is_one(segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block ends with the first of the two line breaks. Without a break, the next block goes on in the language."""
    languages = Languages(TREEBANKS)
    monkeypatch.setattr(languages, "identify", lambda found: ["en" if text.startswith("I") else "vi" for text in found])
    auto = segmenter.choosing(Choice(language=AUTO), languages)
    for spacing, expected in (("\n\n", {"en", "vi"}), ("\n", {"en"})):
        monkeypatch.setattr(
            segmenter_module, "iter_blocks", lambda *_, s=spacing: iter([f"I go.{s[:1]}", f"{s[1:]}We go."])
        )
        assert {sentence.comment("lang") for sentence in auto.segment([])} == expected


def test_given_tokens_are_expanded_in_the_style_of_their_language(segmenter: Segmenter) -> None:
    sentences = [Sentence.from_forms(["don't", "go"]), Sentence.from_forms(["don't", "go"])]
    for sentence, code in zip(sentences, ("en", "vi"), strict=True):
        sentence.set_comment("lang", code)
    expanded = list(segmenter.choosing(Choice(language=AUTO)).expand(sentences))
    assert [s.columns["FORM"] for s in expanded] == [["do", "n't", "go"], ["don't", "go"]]
    assert [s.columns["FORM"] for s in segmenter.expand(sentences)] == [["do", "n't", "go"]] * 2


def test_no_text_gets_the_words_of_another_treebank(segmenter: Segmenter) -> None:
    """Whatever the network says: here, that each token is multiword, by any script."""
    codec, text = segmenter.codec, read_symbols("Zum Haus", 1)
    ranges = TokenRanges(np.array([0, 4]), np.array([2, 7]))
    scripts = np.zeros((1, 2, 1 + len(codec.scripts)), np.float32)
    scripts[..., 0] = -9
    assert len(codec.scripts) == 2
    for source, found in ((0, ()), (1, ()), (2, ("Zu", "dem"))):
        own = replace(text, source=source)
        batch = codec.batch_tokens([own], [ranges])
        ((token, _),) = codec.decode([own], [ranges], batch, np.zeros((1, 2), np.float32), scripts)
        assert token.words == found


def test_it_is_saved_with_its_styles(segmenter: Segmenter, tmp_path: Path) -> None:
    data = json.loads(json.dumps(segmenter.codec.to_json()))
    assert SegmenterCodec.from_json(data).to_json() == segmenter.codec.to_json()
    save(None, tmp_path / "model", segmenter=segmenter)
    loaded = load_parts(tmp_path / "model").segmenter
    assert loaded is not None
    assert loaded.codec.treebanks == tuple(TREEBANKS)
    assert words(loaded.choosing(Choice("UD_Vietnamese-Split"))) == SECOND
    data["treebanks"][0]["name"] = 1
    with pytest.raises(ValueError, match="name of a treebank"):
        SegmenterCodec.from_json(data)


def test_a_segmenter_of_one_treebank_is_saved_as_before(samples: Path) -> None:
    path = samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"
    data = SegmenterCodec.learn(list(make_passages(iter_conllu(path), 40)), min_count=1, longest=3, ngrams=9).to_json()
    assert sorted(data) == ["borders", "expansions", "inner_spaces", "symbols", "words"]
