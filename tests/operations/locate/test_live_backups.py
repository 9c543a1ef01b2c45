"""A copy out of reach, as the account has it: vault, plan and what a person changed of both."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.tenants.files import read_tenant
from operations.locate.answer import Answer
from operations.locate.live import locate_live
from operations.locate.sources import Declarations, Source
from project.files import Project
from rehearsal.cloud import running
from tests.conftest import PROJECT
from tests.operations.locate.conftest import Looked

pytestmark = pytest.mark.slow  # a silo in moto

STACK = "workbuoy-prod-eu-north-1-globex"
VAULT = f"{STACK}-backups"
POINT, SNAPSHOT = "recovery-point:files-1", "awsbackup-job-1"  # the database's is a snapshot of RDS


class WithPoints(Looked):
    """moto has no recovery points and changes no plan: both are answered here."""

    rules: list[dict[str, Any]] | None = None

    def client(self, service: str, region: str = "") -> Any:
        client = super().client(service, region)
        return _Pointing(self, client) if service == "backup" and region == self.home else client


class _Pointing:
    def __init__(self, account: WithPoints, client: Any) -> None:
        self._client, self._account = client, account

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_backup_vault(self, **which: str) -> Any:
        return {**self._client.describe_backup_vault(**which), "NumberOfRecoveryPoints": 2}

    def get_backup_plan(self, **which: str) -> Any:
        answer = self._client.get_backup_plan(**which)
        if self._account.rules is not None and answer["BackupPlan"]["BackupPlanName"] == STACK:
            answer["BackupPlan"]["Rules"] = self._account.rules
        return answer

    def can_paginate(self, operation: str) -> bool:
        return operation != "list_recovery_points_by_backup_vault"

    def list_recovery_points_by_backup_vault(self, **which: str) -> Any:
        own = which["BackupVaultName"] == VAULT
        ends = (f"backup:{self._account.home}:{self._account.account}:{POINT}", self._snapshot()) if own else ()
        return {"RecoveryPoints": [{"RecoveryPointArn": f"arn:aws:{one}"} for one in ends]}

    def _snapshot(self) -> str:
        return f"rds:{self._account.home}:{self._account.account}:snapshot:{SNAPSHOT}"


@pytest.fixture(scope="module")
def declared(declarations: Declarations) -> Any:
    return declarations.estate(read_tenant(PROJECT, "globex"))


@pytest.fixture(scope="module")
def account(project_root: Project) -> Iterator[WithPoints]:
    with running() as moto:
        stood = Declarations(project_root, Source.REHEARSAL, moto).estate(read_tenant(PROJECT, "globex"))
        yield WithPoints(stood, moto.cloud(stood.own.account, stood.own.region))


@pytest.fixture(scope="module")
def untouched(project_root: Project, declared: Any, account: Looked) -> Answer:
    return locate_live(project_root, declared, account)


@pytest.fixture(scope="module")
def changed(project_root: Project, declared: Any, account: WithPoints, untouched: Answer) -> Answer:
    """The plan keeps longer and copies nothing away, and somebody made a vault beside."""
    assert untouched
    account.rules = [{"RuleName": "daily", "TargetBackupVaultName": VAULT, "Lifecycle": {"DeleteAfterDays": 90}}]
    account.client("backup").create_backup_vault(BackupVaultName=f"{STACK}-by-hand")
    return locate_live(project_root, declared, account)


def test_vault_and_plan_as_declared_are_looked_for_and_leave_nothing_to_tell(untouched: Answer) -> None:
    assert [one.partition(":")[0] for one in untouched.unsearched] == ["metrics-workspace"]
    assert [str(one) for one in untouched.differences] == []
    kept = {one.what: (one.name, one.kept) for one in untouched.stores if "ecovery points" in one.what}
    assert kept["Recovery points of AWS Backup"] == (VAULT, "each for 7 days")
    assert len(kept) == 2


def test_what_lies_in_the_stack_s_own_vault_is_reported_with_the_vault_alone(
    project_root: Project, declared: Any, account: Looked
) -> None:
    tags = [{"Key": "application", "Value": "workbuoy"}, {"Key": "tenant", "Value": "globex"}]
    for name in (SNAPSHOT, "by-hand"):
        account.client("rds").create_db_snapshot(
            DBSnapshotIdentifier=name, DBInstanceIdentifier=f"{STACK}-database", Tags=tags
        )
    answer = locate_live(project_root, declared, account)
    assert [one.name for one in answer.stores if one.name.endswith((SNAPSHOT, "by-hand"))] == ["by-hand"]


def test_rules_of_a_plan_and_a_vault_that_a_person_made_are_reported(changed: Answer) -> None:
    told = {(one.name, one.field, one.found) for one in changed.differences}
    assert (VAULT, "Recovery points of AWS Backup: kept", "each for 90 days") in told
    assert any(name == STACK and found == "nothing" for name, _, found in told), told
    assert any(name == f"{STACK}-by-hand" for name, _, _ in told), told
