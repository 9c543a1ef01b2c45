"""What a person on duty may do, and may not: judged by our evaluator."""

from collections.abc import Callable

import pytest

from components.context import OPERATORS_ROLE
from facts.permissions.evaluate import Policies, Principal, Request, decide
from rehearsal.permissions.estate import MotoAccount
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.conftest import Account
from tests.bootstrap.proof import Proof
from tests.bootstrap.test_deploy_role import FORBIDDEN, HERE, Case, _account_key, _made, changed

# What operators may do though a deploy may not.
THEIRS = {"running a task", "reading a log", "copying a database", "a restored copy under a password of its own"}
CLUSTER = "cluster/workbuoy-prod"


def _task(definition: str, cluster: str = CLUSTER) -> Case:
    return lambda account: RequestedAction(
        action="ecs:RunTask",
        resource=account.arn("ecs", f"task-definition/{definition}"),
        context={"ecs:cluster": (account.arn("ecs", cluster),)},
    )


def _pass(role: str, service: str = "ecs-tasks.amazonaws.com") -> Case:
    return lambda account: RequestedAction(
        action="iam:PassRole",
        resource=f"arn:aws:iam::{account.id}:role/{role}",
        context={"iam:passedtoservice": (service,)},
    )


def _secret(action: str, name: str) -> Case:
    return lambda account: RequestedAction(action=action, resource=_made(account, "Secret", "arn", name))


def _secrets_key(account: Account) -> RequestedAction:
    return RequestedAction(
        action="kms:GenerateDataKey",
        resource=_made(account, "Key", "arn", "keys-secrets"),
        context={"kms:viaservice": (f"secretsmanager.{HERE}.amazonaws.com",)},
    )


def _tag_task(creating: str) -> Case:
    return lambda account: RequestedAction(
        action="ecs:TagResource",
        resource=account.arn("ecs", "task/workbuoy-prod/0123abcd"),
        context={"ecs:createaction": (creating,)},
    )


def _list_tasks(cluster: str) -> Case:
    return lambda account: RequestedAction(
        action="ecs:ListTasks", resource="*", context={"ecs:cluster": (account.arn("ecs", cluster),)}
    )


def _read(key: str, bucket: str = "workbuoy-prod-acme-files-1", action: str = "s3:GetObject") -> Case:
    return lambda _: RequestedAction(action=action, resource=f"arn:aws:s3:::{bucket}/{key}")


def _find(prefix: str) -> Case:
    return lambda _: RequestedAction(
        action="s3:ListBucket", resource="arn:aws:s3:::workbuoy-prod-acme-files-1", context={"s3:prefix": (prefix,)}
    )


def _files_key(bucket_arn: str, action: str = "kms:Decrypt") -> Case:
    return lambda account: RequestedAction(
        action=action,
        resource=_made(account, "Key", "arn", "keys-files"),
        context={"kms:viaservice": (f"s3.{HERE}.amazonaws.com",), "kms:encryptioncontext:aws:s3:arn": (bucket_arn,)},
    )


def _log(action: str, group: str) -> Case:
    return lambda account: RequestedAction(action=action, resource=account.arn("logs", f"log-group:{group}:*"))


def _database(action: str, name: str) -> Case:
    return lambda account: RequestedAction(action=f"rds:{action}", resource=account.arn("rds", f"db:{name}"))


def _grant(service: str) -> Case:
    return lambda account: RequestedAction(
        action="kms:CreateGrant",
        resource=_made(account, "Key", "arn", "keys-database"),
        context={"kms:viaservice": (f"{service}.{HERE}.amazonaws.com",), "kms:grantisforawsresource": ("true",)},
    )


def _evidence(action: str, key: str = "evidence/drills/20261126T093000Z.json", *, new: bool = True) -> Case:
    return lambda _: RequestedAction(
        action=action,
        resource=f"arn:aws:s3:::workbuoy-prod-files-1/{key}",
        context={"s3:if-none-match": ("*",)} if new else {},
    )


def _vault(action: str, name: str) -> Case:
    return lambda account: RequestedAction(
        action=f"backup:{action}", resource=account.arn("backup", f"backup-vault:{name}")
    )


def _rds(action: str, resource: str, region: str = HERE) -> Case:
    """A look at backups of databases, which may lie in any region."""

    def asked(account: Account) -> RequestedAction:
        arn = account.arn("rds", resource, region)
        return RequestedAction(action=f"rds:{action}", resource=arn, context={"aws:requestedregion": (region,)})

    return asked


def _bucket(action: str, name: str = "workbuoy-prod-acme-files-1") -> Case:
    return lambda _: RequestedAction(action=f"s3:{action}", resource=f"arn:aws:s3:::{name}")


