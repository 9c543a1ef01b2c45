"""Answers of AWS in Pulumi's names, by the fields that the rehearsal's table of types has for them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from facts import tokens as t
from operations.locate.live.found import found, properties_of
from operations.locate.live.names import Names
from operations.locate.live.others import LOG_BEGINNINGS
from tests.conftest import Change
from tests.conftest import Graph as DeclaredGraph


def test_a_database_is_read_backwards_and_what_an_answer_leaves_out_stays_out() -> None:
    answer = {
        "DBInstanceIdentifier": "db",
        "MultiAZ": True,
        "BackupRetentionPeriod": 7,
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKMSKeyId": "arn:key",
        "PerformanceInsightsRetentionPeriod": 31,
        "DeletionProtection": False,
        "TagList": [{"Key": "tenant", "Value": "acme"}, {"Key": "aws:backup", "Value": "x"}],
    }
    one = found(t.DATABASE, "db", "eu-west-1", "arn:db", answer)
    assert one.properties == {
        "identifier": "db",
        "multiAz": True,
        "backupRetentionPeriod": 7,
        "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": "arn:key",
        "performanceInsightsRetentionPeriod": 31,
        "deletionProtection": False,
        "manageMasterUserPassword": False,
    }
    assert one.tags == {"tenant": "acme"}


def test_a_lifecycle_is_read_with_its_dates_filters_and_spared_versions() -> None:
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "kind", "Value": "scratch"}]}},
        "Expiration": {"Date": datetime(2031, 1, 1, tzinfo=UTC)},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2},
    }
    (read,) = properties_of(t.BUCKET_LIFECYCLE, {"Rules": [rule]})["rules"]
    assert read == {
        "id": "old",
        "status": "Enabled",
        "filter": {"and": {"prefix": "tmp/", "tags": {"kind": "scratch"}}},
        "expiration": {"date": "2031-01-01T00:00:00Z"},
        "noncurrentVersionExpiration": {"noncurrentDays": 9, "newerNoncurrentVersions": 2},
    }


@pytest.mark.parametrize(
    ("type_", "answer", "properties"),
    [
        (t.LOG_GROUP, {"logGroupName": "/a", "retentionInDays": 30}, {"name": "/a", "retentionInDays": 30}),
        (t.SECRET, {"Name": "s", "KmsKeyId": "k"}, {"name": "s", "kmsKeyId": "k"}),
        (t.SECRET_ROTATION, {"RotationRules": {"AutomaticallyAfterDays": 30}}, 30),
        (t.KEY, {"Rotation": {"KeyRotationEnabled": True}}, {"enableKeyRotation": True}),
        (t.BUCKET_VERSIONING, {"Status": "Enabled"}, {"versioningConfiguration": {"status": "Enabled"}}),
    ],
)
def test_each_service_is_read_backwards(type_: str, answer: dict[str, object], properties: object) -> None:
    read = properties_of(type_, answer)
    assert (read["rotationRules"]["automaticallyAfterDays"] if type_ == t.SECRET_ROTATION else read) == properties


@pytest.mark.parametrize("stack", ["prod-eu-north-1", "prod"])
def test_every_log_group_that_a_stack_can_declare_is_looked_for_under_its_name(
    declared_with: Callable[[str, Change], DeclaredGraph], stack: str
) -> None:
    """A firewall's and a managed Prometheus's too, whose names AWS decides."""
    change = {"prod": lambda settings: settings["service"].update(waf={})}.get(stack, lambda _: None)
    graph = declared_with(stack, change)
    own = [str(one.declared.inputs["name"]) for one in graph.of("LogGroup")]
    names = Names(stack)
    assert own
    assert [one for one in own if not names.own(one)] == []
    assert [one for one in own if not one.startswith(tuple(f"{each}{names.begin}" for each in LOG_BEGINNINGS))] == []
    assert not names.own("aws-waf-logs-payroll-workbuoy-prod-eu-north-1")
