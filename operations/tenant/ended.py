"""Whether the copies that a record of a leaving lists have ended: AWS is asked, and no day is taken for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from components.backup_settings import COMPLETE_WITHIN_MINUTES
from facts.stores import Form
from operations.aws import error_code, items_of
from operations.tenant.remains import EXPORTED, RECORD, Remaining, read_remaining
from operations.tenant.rule_days import contradiction

GONE, THERE, NOT_ASKED = "gone", "there", "not asked"
NO_PART: Final = "by its rule; no call shows one customer's part of it"
_MISSING: Final = frozenset(
    {
        "404",
        "DBInstanceAutomatedBackupNotFound",
        "DBInstanceNotFound",
        "DBSnapshotNotFound",
        "NoSuchBucket",
        "NotFoundException",
        "ResourceNotFoundException",
    }
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What AWS says of one copy; `late` is one that is there after its last day.

    `differs` is what the rule that will end it says otherwise than the record, `unread` why it could not be asked.
    """

    remaining: Remaining
    state: str
    why: str = ""
    differs: str = ""
    unread: str = ""

    def late(self, today: date) -> bool:
        """Whether it should have ended."""
        return self.state == THERE and self.remaining.ends is not None and self.remaining.ends < today

    def unproved(self, today: date) -> bool:
        """Whether its day is over and nobody knows that it ended."""
        return self.state == NOT_ASKED and self.remaining.ends is not None and self.remaining.ends < today


@dataclass(frozen=True, kw_only=True)
class CopyQueries:
    """Who asks, of whom; `count` counts a pool tenant's older versions by a task.

    `vault_session` is of whoever may look into the account that keeps copies out of reach.
    """

    client: Callable[[str], Any]
    record: Mapping[str, Any]
    count: Callable[[], Mapping[str, Any]] | None = None
    vault_session: Any = None

    @property
    def stands(self) -> bool:
        """Whether the stack goes on standing, and with it backups and buckets that no longer hold the customer."""
        return "keys" not in self.record

    def look(self, one: Remaining) -> Found:
        """Ask for one copy, and where it may be there for the rule that ends it.

        Whatever AWS does not answer is not asked, with the reason.
        """
        found = self._there(one)
        if found.state == GONE or found.why.startswith("AWS"):
            return found
        try:
            return replace(found, differs=contradiction(self.client, self.record, one))
        except (ClientError, BotoCoreError, LookupError, ValueError) as error:
            return replace(found, unread=f"AWS does not tell its rule: {_short(error)}")

    def _there(self, one: Remaining) -> Found:
        probe = _PROBES.get(one.form)
        if probe is None:
            why = "stays" if one.form == RECORD else NO_PART
            return Found(remaining=one, state=NOT_ASKED, why=why)
        try:
            there, why = probe(self, one)
        except _NotAskedError as reason:
            return Found(remaining=one, state=NOT_ASKED, why=str(reason))
        except ClientError as error:
            if _short(error) in _MISSING:
                return Found(remaining=one, state=GONE)
            return Found(remaining=one, state=NOT_ASKED, why=f"AWS refused: {_short(error)}")
        except BotoCoreError as error:
            return Found(remaining=one, state=NOT_ASKED, why=f"AWS did not answer: {_short(error)}")
        return Found(remaining=one, state=THERE if there else GONE, why=why)


def _short(error: Exception) -> str:
    return error_code(error) or type(error).__name__


class _NotAskedError(Exception):
    """Nobody was asked, and why."""


Probe = Callable[[CopyQueries, Remaining], tuple[bool, str]]


