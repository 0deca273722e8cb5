"""Draws accuracy against speed as an SVG, from what speed.py measured: speed_plot.py speed.jsonl -o speed.svg

Each system is a point: words a processor second without start-up, on a logarithmic axis, and LAS from raw text. The
picture is legible on light and on dark pages.
"""

from __future__ import annotations

import argparse
from math import ceil, floor, log10
from pathlib import Path
from xml.sax.saxutils import escape

from speed import Results

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 64, 24, 44, 56  # pixels
STYLE = """
text{font:13px system-ui,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;fill:#1b1f24}.tick{fill:#4a5261}
.title{font-size:15px;font-weight:600}.paper{fill:#fff}.grid{stroke:#e4e7ec}.ours{fill:#2456a6}.peer{fill:#d0722b}
@media(prefers-color-scheme:dark){text{fill:#eceff3}.tick{fill:#b9c2d0}.paper{fill:#16191d}.grid{stroke:#343b45}
.ours{fill:#7aa7ee}.peer{fill:#f0a368}}
"""


def draw(results: Results, threads: int) -> str:
    """The SVG of the runs with that many threads."""
    points = {
        name: (results.speed(threads, name, "processor"), system["scores"]["LAS"], system["peer"])
        for name, system in results.systems.items()
    }
    speeds, scores = [speed for speed, _, _ in points.values()], [las for _, las, _ in points.values()]
    marks = [mantissa * 10**power for power in range(7) for mantissa in (1, 2, 5)]
    low = max(mark for mark in marks if mark <= 0.9 * min(speeds))
    high = min(mark for mark in marks if mark >= 1.1 * max(speeds))
    bottom, top = floor(min(scores) / 2 - 0.25) * 2, ceil(max(scores) / 2 + 0.25) * 2

    def x(speed: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * log10(speed / low) / log10(high / low)

    def y(las: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (las - bottom) / (top - bottom)

    title = f"Accuracy and speed on {results.setting['gold']}, {threads} thread{'s' if threads > 1 else ''}"
    parts = [f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>']
    for mark in (mark for mark in marks if low <= mark <= high):
        parts.append(f'<path class="grid" d="M{x(mark):.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{x(mark):.1f}" y="{HEIGHT - BOTTOM + 18}">{mark:,}</text>'
        )
    for las in range(bottom, top + 1, 2):
        parts.append(f'<path class="grid" d="M{LEFT} {y(las):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="tick" text-anchor="end" x="{LEFT - 8}" y="{y(las) + 4:.1f}">{las}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    below = "words a second of processor time, without start-up"
    parts.append(f'<text class="tick" text-anchor="middle" x="{middle}" y="{HEIGHT - 14}">{below}</text>')
    parts.append(f'<text class="tick" x="8" y="{TOP - 4}">LAS, raw</text>')
    placed: list[tuple[float, float]] = []  # of the labels so far
    for name, (speed, las, is_peer) in sorted(points.items(), key=lambda item: item[1]):
        across, down = x(speed), y(las)
        parts.append(f'<circle class="{"peer" if is_peer else "ours"}" cx="{across:.1f}" cy="{down:.1f}" r="6"/>')
        above = not any(abs(across - other) < 140 and abs(down - 12 - height) < 14 for other, height in placed)
        height = down - 12 if above else down + 22
        placed.append((across, height))
        side = "start" if across < middle else "end"
        parts.append(
            f'<text text-anchor="{side}" x="{across + (-4 if side == "start" else 4):.1f}" y="{height:.1f}">'
            f"{escape(name)}: {speed:,.0f}, {las:.2f}</text>"
        )
    words = "; ".join(f"{name}: {speed:,.0f} words/s, LAS {las:.2f}" for name, (speed, las, _) in points.items())
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(words)}</desc>",
        f"<style>{STYLE}</style>",
        '<rect class="paper" width="100%" height="100%" rx="6"/>',
        *parts,
        "</svg>",
    ]) + "\n"  # fmt: skip


def main() -> None:
    """Draws by the command line."""
    parser = argparse.ArgumentParser(description="Draws accuracy against speed.")
    parser.add_argument("runs", type=Path, metavar="FILE.jsonl", help="what speed.py has written")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.svg")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.output.write_text(draw(Results(options.runs), options.threads), encoding="utf-8")


if __name__ == "__main__":
    main()