ELSEWHERE = "us-east-1"
LOOKING: dict[str, Case] = {
    "looking at snapshots": _rds("DescribeDBSnapshots", "db:workbuoy-prod-database"),
    "looking for snapshots in any region": _rds("DescribeDBSnapshots", "snapshot:*", ELSEWHERE),
    "looking for automated backups in any region": _rds(
        "DescribeDBInstanceAutomatedBackups", "auto-backup:*", ELSEWHERE
    ),
    "with whom a snapshot is shared": _rds("DescribeDBSnapshotAttributes", "snapshot:before-move"),
    "what was exported": _rds("DescribeExportTasks", "snapshot:*"),
    "which regions there are": lambda _: RequestedAction(action="ec2:DescribeRegions", resource="*"),
    "whether versions are kept": _bucket("GetBucketVersioning"),
    "for how long": _bucket("GetLifecycleConfiguration"),
    "with which key": _bucket("GetEncryptionConfiguration"),
    "where they are replicated to": _bucket("GetReplicationConfiguration"),
    "whether a key can be used": lambda account: RequestedAction(
        action="kms:DescribeKey", resource=_made(account, "Key", "arn", "keys-files")
    ),
    "a vault": _vault("DescribeBackupVault", "workbuoy-prod-backups"),
    "a customer's own vault": _vault("DescribeBackupVault", "workbuoy-prod-acme-backups"),
    "what is in a vault": _vault("ListRecoveryPointsByBackupVault", "workbuoy-prod-backups"),
    "what was copied away": lambda _: RequestedAction(action="backup:ListCopyJobs", resource="*"),
}
"""What `workbuoy backups --live` asks."""
COPY = "workbuoy-prod-database-restored"
COPYING: dict[str, Case] = {
    "filling in a copy's login": _secret("secretsmanager:PutSecretValue", "restored-login"),
    "encrypting it": _secrets_key,
    "copying a database": _database("RestoreDBInstanceToPointInTime", "workbuoy-prod-database"),
    "into a copy beside it": _database("RestoreDBInstanceToPointInTime", COPY),
    "whose key RDS uses": _grant("rds"),
    "finding it": _database("DescribeDBInstances", COPY),
    "finding what served before": _database("DescribeDBInstances", "workbuoy-prod-database-before"),
    "tagging it": _database("AddTagsToResource", COPY),
    "giving it a password": _database("ModifyDBInstance", COPY),
    "deleting it": _database("DeleteDBInstance", COPY),
    "starting a drill's task": _task("workbuoy-prod-drill:7"),
    "tagging the task as it starts": _tag_task("RunTask"),
    "finding a task that runs": _list_tasks(CLUSTER),
    "with the role that reads a copy": _pass("workbuoy-prod-restore"),
    "with the role that starts tasks": _pass("workbuoy-prod-service-execution"),
    "keeping evidence": _evidence("s3:PutObject"),
    "reading it": _evidence("s3:GetObject"),
    "looking for it": _find("evidence/drills/"),
    "encrypting evidence": _files_key("arn:aws:s3:::workbuoy-prod-files-1", "kms:GenerateDataKey"),
    "decrypting evidence": _files_key("arn:aws:s3:::workbuoy-prod-files-1"),
}
"""What a drill takes, whoever does it."""
LEDGER: dict[str, Case] = {
    "reading what was erased": _evidence("s3:GetObject", "erasures/entries/20261126T093000.0Z-tenant-5eed.json"),
    "looking for what was erased": _find("erasures/entries/"),
}
ALLOWED: dict[str, Case] = {
    **COPYING,
    **LOOKING,
    "for how long exports are kept": _bucket("GetLifecycleConfiguration", "workbuoy-prod-exports-1a2b3c4d"),
    "what is left of exports": _bucket("ListBucketVersions", "workbuoy-prod-exports-1a2b3c4d"),
    **LEDGER,
    "a command of the image as a task": _task("workbuoy-prod-one-off:7"),
    "the same in a customer's own stack": _task("workbuoy-prod-acme-one-off:7"),
    "with the service's role": _pass("workbuoy-prod-service-task"),
    "the same of a customer's own stack": _pass("workbuoy-prod-acme-service-task"),
    "searching the service's log": _log("logs:StartQuery", "/workbuoy/workbuoy-prod/service"),
    "reading rotation's log": _log("logs:FilterLogEvents", "/aws/lambda/workbuoy-prod-rotation"),
    "filling in the login's secret": _secret("secretsmanager:PutSecretValue", "oidc-client"),
    "finding a promotion's receipt": _find("imports/acme/receipt.json"),
    "reading a promotion's manifest": _read("imports/acme/manifest.json"),
    "reading a promotion's receipt": _read("imports/acme/receipt.json"),
    "decrypting them": _files_key("arn:aws:s3:::workbuoy-prod-acme-files-1"),
    "what AWS grants the account": lambda account: RequestedAction(
        action="servicequotas:GetServiceQuota", resource=account.arn("servicequotas", "rds/L-7B6409FD")
    ),
    "how many roles it grants": lambda account: RequestedAction(
        action="servicequotas:GetServiceQuota",
        resource=f"arn:aws:servicequotas:us-east-1:{account.id}:iam/L-FE177D64",
        context={"aws:requestedregion": ("us-east-1",)},
    ),
    "what it grants by default": lambda _: RequestedAction(
        action="servicequotas:GetAWSDefaultServiceQuota", resource="*", context={"aws:requestedregion": ("us-east-1",)}
    ),
    "bringing data back as a task": _task("workbuoy-prod-restore:7"),
    "with the role for it": _pass("workbuoy-prod-restore"),
    "the same of a customer's own": _pass("workbuoy-prod-acme-restore"),
}
REFUSED: dict[str, Case] = {
    "copying a database in another region": _rds("RestoreDBInstanceToPointInTime", f"db:{COPY}", ELSEWHERE),
    "another vault": _vault("ListRecoveryPointsByBackupVault", "payroll"),
    "ending a recovery point": lambda account: RequestedAction(
        action="backup:DeleteRecoveryPoint", resource=account.arn("backup", "recovery-point:1")
    ),
    "bringing a recovery point back": lambda account: RequestedAction(
        action="backup:StartRestoreJob", resource=account.arn("backup", "recovery-point:1")
    ),
    "sharing a snapshot": _rds("ModifyDBSnapshotAttribute", "snapshot:before-move"),
    "how another bucket is kept": _bucket("GetLifecycleConfiguration", "payroll-files-1"),
    "older versions of a customer's files": _bucket("ListBucketVersions"),
    "keeping no versions": _bucket("PutBucketVersioning"),
    "another key": lambda account: RequestedAction(action="kms:DescribeKey", resource=_account_key("state")(account)),
    "reading the ledger's salt": _evidence("s3:GetObject", "erasures/begun.json"),
    "writing an erasure": _evidence("s3:PutObject", "erasures/entries/20261126T093000.0Z-tenant-5eed.json"),
    "writing over evidence": _evidence("s3:PutObject", new=False),
    "deleting evidence": _evidence("s3:DeleteObject"),
    "writing an attachment": _evidence("s3:PutObject", "tenants/1/2"),
    "reading an attachment": _evidence("s3:GetObject", "tenants/1/2"),
    "reading the login's secret": _secret("secretsmanager:GetSecretValue", "oidc-client"),
    "writing the database's login": _secret("secretsmanager:PutSecretValue", "database-login"),
    "another task definition": _task("payroll:1"),
    "the service's own task definition": _task("workbuoy-prod-service:7"),
    "letting somebody in": _task("workbuoy-prod-administration:7"),
    "the same in a customer's own stack": _task("workbuoy-prod-acme-administration:7"),
    "another cluster": _task("workbuoy-prod-one-off:7", "cluster/other"),
    "tagging a task that runs": _tag_task("TagResource"),
    "finding another cluster's tasks": _list_tasks("cluster/other"),
    "a one-off definition of its own": lambda account: RequestedAction(
        action="ecs:RegisterTaskDefinition", resource=account.arn("ecs", "task-definition/workbuoy-prod-one-off:new")
    ),
    "what a promotion moves": _read("imports/acme/objects/cv.pdf"),
    "listing what a promotion moves": _find("imports/acme/"),
    "listing a bucket": _find(""),
    "a manifest in another bucket": _read("imports/acme/manifest.json", "payroll-files-1"),
    "overwriting a receipt": _read("imports/acme/receipt.json", action="s3:PutObject"),
    "decrypting another bucket": _files_key("arn:aws:s3:::payroll-files-1"),
    "with the rotation's role": _pass("workbuoy-prod-rotation"),
    "with the deploy role": _pass("workbuoy-deploy-prod"),
    "with the role handed to a function": _pass("workbuoy-prod-service-task", "lambda.amazonaws.com"),
    "changing a task definition": lambda account: RequestedAction(
        action="ecs:RegisterTaskDefinition", resource=account.arn("ecs", "task-definition/workbuoy-prod-service:new")
    ),
    "another log": _log("logs:FilterLogEvents", "/payroll"),
    "deleting a database": _database("DeleteDBInstance", "workbuoy-prod-database"),
    "changing a database's password": _database("ModifyDBInstance", "workbuoy-prod-database"),
    "putting a database aside": _database("ModifyDBInstance", "workbuoy-prod-database"),
    "letting what served before serve again": _database("ModifyDBInstance", "workbuoy-prod-database-before"),
    "deleting what served before": _database("DeleteDBInstance", "workbuoy-prod-database-before"),
    "stopping the service": lambda account: RequestedAction(
        action="ecs:UpdateService", resource=account.arn("ecs", "service/workbuoy-prod/workbuoy-prod-service")
    ),
    "copying a database to another name": _database("RestoreDBInstanceToPointInTime", "payroll"),
    "a grant through another service": _grant("s3"),
    "reading a copy's login": _secret("secretsmanager:GetSecretValue", "restored-login"),
    "the state's key": lambda account: RequestedAction(
        action="kms:Decrypt",
        resource=_account_key("state")(account),
        context={"kms:viaservice": (f"secretsmanager.{HERE}.amazonaws.com",)},
    ),
}


