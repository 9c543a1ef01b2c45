"""Providers of identities as they differ: a small one of its own, whose answers a test decides."""

from __future__ import annotations

import base64
import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.service import Service
from tests.test_bad_input import assert_problem
from workbuoy_app import oidc, registry, sessions
from workbuoy_app.settings import OidcSettings, Settings

CLIENT, SECRET = "work buoy:1", "p+l%u:s/ æ"

pytestmark = [pytest.mark.lengthy, pytest.mark.any_postgres]


class Provider:
    """Discovery, keys and tokens. Logging in is a redirect that a test makes up."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.methods: list[str] | None = None
        self.more_keys: list[dict[str, Any]] = []
        self.claims: dict[str, Any] = {}
        self.nonce = ""
        self.hangs = threading.Event()
        self.asked: list[str] = []
        self.logins: list[tuple[str | None, dict[str, list[str]]]] = []
        self.issuer = ""

    def answer(self, path: str, authorization: str | None, form: dict[str, list[str]]) -> Any:
        self.asked.append(path)
        if self.hangs.is_set():
            time.sleep(7)
        if path.endswith("openid-configuration"):
            places = {
                "authorization_endpoint": "authorize?tenant=1",
                "token_endpoint": "token",
                "jwks_uri": "keys",
            }
            found = {name: f"{self.issuer}/{place}" for name, place in places.items()}
            methods = {} if self.methods is None else {"token_endpoint_auth_methods_supported": self.methods}
            return {"issuer": self.issuer, "end_session_endpoint": f"{self.issuer}/end", **found, **methods}
        if path == "/keys":
            return {"keys": [*self.more_keys, self.key.as_dict(private=False)]}
        self.logins.append((authorization, form))
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "ada",
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
        }
        return {"id_token": jwt.encode({"alg": "RS256", "kid": "1"}, claims | self.claims, self.key)}


@contextmanager
def listening(provider: Provider) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell({})

        def do_POST(self) -> None:
            self._tell(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))

        def _tell(self, form: dict[str, list[str]]) -> None:
            document = provider.answer(urlsplit(self.path).path, self.headers.get("authorization"), form)
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider on loopback."""
    found = Provider()
    with listening(found):
        yield found


@pytest.fixture
def service(settings: Settings, provider: Provider) -> Iterator[Service]:
    """A service that logs in there; ada is a member of acme."""
    registry.add_member(settings, "acme", provider.issuer, "ada")
    client = OidcSettings(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET)
    with Service(dataclasses.replace(settings, oidc=client, oidc_dev_mock=False)) as running:
        yield running


def begin(browser: Any, return_to: str = "/api/me") -> dict[str, str]:
    """Ask to log in; gives what the provider was asked."""
    answer = browser.get("/auth/login", params={"return_to": return_to})
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def finish(browser: Any, provider: Provider, asked: dict[str, str]) -> Any:
    """What the service says to the browser that comes back."""
    provider.nonce = asked["nonce"]
    return browser.get("/auth/callback", params={"state": asked["state"], "code": "c"})


def log_in(service: Service, provider: Provider) -> Any:
    browser = service.browser(user=None)
    return finish(browser, provider, begin(browser))


def test_basic_encodes_both_parts_as_rfc_6749_asks(service: Service, provider: Provider) -> None:
    assert log_in(service, provider).status_code == 303
    ((authorization, form),) = provider.logins
    assert authorization is not None
    pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    assert [unquote_plus(part) for part in pair.split(":")] == [CLIENT, SECRET]
    assert "client_secret" not in form


def test_a_provider_that_takes_the_secret_in_the_form_alone_gets_it_there(
    service: Service, provider: Provider
) -> None:
    provider.methods = ["client_secret_post", "private_key_jwt"]
    assert log_in(service, provider).status_code == 303
    ((authorization, form),) = provider.logins
    assert authorization is None
    assert (form["client_id"], form["client_secret"]) == ([CLIENT], [SECRET])


def test_an_endpoint_with_a_query_of_its_own_keeps_it(service: Service) -> None:
    asked = begin(service.browser(user=None))
    assert (asked["tenant"], asked["client_id"]) == ("1", CLIENT)


