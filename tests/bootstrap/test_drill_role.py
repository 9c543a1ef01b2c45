"""What the workflow that tries restores may do, and may not: judged by our evaluator."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bootstrap.names import DRILL_ROLE, PREVIEW_ROLE
from components.context import OPERATORS_ROLE
from components.names import ERASURES_BEGUN
from operations.backups.finding import BackupTarget
from operations.backups.look import look
from project.files import find_project
from rehearsal.cloud import Cloud, Moto
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.calls import Call
from tests.bootstrap.conftest import BOOTSTRAP, Account
from tests.bootstrap.proof import Proof, recorded
from tests.bootstrap.test_deploy_role import FORBIDDEN, HERE, Case
from tests.bootstrap.test_every_action import not_missed, unexplained
from tests.bootstrap.test_operators_role import (
    COPYING,
    LEDGER,
    LOOKING,
    REFUSED,
    THEIRS,
    _evidence,
    _find,
    _log,
    _pass,
    _secret,
    _task,
)
from tests.declared import DECLARE, declared_once


def _age(namespace: str) -> Case:
    return lambda _: RequestedAction(
        action="cloudwatch:PutMetricData", resource="*", context={"cloudwatch:namespace": (namespace,)}
    )


ALLOWED: dict[str, Case] = {
    **COPYING,
    **LOOKING,
    "whether erasures are kept": _find(ERASURES_BEGUN),
    "reading what its task said": _log("logs:GetLogEvents", "/workbuoy/workbuoy-prod/service"),
    "telling the age of the last drill": _age("Workbuoy/workbuoy-prod"),
    "the same of a customer's own stack": _age("Workbuoy/workbuoy-prod-acme"),
}
NOT_ALLOWED: dict[str, Case] = {
    **LEDGER,
    # It reads where a stack stands.
    **{what: case for what, case in REFUSED.items() if what not in ("the state's key", "another key")},
    "reading what is kept of them": _evidence("s3:GetObject", ERASURES_BEGUN),
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


# What a call of `workbuoy backups` names; one that names nothing looks at all.
ASKED: dict[str, str] = {
    "backup:DescribeBackupVault": "arn:aws:backup:{region}:{account}:backup-vault:{BackupVaultName}",
    "backup:ListCopyJobs": "*",
    "ec2:DescribeRegions": "*",
    "kms:DescribeKey": "{KeyId}",
    "rds:DescribeDBInstanceAutomatedBackups": "arn:aws:rds:{region}:{account}:auto-backup:*",
    "rds:DescribeDBInstances": "arn:aws:rds:{region}:{account}:db:{DBInstanceIdentifier}",
    "rds:DescribeDBSnapshotAttributes": "arn:aws:rds:{region}:{account}:snapshot:{DBSnapshotIdentifier}",
    "rds:DescribeDBSnapshots": "arn:aws:rds:{region}:{account}:snapshot:*",
    "rds:DescribeExportTasks": "arn:aws:rds:{region}:{account}:snapshot:*",
    "s3:GetBucketEncryption": "arn:aws:s3:::{Bucket}",
    "s3:GetBucketLifecycleConfiguration": "arn:aws:s3:::{Bucket}",
    "s3:GetBucketReplication": "arn:aws:s3:::{Bucket}",
    "s3:GetBucketVersioning": "arn:aws:s3:::{Bucket}",
    "s3:ListObjectsV2": "arn:aws:s3:::{Bucket}",
}
ACTIONS = {
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:ListObjectsV2": "s3:ListBucket",
}


def requested_by(call: Call, account: str) -> RequestedAction:
    name = f"{call.service}:{call.operation}"
    resource = ASKED[name].format(region=call.region, account=account, **call.params)
    context = {"s3:prefix": (call.params["Prefix"],)} if "Prefix" in call.params else {}
    return RequestedAction(action=ACTIONS.get(name, name), resource=resource, context=context)


class Session:
    """Hands the command's clients of the account in moto out, as boto3's session would of AWS."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def client(self, service: str, region_name: str) -> Any:
        return self._cloud.client(service, region_name)


@pytest.fixture(scope="module")
def looked(prod: Account, moto: Moto) -> list[Call]:
    """What `workbuoy backups prod --live` asks of the account in which prod stands, with a copy out of reach."""

    def exported(kind: str, name: str, key: str) -> str:
        (one,) = [one for one in prod.stack.resources if one.type.endswith(f":{kind}") and one.name == name]
        return str({**one.declared.inputs, **one.outputs}[key])

    with recorded(moto) as calls:
        cloud = moto.cloud(prod.id, HERE)
        bucket = next(
            one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"] if "prod-files-" in one["Name"]
        )
        cloud.client("rds").create_db_snapshot(
            DBSnapshotIdentifier="by-hand", DBInstanceIdentifier="workbuoy-prod-database"
        )
        del calls[:]
        found = look(
            BackupTarget(
                session=Session(cloud),
                stack="prod",
                region=HERE,
                database="workbuoy-prod-database",
                bucket=bucket,
                now=datetime.now(UTC),
                residency=(HERE,),
                vault=exported("Vault", "backup-vault", "name"),
                copies_vault_arn="arn:aws:backup:eu-west-1:444455556666:backup-vault:workbuoy-copies",
            )
        )
    refused = {one.what for one in found if "could not be asked" in one.found}
    assert refused <= {"copies out of reach"}  # moto has no copy jobs; the call was made all the same
    return list(calls)


@pytest.mark.parametrize("role", [DRILL_ROLE, OPERATORS_ROLE])
def test_whoever_is_to_look_at_backups_may_ask_all_that_the_command_asks(
    role: str, prod: Account, looked: list[Call]
) -> None:
    proof = prod.proof(role)
    judged = [proof.judge(requested_by(call, prod.id), call.region) for call in looked]
    assert {f"{call.service}:{call.operation}" for call in looked} == set(ASKED)
    assert len({call.region for call in looked}) > 2  # copies may lie in any region
    assert sorted({str(one) for one in judged if not one.decision.allowed}) == []


def test_a_preview_may_not_ask_all_of_it(prod: Account, looked: list[Call]) -> None:
    """So the proof above can fail."""
    proof = prod.proof(PREVIEW_ROLE)
    assert not all(proof.judge(requested_by(call, prod.id), call.region).decision.allowed for call in looked)


def test_each_action_is_missed_or_listed(prod: Account, drill: Proof) -> None:
    judged = [drill.judge(case(prod), HERE) for case in ALLOWED.values()]
    assert unexplained(not_missed(drill, judged), LEFT) == set()


def test_where_no_drills_are_wanted_there_is_no_role_for_them() -> None:
    declared = declared_once(find_project(BOOTSTRAP), "dev", DECLARE).resources
    names = {one.declared.inputs["name"] for one in declared if one.type == "aws:iam/role:Role"}
    assert DRILL_ROLE not in names
    assert PREVIEW_ROLE in names
