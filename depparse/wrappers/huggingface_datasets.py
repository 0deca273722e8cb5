"""Data sets of the library datasets: treebanks split by split, and data sets of the Hugging Face hub.

Only `load_from_hub` uses the network. `depparse.formats.dataset` has the conversion of a document;
`depparse.wrappers.huggingface_map` annotates the rows of data sets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depparse.arguments import check_type
from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.document import Document
from depparse.errors import FormatError
from depparse.files import PathLike
from depparse.formats import arrow
from depparse.formats.assemble import joined_names
from depparse.formats.dataset import from_dataset as from_dataset
from depparse.formats.dataset import info_of
from depparse.formats.dataset import iter_dataset as iter_dataset
from depparse.formats.dataset import to_dataset as to_dataset
from depparse.treebanks.treebank import Treebank

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

_SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}


def to_dataset_dict(treebank: Treebank | PathLike | Mapping[str, Document]) -> DatasetDict:
    """The splits of a treebank as data sets of `to_dataset`, all with the same fields, in memory.

    `treebank` is one that was opened, its folder or file, or a document for each split. The split dev is called
    ``validation``, as on the hub; `from_dataset_dict` calls it dev again. Raises FormatError and ConfigError.
    """
    import datasets

    expected = "a treebank, its folder or file, or a document for each split, such as {'train': document}"
    check_type(treebank, (Treebank, str, os.PathLike, Mapping), "treebank", expected)
    if not isinstance(treebank, Mapping):
        opened = treebank if isinstance(treebank, Treebank) else Treebank.open(treebank)
        treebank = {split: opened.read(split) for split in opened.splits}
    columns = joined_names(CONLLU_COLUMNS, (sentence for document in treebank.values() for sentence in document))
    result = datasets.DatasetDict()
    for split, document in treebank.items():
        name = _SPLITS.get(split, split)
        if name in result:
            raise FormatError(f"two splits are called {name}", path="treebank")
        result[name] = to_dataset(document, columns=columns)
    return result


def from_dataset_dict(splits: Mapping[str, Dataset]) -> dict[str, Document]:
    """The document of each split of a `DatasetDict`; the split ``validation`` is called dev. Raises FormatError."""
    if not isinstance(splits, Mapping):
        raise FormatError(f"expected a datasets.DatasetDict, found {type(splits).__name__}", path="data set")
    return {"dev" if name == "validation" else name: from_dataset(dataset) for name, dataset in splits.items()}


def load_parquet(
    path: PathLike | Sequence[PathLike], split: str | None = None, cache_dir: PathLike | None = None
) -> Dataset:
    """The data set in Parquet files that were downloaded from the hub. It never uses the network.

    `path` is a file, several files of one split, or the folder of one configuration. In a folder, `split` (train,
    validation, test; dev means validation) is found by the names of files or of their folders. The data is held in
    memory; with `cache_dir`, it is mapped from an Arrow copy there, so it may be larger than memory. Raises FormatError
    if there is no such split or a file cannot be read.
    """
    import datasets

    files = [os.fspath(file) for file in _files(path, split)]
    for file in files:
        arrow.parquet_file(file).close()  # its errors say clearly what is wrong with a file
    name = datasets.Split(_SPLITS.get(split, split)) if split else None
    import pyarrow as pa
    import pyarrow.parquet as pq

    info = info_of(pq.read_schema(files[0]))
    if cache_dir is not None:
        dataset = datasets.Dataset.from_parquet(files, split=name, cache_dir=os.fspath(cache_dir))
        dataset.info.description = info.description
        return dataset
    table = pa.concat_tables([pq.read_table(file) for file in files])
    return datasets.Dataset(table, info=info, split=name)


def _files(path: PathLike | Sequence[PathLike], split: str | None) -> list[Path]:
    """The files of one split. Raises FormatError if they cannot be told."""
    if not isinstance(path, (str, os.PathLike)):
        if not path:
            raise FormatError("no files were given", path="data set")
        return [Path(file) for file in path]
    folder = Path(path)
    if not folder.is_dir():
        return [folder]
    files_of: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*.parquet")):
        files_of.setdefault(_split_of(file.relative_to(folder)), []).append(file)
    if not files_of:
        raise FormatError("there is no Parquet file in this folder", path=os.fspath(path))
    chosen_split = _SPLITS.get(split, split) if split else next(iter(files_of)) if len(files_of) == 1 else None
    if chosen_split not in files_of:
        message = "which split?" if split is None else f"there is no split {split!r};"
        raise FormatError(f"{message} this folder has {', '.join(filter(None, files_of))}", path=os.fspath(path))
    files = files_of[chosen_split]
    if folders := sorted({os.fspath(file.parent) for file in files})[1:]:
        folder_names = ", ".join([os.fspath(files[0].parent), *folders])
        raise FormatError(f"this folder has several data sets; choose one of {folder_names}", path=os.fspath(path))
    return files


def _split_of(file: Path) -> str:
    """The split in a file's name (``train-00000-of-00001.parquet``) or in those of the folders above it; '' if none."""
    for part in (file.stem, *reversed(file.parts[:-1])):
        for word in re.split(r"[^a-z]+", part.lower()):
            if word in _SPLITS:
                return _SPLITS[word]
    return ""


def load_from_hub(
    name: str,
    config: str | None = None,
    split: str = "train",
    revision: str | None = None,
    cache_dir: PathLike | None = None,
) -> Dataset:
    """A data set by its name on the Hugging Face hub (``commul/universal_dependencies``), downloaded if needed.

    Only this function uses the network. `config` is the treebank or language, `revision` a branch. Raises FormatError
    if the data set cannot be loaded.
    """
    import datasets

    folder = None if cache_dir is None else os.fspath(cache_dir)
    try:
        return datasets.load_dataset(name, config, split=split, revision=revision, cache_dir=folder)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n", 1)[0]
        remedy = "check its name, configuration and split, or download its Parquet files and use load_parquet"
        if "script" in reason:
            remedy = "sets with a script are read from their Parquet branch: revision='refs/convert/parquet'"
        raise FormatError(f"cannot be loaded from the hub: {reason}; {remedy}", path=name) from error
