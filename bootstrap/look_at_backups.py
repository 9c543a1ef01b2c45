"""What `workbuoy backups --live` asks of an account, and no more: nothing here reads what a backup holds.

The other account's vault is asked under a profile of that account, which its own people give. Sources, for what an
action names: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html
"""

from bootstrap.scope import Scope
from components.backup import BACKUPS
from components.names import ERASURES_BEGUN
from components.permissions import Statement


def look_at_backups(scope: Scope) -> list[Statement]:
    """Beside what finds databases (`bootstrap.drills`)."""
    return [
        Statement(
            sid="SeeSnapshots",
            actions=["rds:DescribeDBInstanceAutomatedBackups", "rds:DescribeDBSnapshots"],
            resources=scope.arns("rds", "auto-backup:*", "db:*", "snapshot:*"),  # a listing names nothing
        ),
        Statement(
            sid="SeeWhoSharesSnapshots",
            actions=["rds:DescribeDBSnapshotAttributes"],
            resources=scope.arns("rds", "snapshot:*"),  # whoever takes one by hand gives it any name
        ),
        Statement(
            sid="SeeExports",
            actions=["rds:DescribeExportTasks"],
            resources=scope.arns("rds", "cluster:*", "cluster-snapshot:*", "snapshot:*"),  # a listing names nothing
        ),
        Statement(
            sid="SeeRegions",
            actions=["ec2:DescribeRegions"],
            resources=["*"],  # AWS knows no resource for this action
        ),
        Statement(
            sid="SeeHowFilesAreKept",
            actions=[
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration",
            ],
            resources=scope.buckets("files-*"),
        ),
        Statement(
            sid="SeeWhetherErasuresAreKept",
            actions=["s3:ListBucket"],
            resources=scope.buckets("files-*"),
            conditions={"StringEquals": {"s3:prefix": ERASURES_BEGUN}},
        ),
        Statement(
            sid="SeeKeysState",
            actions=["kms:DescribeKey"],
            resources=scope.arns("kms", "key/*"),
            conditions=scope.of_a_stack,
        ),
        Statement(
            sid="SeeVaults",
            actions=["backup:DescribeBackupVault", "backup:ListRecoveryPointsByBackupVault"],
            resources=scope.named("backup", f"backup-vault:{{}}-{BACKUPS}"),
        ),
        Statement(
            sid="FollowCopies",
            actions=["backup:ListCopyJobs"],
            resources=["*"],  # AWS knows no resource for this action
        ),
    ]
