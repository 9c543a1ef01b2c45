"""A request with an Idempotency-Key is done once, however often it is sent within a day.

The key is stored in the transaction that does the work: both happen or neither. Of two at once the second waits, and
gets the first one's answer. https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from workbuoy_app.database import Row, Transaction
from workbuoy_app.problems import Refused
from workbuoy_app.sessions import Session

KEPT = timedelta(days=1)  # also in revision 0014's function
_THIS = " where tenant_id = %(tenant_id)s and member_id = %(member_id)s"


@dataclass(frozen=True)
class Request:
    """What is asked, and under which key."""

    key: str
    fingerprint: str


def request(key: str | None, *parts: object) -> Request | None:
    """`parts` are all that makes this request another one; None without a key."""
    if not key:
        return None
    return Request(key, hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest())


async def once(
    tx: Transaction,
    session: Session,
    keyed_request: Request | None,
    answer_as: type[BaseModel],
    work: Callable[[], Awaitable[Row]],
) -> Row:
    """Do `work` unless it was done, and give its answer. Raises Refused (409) for a key of another request."""
    if keyed_request is None:
        return await work()
    now = datetime.now(UTC)
    identity = {"tenant_id": session.tenant_id, "member_id": session.member_id, "key": keyed_request.key}
    await tx.execute(
        f"delete from idempotency_keys{_THIS} and created_at < %(before)s", {**identity, "before": now - KEPT}
    )
    taken = await tx.execute(
        "insert into idempotency_keys (tenant_id, member_id, key, fingerprint, answer, created_at)"
        " values (%(tenant_id)s, %(member_id)s, %(key)s, %(fingerprint)s, '', %(now)s)"
        " on conflict (tenant_id, member_id, key) do nothing",
        {**identity, "fingerprint": keyed_request.fingerprint, "now": now},
    )
    if not taken:
        row = await tx.one(
            f"select fingerprint, answer from idempotency_keys{_THIS} and key = %(key)s", identity
        )
        if row is None or row["fingerprint"] != keyed_request.fingerprint:
            raise Refused(409, "This Idempotency-Key was used for another request. Make a new one for each.")
        return answer_as.model_validate_json(row["answer"]).model_dump()
    done = await work()
    answer = answer_as.model_validate(done).model_dump_json()
    await tx.execute(
        f"update idempotency_keys set answer = %(answer)s{_THIS} and key = %(key)s",
        {**identity, "answer": answer},
    )
    return done


async def forget_old(tx: Transaction) -> None:
    """End what was kept longer than promised, of all tenants; nobody has to be logged in."""
    await tx.all(tx.forget_answers, {"before": datetime.now(UTC) - KEPT})
