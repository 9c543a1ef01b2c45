"""Who scrapes the service and whom alerts reach: managed Prometheus, one's own, or nobody."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from components.task import METRICS_PORT
from infra.problems import ProblemsError
from monitoring.rules import rules
from monitoring.text import as_yaml
from operations.monitor import watched_in
from project.files import Project, find_project
from rehearsal.run import Options, rehearse
from tests.conftest import PROJECT, Change, Declare, Graph

BASE, SILO, OWN, NONE = "prod-eu-north-1", "prod-eu-north-1-globex", "staging", "prod"


def properties(graph: Graph, name: str) -> dict[str, Any]:
    return dict(graph.named(name).declared.inputs)


def admitted(graph: Graph) -> list[dict[str, Any]]:
    """The rules that open the metrics' port of anything."""
    found = [one.declared.inputs for one in graph.of("SecurityGroupIngressRule")]
    return [dict(one) for one in found if one["fromPort"] <= METRICS_PORT <= one["toPort"]]


@pytest.mark.parametrize("stack", [BASE, SILO])
def test_managed_prometheus_gets_the_rules_that_monitoring_makes(declared: Declare, stack: str) -> None:
    watched = watched_in(find_project(PROJECT), stack)[0]
    given = properties(declared(stack), "scraping-rules")
    assert given["data"] == as_yaml(rules(watched))
    assert given["name"] == watched.name


@pytest.mark.parametrize("stack", [BASE, SILO])
def test_a_collector_asks_for_the_name_that_ecs_keeps_and_for_the_metrics_port(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    (job,) = yaml.safe_load(properties(graph, "scraping-collector")["scrapeConfiguration"])["scrape_configs"]
    (asked,) = job["dns_sd_configs"]
    domain = properties(declared(BASE), "metrics-names")["name"]
    assert asked["names"] == [f"{properties(graph, 'service-names')['name']}.{domain}"]
    assert (asked["type"], asked["port"]) == ("A", METRICS_PORT)
    registry = properties(graph, "service-service")["serviceRegistries"]["registryArn"]
    assert registry == graph.named("service-names").outputs["arn"]
    assert graph.needs("service-service") >= {"service-names"}


def test_a_customer_s_own_stack_joins_its_base_s_workspace_under_its_name(declared: Declare) -> None:
    graph = declared(SILO)
    workspace = declared(BASE).named("metrics-workspace")
    given = properties(graph, "scraping-collector")
    assert given["destination"] == {"amp": {"workspaceArn": workspace.outputs["arn"]}}
    assert properties(graph, "scraping-rules")["workspaceId"] == workspace.id
    (job,) = yaml.safe_load(given["scrapeConfiguration"])["scrape_configs"]
    labels = {one["target_label"]: one["replacement"] for one in job["relabel_configs"]}
    assert labels == {"stack": SILO, "silo": "globex"}
    alerts = yaml.safe_load(properties(graph, "scraping-rules")["data"])["groups"][1]["rules"]
    assert {(one["labels"]["stack"], one["labels"]["silo"]) for one in alerts} == {(SILO, "globex")}
    assert not graph.of("Workspace")
    assert not graph.of("AlertManagerDefinition")


@pytest.mark.parametrize("stack", [BASE, SILO, OWN])
def test_the_metrics_port_opens_to_the_scraper_s_group_alone(declared: Declare, stack: str) -> None:
    (opened,) = admitted(declared(stack))
    base = declared(BASE if stack == SILO else stack)
    assert opened["referencedSecurityGroupId"] == base.named("metrics-scraper-group").id
    assert (opened["fromPort"], opened["toPort"]) == (METRICS_PORT, METRICS_PORT)
    assert not {"cidrIpv4", "cidrIpv6", "prefixListId"} & set(opened)


@pytest.mark.parametrize("stack", [BASE, OWN])
def test_the_scraper_s_group_lets_nobody_in_and_reaches_that_port_of_private_subnets_alone(
    declared: Declare, stack: str
) -> None:
    graph = declared(stack)
    group = graph.named("metrics-scraper-group").id
    assert not [one for one in graph.of("SecurityGroupIngressRule") if one.declared.inputs["securityGroupId"] == group]
    out = [one.declared.inputs for one in graph.of("SecurityGroupEgressRule")]
    own = [one for one in out if one["securityGroupId"] == group]
    private = {one.declared.inputs["cidrBlock"] for one in graph.of("Subnet") if "-private-" in one.name}
    assert {one["cidrIpv4"] for one in own} == private
    assert {(one["fromPort"], one["toPort"]) for one in own} == {(METRICS_PORT, METRICS_PORT)}


def test_where_nobody_scrapes_there_is_nothing_of_it(declared: Declare) -> None:
    graph = declared(NONE)
    assert admitted(graph) == []
    assert not [one for one in graph.resources if one.type.startswith(("aws:amp/", "aws:servicediscovery/"))]
    assert "serviceRegistries" not in properties(graph, "service-service")


def test_one_s_own_prometheus_costs_no_workspace_and_its_role_asks_ecs_alone(declared: Declare) -> None:
    graph = declared(OWN)
    assert not [one for one in graph.resources if one.type.startswith(("aws:amp/", "aws:servicediscovery/"))]
    policy = json.loads(properties(graph, "prometheus-policy")["policy"])["Statement"]
    actions = {action for one in policy for action in one["Action"]}
    assert all(one.startswith(("ecs:Describe", "ecs:List", "ec2:Describe")) for one in actions)
    trust = json.loads(properties(graph, "prometheus-role")["assumeRolePolicy"])["Statement"]
    assert [one["Principal"] for one in trust] == [{"AWS": "arn:aws:iam::210000000002:role/prometheus"}]


def test_the_role_that_prometheus_takes_is_the_one_that_is_declared(declared: Declare) -> None:
    from monitoring.scrape import configuration

    watched = watched_in(find_project(PROJECT), OWN)[0]
    (job,) = configuration(watched, "ecs")["scrape_configs"]
    assert job["aws_sd_configs"][0]["role_arn"] == declared(OWN).named("prometheus-role").outputs["arn"]


def test_grafana_reads_figures_of_its_own_workspace_and_nothing_else(declared: Declare) -> None:
    graph = declared(BASE)
    metrics, cloudwatch = json.loads(properties(graph, "grafana-policy")["policy"])["Statement"]
    assert metrics["Resource"] == graph.named("metrics-workspace").outputs["arn"]
    assert all(one.startswith(("aps:Get", "aps:Query")) for one in metrics["Action"])
    assert cloudwatch["Action"] == ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"]
    assert cloudwatch["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-north-1"}}


