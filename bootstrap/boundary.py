"""The permissions boundary: the most that a role of a stack may ever do, whatever a deploy writes into it."""

from bootstrap.limits import elsewhere
from bootstrap.names import REPOSITORY
from bootstrap.scope import Scope
from components.permissions import Statement


def boundary_statements(scope: Scope) -> list[Statement]:
    """What tasks, rotation, monitoring and flow logs need, in any stack of the environment; no IAM, no state."""
    buckets = scope.buckets()
    own_secrets = scope.named("secretsmanager", "secret:{}/*")
    return [
        Statement(
            sid="Attachments",
            actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            resources=scope.buckets("/tenants/*"),
        ),
        Statement(sid="SeeBuckets", actions=["s3:ListBucket"], resources=buckets),
        Statement(
            sid="OwnSecrets",
            actions=[
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            resources=own_secrets,
        ),
        Statement(
            sid="DatabaseOwnersSecret",
            actions=["secretsmanager:GetSecretValue"],
            resources=scope.arns("secretsmanager", "secret:rds!db-*"),
        ),
        Statement(
            sid="KeysThroughServices",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=scope.arns("kms", "key/*"),
            conditions={
                **scope.of_a_stack,
                "StringLike": {"kms:ViaService": ["s3.*.amazonaws.com", "secretsmanager.*.amazonaws.com"]},
            },
        ),
        Statement(
            sid="PullImages",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=scope.arns("ecr", f"repository/{REPOSITORY}"),
        ),
        Statement(
            sid="WriteLogs",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[
                *scope.named("logs", "log-group:/workbuoy/{}/*", "log-group:/aws/lambda/{}-rotation*"),
                *scope.arns("logs", "log-group:RDSOSMetrics:*"),
            ],
        ),
        Statement(
            sid="EnhancedMonitoring",  # as AWS's AmazonRDSEnhancedMonitoringRole
            actions=["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            resources=scope.arns("logs", "log-group:RDSOSMetrics", "log-group:RDSOSMetrics:*"),
        ),
        Statement(
            sid="ReadOwnMonitoring",
            actions=["logs:GetLogEvents"],
            resources=scope.arns("logs", "log-group:RDSOSMetrics:*"),
        ),
        Statement(
            sid="AttachFunctionsToNetwork",
            actions=[
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            resources=scope.arns("ec2", "network-interface/*", "security-group/*", "subnet/*"),
        ),
        Statement(
            sid="WithoutResources",
            actions=[
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ecr:GetAuthorizationToken",
                "logs:DescribeLogGroups",
            ],
            resources=["*"],  # AWS knows no resource for these actions
        ),
        elsewhere(scope),
    ]
