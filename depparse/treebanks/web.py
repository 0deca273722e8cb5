"""Access to GitHub or a mirror of it: persistent, resuming, and taking no more bytes than it was told to expect."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from depparse.errors import ConfigError, DepparseError, DownloadError

_API, _RAW = "https://api.github.com", "https://raw.githubusercontent.com"
_CHUNK = 1 << 16  # bytes
_AGAIN = frozenset((429, 500, 502, 503, 504))  # HTTP codes of trouble that may pass
_LONGEST_LISTING, _LONGEST_FILE = 10_000_000, 4_000_000_000  # bytes; the latter if the size is not listed

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Web:
    """Access to GitHub, or to a mirror at `base_url`.

    `timeout` is the seconds before a silent server is given up; `waits` are the seconds between attempts.
    """

    base_url: str | None = None
    timeout: float = 30.0
    waits: Sequence[float] = (1.0, 4.0, 10.0)

    def __post_init__(self) -> None:
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(f"the URL of a mirror begins with http:// or https://, not {self.base_url!r}")

    def api(self, path: str) -> str:
        """The URL of a path of the API."""
        return f"{(self.base_url or _API).rstrip('/')}/{urllib.parse.quote(path)}"

    def raw(self, path: str) -> str:
        """The URL of a file."""
        return f"{(self.base_url or _RAW).rstrip('/')}/{urllib.parse.quote(path)}"

    def json(self, url: str) -> Any:
        """The JSON at `url`. Raises DownloadError."""

        def attempt() -> Any:
            with self._open(url, {"Accept": "application/vnd.github+json"}) as response:
                return json.loads(response.read(_LONGEST_LISTING))

        try:
            return self._persist(url, attempt)
        except DepparseError:
            raise
        except (ValueError, RecursionError):
            raise DownloadError(f"{url} gave no JSON; is the mirror right?") from None

    def fetch(self, url: str, part: Path, size: int | None, progress: Callable[[int], None]) -> None:
        """Fetches `url` into the file `part`, after the bytes that it has already. Raises DownloadError."""

        def attempt() -> None:
            start = part.stat().st_size if part.exists() else 0
            if size is not None and start >= size:
                if start == size:
                    return
                start = 0
            try:
                with self._open(url, {"Range": f"bytes={start}-"} if start else {}) as response:
                    content_range = response.headers.get("Content-Range", "")
                    resumes = start > 0 and response.status == 206 and content_range.startswith(f"bytes {start}-")
                    _receive(response, part, start if resumes else 0, size, progress)
            except urllib.error.HTTPError as error:
                if error.code != 416 or not start:  # 416: no further bytes; the hash will tell
                    raise

        self._persist(url, attempt)

    def _open(self, url: str, headers: dict[str, str]) -> Any:
        from depparse import __version__

        headers = {"User-Agent": f"depparse/{__version__}", "Accept-Encoding": "identity"} | headers
        try:
            return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=self.timeout)
        except ValueError as error:
            raise DownloadError(f"{url} is no address: {error}") from None

    def _persist(self, url: str, attempt: Callable[[], Result]) -> Result:
        """The result of `attempt`, which is repeated while the trouble may pass. Raises DownloadError."""
        for wait in (*self.waits, None):
            try:
                return attempt()
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in _AGAIN or wait is None:
                    raise DownloadError(_explain_status(url, error)) from error
                retry_after = error.headers.get("Retry-After", "")
                wait = max(wait, min(60.0, float(retry_after))) if retry_after.isdigit() else wait
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", None) or error
                if wait is None or isinstance(reason, (socket.gaierror, ssl.SSLCertVerificationError)):
                    problem = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
                    raise DownloadError(
                        f"cannot get {url}: {problem}; is there a network? What came is kept: run again to go on"
                    ) from error
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")


def _receive(response: Any, part: Path, start: int, size: int | None, progress: Callable[[int], None]) -> None:
    """Writes the response to `part`, from byte `start`. Raises DownloadError once it exceeds the listed `size`."""
    expected, received, most = response.length, 0, _LONGEST_FILE if size is None else size
    try:
        with open(part, "ab" if start else "wb") as out:
            while data := _read(response):
                received += len(data)
                if start + received > most:
                    raise DownloadError(f"{response.url} is longer than the {most:,} bytes that it may have")
                out.write(data)
                progress(start + received)
    except OSError as error:
        if isinstance(error, _BrokenOffError):
            raise
        raise DownloadError(f"{part} cannot be written: {error.strerror or error}") from error
    if expected is not None and received < expected:
        raise _BrokenOffError(f"the connection broke off after {received:,} of {expected:,} bytes")


class _BrokenOffError(ConnectionError):
    """The connection failed, which is worth another attempt, unlike a full disk."""


def _read(response: Any) -> bytes:
    try:
        return bytes(response.read(_CHUNK))
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from error


def _explain_status(url: str, error: urllib.error.HTTPError) -> str:
    if error.code in (403, 429):
        return (
            f"{url}: refused with HTTP {error.code}, as GitHub does after 60 requests an hour from one address; wait, "
            "use a mirror, or give a list of SHA-256 hashes, which needs no listing"
        )
    return f"{url}: HTTP {error.code} {error.reason}"
