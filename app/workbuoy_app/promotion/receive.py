"""`workbuoy-app tenant import`: what an export sent becomes a tenant here, served once it was handed over."""

from __future__ import annotations

from workbuoy_app.move.ending import drop_older, ended
from workbuoy_app.move.side import own_channel
from workbuoy_app.move.take import Received, take
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.settings import Settings


def receive(settings: Settings, source: str) -> Received:
    """Apply what came to this service's own bucket, and write the receipt; again goes on. Raises PromotionRefused."""
    channel = own_channel(settings, source)
    drop_older(settings, channel)
    return take(settings, channel.inbox.tenant, channel)


def clear(settings: Settings, source: str) -> int:
    """Note no more changes here, and delete what was sent; gives the number of objects. Raises PromotionRefused."""
    channel = own_channel(settings, source)
    if not channel.read("receipt").get("opened"):
        raise PromotionRefused(f"{source} has no receipt, so it may be needed: workbuoy-app tenant import")
    return ended(settings, channel.inbox.tenant, channel)
