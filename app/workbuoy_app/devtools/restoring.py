"""A tenant's rows to lose and to find again, as a restore's rehearsal needs them; files are whoever's who asks.

    python -m workbuoy_app.devtools.restoring fill TENANT --rows 10000 --files 200
    python -m workbuoy_app.devtools.restoring damage TENANT
    python -m workbuoy_app.devtools.restoring drop TENANT
    python -m workbuoy_app.devtools.restoring sums TENANT

Each reads the settings of the service, and connects as the owner; each ends with a line of JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from workbuoy_app.identifiers import new_id
from workbuoy_app.promotion.acting import acting_for, as_group, owner_that_may_act
from workbuoy_app.promotion.content import measure
from workbuoy_app.promotion.freeze import Tenant, find
from workbuoy_app.promotion.tables import rows_with_objects
from workbuoy_app.restore.tenant import CONTENT
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings, load
from workbuoy_app.storage import object_key

BODY = "It was agreed that the anchor be lifted at dawn. "


def fill(connection: Owner, tenant: Tenant, rows: int, files: int, large: int = 0) -> dict[str, Any]:
    """Things, and attachments to them; gives the keys of their files, which `content_of` tells.

    `large` is how often the first one's content is repeated, for one that goes in parts.
    """
    now, ids = datetime.now(UTC), [new_id() for _ in range(files)]
    with connection.transaction(), acting_for(connection, tenant.id):
        as_group(connection)
        connection.execute(
            "insert into things (tenant_id, id, title, body, status, created_at, updated_at)"
            " select %s, gen_random_uuid(), 'Thing ' || n, %s, 'open', %s, %s from generate_series(1, %s) n",
            [tenant.id, BODY, now, now, rows],
        )
        things = connection.execute(
            "select id from things where tenant_id = %s order by id", [tenant.id]
        ).fetchall()
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into attachments (tenant_id, id, thing_id, name, content_type, size_bytes, sha256, object_key,"
                " created_at) values (%s, %s, %s, 'file.txt', 'text/plain', %s, %s, %s, %s)",
                [
                    _attachment(tenant, one, things[n % len(things)][0], now, times=1 if n else max(large, 1))
                    for n, one in enumerate(ids)
                ],
            )
    return {"keys": [object_key(tenant.id, one) for one in ids]}


def content_of(key: str) -> bytes:
    """What a file holds that was made here."""
    return f"{key}\n".encode() * 8


def damage(connection: Owner, tenant: Tenant) -> dict[str, Any]:
    """What wrong statements do: a third is deleted, and everything that is left overwritten."""
    with connection.transaction(), acting_for(connection, tenant.id):
        as_group(connection)
        deleted = connection.execute(
            "delete from things where abs(hashtext(cast(id as text))) % 3 = 0"
        ).rowcount
        overwritten = connection.execute("update things set body = 'overwritten'").rowcount
    return {"deleted": deleted, "overwritten": overwritten}


def drop(connection: Owner, _: Tenant) -> dict[str, Any]:
    """What a wrong migration does: a table is gone, for everybody. Its rows are none where files are in S3."""
    with connection.transaction():
        connection.execute("drop table attachment_chunks cascade")
    return {"dropped": "attachment_chunks"}


def sums(connection: Owner, tenant: Tenant) -> dict[str, Any]:
    """What the rows add up to, with and without members and trail, and the files that they name."""
    content = measure(connection, tenant, only=CONTENT)
    connection.rollback()
    whole = measure(connection, tenant)
    connection.rollback()
    return {
        "digest": content.digest,
        "receipt": whole.digest,
        "rows": sum(each.rows for each in content.tables.values()),
        "prefix": f"tenants/{tenant.id}/",
        "files": {row["object_key"]: row["sha256"] for row in rows_with_objects(connection, tenant)},
    }


def _attachment(
    tenant: Tenant, attachment_id: UUID, thing_id: UUID, now: datetime, *, times: int
) -> tuple[object, ...]:
    key = object_key(tenant.id, attachment_id)
    content = content_of(key) * times
    return (tenant.id, attachment_id, thing_id, len(content), hashlib.sha256(content).hexdigest(), key, now)


def main() -> int:
    """Do one of them."""
    parser = argparse.ArgumentParser(prog="restoring")
    commands = parser.add_subparsers(dest="action", required=True)
    for name in ("fill", "damage", "drop", "sums"):
        command = commands.add_parser(name)
        command.add_argument("tenant")
        if name == "fill":
            command.add_argument("--rows", type=int, required=True)
            command.add_argument("--files", type=int, required=True)
            command.add_argument("--large", type=int, default=0)
    options = parser.parse_args()
    settings: Settings = load(os.environ)
    with owner_that_may_act(settings) as connection:
        tenant = find(connection, options.tenant)
        connection.rollback()
        if options.action == "fill":
            result = fill(connection, tenant, options.rows, options.files, options.large)
        else:
            result = {"damage": damage, "drop": drop, "sums": sums}[options.action](connection, tenant)
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
