"""A copy out of reach: off until somebody asks for it, and then of everything, every day, for a bounded time."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from components.backup import LOCAL_DAYS
from components.backup_settings import S3_LATE_DAYS
from facts.permissions.documents import accounts_of, principals
from facts.stores import Form, stores
from operations.cost.estimate import estimate
from operations.cost.prices import read_prices
from policies.runner import check
from rehearsal.as_graph import graph_of
from tests.conftest import SILOS, STACKS, Change, Declare, Graph
from tests.conftest import declared_graph as unchanged

OTHER = "210000000004"
REGION, DAYS = "eu-north-1", 35
WITH_IT = ("prod-eu-north-1", "prod-eu-north-1-globex")


@pytest.fixture
def copied(declared: Declare) -> Graph:
    """The example base stack that asks for one."""
    return declared(WITH_IT[0])


def one(graph: Graph, kind: str) -> dict[str, Any]:
    (found,) = graph.of(kind)
    return dict(found.declared.inputs)


@pytest.mark.parametrize("stack", [one for one in (*STACKS, *SILOS) if one not in WITH_IT])
def test_no_stack_has_one_that_did_not_ask_for_it(declared: Declare, stack: str) -> None:
    assert not [one for one in declared(stack).resources if ":backup/" in one.type]


def test_a_customer_s_own_stack_has_one_of_its_own_where_its_base_has(declared: Declare) -> None:
    names = {one(declared(stack), "Vault")["name"] for stack in WITH_IT}
    assert names == {f"workbuoy-{stack}-backups" for stack in WITH_IT}


def test_database_and_files_go_every_day_to_the_other_account_s_vault_in_the_stack_s_own_region(copied: Graph) -> None:
    (rule,) = one(copied, "Plan")["rules"]
    (copy,) = rule["copyActions"]
    account = copied.rehearsal.account
    assert copy["destinationVaultArn"] == f"arn:aws:backup:{REGION}:{OTHER}:backup-vault:workbuoy-copies-{account}"
    assert (copy["lifecycle"]["deleteAfter"], rule["lifecycle"]["deleteAfter"]) == (DAYS, LOCAL_DAYS)
    assert rule["schedule"] == "cron(30 5 * * ? *)"
    assert "enableContinuousBackup" not in rule
    database, bucket = copied.named("database-instance"), copied.named("files-bucket")
    assert one(copied, "Selection")["resources"] == [database.outputs["arn"], bucket.outputs["arn"]]


def test_every_key_that_a_copy_is_read_with_is_shared_with_that_account_alone_and_through_services_alone(
    copied: Graph,
) -> None:
    account = copied.rehearsal.account
    for name, service in (("keys-database", "rds"), ("backup-key", "backup")):
        statements = json.loads(copied.named(name).declared.inputs["policy"])["Statement"]
        foreign = [each for each in statements if accounts_of(principals(each)) - {account}]
        assert {account for each in foreign for account in accounts_of(principals(each))} == {OTHER}
        hosts = {str(each["Condition"]["StringEquals"]["kms:ViaService"]) for each in foreign}
        assert hosts == {str([f"{service}.{REGION}.amazonaws.com"])}
    files = json.loads(copied.named("keys-files").declared.inputs["policy"])["Statement"]
    assert {account for each in files for account in accounts_of(principals(each))} == {account}


def test_a_failure_of_a_job_is_reported_to_those_on_call(copied: Graph) -> None:
    pattern = json.loads(one(copied, "EventRule")["eventPattern"])
    assert pattern["detail-type"] == ["Backup Job State Change", "Copy Job State Change"]
    assert pattern["detail"]["state"] == ["ABORTED", "EXPIRED", "FAILED"]
    assert one(copied, "EventTarget")["arn"] == copied.named("observability-alarms").outputs["arn"]


@pytest.mark.parametrize(
    ("alarm", "job", "vault"),
    [
        ("recovery-points", "NumberOfBackupJobsCompleted", "workbuoy-prod-eu-north-1-backups"),
        ("copies", "NumberOfCopyJobsCompleted", "workbuoy-copies-{account}"),
    ],
)
def test_an_alarm_says_when_no_job_came_to_an_end_for_two_days_though_none_failed(
    copied: Graph, alarm: str, job: str, vault: str
) -> None:
    found = copied.named(f"observability-backup-{alarm}").declared.inputs
    assert (found["treatMissingData"], found["comparisonOperator"]) == ("breaching", "LessThanThreshold")
    assert (found["threshold"], found["evaluationPeriods"]) == (1, 2)
    metrics = [each["metric"] for each in found["metricQueries"] if each.get("metric")]
    assert {each["metricName"] for each in metrics} == {job}
    assert {each["dimensions"]["ResourceType"] for each in metrics} == {"RDS", "S3"}
    name = vault.format(account=copied.rehearsal.account)
    assert {each["dimensions"]["BackupVaultName"] for each in metrics} == {name}
    assert {(each["period"], each["stat"], each["namespace"]) for each in metrics} == {(86_400, "Sum", "AWS/Backup")}


def test_a_stack_without_one_has_no_alarm_for_it(declared: Declare) -> None:
    names = {each.name for each in declared("prod").of("MetricAlarm")}
    assert names
    assert not [each for each in names if each.startswith("observability-backup-")]


def test_what_was_erased_is_noted_for_as_long_as_a_copy_of_its_last_version_can_hold_it(
    declared: Declare, copied: Graph
) -> None:
    def kept(graph: Graph) -> int:
        containers = json.loads(graph.named("service-task").declared.inputs["containerDefinitions"])
        environment = {each["name"]: each["value"] for one in containers for each in one["environment"]}
        return int(environment["BACKUPS_KEPT_DAYS"])

    assert (kept(declared("prod")), kept(copied)) == (90 + S3_LATE_DAYS, 90 + S3_LATE_DAYS + DAYS)


def test_the_facts_tell_what_is_kept_here_and_what_lies_in_the_other_account(copied: Graph) -> None:
    found = {each.form: each for each in stores(graph_of(copied.rehearsal))}
    here, there = found[Form.RECOVERY_POINTS], found[Form.RECOVERY_POINT_COPIES]
    assert (here.kept.days, there.kept.days) == (LOCAL_DAYS, DAYS)
    assert (there.region, OTHER in there.name) == (REGION, True)


def missed(graph: Graph) -> set[str]:
    found = check(graph_of(graph.rehearsal).resources, "prod", None, allowed_regions=[graph.rehearsal.region])
    return {each.control for each in found.having("fail")}


def test_a_stack_that_asks_for_it_misses_no_other_control_and_pays_for_a_key_two_alarms_and_by_use(
    declared_with: Callable[[str, Change], Graph],
) -> None:
    asking = declared_with("prod", lambda settings: settings.update(backupCopy={"account": "444455556666"}))
    assert missed(unchanged("prod")) - missed(asking) == {"database-join-backup-plan"}
    assert missed(asking) <= missed(unchanged("prod"))
    before, after = (estimate(graph_of(each.rehearsal), read_prices()) for each in (unchanged("prod"), asking))
    assert after.unpriced == ()
    assert after.usd_per_month - before.usd_per_month == Decimal("1.40"), "a key, and four metrics of two alarms"
    assert {each.name for each in after.by_use} - {each.name for each in before.by_use} == {
        "backup-database-storage",
        "backup-files-storage",
        "backup-copy-between-regions",
    }
