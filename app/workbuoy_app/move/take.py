"""`workbuoy-app tenant receive`: batches become a tenant here, frozen until the other place has handed over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workbuoy_app.erasures import ledger_of
from workbuoy_app.move.apply import apply
from workbuoy_app.move.send import sums_here
from workbuoy_app.move.side import HOLDS, SENDS, Channel, Side, alone, open_channel, side_of
from workbuoy_app.move.sums import Sums
from workbuoy_app.promotion.bucket import for_each
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import POLL_SECONDS, Tenant, lock
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

PAPERS = ("manifest.json", "receipt.json")


@dataclass(frozen=True, kw_only=True)
class Received:
    """How far it came: `opened` says that the tenant is served here now."""

    side: Side
    opened: bool


def receive(
    settings: Settings, name: str, answer_to: str, region: str | None = None, wait_seconds: float = 0.0
) -> Received:
    """Apply what the other place has sent, and with `wait_seconds` what it sends until it has handed over.

    Raises PromotionRefused, also where that did not come in time; what was applied stays.
    """
    return take(settings, name, open_channel(settings, name, answer_to, region), wait_seconds)


def take(settings: Settings, name: str, channel: Channel, wait_seconds: float = 0.0) -> Received:
    """As `receive`, of what comes this way."""
    deadline = time.monotonic() + wait_seconds
    with alone(settings, name) as connection:
        taking = _Taking(settings, connection, name, channel)
        while True:
            taking.look()
            if taking.opened or not wait_seconds:
                break
            if time.monotonic() > deadline:
                raise PromotionRefused(
                    f"{name} was not handed over within {wait_seconds:.0f} s; batch {taking.number} is applied."
                    " Receive again, and cut over while it waits; drop this copy if the sender was restored."
                )
            time.sleep(POLL_SECONDS)
        if taking.side is None:
            raise PromotionRefused(f"Nothing of {name} has come yet: send first")
        return Received(side=taking.side, opened=taking.opened)


@dataclass
class _Taking:
    settings: Settings
    connection: Owner
    name: str
    channel: Channel
    side: Side | None = None
    opened: bool = False
    _last_receipt: object = None

    @property
    def number(self) -> int:
        return self.side.number if self.side else 0

    def look(self) -> None:
        """Whatever is to do now."""
        manifest = self.channel.read("manifest")
        if not manifest:
            return
        self._know(manifest)
        if self.side is not None and self.side.part == SENDS:
            self._serves(manifest)
            return
        while self.number < int(manifest["number"]):
            self.side = apply(self.connection, self.side, self.channel, manifest)
        if self.side is None:
            return
        if self.side.part == HOLDS and self.side.sums is None:
            self.side = _with_sums(self.connection, self.side)  # its way back: read before anything is frozen
        if self.side.number > int(manifest["number"]):
            return  # of an earlier time that the tenant came this way; or the sender's database was restored
        if manifest.get("handed_over"):
            self._open()
        else:
            self._write_receipt({"call": manifest.get("call"), "opened": False})

    def _know(self, manifest: dict[str, Any]) -> None:
        """Is what is here of this move? Raises PromotionRefused."""
        _expect_form(manifest, f"{self.channel.own_bucket.name}/{self.channel.inbox.manifest}")
        if manifest.get("tenant") != self.name:
            raise PromotionRefused(f"The manifest is of {manifest.get('tenant')}, its place of {self.name}")
        found = self.connection.execute(
            "select t.id, t.name, f.frozen_at from tenants t left join freezes f on f.tenant_id = t.id"
            " where t.name = %s or t.id = %s",
            [self.name, manifest["tenant_id"]],
        ).fetchall()
        self.side = None
        if found:
            tenant = Tenant(*found[0])
            if len(found) > 1 or (str(tenant.id), tenant.name) != (manifest["tenant_id"], self.name):
                raise PromotionRefused(
                    f"Another tenant has the name or id of {self.name} here. Nothing was changed."
                )
            self.side = side_of(self.connection, tenant)
            if self.side is None or str(self.side.lineage) != manifest["lineage"]:
                raise PromotionRefused(
                    f"{self.name} is here already, and not by this move. Nothing was changed."
                    " A copy that never served goes with: workbuoy-app tenant drop-copy"
                )
        self.connection.rollback()

    def _serves(self, manifest: dict[str, Any]) -> None:
        """It was opened before: a command that was killed may have reported less, and left what it had read."""
        if not manifest.get("handed_over"):
            raise PromotionRefused(f"{self.name} is served here: it is sent from here, and not received")
        self._end()

    def _open(self) -> None:
        assert self.side is not None  # noqa: S101 - by the caller
        if self.side.sums is None:
            raise PromotionRefused(
                f"{self.name} was handed over without sums. Drop the copy, then send anew."
            )
        if ledger := ledger_of(self.settings):  # first: a copy of this database may be made at once
            ledger.note_arrival(self.side.tenant.id, self.name)
        with self.connection.transaction():
            lock(self.connection, self.side.tenant.id)
            self.connection.execute("delete from freezes where tenant_id = %s", [self.side.tenant.id])
            self.connection.execute(
                "update copies set part = %s where tenant_id = %s", [SENDS, self.side.tenant.id]
            )
        self.side = side_of(self.connection, self.side.tenant)
        self.connection.rollback()
        self._end()

    def _end(self) -> None:
        assert self.side is not None  # noqa: S101 - by the callers
        assert self.side.sums is not None  # noqa: S101 - nothing is opened without
        self._write_receipt(
            {"opened": True, "complete": True, "tables": self.side.sums.document(), **_digest(self.side.sums)}
        )
        if self.channel.answers:  # else it is a step of its own, and nobody waits for it meanwhile
            clear(self.channel)
        self.opened = True

    def _write_receipt(self, more: dict[str, Any]) -> None:
        """Once for each state: the other place asks for this object several times a second."""
        assert self.side is not None  # noqa: S101 - by the callers
        state = (self.side.number, sorted(more))
        if (state, more.get("call")) != self._last_receipt:
            sums = self.side.sums
            known = {"tables": sums.document(), **_digest(sums)} if sums else {}
            self.channel.write("receipt", self.side, **{**known, **more})
            self._last_receipt = (state, more.get("call"))


def _expect_form(manifest: dict[str, Any], where: str) -> None:
    try:
        UUID(manifest["tenant_id"]), UUID(manifest["lineage"]), int(manifest["number"]), manifest["digest"]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PromotionRefused(f"{where} is not of the form that a move writes. Send anew.") from None


def _digest(sums: Sums) -> dict[str, str]:
    return {"sums_digest": sums.digest}


def _with_sums(connection: Owner, side: Side) -> Side:
    sums = sums_here(connection, side.tenant)
    with connection.transaction():
        connection.execute("update copies set sums = %s where tenant_id = %s", [sums.text(), side.tenant.id])
        found = side_of(connection, side.tenant)
    assert found is not None  # noqa: S101 - just written
    return found


def clear(channel: Channel) -> int:
    """Delete what was sent here and is applied; both places' documents stay."""
    kept = {f"{channel.inbox.prefix}/{one}" for one in PAPERS}
    keys = (key for key in channel.own_bucket.keys(f"{channel.inbox.prefix}/") if key not in kept)
    return for_each(keys, channel.own_bucket.delete)
