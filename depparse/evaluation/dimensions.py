"""The names of what tells groups of words apart, without the code that does it: ``--help`` needs them at once."""

from __future__ import annotations

DIMENSIONS = ("deprel", "length", "arc-length", "projectivity", "upos")
