"""The codec by itself: its arrays, its decisions, and segmentation by another engine where torch is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from depparse.document.sentence import Sentence
from depparse.features.vocabulary import IGNORE
from depparse.formats.conllu import iter_conllu
from depparse.segmentation import codec as codec_module
from depparse.segmentation.batch import TokenBatch
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.passages import Passage, make_passages
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.symbols import Floats, Ints, read_symbols
from depparse.segmentation.torch_scorer import TorchSegmenterScorer, network_of
from depparse.text.spacing import RawToken

PASSAGE = Passage(
    "Go to it's!\n\nNo",
    [
        RawToken(0, 2),
        RawToken(3, 5),
        RawToken(6, 10, ("it", "'s")),
        RawToken(10, 11, (), True),
        RawToken(13, 15, (), True),
    ],
    length=6,
)
TEXT = "Le petit chat du voisin dort. Il rêve des souris !\n\nOn l'appelle aux champs…   Qu'est-ce que c'est ?"

WITHOUT_TORCH = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Blocked())

import numpy as np
from depparse.formats.conllu import iter_conllu
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.passages import make_passages
from depparse.segmentation.segmenter import Segmenter

folder, treebank = sys.argv[1:]
stored = np.load(folder + "/scores.npz")
with open(folder + "/codec.json") as file:
    data = json.load(file)

class Replayed:
    calls = 0

    def ends(self, symbols):
        assert np.array_equal(symbols, stored[f"symbols {self.calls}"])
        return f"states {self.calls}", stored[f"ends {self.calls}"]

    def tokens(self, states, tokens):
        assert states == f"states {self.calls}"
        for name, array in tokens._asdict().items():
            assert np.array_equal(array, stored[f"{name} {self.calls}"]), name
        scores = stored[f"sentences {self.calls}"], stored[f"scripts {self.calls}"]
        self.calls += 1
        return scores

codec = SegmenterCodec.from_json(data["codec"])
segmenter = Segmenter(codec, Replayed())
text = data["text"]
segmented = [list(segmenter.segment([text])), *segmenter.segment_all([text, "", text[:9]])]
made = [[sentence.to_conllu() for sentence in sentences] for sentences in segmented]
passages = list(make_passages(iter_conllu(treebank), 40))
batch = codec.collate(passages)
arrays = [batch.symbols, *batch.tokens, *batch.targets.values()]
learned = SegmenterCodec.learn(passages, min_count=2, longest=4, ngrams=6000).to_json()
assert not {"torch", "transformers"} & set(sys.modules)
print(json.dumps([made, [array.tolist() for array in arrays], learned]))
"""


class Recorder:
    """A scorer of torch that keeps its inputs and outputs as arrays."""

    def __init__(self, scorer: TorchSegmenterScorer) -> None:
        self.scorer, self.arrays, self.calls = scorer, dict[str, Any](), 0

    def ends(self, symbols: Ints) -> tuple[Tensor, Floats]:
        states, ends = self.scorer.ends(symbols)
        self.arrays |= {f"symbols {self.calls}": symbols, f"ends {self.calls}": ends}
        return states, ends

    def tokens(self, states: Tensor, tokens: TokenBatch) -> tuple[Floats, Floats]:
        sentences, scripts = self.scorer.tokens(states, tokens)
        arrays = {**tokens._asdict(), "sentences": sentences, "scripts": scripts}
        self.arrays |= {f"{name} {self.calls}": array for name, array in arrays.items()}
        self.calls += 1
        return sentences, scripts


def test_another_engine_segments_alike_without_torch(segmenter: Segmenter, samples: Path, tmp_path: Path) -> None:
    treebank = samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"
    recorder = Recorder(TorchSegmenterScorer(network_of(segmenter)))
    recorded = Segmenter(segmenter.codec, recorder)
    sentences = [list(recorded.segment([TEXT])), *recorded.segment_all([TEXT, "", TEXT[:9]])]
    np.savez(tmp_path / "scores.npz", **recorder.arrays)
    (tmp_path / "codec.json").write_text(json.dumps({"codec": segmenter.codec.to_json(), "text": TEXT}))
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path), str(treebank)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    segmented, arrays, learned = json.loads(result.stdout)
    assert segmented == [[sentence.to_conllu() for sentence in part] for part in sentences]
    assert sum(map(len, segmented)) > 1
    assert learned == json.loads(json.dumps(segmenter.codec.to_json()))
    batch = segmenter.codec.collate(list(make_passages(iter_conllu(treebank), 40)))
    assert arrays == [array.tolist() for array in (batch.symbols, *batch.tokens, *batch.targets.values())]


