"""Addresses as the guide's providers hand them out, and as people get them wrong."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbuoy_app.database_url import PostgresAddress, UrlError, parse
from workbuoy_app.postgres_session import startup_options
from workbuoy_app.roles import GROUP
from workbuoy_app.settings import load


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        # Neon
        (
            "postgresql://alex:AbC123dEf@ep-cool-1.eu-central-1.aws.neon.example/dbname?sslmode=require&channel_binding=require",
            {
                "host": "ep-cool-1.eu-central-1.aws.neon.example",
                "channel_binding": "require",
                "sslmode": "require",
            },
        ),
        ("postgres://u:p@h/db?options=endpoint%3Dep-cool-1", {"options": "endpoint=ep-cool-1"}),
        # Google's Cloud SQL, through its proxy's socket
        (
            "postgresql://u:p@localhost/db?host=/cloudsql/project:europe-north1:main",
            {"host": "/cloudsql/project:europe-north1:main"},
        ),
        (
            "postgresql://u:p@%2Fcloudsql%2Fproject%3Aeurope-north1%3Amain/db",
            {"host": "/cloudsql/project:europe-north1:main", "port": 5432},
        ),
        # Prisma's own
        (
            "postgresql://u:p@h:6543/db?pgbouncer=true&connection_limit=5&sslaccept=strict&schema=customers",
            {
                "pgbouncer": True,
                "connection_limit": 5,
                "sslmode": "verify-full",
                "schema": "customers",
                "port": 6543,
            },
        ),
        # Render and Heroku
        ("postgres://u:p@dpg-1.frankfurt-postgres.render.example/db", {"database": "db"}),
        # libpq's several hosts, and IPv6
        (
            "postgresql://u:p@one:5432,two:5433/db?target_session_attrs=read-write",
            {"host": "one,two", "ports": "5432,5433", "target_session_attrs": "read-write"},
        ),
        ("postgresql://u:p@[::1]:6000/db", {"host": "::1", "port": 6000}),
        ("postgresql://us%40er:p%2Fa%3As%20s%5D@host/db", {"user": "us@er", "password": "p/a:s s]"}),
        ("postgresql://u:p]w[d@host/db", {"password": "p]w[d"}),
        ("postgresql://u:p:w@x@host/db", {"password": "p:w@x"}),
    ],
)
def test_an_address_that_a_provider_hands_out_is_read(url: str, fields: dict[str, Any]) -> None:
    address = parse(url)
    assert isinstance(address, PostgresAddress)
    assert {name: getattr(address, name) for name in fields} == fields
    psycopg.conninfo.make_conninfo("", **address.connection_parameters())  # libpq knows every one of them


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://user:abc?topsecret@host/db", "percent-encoded"),
        ("postgresql://user:abc#topsecret@host/db", "percent-encoded"),
        ("postgresql://user:abc/topsecret@host/db", "percent-encoded"),
        ("postgresql://user:abc topsecret@host/db", "percent-encoded"),
        ("postgresql://user:topsecret%zz@host/db", "percent sign in the password"),
        ("postgresql://user:topsecret%ff@host/db", "percent sign in the password"),
        ("postgresql://user:topsecret%00@host/db", "percent sign in the password"),
        ("postgresql://user:topsecret@host:0/db", "port must be a number from 1"),
        ("postgresql://user:topsecret@host:\u0661/db", "port"),
        ("postgresql://user:topsecret@[::1/db", "host must be"),
        ("postgresql://user:topsecret@a,,b/db", "empty host"),
        ("postgresql://user:a?topsecret=1", "parameter 1 is unknown"),
        ("postgresql:topsecret", "must begin with"),
        ("postgresql://u:topsecret@h/db?options=-c%20role=postgres", "no role"),
        ("postgresql://u:topsecret@h/db?options=-crow_security=off", "no role"),
        ("postgresql://u:topsecret@h/db?host=other.example", "socket's folder"),
        ("postgresql://u:topsecret@h/db?sslmode=topsecret", "sslmode must be one of"),
        ("postgresql://u:topsecret@h/db?pgbouncer=yes", "pgbouncer must be one of true, false"),
        ("postgresql://u:topsecret@h/db?pool_timeout=topsecret", "pool_timeout must be"),
    ],
)
def test_an_address_that_is_wrong_is_explained_and_none_of_it_repeated(url: str, problem: str) -> None:
    with pytest.raises(UrlError) as error:
        parse(url)
    assert problem in str(error.value)
    assert "topsecret" not in str(error.value)


@given(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.sampled_from(["", "u:", "u:p@h/db?", "u:p@", "u:p@h/"]),
)
def test_no_address_ends_in_anything_but_an_address_or_problems(text: str, before: str) -> None:
    told = ""
    try:
        parse(f"postgresql://{before}hush-hush{text}")
    except UrlError as error:
        told = str(error)
    assert "hush-hush" not in told


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40))
def test_every_password_can_be_written(password: str) -> None:
    from urllib.parse import quote

    address = parse(f"postgresql://u:{quote(password, safe='')}@host/db")
    assert isinstance(address, PostgresAddress)
    assert address.password == password


def test_the_services_own_options_follow_the_addresss_and_so_hold() -> None:
    address = parse("postgresql://u:p@h/db?options=-c%20statement_timeout=0")
    assert isinstance(address, PostgresAddress)
    assert startup_options(address, GROUP).startswith(
        "-c statement_timeout=0 -c search_path=public -c statement_timeout=8"
    )


def test_production_takes_a_socket_which_never_leaves_the_machine() -> None:
    production = {"NODE_ENV": "production", "PUBLIC_URL": "https://workbuoy.example"}
    url = "postgresql://u:p@localhost/db?host=/cloudsql/p:r:i"
    assert load({**production, "DATABASE_URL": url}).production
