"""The data of a study's runs: the splits of treebanks, and the folds of those that lack one.

A fold is a stretch of text, as neighbouring sentences have much in common. Of k folds, each is once the test part; the
next one (after the last, the first) is the dev part then, and all others are the training part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from pathlib import Path

from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.experiments.plan import Fold
from depparse.files import hash_file, open_output
from depparse.training.gold import read_gold
from depparse.training.jackknife import fold_ends
from depparse.treebanks.treebank import SPLITS, Treebank, iter_file

Texts = dict[Path, str]  # by file


def read_treebanks(paths: Sequence[str], folds: int | None, output: Path) -> tuple[dict[str, tuple[Fold, ...]], Texts]:
    """The data of each treebank, by its name, and the files of folds that have to be written into `output`.

    A treebank with train, dev and test keeps its splits; any other one is cut into `folds`. Raises ConfigError and
    FormatError.
    """
    treebanks: dict[str, tuple[Fold, ...]] = {}
    texts: Texts = {}
    for path in paths:
        treebank = Treebank.open(path)
        name = treebank.name.removesuffix(".gz").removesuffix(".conllu")
        if name in treebanks:
            raise ConfigError(f"two treebanks are called {name}; rename one")
        missing = [split for split in SPLITS if split not in treebank.splits]
        if not missing:
            treebanks[name] = (_own_splits(treebank.splits),)
        elif folds is None:
            raise ConfigError(f"{path} has no {' and no '.join(missing)} split; --folds 10 would cut it into ten parts")
        else:
            sentences = [sentence for file in treebank.splits.values() for sentence in iter_file(file)]
            treebanks[name] = _cut(name, sentences, folds, output / "data", texts)
    if folds is not None and not texts:
        raise ConfigError(
            f"folds are for treebanks without train, dev or test, which {' and '.join(treebanks)} all have; to cut a "
            "treebank nevertheless, give all of it as one file"
        )
    return treebanks, texts


def _own_splits(splits: Mapping[str, Path]) -> Fold:
    files = [splits[split].absolute() for split in SPLITS]
    sentences = sum(1 for _ in iter_file(splits["train"]))
    train, dev, test = map(str, files)
    return Fold(train=train, dev=dev, test=test, sentences=sentences, sha256=_digest(map(hash_file, files)))


def _digest(hashes: Iterable[str]) -> str:
    """One hash for those of train, dev and test."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _cut(name: str, sentences: Sequence[Sentence], folds: int, folder: Path, texts: Texts) -> tuple[Fold, ...]:
    """The folds of the sentences, whose files are added to `texts`."""
    if not 3 <= folds <= len(sentences):
        raise ConfigError(
            f"{name}: folds are at least 3, for train, dev and test, and at most as many as the "
            f"{len(sentences):,} sentences, not {folds}"
        )
    ends = [0, *fold_ends(sentences, folds)]
    parts = [sentences[begin:end] for begin, end in pairwise(ends)]
    result = []
    for number in range(folds):
        dev = (number + 1) % folds
        others = [part for other, part in enumerate(parts) if other not in (number, dev)]
        splits = {"train": list(chain.from_iterable(others)), "dev": parts[dev], "test": parts[number]}
        files = {split: folder.absolute() / f"fold-{number + 1}" / name / f"{split}.conllu" for split in splits}
        contents = {split: "".join(sentence.to_conllu() for sentence in part) for split, part in splits.items()}
        texts |= {files[split]: text for split, text in contents.items()}
        digest = _digest(hashlib.sha256(contents[split].encode()).hexdigest() for split in SPLITS)
        paths = [str(files[split]) for split in SPLITS]
        n_sentences = len(splits["train"])
        result.append(Fold(train=paths[0], dev=paths[1], test=paths[2], sentences=n_sentences, sha256=digest))
    return tuple(result)


def write_texts(texts: Texts) -> None:
    """Writes the files of folds that are not there yet, or are those of a plan that was given up."""
    for file, text in texts.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            with open_output(file) as stream:
                stream.write(text)


def check_files(treebanks: Mapping[str, Sequence[Fold]]) -> None:
    """Raises ConfigError if the files of a treebank are not those that the plan was made for."""
    for name, folds in treebanks.items():
        for fold in folds:
            if _digest(hash_file(Path(file)) for file in (fold.train, fold.dev, fold.test)) != fold.sha256:
                raise ConfigError(f"the files of the treebank {name} have changed since the study began")


def check_gold(treebanks: Mapping[str, Sequence[Fold]]) -> None:
    """Raises ConfigError or FormatError for dev and test data on which nothing can be scored."""
    for name, folds in treebanks.items():
        for fold in folds:
            for split in ("dev", "test"):
                read_gold(split, [getattr(fold, split)], [name])