def codec(*, expansions: bool = True) -> SegmenterCodec:
    passage = PASSAGE if expansions else Passage("Go", [RawToken(0, 2, (), True)], 1)
    return SegmenterCodec.learn([passage], min_count=1, longest=2, ngrams=10)


def test_targets_are_ignored_where_the_text_decides() -> None:
    batch = codec().collate([PASSAGE, Passage("a", [RawToken(0, 1)], 1)])
    # Where a token must end or cannot end, nothing is learned, because the text says it.
    ignored = IGNORE
    assert batch.ends.tolist() == [
        [0, ignored, ignored, 0, ignored, ignored, 0, 0, 0, 1, ignored, ignored, 0, ignored],
        [ignored] * 14,
    ]
    assert batch.sentences.tolist() == [[0, 0, 0, ignored, 1], [0, ignored, ignored, ignored, ignored]]
    assert batch.expansions.tolist() == [[0, 0, 1, 0, 0], [0, ignored, ignored, ignored, ignored]]
    assert batch.n_words == 7
    tokens = batch.tokens
    assert tokens.firsts.tolist() == [[0, 3, 6, 10, 12], [0, 14, 14, 14, 14]]
    assert tokens.lasts.tolist() == [[1, 4, 9, 10, 13], [0, 14, 14, 14, 14]]
    assert tokens.spacing[0].tolist() == [[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0]]
    assert tokens.lengths.tolist() == [5, 1]
    assert tokens.forms[1].tolist() == [1, 0, 0, 0, 0]


def test_scores_become_tokens() -> None:
    with_expansions, text = codec(), read_symbols(PASSAGE.text)
    ends = np.full(20, -1.0, np.float32)
    ends[[2, 9]] = 1.0  # no token ends after white space, whatever its score
    ranges = with_expansions.find_tokens(text, ends)
    assert ranges.lasts.tolist() == [1, 4, 9, 10, 13]
    batch = with_expansions.batch_tokens([text], [ranges])
    sentences = np.array([[-1, -1, -1, -1, 2]], np.float32)
    scripts = np.zeros((1, 5, 2), np.float32)
    scripts[..., 0] = 1.0
    (tokens,) = with_expansions.decode([text], [ranges], batch, sentences, scripts)
    assert tokens == PASSAGE.tokens  # it's is never one word, and the end of a paragraph ends a sentence
    without_expansions = codec(expansions=False)
    (tokens,) = without_expansions.decode([text], [ranges], batch, sentences, scripts[..., :1])
    assert not any(token.words for token in tokens)


@pytest.mark.parametrize("n_scripts", [1, 3, 40])
def test_scripts_are_chosen_as_torch_would(n_scripts: int) -> None:
    scores = np.random.default_rng(1).normal(size=(5, 60, 1 + n_scripts)).astype(np.float32)
    scores[..., 0] += np.log(n_scripts) + 0.5
    several = codec_module._are_several(scores)
    tensor = torch.from_numpy(scores)
    assert several.tolist() == (tensor[..., 1:].logsumexp(-1) > tensor[..., 0]).tolist()
    assert 0 < several.sum() < several.size
    best = codec_module._best_scripts(scores[0])
    assert best == tensor[0, :, 1:].topk(min(8, n_scripts)).indices.add(1).tolist()
    assert codec_module._best_scripts(scores[0, :0]) == []


def test_folders_that_do_not_say_whether_digits_are_told_apart_are_read_as_they_were_made() -> None:
    """Those of format 2, which have no borders, tell digits apart; the first ones of format 3, such as `en`, do not."""
    passages = list(make_passages([Sentence.from_forms(["In", "1984", "."])] * 3, 40))
    data = SegmenterCodec.learn(passages, min_count=1, longest=3, ngrams=50).to_json()
    texts = [read_symbols("In 1984 .")]

    def ngrams() -> list[Any]:
        """The numbers of the n-grams, which come after the characters and their categories."""
        numbers: list[Any] = SegmenterCodec.from_json(data).batch_symbols(texts)[2:].tolist()
        return numbers

    folded = ngrams()
    del data["symbols"]["fold"]
    assert ngrams() == folded
    del data["borders"]
    assert ngrams() != folded
