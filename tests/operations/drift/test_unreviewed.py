"""What a review lets pass because a reviewer reads it, is dangerous where nobody did: brothers of the seven kinds."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from operations.drift.found import Drifted, judged
from tests.operations.drift.world import STACK, inputs_of, refreshed

pytestmark = pytest.mark.lengthy

RULE, GROUP = "database-from-service-on-5432", "sg-0f0f0f0f0f0f0f0f0"
FOREIGN = "arn:aws:sns:eu-west-1:210000000003:somebody"
Found = Callable[[], Mapping[str, Any]]


def service_in(**changed: Any) -> Mapping[str, Any]:
    return {"networkConfiguration": {**inputs_of("service-service")["networkConfiguration"], **changed}}


def found(changed: Mapping[str, Any]) -> tuple[Drifted, ...]:
    return judged(STACK, refreshed(changed)["events"])


DANGEROUS: Mapping[str, tuple[str, Found, str]] = {
    "the database open to one address": (
        RULE,
        lambda: {"cidrIpv4": "203.0.113.7/32", "referencedSecurityGroupId": None},
        "port 5432 open to 203.0.113.7/32",
    ),
    "the database open to another group": (
        RULE,
        lambda: {"referencedSecurityGroupId": GROUP},
        f"port 5432 open to {GROUP}",
    ),
    "more ports of the database open": (RULE, lambda: {"fromPort": 0, "toPort": 65535}, "every port open to"),
    "the database in another group": ("database-instance", lambda: {"vpcSecurityGroupIds": [GROUP]}, GROUP),
    "the load balancer in another group": ("load-balancer-alb", lambda: {"securityGroups": [GROUP]}, GROUP),
    "the service in another group": ("service-service", lambda: service_in(securityGroups=[GROUP]), "network"),
    "a shell in the tasks": ("service-service", lambda: {"enableExecuteCommand": True}, "enableExecuteCommand"),
    "another task": (
        "service-service",
        lambda: {"taskDefinition": "arn:aws:ecs:eu-west-1:210000000003:task-definition/other:1"},
        "something else runs than was deployed",
    ),
    "another image of the function that reads every login": (
        "rotation-function",
        lambda: {"imageUri": "somewhere@sha256:" + "bb" * 32},
        "something else runs than was deployed",
    ),
    "another function that rotates": ("rotation-schedule", lambda: {"rotationLambdaArn": FOREIGN}, FOREIGN),
    "alarms for somebody else": ("observability-database-cpu", lambda: {"alarmActions": [FOREIGN]}, FOREIGN),
    "mails of alarms for somebody else": (
        "observability-alarms-to-0",
        lambda: {"endpoint": "x@example.com"},
        "endpoint",
    ),
    "database events told to nobody": (
        "observability-database-events",
        lambda: {"enabled": False},
        "enabled true → false (database events are told to somebody)",
    ),
    "a copy of a login in another region": (
        "secrets-database-login",
        lambda: {"replicas": [{"region": "us-east-1"}]},
        "regions that hold a copy of the secret",
    ),
    "logs of access elsewhere": ("files-access-logs", lambda: {"targetBucket": "elsewhere"}, "elsewhere"),
    "every origin may use the files": ("files-cors", lambda: {"corsRules": [{"allowedOrigins": ["*"]}]}, "corsRules"),
}


@pytest.mark.parametrize("case", DANGEROUS)
def test_what_lets_others_in_or_runs_other_code_is_dangerous_drift(case: str) -> None:
    name, change, said = DANGEROUS[case]
    (one,) = [drifted for drifted in found({name: change()}) if drifted.name == name]
    assert any(said in danger for danger in one.dangers), one


@pytest.mark.parametrize("gone", ["observability-database-cpu", "observability-alarms-to-0", "service-rule"])
def test_what_a_reviewer_reads_of_a_removal_is_dangerous_drift(gone: str) -> None:
    (one,) = [drifted for drifted in found({gone: None}) if drifted.name == gone]
    assert one.gone
    assert one.dangers


@pytest.mark.parametrize(
    ("name", "property_", "before", "after", "dangerous"),
    [
        ("observability-alarms-to-0", "filterPolicy", "", '{"x": ["nobody"]}', True),
        ("load-balancer-alb", "enableWafFailOpen", False, True, True),
        ("files-bucket", "corsRules", [], [{"allowedOrigins": ["https://x"]}], False),
        ("database-instance", "availabilityZone", "eu-west-1a", "eu-west-1b", False),
    ],
)
def test_what_nobody_asked_for_is_dangerous_where_there_was_plainly_nothing(
    name: str, property_: str, before: Any, after: Any, dangerous: bool
) -> None:
    """A list may be filled by a resource beside it, as a bucket's rules of origins are."""
    events = refreshed({name: {property_: after}})["events"]
    (step,) = [one["resOutputsEvent"]["metadata"] for one in events[:-1] if _is_of(one, name)]
    step["old"]["outputs"][property_] = before
    assert bool([one for one in judged(STACK, events) if one.name == name]) == dangerous


def _is_of(event: Mapping[str, Any], name: str) -> bool:
    return str(event["resOutputsEvent"]["metadata"]["urn"]).endswith(f"::{name}")


def test_revision_to_which_ecs_itself_went_back_is_reported_and_is_no_danger() -> None:
    deployed = inputs_of("service-service")["taskDefinition"]
    family, _, number = deployed.rpartition(":")
    earlier, later = (found({"service-service": {"taskDefinition": f"{family}:{int(number) + by}"}}) for by in (-1, 1))
    assert [(one.name, one.dangers) for one in earlier] == [("service-service", ())]
    assert [bool(one.dangers) for one in later] == [True]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("service-service", {"desiredCount": 9}),
        ("database-instance", {"backupRetentionPeriod": 35}),
        ("database-instance", {"availabilityZone": "eu-west-1c"}),
        ("service-scaling", {"maxCapacity": 50}),
    ],
)
def test_more_of_the_same_and_what_aws_moves_by_itself_is_no_danger(name: str, changed: Mapping[str, Any]) -> None:
    assert not [one for one in found({name: changed}) if one.dangers]
