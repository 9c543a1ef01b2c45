"""Seeds of policy documents."""

import json
from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import ACCOUNT, Case, each, part

GOOD: dict[str, Any] = {"Sid": "Read1", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def document(*statements: Any, **others: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **others})


def identity(*statements: Any, **others: Any) -> Rehearsed:
    return part("iam/rolePolicy:RolePolicy", policy=document(*statements, **others))


def changed(**changes: Any) -> Rehearsed:
    """A role's policy whose one statement has these changes; None leaves an element out."""
    return identity({key: value for key, value in {**GOOD, **changes}.items() if value is not None})


def trust(**changes: Any) -> Rehearsed:
    good = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    statement = {key: value for key, value in {**good, **changes}.items() if value is not None}
    return part("iam/role:Role", assumeRolePolicy=document(statement))


def bucket(**changes: Any) -> Rehearsed:
    good = {**GOOD, "Principal": {"AWS": ROOT}}
    statement = {key: value for key, value in {**good, **changes}.items() if value is not None}
    return part("s3/bucketPolicy:BucketPolicy", bucket="b", policy=document(statement))


def key(principal: Any, action: Any = "kms:*", **others: Any) -> Rehearsed:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return part("kms/key:Key", policy=document(statement), **others)


def topic(action: str) -> Rehearsed:
    statement = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": action, "Resource": "arn:aws:sns:::t"}
    return part("sns/topicPolicy:TopicPolicy", arn="arn:t", policy=document(statement))


def inline(*lengths: int) -> list[Rehearsed]:
    return [part("iam/rolePolicy:RolePolicy", f"p{n}", role="r", policy="x" * size) for n, size in enumerate(lengths)]


CASES: list[Case] = [
    *each("policy-size", lambda n: part("iam/policy:Policy", policy="x" * n + " " * 100), [6145], 6144),
    *each("policy-size", lambda n: part("iam/role:Role", assumeRolePolicy="x" * n), [2049], 2048),
    *each("policy-size", lambda n: part("kms/key:Key", policy="x" * n), [32769], 32768),
    *each("policy-size", lambda n: part("s3/bucketPolicy:BucketPolicy", policy="x" * n), [20481], 20480),
    *each("policy-size", lambda n: part("secretsmanager/secretPolicy:SecretPolicy", policy="x" * n), [20481], 20480),
    *each("policy-size-of-role", lambda sizes: inline(*sizes), [(10240, 1), (5121, 5120)], (5120, 5120), "p1"),
    *each("policy-json", lambda text: part("iam/policy:Policy", policy=text), ["no", "{}", "[]"], document(GOOD)),
    *each("policy-version", lambda v: identity(GOOD, Version=v), ["2012-10-18", "1"], "2008-10-17"),
    *each("policy-element", lambda v: identity(GOOD, **v), [{"Statements": []}], {"Id": "x"}),
    *each("policy-element", lambda v: changed(**v), [{"Principals": "*"}, {"Conditions": {}}], {"Sid": "x"}),
    *each("policy-effect", lambda v: changed(Effect=v), ["allow", "Permit", None], "Deny"),
    *each(
        "policy-action", lambda v: changed(Action=v), ["GetObject", "s3-GetObject", "s3:Get Object", None], "s3:Get*"
    ),
    *each("policy-action", lambda v: changed(NotAction=v), ["s3:PutObject"], None),
    *each("policy-resource", lambda v: changed(Resource=v), ["b/*", "s3:::b"], "*"),
    *each(
        "policy-condition",
        lambda v: changed(Condition={v: {"aws:x": "y"}}),
        ["StringEqual", "ArnIs", "IfExists"],
        "ForAllValues:StringNotEqualsIgnoreCaseIfExists",
    ),
    *each("policy-sid", lambda v: changed(Sid=v), ["Read own", "Read-own", "Lesé"], "Read1"),
    *each("policy-sid-twice", lambda v: identity(GOOD, {**GOOD, "Sid": v}), ["Read1"], "Read2"),
    *each("policy-principal-misplaced", lambda v: changed(Principal=v), ["*", {"AWS": ROOT}], None),
    *each("policy-principal-misplaced", lambda v: trust(Principal=v), [None], "*"),
    *each("policy-principal-misplaced", lambda v: bucket(Principal=v), [None], "*"),
    *each("policy-resource-misplaced", lambda v: trust(Resource=v), ["*", ROOT], None),
    *each("policy-resource-misplaced", lambda v: changed(Resource=v), [None], "*"),
    *each(
        "policy-trust-action", lambda v: trust(Action=v), ["s3:GetObject", "*"], ["sts:AssumeRole", "sts:TagSession"]
    ),
    *each(
        "policy-principal",
        lambda v: trust(Principal=v),
        [
            {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app-*"},
            {"AWS": "arn:aws:iam::12345:root"},
            {"Aws": ROOT},
            {"AWS": "someone"},
            "everyone",
        ],
        {"AWS": [ROOT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/path/app", "AROAJQABLZS4A3QDU576Q", "*"]},
    ),
    *each(
        "policy-principal-service",
        lambda v: trust(Principal={"Service": v}),
        ["ecs-task.amazonaws.com", "lamda.amazonaws.com", "ecs-tasks", "*"],
        ["ecs-tasks.amazonaws.com", "logs.eu-west-1.amazonaws.com", "eks.amazonaws.com", "new-thing.amazonaws.com"],
    ),
    *each(
        "kms-lockout",
        key,
        [{"Service": "logs.amazonaws.com"}, {"AWS": "arn:aws:iam::999999999999:root"}],
        {"AWS": ROOT},
    ),
    *each("kms-lockout", lambda v: key({"AWS": ROOT}, v), ["kms:Encrypt", ["kms:Describe*", "kms:Get*"]], "kms:Put*"),
    Case("kms-lockout", [key({"AWS": []})], [key({"AWS": []}, bypassPolicyLockoutSafetyCheck=True)]),
    *each(
        "s3-policy-other-bucket",
        lambda v: bucket(Resource=v),
        ["arn:aws:s3:::c/*", "arn:aws:s3:::bb", ["arn:aws:s3:::b", "arn:aws:s3:::c"]],
        ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    ),
    *each("sns-policy-action", topic, ["sns:*", "*", "sqs:SendMessage"], "sns:Publish"),
]
