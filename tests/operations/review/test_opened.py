"""Exposure on synthetic plans: what stops, what is only read, what cannot be told."""

from typing import Any

import pytest

from facts import tokens as t
from operations.review.judging import judge
from tests.operations.review.synthetic import UNKNOWN, plan, step


def opened(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).stopping]


def noted(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).noted]


def port(block: str | None, number: float = 5432.0, **more: Any) -> dict[str, Any]:
    return {"cidrIpv4": block, "fromPort": number, "toPort": number, "ipProtocol": "tcp", **more}


def test_a_port_that_opens_to_the_world_stops_and_the_webs_is_noted() -> None:
    assert opened(step("create", t.INGRESS_RULE, None, port("0.0.0.0/0"))) == ["port 5432 open to the whole internet"]
    assert opened(step("create", t.INGRESS_RULE, None, port(None, cidrIpv6="::/0")))
    assert opened(step("create", t.INGRESS_RULE, None, port("0.0.0.0/1")))
    web = step("create", t.INGRESS_RULE, None, port("0.0.0.0/0", 443.0))
    assert (opened(web), noted(web)) == ([], ["port 443 open to the whole internet"])


@pytest.mark.parametrize("written", [True, "true", "True", "1"])
def test_a_public_address_stops_also_where_the_switch_is_written_as_a_text(written: object) -> None:
    private = {"publiclyAccessible": False}
    assert opened(step("update", t.DATABASE, private, {"publiclyAccessible": written}))
    assert not opened(step("update", t.DATABASE, private, {"publiclyAccessible": "false"}))


def test_ranges_that_are_the_world_only_together_stop() -> None:
    blocks = [f"{first}.0.0.0/8" for first in range(1, 200)]
    opening = {"cidrBlocks": blocks, "fromPort": 22.0, "toPort": 22.0, "protocol": "tcp"}
    assert any("the whole internet" in one for one in opened(step("create", t.SECURITY_GROUP_RULE, None, opening)))
    one_of_them = {**opening, "cidrBlocks": blocks[:1]}
    assert not opened(step("create", t.SECURITY_GROUP_RULE, None, one_of_them))


def test_a_wider_range_is_noted_and_a_narrower_one_is_nothing() -> None:
    wider = step("update", t.INGRESS_RULE, port("10.0.1.0/24"), port("10.0.0.0/16"))
    assert (opened(wider), noted(wider)) == ([], ["port 5432 open to 10.0.0.0/16, before to 10.0.1.0/24"])
    narrower = step("update", t.INGRESS_RULE, port("10.0.0.0/16"), port("10.0.1.0/24"))
    assert (opened(narrower), noted(narrower)) == ([], [])


def test_another_port_in_the_same_rule_stops() -> None:
    assert opened(step("update", t.INGRESS_RULE, port("0.0.0.0/0", 443.0), port("0.0.0.0/0", 22.0)))
    everything = {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}
    assert opened(step("update", t.INGRESS_RULE, port("0.0.0.0/0", 443.0), everything)) == [
        "every port open to the whole internet"
    ]


def test_rules_inside_a_security_group_are_openings_too() -> None:
    opening = {"cidrBlocks": ["0.0.0.0/0"], "fromPort": 22.0, "toPort": 22.0, "protocol": "tcp"}
    assert opened(step("update", t.SECURITY_GROUP, {"ingress": []}, {"ingress": [opening]}))
    assert not opened(step("update", t.SECURITY_GROUP, {"ingress": [opening]}, {"ingress": [opening]}))
    assert opened(step("create", t.SECURITY_GROUP_RULE, None, {"type": "ingress", **opening}))
    assert not opened(step("create", t.SECURITY_GROUP_RULE, None, {"type": "egress", **opening}))


def test_a_list_of_ranges_that_is_declared_nowhere_here_stops_where_it_opens_no_port_of_the_web() -> None:
    listed: dict[str, Any] = {"prefixListId": "pl-0123456789abcdef0"}
    why = "port 5432 open to whoever pl-0123456789abcdef0 lets in, which nothing here declares"
    assert opened(step("create", t.INGRESS_RULE, None, port(None, **listed))) == [why]
    inside = {"prefixListIds": ["pl-1"], "fromPort": 22.0, "toPort": 22.0, "protocol": "tcp"}
    assert opened(step("update", t.SECURITY_GROUP, {"ingress": []}, {"ingress": [inside]}))
    assert not opened(step("create", t.INGRESS_RULE, None, port(None, 443.0, **listed)))
    assert not opened(step("create", t.EGRESS_RULE, None, port(None, **listed)))
    stands = port(None, description="a", **listed)
    assert not opened(step("update", t.INGRESS_RULE, stands, {**stands, "description": "b"}))


