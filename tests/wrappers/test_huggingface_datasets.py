"""Data sets of the library datasets, there and back, and local Parquet files in the forms of the hub. No network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, FormatError
from depparse.formats.conllu import iter_conllu, read_conllu
from depparse.formats.table import read, write
from depparse.treebanks.treebank import Treebank
from depparse.wrappers.huggingface_datasets import (
    from_dataset,
    from_dataset_dict,
    iter_dataset,
    load_from_hub,
    load_parquet,
    to_dataset,
    to_dataset_dict,
)
from tests.formats.documents import conllup, read_plus

UPOS = ["NOUN", "PUNCT", "ADP", "NUM", "SYM", "SCONJ", "ADJ", "PART", "DET", "CCONJ", "PROPN", "PRON", "X", "_"]
UPOS += ["ADV", "INTJ", "VERB", "AUX"]
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
TEXT = """\
# newpar
# sent_id = s1
# text = Il va au lac.
# note without value
1\tIl\til\tPRON\t_\tPerson=3\t2\tnsubj\t2:nsubj|2.1:nsubj\t_
2\tva\taller\tVERB\t_\t_\t0\troot\t0:root\t_
2.1\tnage\tnager\tVERB\t_\t_\t_\t_\t2:conj\tCopyOf=2
3-4\tau\t_\t_\t_\t_\t_\t_\t_\t_
3\tà\tà\tADP\t_\t_\t5\tcase\t5:case\t_
4\tle\tle\tDET\tART\tGender=Masc|Number=Sing\t5\tdet\t5:det\t_
5\tlac\tlac\tNOUN\t_\tGender=Masc\t2\tobl\t2:obl:à\tSpaceAfter=No
6\t.\t.\tPUNCT\t_\t_\t2\tpunct\t2:punct\t_

