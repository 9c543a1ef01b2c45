"""`workbuoy-app tenant cut-over`: freeze, send the last changes, hear that they arrived, hand over.

The sender decides, by its own row in `copies`: until it says `holds` the tenant comes back here with a thaw, and the
other place keeps it frozen; from then on the other place opens it. So it is served in one place or in none, whoever is
killed when.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from workbuoy_app.move.send import LAST, batch, waiting
from workbuoy_app.move.side import (
    HOLDS,
    SENDS,
    Channel,
    Side,
    alone,
    is_opened,
    open_channel,
    side_of,
    wait_for,
)
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import CUT_OVER, Tenant, find, freeze, let_stand, take_over, thaw
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

FEW_CHANGES = 200  # so many take a fraction of a second
CATCH_UPS = 20


@dataclass(frozen=True, kw_only=True)
class CutOver:
    """`frozen_seconds`: from the freeze until the other place had opened; 0 where an earlier command froze it."""

    side: Side
    frozen_seconds: float


def cut_over(
    settings: Settings,
    name: str,
    to: str,
    region: str | None = None,
    *,
    within_seconds: float = 60.0,
    call_seconds: float | None = None,
) -> CutOver:
    """Hand a tenant over to a receiver. Raises PromotionRefused; before the hand-over it is thawed then.

    `call_seconds` is how long the receiver may take to come, while the tenant is served; `within_seconds` how long to
    take what it is sent then.
    """
    channel = open_channel(settings, name, to, region)
    with alone(settings, name) as connection:
        tenant = find(connection, name)
        side = _ready(connection, tenant)
        if side.part == HOLDS:
            _wait_until_opened(connection, side, channel, within_seconds)
            return CutOver(side=side, frozen_seconds=0.0)
        if tenant.frozen_at is not None:  # by a command that was killed
            thaw(settings, name, CUT_OVER)
        side = _caught_up(connection, side, channel)
        call = _handshake(side, channel, call_seconds or within_seconds)
        began = time.monotonic()
        with _frozen(settings, name):
            side = batch(connection, replace(side, tenant=find(connection, name)), channel, LAST)
            channel.write("manifest", side, call=call)
            if not wait_for(lambda: _has_applied_all(side, channel), within_seconds):
                raise PromotionRefused(
                    f"The other place did not say within {within_seconds:.0f} s that the last batch arrived."
                    f" {name} is served here again; receive there, then cut over again."
                )
            side = hand_over(connection, side)
        _wait_until_opened(connection, side, channel, within_seconds)
        return CutOver(side=side, frozen_seconds=time.monotonic() - began)


def _ready(connection: Owner, tenant: Tenant) -> Side:
    side = side_of(connection, tenant)
    connection.rollback()
    if side is None or side.part not in (SENDS, HOLDS) or side.reading is not None:
        raise PromotionRefused(f"Nothing was sent of {tenant.name}, or not all: workbuoy-app tenant send")
    return side


def _caught_up(connection: Owner, side: Side, channel: Channel) -> Side:
    """While it is served: what is left for the freeze does not depend on how much there was to copy."""
    for _ in range(CATCH_UPS):
        if waiting(connection, side.tenant) <= FEW_CHANGES:
            break
        side = batch(connection, side, channel, "rows")
    return side


def _handshake(side: Side, channel: Channel, seconds: float) -> str:
    """Somebody is there, and has applied everything so far. Raises PromotionRefused: nothing was frozen."""
    call = secrets.token_hex(8)
    channel.write("manifest", side, call=call)

    def answered() -> bool:
        return channel.read("receipt").get("call") == call and _has_applied_all(side, channel)

    if not wait_for(answered, seconds):
        raise PromotionRefused(
            f"Nobody receives {side.tenant.name} at s3://{channel.other_bucket.name}, or it is not ready; nothing"
            " was frozen. Start receive there with --wait, then cut over while it waits."
        )
    return call


def _has_applied_all(side: Side, channel: Channel) -> bool:
    """Has it applied all, with sums that it compared with ours?"""
    receipt = channel.read("receipt")
    known = (receipt.get("lineage"), receipt.get("number"), receipt.get("digest"))
    return known == (str(side.lineage), side.number, side.digest) and "sums_digest" in receipt


@contextmanager
def _frozen(settings: Settings, name: str) -> Iterator[None]:
    freeze(settings, name, CUT_OVER)
    try:
        yield
    except BaseException:
        thaw(settings, name, CUT_OVER)
        raise


def hand_over(connection: Owner, side: Side, sums: str | None = None) -> Side:
    """This place serves no more. Raises PromotionRefused where something was changed since the last batch."""
    with connection.transaction():
        changed = connection.execute(
            "update copies set part = %s, sums = %s where tenant_id = %s and part = %s and number = %s"
            " and not exists (select from row_changes r where r.tenant_id = copies.tenant_id)",
            [HOLDS, sums, side.tenant.id, SENDS, side.number],
        ).rowcount
        if changed != 1:
            raise PromotionRefused(
                f"{side.tenant.name} was changed while it was frozen. Nothing was handed over."
            )
        take_over(connection, side.tenant.id)
        found = side_of(connection, find(connection, side.tenant.name))
    assert found is not None  # noqa: S101 - just written
    return found


def _wait_until_opened(connection: Owner, side: Side, channel: Channel, seconds: float) -> None:
    channel.write("manifest", side, handed_over=True, complete=True)

    if not wait_for(lambda: is_opened(channel.read("receipt"), side), seconds):
        raise PromotionRefused(
            f"{side.tenant.name} is handed over, and the other place has not opened it yet: receive there, then cut"
            " over again, which only waits for it."
        )
    with connection.transaction():
        let_stand(connection, side.tenant.id)
