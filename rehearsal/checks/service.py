"""What ECS, Lambda and Secrets Manager refuse, or accept and then cannot start."""

import json
from collections.abc import Iterator
from typing import Any

from components.service_settings import FARGATE_MEMORY_MIB
from rehearsal.checks.graph import Graph, allows, as_list, properties, refuse, statements
from rehearsal.result import Refusal, Rehearsed

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"


def _containers(one: Rehearsed) -> list[dict[str, Any]]:
    try:
        found = json.loads(one.declared.properties.get("containerDefinitions", "[]"))
    except (TypeError, ValueError):
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def fargate(graph: Graph) -> Iterator[Refusal]:
    """CPU and memory that do not go together on Fargate."""
    for one in graph.of("ecs/taskDefinition:TaskDefinition"):
        values = one.declared.properties
        if "FARGATE" not in as_list(values.get("requiresCompatibilities")):
            continue
        cpu, memory = _number(values.get("cpu")), _number(values.get("memory"))
        if memory not in FARGATE_MEMORY_MIB.get(cpu, ()):
            offered = ", ".join(str(each) for each in FARGATE_MEMORY_MIB.get(cpu, ())) or "no memory: unknown CPU size"
            yield refuse(
                one,
                "ecs-fargate-size",
                f"asks Fargate for {cpu} CPU units with {memory} MiB",
                f"with {cpu} units it offers {offered}",
                f"{_ECS}task-cpu-memory-error.html",
            )
        if values.get("networkMode") != "awsvpc":
            yield refuse(
                one,
                "ecs-fargate-network",
                "is not in network mode awsvpc",
                "set networkMode",
                f"{_ECS}fargate-tasks-services.html",
            )


def _number(value: Any) -> int:
    return int(value) if str(value).isdigit() else -1


def containers(graph: Graph) -> Iterator[Refusal]:
    """Time limits and dependencies between containers."""
    for one in graph.of("ecs/taskDefinition:TaskDefinition"):
        found = {each.get("name"): each for each in _containers(one)}
        for name, container in found.items():
            seconds = container.get("startTimeout")
            if seconds is not None and not 2 <= seconds <= 120:
                yield refuse(
                    one,
                    "ecs-start-timeout",
                    f"container {name} may take {seconds} s to start",
                    "take 2 to 120",
                    f"{_ECS}task_definition_parameters.html",
                )
            for needed in container.get("dependsOn") or ():
                other = found.get(needed.get("containerName"), {})
                if needed.get("condition") in ("SUCCESS", "COMPLETE") and other.get("essential", True):
                    yield refuse(
                        one,
                        "ecs-essential-dependency",
                        f"container {name} waits until {needed.get('containerName')} ends, which is essential",
                        f"set essential false for {needed.get('containerName')}",
                        f"{_ECS}task_definition_parameters.html",
                    )


def injected_secrets(graph: Graph) -> Iterator[Refusal]:
    """A secret without a current value cannot be injected: the task would never start."""
    rotated = {
        one.declared.properties.get("secretId"): one for one in graph.of("secretsmanager/secretRotation:SecretRotation")
    }
    valued = {one.declared.properties.get("secretId") for one in graph.of("secretsmanager/secretVersion:SecretVersion")}
    for one in graph.of("ecs/taskDefinition:TaskDefinition"):
        for container in _containers(one):
            for entry in container.get("secrets") or ():
                arn = ":".join(str(entry.get("valueFrom")).split(":")[:7])
                secret = graph.find("secretsmanager/secret:Secret", arn)
                if secret is not None and arn not in rotated and arn not in valued:
                    yield refuse(
                        one,
                        "ecs-secret-without-value",
                        f"container {container.get('name')} is given {entry.get('name')} from {secret.name}, "
                        "which nothing gives a value",
                        "let the app read it, or let rotation make its first value",
                        f"{_ECS}specifying-sensitive-data.html",
                    )