def test_alerts_reach_the_topic_of_the_alarms_and_only_this_workspace_may_publish_them(declared: Declare) -> None:
    graph = declared(BASE)
    (topic,) = graph.of("sns/topic:Topic")
    definition = yaml.safe_load(properties(graph, "scraping-alert-manager")["definition"])
    receivers = yaml.safe_load(definition["alertmanager_config"])["receivers"]
    assert {one["topic_arn"] for each in receivers for one in each["sns_configs"]} == {topic.outputs["arn"]}
    (publish,) = [one for _, one in graph.documents("TopicPolicy") if one["Sid"] == "PublishAlerts"]
    assert publish["Condition"]["ArnEquals"] == {"aws:SourceArn": graph.named("metrics-workspace").outputs["arn"]}
    assert graph.needs("scraping-alert-manager") >= {"observability-alarms-policy", "metrics-workspace"}
    for _, statement in declared(NONE).documents("TopicPolicy", "Key"):
        assert "aps.amazonaws.com" not in json.dumps(statement)


def test_the_workspace_has_a_key_of_its_own_that_opens_through_prometheus_alone(declared: Declare) -> None:
    graph = declared(BASE)
    assert properties(graph, "metrics-workspace")["kmsKeyArn"] == graph.named("metrics-key").outputs["arn"]
    statements = json.loads(properties(graph, "metrics-key")["policy"])["Statement"]
    using = [one for one in statements if one["Sid"] != "AdministerButNotUse"]
    assert [one["Condition"]["StringEquals"] for one in using] == [
        {"kms:ViaService": "aps.eu-north-1.amazonaws.com"} for _ in using
    ]


def nobody(settings: dict[str, Any]) -> None:
    settings["observability"].pop("prometheusRoleArns")


def foreign(settings: dict[str, Any]) -> None:
    settings["observability"]["grafanaRoleArns"] = ["arn:aws:iam::999999999999:role/grafana"]


def unused(settings: dict[str, Any]) -> None:
    settings["observability"]["prometheus"] = "none"


def many(settings: dict[str, Any]) -> None:
    settings["observability"] |= {"prometheus": "managed", "prometheusRoleArns": []}
    settings["service"]["maxTasks"] = 9


@pytest.mark.parametrize(
    ("mistake", "path", "told"),
    [
        (nobody, "observability.prometheusRoleArns", "needs the role under which Prometheus runs"),
        (foreign, "observability.grafanaRoleArns[0]", "must be a role of the stack's own account"),
        (unused, "observability.prometheusRoleArns", "has no use for it"),
        (many, "service.maxTasks", "answers with 8"),
    ],
)
def test_settings_that_do_not_fit_are_reported_with_their_place(
    change: Callable[[str, Change], Project], mistake: Change, path: str, told: str
) -> None:
    with pytest.raises(ProblemsError) as raised:
        rehearse(change(OWN, mistake), OWN, Options(declare_only=True))
    (problem,) = raised.value.problems
    assert path in problem.path
    assert told in problem.message
