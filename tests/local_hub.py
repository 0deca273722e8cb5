"""A small Hugging Face hub on 127.0.0.1: makes repositories, takes commits, and gives their files."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.local_github import blob_id

TOKEN = "hf_test"  # of the only user, who is called user


@dataclass
class Repository:
    """The files of each commit of a repository, the newest last."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, files: dict[str, bytes], message: str) -> str:
        """The id of a new commit with the files of the last one, in whose place come these."""
        newest = {**self.files, **files}
        number = hashlib.sha1(f"{len(self.commits)}{sorted(newest)}".encode()).hexdigest()
        self.commits[number] = newest
        self.messages.append(message)
        return number

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the newest commit."""
        return list(self.commits.values())[-1] if self.commits else {}


class LocalHub(http.server.ThreadingHTTPServer):
    """Serves `repositories`, which a user may change with the token, and remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str]] = []  # (method, path)
        self.sizes: dict[str, int] = {}  # of files in lists, instead of the right ones
        self.failure: int | None = None  # the HTTP status of every answer

    @property
    def url(self) -> str:
        """The address of the hub."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: LocalHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answers all requests: HEAD and POST come here, too."""
        hub, body = self.server, self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        hub.requests.append((self.command, path))
        may_write = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if hub.failure is not None:
            return self._json(hub.failure, {"error": "the hub fails"})
        if self.command == "POST":
            if not may_write:
                return self._json(401, {"error": "Invalid credentials in Authorization header"})
            return self._post(path, body)
        asked = re.fullmatch(r"/api/models/([\w.-]+/[\w.-]+)(?:/(revision|tree)/([\w.-]+))?", path)
        file = re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([\w.-]+)/([\w.-]+)", path)
        match = asked or file
        repository = hub.repositories.get(match[1]) if match else None
        if match is None or repository is None or (repository.private and not may_write):
            return self._error(404, "RepoNotFound", "Repository not found")
        revision = (file[2] if file else match[3]) or "main"
        commit = list(repository.commits)[-1] if revision == "main" else revision
        if commit not in repository.commits:
            return self._error(404, "RevisionNotFound", "Invalid rev id")
        files = repository.commits[commit]
        if file:
            if file[3] not in files:
                return self._error(404, "EntryNotFound", "Entry not found")
            content = files[file[3]]
            return self._send(200, content, {"ETag": f'"{blob_id(content)}"', "X-Repo-Commit": commit})
        sizes = {name: hub.sizes.get(name, len(content)) for name, content in files.items()}
        if match[2] == "tree":
            return self._json(
                200,
                [
                    {"type": "file", "path": name, "size": sizes[name], "oid": blob_id(content)}
                    for name, content in files.items()
                ],
            )
        siblings = [{"rfilename": name, "size": size, "blobId": blob_id(files[name])} for name, size in sizes.items()]
        data = {"id": match[1], "_id": "0" * 24, "sha": commit, "private": repository.private, "tags": []}
        return self._json(200, data | {"siblings": siblings, "downloads": 0, "likes": 0})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def _post(self, path: str, body: bytes) -> None:
        hub = self.server
        if path == "/api/repos/create":
            asked = json.loads(body)
            owner = asked.get("organization") or "user"
            name = f"{owner}/{asked['name']}"
            exists = name in hub.repositories
            if not exists:
                # What an older library calls private has a visibility in a newer one.
                hub.repositories[name] = Repository(
                    asked.get("private") is True or asked.get("visibility") == "private"
                )
            data = {"url": f"{hub.url}/{name}", "error": "You already created this model repo"}
            return self._json(409 if exists else 200, data)
        if path == "/api/validate-yaml":
            return self._json(200, {"errors": [], "warnings": []})
        match = re.fullmatch(r"/api/models/([\w.-]+/[\w.-]+)/(preupload|commit)/main", path)
        if match is None or match[1] not in hub.repositories:
            return self._error(404, "RepoNotFound", "Repository not found")
        repository = hub.repositories[match[1]]
        if match[2] == "preupload":
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return self._json(200, {"files": files})
        lines = [json.loads(line) for line in body.splitlines()]
        added = {
            line["value"]["path"]: base64.b64decode(line["value"]["content"]) for line in lines if line["key"] == "file"
        }
        number = repository.commit(added, lines[0]["value"]["summary"])
        data = {"success": True, "commitOid": number, "commitUrl": f"{hub.url}/{match[1]}/commit/{number}"}
        return self._json(200, data)

    def _json(self, code: int, data: Any) -> None:
        self._send(code, json.dumps(data).encode(), {"Content-Type": "application/json"})

    def _error(self, code: int, name: str, message: str) -> None:
        self._send(code, b"{}", {"X-Error-Code": name, "X-Error-Message": message, "Content-Type": "application/json"})

    def _send(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def local_hub() -> Iterator[LocalHub]:
    """Runs the hub while the context lasts."""
    with LocalHub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
