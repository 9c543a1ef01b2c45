"""A database and bucket that serve, and a copy of the database as it was before the damage."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.conftest import copy as copied
from tests.promotion.conftest import clients_made_once
from tests.promotion.scene import client, fill, rows, tenant_id, with_bucket
from tests.service import ISSUER
from workbuoy_app import registry
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres
from workbuoy_app.erasures import ledger_of
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.content import Content, measure
from workbuoy_app.promotion.freeze import find
from workbuoy_app.restore import copy, tenant
from workbuoy_app.restore.copy import copy_settings
from workbuoy_app.roles import LOGINS
from workbuoy_app.settings import Settings, load

__all__ = ["clients_made_once"]
AT = "20261126T093000Z"
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def logins_of_the_server(postgres: Postgres) -> Iterator[None]:
    """A copy's logins are shut, and here a copy stands on the server that all tests use."""
    yield
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        for login in LOGINS:
            if connection.execute("select 1 from pg_roles where rolname = %s", [login]).fetchone():
                connection.execute(SQL("alter role {} login").format(Identifier(login)))


@dataclass(frozen=True)
class Past:
    """Settings of the service, whose `restored` is the copy; the content of both tenants when it was taken."""

    settings: Settings
    acme: Content
    globex: Content

    def content(self, name: str = "acme") -> Content:
        return content(self.settings, name)

    def sql(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        return rows(self.settings, statement, values)

    def in_copy(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        return rows(copy_settings(self.settings), statement, values)

    @property
    def s3(self) -> Any:
        assert self.settings.storage is not None
        return client(self.settings.storage)

    @property
    def bucket(self) -> str:
        assert self.settings.storage is not None
        return self.settings.storage.bucket

    def file_keys(self, name: str = "acme") -> list[str]:
        prefix = f"tenants/{tenant_id(self.settings, name)}/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def files(self, name: str = "acme") -> dict[str, bytes]:
        return {
            key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in self.file_keys(name)
        }

    def damage(self) -> None:
        """Overwritten and deleted rows, new ones, and files deleted, overwritten and added."""
        self.damage_rows()
        first, second, *_ = self.file_keys()
        self.s3.delete_object(Bucket=self.bucket, Key=first)
        self.s3.put_object(Bucket=self.bucket, Key=second, Body=b"overwritten")
        fill(self.settings, "acme", things=2, objects=1, chunks=1)

    def damage_rows(self) -> None:
        """The rows' part of it."""
        own = tenant_id(self.settings)
        self.sql("update things set body = 'overwritten' where tenant_id = %s", [own])
        self.sql(
            "delete from things where tenant_id = %s and id in"
            " (select id from things where tenant_id = %s order by id limit 3)",
            [own, own],
        )

    def prepare(self) -> copy.Prepared:
        return copy.prepare(self.settings)

    def restore(self, **options: Any) -> dict[str, Any]:
        return tenant.restore(self.settings, "acme", AT, **options)


def content(settings: Settings, name: str) -> Content:
    with owner_that_may_act(settings) as connection:
        return measure(connection, find(connection, name), only=tenant.CONTENT)


@pytest.fixture
def past(postgres: Postgres, migrated: str, moto: str) -> Past:
    """Two tenants, a ledger that has begun, and a copy that nobody has prepared."""
    return made_past(postgres, migrated, moto)


def made_past(postgres: Postgres, migrated: str, moto: str) -> Past:
    """A new one. The copy is a database of the same server under another name of its host."""
    mock = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    url = copied(postgres, migrated)
    settings = with_bucket(load({"DATABASE_URL": url, **mock}), moto, f"past-{next(_numbers)}")
    assert settings.storage is not None
    client(settings.storage).put_bucket_versioning(
        Bucket=settings.storage.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    fill(settings, "acme", things=12, objects=5, chunks=3)
    fill(settings, "globex", things=4, objects=2, chunks=1)
    registry.add_member(settings, "acme", ISSUER, "leaver")
    ledger = ledger_of(settings)
    assert ledger is not None
    ledger.begin()
    beside = copied(postgres, url.rpartition("/")[2])
    named = load({"DATABASE_URL": url, "RESTORED_DATABASE_URL": beside.replace("127.0.0.1", "localhost")})
    whole = replace(settings, restored=named.restored)
    return Past(whole, content(settings, "acme"), content(settings, "globex"))
