"""`workbuoy-app person export`: what a tenant's rows and files hold of one person, in the export's open form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from workbuoy_app import __version__
from workbuoy_app.handover.archives import Archive, Series, Stored, buckets, writing
from workbuoy_app.handover.export import COLUMNS, FORMAT, VERSION, files_of
from workbuoy_app.person.readme import README
from workbuoy_app.person.rows import made_by
from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, as_owner, owner_that_may_act
from workbuoy_app.promotion.bucket import own_storage
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find
from workbuoy_app.promotion.tables import Value, as_plain, attachments, line, moved_tables
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

FOLDER = "persons"
TOKENS = "id, name, scopes, created_at, expires_at, last_used_at"  # never a token, nor its hash
SESSIONS = "created_at, renewed_at, expires_at"


def export(
    settings: Settings, name: str, member_id: UUID, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> dict[str, Any]:
    """Export one person's membership, tokens, sessions, trail, and what they made; gives the manifest.

    Changes nothing. Raises PromotionRefused. An export without a manifest did not end.
    """
    source, target = buckets(settings)
    made_at, done = now(), list[Stored]()
    folder = f"{name}/{FOLDER}/{member_id}/{made_at:%Y%m%dT%H%M%S.%fZ}"
    with owner_that_may_act(settings) as connection:
        tenant = find(connection, name)
        made = made_by(connection, tenant.id, member_id)
        rows = {table: list(each) for table, each in _own(connection, tenant, member_id)}
        if not any(rows.values()) and not any(made.values()):
            raise PromotionRefused(f"Nobody of the id {member_id} is or was a member of {name}.")
        with writing(target, folder, "rows.zip", made_at, done) as archive:
            with archive.entry("README.txt", compressed=True) as file:
                file.write(README.encode())
            counts = {table: _write(archive, table, iter(each)) for table, each in rows.items()}
            for table, ids in made.items():
                counts[table] = _write(archive, table, _authored(connection, tenant, table, ids))
        connection.rollback()
        wanted = set(made["attachments"])
        own = (row for row in attachments(connection, tenant, COLUMNS) if row["id"] in wanted)
        files = Series(target, folder, "files", made_at, done).write(
            files_of(connection, tenant, source, own)
        )
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "complete": True,
        "tenant": name,
        "tenant_id": str(tenant.id),
        "member": str(member_id),
        "region": own_storage(settings).region,
        "made_at": made_at.isoformat(timespec="seconds"),
        "made_by": f"workbuoy-app {__version__}",
        "tables": {table: {"rows": count} for table, count in counts.items()},
        "files": files,
        "archives": [asdict(one) for one in done],
    }
    if not target.put_new(f"{folder}/manifest.json", manifest):
        raise PromotionRefused(f"{target.name}/{folder} is there already. Export again.")
    return {**manifest, "address": f"s3://{target.name}/{folder}/manifest.json"}


def _write(archive: Archive, table: str, rows: Iterator[dict[str, Value]]) -> int:
    with archive.entry(f"rows/{table}.jsonl", compressed=True) as file:
        return sum(1 for row in rows if file.write(line(row)))


def _own(
    connection: Owner, tenant: Tenant, member_id: UUID
) -> Iterator[tuple[str, Iterator[dict[str, Value]]]]:
    """What says who they are and what they did."""
    values = {"tenant": tenant.id, "id": member_id, "operator": OPERATOR}
    as_owner(connection)
    for table, statement in (
        (
            "members",
            "select * from members where tenant_id = %(tenant)s and id = %(id)s and issuer <> %(operator)s",
        ),
        (
            "api_tokens",
            f"select {TOKENS} from api_tokens where tenant_id = %(tenant)s and member_id = %(id)s",
        ),
        (
            "audit_events",
            "select * from audit_events where tenant_id = %(tenant)s and (member_id = %(id)s or subject_id = %(id)s)"
            " order by id",
        ),
    ):
        yield table, _rows(connection, statement, values)
    yield "sessions", _sessions(connection, tenant, member_id)


def _sessions(connection: Owner, tenant: Tenant, member_id: UUID) -> Iterator[dict[str, Value]]:
    """Nobody sees another member's, not even the owner: so in a session of theirs, which is never committed."""
    if not connection.execute(
        "select 1 from members where tenant_id = %s and id = %s", [tenant.id, member_id]
    ).fetchone():
        return
    token_hash = f"export of {member_id}"
    connection.execute("select set_config('workbuoy.session', %s, true)", [token_hash])
    connection.execute(
        "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
        " values (%s, %s, %s, now(), now(), now() + interval '1 hour')",
        [token_hash, tenant.id, member_id],
    )
    as_group(connection)
    found = list(
        _rows(
            connection,
            f"select {SESSIONS} from sessions where member_id = %(id)s and token_hash <> %(own)s order by created_at",
            {"id": member_id, "own": token_hash},
        )
    )
    as_owner(connection)
    connection.rollback()
    yield from found


def _authored(connection: Owner, tenant: Tenant, table: str, ids: list[UUID]) -> Iterator[dict[str, Value]]:
    columns = next(one for one in moved_tables(connection) if one.name == table).columns
    with acting_for(connection, tenant.id):
        as_group(connection)
        yield from _rows(
            connection,
            f"select {', '.join(columns)} from {table} where tenant_id = %(tenant)s and id = any(%(ids)s) order by id",
            {"tenant": tenant.id, "ids": ids},
        )


def _rows(connection: Owner, statement: str, values: dict[str, object]) -> Iterator[dict[str, Value]]:
    cursor = connection.execute(statement, values)
    names = [column.name for column in cursor.description or ()]
    for row in cursor.fetchall():
        yield {name: as_plain(value) for name, value in zip(names, row, strict=True)}
