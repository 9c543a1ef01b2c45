"""cfn-lint, which AWS feeds from its own schemas, has no error to tell of whole stacks, and sees seeded ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from project.files import find_project
from rehearsal.cloud import Cloud
from rehearsal.run import rehearse_with_base
from tests.conftest import PROJECT
from tests.rehearsal.checks.second_opinion import template

pytestmark = pytest.mark.slow

ONE_NAME_TWICE = "E3019"  # a template is of one region, and what is asked here of several

Requests = list[tuple[str, Mapping[str, Any]]]


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Requests:
    """Every request of the rehearsals that a test makes."""
    made: Requests = []
    stock = Cloud.call

    def call(self: Cloud, service: str, operation: str, params: Mapping[str, Any], region: str = "") -> Any:
        made.append((operation, json.loads(json.dumps(params))))
        return stock(self, service, operation, params, region)

    monkeypatch.setattr(Cloud, "call", call)
    return made


def errors(content: dict[str, Any]) -> list[str]:
    """What cfn-lint calls an error in a template, each with its resource's type."""
    pytest.importorskip("cfnlint", reason="cfn-lint is missing, and with it the second opinion")
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    found = lint(json.dumps(content), config=ManualArgs(regions=["eu-west-1"]))
    return [
        f"{content['Resources'][str(one.path[1])]['Type']} {one.rule.id} {one.message}"
        for one in found
        if one.rule.id.startswith("E") and one.rule.id != ONE_NAME_TWICE
    ]


@pytest.mark.parametrize(("folder", "stack"), [(PROJECT, "prod-acme"), (PROJECT / "bootstrap", "prod")])
def test_whole_stacks_have_no_error(requests: Requests, folder: Path, stack: str) -> None:
    rehearse_with_base(find_project(folder), stack)
    content = template(requests)
    assert len(content["Resources"]) >= 15
    assert errors(content) == []


def test_seeded_breaches_are_errors_there_too() -> None:
    task = {"family": "a", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "4096"}
    containers = [{"name": "a", "image": "i"}]
    seeds: Requests = [
        ("create_db_instance", {"DBInstanceClass": "db.foo", "Engine": "postgres", "AllocatedStorage": "20"}),
        ("register_task_definition", {**task, "networkMode": "awsvpc", "containerDefinitions": containers}),
        ("create_log_group", {"logGroupName": "a b"}),
        ("create_subnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/33"}),
    ]
    found = errors(template(seeds))
    types = {one.partition(" ")[0] for one in found}
    assert types == {"AWS::RDS::DBInstance", "AWS::ECS::TaskDefinition", "AWS::Logs::LogGroup", "AWS::EC2::Subnet"}
