"""What is reachable from where, whichever way a rule is written."""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts import tokens as t
from facts.exposure import ExposureKind, Opening, exposed, openings
from facts.ranges import is_world
from graph import Graph, Resource, Unknown


def resource(kind: str, logical: str, /, **inputs: Any) -> Resource:
    return Resource(
        urn=f"urn:pulumi:prod::p::{kind}::{logical}", type=kind, name=logical, inputs=inputs, id=f"id-{logical}"
    )


GROUP = resource(t.SECURITY_GROUP, "group")
OTHER = resource(t.SECURITY_GROUP, "other")


def shown(*resources: Resource) -> list[tuple[bool, str, str]]:
    return [(one.inward, one.ports, str(one.peer)) for one in openings(Graph([GROUP, OTHER, *resources]))]


def test_one_opening_however_it_is_written() -> None:
    rule = resource(
        t.INGRESS_RULE, "rule", securityGroupId=GROUP.id, ipProtocol="tcp", fromPort=22, toPort=22, cidrIpv4="0.0.0.0/0"
    )
    older = resource(
        t.SECURITY_GROUP_RULE,
        "older",
        securityGroupId=GROUP.id,
        type="ingress",
        protocol="tcp",
        fromPort=22.0,
        toPort=22.0,
        cidrBlocks=["0.0.0.0/0"],
    )
    inside = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}
    inline = resource(t.SECURITY_GROUP, "inline", ingress=[inside])
    for one in (rule, older, inline):
        assert shown(one) == [(True, "port 22", "0.0.0.0/0")]


def test_a_peer_that_is_a_group_is_known_by_its_urn_and_self_is_the_group() -> None:
    rule = resource(
        t.EGRESS_RULE,
        "rule",
        securityGroupId=GROUP.id,
        ipProtocol="-1",
        referencedSecurityGroupId=OTHER.id,
    )
    own = resource(t.SECURITY_GROUP, "own", ingress=[{"protocol": "-1", "self": True}])
    assert shown(rule) == [(False, "every port", OTHER.urn)]
    assert shown(own) == [(True, "every port", own.urn)]


NETWORKS = st.ip_addresses(v=4).flatmap(
    lambda address: st.integers(0, 32).map(lambda bits: str(ipaddress.ip_network(f"{address}/{bits}", strict=False)))
)


@given(NETWORKS, NETWORKS, st.integers(1, 65535), st.integers(1, 65535))
def test_what_covers_an_opening_lets_all_of_it_through(outer: str, inner: str, low: int, high: int) -> None:
    low, high = sorted((low, high))
    wide = Opening("g", True, "tcp", low, high, outer, "wide")
    narrow = Opening("g", True, "tcp", low, low, inner, "narrow")
    subnet = ipaddress.ip_network(inner).subnet_of(ipaddress.ip_network(outer))  # type: ignore[arg-type]
    assert wide.covers(narrow) == subnet
    assert wide.covers(wide)


def test_nothing_covers_what_is_not_known() -> None:
    unknown = Opening("g", True, "tcp", 22, 22, Unknown(), "x")
    everything = Opening("g", True, "-1", 0, 65535, "0.0.0.0/0", "x")
    assert not everything.covers(unknown)
    assert not unknown.covers(unknown)


