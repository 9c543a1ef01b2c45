"""`workbuoy-app tenant export`: a tenant goes into its own stack's bucket, as a move sends it (`workbuoy_app.move`).

While the tenant is served all its rows and objects are copied, and again what changed since. Once it is frozen the rest
follows, and the tenant is handed over. Nothing is heard from the other place: whoever runs the steps compares.
"""

from __future__ import annotations

from dataclasses import replace

from workbuoy_app.move.cut_over import hand_over
from workbuoy_app.move.send import CHECKPOINT, LAST, all_rows, batch
from workbuoy_app.move.side import HOLDS, TAKES, Channel, Side, alone, open_channel, side_of
from workbuoy_app.move.sums import Sums
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, expect_own, expect_whole, find, let_stand, take_over
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

SENT = Sums().text()
"""In this place's row instead of sums: they went with a batch, and the receipt in the other place answers."""


def export(settings: Settings, name: str, to: str, region: str | None = None) -> Side:
    """Send what the other place does not have yet; of a frozen tenant all, and hand it over. Again goes on.

    `to` is s3://BUCKET/imports/NAME/, `region` the bucket's where it is not this service's own. Memory is bounded
    whatever the tenant's size (README). Raises PromotionRefused.
    """
    channel = open_channel(settings, name, to, region)
    with alone(settings, name) as connection:
        tenant, side = _known(connection, name)
        if side is None or side.part != HOLDS:
            side = _sent(connection, tenant, channel)
        if side.part == HOLDS:
            channel.write("manifest", side, handed_over=True, complete=True)
        return side


def _sent(connection: Owner, tenant: Tenant, channel: Channel) -> Side:
    expect_own(tenant, None)  # what a restore froze, and may have replaced in part, is not handed over
    side = all_rows(connection, tenant, channel)
    if tenant.frozen_at is None or side.sums is None:
        side = _noted(connection, batch(connection, side, channel, CHECKPOINT))
    if tenant.frozen_at is not None:
        side = hand_over(connection, batch(connection, side, channel, LAST), SENT)
    return side


def withdraw(settings: Settings, name: str, to: str, region: str | None = None) -> None:
    """Hand the tenant over no more, before it writes again; a later export begins anew. Raises PromotionRefused."""
    channel = open_channel(settings, name, to, region)
    with alone(settings, name) as connection:
        tenant, side = _known(connection, name)
        if side is None:
            return
        expect_whole(connection, tenant)
        connection.rollback()
        if side.part == TAKES or (side.part == HOLDS and side.sums != Sums()):
            raise PromotionRefused(
                f"{name} moves between two places that answer: go back by a cut-over there"
            )
        channel.write("manifest", side)  # first: an export of yesterday must not be opened
        with connection.transaction():
            take_over(connection, tenant.id)
            connection.execute("delete from copies where tenant_id = %s", [tenant.id])


def opened(settings: Settings, name: str) -> None:
    """The other place serves what was handed over: nobody waits for it here. Raises PromotionRefused."""
    with alone(settings, name) as connection:
        tenant, side = _known(connection, name)
        if side is None or side.part != HOLDS:
            raise PromotionRefused(f"{name} was not handed over from here.")
        with connection.transaction():
            let_stand(connection, tenant.id)


def _known(connection: Owner, name: str) -> tuple[Tenant, Side | None]:
    tenant = find(connection, name)
    side = side_of(connection, tenant)
    connection.rollback()
    return tenant, side


def _noted(connection: Owner, side: Side) -> Side:
    with connection.transaction():
        connection.execute("update copies set sums = %s where tenant_id = %s", [SENT, side.tenant.id])
    return replace(side, sums=Sums())
