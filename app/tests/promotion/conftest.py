"""A pool and a silo of this server's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.conftest import copy
from tests.promotion.scene import Scene, client, fill, with_bucket
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.promotion import bucket
from workbuoy_app.promotion.freeze import freeze
from workbuoy_app.settings import load

_numbers = itertools.count()


@pytest.fixture(autouse=True, scope="session")
def clients_made_once() -> Iterator[None]:
    """See `client`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket, "storage_client", client)
        yield


@pytest.fixture
def scene(postgres: Postgres, migrated: str, without_tenants: str, moto: str) -> Scene:
    """A pool of acme (frozen) and globex, and an empty silo."""
    return made(postgres, migrated, without_tenants, moto)


@pytest.fixture(scope="session")
def shared_scene(postgres: Postgres, migrated: str, without_tenants: str, moto: str) -> Scene:
    """One for tests that change nothing."""
    return made(postgres, migrated, without_tenants, moto)


@pytest.fixture
def served(postgres: Postgres, migrated: str, without_tenants: str, moto: str) -> Scene:
    """A pool in which acme works with few rows, and an empty silo."""
    scene = empty(postgres, migrated, without_tenants, moto)
    fill(scene.pool, "acme", things=2, objects=1, chunks=1)
    return scene


def made(postgres: Postgres, migrated: str, without_tenants: str, moto: str) -> Scene:
    """A new one."""
    scene = empty(postgres, migrated, without_tenants, moto)
    fill(scene.pool, "acme", things=12, objects=5, chunks=3)
    fill(scene.pool, "globex", things=4, objects=2, chunks=1)
    freeze(scene.pool, "acme")
    return scene


def empty(postgres: Postgres, migrated: str, without_tenants: str, moto: str) -> Scene:
    """With members alone."""
    number = next(_numbers)
    mock = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    pool = load({"DATABASE_URL": copy(postgres, migrated), **mock})
    silo = load({"DATABASE_URL": copy(postgres, without_tenants), **mock})
    return Scene(with_bucket(pool, moto, f"pool-{number}"), with_bucket(silo, moto, f"silo-{number}"))