def behind(*groups: str) -> dict[str, Any]:
    return {"vpcSecurityGroupIds": list(groups)}


def test_a_thing_behind_another_security_group_is_open_to_whom_that_one_lets_in() -> None:
    group = step("same", t.SECURITY_GROUP, {}, {}, name="wide", old_more={"id": "sg-1"}, new_more={"id": "sg-1"})
    rule = port("0.0.0.0/0", 22.0, securityGroupId="sg-1")
    stands = (group, step("same", t.INGRESS_RULE, rule, rule, name="rule"))
    assert opened(*stands, step("update", t.DATABASE, behind(), behind("sg-1"))) == [
        "port 22 open to the whole internet"
    ]
    assert not opened(*stands, step("update", t.DATABASE, behind("sg-1"), {**behind("sg-1"), "port": 1}))
    assert not opened(*stands, step("create", t.SERVICE, None, {"networkConfiguration": {"securityGroups": ["sg-1"]}}))


def test_a_thing_behind_a_security_group_that_is_declared_nowhere_here_stops() -> None:
    why = "every port open to whoever sg-2 lets in, which nothing here declares"
    assert opened(step("update", t.DATABASE, behind("sg-1"), behind("sg-1", "sg-2"))) == [why]
    assert opened(step("create", t.SERVICE, None, {"networkConfiguration": {"securityGroups": ["sg-2"]}})) == [why]
    assert not opened(step("update", t.DATABASE, behind("sg-2"), {**behind("sg-2"), "port": 1}))


def test_an_address_that_is_not_known_is_listed_and_stops_where_it_was_known_before() -> None:
    assert judge(plan(step("create", t.INGRESS_RULE, None, port(UNKNOWN)))).not_evaluated
    assert opened(step("update", t.INGRESS_RULE, port("10.0.0.0/16"), port(UNKNOWN)))


@pytest.mark.parametrize(
    ("kind", "old", "new", "what"),
    [
        (t.DATABASE, {}, {"publiclyAccessible": True}, "the database gets a public address"),
        (
            t.BUCKET_PUBLIC_ACCESS,
            {"blockPublicAcls": True},
            {},
            "blockPublicAcls true → false (blockPublicAcls is switched off)",
        ),
        (
            t.BUCKET_PUBLIC_ACCESS,
            {"restrictPublicBuckets": True},
            {"restrictPublicBuckets": False},
            "restrictPublicBuckets true → false (restrictPublicBuckets is switched off)",
        ),
        (t.SERVICE, {}, {"networkConfiguration": {"assignPublicIp": True}}, "tasks get public addresses"),
        (t.LISTENER, {"protocol": "HTTPS"}, {"protocol": "HTTP"}, "the listener no longer speaks TLS"),
        (t.LOAD_BALANCER, {"internal": True}, {"internal": False}, "the load balancer faces the internet"),
        (t.BUCKET_ACL, {"acl": "private"}, {"acl": "public-read"}, "its access list lets everybody in"),
    ],
)
def test_a_flag_that_opens_stops_and_the_way_back_is_none(
    kind: str, old: dict[str, Any], new: dict[str, Any], what: str
) -> None:
    assert opened(step("update", kind, old, new)) == [what]
    assert opened(step("update", kind, new, old)) == []


def test_a_guard_that_goes_while_its_bucket_stays_is_an_exposure() -> None:
    blocked = {"blockPublicAcls": True, "bucket": "files"}
    guard = step("delete", t.BUCKET_PUBLIC_ACCESS, blocked, None, component="Files")
    assert opened(guard) == ["blockPublicAcls true → false (blockPublicAcls is switched off)"]
    bucket = step("delete", t.BUCKET, {"bucket": "files"}, None, component="Files", name="bucket")
    assert opened(guard, bucket) == ["the bucket is deleted"]


def test_a_rule_that_moves_to_another_resource_opens_nothing() -> None:
    group = {"securityGroupId": "sg-1"}
    moved = (
        step("delete", t.INGRESS_RULE, port("10.0.0.0/16") | group, None, name="old"),
        step("create", t.INGRESS_RULE, None, port("10.0.0.0/16") | group, name="new"),
    )
    assert (opened(*moved), noted(*moved)) == ([], ["the ingress goes"])


def test_a_function_s_address_without_a_login_stops_even_when_it_is_new() -> None:
    url = "aws:lambda/functionUrl:FunctionUrl"
    assert opened(step("create", url, None, {"authorizationType": "NONE"}))
    assert not opened(step("create", url, None, {"authorizationType": "AWS_IAM"}))


def test_a_route_to_the_internet_is_read() -> None:
    assert noted(step("create", t.ROUTE, None, {"gatewayId": "igw-1"})) == ["a route to an internet gateway"]
