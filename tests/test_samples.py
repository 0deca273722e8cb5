"""The sample treebanks are valid and hold everything that the other tests and the demo rely on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from depparse.document.trees import nonprojective_arcs
from depparse.formats import table as formats

LANGUAGES = {"English": "en", "French": "fr", "German": "de", "Chinese": "zh", "Turkish": "tr"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", [2, 3])
def test_the_official_validator_passes(language: str, level: int, samples: Path) -> None:
    paths = sorted((samples / f"UD_{language}-Sample").glob("*.conllu"))
    assert len(paths) == 3
    command = [Path(sys.executable).with_name("udvalidate"), "--lang", LANGUAGES[language], "--level", str(level)]
    for path in paths:
        result = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_samples_hold_all_kinds_of_annotation(samples: Path) -> None:
    documents = [formats.read(path) for path in sorted(samples.glob("*/*.conllu"))]
    sentences = [sentence for document in documents for sentence in document]
    assert len(sentences) >= 100
    assert sum(len(sentence.mwts) for sentence in sentences) >= 50
    assert sum(len(sentence.empty_nodes) for sentence in sentences) >= 3
    trees = [[head for head in sentence.heads if head is not None] for sentence in sentences]
    assert sum(bool(nonprojective_arcs(heads)) for heads in trees) >= 8
    entities = [formats.read(path) for pattern in ("*.iob2", "*.biose") for path in samples.glob(f"*/{pattern}")]
    assert sum(len(document.ents) for document in entities) >= 100
    roles = [formats.read(path) for path in samples.glob("*/*.conllup")]
    assert sum(len(sentence.frames) for document in roles for sentence in document) >= 100


def test_identifiers_are_unique(samples: Path) -> None:
    for folder in samples.iterdir():
        ids = [s.sent_id for path in folder.glob("*.conllu") for s in formats.read(path)]
        assert None not in ids
        assert len(set(ids)) == len(ids)
