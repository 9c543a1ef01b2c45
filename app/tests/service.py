"""A service in this process, and what a browser does with it."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from workbuoy_app.api.auth import MOCK_ISSUER
from workbuoy_app.application import create_app
from workbuoy_app.settings import Settings

ISSUER = MOCK_ISSUER


class Service:
    """The whole application, started and stopped as uvicorn does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = create_app(settings)
        self._clients: list[TestClient] = []

    def __enter__(self) -> Service:
        self._first = TestClient(self.app, base_url=self.settings.public_url, raise_server_exceptions=False)
        self._first.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._first.__exit__(*problem)

    def script(self, token: str) -> TestClient:
        """A script with an API token: no cookie, no origin."""
        return self.browser(None, token)

    def browser(self, user: str | None = "acme-user", token: str | None = None) -> TestClient:
        """A browser that sends its origin; logged in at the mock as `user`, unless None."""
        client = TestClient(
            self.app,
            base_url=self.settings.public_url,
            headers={"Origin": self.settings.origin},
            follow_redirects=False,
            raise_server_exceptions=False,
        )
        client.portal = self._first.portal  # the same event loop: the pool lives in it
        if token is not None:
            del client.headers["Origin"]
            client.headers["Authorization"] = f"Bearer {token}"
        elif user is not None:
            answer = client.post("/auth/mock", data={"subject": user})
            assert answer.status_code == 303, answer.text
        return client


def make_thing(browser: Any, title: str = "A thing", **fields: str) -> dict[str, Any]:
    """Store a thing; gives it back."""
    answer = browser.post("/api/things", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    thing: dict[str, Any] = answer.json()
    return thing


def make_token(browser: Any, *scopes: str, **fields: Any) -> dict[str, Any]:
    """An API token of the browser's member, with its value."""
    answer = browser.post("/api/tokens", json={"name": "a script", "scopes": scopes, **fields})
    assert answer.status_code == 201, answer.text
    token: dict[str, Any] = answer.json()
    return token


def attach(browser: Any, thing_id: str, content: bytes, name: str = "a.txt", kind: str = "text/plain") -> Any:
    """Upload a file; gives back the answer."""
    return browser.post(
        f"/api/things/{thing_id}/attachments",
        params={"name": name},
        content=content,
        headers={"Content-Type": kind},
    )
