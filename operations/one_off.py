"""A one-off task of the image: started as its stack declares one-off work, watched to its end, its last words read."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from operations.ending import Notify

WATCH_SECONDS = 5.0
LAST_LINES = 15
LOG_LOOKS = 3
# What argparse says in an image of a release before the command, which runs again after a rollback.
BEFORE_ONE_OFF = ("invalid choice: 'one-off'", "invalid choice: 'drill'")


@dataclass(frozen=True, kw_only=True)
class TaskPlace:
    """A stack in which tasks of its image run; `container` is what their definition calls the one that they have."""

    stack: str
    region: str
    cluster_arn: str
    task_definition_arn: str
    subnet_ids: tuple[str, ...]
    security_group_id: str
    bucket: str
    container: str = "one-off"


TASK_OUTPUTS: Final = ("clusterArn", "filesBucketName", "privateSubnetIds")
"""What any `task_place` is made of, besides its definition and security group."""


def task_place(
    stack: str,
    region: str,
    outputs: Mapping[str, Any],
    *,
    definition: str = "oneOffTaskDefinitionArn",
    container: str = "one-off",
    group: str = "serviceSecurityGroupId",
) -> TaskPlace:
    """Where tasks of a stack run, by its outputs; `definition` and `group` are names of such."""
    return TaskPlace(
        stack=stack,
        region=region,
        cluster_arn=outputs["clusterArn"],
        task_definition_arn=outputs[definition],
        subnet_ids=tuple(outputs["privateSubnetIds"]),
        security_group_id=outputs[group],
        bucket=outputs["filesBucketName"],
        container=container,
    )


def expect_outputs(needed: Iterable[str], outputs: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises ProblemsError with every output that is missing, of each stack."""
    if missing := [
        Problem(message=f"stack {stack} has no output {name}: deploy it first")
        for stack, found in outputs.items()
        for name in dict.fromkeys(needed)
        if not found.get(name)
    ]:
        raise ProblemsError(missing)


class TaskError(Exception):
    """The task could not be started or did not run: nothing is known to have been done."""


@dataclass(frozen=True, kw_only=True)
class TaskOutcome:
    """How a task ended: its exit code, its last log lines, and the verdict that it printed as JSON."""

    task_arn: str
    exit_code: int
    last_lines: tuple[str, ...]
    verdict: Mapping[str, Any] | None


def run(session: Any, place: TaskPlace, arguments: Sequence[str], label: str, notify: Notify) -> TaskOutcome:
    """Run one and wait for it. One of this label that still runs is watched instead of a second one.

    Args:
        session: a boto3 session with the operator's own credentials.
        place: where; its task definition for one-off work tells image, roles, settings and secrets.
        arguments: of `workbuoy-app`.
        label: ECS's `startedBy`, which finds the task again after an interruption.
        notify: gets a line of what goes on.

    Raises:
        TaskError: it did not start, its container never ran, or the image knows no one-off work.
        botocore.exceptions.ClientError: AWS refused.
    """
    return watch(session, place, begin(session, place, arguments, label, notify), notify)


def begin(session: Any, place: TaskPlace, arguments: Sequence[str], label: str, notify: Notify) -> str:
    """Start one, or find the one of this label that still runs; gives its ARN. Raises as `run` does.

    Raises TaskError where the one that runs does something else: its end would be told as this one's.
    """
    ecs = session.client("ecs", region_name=place.region)
    if running := _running(ecs, place, label):
        task_arn = str(running["taskArn"])
        if (other := _words_of(place, running)) != list(arguments):
            raise TaskError(
                f"{label} runs already, as `workbuoy-app {' '.join(other)}` ({task_arn}): repeat once it has ended"
            )
        notify(f"{label} runs already; watching {task_arn}")
        return task_arn
    task_arn = _start(ecs, place, arguments, label)
    notify(f"{label} is started: {task_arn}")
    return task_arn


