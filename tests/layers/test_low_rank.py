"""Adapters of low rank: what they add, what they leave alone, and how they are merged."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from depparse.layers.low_rank import LowRank, add_adapters, merged_state


@pytest.mark.parametrize("layer", [nn.Linear(5, 7), nn.Linear(5, 7, bias=False), Conv1D(7, 5)])
def test_an_adapter_adds_a_product_of_two_matrices(layer: nn.Module) -> None:
    network = nn.ModuleDict({"inside": nn.ModuleList([layer, nn.LayerNorm(7)])})
    plain, values = copy.deepcopy(network), torch.randn(3, 4, 5)
    expected = layer(values)
    assert add_adapters([network], rank=2, alpha=6.0, dropout=0.0) == 1
    assert torch.equal(layer(values), expected)  # nothing at first
    adapter = layer.adapter
    assert isinstance(adapter, LowRank)
    assert [parameter.shape for parameter in adapter.parameters()] == [(2, 5), (7, 2)]
    nn.init.normal_(adapter.up)
    changed = values @ adapter.down.T @ adapter.up.T * 6 / 2
    torch.testing.assert_close(layer(values), expected + changed)
    # A network without adapters has the same output with the merged weights.
    merged = merged_state(network)
    assert merged.keys() == plain.state_dict().keys()
    plain.load_state_dict(merged)
    torch.testing.assert_close(plain["inside"][0](values), layer(values))
    assert torch.equal(merged["inside.1.weight"], network.state_dict()["inside.1.weight"])


def test_a_layer_that_is_met_twice_has_one_adapter() -> None:
    layer = nn.Linear(2, 2)
    assert add_adapters([nn.Sequential(layer), nn.Sequential(layer, layer)], 1, 1.0, 0.0) == 1


def test_dropout_is_of_what_the_adapter_reads() -> None:
    layer = nn.Linear(50, 1)
    add_adapters([layer], 1, 1.0, 0.5)
    nn.init.ones_(layer.adapter.up)
    values = torch.ones(2, 50)
    assert torch.equal(*layer.eval()(values))
    assert not torch.equal(*layer.train()(values))


def test_a_network_without_adapters_is_merged_as_it_is() -> None:
    network = nn.Sequential(nn.Linear(2, 2))
    merged = merged_state(network)
    assert all(
        merged[name] is value or torch.equal(merged[name], value) for name, value in network.state_dict().items()
    )
