"""The team's guide, line by line: settings, cookies, mock login, storage, logs and metrics.

The docstring of a test quotes the line of infra-and-storage-guide.no.md that it proves, and names the module that tests
what the line needs beyond one look.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_observation import metered, scrape  # noqa: F401 - a fixture
from workbuoy_app import logs
from workbuoy_app.database_url import PostgresAddress, SqliteAddress, parse
from workbuoy_app.migrate import migrate
from workbuoy_app.settings import Settings, SettingsError, load, read_env_files

ROOT = Path(__file__).parents[2]
MINIMAL = {"DATABASE_URL": "postgresql://user:pass@localhost:5432/db"}
PRODUCTION = {
    "NODE_ENV": "production",
    "PUBLIC_URL": "https://workbuoy.example",
    "DATABASE_URL": "postgresql://localhost/db?sslmode=verify-full",
    "DATABASE_SECRET_ID": "arn:of:a:secret",
}
BUCKET = {"S3_BUCKET": "workbuoy-dev", "S3_REGION": "eu-west-1"}


# Oversikt over lagring


def test_the_database_is_what_database_url_names() -> None:
    """«Styres av `DATABASE_URL` (Prisma).»"""
    address = load(MINIMAL).database
    assert isinstance(address, PostgresAddress)
    assert (address.host, address.port, address.database, address.user, address.password) == (
        *("localhost", 5432, "db", "user", "pass"),
    )


def test_in_dev_the_database_is_sqlite_or_a_local_postgres() -> None:
    """«Dev: SQLite/Postgres lokalt.»

    Both run the whole API: test_things.py.
    """
    for url in ("sqlite:///./dev.db", "file:./dev.db"):
        assert parse(url) == SqliteAddress(path="./dev.db")
    assert parse("sqlite:////var/dev.db") == SqliteAddress(path="/var/dev.db")
    assert isinstance(parse("postgres://u:p@localhost/db"), PostgresAddress)


def test_in_production_the_database_is_a_managed_postgres() -> None:
    """«Prod: Administrert Postgres (f.eks. AWS RDS, Cloud SQL, Neon, Render).»"""
    assert isinstance(load(PRODUCTION).database, PostgresAddress)
    for url in ("sqlite:///x.db", "file:x.db"):
        with pytest.raises(SettingsError, match="must name a Postgres when NODE_ENV=production"):
            load({**PRODUCTION, "DATABASE_URL": url, "DATABASE_SECRET_ID": ""})
    for mode in ("", "?sslmode=require", "?sslmode=verify-ca"):
        with pytest.raises(SettingsError, match="sslmode=verify-full"):
            load({**PRODUCTION, "DATABASE_URL": f"postgresql://localhost/db{mode}"})


def test_migrations_may_be_repeated(empty_url: str) -> None:
    """«Migrasjoner kjøres via Prisma og er idempotente.»

    More in test_migrations.py.
    """
    settings = load({"DATABASE_URL": empty_url})
    assert migrate(settings) == migrate(settings)


def test_files_lie_in_s3_compatible_storage(bucket_service: Service) -> None:
    """«Anbefalt: S3-kompatibel storage (AWS S3, Cloudflare R2, MinIO).»

    More in test_attachments.py.
    """
    browser = bucket_service.browser()
    attach(browser, make_thing(browser)["id"], b"binary")
    assert len(objects(bucket_service.settings)) == 1


def test_without_storage_nothing_binary_lies_outside_the_database(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """«Hvis ikke aktivert, bør apper unngå å lagre binært utenfor DB.»"""
    import builtins
    import os
    import tempfile

    def refuse(*arguments: Any, **_: Any) -> Any:
        raise AssertionError(f"the disk was written to: {arguments[:1]}")

    browser = service.browser()
    thing = make_thing(browser)
    real_open = builtins.open

    def reading_only(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        return refuse(file) if set(mode) & set("wax+") else real_open(file, mode, *rest, **named)

    monkeypatch.setattr(builtins, "open", reading_only)
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    content = os.urandom(3_000_000)
    attachment = attach(browser, thing["id"], content).json()
    path = f"/api/things/{thing['id']}/attachments/{attachment['id']}/content"
    assert browser.get(path).content == content


def test_the_service_shows_metrics_in_prometheus_format(metered: Service) -> None:  # noqa: F811
    """«Backend eksponerer `/metrics` (Prometheus-format).»"""
    metered.browser(user=None).get("/healthz")
    text = scrape(metered.settings.metrics_port)
    assert "# TYPE workbuoy_http_request_duration_seconds histogram" in text


def test_logs_go_to_stdout_as_structured_json(
    shared_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """«Skrives til stdout. Strukturert logging anbefales (JSON) for enklere søk.»

    More in test_observation.py.
    """
    logs.configure("info")
    shared_service.browser(user=None).get("/api/me")
    output = capsys.readouterr()
    assert json.loads(output.out)["route"] == "/api/me"
    assert output.err == ""


def test_production_takes_its_secrets_from_the_platforms_store() -> None:
    """«Prod: bruk plattformens secret store (AWS SSM/Secrets Manager, GCP Secret Manager, etc.).»"""
    settings = load(
        {**PRODUCTION, "OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "w", "OIDC_SECRET_ID": "s"}
    )
    assert settings.database_secret_id == "arn:of:a:secret"
    assert settings.oidc is not None
    assert settings.oidc.secret_id == "s"
    assert isinstance(settings.database, PostgresAddress)
    assert settings.database.password is None


def test_tenants_are_kept_apart_by_the_service(service: Service) -> None:
    """«Multitenancy håndteres i applikasjonen (DB-skjema/kolonner).»

    More in test_tenants.py.
    """
    thing = make_thing(service.browser("acme-user"))
    assert service.browser("globex-user").get(f"/api/things/{thing['id']}").status_code == 404


# Auth & cookies


def cookie_of(settings: Settings) -> str:
    """How a login sets the session's cookie. The mock stands in for the provider: both end in the same function."""
    from starlette.responses import Response

    from workbuoy_app.api import cookies

    response = Response()
    cookies.set_session(response, settings, "token")
    return response.headers["set-cookie"]


