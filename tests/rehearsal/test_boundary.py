"""What stands in for a permissions boundary that an account has beforehand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.boundary import stand_in_boundary
from rehearsal.cloud import Cloud, running

ACCOUNT = "210000000003"
URN = "urn:pulumi:prod::workbuoy::aws:iam/role:Role::service-task-role"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with running() as moto:
        yield moto.cloud(ACCOUNT, "eu-west-1")


def arn_of(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def document_of(cloud: Cloud, name: str) -> dict[str, Any]:
    iam = cloud.client("iam")
    version = iam.get_policy(PolicyArn=arn_of(name))["Policy"]["DefaultVersionId"]
    found: dict[str, Any] = iam.get_policy_version(PolicyArn=arn_of(name), VersionId=version)["PolicyVersion"][
        "Document"
    ]
    return found


@pytest.mark.parametrize("name", ["workbuoy-boundary", "workbuoy-boundary-backup"])
def test_bootstrap_s_boundary_holds_for_every_region_of_the_account_that_has_a_stack(name: str, cloud: Cloud) -> None:
    assert stand_in_boundary(cloud, arn_of(name), URN, "eu-west-1") == "bootstrap's boundary"
    assert "eu-north-1" not in json.dumps(document_of(cloud, name))
    assert stand_in_boundary(cloud, arn_of(name), URN, "eu-north-1") == ""
    for region in ("eu-west-1", "eu-north-1"):
        assert f"s3.{region}.amazonaws.com" in json.dumps(document_of(cloud, name))


def test_a_boundary_that_stands_is_left_as_it_is(cloud: Cloud) -> None:
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    cloud.client("iam").create_policy(PolicyName="workbuoy-boundary", PolicyDocument=json.dumps(nothing))
    assert stand_in_boundary(cloud, arn_of("workbuoy-boundary"), URN, "eu-west-1") == ""
    assert document_of(cloud, "workbuoy-boundary") == nothing
