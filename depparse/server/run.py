"""Runs the server: its socket, its signals, its log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from depparse.errors import ConfigError
from depparse.server.app import make_app
from depparse.server.limits import Limits
from depparse.server.models import Models
from depparse.server.service import Service

_IDLE = 20  # seconds after which a connection without requests is closed
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def bind(host: str, port: int) -> socket.socket:
    """A socket on that address; port 0 takes a free one. Raises ConfigError, as if the port is in use."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigError(f"--host {host}: no such address ({error}); take 127.0.0.1, or 0.0.0.0 for all") from None
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(1)  # so that a second server on this port is told now, not when it has loaded its models
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot listen on {host}, port {port}: {reason}; choose another by --port") from None
    return bound


def address_of(bound: socket.socket) -> str:
    """The URL of the socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Protocol(H11Protocol):
    """HTTP on one connection, which ends if the head of a request does not arrive, or the answer is not read, in time.

    uvicorn waits for both forever; the body of a request is the concern of `Transport`.
    """

    seconds = 60.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to watch the connection."""
        super().connection_made(transport)
        self.loop.call_later(self.seconds, self._close_unless_new, None)

    def _close_unless_new(self, before: object) -> None:
        """Ends the connection if there has been no new request since the one `before`, which was answered."""
        is_idle = self.cycle is before and (self.cycle is None or self.cycle.response_complete)
        if is_idle or self.transport.is_closing():
            self.transport.abort()  # with what is left of the answer, if the client has not read it
        else:
            is_over = self.cycle is not None and self.cycle.response_complete
            self.loop.call_later(self.seconds, self._close_unless_new, self.cycle if is_over else object())


class Server(uvicorn.Server):
    """A server that stops on SIGTERM and SIGINT after it has answered all that it had begun; on a second one, at once.

    ``stop()`` stops it from another thread.
    """

    def __init__(
        self, models: Models, limits: Limits, origins: Sequence[str] = (), *, say: Callable[[str], None]
    ) -> None:
        self.service, self._say = Service(models, limits), say
        config = uvicorn.Config(
            make_app(self.service, origins),
            log_config=None,
            log_level="warning",
            access_log=False,  # its lines have the text of GET requests
            server_header=False,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=int(2 * limits.seconds) + 5,
            lifespan="on",
            ws="none",
            loop="asyncio",
            http=type("_Protocol", (_Protocol,), {"seconds": limits.seconds}),
        )
        super().__init__(config)

    def stop(self) -> None:
        """Lets the server stop after it has answered all that it had begun."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Obeys signals while the server runs, and ends normally after them (that of uvicorn sends them again)."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _: int, __: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
        else:
            self._say("stopping: requests that were begun are answered first")
        self.should_exit = True


def log_to(stream_handler: logging.Handler, level: str) -> None:
    """Sends the log of the server to the handler. No line of it has what a client sent."""
    stream_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("depparse.server", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [stream_handler], False
        # uvicorn warns of each line that is no HTTP, of which strangers can send many.
        logger.setLevel(level.upper() if name == "depparse.server" else "ERROR")
