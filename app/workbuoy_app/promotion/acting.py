"""The owner reads and writes one tenant's rows, under the policies that hold for the service.

The owner itself sees no tenant's rows. It makes a session for a member of its own making, and acts as the service's
group in it: what the database then shows is that one tenant's. Member and session are never committed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from psycopg import IsolationLevel, sql

from workbuoy_app import roles
from workbuoy_app.identifiers import new_id
from workbuoy_app.owner import owner_connection
from workbuoy_app.promotion.freeze import expect_postgres
from workbuoy_app.roles import GROUP, Owner
from workbuoy_app.settings import Settings

OPERATOR = "workbuoy:operator"  # no provider's issuer: nobody logs in as this member


@contextmanager
def owner_that_may_act(settings: Settings) -> Iterator[Owner]:
    """A connection whose transactions see one state of everything. Raises PromotionRefused, psycopg.Error."""
    address = expect_postgres(settings)
    with owner_connection(settings) as connection:
        with owner_connection(settings) as holder, roles.exclusive(holder, address):
            roles.let_owner_act_as_group(connection)
        connection.autocommit = False
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute(
            "set idle_in_transaction_session_timeout = '10min'"
        )  # the bucket may be slow meanwhile
        connection.commit()
        yield connection


@contextmanager
def acting_for(connection: Owner, tenant_id: UUID) -> Iterator[None]:
    """Within it `as_group` reaches this tenant's rows, and no other's. Leaves the transaction open."""
    member, token_hash = new_id(), secrets.token_hex(32)
    connection.execute(
        "insert into members (id, tenant_id, issuer, subject, created_at) values (%s, %s, %s, %s, now())",
        [member, tenant_id, OPERATOR, token_hash],
    )
    connection.execute("select set_config('workbuoy.session', %s, true)", [token_hash])
    connection.execute(
        "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
        " values (%s, %s, %s, now(), now(), now() + interval '1 day')",
        [token_hash, tenant_id, member],
    )
    try:
        yield
    finally:
        if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            as_owner(connection)
            connection.execute("delete from members where id = %s", [member])  # and the session with it


def as_group(connection: Owner) -> None:
    """From now on in this transaction, be what the service is."""
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(GROUP)))


def as_owner(connection: Owner) -> None:
    """From now on, be the owner again."""
    connection.execute("set local role none")
