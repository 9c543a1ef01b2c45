"""The preview role reads configuration and state, and writes nothing: judged by our evaluator."""

from collections.abc import Callable

import pytest

from bootstrap.names import PREVIEW_ROLE
from facts.permissions.actions import writes
from operations.drift.account import compare
from operations.locate.live.account import Account as LiveAccount
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Moto
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.conftest import Account
from tests.bootstrap.proof import Proof, recorded
from tests.bootstrap.test_deploy_role import FORBIDDEN, HERE, _account_key, _made, _state, changed

# Reads that only who makes something asks for: Lambda pulls the image in the name of who makes a function.
MAKERS_READS = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy"}
# What KMS calls use rather than change, and is refused all the same.
USES = {"kms:Decrypt", "kms:GenerateDataKey"}


@pytest.fixture
def preview(prod: Account) -> Proof:
    return prod.proof(PREVIEW_ROLE)


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_every_reading_call_of_the_rehearsal_is_allowed_and_every_writing_one_refused(
    environment: str, accounts: Callable[[str], Account]
) -> None:
    account = accounts(environment)
    judged = account.proof(PREVIEW_ROLE).judge_calls(account.calls)
    written = [one for one in judged if writes(one.requested.action) or one.requested.action in USES]
    read = [one for one in judged if one not in written and one.requested.action not in MAKERS_READS]
    assert len(written) > 100
    assert len(read) > 80
    assert [str(one) for one in written if one.decision.allowed] == []
    assert [str(one) for one in read if not one.decision.allowed] == []


# What IAM calls an operation of S3 otherwise than the API does.
NAMED_OTHERWISE = {
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3control:ListAccessPoints": "s3:ListAccessPoints",
}
# Where IAM knows no resource for an action.
OF_NOTHING = {"ecs:ListServices", "lambda:ListEventSourceMappings", "s3:ListAccessPoints"}


def test_it_may_read_all_that_the_nightly_look_into_the_account_asks(prod: Account, preview: Proof, moto: Moto) -> None:
    with recorded(moto) as calls:
        account = LiveAccount(prod.id, HERE, moto.cloud(prod.id, HERE).client)
        compared = compare(account, graph_of(prod.stack), lambda name: not name.startswith("workbuoy-prod-acme"))
    assert compared.unread == ()
    asked = {f"{call.service}:{call.operation}" for call in calls}
    assert len(asked) > 20, sorted(asked)
    resources = {
        "ec2": "*",
        "ecs": "*",
        "elbv2": "*",
        "iam": f"arn:aws:iam::{prod.id}:role/workbuoy-prod-service-task",
        "kms": _made(prod, "Key", "arn", "keys-files"),
        "lambda": prod.arn("lambda", "function:workbuoy-prod-rotation"),
        "logs": prod.arn("logs", "log-group:/workbuoy/workbuoy-prod/service:*"),
        "rds": prod.arn("rds", "snapshot:by-hand"),
        "s3": "arn:aws:s3:::workbuoy-prod-files-0123abcd",
        "secretsmanager": prod.arn("secretsmanager", "secret:rds!db-1"),
        "sns": prod.arn("sns", "workbuoy-prod-alarms"),
        "wafv2": prod.arn("wafv2", "regional/webacl/workbuoy-prod/1"),
    }
    # RequestedAction only where tasks run, and none does here.
    for action, thing in (("DescribeTasks", "task/workbuoy-prod/1"), ("DescribeServices", "service/workbuoy-prod/it")):
        assert preview.judge(
            RequestedAction(action=f"ecs:{action}", resource=prod.arn("ecs", thing)), HERE
        ).decision.allowed
    for action in sorted(NAMED_OTHERWISE.get(one, one) for one in asked):
        context = {
            "aws:resourcetag/application": ("workbuoy",),
            "aws:resourcetag/environment": ("prod",),
            "ecs:cluster": (prod.arn("ecs", "cluster/workbuoy-prod"),),
        }
        resource = "*" if action in OF_NOTHING else resources[action.partition(":")[0]]
        one = RequestedAction(
            action=action.replace("elbv2:", "elasticloadbalancing:"), resource=resource, context=context
        )
        assert preview.judge(one, HERE).decision.allowed, action


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_a_deploy_may_not_do_a_preview_may_not_either(what: str, prod: Account, preview: Proof) -> None:
    assert not preview.judge(FORBIDDEN[what](prod), HERE).decision.allowed


def test_it_reads_the_state_and_decrypts_it(prod: Account, preview: Proof) -> None:
    for action, resource in (
        ("s3:GetObject", _state("stacks/workbuoy/prod.json")(prod)),
        ("s3:GetObject", _state("meta.yaml")(prod)),
        ("s3:ListBucket", _state("")(prod).partition("/")[0]),
        ("kms:Decrypt", _account_key("state")(prod)),
    ):
        assert preview.judge(RequestedAction(action=action, resource=resource), HERE).decision.allowed, action


@pytest.mark.parametrize("path", ["locks/organization/workbuoy/prod/1.json", "stacks/workbuoy/prod.json", "meta.yaml"])
def test_it_writes_no_state_and_no_lock(path: str, prod: Account, preview: Proof) -> None:
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert not preview.judge(RequestedAction(action=action, resource=_state(path)(prod)), HERE).decision.allowed


def test_it_decrypts_with_no_key_but_the_states(prod: Account, preview: Proof) -> None:
    keys = [str(one.outputs["arn"]) for one in prod.stack.resources if one.type == "aws:kms:key:Key"]
    keys = keys or [str(one.outputs["arn"]) for one in prod.stack.resources if one.type.endswith(":Key")]
    through = [
        {},
        {"kms:viaservice": (f"s3.{HERE}.amazonaws.com",)},
        {"kms:viaservice": (f"rds.{HERE}.amazonaws.com",)},
    ]
    assert len(keys) == 7
    for key in [*keys, _account_key("trail")(prod)]:
        for context in through:
            asked = RequestedAction(action="kms:Decrypt", resource=key, context=context)
            assert not preview.judge(asked, HERE).decision.allowed


def test_the_rehearsals_secrets_stay_closed(prod: Account, preview: Proof) -> None:
    for name in ("database-login", "oidc-client"):
        secret = _made(prod, "Secret", "arn", name)
        assert preview.judge(
            RequestedAction(action="secretsmanager:DescribeSecret", resource=secret), HERE
        ).decision.allowed
        assert not preview.judge(
            RequestedAction(action="secretsmanager:GetSecretValue", resource=secret), HERE
        ).decision.allowed


def test_without_a_reading_statement_the_drift_of_its_things_could_not_be_seen(prod: Account, preview: Proof) -> None:
    without = changed(preview, lambda one: None if one["Sid"] == "SeeBuckets" else one)
    denied = {one.requested.action for one in without.judge_calls(prod.calls) if not one.decision.allowed}
    assert "s3:GetBucketPolicy" in denied


def test_a_statement_that_may_write_is_found(prod: Account, preview: Proof) -> None:
    def widen(one: dict[str, object]) -> dict[str, object]:
        return one | {"Action": ["sns:GetTopicAttributes", "sns:TagResource"]} if one["Sid"] == "SeeTopics" else one

    allowed = [one for one in changed(preview, widen).judge_calls(prod.calls) if one.decision.allowed]
    assert {one.requested.action for one in allowed if writes(one.requested.action)} == {"sns:TagResource"}
