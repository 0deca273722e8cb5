"""Stacked bidirectional LSTMs or GRUs as a context layer (layers/bilstm.py)."""

from __future__ import annotations

from depparse.encoders.bilstm.config import BiLSTMConfig
from depparse.layers.bilstm import BiLSTM


class BiLSTMContext(BiLSTM):
    """The context layer, from ``[batch, words, input width]`` to ``[batch, words, width]``. O(words)."""

    def __init__(self, config: BiLSTMConfig, input_width: int) -> None:
        super().__init__(
            input_width,
            width=config.width,
            layers=config.layers,
            cell=config.cell,
            dropout=config.dropout,
            weight_drop=config.weight_drop,
        )


CONTEXT = BiLSTMContext
