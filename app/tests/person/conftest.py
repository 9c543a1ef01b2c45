"""A tenant with two people who work in it, a bucket for exports, and a neighbour with the same login elsewhere."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import copy as copied
from tests.handover.conftest import with_exports
from tests.promotion.conftest import clients_made_once
from tests.promotion.scene import client, rows, tenant_id, with_bucket
from tests.restore.conftest import logins_of_the_server
from tests.service import ISSUER, Service, attach, make_thing, make_token
from tests.test_login import superuser_url
from workbuoy_app import registry
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.person.erase import erase
from workbuoy_app.restore.copy import copy_settings
from workbuoy_app.rights import Role
from workbuoy_app.settings import Settings, load

__all__ = ["clients_made_once", "logins_of_the_server"]
LEAVER = "kari@acme.example"
_numbers = itertools.count()


@dataclass(frozen=True)
class People:
    """acme's leaver and who stays, and a person of globex whose provider gives the same subject."""

    settings: Settings
    leaver: UUID
    stays: UUID
    elsewhere: UUID
    thing: UUID
    token: str

    def sql(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        return rows(self.settings, statement, values)

    def in_copy(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        return rows(copy_settings(self.settings), statement, values)

    def erase(self) -> dict[str, Any]:
        return erase(self.settings, "acme", self.leaver, self.leaver)

    def named(self, of: UUID, *, in_copy: bool = False) -> list[str]:
        """Every table and column of the schema that holds an id."""
        ask = self.in_copy if in_copy else self.sql
        columns = ask(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and data_type = 'uuid' order by 1, 2"
        )
        return [
            f"{table}.{column}"
            for table, column in columns
            if ask(f"select 1 from {table} where {column} = %s limit 1", [of])
        ]

    def entries(self) -> int:
        assert self.settings.storage is not None
        listed = client(self.settings.storage).list_objects_v2(
            Bucket=self.settings.storage.bucket, Prefix="erasures/entries/"
        )
        return len(listed.get("Contents", []))


@pytest.fixture
def people(postgres: Postgres, migrated: str, moto: str) -> People:
    """Made by the service itself."""
    return made(postgres, migrated, moto)


def made(postgres: Postgres, migrated: str, moto: str) -> People:
    url = copied(postgres, migrated)
    mock = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    settings = with_exports(
        with_bucket(load({"DATABASE_URL": url, **mock}), moto, f"people-{next(_numbers)}")
    )
    leaver = registry.add_member(settings, "acme", ISSUER, LEAVER)
    stays = registry.add_member(settings, "acme", ISSUER, "stays", Role.ADMIN)
    elsewhere = registry.add_member(settings, "globex", "https://login.globex.example", LEAVER)
    with Service(settings) as service:
        hers, his = service.browser(LEAVER), service.browser("stays")
        thing = make_thing(hers, "Hers", body="what she wrote")
        attach(hers, thing["id"], b"her file", "hers.txt")
        make_thing(his, "His")
        token = make_token(hers, "things:read")["value"]
        attach(
            service.script(make_token(hers, "things:read", "things:write")["value"]),
            thing["id"],
            b"by a script",
            "script.txt",
        )
    own = tenant_id(settings, "globex")
    with psycopg.connect(superuser_url(settings)) as superuser:
        superuser.execute(
            "insert into things (tenant_id, id, title, body, status, created_at, updated_at, created_by)"
            " values (%s, gen_random_uuid(), 'theirs', '', 'open', now(), now(), %s)",
            [own, elsewhere],
        )
    beside = copied(postgres, url.rpartition("/")[2])
    named = load({"DATABASE_URL": url, "RESTORED_DATABASE_URL": beside.replace("127.0.0.1", "localhost")})
    whole = replace(settings, restored=named.restored)
    return People(whole, leaver, stays, elsewhere, UUID(thing["id"]), token)


@pytest.fixture(scope="module")
def shared_people(postgres: Postgres, migrated: str, moto: str) -> People:
    """For tests that change nothing."""
    return made(postgres, migrated, moto)
