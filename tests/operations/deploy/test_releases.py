"""Whoever has to go back sees which images the service has run."""

from typing import Any

import boto3
import pytest

from operations.deploy.releases import SHOWN, releases
from operations.deploy.rollout import Target
from operations.engine.errors import UnreachableError
from tests.quick_moto import quick_moto


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def register(ecs: Any, family: str, number: int) -> str:
    image = f"210000000003.dkr.ecr.eu-west-1.amazonaws.com/workbuoy@{digest(number)}"
    container = {"name": "service", "image": image, "memory": 128}
    made = ecs.register_task_definition(family=family, containerDefinitions=[container])
    return str(made["taskDefinition"]["taskDefinitionArn"])


def target(arn: str) -> Target:
    return Target(cluster_arn="c", service_name="s", task_definition_arn=arn)


@pytest.fixture
def ecs() -> Any:
    with quick_moto():
        yield boto3.client("ecs", region_name="eu-west-1")


def test_images_come_newest_first_once_each_and_the_one_that_runs_is_marked(ecs: Any) -> None:
    first = register(ecs, "workbuoy-prod", 1)
    register(ecs, "workbuoy-prod-one-off", 9)
    register(ecs, "workbuoy-prod", 2)
    latest = register(ecs, "workbuoy-prod", 2)
    ecs.deregister_task_definition(taskDefinition=first)
    found = releases("prod", target(latest), ecs)
    assert [(one.digest, one.runs) for one in found] == [(digest(2), True), (digest(1), False)]
    assert [one.task_definition for one in found] == ["workbuoy-prod:2", "workbuoy-prod:1"]


def test_a_long_history_is_cut(ecs: Any) -> None:
    for number in range(1, SHOWN + 4):
        latest = register(ecs, "workbuoy-prod", number)
    found = releases("prod", target(latest), ecs)
    assert [one.digest for one in found] == [digest(number) for number in range(SHOWN + 3, 3, -1)]


def test_an_account_that_does_not_answer_is_one_line(ecs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import NoCredentialsError

    def refuse(_: str) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(ecs, "get_paginator", refuse)
    with pytest.raises(UnreachableError, match="prod: ECS does not list its task definitions"):
        releases("prod", target("arn:x/workbuoy-prod:1"), ecs)
