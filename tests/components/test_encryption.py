"""Keys serve their own kind of data, through its service, and outlive it."""

import json
from typing import Any

import pytest

from tests.conftest import Declare, Graph


def policy(graph: Graph, kind: str) -> list[dict[str, Any]]:
    document = json.loads(graph.named(f"keys-{kind}").declared.inputs["policy"])
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def test_each_kind_of_data_has_its_own_key(declared: Declare) -> None:
    graph = declared("prod")
    (database,) = graph.of("rds/instance:Instance")
    used = [
        database.declared.inputs["kmsKeyId"],
        graph.named("files-encryption").declared.inputs["rules"][0]["applyServerSideEncryptionByDefault"][
            "kmsMasterKeyId"
        ],
        graph.named("secrets-database-login").declared.inputs["kmsKeyId"],
        graph.named("logs-service-group").declared.inputs["kmsKeyId"],
        graph.named("observability-alarms").declared.inputs["kmsMasterKeyId"],
        graph.named("exports-encryption").declared.inputs["rules"][0]["applyServerSideEncryptionByDefault"][
            "kmsMasterKeyId"
        ],
    ]
    assert len(set(used)) == len(used)
    assert set(used) == {one.outputs["arn"] for one in graph.of("kms/key:Key")}


@pytest.mark.parametrize("kind", ["database", "files", "secrets", "logs", "alerts"])
def test_nobody_decrypts_but_through_the_service_that_stores_the_data(declared: Declare, kind: str) -> None:
    for statement in policy(declared("prod"), kind):
        uses = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*"} & set(statement["Action"])
        conditions = json.dumps(statement.get("Condition", {}))
        if uses:
            assert any(key in conditions for key in ("kms:ViaService", "kms:EncryptionContext", "aws:SourceAccount"))


@pytest.mark.parametrize("kind", ["database", "files", "secrets", "logs", "alerts"])
def test_the_account_keeps_the_right_to_change_each_key_s_policy(declared: Declare, kind: str) -> None:
    """KMS refuses a policy that locks its maker out."""
    graph = declared("prod")
    (administration,) = [one for one in policy(graph, kind) if one["Sid"] == "AdministerButNotUse"]
    assert administration["Principal"] == {"AWS": f"arn:aws:iam::{graph.rehearsal.account}:root"}
    assert "kms:PutKeyPolicy" in administration["Action"]


def test_the_logs_key_admits_cloudwatch_logs_for_own_groups_alone(declared: Declare) -> None:
    graph = declared("prod")
    (statement,) = [one for one in policy(graph, "logs") if "Service" in one["Principal"]]
    assert statement["Principal"]["Service"] == "logs.eu-west-1.amazonaws.com"
    context = statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert context == f"arn:aws:logs:eu-west-1:{graph.rehearsal.account}:log-group:*"


def test_the_alerts_key_admits_everything_that_publishes_alarms(declared: Declare) -> None:
    admitted = {
        service
        for statement in policy(declared("prod"), "alerts")
        if "Service" in statement["Principal"]
        for service in [statement["Principal"]["Service"]]
        for service in (service if isinstance(service, list) else [service])
    }
    assert admitted == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "events.rds.amazonaws.com",
        "sns.amazonaws.com",
    }


def test_rules_of_eventbridge_use_the_alerts_key_by_the_topic_and_not_by_the_source(declared: Declare) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html: with a source none arrives."""
    graph = declared("prod")
    found = [one for one in policy(graph, "alerts") if "events.amazonaws.com" in str(one["Principal"].get("Service"))]
    topics = f"arn:aws:sns:eu-west-1:{graph.rehearsal.account}:*"
    assert [one["Condition"] for one in found] == [{"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}}]


def test_keys_of_a_permanent_stack_outlive_it(declared: Declare) -> None:
    assert all(one.declared.retain_on_delete and one.declared.protect for one in declared("prod").of("kms/key:Key"))


def test_keys_of_dev_go_with_it(declared: Declare) -> None:
    assert not any(one.declared.retain_on_delete or one.declared.protect for one in declared("dev").of("kms/key:Key"))


def test_every_key_rotates_and_can_be_saved_for_thirty_days(declared: Declare) -> None:
    for key in declared("prod").of("kms/key:Key"):
        assert key.declared.inputs["enableKeyRotation"] is True
        assert key.declared.inputs["deletionWindowInDays"] == 30
