"""The names of the breakdowns of scores, apart from their code, so that ``--help`` is fast."""

from __future__ import annotations

from typing import Literal, get_args

Dimension = Literal["deprel", "length", "arc-length", "projectivity", "upos", "direction", "genre"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
