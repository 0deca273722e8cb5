"""The outermost layer of the server: which requests are admitted, how long and how large they may be, what is counted
and logged, and what a request gets that fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from depparse.server.limits import Refusal, disconnected
from depparse.server.service import Service, log, log_fault

# Paths whose requests are work; the value says whether their errors are plain text, as those of UDPipe are.
WORK: dict[str, bool] = {
    **dict.fromkeys(("/process", "/weblicht/tokenize", "/weblicht/tag", "/weblicht/parse"), True),
    **dict.fromkeys(("/v1/parse", "/v1/compare", "/v1/draw", "/v1/check"), False),
}
PAGE = ("/", "/page.css", "/page.js", "/conllu.js")  # the web page, and what it loads
_LIGHT = (*PAGE, "/models", "/v1/models", "/health", "/ready", "/metrics", "/docs", "/openapi.json")
_DRAINED = 4  # how many times the largest body is read and dropped, so that its client reads the answer


def answer(path: str, refusal: Refusal) -> Response:
    """The answer to a request that is not served: a line of text for UDPipe's paths, else JSON."""
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    if refusal.status in (408, 413):
        headers["Connection"] = "close"  # the rest of the body is not read
    if WORK.get(path, path == "/models"):
        return PlainTextResponse(f"{refusal}\n", refusal.status, headers)
    return JSONResponse({"detail": str(refusal), "kind": refusal.kind}, refusal.status, headers)


class Transport:
    """Wraps the routes. Requests of `WORK` are read whole before a route sees them, and are refused beyond limits."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service
        self._at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, whatever it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, start = scope["path"], time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await (self._work if path in WORK else self._app)(scope, receive, sending)
        except Exception as error:
            refusal = Refusal.of(error)
            if refusal.kind == "internal":
                log_fault(error)
            if not status:
                self.count_error(refusal)
                await answer(path, refusal)(scope, receive, sending)
        finally:
            self._count(scope, status, time.perf_counter() - start)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self._service.limits
        if self._at_work >= limits.waiting:
            seconds = 1 + round(self._at_work / 32)
            raise Refusal(
                429, "busy", f"{self._at_work} requests are waiting, which is the limit; try again later", seconds
            )
        self._at_work += 1
        self._service.metrics.waiting.set(self._at_work)
        try:
            body: bytes | None = await self._body(scope, receive)
            scope["depparse.deadline"] = asyncio.get_running_loop().time() + limits.seconds

            async def replay() -> Message:
                nonlocal body
                if body is None:
                    return await receive()
                message, body = {"type": "http.request", "body": body, "more_body": False}, None
                return message

            await self._app(scope, replay, send)
        finally:
            self._at_work -= 1
            self._service.metrics.waiting.set(self._at_work)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body. Raises Refusal if it is too large (413) or comes too slowly (408)."""
        limits = self._service.limits
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        too_large = Refusal(
            413,
            "size",
            f"a request has at most {limits.characters:,} characters and {limits.bytes:,} bytes; send it in parts",
        )
        if declared.isdigit() and int(declared[:20]) > _DRAINED * limits.bytes:
            raise too_large
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(limits.seconds):
                while size <= _DRAINED * limits.bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise disconnected()
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size <= limits.bytes:
                        chunks.append(chunk)
                    else:
                        chunks.clear()
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            text = f"the request did not arrive within {limits.seconds:g} seconds; send it faster, or in parts"
            raise Refusal(408, "slow", text) from None
        if size > limits.bytes:
            raise too_large
        return b"".join(chunks)

    def count_error(self, refusal: Refusal) -> None:
        """Counts a request that failed."""
        self._service.metrics.errors.labels(refusal.kind).inc()

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in WORK or scope["path"] in _LIGHT else "other"
        method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        metrics = self._service.metrics
        metrics.requests.labels(path, method, str(status)).inc()
        metrics.seconds.labels(path).observe(seconds)
        if path in WORK:
            log.info("%s %s %d %.3f s", method, path, status, seconds)
