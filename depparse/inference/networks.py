"""The networks of a pipeline: in torch, or in another engine with a way to load them in torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_number, check_type
from depparse.errors import ConfigError
from depparse.inference.workers import is_fork_of_started
from depparse.model.codec import ModelCodec
from depparse.runtimes.scorer import Scorer
from depparse.segmentation.segmenter import Segmenter

if TYPE_CHECKING:
    from depparse.model.model import Model


@dataclass(slots=True)
class InTorch:
    """The same parts, in torch."""

    load: Callable[[], tuple[Model | None, Segmenter | None]]
    segmenter: Segmenter | None  # the one that the loaded one replaces


class Networks:
    """A model in torch, or the codecs of a model and the engine that computes its networks."""

    def __init__(self, model: Model | ModelCodec | None, scorer: Scorer | None, in_torch: InTorch | None) -> None:
        self.in_torch = in_torch
        self.model: Model | None = None
        self._codec: ModelCodec | None = None
        self._scorer = scorer
        if isinstance(model, ModelCodec):
            self._codec = model
            if scorer is None:
                raise ConfigError("codecs alone annotate nothing: give the scorer that computes their networks")
        elif isinstance(model, (str, os.PathLike)):
            raise ConfigError(f"a Pipeline is made of a model, not of a name; load one: depparse.load({model!r})")
        elif model is not None:
            check_type(getattr(model, "codec", None), ModelCodec, "the codec of the model", "a ModelCodec")
            self.model = model.eval()

    @property
    def codec(self) -> ModelCodec | None:
        """The codecs of the model, if there is one."""
        return self._codec if self.model is None else self.model.codec

    @property
    def scorer(self) -> Scorer | None:
        """The engine: the one that was given, or torch."""
        if self._scorer is not None or self.model is None:
            return self._scorer
        from depparse.runtimes.torch import TorchScorer

        return TorchScorer(self.model)

    @property
    def is_lost(self) -> bool:
        """Whether the engine does not run here, since this process was forked after it had been used; torch does."""
        return self.in_torch is not None and is_fork_of_started()

    def check_workers(self, workers: int) -> None:
        """Raises ConfigError for what is no number of processes, and for several that would share a GPU."""
        check_number(workers, "workers", "processes")
        if workers > 1 and self.model is not None and self.model.device.type != "cpu":
            raise ConfigError(f"workers share out processors, but the model is on {self.model.device}; use one worker")

    def stored(self, segmenter: object) -> Segmenter | None:
        """The segmenter of a pipeline that is saved. Raises ConfigError for networks or a segmenter of other makers."""
        if segmenter is not None and not isinstance(segmenter, Segmenter):
            kind = type(segmenter).__name__
            raise ConfigError(f"a model folder cannot hold a segmenter of type {kind}; set pipeline.segmenter = None")
        if self.model is None and self.codec is not None:
            engine = type(self.scorer).__name__
            raise ConfigError(
                f"a model folder holds weights of torch, but {engine} computes the networks of this model"
            )
        return segmenter

    def to_torch(self, segmenter: Any) -> Any:
        """Loads the networks in torch, if they are in another engine and can be loaded.

        Returns what takes the place of a pipeline's `segmenter`: its network in torch, or itself if it is another one.
        """
        if self.in_torch is None:
            return segmenter
        in_torch, self.in_torch = self.in_torch, None
        model, own = in_torch.load()
        if model is not None:
            self.model, self._codec, self._scorer = model, None, None
        return own if segmenter is in_torch.segmenter else segmenter
