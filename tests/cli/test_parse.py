"""``depparse parse``."""

from __future__ import annotations

from pathlib import Path

from depparse.data.document import Document
from depparse.pipeline import Pipeline
from tests.cli.conftest import Run
from tests.networks import INPUTS, TWO, small_model


def test_a_treebank_by_name(run: Run, tmp_path: Path) -> None:
    pipeline = Pipeline(small_model("none", [*INPUTS, {"type": "treebank"}], treebanks=["UD_A", "UD_B"]))
    pipeline.save(tmp_path / "m")
    outputs = {}
    for name in ("UD_A", "UD_B"):
        result = run("parse", "--model", "m", "--treebank", name, input=TWO)
        assert result.stdout == pipeline(Document.from_conllu(TWO), treebank=name).to_conllu(), result.stderr
        outputs[name] = result.stdout
    assert outputs["UD_A"] != outputs["UD_B"]
    assert run("parse", "--model", "m", input=TWO).stdout == outputs["UD_A"]
    result = run("parse", "--model", "m", "--treebank", "UD_C", input=TWO)
    assert result.returncode == 2
    assert "depparse: error: the model learned no treebank 'UD_C'; it knows: UD_A, UD_B" in result.stderr
