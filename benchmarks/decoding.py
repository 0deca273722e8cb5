"""The speed of `depparse.structs.mst.decode` against ufal.chu_liu_edmonds, which decodes sentence by sentence.

    python benchmarks/decoding.py [FILE.conllu]

Both run in turn in one process. The sentences have the lengths of those in FILE, by default English-EWT dev in
$DEPPARSE_SHARED (by default ../shared), and a batch has about 5000 words. There are two kinds of float32 scores, as a
network would give: `random` (normal numbers, whose greedy arcs hardly ever make a tree) and `parser` (a random tree,
whose arcs are raised so far that about a tenth of them still lose). Their decoder allows several roots, ours one. So
`agree` counts the sentences in which their tree has one root; for these, both trees must have the same score.
Milliseconds are for all sentences, medians over rounds. In the column `float64`, their decoder gets arrays that are
converted beforehand, outside the measured time.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ufal.chu_liu_edmonds import chu_liu_edmonds

import depparse
from depparse.features.batch import plan_batches
from depparse.structs.mst import decode
from depparse.structs.trees import are_trees, greedy_heads

ROUNDS = 7
WORDS = 5000  # words of a batch


def make_batches(lengths: list[int], kind: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """The scores [batch, dependents, heads] and lengths [batch] of all batches."""
    generator = np.random.default_rng(20)
    batches = []
    for plan in plan_batches(lengths, WORDS):
        sizes = np.array([lengths[number] for number in plan])
        width = sizes.max() + 1
        scores = generator.normal(size=(len(plan), width, width)).astype(np.float32)
        if kind == "parser":
            for row, n in enumerate(sizes):
                order = 1 + generator.permutation(n)  # each word hangs on one that is earlier in a random order
                for index in range(n):
                    head = order[generator.integers(index)] if index else 0
                    scores[row, order[index], head] += 4
        batches.append((scores, sizes))
    return batches


def milliseconds(work: Callable[[], object]) -> float:
    """The milliseconds that a call takes."""
    begin = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin)


def compare(lengths: list[int], kind: str) -> None:
    """Decodes scores of this kind by both decoders, and prints the row of the table. Exits if the trees differ."""
    batches = make_batches(lengths, kind)
    sentences = [(scores[row, : n + 1, : n + 1], n) for scores, sizes in batches for row, n in enumerate(sizes)]
    ready = [np.ascontiguousarray(scores, dtype=np.float64) for scores, _ in sentences]

    def ours() -> list[np.ndarray]:
        return [decode(scores, sizes) for scores, sizes in batches]

    def theirs() -> list[list[int]]:
        return [chu_liu_edmonds(scores.astype(np.float64))[0] for scores, _ in sentences]

    def theirs_ready() -> list[list[int]]:
        return [chu_liu_edmonds(scores)[0] for scores in ready]

    rows = [row for heads in ours() for row in heads]
    agree = 0
    for row, other, scores in zip(rows, theirs(), ready, strict=True):
        if sum(head == 0 for head in other[1:]) == 1:
            words = np.arange(1, len(scores))
            agree += 1
            if not np.isclose(scores[words, row[words]].sum(), scores[words, other[1:]].sum()):
                sys.exit(f"different trees: {row[words].tolist()} and {other[1:]}")
    greedy = sum(int(are_trees(greedy_heads(*batch), batch[1]).sum()) for batch in batches)

    times = [(milliseconds(ours), milliseconds(theirs), milliseconds(theirs_ready)) for _ in range(ROUNDS)]
    mine, other, other_ready = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{kind:8} {greedy / len(rows):7.1%} {agree:6} {mine:9.1f} {other:9.1f} {other_ready:9.1f} "
        f"{statistics.median(b / a for a, b, _ in times):7.1f} {statistics.median(c / a for a, _, c in times):7.1f}"
    )


if __name__ == "__main__":
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "treebanks/UD_English-EWT/en_ewt-ud-dev.conllu"
    lengths = [len(sentence) for sentence in depparse.iter_conllu(file)]
    print(f"{file.name}: {len(lengths):,} sentences, {sum(lengths):,} words, median of {ROUNDS} rounds")
    print("scores    greedy  agree  ours, ms  ufal, ms   float64   ratio   ratio\n" + " " * 63 + "float64")
    for kind in ("random", "parser"):
        compare(lengths, kind)
