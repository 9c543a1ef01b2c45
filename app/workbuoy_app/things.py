"""Things in the database. Every statement names the tenant; row-level security holds even if one did not."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from workbuoy_app import idempotency, removals
from workbuoy_app.database import ROW_LOCK, Row, Statement, Transaction
from workbuoy_app.identifiers import new_id
from workbuoy_app.models import Sort, Thing, ThingInput, ThingPatch, ThingQuery
from workbuoy_app.preconditions import IfMatch
from workbuoy_app.problems import NotFound
from workbuoy_app.sessions import Session

SEARCH_SECONDS = 3.0
_COLUMNS = "id, title, body, status, created_at, updated_at"


def prepared(thing: ThingInput) -> Row:
    """A new thing's row. Its id is made before the transaction, so that doing that again makes no second one."""
    now = datetime.now(UTC)
    return {"id": new_id(), "created_at": now, "updated_at": now, **thing.written()}


async def insert(tx: Transaction, session: Session, row: Row, keyed_request: idempotency.Request) -> Row:
    """Store a prepared thing once for a key. Raises Refused (409) for a key of another request."""

    async def store() -> Row:
        statement = insertion(session.tenant_id, row)
        await tx.execute(statement.text, statement.values)
        return row

    return await idempotency.once(tx, session, keyed_request, Thing, store)


def insertion(tenant_id: UUID, row: Row) -> Statement:
    """Stores a prepared thing; again is no change."""
    return Statement(
        "insert into things (tenant_id, id, title, body, status, created_at, updated_at)"
        " values (%(tenant_id)s, %(id)s, %(title)s, %(body)s, %(status)s, %(created_at)s, %(updated_at)s)"
        " on conflict (tenant_id, id) do nothing",
        {"tenant_id": tenant_id, **row},
    )


async def page(tx: Transaction, session: Session, query: ThingQuery) -> Row:
    """The things that `query` asks for."""
    if query.search is not None or query.count:
        await tx.limit(SEARCH_SECONDS)
    total = None
    if query.count:
        conditions, values = _conditions(session.tenant_id, query, tx.found)
        counted = await tx.one(f"select count(*) as number from things where {conditions}", values)
        total = counted["number"] if counted else 0
    statement = listing(session.tenant_id, query, tx.found)
    return {**query.answer(await tx.all(statement.text, statement.values)), "total": total}


def listing(tenant_id: UUID, query: ThingQuery, found: str = "") -> Statement:
    """The page's rows and one more. Ids sort by time, so the last id is the cursor. `found` is the transaction's."""
    conditions, values = _conditions(tenant_id, query, found)
    beyond, order = ("<", "desc") if query.sort is Sort.NEWEST else (">", "asc")
    if query.cursor is not None:
        conditions += f" and id {beyond} %(cursor)s"
        values["cursor"] = query.cursor
    return Statement(
        f"select {_COLUMNS} from things where {conditions} order by id {order} limit %(limit)s", values
    )


def _conditions(tenant_id: UUID, query: ThingQuery, found: str) -> tuple[str, Row]:
    conditions, values = ["tenant_id = %(tenant_id)s"], Row(tenant_id=tenant_id, limit=query.limit + 1)
    for condition, name, value in (
        ("status = %(status)s", "status", query.status and query.status.value),
        ("created_at >= %(from)s", "from", query.created_from),
        ("created_at < %(before)s", "before", query.created_before),
        (found, "search", query.search),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value
    return " and ".join(conditions), values


def one(tenant_id: UUID, thing_id: UUID, lock: str = "") -> Statement:
    """The row of one thing; with ROW_LOCK nobody else changes it meanwhile."""
    return Statement(
        f"select {_COLUMNS} from things where tenant_id = %(tenant_id)s and id = %(id)s{lock}",
        {"tenant_id": tenant_id, "id": thing_id},
    )


async def find(tx: Transaction, session: Session, thing_id: UUID, lock: str = "") -> Row:
    """One thing. Raises NotFound."""
    statement = one(session.tenant_id, thing_id, lock)
    row = await tx.one(statement.text, statement.values)
    if row is None:
        raise NotFound
    return row


async def change(
    tx: Transaction,
    session: Session,
    thing_id: UUID,
    changes: ThingInput | ThingPatch,
    if_match: IfMatch | None,
) -> Row:
    """Write all of a thing, or what a patch names, and give it back. Raises NotFound, PreconditionFailed."""
    values = changes.written()
    if if_match is not None:
        if_match.expect(await find(tx, session, thing_id, lock=ROW_LOCK))
    assignments = "".join(f"{name} = %({name})s, " for name in values)
    row = await tx.one(
        f"update things set {assignments}updated_at = %(now)s"
        f" where tenant_id = %(tenant_id)s and id = %(id)s returning {_COLUMNS}",
        {"tenant_id": session.tenant_id, "id": thing_id, "now": datetime.now(UTC), **values},
    )
    if row is None:
        raise NotFound
    return row


async def delete(
    tx: Transaction, session: Session, thing_id: UUID, if_match: IfMatch | None = None
) -> list[str]:
    """Remove a thing and its attachments; gives back the object keys left to delete.

    Raises NotFound, PreconditionFailed.
    """
    # Under a lock always: what is attached between the two statements would go without its object.
    row = await find(tx, session, thing_id, lock=ROW_LOCK)
    if if_match is not None:
        if_match.expect(row)
    values = {"tenant_id": session.tenant_id, "id": thing_id}
    keys = await tx.all(
        "select object_key from attachments"
        " where tenant_id = %(tenant_id)s and thing_id = %(id)s and object_key is not null",
        values,
    )
    await tx.execute("delete from things where tenant_id = %(tenant_id)s and id = %(id)s", values)
    for row in keys:
        await removals.note(tx, session, row["object_key"])
    return [row["object_key"] for row in keys]
