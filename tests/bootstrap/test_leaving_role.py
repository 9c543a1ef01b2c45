"""A leaving can end all that a customer's stack has, its full buckets too, and make nothing: judged by our evaluator.

What the genuine provider asks in a whole life of dev was recorded (tests/operations/local/provider_calls.json).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from bootstrap.leaving import leaving_policies
from bootstrap.names import deploy_role
from bootstrap.rights.state import StatePlace, state_rights
from bootstrap.roles import deploy_policies, rights_by_part
from bootstrap.scope import Scope
from components.context import LEAVING_ROLE
from components.permissions import Statement
from facts.permissions.actions import writes
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.conftest import Account
from tests.bootstrap.proof import Proof
from tests.bootstrap.test_deploy_role import FORBIDDEN, HERE
from tests.bootstrap.test_preview_role import MAKERS_READS, USES

RECORDED = Path(__file__).parents[1] / "operations/local/provider_calls.json"
SCOPE = Scope(account_id="210000000001", environment="dev", regions=("eu-west-1",))
# What the Terraform provider asks and no role of ours may need: who is signed in is everybody's to ask.
EVERYBODYS = {"sts:GetCallerIdentity"}
ENDS = re.compile(r":(?:Batch)?(?:Delete|Deregister|Detach|Disassociate|Release|Remove|Revoke|Schedule|Unsubscribe)")


EMPTYING = {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"}


@pytest.fixture
def leaving(prod: Account) -> Proof:
    return prod.proof(LEAVING_ROLE)


def actions(policies: Mapping[str, Sequence[Statement]]) -> set[str]:
    """Everything that policies allow on something."""
    return {action for part in policies.values() for one in part if one.effect == "Allow" for action in one.actions}


def recorded() -> set[str]:
    """IAM's actions of the recorded calls; the one in the form of a path is S3's DeleteObjects."""
    named = json.loads(RECORDED.read_text())["actions"]
    return {"s3:DeleteObjectVersion" if one.startswith("POST/") else one for one in named} - EVERYBODYS


@pytest.fixture(scope="module")
def allowed() -> dict[str, set[str]]:
    """The actions of both roles."""
    rights = rights_by_part(SCOPE)
    state = state_rights(SCOPE, StatePlace(region="eu-west-1", key_arn="arn:aws:kms:eu-west-1:210000000001:key/k"))
    return {
        "deploy": actions(deploy_policies(SCOPE, rights, state, None)),
        "leaving": actions(leaving_policies(SCOPE, rights, state)),
    }


def test_a_deploy_may_do_all_that_the_provider_was_seen_to_ask_but_empty_a_bucket(
    allowed: dict[str, set[str]],
) -> None:
    asked = recorded()
    assert len(asked) > 150
    assert asked - allowed["deploy"] == {"s3:DeleteObjectVersion", "s3:ListBucketVersions"}


def test_a_leaving_may_do_all_that_ends_something_but_a_base_stacks_network(allowed: dict[str, set[str]]) -> None:
    ends = {one for one in recorded() if ENDS.search(one)}
    assert len(ends) > 30
    refused = ends - allowed["leaving"]
    assert refused
    assert {one for one in refused if not one.startswith("ec2:") or "SecurityGroup" in one} == set()
    assert allowed["leaving"] >= EMPTYING


def test_whoever_ends_a_function_s_group_may_end_the_interfaces_that_it_left(allowed: dict[str, set[str]]) -> None:
    """AWS refuses to delete the group before, and the provider deletes them; moto makes none, so none was recorded."""
    for actions_of_role in allowed.values():
        assert {
            "ec2:DeleteSecurityGroup",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DeleteNetworkInterface",
        } <= actions_of_role


def test_a_deploy_may_do_what_cloud_map_does_with_its_caller_s_rights(allowed: dict[str, set[str]]) -> None:
    """As AWS lists it for CreatePrivateDnsNamespace; moto asks for none of it."""
    zones = {f"route53:{one}" for one in ("CreateHostedZone", "GetHostedZone", "ListHostedZonesByName")}
    assert zones | {"ec2:DescribeRegions", "ec2:DescribeVpcs"} <= allowed["deploy"]


def test_a_leaving_makes_nothing_new(allowed: dict[str, set[str]]) -> None:
    making = {
        one for one in allowed["leaving"] if one.partition(":")[2].startswith(("Create", "Run", "Attach", "Pass"))
    }
    assert making == {"rds:CreateDBSnapshot"}, "the final snapshot of the database alone"


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_it_reads_all_that_a_rehearsal_reads(environment: str, accounts: Callable[[str], Account]) -> None:
    account = accounts(environment)
    judged = account.proof(LEAVING_ROLE).judge_calls(account.calls)
    read = [
        one for one in judged if not writes(one.requested.action) and one.requested.action not in MAKERS_READS | USES
    ]
    assert len(read) > 80
    assert [str(one) for one in read if not one.decision.allowed] == []


@pytest.mark.parametrize("action", sorted(EMPTYING))
def test_it_empties_a_customers_bucket_and_no_base_stacks(leaving: Proof, action: str) -> None:
    for bucket, empties in (
        ("workbuoy-prod-acme-files-1", True),
        ("workbuoy-prod-acme-files-logs-1", True),
        ("workbuoy-prod-eu-north-1-globex-files-1", True),
        ("workbuoy-prod-files-1", False),
        ("workbuoy-prod-files-logs-1", False),
        ("workbuoy-prod-eu-north-1-files-1", False),
        ("workbuoy-staging-acme-files-1", False),
        ("workbuoy-state-210000000003-eu-west-1", False),
    ):
        resource = f"arn:aws:s3:::{bucket}" + ("" if action == "s3:ListBucketVersions" else "/tenants/acme/cv.pdf")
        reading = action == "s3:ListBucketVersions" and "eu-north-1-files" in bucket  # names alone; nothing goes
        asked = RequestedAction(action=action, resource=resource)
        assert leaving.judge(asked, HERE).decision.allowed is (empties or reading), bucket


def test_an_object_whose_name_looks_like_a_customers_bucket_stays_in_a_base_stacks(leaving: Proof) -> None:
    resource = "arn:aws:s3:::workbuoy-prod-files-1/tenants/x-files-1/cv.pdf"
    assert not leaving.judge(RequestedAction(action="s3:DeleteObject", resource=resource), HERE).decision.allowed


@pytest.mark.parametrize("what", sorted(set(FORBIDDEN)))
def test_what_a_deploy_may_not_do_a_leaving_may_not_either(what: str, prod: Account, leaving: Proof) -> None:
    assert not leaving.judge(FORBIDDEN[what](prod), HERE).decision.allowed


def test_nobody_deploys_into_the_role(prod: Account) -> None:
    deploy = prod.proof(deploy_role("prod"))
    role = f"arn:aws:iam::{prod.id}:role/{LEAVING_ROLE}"
    for action in ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "sts:AssumeRole"):
        assert not deploy.judge(RequestedAction(action=action, resource=role), HERE).decision.allowed, action
