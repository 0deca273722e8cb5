"""The names of the breakdowns of scores, apart from their code, so that ``--help`` is fast."""

from __future__ import annotations

DIMENSIONS = ("deprel", "length", "arc-length", "projectivity", "upos", "direction", "genre")
