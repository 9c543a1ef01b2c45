"""Doors and grants on synthetic plans: what opens, what is only noted, what cannot be told."""

import json
from typing import Any

import pytest

from facts import tokens as t
from operations.review.doors import Doors, doors
from tests.operations.review.synthetic import UNKNOWN, plan, step


def found(*steps: dict[str, Any]) -> Doors:
    return doors(plan(*steps))


def opened(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in found(*steps).open]


def noted(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in found(*steps).noted]


def port(block: str | None, number: float = 5432.0, **more: Any) -> dict[str, Any]:
    return {"cidrIpv4": block, "fromPort": number, "toPort": number, "ipProtocol": "tcp", **more}


def test_a_port_that_opens_to_the_world_is_a_door_and_the_webs_is_noted() -> None:
    assert opened(step("create", t.INGRESS_RULE, None, port("0.0.0.0/0"))) == ["port 5432 open to the whole internet"]
    assert opened(step("create", t.INGRESS_RULE, None, port(None, cidrIpv6="::/0")))
    assert opened(step("create", t.INGRESS_RULE, None, port("0.0.0.0/1")))
    web = step("create", t.INGRESS_RULE, None, port("0.0.0.0/0", 443.0))
    assert (opened(web), noted(web)) == ([], ["port 443 open to the whole internet"])


def test_a_wider_range_is_noted_and_a_narrower_one_is_nothing() -> None:
    wider = step("update", t.INGRESS_RULE, port("10.0.1.0/24"), port("10.0.0.0/16"))
    assert (opened(wider), noted(wider)) == ([], ["port 5432 open to 10.0.0.0/16, before to 10.0.1.0/24"])
    narrower = step("update", t.INGRESS_RULE, port("10.0.0.0/16"), port("10.0.1.0/24"))
    assert (opened(narrower), noted(narrower)) == ([], [])


def test_another_port_in_the_same_rule_is_a_door() -> None:
    assert opened(step("update", t.INGRESS_RULE, port("0.0.0.0/0", 443.0), port("0.0.0.0/0", 22.0)))
    everything = {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}
    assert opened(step("update", t.INGRESS_RULE, port("0.0.0.0/0", 443.0), everything)) == [
        "every port open to the whole internet"
    ]


def test_rules_inside_a_security_group_are_doors_too() -> None:
    opening = {"cidrBlocks": ["0.0.0.0/0"], "fromPort": 22.0, "toPort": 22.0, "protocol": "tcp"}
    assert opened(step("update", t.SECURITY_GROUP, {"ingress": []}, {"ingress": [opening]}))
    assert not opened(step("update", t.SECURITY_GROUP, {"ingress": [opening]}, {"ingress": [opening]}))
    assert opened(step("create", t.SECURITY_GROUP_RULE, None, {"type": "ingress", **opening}))
    assert not opened(step("create", t.SECURITY_GROUP_RULE, None, {"type": "egress", **opening}))


def test_an_address_that_is_not_known_yet_is_listed() -> None:
    assert found(step("create", t.INGRESS_RULE, None, port(UNKNOWN))).unknown


@pytest.mark.parametrize(
    ("kind", "old", "new", "what"),
    [
        (t.DATABASE, {}, {"publiclyAccessible": True}, "the database gets a public address"),
        (t.BUCKET_PUBLIC_ACCESS, {"blockPublicAcls": True}, {}, "blockPublicAcls is switched off"),
        (
            t.BUCKET_PUBLIC_ACCESS,
            {"restrictPublicBuckets": True},
            {"restrictPublicBuckets": False},
            "restrictPublicBuckets is switched off",
        ),
        (t.SERVICE, {}, {"networkConfiguration": {"assignPublicIp": True}}, "tasks get public addresses"),
        (t.LISTENER, {"protocol": "HTTPS"}, {"protocol": "HTTP"}, "the listener no longer speaks TLS"),
        ("aws:lambda/permission:Permission", {}, {"principal": "*"}, "everybody may invoke the function"),
    ],
)
def test_a_flag_that_opens_is_a_door_and_the_way_back_is_none(
    kind: str, old: dict[str, Any], new: dict[str, Any], what: str
) -> None:
    assert opened(step("update", kind, old, new)) == [what]
    assert opened(step("update", kind, new, old)) == []


def test_a_guard_that_goes_while_its_bucket_stays_is_a_door() -> None:
    guard = step("delete", t.BUCKET_PUBLIC_ACCESS, {}, None, component="Files")
    assert opened(guard) == ["public access is no longer blocked"]
    assert opened(step("delete", t.BUCKET_POLICY, {}, None)) == ["the bucket's policy goes"]
    assert opened(guard, step("delete", t.BUCKET, {}, None, component="Files", name="bucket")) == []


