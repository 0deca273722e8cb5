"""The web page at ``/``: files of the folder ``page``, which load nothing from other hosts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response

FOLDER = Path(__file__).parent / "page"
_FILES = {
    "index.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "conllu.js": "text/javascript",
}
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
    for name, kind in _FILES.items():
        app.add_api_route("/" if name == "index.html" else f"/{name}", _route(name, kind), include_in_schema=False)


def _route(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
    async def file() -> Response:
        return FileResponse(FOLDER / name, media_type=f"{kind}; charset=utf-8", headers=_HEADERS)

    return file
