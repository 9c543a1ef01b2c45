"""The pool of the promotion's tests, with a locked bucket for exports beside it."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from tests.promotion.conftest import clients_made_once, made
from tests.promotion.scene import Scene, client
from tests.test_login import superuser_url
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.settings import Settings

__all__ = ["clients_made_once"]


@pytest.fixture(scope="module")
def handing_over(postgres: Postgres, migrated: str, moto: str) -> Scene:
    """acme is frozen, globex goes on."""
    scene = made(postgres, migrated, migrated, moto)
    with psycopg.connect(superuser_url(scene.pool)) as superuser:
        superuser.execute("set session_replication_role = replica")  # acme is frozen
        superuser.execute("update attachments set name = 'årsmøte 🛟.pdf' where name = 'plain.txt'")
    return replace(scene, pool=with_exports(scene.pool))


@pytest.fixture
def leaving(postgres: Postgres, migrated: str, moto: str) -> Scene:
    """The same, for a test that changes it."""
    scene = made(postgres, migrated, migrated, moto)
    return replace(scene, pool=with_exports(scene.pool))


def with_exports(settings: Settings) -> Settings:
    """A bucket with versions and a lock of one day, as components/exports.py declares it."""
    assert settings.storage is not None
    name, s3 = f"{settings.storage.bucket}-exports", client(settings.storage)
    where = {"LocationConstraint": settings.storage.region}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    return replace(settings, exports_bucket=name)
