"""What a session on the server runs under: role, schema and limits. Set at the start, and then asked back.

A pooler in between (PgBouncer with `ignore_startup_parameters`) may drop what a connection asks for at its start, and
with the role row-level security would be gone. So nothing is believed: `problem` compares what holds with what was
asked for, and a connection of which it is not true is never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.roles import GROUP, OLDEST_MAJOR

STATEMENT_TIMEOUT_MS = 8_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_MS = 30_000


def _limits(statement_timeout_ms: int) -> dict[str, int]:
    return {
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
    }


def startup_options(
    address: PostgresAddress, role: str | None, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> str:
    """Server-side limits, the schema, and the role that a connection acts in, as libpq's `options`."""
    options: dict[str, object] = {"search_path": address.schema, **_limits(statement_timeout_ms)}
    if role:
        # Also a login that owns the tables or is a superuser (a laptop's `postgres`) then obeys the policies.
        options["role"] = role
    own_options = " ".join(f"-c {name}={value}" for name, value in options.items())
    return (
        f"{address.options} {own_options}" if address.options else own_options
    )  # of two values the later one holds


def transaction_options(address: PostgresAddress) -> str:
    """The same for one transaction, for a pooler that hands every transaction another connection."""
    limits = "; ".join(f"set local {name} = {value}" for name, value in _limits(STATEMENT_TIMEOUT_MS).items())
    return f"; set local role {GROUP}; set local search_path = {address.schema}; {limits}"


# `row_security_active` is null before the first migration; the other columns are never.
ASK = (
    "select current_user::text as role, current_setting('server_version_num')::int / 10000 as major,"
    " (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as bypasses,"
    " row_security_active(to_regclass('sessions')) as secured, "
    + ", ".join(
        f"(extract(epoch from current_setting('{name}')::interval) * 1000)::int as {name}"
        for name in _limits(0)
    )
)


def problem(found: Mapping[str, Any]) -> str | None:
    """Why a session that answered `ASK` so must not be used; None where everything holds."""
    if found["major"] < OLDEST_MAJOR:
        return f"Postgres {found['major']} is too old: this service needs {OLDEST_MAJOR} or later"
    reasons = []
    if found["role"] != GROUP or found["bypasses"] or found["secured"] is False:
        reasons.append(f"it acts as another role than {GROUP}, so row-level security is not in force")
    reasons += [
        f"{name} is not in force" for name, ms in _limits(STATEMENT_TIMEOUT_MS).items() if found[name] != ms
    ]
    if not reasons:
        return None
    return (
        f"the database session is not as asked for: {'; '.join(reasons)}."
        " Does a pooler such as PgBouncer drop startup options? Add pgbouncer=true to DATABASE_URL"
    )
