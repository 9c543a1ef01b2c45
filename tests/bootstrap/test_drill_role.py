"""What the workflow that tries restores may do, and may not: judged by our evaluator."""

import pytest

from bootstrap.names import DRILL_ROLE, PREVIEW_ROLE
from project.files import find_project
from rehearsal.permissions.proof import Proof
from rehearsal.permissions.request import RequestedAction
from rehearsal.run import Options, rehearse
from tests.bootstrap.conftest import BOOTSTRAP, Account
from tests.bootstrap.test_deploy_role import FORBIDDEN, HERE, Case
from tests.bootstrap.test_every_action import not_missed, unexplained
from tests.bootstrap.test_operators_role import COPYING, LEDGER, REFUSED, THEIRS, _log, _pass, _secret, _task


def _age(namespace: str) -> Case:
    return lambda _: RequestedAction(
        action="cloudwatch:PutMetricData", resource="*", context={"cloudwatch:namespace": (namespace,)}
    )


ALLOWED: dict[str, Case] = {
    **COPYING,
    "reading what its task said": _log("logs:GetLogEvents", "/workbuoy/workbuoy-prod/service"),
    "telling the age of the last drill": _age("Workbuoy/workbuoy-prod"),
    "the same of a customer's own stack": _age("Workbuoy/workbuoy-prod-acme"),
}
NOT_ALLOWED: dict[str, Case] = {
    **LEDGER,
    # It reads where a stack stands.
    **{what: case for what, case in REFUSED.items() if what not in ("the state's key", "another key")},
    "bringing a customer back": _task("workbuoy-prod-restore:7"),
    "any one-off work": _task("workbuoy-prod-one-off:7"),
    "with the service's role": _pass("workbuoy-prod-service-task"),
    "filling in the identity provider's secret": _secret("secretsmanager:PutSecretValue", "oidc-client"),
    "searching a log": _log("logs:StartQuery", "/workbuoy/workbuoy-prod/service"),
    "another namespace": _age("AWS/RDS"),
}
LEFT = {
    "reading logs and following a task": ("ecs:Describe*",),
    "the engine reads the state": ("s3:GetBucketLocation", "s3:ListBucket", "kms:DescribeKey"),
}


@pytest.fixture
def drill(prod: Account) -> Proof:
    return prod.proof(DRILL_ROLE)


@pytest.mark.parametrize("what", ALLOWED)
def test_a_drill_may(what: str, prod: Account, drill: Proof) -> None:
    judged = drill.judge(ALLOWED[what](prod), HERE)
    assert judged.decision.allowed, judged


@pytest.mark.parametrize("what", NOT_ALLOWED)
def test_a_drill_may_not(what: str, prod: Account, drill: Proof) -> None:
    assert not drill.judge(NOT_ALLOWED[what](prod), HERE).decision.allowed


@pytest.mark.parametrize("what", sorted(set(FORBIDDEN) - THEIRS))
def test_what_a_deploy_may_not_do_a_drill_may_not_either(what: str, prod: Account, drill: Proof) -> None:
    assert not drill.judge(FORBIDDEN[what](prod), HERE).decision.allowed


def test_each_action_is_missed_or_listed(prod: Account, drill: Proof) -> None:
    judged = [drill.judge(case(prod), HERE) for case in ALLOWED.values()]
    assert unexplained(not_missed(drill, judged), LEFT) == set()


def test_where_no_drills_are_wanted_there_is_no_role_for_them() -> None:
    declared = rehearse(find_project(BOOTSTRAP), "dev", Options(declare_only=True)).resources
    names = {one.declared.properties["name"] for one in declared if one.type == "aws:iam/role:Role"}
    assert DRILL_ROLE not in names
    assert PREVIEW_ROLE in names
