"""Refusals of an account's own things, on both sides."""

import json
from typing import Any

import pytest

from rehearsal.checks import refusals_of
from rehearsal.result import Rehearsed
from tests.rehearsal.checks.test_checks import ACCOUNT, Parts, part

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


BOTH = ("s3:GetBucketAcl", "s3:PutObject")
SIDES: dict[str, tuple[Parts, Parts, str]] = {
    "eleven policies on a role": (attached(11), attached(10), "managed-policies"),
    "GitHub without a subject": ([trust()], [trust(**{f"{GITHUB}:sub": "repo:o/r:pull_request"})], "github-subject"),
    "a trail that may not look": (trail("s3:PutObject"), trail(*BOTH), "trail-bucket"),
    "a trail that does not wait": (trail(*BOTH, waits=False), trail(*BOTH), "trail-bucket"),
    "a trail whose key is closed": (trail(*BOTH, key="kms:DescribeKey"), trail(*BOTH), "trail-key"),
    "a budget that tells nobody": ([budget(1, 0)], [budget(1, 10)], "budget-notifications"),
    "a budget that tells too many": ([budget(11)], [budget(10)], "budget-notifications"),
    "two rules of one priority": (
        [expiry((1, "untagged"), (1, "any"))],
        [expiry((1, "untagged"), (2, "any"))],
        "registry-rules",
    ),
    "any image before the others": (
        [expiry((1, "any"), (2, "untagged"))],
        [expiry((1, "untagged"), (2, "any"))],
        "registry-rules",
    ),
}


@pytest.mark.parametrize("what", SIDES)
def test_the_bad_side_is_refused_and_the_good_one_passes(what: str) -> None:
    bad, good, check = SIDES[what]
    assert [one.check for one in refusals_of(list(bad), ACCOUNT)] == [check]
    assert refusals_of(list(good), ACCOUNT) == ()
