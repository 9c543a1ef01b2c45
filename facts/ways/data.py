"""Which actions get at data themselves, or become somebody who does; all others change or show how a thing is set up.

AWS's service authorization reference does not tell the two apart. An action of a service that is not listed here counts
as one of these.
"""

from collections.abc import Mapping
from typing import Final

from facts.permissions.actions import covers

_BY_SERVICE: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": (
        "s3:GetObject*",
        "s3:PutObject*",
        "s3:DeleteObject*",
        "s3:UpdateObject*",
        "s3:RestoreObject",
        "s3:Replicate*",
        "s3:InitiateReplication",
        "s3:*MultipartUpload*",
        "s3:BypassGovernanceRetention",
        "s3:ObjectOwnerOverrideToBucketOwner",
        "s3:CreateAccessPoint*",
        "s3:ListBucket*",
    ),
    "secretsmanager": ("secretsmanager:*SecretValue", "secretsmanager:UpdateSecret"),
    "kms": (
        "kms:*crypt*",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:Sign",
        "kms:DeriveSharedSecret",
        "kms:*Mac",
        "kms:*ImportKeyMaterial",
    ),
    "logs": (
        "logs:*LogEvents",
        "logs:GetLog*",
        "logs:*Query*",
        "logs:*LiveTail",
        "logs:Unmask",
        "logs:*SubscriptionFilter",
        "logs:CreateExportTask",
        "logs:*Delivery*",
        "logs:GetLogObject",
        "logs:ExportLog*",
        "logs:IntegrateWithS3Table",
    ),
    "rds": (
        "rds:*LogFile*",
        "rds:StartExportTask",
        "rds:ModifyDBSnapshotAttribute",
        "rds:RestoreDBInstance*",
        "rds:CopyDBSnapshot",
        "rds:CreateDBInstanceReadReplica",
        "rds:CreateBlueGreenDeployment",
        "rds:CreateIntegration",
        "rds:StartActivityStream",
    ),
    "rds-db": ("rds-db:*",),
    "rds-data": ("rds-data:*",),
    "ecs": ("ecs:ExecuteCommand", "ecs:RunTask", "ecs:StartTask"),
    "lambda": ("lambda:Invoke*",),
    "sts": ("sts:*",),
    "sns": ("sns:Publish", "sns:Subscribe"),
    "iam": ("iam:PassRole", "iam:UpdateAssumeRolePolicy", "iam:DeleteRolePermissionsBoundary"),
    "ec2": ("ec2:CreateTrafficMirror*", "ec2:CreateInstanceConnectEndpoint"),
    "elasticloadbalancing": (),
    "ecr": ("ecr:PutImage",),
    "aps": (
        "aps:QueryMetrics",
        "aps:RemoteWrite",
        "aps:GetLabels",
        "aps:GetMetricMetadata",
        "aps:GetSeries",
        "aps:*Alerts",
        "aps:*AlertGroups",
        "aps:*AlertManagerSilence*",
        "aps:ListRules",
    ),
    "cloudtrail": (),
    "backup": (
        "backup:Start*Job",
        "backup:Copy*BackupVault",
        "backup:DeleteRecoveryPoint",
        "backup:DisassociateRecoveryPoint*",
        "backup:UpdateRecoveryPoint*",
        "backup:CreateRestoreAccessBackupVault",
        "backup:AssociateBackupVaultMpaApprovalTeam",
    ),
}


def touches_data(action: str) -> bool:
    """Whether an action (`service:Name`) gets at data, or is of a service that nobody judged."""
    patterns = _BY_SERVICE.get(action.partition(":")[0].lower())
    return patterns is None or covers(patterns, action)