def _snapshot(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    found = queries.client("rds").describe_db_snapshots(DBSnapshotIdentifier=one.where)["DBSnapshots"]
    return bool(found), ""


def _instance(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    found = queries.client("rds").describe_db_instances(DBInstanceIdentifier=one.where)["DBInstances"]
    return bool(found), ""


def _backups(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    """A pool's reach back to a day after the removal, or still before it; a silo's are there or not."""
    rds = queries.client("rds")
    found = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=one.where)["DBInstanceAutomatedBackups"]
    if not queries.stands:
        return bool(found), ""
    oldest = [backup["RestoreWindow"]["EarliestTime"] for backup in found if backup.get("RestoreWindow")]
    if not oldest:
        return bool(found), "RDS tells no oldest moment" if found else ""
    removed = queries.record["dates"]["destroyed"]
    return min(oldest).astimezone(UTC).date() <= removed, f"they reach back to {min(oldest):%Y-%m-%d}"


def _versions(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    if queries.stands and queries.count is not None:
        try:
            counted = queries.count()
        except ClientError as error:  # also where something of the task is missing, which is no copy
            raise _NotAskedError(f"AWS refused: {_short(error)}") from None
        older, current = int(counted["older_versions"]), int(counted.get("objects", 0))
        return older + current > 0, f"{older} older versions" + (f", {current} that are current" if current else "")
    listed = queries.client("s3").list_object_versions(Bucket=one.where, MaxKeys=1)
    return bool(listed.get("Versions") or listed.get("DeleteMarkers")), ""


def _objects(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    listed = queries.client("s3").list_objects_v2(Bucket=one.where, MaxKeys=1)
    return bool(listed.get("Contents")), ""


def _uploads(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    return bool(queries.client("s3").list_multipart_uploads(Bucket=one.where, MaxUploads=1).get("Uploads")), ""


def _log(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    groups = queries.client("logs").describe_log_groups(logGroupNamePrefix=one.where)["logGroups"]
    if any(group["logGroupName"] == one.where for group in groups):
        raise _NotAskedError(NO_PART)
    return False, ""


def _key(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    key = queries.client("kms").describe_key(KeyId=one.where)["KeyMetadata"]
    return True, str(key["KeyState"])


def _exports(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    """One that its rule deleted is an older version until another rule ends that."""
    prefix = f"{queries.record['name']}/"
    listed = queries.client("s3").list_object_versions(Bucket=one.where, Prefix=prefix, MaxKeys=1)
    return bool(listed.get("Versions") or listed.get("DeleteMarkers")), ""


def _secret(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    queries.client("secretsmanager").describe_secret(SecretId=one.where)
    return True, ""


def _points(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    return _holding(queries, queries.client("backup"), one.where)


def _copied_points(queries: CopyQueries, one: Remaining) -> tuple[bool, str]:
    """Asked of the other account: there alone a vault that is missing proves anything."""
    if not one.where.startswith("arn:"):
        raise _NotAskedError("AWS cannot be asked: the record does not name the vault")
    _, _, _, region, account, *_, vault = one.where.split(":")
    if queries.vault_session is None:
        raise _NotAskedError(f"AWS lets account {account} alone ask: give --vault-profile a profile of it")
    whose = queries.vault_session.client("sts", region_name=region).get_caller_identity()["Account"]
    if whose != account:
        raise _NotAskedError(f"AWS lets account {account} alone ask, and --vault-profile is of account {whose}")
    return _holding(queries, queries.vault_session.client("backup", region_name=region), vault)


def _holding(queries: CopyQueries, backup: Any, vault: str) -> tuple[bool, str]:
    """Of a stack that goes on, those that were taken while an older version of a file could be in them.

    One that no plan made may be a copy of any day's. A removed stack's are there or not.
    """
    listed = items_of(backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName=vault)
    own = _resources(queries.record)
    found = [point for point in listed if _may_be_of(own, point)]
    if queries.stands:
        last = _last_version(queries.record)
        found = [one for one in found if not _by_plan(one) or _taken(one) <= last]
    if not found:
        return False, ""
    return True, f"{len(found)} recovery points, the oldest of {min(map(_taken, found))}"


def _resources(record: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """AWS Backup's types of resource -> what the record says that the customer's databases and buckets were called."""
    listed = read_remaining(record)
    forms = {"RDS": (Form.AUTOMATED_BACKUPS,), "S3": (Form.OBJECTS, Form.NONCURRENT_VERSIONS)}
    return {kind: frozenset(one.where for one in listed if one.form in of) for kind, of in forms.items()}


def _may_be_of(own: Mapping[str, frozenset[str]], point: Mapping[str, Any]) -> bool:
    """Whether it is not surely another stack's: one vault keeps the copies of all stacks of an account."""
    names = own.get(str(point.get("ResourceType")))
    return not names or str(point.get("ResourceArn")).rpartition(":")[2] in names


def _last_version(record: Mapping[str, Any]) -> date:
    """The last day on which a recovery point could take anything of the customer."""
    days = [one.ends for one in read_remaining(record) if one.form == Form.NONCURRENT_VERSIONS]
    if None in days:
        return date.max
    return max((one for one in days if one is not None), default=record["dates"]["destroyed"])


def _by_plan(point: Mapping[str, Any]) -> bool:
    return bool((point.get("CreatedBy") or {}).get("BackupPlanId"))


def _taken(point: Mapping[str, Any]) -> date:
    """The earliest day that it can be of: a copy has the moment at which it was made, up to this much later."""
    made: date = (point["CreationDate"].astimezone(UTC) - timedelta(minutes=COMPLETE_WITHIN_MINUTES)).date()
    return made


_PROBES: Final[Mapping[str, Probe]] = {
    Form.FINAL_SNAPSHOT: _snapshot,
    Form.DATABASE_ROWS: _instance,
    Form.AUTOMATED_BACKUPS: _backups,
    Form.OBJECTS: _objects,
    Form.ARCHIVED_OBJECTS: _objects,
    Form.UNFINISHED_UPLOADS: _uploads,
    Form.LOG: _log,
    Form.KEY: _key,
    Form.NONCURRENT_VERSIONS: _versions,
    Form.RECOVERY_POINTS: _points,
    Form.RECOVERY_POINT_COPIES: _copied_points,
    Form.SECRET: _secret,
    EXPORTED: _exports,
}
