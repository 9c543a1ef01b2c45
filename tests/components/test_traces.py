"""Where spans go: named by the stack's file, reached by one rule, and by nothing where the file says nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.problems import ProblemsError
from project.files import Project
from rehearsal.run import Options, rehearse
from tests.conftest import Change, Declare, DeclareWith, Graph
from tests.declared import declared_with_base

pytestmark = pytest.mark.lengthy

INSIDE = {"endpoint": "http://collector.internal:4318", "cidrBlock": "10.30.16.0/20"}
OUTSIDE = {"endpoint": "https://otlp.example.org", "cidrBlock": "198.51.100.0/24"}


def exporting(traces: dict[str, Any], **network: Any) -> Change:
    def change(settings: dict[str, Any]) -> None:
        settings["observability"]["traces"] = traces
        settings["network"] |= network

    return change


def ways_out(graph: Graph) -> dict[tuple[str, str], tuple[int, int]]:
    """Where the service may connect to: the kind of peer and the peer, with the ports."""
    group = graph.named("service-group").id
    rules = [one.declared.inputs for one in graph.of("SecurityGroupEgressRule")]
    peers = ("cidrIpv4", "referencedSecurityGroupId", "prefixListId")
    return {
        (peer, str(rule[peer])): (rule["fromPort"], rule["toPort"])
        for rule in rules
        if rule["securityGroupId"] == group
        for peer in peers
        if rule.get(peer)
    }


def exported(graph: Graph, container: str) -> dict[str, str]:
    given = {one["name"]: one["value"] for one in graph.containers()[container]["environment"]}
    return {name: value for name, value in given.items() if name.startswith("OTEL_")}


def test_without_the_setting_nothing_is_exported(declared: Declare) -> None:
    assert exported(declared("staging"), "service") == {}


def test_the_task_gets_what_opentelemetry_s_sdk_reads(declared_with: DeclareWith) -> None:
    graph = declared_with("staging", exporting(INSIDE | {"sampledPercent": 2.5}))
    assert exported(graph, "service") == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": INSIDE["endpoint"],
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging",
        "OTEL_SERVICE_NAME": "workbuoy",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.025",
    }


@pytest.mark.parametrize(("traces", "port"), [(INSIDE, 4318), (OUTSIDE, 443)], ids=["inside", "outside"])
def test_the_service_may_connect_to_the_named_block_on_the_endpoint_s_port_and_nowhere_else_besides(
    declared: Declare, declared_with: DeclareWith, traces: dict[str, str], port: int
) -> None:
    before, after = ways_out(declared("staging")), ways_out(declared_with("staging", exporting(traces)))
    assert {peer: ports for peer, ports in after.items() if peer not in before} == {
        ("cidrIpv4", traces["cidrBlock"]): (port, port)
    }
    assert {peer: ports for peer, ports in after.items() if peer in before} == before


def test_a_block_that_the_login_s_way_out_covers_gets_no_second_rule_which_aws_would_refuse(
    declared: Declare, declared_with: DeclareWith
) -> None:
    everywhere = OUTSIDE | {"cidrBlock": "0.0.0.0/0"}
    assert len(ways_out(declared_with("staging", exporting(everywhere)))) == len(ways_out(declared("staging")))


def test_a_customer_s_own_stack_exports_as_its_base_does_without_the_customer_s_name(
    change: Callable[[str, Change], Project],
) -> None:
    project = change("prod", exporting(INSIDE | {"cidrBlock": "10.40.16.0/20"}))
    graph = Graph(declared_with_base(project, "prod-acme"))
    given = exported(graph, "service")
    assert given["OTEL_EXPORTER_OTLP_ENDPOINT"] == INSIDE["endpoint"]
    assert "acme" not in " ".join(given.values())
    assert ways_out(graph)["cidrIpv4", "10.40.16.0/20"] == (4318, 4318)


@pytest.mark.parametrize(
    ("mistake", "path", "told"),
    [
        (exporting(INSIDE | {"cidrBlock": "198.51.100.0/24"}), "endpoint", "198.51.100.0/24 is public: use https://"),
        (exporting(INSIDE | {"cidrBlock": "0.0.0.0/0"}), "endpoint", "0.0.0.0/0 is public"),
        (exporting(INSIDE | {"endpoint": "https://key@collector.example"}), "endpoint", "is not of the right form"),
        (exporting(INSIDE | {"endpoint": "http://collector.internal:65536"}), "endpoint", "is not of the right form"),
        (exporting(INSIDE | {"sampledPercent": 101}), "sampledPercent", "100"),
    ],
    ids=["plain to the public", "plain to everywhere", "with a login", "no port", "more than all"],
)
def test_a_receiver_that_does_not_fit_is_reported_with_its_place(
    change: Callable[[str, Change], Project], mistake: Change, path: str, told: str
) -> None:
    with pytest.raises(ProblemsError) as raised:
        rehearse(change("staging", mistake), "staging", Options(declare_only=True))
    (problem,) = raised.value.problems
    assert f"observability.traces.{path}" in str(problem)
    assert told in str(problem)


def test_a_receiver_outside_a_network_without_a_way_out_is_refused(change: Callable[[str, Change], Project]) -> None:
    project = change("staging", exporting(OUTSIDE, nat="none"))
    with pytest.raises(ProblemsError) as raised:
        rehearse(project, "staging", Options(declare_only=True))
    assert any("observability.traces.cidrBlock" in str(one) for one in raised.value.problems)
