"""The permissions boundary: the most that a role of a stack may ever do, whatever a deploy writes into it."""

from bootstrap.names import REPOSITORY
from bootstrap.scope import Scope
from components.backup import BACKUPS, copies_vault
from components.backup_role import BackupReach, backup_statements
from components.names import ERASURES_PREFIX, IMPORT_PREFIX, OBJECT_PREFIX, RESTORES_PREFIX
from components.permissions import Statement


def boundary_statements(scope: Scope) -> list[Statement]:
    """What tasks, rotation, monitoring and flow logs need, in any stack of the environment; no IAM, no state."""
    buckets = scope.buckets()
    own_secrets = scope.named("secretsmanager", "secret:{}/*")

    def here(*arns: str) -> list[str]:
        return _placed(scope, list(arns))

    return [
        Statement(
            sid="Attachments",
            actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            resources=[arn for prefix in (OBJECT_PREFIX, IMPORT_PREFIX) for arn in scope.buckets(f"/{prefix}/*")],
        ),
        Statement(
            sid="OlderVersions",
            actions=["s3:GetObjectVersion", "s3:RestoreObject"],
            resources=scope.buckets(f"/{OBJECT_PREFIX}/*"),
        ),
        Statement(sid="EndedRestores", actions=["s3:DeleteObject"], resources=scope.buckets(f"/{RESTORES_PREFIX}/*")),
        Statement(
            sid="ErasuresAndRestores",
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[arn for prefix in (ERASURES_PREFIX, RESTORES_PREFIX) for arn in scope.buckets(f"/{prefix}/*")],
        ),
        Statement(
            sid="HandOver",
            actions=["s3:AbortMultipartUpload", "s3:PutObject"],
            resources=scope.exports("/*"),
        ),
        Statement(sid="SeeBuckets", actions=["s3:ListBucket", "s3:ListBucketVersions"], resources=buckets),
        Statement(
            sid="OwnSecrets",
            actions=[
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            resources=here(*own_secrets),
        ),
        Statement(
            sid="DatabaseOwnersSecret",
            actions=["secretsmanager:GetSecretValue"],
            resources=here(*scope.arns("secretsmanager", "secret:rds!db-*")),
        ),
        Statement(
            sid="KeysThroughServices",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=here(*scope.arns("kms", "key/*")),
            conditions={
                "StringEquals": {
                    "kms:ViaService": [
                        f"{service}.{region}.amazonaws.com"
                        for service in ("s3", "secretsmanager")
                        for region in scope.regions
                    ]
                }
            },
        ),
        Statement(
            sid="PullImages",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=here(*scope.arns("ecr", f"repository/{REPOSITORY}")),
        ),
        Statement(
            sid="WriteLogs",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=here(
                *scope.log_groups(),
                *scope.arns("logs", "log-group:RDSOSMetrics:*"),
            ),
        ),
        Statement(
            sid="EnhancedMonitoring",  # as AWS's AmazonRDSEnhancedMonitoringRole
            actions=["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            resources=here(*scope.arns("logs", "log-group:RDSOSMetrics", "log-group:RDSOSMetrics:*")),
        ),
        Statement(
            sid="ReadOwnMonitoring",
            actions=["logs:GetLogEvents"],
            resources=here(*scope.arns("logs", "log-group:RDSOSMetrics:*")),
        ),
        Statement(
            sid="AttachFunctionsToNetwork",
            actions=[
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            resources=here(*scope.arns("ec2", "network-interface/*", "security-group/*", "subnet/*")),
        ),
        Statement(
            sid="ReadMetrics",
            actions=["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"],
            resources=here(*scope.arns("aps", "workspace/*")),
            conditions=scope.of_a_stack,
        ),
        Statement(
            sid="FindTasks",
            actions=["ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTasks"],
            resources=here(
                *scope.named("ecs", "cluster/{}", "service/{}/*", "task/{}/*"), *scope.arns("ecs", "cluster/default")
            ),
        ),
        Statement(
            sid="WithoutResources",
            actions=[
                "cloudwatch:GetMetricData",
                "cloudwatch:ListMetrics",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ecr:GetAuthorizationToken",
                "ecs:ListServices",
                "ecs:ListTasks",
                "logs:DescribeLogGroups",
            ],
            resources=["*"],  # AWS knows no resource for these actions
        ),
    ]


def backup_boundary_statements(scope: Scope) -> list[Statement]:
    """The most that AWS Backup may do in the name of any stack; the other roles' boundary has no room for it."""
    return backup_statements(
        BackupReach(
            databases=scope.named("rds", "db:{}-database"),
            snapshots=scope.arns("rds", "snapshot:awsbackup:*"),
            listed=scope.arns("rds", "db:*", "snapshot:*"),
            buckets=[*scope.buckets("-files-*"), f"arn:aws:s3:::workbuoy-{scope.environment}-files-*"],
            keys=[(("backup", "rds", "s3"), scope.arns("kms", "key/*"))],
            rules=scope.arns("events", "rule/AwsBackupManagedRule*"),
            vaults=scope.named("backup", f"backup-vault:{{}}-{BACKUPS}"),
            copies_vaults=[f"arn:aws:backup:*:*:backup-vault:{copies_vault(scope.account_id)}"],
            regions=scope.regions,
            key_conditions=scope.of_a_stack,
        )
    )


def _placed(scope: Scope, arns: list[str]) -> list[str]:
    """The same ARNs in the account's regions alone."""
    return [arn.replace(":*:", f":{region}:", 1) for arn in arns for region in scope.regions]
