"""What AWS's own services ask for in the names of a stack's roles: no program does it, and without it nothing runs.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html (execution role),
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html, and the managed policy
AmazonRDSEnhancedMonitoringRole for the monitoring of a database.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from facts import tokens as t
from rehearsal.permissions.request import RequestedAction
from rehearsal.result import Rehearsal

InRolesName = tuple[str, RequestedAction]
"""A role's ARN, and what is asked for as that role."""

_PULLING: Final = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
_ON_INTERFACES: Final = ("AssignPrivateIpAddresses", "DeleteNetworkInterface", "UnassignPrivateIpAddresses")
_MONITORING_GROUP: Final = "RDSOSMetrics"


def asked_by_aws(rehearsal: Rehearsal) -> Iterator[InRolesName]:
    """Everything that AWS asks for as the roles of a stack, when all of it runs."""
    place = f"{rehearsal.region}:{rehearsal.account}"
    for one in rehearsal.resources:
        properties = one.declared.inputs
        if one.type == t.TASK_DEFINITION:
            actions = _by_ecs(properties, place)
            role = properties.get("executionRoleArn")
        elif one.type == t.FUNCTION:
            actions, role = _by_lambda(properties, place), properties.get("role")
        elif one.type == t.FLOW_LOG:
            actions, role = _by_flow_logs(properties), properties.get("iamRoleArn")
        elif one.type == t.DATABASE:
            actions, role = _by_monitoring(place), properties.get("monitoringRoleArn")
        else:
            continue
        if role:
            yield from ((str(role), each) for each in actions)


def _by_ecs(task: Any, place: str) -> Iterator[RequestedAction]:
    yield RequestedAction(action="ecr:GetAuthorizationToken", resource="*")
    for container in json.loads(task["containerDefinitions"]):
        repository = str(container["image"]).partition("/")[2].partition("@")[0].partition(":")[0]
        arn = f"arn:aws:ecr:{place}:repository/{repository}"
        yield from (RequestedAction(action=f"ecr:{one}", resource=arn) for one in _PULLING)
        options = (container.get("logConfiguration") or {}).get("options", {})
        if options:
            yield from _writing(f"arn:aws:logs:{place}:log-group:{options['awslogs-group']}")


def _by_lambda(function: Any, place: str) -> Iterator[RequestedAction]:
    group = (function.get("loggingConfig") or {}).get("logGroup") or f"/aws/lambda/{function.get('name')}"
    yield from _writing(f"arn:aws:logs:{place}:log-group:{group}")
    network = function.get("vpcConfig")
    if not network:
        return
    within, interface = f"arn:aws:ec2:{place}:", "network-interface/new"
    placed = [f"subnet/{one}" for one in network["subnetIds"]]
    placed += [f"security-group/{one}" for one in network["securityGroupIds"]]
    for name in (interface, *placed):
        yield RequestedAction(action="ec2:CreateNetworkInterface", resource=f"{within}{name}")
    yield from (RequestedAction(action=f"ec2:{one}", resource=f"{within}{interface}") for one in _ON_INTERFACES)
    for one in ("DescribeNetworkInterfaces", "DescribeSubnets"):
        yield RequestedAction(action=f"ec2:{one}", resource="*")


def _by_flow_logs(flow_log: Any) -> Iterator[RequestedAction]:
    group = str(flow_log.get("logDestination", "")).removesuffix(":*")
    yield RequestedAction(action="logs:DescribeLogGroups", resource="*")
    yield RequestedAction(action="logs:DescribeLogStreams", resource=f"{group}:log-stream:")
    yield from _writing(group)


def _by_monitoring(place: str) -> Iterator[RequestedAction]:
    group = f"arn:aws:logs:{place}:log-group:{_MONITORING_GROUP}"
    for one in ("CreateLogGroup", "PutRetentionPolicy"):
        yield RequestedAction(action=f"logs:{one}", resource=f"{group}:*")
    yield RequestedAction(action="logs:DescribeLogStreams", resource=f"{group}:log-stream:")
    yield RequestedAction(action="logs:GetLogEvents", resource=f"{group}:log-stream:new")
    yield from _writing(group)


def _writing(group: str) -> Iterator[RequestedAction]:
    yield RequestedAction(action="logs:CreateLogStream", resource=f"{group}:log-stream:")
    yield RequestedAction(action="logs:PutLogEvents", resource=f"{group}:log-stream:new")
