"""A rollout is through only where ECS runs what was declared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from operations.deploy.rollout import Target, target_of, wait
from operations.engine.errors import FailedError, UnreachableError

OLD, NEW = (f"arn:aws:ecs:eu-west-1:210000000001:task-definition/workbuoy-dev:{number}" for number in (1, 2))
TARGET = Target(cluster_arn="arn:cluster", service_name="workbuoy-dev", task_definition_arn=NEW)


def service(task: str, state: str, **more: Any) -> dict[str, Any]:
    primary = {"status": "PRIMARY", "taskDefinition": task, "rolloutState": state, "desiredCount": 2, **more}
    draining = {"status": "ACTIVE", "taskDefinition": OLD, "rolloutState": "COMPLETED"}
    events = [{"message": f"(service workbuoy-dev) note {number}"} for number in range(5)]
    return {"services": [{"status": "ACTIVE", "deployments": [draining, primary], "events": events}], "failures": []}


@dataclass
class ECS:
    answers: Iterator[dict[str, Any]]

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        assert (cluster, services) == (TARGET.cluster_arn, [TARGET.service_name])
        return next(self.answers)


def waited(*answers: dict[str, Any], timeout_seconds: float = 60, settling_seconds: float = 60) -> list[str]:
    remaining: Iterator[dict[str, Any]] = iter(answers)
    told: list[str] = []
    wait(
        "dev",
        TARGET,
        ECS(remaining),
        notify=told.append,
        poll_seconds=0,
        timeout_seconds=timeout_seconds,
        settling_seconds=settling_seconds,
    )
    return told


def test_it_waits_until_the_declared_task_definition_is_completed() -> None:
    told = waited(
        service(NEW, "IN_PROGRESS", runningCount=0),
        service(NEW, "IN_PROGRESS", runningCount=0),
        service(NEW, "IN_PROGRESS", runningCount=1, failedTasks=1),
        service(NEW, "COMPLETED", runningCount=2),
    )
    assert told == [
        "dev: workbuoy-dev:2 IN_PROGRESS: 0 of 2 tasks run",
        "dev: workbuoy-dev:2 IN_PROGRESS: 1 of 2 tasks run, 1 failed",
        "dev: workbuoy-dev:2 COMPLETED: 2 of 2 tasks run",
    ]


def test_a_steady_state_after_ecs_went_back_is_no_success() -> None:
    with pytest.raises(FailedError, match="ECS went back to workbuoy-dev:1: workbuoy-dev:2 did not start") as raised:
        waited(service(NEW, "IN_PROGRESS"), service(OLD, "COMPLETED", runningCount=2))
    assert raised.value.code == 3
    assert len(raised.value.lines) == 4  # the problem, and ECS's three latest events


def test_an_answer_that_is_behind_what_was_declared_is_no_way_back() -> None:
    waited(service(OLD, "COMPLETED"), service(OLD, "COMPLETED"), service(NEW, "COMPLETED"))


def test_a_way_back_that_was_over_before_anybody_looked_is_noticed_in_the_end() -> None:
    with pytest.raises(FailedError, match="ECS went back to workbuoy-dev:1"):
        waited(service(OLD, "COMPLETED"), settling_seconds=0)


def test_a_rollout_that_ecs_gave_up_is_reported_in_its_words() -> None:
    with pytest.raises(FailedError, match="gave up the rollout: tasks failed to start"):
        waited(service(NEW, "FAILED", rolloutStateReason="tasks failed to start"))


def test_the_time_is_up_some_day() -> None:
    with pytest.raises(FailedError, match=r"not through after 0 minutes.*`workbuoy rollout dev` waits on"):
        waited(*[service(NEW, "IN_PROGRESS")] * 2, timeout_seconds=0)


@pytest.mark.parametrize(
    "answer",
    [
        {"services": [], "failures": [{"reason": "MISSING"}]},
        {"services": [{"status": "INACTIVE", "deployments": []}]},
    ],
)
def test_a_service_that_is_not_there_is_a_failure(answer: dict[str, Any]) -> None:
    with pytest.raises(FailedError, match="there is no service workbuoy-dev"):
        waited(answer)


def test_credentials_that_expire_meanwhile_name_the_command_that_waits_on() -> None:
    from botocore.exceptions import ClientError

    class Expired:
        def describe_services(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "expired"}}, "DescribeServices")

    with pytest.raises(UnreachableError, match=r"ExpiredTokenException.*`workbuoy rollout dev`"):
        wait("dev", TARGET, Expired(), notify=print)


def test_outputs_without_a_service_send_to_deploy() -> None:
    with pytest.raises(FailedError, match=r"has no output serviceName; `workbuoy deploy dev` first"):
        target_of("dev", {"clusterArn": "arn:cluster", "taskDefinitionArn": NEW})
