"""Waiting until a service runs what was declared.

A steady state is not enough: ECS reaches one after going back, too (hashicorp/terraform-provider-aws#20858). Success is
the PRIMARY deployment running the declared task definition with its rollout COMPLETED.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.engine.errors import FailedError, UnreachableError
from project.placement import Placement

POLL_SECONDS: Final = 10.0
TIMEOUT_SECONDS: Final = 20 * 60.0
SETTLING_SECONDS: Final = 60.0
"""ECS's answers may be behind what was just declared: its API is eventually consistent.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The service of a stack, and the task definition that it must run."""

    cluster_arn: str
    service_name: str
    task_definition_arn: str


def target_of(stack: str, outputs: Mapping[str, Any]) -> Target:
    """The service that a stack's outputs name. Raises FailedError where they name none."""
    names = ("clusterArn", "serviceName", "taskDefinitionArn")
    missing = [name for name in names if not isinstance(outputs.get(name), str)]
    if missing:
        raise FailedError(f"{stack}: has no output {', '.join(missing)}", f"`workbuoy deploy {stack}` first")
    cluster, service, task = (outputs[name] for name in names)
    return Target(cluster_arn=cluster, service_name=service, task_definition_arn=task)


def client_of(place: Placement) -> Any:
    """ECS in a stack's region, or in the moto server that stands for it."""
    import boto3  # a third of a second that help must not pay for

    moto = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"} if place.endpoint_url else {}
    return boto3.client("ecs", region_name=place.region, endpoint_url=place.endpoint_url, **moto)


def wait(
    stack: str,
    target: Target,
    ecs: Any,
    *,
    notify: Callable[[str], Any],
    poll_seconds: float = POLL_SECONDS,
    timeout_seconds: float = TIMEOUT_SECONDS,
    settling_seconds: float = SETTLING_SECONDS,
) -> None:
    """Wait until the service runs the declared task definition.

    An answer that knows nothing of it is believed after `settling_seconds` alone.

    Raises FailedError where ECS gave it up, went back, or takes longer; UnreachableError where ECS cannot be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    began, reported, known = time.monotonic(), "", False
    while True:
        try:
            answer = ecs.describe_services(cluster=target.cluster_arn, services=[target.service_name])
            service = _service(stack, target, answer)
        except (BotoCoreError, ClientError) as error:
            raise UnreachableError(
                f"{stack}: ECS does not tell of the rollout: {error}", f"sign in anew, then `workbuoy rollout {stack}`"
            ) from None
        primary, seconds = _primary(service), time.monotonic() - began
        known = known or any(
            one.get("taskDefinition") == target.task_definition_arn for one in service.get("deployments", ())
        )
        progress = _progress(primary)
        if progress != reported:
            notify(f"{stack}: {progress}")
            reported = progress
        if (known or seconds >= settling_seconds) and _judge(stack, target, service, primary):
            return
        if seconds > timeout_seconds:
            raise FailedError(
                f"{stack}: the rollout is not through after {timeout_seconds / 60:.0f} minutes: {progress}",
                f"`workbuoy rollout {stack}` waits on",
                _events(service),
            )
        time.sleep(poll_seconds)


def _judge(stack: str, target: Target, service: Mapping[str, Any], primary: Mapping[str, Any]) -> bool:
    running, state = primary.get("taskDefinition"), primary.get("rolloutState")
    if running != target.task_definition_arn:
        raise FailedError(
            f"{stack}: ECS went back to {_short(running)}: {_short(target.task_definition_arn)} did not start",
            f"`aws logs tail /workbuoy/workbuoy-{stack}/service` says why",
            _events(service),
        )
    if state == "FAILED":
        raise FailedError(
            f"{stack}: ECS gave up the rollout: {primary.get('rolloutStateReason') or 'it does not say why'}",
            "",
            _events(service),
        )
    return bool(state == "COMPLETED")


def _service(stack: str, target: Target, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    found = next((one for one in answer.get("services", ()) if one.get("status") == "ACTIVE"), None)
    if found is None:
        why = ", ".join(str(one.get("reason")) for one in answer.get("failures", ())) or "INACTIVE"
        raise FailedError(f"{stack}: there is no service {target.service_name} ({why})", f"`workbuoy deploy {stack}`")
    service: Mapping[str, Any] = found
    return service


def _primary(service: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((one for one in service.get("deployments", ()) if one.get("status") == "PRIMARY"), {})


def _progress(primary: Mapping[str, Any]) -> str:
    counts = f"{primary.get('runningCount', 0)} of {primary.get('desiredCount', 0)} tasks run"
    failed = f", {primary['failedTasks']} failed" if primary.get("failedTasks") else ""
    return f"{_short(primary.get('taskDefinition'))} {primary.get('rolloutState', 'IN_PROGRESS')}: {counts}{failed}"


def _short(arn: Any) -> str:
    return str(arn or "nothing").rpartition("/")[2]


def _events(service: Mapping[str, Any]) -> tuple[str, ...]:
    """The latest that ECS itself noted, newest first."""
    return tuple(str(one.get("message", "")) for one in service.get("events", ())[:3])
