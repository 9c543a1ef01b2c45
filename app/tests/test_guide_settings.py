"""The guide's environment variables, one by one; test_guide.py has its other lines."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.service import Service
from tests.test_guide import BUCKET, MINIMAL, PRODUCTION
from tests.test_observation import scrape
from workbuoy_app.database_url import PostgresAddress, parse
from workbuoy_app.settings import Settings, SettingsError, load


def problems(**changes: str) -> list[str]:
    """What is wrong with the minimal settings and these."""
    with pytest.raises(SettingsError) as error:
        load({**MINIMAL, **changes})
    return error.value.problems


# Miljøvariabler


def test_node_env_is_development_or_production() -> None:
    """«`NODE_ENV` = `development` | `production`»"""
    assert load(MINIMAL).production is False
    assert load({**MINIMAL, "NODE_ENV": "development"}).production is False
    assert load(PRODUCTION).production is True
    assert problems(NODE_ENV="prod") == ["NODE_ENV must be one of development, production"]


@pytest.mark.parametrize("level", ["info", "debug", "warn", "error"])
def test_log_level_is_info_debug_warn_or_error(level: str) -> None:
    """«`LOG_LEVEL` = `info` | `debug` | `warn` | `error`»

    What each shows: test_observation.py.
    """
    assert load({**MINIMAL, "LOG_LEVEL": level}).log_level == level
    assert load(MINIMAL).log_level == "info"
    assert problems(LOG_LEVEL="verbose") == ["LOG_LEVEL must be one of debug, info, warn, error"]


def test_database_url_takes_prismas_parameter_schema() -> None:
    """«`DATABASE_URL` (Postgres-URL. Eksempel: `postgresql://user:pass@host:5432/db?schema=public`)»

    The schema is made and used: test_migrations.py.
    """
    address = parse("postgresql://user:pass@host:5432/db?schema=public")
    assert isinstance(address, PostgresAddress)
    assert address.schema == "public"
    other = parse("postgresql://user:pass@host:5432/db?schema=customers&connection_limit=5&sslmode=require")
    assert isinstance(other, PostgresAddress)
    assert (other.schema, other.connection_limit, other.sslmode) == ("customers", 5, "require")


def test_database_url_refuses_unknown_parameters_without_repeating_them() -> None:
    told = problems(DATABASE_URL="postgresql://u:p@h/db?schema=public&sslmod=require&hush=hush-hush")
    assert told[0].startswith("DATABASE_URL: parameter 2 is unknown (is sslmode meant?); this service knows ")
    assert told[1].startswith("DATABASE_URL: parameter 3 is unknown; this service knows ")
    assert "hush" not in str(told)


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
def test_a_database_url_of_no_use_is_explained_without_its_password(url: str, problem: str) -> None:
    secret = url.replace("u:p@", "u:hush-hush@")
    told = problems(DATABASE_URL=secret)
    assert problem in told[0]
    assert "hush-hush" not in str(told)


def test_s3_endpoint_is_optional() -> None:
    """«`S3_ENDPOINT` (valgfri for MinIO/R2)»"""
    without = load({**MINIMAL, **BUCKET}).storage
    assert without is not None
    assert without.endpoint is None
    address = "https://account.r2.cloudflarestorage.com"
    given = load({**MINIMAL, **BUCKET, "S3_ENDPOINT": address}).storage
    assert given is not None
    assert given.endpoint == address
    assert "S3_ENDPOINT" in problems(**BUCKET, S3_ENDPOINT="minio:9000")[0]


def test_s3_region_is_needed_beside_s3_bucket() -> None:
    """«`S3_REGION` (eks: `eu-west-1`)»"""
    storage = load({**MINIMAL, **BUCKET}).storage
    assert storage is not None
    assert (storage.bucket, storage.region) == ("workbuoy-dev", "eu-west-1")
    assert "S3_REGION is needed" in problems(S3_BUCKET="workbuoy-dev")[0]


def test_without_s3_bucket_attachments_lie_in_the_database() -> None:
    """«`S3_BUCKET`»"""
    assert load(MINIMAL).storage is None
    assert load({**MINIMAL, "S3_BUCKET": "", "S3_REGION": "eu-west-1"}).storage is None


def test_the_two_s3_keys_go_together_and_are_optional() -> None:
    """«`S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY`»"""
    role = load({**MINIMAL, **BUCKET}).storage
    assert role is not None
    assert role.access_key_id is None
    keys = {"S3_ACCESS_KEY_ID": "dev-access-key", "S3_SECRET_ACCESS_KEY": "dev-secret"}
    given = load({**MINIMAL, **BUCKET, **keys}).storage
    assert given is not None
    assert (given.access_key_id, given.secret_access_key) == ("dev-access-key", "dev-secret")
    for one in keys:
        assert "belong together" in problems(**BUCKET, **{one: keys[one]})[0]


def test_s3_force_path_style_is_true_or_false() -> None:
    """«`S3_FORCE_PATH_STYLE` = `true|false` (valgfri, ofte `true` for MinIO)»"""
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


@pytest.mark.any_postgres
def test_metrics_need_no_setting(settings: Settings) -> None:
    """«Ingen obligatoriske env for å eksponere `/metrics`.»"""
    assert load(MINIMAL).metrics_enabled is True
    assert load({**MINIMAL, "METRICS_ENABLED": "false"}).metrics_enabled is False
    from workbuoy_app.devtools.ports import free_port

    off = dataclasses.replace(settings, metrics_enabled=False, metrics_port=free_port())
    with Service(off), pytest.raises(OSError, match="refused"):
        scrape(off.metrics_port)


def test_every_mistake_in_the_settings_is_reported_at_once() -> None:
    told = problems(
        NODE_ENV="x",
        LOG_LEVEL="x",
        OIDC_DEV_MOCK="x",
        S3_BUCKET="b",
        METRICS_ENABLED="x",
        TLS_ENABLED="x",
        PORT="0",
        DATABASE_URL="",
    )
    named = {re.match(r"[A-Z0-9_]+", problem)[0] for problem in told}  # type: ignore[index]
    assert named == {
        *(
            "NODE_ENV",
            "LOG_LEVEL",
            "OIDC_DEV_MOCK",
            "S3_REGION",
            "METRICS_ENABLED",
            "TLS_ENABLED",
            "PORT",
            "DATABASE_URL",
        )
    }


# Regler på tvers av variabler som guiden og saken gir sammen


def test_settings_that_contradict_each_other_are_refused() -> None:
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


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Workbuoy.Example", "https://workbuoy.example"),
        ("https://workbuoy.example:443/", "https://workbuoy.example"),
        ("https://workbuoy.example:8443/suite", "https://workbuoy.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_public_url_gives_the_origin_that_browsers_send(url: str, origin: str) -> None:
    assert load({**MINIMAL, "PUBLIC_URL": url}).origin == origin


def test_production_needs_a_public_https_address() -> None:
    for url, problem in (
        ("", "PUBLIC_URL is needed"),
        ("http://workbuoy.example", "must begin with https://"),
    ):
        with pytest.raises(SettingsError, match=problem):
            load({**PRODUCTION, "PUBLIC_URL": url})
    with pytest.raises(SettingsError, match="OIDC_ISSUER must begin with https"):
        load({**PRODUCTION, "OIDC_ISSUER": "http://i.example", "OIDC_CLIENT_ID": "c", "OIDC_SECRET_ID": "b"})
