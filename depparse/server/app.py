"""The application: all routes, errors, and what tells how the server is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from depparse import __version__
from depparse.errors import DepparseError
from depparse.formats.json import schema
from depparse.server import api, rest
from depparse.server.bodies import DOCUMENT
from depparse.server.limits import Refusal
from depparse.server.pages import draw_reference
from depparse.server.service import Service
from depparse.server.transport import Transport, answer
from depparse.server.web import add_page

_ABOUT = (
    "Dependency parsing and more on Universal Dependencies. An answer of 4xx or 5xx says in one line what is wrong; "
    "limits on size, words, time and waiting requests are those with which the server was started."
)


def make_app(service: Service, origins: Sequence[str] = ()) -> ASGIApp:
    """The application. Pages of these origins (``https://example.org``, or ``*``) may use it in browsers (CORS)."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    app = FastAPI(
        title="depparse",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,  # that page loads scripts from other hosts
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.include_router(api.routes(service))
    app.include_router(rest.routes(service))
    transport = Transport(app, service)

    async def refuse(http: Request, error: Exception) -> Response:
        refusal = _refusal_of(error)
        transport.count_error(refusal)
        return answer(http.url.path, refusal)

    for kind in (DepparseError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, refuse)
    _add_state(app, service)
    add_page(app)
    if not origins:
        return transport
    return CORSMiddleware(transport, allow_origins=list(origins), allow_methods=["GET", "POST"], allow_headers=["*"])


def _add_state(app: FastAPI, service: Service) -> None:
    """Adds the routes that need no model."""
    description = describe(app)

    @app.get("/health", tags=["state"])
    async def health() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "ok"}

    @app.get("/ready", tags=["state"], responses={503: {"description": "It takes no requests any more."}})
    async def ready() -> Response:
        """Whether requests are analysed: the models are loaded, and the server is not stopping."""
        if service.scheduler.is_working:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "stopping"}, 503)

    @app.get("/metrics", tags=["state"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Numbers for Prometheus: requests, times, words, errors by kind, requests that wait."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(description())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(draw_reference(description()))


def describe(app: FastAPI) -> Any:
    """A function that gives the OpenAPI description of the application, in which documents have their JSON Schema."""
    made: dict[str, Any] = {}

    def description() -> dict[str, Any]:
        if not made:
            text = json.dumps(app.openapi())
            made.update(json.loads(text))
            document = json.loads(json.dumps(schema()).replace('"#/$defs/', f'"#/components/schemas/{DOCUMENT}/$defs/'))
            document.pop("$schema", None)
            made["components"]["schemas"][DOCUMENT] = document
        return made

    return description


def _refusal_of(error: Exception) -> Refusal:
    """The error of a route as a refusal."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        return Refusal(422, "body", f"{place}: {first['msg'].removeprefix('Value error, ')}")
    if isinstance(error, HTTPException):
        return Refusal(error.status_code, "http", f"{error.detail}; /docs says what there is")
    return Refusal.of(error)
