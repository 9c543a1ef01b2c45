"""What an account gets: rehearsed, held to the same policies, and named as others rely on."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bootstrap.names import state_bucket, trail_bucket
from policies.permissions.linter import lint
from project.files import find_project
from rehearsal.as_graph import graph_of
from rehearsal.result import Rehearsal
from tests.bootstrap.conftest import ACCOUNTS, BOOTSTRAP, Account
from tests.conftest import Change, Graph
from tests.declared import DECLARE, declared_once
from tests.infra.test_urns import lost_names

URNS = Path(__file__).parent / "urns"
PROD = "210000000003"
DeclareWith = Callable[[str, Change], Graph]


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Prod's account as declared."""
    return Graph(declared_once(find_project(BOOTSTRAP), "prod", DECLARE))


def statements(graph: Graph, name: str, field: str = "policy") -> dict[str, dict[str, Any]]:
    document = json.loads(graph.named(name).declared.inputs[field])
    return {one["Sid"]: one for one in document["Statement"]}


def test_the_rehearsal_passes_with_every_mandatory_control_and_says_what_is_exempt(whole: Rehearsal) -> None:
    assert whole.passed
    assert whole.policies is not None
    assert whole.policies.violations == ()
    assert [one for one in whole.policies.unused_exemptions if "workbuoy-bootstrap" in one] == []
    assert {(one.control, one.urn.rpartition("::")[2]) for one in whole.policies.having("exempt")} == {
        ("bucket-log-access", "state-bucket"),
        ("bucket-log-access", "trail-bucket"),
        ("role-refuse-decrypt-everywhere", "boundary"),
        ("role-refuse-decrypt-everywhere", "deploy-keys"),
        ("role-refuse-decrypt-everywhere", "leaving-empty"),
        ("role-refuse-decrypt-everywhere", "operators-exports"),
        ("role-refuse-decrypt-everywhere", "operators-secrets"),
        ("role-refuse-decrypt-everywhere", "operators-promotion"),
        ("role-refuse-decrypt-everywhere", "operators-restore"),
        ("role-refuse-decrypt-everywhere", "drill-copy"),
        ("role-refuse-decrypt-everywhere", "drill-evidence"),
        ("role-refuse-escalation", "deploy-watching"),
        ("role-name-resources", "boundary"),
        ("role-name-resources", "boundary-backup"),
        ("role-name-resources", "deploy-database"),
        ("role-refuse-decrypt-everywhere", "boundary-backup"),
        ("role-name-resources", "deploy-metrics"),
        ("role-name-resources", "deploy-network"),
        ("role-name-resources", "leaving-end-foundation"),
        ("role-name-resources", "leaving-end-running"),
        ("role-name-resources", "deploy-service"),
        ("role-name-resources", "deploy-keys"),
    }


def test_there_is_no_service_to_try_and_no_field_is_wrong(whole: Rehearsal) -> None:
    assert whole.service is None
    assert whole.failures == ()
    assert {one.path for one in whole.stand_ins} == {
        "workbuoy-bootstrap:settings.account",
        "workbuoy-bootstrap:settings.github.ownerId",
        "workbuoy-bootstrap:settings.github.repositoryId",
    }


# What the linter says of documents that are right, with the reason.
KNOWN = {
    ("deploy-watching", "escalation"): "versions of the stacks' own read-logs policies alone, which take no boundary",
    ("leaving-end-foundation", "RESOURCE_POLICY_PRIVILEGE_ESCALATION"): "it takes policies away and writes none",
    ("deploy-storage", "RESOURCE_POLICY_PRIVILEGE_ESCALATION"): "the role's own Deny, NoData, stands against it",
}


def test_no_policy_document_has_a_fault_but_those_that_are_none(whole: Rehearsal) -> None:
    assert {(fault.urn.rpartition("::")[2], fault.rule) for fault in lint(graph_of(whole).resources)} == set(KNOWN)


@pytest.mark.lengthy
@pytest.mark.parametrize("stack", ACCOUNTS)
def test_no_logical_name_is_lost_without_an_alias(stack: str) -> None:
    resources = declared_once(find_project(BOOTSTRAP), stack, DECLARE).resources
    committed = (URNS / f"{stack}.txt").read_text(encoding="utf-8").splitlines()
    assert lost_names(committed, resources) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_document_fits_into_what_aws_takes(environment: str, accounts: Callable[[str], Account]) -> None:
    roles: dict[str, int] = {}
    for one in accounts(environment).bootstrap.resources:
        document = one.declared.inputs.get("policy", "")
        if one.type == "aws:iam/policy:Policy":
            assert len(re.sub(r"\s", "", document)) <= 6144, one.name
        if one.type.endswith(":RolePolicyAttachment"):
            role = one.declared.inputs["role"]
            roles[role] = roles.get(role, 0) + 1
    assert max(roles.values()) <= 10


def test_the_names_that_others_rely_on_stand(graph: Graph) -> None:
    assert graph.rehearsal.exports == {
        "stateAddress": f"s3://workbuoy-state-{PROD}-eu-west-1?region=eu-west-1",
        "secretsProvider": "awskms://alias/workbuoy-state?region=eu-west-1",
        "imageRepositories": {
            region: f"{PROD}.dkr.ecr.{region}.amazonaws.com/workbuoy" for region in ("eu-west-1", "eu-north-1")
        },
        "permissionsBoundaryArn": f"arn:aws:iam::{PROD}:policy/workbuoy-boundary",
        "previewRoleArn": f"arn:aws:iam::{PROD}:role/workbuoy-preview",
        "deployRoleArn": f"arn:aws:iam::{PROD}:role/workbuoy-deploy-prod",
        "operatorsRoleArn": f"arn:aws:iam::{PROD}:role/workbuoy-operators",
        "leavingRoleArn": f"arn:aws:iam::{PROD}:role/workbuoy-leaving",
        "drillRoleArn": f"arn:aws:iam::{PROD}:role/workbuoy-drill",
    }
    assert graph.named("state-key-alias").declared.inputs["name"] == "alias/workbuoy-state"


