"""What RDS refuses of an instance."""

import re
from collections.abc import Iterator
from typing import Any

from components.database import overlap
from components.offered import data_date, postgres_classes, postgres_majors, postgres_versions
from facts import tokens as t
from graph import Graph
from rehearsal.checks.network import zones_of
from rehearsal.checks.reading import properties, refuse
from rehearsal.checks.rules import Rule, number, one_of, only, text
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"
_STORAGE = f"{_GUIDE}CHAP_Storage.html"
_INSTANCE = t.DATABASE
_IDENTIFIER = re.compile(r"[a-z](?!.*--)[a-z0-9-]*[a-z0-9]|[a-z]")
_REFRESH = "python -m rehearsal.checks.refresh"

RULES = (
    number("rds-backup-retention", _INSTANCE, "backupRetentionPeriod", 0, 35, "days", _API),
    number("rds-port", _INSTANCE, "port", 1150, 65535, "", _API),
    one_of("rds-monitoring-interval", _INSTANCE, "monitoringInterval", (0, 1, 5, 10, 15, 30, 60), _API),
    one_of("rds-storage-type", _INSTANCE, "storageType", ("gp3", "gp2", "io1", "io2", "standard"), _STORAGE),
    *only(
        (
            one_of(
                "rds-log-export",
                _INSTANCE,
                "enabledCloudwatchLogsExports[]",
                ("postgresql", "upgrade", "iam-db-auth-error"),
                f"{_GUIDE}USER_LogAccess.Concepts.PostgreSQL.html",
            ),
        ),
        "engine",
        "postgres",
    ),
    one_of(
        "rds-certificate-authority",
        _INSTANCE,
        "caCertIdentifier",
        ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"),
        f"{_GUIDE}UsingWithRDS.SSL.html",
    ),
    *only((one_of("rds-license", _INSTANCE, "licenseModel", ("postgresql-license",), _API),), "engine", "postgres"),
    one_of(
        "rds-network-type",
        _INSTANCE,
        "networkType",
        ("IPV4", "DUAL"),
        f"{_GUIDE}USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    ),
    Rule(
        "rds-performance-insights-retention",
        _INSTANCE,
        "performanceInsightsRetentionPeriod",
        "7, 731, or a month (31 days) up to 23 times",
        _API,
        lambda days: days in (7, 731) or (isinstance(days, int) and days % 31 == 0 and 31 <= days <= 23 * 31),
    ),
    text(
        "rds-window-form",
        _INSTANCE,
        "backupWindow",
        r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d",
        "hh:mm-hh:mm in UTC",
        _API,
    ),
    text(
        "rds-window-form",
        _INSTANCE,
        "maintenanceWindow",
        r"(?i)((mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d(-(?!$)|$)){2}",
        "ddd:hh:mm-ddd:hh:mm in UTC",
        _API,
    ),
)


def engine_version(graph: Graph) -> Iterator[Refusal]:
    """A version that RDS for PostgreSQL never had, or a major that it no longer makes."""
    for one in graph.of(_INSTANCE):
        values = one.inputs
        version = str(values.get("engineVersion") or "")
        if values.get("engine") != "postgres" or not version:
            continue
        majors = [str(major) for major in postgres_majors()]
        if version in majors or (version in postgres_versions() and version.partition(".")[0] in majors):
            continue
        yield refuse(
            one,
            "rds-engine-version",
            f"RDS has no Postgres {version}",
            f"take a major ({', '.join(majors)}); if AWS offers it since {data_date()}: {_REFRESH}",
            f"{_GUIDE}postgresql-release-calendar.html",
        )


def instance_class(graph: Graph) -> Iterator[Refusal]:
    """An instance class that RDS does not offer for Postgres, or not in the region."""
    for one in graph.of(_INSTANCE):
        values = one.inputs
        name = str(values.get("instanceClass") or "")
        if values.get("engine", "postgres") != "postgres" or name in postgres_classes(one.region):
            continue
        elsewhere = name in postgres_classes("")
        yield refuse(
            one,
            "rds-instance-class-in-region" if elsewhere else "rds-instance-class",
            f"RDS has no class {name!r} for Postgres{f' in {one.region}' if elsewhere else ''}",
            f"take one such as db.t4g.small or db.m7g.large; if AWS offers it since {data_date()}: {_REFRESH}",
            f"{_GUIDE}Concepts.DBInstanceClass.Types.html",
        )


def recovery(graph: Graph) -> Iterator[Refusal]:
    """Recovery to a point in time, or a replica, from an instance without backups."""
    for one in graph.of(_INSTANCE):
        values = one.inputs
        restore = values.get("restoreToPointInTime") or {}
        for source in (restore.get("sourceDbInstanceIdentifier"), values.get("replicateSourceDb")):
            origin = next(
                (
                    other
                    for other in graph.of(_INSTANCE)
                    if source and source in (properties(other).get("identifier"), properties(other).get("arn"))
                ),
                None,
            )
            if origin is not None and not origin.inputs.get("backupRetentionPeriod"):
                yield refuse(
                    one,
                    "rds-recovery-needs-backups",
                    f"is made from {origin.name}, which keeps no backups",
                    f"give {origin.name} a backupRetentionPeriod of at least 1",
                    f"{_GUIDE}USER_PIT.html",
                )


def final_snapshot(graph: Graph) -> Iterator[Refusal]:
    """A final snapshot is wanted and has no usable name: the destroy would fail."""
    for one in graph.of(_INSTANCE):
        values = one.inputs
        name = values.get("finalSnapshotIdentifier")
        usable = name and len(str(name)) <= 255 and _IDENTIFIER.fullmatch(str(name).lower())
        if not values.get("skipFinalSnapshot") and not usable:
            yield refuse(
                one,
                "rds-final-snapshot",
                f"takes a final snapshot named {name!r}" if name else "takes a final snapshot without a name",
                "set finalSnapshotIdentifier: letters, digits and single dashes, a letter first",
                "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html",
            )


# Storage type to least and most GiB, and, where it takes them, IOPS and IOPS a GiB.
_SIZES: dict[str, tuple[int, int]] = {
    "gp3": (20, 65536),
    "gp2": (20, 65536),
    "io1": (100, 65536),
    "io2": (100, 65536),
    "standard": (5, 3072),
}
_PROVISIONED = {"gp3": (12000, 80000, 500), "io1": (1000, 256000, 50), "io2": (1000, 256000, 1000)}
_STRIPED_FROM_GIB = 400  # below it gp3 has its baseline and nothing else


def storage(graph: Graph) -> Iterator[Refusal]:
    """Size, growth, IOPS and throughput by the type of storage."""
    for one in graph.of(_INSTANCE):
        if one.inputs.get("engine") != "postgres":
            continue
        for check, what, fix in _storage(one.inputs):
            yield refuse(one, check, what, fix, _STORAGE)


def _storage(values: Any) -> Iterator[tuple[str, str, str]]:
    kind = str(values.get("storageType") or ("io1" if values.get("iops") else "gp3"))
    size, most, iops = (values.get(key) for key in ("allocatedStorage", "maxAllocatedStorage", "iops"))
    throughput = values.get("storageThroughput")
    if kind not in _SIZES or not isinstance(size, int):
        return
    low, high = _SIZES[kind]
    if not low <= size <= high:
        yield "rds-storage", f"allocates {size} GiB of {kind}", f"take {low} to {high} GiB"
    if isinstance(most, int) and most and most < size * 1.1:
        yield "rds-storage-autoscaling", f"may grow to {most} GiB from {size} GiB", "let it grow by at least 10 %"
    if isinstance(most, int) and most > high:
        yield "rds-storage-autoscaling", f"may grow to {most} GiB of {kind}", f"take at most {high} GiB"
    if kind in ("io1", "io2") and not iops:
        yield "rds-iops", f"has storage {kind} without iops", "set iops"
    if iops:
        yield from _iops(kind, size, iops)
    if throughput and (kind != "gp3" or size < _STRIPED_FROM_GIB):
        fix = f"leave storageThroughput out, or take gp3 from {_STRIPED_FROM_GIB} GiB on"
        yield "rds-throughput", f"sets storageThroughput on {size} GiB of {kind}", fix
    elif throughput and not 500 <= throughput <= 4000:
        yield "rds-throughput", f"has a throughput of {throughput} MiB/s", "take 500 to 4000"
    elif throughput and iops and throughput * 4 > iops:
        fix = "take at most a quarter of iops"
        yield "rds-throughput", f"has {throughput} MiB/s with {iops} IOPS", fix


def _iops(kind: str, size: int, iops: Any) -> Iterator[tuple[str, str, str]]:
    if kind not in _PROVISIONED or (kind == "gp3" and size < _STRIPED_FROM_GIB):
        fix = f"leave iops out, or take gp3 from {_STRIPED_FROM_GIB} GiB on"
        yield "rds-iops", f"sets iops on {size} GiB of {kind}", fix
        return
    low, high, ratio = _PROVISIONED[kind]
    if not low <= iops <= high:
        yield "rds-iops", f"has {iops} IOPS on {kind}", f"take {low} to {high}"
    elif iops > ratio * size:
        yield "rds-iops-ratio", f"has {iops} IOPS on {size} GiB of {kind}", f"take at most {ratio} a GiB"


def watching(graph: Graph) -> Iterator[Refusal]:
    """Enhanced monitoring without a role, and Performance Insights' retention without it."""
    for one in graph.of(_INSTANCE):
        values = one.inputs
        if values.get("monitoringInterval") and not values.get("monitoringRoleArn"):
            yield refuse(one, "rds-monitoring-role", "is monitored without a role", "set monitoringRoleArn", _API)
        if values.get("performanceInsightsRetentionPeriod") and values.get("performanceInsightsEnabled") is False:
            what = "keeps Performance Insights, which is off"
            yield refuse(one, "rds-performance-insights-off", what, "set performanceInsightsEnabled", _API)


def zones(graph: Graph) -> Iterator[Refusal]:
    """A zone named for an instance that stands in two, and a subnet group that lies in one."""
    for one in graph.of(_INSTANCE):
        values = one.inputs
        if values.get("multiAz") and values.get("availabilityZone"):
            what = f"has a standby and names the zone {values['availabilityZone']}"
            yield refuse(one, "rds-multi-az-zone", what, "leave availabilityZone out", _API)
    for group in graph.of(t.SUBNET_GROUP):
        found = zones_of(graph, group.inputs.get("subnetIds"))
        if found and len(set(found)) < 2:
            yield refuse(
                group,
                "rds-subnet-group-zones",
                f"lies in one zone ({found[0]})",
                "name subnets of two zones at least",
                f"{_GUIDE}USER_VPC.WorkingWithRDSInstanceinaVPC.html",
            )


def windows(graph: Graph) -> Iterator[Refusal]:
    """Windows shorter than half an hour, or that overlap."""
    for one in graph.of(_INSTANCE):
        backup, maintenance = (str(one.inputs.get(key) or "") for key in _WINDOWS)
        spans = [_minutes(backup), _minutes(maintenance)]
        for key, span in zip(_WINDOWS, spans, strict=True):
            if span and (span[1] - span[0]) % 1440 < 30:
                yield refuse(one, "rds-window-length", f"{key} is shorter than 30 minutes", "make it longer", _API)
        if spans[0] and spans[1] and overlap(*spans[0], *spans[1]):
            what = f"backupWindow {backup} overlaps maintenanceWindow {maintenance}"
            yield refuse(one, "rds-window-overlap", what, "move one of them", _API)


_WINDOWS = ("backupWindow", "maintenanceWindow")


def _minutes(window: str) -> tuple[int, int] | None:
    found = re.findall(r"(\d\d):(\d\d)", window)
    if len(found) != 2:
        return None
    start, end = (int(hours) * 60 + int(minutes) for hours, minutes in found)
    return start, end


CHECKS = (engine_version, instance_class, recovery, final_snapshot, storage, watching, zones, windows)
