"""What RDS refuses of a parameter group, and of an instance that names one, and of subscriptions to its events."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import components
from facts import tokens as t
from graph import Graph
from rehearsal.checks.reading import properties, refuse
from rehearsal.checks.rules import one_of, text
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_GROUPS = f"{_GUIDE}USER_WorkingWithDBInstanceParamGroups.html"
_GROUP = t.PARAMETER_GROUP
_SUBSCRIPTION = t.EVENT_SUBSCRIPTION

# Parameters of older majors that Postgres 18's own list has no more, and RDS's own that take a restart.
_OF_OLDER_MAJORS = frozenset(
    """
    db_user_namespace force_parallel_mode lc_collate lc_ctype old_snapshot_threshold operator_precedence_warning
    promote_trigger_file trace_recovery_messages vacuum_cleanup_index_scale_factor vacuum_defer_cleanup_age
    """.split()  # noqa: SIM905  a list of words reads better as words
)
_STATIC_OF_RDS = frozenset({"rds.logical_replication", "pg_stat_statements.max", "cron.database_name"})
# Lists of an instance's event categories: USER_Events.Messages.html.
_CATEGORIES = (
    "availability",
    "backup",
    "configuration change",
    "creation",
    "deletion",
    "failover",
    "failure",
    "limits",
    "low storage",
    "maintenance",
    "notification",
    "read replica",
    "recovery",
    "restoration",
    "security",
    "security patching",
)
RULES = (
    one_of("rds-parameter-method", _GROUP, "parameters[].applyMethod", ("immediate", "pending-reboot"), _GROUPS),
    text(
        "rds-parameter-group-family",
        _GROUP,
        "family",
        r"(postgres(9\.[3-6]|1[0-9]|2[0-9])|(mysql|mariadb|oracle|sqlserver|aurora|db2|custom).*)",
        "a family such as postgres17",
        _GROUPS,
    ),
    one_of(
        "rds-event-source",
        _SUBSCRIPTION,
        "sourceType",
        (
            "db-instance",
            "db-cluster",
            "db-parameter-group",
            "db-security-group",
            "db-snapshot",
            "db-cluster-snapshot",
            "db-proxy",
            "zero-etl",
            "custom-engine-version",
            "blue-green-deployment",
        ),
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateEventSubscription.html",
    ),
)


@cache
def _known() -> dict[str, frozenset[str]]:
    file = Path(next(iter(components.__path__))) / "postgres_parameters.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    return {kind: frozenset(content[kind].split()) for kind in ("static", "dynamic")}


def parameters(graph: Graph) -> Iterator[Refusal]:
    """A parameter that Postgres does not have, is given twice, or takes a restart and is to apply at once."""
    for group in graph.of(_GROUP):
        values = group.inputs
        if not str(values.get("family", "")).startswith("postgres"):
            continue
        seen: set[str] = set()
        for one in values.get("parameters") or ():
            name = str(one.get("name", "")).lower()
            for check, what, fix in _parameter(name, one.get("applyMethod", "immediate"), name in seen):
                yield refuse(group, check, f"parameter {name} {what}", fix, _GROUPS)
            seen.add(name)


def _parameter(name: str, method: Any, again: bool) -> Iterator[tuple[str, str, str]]:
    if again:
        yield "rds-parameter-twice", "is given twice", "keep one"
    known = _known()
    older = name in _OF_OLDER_MAJORS
    if "." not in name and not older and name not in known["static"] | known["dynamic"]:
        yield "rds-parameter-unknown", "is none of Postgres", "look for its name in Postgres's documentation"
    if method == "immediate" and (name in known["static"] or name in _STATIC_OF_RDS):
        yield "rds-parameter-static", "takes a restart and is to apply at once", "set applyMethod pending-reboot"


def families(graph: Graph) -> Iterator[Refusal]:
    """An instance of one major with the parameters of another."""
    for one in graph.of(t.DATABASE):
        values = one.inputs
        group = graph.find(values.get("parameterGroupName"), _GROUP)
        major = str(values.get("engineVersion") or "").partition(".")[0]
        family = properties(group).get("family") if group else None
        if family and major and values.get("engine") == "postgres" and family != f"postgres{major}":
            yield refuse(
                one,
                "rds-parameter-group-major",
                f"is Postgres {major}, and its parameter group {group.name if group else ''} is of family {family}",
                f"give it a group of family postgres{major}",
                _GROUPS,
            )


def events(graph: Graph) -> Iterator[Refusal]:
    """Categories that RDS does not have, ids without a type, and a topic of another region."""
    source = f"{_GUIDE}USER_Events.Messages.html"
    for one in graph.of(_SUBSCRIPTION):
        values = one.inputs
        if values.get("sourceType") == "db-instance":
            for category in values.get("eventCategories") or ():
                if category not in _CATEGORIES:
                    fix = f"take of {', '.join(_CATEGORIES)}"
                    yield refuse(one, "rds-event-category", f"has the category {category!r}", fix, source)
        if values.get("sourceIds") and not values.get("sourceType"):
            yield refuse(one, "rds-event-source-type", "names sourceIds without a sourceType", "set it", source)
        topic = str(values.get("snsTopic") or "").split(":")
        if len(topic) == 6 and one.region and topic[3] != one.region:
            what = f"sends to a topic in {topic[3]}"
            yield refuse(one, "rds-event-topic-region", what, f"name a topic in {one.region}", source)


CHECKS = (parameters, families, events)
