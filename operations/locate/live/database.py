"""Databases, their snapshots and their automated backups, in one region."""

from collections.abc import Iterator
from typing import Any

from facts import tokens as t
from operations.locate.live.account import Account
from operations.locate.live.found import Found, tags_of
from operations.locate.live.names import Names

_INSTANCE = {
    "identifier": "DBInstanceIdentifier",
    "multiAz": "MultiAZ",
    "storageEncrypted": "StorageEncrypted",
    "kmsKeyId": "KmsKeyId",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "deletionProtection": "DeletionProtection",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "performanceInsightsEnabled": "PerformanceInsightsEnabled",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
}


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
    # A field that the answer leaves out is one that this account's AWS does not tell of, not one that is off.
    properties = {ours: one[theirs] for ours, theirs in _INSTANCE.items() if theirs in one}
    source = one.get("ReadReplicaSourceDBInstanceIdentifier")
    if source:
        properties["replicateSourceDb"] = source
    tags = account.client("rds", region).list_tags_for_resource(ResourceName=one["DBInstanceArn"])["TagList"]
    return Found(
        type=t.DATABASE,
        name=one["DBInstanceIdentifier"],
        region=region,
        arn=one["DBInstanceArn"],
        properties=properties,
        tags=tags_of(tags),
    )


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
        tags=tags_of(one.get("TagList")),
    )


def _replicated(region: str, one: dict[str, Any]) -> Found:
    return Found(
        type=t.AUTOMATED_BACKUPS_REPLICATION,
        name=one["DBInstanceIdentifier"],
        region=region,
        arn=str(one.get("DBInstanceAutomatedBackupsArn") or one.get("DBInstanceArn")),
        properties={"retentionPeriod": one.get("BackupRetentionPeriod"), "kmsKeyId": one.get("KmsKeyId")},
    )
