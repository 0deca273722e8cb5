"""Facts of models: they include those of the base, tell no path, and make the card."""

from __future__ import annotations

import pytest

from depparse.errors import ModelError
from depparse.model_folder.card import render
from depparse.model_folder.facts import (
    Base,
    DataFile,
    Facts,
    Origin,
    ScoreRow,
    Training,
    facts_from,
    language_of,
    licence_of,
    without_paths,
)

OLD = Facts(
    head="# Old",
    licence="CC-BY-SA-4.0",
    data=(
        DataFile(split="train", file="en_x-ud-train.conllu", sha256="1", language="English", licence="CC BY-SA 4.0"),
    ),
    scores=(ScoreRow(data="test", source="words", f1={"LAS": 0.9, "NER": 0.8}),),
)
ORIGIN = Origin(name="en", manifest_sha256="abc")
NEW = Facts(
    licence="MIT",
    training=Training(
        command="depparse train ner", depparse="1", torch="2", seeds=(1, 7), threads=2, minutes=3.25,
        words_per_second=1234.5,
    ),
    data=(DataFile(split="train", file="x.iob2", sha256="2", language="Swedish"), *OLD.data),
    base=Base(origin=ORIGIN, frozen=True, facts=OLD),
)  # fmt: skip


def test_facts_include_those_of_the_base() -> None:
    assert NEW.licences() == ["MIT", "CC-BY-SA-4.0"]
    assert NEW.languages() == ["Swedish", "English"]
    assert [file.file for file in NEW.all_data()] == ["x.iob2", "en_x-ud-train.conllu"]
    assert NEW.known_scores() == ()  # the scores of the base are not those of this model
    packed = Facts(model=NEW, segmenter=OLD)
    assert packed.known_scores() == ()
    assert Facts(model=OLD).known_scores() == OLD.scores
    assert packed.licences() == ["MIT", "CC-BY-SA-4.0"]


def test_facts_are_read_as_they_were_written() -> None:
    data = NEW.model_dump(mode="json", exclude_defaults=True)
    assert facts_from(data, "facts.json") == NEW
    with pytest.raises(ModelError, match=r"facts.json: the key licences does not exist; did you mean licence\?"):
        facts_from({"licences": ["MIT"]}, "facts.json")


def test_the_card_has_the_training_the_data_and_the_base() -> None:
    assert (
        render(NEW)
        == """\
# A model of depparse

```sh
depparse train ner
```

| | |
|---|---|
| depparse | 1 |
| torch | 2 |
| seed | 1, 7 |
| threads | 2 |
| minutes of training | 3.2 |
| words a second in training | 1,234 |
| peak memory | unknown |

## Data

| split | file | SHA-256 | licence |
|---|---|---|---|
| train | x.iob2 | `2` | not stated |
| train | en_x-ud-train.conllu | `1` | CC BY-SA 4.0 |

Begun with en, whose manifest.json has the SHA-256 `abc`, frozen but for the tasks that were trained. Its card says:

## The base model

### Scores

Official scores, gold tokenization, F1 in percent. NER: strict, all entities together. One seed is one data point.

| | LAS | NER |
|---|--:|--:|
| test | 90.00 | 80.00 |

### Data

| split | file | SHA-256 | licence |
|---|---|---|---|
| train | en_x-ud-train.conllu | `1` | CC BY-SA 4.0 |
"""
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("depparse train x --output /home/ann/runs/F", "depparse train x --output F"),
        ("depparse train x --output=/runs/F/ -v", "depparse train x --output=F -v"),
        (
            "depparse train runs/x.toml --treebank ../shared/UD_A",
            "depparse train runs/x.toml --treebank ../shared/UD_A",
        ),
        (
            """--set 'model.encoder.inputs=[{name="/a/b c/mpnet"}]'""",
            """--set 'model.encoder.inputs=[{name="b c/mpnet"}]'""",
        ),
        ("depparse.train('/a/b.toml', train=['/c/d.conllu'])", "depparse.train('b.toml', train=['d.conllu'])"),
        (r"depparse pack C:\\Users\\ann\\m -o p", "depparse pack m -o p"),
        ("--base /home/ann/runs/F/model", "--base F/model"),
        ("--base /model /", "--base model /"),
        ("user/repo", "user/repo"),
        ("package:gt_all/model", "package:gt_all/model"),
        ("https://host/a/b", "https://host/a/b"),
        ("--set a=1/2", "--set a=1/2"),
    ],
)
def test_no_absolute_path_is_told(command: str, expected: str) -> None:
    assert without_paths(command) == expected


def test_languages_and_licences_are_read_from_names_and_cards() -> None:
    assert language_of("a/sv_talbanken-ud-train.conllu") == "Swedish"
    assert language_of("train.conllu") == language_of("xx_y-ud-train.conllu") == ""
    assert licence_of("# A\n\n## Licence\n\n`MIT`\n\n- more\n\n## B\n") == "MIT"
    assert licence_of("# A\n") == ""
