"""Nothing reaches data but what must, and data reaches nothing."""

import json
from typing import Any

import pytest

from rehearsal.result import Rehearsed
from tests.conftest import STACKS, Declare, DeclareWith, Graph

LOGS = ("network-flow-logs", "logs-service", "database-postgresql-log")


def routes_of(graph: Graph, table: Rehearsed) -> list[Rehearsed]:
    return [one for one in graph.of("ec2/route:Route") if one.declared.inputs["routeTableId"] == table.id]


def subnets(graph: Graph, kind: str) -> list[Rehearsed]:
    return [one for one in graph.of("Subnet") if f"-{kind}-" in one.name]


def table_of(graph: Graph, subnet: Rehearsed) -> Rehearsed:
    (association,) = [one for one in graph.of("RouteTableAssociation") if one.declared.inputs["subnetId"] == subnet.id]
    (table,) = [one for one in graph.of("RouteTable") if one.id == association.declared.inputs["routeTableId"]]
    return table


@pytest.mark.parametrize("stack", STACKS)
def test_data_subnets_have_no_way_out(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    assert len(subnets(graph, "data")) >= 2
    for subnet in subnets(graph, "data"):
        assert routes_of(graph, table_of(graph, subnet)) == []


def test_the_database_lies_in_data_subnets_only(declared: Declare) -> None:
    graph = declared("prod")
    (group,) = graph.of("SubnetGroup")
    assert set(group.declared.inputs["subnetIds"]) == {one.id for one in subnets(graph, "data")}


def test_tasks_of_dev_have_no_way_to_the_internet(declared: Declare) -> None:
    graph = declared("dev")
    for subnet in subnets(graph, "private"):
        assert routes_of(graph, table_of(graph, subnet)) == []
    assert graph.of("NatGateway") == []


def test_each_zone_of_prod_has_its_own_nat_gateway(declared: Declare) -> None:
    graph = declared("prod")
    gateways = {
        route.declared.inputs["natGatewayId"]
        for subnet in subnets(graph, "private")
        for route in routes_of(graph, table_of(graph, subnet))
    }
    assert len(gateways) == len(subnets(graph, "private")) == 3


def test_all_zones_of_staging_share_one_nat_gateway(declared: Declare) -> None:
    graph = declared("staging")
    gateways = [
        route.declared.inputs["natGatewayId"]
        for subnet in subnets(graph, "private")
        for route in routes_of(graph, table_of(graph, subnet))
    ]
    assert len(gateways) == 2
    assert len(set(gateways)) == 1


def test_a_nat_gateway_waits_for_its_way_to_the_internet(declared: Declare) -> None:
    assert "network-public-to-internet" in declared("prod").needs("network-nat-a")


def test_image_layers_come_through_the_s3_gateway(declared: Declare) -> None:
    graph = declared("dev")
    policy = json.loads(graph.named("network-s3").declared.inputs["policy"])
    layers = [
        one for one in policy["Statement"] if one["Resource"] == "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"
    ]
    assert [one["Action"] for one in layers] == [["s3:GetObject"]]


def test_no_bucket_of_another_account_is_reached_through_the_s3_gateway(declared: Declare) -> None:
    graph = declared("prod")
    policy = json.loads(graph.named("network-s3").declared.inputs["policy"])
    for statement in policy["Statement"]:
        narrow = "starport-layer-bucket" in statement["Resource"]
        assert narrow or statement["Condition"]["StringEquals"]["aws:ResourceAccount"] == graph.rehearsal.account


def test_tasks_without_nat_reach_what_they_call_through_endpoints(declared: Declare) -> None:
    graph = declared("dev")
    services = {
        one.declared.inputs["serviceName"].removeprefix("com.amazonaws.eu-west-1.") for one in graph.of("VpcEndpoint")
    }
    assert services == {"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}


def test_the_default_security_group_lets_nothing_through(declared: Declare) -> None:
    (group,) = declared("prod").of("DefaultSecurityGroup")
    assert group.declared.inputs["ingress"] == group.declared.inputs["egress"] == []


@pytest.mark.parametrize("stack", STACKS)
def test_only_service_rotation_and_restore_may_connect_to_the_database(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    into_database = [one for one in graph.of("SecurityGroupIngressRule") if one.name.startswith("database-")]
    assert {one.declared.inputs["referencedSecurityGroupId"] for one in into_database} == {
        graph.named("service-group").id,
        graph.named("rotation-group").id,
        graph.named("restore-group").id,
    }
    assert {one.declared.inputs["fromPort"] for one in into_database} == {5432}


@pytest.mark.parametrize("stack", STACKS)
def test_only_restore_reaches_a_restored_copy(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    (into_copy,) = [one for one in graph.of("SecurityGroupIngressRule") if one.name.startswith("restore-copy-")]
    assert into_copy.declared.inputs["referencedSecurityGroupId"] == graph.named("restore-group").id
    assert [one for one in graph.of("SecurityGroupEgressRule") if one.name.startswith("restore-copy-")] == []


def admitted_ranges(graph: Graph, group: str) -> set[str]:
    return {
        one.declared.inputs["cidrIpv4"]
        for one in graph.of("SecurityGroupIngressRule")
        if one.declared.inputs["securityGroupId"] == graph.named(group).id and "cidrIpv4" in one.declared.inputs
    }


def test_only_the_load_balancer_is_open_to_addresses_outside(declared: Declare) -> None:
    graph = declared("prod")
    groups = [one.name for one in graph.of("SecurityGroup")]
    private = {"10.40.16.0/20", "10.40.32.0/20", "10.40.48.0/20"}
    assert {name: ranges for name in groups if (ranges := admitted_ranges(graph, name))} == {
        "load-balancer-group": {"0.0.0.0/0"},
        "network-endpoints-group": private,
    }


def test_dev_opens_the_load_balancer_to_named_addresses_only(declared: Declare) -> None:
    assert admitted_ranges(declared("dev"), "load-balancer-group") == {"192.0.2.0/24"}


def test_a_customer_s_stack_adds_no_rule_to_its_base_s_groups(declared: Declare) -> None:
    """AWS allows 60 rules on a group; a thousand customers must not share them."""
    silo = declared("prod-acme")
    own = {one.id for one in silo.of("SecurityGroup")}
    rules = [*silo.of("SecurityGroupIngressRule"), *silo.of("SecurityGroupEgressRule")]
    assert {one.declared.inputs["securityGroupId"] for one in rules} == own


def test_the_load_balancer_never_reaches_the_metrics_port(declared: Declare) -> None:
    graph = declared("prod")
    out = [one for one in graph.of("SecurityGroupEgressRule") if one.name.startswith("load-balancer-")]
    assert {one.declared.inputs["toPort"] for one in out} == {8080}
    assert {one.declared.inputs["port"] for one in graph.of("TargetGroup")} == {8080}


def test_a_scraper_gets_the_metrics_port_and_no_other(declared_with: DeclareWith) -> None:
    def scrape(settings: dict[str, Any]) -> None:
        settings["service"]["metricsCidrBlocks"] = ["10.40.200.0/24"]

    graph = declared_with("prod", scrape)
    (rule,) = [
        one for one in graph.of("SecurityGroupIngressRule") if one.declared.inputs.get("cidrIpv4") == "10.40.200.0/24"
    ]
    assert (rule.declared.inputs["fromPort"], rule.declared.inputs["toPort"]) == (9090, 9090)


def test_flow_logs_record_all_traffic_under_a_key(declared: Declare) -> None:
    graph = declared("prod")
    (flow_log,) = graph.of("FlowLog")
    group = graph.named("network-flow-logs-group")
    assert flow_log.declared.inputs["trafficType"] == "ALL"
    assert flow_log.declared.inputs["logDestination"] == group.outputs["arn"]
    assert group.declared.inputs["kmsKeyId"] == graph.named("keys-logs").outputs["arn"]


@pytest.mark.parametrize(("stack", "days"), [("prod", 365), ("prod-eu-north-1", 365), ("dev", 14)])
def test_flow_logs_are_kept_as_long_as_the_services_log(declared: Declare, stack: str, days: int) -> None:
    graph = declared(stack)
    kept = {name: graph.named(f"{name}-group").declared.inputs["retentionInDays"] for name in LOGS}
    assert set(kept.values()) == {days}


def test_a_setting_keeps_flow_logs_otherwise(declared_with: DeclareWith) -> None:
    def thirty_days(settings: dict[str, Any]) -> None:
        settings["network"]["flowLogRetentionDays"] = 30

    group = declared_with("prod", thirty_days).named("network-flow-logs-group")
    assert group.declared.inputs["retentionInDays"] == 30
