"""The team's guide, line by line: settings, cookies, mock login, storage, logs and metrics.

Each test is named after a line of infra-and-storage-guide.no.md; what a line needs beyond one look is tested in the
module that its docstring names.
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


def problems(**changes: str) -> list[str]:
    """What is wrong with the minimal settings and these."""
    with pytest.raises(SettingsError) as error:
        load({**MINIMAL, **changes})
    return error.value.problems


# Oversikt over lagring


def test_database_styres_av_database_url() -> None:
    address = load(MINIMAL).database
    assert isinstance(address, PostgresAddress)
    assert (address.host, address.port, address.database, address.user, address.password) == (
        *("localhost", 5432, "db", "user", "pass"),
    )


def test_database_dev_sqlite_eller_postgres_lokalt() -> None:
    """Both run the whole API: test_things.py."""
    for url in ("sqlite:///./dev.db", "file:./dev.db"):
        assert parse(url) == SqliteAddress(path="./dev.db")
    assert parse("sqlite:////var/dev.db") == SqliteAddress(path="/var/dev.db")
    assert isinstance(parse("postgres://u:p@localhost/db"), PostgresAddress)


def test_database_prod_administrert_postgres() -> None:
    assert isinstance(load(PRODUCTION).database, PostgresAddress)
    for url in ("sqlite:///x.db", "file:x.db"):
        with pytest.raises(SettingsError, match="must name a Postgres when NODE_ENV=production"):
            load({**PRODUCTION, "DATABASE_URL": url, "DATABASE_SECRET_ID": ""})
    for mode in ("", "?sslmode=require", "?sslmode=verify-ca"):
        with pytest.raises(SettingsError, match="sslmode=verify-full"):
            load({**PRODUCTION, "DATABASE_URL": f"postgresql://localhost/db{mode}"})


def test_migrasjoner_er_idempotente(empty_url: str) -> None:
    """More in test_migrations.py."""
    settings = load({"DATABASE_URL": empty_url})
    assert migrate(settings) == migrate(settings)


def test_filer_anbefalt_s3_kompatibel_storage(bucket_service: Service) -> None:
    """More in test_attachments.py."""
    browser = bucket_service.browser()
    attach(browser, make_thing(browser)["id"], b"binary")
    assert len(objects(bucket_service.settings)) == 1


def test_filer_hvis_ikke_aktivert_lagres_ikke_binaert_utenfor_db(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_metrics_backend_eksponerer_metrics_i_prometheus_format(metered: Service) -> None:  # noqa: F811
    metered.browser(user=None).get("/healthz")
    text = scrape(metered.settings.metrics_port)
    assert "# TYPE workbuoy_http_request_duration_seconds histogram" in text


def test_logger_skrives_til_stdout_som_strukturert_json(
    shared_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """More in test_observation.py."""
    logs.configure("info")
    shared_service.browser(user=None).get("/api/me")
    output = capsys.readouterr()
    assert json.loads(output.out)["route"] == "/api/me"
    assert output.err == ""


def test_hemmeligheter_prod_bruker_plattformens_secret_store() -> None:
    settings = load(
        {**PRODUCTION, "OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "w", "OIDC_SECRET_ID": "s"}
    )
    assert settings.database_secret_id == "arn:of:a:secret"
    assert settings.oidc is not None
    assert settings.oidc.secret_id == "s"
    assert isinstance(settings.database, PostgresAddress)
    assert settings.database.password is None


def test_multitenancy_haandteres_i_applikasjonen(service: Service) -> None:
    """More in test_tenants.py."""
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


def test_secure_cookies_i_prod_httponly_samesite_lax_og_secure_naar_node_env_er_production() -> None:
    cookie = cookie_of(load(PRODUCTION))
    assert cookie.startswith("__Host-workbuoy_session=token;")
    for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie  # browsers demand that of __Host-


def test_i_dev_droppes_secure_slik_at_http_apper_kan_logge_inn(service: Service) -> None:
    answer = service.browser(user=None).post("/auth/mock", data={"subject": "acme-user"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("workbuoy_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_ogsaa_paaloggingskaken_og_en_slettet_kake_foelger_reglene() -> None:
    from starlette.responses import Response

    from workbuoy_app.api import cookies

    response = Response()
    cookies.set_login(response, load(PRODUCTION), "x")
    cookies.clear(response, load(PRODUCTION), cookies.SESSION)
    for cookie in response.headers.getlist("set-cookie"):
        assert cookie.startswith("__Host-")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" in cookie
    assert "Max-Age=0" in response.headers.getlist("set-cookie")[1]


def test_dev_mock_av_oidc_er_av_som_standard(settings: Settings) -> None:
    assert load(MINIMAL).oidc_dev_mock is False
    with Service(dataclasses.replace(settings, oidc_dev_mock=False)) as service:
        browser = service.browser(user=None)
        assert browser.get("/auth/mock").status_code == 404
        assert browser.post("/auth/mock", data={"subject": "acme-user"}).status_code == 404


def test_oidc_dev_mock_1_aktiverer_mock_login(service: Service) -> None:
    assert load({**MINIMAL, "OIDC_DEV_MOCK": "1"}).oidc_dev_mock is True
    assert load({**MINIMAL, "OIDC_DEV_MOCK": "0"}).oidc_dev_mock is False
    assert service.browser().get("/api/me").json()["subject"] == "acme-user"
    assert problems(OIDC_DEV_MOCK="true") == ["OIDC_DEV_MOCK must be 1 or 0"]


def test_i_prod_nekter_tjenesten_aa_starte_med_mock_login() -> None:
    with pytest.raises(SettingsError, match="OIDC_DEV_MOCK must be 0 or unset"):
        load({**PRODUCTION, "OIDC_DEV_MOCK": "1"})
    assert load({**PRODUCTION, "OIDC_DEV_MOCK": "0"}).production


# Miljøvariabler


def test_node_env_er_development_eller_production() -> None:
    assert load(MINIMAL).production is False
    assert load({**MINIMAL, "NODE_ENV": "development"}).production is False
    assert load(PRODUCTION).production is True
    assert problems(NODE_ENV="prod") == ["NODE_ENV must be one of development, production"]


@pytest.mark.parametrize("level", ["info", "debug", "warn", "error"])
def test_log_level_er_info_debug_warn_eller_error(level: str) -> None:
    """What each shows: test_observation.py."""
    assert load({**MINIMAL, "LOG_LEVEL": level}).log_level == level
    assert load(MINIMAL).log_level == "info"
    assert problems(LOG_LEVEL="verbose") == ["LOG_LEVEL must be one of debug, info, warn, error"]


def test_database_url_foelger_prismas_schema_parameter() -> None:
    """The schema is made and used: test_migrations.py."""
    address = parse("postgresql://user:pass@host:5432/db?schema=public")
    assert isinstance(address, PostgresAddress)
    assert address.schema == "public"
    other = parse("postgresql://user:pass@host:5432/db?schema=customers&connection_limit=5&sslmode=require")
    assert isinstance(other, PostgresAddress)
    assert (other.schema, other.connection_limit, other.sslmode) == ("customers", 5, "require")


def test_database_url_nekter_ukjente_parametre_ved_navn() -> None:
    (problem,) = problems(DATABASE_URL="postgresql://u:p@h/db?schema=public&pgbouncer=true&statement_cache=0")
    assert problem.startswith("DATABASE_URL: unknown parameter pgbouncer, statement_cache;")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://u:p@h/db", "must begin with postgresql://"),
        ("postgresql:///db", "names no host"),
        ("postgresql://u:p@h", "names no database"),
        ("postgresql://u:p@h:99999/db", "the port"),
        ("postgresql://u:p@h/db?schema=a;drop", "schema must be"),
        ("postgresql://u:p@h/db?schema=a&schema=b", "twice"),
        ("postgresql://u:p@h/db?connection_limit=0", "connection_limit must be"),
        ("postgresql://u:p@h/db?sslmode=on", "sslmode must be one of"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "in-memory"),
        ("sqlite:///x.db?mode=ro", "no parameters"),
    ],
)
def test_database_url_som_ikke_kan_brukes_forklares_uten_passordet(url: str, problem: str) -> None:
    secret = url.replace("u:p@", "u:hush-hush@")
    told = problems(DATABASE_URL=secret)
    assert problem in told[0]
    assert "hush-hush" not in str(told)


def test_database_url_passord_med_spesialtegn_leses_riktig() -> None:
    address = parse("postgresql://us%40er:p%2Fa%3As%20s@host/db")
    assert isinstance(address, PostgresAddress)
    assert (address.user, address.password) == ("us@er", "p/a:s s")


def test_s3_endpoint_er_valgfri() -> None:
    without = load({**MINIMAL, **BUCKET}).storage
    assert without is not None
    assert without.endpoint is None
    address = "https://account.r2.cloudflarestorage.com"
    given = load({**MINIMAL, **BUCKET, "S3_ENDPOINT": address}).storage
    assert given is not None
    assert given.endpoint == address
    assert "S3_ENDPOINT" in problems(**BUCKET, S3_ENDPOINT="minio:9000")[0]


def test_s3_region_trengs_ved_siden_av_s3_bucket() -> None:
    storage = load({**MINIMAL, **BUCKET}).storage
    assert storage is not None
    assert (storage.bucket, storage.region) == ("workbuoy-dev", "eu-west-1")
    assert "S3_REGION is needed" in problems(S3_BUCKET="workbuoy-dev")[0]


def test_s3_bucket_uten_verdi_betyr_at_vedlegg_ligger_i_databasen() -> None:
    assert load(MINIMAL).storage is None
    assert load({**MINIMAL, "S3_BUCKET": "", "S3_REGION": "eu-west-1"}).storage is None


def test_s3_access_key_id_og_s3_secret_access_key_hoerer_sammen_og_er_valgfrie() -> None:
    role = load({**MINIMAL, **BUCKET}).storage
    assert role is not None
    assert role.access_key_id is None
    keys = {"S3_ACCESS_KEY_ID": "dev-access-key", "S3_SECRET_ACCESS_KEY": "dev-secret"}
    given = load({**MINIMAL, **BUCKET, **keys}).storage
    assert given is not None
    assert (given.access_key_id, given.secret_access_key) == ("dev-access-key", "dev-secret")
    for one in keys:
        assert "belong together" in problems(**BUCKET, **{one: keys[one]})[0]


def test_s3_force_path_style_er_true_eller_false() -> None:
    from workbuoy_app.aws import storage_client

    for value, host in (("true", "localhost:9000"), ("false", "workbuoy-dev.localhost:9000")):
        settings = load(
            {
                **{**MINIMAL, **BUCKET, "S3_FORCE_PATH_STYLE": value, "S3_ENDPOINT": "http://localhost:9000"},
                **{"S3_ACCESS_KEY_ID": "a", "S3_SECRET_ACCESS_KEY": "b"},
            }
        )
        assert settings.storage is not None
        address = storage_client(settings.storage).generate_presigned_url(
            "get_object", Params={"Bucket": "workbuoy-dev", "Key": "k"}
        )
        assert address.split("/")[2] == host
    assert problems(**BUCKET, S3_FORCE_PATH_STYLE="1") == ["S3_FORCE_PATH_STYLE must be true or false"]


def test_ingen_obligatoriske_env_for_aa_eksponere_metrics(settings: Settings) -> None:
    assert load(MINIMAL).metrics_enabled is True
    assert load({**MINIMAL, "METRICS_ENABLED": "false"}).metrics_enabled is False
    from workbuoy_app.devtools.embedded_postgres import free_port

    off = dataclasses.replace(settings, metrics_enabled=False, metrics_port=free_port())
    with Service(off), pytest.raises(OSError, match="refused"):
        scrape(off.metrics_port)


def test_alle_feil_i_innstillingene_fortelles_paa_en_gang() -> None:
    told = problems(
        NODE_ENV="x",
        LOG_LEVEL="x",
        OIDC_DEV_MOCK="x",
        S3_BUCKET="b",
        METRICS_ENABLED="x",
        PORT="0",
        DATABASE_URL="",
    )
    named = {re.match(r"[A-Z0-9_]+", problem)[0] for problem in told}  # type: ignore[index]
    assert named == {
        *("NODE_ENV", "LOG_LEVEL", "OIDC_DEV_MOCK", "S3_REGION", "METRICS_ENABLED", "PORT", "DATABASE_URL")
    }


# Eksempel-filer


def names_in(path: Path) -> dict[str, str]:
    """Set and commented-out names of an example file."""
    found = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(\S*)", path.read_text(), re.MULTILINE)
    return dict(found)


def test_env_example_i_roten_er_som_guiden_viser_og_tjenesten_kan_starte_med_den() -> None:
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


def test_env_example_i_app_overstyrer_roten_og_navnene_finnes_i_innstillingene() -> None:
    files = [ROOT / ".env.example", ROOT / "app" / ".env.example"]
    assert load(read_env_files(files, {"LOG_LEVEL": "debug"})).log_level == "debug"
    names = {name for file in files for name in names_in(file)}
    source = (ROOT / "app" / "workbuoy_app" / "settings.py").read_text()
    unknown = {name for name in names if f'"{name}"' not in source}
    assert unknown == set()
    assert "METRICS_ENABLED" in names


def test_env_example_i_ui_har_storybooks_variabler() -> None:
    assert read_env_files([ROOT / "app" / "ui" / ".env.example"], {}) == {
        "ROLLUP_SKIP_NODEJS_NATIVE": "1",
        "ROLLUP_SKIP_NATIVE": "1",
    }


def test_ikke_sjekk_inn_ekte_noekler() -> None:
    for path in (ROOT / ".env.example", ROOT / "app" / ".env.example"):
        assert not re.search(r"AKIA[A-Z0-9]{16}|BEGIN [A-Z ]*PRIVATE KEY", path.read_text())


def test_hemmelige_verdier_vises_ikke_naar_innstillingene_skrives_ut() -> None:
    settings = load(
        {
            **{**MINIMAL, **BUCKET, "DATABASE_URL": "postgresql://u:hush-1@h/db"},
            **{"S3_ACCESS_KEY_ID": "id", "S3_SECRET_ACCESS_KEY": "hush-2"},
            **{"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "w", "OIDC_CLIENT_SECRET": "hush-3"},
            **{"DATABASE_OWNER_USER": "o", "DATABASE_OWNER_PASSWORD": "hush-4"},
        }
    )
    assert "hush" not in repr(settings)


# Regler på tvers av variabler som guiden og saken gir sammen


def test_innstillinger_som_motsier_hverandre_nektes() -> None:
    assert (
        "exclude each other"
        in problems(
            OIDC_ISSUER="https://i.example", OIDC_CLIENT_ID="c", OIDC_CLIENT_SECRET="a", OIDC_SECRET_ID="b"
        )[0]
    )
    assert "belong together" in problems(OIDC_ISSUER="https://i.example", OIDC_CLIENT_SECRET="a")[0]
    assert "is needed beside OIDC_ISSUER" in problems(OIDC_ISSUER="https://i.example", OIDC_CLIENT_ID="c")[0]
    assert "no user or password" in problems(DATABASE_SECRET_ID="x")[0]
    assert "must differ" in problems(PORT="9090")[0]
    assert "belong together" in problems(DATABASE_OWNER_USER="x")[0]
    assert "no meaning with SQLite" in problems(DATABASE_URL="sqlite:///x.db", DATABASE_SECRET_ID="x")[0]


def test_i_prod_trengs_en_offentlig_https_adresse() -> None:
    for url, problem in (
        ("", "PUBLIC_URL is needed"),
        ("http://workbuoy.example", "must begin with https://"),
    ):
        with pytest.raises(SettingsError, match=problem):
            load({**PRODUCTION, "PUBLIC_URL": url})
    with pytest.raises(SettingsError, match="OIDC_ISSUER must begin with https"):
        load({**PRODUCTION, "OIDC_ISSUER": "http://i.example", "OIDC_CLIENT_ID": "c", "OIDC_SECRET_ID": "b"})


def test_i_prod_er_dokumentasjonen_av_api_et_ikke_aapen(settings: Settings) -> None:
    for production, status in ((True, 404), (False, 200)):
        changed = dataclasses.replace(settings, production=production, oidc_dev_mock=False)
        with Service(changed) as service:
            browser = service.browser(user=None)
            assert browser.get("/docs").status_code == status
            assert browser.get("/openapi.json").status_code == status
            assert ("strict-transport-security" in browser.get("/healthz").headers) is production


def test_svar_har_strenge_hoder(shared_service: Service) -> None:
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
