"""A small server that answers as GitHub's REST API does: paging, users, a token that may read only."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
TOKEN = "a-token-that-nobody-may-see"
REPOSITORY = "workbuoy/infrastructure"


@dataclass
class GitHub:
    """What it holds, and what it was asked."""

    address: str = ""
    read_only: bool = False
    broken: int = 0
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[tuple[str, str], int] = field(default_factory=dict)
    forks_runs: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # newer ones
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)  # the commit at its head
    authors: dict[str, str] = field(default_factory=dict)  # of commits, by login
    trees: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    dispatched: list[tuple[str, str]] = field(default_factory=list)
    may_open_pulls: bool = True
    _last: int = 1000

    def add_comment(self, number: int, body: str, login: str = BOT) -> dict[str, Any]:
        self._last += 1
        made = {"id": self._last, "body": body, "user": {"login": login}}
        self.comments.setdefault(number, []).append(made)
        return made

    def add_issue(self, title: str, body: str, login: str = BOT, **more: Any) -> dict[str, Any]:
        made = {"number": len(self.issues) + 1, "title": title, "body": body, "state": "open", "user": {"login": login}}
        self.issues.append({**made, **more})
        return self.issues[-1]

    def answer(self, method: str, path: str, query: dict[str, str], content: dict[str, Any]) -> tuple[int, Any]:
        if self.broken:
            return self.broken, {"message": "Server\nError"}
        if method != "GET":
            self.writes.append(f"{method} {path}")
            if self.read_only:
                return 403, {"message": "Resource not accessible by integration"}
        if method == "GET" and path.startswith("actions/"):
            return 200, self._kept(path, query)
        if path.startswith(("git/", "commits/", "pulls", "actions/")):
            return self._proposed(method, path, query, content)
        if method == "GET":
            page, size = int(query["page"]), int(query["per_page"])
            return 200, self._listed(path, query)[(page - 1) * size : page * size]
        return self._written(method, path, content)

    def _proposed(self, method: str, path: str, query: dict[str, str], content: dict[str, Any]) -> tuple[int, Any]:
        """Branches, commits, pull requests, and workflows that are started."""
        if method == "GET":
            return 200, self._stands(path, query)
        if path == "pulls" and not self.may_open_pulls:
            return 403, {"message": "GitHub Actions is not permitted to create or approve pull requests."}
        self._last += 1
        made: dict[str, Any] = {"sha": f"sha-{self._last}", "number": self._last}
        if path == "git/trees":
            self.trees.append(content)
        elif path.startswith("git/refs"):
            self.branches[content.get("ref", path.partition("git/")[2]).partition("heads/")[2]] = content["sha"]
        elif path == "pulls":
            self.pulls.append({**content, **made})
        elif path.endswith("/dispatches"):
            self.dispatched.append((path.split("/")[2], content["ref"]))
            return 204, None
        return 201, made

    def _kept(self, path: str, query: dict[str, str]) -> Any:
        """Runs that have ended, their artifacts, and an artifact's ZIP."""
        if match := re.fullmatch(r"actions/workflows/([^/]+)/runs", path):
            page, size, of = int(query["page"]), int(query["per_page"]), (match[1], query["branch"])
            forks = (None, {"full_name": "somebody/infrastructure"})
            found = [{"id": one, "head_repository": forks[one % 2]} for one in self.forks_runs.get(of, ())]
            found += [{"id": self.runs[of], "head_repository": {"full_name": REPOSITORY}}] if of in self.runs else []
            return {"workflow_runs": found[(page - 1) * size : page * size]}
        if match := re.fullmatch(r"actions/runs/(\d+)/artifacts", path):
            page, size = int(query["page"]), int(query["per_page"])
            found = [one for one in self.artifacts if one["run"] == int(match[1])]
            return {"artifacts": found[(page - 1) * size : page * size]}
        return next(one["zip"] for one in self.artifacts if path == f"actions/artifacts/{one['id']}/zip")

    def add_artifact(self, run: int, name: str, files: dict[str, str], *, expired: bool = False) -> None:
        opened = io.BytesIO()
        with zipfile.ZipFile(opened, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        number = len(self.artifacts) + 1
        self.artifacts.append(
            {"id": number, "run": run, "name": name, "expired": expired, "zip": opened.getvalue().hex()}
        )

    def _stands(self, path: str, query: dict[str, str]) -> Any:
        last = path.rpartition("/")[2]
        if path.startswith("git/matching-refs/"):
            name = path.partition("heads/")[2]
            heads = {ref: sha for ref, sha in self.branches.items() if ref.startswith(name)}
            return [{"ref": f"refs/heads/{ref}", "object": {"sha": sha}} for ref, sha in heads.items()]
        if path.startswith("git/commits/"):
            return {"tree": {"sha": f"tree-of-{last}"}}
        if path.startswith("commits/"):
            return {"author": {"login": self.authors.get(last, BOT)}}
        return [one for one in self.pulls if query["head"] == f"{REPOSITORY.partition('/')[0]}:{one['head']}"]

    def _listed(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if match := re.fullmatch(r"issues/(\d+)/comments", path):
            return self.comments.get(int(match[1]), [])
        return [one for one in self.issues if one["state"] == query["state"]]

    def _written(self, method: str, path: str, content: dict[str, str]) -> tuple[int, Any]:
        if len(content.get("body", "")) > 65_536:
            return 422, {"message": "Validation Failed: body is too long"}
        if match := re.fullmatch(r"issues/(\d+)/comments", path):
            return 201, self.add_comment(int(match[1]), content["body"])
        if match := re.fullmatch(r"issues/comments/(\d+)", path):
            (found,) = [one for every in self.comments.values() for one in every if one["id"] == int(match[1])]
        elif method == "POST":
            return 201, self.add_issue(content["title"], content["body"])
        else:
            found = self.issues[int(path.removeprefix("issues/")) - 1]
        found.update(content)
        return 200, found


@contextmanager
def serving() -> Iterator[GitHub]:
    """The server on loopback."""
    held = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else {}
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, body = 401, {"message": "Bad credentials"}
            else:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                path = parts.path.removeprefix(f"/repos/{REPOSITORY}/")
                status, body = held.answer(self.command, path, query, content)
            self.send_response(status)
            self.end_headers()
            if body is not None:
                raw = bytes.fromhex(body) if isinstance(body, str) else json.dumps(body).encode()
                self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = _handle  # noqa: N815 http.server calls them so

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
