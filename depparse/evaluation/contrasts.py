"""Differences between two treebanks: which labels or words one has more often, by the log-likelihood ratio (G²).

G² is that of the table of two rows (a label and all others) and two columns (the treebanks), as in Dunning 1993. Its
p-value is that of χ² with one degree of freedom, corrected for the number of labels (Holm 1979). The test takes words
as drawn one by one, which words of one text are not, so a small p-value says less than it seems. The effect size, the
binary logarithm of the ratio of the relative frequencies (Hardie 2014), says how large a difference is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from depparse.evaluation.significance import holm
from depparse.evaluation.tables import Table


@dataclass(frozen=True, slots=True)
class Contrast:
    """How often two treebanks have a label. A share is a fraction of 1."""

    label: str
    first: int
    second: int
    first_share: float
    second_share: float
    log_ratio: float  # 1 if the first treebank has it twice as often; a count of 0 is taken for 0.5
    g2: float
    p_value: float  # corrected


def contrasts(
    first: Mapping[str, int], second: Mapping[str, int], words: tuple[int, int] | None = None
) -> list[Contrast]:
    """The contrasts of all labels in either of two counts, those with the largest G² first.

    `words` are the numbers of words, if words may have several labels or none; without it, each has one.
    """
    totals = words or (sum(first.values()), sum(second.values()))
    labels = list(dict.fromkeys([*first, *second])) if all(totals) else []
    counts = [(first.get(label, 0), second.get(label, 0)) for label in labels]
    ratios = [log_likelihood_ratio(pair, totals) for pair in counts]
    p_values = holm([math.erfc(math.sqrt(ratio / 2)) for ratio in ratios])
    found = []
    for label, (a, b), ratio, p_value in zip(labels, counts, ratios, p_values, strict=True):
        effect = math.log2((a or 0.5) / totals[0]) - math.log2((b or 0.5) / totals[1])
        found.append(Contrast(label, a, b, a / totals[0], b / totals[1], effect, ratio, p_value))
    return sorted(found, key=lambda contrast: (-contrast.g2, contrast.label))


def log_likelihood_ratio(counts: tuple[int, int], totals: tuple[int, int]) -> float:
    """G² of the table of a label's `counts` in two samples of `totals` units, of which neither is empty."""
    result, whole = 0.0, sum(totals)
    for row in (counts, (totals[0] - counts[0], totals[1] - counts[1])):
        for observed, total in zip(row, totals, strict=True):
            if observed:
                result += 2 * observed * math.log(observed * whole / (sum(row) * total))
    return max(result, 0.0)


def contrast_table(title: str, names: tuple[str, str], found: list[Contrast]) -> Table:
    """The table of contrasts; shares are in percent."""
    rows = [
        (
            contrast.label,
            f"{contrast.first:,}",
            f"{100 * contrast.first_share:.2f}",
            f"{contrast.second:,}",
            f"{100 * contrast.second_share:.2f}",
            f"{contrast.log_ratio:+.2f}",
            f"{contrast.g2:.1f}",
            f"{contrast.p_value:.4f}",
        )
        for contrast in found
    ]
    return Table(title, ("", names[0], "%", names[1], "%", "log2 ratio", "G²", "p (Holm)"), rows)
