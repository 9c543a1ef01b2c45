"""A rehearsal's requests as a CloudFormation template, for cfn-lint to judge: a second opinion on the same values.

CloudFormation's properties are the services' own parameters with few other names, so that requests are nearer to it
than a program's properties are. Types that are not here are not asked about.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class As:
    """An operation as a resource: its type, names that differ, parameters that it lacks, policies that are text."""

    type_: str
    names: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


OPERATIONS = {
    "create_db_instance": As(
        "AWS::RDS::DBInstance",
        {"VpcSecurityGroupIds": "VPCSecurityGroups"},
        ("MasterUserSecretKmsKeyId",),
    ),
    "create_db_subnet_group": As("AWS::RDS::DBSubnetGroup"),
    "create_db_parameter_group": As("AWS::RDS::DBParameterGroup", {"DBParameterGroupFamily": "Family"}),
    "create_event_subscription": As("AWS::RDS::EventSubscription"),
    "register_task_definition": As("AWS::ECS::TaskDefinition"),
    "create_log_group": As("AWS::Logs::LogGroup"),
    "create_function": As("AWS::Lambda::Function", without=("Publish",)),
    "add_permission": As("AWS::Lambda::Permission", without=("StatementId",)),
    "put_metric_alarm": As("AWS::CloudWatch::Alarm"),
    "create_secret": As("AWS::SecretsManager::Secret", without=("ClientRequestToken",)),
    "create_key": As("AWS::KMS::Key", {"Policy": "KeyPolicy"}, documents=("KeyPolicy",)),
    "create_role": As("AWS::IAM::Role", documents=("AssumeRolePolicyDocument",)),
    "create_policy": As(
        "AWS::IAM::ManagedPolicy",
        {"PolicyName": "ManagedPolicyName"},
        ("Tags",),
        ("PolicyDocument",),
    ),
    "put_bucket_policy": As("AWS::S3::BucketPolicy", {"Policy": "PolicyDocument"}, documents=("PolicyDocument",)),
    "create_vpc": As("AWS::EC2::VPC"),
    "create_subnet": As("AWS::EC2::Subnet"),
    "create_security_group": As("AWS::EC2::SecurityGroup", {"Description": "GroupDescription"}),
    "create_load_balancer": As("AWS::ElasticLoadBalancingV2::LoadBalancer"),
    "create_target_group": As("AWS::ElasticLoadBalancingV2::TargetGroup"),
    "create_listener": As("AWS::ElasticLoadBalancingV2::Listener"),
    "create_rule": As("AWS::ElasticLoadBalancingV2::ListenerRule"),
    "create_repository": As("AWS::ECR::Repository", without=("ImageScanningConfiguration", "EncryptionConfiguration")),
}


def template(requests: list[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The requests of operations that are known here, as a template."""
    resources = {}
    for number, (operation, request) in enumerate(requests):
        kind = OPERATIONS.get(operation)
        if kind is not None:
            resources[f"R{number}"] = {"Type": kind.type_, "Properties": _properties(kind, request)}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _properties(kind: As, request: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in request.items():
        name = key[0].upper() + key[1:]
        name = kind.names.get(name, name)
        if name == "TagSpecifications":
            name, value = "Tags", value[0]["Tags"]  # noqa: PLW2901
        if name in kind.without:
            continue
        if name == "Tags":
            value = _tags(value)  # noqa: PLW2901
        found[name] = json.loads(value) if name in kind.documents else _capital(value)
    return found


def _tags(value: Any) -> list[dict[str, str]]:
    pairs = value.items() if isinstance(value, Mapping) else (tuple(one.values()) for one in value)
    return [{"Key": key, "Value": text} for key, text in pairs]


def _capital(value: Any) -> Any:
    """Names with a capital, as CloudFormation has them; keys of maps that a person chose stay as they are."""
    if isinstance(value, list):
        return [_capital(one) for one in value]
    if isinstance(value, Mapping):
        return {key[0].upper() + key[1:]: part if key in _MAPS else _capital(part) for key, part in value.items()}
    return value


_MAPS = {"options", "Variables", "dockerLabels"}
