"""``depparse pack``: its folder, its output and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

from depparse.model_folder.store import save
from tests.cli.conftest import Run
from tests.models import FACTS, small_model

HEAD = "# English\n\n## Licence\n\nApache-2.0\n"


def test_a_smaller_model_is_written_with_its_card(run: Run, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m", FACTS)
    (tmp_path / "head.md").write_text(HEAD, encoding="utf-8")
    arguments = ["pack", "m", "-o", "p", "--weights", "int8", "--without", "tagger,lemmatizer", "--card", "head.md"]
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    description = json.loads(run("info", "p", "--json").stdout)
    assert result.stdout == f"p: {description['parameters']:,} parameters, {description['size']:,} bytes\n"
    assert list(description["tasks"]) == ["dependencies"]
    card = (tmp_path / "p" / "README.md").read_text(encoding="utf-8")
    assert card.startswith(HEAD)
    assert f"\ndepparse {' '.join(arguments)}\n" in card
    for wrong, message in (
        (["pack", "m"], "Missing option '--output'"),
        (["pack", "m", "-o", "p", "--weights", "int4"], "not as 'int4'"),
        (["pack", "m", "-o", "p", "--card", "no.md"], "no.md: cannot be read: no such file"),
    ):
        result = run(*wrong)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1)
        assert message in result.stderr
