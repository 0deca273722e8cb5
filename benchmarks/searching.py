"""The speed of searching a treebank, by patterns of several sorts, in memory and with the reading of the file.

    python benchmarks/searching.py [FILE]

FILE is by default English-EWT train in $DEPPARSE_SHARED (by default ../shared). Times are processor seconds, medians of
three rounds.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from depparse import parse_pattern, read_conllu
from depparse.treebanks.query.files import FileSearch

ROUNDS = 3
PATTERNS = {
    "a rare verb and its object": "pattern { V [lemma=recommend]; V -[obj]-> O }",
    "subjects before verbs": "pattern { V [upos=VERB]; e: V -[nsubj]-> S; S << V }",
    "nouns without determiner": "pattern { N [upos=NOUN]; N -[amod]-> A; A < N } without { N -[det]-> * }",
    "features": "pattern { V [VerbForm=Fin, Tense=Past]; V -[1=obl]-> O; O -[case]-> C; C [lemma=in|on] }",
    "a regular expression": 'pattern { X [form=re".*ing"]; Y [upos=AUX]; Y < X }',
    "enhanced subjects": "pattern { X -[E:nsubj]-> Y } without { X -[nsubj]-> Y }",
    "every arc": "pattern { X -> Y }",
}


def measure(work: Callable[[], int]) -> tuple[int, float]:
    """What the work counts, and the median of its processor seconds."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        count = work()
        seconds.append(time.process_time() - begin)
    return count, statistics.median(seconds)


def main() -> None:
    """Prints a line for each pattern."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parent.parent.parent / "shared"))
    default = shared / "treebanks" / "UD_English-EWT" / "en_ewt-ud-train.conllu"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    document = read_conllu(path)
    words = document.num_words
    print(f"{path.name}, {words:,} words; words a second, in memory and with the reading of the file:")
    for name, text in PATTERNS.items():
        pattern = parse_pattern(text)
        count, in_memory = measure(lambda pattern=pattern: sum(map(pattern.count, document)))  # type: ignore[misc]
        _, in_file = measure(lambda pattern=pattern: sum(FileSearch([str(path)], pattern).counts()))  # type: ignore[misc]
        print(f"  {name:28} {count:8,} matches {words / in_memory:11,.0f} {words / in_file:11,.0f}")


if __name__ == "__main__":
    main()
