"""The simplest baseline: every word hangs on the next one, the last is the root. CoNLL-U in, CoNLL-U out.

    python benchmarks/next_word.py GOLD.conllu > baseline.conllu

A parser that does not beat it by far has not learned anything.
"""

from __future__ import annotations

import sys

import depparse


def main(path: str) -> None:
    for sentence in depparse.iter_conllu(path):
        for word in sentence.words:
            last = word.id == len(sentence)
            word.head, word.deprel, word.deps = (0, "root", None) if last else (word.id + 1, "dep", None)
        sys.stdout.write(sentence.to_conllu())


if __name__ == "__main__":
    main(sys.argv[1])
