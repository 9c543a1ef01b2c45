"""No secret value is on the page, wherever it could come from."""

from collections.abc import Callable
from typing import Any

from graph.wire import MASK
from rehearsal.report import render
from rehearsal.result import Check, FieldResult, Refusal, Rehearsal, Rehearsed, State

Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]
VALUE = 'correct-horse-"battery"-staple'
INNER = "s3cr3t-webhook-path"


def made(part: Part, whole: Whole) -> Rehearsal:
    secret: dict[str, Any] = {
        "properties": {"password": VALUE, "rules": [{"token": INNER}], "name": "open"},
        "secret_paths": ("password", "rules[0].token"),
    }
    fields = (
        FieldResult("password", Check.DIFFERS, VALUE, VALUE[:-1] + "x"),
        FieldResult("rules[0].token", Check.CHECKED, INNER, INNER),
        FieldResult("rules", Check.NOT_CHECKED, [{"token": INNER}], None, f"moto lost {INNER}"),
        FieldResult("name", Check.CHECKED, "open", "open"),
    )
    return whole(
        part("rds/instance:Instance", "main", state=State.DIFFERS, fields=fields, **secret),
        part("rds/instance:Instance", "lost", state=State.FAILED, reason=f"bad password {VALUE}", **secret),
        part("rds/instance:Instance", "only", state=State.DECLARED_ONLY, **secret),
        part(
            "sns/topicSubscription:TopicSubscription",
            "hook",
            properties={"topic": "arn:alarms", "endpoint": INNER, "protocol": "https"},
            secret_paths=("endpoint",),
        ),
        part("sns/topic:Topic", "alarms"),
        part(
            "cloudwatch/metricAlarm:MetricAlarm",
            "cpu",
            properties={"alarmActions": ["arn:alarms"], "metricName": "CPU", "alarmDescription": "look"},
        ),
        exports={"password": VALUE, "url": "shown"},
        secret_exports=("password",),
        refusals=(Refusal("x", "", "main", f"{VALUE} is too short", f"not {VALUE}", ""),),
    )


def test_no_secret_value_is_on_the_page(part: Part, whole: Whole) -> None:
    page = render(made(part, whole))
    for part_of_value in ("correct-horse", "battery", INNER):
        assert part_of_value not in page
    assert MASK in page
    assert "shown" in page
    assert ">open<" in page
