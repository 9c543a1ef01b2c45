"""`workbuoy-app tenant count`: what database and bucket hold of a tenant, whoever says that it was removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, as_owner, owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, own_storage
from workbuoy_app.promotion.content import measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings
from workbuoy_app.storage import WAYS_BACK


def count(settings: Settings, name: str, tenant_id: UUID | None = None) -> dict[str, Any]:
    """Count rows by table, and objects and older versions; of a tenant that is gone by its id. Changes nothing.

    Every table that says whose its rows are is asked for, whatever a removal knows of. Raises PromotionRefused.
    """
    bucket = Bucket(own_storage(settings))
    with owner_that_may_act(settings) as connection:
        known = tenant_id or find(connection, name).id
        rows = _rows(connection, known)
        connection.rollback()
        there = Tenant(known, name, frozen_at=None)
        digest = measure(connection, there).digest if rows["tenants"] else None
        connection.rollback()
    folders = (f"tenants/{known}/", f"{WAYS_BACK}/{name}/")
    versions = [one for folder in folders for one in bucket.versions(folder)]
    current = sum(one.latest and not one.deleted for one in versions)
    return {
        "tenant": name,
        "tenant_id": str(known),
        "digest": digest,
        "rows": rows,
        "objects": current,
        "older_versions": sum(not one.deleted for one in versions) - current,
        "delete_markers": sum(one.deleted for one in versions),
    }


def _rows(connection: Owner, tenant_id: UUID) -> dict[str, int]:
    """As the owner and as the service's group in a session of the tenant: what either sees is there."""
    there = connection.execute("select 1 from tenants where id = %s", [tenant_id]).fetchone()
    counted = {"tenants": 1 if there else 0}
    if not there:  # rows need a tenant to be seen at all; this one is never committed
        connection.execute(
            "insert into tenants (id, name, created_at) values (%s, %s, now())",
            [tenant_id, f"gone-{tenant_id}"],
        )
    with acting_for(connection, tenant_id):
        for table in _tables(connection):
            seen = [_seen(connection, table, tenant_id, acts) for acts in (as_owner, as_group)]
            counts = [one for one in seen if one is not None]
            if counts:
                counted[table] = max(counts)
            elif not _follows_members(connection, table):
                raise PromotionRefused(f"Nobody here may count {table}, so nobody knows what is left in it.")
    return counted


def _tables(connection: Owner) -> list[str]:
    found = connection.execute(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = to_regnamespace(current_schema()) and c.relkind in ('r', 'p')"
        " and a.attname = 'tenant_id' and not a.attisdropped order by c.relname"
    ).fetchall()
    return [row[0] for row in found]


def _seen(connection: Owner, table: str, tenant_id: UUID, acts: Any) -> int | None:
    """None where it may not look."""
    as_owner(connection)
    if table == "sessions":
        return None  # nobody sees another member's, not even the owner
    own = sql.SQL(" and issuer <> {}").format(sql.Literal(OPERATOR)) if table == "members" else sql.SQL("")
    statement = sql.SQL("select count(*) from {} where tenant_id = %s").format(sql.Identifier(table)) + own
    try:
        with connection.transaction():
            acts(connection)
            row = connection.execute(statement, [tenant_id]).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        row = None
    as_owner(connection)
    return int(row[0]) if row else None


def _follows_members(connection: Owner, table: str) -> bool:
    """Whether each of its rows refers to a member, so that none is left where no member is."""
    return bool(
        connection.execute(
            "select 1 from pg_constraint where contype = 'f' and convalidated"
            " and conrelid = to_regclass(quote_ident(%s)) and confrelid = to_regclass('members')",
            [table],
        ).fetchone()
    )
