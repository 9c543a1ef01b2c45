"""What a service accepts and then cannot start: secrets without a value, roles that do not trust, targets unused."""

from collections.abc import Iterator

from facts import tokens as t
from graph import Graph
from rehearsal.checks.reading import allows, properties, refuse, statements
from rehearsal.checks.tasks import containers_of
from rehearsal.result import Refusal

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"


def injected_secrets(graph: Graph) -> Iterator[Refusal]:
    """A secret without a current value cannot be injected: the task would never start."""
    rotated = {one.inputs.get("secretId"): one for one in graph.of(t.SECRET_ROTATION)}
    valued = {one.inputs.get("secretId") for one in graph.of(t.SECRET_VERSION)}
    for one in graph.of(t.TASK_DEFINITION):
        for container in containers_of(one):
            for entry in container.get("secrets") or ():
                arn = ":".join(str(entry.get("valueFrom")).split(":")[:7])
                secret = graph.find(arn, t.SECRET)
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
    for one in graph.of(t.SERVICE):
        values = one.inputs
        if values.get("healthCheckGracePeriodSeconds") and not values.get("loadBalancers"):
            yield refuse(
                one,
                "ecs-grace-without-load-balancer",
                "has a health check grace period and no load balancer",
                "leave the grace period out",
                "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html",
            )
        for target in values.get("loadBalancers") or ():
            group = graph.find(target.get("targetGroupArn"), t.TARGET_GROUP)
            used = [
                *graph.of(t.LISTENER),
                *graph.of(t.LISTENER_RULE),
            ]
            wanted = target.get("targetGroupArn")
            if group is not None and not any(wanted in str(each.inputs) for each in used):
                yield refuse(
                    one,
                    "ecs-target-group-unused",
                    f"registers in target group {group.name}, which no listener uses",
                    "forward to it from a listener or a rule",
                    f"{_ECS}alb.html",
                )


def protocols(graph: Graph) -> Iterator[Refusal]:
    """A load balancer that speaks TLS to a service which speaks plain HTTP, or the other way round.

    AWS takes it; every health check then fails, tasks are replaced for ever, and a deployment never settles. A
    container that is given no `DATABASE_URL` is none of the service's contract (docs/other-image.md), so that nothing
    here says what it speaks.
    """
    for one in graph.of(t.SERVICE):
        for target in one.inputs.get("loadBalancers") or ():
            group = graph.find(target.get("targetGroupArn"), t.TARGET_GROUP)
            for task in graph.referred(one, "taskDefinition", t.TASK_DEFINITION):
                for container in containers_of(task):
                    given = {each.get("name"): each.get("value") for each in container.get("environment") or ()}
                    if group is None or container.get("name") != target.get("containerName"):
                        continue
                    protocol, speaks = group.inputs.get("protocol"), given.get("TLS_ENABLED") == "true"
                    if "DATABASE_URL" in given and protocol in ("HTTP", "HTTPS") and speaks != (protocol == "HTTPS"):
                        yield refuse(
                            one,
                            "ecs-target-protocol",
                            f"is asked by {protocol} of {group.name}, and its container {container.get('name')} speaks "
                            f"{'TLS' if speaks else 'plain HTTP'}",
                            "let the group's protocol and TLS_ENABLED say the same: service.targetTls sets both",
                            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
                            "load-balancer-target-groups.html",
                        )


def rotations(graph: Graph) -> Iterator[Refusal]:
    """Secrets Manager refuses a rotation function that it may not call, so the permission must come first."""
    for one in graph.of(t.SECRET_ROTATION):
        function = graph.find(one.inputs.get("rotationLambdaArn"), t.FUNCTION)
        if function is None:
            continue
        handles = {function.id, properties(function).get("arn"), properties(function).get("name")}
        permissions = [
            each
            for each in graph.of(t.FUNCTION_PERMISSION)
            if each.inputs.get("function") in handles and each.inputs.get("principal") == "secretsmanager.amazonaws.com"
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
    (t.FUNCTION, "role", "lambda.amazonaws.com"),
    (t.DATABASE, "monitoringRoleArn", "monitoring.rds.amazonaws.com"),
    (t.FLOW_LOG, "iamRoleArn", "vpc-flow-logs.amazonaws.com"),
    (t.TASK_DEFINITION, "executionRoleArn", "ecs-tasks.amazonaws.com"),
    (t.TASK_DEFINITION, "taskRoleArn", "ecs-tasks.amazonaws.com"),
)


def trust(graph: Graph) -> Iterator[Refusal]:
    """A role that the service which gets it may not assume."""
    for token, field, service in _TRUST:
        for one in graph.of(token):
            role = graph.find(one.inputs.get(field), t.ROLE)
            if role is not None and not any(
                allows(each, service, "sts:AssumeRole") for each in statements(role.inputs.get("assumeRolePolicy"))
            ):
                yield refuse(
                    one,
                    "role-trust",
                    f"is given role {role.name}, which does not trust {service}",
                    f"let {service} assume it",
                    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html",
                )


CHECKS = (injected_secrets, services, protocols, rotations, trust)
