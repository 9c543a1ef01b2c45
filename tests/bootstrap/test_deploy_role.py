"""The deploy role can do what a rehearsal of its stacks does, and nothing outside: judged by our evaluator."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bootstrap.names import BACKUP_BOUNDARY, deploy_role, state_bucket
from components.context import BOUNDARY
from facts.permissions.actions import writes
from facts.permissions.evaluate import Held
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.conftest import Account
from tests.bootstrap.proof import Judged, Proof


def refused(judged: list[Judged]) -> list[str]:
    return [str(one) for one in judged if not one.decision.allowed]


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_the_role_may_make_every_call_that_stands_its_stack_up_and_reads_it_back(
    environment: str, accounts: Callable[[str], Account]
) -> None:
    account = accounts(environment)
    assert account.stack.passed
    judged = account.proof(deploy_role(environment)).judge_calls(account.calls)
    assert refused(judged) == []
    changing = [one for one in judged if writes(one.requested.action)]
    assert len(judged) > 250
    assert len(changing) > 100
    assert {"iam:CreateRole", "iam:PassRole", "kms:CreateGrant", "rds:CreateDBInstance"} <= {
        one.requested.action for one in changing
    }


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_every_role_that_the_stack_makes_has_the_boundary(environment: str, accounts: Callable[[str], Account]) -> None:
    account = accounts(environment)
    made = [call.params for call in account.calls if call.operation == "CreateRole"]
    assert len(made) > 3
    found = {str(one["RoleName"]): str(one.get("PermissionsBoundary")).rpartition("/")[2] for one in made}
    assert {name: BACKUP_BOUNDARY if name.endswith("-backup") else BOUNDARY for name in found} == found


Case = Callable[[Account], RequestedAction]
HERE = "eu-west-1"


def _asked(action: str, resource: Callable[[Account], str], **context: str) -> Case:
    keys = {key.replace("_", ":", 1).lower(): (value,) for key, value in context.items()}
    return lambda account: RequestedAction(action=action, resource=resource(account), context=keys)


def _iam(resource: str) -> Callable[[Account], str]:
    return lambda account: f"arn:aws:iam::{account.id}:{resource}"


def _own(service: str, resource: str) -> Callable[[Account], str]:
    return lambda account: account.arn(service, resource)


def _made(account: Account, type_: str, output: str, name: str = "") -> str:
    found = (one for one in account.stack.resources if one.type.endswith(f":{type_}") and name in one.name)
    return str(next(found).outputs[output])


def _files_object(account: Account) -> str:
    return _made(account, "Bucket", "arn", "files-bucket") + "/tenants/acme/cv.pdf"


def _login(account: Account) -> str:
    return _made(account, "Secret", "arn", "database-login")


def _state(path: str) -> Callable[[Account], str]:
    return lambda account: f"arn:aws:s3:::{state_bucket(account.id, HERE)}/.pulumi/{path}"


def _journal(path: str) -> Callable[[Account], str]:
    return lambda account: f"arn:aws:s3:::{state_bucket(account.id, HERE)}/workbuoy/fleet/{path}"


def _account_key(name: str) -> Callable[[Account], str]:
    def find(account: Account) -> str:
        (key,) = [one for one in account.bootstrap.resources if one.name == f"{name}-key"]
        return str(key.outputs["arn"])

    return find


def _strange_key(account: Account) -> str:
    """A key that somebody else made in the account, without a tag and under a name of its own."""
    kms = account.cloud.client("kms", HERE)
    found = {one["AliasName"]: one for one in kms.list_aliases()["Aliases"]}
    if "alias/payroll" not in found:
        kms.create_alias(AliasName="alias/payroll", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return str(kms.describe_key(KeyId="alias/payroll")["KeyMetadata"]["Arn"])


OTHER_ACCOUNT = "999999999999"
FORBIDDEN: dict[str, Case] = {
    "a role without the boundary": _asked("iam:CreateRole", _iam("role/workbuoy-prod-more")),
    "a role with another boundary": lambda account: RequestedAction(
        action="iam:CreateRole",
        resource=f"arn:aws:iam::{account.id}:role/workbuoy-prod-more",
        context={"iam:permissionsboundary": ("arn:aws:iam::aws:policy/AdministratorAccess",)},
    ),
    "a policy on a role without the boundary": _asked("iam:PutRolePolicy", _iam("role/workbuoy-prod-unbounded")),
    "an attachment to a role without the boundary": _asked(
        "iam:AttachRolePolicy", _iam("role/workbuoy-prod-unbounded")
    ),
    "taking the boundary from a role": _asked(
        "iam:DeleteRolePermissionsBoundary", _iam("role/workbuoy-prod-service-task")
    ),
    "a new version of the boundary": _asked("iam:CreatePolicyVersion", _iam(f"policy/{BOUNDARY}")),
    "an old version of the boundary": _asked("iam:SetDefaultPolicyVersion", _iam(f"policy/{BOUNDARY}")),
    "deleting the boundary": _asked("iam:DeletePolicy", _iam(f"policy/{BOUNDARY}")),
    "widening its own role": _asked("iam:PutRolePolicy", _iam("role/workbuoy-deploy-prod")),
    "widening its own policy": _asked("iam:CreatePolicyVersion", _iam("policy/workbuoy-deploy-prod-access")),
    "dropping a version of its own policy": _asked(
        "iam:DeletePolicyVersion", _iam("policy/workbuoy-deploy-prod-access")
    ),
    "widening the operators' policy": _asked("iam:CreatePolicyVersion", _iam("policy/workbuoy-operators-tasks")),
    "a version of another policy of a stack": _asked("iam:CreatePolicyVersion", _iam("policy/workbuoy-prod-more")),
    "a version of another environment's policy": _asked(
        "iam:CreatePolicyVersion", _iam("policy/workbuoy-dev-read-logs")
    ),
    "changing the owner's login": _asked("secretsmanager:UpdateSecret", _own("secretsmanager", "secret:rds!db-1-abc")),
    "changing another's secret": _asked("secretsmanager:UpdateSecret", _own("secretsmanager", "secret:payroll-1")),
    "opening its own role to others": _asked("iam:UpdateAssumeRolePolicy", _iam("role/workbuoy-deploy-prod")),
    "widening the preview role": _asked("iam:AttachRolePolicy", _iam("role/workbuoy-preview")),
    "widening the operators' role": _asked("iam:AttachRolePolicy", _iam("role/workbuoy-operators")),
    "another login provider": _asked("iam:CreateOpenIDConnectProvider", _iam("oidc-provider/evil.example")),
    "passing a role that is not a stack's": _asked(
        "iam:PassRole", _iam("role/OrganizationAccountAccessRole"), iam_PassedToService="ecs-tasks.amazonaws.com"
    ),
    "passing its own role": _asked(
        "iam:PassRole", _iam("role/workbuoy-deploy-prod"), iam_PassedToService="lambda.amazonaws.com"
    ),
    "passing a stack's role to EC2": _asked(
        "iam:PassRole", _iam("role/workbuoy-prod-service-task"), iam_PassedToService="ec2.amazonaws.com"
    ),
    "a role under another name": _asked("iam:DeleteRole", _iam("role/admin")),
    "a role of another environment": _asked("iam:DeleteRole", _iam("role/workbuoy-dev-service-task")),
    "a user": _asked("iam:CreateUser", _iam("user/eve")),
    "an access key": _asked("iam:CreateAccessKey", _iam("user/eve")),
    "becoming another role": _asked("sts:AssumeRole", _iam("role/workbuoy-prod-service-task")),
    "a database under another name": _asked("rds:DeleteDBInstance", _own("rds", "db:payroll")),
    "a database of another environment": _asked("rds:DeleteDBInstance", _own("rds", "db:workbuoy-dev-database")),
    "giving a snapshot away": _asked("rds:ModifyDBSnapshotAttribute", _own("rds", "snapshot:workbuoy-prod-database-1")),
    "a database of another account": lambda _: RequestedAction(
        action="rds:DeleteDBInstance", resource=f"arn:aws:rds:{HERE}:{OTHER_ACCOUNT}:db:workbuoy-prod-database"
    ),
    "a network of another account": lambda _: RequestedAction(
        action="ec2:DeleteVpc", resource=f"arn:aws:ec2:{HERE}:{OTHER_ACCOUNT}:vpc/vpc-1"
    ),
    "logging in to a database": _asked("rds-db:connect", _own("rds-db", "dbuser:db-ABC/workbuoy_owner")),
    "reading an object": lambda account: RequestedAction(action="s3:GetObject", resource=_files_object(account)),
    "writing an object": lambda account: RequestedAction(action="s3:PutObject", resource=_files_object(account)),
    "reading the database's login": lambda account: RequestedAction(
        action="secretsmanager:GetSecretValue", resource=_login(account)
    ),
    "reading the owner's login": _asked("secretsmanager:GetSecretValue", _own("secretsmanager", "secret:rds!db-1-abc")),
    "writing the database's login": lambda account: RequestedAction(
        action="secretsmanager:PutSecretValue", resource=_login(account)
    ),
    "decrypting files directly": lambda account: RequestedAction(
        action="kms:Decrypt", resource=_made(account, "Key", "arn", "keys-files")
    ),
    "decrypting files through S3": lambda account: RequestedAction(
        action="kms:Decrypt",
        resource=_made(account, "Key", "arn", "keys-files"),
        context={"kms:viaservice": (f"s3.{HERE}.amazonaws.com",)},
    ),
    "another policy for the state's key": _asked("kms:PutKeyPolicy", _account_key("state")),
    "deleting the state's key": _asked("kms:ScheduleKeyDeletion", _account_key("state")),
    "marking the trail's key as a stack's": lambda account: RequestedAction(
        action="kms:TagResource",
        resource=_account_key("trail")(account),
        context={"aws:requesttag/application": ("workbuoy",), "aws:requesttag/environment": ("prod",)},
    ),
    "the state of another environment": _asked("s3:PutObject", _state("stacks/workbuoy/dev.json")),
    "the state of the account itself": _asked("s3:PutObject", _state("stacks/workbuoy-bootstrap/prod.json")),
    "the history of the account itself": _asked("s3:PutObject", _state("history/workbuoy-bootstrap/prod/prod-1.json")),
    "the journal of another environment's rollouts": _asked("s3:PutObject", _journal("dev/current.json")),
    "deleting the journal of a rollout": _asked("s3:DeleteObject", _journal("prod/current.json")),
    "a version of its own state": _asked("s3:DeleteObjectVersion", _state("stacks/workbuoy/prod.json")),
    "the state bucket's policy": lambda account: RequestedAction(
        action="s3:PutBucketPolicy", resource=f"arn:aws:s3:::{state_bucket(account.id, HERE)}"
    ),
    "the state of another account": lambda _: RequestedAction(
        action="s3:GetObject",
        resource=f"arn:aws:s3:::{state_bucket('210000000001', HERE)}/.pulumi/stacks/workbuoy/dev.json",
    ),
    "stopping the trail": _asked("cloudtrail:StopLogging", _own("cloudtrail", "trail/workbuoy-account")),
    "the registry's policy": _asked("ecr:SetRepositoryPolicy", _own("ecr", "repository/workbuoy")),
    "deleting an image": _asked("ecr:BatchDeleteImage", _own("ecr", "repository/workbuoy")),
    "another repository": _asked("ecr:PutImage", _own("ecr", "repository/other")),
    "running a task": _asked("ecs:RunTask", _own("ecs", "task-definition/workbuoy-prod-one-off:1")),
    "registering another task definition": _asked(
        "ecs:RegisterTaskDefinition", _own("ecs", "task-definition/payroll:1")
    ),
    "a database under a password of its own": lambda account: RequestedAction(
        action="rds:ModifyDBInstance",
        resource=account.arn("rds", "db:workbuoy-prod-database"),
        context={"rds:managemasteruserpassword": ("false",)},
    ),
    "a restored copy under a password of its own": lambda account: RequestedAction(
        action="rds:ModifyDBInstance",
        resource=account.arn("rds", "db:workbuoy-prod-database-restored"),
        context={"rds:managemasteruserpassword": ("false",)},
    ),
    "copying a database": _asked("rds:RestoreDBInstanceToPointInTime", _own("rds", "db:workbuoy-prod-database")),
    "a new database under a password of its own": lambda account: RequestedAction(
        action="rds:CreateDBInstance",
        resource=account.arn("rds", "db:workbuoy-prod-more-database"),
        context={"rds:managemasteruserpassword": ("false",)},
    ),
    "passing the service's role to a function": lambda account: RequestedAction(
        action="iam:PassRole",
        resource=f"arn:aws:iam::{account.id}:role/workbuoy-prod-acme-service-task",
        context={"iam:passedtoservice": ("lambda.amazonaws.com",)},
    ),
    "passing rotation's role to a task": lambda account: RequestedAction(
        action="iam:PassRole",
        resource=f"arn:aws:iam::{account.id}:role/workbuoy-prod-rotation",
        context={"iam:passedtoservice": ("ecs-tasks.amazonaws.com",)},
    ),
    "a trust of a role without the boundary": _asked(
        "iam:UpdateAssumeRolePolicy", _iam("role/workbuoy-prod-unbounded")
    ),
    "giving a stack's key to another environment": lambda account: RequestedAction(
        action="kms:TagResource",
        resource=_made(account, "Key", "arn", "keys-files"),
        context={"aws:requesttag/application": ("workbuoy",), "aws:requesttag/environment": ("dev",)},
    ),
    "marking a key of nobody's, which has a name, as a stack's": lambda account: RequestedAction(
        action="kms:TagResource",
        resource=_strange_key(account),
        context={"aws:requesttag/application": ("workbuoy",), "aws:requesttag/environment": ("prod",)},
    ),
    "reading a log": _asked(
        "logs:GetLogEvents", _own("logs", "log-group:/workbuoy/workbuoy-prod/service:log-stream:a")
    ),
}


# What no rehearsed call tries: a later `up` changes it in place.
CHANGES: dict[str, Case] = {
    "what the policy to read logs says": _asked("iam:CreatePolicyVersion", _iam("policy/workbuoy-prod-read-logs")),
    "the same of a customer's own stack": _asked(
        "iam:CreatePolicyVersion", _iam("policy/workbuoy-prod-acme-read-logs")
    ),
    "its oldest version": _asked("iam:DeletePolicyVersion", _iam("policy/workbuoy-prod-read-logs")),
    "the tags of a stack's key": lambda account: RequestedAction(
        action="kms:TagResource",
        resource=_made(account, "Key", "arn", "keys-files"),
        context={"aws:requesttag/owner": ("another team",)},
    ),
    "who takes a stack's role": _asked("iam:UpdateAssumeRolePolicy", _iam("role/workbuoy-prod-service-task")),
    "a database without a word about its password": _asked(
        "rds:ModifyDBInstance", _own("rds", "db:workbuoy-prod-database")
    ),
    "a secret's description": lambda account: RequestedAction(
        action="secretsmanager:UpdateSecret", resource=_login(account)
    ),
    **{
        f"in a switch: {what}": _asked(f"rds:{action}", _own("rds", f"db:workbuoy-prod-database{end}"))
        for what, action, end in (
            ("the copy is given what the database has", "ModifyDBInstance", "-restored"),
            ("what serves is put aside", "ModifyDBInstance", ""),
            ("what was put aside serves again", "ModifyDBInstance", "-before"),
            ("when that was is noted", "AddTagsToResource", ""),
            ("and forgotten", "RemoveTagsFromResource", ""),
            ("what was put aside goes after its day", "DeleteDBInstance", "-before"),
        )
    },
    "in a switch: the service stands still": _asked(
        "ecs:UpdateService", _own("ecs", "service/workbuoy-prod/workbuoy-prod-service")
    ),
    "in a switch: its scaling, too": _asked(
        "application-autoscaling:RegisterScalableTarget", _own("application-autoscaling", "scalable-target/0a1b")
    ),
    "in a switch: its login gets another password": lambda account: RequestedAction(
        action="secretsmanager:RotateSecret", resource=_login(account)
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_role_may_change_in_place(what: str, prod: Account, deploy: Proof) -> None:
    judged = deploy.judge(CHANGES[what](prod), HERE)
    assert judged.decision.allowed, judged


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_role_may_not(what: str, prod: Account, deploy: Proof) -> None:
    judged = deploy.judge(FORBIDDEN[what](prod), HERE)
    assert not judged.decision.allowed, judged


@pytest.mark.parametrize("service", ["ec2", "rds", "s3", "kms", "lambda", "logs"])
def test_nothing_is_done_in_a_region_outside_residency(service: str, prod: Account, deploy: Proof) -> None:
    """Each call that is allowed at home, asked for elsewhere."""
    asked = [one.requested for one in deploy.judge_calls(prod.calls) if one.requested.action.startswith(f"{service}:")]
    assert asked
    assert [one for one in asked if deploy.judge(one, "us-east-1").decision.allowed] == []


def test_a_regional_base_of_the_same_environment_is_the_roles_too(prod: Account, deploy: Proof) -> None:
    seen = {"s3:if-match": ("what was read",)}  # without which nobody writes the journal
    for action, resource in (
        ("rds:CreateDBInstance", f"arn:aws:rds:eu-north-1:{prod.id}:db:workbuoy-prod-eu-north-1-database"),
        ("s3:PutObject", _state("stacks/workbuoy/prod-acme.json")(prod)),
        ("s3:PutObject", _state("locks/organization/workbuoy/prod-acme/1.json")(prod)),
        ("s3:PutObject", _journal("prod/current.json")(prod)),
        ("s3:GetObject", _journal("prod/20261126T090000-ab12cd/shards/rest-001.json")(prod)),
    ):
        asked = RequestedAction(action=action, resource=resource, context=seen)
        assert deploy.judge(asked, "eu-north-1").decision.allowed, action


def changed(proof: Proof, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Proof:
    """The same role with each of its statements changed, or left out."""
    policies = proof.policies()
    identity = []
    for held in policies.identity:
        statement = change(json.loads(json.dumps(held.statement)))
        if statement is not None:
            identity.append(Held(held.policy, statement))
    return Proof(cloud=proof.cloud, role_arn=proof.role_arn, own=replace(policies, identity=identity))


NEEDED = {
    "MakeNetwork": "ec2:CreateVpc",
    "MakeDatabases": "rds:CreateDBInstance",
    "MakeBuckets": "s3:CreateBucket",
    "MakeKeys": "kms:CreateKey",
    "LetServicesUseKeys": "kms:CreateGrant",
    "MakeRolesWithinBoundary": "iam:CreateRole",
    "HandRolesToTasks": "iam:PassRole",
    "HandRoleToRotation": "iam:PassRole",
    "HandRoleToMonitoring": "iam:PassRole",
    "HandRoleToFlowLogs": "iam:PassRole",
    "TagNewKeys": "kms:TagResource",
    "RunServices": "ecs:CreateService",
    "SeeSecretsWithoutValues": "secretsmanager:DescribeSecret",
    "PushImages": "ecr:BatchGetImage",
}


@pytest.mark.parametrize("sid", NEEDED)
def test_without_a_statement_its_calls_are_refused_by_name(sid: str, prod: Account, deploy: Proof) -> None:
    without = changed(deploy, lambda statement: None if statement["Sid"] == sid else statement)
    denied = {one.requested.action for one in without.judge_calls(prod.calls) if not one.decision.allowed}
    assert NEEDED[sid] in denied


def _drop_condition(sid: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: {key: value for key, value in one.items() if key != "Condition" or one["Sid"] != sid}


def _drop(sid: str) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    return lambda one: None if one["Sid"] == sid else one


def _everywhere(sid: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: one | {"Resource": "*"} if one["Sid"] == sid else one


HOLES: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any] | None]]] = {
    "a boundary that is not asked for": ("a role without the boundary", _drop_condition("MakeRolesWithinBoundary")),
    "roles handed to anyone": ("passing a stack's role to EC2", _drop_condition("HandRolesToTasks")),
    "any role handed on": ("passing a role that is not a stack's", _everywhere("HandRolesToTasks")),
    "any role handed to functions": ("passing the service's role to a function", _everywhere("HandRoleToRotation")),
    "a password of one's own": ("a database under a password of its own", _drop("NoPasswordOfOnesOwn")),
    "its own keys tagged at will": ("giving a stack's key to another environment", _drop_condition("TagOwnKeys")),
    "databases by any name": ("a database of another environment", _everywhere("MakeDatabases")),
    "roles by any name": ("a role under another name", _everywhere("ChangeRoles")),
    "keys without their tags": ("another policy for the state's key", _drop_condition("ChangeKeys")),
    "keys tagged at will": ("marking the trail's key as a stack's", _drop_condition("TagNewKeys")),
    "states by any name": ("the state of the account itself", _everywhere("WriteState")),
    "versions of any policy": ("a version of another policy of a stack", _everywhere("ChangeReadLogs")),
    "secrets by any name": ("changing another's secret", _everywhere("MakeSecretsWithoutValues")),
    "images by any name": ("another repository", _everywhere("PushImages")),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_widened_statement_is_found(hole: str, prod: Account, deploy: Proof) -> None:
    what, change = HOLES[hole]
    assert changed(deploy, change).judge(FORBIDDEN[what](prod), HERE).decision.allowed


def test_without_its_denial_a_role_that_opens_a_bucket_to_itself_could_read(prod: Account, deploy: Proof) -> None:
    """A deploy writes the buckets' policies; what it may read is decided by its own Deny."""
    bucket = _made(prod, "Bucket", "bucket", "files-bucket")
    client = prod.cloud.client("s3")
    before = client.get_bucket_policy(Bucket=bucket)["Policy"]
    opened = json.loads(before)
    opened["Statement"].append(
        {
            "Sid": "Open",
            "Effect": "Allow",
            "Principal": {"AWS": deploy.role_arn},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
    )
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(opened))
    try:
        asked = FORBIDDEN["reading an object"](prod)
        assert not deploy.judge(asked, HERE).decision.allowed
        assert changed(deploy, _drop("NoData")).judge(asked, HERE).decision.allowed
    finally:
        client.put_bucket_policy(Bucket=bucket, Policy=before)


def test_a_key_that_is_no_stacks_cannot_be_named_as_one(prod: Account, deploy: Proof) -> None:
    key = _account_key("state")(prod)
    assert not deploy.judge(RequestedAction(action="kms:CreateAlias", resource=key), HERE).decision.allowed
    assert not deploy.judge(RequestedAction(action="kms:UntagResource", resource=key), HERE).decision.allowed
