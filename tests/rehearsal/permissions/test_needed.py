"""Needed or not, action by action; within a boundary or not."""

from typing import Any

import pytest

from facts.permissions.evaluate import Held, Policies, Principal, Request
from rehearsal.permissions.bounds import outside
from rehearsal.permissions.needed import without_each_action

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/task"


def request(action: str) -> Request:
    who = Principal(arn=f"{ROLE}/one", role_arn=ROLE, account=ACCOUNT)
    return Request(principal=who, action=action, resource="arn:aws:s3:::files/a", resource_account=ACCOUNT)


def allow(sid: str, *actions: str, **more: Any) -> Held:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::files/*", **more}
    return Held("task", statement)


def needed(identity: list[Held], *actions: str) -> dict[str, bool]:
    found = without_each_action([request(one) for one in actions], identity, lambda _: Policies(identity=identity))
    return {str(one): one.missed is not None for one in found}


def test_an_action_is_needed_where_a_request_is_refused_without_it() -> None:
    identity = [allow("Files", "s3:GetObject", "s3:PutObject")]
    assert needed(identity, "s3:GetObject") == {"task/Files: s3:GetObject": True, "task/Files: s3:PutObject": False}


def test_an_action_that_another_statement_allows_too_is_not_needed() -> None:
    identity = [allow("Files", "s3:GetObject"), allow("Again", "s3:Get*")]
    assert set(needed(identity, "s3:GetObject").values()) == {False}


def test_what_a_boundary_lets_through_is_compared_with_everything_that_is_given() -> None:
    boundary = [allow("Limits", "s3:GetObject", "s3:PutObject")]
    assert list(outside(ROLE, [allow("Files", "s3:GetObject")], boundary, "eu-west-1", {})) == []
    beyond = list(outside(ROLE, [allow("Files", "s3:GetObject", "s3:DeleteObject")], boundary, "eu-west-1", {}))
    assert beyond == ["task/Files: s3:DeleteObject on arn:aws:s3:::files/*"]


@pytest.mark.parametrize("wide", [{"Action": "s3:*"}, {"Resource": "*"}])
def test_a_right_that_is_wider_than_the_boundary_lies_outside(wide: dict[str, str]) -> None:
    assert list(
        outside(ROLE, [allow("Files", "s3:GetObject", **wide)], [allow("Limits", "s3:GetObject")], "eu-west-1", {})
    )


def test_a_boundary_that_knows_things_by_their_tags_lets_through_what_bears_them() -> None:
    key = "arn:aws:kms:eu-west-1:1:key/one"
    given = [Held("task", {"Sid": "Key", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key})]
    tagged = {"StringEquals": {"aws:ResourceTag/environment": "prod"}}
    boundary = [allow("Limits", "kms:Decrypt", Resource="*", Condition=tagged)]
    assert not list(outside(ROLE, given, boundary, "eu-west-1", {key: {"environment": "prod"}}))
    assert list(outside(ROLE, given, boundary, "eu-west-1", {key: {"environment": "dev"}}))
    assert list(outside(ROLE, given, boundary, "eu-west-1", {}))