@pytest.fixture
def operators(prod: Account) -> Proof:
    return prod.proof(OPERATORS_ROLE)


@pytest.mark.parametrize("what", ALLOWED)
def test_operators_may(what: str, prod: Account, operators: Proof) -> None:
    judged = operators.judge(ALLOWED[what](prod), HERE)
    assert judged.decision.allowed, judged


@pytest.mark.parametrize("what", REFUSED)
def test_operators_may_not(what: str, prod: Account, operators: Proof) -> None:
    assert not operators.judge(REFUSED[what](prod), HERE).decision.allowed


@pytest.mark.parametrize("what", sorted(set(FORBIDDEN) - THEIRS))
def test_what_a_deploy_may_not_do_an_operator_may_not_either(what: str, prod: Account, operators: Proof) -> None:
    assert not operators.judge(FORBIDDEN[what](prod), HERE).decision.allowed


WIDENED: dict[str, tuple[str, dict[str, object]]] = {
    "RunOneOffTasks": ("the service's own task definition", {"Resource": "*"}),
    "TagOneOffTasks": ("tagging a task that runs", {"Condition": {}}),
    "FindRunningTasks": ("finding another cluster's tasks", {"Condition": {}}),
    "ReadManifestAndReceipt": ("what a promotion moves", {"Resource": "arn:aws:s3:::workbuoy-prod-*"}),
    "FindManifestAndReceipt": ("listing what a promotion moves", {"Condition": {}}),
    "DecryptManifestAndReceipt": ("decrypting another bucket", {"Condition": {}}),
    "CopyDatabases": ("copying a database to another name", {"Resource": "*"}),
    "KeepCopies": ("deleting a database", {"Resource": "*"}),
    "SeeVaults": ("another vault", {"Resource": "*"}),
    "SeeHowFilesAreKept": ("how another bucket is kept", {"Resource": "*"}),
    "SeeHowExportsAreKept": ("how another bucket is kept", {"Resource": "*"}),
    "SeeKeysState": ("another key", {"Condition": {}}),
}


