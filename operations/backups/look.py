"""What a stack would be restored from, as the account has it today: each thing looked at is one finding.

What could not be asked is a finding too, and never a good one.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, timedelta
from typing import Any, Final

from components.database import BEFORE, RESTORED
from components.files import ERASURES_BEGUN
from operations.backups.away import copies_here, copies_there
from operations.backups.elsewhere import elsewhere, exported, replicated
from operations.backups.finding import DAILY, Finding, Looked, State, key_finding
from operations.restore.copy import lives_until
from operations.restore.moment import shown

LAG: Final = timedelta(minutes=30)  # RDS ships the log every five minutes


def look(looked: Looked) -> list[Finding]:
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
        found += _run_check(what, check, looked)
    return sorted(found, key=lambda one: one.state)


def _run_check(what: str, check: Callable[[Looked], Iterator[Finding]], looked: Looked) -> list[Finding]:
    from botocore.exceptions import ClientError  # noqa: PLC0415  half a second

    try:
        return list(check(looked))
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "no answer"))
        return [Finding(what=what, state=State.UNKNOWN, found=f"could not be asked: {code}")]


def _instance(looked: Looked, name: str) -> Mapping[str, Any] | None:
    rds = looked.client("rds")
    try:
        found: Mapping[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    except rds.exceptions.DBInstanceNotFoundFault:
        return None
    return found


def _database(looked: Looked) -> Iterator[Finding]:
    found = _instance(looked, looked.database)
    if found is None:
        yield Finding(what="database", state=State.MISSING, found=f"there is no {looked.database}")
        return
    days, newest = int(found.get("BackupRetentionPeriod") or 0), found.get("LatestRestorableTime")
    if not days or newest is None:
        yield Finding(what="newest moment", state=State.MISSING, found="none: the database keeps no backups")
    else:
        newest = newest.astimezone(UTC)
        late = looked.now - newest > LAG
        state, note = (State.MISSING, ", which is too long ago") if late else (State.GOOD, "")
        yield Finding(what="newest moment", state=state, found=f"{shown(newest)}{note}; kept for {days} days")
    if key := found.get("KmsKeyId"):
        yield key_finding(looked, "database key", key)
    else:
        yield Finding(what="database key", state=State.EXPOSED, found="none: the storage is not encrypted")


def _snapshots(looked: Looked) -> Iterator[Finding]:
    rds = looked.client("rds")
    pages = rds.get_paginator("describe_db_snapshots").paginate(DBInstanceIdentifier=looked.database)
    done = [one for page in pages for one in page["DBSnapshots"] if one.get("Status") == "available"]
    if not done:
        yield Finding(what="snapshots", state=State.MISSING, found="there is none")
        return
    newest = max(one["SnapshotCreateTime"] for one in done).astimezone(UTC)
    state = State.GOOD if looked.now - newest < DAILY else State.MISSING
    yield Finding(what="snapshots", state=state, found=f"{len(done)}, the newest of {shown(newest)}")
    for one in (one for one in done if one.get("SnapshotType") == "manual"):
        name = one["DBSnapshotIdentifier"]
        answer = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)["DBSnapshotAttributesResult"]
        for attribute in answer.get("DBSnapshotAttributes", []):
            if attribute["AttributeName"] == "restore" and attribute.get("AttributeValues"):
                others = ", ".join(attribute["AttributeValues"])
                yield Finding(what="shared snapshot", state=State.EXPOSED, found=f"{name} is shared with {others}")


def _leftover(looked: Looked) -> Iterator[Finding]:
    """A copy that was left behind, and what served before a restore: they hold customers' data, and cost."""
    for what, end, undo in (
        ("restored copy", RESTORED, "restore end"),
        ("database before a restore", BEFORE, "restore switch --remove-old"),
    ):
        name = f"{looked.database}-{end}"
        found = _instance(looked, name)
        if found is None:
            continue
        until = lives_until(found, looked.now)
        state = State.GOOD if until else State.EXPOSED
        note = f"is to be gone by {until}" if until else "should be gone by now"
        yield Finding(what=what, state=state, found=f"{name} stands, and {note}: workbuoy {undo}")


def _versions(looked: Looked) -> Iterator[Finding]:
    s3 = looked.client("s3")
    status = s3.get_bucket_versioning(Bucket=looked.bucket).get("Status", "never switched on")
    if status != "Enabled":
        yield Finding(what="file versions", state=State.MISSING, found=f"{status}: what is overwritten is gone")
        return
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=looked.bucket)["Rules"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    days = [
        one["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for one in rules
        if one.get("Status") == "Enabled" and one.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
    ]
    kept = f"older ones are kept for {min(days)} days" if days else "older ones are kept for ever"
    yield Finding(what="file versions", state=State.GOOD, found=f"on; {kept}")


def _files_key(looked: Looked) -> Iterator[Finding]:
    answer = looked.client("s3").get_bucket_encryption(Bucket=looked.bucket)
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        if key := rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"):
            yield key_finding(looked, "files key", key)
            return
    yield Finding(what="files key", state=State.GOOD, found="S3's own")


def _ledger(looked: Looked) -> Iterator[Finding]:
    """Without it nobody knows what was erased, so that no copy may be read."""
    found = (
        looked.client("s3").list_objects_v2(Bucket=looked.bucket, Prefix=ERASURES_BEGUN, MaxKeys=1).get("KeyCount", 0)
    )
    told = (
        (State.GOOD, "is there") if found else (State.UNREADABLE, f"{ERASURES_BEGUN} is not there: no copy may be read")
    )
    yield Finding(what="erasure ledger", state=told[0], found=told[1])
