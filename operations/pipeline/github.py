"""The little of GitHub's REST API that a workflow needs: comments, issues, a pull request, artifacts of one repository.

Source: https://docs.github.com/en/rest/issues (version 2022-11-28); a pull request's comments are its issue's.
"""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final

from operations.engine.errors import UnreachableError

BOT: Final = "github-actions[bot]"
"""Whose comments and issues a report may change: a workflow's own token writes as this user."""

LONGEST_BODY: Final = 65_536  # characters, as GitHub refuses more
_PAGE: Final = 100
_LAST_PAGE: Final = 100
_TIMEOUT_SECONDS: Final = 30


class ApiError(UnreachableError):
    """GitHub did not do it; one line that says what and why."""


class ReadOnlyError(ApiError):
    """The token may read only, as a fork's does."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One repository, and a token that is never shown."""

    name: str
    token: str = field(repr=False)
    api: str = "https://api.github.com"

    @classmethod
    def here(cls) -> "Repository | None":
        """The one that the workflow runs for, from its environment; None elsewhere."""
        name, token = os.environ.get("GITHUB_REPOSITORY", ""), os.environ.get("GITHUB_TOKEN", "")
        if not token or not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            return None
        return cls(name=name, token=token, api=os.environ.get("GITHUB_API_URL") or cls.api)

    def comments(self, number: int) -> Iterator[Mapping[str, Any]]:
        """Every comment on an issue or pull request, oldest first."""
        return self._all(f"issues/{number}/comments")

    def comment(self, number: int, body: str) -> None:
        """Add a comment."""
        self.ask("POST", f"issues/{number}/comments", {"body": body})

    def change_comment(self, identity: int, body: str) -> None:
        """Replace a comment's text."""
        self.ask("PATCH", f"issues/comments/{identity}", {"body": body})

    def open_issues(self) -> Iterator[Mapping[str, Any]]:
        """Every open issue by the workflows' own user; pull requests are none."""
        found = self._all("issues", state="open", creator=BOT)
        return (one for one in found if "pull_request" not in one)

    def open_issue(self, title: str, body: str) -> int:
        """Open an issue and give back its number."""
        return int(self.ask("POST", "issues", {"title": title, "body": body})["number"])

    def change_issue(self, number: int, **values: str) -> None:
        """Replace an issue's title, body or state."""
        self.ask("PATCH", f"issues/{number}", values)

    def latest_run(self, workflow: str, branch: str) -> int | None:
        """The newest run of a workflow's file that has ended; None where there is none.

        A fork may call its branch alike and put a trigger for pull requests into the file: GitHub lists that run, too.
        """
        path = f"actions/workflows/{urllib.parse.quote(workflow, safe='')}/runs"
        runs = self._all(path, within="workflow_runs", branch=branch, status="completed")
        return next(
            (int(one["id"]) for one in runs if (one["head_repository"] or {}).get("full_name") == self.name), None
        )

    def artifacts(self, run: int) -> Iterator[Mapping[str, Any]]:
        """Every artifact of a run that is still kept."""
        found = self._all(f"actions/runs/{run}/artifacts", within="artifacts")
        return (one for one in found if not one["expired"])

    def archive(self, identity: int) -> bytes:
        """An artifact's ZIP."""
        return self._send("GET", f"actions/artifacts/{identity}/zip")

    def _all(self, path: str, within: str = "", **query: str) -> Iterator[Mapping[str, Any]]:
        """Every entry of a list, page by page; `within` is the key that an answer holds it under, where it has one."""
        for page in range(1, _LAST_PAGE):
            terms = urllib.parse.urlencode({**query, "per_page": _PAGE, "page": page})
            answer = self.ask("GET", f"{path}?{terms}")
            found = answer[within] if within else answer
            yield from found
            if len(found) < _PAGE:
                return

    def ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """One request below the repository's address; None where the answer is empty. Raises ApiError."""
        body = self._send(method, path, content)
        try:
            return json.loads(body) if body else None
        except ValueError as error:
            raise ApiError(f"GitHub: {method} {path.partition('?')[0]} failed: {error}") from None

    def _send(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> bytes:
        address = f"{self.api}/repos/{self.name}/{path}"
        request = urllib.request.Request(  # noqa: S310 the address is GitHub's, from the runner's environment
            address,
            data=None if content is None else json.dumps(content).encode(),
            method=method,
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        )
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")  # no other host gets it
        doing = f"GitHub: {method} {path.partition('?')[0]}"
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 as above
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                why = _message(error.read())
            if error.code == 403 and "rate limit" not in why.lower():
                raise ReadOnlyError(f"{doing} was refused: {why}") from None
            raise ApiError(f"{doing} failed: {error.code} {why}") from None
        except (OSError, HTTPException) as error:
            raise ApiError(f"{doing} failed: {getattr(error, 'reason', error)}") from None


def _message(body: bytes) -> str:
    """What GitHub says, on one line."""
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode("utf-8", "replace")
    return " ".join(message.split())[:200] or "no reason given"