def services(graph: Graph) -> Iterator[Refusal]:
    """A grace period without a load balancer, and a service that no load balancer waits for."""
    for one in graph.of("ecs/service:Service"):
        values = one.declared.properties
        if values.get("healthCheckGracePeriodSeconds") and not values.get("loadBalancers"):
            yield refuse(
                one,
                "ecs-grace-without-load-balancer",
                "has a health check grace period and no load balancer",
                "leave the grace period out",
                "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html",
            )
        for target in values.get("loadBalancers") or ():
            group = graph.find("lb/targetGroup:TargetGroup", target.get("targetGroupArn"))
            used = [
                *graph.of("lb/listener:Listener"),
                *graph.of("lb/listenerRule:ListenerRule"),
            ]
            wanted = target.get("targetGroupArn")
            if group is not None and not any(wanted in str(each.declared.properties) for each in used):
                yield refuse(
                    one,
                    "ecs-target-group-unused",
                    f"registers in target group {group.name}, which no listener uses",
                    "forward to it from a listener or a rule",
                    f"{_ECS}alb.html",
                )


def functions(graph: Graph) -> Iterator[Refusal]:
    """Bounds of a function, and an image from another region."""
    for one in graph.of("lambda/function:Function"):
        values = one.declared.properties
        timeout, memory = values.get("timeout", 3), values.get("memorySize", 128)
        if not 1 <= timeout <= 900:
            yield refuse(
                one, "lambda-timeout", f"may run {timeout} s", "take 1 to 900", f"{_LAMBDA}gettingstarted-limits.html"
            )
        if not 128 <= memory <= 10240:
            yield refuse(
                one, "lambda-memory", f"has {memory} MiB", "take 128 to 10240", f"{_LAMBDA}gettingstarted-limits.html"
            )
        image = str(values.get("imageUri") or "")
        if ".dkr.ecr." in image and f".dkr.ecr.{one.region}." not in image:
            yield refuse(
                one,
                "lambda-image-region",
                f"takes its image from another region than {one.region}",
                "copy the image into a registry of its own region",
                f"{_LAMBDA}images-create.html",
            )


def rotations(graph: Graph) -> Iterator[Refusal]:
    """Secrets Manager refuses a rotation function that it may not call, so the permission must come first."""
    for one in graph.of("secretsmanager/secretRotation:SecretRotation"):
        function = graph.find("lambda/function:Function", one.declared.properties.get("rotationLambdaArn"))
        if function is None:
            continue
        handles = {function.id, properties(function).get("arn"), properties(function).get("name")}
        permissions = [
            each
            for each in graph.of("lambda/permission:Permission")
            if each.declared.properties.get("function") in handles
            and each.declared.properties.get("principal") == "secretsmanager.amazonaws.com"
        ]
        if not any(graph.needs(one, each) for each in permissions):
            yield refuse(
                one,
                "secret-rotation-permission",
                f"rotates with {function.name}, which Secrets Manager may not call yet"
                if permissions
                else f"rotates with {function.name}, which Secrets Manager may not call",
                "let the rotation depend on a lambda.Permission for secretsmanager.amazonaws.com",
                "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html",
            )


_TRUST = (
    ("lambda/function:Function", "role", "lambda.amazonaws.com"),
    ("rds/instance:Instance", "monitoringRoleArn", "monitoring.rds.amazonaws.com"),
    ("ec2/flowLog:FlowLog", "iamRoleArn", "vpc-flow-logs.amazonaws.com"),
    ("ecs/taskDefinition:TaskDefinition", "executionRoleArn", "ecs-tasks.amazonaws.com"),
    ("ecs/taskDefinition:TaskDefinition", "taskRoleArn", "ecs-tasks.amazonaws.com"),
)


def trust(graph: Graph) -> Iterator[Refusal]:
    """A role that the service which gets it may not assume."""
    for token, field, service in _TRUST:
        for one in graph.of(token):
            role = graph.find("iam/role:Role", one.declared.properties.get(field))
            if role is not None and not any(
                allows(each, service, "sts:AssumeRole")
                for each in statements(role.declared.properties.get("assumeRolePolicy"))
            ):
                yield refuse(
                    one,
                    "role-trust",
                    f"is given role {role.name}, which does not trust {service}",
                    f"let {service} assume it",
                    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html",
                )


CHECKS = (fargate, containers, injected_secrets, services, functions, rotations, trust)
