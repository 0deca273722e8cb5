"""The simplest baseline, from CoNLL-U to CoNLL-U: every word hangs on the next one, and the last one is the root.

    python benchmarks/next_word.py GOLD.conllu > baseline.conllu

A parser that does not beat it by far has not learned anything.
"""

from __future__ import annotations

import sys

import depparse


def main(path: str) -> None:
    """Prints the sentences of a CoNLL-U file with the trees of the baseline."""
    for sentence in depparse.iter_conllu(path):
        for word in sentence.words:
            last = word.id == len(sentence)
            word.head, word.deprel, word.deps = (0, "root", None) if last else (word.id + 1, "dep", None)
        sys.stdout.write(sentence.to_conllu())


if __name__ == "__main__":
    main(sys.argv[1])
