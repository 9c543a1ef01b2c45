"""What a call of an AWS client asks for: its actions, resources and condition keys, as IAM would see them.

The calls are those that a rehearsal makes to stand a stack up and read it back. Where AWS chooses the id of what is
made, `new` stands for it. One line a call; a call without a line is an error, so that nothing passes unjudged.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facts.permissions.patterns import Context
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.call_resources import RESOURCES


class UnmappedCallError(Exception):
    """A call that the table does not know."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as botocore got it: `service` is its client's name, `operation` AWS's name for it."""

    service: str
    operation: str
    region: str
    params: Mapping[str, Any]


# Clients whose actions begin otherwise.
_PREFIXES = {"amp": "aps", "application-autoscaling": "application-autoscaling", "elbv2": "elasticloadbalancing"}
# Operations whose action is called otherwise.
_ACTIONS = {
    "s3:ListBuckets": "ListAllMyBuckets",
    "s3:GetBucketEncryption": "GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "s3:GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "s3:PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# What a call with tags asks for besides, on what it makes.
_TAGGING = {
    "backup": "backup:TagResource",
    "ecs": "ecs:TagResource",
    "events": "events:TagResource",
    "elasticloadbalancing": "elasticloadbalancing:AddTags",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "rds": "rds:AddTagsToResource",
    "secretsmanager": "secretsmanager:TagResource",
    "sns": "sns:TagResource",
    "cloudwatch": "cloudwatch:TagResource",
    "wafv2": "wafv2:TagResource",
}

# Roles that a call hands to a service, by where they stand in it.
_HANDED = {
    "ec2:CreateFlowLogs": {"DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com"},
    "ecs:RegisterTaskDefinition": {
        "executionRoleArn": "ecs-tasks.amazonaws.com",
        "taskRoleArn": "ecs-tasks.amazonaws.com",
    },
    "lambda:CreateFunction": {"Role": "lambda.amazonaws.com"},
    "rds:CreateDBInstance": {"MonitoringRoleArn": "monitoring.rds.amazonaws.com"},
}
# Keys that a service uses in the caller's name as it makes something, by where they stand in the call.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html and rds-secrets-manager.html
_KEYS_USED: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "aps:CreateWorkspace": {"kmsKeyArn": ("aps", ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey"))},
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
    "backup:CreateBackupVault": {
        "EncryptionKeyArn": ("backup", ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey"))
    },
    "rds:CreateDBInstance": {
        "KmsKeyId": ("rds", ("CreateGrant", "DescribeKey")),
        "PerformanceInsightsKMSKeyId": ("rds", ("CreateGrant", "DescribeKey")),
        "MasterUserSecretKmsKeyId": ("secretsmanager", ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey")),
    },
}
# Actions that AWS knows no resource for, and asks for besides.
_WITHOUT_RESOURCE = {
    "backup:CreateBackupVault": ("backup-storage:MountCapsule",),
    "lambda:CreateFunction": ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    "wafv2:AssociateWebACL": ("elasticloadbalancing:SetWebACL",),
    # https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    "wafv2:PutLoggingConfiguration": (
        "logs:CreateLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
    ),
}
_EC2_KINDS = {
    "sg": "security-group",
    "sgr": "security-group-rule",
    "vpc": "vpc",
    "subnet": "subnet",
    "rtb": "route-table",
}
_PLACE = re.compile(r"\{(\w+)\}")


def requested_by(call: Call, account: str) -> list[RequestedAction]:
    """Everything that must be allowed for a call.

    Raises:
        UnmappedCallError: the table has no line for it, or the call lacks what its line names.
    """
    service = _PREFIXES.get(call.service, call.service)
    name = f"{service}:{call.operation}"
    templates = RESOURCES.get(service, {}).get(call.operation)
    if templates is None:
        raise UnmappedCallError(f"{name} has no line in tests/bootstrap/call_resources.py")
    action = f"{service}:{_ACTIONS.get(name, call.operation)}"
    place = f"arn:aws:{service}:{'' if service == 'iam' else call.region}:{account}:"
    resources = [
        text if text == "*" or text.startswith("arn:") else place + text
        for template in templates
        for text in _filled(name, template, _values(call, account))
    ]
    context = _request_context(name, call.params)
    actions = [RequestedAction(action=action, resource=resource, context=context) for resource in resources]
    return [*actions, *_tagging(name, call, place, resources[0], context), *_besides(name, call, account)]


def _values(call: Call, account: str) -> dict[str, Any]:
    params = call.params
    return {
        **params,
        "account": account,
        "cluster_name": str(params.get("cluster", "")).rpartition("/")[2],
        "namespace": params.get("NamespaceId") or (params.get("DnsConfig") or {}).get("NamespaceId"),
        "engine_major": str(params.get("EngineVersion", "")).partition(".")[0],
        "LoggingArn": (params.get("LoggingConfiguration") or {}).get("ResourceArn"),
        "kind": _EC2_KINDS.get(str((params.get("Resources") or ["-"])[0]).partition("-")[0], ""),
    }


def _filled(name: str, template: str, values: Mapping[str, Any]) -> Iterator[str]:
    places = _PLACE.findall(template)
    missing = [place for place in places if values.get(place) in (None, "")]
    if missing:
        raise UnmappedCallError(f"{name} names no {', '.join(missing)}")
    many = next((place for place in places if isinstance(values[place], list)), None)
    for item in values[many] if many else [None]:
        filled = {**values, many: item} if many else values
        yield _PLACE.sub(lambda match, filled=filled: str(filled[match[1]]), template)  # type: ignore[misc]


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    names = ("Tags", "tags", "BackupVaultTags", "BackupPlanTags")
    tags: Any = next((params[name] for name in names if params.get(name)), {})
    if isinstance(tags, Mapping):
        return dict(tags)
    return {str(one.get("Key", one.get("key", one.get("TagKey")))): _tag_value(one) for one in tags}


def _tag_value(tag: Mapping[str, Any]) -> str:
    return str(tag.get("Value", tag.get("value", tag.get("TagValue"))))


def _request_context(name: str, params: Mapping[str, Any]) -> Context:
    tags = {f"aws:requesttag/{key}".lower(): (value,) for key, value in _tags(params).items()}
    boundary = params.get("PermissionsBoundary")
    managed = params.get("ManageMasterUserPassword")
    return {
        **tags,
        **({"iam:permissionsboundary": (boundary,)} if name == "iam:CreateRole" and boundary else {}),
        **({"rds:managemasteruserpassword": (str(managed).lower(),)} if managed is not None else {}),
    }


def _tagging(name: str, call: Call, place: str, first: str, context: Context) -> Iterator[RequestedAction]:
    for specification in call.params.get("TagSpecifications") or ():
        kind = specification["ResourceType"]
        arn = f"{first.rsplit(':', 1)[0]}:{kind}/new"
        yield RequestedAction(action="ec2:CreateTags", resource=arn, context={"ec2:createaction": (call.operation,)})
    action = _TAGGING.get(name, _TAGGING.get(name.partition(":")[0]))
    if action and _tags(call.params) and call.operation != "CreateTags":
        made = f"{place}key/new" if name == "kms:CreateKey" else _made(name, first)
        yield RequestedAction(action=action, resource=made, context=context)


def _made(name: str, resource: str) -> str:
    """The ARN of what a call makes, where the call itself is judged on something else."""
    kind = {"elasticloadbalancing:CreateListener": "listener", "elasticloadbalancing:CreateRule": "listener-rule"}.get(
        name
    )
    if kind:
        head, _, tail = resource.rpartition(":")
        return f"{head}:{kind}/{tail.partition('/')[2]}/new"
    return resource.removesuffix(":*") if name.startswith("logs:") else resource


def _besides(name: str, call: Call, account: str) -> Iterator[RequestedAction]:
    """What AWS asks for in the caller's name while it does what a call says."""
    params, region = call.params, call.region
    for key, service in _HANDED.get(name, {}).items():
        if params.get(key):
            yield RequestedAction(
                action="iam:PassRole", resource=params[key], context={"iam:passedtoservice": (service,)}
            )
    for key, (through, actions) in _KEYS_USED.get(name, {}).items():
        if params.get(key):
            used: Context = {
                "kms:viaservice": (f"{through}.{region}.amazonaws.com",),
                "kms:grantisforawsresource": ("true",),
            }
            yield from (RequestedAction(action=f"kms:{one}", resource=params[key], context=used) for one in actions)
    if name == "rds:CreateDBInstance" and params.get("ManageMasterUserPassword"):
        secret = f"arn:aws:secretsmanager:{region}:{account}:secret:rds!db-new"
        yield from (
            RequestedAction(action=f"secretsmanager:{one}", resource=secret) for one in ("CreateSecret", "TagResource")
        )
    if name == "secretsmanager:RotateSecret" and params.get("RotationLambdaARN"):
        yield RequestedAction(action="lambda:InvokeFunction", resource=params["RotationLambdaARN"])
    yield from (RequestedAction(action=one, resource="*") for one in _WITHOUT_RESOURCE.get(name, ()))
    if name == "lambda:CreateFunction":
        repository = str(params["Code"]["ImageUri"]).partition("/")[2].partition("@")[0]
        for one in ("BatchGetImage", "GetDownloadUrlForLayer", "GetRepositoryPolicy"):
            yield RequestedAction(
                action=f"ecr:{one}", resource=f"arn:aws:ecr:{region}:{account}:repository/{repository}"
            )
