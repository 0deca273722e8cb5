"""Figures of matplotlib, as all plots make and write them: in memory, whatever the user has set, whole files only."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depparse.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")


def make_figure(heights: Sequence[float], output: Path, what: str, *, sharex: bool) -> tuple[Figure, list[Axes]]:
    """A figure with panels of these heights (inches) below each other, for a file of that name; `what` is drawn there.

    Raises ConfigError if the ending of the file is not that of `FORMATS`.
    """
    format = output.suffix.removeprefix(".").lower()
    if format not in FORMATS:
        raise ConfigError(
            f"{output}: {what} are drawn as {', '.join(FORMATS)}, not as {format or 'a file without ending'}"
        )
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it would warn about fonts and its cache
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, sum(heights) + 0.4), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(len(heights), sharex=sharex, squeeze=False, height_ratios=heights)[:, 0])
    for ax in axes:
        ax.grid(color="#e4e7ec", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def write_figure(figure: Figure, output: Path) -> None:
    """Writes the figure. Equal figures give equal files."""
    import matplotlib

    temporary, format = output.with_name(f".{output.name}.part"), output.suffix.removeprefix(".").lower()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "depparse"}):  # text that can be selected
        figure.savefig(
            temporary,
            format=format,
            metadata=None if format == "png" else {"Date": None} if format == "svg" else {"CreationDate": None},
        )
    os.replace(temporary, output)
