"""Freeze a tenant: from then on the database takes no write of it, until it is thawed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.owner import owner_connection
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

WAIT_SECONDS = 30  # the service cuts a unit of work after ten
LEFT_BY_A_KILL_SECONDS = 10  # until the server notices that a command's process is gone
POLL_SECONDS = 0.2
# `frozen_by`: a person leaves it empty, and so does what hands over once the other place has opened.
CUT_OVER = "a cut-over"
PROMOTION = "a promotion"  # a person freezes for it, and its hand-over or its way back takes that over


@dataclass(frozen=True)
class Tenant:
    """A row of the registry; `frozen_by` is the command whose freeze it is, and alone may end it."""

    id: UUID
    name: str
    frozen_at: datetime | None
    frozen_by: str | None = None


def freeze(settings: Settings, name: str, by: str | None = None) -> Tenant:
    """Refuse the tenant's writes, once those under way have ended; again is no change.

    Raises PromotionRefused, also where another one froze it.
    """
    with _owner(settings) as connection:
        tenant = find(connection, name)
        lock(connection, tenant.id)
        connection.execute(
            "insert into freezes (tenant_id, frozen_at, frozen_by) values (%s, %s, %s)"
            " on conflict (tenant_id) do nothing",
            [tenant.id, datetime.now(UTC), by],
        )
        frozen = find(connection, name)
        expect_own(frozen, by)
        return frozen


def thaw(settings: Settings, name: str, by: str | None = None) -> Tenant:
    """Take the tenant's writes again; again is no change. A person may thaw what a cut-over left, too.

    Raises PromotionRefused, also once a removal has begun, and where another one froze it.
    """
    with _owner(settings) as connection:
        tenant = find(connection, name)
        if tenant.frozen_at is not None and (by, tenant.frozen_by) != (None, CUT_OVER):
            expect_own(tenant, by)
        if connection.execute(
            "select 1 from copies where tenant_id = %s and part <> 'sends'", [tenant.id]
        ).fetchone():
            raise PromotionRefused(
                f"{name} is on its way to or from another place, which serves it or will: go back by a"
                " cut-over there, and from an export by thaw --withdraw"
            )
        return lift(connection, tenant)


def expect_own(tenant: Tenant, by: str | None) -> None:
    """Raises PromotionRefused where another one froze it."""
    if tenant.frozen_by == by or (by, tenant.frozen_by) == (None, PROMOTION):
        return
    since = f"{tenant.name} is frozen already, since {tenant.frozen_at:%Y-%m-%d %H:%M} UTC,"
    if tenant.frozen_by is None:
        raise PromotionRefused(
            f"{since} by hand or on its way elsewhere. Where that is over: workbuoy-app tenant thaw {tenant.name}"
        )
    raise PromotionRefused(
        f"{since} by {tenant.frozen_by}, which has not ended: the same command again goes on. A restore also ends by"
        f" workbuoy restore undo {tenant.name}, which gives back what stood before."
    )


def take_over(connection: Owner, tenant_id: UUID) -> None:
    """Within a transaction: a freeze by a person is a promotion's now, and somebody is told where it stands."""
    connection.execute(
        "update freezes set frozen_by = coalesce(frozen_by, %s) where tenant_id = %s", [PROMOTION, tenant_id]
    )


def let_stand(connection: Owner, tenant_id: UUID) -> None:
    """Within a transaction: it waits for no command any more, and stands until a person thaws or removes."""
    connection.execute("update freezes set frozen_by = null where tenant_id = %s", [tenant_id])


def lift(connection: Owner, tenant: Tenant) -> Tenant:
    """Delete the freeze, within a transaction. Raises PromotionRefused once a removal has begun."""
    expect_whole(connection, tenant)
    connection.execute("delete from freezes where tenant_id = %s", [tenant.id])
    return find(connection, tenant.name)


def expect_whole(connection: Owner, tenant: Tenant) -> None:
    """Raises PromotionRefused once a removal has begun."""
    if connection.execute(
        "select 1 from freezes where tenant_id = %s and removal_begun_at is not null for update", [tenant.id]
    ).fetchone():
        raise PromotionRefused(
            f"The removal of {tenant.name} has begun, and objects are gone already: repeat workbuoy-app tenant remove."
            " Its copy is where it was imported."
        )


def find(connection: Owner, name: str) -> Tenant:
    """The tenant of that name. Raises PromotionRefused where there is none."""
    row = connection.execute(
        "select t.id, t.name, f.frozen_at, f.frozen_by from tenants t"
        " left join freezes f on f.tenant_id = t.id where t.name = %s",
        [name],
    ).fetchone()
    if row is None:
        raise PromotionRefused(f"There is no tenant {name} in this database.")
    return Tenant(*row)


def find_frozen(connection: Owner, name: str) -> Tenant:
    """As `find`, of one that takes no writes. Raises PromotionRefused."""
    tenant = find(connection, name)
    if tenant.frozen_at is None:
        raise PromotionRefused(
            f"{name} is not frozen, so it could change meanwhile: workbuoy-app tenant freeze {name}"
        )
    return tenant


@contextmanager
def turn(settings: Settings, name: str) -> Iterator[None]:
    """No other command that freezes, moves, restores or removes this tenant is under way here meanwhile.

    Each takes a freeze for its own: one would thaw what another one froze. A killed one holds nothing up. Raises
    PromotionRefused.
    """
    expect_postgres(settings)
    with owner_connection(settings) as holder:
        deadline = time.monotonic() + LEFT_BY_A_KILL_SECONDS
        while not _taken(holder, name):
            if time.monotonic() > deadline:
                raise PromotionRefused(
                    f"Another command works on {name} here, such as a move, a restore or a removal. Wait for its end."
                )
            time.sleep(POLL_SECONDS)
        yield


def _taken(holder: Owner, name: str) -> bool:
    row = holder.execute("select pg_try_advisory_lock(hashtextextended('move ' || %s, 0))", [name]).fetchone()
    return bool(row and row[0])


def lock(connection: Owner, tenant_id: UUID) -> None:
    """Wait for the tenant's writes under way, and hold further ones up until the transaction ends."""
    connection.execute(f"set local lock_timeout = '{WAIT_SECONDS}s'")
    try:
        connection.execute("select pg_advisory_xact_lock(freeze_key(%s))", [tenant_id])
    except psycopg.errors.LockNotAvailable:
        raise PromotionRefused(
            f"A write of this tenant did not end within {WAIT_SECONDS} s. Try again."
        ) from None


def expect_postgres(settings: Settings) -> PostgresAddress:
    """The address. Raises PromotionRefused for SQLite."""
    if not isinstance(settings.database, PostgresAddress):
        raise PromotionRefused(
            "SQLite holds one tenant, which has nowhere to move from: this needs Postgres."
        )
    return settings.database


@contextmanager
def _owner(settings: Settings) -> Iterator[Owner]:
    expect_postgres(settings)
    with owner_connection(settings, autocommit=False) as connection:
        yield connection
