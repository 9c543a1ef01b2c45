"""How much a statement's resources cover."""

from typing import Any

import pytest

from facts.permissions.documents import PolicyKind
from facts.permissions.resources import attaches_functions_alone, is_every_one
from facts.reach import Grants, WrittenStatement
from facts.widening import Accounts, widenings

ACCOUNT = "210000000003"
ATTACHING: dict[str, Any] = {
    "Effect": "Allow",
    "Action": ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
    "Resource": [f"arn:aws:ec2:eu-west-1:{ACCOUNT}:{kind}/*" for kind in ("network-interface", "security-group")],
    "Condition": {"Null": {"lambda:SourceFunctionArn": "true"}},
}


def is_wide(statement: dict[str, Any], kind: PolicyKind = "identity") -> bool:
    new = Grants(kind, [WrittenStatement(statement, "urn")])
    (found,) = widenings(None, new, Accounts(frozenset({ACCOUNT})))
    return found.wide


def test_lambda_may_attach_functions_to_the_network_and_that_widens_nothing() -> None:
    assert attaches_functions_alone(ATTACHING)
    assert not is_wide(ATTACHING)


@pytest.mark.parametrize(
    "other",
    [
        {"Action": ["ec2:CreateNetworkInterface", "ec2:AuthorizeSecurityGroupIngress"]},
        {"Action": "ec2:*"},
        {"Resource": [*ATTACHING["Resource"], f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/*"]},
        {"Resource": "*"},
        {"Condition": {}},
        {"Condition": {"Null": {"lambda:SourceFunctionArn": "false"}}},
        {"Condition": {"StringEquals": {"aws:ResourceTag/stack": "prod"}}},
    ],
    ids=str,
)
def test_whatever_it_says_otherwise_is_for_every_one(other: dict[str, Any]) -> None:
    statement = {**ATTACHING, **other}
    assert not attaches_functions_alone(statement)
    assert is_wide(statement)


@pytest.mark.parametrize(
    ("resource", "every"),
    [
        ("arn:aws:kms:*:1:k*", True),
        ("arn:aws:s3:eu-west-1:1:access*", True),
        ("arn:aws:s3:::?*/*", True),
        ("arn:aws:s3:::access*", False),  # buckets; AWS's type accesspoint/* is an account's
        ("arn:aws:s3:::a*/*", False),
    ],
)
def test_a_pattern_is_every_one_of_a_type_where_its_arns_have_the_same_parts(resource: str, every: bool) -> None:
    assert is_every_one(resource) is every
