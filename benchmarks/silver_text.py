"""English text without trees, for a teacher to annotate: the words of two corpora of nltk_data, as CoNLL-U.

    python benchmarks/silver_text.py FOLDER silver.conllu

FOLDER has the archives ``masc_tagged.zip`` (the Manually Annotated Sub-Corpus of the American National Corpus, with a
tag behind each word) and ``product_reviews_1.zip`` (Hu & Liu 2004, a sentence a line) of nltk/nltk_data. Their tokens
are kept, but brackets and quotes of the Penn Treebank become the signs themselves, and contractions of the reviews are
split. Sentences of one token or more than a hundred are left out, and in MASC those that occurred before.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import depparse

_SIGNS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "``": '"', "''": '"'}
_CONTRACTION = re.compile(r"(\w)(n't|'s|'re|'ve|'ll|'d|'m)\b")


def main() -> None:
    """Writes the sentences, and prints how many there are."""
    folder, output = Path(sys.argv[1]), sys.argv[2]
    sentences = []
    for name, rows in (("masc", masc(folder)), ("review", reviews(folder))):
        for tokens in rows:
            if 2 <= len(tokens) <= 100:
                comments = [f"# sent_id = {name}-{len(sentences) + 1}", f"# text = {' '.join(tokens)}"]
                sentences.append(depparse.Sentence.from_forms(tokens, comments))
    depparse.write(sentences, output)
    print(f"{len(sentences):,} sentences, {sum(map(len, sentences)):,} words")


def masc(folder: Path) -> Iterator[list[str]]:
    """The sentences of MASC, each once."""
    seen: set[str] = set()
    for line in lines_of(folder / "masc_tagged.zip"):
        words = [word.rpartition("_")[0] for word in line.split() if "_" in word]
        tokens = [_SIGNS.get(word, word) for word in words]
        if (text := " ".join(tokens)) not in seen:
            seen.add(text)
            yield list(filter(None, tokens))


def reviews(folder: Path) -> Iterator[list[str]]:
    """The sentences of the reviews, without what was annotated in front of them."""
    for line in lines_of(folder / "product_reviews_1.zip"):
        _, mark, text = line.partition("##")
        if mark:
            yield _CONTRACTION.sub(r"\1 \2", text).split()


def lines_of(archive: Path) -> Iterator[str]:
    """The lines of all text files of an archive, but of its README, in the order of their names."""
    with zipfile.ZipFile(archive) as files:
        for name in sorted(files.namelist()):
            if name.endswith(".txt") and not name.endswith(("README.txt", "categories.txt")):
                yield from io.TextIOWrapper(files.open(name), "utf-8", "replace")


if __name__ == "__main__":
    main()
