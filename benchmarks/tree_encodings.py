"""How many trees of treebanks each encoding of `sequence_labels` can say, and with how many labels.

    python benchmarks/tree_encodings.py FOLDER …

FOLDER holds the files of a treebank; all of them count. Prints two tables in Markdown: the share of sentences whose
tree comes back from its labels, in percent, and the number of different labels. `projective` is the share of the trees
that have no crossing arcs, which are those of transition systems without SWAP.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

import depparse
from depparse.structs.tree_labels import ENCODINGS
from depparse.structs.trees import is_projective, is_tree


def count(folder: Path) -> tuple[int, Counter[str], dict[str, int]]:
    """The number of trees, of those that each encoding can say, and of its labels."""
    n_trees, said = 0, Counter[str]()
    labels: dict[str, set[str]] = {name: set() for name in ENCODINGS}
    for path in sorted(folder.glob("*.conllu")):
        for sentence in depparse.iter_conllu(path):
            heads = [-1 if head is None else head for head in sentence.heads]
            if not is_tree(np.array([0, *heads])):
                continue
            n_trees += 1
            tags = sentence.columns.get("UPOS", ["_"] * len(sentence))
            said["projective"] += is_projective(np.array([0, *heads]))
            for name, encoding in ENCODINGS.items():
                found = encoding.encode([0, *heads], tags)
                if found is not None:
                    if encoding.decode(found, tags)[1:] != heads:
                        raise SystemExit(f"{path.name}, {sentence.sent_id}: {name} does not give the tree back")
                    said[name] += 1
                    labels[name].update(found)
    return n_trees, said, {name: len(found) for name, found in labels.items()}


def main() -> None:
    """Prints both tables."""
    counts = {path.name.removeprefix("UD_"): count(path) for path in map(Path, sys.argv[1:])}
    for title, names in (("trees said, %", [*ENCODINGS, "projective"]), ("labels", list(ENCODINGS))):
        print(
            f"\n| {title} | trees | " + " | ".join(f"`{name}`" if name in ENCODINGS else name for name in names) + " |"
        )
        print("|---|--:|" + "--:|" * len(names))
        for treebank, (n_trees, said, n_labels) in counts.items():
            cells = [
                f"{n_labels[name]:,}" if title == "labels" else f"{100 * said[name] / max(n_trees, 1):.2f}"
                for name in names
            ]
            print(f"| {treebank} | {n_trees:,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
