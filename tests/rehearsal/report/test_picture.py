"""The picture of connections: whoever is in the table is in both drawings, nothing lies on anything else."""

import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.exposure import Connection
from graph import Graph, Resource
from rehearsal.report.picture import picture
from rehearsal.result import Rehearsal
from tests.conftest import Declare

pytestmark = pytest.mark.lengthy

Read = Callable[[Rehearsal], Any]
GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"
WORLD = "0.0.0.0/0"


def resource(name: str, type_: str = GROUP, **inputs: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:test::small::{type_}::{name}", type=type_, name=name, inputs=inputs)


def way(source: str, target: str, port: int = 443, **more: Any) -> Connection:
    first, second = (f"urn:pulumi:test::small::{GROUP}::{one}" if one.isalpha() else one for one in (source, target))
    return Connection(first, second, "tcp", port, port, **more)


def drawn(found: list[Connection], *others: Resource) -> dict[str, dict[str, Any]]:
    """Of each drawing: its size, boxes as (x, y, width, height) with their titles, ports, and where arrows end."""
    names = sorted({peer.rpartition("::")[2] for one in found for peer in (one.source, one.target) if "::" in peer})
    html = picture(Graph([*(resource(name) for name in names), *others]), found)
    drawings = {}
    for class_, size, inside in re.findall(r'<svg class="(\w+)" viewBox="([^"]+)".*?>(.*?)</svg>', html):
        rects = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', inside)
        drawings[class_] = {
            "size": [float(one) for one in size.split()],
            "boxes": [tuple(float(one) for one in rect) for rect in rects],
            "names": re.findall(r'class="name">(.*?)</text>', inside),
            "below": re.findall(r'class="about">(.*?)</text>', inside),
            "ports": re.findall(r'class="port">(.*?)</text>', inside),
            "tips": [(float(x), float(y)) for x, y in re.findall(r'd="M([\d.]+) ([\d.]+)l', inside)],
        }
    assert set(drawings) == {"wide", "narrow"}
    return drawings


def test_every_group_and_every_way_of_a_stack_stands_in_both_drawings(read: Read, declared: Declare) -> None:
    section = read(declared("prod").rehearsal).section("connections")
    for drawing in section.all("svg"):
        said = drawing.text
        for name in ("load-balancer-group", "service-group", "rotation-group", "database-group", "tcp 5432"):
            assert name in said
        assert drawing.attributes["role"] == "img"
        assert "the table below" in drawing.attributes["aria-label"]
        assert drawing.all("a") == []
    assert len(section.all("svg")) == 2


def test_the_internet_comes_in_at_the_left_and_is_reached_at_the_right() -> None:
    for drawing in drawn([way(WORLD, "balancer"), way("balancer", "tasks", 8080), way("tasks", WORLD)]).values():
        assert drawing["names"] == ["The internet", "balancer", "tasks", "The internet"]
        assert sorted(drawing["boxes"]) == drawing["boxes"]


def test_subnets_with_the_same_ways_are_one_box_and_another_range_is_none_of_them() -> None:
    ranges = [f"10.0.{number}.0/24" for number in range(4)]
    found = [way("balancer", one, 8080) for one in ranges] + [way(ranges[3], "endpoints")]
    subnets = [resource(f"private-{number}", SUBNET, cidrBlock=one) for number, one in enumerate(ranges)]
    for drawing in drawn(found, *subnets).values():
        assert "3 subnets" in drawing["names"]
        assert "10.0.0.0/24, 2 more" in drawing["below"]
        assert "1 subnet" in drawing["names"]
        assert drawing["ports"].count("tcp 8080") == 2


def test_ports_of_one_pair_stand_on_one_line_and_a_way_that_is_shut_says_so() -> None:
    found = [way(WORLD, "balancer", 443), way(WORLD, "balancer", 80), way("balancer", "tasks", between_groups=True)]
    for drawing in drawn(found).values():
        assert sorted(drawing["ports"]) == ["tcp 443, shut", "tcp 80, 443"]


PEERS = st.sampled_from(["a", "b", "c", "d", "e", WORLD, "10.0.0.0/24", "10.1.0.0/24", "sg-0", "pl-0"])


@given(st.lists(st.builds(way, PEERS, PEERS, st.sampled_from([80, 443])), min_size=1, max_size=14))
def test_boxes_never_overlap_lie_within_the_drawing_and_arrows_end_at_one(found: list[Connection]) -> None:
    """In circles too: groups may reach each other, and themselves."""
    for drawing in drawn(found).values():
        left, top, width, height = drawing["size"]
        for x, y, wide, tall in drawing["boxes"]:
            assert left <= x <= x + wide <= left + width
            assert top <= y <= y + tall <= top + height
        for one, other in combinations(drawing["boxes"], 2):
            apart = (one[0] + one[2] <= other[0], other[0] + other[2] <= one[0])
            assert any(apart) or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
        for x, y in drawing["tips"]:
            sides = [(side, box) for box in drawing["boxes"] for side in (box[0], box[0] + box[2])]
            assert any(abs(x - side) < 0.2 and box[1] <= y <= box[1] + box[3] for side, box in sides)
        assert len(drawing["ports"]) == len(drawing["tips"])
