"""The oldest baseline: every word hangs on the word before it. CoNLL-U in, CoNLL-U out.

    python benchmarks/left_neighbour.py GOLD.conllu > baseline.conllu

A parser that does not beat it by far has not learned anything.
"""

from __future__ import annotations

import sys

import depparse


def main(path: str) -> None:
    for sentence in depparse.iter_conllu(path):
        for word in sentence.words:
            word.head, word.deprel, word.deps = word.id - 1, "root" if word.id == 1 else "dep", None
        sys.stdout.write(sentence.to_conllu())


if __name__ == "__main__":
    main(sys.argv[1])
