"""Seeds of an account's own things."""

import json
from typing import Any

from rehearsal.result import Declared, Rehearsed, State
from tests.rehearsal.checks.case import ACCOUNT, Case, part

GITHUB = "token.actions.githubusercontent.com"


def trust(**condition: Any) -> Rehearsed:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
        "Condition": {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", **condition}},
    }
    return part("iam/role:Role", assumeRolePolicy=json.dumps({"Statement": [statement]}))


def attached(count: int) -> list[Rehearsed]:
    return [
        part("iam/rolePolicyAttachment:RolePolicyAttachment", f"p{i}", role="r", policyArn=f"arn:p{i}")
        for i in range(count)
    ]


def document(service: str, *actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Statement": [statement]})


def trail(*actions: str, waits: bool = True, key: str = "kms:GenerateDataKey*") -> list[Rehearsed]:
    bucket_policy = part(
        "s3/bucketPolicy:BucketPolicy", "p", bucket="b", policy=document("cloudtrail.amazonaws.com", *actions)
    )
    return [
        part("kms/key:Key", "k", policy=document("cloudtrail.amazonaws.com", key)),
        bucket_policy,
        part(
            "cloudtrail/trail:Trail",
            needs=[bucket_policy.urn] if waits else [],
            s3BucketName="b",
            kmsKeyId="arn:k",
        ),
    ]


def budget(*addresses: int) -> Rehearsed:
    return part(
        "budgets/budget:Budget",
        notifications=[{"subscriberEmailAddresses": [f"a{i}@b.example" for i in range(count)]} for count in addresses],
    )


def expiry(*rules: tuple[int, str]) -> Rehearsed:
    listed = [{"rulePriority": priority, "selection": {"tagStatus": status}} for priority, status in rules]
    return part("ecr/lifecyclePolicy:LifecyclePolicy", policy=json.dumps({"rules": listed}))


def provider(*accounts: str) -> Rehearsed:
    token = "pulumi:providers:aws"
    properties = {"allowedAccountIds": json.dumps(list(accounts))}
    declared = Declared(urn=f"urn:pulumi:s::p::{token}::it", type=token, name="it", inputs=properties)
    return Rehearsed(declared, State.COMPARED, id="it")


BOTH = ("s3:GetBucketAcl", "s3:PutObject")

CASES = (
    Case("provider-account", [provider("210000000002")], [provider(ACCOUNT, "210000000002")]),
    Case("managed-policies", attached(11), attached(10), "p10"),
    Case("managed-policies", attached(15), attached(10), "p14"),
    Case("github-subject", [trust()], [trust(**{f"{GITHUB}:sub": "repo:o/r:pull_request"})]),
    Case("trail-bucket", trail("s3:PutObject"), trail(*BOTH)),
    Case("trail-bucket", trail("s3:GetBucketAcl"), trail(*BOTH)),
    Case("trail-bucket", trail(*BOTH, waits=False), trail(*BOTH)),
    Case("trail-key", trail(*BOTH, key="kms:DescribeKey"), trail(*BOTH)),
    Case("budget-notifications", [budget(1, 0)], [budget(1, 10)]),
    Case("budget-notifications", [budget(11)], [budget(10)]),
    Case("budget-notifications", [budget(*([1] * 11))], [budget(*([1] * 10))]),
    Case("registry-rules", [expiry((1, "untagged"), (1, "any"))], [expiry((1, "untagged"), (2, "any"))]),
    Case("registry-rules", [expiry((1, "any"), (2, "untagged"))], [expiry((1, "untagged"), (2, "any"))]),
)
