"""What was taken out of a stack's backups, or lies elsewhere: exports to buckets, replicated files, other regions."""

from collections.abc import Iterator
from typing import Any

from operations.aws import error_code, find, items_of
from operations.backups.finding import BackupTarget, Finding, State


def exported(target: BackupTarget) -> Iterator[Finding]:
    """Snapshots of the database that were written into a bucket: as readable as that bucket is."""
    rds = target.client("rds")
    own = {one["DBSnapshotArn"] for one in _of(rds, "describe_db_snapshots", "DBSnapshots", target.database)}
    for one in items_of(rds, "describe_export_tasks", "ExportTasks"):
        source = str(one.get("SourceArn"))
        if one.get("Status") == "CANCELED" or not (source in own or target.database in source):
            continue  # a snapshot that RDS made has the database's name, also once it is gone
        found = f"{one['ExportTaskIdentifier']} went to the bucket {one.get('S3Bucket')}: look at who reads that"
        yield Finding(what="exported snapshot", state=State.EXPOSED, found=found)


def replicated(target: BackupTarget) -> Iterator[Finding]:
    """Files that S3 copies into another bucket."""
    ask = target.client("s3").get_bucket_replication
    answer = find(ask, "ReplicationConfigurationNotFoundError", Bucket=target.bucket)
    for rule in answer["ReplicationConfiguration"]["Rules"] if answer else ():
        if rule.get("Status") == "Enabled":
            there = rule["Destination"]
            whose = f" of account {there['Account']}" if there.get("Account") else ""
            found = f"go on to {there['Bucket'].rpartition(':')[2]}{whose}"
            yield Finding(what="replicated files", state=State.EXPOSED, found=found)


def elsewhere(target: BackupTarget) -> Iterator[Finding]:
    """Snapshots and automated backups of the database in other regions, residency's first."""
    for region in other_regions(target):
        yield from _in_region(target, region)


def other_regions(target: BackupTarget) -> list[str]:
    """Every region that the account has enabled, but the stack's own."""
    found = target.client("ec2").describe_regions()["Regions"]
    return sorted(one["RegionName"] for one in found if one["RegionName"] != target.region)


def _in_region(target: BackupTarget, region: str) -> Iterator[Finding]:
    from botocore.exceptions import ClientError  # half a second

    rds = target.session.client("rds", region_name=region)
    try:
        snapshots = _of(rds, "describe_db_snapshots", "DBSnapshots", target.database)
        backups = _of(rds, "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups", target.database)
    except ClientError as error:
        found = f"{region} could not be asked: {error_code(error)}"
        yield Finding(what="copies elsewhere", state=State.UNKNOWN, found=found)
        return
    state, note = (State.GOOD, "") if region in target.residency else (State.EXPOSED, ", outside residency")
    for kind, number in (("snapshots", len(snapshots)), ("replicated automated backups", len(backups))):
        if number:
            yield Finding(what="copies elsewhere", state=state, found=f"{number} {kind} in {region}{note}")


def _of(rds: Any, operation: str, result: str, database: str) -> list[Any]:
    """A copy in another region keeps the name of the database that it is of."""
    return [one for one in items_of(rds, operation, result) if one.get("DBInstanceIdentifier") == database]
