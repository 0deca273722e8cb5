"""Figures of matplotlib, as all plots make and write them: in memory, whatever the user has set, whole files only."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depparse.errors import ConfigError
from depparse.printable import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
GREY, BLUE, ORANGE = "#5f6b7a", "#2456a6", "#d0722b"


def label_of(name: str) -> str:
    """A name as matplotlib shows it: no formula, and not left out for its underscore."""
    label = clean(name).replace("$", r"\$")
    return f" {label}" if label.startswith("_") else label


def check_format(output: Path, what: str) -> None:
    """Raises ConfigError if a plot of `what` cannot be written under that name: for its ending or its folder."""
    format = output.suffix.removeprefix(".").lower()
    if format not in FORMATS:
        raise ConfigError(
            f"{output}: {what} are drawn as {', '.join(FORMATS)}, not as {format or 'a file without ending'}"
        )
    if output.is_dir() or not output.parent.is_dir():
        reason = "it is a folder" if output.is_dir() else f"there is no folder {output.parent}"
        raise ConfigError(f"{output}: cannot be written: {reason}")


def make_figure(heights: Sequence[float], output: Path, what: str, *, sharex: bool) -> tuple[Figure, list[Axes]]:
    """A figure of `what`, with panels of these heights (inches) below each other, and its panels.

    Raises ConfigError as `check_format` does.
    """
    check_format(output, what)
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

    format, output = output.suffix.removeprefix(".").lower(), Path(os.path.realpath(output))
    temporary = output.with_name(f".{output.name}.part")
    try:
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "depparse"}):  # text that can be selected
            figure.savefig(
                temporary,
                format=format,
                metadata=None if format == "png" else {"Date": None} if format == "svg" else {"CreationDate": None},
            )
        os.replace(temporary, output)
    finally:
        temporary.unlink(missing_ok=True)
