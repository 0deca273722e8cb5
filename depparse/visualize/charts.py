"""Charts of a report as SVG: bars, a confusion matrix, a reliability diagram. They load nothing and have no script.

Colours are told apart by people who see few of them, and change with the look of the page (light or dark).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from depparse.evaluation.confusion import OTHER, Calibration, Confusion
from depparse.printable import clean
from depparse.visualize.pixels import text_width

STYLE = """\
.chart text{font:12px system-ui,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;fill:currentColor}
.chart .a{fill:#2456a6}.chart .b{fill:#d0722b}.chart .line{stroke:currentColor;stroke-opacity:.3;fill:none}
.chart .cell{fill:#2456a6}.chart .wrong{fill:#d0722b}.chart .mixed{fill:#8a94a3}
.chart .small{font-size:10px}.chart a{cursor:pointer}.chart text.on{fill:#fff}
@media(prefers-color-scheme:dark){.chart .a,.chart .cell{fill:#7aa7ee}.chart .b,.chart .wrong{fill:#f0a368}
.chart text.on{fill:#16191d}}
"""
_SIZE = 12  # of the font, in pixels
_BAR, _GAP, _WIDTH = 11, 9, 420  # height of a bar, space between groups, and width of the plot


def bars(title: str, names: Sequence[str], values: Sequence[Sequence[float]], systems: Sequence[str]) -> str:
    """Horizontal bars of ``values[system][group]``, fractions of 1, with the names of the groups to the left."""
    left = 12 + max((text_width(name, _SIZE) for name in names), default=0.0)
    height = _BAR * len(values) + _GAP
    elements = []
    for number, name in enumerate(names):
        y = number * height
        elements.append(_text(left - 6, y + height / 2, name, "end"))
        for row, of_system in enumerate(values):
            width, top = _WIDTH * of_system[number], y + _GAP / 2 + row * _BAR
            label = f"{name}, {systems[row]}: {100 * of_system[number]:.2f}"
            elements.append(
                f'<rect class="{"ab"[row % 2]}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{_BAR - 1}">'
                f"<title>{_clean(label)}</title></rect>"
            )
            elements.append(_text(left + width + 4, top + _BAR / 2, f"{100 * of_system[number]:.1f}", "start", "small"))
    return _svg(title, left + _WIDTH + 40, height * len(names) + 4, elements)


def matrix(confusion: Confusion, link: Callable[[str, str], str | None]) -> str:
    """The confusion matrix: gold values in rows, those of the system in columns, both the most frequent first.

    The darker a cell, the larger its share of the row. `link` gives the address that a cell leads to, if any.
    """
    side, values = 26, confusion.values
    left = 12 + max((text_width(value, _SIZE) for value in values), default=0.0)
    elements = []
    totals = confusion.counts.sum(1)
    for row, gold in enumerate(values):
        y = left + row * side
        elements.append(_text(left - 6, y + side / 2, gold, "end"))
        x = left + row * side + side / 2
        label = (
            f'<text transform="rotate(-90 {x:.1f} {left - 6:.1f})" x="{x:.1f}" y="{left - 2:.1f}">{_clean(gold)}</text>'
        )
        elements.append(label)
        for column, system in enumerate(values):
            count = int(confusion.counts[row, column])
            if not count:
                continue
            # What is other in both files need not be the same.
            kind = "wrong" if row != column else "mixed" if gold == OTHER else "cell"
            opacity = 0.12 + 0.88 * (count / totals[row]) ** 0.5
            told = f"{gold} taken for {system}: {count:,} of {totals[row]:,}" if row != column else f"{gold}: {count:,}"
            place = f'x="{left + column * side:.1f}" y="{y:.1f}" width="{side - 1}" height="{side - 1}"'
            box = (
                f'<rect class="{kind}" {place} fill-opacity="{opacity:.2f}"/>'
                + _text(
                    left + column * side + side / 2,
                    y + side / 2,
                    _short(count),
                    "middle",
                    "small on" if opacity > 0.6 else "small",
                )
                + f"<title>{_clean(told)}</title>"
            )
            address = link(gold, system) if row != column else None
            elements.append(f'<a href="{escape(address)}">{box}</a>' if address else f"<g>{box}</g>")
    size = left + side * len(values) + 8
    return _svg(f"Confusion of {confusion.kind}: gold in rows, system in columns", size, size, elements)


def reliability(several: Sequence[Calibration]) -> str:
    """The share of right words against the mean probability of each bin, with the line on which they are equal."""
    left, side = 44, 320
    elements = [f'<path class="line" d="M{left} {side + 8}L{left + side} 8M{left} 8V{side + 8}H{left + side}"/>']
    for tick in (0, 0.25, 0.5, 0.75, 1):
        elements.append(_text(left - 6, 8 + side * (1 - tick), f"{tick:g}", "end", "small"))
        elements.append(_text(left + side * tick, side + 22, f"{tick:g}", "middle", "small"))
    for number, calibration in enumerate(several):
        for mean, share, count in calibration.bins:
            label = f"{calibration.name}: probability {mean:.3f}, right {share:.3f}, {count:,} words"
            elements.append(
                f'<circle class="{"ab"[number % 2]}" cx="{left + side * mean:.1f}" cy="{8 + side * (1 - share):.1f}" '
                f'r="{3 + min(6, count**0.25 / 2):.1f}" fill-opacity=".8"><title>{_clean(label)}</title></circle>'
            )
        told = f"{calibration.name}: expected calibration error {calibration.error:.4f}"
        elements.append(f'<circle class="{"ab"[number % 2]}" cx="{left + side + 24}" cy="{20 + 20 * number}" r="5"/>')
        elements.append(_text(left + side + 36, 20 + 20 * number, told, "start"))
    elements.append(_text(left + side / 2, side + 40, "probability", "middle"))
    return _svg("Right words by probability", left + side + 380, side + 52, elements)


def _svg(title: str, width: float, height: float, elements: Sequence[str]) -> str:
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}"><title>{_clean(title)}</title>' + "\n".join(elements) + "</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    cls = f' class="{kind}"' if kind else ""
    return f'<text{cls} x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{_clean(text)}</text>'


def _clean(text: str) -> str:
    return escape(clean(text))


def _short(count: int) -> str:
    return str(count) if count < 1000 else f"{count / 1000:.0f}k"
