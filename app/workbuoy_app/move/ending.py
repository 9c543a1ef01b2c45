"""The ends of a move: the source compares and lets go, or a copy that never served is dropped."""

from __future__ import annotations

from workbuoy_app.move.send import sums_here
from workbuoy_app.move.side import HOLDS, SENDS, TAKES, Channel, Side, alone, is_opened, open_channel, side_of
from workbuoy_app.move.sums import Sums, parse
from workbuoy_app.move.take import clear
from workbuoy_app.promotion.bucket import for_each
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find, let_stand, lift
from workbuoy_app.promotion.remove import delete_tenant
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings


def compare(settings: Settings, name: str, answer_to: str, region: str | None = None) -> Sums:
    """Read the frozen source whole and compare it with what the other place had when it opened.

    Nobody waits for it: the other place serves. Raises PromotionRefused.
    """
    channel = open_channel(settings, name, answer_to, region)
    with alone(settings, name) as connection:
        side = _side(connection, name, HOLDS, "only a place that handed a tenant over compares")
        receipt = channel.read("receipt")
        if not is_opened(receipt, side):
            raise PromotionRefused(
                f"{channel.inbox.receipt} does not say that {name} was opened: receive there"
            )
        here = sums_here(connection, side.tenant)
        if differences := here.differences(parse(receipt.get("tables"))):
            raise PromotionRefused(
                f"{name} here differs from what was opened there: {', '.join(differences)}. Nothing may be removed."
            )
        with connection.transaction():
            let_stand(connection, side.tenant.id)  # a cut-over that was killed has not heard of it
            connection.execute(
                "update copies set sums = %s where tenant_id = %s", [here.text(), side.tenant.id]
            )
        return here


def end(settings: Settings, name: str, to: str, region: str | None = None) -> int:
    """Note no more changes here: the move is over, or was given up before anything was handed over."""
    return ended(settings, name, open_channel(settings, name, to, region))


def ended(settings: Settings, name: str, channel: Channel) -> int:
    """As `end`, of what came this way."""
    with alone(settings, name) as connection:
        tenant = find(connection, name)
        side = side_of(connection, tenant)
        connection.rollback()
        if side is not None:
            _side(connection, name, SENDS, "it is the other place's to end")
            if tenant.frozen_at is not None:
                raise PromotionRefused(
                    f"{name} is frozen here: workbuoy-app tenant thaw {name}, then end the move"
                )
            with connection.transaction():
                connection.execute("delete from copies where tenant_id = %s", [tenant.id])
        return clear(channel)


def drop(settings: Settings, name: str, answer_to: str, region: str | None = None) -> int:
    """Delete a copy that never served; gives the number of its objects. Raises PromotionRefused."""
    channel = open_channel(settings, name, answer_to, region)
    with alone(settings, name) as connection:
        known = connection.execute("select 1 from tenants where name = %s", [name]).fetchone()
        connection.rollback()
        if known is None:  # an earlier command may have been killed before it had cleared the bucket
            return clear(channel)
        side = _side(connection, name, TAKES, "only a copy that never served is dropped")
        if channel.read("manifest").get("handed_over"):
            raise PromotionRefused(
                f"{name} was handed over to this place: receive it, then go back by a cut-over"
            )
        objects = _delete(connection, side, channel)
        channel.write("receipt", side, dropped=True)
        clear(channel)
        return objects


def drop_older(settings: Settings, channel: Channel) -> None:
    """Delete a copy that never served, where what comes is of a later beginning than it. Raises PromotionRefused."""
    with alone(settings, channel.inbox.tenant) as connection:
        known = connection.execute("select 1 from tenants where name = %s", [channel.inbox.tenant]).fetchone()
        side = side_of(connection, find(connection, channel.inbox.tenant)) if known else None
        connection.rollback()
        comes = channel.read("manifest").get("lineage", side and str(side.lineage))
        if side is not None and side.part == TAKES and comes != str(side.lineage):
            _delete(connection, side, channel)


def _delete(connection: Owner, side: Side, channel: Channel) -> int:
    objects = for_each(channel.own_bucket.keys(f"tenants/{side.tenant.id}/"), channel.own_bucket.delete)
    with connection.transaction():
        delete_tenant(connection, side.tenant.id)
    return objects


def take_back(settings: Settings, name: str, answer_to: str, region: str | None = None) -> Tenant:
    """Serve a tenant here again that was handed over to a copy which was dropped. Raises PromotionRefused."""
    channel = open_channel(settings, name, answer_to, region)
    with alone(settings, name) as connection:
        side = _side(connection, name, HOLDS, "it was not handed over from here")
        receipt = channel.read("receipt")
        if (receipt.get("dropped"), receipt.get("lineage")) != (True, str(side.lineage)):
            raise PromotionRefused(
                f"{name} is served at s3://{channel.other_bucket.name}: go back by a cut-over there"
            )
        with connection.transaction():
            connection.execute("delete from copies where tenant_id = %s", [side.tenant.id])
            return lift(connection, side.tenant)


def _side(connection: Owner, name: str, part: str, otherwise: str) -> Side:
    tenant: Tenant = find(connection, name)
    side = side_of(connection, tenant)
    connection.rollback()
    if side is None or side.part != part:
        what = f"its part here is: {side.part}" if side else "it is not on its way"
        raise PromotionRefused(f"{name}: {otherwise}; {what}. Nothing was changed.")
    return side
