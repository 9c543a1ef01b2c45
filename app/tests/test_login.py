"""Login at a real OpenID Connect provider, sessions, cookies' life, and the mock."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import oidc_provider_mock
import psycopg
import pytest

from tests.service import Service, make_thing
from workbuoy_app import metrics, registry, sessions
from workbuoy_app.api import cookies
from workbuoy_app.settings import OidcSettings, Settings


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider on loopback."""
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def oidc_service(settings: Settings, issuer: str) -> Iterator[Service]:
    """A service that logs in there; ada is a member of acme."""
    registry.add_member(settings, "acme", issuer, "ada")
    oidc = OidcSettings(issuer=issuer, client_id="workbuoy", client_secret="secret")
    with Service(dataclasses.replace(settings, oidc=oidc, oidc_dev_mock=False)) as service:
        yield service


def begin(browser: Any, return_to: str = "/api/me") -> str:
    """Ask to log in; gives the provider's address."""
    answer = browser.get("/auth/login", params={"return_to": return_to})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def login_cookie(browser: Any) -> tuple[str, str]:
    """The name and value of the one login under way."""
    ((name, value),) = [each for each in browser.cookies.items() if each[0].startswith(cookies.LOGIN)]
    return name, value


def at_provider(address: str, subject: str) -> str:
    """Log in at the provider; gives where it sends the browser."""
    answer = httpx2.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def log_in(service: Service, subject: str = "ada") -> Any:
    """A browser that went the whole way."""
    browser = service.browser(user=None)
    answer = browser.get(at_provider(begin(browser), subject))
    assert answer.status_code == 303, answer.text
    return browser


@pytest.mark.lengthy
def test_a_member_logs_in_and_out_at_a_real_provider(oidc_service: Service, issuer: str) -> None:
    browser = log_in(oidc_service)
    me = browser.get("/api/me").json()
    assert (me["tenant"], me["subject"]) == ("acme", "ada")
    make_thing(browser)
    answer = browser.post("/auth/logout")
    assert answer.status_code == 200
    assert answer.json()["end_session_url"].startswith(f"{issuer}/oauth2/end_session?client_id=workbuoy")
    assert browser.get("/api/me").status_code == 401


