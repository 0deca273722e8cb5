"""Parts of pages that are made of the code: ``<!-- made: NAME -->`` stands in a page where the Markdown text goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from _extensions import commands, models, settings

MADE: dict[str, Callable[[], str]] = {
    "commands": commands.markdown,
    "models": models.markdown,
    "recipes": settings.recipes,
    "settings": settings.markdown,
}
MARK = re.compile(r"^<!-- made: (\w+) -->$", re.MULTILINE)


def fill(app: Any, page: str, source: list[str]) -> None:
    """Puts the text in the place of the mark."""
    source[0] = MARK.sub(lambda match: MADE[match[1]](), source[0])


def setup(app: Any) -> dict[str, bool]:
    """Connects the event at which Sphinx has read a page; links are set after that."""
    app.connect("source-read", fill, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
