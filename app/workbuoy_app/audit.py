"""The audit trail, to read. Triggers write it (revision 0010)."""

from __future__ import annotations

from workbuoy_app.access_models import AuditQuery
from workbuoy_app.database import Row, Transaction
from workbuoy_app.sessions import Session

_COLUMNS = "id, happened_at, member_id, token_id, action, subject_id, details"


async def page(tx: Transaction, session: Session, query: AuditQuery) -> Row:
    """The entries that `query` asks for, the newest first."""
    conditions, values = (
        ["tenant_id = %(tenant_id)s"],
        {"tenant_id": session.tenant_id, "limit": query.limit + 1},
    )
    for condition, name, value in (
        ("id < %(cursor)s", "cursor", query.cursor),
        ("happened_at >= %(from)s", "from", query.happened_from),
        ("happened_at < %(before)s", "before", query.happened_before),
        ("member_id = %(member)s", "member", query.member_id),
        ("subject_id = %(subject)s", "subject", query.subject_id),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value
    rows = await tx.all(
        f"select {_COLUMNS} from audit_events where {' and '.join(conditions)} order by id desc limit %(limit)s",
        values,
    )
    return query.answer(rows)
