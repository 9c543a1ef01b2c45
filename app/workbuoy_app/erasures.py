"""The erasure ledger: what was erased on purpose, outside the database, so that no backup brings it back.

Each entry is an object that is written once and never again (the bucket's policy refuses a second write and every
deletion). It names nobody: ids are keyed hashes under the ledger's own salt. The ledger begins with the object that
holds the salt; where that is missing there is no ledger, which is not the same as an empty one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import UUID

from workbuoy_app.promotion.bucket import Bucket, own_storage
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.settings import Settings

FOLDER = "erasures"
BEGUN = f"{FOLDER}/begun.json"
ENTRIES = f"{FOLDER}/entries/"
SERVING = f"{FOLDER}/serving/"
FORMAT = 1
ERASED = UUID(int=0)
"""Who made a row, once its author was erased."""
ORIGINAL = UUID(int=0)
"""The database of a stack that was never a restored copy."""
TENANT, MEMBER, PERSON = "tenant", "member", "person"
ARRIVAL = "tenant-arrival"  # it came, or came back: what was erased before does not hold for it


@dataclass(frozen=True)
class Entry:
    """One erasure. `ids` are hashes; backups hold what was erased until `until`, where that was known."""

    kind: str
    ids: frozenset[str]
    erased_at: datetime
    by: str
    until: datetime | None


class Ledger:
    """The ledger of one bucket. Raises PromotionRefused where the bucket does not answer."""

    def __init__(self, bucket: Bucket, kept_days: int | None = None) -> None:
        self._bucket, self._kept_days = bucket, kept_days

    def begin(self) -> None:
        """Make it where there is none."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._bucket.put_new(BEGUN, {"format": FORMAT, "salt": secrets.token_hex(32), "begun_at": now})

    def note(self, kind: str, identities: tuple[str, ...], by: str) -> None:
        """Write an entry, before anything is erased."""
        self.begin()
        now = datetime.now(UTC)
        until = (
            (now + timedelta(days=self._kept_days)).isoformat(timespec="seconds") if self._kept_days else None
        )
        ids = [self.hashed(TENANT if kind == ARRIVAL else kind, identity) for identity in identities]
        document = {"format": FORMAT, "kind": kind, "ids": ids, "erased_at": now.isoformat(), "by": by}
        key = f"{ENTRIES}{now:%Y%m%dT%H%M%S.%fZ}-{kind}-{secrets.token_hex(4)}.json"
        if not self._bucket.put_new(key, {**document, "until": until}):
            raise PromotionRefused(
                f"{self._bucket.name}/{key} is there already. Nothing was erased; try again."
            )

    def note_arrival(self, tenant_id: UUID, name: str) -> None:
        """Before a tenant that moved here is served: a copy made later holds it on purpose."""
        self.note(ARRIVAL, (str(tenant_id), name), by="move")

    def note_person(self, tenant_id: UUID, member_id: UUID, logins: Iterable[tuple[str, str]]) -> None:
        """Before a person is erased from a tenant: their id, and what they log in with."""
        for issuer, subject in logins:
            self.note(MEMBER, (member_identity(issuer, subject),), by="operator")
        self.note(PERSON, (person_identity(tenant_id, member_id),), by="operator")

    def mark(self, identity: str) -> UUID:
        """What stands for an erased person in the audit trail: a keyed hash, as a UUID of version 8 (RFC 9562)."""
        digest = bytearray(bytes.fromhex(self.hashed(PERSON, f"mark\n{identity}"))[:16])
        digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
        return UUID(bytes=bytes(digest))

    def hashed(self, kind: str, identity: str) -> str:
        """What stands for an identity in the entries of one kind."""
        return hmac.new(self._salt, f"{kind}\n{identity}".encode(), hashlib.sha256).hexdigest()

    def entries(self) -> tuple[Entry, ...]:
        """Every entry, the oldest first."""
        _ = self._salt  # a bucket without a ledger lists no entry either
        return tuple(self._entry(key) for key in sorted(self._bucket.keys(ENTRIES)))

    def note_serving(self, database: UUID) -> None:
        """Before a database serves that did not serve last."""
        now = datetime.now(UTC)
        key = f"{SERVING}{now:%Y%m%dT%H%M%S.%fZ}-{database}.json"
        self._bucket.put_new(key, {"format": FORMAT, "database": str(database)})

    def served_last(self) -> UUID:
        """Which database did: what was erased while another one served is erased there alone."""
        newest = max(self._bucket.keys(SERVING), default=None)
        return UUID(newest.removesuffix(".json")[-36:]) if newest else ORIGINAL

    @cached_property
    def _salt(self) -> bytes:
        document = self._bucket.json(BEGUN)
        if document is None:
            raise PromotionRefused(
                f"{self._bucket.name}/{BEGUN} is not there, so nobody knows what was erased: no copy may be read."
                " It is made by workbuoy-app migrate; were there one before, bring its versions back first."
            )
        try:
            return bytes.fromhex(document["salt"])
        except (KeyError, TypeError, ValueError):
            raise PromotionRefused(f"{self._bucket.name}/{BEGUN} is not the beginning of a ledger.") from None

    def _entry(self, key: str) -> Entry:
        document = self._bucket.json(key) or {}
        try:
            until = document["until"]
            return Entry(
                str(document["kind"]),
                frozenset(document["ids"]),
                datetime.fromisoformat(document["erased_at"]),
                str(document["by"]),
                datetime.fromisoformat(until) if until else None,
            )
        except (KeyError, TypeError, ValueError):
            raise PromotionRefused(
                f"{self._bucket.name}/{key} is no entry of the ledger that can be read."
            ) from None


def ledger_of(settings: Settings) -> Ledger | None:
    """None where there is no bucket: then there is no backup that this project makes either."""
    if settings.storage is None:
        return None
    return Ledger(Bucket(settings.storage), settings.backups_kept_days)


def ledger_needed(settings: Settings) -> Ledger:
    """Raises PromotionRefused where there is no bucket that could hold one."""
    own_storage(settings)
    ledger = ledger_of(settings)
    assert ledger is not None  # noqa: S101 - there is a bucket
    return ledger


def note_tenant(settings: Settings, tenant_id: UUID, name: str, by: str) -> None:
    """Before a tenant is removed; by its name too, since a copy without it no longer knows the id."""
    if ledger := ledger_of(settings):
        ledger.note(TENANT, (str(tenant_id), name), by)


def note_member(settings: Settings, issuer: str, subject: str, by: str) -> None:
    """Before a membership is ended."""
    if ledger := ledger_of(settings):
        ledger.note(MEMBER, (member_identity(issuer, subject),), by)


def person_identity(tenant_id: UUID, member_id: UUID) -> str:
    """One person in one tenant: the same person elsewhere is another."""
    return f"{tenant_id}\n{member_id}"


def member_identity(issuer: str, subject: str) -> str:
    """An identity as the provider tells it."""
    return f"{issuer}\n{subject}"
