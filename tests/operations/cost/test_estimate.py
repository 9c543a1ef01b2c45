"""The sum follows what a stack declares, and nothing that may cost is left out in silence."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from operations.cost.by_use import BY_USE, FREE
from operations.cost.estimate import Estimate, as_json
from operations.cost.estimate import estimate as estimate_of_graph
from operations.cost.meters import AT_REST, vcpus_of
from operations.cost.prices import PriceTable, read_prices
from operations.cost.table import table
from rehearsal.as_graph import graph_of
from rehearsal.result import Rehearsal, Rehearsed
from tests.conftest import SILOS, STACKS, Declare, DeclareWith

PRICES = read_prices()


def estimate(rehearsal: Rehearsal, prices: PriceTable) -> Estimate:
    return estimate_of_graph(graph_of(rehearsal), prices)


def quantities(graph: Rehearsal) -> dict[str, Decimal]:
    return {one.name: one.quantity for one in estimate(graph, PRICES).lines}


def with_changed(graph: Rehearsal, type_: str, **properties: Any) -> Rehearsal:
    """The same stack with one property of every resource of a type changed."""

    def change(one: Rehearsed) -> Rehearsed:
        if one.type != f"aws:{type_}":
            return one
        return replace(one, declared=replace(one.declared, inputs={**one.declared.inputs, **properties}))

    return replace(graph, resources=tuple(change(one) for one in graph.resources))


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_every_type_of_every_stack_is_priced_free_or_by_use(stack: str, declared: Declare) -> None:
    found = estimate(declared(stack).rehearsal, PRICES)
    assert found.unpriced == ()
    assert found.usd_per_month == sum(one.usd_per_month for one in found.lines) > 0


def test_a_type_that_nobody_has_judged_is_reported_loudly(declared: Declare) -> None:
    graph = declared("dev").rehearsal
    unjudged = replace(
        graph,
        resources=tuple(
            replace(one, declared=replace(one.declared, type="aws:redshift/cluster:Cluster"))
            if one.type == "aws:sns/topic:Topic"
            else one
            for one in graph.resources
        ),
    )
    found = estimate(unjudged, PRICES)
    assert [(one.what, str(one.quantity)) for one in found.unpriced] == [("aws:redshift/cluster:Cluster", "1")]
    assert f"at least {found.usd_per_month:.2f} USD" in table(found)
    assert "NOT IN THE SUM" in table(found)
    assert as_json(found)["complete"] is False


@pytest.mark.parametrize(
    ("type_", "properties", "missing"),
    [
        ("rds/instance:Instance", {"instanceClass": "db.x2g.large"}, "rds-instance-db.x2g.large"),
        ("rds/instance:Instance", {"storageType": "io2"}, "rds-storage-io2"),
        ("rds/instance:Instance", {"iops": 12000}, "rds-storage-gp3-with-iops"),
        ("rds/instance:Instance", {"instanceClass": "db.m7g.metal"}, "rds-instance-db.m7g.metal"),
        ("ecs/service:Service", {"launchType": "EC2"}, "ecs-EC2"),
        ("ecs/taskDefinition:TaskDefinition", {"ephemeralStorage": {"sizeInGib": 21}}, "fargate-storage"),
        ("lb/loadBalancer:LoadBalancer", {"loadBalancerType": "gateway"}, "load-balancer-gateway"),
        ("appautoscaling/policy:Policy", {"policyType": "StepScaling"}, "scaling-StepScaling"),
    ],
)
def test_what_has_no_price_is_reported_and_not_counted_as_nothing(
    type_: str, properties: dict[str, Any], missing: str, declared: Declare
) -> None:
    found = estimate(with_changed(declared("dev").rehearsal, type_, **properties), PRICES)
    assert [one.what for one in found.unpriced] == [missing]


def test_a_secret_s_replica_is_charged_as_a_secret(declared: Declare) -> None:
    graph = declared("dev").rehearsal
    secrets = [one for one in graph.resources if one.type == "aws:secretsmanager/secret:Secret"]
    copied = with_changed(graph, "secretsmanager/secret:Secret", replicas=[{"region": "eu-north-1"}])
    assert quantities(copied)["secret"] - quantities(graph)["secret"] == len(secrets)


def test_no_type_is_both_free_and_charged() -> None:
    assert FREE & (set(AT_REST) | set(BY_USE)) == set()


def test_a_price_by_use_that_the_table_lacks_is_reported(declared: Declare) -> None:
    without = PRICES.model_copy(update={"prices": {k: v for k, v in PRICES.prices.items() if k != "data-out"}})
    assert [one.what for one in estimate(declared("dev").rehearsal, without).unpriced] == ["data-out"]


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_whatever_is_in_the_sum_is_charged_by_the_hour_or_the_month(stack: str, declared: Declare) -> None:
    assert {one.price.per for one in estimate(declared(stack).rehearsal, PRICES).lines} == {"hour", "month"}


def test_what_is_by_use_is_reported_with_its_price_and_not_in_the_sum(declared: Declare) -> None:
    found = estimate(declared("prod").rehearsal, PRICES)
    by_use = {one.name for one in found.by_use}
    assert {"log-ingestion", "data-out", "nat-data", "container-insights", "s3-storage"} <= by_use
    assert by_use & {one.name for one in found.lines} == set()
    assert "container-insights" not in {one.name for one in estimate(declared("dev").rehearsal, PRICES).by_use}


def test_a_setting_that_changes_changes_the_sum(declared: Declare, declared_with: DeclareWith) -> None:
    def grow(settings: dict[str, Any]) -> None:
        settings["service"] |= {"minTasks": 2, "memoryMib": 1024}
        settings["database"] |= {"multiAz": True, "allocatedStorageGib": 50}
        settings["network"]["nat"] = "per-zone"

    before, after = quantities(declared("dev").rehearsal), quantities(declared_with("dev", grow).rehearsal)
    changed = {name: (before.get(name, Decimal(0)), after[name]) for name in after if before.get(name) != after[name]}
    assert {name: (str(old), str(new)) for name, (old, new) in changed.items()} == {
        "fargate-vcpu-arm64": ("0.25", "0.50"),
        "fargate-memory-arm64": ("0.5", "2"),
        "rds-instance-db.t4g.micro": ("1", "2"),
        "rds-storage-gp3": ("20", "100"),
        "nat-gateway": ("0", "2"),
        "public-ipv4": ("2", "4"),
    }


def test_prod_counts_its_zones_and_its_standby(declared: Declare) -> None:
    graph = declared("prod")
    counted = quantities(graph.rehearsal)
    zones = len({one.declared.inputs["availabilityZone"] for one in graph.of("ec2/subnet:Subnet")})
    endpoints = [one for one in graph.of("VpcEndpoint") if one.declared.inputs["vpcEndpointType"] == "Interface"]
    (database,) = graph.of("rds/instance:Instance")
    assert counted["nat-gateway"] == len(graph.of("NatGateway")) > 1
    assert counted["public-ipv4"] == len(graph.of("NatGateway")) + zones  # the load balancer has one a zone
    assert counted["vpc-endpoint-interface"] == len(endpoints) * zones
    assert counted[f"rds-instance-{database.declared.inputs['instanceClass']}"] == 2
    assert counted["rds-insights-first-month"] == 4  # two vCPUs in each of two zones
    assert counted["secret"] == len(graph.of("secretsmanager/secret:Secret")) + 1  # the owner's, which RDS makes


def test_one_more_customer_pays_for_no_network_of_its_own(declared: Declare) -> None:
    counted = quantities(declared("prod-acme").rehearsal)
    assert (
        counted.keys() & {"nat-gateway", "public-ipv4", "load-balancer-application", "vpc-endpoint-interface"} == set()
    )
    assert counted["rds-instance-db.m7g.large"] == 2


def test_longer_performance_data_is_charged_by_the_month(declared: Declare) -> None:
    graph = declared("dev").rehearsal
    assert "rds-insights-first-month" not in quantities(graph)
    longer = quantities(with_changed(graph, "rds/instance:Instance", performanceInsightsRetentionPeriod=731))
    assert longer["rds-insights-first-month"] == 2
    assert longer["rds-insights-further-month"] == 2 * 23


def test_an_alarm_over_an_expression_is_charged_by_its_metrics(declared: Declare) -> None:
    graph = declared("dev")
    metrics = 0
    for one in graph.of("MetricAlarm"):
        queries = one.declared.inputs.get("metricQueries")
        metrics += sum("metric" in query for query in queries) if queries else 1
    assert len(graph.of("MetricAlarm")) < metrics
    assert quantities(graph.rehearsal)["alarm-metric"] == metrics + 2  # and the two of target tracking


def test_vcpus_follow_the_size_of_a_class() -> None:
    classes = ("db.t4g.micro", "db.m7g.large", "db.m7g.xlarge", "db.r7g.16xlarge", "db.m7g.metal")
    assert [vcpus_of(one) for one in classes] == [2, 2, 4, 64, None]


def hand_made(found: Estimate) -> Decimal:
    """The sum again, from the program's figures and the table alone."""
    return sum(
        (
            Decimal(one["quantity"]) * Decimal(one["unitPrice"]) * (730 if one["per"] == "hour" else 1)
            for one in json.loads(json.dumps(as_json(found)))["atRest"]
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("stack", ["dev", "prod", "prod-eu-north-1-globex"])
def test_the_printed_sum_is_the_sum_of_its_lines(stack: str, declared: Declare) -> None:
    found = estimate(declared(stack).rehearsal, PRICES)
    assert as_json(found)["perMonth"] == f"{hand_made(found):.2f}"
    assert f"{found.usd_per_month:.2f} USD a month" in table(found).splitlines()[0]


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
@pytest.mark.usefixtures("usual_columns")
def test_the_table_fits_into_80_columns_and_says_what_it_is_not(stack: str, declared: Declare) -> None:
    text = table(estimate(declared(stack).rehearsal, PRICES))
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert "no usage, taxes" in " ".join(text.split())
    assert "Prices read on 2026-11-22" in text


def test_a_price_of_another_region_or_without_an_address_is_marked(declared: Declare) -> None:
    text = table(estimate(declared("prod").rehearsal, PRICES))
    marked = {line.split("  ")[0]: line[80 - 3 :].strip() for line in text.splitlines() if line.endswith(("*", "?"))}
    assert "that of eu-west-1 was not found" in " ".join(text.split())
    assert marked["Database db.m7g.large"] == "*"
    assert marked["NAT gateway"] == "?"
    verified = PriceTable.model_validate(
        {
            "hoursPerMonth": 730,
            "sources": {"page": {"url": "https://example.com/", "readOn": "2026-11-22", "note": ""}},
            "prices": {
                name: {**one.model_dump(by_alias=True), "amounts": {"any": {"usd": "1", "sources": ["page"]}}}
                for name, one in PRICES.prices.items()
            },
        }
    )
    plain = table(estimate(declared("prod").rehearsal, verified))
    assert "*" not in plain
    assert "?" not in plain
