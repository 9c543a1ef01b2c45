"""Safeguards on synthetic plans: what is weaker stops, whichever resource says it; the way back does not."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from facts import tokens as t
from facts.safeguards import RULES
from operations.review.judging import judge
from tests.operations.review.synthetic import UNKNOWN, plan, provider, step


def kinds(*steps: dict[str, Any]) -> list[str]:
    return [danger.kind for danger in judge(plan(*steps)).stopping]


def whats(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).stopping]


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (t.DATABASE, {"backupRetentionPeriod": 14}, {"backupRetentionPeriod": 1}, "retention-cut"),
        (t.DATABASE, {"backupRetentionPeriod": 14}, {}, "retention-cut"),
        ("aws:rds/cluster:Cluster", {"backupRetentionPeriod": 14}, {"backupRetentionPeriod": 1}, "retention-cut"),
        (t.AUTOMATED_BACKUPS_REPLICATION, {"retentionPeriod": 14}, {"retentionPeriod": 7}, "retention-cut"),
        (t.LOG_GROUP, {"retentionInDays": 90}, {"retentionInDays": 30}, "retention-cut"),
        (t.LOG_GROUP, {}, {"retentionInDays": 30}, "retention-cut"),
        (t.SECRET, {"recoveryWindowInDays": 30}, {"recoveryWindowInDays": 0}, "retention-cut"),
        (t.SECRET, {}, {"recoveryWindowInDays": 7}, "retention-cut"),
        (t.KEY, {"deletionWindowInDays": 30}, {"deletionWindowInDays": 7}, "retention-cut"),
        (t.DATABASE, {"deletionProtection": True}, {"deletionProtection": False}, "deletion-protection-off"),
        (t.DATABASE, {"deletionProtection": True}, {}, "deletion-protection-off"),
        ("aws:rds/cluster:Cluster", {"deletionProtection": True}, {}, "deletion-protection-off"),
        (t.LOG_GROUP, {"deletionProtectionEnabled": True}, {}, "deletion-protection-off"),
        (t.DATABASE, {"skipFinalSnapshot": False}, {"skipFinalSnapshot": True}, "safeguard-off"),
        (t.DATABASE, {"deleteAutomatedBackups": False}, {}, "safeguard-off"),
        (t.BUCKET, {"forceDestroy": False}, {"forceDestroy": True}, "safeguard-off"),
        (t.KEY, {}, {"isEnabled": False}, "safeguard-off"),
        *((kind, {}, {"actionsEnabled": False}, "unwatched") for kind in (t.METRIC_ALARM, t.COMPOSITE_ALARM)),
        *((kind, {"alarmActions": ["a"]}, {}, "unwatched") for kind in (t.METRIC_ALARM, t.COMPOSITE_ALARM)),
        (
            t.BUCKET_VERSIONING,
            {"versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
            "versioning-off",
        ),
    ],
)
def test_a_weaker_safeguard_is_a_loss_and_the_way_back_is_none(
    kind: str, old: dict[str, Any], new: dict[str, Any], expected: str
) -> None:
    assert kinds(step("update", kind, old, new)) == [expected]
    assert kinds(step("update", kind, new, old)) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (lambda days: {"lifecycleRules": [{"enabled": True, "expirations": [{"days": days}]}]}, "lifecycle-shortened"),
        (
            lambda days: {"lifecycleRules": [{"enabled": True, "noncurrentVersionExpirations": [{"days": days}]}]},
            "lifecycle-shortened",
        ),
        (
            lambda days: {"objectLockConfiguration": {"rules": [{"defaultRetentions": [{"days": days}]}]}},
            "retention-cut",
        ),
    ],
)
def test_what_a_bucket_v2_says_in_its_own_form_is_judged(days: Callable[[int], dict[str, Any]], expected: str) -> None:
    kind = "aws:s3/bucketV2:BucketV2"
    assert kinds(step("update", kind, days(365), days(1))) == [expected]
    assert kinds(step("update", kind, days(1), days(365))) == []


RATE = {"name": "rate", "action": {"block": {}}, "statement": {"rateBasedStatement": {"limit": 100}}}
GROUP = {
    "name": "common",
    "overrideAction": {"none": {}},
    "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}},
}
SCOPED = {"name": "AWSManagedRulesCommonRuleSet", "scopeDownStatement": {"geoMatchStatement": {}}}
LENIENT = {
    **GROUP,
    "statement": {
        "managedRuleGroupStatement": {
            "name": "AWSManagedRulesCommonRuleSet",
            "ruleActionOverrides": [{"name": "NoUserAgent_HEADER", "actionToUse": {"count": {}}}],
        }
    },
}


@pytest.mark.parametrize(
    ("weaker", "told"),
    [
        ([RATE | {"action": {"count": {}}}, GROUP], "rules that refuse requests"),
        ([RATE, GROUP | {"overrideAction": {"count": {}}}], "rules that refuse requests"),
        ([GROUP], "rules that refuse requests"),
        ([{"name": "ours", "action": {"allow": {}}}, RATE, GROUP], "past the others"),
        ([RATE, {**GROUP, "statement": {"managedRuleGroupStatement": SCOPED}}], "some requests alone"),
        ([{**RATE, "statement": {"rateBasedStatement": {**SCOPED, "limit": 100}}}, GROUP], "some requests alone"),
        ([RATE, LENIENT], "rules of its groups that let through"),
        ([{**RATE, "statement": {"rateBasedStatement": {"limit": 5000}}}, GROUP], "requests of one address"),
    ],
)
def test_a_firewall_that_refuses_less_is_exposed(weaker: list[Any], told: str) -> None:
    strong, weak = {"rules": [RATE, GROUP]}, {"rules": weaker}
    (first, *_) = judge(plan(step("update", t.WEB_ACL, strong, weak))).stopping
    assert first.kind == "exposed"
    assert any(told in one for one in whats(step("update", t.WEB_ACL, strong, weak)))
    assert kinds(step("update", t.WEB_ACL, weak, strong)) == []


def test_another_rule_in_the_place_of_one_is_to_be_read_though_as_many_refuse() -> None:
    other = {**GROUP, "name": "sql", "statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesSQLiRuleSet"}}}
    judged = judge(plan(step("update", t.WEB_ACL, {"rules": [RATE, GROUP]}, {"rules": [RATE, other]})))
    assert judged.stopping == ()
    assert "other requests are refused (rules)" in [one.what for one in judged.noted]


def test_a_load_balancer_that_loses_its_firewall_is_exposed_and_one_that_is_taken_over_is_not() -> None:
    balancer, place = (
        "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/x/1",
        {"resourceArn": "", "webAclArn": "a"},
    )
    place["resourceArn"] = balancer
    gone = step("delete", t.WEB_ACL_ASSOCIATION, place, None)
    assert kinds(gone) == ["exposed"]
    assert "a web application firewall before it" in whats(gone)[0]
    assert kinds(gone, step("create", t.WEB_ACL_ASSOCIATION, None, place, name="other")) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (t.WEB_ACL_LOGGING, {"redactedFields": [{"queryString": {}}]}, {"redactedFields": []}, "exposed"),
        (t.WEB_ACL_LOGGING, {"logDestinationConfigs": ["arn:log"]}, {"logDestinationConfigs": []}, "unwatched"),
        (
            t.WEB_ACL,
            {"visibilityConfig": {"sampledRequestsEnabled": False}},
            {"visibilityConfig": {"sampledRequestsEnabled": True}},
            "exposed",
        ),
        (t.WEB_ACL, {"dataProtectionConfig": {"dataProtections": [{"field": {"fieldType": "BODY"}}]}}, {}, "exposed"),
        (t.WEB_ACL, {"defaultAction": {"block": {}}}, {"defaultAction": {"allow": {}}}, "exposed"),
    ],
)
def test_a_firewall_whose_log_tells_more_or_nothing_at_all_is_weaker(
    kind: str, old: dict[str, Any], new: dict[str, Any], expected: str
) -> None:
    assert kinds(step("update", kind, old, new)) == [expected]
    assert kinds(step("update", kind, new, old)) == []


def test_every_safeguard_has_one_name_for_each_type() -> None:
    said = [(rule.name, says.type, says.path) for rule in RULES for says in rule.declared_by]
    assert len(said) == len(set(said))


def test_a_safeguard_that_is_no_longer_known_is_not_waved_through() -> None:
    old, new = {"backupRetentionPeriod": 14}, {"backupRetentionPeriod": UNKNOWN}
    assert kinds(step("update", t.DATABASE, old, new)) == ["safeguard-unknown"]
    lifecycle = step("update", t.BUCKET_LIFECYCLE, {"rules": []}, {"rules": UNKNOWN})
    assert kinds(lifecycle) == ["safeguard-unknown"]


ENABLED = {"versioningConfiguration": {"status": "Enabled"}}


def test_versioning_that_is_no_longer_managed_is_a_loss_unless_its_bucket_goes_too() -> None:
    versioning = step("delete", t.BUCKET_VERSIONING, ENABLED | {"bucket": "files"}, None)
    assert kinds(versioning) == ["versioning-off"]
    bucket = {"bucket": "files"}
    assert kinds(versioning, step("delete", t.BUCKET, bucket, None, name="bucket")) == ["delete"]
    elsewhere = step("delete", t.BUCKET, {"bucket": "logs"}, None, name="bucket", component="Logs")
    assert kinds(versioning, elsewhere) == ["delete", "versioning-off"]


def test_a_safeguard_that_another_resource_says_instead_is_none_the_weaker() -> None:
    renamed = (
        step("delete", t.BUCKET_VERSIONING, ENABLED | {"bucket": "files"}, None, name="old"),
        step("create", t.BUCKET_VERSIONING, None, ENABLED | {"bucket": "files"}, name="new"),
    )
    assert kinds(*renamed) == []
    inlined = (
        step("delete", t.BUCKET_VERSIONING, ENABLED | {"bucket": "files"}, None),
        step(
            "update",
            t.BUCKET,
            {"bucket": "files"},
            {"bucket": "files", "versioning": {"enabled": True}},
            name="bucket",
        ),
    )
    assert kinds(*inlined) == []


def test_a_new_resource_that_says_less_of_something_that_stands_is_a_loss() -> None:
    suspended = {"versioningConfiguration": {"status": "Suspended"}, "bucket": "files"}
    stands = (
        step("same", t.BUCKET, {"bucket": "files"}, {"bucket": "files"}, name="bucket"),
        step("same", t.BUCKET_VERSIONING, ENABLED | {"bucket": "files"}, ENABLED | {"bucket": "files"}),
    )
    second = step("create", t.BUCKET_VERSIONING, None, suspended, name="second")
    assert kinds(*stands, second) == ["same-name", "versioning-off"]
    assert kinds(step("create", t.BUCKET_VERSIONING, None, suspended | {"bucket": "elsewhere"})) == ["versioning-off"]


def test_a_change_says_from_what_to_what() -> None:
    change = step("update", t.DATABASE, {"backupRetentionPeriod": 30}, {"backupRetentionPeriod": 14})
    assert whats(change) == ["backupRetentionPeriod 30 → 14 (point-in-time recovery, days)"]
    locked = (
        {"rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 365}}},
        {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}},
    )
    kind = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    assert whats(step("update", kind, *locked)) == [
        "object lock, days 365 → 1 (days that objects are locked)",
        "object lock, mode COMPLIANCE → GOVERNANCE (who may lift the lock of objects)",
    ]


def rule_file(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"data": yaml.safe_dump({"groups": [{"name": "all", "rules": list(rules)}]})}


def alert(name: str, severity: str = "page") -> dict[str, Any]:
    return {"alert": name, "expr": "up == 0", "labels": {"severity": severity}}


SERIES = {"record": "stack:errors", "expr": "errors"}


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        ([alert("a"), SERIES], "alert b (page)"),
        ([alert("a"), alert("b", "ticket"), SERIES], "alert b (page)"),
        ([alert("a"), alert("c"), alert("d"), SERIES], "alert b (page)"),
        ([alert("a"), alert("b")], "series stack:errors"),
    ],
)
def test_an_alert_that_goes_is_a_loss_whatever_comes_in_its_place(after: list[dict[str, Any]], lost: str) -> None:
    before = rule_file(alert("a"), alert("b"), SERIES)
    changed = step("update", t.METRICS_RULES, before, rule_file(*after))
    assert whats(changed) == [f"{lost} watched → unset (what managed Prometheus watches)"]
    assert kinds(changed) == ["unwatched"]


def test_an_alert_that_comes_is_none_the_weaker() -> None:
    assert kinds(step("update", t.METRICS_RULES, rule_file(alert("a")), rule_file(alert("a"), alert("b")))) == []


def test_rules_that_cannot_be_read_watch_nothing() -> None:
    assert kinds(step("update", t.METRICS_RULES, rule_file(alert("a")), {"data": "groups: ["})) == ["unwatched"]


def manager(*, muted: int = 0, **receivers: str) -> dict[str, Any]:
    content = {
        "route": {"receiver": "page", "routes": [{"receiver": name} for name in receivers]},
        "receivers": [{"name": name, "sns_configs": [{"topic_arn": topic}]} for name, topic in receivers.items()],
        "inhibit_rules": [{}] * muted,
    }
    return {"definition": yaml.safe_dump({"alertmanager_config": yaml.safe_dump(content)})}


def test_a_receiver_that_goes_and_a_rule_that_mutes_are_losses() -> None:
    both = manager(page="topic", ticket="topic")
    assert whats(step("update", t.METRICS_ALERT_MANAGER, both, manager(page="topic"))) == [
        "receiver ticket topic → unset (whom alerts notify)"
    ]
    muted = step("update", t.METRICS_ALERT_MANAGER, both, manager(muted=1, page="topic", ticket="topic"))
    assert whats(muted) == ["muted alerts 0 → 1 (rules that mute alerts)"]


@pytest.mark.parametrize("kind", [t.METRICS_RULES, t.METRICS_ALERT_MANAGER, "aws:amp/scraper:Scraper"])
def test_what_watches_does_not_go_unseen(kind: str) -> None:
    assert kinds(step("delete", kind, {"workspaceId": "ws"}, None)) == ["safeguard-off"]


OTHERS = "arn:aws:backup:eu-west-1:444455556666:backup-vault:copies"
COPIED = {"ruleName": "daily", "lifecycle": {"deleteAfter": 7}, "copyActions": [{"destinationVaultArn": OTHERS}]}


def backed_up(**changes: Any) -> dict[str, Any]:
    rule = {**COPIED, "copyActions": [{"destinationVaultArn": OTHERS, "lifecycle": {"deleteAfter": 35}}], **changes}
    return {"rules": [rule]}


@pytest.mark.parametrize(
    ("weaker", "told"),
    [
        (backed_up(copyActions=[]), "days that a copy elsewhere is kept"),
        (
            backed_up(copyActions=[{"destinationVaultArn": OTHERS, "lifecycle": {"deleteAfter": 7}}]),
            "days that a copy elsewhere is kept",
        ),
        (backed_up(lifecycle={"deleteAfter": 1}), "days that recovery points are kept"),
        ({"rules": []}, "days that a copy elsewhere is kept"),
    ],
)
def test_a_plan_that_copies_less_or_for_a_shorter_time_stops(weaker: dict[str, Any], told: str) -> None:
    assert set(kinds(step("update", t.BACKUP_PLAN, backed_up(), weaker))) == {"retention-cut"}
    assert any(told in one for one in whats(step("update", t.BACKUP_PLAN, backed_up(), weaker)))
    theirs = provider("eu-west-1", "eu-west-1", "444455556666")
    assert kinds(theirs, step("update", t.BACKUP_PLAN, weaker, backed_up())) == []


def test_a_selection_that_takes_less_stops_though_another_one_takes_its_place() -> None:
    both = {"planId": "p", "resources": ["arn:aws:rds:eu-west-1:1:db:x", "arn:aws:s3:::files"]}
    less = {"planId": "p", "resources": ["arn:aws:rds:eu-west-1:1:db:x"]}
    assert kinds(step("replace", t.BACKUP_SELECTION, both, less)) == ["safeguard-off"]
    assert "arn:aws:s3:::files" in whats(step("replace", t.BACKUP_SELECTION, both, less))[0]


@pytest.mark.parametrize("name", ["notResources", "conditions"])
def test_a_selection_that_leaves_out_some_of_what_it_names_stops(name: str) -> None:
    all_of_it = {"planId": "p", "resources": ["arn:aws:rds:eu-west-1:1:db:x"]}
    some = {**all_of_it, name: [{}]}
    assert kinds(step("replace", t.BACKUP_SELECTION, all_of_it, some)) == ["safeguard-off"]
    assert kinds(step("replace", t.BACKUP_SELECTION, some, all_of_it)) == []


def selector(**fields: Any) -> dict[str, Any]:
    return {"fieldSelectors": [{"field": name.replace("_", "."), "equals": [one]} for name, one in fields.items()]}


MANAGED, CALLS = selector(eventCategory="Management"), selector(eventCategory="Data", resources_type="AWS::S3::Object")
WRITES = selector(eventCategory="Management", readOnly="false")


@pytest.mark.parametrize(
    ("more", "less"),
    [([MANAGED, CALLS], [MANAGED]), ([MANAGED], [WRITES]), (None, [CALLS]), (None, [WRITES]), ([MANAGED, CALLS], None)],
)
def test_a_trail_that_records_fewer_kinds_of_events_or_fewer_of_one_watches_less(more: Any, less: Any) -> None:
    assert set(kinds(step("update", t.TRAIL, trail(more), trail(less)))) == {"unwatched"}


@pytest.mark.parametrize(
    ("less", "more"),
    [([MANAGED], [MANAGED, CALLS]), ([WRITES], [WRITES, MANAGED]), ([WRITES], None), (None, [MANAGED])],
)
def test_a_trail_that_records_as_much_or_more_stops_nothing(less: Any, more: Any) -> None:
    assert kinds(step("update", t.TRAIL, trail(less), trail(more))) == []


def trail(selectors: Any) -> dict[str, Any]:
    return {"advancedEventSelectors": selectors} if selectors else {}


LOCKED = {"backupVaultName": "v", "minRetentionDays": 7, "maxRetentionDays": 35, "changeableForDays": 14}


@pytest.mark.parametrize(
    ("weaker", "expected"),
    [
        ({**LOCKED, "minRetentionDays": 1}, "retention-cut"),
        ({**LOCKED, "maxRetentionDays": 365}, "safeguard-off"),
        ({**LOCKED, "changeableForDays": None}, "safeguard-off"),
    ],
)
def test_a_lock_that_holds_for_less_or_keeps_for_longer_stops(weaker: dict[str, Any], expected: str) -> None:
    assert kinds(step("update", t.BACKUP_VAULT_LOCK, LOCKED, weaker)) == [expected]
    assert kinds(step("update", t.BACKUP_VAULT_LOCK, weaker, LOCKED)) == []


def test_a_vault_whose_lock_goes_is_weaker_in_each_of_its_ways() -> None:
    assert set(kinds(step("delete", t.BACKUP_VAULT_LOCK, LOCKED, None))) == {"retention-cut", "safeguard-off"}


@pytest.mark.parametrize(
    ("kind", "name", "wide", "narrow"),
    [
        (t.EVENT_SUBSCRIPTION, "eventCategories", [], ["creation"]),
        (t.EVENT_SUBSCRIPTION, "eventCategories", ["creation", "failure"], ["creation"]),
        (t.EVENT_SUBSCRIPTION, "sourceIds", None, ["another"]),
        (t.TOPIC_SUBSCRIPTION, "filterPolicy", None, '{"AlarmName": ["one"]}'),
        (t.WEB_ACL_LOGGING, "loggingFilter", None, {"defaultBehavior": "DROP", "filters": []}),
    ],
)
def test_what_is_told_or_logged_of_some_alone_watches_less(kind: str, name: str, wide: Any, narrow: Any) -> None:
    assert kinds(step("update", kind, {name: wide}, {name: narrow})) == ["unwatched"]
    assert kinds(step("update", kind, {name: narrow}, {name: wide})) == []


def test_a_rule_of_events_that_is_switched_off_watches_no_more() -> None:
    assert kinds(step("update", t.EVENT_RULE, {"state": "ENABLED"}, {"state": "DISABLED"})) == ["unwatched"]


@pytest.mark.parametrize(
    ("kind", "name", "old", "new"),
    [
        *(
            (kind, "alarmActions", ["arn:aws:sns:x:1:a"], ["arn:aws:sns:x:1:b", "arn:aws:sns:x:1:c"])
            for kind in (t.METRIC_ALARM, t.COMPOSITE_ALARM)
        ),
        (t.SECRET, "kmsKeyId", "arn:aws:kms:x:1:key/a", "arn:aws:kms:x:1:key/b"),
        (t.LOAD_BALANCER, "accessLogs", {"bucket": "a", "enabled": True}, {"bucket": "b", "enabled": True}),
    ],
)
def test_another_value_that_is_no_weaker_is_to_be_read(kind: str, name: str, old: Any, new: Any) -> None:
    judged = judge(plan(step("update", kind, {name: old}, {name: new})))
    assert judged.stopping == ()
    assert any(name in one.what for one in judged.noted)
    unchanged = judge(plan(step("update", kind, {name: old, "name": "a"}, {name: old, "name": "b"})))
    assert unchanged.noted == ()
