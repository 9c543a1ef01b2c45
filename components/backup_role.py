"""What AWS Backup may do in a stack's name: take recovery points of its database and bucket, and copy them away.

AWS's own policies for its service give the same on everything:
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html and
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForS3Backup.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pulumi import Input, Output

from components.permissions import Condition, Statement

_Arns = Sequence[Input[str]]


@dataclass(frozen=True, kw_only=True)
class BackupReach:
    """ARNs of what is reached: a stack's own, or, for a boundary, those of every stack of an environment.

    `listed` are databases and snapshots that a listing without a name asks for; `rules` are those that AWS Backup makes
    for itself, `vaults` are here, and copies go to `copies_vaults`. `keys` come with the services that they are used
    through; `key_conditions` narrow keys that have no name.
    """

    databases: _Arns
    snapshots: _Arns
    listed: _Arns
    buckets: _Arns
    keys: Sequence[tuple[Sequence[str], _Arns]]
    rules: _Arns
    vaults: _Arns
    copies_vaults: _Arns
    regions: Sequence[str]
    key_conditions: Condition = field(default_factory=dict)


def backup_statements(reach: BackupReach) -> list[Statement]:
    """Snapshots, objects with their versions, and the keys of both through the services alone."""
    return [
        Statement(
            sid="TakeSnapshots",
            actions=["rds:AddTagsToResource", "rds:CopyDBSnapshot", "rds:CreateDBSnapshot", "rds:ListTagsForResource"],
            resources=[*reach.databases, *reach.snapshots],
        ),
        Statement(
            sid="EndSnapshots",
            actions=["rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"],
            resources=reach.snapshots,
        ),
        Statement(
            sid="FindSnapshots",
            actions=["rds:DescribeDBInstances", "rds:DescribeDBSnapshots"],
            resources=reach.listed,
        ),
        Statement(
            sid="SeeBucket",
            actions=[
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketNotification",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetInventoryConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutBucketNotification",  # it learns of changes by the bucket's events
                "s3:PutInventoryConfiguration",
            ],
            resources=reach.buckets,
        ),
        Statement(
            sid="ReadObjects",
            actions=[
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            resources=[Output.concat(one, "/*") if isinstance(one, Output) else f"{one}/*" for one in reach.buckets],
        ),
        Statement(
            sid="LearnOfChanges",
            actions=[
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ],
            resources=reach.rules,
        ),
        Statement(
            sid="MeasureAndFind",
            actions=["cloudwatch:GetMetricData", "events:ListRules", "tag:GetResources"],
            resources=["*"],  # AWS knows no resource for these actions
        ),
        *(_use_keys(reach, services, arns) for services, arns in reach.keys),
        *(_keep_grants(reach, services, arns) for services, arns in reach.keys if tuple(services) != ("s3",)),
        Statement(
            sid="CopyFromOwnVault",
            actions=["backup:CopyFromBackupVault", "backup:DescribeBackupVault"],
            resources=reach.vaults,
        ),
        Statement(sid="CopyAway", actions=["backup:CopyIntoBackupVault"], resources=reach.copies_vaults),
    ]


def _use_keys(reach: BackupReach, services: Sequence[str], arns: _Arns) -> Statement:
    return Statement(
        sid=f"UseKeysThrough{_named(services)}",
        actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        resources=arns,
        conditions={"StringEquals": _through(reach, services)},
    )


def _keep_grants(reach: BackupReach, services: Sequence[str], arns: _Arns) -> Statement:
    """RDS and AWS Backup go on with a key after the request that began it."""
    return Statement(
        sid=f"KeepGrantsThrough{_named(services)}",
        actions=["kms:CreateGrant"],
        resources=arns,
        conditions={"StringEquals": _through(reach, services), "Bool": {"kms:GrantIsForAWSResource": "true"}},
    )


def _named(services: Sequence[str]) -> str:
    return "".join(one.capitalize() for one in services)


def _through(reach: BackupReach, services: Sequence[str]) -> Mapping[str, Input[str] | Sequence[Input[str]]]:
    hosts = [f"{service}.{region}.amazonaws.com" for service in services for region in reach.regions]
    return {**reach.key_conditions.get("StringEquals", {}), "kms:ViaService": hosts}
