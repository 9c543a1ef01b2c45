"""Requests held to the services' own models."""

import boto3
import pytest
from botocore.model import Shape

from rehearsal.kinds import KINDS
from rehearsal.shapes import NOT_HELD_TO, breaches, compiled
from tests.rehearsal.checks.seeds_models import MODEL_CASES, ModelCase
from tests.rehearsal.conftest import RehearseText


@pytest.mark.parametrize("case", MODEL_CASES, ids=lambda case: case.name)
def test_what_a_model_does_not_allow_is_a_breach_and_what_it_does_is_none(case: ModelCase) -> None:
    assert case.found(case.bad)
    assert case.found(case.good) == []


@pytest.mark.lengthy
def test_every_pattern_of_our_resource_types_is_understood_or_named_as_not_held_to() -> None:
    unknown = set()
    seen: set[tuple[str, str]] = set()

    def walk(service: str, shape: Shape) -> None:
        if (service, shape.name) in seen:
            return
        seen.add((service, shape.name))
        pattern = shape.metadata.get("pattern")
        if pattern and compiled(pattern) is None and (service, shape.name) not in NOT_HELD_TO:
            unknown.add((service, shape.name, pattern))
        for part in (
            *getattr(shape, "members", {}).values(),
            *(getattr(shape, key) for key in ("member", "key", "value") if hasattr(shape, key)),
        ):
            walk(service, part)

    session = boto3.Session(region_name="eu-north-1")
    for service in {kind.service for kind in KINDS.values()}:
        client = session.client(service, aws_access_key_id="a", aws_secret_access_key="b")
        for kind in (kind for kind in KINDS.values() if kind.service == service):
            for call in kind.calls:
                name = client.meta.method_to_api_mapping[call.operation]
                walk(service, client.meta.service_model.operation_model(name).input_shape)
    assert unknown == set()


def test_what_is_too_long_is_reported_once_and_not_as_a_pattern_too() -> None:
    case = next(one for one in MODEL_CASES if one.name == "iam RoleName: length")
    model = boto3.Session(region_name="eu-north-1").client("iam").meta.service_model
    shape = model.operation_model("CreateRole").input_shape
    request = {"RoleName": case.bad + " ", "AssumeRolePolicyDocument": "{}"}
    assert [one.kind for one in breaches("iam", shape, request)] == ["length"]


def test_a_breach_is_refused_with_its_place_in_the_program_and_the_operations_page(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        aws.cloudwatch.LogGroup("logs", name="logs", log_group_class="CHEAP", opts=top)
        aws.ecs.TaskDefinition("app", family="app", cpu="256", memory="512", network_mode="awsvpc",
            requires_compatibilities=["FARGATE"], runtime_platform={"operating_system_family": "BEOS"},
            container_definitions=json.dumps([{"name": "app", "image": "i", "essential": True}]), opts=top)
        """
    )
    found = {one.name: one for one in result.refusals if one.check.startswith("model-")}
    assert found["logs"].what == "logGroupClass is 'CHEAP'"
    assert "INFREQUENT_ACCESS" in found["logs"].fix
    assert found["logs"].source.endswith("/logs-2014-03-28/CreateLogGroup")
    assert found["app"].what == "runtimePlatform.operatingSystemFamily is 'BEOS'"
    assert "LINUX" in found["app"].fix


def test_what_a_check_says_of_a_place_the_model_does_not_say_again(rehearse_text: RehearseText) -> None:
    result = rehearse_text('aws.secretsmanager.Secret("login", name="login", description="x" * 2049, opts=top)')
    assert [one.check for one in result.refusals] == ["secret-description"]


def test_a_substitute_for_an_output_is_never_judged_as_a_value(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        aws.rds.Instance("main", engine="postgres", engine_version="17", instance_class="db.t4g.small",
            allocated_storage=20, username="owner", manage_master_user_password=True,
            skip_final_snapshot=True, opts=top)
        """
    )
    assert result.refusals == ()
