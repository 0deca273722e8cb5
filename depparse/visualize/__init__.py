"""Drawings: trees for the terminal and as SVG, and the curves of a training run."""