"""


def strings() -> Any:
    return datasets.Sequence(datasets.Value("string"))


def old_form() -> datasets.Dataset:
    """A data set with the features and values of the loading script of ``universal_dependencies``."""
    row = {
        "idx": "s1",
        "text": "Il va au lac.",
        "tokens": ["Il", "va", "nage", "au", "à", "le", "lac", "."],
        "lemmas": ["il", "aller", "nager", "_", "à", "le", "lac", "."],
        "upos": ["PRON", "VERB", "VERB", "_", "ADP", "DET", "NOUN", "PUNCT"],
        "xpos": [None, None, None, None, None, "ART", None, None],
        "feats": [
            "{'Person': '3'}",
            *["None"] * 4,
            "{'Gender': 'Masc', 'Number': 'Sing'}",
            "{'Gender': 'Masc'}",
            "None",
        ],
        "head": ["2", "0", "None", "None", "5", "5", "2", "2"],
        "deprel": ["nsubj", "root", "_", "_", "case", "det", "obl", "punct"],
        "deps": [
            "[('nsubj', 2), ('nsubj', (2, '.', 1))]",
            "[('root', 0)]",
            "[('conj', 2)]",
            "None",
            "[('case', 5)]",
            "[('det', 5)]",
            "[('obl:à', 2)]",
            "[('punct', 2)]",
        ],
        "misc": ["None", "None", "{'CopyOf': '2'}", "None", "None", "None", "{'SpaceAfter': 'No'}", "None"],
    }
    features = {name: strings() for name in row}
    features |= {"idx": datasets.Value("string"), "text": datasets.Value("string")}
    features["upos"] = datasets.Sequence(datasets.ClassLabel(names=UPOS))
    return datasets.Dataset.from_list([row], features=datasets.Features(features))


def new_form() -> datasets.Dataset:
    """A data set with the features and values of ``commul/universal_dependencies``."""
    string = datasets.Value("string")
    row = {
        "sent_id": "s1",
        "text": "Il va au lac.",
        "comments": ["newpar", "__SENT_ID__", "__TEXT__", "note without value"],
        "tokens": ["Il", "va", "à", "le", "lac", "."],
        "lemmas": ["il", "aller", "à", "le", "lac", "."],
        "upos": ["PRON", "VERB", "ADP", "DET", "NOUN", "PUNCT"],
        "xpos": [None, None, None, "ART", None, None],
        "feats": ["Person=3", None, None, "Gender=Masc|Number=Sing", "Gender=Masc", None],
        "head": ["2", "0", "5", "5", "2", "2"],
        "deprel": ["nsubj", "root", "case", "det", "obl", "punct"],
        "deps": ["2:nsubj|2.1:nsubj", "0:root", "5:case", "5:det", "2:obl:à", "2:punct"],
        "misc": [None, None, None, None, "SpaceAfter=No", None],
        "mwt": [{"id": "3-4", "form": "au", "feats": None, "misc": None}],
        "empty_nodes": [
            {"id": "2.1", "form": "nage", "lemma": "nager", "upos": "VERB", "xpos": "_", "feats": None}
            | {"head": "_", "deprel": "_", "deps": "2:conj", "misc": "CopyOf=2"}
        ],
    }
    features: dict[str, Any] = {name: strings() for name in row}
    features |= {"sent_id": string, "text": string}
    features["upos"] = datasets.Sequence(datasets.ClassLabel(names=UPOS))
    features["mwt"] = [dict.fromkeys(("id", "form", "feats", "misc"), string)]
    names = "id form lemma upos xpos feats head deprel deps misc".split()
    features["empty_nodes"] = [dict.fromkeys(names, string)]
    return datasets.Dataset.from_list([row], features=datasets.Features(features))


def entity_form(tags: Any = None) -> datasets.Dataset:
    """A data set with the features of ``universal_ner``."""
    row = {"idx": "n1", "text": "Ann Lee left Oslo.", "tokens": ["Ann", "Lee", "left", "Oslo", "."]}
    row |= {"ner_tags": ["B-PER", "I-PER", "O", "B-LOC", "O"], "annotator": ["x", "x", "x", "x", "-"]}
    features = {"idx": datasets.Value("string"), "text": datasets.Value("string"), "tokens": strings()}
    features["ner_tags"] = datasets.Sequence(tags or datasets.ClassLabel(names=TAGS))
    features["annotator"] = strings()
    return datasets.Dataset.from_list([row], features=datasets.Features(features))


def save(dataset: datasets.Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.to_parquet(path)
    return path


# -- ours


def test_a_treebank_survives_a_data_set(samples: Path, tmp_path: Path) -> None:
    for number, file in enumerate(sorted([*samples.glob("*/*dev*.conllu*"), *samples.glob("*/*dev.iob2")])):
        document = read(file)
        mapped = to_dataset(iter(document), tmp_path / f"{number}.arrow")
        for dataset in (to_dataset(document), mapped, document.to_dataset()):
            assert len(dataset) == len(document)
            back = Document.from_dataset(dataset)
            assert [s.columns for s in back] == [s.columns for s in document]
            assert back.to_conllu() == document.to_conllu()
            assert back.column_names == document.column_names
            assert [s.start_char for s in back] == [s.start_char for s in document]


def test_a_data_set_on_disk_is_mapped_and_may_be_worked_with(samples: Path, tmp_path: Path) -> None:
    file = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    dataset = to_dataset(iter_conllu(file), tmp_path / "x.arrow")
    assert [Path(part["filename"]).name for part in dataset.cache_files] == ["x.arrow"]
    assert dataset[0]["HEAD"] == read_conllu(file)[0].heads
    sentences = read_conllu(file).sentences
    chosen = dataset.select([5, 2]).with_format("numpy")
    assert [s.sent_id for s in iter_dataset(chosen)] == [sentences[5].sent_id, sentences[2].sent_id]
    assert conllu(iter_dataset(dataset.to_iterable_dataset())) == file.read_text(encoding="utf-8")
    dataset.save_to_disk(tmp_path / "saved")
    again = datasets.load_from_disk(tmp_path / "saved")
    assert from_dataset(again).to_conllu() == file.read_text(encoding="utf-8")
    save(dataset, tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet").to_conllu() == file.read_text(encoding="utf-8")


def test_a_treebank_survives_split_by_split(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_French-Sample"
    treebank = Treebank.open(folder)
    documents = {split: treebank.read(split) for split in treebank.splits}
    documents["test"][0].columns["NER"] = ["O"] * len(documents["test"][0])  # which the other splits have not
    for given in (folder, treebank, documents):
        splits = to_dataset_dict(given)
        assert list(splits) == ["train", "validation", "test"]
        splits.save_to_disk(tmp_path / "saved")
        for same in (splits, datasets.load_from_disk(tmp_path / "saved")):
            back = from_dataset_dict(same)
            assert list(back) == ["train", "dev", "test"]
            for split, document in back.items():
                expected = documents[split] if given is documents else treebank.read(split)
                assert document.to_conllu() == expected.to_conllu()
                assert [s.columns for s in document] == [s.columns for s in expected]
                assert document.column_names == expected.column_names
    assert len({tuple(dataset.features) for dataset in splits.values()}) == 1
    with pytest.raises(FormatError, match="two splits are called validation"):
        to_dataset_dict({"dev": Document(), "validation": Document()})
    with pytest.raises(FormatError, match=r"expected a datasets\.DatasetDict, found Dataset"):
        from_dataset_dict(splits["train"])


def conllu(sentences: Any) -> str:
    return "".join(sentence.to_conllu() for sentence in sentences)


def test_an_empty_document_is_an_empty_data_set() -> None:
    assert len(from_dataset(to_dataset(Document()))) == 0


# -- the hub's forms


@pytest.mark.parametrize("form", [old_form, new_form])
def test_universal_dependencies_are_read_in_both_forms(form: Callable[[], datasets.Dataset], tmp_path: Path) -> None:
    lines = TEXT.split("\n")
    expected = TEXT if form is new_form else "\n".join([*lines[1:3], *lines[4:]])  # the older form has no comments
    path = save(form(), tmp_path / "fr_x" / "train.parquet")
    assert from_dataset(form()).to_conllu() == expected
    assert from_dataset(load_parquet(path)).to_conllu() == expected
    assert conllu(iter_dataset(form().to_iterable_dataset())) == expected
    assert read(path).to_conllu() == expected  # without the library


def test_entities_are_read_by_the_names_of_their_labels(tmp_path: Path) -> None:
    expected = {
        "FORM": ["Ann", "Lee", "left", "Oslo", "."],
        "NER": ["B-PER", "I-PER", "O", "B-LOC", "O"],
        "UNER:ANNOTATOR": ["x", "x", "x", "x", "-"],
    }
    for dataset in (entity_form(), entity_form(datasets.Value("string"))):
        sentence = from_dataset(load_parquet(save(dataset, tmp_path / "x.parquet")))[0]
        assert sentence.columns == expected
        assert sentence.comments == ["# sent_id = n1", "# text = Ann Lee left Oslo."]
        assert [span.text for span in sentence.ents] == ["Ann Lee", "Oslo"]
    table = entity_form().data.table.replace_schema_metadata()
    numbers = datasets.Dataset(table)
    with pytest.raises(FormatError, match=r"row 0, token 1: sentence n1, column NER: the numbers .*pass labels="):
        from_dataset(numbers)
    assert from_dataset(numbers, labels={"ner_tags": TAGS})[0].columns == expected


def test_conll2003_and_fields_of_other_names_are_read() -> None:
    row = {"id": "0", "tokens": ["Ann", "left"], "pos_tags": [1, 0], "chunk_tags": [0, 1], "ner_tags": [1, 0]}
    features = {"id": datasets.Value("string"), "tokens": strings()}
    for name, names in {"pos_tags": ["VBD", "NNP"], "chunk_tags": ["B-NP", "B-VP"], "ner_tags": TAGS}.items():
        features[name] = datasets.Sequence(datasets.ClassLabel(names=names))
    dataset = datasets.Dataset.from_list([row], features=datasets.Features(features))
    sentence = from_dataset(dataset)[0]
    assert sentence.columns == {
        "FORM": ["Ann", "left"],
        "XPOS": ["NNP", "VBD"],
        "CHUNK": ["B-NP", "B-VP"],
        "NER": ["B-PER", "O"],
    }
    renamed = dataset.rename_columns({"tokens": "w", "ner_tags": "y"})
    columns = from_dataset(renamed, fields={"w": "FORM", "y": "NER", "pos_tags": ""})[0].columns
    assert list(columns) == ["FORM", "NER", "CHUNK"]
    with pytest.raises(FormatError, match="data set, row 0: column FORM: no field is known to hold the words"):
        from_dataset(renamed)


def test_other_objects_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"treebank is a treebank, its folder or file, or a document for each split"):
        to_dataset_dict(Document())  # type: ignore[arg-type]
    splits = datasets.DatasetDict({"train": old_form(), "test": old_form()})
    with pytest.raises(FormatError, match="a data set of several splits; choose one of 'train', 'test'"):
        from_dataset(splits)
    with pytest.raises(FormatError, match=r"expected a datasets\.Dataset, found list"):
        from_dataset([Sentence.from_forms(["a"])])  # type: ignore[arg-type]


# -- files as downloaded


def test_folders_of_splits_are_read(tmp_path: Path) -> None:
    save(old_form(), tmp_path / "data" / "train-00000-of-00002.parquet")
    save(old_form(), tmp_path / "data" / "train-00001-of-00002.parquet")
    save(new_form(), tmp_path / "data" / "validation-00000-of-00001.parquet")
    assert len(load_parquet(tmp_path, "train")) == 2
    assert str(load_parquet(tmp_path, "train").split) == "train"
    assert from_dataset(load_parquet(tmp_path, "dev")).to_conllu() == TEXT
    with pytest.raises(FormatError, match=r"which split\? this folder has train, validation"):
        load_parquet(tmp_path)
    with pytest.raises(FormatError, match="there is no split 'test'; this folder has train, validation"):
        load_parquet(tmp_path, "test")


def test_folders_of_the_parquet_branch_are_read(tmp_path: Path) -> None:
    save(old_form(), tmp_path / "fr_x" / "test" / "0000.parquet")
    save(new_form(), tmp_path / "fr_y" / "test" / "0000.parquet")
    assert from_dataset(load_parquet(tmp_path / "fr_y", "test")).to_conllu() == TEXT
    assert from_dataset(load_parquet(tmp_path / "fr_y" / "test")).to_conllu() == TEXT
    with pytest.raises(FormatError, match=r"this folder has several data sets; choose one of .*fr_x.*fr_y"):
        load_parquet(tmp_path, "test")


def test_files_are_mapped_into_memory(tmp_path: Path) -> None:
    first, second = save(new_form(), tmp_path / "one.parquet"), save(new_form(), tmp_path / "two.parquet")
    mapped = load_parquet([first, second], "train", cache_dir=tmp_path / "cache")
    assert mapped.cache_files
    assert all(Path(part["filename"]).is_relative_to(tmp_path / "cache") for part in mapped.cache_files)
    assert from_dataset(mapped).to_conllu() == TEXT * 2
    assert from_dataset(load_parquet([first, second])).to_conllu() == TEXT * 2
    assert load_parquet(first).features == new_form().features


def test_the_columns_of_conllu_plus_survive_a_parquet_file(tmp_path: Path) -> None:
    document = read_plus("# global.columns = ID FORM UPOS HEAD DEPREL FOO\n1\tGo\tVERB\t0\troot\tx\n\n", tmp_path)
    write(document, tmp_path / "x.parquet")
    for options in ({}, {"cache_dir": tmp_path / "cache"}):
        dataset = load_parquet(tmp_path / "x.parquet", **options)
        assert from_dataset(dataset).column_names == document.column_names
        assert conllup(from_dataset(dataset)) == conllup(document)
    dataset.save_to_disk(tmp_path / "disk")
    assert from_dataset(datasets.load_from_disk(tmp_path / "disk")).column_names == document.column_names


def test_an_error_of_a_broken_file_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no", encoding="utf-8")
    with pytest.raises(FormatError, match=r"x\.parquet: not a Parquet file"):
        load_parquet(tmp_path / "x.parquet")
    with pytest.raises(FormatError, match=r"y\.parquet: cannot be read: no such file or directory"):
        load_parquet(tmp_path / "y.parquet")
    with pytest.raises(FormatError, match="no files were given"):
        load_parquet([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match="there is no Parquet file in this folder"):
        load_parquet(tmp_path / "empty")


def test_the_hub_is_asked_only_on_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls = []

    def load(name: str, config: str | None, **options: Any) -> datasets.Dataset:
        calls.append((name, config, options))
        if name == "script":
            raise RuntimeError("Dataset scripts are no longer supported, but found script.py")
        if name == "none":
            raise FileNotFoundError("Dataset 'none' doesn't exist on the Hub")
        return new_form()

    monkeypatch.setattr(datasets, "load_dataset", load)
    assert from_dataset(load_from_hub("commul/universal_dependencies", "fr_x", "test")).to_conllu() == TEXT
    options = {"split": "test", "revision": None, "cache_dir": None}
    assert calls == [("commul/universal_dependencies", "fr_x", options)]
    with pytest.raises(FormatError, match=r"script: cannot be loaded from the hub: .*revision='refs/convert/parquet'"):
        load_from_hub("script", cache_dir=tmp_path)
    with pytest.raises(FormatError, match=r"none: cannot be loaded from the hub: .*download its Parquet files"):
        load_from_hub("none")


@pytest.mark.shared
def test_a_real_treebank_survives_a_data_set(shared: Path, tmp_path: Path) -> None:
    file = shared / "treebanks" / "UD_French-Sequoia" / "fr_sequoia-ud-dev.conllu"
    dataset = to_dataset(iter_conllu(file), tmp_path / "x.arrow")
    assert conllu(iter_dataset(dataset)) == file.read_text(encoding="utf-8")
