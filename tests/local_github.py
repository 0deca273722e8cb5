"""A small GitHub on 127.0.0.1: lists and gives files of a repository, and fails on request."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator


def blob_id(content: bytes) -> str:
    """The git object ID of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class LocalGitHub(http.server.ThreadingHTTPServer):
    """Serves `files` of `repository` at the tag `tag`, after the errors in `failures`."""

    daemon_threads = True

    def __init__(self, repository: str, tag: str, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repository, self.tag, self.files = repository, tag, files
        self.requests: list[tuple[str, str | None]] = []  # (path, Range)
        self.ranges = True  # whether the server knows Range
        self.failures: list[int] = []  # HTTP codes to answer with, one a request
        self.cuts: list[int] = []  # bytes after which to break off, one a file given
        self.corrupt: set[str] = set()  # names of files to give with a wrong byte
        self.listing: bytes | None = None  # instead of the right one

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of a client that breaks off."""

    def tree(self) -> bytes:
        """The list of files, as GitHub writes it."""
        tree = [
            {"path": name, "mode": "100644", "type": "blob", "sha": blob_id(content), "size": len(content)}
            for name, content in self.files.items()
        ]
        folder = {"path": "not-to-release", "mode": "040000", "type": "tree", "sha": "0" * 40}
        return json.dumps({"sha": "0" * 40, "tree": [*tree, folder], "truncated": False}).encode()

    def asked(self, name: str) -> list[str | None]:
        """The Range of each request for a file."""
        return [byte_range for path, byte_range in self.requests if path.endswith("/" + name)]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: LocalGitHub

    def do_GET(self) -> None:
        server, byte_range = self.server, self.headers.get("Range")
        server.requests.append((self.path, byte_range))
        if server.failures:
            code = server.failures.pop(0)
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        name = self.path.removeprefix(f"/{server.repository}/{server.tag}/")
        if self.path == f"/repos/{server.repository}/git/trees/{server.tag}":
            self._send(200, server.tree() if server.listing is None else server.listing)
        elif name in server.files:
            content = server.files[name]
            if name in server.corrupt:
                content = b"\0" + content[1:]
            self._give(content, byte_range)
        else:
            self.send_error(404)

    def _give(self, content: bytes, byte_range: str | None) -> None:
        start = int(byte_range.removeprefix("bytes=").removesuffix("-")) if byte_range and self.server.ranges else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        cut = self.server.cuts.pop(0) if self.server.cuts else None
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self._send(206 if start else 200, content[start:], headers, cut)

    def _send(self, code: int, content: bytes, headers: dict[str, str] | None = None, cut: int | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def local_github(repository: str, tag: str, files: dict[str, bytes]) -> Iterator[LocalGitHub]:
    """Runs the server while the context lasts."""
    with LocalGitHub(repository, tag, files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
