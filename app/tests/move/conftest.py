"""Two bases: each a database, and a bucket in a region of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest

from tests.move.scene import Two, versioned
from tests.promotion.scene import client, fill, with_bucket
from workbuoy_app.devtools import embedded_postgres
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres
from workbuoy_app.migrate import migrate
from workbuoy_app.promotion import bucket
from workbuoy_app.settings import load

_numbers = itertools.count()


@pytest.fixture(autouse=True, scope="session")
def clients_made_once() -> Iterator[None]:
    """See `client`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket, "storage_client", client)
        yield


@pytest.fixture(scope="session")
def base_without_tenants(postgres: Postgres) -> str:
    """A database to copy: migrated, and nothing else."""
    migrate(load({"DATABASE_URL": postgres.create_database("base_without_tenants")}))
    return "base_without_tenants"


def copied(postgres: Postgres, template: str) -> str:
    """The owner's address of a copy."""
    name = f"move_{next(_numbers)}"
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} owner {embedded_postgres.OWNER}")
    return postgres.url(database=name)


@pytest.fixture
def two(postgres: Postgres, migrated: str, base_without_tenants: str, moto: str) -> Two:
    """acme and globex in Ireland; nobody in Stockholm yet."""
    number = next(_numbers)
    mock = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    ireland = load({"DATABASE_URL": copied(postgres, migrated), **mock})
    stockholm = load({"DATABASE_URL": copied(postgres, base_without_tenants), **mock})
    made = Two(
        versioned(with_bucket(ireland, moto, f"ireland-{number}")),
        versioned(with_bucket(stockholm, moto, f"stockholm-{number}", "eu-north-1")),
    )
    fill(made.source, "acme", things=12, objects=5, chunks=3)
    fill(made.source, "globex", things=4, objects=2, chunks=1)
    return made
