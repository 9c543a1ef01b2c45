"""How far a restore is, in the bucket beside the way back: what a second run reads before it does anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from workbuoy_app.promotion.bucket import Bucket
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.storage import WAYS_BACK

FORMAT = 1
MOMENT = "%Y%m%dT%H%M%SZ"
MOST = 100  # restores of one tenant to one moment


@dataclass
class Journal:
    """The one of a run, written whole after each step, and before what must not be done twice."""

    bucket: Bucket
    folder: str
    document: dict[str, Any]

    @property
    def kept_manifest(self) -> str:
        """The key of what the rows before added up to."""
        return f"{self.folder}/before/manifest.json"

    def kept_rows(self, table: str) -> str:
        """The key of a table's rows before."""
        return f"{self.folder}/before/rows/{table}.ndjson.gz"

    @property
    def steps(self) -> dict[str, Any]:
        """What has been done: when, in how many seconds."""
        steps: dict[str, Any] = self.document["steps"]
        return steps

    @property
    def ended(self) -> bool:
        """Nothing is left to do."""
        return bool(self.document.get("ended_at"))

    @property
    def may_have_replaced(self) -> bool:
        """Whether rows may have been replaced: a run that is killed meanwhile notes no more."""
        return not self.steps.keys().isdisjoint({"replacing", "replaced"})

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note a step when it has ended well."""
        began = monotonic()
        yield
        self.note(name, monotonic() - began)

    def note(self, name: str, seconds: float = 0.0) -> None:
        """A step that has been done, or begins and must be known to have."""
        self.steps[name] = {"at": _now(), "seconds": round(seconds, 3)}
        self._write()

    def wait(self, tiers: dict[str, int], takes: str) -> None:
        """Files come out of an archive: how many of which class or tier, since when, and how long S3 takes."""
        since = self.document.get("waits", {}).get("since") or _now()
        self.document["waits"] = {"tiers": tiers, "since": since, "takes": takes}
        self._write()

    def forget(self, *names: str) -> None:
        """Steps that were taken back."""
        for name in names:
            self.steps.pop(name, None)
        self._write()

    def end(self, **found: Any) -> None:
        """Note that all is done, and what came of it."""
        self.document |= {**found, "ended_at": _now()}
        self._write()

    def begin_again(self) -> None:
        """As if nothing had been done; noted with the next step."""
        self.document = _begun(self.document["tenant"], self.document["at"])

    def sibling(self, name: str) -> Journal:
        """One for what follows from this run, below its folder."""
        return _read(self.bucket, f"{self.folder}/{name}", self.document["tenant"], self.document["at"])

    def _write(self) -> None:
        self.bucket.put_json(f"{self.folder}/journal.json", self.document)


def open_journal(bucket: Bucket, tenant: str, at: str, *, again: bool = False) -> Journal:
    """The last run to this moment, begun or not; `again` is a new one where that has ended. Raises PromotionRefused."""
    last = None
    for number in range(1, MOST + 1):
        journal = _read(bucket, f"{WAYS_BACK}/{tenant}/{at}/{number}", tenant, at)
        if not journal.steps and last is not None and not (again and last.ended):
            return last
        if not journal.steps or not journal.ended:
            return journal
        last = journal
    raise PromotionRefused(f"{tenant} was brought back to {at} {MOST} times: choose another moment")


def _begun(tenant: str, at: str) -> dict[str, Any]:
    return {"format": FORMAT, "tenant": tenant, "at": at, "begun_at": _now(), "steps": {}}


def _read(bucket: Bucket, folder: str, tenant: str, at: str) -> Journal:
    document = bucket.json(f"{folder}/journal.json")
    if document is None:
        document = _begun(tenant, at)
    if document.get("format") != FORMAT or not isinstance(document.get("steps"), dict):
        raise PromotionRefused(f"{bucket.name}/{folder}/journal.json is no journal that this image reads.")
    return Journal(bucket, folder, document)


def parse_moment(text: str) -> datetime:
    """A time in UTC as a run is named by it. Raises ValueError."""
    return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
