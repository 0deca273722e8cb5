"""Plots of what papers tell of treebanks: dependency lengths, depths, relations and vocabulary, and how two differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depparse.errors import ConfigError
from depparse.evaluation.contrasts import Contrast
from depparse.treebanks.profile import Profile
from depparse.visualize.figures import BLUE, GREY, ORANGE, label_of, make_figure, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST = 5  # trees of a length, below which their mean is not drawn


def draw_profile(profile: Profile, output: Path, first: int = 25) -> None:
    """Draws lengths and depth by sentence length, the `first` most frequent relations, arity, and the vocabulary.

    The sums of lengths are beside those of the same words in random order, (n² - 1) / 3 on average (Ferrer i Cancho
    2004), unless relations are left out. `output` is .svg, .png or .pdf. Raises ConfigError for other endings, and
    for a profile without trees.
    """
    relations = [(name, arcs) for name, arcs in profile.sorted_relations() if arcs.measured][:first]
    if not relations:
        raise ConfigError("the treebank has no trees with dependencies, so there is nothing to draw")
    figure, axes = make_figure([2.8, 1 + 0.2 * len(relations), 2.4, 2.6], output, "profiles", sharex=False)
    _draw_lengths(axes[0], profile)
    names = [label_of(name) for name, _ in relations]
    means = [arcs.length / arcs.measured for _, arcs in relations]
    first_heads = [arcs.head_first / arcs.measured for _, arcs in relations]
    _bars(axes[1], names, [f"{100 * share:.0f} % behind the head" for share in first_heads], means)
    axes[1].set_xlabel("mean length of the dependency, words; the most frequent relations first")
    _draw_arity(axes[2], profile)
    _draw_vocabulary(axes[3], profile)
    write_figure(figure, output)


def draw_contrasts(title: str, contrasts: Sequence[Contrast], output: Path) -> None:
    """Draws how many times as often (log2) the first treebank has each label; those of p < 0.05 (Holm) in colour."""
    figure, (ax,) = make_figure([1.2 + 0.24 * len(contrasts)], output, "profiles", sharex=False)
    notes = [f"{contrast.first:,} and {contrast.second:,}" for contrast in contrasts]
    colours = [
        GREY if contrast.p_value >= 0.05 else BLUE if contrast.log_ratio > 0 else ORANGE for contrast in contrasts
    ]
    values = [contrast.log_ratio for contrast in contrasts]
    _bars(ax, [label_of(contrast.label) for contrast in contrasts], notes, values, colours)
    ax.set_xlabel("log2 of the ratio of shares")
    ax.set_title(label_of(title), fontsize=10, loc="left")
    write_figure(figure, output)


def _bars(
    ax: Axes, names: Sequence[str], notes: Sequence[str], values: Sequence[float], colours: Sequence[str] | str = BLUE
) -> None:
    """Horizontal bars, the first at the top, each with its note."""
    places = range(len(names))
    drawn = ax.barh(places, values, color=colours, height=0.7)
    ax.bar_label(drawn, labels=notes, padding=3, fontsize=8, color=GREY)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.margins(x=0.25, y=0.02)
    ax.grid(visible=False, axis="y")


def _draw_lengths(ax: Axes, profile: Profile) -> None:
    every = [(n, shape) for n, shape in sorted(profile.by_length.items()) if n > 1]
    frequent = [(n, shape) for n, shape in every if shape.trees >= _LEAST]
    shapes = frequent if len(frequent) > len(every) / 2 else every
    lengths = [n for n, _ in shapes]
    sums = [shape.length / shape.trees for _, shape in shapes]
    ax.plot(lengths, sums, "o-", color=BLUE, label="sum of lengths", markersize=3)
    if not profile.without:
        ax.plot(lengths, [(n * n - 1) / 3 for n in lengths], ":", color=GREY, label="the same in random order")
    depths = [shape.depth / shape.trees for _, shape in shapes]
    ax.plot(lengths, depths, "o-", color=ORANGE, label="depth", markersize=3)
    ax.set_yscale("log")
    ax.set_xlabel("words in the sentence")
    ax.set_ylabel("mean of trees")
    ax.legend(frameon=False)


def _draw_arity(ax: Axes, profile: Profile) -> None:
    total, counts = profile.arity.total(), sorted(profile.arity.items())
    shown = [(number, 100 * count / total) for number, count in counts if count >= total / 1000]  # the tail is long
    ax.bar([number for number, _ in shown], [share for _, share in shown], color=BLUE)
    ax.set_xlabel("dependents of a word (numbers that a thousandth of the words have)")
    ax.set_ylabel("words, %")


def _draw_vocabulary(ax: Axes, profile: Profile) -> None:
    counts = sorted(profile.types.values(), reverse=True)
    ax.loglog(range(1, len(counts) + 1), counts, color=BLUE, label=f"{len(counts):,} types")
    ax.set_xlabel("rank of the form")
    ax.set_ylabel("occurrences")
    ax.legend(frameon=False)
