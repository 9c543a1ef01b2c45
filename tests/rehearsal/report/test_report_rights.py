"""Who may do what, who can reach whom, and who is told: read from the graph, wildcards and gaps marked."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from facts.exposure import connections
from rehearsal.as_graph import graph_of
from rehearsal.report.access import guarded, identities
from rehearsal.report.sections.alarms import amount, condition
from rehearsal.report.sections.connections import ports
from rehearsal.result import Rehearsal, Rehearsed

pytestmark = pytest.mark.lengthy

Read = Callable[[Rehearsal], Any]
Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]


def policy(*statements: dict[str, Any]) -> dict[str, str]:
    return {"policy": json.dumps({"Statement": list(statements)})}


@pytest.fixture(scope="session")
def prod(declared: Callable[[str], Any]) -> Rehearsal:
    """The committed prod stack as the program declares it."""
    found: Rehearsal = declared("prod").rehearsal
    return found


def role(part: Part, *statements: dict[str, Any]) -> tuple[Rehearsed, ...]:
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Statement": [trust]})
    return (
        part("iam/role:Role", "worker", properties={"assumeRolePolicy": document}),
        part("iam/rolePolicy:RolePolicy", "worker-policy", properties={"role": "worker", **policy(*statements)}),
    )


def test_the_matrix_has_every_role_of_prod_with_every_action_on_its_resource(prod: Rehearsal, read: Read) -> None:
    table = read(prod).section("access").all("table", "matrix")[0]
    heads = [one.text for one in table.all("thead")[0].all("th")]
    roles = [one.name.removesuffix("-role") for one in prod.resources if one.type == "aws:iam/role:Role"]
    assert heads == ["Resource", *roles]
    (row,) = [row for row in table.rows() if row[0] == "secrets-database-login"]
    cells = {head: cell.replace(" ", "") for head, cell in zip(heads, row, strict=True)}
    assert cells["service-task"] == "GetSecretValue"
    assert "PutSecretValue" in cells["rotation"]
    assert cells["service-execution"] == ""


def test_a_condition_is_said_in_words(part: Part, whole: Whole) -> None:
    resources = role(
        part,
        {
            "Sid": "A",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
            "Condition": {
                "StringNotEquals": {"aws:RequestedRegion": ["eu-north-1", "eu-west-1"]},
                "Null": {"s3:x-amz-acl": "true"},
                "StringLikeIfExists": {"s3:prefix": "a/*"},
            },
        },
    )
    (worker,) = identities(graph_of(whole(*resources)))
    assert worker.permissions[0].conditions == (
        "aws:RequestedRegion is not eu-north-1 nor eu-west-1",
        "s3:x-amz-acl is absent",
        "s3:prefix is like a/*, where given",
    )


def test_a_wildcard_stands_out_and_has_its_reason_where_aws_leaves_no_choice(
    part: Part, whole: Whole, read: Read
) -> None:
    forced = {"Sid": "Forced", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    careless = {"Sid": "Careless", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    mixed = {**careless, "Sid": "Mixed", "Action": ["ecr:GetAuthorizationToken", "s3:GetObject"]}
    page = read(whole(*role(part, forced, careless, mixed)))
    rows = {row[0]: row[2] for row in page.section("access").rows() if len(row) == 4}
    assert "AWS knows no resource that these actions could name" in rows["Forced"]
    assert "no reason is known" in rows["Careless"]
    assert "no reason is known" in rows["Mixed"]
    (badge,) = [one for one in page.all("a") if one.attributes["href"] == "#access"]
    assert "2 warnings" in badge.text


def test_refusals_of_resource_policies_are_shown(prod: Rehearsal, read: Read) -> None:
    (files,) = [one for one in guarded(graph_of(prod)) if one.holder.name == "files-bucket"]
    denies = {one.sid: one.conditions for one in files.permissions if one.effect == "Deny"}
    assert denies["RefusePlainHttp"] == ("aws:SecureTransport is false",)
    text = read(prod).section("access").text
    assert "Deny RefusePlainHttp refuses anyone s3:*" in text


def test_a_function_s_permission_hangs_on_the_function(prod: Rehearsal) -> None:
    (function,) = [one for one in guarded(graph_of(prod)) if one.holder.type == "aws:lambda/function:Function"]
    assert function.permissions[0].who == ("secretsmanager.amazonaws.com",)


def test_a_document_that_is_no_policy_is_said_to_be_unreadable(part: Part, whole: Whole) -> None:
    (key,) = guarded(graph_of(whole(part("kms/key:Key", "key", properties={"policy": "{"}))))
    assert key.permissions[0].sid == "cannot be read"


def rule(group: str, **peer: Any) -> dict[str, Any]:
    return {"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432, **peer}


def test_a_connection_between_groups_is_open_only_with_both_sides(part: Part, whole: Whole, read: Read) -> None:
    groups = [part("ec2/securityGroup:SecurityGroup", name, id=f"sg-{name}") for name in ("app", "db")]
    out = part(
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "out",
        properties=rule("sg-app", referencedSecurityGroupId="sg-db"),
    )
    back = part(
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "in",
        properties=rule("sg-db", referencedSecurityGroupId="sg-app"),
    )
    half = read(whole(*groups, out)).section("connections").rows()
    assert half == [["app", "db", "tcp 5432", "shut the other side lets nobody in"]]
    both = read(whole(*groups, out, back)).section("connections").rows()
    assert both == [["app", "db", "tcp 5432", "yes"]]


def test_every_connection_of_prod_is_open_on_both_sides_and_the_database_has_none_to_the_internet(
    prod: Rehearsal,
) -> None:
    graph = graph_of(prod)
    found = connections(graph)
    assert found
    assert all(one.open for one in found)
    (database,) = [one for one in prod.resources if one.name == "database-group"]
    sources = {graph.by_urn[one.source].name for one in found if one.target == database.urn}
    assert sources == {"service-group", "rotation-group", "restore-group"}
    assert not [one for one in found if one.source == database.urn]


def test_rules_inside_a_group_are_connections_too(part: Part, whole: Whole) -> None:
    inline = {"ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}]}
    group = part("ec2/securityGroup:SecurityGroup", "app", id="sg-app", properties=inline)
    found = [(one.source, one.target, ports(one)) for one in connections(graph_of(whole(group)))]
    assert found == [("0.0.0.0/0", group.urn, "every port and protocol")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "average CPUUtilization is above 80 for 10 minutes; no data counts as past it"),
        ({"datapointsToAlarm": 3}, "is above 80 for 3 minutes of 10 minutes"),
        ({"comparisonOperator": "LessThanOrEqualToThreshold"}, "is at or below 80"),
        ({"extendedStatistic": "p95", "statistic": None}, "p95 CPUUtilization"),
        ({"threshold": 2 * 1024**3}, "above 2 GiB"),
        ({"treatMissingData": "notBreaching"}, "no data counts as fine"),
    ],
)
def test_an_alarm_s_condition_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    good = {
        "metricName": "CPUUtilization",
        "statistic": "Average",
        "period": 60,
        "threshold": 80,
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 10,
        "datapointsToAlarm": 10,
        "treatMissingData": "breaching",
    }
    assert words in condition({**good, **changes})


def test_metric_math_names_what_its_letters_stand_for(prod: Rehearsal) -> None:
    (alarm,) = [one for one in prod.resources if one.name == "observability-database-iops"]
    assert condition(alarm.declared.inputs).startswith(
        "reads + writes (reads is average ReadIOPS and writes is average WriteIOPS) is above 2,400 for 10 minutes"
    )


@pytest.mark.parametrize(("threshold", "shown"), [(0, "0"), (0.5, "0.5"), (1e9, "1,000,000,000"), ("x", "x")])
def test_thresholds_are_readable(threshold: object, shown: str) -> None:
    assert amount(threshold) == shown


def test_who_is_reported_are_the_subscribers_and_an_alarm_that_tells_nobody_is_marked(
    part: Part, whole: Whole, read: Read
) -> None:
    topic = part("sns/topic:Topic", "alarms")
    mail = part(
        "sns/topicSubscription:TopicSubscription",
        "mail",
        properties={"topic": "arn:alarms", "protocol": "email", "endpoint": "oncall@example.org"},
    )
    alarm = part(
        "cloudwatch/metricAlarm:MetricAlarm", "cpu", properties={"metricName": "CPU", "alarmActions": ["arn:alarms"]}
    )
    assert (
        read(whole(topic, mail, alarm)).section("alarms").rows()[0][3] == "oncall@example.org (email, once confirmed)"
    )
    deaf = read(whole(topic, alarm))
    assert deaf.section("alarms").rows()[0][3] == "nobody"
    (badge,) = [one for one in deaf.all("a") if one.attributes["href"] == "#alarms"]
    assert "1 warning" in badge.text


def test_on_a_phone_the_matrix_is_cards_each_action_under_its_role(read: Read, prod: Rehearsal) -> None:
    table = read(prod).section("access").all("table", "matrix")[0]
    assert "cards" in table.attributes["class"].split()
    roles = [one.text for one in table.all("th") if one.attributes.get("scope") == "col"][1:]
    labels = {one.attributes["data-label"] for one in table.all("td")}
    assert labels == set(roles)