def statement(actions: Any, resources: Any = "arn:aws:s3:::files/*", **more: Any) -> dict[str, Any]:
    return {"Sid": "Use", "Effect": "Allow", "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(old: str | None, new: str) -> dict[str, Any]:
    before = None if old is None else {"policy": old}
    return step("update" if old else "create", t.ROLE_POLICY, before, {"policy": new})


TWO = ["s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    "new",
    [
        statement("s3:*"),
        statement(TWO, "*"),
        statement("iam:PassRole", "arn:aws:iam::333333333333:role/x"),
        {"Sid": "Use", "Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::files/*"},
        {"Sid": "Use", "Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x/*"},
    ],
)
def test_a_role_that_gets_something_wide_is_a_door_also_when_it_is_new(new: dict[str, Any]) -> None:
    assert opened(role(document(statement(TWO)), document(new)))
    assert opened(role(None, document(new)))


def test_one_more_exact_action_is_noted_with_what_was_there_before() -> None:
    change = role(document(statement(TWO)), document(statement([*TWO, "s3:DeleteObject"])))
    assert opened(change) == []
    assert noted(change) == [
        "`s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` on `arn:aws:s3:::files/*` "
        "(was `s3:GetObject`, `s3:PutObject` on `arn:aws:s3:::files/*`)"
    ]


def test_a_new_role_with_exact_actions_is_nothing_to_look_at() -> None:
    change = role(None, document(statement(TWO)))
    assert (opened(change), noted(change)) == ([], [])


@pytest.mark.parametrize(
    "new",
    [
        document(statement(TWO)),
        document(statement(list(reversed(TWO)))),
        document(statement("s3:GetObject")),
        document(statement(TWO, "arn:aws:s3:::files/own/*")),
        document(statement(TWO) | {"Sid": "Renamed"}),
        document(statement(TWO, Condition={"Bool": {"aws:SecureTransport": "true"}})),
    ],
)
def test_what_was_allowed_before_is_no_widening(new: str) -> None:
    change = role(document(statement(TWO)), new)
    assert (opened(change), noted(change)) == ([], [])


def test_a_condition_taken_away_is_a_door() -> None:
    limited = statement(TWO, Condition={"StringEquals": {"kms:ViaService": "s3"}})
    assert opened(role(document(limited), document(statement(TWO)))) == ["a condition of Use is taken away or changed"]


def test_a_deny_taken_away_is_a_door() -> None:
    deny = {"Sid": "RefuseHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    change = step("update", t.BUCKET_POLICY, {"policy": document(deny)}, {"policy": document()})
    assert opened(change) == ["the Deny RefuseHttp is taken away or changed"]
    renamed = step("update", t.BUCKET_POLICY, {"policy": document(deny)}, {"policy": document(deny | {"Sid": "X"})})
    assert opened(renamed) == []


def grant(principal: Any) -> str:
    return document({"Sid": "Read", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"})


def test_a_resource_policy_that_opens_to_everybody_or_another_account_is_a_door() -> None:
    own = grant({"AWS": "arn:aws:iam::333333333333:role/a"})
    assert opened(step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": grant("*")}))
    foreign = grant({"AWS": "arn:aws:iam::999999999999:root"})
    assert opened(step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": foreign}))
    added = document(json.loads(own)["Statement"][0], json.loads(foreign)["Statement"][0] | {"Sid": "New"})
    assert opened(step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": added}))
    same_account = grant({"AWS": "arn:aws:iam::333333333333:role/b"})
    change = step("update", t.BUCKET_POLICY, {"policy": own}, {"policy": same_account})
    assert opened(change) == []
    assert len(noted(change)) == 1


def test_a_trust_policy_that_lets_somebody_new_in_is_a_door() -> None:
    old, new = grant({"Service": "ecs-tasks.amazonaws.com"}), grant({"Service": "ec2.amazonaws.com"})
    assert opened(step("update", t.ROLE, {"assumeRolePolicy": old}, {"assumeRolePolicy": new}))
    assert not opened(step("create", t.ROLE, None, {"assumeRolePolicy": new}))
    assert opened(step("create", t.ROLE, None, {"assumeRolePolicy": grant("*")}))


def test_an_attached_administrator_is_a_door_and_another_policy_is_noted() -> None:
    assert opened(
        step("create", t.ROLE_ATTACHMENT, None, {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
    ) == ["AdministratorAccess is attached"]
    assert noted(step("create", t.ROLE_ATTACHMENT, None, {"policyArn": "arn:aws:iam::1:policy/own"})) == [
        "own is attached"
    ]


def test_a_document_that_is_unknown_or_no_document_is_listed() -> None:
    assert found(role(document(statement(TWO)), UNKNOWN)).unknown
    assert found(role(document(statement(TWO)), "{")).unknown


def test_a_route_to_the_internet_is_noted() -> None:
    assert noted(step("create", t.ROUTE, None, {"gatewayId": "igw-1"})) == ["a route to an internet gateway is added"]


def endpoint(*, conditions: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": conditions}
    return {"policy": json.dumps({"Statement": [statement]})}


def test_a_new_endpoint_s_policy_opens_nothing_and_a_loosened_one_does() -> None:
    """Without a policy of its own an endpoint lets everything through, so that any policy narrows it."""
    own = endpoint(conditions={"StringEquals": {"aws:PrincipalAccount": "111111111111"}})
    assert opened(step("create", t.ENDPOINT, None, own)) == []
    assert opened(step("update", t.ENDPOINT, own, endpoint(conditions={})))