@pytest.mark.parametrize("sid", WIDENED)
def test_a_widened_statement_is_found(sid: str, prod: Account, operators: Proof) -> None:
    what, wider = WIDENED[sid]

    def widen(one: dict[str, object]) -> dict[str, object]:
        return {**one, **wider} if one["Sid"] == sid else one

    assert changed(operators, widen).judge(REFUSED[what](prod), HERE).decision.allowed


def test_without_the_clusters_name_a_task_could_run_anywhere(prod: Account, operators: Proof) -> None:
    def widen(one: dict[str, object]) -> dict[str, object]:
        return {**one, "Condition": {}} if one["Sid"] == "RunOneOffTasks" else one

    assert changed(operators, widen).judge(REFUSED["another cluster"](prod), HERE).decision.allowed


Who = Callable[[Account], str]
SSO = "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_"


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (f"{SSO}WorkbuoyOperators_0123456789abcdef", True),
        (f"{SSO}WorkbuoyReaders_0123456789abcdef", False),
        ("role/AWSReservedSSO_WorkbuoyOperators_0123456789abcdef", False),  # made by hand under a like name
        ("role/workbuoy-deploy-prod", False),
    ],
)
def test_only_the_named_permission_set_becomes_an_operator(role: str, may: bool, prod: Account) -> None:
    arn = f"arn:aws:iam::{prod.id}:{role}"
    target = f"arn:aws:iam::{prod.id}:role/{OPERATORS_ROLE}"
    trust = MotoAccount(prod.cloud).policies_on(target)
    request = Request(
        principal=Principal(arn=f"{arn}/kari", role_arn=arn, account=prod.id),
        action="sts:AssumeRole",
        resource=target,
        resource_account=prod.id,
        context={"aws:principalarn": (arn,)},
    )
    everything = [{"Sid": "All", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]
    from facts.permissions.evaluate import Held

    identity = [Held("theirs", one) for one in everything]
    assert decide(request, Policies(identity=identity, resource=trust, resource_decides=True)).allowed is may
