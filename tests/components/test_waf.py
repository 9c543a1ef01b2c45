"""The firewall is off until somebody asks for it, and then refuses, counts, and tells no secret."""

from collections.abc import Callable
from typing import Any

import pytest

from components.waf_settings import RULE_GROUPS
from operations.cost.estimate import estimate
from operations.cost.prices import read_prices
from policies.runner import check
from rehearsal.as_graph import graph_of
from tests.conftest import SILOS, STACKS, Change, Declare, Graph
from tests.conftest import declared_graph as unchanged

COUNTED = "CrossSiteScripting_BODY"


@pytest.fixture
def firewalled(declared_with: Callable[[str, Change], Graph]) -> Graph:
    return declared_with("prod", lambda settings: settings["service"].update(waf={"countedRules": [COUNTED]}))


def rules_of(graph: Graph) -> list[dict[str, Any]]:
    (acl,) = graph.of("WebAcl")
    return list(acl.declared.inputs["rules"])


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_no_stack_has_one_that_did_not_ask_for_it(declared: Declare, stack: str) -> None:
    assert not [one for one in declared(stack).resources if ":wafv2/" in one.type]


@pytest.mark.lengthy
def test_it_stands_before_the_load_balancer_and_refuses_by_every_rule_but_those_that_are_named(
    firewalled: Graph,
) -> None:
    (balancer,), (acl,) = firewalled.of("LoadBalancer"), firewalled.of("WebAcl")
    (association,) = firewalled.of("WebAclAssociation")
    assert association.declared.inputs == {
        "resourceArn": balancer.outputs["arn"],
        "webAclArn": acl.outputs["arn"],
    }
    rate, *groups = rules_of(firewalled)
    assert rate["action"] == {"block": {"customResponse": {"responseCode": 429}}}
    assert [one["overrideAction"] for one in groups] == [{"none": {}}] * len(RULE_GROUPS)
    assert len({one["priority"] for one in rules_of(firewalled)}) == 1 + len(RULE_GROUPS)
    overrides = [
        (override["name"], override["actionToUse"])
        for one in groups
        for override in one["statement"]["managedRuleGroupStatement"].get("ruleActionOverrides", ())
    ]
    assert overrides == [("SizeRestrictions_BODY", {"count": {}}), (COUNTED, {"count": {}})]


def test_its_log_is_kept_like_the_service_s_under_the_name_that_aws_demands(firewalled: Graph) -> None:
    group = firewalled.named("load-balancer-waf-log-group").declared.inputs
    service = firewalled.named("logs-service-group").declared.inputs
    assert group["name"] == "aws-waf-logs-workbuoy-prod"
    assert [group[key] for key in ("retentionInDays", "kmsKeyId")] == [
        service[key] for key in ("retentionInDays", "kmsKeyId")
    ]
    assert "load-balancer-waf-logging" in firewalled.needs("load-balancer-waf-association")


def test_prod_with_it_meets_the_control_that_advises_it_and_misses_no_other(firewalled: Graph) -> None:
    def missed(graph: Graph) -> set[str]:
        found = check(graph_of(graph.rehearsal).resources, "prod", None, allowed_regions=[graph.rehearsal.region])
        return {one.control for one in found.having("fail")}

    assert missed(unchanged("prod")) - missed(firewalled) == {"load-balancer-use-firewall"}
    assert missed(firewalled) <= missed(unchanged("prod"))


def test_its_price_is_that_of_a_web_acl_and_its_five_rules(firewalled: Graph) -> None:
    prices = read_prices()
    before, after = (estimate(graph_of(one.rehearsal), prices) for one in (unchanged("prod"), firewalled))
    assert after.unpriced == ()
    lines = {one.name: str(one.usd_per_month) for one in after.lines if one.name.startswith("waf-")}
    assert lines == {"waf-web-acl": "5.00", "waf-rule": "5.00"}
    assert {one.name for one in after.by_use} - {one.name for one in before.by_use} == {"waf-requests"}


def test_whoever_is_on_duty_hears_of_many_refusals_and_may_read_why(firewalled: Graph) -> None:
    alarm = firewalled.named("observability-waf-blocked-requests").declared.inputs
    assert alarm["dimensions"] == {"WebACL": "workbuoy-prod", "Region": "eu-west-1", "Rule": "ALL"}
    search = firewalled.named("observability-search-blocked-requests").declared.inputs
    assert search["logGroupNames"] == ["aws-waf-logs-workbuoy-prod"]
    (reading,) = [
        statement
        for one, statement in firewalled.documents("Policy")
        if one.name == "observability-operators" and statement["Sid"] == "ReadWafLog"
    ]
    assert all(":log-group:aws-waf-logs-workbuoy-prod" in arn for arn in reading["Resource"])
