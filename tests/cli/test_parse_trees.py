"""``depparse parse``: probabilities, the best trees, and trees that are annotated in part."""

from __future__ import annotations

import io
from pathlib import Path

from depparse.document.document import Document
from depparse.document.trees import find_cycle, roots
from depparse.formats.conllu import iter_conllu
from depparse.model_folder.store import save
from tests.cli.conftest import Run
from tests.models import clear_pipeline
from tests.sentences import blanked


def test_drafts_are_completed_and_rated(tmp_path: Path, run: Run) -> None:
    pipeline = clear_pipeline()
    save(pipeline.model, tmp_path / "m")
    draft = blanked({1: "2"}, {1: "nsubj"}, "# sent_id = draft")
    options = ["--model", str(tmp_path / "m"), "--keep", "head,deprel"]
    result = run("parse", "-", *options, "--probabilities", "--k-best", "2", input=draft)
    assert result.returncode == 0, result.stderr
    expected = pipeline(Document.from_conllu(draft), keep=["head", "deprel"], probabilities=True, k_best=2)
    assert result.stdout == expected.to_conllu()
    written = list(iter_conllu(io.BytesIO(result.stdout.encode()), strict=True))
    assert [s.sent_id for s in written] == ["draft", "draft-tree2"]
    for sentence in written:
        assert sentence.heads[0] == 2
        assert sentence.columns["DEPREL"][0] == "nsubj"
        assert len(roots(sentence.heads)) == 1
        assert find_cycle(sentence.heads) is None


def test_a_draft_that_is_no_tree_is_one_line(tmp_path: Path, run: Run) -> None:
    save(clear_pipeline().model, tmp_path / "m")
    draft = blanked({1: "0", 3: "0"}, {}, "# sent_id = bad")
    result = run("parse", "-", "--model", str(tmp_path / "m"), "--keep", "head", input=draft)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "depparse: error: sentence bad: required arcs make words 1 and 3 roots; a tree has one\n"
