"""What is taken for what, how far probabilities can be trusted, and groups by direction and genre."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depparse.document.document import Document
from depparse.evaluation.breakdown import breakdown
from depparse.evaluation.confusion import OTHER, calibrations, confusion
from depparse.evaluation.pair import Pair
from depparse.formats.table import read

TREE = """\
1	a	_	A	_	_	2	x:y	_	_
2	b	_	B	_	_	0	root	_	_
3	c	_	A	_	_	2	x	_	_
4	d	_	C	_	_	3	z	_	_

"""


def pair(gold: str, system: str) -> Pair:
    return Pair(Document.from_conllu(gold), Document.from_conllu(system))


def test_confusions_are_counted_without_subtypes() -> None:
    found = confusion(pair(TREE, TREE.replace("3	z", "3	x").replace("x:y", "z")), "label")
    assert found.values == ["x", "root", "z"]
    assert found.counts.tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 0]]
    tags = confusion(pair(TREE, TREE.replace("B", "A")), "upos")
    assert tags.values == ["A", "B", "C"]
    assert tags.counts.tolist() == [[2, 0, 0], [1, 0, 0], [0, 0, 1]]


def test_rare_values_share_a_row() -> None:
    words = [f"{n}\tw{n}\t_\tT{n % 40:02}\t_\t_\t{n - 1}\t{'root' if n == 1 else 'd'}\t_\t_\n" for n in range(1, 101)]
    found = confusion(pair("".join(words) + "\n", "".join(words) + "\n"), "upos")
    assert len(found.values) == 25
    assert found.values[-1] == OTHER
    assert found.counts.sum() == 100
    assert np.array_equal(np.diag(np.diag(found.counts)), found.counts)


def test_calibration() -> None:
    system = TREE.replace("0	root	_	_", "0	root	_	HeadProb=0.95").replace(
        "2	x	_	_", "1	x	_	HeadProb=0.91|LabelProb=x"
    )
    system = system.replace("3	z	_	_", "3	z	_	HeadProb=0.3")
    (only,) = calibrations(pair(TREE, system))
    assert only.name == "HeadProb"
    assert only.bins == [(pytest.approx(0.3), 1.0, 1), (pytest.approx(0.93), 0.5, 2)]
    assert only.error == pytest.approx((0.7 + 2 * 0.43) / 3)
    assert calibrations(pair(TREE, TREE)) == []
    system = TREE.replace("2\tx:y\t_\t_", "2\tx:z\t_\tLabelProb=0.5")
    system = system.replace("2\tx\t_\t_", "2\tx\t_\tLabelProb=0.5")
    (labels,) = calibrations(pair(TREE, system))
    assert labels.bins == [(0.5, 0.5, 2)]  # a subtype is a part of the relation


def test_groups_by_direction_and_genre(samples: Path) -> None:
    gold = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    same = Pair(gold, gold)
    groups = {group.name: group for group in breakdown(same, "direction")}
    heads = [(word, head) for sentence in gold for word, head in enumerate(sentence.heads, 1)]
    assert groups["root"].gold == sum(head == 0 for _, head in heads)
    assert groups["head to the left"].gold == sum(0 < (head or 0) < word for word, head in heads)
    assert groups["head to the right"].gold == sum((head or 0) > word for word, head in heads)
    parts = [f"# newdoc id = {name}\n{TREE}{TREE}" for name in ("news-1", "blog-1", "news-2")]
    counts = {group.name: group.gold for group in breakdown(pair("".join(parts), "".join(parts)), "genre")}
    assert counts == {"news": 16, "blog": 8}
    parts[1] = parts[1].replace("\n", "\n# meta::genre = fiction\n", 1)
    whole = "".join(parts)
    found = breakdown(pair(whole, whole.replace("# meta::genre = fiction\n", "")), "genre")
    assert {group.name: (group.gold, group.system) for group in found} == {"news": (16, 16), "fiction": (8, 8)}
    names = "".join(f"# sent_id = s{n}\n{TREE}" for n in range(9))
    assert [group.name for group in breakdown(pair(names, names), "genre")] == ["all"]
