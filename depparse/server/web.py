"""The web page at ``/``: files of the folder ``page``, which load nothing from other hosts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response

from depparse.server.transport import PAGE

FOLDER = Path(__file__).parent / "page"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# The browser refuses whatever else a page could be made to load. Drawings have styles of their own.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Adds the routes of the page."""
    for path in PAGE:
        app.add_api_route(path, _route(FOLDER / (path[1:] or "index.html")), include_in_schema=False)


def _route(file: Path) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return FileResponse(file, media_type=f"{_KINDS[file.suffix]}; charset=utf-8", headers=_HEADERS)

    return answer
