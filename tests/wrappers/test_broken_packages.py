"""Optional packages: one that is missing, and one that is there but cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import depparse

CODE = "from depparse.wrappers.stanza_tokenizer import StanzaTokenizer; StanzaTokenizer.load('en')"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "ConfigError: this needs the package stanza: pip install 'depparse[stanza]'"),
        (
            "import no_such_library",
            "installed but cannot be imported: ModuleNotFoundError: No module named 'no_such_li",
        ),
        ("raise AttributeError('numpy has no bool')", "cannot be imported: AttributeError: numpy has no bool"),
    ],
)
def test_a_package_is_missing_or_broken(content: str | None, message: str, tmp_path: Path) -> None:
    code = "import sys; sys.modules['stanza'] = None\n" + CODE if content is None else CODE
    if content is not None:
        (tmp_path / "stanza.py").write_text(content, encoding="utf-8")
    paths = [str(tmp_path), str(Path(depparse.__file__).parents[1])]
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert message in result.stderr.splitlines()[-1]
