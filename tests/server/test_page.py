"""The commands of docs/server.md run as they stand, but on a free port."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from depparse.inference.load import load
from tests.pages import blocks, run
from tests.servers import served


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_page_on_the_server_runs(tmp_path: Path) -> None:
    start, *page_blocks = blocks("docs/server.md")
    assert start.code == "depparse serve --model en\n"
    (tmp_path / "letter.txt").write_text("Anna didn't like the school.\n", encoding="utf-8")
    with served({"en": load("en")}) as client:
        address = str(client.base_url).rstrip("/")
        for block in page_blocks:
            for command in block.code.splitlines():
                ready = command.replace("curl ", "curl --silent --fail ").replace("http://127.0.0.1:8001", address)
                output = run(block._replace(code=ready), tmp_path)
                assert output.startswith("<svg") if "draw" in command else json.loads(output), command
