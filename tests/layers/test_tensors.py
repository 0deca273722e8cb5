"""Arrays to tensors and back, and how sentences lie side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from depparse.document.sentence import Sentence
from depparse.features.batch import Batch, Example
from depparse.layers.tensors import Layout, as_arrays, to_arrays, to_tensors
from tests.models import small_model
from tests.sentences import two_sentences


def test_a_batch_moves_as_a_whole() -> None:
    model = small_model()
    batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])

    def devices(value: object) -> set[str]:
        if isinstance(value, torch.Tensor):
            return {value.device.type}
        items = list(value.values()) if isinstance(value, dict) else value
        return set().union(*map(devices, items)) if isinstance(items, (list, tuple)) else set()

    for data in (batch.inputs, batch.targets):
        moved = to_tensors(data, torch.device("meta"))
        assert devices(moved) == {"meta"}
        assert type(moved) is type(data)
    assert devices(Layout.of(batch, torch.device("meta"))) == {"meta"}
    # On the processor, nothing is copied.
    lengths = Layout.of(batch, torch.device("cpu")).lengths
    batch.lengths[0] = 5
    assert lengths[0] == 5


class Record(NamedTuple):
    """A record that codecs and networks give each other."""

    scores: Any
    name: str


def test_records_lists_and_dictionaries_keep_their_form() -> None:
    array = np.array([[1.5, 2.0]], np.float32)
    tensors = to_tensors({"a": [array, 3], "b": Record(array, "x")}, torch.device("cpu"))
    assert torch.equal(tensors["a"][0], torch.tensor([[1.5, 2.0]]))
    assert tensors["a"][1] == 3
    assert isinstance(tensors["b"], Record)
    assert tensors["b"].name == "x"
    back = to_arrays(tensors)
    assert isinstance(back["b"], Record)
    for found in (back["a"][0], back["b"].scores):
        assert found.dtype == np.float32
        assert found.tolist() == [[1.5, 2.0]]


def test_read_only_arrays_are_copied_and_bfloat16_is_widened() -> None:
    array = np.array([1.0, 2.0])
    array.flags.writeable = False
    to_tensors(array, torch.device("cpu"))[0] = 9.0
    assert array.tolist() == [1.0, 2.0]
    assert to_arrays(torch.tensor([1.5], dtype=torch.bfloat16)).dtype == np.float32
    (one,) = as_arrays(torch.tensor([1, 2]))
    assert one.tolist() == [1, 2]
    assert len(as_arrays((torch.zeros(1), torch.zeros(2)))) == 2


def test_masks_of_a_layout_are_true_at_words() -> None:
    examples = [Example(Sentence.from_forms(["x"] * length), length, [], source=length) for length in (3, 1)]
    layout = Layout.of(Batch(examples, np.array([3, 1]), np.array([3, 1]), [], {}), torch.device("cpu"))
    assert layout.mask.tolist() == [[False, True, True, True], [False, True, False, False]]
    assert layout.present.tolist() == [[True, True, True, True], [True, True, False, False]]
    assert (layout.lengths.tolist(), layout.sources.tolist()) == ([3, 1], [3, 1])
