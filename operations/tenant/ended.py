"""Whether the copies that a record of a leaving lists have ended: AWS is asked, and no day is taken for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from facts.stores import Form
from operations.tenant.remains import EXPORTED, IN_WORDS, Remaining

GONE, THERE, NOT_ASKED = "gone", "there", "not asked"
_MISSING: Final = frozenset(
    {"DBSnapshotNotFound", "DBInstanceAutomatedBackupNotFound", "NoSuchBucket", "ResourceNotFoundException", "404"}
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What AWS says of one copy; `late` is one that is there after its last day."""

    remaining: Remaining
    state: str
    why: str = ""

    def late(self, today: date) -> bool:
        """Whether it should have ended."""
        return self.state == THERE and self.remaining.ends is not None and self.remaining.ends < today

    def unproved(self, today: date) -> bool:
        """Whether its day is over and nobody knows that it ended."""
        return self.state == NOT_ASKED and self.remaining.ends is not None and self.remaining.ends < today


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks, of whom; `count` counts a pool tenant's older versions by a task."""

    client: Callable[[str], Any]
    record: Mapping[str, Any]
    count: Callable[[], Mapping[str, Any]] | None = None

    @property
    def stands(self) -> bool:
        """Whether the stack goes on standing, and with it backups and buckets that no longer hold the customer."""
        return "keys" not in self.record

    def look(self, one: Remaining) -> Found:
        """Ask for one copy. Whatever AWS does not answer is not asked, with the reason."""
        probe = _PROBES.get(one.form)
        if probe is None:
            why = "stays" if one.form == IN_WORDS else "by its rule; no call shows one customer's part of it"
            return Found(remaining=one, state=NOT_ASKED, why=why)
        try:
            there, why = probe(self, one)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _MISSING:
                return Found(remaining=one, state=GONE)
            return Found(remaining=one, state=NOT_ASKED, why=f"AWS refused: {code}")
        except BotoCoreError as error:
            return Found(remaining=one, state=NOT_ASKED, why=f"AWS did not answer: {type(error).__name__}")
        return Found(remaining=one, state=THERE if there else GONE, why=why)


Probe = Callable[[Asking, Remaining], tuple[bool, str]]


def _snapshot(asking: Asking, one: Remaining) -> tuple[bool, str]:
    found = asking.client("rds").describe_db_snapshots(DBSnapshotIdentifier=one.where)["DBSnapshots"]
    return bool(found), ""


def _backups(asking: Asking, one: Remaining) -> tuple[bool, str]:
    """A pool's reach back to a day after the removal, or still before it; a silo's are there or not."""
    rds = asking.client("rds")
    found = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=one.where)["DBInstanceAutomatedBackups"]
    if not asking.stands:
        return bool(found), ""
    oldest = [backup["RestoreWindow"]["EarliestTime"] for backup in found if backup.get("RestoreWindow")]
    if not oldest:
        return bool(found), "RDS tells no oldest moment" if found else ""
    removed = asking.record["dates"]["destroyed"]
    return min(oldest).astimezone(UTC).date() <= removed, f"they reach back to {min(oldest):%Y-%m-%d}"


def _versions(asking: Asking, one: Remaining) -> tuple[bool, str]:
    if asking.stands and asking.count is not None:
        older = asking.count()["older_versions"]
        return older > 0, f"{older} older versions"
    listed = asking.client("s3").list_object_versions(Bucket=one.where, MaxKeys=1)
    return bool(listed.get("Versions") or listed.get("DeleteMarkers")), ""


def _exports(asking: Asking, one: Remaining) -> tuple[bool, str]:
    listed = asking.client("s3").list_objects_v2(Bucket=one.where, Prefix=f"{asking.record['name']}/", MaxKeys=1)
    return bool(listed.get("Contents")), ""


def _secret(asking: Asking, one: Remaining) -> tuple[bool, str]:
    asking.client("secretsmanager").describe_secret(SecretId=one.where)
    return True, ""


_PROBES: Final[Mapping[str, Probe]] = {
    Form.FINAL_SNAPSHOT: _snapshot,
    Form.AUTOMATED_BACKUPS: _backups,
    Form.NONCURRENT_VERSIONS: _versions,
    Form.SECRET: _secret,
    EXPORTED: _exports,
}
