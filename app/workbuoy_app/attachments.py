"""Attachments: a row in the database, content in the bucket or in the database, never one without the other."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

from workbuoy_app import idempotency, removals
from workbuoy_app.database import ROW_LOCK, Row, Transaction
from workbuoy_app.identifiers import new_id
from workbuoy_app.models import Attachment
from workbuoy_app.problems import NotFound, Refused
from workbuoy_app.removals import Note
from workbuoy_app.sessions import Session
from workbuoy_app.settings import MIB

CHUNK_BYTES = MIB
MOST_ATTACHMENTS = 100
_COLUMNS = "id, thing_id, name, content_type, size_bytes, sha256, created_at"


class Incoming:
    """A body on its way in, measured and summed. Its limit is the guard's."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body's pieces."""
        async for piece in self._body:
            self.size_bytes += len(piece)
            self._hash.update(piece)
            yield piece

    @property
    def sha256(self) -> str:
        """The checksum of what has come so far, hexadecimal."""
        return self._hash.hexdigest()


def prepared(thing_id: UUID, name: str, content_type: str) -> Row:
    """A new attachment's row, without what only its content tells."""
    return {
        "id": new_id(),
        "thing_id": thing_id,
        "name": name,
        "content_type": content_type,
        "created_at": datetime.now(UTC),
    }


async def expect_room(
    tx: Transaction, session: Session, thing_id: UUID, but: UUID | None = None, lock: str = ""
) -> None:
    """Is there a thing to attach to, and room, one attachment (`but`) left aside? Raises NotFound, Refused (409).

    Asked twice: before a body is read, and with ROW_LOCK before its row is written, when others may have been faster.
    """
    values = {"tenant_id": session.tenant_id, "thing_id": thing_id, "but": but or thing_id}
    of_thing = " where tenant_id = %(tenant_id)s and "
    if await tx.one(f"select id from things{of_thing}id = %(thing_id)s{lock}", values) is None:
        raise NotFound
    others = await tx.one(
        f"select count(*) as number from attachments{of_thing}thing_id = %(thing_id)s and id <> %(but)s",
        values,
    )
    if others is not None and others["number"] >= MOST_ATTACHMENTS:
        raise Refused(409, f"A thing has at most {MOST_ATTACHMENTS} attachments.")


async def begin(tx: Transaction, session: Session, row: Row, key_of: Callable[[UUID, UUID], str]) -> Note:
    """As `expect_room`, and note the object that may come to be."""
    await expect_room(tx, session, row["thing_id"])
    return await removals.note(tx, session, key_of(session.tenant_id, row["id"]))


async def insert(
    tx: Transaction,
    session: Session,
    row: Row,
    content: bytes | None,
    noted: Note | None,
    *,
    keyed_request: idempotency.Request | None,
) -> Row:
    """Store a row, and its content where there is no bucket; again is no change. Raises NotFound, Refused."""

    async def store() -> Row:
        return await _insert(tx, session, row, content, noted)

    return await idempotency.once(tx, session, keyed_request, Attachment, store)


async def _insert(
    tx: Transaction, session: Session, row: Row, content: bytes | None, noted: Note | None
) -> Row:
    await expect_room(tx, session, row["thing_id"], but=row["id"], lock=ROW_LOCK)
    values = {"tenant_id": session.tenant_id, **row, "object_key": noted.key if noted else None}
    # From things, so that a thing deleted during the upload is an answer and not an error of the database.
    stored = await tx.execute(
        f"insert into attachments (tenant_id, {_COLUMNS}, object_key)"
        " select t.tenant_id, %(id)s, t.id, %(name)s, %(content_type)s, %(size_bytes)s, %(sha256)s,"
        " %(created_at)s, %(object_key)s from things t"
        " where t.tenant_id = %(tenant_id)s and t.id = %(thing_id)s"
        " on conflict (tenant_id, id) do nothing",
        values,
    )
    if not stored:
        return await find(tx, session, row["thing_id"], row["id"])
    if noted and not await removals.take_back(tx, session, noted):
        raise Refused(408, "The upload took so long that it was given up.")
    if content:
        await tx.execute_many(
            "insert into attachment_chunks (tenant_id, attachment_id, position, content)"
            " values (%(tenant_id)s, %(id)s, %(position)s, %(content)s)",
            [
                {
                    "tenant_id": session.tenant_id,
                    "id": row["id"],
                    "position": position,
                    "content": content[start : start + CHUNK_BYTES],
                }
                for position, start in enumerate(range(0, len(content), CHUNK_BYTES))
            ],
        )
    return row


async def all_of(tx: Transaction, session: Session, thing_id: UUID) -> Row:
    """A thing's attachments, newest first. Raises NotFound."""
    values = {"tenant_id": session.tenant_id, "thing_id": thing_id, "limit": MOST_ATTACHMENTS}
    found = "select 1 as found from things where tenant_id = %(tenant_id)s and id = %(thing_id)s"
    if await tx.one(found, values) is None:
        raise NotFound
    rows = await tx.all(
        f"select {_COLUMNS} from attachments"
        " where tenant_id = %(tenant_id)s and thing_id = %(thing_id)s order by id desc limit %(limit)s",
        values,
    )
    return {"items": rows}


async def find(tx: Transaction, session: Session, thing_id: UUID, attachment_id: UUID) -> Row:
    """One attachment, with its `object_key`. Raises NotFound."""
    row = await tx.one(
        f"select {_COLUMNS}, object_key from attachments"
        " where tenant_id = %(tenant_id)s and thing_id = %(thing_id)s and id = %(id)s",
        {"tenant_id": session.tenant_id, "thing_id": thing_id, "id": attachment_id},
    )
    if row is None:
        raise NotFound
    return row


async def chunk(tx: Transaction, session: Session, attachment_id: UUID, position: int) -> bytes | None:
    """A piece of the content that the database keeps; None after the last."""
    row = await tx.one(
        "select content from attachment_chunks"
        " where tenant_id = %(tenant_id)s and attachment_id = %(id)s and position = %(position)s",
        {"tenant_id": session.tenant_id, "id": attachment_id, "position": position},
    )
    return bytes(row["content"]) if row else None


async def delete(tx: Transaction, session: Session, thing_id: UUID, attachment_id: UUID) -> list[str]:
    """Remove one attachment's row; gives back the object keys left to delete. Raises NotFound."""
    row = await find(tx, session, thing_id, attachment_id)
    await tx.execute(
        "delete from attachments where tenant_id = %(tenant_id)s and id = %(id)s",
        {"tenant_id": session.tenant_id, "id": attachment_id},
    )
    if row["object_key"] is None:
        return []
    await removals.note(tx, session, row["object_key"])
    return [row["object_key"]]
