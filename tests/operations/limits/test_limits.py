"""How many silos fit: counted in the declared graphs, told on a page that is made from them."""

from typing import Any

import pytest

from facts import tokens as t
from graph import Graph, Resource
from operations.limits.counting import MEASURES, LimitUse, limit_uses, quotas
from operations.limits.page import page
from operations.limits.uncounted import uncounted, without_quota
from rehearsal.as_graph import graph_of
from rehearsal.kinds import DECLARED_ONLY, KINDS
from tests.conftest import Declare


@pytest.fixture(scope="module")
def base(declared: Declare) -> Graph:
    return graph_of(declared("prod").rehearsal)


@pytest.fixture(scope="module")
def silo(declared: Declare) -> Graph:
    return graph_of(declared("prod-acme").rehearsal)


def with_one_more(silo: Graph, type_: str, **inputs: Any) -> Graph:
    """The silo with one more resource of a type."""
    made = Resource(urn="urn:pulumi:prod-acme::workbuoy::r::r", type=type_, name="r", inputs=inputs, id="r")
    return Graph((*silo.resources, made), stack=silo.stack, account=silo.account, region=silo.region)


def named(found: list[LimitUse], name: str) -> LimitUse:
    (one,) = [one for one in found if one.quota.name == name]
    return one


def test_what_a_silo_takes_is_counted_and_not_written_down(base: Graph, silo: Graph) -> None:
    before = named(limit_uses(base, silo), "Roles")
    wider = with_one_more(silo, t.ROLE)
    after = named(limit_uses(base, wider), "Roles")
    assert after.silo == before.silo + 1
    assert before.fits is not None
    assert after.fits is not None
    assert after.fits < before.fits


def test_no_rule_of_a_silo_stands_on_a_group_that_it_shares(base: Graph, silo: Graph) -> None:
    assert named(limit_uses(base, silo), "Rules of a shared security group, one way").silo == 0


def test_a_rule_of_a_silo_on_a_shared_group_would_be_counted(base: Graph, silo: Graph) -> None:
    shared = next(one for one in base.resources if one.type == t.SECURITY_GROUP)
    wider = with_one_more(silo, t.INGRESS_RULE, securityGroupId=shared.id)
    found = named(limit_uses(base, wider), "Rules of a shared security group, one way")
    assert (found.silo, found.fits) == (1, int(60 - found.base))


@pytest.mark.parametrize(
    ("name", "type_", "more"),
    [
        ("RDS instances", t.DATABASE, 0),
        ("Buckets", t.BUCKET, 0),
        ("KMS keys", t.KEY, 0),
        ("Secrets", t.SECRET, 1),  # the master password's
    ],
)
def test_a_silo_takes_what_it_declares(base: Graph, silo: Graph, name: str, type_: str, more: int) -> None:
    declared = sum(one.type == type_ for one in silo.resources)
    assert named(limit_uses(base, silo), name).silo == declared + more > 0


@pytest.mark.parametrize(
    ("name", "each"),
    [
        ("Addresses of the data subnets", 2),  # the instance and its standby
        ("Network interfaces of Lambda in a VPC", 3),  # one a zone
        ("Targets on a load balancer", 12),  # six tasks at most, twice in a deployment
        ("Storage of all RDS instances, in GB", 500),
    ],
)
def test_a_standard_silo_takes_what_its_graph_has(base: Graph, silo: Graph, name: str, each: float) -> None:
    assert named(limit_uses(base, silo), name).silo == each


def test_a_base_stack_holds_as_many_silos_as_its_load_balancer_has_target_groups(base: Graph, silo: Graph) -> None:
    wall = named(limit_uses(base, silo), "Target groups on a load balancer")
    assert wall.quota.adjustable == "no"
    assert wall.limit is not None
    assert wall.fits == wall.limit - wall.base


def test_every_limit_counts_something_and_says_what_to_do(base: Graph, silo: Graph) -> None:
    for one in limit_uses(base, silo):
        assert len(one.quota.do) > 5
        assert one.base or one.silo, one.quota.name
        assert all(count in MEASURES or count.startswith("aws:") for count in one.quota.counts)


def test_a_number_without_a_source_is_marked(base: Graph, silo: Graph) -> None:
    told = page(base, silo)
    for quota in quotas():
        row = next(line for line in told.splitlines() if line.startswith(f"| {quota.name} |"))
        assert ("not verified" in row) == (not quota.source)
        assert quota.source.startswith("https://") or not quota.source


def test_a_type_without_a_counted_quota_and_without_a_reason_is_named(base: Graph, silo: Graph) -> None:
    assert {"aws:amp/scraper:Scraper", "aws:backup/vault:Vault"} <= set(uncounted(base, silo))  # options of no example
    token = "aws:sqs/queue:Queue"
    assert token not in uncounted(base, silo)
    wider = with_one_more(silo, token)
    assert token in uncounted(base, wider)
    assert f"| `{token}` | 1 | 0 |" in page(base, wider)


def test_what_only_a_base_stack_may_have_without_a_quota_is_named_once_a_silo_has_it(base: Graph, silo: Graph) -> None:
    assert t.SUBNET not in uncounted(base, silo)
    assert t.SUBNET in uncounted(base, with_one_more(silo, t.SUBNET))


def test_a_type_without_a_quota_is_listed_once_and_can_be_rehearsed() -> None:
    listed = [token for entry in without_quota() for token in entry.types]
    assert len(listed) == len(set(listed))
    assert set(listed) <= {*KINDS, *DECLARED_ONLY}
    assert not set(listed) & {one for quota in quotas() for one in quota.counts}