def test_keys_that_cannot_be_read_leave_the_others(service: Service, provider: Provider) -> None:
    provider.more_keys = [{"kty": "AKP", "kid": "0", "alg": "ML-DSA-44", "pub": "x"}, {"kty": "RSA"}, {}]
    assert log_in(service, provider).status_code == 303


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"azp": CLIENT}, 303),
        ({"azp": "another"}, 400),
        ({"aud": [CLIENT, "another"]}, 400),
        ({"aud": [CLIENT, "another"], "azp": CLIENT}, 303),
        ({"sub": "ada\0"}, 400),
        ({"sub": ""}, 400),
        ({"sub": 17}, 400),
        ({"sub": "a" * 300}, 400),
        ({"nonce": "another"}, 400),
        ({"exp": 1}, 400),
    ],
)
def test_a_token_for_somebody_else_or_of_another_form_is_refused(
    service: Service, provider: Provider, claims: dict[str, Any], status: int
) -> None:
    provider.claims = claims
    assert log_in(service, provider).status_code == status


def test_two_tabs_at_once_both_log_in(service: Service, provider: Provider) -> None:
    browser = service.browser(user=None)
    first, second = begin(browser, "/api/me?tab=1"), begin(browser, "/api/me?tab=2")
    assert finish(browser, provider, second).headers["location"] == "/api/me?tab=2"
    assert finish(browser, provider, first).headers["location"] == "/api/me?tab=1"


def test_many_tabs_and_long_paths_fit_into_a_browsers_cookies(service: Service, provider: Provider) -> None:
    browser = service.browser(user=None)
    for number in range(9):
        asked = begin(browser, f"/api/things?search={number}{'x' * 1_400}")
    login_cookies = [value for name, value in browser.cookies.items() if name.startswith("workbuoy_login")]
    assert len(login_cookies) == 4
    assert max(map(len, login_cookies)) < 3_500
    assert finish(browser, provider, asked).headers["location"].startswith("/api/things?search=8xxx")
    far = begin(browser, "/api/things?search=" + "x" * 5_000)
    assert finish(browser, provider, far).headers["location"] == "/"


def test_a_declined_login_says_so(service: Service) -> None:
    browser = service.browser(user=None)
    state = begin(browser)["state"]
    answer = browser.get("/auth/callback", params={"state": state, "error": "access_denied"})
    assert "declined" in assert_problem(answer, 403)["detail"]
    assert_problem(browser.get("/auth/callback", params={"state": "forged", "error": "access_denied"}), 400)


def test_after_logging_out_there_is_a_page(service: Service, provider: Provider) -> None:
    browser = service.browser(user=None)
    finish(browser, provider, begin(browser))
    address = browser.post("/auth/logout").json()["end_session_url"]
    (back,) = parse_qs(urlsplit(address).query)["post_logout_redirect_uri"]
    answer = browser.get(back)
    assert answer.status_code == 200
    assert 'href="/auth/login"' in answer.text


@pytest.mark.database
def test_a_members_sessions_are_capped_and_the_oldest_ends(
    service: Service, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 3)
    browsers = []
    for _ in range(5):
        browser = service.browser(user=None)
        assert finish(browser, provider, begin(browser)).status_code == 303
        browsers.append(browser)
    assert [browser.get("/api/me").status_code for browser in browsers] == [401, 401, 200, 200, 200]


@pytest.mark.slow
def test_a_provider_that_hangs_delays_logins_alone_and_each_once(
    service: Service, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "TIMEOUT_SECONDS", 1.0)
    provider.hangs.set()

    def ask(_: int) -> int:
        status: int = service.browser(user=None).get("/auth/login").status_code
        return status

    with ThreadPoolExecutor(10) as several:
        waiting = several.map(ask, range(10))
        time.sleep(0.2)
        assert service.browser(user=None).get("/readyz").status_code == 200
        assert set(waiting) == {503}
    assert len(provider.asked) == 1, "all of them waited for one call"
    assert ask(0) == 503
    assert len(provider.asked) == 1, "and it is not asked again at once"