@pytest.mark.any_postgres
def test_the_flow_uses_pkce_a_nonce_and_a_state_that_differ_each_time(oidc_service: Service) -> None:
    first, second = (parse_qs(urlsplit(begin(oidc_service.browser(user=None))).query) for _ in range(2))
    for query in (first, second):
        assert query["code_challenge_method"] == ["S256"]
        assert query["response_type"] == ["code"]
        assert query["scope"] == ["openid"]
        assert query["redirect_uri"] == ["http://localhost:8080/auth/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


@pytest.mark.any_postgres
def test_the_code_is_exchanged_with_the_verifier_that_the_challenge_was_made_of(
    oidc_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider of these tests accepts any, so what is sent is compared here."""
    sent: dict[str, Any] = {}
    real = httpx2.AsyncClient.post

    async def watched(self: Any, url: str, **fields: Any) -> Any:
        sent.update(fields["data"])
        return await real(self, url, **fields)

    monkeypatch.setattr(httpx2.AsyncClient, "post", watched)
    browser = oidc_service.browser(user=None)
    address = begin(browser)
    assert browser.get(at_provider(address, "ada")).status_code == 303
    challenge = parse_qs(urlsplit(address).query)["code_challenge"][0]
    digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge


@pytest.mark.any_postgres
@pytest.mark.parametrize("content", [b"[" * 15_000, b'{"state":' * 2_000, b"\xff", b"[]", b'{"state": 1}'])
def test_a_login_cookie_that_is_none_of_ours_is_400(oidc_service: Service, content: bytes) -> None:
    value = base64.urlsafe_b64encode(content).decode().rstrip("=")
    headers = {"Cookie": f"{cookies.login_name('x')}={value}"}
    answer = oidc_service.browser(user=None).get("/auth/callback?state=x&code=y", headers=headers)
    assert answer.status_code == 400, answer.text


@pytest.mark.any_postgres
@pytest.mark.parametrize("name", ["workbuoy_login@{}(x", "workbuoy_login {}", 'workbuoy_login_"{}'])
def test_cookies_with_names_that_no_cookie_may_have_hinder_no_login(oidc_service: Service, name: str) -> None:
    headers = {"Cookie": "; ".join(f"{name.format(number)}=x" for number in range(cookies.MOST_LOGINS + 1))}
    answer = oidc_service.browser(user=None).get("/auth/login", headers=headers)
    assert answer.status_code == 303, answer.text


@pytest.mark.any_postgres
def test_logins_read_the_certificate_authorities_once(
    oidc_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is work for the one thread that serves everybody, and anybody may begin a login."""
    used: list[Any] = []
    real = httpx2.AsyncClient.__init__

    def watched(self: Any, **options: Any) -> None:
        used.append(options.get("verify"))
        real(self, **options)

    monkeypatch.setattr(httpx2.AsyncClient, "__init__", watched)
    for _ in range(2):
        log_in(oidc_service)
    assert len(used) > 2
    assert isinstance(used[0], ssl.SSLContext)
    assert {id(each) for each in used} == {id(used[0])}


def test_a_login_enrols_nobody(oidc_service: Service, settings: Settings) -> None:
    browser = oidc_service.browser(user=None)
    answer = browser.get(at_provider(begin(browser), "stranger"))
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers or "workbuoy_session" not in answer.headers["set-cookie"]
    assert browser.get("/api/me").status_code == 401


@pytest.mark.lengthy
@pytest.mark.any_postgres
def test_a_login_goes_back_to_where_it_was_asked_for_but_never_to_another_site(oidc_service: Service) -> None:
    for wanted, expected in (
        ("/api/things?limit=5", "/api/things?limit=5"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
    ):
        browser = oidc_service.browser(user=None)
        answer = browser.get(at_provider(begin(browser, wanted), "ada"))
        assert answer.headers["location"] == expected


def changed(address: str, **fields: str) -> str:
    """The same address with other query fields."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | fields
    return urlsplit(address)._replace(query="&".join(f"{n}={v}" for n, v in query.items())).geturl()


@pytest.mark.any_postgres
@pytest.mark.parametrize(
    "fields",
    [{"state": "forged"}, {"state": ""}, {"code": "forged"}, {"code": ""}, {"iss": "http://evil.example"}],
)
def test_a_callback_with_a_bad_state_code_or_issuer_is_refused(
    oidc_service: Service, fields: dict[str, str]
) -> None:
    browser = oidc_service.browser(user=None)
    answer = browser.get(changed(at_provider(begin(browser), "ada"), **fields))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert browser.get("/api/me").status_code == 401


@pytest.mark.any_postgres
def test_a_callback_in_another_browser_is_refused(oidc_service: Service) -> None:
    callback = at_provider(begin(oidc_service.browser(user=None)), "ada")
    assert oidc_service.browser(user=None).get(callback).status_code == 400


@pytest.mark.any_postgres
def test_a_callback_with_another_logins_nonce_is_refused(oidc_service: Service) -> None:
    browser = oidc_service.browser(user=None)
    callback = at_provider(begin(browser), "ada")
    name, cookie = login_cookie(browser)
    attempt = json.loads(base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)))
    attempt["nonce"] = "of another login"
    browser.cookies.clear()
    browser.cookies.set(name, base64.urlsafe_b64encode(json.dumps(attempt).encode()).decode())
    assert browser.get(callback).status_code == 400


@pytest.mark.any_postgres
@pytest.mark.parametrize("cookie", ["", "not base64!", "e30", "W10", "bnVsbA", "eyJzdGF0ZSI6MX0"])
def test_a_login_cookie_that_is_nonsense_is_refused(oidc_service: Service, cookie: str) -> None:
    browser = oidc_service.browser(user=None)
    browser.cookies.set(cookies.login_name("x"), cookie)
    assert browser.get("/auth/callback?state=x&code=y").status_code == 400


def test_a_code_is_good_for_one_login(oidc_service: Service) -> None:
    browser = oidc_service.browser(user=None)
    callback = at_provider(begin(browser), "ada")
    name, kept = login_cookie(browser)
    assert browser.get(callback).status_code == 303
    browser.cookies.set(name, kept)
    assert browser.get(callback).status_code == 400


@pytest.mark.any_postgres
def test_a_denied_login_is_reported_as_such(oidc_service: Service) -> None:
    browser = oidc_service.browser(user=None)
    address = begin(browser)
    denied = httpx2.post(address, data={"action": "deny"}).headers["location"]
    answer = browser.get(changed(denied, state=parse_qs(urlsplit(address).query)["state"][0]))
    assert answer.status_code == 403
    assert "declined" in answer.json()["detail"]


def unavailable_logins() -> float:
    return metrics.registry.get_sample_value("workbuoy_logins_total", {"outcome": "unavailable"}) or 0.0


@pytest.mark.any_postgres
def test_a_provider_that_is_gone_is_503_and_the_rest_runs(settings: Settings) -> None:
    oidc = OidcSettings(issuer="http://127.0.0.1:9", client_id="workbuoy", client_secret="secret")
    with Service(dataclasses.replace(settings, oidc=oidc, oidc_dev_mock=False)) as service:
        browser = service.browser(user=None)
        before = unavailable_logins()
        assert browser.get("/auth/login").status_code == 503
        assert unavailable_logins() == before + 1
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/readyz").status_code == 200


@pytest.mark.any_postgres
def test_a_metadata_document_of_another_issuer_is_refused(settings: Settings, issuer: str) -> None:
    other = issuer.replace("localhost", "127.0.0.1")
    oidc = OidcSettings(issuer=other + "/", client_id="workbuoy", client_secret="secret")
    with Service(dataclasses.replace(settings, oidc=oidc, oidc_dev_mock=False)) as service:
        assert service.browser(user=None).get("/auth/login").status_code == 503


@pytest.mark.lengthy
@pytest.mark.any_postgres
def test_login_answers_503_until_its_secret_is_filled(
    settings: Settings, issuer: str, moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbuoy_app import aws, secret_values

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setattr(secret_values, "LEAST_SECONDS_BETWEEN_READS", 0.0)
    client = aws.secrets_client("eu-west-1")
    client.create_secret(Name="workbuoy-oidc")
    registry.add_member(settings, "acme", issuer, "ada")
    oidc = OidcSettings(issuer=issuer, client_id="workbuoy", secret_id="workbuoy-oidc")
    with Service(
        dataclasses.replace(settings, oidc=oidc, oidc_dev_mock=False, aws_region="eu-west-1")
    ) as service:
        browser = service.browser(user=None)
        refused = browser.get("/auth/login")
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert browser.get("/readyz").status_code == 200
        client.put_secret_value(SecretId="workbuoy-oidc", SecretString="filled\n")
        assert log_in(service).get("/api/me").status_code == 200


@pytest.mark.any_postgres
def test_without_any_provider_login_answers_503(settings: Settings) -> None:
    with Service(dataclasses.replace(settings, oidc_dev_mock=False)) as service:
        assert service.browser(user=None).get("/auth/login").status_code == 503
        assert service.browser(user=None).get("/auth/callback").status_code == 503


def hashes(settings: Settings, statement: str = "select token_hash from sessions") -> list[Any]:
    """As the superuser, past every policy."""
    with psycopg.connect(superuser_url(settings)) as connection:
        cursor = connection.execute(statement)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def superuser_url(settings: Settings) -> str:
    """The same database with the role that no policy holds."""
    address: Any = settings.database
    return f"postgresql://postgres:{address.password}@{address.host}:{address.port}/{address.database}"


def test_the_database_knows_a_sessions_hash_and_not_its_token(service: Service) -> None:
    browser = service.browser()
    token = browser.cookies["workbuoy_session"]
    (stored,) = hashes(service.settings)
    assert stored == sessions.claims(token)["session"]
    assert token not in stored
    assert len(token) >= 43  # 256 bits


def test_an_expired_session_is_refused_by_service_and_database(service: Service) -> None:
    browser = service.browser()
    hashes(service.settings, "update sessions set expires_at = now() - interval '1 second'")
    assert browser.get("/api/me").status_code == 401
    assert browser.post("/api/things", json={"title": "x"}).status_code == 401


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 43, "../../etc", "' or 1=1 --", "æøå".encode("latin-1").decode("latin-1")]
)
def test_a_forged_session_is_refused(shared_service: Service, token: str) -> None:
    browser = shared_service.browser(user=None)
    cookie = f"workbuoy_session={token}".encode("latin-1")
    answer = browser.get("/api/me", headers={b"Cookie": cookie})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_session_in_use_is_renewed_but_not_for_ever(service: Service) -> None:
    browser = service.browser()
    then = datetime.now(UTC)
    hashes(
        service.settings,
        "update sessions set renewed_at = now() - interval '1 hour', expires_at = now() + interval '1 hour'",
    )
    expires = datetime.fromisoformat(browser.get("/api/me").json()["session_expires_at"])
    assert timedelta(hours=11) < expires - then < timedelta(hours=13)
    hashes(
        service.settings,
        "update sessions set created_at = now() - interval '6 days 23 hours',"
        " renewed_at = now() - interval '1 hour', expires_at = now() + interval '1 hour'",
    )
    expires = datetime.fromisoformat(browser.get("/api/me").json()["session_expires_at"])
    assert expires - then < timedelta(hours=2)


def test_logout_ends_one_session_and_logout_everywhere_all_of_that_person(service: Service) -> None:
    phone, laptop, desktop = (service.browser() for _ in range(3))
    other = service.browser("globex-user")
    assert phone.post("/auth/logout").status_code == 200
    assert [each.get("/api/me").status_code for each in (phone, laptop, desktop)] == [401, 200, 200]
    assert laptop.post("/auth/logout-everywhere").status_code == 200
    assert [each.get("/api/me").status_code for each in (laptop, desktop, other)] == [401, 401, 200]


def test_a_token_copied_before_logout_is_worth_nothing_after(service: Service) -> None:
    browser = service.browser()
    token = browser.cookies["workbuoy_session"]
    browser.post("/auth/logout")
    thief = service.browser(user=None)
    thief.cookies.set("workbuoy_session", token)
    assert thief.get("/api/me").status_code == 401


def test_removing_a_member_ends_their_sessions(service: Service) -> None:
    browser = service.browser()
    registry.remove_member(service.settings, "workbuoy:dev-mock", "acme-user")
    assert browser.get("/api/me").status_code == 401
    with pytest.raises(registry.RegistryError):
        registry.remove_member(service.settings, "workbuoy:dev-mock", "acme-user")


def test_an_identity_belongs_to_one_tenant(settings: Settings) -> None:
    with pytest.raises(registry.RegistryError, match="another tenant"):
        registry.add_member(settings, "globex", "workbuoy:dev-mock", "acme-user")
    with pytest.raises(registry.RegistryError, match="no tenant nowhere"):
        registry.add_member(settings, "nowhere", "x", "y")


def test_a_person_whose_login_is_refused_reads_a_page_and_can_try_again(service: Service) -> None:
    browser = service.browser(user=None)
    read_by = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    refused = browser.post("/auth/mock", data={"subject": "stranger"}, headers=read_by)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "Nobody has made you a member yet" in refused.text
    assert 'href="/auth/login"' in refused.text


def test_the_mock_shows_a_form_and_enrols_nobody(service: Service) -> None:
    browser = service.browser(user=None)
    assert browser.get("/auth/login").headers["location"].startswith("/auth/mock")
    assert "<form" in browser.get("/auth/mock").text
    assert browser.post("/auth/mock", data={"subject": "stranger"}).status_code == 403
    assert browser.post("/auth/mock", content=b"subject=%ff\xff").status_code in {400, 403}


@pytest.mark.any_postgres
def test_a_page_of_the_mock_cannot_carry_a_script(service: Service) -> None:
    answer = service.browser(user=None).get(
        "/auth/mock", params={"return_to": '/"><script>alert(1)</script>'}
    )
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