def watch(session: Any, place: TaskPlace, task_arn: str, notify: Notify) -> TaskOutcome:
    """Wait for its end. Raises as `run` does."""
    ecs = session.client("ecs", region_name=place.region)
    task = _ended(ecs, place, task_arn, notify)
    lines = _last_lines(session, ecs, place, task_arn)
    container: Mapping[str, Any] = next((each for each in task["containers"] if each["name"] == place.container), {})
    if container.get("exitCode") is None:
        reason = container.get("reason") or task.get("stoppedReason") or "ECS gives no reason"
        raise TaskError(f"{task_arn} never ran: {reason}")
    if any(message in line for message in BEFORE_ONE_OFF for line in lines):
        raise TaskError(
            f"the image of {place.stack} is of a release before one-off work had a command of its own, as after a "
            "rollback; nothing was done. Deploy this release again, or let who administers the account run it by the "
            "task definition that ends in -administration"
        )
    return TaskOutcome(task_arn=task_arn, exit_code=container["exitCode"], last_lines=lines, verdict=_verdict(lines))


def _running(ecs: Any, place: TaskPlace, label: str) -> Mapping[str, Any] | None:
    """The task of a label that goes on, of this stack: several stand in one cluster.

    ECS may list one for a while that has stopped.
    """
    listed = ecs.list_tasks(cluster=place.cluster_arn, startedBy=label, desiredStatus="RUNNING")["taskArns"]
    found = ecs.describe_tasks(cluster=place.cluster_arn, tasks=listed)["tasks"] if listed else []
    family = family_of(place.task_definition_arn)
    own = (one for one in found if family_of(one["taskDefinitionArn"]) == family)
    return next((one for one in own if one["lastStatus"] != "STOPPED"), None)


def family_of(task_definition_arn: str) -> str:
    """A task definition's name, whatever its revision: a deployment brings a new one."""
    return task_definition_arn.rpartition("/")[2].partition(":")[0]


def _words_of(place: TaskPlace, task: Mapping[str, Any]) -> list[str]:
    overrides = task.get("overrides", {}).get("containerOverrides", ())
    return [str(word) for one in overrides if one.get("name") == place.container for word in one.get("command", ())]


def _start(ecs: Any, place: TaskPlace, arguments: Sequence[str], label: str) -> str:
    answer = ecs.run_task(
        cluster=place.cluster_arn,
        taskDefinition=place.task_definition_arn,
        launchType="FARGATE",
        count=1,
        startedBy=label,
        propagateTags="TASK_DEFINITION",
        enableExecuteCommand=False,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": list(place.subnet_ids),
                "securityGroups": [place.security_group_id],
                "assignPublicIp": "DISABLED",
            }
        },
        overrides={"containerOverrides": [{"name": place.container, "command": list(arguments)}]},
    )
    if not answer["tasks"]:
        failures = ", ".join(sorted({each.get("reason", "unknown") for each in answer.get("failures", [])}))
        raise TaskError(f"ECS did not start it: {failures or 'no reason given'}")
    return str(answer["tasks"][0]["taskArn"])


def _ended(ecs: Any, place: TaskPlace, task_arn: str, notify: Notify) -> Mapping[str, Any]:
    seen = ""
    while True:
        found = ecs.describe_tasks(cluster=place.cluster_arn, tasks=[task_arn])["tasks"]
        if not found:
            raise TaskError(f"ECS no longer knows {task_arn}; its log does")
        task: Mapping[str, Any] = found[0]
        if task["lastStatus"] != seen:
            seen = task["lastStatus"]
            notify(f"  {seen.lower()}")
        if seen == "STOPPED":
            return task
        time.sleep(WATCH_SECONDS)


def _last_lines(session: Any, ecs: Any, place: TaskPlace, task_arn: str) -> tuple[str, ...]:
    """Of the container's log stream, as the awslogs driver names it."""
    definition = ecs.describe_task_definition(taskDefinition=place.task_definition_arn)["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    options = container["logConfiguration"]["options"]
    stream = f"{options['awslogs-stream-prefix']}/{place.container}/{task_arn.rpartition('/')[2]}"
    logs = session.client("logs", region_name=options["awslogs-region"])
    for _ in range(LOG_LOOKS):  # the last lines may come a little after the task's end
        try:
            events = logs.get_log_events(
                logGroupName=options["awslogs-group"], logStreamName=stream, limit=LAST_LINES, startFromHead=False
            )["events"]
        except logs.exceptions.ResourceNotFoundException:
            events = []
        if events:
            return tuple(str(each["message"]).rstrip() for each in events)
        time.sleep(WATCH_SECONDS)
    return ()


def _verdict(lines: Sequence[str]) -> Mapping[str, Any] | None:
    for line in reversed(lines):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "done" in found:
            return found
    return None
