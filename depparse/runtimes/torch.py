"""The engine that computes scores by torch."""

from __future__ import annotations

from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.errors import DepparseError
from depparse.features.batch import Batch
from depparse.layers.stored import EncodedArrays, StoredWeights
from depparse.layers.tensors import Layout, to_arrays, to_tensors
from depparse.model.codec import TASKS
from depparse.model.model import Model, TorchReading, run_stage
from depparse.registry import PartConfig
from depparse.tasks.task import AnyCodec, NetworkType, ReadsInside


class TorchScorer:
    """A model's networks, in evaluation mode."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @torch.inference_mode()
    def read(self, batch: Batch) -> TorchReading:
        """Runs the encoder on the batch, after switching the model to evaluation mode."""
        if self.model.training:
            self.model.eval()
        return self.model.read(batch)


class TorchTask:
    """The network of one task, with stored weights, over vectors that another engine has computed."""

    def __init__(self, config: PartConfig, codec: AnyCodec, widths: Widths, weights: StoredWeights) -> None:
        network_type: NetworkType[Any] = TASKS[config.type]
        self._network = network_type(codec, widths)
        if isinstance(self._network, ReadsInside):
            raise DepparseError(
                f"the task {config.type} reads layers or attention, which only torch gives: engine=torch"
            )
        module = cast(nn.Module, self._network)
        module.load_state_dict({name: torch.from_numpy(weights.array(name)) for name in module.state_dict()})
        module.eval()

    @torch.inference_mode()
    def scores(self, encoded: EncodedArrays, batch: Batch, trees: Any) -> Any:
        """The scores of the batch, as arrays."""
        device = torch.device("cpu")
        tensors = Encoded(*to_tensors((encoded.context, encoded.inputs), device))
        return to_arrays(self._network(tensors, Layout.of(batch, device), to_tensors(trees, device)))

    def stage(self, name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Calls the second stage of that name."""
        return run_stage(cast(nn.Module, self._network), name, *inputs)
