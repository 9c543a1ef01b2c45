"""Databases, their snapshots and their automated backups, in one region."""

from collections.abc import Iterator
from typing import Any

from facts import tokens as t
from operations.locate.live.account import Account
from operations.locate.live.found import Found, found
from operations.locate.live.names import Names


def databases(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every instance of a stack, and every copy of one, wherever its name comes from."""
    for one in account.items("rds", region, "describe_db_instances", "DBInstances"):
        if _ours(one, names):
            yield _instance(account, region, one)
    for one in account.items("rds", region, "describe_db_snapshots", "DBSnapshots"):
        if _ours(one, names) and (one.get("SnapshotType") != "automated" or _from_elsewhere(one, region)):
            yield _snapshot(account, region, one)
    for one in account.items("rds", region, "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"):
        if _ours(one, names) and one.get("Region") not in (None, region):
            yield _replicated(region, one)


def _ours(one: dict[str, Any], names: Names) -> bool:
    return names.own(str(one.get("DBInstanceIdentifier")))


def _from_elsewhere(snapshot: dict[str, Any], region: str) -> bool:
    source = str(snapshot.get("SourceRegion") or "")
    return bool(source) and source != region


def _instance(account: Account, region: str, one: dict[str, Any]) -> Found:
    arn, source = one["DBInstanceArn"], one.get("ReadReplicaSourceDBInstanceIdentifier")
    tags = account.client("rds", region).list_tags_for_resource(ResourceName=arn)["TagList"]
    replica = {"replicateSourceDb": source} if source else {}
    return found(t.DATABASE, one["DBInstanceIdentifier"], region, arn, {**one, "TagList": tags}, properties=replica)


def _snapshot(account: Account, region: str, one: dict[str, Any]) -> Found:
    copied = one.get("SourceDBSnapshotIdentifier") or region != account.home
    return Found(
        type=t.SNAPSHOT_COPY if copied else t.SNAPSHOT,
        name=one["DBSnapshotIdentifier"],
        region=region,
        arn=one["DBSnapshotArn"],
        properties={
            "dbInstanceIdentifier": one.get("DBInstanceIdentifier"),
            "destinationRegion": region,
            "kmsKeyId": one.get("KmsKeyId"),
        },
    )


def _replicated(region: str, one: dict[str, Any]) -> Found:
    return Found(
        type=t.AUTOMATED_BACKUPS_REPLICATION,
        name=one["DBInstanceIdentifier"],
        region=region,
        arn=str(one.get("DBInstanceAutomatedBackupsArn") or one.get("DBInstanceArn")),
        properties={"retentionPeriod": one.get("BackupRetentionPeriod"), "kmsKeyId": one.get("KmsKeyId")},
    )
