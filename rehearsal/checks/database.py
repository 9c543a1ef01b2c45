"""What RDS refuses."""

import re
from collections.abc import Iterator

from rehearsal.checks.graph import Graph, properties, refuse
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"

# RDS for PostgreSQL's majors, from its release calendar as known on 2026-06-20; add a major when AWS does.
POSTGRES_MAJORS = frozenset({"12", "13", "14", "15", "16", "17", "18"})
# Families that RDS for PostgreSQL offers and their sizes, from "DB instance class types" as known on 2026-06-20.
_T = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
_G = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_I = (*_G, "24xlarge", "32xlarge")
_8 = (*_G, "24xlarge", "48xlarge")
INSTANCE_CLASSES = {
    "t3": _T,
    "t4g": _T,
    "m5": (*_G, "24xlarge"),
    "m5d": (*_G, "24xlarge"),
    "m6g": _G,
    "m6gd": _G,
    "m6i": _I,
    "m6id": _I,
    "m6in": _I,
    "m6idn": _I,
    "m7g": _G,
    "m7i": _8,
    "m8g": _8,
    "m8gd": _8,
    "r5": (*_G, "24xlarge"),
    "r5b": (*_G, "24xlarge"),
    "r5d": (*_G, "24xlarge"),
    "r6g": _G,
    "r6gd": _G,
    "r6i": _I,
    "r6id": _I,
    "r6in": _I,
    "r6idn": _I,
    "r7g": _G,
    "r7i": _8,
    "r8g": _8,
    "r8gd": _8,
    "x2g": _G,
    "x2idn": ("16xlarge", "24xlarge", "32xlarge"),
    "x2iedn": ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "24xlarge", "32xlarge"),
    "z1d": ("large", "xlarge", "2xlarge", "3xlarge", "6xlarge", "12xlarge"),
}
_IDENTIFIER = re.compile(r"[a-z](?!.*--)[a-z0-9-]*[a-z0-9]|[a-z]")


def engine_version(graph: Graph) -> Iterator[Refusal]:
    """An engine version that RDS does not have."""
    for one in graph.of("rds/instance:Instance"):
        values = one.declared.properties
        version = str(values.get("engineVersion", ""))
        if values.get("engine") == "postgres" and version and version.split(".", 1)[0] not in POSTGRES_MAJORS:
            known = ", ".join(sorted(POSTGRES_MAJORS))
            yield refuse(
                one,
                "rds-engine-version",
                f"RDS has no Postgres {version}",
                f"take one of {known}",
                f"{_GUIDE}postgresql-release-calendar.html",
            )


def instance_class(graph: Graph) -> Iterator[Refusal]:
    """An instance class that RDS does not offer for Postgres."""
    for one in graph.of("rds/instance:Instance"):
        name = str(one.declared.properties.get("instanceClass", ""))
        prefix, family, size = (*name.split("."), "", "", "")[:3]
        if prefix != "db" or size not in INSTANCE_CLASSES.get(family, ()):
            yield refuse(
                one,
                "rds-instance-class",
                f"RDS has no class {name!r} for Postgres",
                "take one such as db.t4g.small or db.m7g.large",
                f"{_GUIDE}Concepts.DBInstanceClass.Types.html",
            )


def backups(graph: Graph) -> Iterator[Refusal]:
    """Retention out of range, and recovery to a point in time from an instance without backups."""
    for one in graph.of("rds/instance:Instance"):
        values = one.declared.properties
        days = values.get("backupRetentionPeriod", 0)
        if not isinstance(days, int) or not 0 <= days <= 35:
            yield refuse(one, "rds-backup-retention", f"keeps backups for {days} days", "take 1 to 35 days", _API)
        restore = values.get("restoreToPointInTime") or {}
        for source in (restore.get("sourceDbInstanceIdentifier"), values.get("replicateSourceDb")):
            origin = next(
                (
                    other
                    for other in graph.of("rds/instance:Instance")
                    if source and source in (properties(other).get("identifier"), properties(other).get("arn"))
                ),
                None,
            )
            if origin is not None and not origin.declared.properties.get("backupRetentionPeriod"):
                yield refuse(
                    one,
                    "rds-recovery-needs-backups",
                    f"is made from {origin.name}, which keeps no backups",
                    f"give {origin.name} a backupRetentionPeriod of at least 1",
                    f"{_GUIDE}USER_PIT.html",
                )


def final_snapshot(graph: Graph) -> Iterator[Refusal]:
    """A final snapshot is wanted and has no usable name: the destroy would fail."""
    for one in graph.of("rds/instance:Instance"):
        values = one.declared.properties
        name = values.get("finalSnapshotIdentifier")
        if not values.get("skipFinalSnapshot") and not (name and _IDENTIFIER.fullmatch(str(name).lower())):
            yield refuse(
                one,
                "rds-final-snapshot",
                f"takes a final snapshot named {name!r}" if name else "takes a final snapshot without a name",
                "set finalSnapshotIdentifier: letters, digits and single dashes, a letter first",
                "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html",
            )


def storage(graph: Graph) -> Iterator[Refusal]:
    """Storage bounds: gp3 from 20 GiB, autoscaling above what is allocated."""
    for one in graph.of("rds/instance:Instance"):
        values = one.declared.properties
        allocated, most = values.get("allocatedStorage"), values.get("maxAllocatedStorage")
        if isinstance(allocated, int) and not 20 <= allocated <= 65536:
            yield refuse(
                one,
                "rds-storage",
                f"allocates {allocated} GiB",
                "take 20 to 65536 GiB",
                f"{_GUIDE}CHAP_Storage.html",
            )
        elif isinstance(most, int) and isinstance(allocated, int) and most and most < allocated * 1.1:
            yield refuse(
                one,
                "rds-storage-autoscaling",
                f"may grow to {most} GiB from {allocated} GiB",
                "let it grow by at least 10 %",
                f"{_GUIDE}USER_PIOPS.Autoscaling.html",
            )


def watching(graph: Graph) -> Iterator[Refusal]:
    """Enhanced monitoring and Performance Insights take certain values only."""
    for one in graph.of("rds/instance:Instance"):
        values = one.declared.properties
        interval, days = values.get("monitoringInterval", 0), values.get("performanceInsightsRetentionPeriod")
        if interval not in (0, 1, 5, 10, 15, 30, 60):
            yield refuse(
                one,
                "rds-monitoring-interval",
                f"is monitored every {interval} s",
                "take 0, 1, 5, 10, 15, 30 or 60",
                _API,
            )
        elif interval and not values.get("monitoringRoleArn"):
            yield refuse(one, "rds-monitoring-role", "is monitored without a role", "set monitoringRoleArn", _API)
        if days is not None and days not in (7, 731) and not (days % 31 == 0 and 31 <= days <= 23 * 31):
            yield refuse(
                one,
                "rds-performance-insights-retention",
                f"keeps Performance Insights for {days} days",
                "take 7, 731, or a month (31 days) up to 23 times",
                _API,
            )


CHECKS = (engine_version, instance_class, backups, final_snapshot, storage, watching)
