"""Seeds of requests that a service's own model does not allow: one place of a request, bad values, and a good one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session

from rehearsal.shapes import Breach, breaches


@dataclass(frozen=True)
class ModelCase:
    """A place in a request (its last step may be left out of what is sent), a bad value, and a good one."""

    service: str
    operation: str
    path: tuple[str, ...]
    kind: str
    bad: Any
    good: Any

    @property
    def name(self) -> str:
        return f"{self.service} {'.'.join(self.path)}: {self.kind}"

    def found(self, value: Any) -> list[Breach]:
        """What the model says of a request that holds the value at this place, and nothing else."""
        return [one for one in breaches(self.service, _shape(self.service, self.operation), self._request(value))
                if one.kind == self.kind and one.path.replace("[0]", "").startswith(".".join(self.path))]  # fmt: skip

    def source(self) -> str:
        uid = _model(self.service).metadata.get("uid", self.service)
        return f"https://docs.aws.amazon.com/goto/WebAPI/{uid}/{self.operation}"

    def _request(self, value: Any) -> Mapping[str, Any]:
        shape = _shape(self.service, self.operation)
        steps = []
        for step in self.path:
            steps.append(step)
            shape = shape.members[step]
            if step != self.path[-1] and shape.type_name == "list":
                shape = shape.member
                steps.append("[]")
        for step in reversed(steps):
            value = [value] if step == "[]" else {step: value}
        return dict(value)


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@cache
def _shape(service: str, operation: str) -> Any:
    return _model(service).operation_model(operation).input_shape


_ROWS: tuple[tuple[str, str, str, str, list[Any], Any], ...] = (
    ("secretsmanager", "CreateSecret", "Name", "length", ["a" * 513], "a" * 512),
    ("secretsmanager", "CreateSecret", "Description", "length", ["a" * 2049], "a" * 2048),
    ("secretsmanager", "PutResourcePolicy", "ResourcePolicy", "length", ["a" * 20481], "a" * 20480),
    ("secretsmanager", "RotateSecret", "RotationRules.AutomaticallyAfterDays", "range", [0, 1001], 1000),
    ("secretsmanager", "RotateSecret", "RotationRules.ScheduleExpression", "pattern", ["rate{4 hours}"],
     "rate(4 hours)"),
    ("secretsmanager", "RotateSecret", "RotationRules.Duration", "pattern", ["3d", "30m"], "3h"),
    ("iam", "CreateRole", "RoleName", "length", ["a" * 65], "a" * 64),
    ("iam", "CreateRole", "RoleName", "pattern", ["a b", "a/b"], "a_+=,.@-"),
    ("iam", "CreateRole", "Path", "pattern", ["app", "/app"], "/app/"),
    ("iam", "CreateRole", "MaxSessionDuration", "range", [3599, 43201], 43200),
    ("iam", "CreateRole", "Tags.Key", "length", ["a" * 129], "a" * 128),
    ("iam", "CreateRole", "Tags.Value", "pattern", ["a;b", "a&b"], "å b"),
    ("iam", "CreateRole", "Tags", "length", [[{"Key": "a", "Value": "b"}] * 51], [{"Key": "a", "Value": "b"}] * 50),
    ("iam", "CreateRole", "AssumeRolePolicyDocument", "required", [None], "{}"),
    ("kms", "CreateKey", "Description", "length", ["a" * 8193], "a" * 8192),
    ("kms", "CreateKey", "KeyUsage", "enum", ["ENCRYPT", "encrypt_decrypt"], "ENCRYPT_DECRYPT"),
    ("kms", "CreateAlias", "AliasName", "pattern", ["alias/a.b", "alias/a b"], "alias/a_b-c"),
    ("kms", "EnableKeyRotation", "RotationPeriodInDays", "range", [89, 2561], 90),
    ("logs", "CreateLogGroup", "logGroupName", "length", ["a" * 513], "a" * 512),
    ("logs", "CreateLogGroup", "logGroupName", "pattern", ["a b", "a:b"], "/a/b_c.d#-"),
    ("logs", "CreateLogGroup", "logGroupClass", "enum", ["CHEAP"], "INFREQUENT_ACCESS"),
    ("logs", "PutMetricFilter", "filterPattern", "length", ["a" * 1025], "a" * 1024),
    ("logs", "PutMetricFilter", "metricTransformations", "length", [[], [{}, {}]], [{}]),
    ("logs", "PutMetricFilter", "metricTransformations.metricName", "pattern", ["a:b", "a*"], "a/b"),
    ("cloudwatch", "PutMetricAlarm", "AlarmName", "length", ["a" * 256], "a" * 255),
    ("cloudwatch", "PutMetricAlarm", "AlarmDescription", "length", ["a" * 1025], "a" * 1024),
    ("cloudwatch", "PutMetricAlarm", "AlarmActions", "length", [["a"] * 6], ["a"] * 5),
    ("cloudwatch", "PutMetricAlarm", "ComparisonOperator", "enum", ["GreaterThan"], "GreaterThanThreshold"),
    ("cloudwatch", "PutMetricAlarm", "Statistic", "enum", ["Median", "avg"], "Average"),
    ("cloudwatch", "PutMetricAlarm", "Dimensions", "length", [[{"Name": "a", "Value": "b"}] * 31],
     [{"Name": "a", "Value": "b"}] * 30),
    ("cloudwatch", "PutMetricAlarm", "Unit", "enum", ["seconds"], "Seconds"),
    ("lambda", "CreateFunction", "Timeout", "range", [0], 900),
    ("lambda", "CreateFunction", "MemorySize", "range", [127], 128),
    ("lambda", "CreateFunction", "EphemeralStorage.Size", "range", [511, 32769], 32768),
    ("lambda", "CreateFunction", "Description", "length", ["a" * 257], "a" * 256),
    ("lambda", "CreateFunction", "Architectures", "enum", [["amd64"]], ["arm64"]),
    ("lambda", "CreateFunction", "Role", "pattern", ["turn", "arn:aws:iam::1:role/turn"],
     "arn:aws:iam::210000000001:role/turn"),
    ("lambda", "CreateFunction", "TracingConfig.Mode", "enum", ["On"], "Active"),
    ("lambda", "CreateFunction", "VpcConfig.SubnetIds", "length", [["subnet-1"] * 17], ["subnet-1"] * 16),
    ("lambda", "AddPermission", "StatementId", "pattern", ["a b", "a.b"], "a_b-c"),
    ("lambda", "AddPermission", "Action", "pattern", ["lambda:Invoke*", "s3:GetObject"], "lambda:InvokeFunction"),
    ("ecs", "RegisterTaskDefinition", "networkMode", "enum", ["vpc"], "awsvpc"),
    ("ecs", "RegisterTaskDefinition", "runtimePlatform.cpuArchitecture", "enum", ["arm64", "x86_64"], "ARM64"),
    ("ecs", "RegisterTaskDefinition", "requiresCompatibilities", "enum", [["fargate"]], ["FARGATE"]),
    ("ecs", "RegisterTaskDefinition", "containerDefinitions.logConfiguration.logDriver", "enum", ["cloudwatch"],
     "awslogs"),
    ("ecs", "RegisterTaskDefinition", "tags.value", "length", ["a" * 257], "a" * 256),
    ("ecs", "CreateService", "propagateTags", "enum", ["service"], "SERVICE"),
    ("ecs", "CreateService", "launchType", "enum", ["Fargate"], "FARGATE"),
    ("elbv2", "CreateLoadBalancer", "Scheme", "enum", ["public"], "internet-facing"),
    ("elbv2", "CreateTargetGroup", "Port", "range", [0, 65536], 65535),
    ("elbv2", "CreateTargetGroup", "HealthCheckIntervalSeconds", "range", [4, 301], 300),
    ("elbv2", "CreateTargetGroup", "HealthCheckTimeoutSeconds", "range", [1, 121], 120),
    ("elbv2", "CreateTargetGroup", "HealthyThresholdCount", "range", [1, 11], 10),
    ("elbv2", "CreateTargetGroup", "TargetType", "enum", ["container"], "ip"),
    ("elbv2", "CreateListener", "Protocol", "enum", ["https"], "HTTPS"),
    ("elbv2", "CreateRule", "Priority", "range", [0, 50001], 50000),
    ("elbv2", "CreateListener", "DefaultActions.FixedResponseConfig.StatusCode", "pattern", ["100", "2xx"], "404"),
    ("elbv2", "CreateListener", "DefaultActions.RedirectConfig.StatusCode", "enum", ["301"], "HTTP_301"),
    ("ecr", "CreateRepository", "repositoryName", "pattern", ["App", "a//b"], "a/b-c"),
    ("ecr", "CreateRepository", "repositoryName", "length", ["a", "a" * 257], "a" * 256),
    ("ecr", "CreateRepository", "imageTagMutability", "enum", ["Immutable"], "IMMUTABLE"),
    ("s3", "PutBucketVersioning", "VersioningConfiguration.Status", "enum", ["On"], "Enabled"),
    ("s3", "PutBucketLifecycleConfiguration", "LifecycleConfiguration.Rules.Status", "enum", ["enabled"],
     "Enabled"),
    ("s3", "PutBucketLifecycleConfiguration", "LifecycleConfiguration.Rules.Transitions.StorageClass", "enum",
     ["GLACIER_INSTANT"], "GLACIER_IR"),
    ("s3", "PutBucketOwnershipControls", "OwnershipControls.Rules.ObjectOwnership", "enum", ["BucketOwner"],
     "BucketOwnerEnforced"),
    ("budgets", "CreateBudget", "Budget.BudgetName", "length", ["a" * 101], "a" * 100),
    ("budgets", "CreateBudget", "Budget.TimeUnit", "enum", ["MONTH"], "MONTHLY"),
    ("budgets", "CreateBudget", "NotificationsWithSubscribers", "length", [[{}] * 11], [{}] * 10),
    ("ec2", "CreateVpcEndpoint", "VpcEndpointType", "enum", ["Private"], "Interface"),
    ("ec2", "CreateFlowLogs", "TrafficType", "enum", ["all"], "ALL"),
    ("application-autoscaling", "RegisterScalableTarget", "ServiceNamespace", "enum", ["ECS"], "ecs"),
    ("rds", "CreateDBParameterGroup", "DBParameterGroupFamily", "required", [None], "postgres17"),
)  # fmt: skip

MODEL_CASES = tuple(
    ModelCase(service, operation, tuple(path.split(".")), kind, value, good)
    for service, operation, path, kind, bad, good in _ROWS
    for value in bad
)
