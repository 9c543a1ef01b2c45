"""The files of all tenants, as the rows of a restored database name them: before it serves, and once it does.

What has no row gets its delete marker only when the database serves: until then, the rows of now name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from workbuoy_app.erasures import ledger_needed
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, for_each, own_storage
from workbuoy_app.promotion.content import revision
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant
from workbuoy_app.promotion.tables import rows_with_objects
from workbuoy_app.restore.copy import prepared_copy, serves_last
from workbuoy_app.restore.objects import FOLDER, bring, mark_others
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings


def bring_files(settings: Settings) -> dict[str, Any]:
    """Every file that the copy's rows name is the newest version of its key; the service reads on meanwhile.

    Raises PromotionRefused; FilesWait where S3 must first bring files out of an archive.
    """
    bucket = Bucket(own_storage(settings))
    with prepared_copy(settings) as there:
        return {"schema_revision": _revision(there), **_brought(bucket, there)}


def settle_files(settings: Settings, switched: datetime) -> dict[str, Any]:
    """The same for the database that serves since `switched`; what no row names gets a delete marker.

    Nothing was written while the service stood still, so a file from before `switched` without a row never gets one.
    Raises PromotionRefused, also before the service was started on it; FilesWait.
    """
    if switched > datetime.now(UTC):
        raise PromotionRefused(f"{switched.isoformat()} is in the future: when did the service stand still?")
    if not serves_last(settings, ledger_needed(settings)):
        raise PromotionRefused(
            "Another database served last: what was erased meanwhile goes from this one when the service starts on it."
            " Start it, then put the files in order."
        )
    bucket = Bucket(own_storage(settings))
    with owner_that_may_act(settings) as here:
        found = _brought(bucket, here)
        known = _tenants(here)
        marked = sum(mark_others(bucket, one.id, rows_with_objects(here, one), switched) for one in known)
        here.rollback()
        marked += _mark_unknown(bucket, {one.id for one in known}, switched)
    return {**found, "marked": marked}


def _brought(bucket: Bucket, connection: Owner) -> dict[str, Any]:
    tenants, files, again = _tenants(connection), 0, 0
    for one in tenants:
        found = bring(bucket, one.id, rows_with_objects(connection, one))
        connection.rollback()
        files, again = files + len(found.versions), again + found.again
    return {"tenants": [one.name for one in tenants], "files": files, "again": again}


def _tenants(connection: Owner) -> list[Tenant]:
    found = connection.execute("select id, name from tenants order by name").fetchall()
    connection.rollback()
    return [Tenant(tenant_id, name, None) for tenant_id, name in found]


def _revision(connection: Owner) -> str:
    found = revision(connection)
    connection.rollback()
    return found


def _mark_unknown(bucket: Bucket, known: set[UUID], switched: datetime) -> int:
    """Files of tenants that the database does not have: who came after the moment, or was erased since."""

    def live() -> Iterator[str]:
        for tenant, versions in groupby(bucket.versions(f"{FOLDER}/"), lambda one: one.key.split("/")[1]):
            if _as_id(tenant) in known:
                continue
            yield from (
                one.key for one in versions if one.latest and not one.deleted and one.modified < switched
            )

    return for_each(live(), bucket.delete)


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