def test_a_workflow_is_known_by_both_forms_of_its_subject_and_by_nothing_wider(graph: Graph) -> None:
    def trusted(role: str) -> Any:
        (statement,) = statements(graph, role, "assumeRolePolicy").values()
        assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
        assert set(statement["Condition"]) == {"StringEquals"}
        assert statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
        return statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]

    both = ("workbuoy-example/infrastructure", "workbuoy-example@500000005/infrastructure@500000005")
    assert trusted("deploy-role") == [f"repo:{one}:environment:prod" for one in both]
    assert trusted("drill-role") == [f"repo:{one}:environment:drills-prod" for one in both]
    assert trusted("preview-role") == [
        f"repo:{one}:{what}" for what in ("pull_request", "ref:refs/heads/main") for one in both
    ]


def test_operators_come_from_named_permission_sets(graph: Graph) -> None:
    (statement,) = statements(graph, "operators-role", "assumeRolePolicy").values()
    assert statement["Condition"] == {
        "ArnLike": {
            "aws:PrincipalArn": [
                f"arn:aws:iam::{PROD}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_WorkbuoyOperators_*"
            ]
        }
    }


@pytest.mark.lengthy
def test_operators_without_identity_center_show_a_second_factor(declare_with: DeclareWith) -> None:
    users = ["arn:aws:iam::111111111111:user/kari"]
    graph = declare_with("prod", lambda settings: settings.update(operators={"mfaUsers": users}))
    (statement,) = statements(graph, "operators-role", "assumeRolePolicy").values()
    assert statement["Principal"] == {"AWS": users[0]}
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_nobody_deletes_a_version_of_the_state_or_a_file_of_the_trail(graph: Graph) -> None:
    for name, bucket in (("state", state_bucket(PROD, "eu-west-1")), ("trail", trail_bucket(PROD, "eu-west-1"))):
        kept = statements(graph, f"{name}-policy")["KeepVersions"]
        assert (kept["Effect"], kept["Principal"]) == ("Deny", "*")
        assert kept["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert statements(graph, "trail-policy")["OnlyAppend"]["Action"] == ["s3:DeleteObject"]


def test_the_trail_sees_every_region_and_every_touch_of_the_state(graph: Graph) -> None:
    trail = graph.named("trail-trail").declared.inputs
    assert trail["isMultiRegionTrail"] is True
    assert trail["enableLogFileValidation"] is True
    touches = trail["advancedEventSelectors"][1]["fieldSelectors"]
    assert {"field": "resources.ARN", "startsWiths": [f"arn:aws:s3:::{state_bucket(PROD, 'eu-west-1')}/"]} in touches
    assert "trail-policy" in graph.needs("trail-trail")


READS = {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::workbuoy-prod-"]}


def test_the_trail_records_reads_of_the_stacks_buckets_and_no_writes(graph: Graph) -> None:
    selectors = graph.named("trail-trail").declared.inputs["advancedEventSelectors"]
    (reads,) = [one["fieldSelectors"] for one in selectors if READS in one["fieldSelectors"]]
    assert {"field": "readOnly", "equals": ["true"]} in reads
    assert {"field": "eventCategory", "equals": ["Data"]} in reads


@pytest.mark.lengthy
def test_an_account_may_decide_against_recording_reads(declare_with: DeclareWith) -> None:
    without = declare_with("prod", lambda settings: settings.update(recordObjectReads=False))
    selectors = without.named("trail-trail").declared.inputs["advancedEventSelectors"]
    assert all(READS not in one["fieldSelectors"] for one in selectors)


def test_only_functions_of_this_environment_pull_through_the_registrys_policy(graph: Graph) -> None:
    for region in ("eu-west-1", "eu-north-1"):
        policy = graph.named(f"images-{region}-policy").declared.inputs
        assert policy["region"] == region
        pull = statements(graph, f"images-{region}-policy")["LetFunctionsPull"]
        assert pull["Condition"] == {
            "ArnLike": {"aws:SourceArn": f"arn:aws:lambda:{region}:{PROD}:function:workbuoy-prod-*"},
            "StringEquals": {"aws:SourceAccount": PROD},
        }


def test_a_preview_role_that_may_write_through_a_managed_policy_is_caught(whole: Rehearsal) -> None:
    """The control follows attachments: before, it saw inline policies alone."""
    from dataclasses import replace

    from policies.runner import check

    resources = graph_of(whole).resources
    assert "role-pin-github-subject" not in {one.control for one in check(resources, "prod").having("fail")}
    wider = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Tag", "Effect": "Allow", "Action": "sns:TagResource", "Resource": f"arn:aws:sns:*:{PROD}:a"}
            ],
        }
    )
    changed = [
        replace(one, inputs={**one.inputs, "policy": wider}) if one.name == "preview-running" else one
        for one in resources
    ]
    caught = [one for one in check(changed, "prod").having("fail") if one.control == "role-pin-github-subject"]
    assert {one.urn.rpartition("::")[2] for one in caught} == {"preview-role"}