def test_production_sets_the_session_cookie_httponly_lax_and_secure() -> None:
    """«Sesjonskaker med `HttpOnly`, `SameSite=lax` og `Secure` når `NODE_ENV=production`.»"""
    cookie = cookie_of(load(PRODUCTION))
    assert cookie.startswith("__Host-workbuoy_session=token;")
    for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie  # browsers demand that of __Host-


def test_dev_drops_secure_so_that_plain_http_can_log_in(service: Service) -> None:
    """«I lokale/dev-miljøer droppes `Secure` slik at http://-apper fortsatt kan logge inn.»"""
    answer = service.browser(user=None).post("/auth/mock", data={"subject": "acme-user"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("workbuoy_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_the_login_cookie_and_a_deleted_cookie_follow_the_rules_too() -> None:
    from starlette.requests import Request
    from starlette.responses import Response

    from workbuoy_app.api import cookies

    response = Response()
    cookies.set_login(Request({"type": "http", "headers": []}), response, load(PRODUCTION), "state", "x")
    cookies.clear(response, load(PRODUCTION), cookies.SESSION)
    for cookie in response.headers.getlist("set-cookie"):
        assert cookie.startswith("__Host-")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" in cookie
    assert "Max-Age=0" in response.headers.getlist("set-cookie")[1]


def test_the_mock_login_is_off_by_default(settings: Settings) -> None:
    """«Mock-inloggingsflyten er nå av som standard.»"""
    assert load(MINIMAL).oidc_dev_mock is False
    with Service(dataclasses.replace(settings, oidc_dev_mock=False)) as service:
        browser = service.browser(user=None)
        assert browser.get("/auth/mock").status_code == 404
        assert browser.post("/auth/mock", data={"subject": "acme-user"}).status_code == 404


def test_oidc_dev_mock_1_switches_the_mock_login_on(service: Service) -> None:
    """«Sett `OIDC_DEV_MOCK=1` eksplisitt dersom dere ønsker den for lokale tester.»"""
    assert load({**MINIMAL, "OIDC_DEV_MOCK": "1"}).oidc_dev_mock is True
    assert load({**MINIMAL, "OIDC_DEV_MOCK": "0"}).oidc_dev_mock is False
    assert service.browser().get("/api/me").json()["subject"] == "acme-user"
    with pytest.raises(SettingsError, match="OIDC_DEV_MOCK must be 1 or 0"):
        load({**MINIMAL, "OIDC_DEV_MOCK": "true"})


def test_production_refuses_to_start_with_the_mock_login() -> None:
    """«I prod bør dette være `0` eller unset.»"""
    with pytest.raises(SettingsError, match="OIDC_DEV_MOCK must be 0 or unset"):
        load({**PRODUCTION, "OIDC_DEV_MOCK": "1"})
    assert load({**PRODUCTION, "OIDC_DEV_MOCK": "0"}).production


# Eksempel-filer


def names_in(path: Path) -> dict[str, str]:
    """Set and commented-out names of an example file."""
    found = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(\S*)", path.read_text(), re.MULTILINE)
    return dict(found)


def test_the_roots_env_example_is_the_guides_and_the_service_can_start_with_it() -> None:
    """«`.env.example` (root)»"""
    values = read_env_files([ROOT / ".env.example"], {})
    assert values == {
        "NODE_ENV": "development",
        "LOG_LEVEL": "info",
        "DATABASE_URL": "postgresql://postgres:postgres@localhost:5432/workbuoy?schema=public",
        "S3_REGION": "eu-west-1",
        "S3_BUCKET": "workbuoy-dev",
        "S3_ACCESS_KEY_ID": "dev-access-key",
        "S3_SECRET_ACCESS_KEY": "dev-secret",
        "S3_FORCE_PATH_STYLE": "true",
    }
    assert names_in(ROOT / ".env.example")["S3_ENDPOINT"] == "http://localhost:9000"
    assert load(values).storage is not None


def test_the_apps_env_example_overrides_the_roots_and_names_known_settings() -> None:
    """«`packages/backend/.env.example`: overskriver root ved behov.»"""
    files = [ROOT / ".env.example", ROOT / "app" / ".env.example"]
    assert load(read_env_files(files, {"LOG_LEVEL": "debug"})).log_level == "debug"
    names = {name for file in files for name in names_in(file)}
    source = (ROOT / "app" / "workbuoy_app" / "settings.py").read_text()
    unknown = {name for name in names if f'"{name}"' not in source}
    assert unknown == set()
    assert "METRICS_ENABLED" in names


def test_the_uis_env_example_has_the_variables_of_storybook() -> None:
    """«`packages/ui/.env.example`: Storybook / Vitest (CI-stabilitet).»"""
    assert read_env_files([ROOT / "app" / "ui" / ".env.example"], {}) == {
        "ROLLUP_SKIP_NODEJS_NATIVE": "1",
        "ROLLUP_SKIP_NATIVE": "1",
    }


def test_no_real_key_is_checked_in() -> None:
    """«Ikke sjekk inn ekte nøkler.»"""
    for path in (ROOT / ".env.example", ROOT / "app" / ".env.example"):
        assert not re.search(r"AKIA[A-Z0-9]{16}|BEGIN [A-Z ]*PRIVATE KEY", path.read_text())


def test_secret_values_are_not_shown_when_settings_are_printed() -> None:
    settings = load(
        {
            **{**MINIMAL, **BUCKET, "DATABASE_URL": "postgresql://u:hush-1@h/db"},
            **{"S3_ACCESS_KEY_ID": "id", "S3_SECRET_ACCESS_KEY": "hush-2"},
            **{"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "w", "OIDC_CLIENT_SECRET": "hush-3"},
            **{"DATABASE_OWNER_USER": "o", "DATABASE_OWNER_PASSWORD": "hush-4"},
        }
    )
    assert "hush" not in repr(settings)


def test_production_does_not_serve_the_documentation_of_the_api(settings: Settings) -> None:
    for production, status in ((True, 404), (False, 200)):
        changed = dataclasses.replace(settings, production=production, oidc_dev_mock=False)
        with Service(changed) as service:
            browser = service.browser(user=None)
            assert browser.get("/docs").status_code == status
            assert browser.get("/openapi.json").status_code == status
            assert ("strict-transport-security" in browser.get("/healthz").headers) is production


def test_answers_have_strict_headers(shared_service: Service) -> None:
    for path in ("/healthz", "/api/me", "/nope", "/auth/mock"):
        headers = shared_service.browser(user=None).get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers
