"""What an account's trail watches for, and who is told."""

import re
from typing import Any

import pytest

from bootstrap.names import deploy_role
from bootstrap.watch import LOG_GROUP, WATCHED
from rehearsal.result import Rehearsal, Rehearsed

ROLE = deploy_role("prod")


def only(whole: Rehearsal, type_: str) -> Rehearsed:
    (found,) = [one for one in whole.resources if one.type.endswith(f":{type_}") and one.declared.custom]
    return found


def told(pattern: str, event: dict[str, Any]) -> bool:
    """Whether a filter of these forms takes an event: equality with `*` at the end, `&&`, `||`, parentheses."""
    issuer = event.get("issuer", "")
    for path, text in re.findall(r'(\$\.[\w.]+) = "([^"]*)"', pattern):
        value = event["name"] if path == "$.eventName" else issuer
        fits = value.startswith(text[:-1]) if text.endswith("*") else value == text
        pattern = pattern.replace(f'{path} = "{text}"', str(fits))
    expression = pattern.strip("{} ").replace("&&", "and").replace("||", "or")
    assert set(re.findall(r"\w+", expression)) <= {"True", "False", "and", "or"}
    return bool(eval(expression))  # noqa: S307 of the four words above


def alarms(event: dict[str, Any]) -> set[str]:
    return {one.name for one in WATCHED if told(one.pattern(ROLE), event)}


@pytest.mark.parametrize(
    ("call", "alarm"),
    [
        ("Invoke", "deploy-runs-functions"),
        ("UpdateFunctionConfiguration20150331v2", "deploy-runs-functions"),
        ("UpdateSecret", "deploy-writes-secrets"),
        ("TagResource", "deploy-writes-secrets"),
        ("AuthorizeSecurityGroupIngress", "deploy-opens-the-network"),
        ("CreateRoute", "deploy-opens-the-network"),
        ("PutBucketPolicy", "deploy-opens-resources"),
        ("AddPermission20150331v2", "deploy-opens-resources"),
        ("UpdateAssumeRolePolicy", "trust-changed"),
    ],
)
def test_a_call_of_the_deploy_role_raises_its_alarm(call: str, alarm: str) -> None:
    assert alarms({"name": call, "issuer": ROLE}) == {alarm}


def test_a_release_raises_none() -> None:
    for call in ("RegisterTaskDefinition", "UpdateService", "UpdateFunctionCode20150331v2", "PutImage", "PassRole"):
        assert alarms({"name": call, "issuer": ROLE}) == set(), call


def test_whoever_changes_a_trust_is_noticed_and_others_are_not_watched() -> None:
    assert alarms({"name": "UpdateAssumeRolePolicy", "issuer": "somebody"}) == {"trust-changed"}
    assert alarms({"name": "PutBucketPolicy", "issuer": "somebody"}) == set()


def test_every_pattern_is_short_enough_for_cloudwatch() -> None:
    assert all(len(one.pattern(ROLE)) <= 1024 for one in WATCHED)


def test_the_trail_writes_into_the_log_that_the_alarms_count(whole: Rehearsal) -> None:
    trail = only(whole, "Trail").declared.inputs
    group = only(whole, "LogGroup")
    assert group.declared.inputs["name"] == LOG_GROUP
    assert trail["cloudWatchLogsGroupArn"] == f"{group.outputs['arn']}:*"
    filters = [one.declared.inputs for one in whole.resources if one.type.endswith(":LogMetricFilter")]
    counted = {
        (one["metricTransformation"]["namespace"], one["metricTransformation"]["name"])
        for one in filters
        if one["logGroupName"] == LOG_GROUP
    }
    measured = [one.declared.inputs for one in whole.resources if one.type.endswith(":MetricAlarm")]
    assert {(one["namespace"], one["metricName"]) for one in measured} == counted
    assert len(counted) == len(WATCHED)


def test_calls_of_functions_are_recorded(whole: Rehearsal) -> None:
    selectors = only(whole, "Trail").declared.inputs["advancedEventSelectors"]
    types = {
        value
        for one in selectors
        for field in one["fieldSelectors"]
        if field["field"] == "resources.type"
        for value in field["equals"]
    }
    assert types == {"AWS::S3::Object", "AWS::Lambda::Function"}


def test_every_alarm_reaches_those_whom_the_budget_tells(whole: Rehearsal) -> None:
    topic = str(only(whole, "Topic").outputs["arn"])
    measured = [one.declared.inputs for one in whole.resources if one.type.endswith(":MetricAlarm")]
    assert all(one["alarmActions"] == [topic] for one in measured)
    told_by_mail = {
        one.declared.inputs["endpoint"] for one in whole.resources if one.type.endswith(":TopicSubscription")
    }
    budget = only(whole, "Budget").declared.inputs["notifications"]
    assert told_by_mail == {mail for one in budget for mail in one["subscriberEmailAddresses"]}


def test_a_deploy_can_touch_neither_the_log_nor_the_alarms(whole: Rehearsal, deploy: Any) -> None:
    from rehearsal.permissions.request import RequestedAction

    account = whole.account
    asked = [
        RequestedAction(
            action="logs:DeleteMetricFilter", resource=f"arn:aws:logs:eu-west-1:{account}:log-group:{LOG_GROUP}:*"
        ),
        RequestedAction(
            action="logs:DeleteLogGroup", resource=f"arn:aws:logs:eu-west-1:{account}:log-group:{LOG_GROUP}:*"
        ),
        *(
            RequestedAction(
                action="cloudwatch:DeleteAlarms",
                resource=f"arn:aws:cloudwatch:eu-west-1:{account}:alarm:workbuoy-account-{one.name}",
            )
            for one in WATCHED
        ),
        RequestedAction(action="sns:Unsubscribe", resource=f"arn:aws:sns:eu-west-1:{account}:workbuoy-account-alerts"),
    ]
    assert [one.action for one in asked if deploy.judge(one, "eu-west-1").decision.allowed] == []
