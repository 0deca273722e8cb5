"""The curves of training runs as one picture: scores, losses, learning rate and speed by epoch; scores by data size."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from depparse.errors import ConfigError, FormatError, did_you_mean
from depparse.evaluation.metrics import Use, by_rank, metrics
from depparse.visualize.figures import BLUE, GREY, ORANGE, label_of, make_figure, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NO_SCORES = {"epoch", "loss", "seconds", "learning_rate", "words_per_second", "peak_memory_mib", "score"}

_Row = dict[str, Any]


def draw_curves(log: Path, output: Path, metric: str | None = None) -> None:
    """Draws the log ``metrics.jsonl`` as `output`, whose ending is that of `figures.FORMATS`.

    Each line of the log is one evaluation: ``epoch``, scores as fractions of 1, and perhaps ``loss``, ``losses`` (by
    task, the mean over words), ``learning_rate`` and ``words_per_second``. What no line has is not drawn. `metric` is
    the score by which the model was chosen, by default the most important score in the log; its best epoch is marked.
    Raises FormatError if the log cannot be read.
    """
    rows = _read(log)
    panels: list[Callable[[Axes], None]] = [partial(_draw_scores, rows=rows, metric=metric)]
    if any("losses" in row or "loss" in row for row in rows):
        panels.append(partial(_draw_losses, rows=rows))
    if any("learning_rate" in row or "words_per_second" in row for row in rows):
        panels.append(partial(_draw_rates, rows=rows))
    _draw(panels, [4.2, 2.8, 1.8][: len(panels)], output)


def draw_runs(logs: Mapping[str, Path], output: Path, names: Sequence[str] = ()) -> None:
    """Draws the logs of several runs over each other: a panel for each score in `names`, and one for the whole loss.

    By default the scores are the most important one and those of the curves that all runs have. A score that no run has
    raises ConfigError; a log that cannot be read raises FormatError.
    """
    runs = {label_of(name): _read(log) for name, log in logs.items()}
    known = {key for rows in runs.values() for row in rows for key, value in row.items() if isinstance(value, float)}
    known -= _NO_SCORES
    for name in names:
        if name not in known:
            raise ConfigError(f"no run has the score {name!r}; {did_you_mean(name, sorted(known))}")
    shown = names or [
        metric.name
        for metric in by_rank(Use.CURVES)
        if all(any(row.get(metric.name) is not None for row in rows) for rows in runs.values())
    ]
    panels: list[Callable[[Axes], None]] = [partial(_draw_score_of_runs, runs=runs, name=name) for name in shown]
    if any(row.get("loss") is not None for rows in runs.values() for row in rows):
        panels.append(partial(_draw_loss_of_runs, runs=runs))
    if not panels:
        raise ConfigError(f"the runs {', '.join(runs)} have no score in common, and no loss; choose one by --metrics")
    _draw(panels, [2.6] * len(panels), output)


class Point(NamedTuple):
    """A point of a learning curve: the number of training sentences, and a score with its interval (fractions of 1)."""

    sentences: float
    score: float
    low: float
    high: float


def draw_sizes(panels: Mapping[str, Mapping[str, Sequence[Point]]], output: Path) -> None:
    """Draws scores by the number of training sentences: a panel for each title, with a curve for each name."""
    drawn = [partial(_draw_score_by_size, title=title, curves=curves) for title, curves in panels.items()]
    _draw(drawn, [2.6] * len(drawn), output, "training sentences", by_epoch=False)


def find_logs(runs: Sequence[str], name: str = "metrics.jsonl") -> dict[str, Path]:
    """The logs of that name in the folders of runs, by the names of the runs; a folder may hold runs of several seeds.

    Raises ConfigError for a folder without any.
    """
    found: list[Path] = []
    for run in runs:
        folder = Path(run)
        if not folder.exists():
            raise ConfigError(f"{run}: no such folder of a run")
        places = (folder / name, folder.parent / name) if folder.is_dir() else ()
        logs = [path for path in places if path.is_file()][:1]
        logs = logs or sorted(folder.glob(f"seed-*/{name}"), key=lambda path: (len(path.parent.name), path))
        if not logs:
            raise ConfigError(f"{run}: holds no {name}, which training writes after its first evaluation")
        found += logs
    short = [log.parent.name for log in found]
    names = short if len(set(short)) == len(short) else [str(log.parent) for log in found]
    return dict(zip(names, found, strict=True))


def _draw(
    panels: Sequence[Callable[[Axes], None]],
    heights: list[float],
    output: Path,
    label: str = "epoch",
    *,
    by_epoch: bool = True,
) -> None:
    """Draws panels below each other, over one axis with that label, and writes them as `output`.

    The axis is linear, with whole numbers, if it has epochs (`by_epoch`), and else logarithmic.
    """
    figure, axes = make_figure(heights, output, "curves", sharex=True)
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    for panel, ax in zip(panels, axes, strict=True):
        panel(ax)
    axes[-1].set_xlabel(label)
    if by_epoch:
        axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        axes[-1].set_xscale("log")
        axes[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    write_figure(figure, output)


def _draw_score_of_runs(ax: Axes, runs: Mapping[str, list[_Row]], name: str) -> None:
    for run, rows in runs.items():
        values = [None if row.get(name) is None else 100 * row[name] for row in rows]
        if any(value is not None for value in values):
            best = max(value for value in values if value is not None)
            _plot(ax, rows, values, f"{run}  {best:.2f}", None, bold=False)
    ax.set_ylabel(f"dev {name}, %")
    _legend(ax, "best of each")


def _draw_loss_of_runs(ax: Axes, runs: Mapping[str, list[_Row]]) -> None:
    for run, rows in runs.items():
        _plot(ax, rows, [row.get("loss") for row in rows], run, None, bold=False)
    ax.set_ylabel("training loss a word")
    if ax.dataLim.y1 > 0:
        ax.set_yscale("log")
    _legend(ax, None)


def _draw_score_by_size(ax: Axes, title: str, curves: Mapping[str, Sequence[Point]]) -> None:
    for name, points in curves.items():
        sizes, scores, lows, highs = zip(*points, strict=True)
        (line,) = ax.plot(
            sizes, [100 * score for score in scores], "o-", label=label_of(name), markersize=3, linewidth=1.4
        )
        band = [100 * low for low in lows], [100 * high for high in highs]
        ax.fill_between(sizes, *band, color=line.get_color(), alpha=0.15, linewidth=0)
    ax.set_title(label_of(title), fontsize=11, loc="left")
    ax.set_ylabel("F1, %")
    _legend(ax, None)


def _read(path: Path) -> list[_Row]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FormatError(f"cannot be read: {(error.strerror or str(error)).lower()}", path=str(path)) from error
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            row["epoch"] += 0
        except (ValueError, KeyError, TypeError):
            raise FormatError("not a line of JSON with a number as epoch", path=str(path), line=number) from None
        rows.append(row)
    if not rows:
        raise FormatError("holds no evaluations to draw", path=str(path))
    return rows


def _plot(ax: Axes, rows: list[_Row], values: list[float | None], label: str, color: str | None, bold: bool) -> None:
    """Draws the values that are not None, one for each row."""
    points = [(row["epoch"], value) for row, value in zip(rows, values, strict=True) if value is not None]
    if points:
        style = "o-" if len(points) <= 40 else "-"
        ax.plot(
            *zip(*points, strict=True), style, color=color, label=label, markersize=3, linewidth=2.2 if bold else 1.4
        )


def _draw_scores(ax: Axes, rows: list[_Row], metric: str | None) -> None:
    names = [*([metric] if metric is not None else []), *(shown.name for shown in by_rank(Use.CURVES))]
    drawn_names = [name for name in dict.fromkeys(names) if any(row.get(name) is not None for row in rows)]
    colours = {shown.name: shown.colour for shown in metrics()}
    for name in drawn_names:
        values = [None if row.get(name) is None else 100 * row[name] for row in rows]
        best = max(value for value in values if value is not None)
        _plot(ax, rows, values, f"{name}  {best:.1f}", colours.get(name), bold=name == drawn_names[0])
    ax.set_ylabel("dev F1, %")
    if drawn_names:
        best_row = max(rows, key=lambda row: row.get(drawn_names[0]) or 0.0)
        ax.axvline(best_row["epoch"], color=GREY, linewidth=1, linestyle=":")
        ax.set_title(
            f"best {drawn_names[0]} {100 * best_row[drawn_names[0]]:.2f} after epoch {best_row['epoch']}", fontsize=11
        )
        worst = min(row[name] for name in drawn_names for row in rows if row.get(name) is not None)
        ax.set_ylim(bottom=max(0.0, 100 * worst - 2))
        _legend(ax, "best of each")


def _draw_losses(ax: Axes, rows: list[_Row]) -> None:
    for name in dict.fromkeys(name for row in rows for name in row.get("losses", {})):
        _plot(ax, rows, [row.get("losses", {}).get(name) for row in rows], name, None, bold=False)
    _plot(ax, rows, [row.get("loss") for row in rows], "all", GREY, bold=True)
    ax.set_ylabel("training loss a word")
    if ax.dataLim.y1 > 0:
        ax.set_yscale("log")
    if ax.lines:
        _legend(ax, None)


def _legend(ax: Axes, title: str | None) -> None:
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, title=title, alignment="left")


def _draw_rates(ax: Axes, rows: list[_Row]) -> None:
    side = ax
    for name, label, color in (
        ("learning_rate", "learning rate", BLUE),
        ("words_per_second", "words/s", ORANGE),
    ):
        values = [row.get(name) for row in rows]
        highest = max((value for value in values if value is not None), default=None)
        if highest is None:
            continue
        side = ax.twinx() if side.lines else ax
        _plot(side, rows, values, label, color, bold=False)
        side.set_ylabel(label, color=color)
        side.set_ylim(0, 1.15 * highest or 1.0)
        side.spines["top"].set_visible(False)
        side.ticklabel_format(axis="y", style="sci", scilimits=(-2, 5))
