"""What a stack would be restored from, as the account has it today: each thing looked at is one finding.

What could not be asked is a finding too, and never a good one.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import Final

from components.names import BEFORE, ERASURES_BEGUN, RESTORED
from operations.aws import error_code, items_of, lifecycle_rules
from operations.backups.away import copies_here, copies_there
from operations.backups.elsewhere import elsewhere, exported, replicated
from operations.backups.finding import DAILY, BackupTarget, Finding, State, key_finding
from operations.restore.copy import find_instance, lives_until
from operations.restore.moment import shown

LAG: Final = timedelta(minutes=30)  # RDS ships the log every five minutes


def look(target: BackupTarget) -> list[Finding]:
    """Everything, the worst first."""
    found: list[Finding] = []
    for what, check in (
        ("database", _database),
        ("snapshots", _snapshots),
        ("leftover copy", _leftover),
        ("file versions", _versions),
        ("files key", _files_key),
        ("erasure ledger", _ledger),
        ("exports of snapshots", exported),
        ("files elsewhere", replicated),
        ("copies elsewhere", elsewhere),
        ("copies out of reach", copies_here),
        ("copies' vault", copies_there),
    ):
        found += _run_check(what, check, target)
    return sorted(found, key=lambda one: one.state)


def _run_check(what: str, check: Callable[[BackupTarget], Iterator[Finding]], target: BackupTarget) -> list[Finding]:
    """What a check finds; what it found before a question was refused is kept."""
    from botocore.exceptions import ClientError  # half a second

    found: list[Finding] = []
    try:
        for one in check(target):
            found.append(one)  # noqa: PERF402  a list made at once would be lost with the refusal
    except ClientError as error:
        found.append(Finding(what=what, state=State.UNKNOWN, found=f"could not be asked: {error_code(error)}"))
    return found


def _database(target: BackupTarget) -> Iterator[Finding]:
    found = find_instance(target.client("rds"), target.database)
    if found is None:
        yield Finding(what="database", state=State.MISSING, found=f"there is no {target.database}")
        return
    days, newest = int(found.get("BackupRetentionPeriod") or 0), found.get("LatestRestorableTime")
    if not days or newest is None:
        yield Finding(what="newest moment", state=State.MISSING, found="none: the database keeps no backups")
    else:
        newest = newest.astimezone(UTC)
        late = target.now - newest > LAG
        state, note = (State.MISSING, ", which is too long ago") if late else (State.GOOD, "")
        yield Finding(what="newest moment", state=state, found=f"{shown(newest)}{note}; kept for {days} days")
    if key := found.get("KmsKeyId"):
        yield key_finding(target, "database key", key)
    else:
        yield Finding(what="database key", state=State.EXPOSED, found="none: the storage is not encrypted")


def _snapshots(target: BackupTarget) -> Iterator[Finding]:
    rds = target.client("rds")
    listed = items_of(rds, "describe_db_snapshots", "DBSnapshots", DBInstanceIdentifier=target.database)
    done = [one for one in listed if one.get("Status") == "available"]
    if not done:
        yield Finding(what="snapshots", state=State.MISSING, found="there is none")
        return
    newest = max(one["SnapshotCreateTime"] for one in done).astimezone(UTC)
    state = State.GOOD if target.now - newest < DAILY else State.MISSING
    yield Finding(what="snapshots", state=state, found=f"{len(done)}, the newest of {shown(newest)}")
    for one in (one for one in done if one.get("SnapshotType") == "manual"):
        name = one["DBSnapshotIdentifier"]
        answer = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)["DBSnapshotAttributesResult"]
        for attribute in answer.get("DBSnapshotAttributes", []):
            if attribute["AttributeName"] == "restore" and attribute.get("AttributeValues"):
                others = ", ".join(attribute["AttributeValues"])
                yield Finding(what="shared snapshot", state=State.EXPOSED, found=f"{name} is shared with {others}")


def _leftover(target: BackupTarget) -> Iterator[Finding]:
    """A copy that was left behind, and what served before a restore: they hold customers' data, and cost."""
    for what, end, undo in (
        ("restored copy", RESTORED, f"restore end {target.stack}"),
        ("database before a restore", BEFORE, f"restore switch {target.stack} --remove-old {target.database}-{BEFORE}"),
    ):
        name = f"{target.database}-{end}"
        found = find_instance(target.client("rds"), name)
        if found is None:
            continue
        until = lives_until(found, target.now)
        state = State.GOOD if until else State.EXPOSED
        note = f"is to be gone by {until}" if until else "should be gone by now"
        yield Finding(what=what, state=state, found=f"{name} stands, and {note}: workbuoy {undo}")


def _versions(target: BackupTarget) -> Iterator[Finding]:
    s3 = target.client("s3")
    status = s3.get_bucket_versioning(Bucket=target.bucket).get("Status", "never switched on")
    if status != "Enabled":
        yield Finding(what="file versions", state=State.MISSING, found=f"{status}: what is overwritten is gone")
        return
    days = [
        one["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for one in lifecycle_rules(s3, target.bucket)
        if one.get("Status") == "Enabled" and one.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
    ]
    kept = f"older ones are kept for {min(days)} days" if days else "older ones are kept for ever"
    yield Finding(what="file versions", state=State.GOOD, found=f"on; {kept}")


def _files_key(target: BackupTarget) -> Iterator[Finding]:
    answer = target.client("s3").get_bucket_encryption(Bucket=target.bucket)
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        if key := rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"):
            yield key_finding(target, "files key", key)
            return
    yield Finding(what="files key", state=State.GOOD, found="S3's own")


def _ledger(target: BackupTarget) -> Iterator[Finding]:
    """Without it nobody knows what was erased, so that no copy may be read."""
    found = (
        target.client("s3").list_objects_v2(Bucket=target.bucket, Prefix=ERASURES_BEGUN, MaxKeys=1).get("KeyCount", 0)
    )
    state, text = (
        (State.GOOD, "is there") if found else (State.UNREADABLE, f"{ERASURES_BEGUN} is not there: no copy may be read")
    )
    yield Finding(what="erasure ledger", state=state, found=text)