@pytest.mark.parametrize("ends", [{"fromPort": 22}, {"fromPort": 22, "toPort": Unknown()}, {"toPort": 22}])
def test_an_end_of_the_ports_that_is_not_known_may_be_any(ends: dict[str, Any]) -> None:
    rule = {"securityGroupId": GROUP.id, "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8", **ends}
    assert shown(resource(t.INGRESS_RULE, "rule", **rule)) == [(True, "every port", "10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "world"),
    [("0.0.0.0/0", True), ("0.0.0.0/1", True), ("::/0", True), ("10.0.0.0/8", False), ("sg-1", False), ("", False)],
)
def test_halves_of_the_internet_are_the_internet(peer: str, world: bool) -> None:
    assert is_world(peer) == world


@pytest.mark.parametrize(
    ("kind", "inputs", "way"),
    [
        (t.DATABASE, {"publiclyAccessible": True}, ExposureKind.PUBLIC_DATABASE),
        ("aws:redshift/cluster:Cluster", {"publiclyAccessible": True}, ExposureKind.PUBLIC_DATABASE),
        (t.SERVICE, {"networkConfiguration": {"assignPublicIp": True}}, ExposureKind.PUBLIC_TASKS),
        (t.BUCKET, {"acl": "public-read"}, ExposureKind.PUBLIC_OBJECTS),
        (t.BUCKET_ACL, {"acl": "aws-exec-read"}, ExposureKind.NAMED_LIST),
        (t.BUCKET, {"acl": "a-name-that-is-newer-than-this"}, ExposureKind.NAMED_LIST),
        (
            t.BUCKET,
            {"grants": [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["READ"]}]},
            ExposureKind.PUBLIC_OBJECTS,
        ),
        (t.BUCKET, {"grants": [{"id": "f" * 64, "permissions": ["READ"]}]}, ExposureKind.GRANTED_OBJECTS),
        (
            t.BUCKET_ACL,
            {"accessControlPolicy": {"grants": [{"grantee": {"id": "f"}}], "owner": {"id": "a"}}},
            ExposureKind.GRANTED_OBJECTS,
        ),
        (t.LOAD_BALANCER, {}, ExposureKind.PUBLIC_LOAD_BALANCER),
        (t.LISTENER, {"protocol": "HTTP", "defaultActions": [{"type": "forward"}]}, ExposureKind.PLAIN),
        (t.LISTENER, {"protocol": "UDP", "defaultActions": [{"type": "forward"}]}, ExposureKind.PLAIN),
        ("aws:lambda/functionUrl:FunctionUrl", {"authorizationType": "NONE"}, ExposureKind.ANYBODY_INVOKES),
        (t.BUCKET, {"website": {"indexDocument": "index.html"}}, ExposureKind.WEBSITE),
    ],
)
def test_a_public_way_is_seen_by_what_a_property_is_called(
    kind: str, inputs: dict[str, Any], way: ExposureKind
) -> None:
    assert way in {one.exposure for one in exposed(Graph([resource(kind, "it", **inputs)]))}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (t.DATABASE, {"publiclyAccessible": False}),
        (t.LOAD_BALANCER, {"internal": True}),
        (t.LOAD_BALANCER, {"internal": "true"}),
        (t.BUCKET_ACL, {"accessControlPolicy": {"grants": [{"grantee": {"id": "a"}}], "owner": {"id": "a"}}}),
        (t.LISTENER, {"protocol": "HTTP", "defaultActions": [{"type": "redirect"}]}),
        ("aws:lambda/functionUrl:FunctionUrl", {"authorizationType": "AWS_IAM"}),
    ],
)
def test_what_is_closed_is_not_exposed(kind: str, inputs: dict[str, Any]) -> None:
    assert list(exposed(Graph([resource(kind, "it", **inputs)]))) == []


def test_ranges_are_the_world_by_what_they_hold_together() -> None:
    assert is_world(*(f"{first}.0.0.0/8" for first in range(256)))
    assert is_world("3.0.0.0/8", "18.0.0.0/9", "52.0.0.0/9", "54.0.0.0/9")
    assert not is_world("3.0.0.0/9", "3.128.0.0/9", "3.0.0.0/8")  # the same addresses again
    assert is_world(*(f"2{digit:x}00::/8" for digit in range(16)))


def test_private_ranges_are_not_the_world_however_many() -> None:
    assert not is_world("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "203.0.113.0/24")
    assert is_world("10.0.0.0/7")


def test_a_rule_that_names_a_list_opens_each_range_in_it() -> None:
    listed = resource("aws:ec2/managedPrefixList:ManagedPrefixList", "list", entries=[{"cidr": "198.51.100.0/24"}])
    entry = resource(t.MANAGED_PREFIX_LIST_ENTRY, "entry", prefixListId=listed.id, cidr="0.0.0.0/0")
    rule = resource(
        t.INGRESS_RULE,
        "rule",
        securityGroupId=GROUP.id,
        ipProtocol="tcp",
        fromPort=22,
        toPort=22,
        prefixListId=listed.id,
    )
    found = {(one.peer, one.by) for one in openings(Graph([GROUP, listed, entry, rule])) if one.listed}
    assert found == {
        ("198.51.100.0/24", rule.urn),
        ("198.51.100.0/24", listed.urn),
        ("0.0.0.0/0", rule.urn),
        ("0.0.0.0/0", entry.urn),
    }


def test_a_list_that_was_looked_up_opens_the_ranges_that_it_shows() -> None:
    rule = resource(t.INGRESS_RULE, "rule", securityGroupId=GROUP.id, fromPort=22, toPort=22, prefixListId="list-0")
    looked_up = replace(resource(t.MANAGED_PREFIX_LIST, "list"), read=True, id="list-0")
    shown = replace(looked_up, outputs={"entries": [{"cidr": "0.0.0.0/0"}]})
    assert [one.undeclared for one in openings(Graph([GROUP, rule, looked_up]))] == [True]
    found = list(openings(Graph([GROUP, rule, shown])))
    assert "0.0.0.0/0" in {one.peer for one in found}
    assert not any(one.undeclared for one in found)
