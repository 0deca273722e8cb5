"""Arrays to tensors and back."""

from __future__ import annotations

import torch

from depparse.layers.tensors import Layout, to_tensors
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
