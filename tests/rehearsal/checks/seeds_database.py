"""Seeds of RDS: instances, parameter groups, subscriptions."""

from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import Case, each, field, instance, part


def stored(change: tuple[Any, ...]) -> Rehearsed:
    """An instance with storage type, GiB, iops and throughput."""
    kind, size, iops, throughput = change
    return instance(storageType=kind, allocatedStorage=size, iops=iops, storageThroughput=throughput)


def windows(change: tuple[str, str]) -> Rehearsed:
    return instance(backupWindow=change[0], maintenanceWindow=change[1])


def parameters(*listed: tuple[str, str]) -> Rehearsed:
    entries = [{"name": name, "value": "1", "applyMethod": method} for name, method in listed]
    return part("rds/parameterGroup:ParameterGroup", family="postgres17", parameters=entries)


def parameter(listed: tuple[str, str]) -> Rehearsed:
    return parameters(listed)


def of_family(family: str) -> list[Rehearsed]:
    return [
        part("rds/parameterGroup:ParameterGroup", "params", family=family),
        instance(parameterGroupName="params", engineVersion="17"),
    ]


def subnets(zones: tuple[str, ...]) -> list[Rehearsed]:
    made = [part("ec2/subnet:Subnet", f"s{n}", availabilityZone=zone) for n, zone in enumerate(zones)]
    return [*made, part("rds/subnetGroup:SubnetGroup", subnetIds=[one.id for one in made])]


def subscription(**changes: Any) -> Rehearsed:
    good = {"sourceType": "db-instance", "snsTopic": "arn:aws:sns:eu-north-1:210000000001:t"}
    return part("rds/eventSubscription:EventSubscription", **{**good, **changes})


CASES: list[Case] = [
    *each("rds-engine-version", lambda v: instance(engineVersion=v), ["99.9", "17.99", "16.6.1", "9", "10"], "17"),
    *each("rds-engine-version", lambda v: instance(engineVersion=v), ["15.1a"], "16.6"),
    *each(
        "rds-instance-class",
        lambda v: instance(instanceClass=v),
        ["db.foo", "t4g.small", "db.m7g.3xlarge"],
        "db.t4g.small",
    ),
    *each(
        "rds-instance-class-in-region",
        lambda v: instance(instanceClass=v),
        ["db.r8gd.large", "db.m9g.large"],
        "db.m7g.large",
    ),
    *each("rds-backup-retention", lambda v: instance(backupRetentionPeriod=v), [36, -1, "a"], 35),
    *each("rds-port", lambda v: instance(port=v), [80, 1149, 65536], 1150),
    *each("rds-monitoring-interval", lambda v: instance(monitoringInterval=v), [7, 120], 0),
    *each("rds-storage-type", lambda v: instance(storageType=v), ["ssd", "GP3"], "gp3"),
    *each(
        "rds-log-export",
        lambda v: instance(enabledCloudwatchLogsExports=v),
        [["audit"], ["postgresql", "slowquery"]],
        ["postgresql", "upgrade"],
    ),
    *each(
        "rds-certificate-authority",
        lambda v: instance(caCertIdentifier=v),
        ["rds-ca-2019", "rds-ca-rsa2048"],
        "rds-ca-rsa2048-g1",
    ),
    *each("rds-license", lambda v: instance(licenseModel=v), ["license-included"], "postgresql-license"),
    *each("rds-network-type", lambda v: instance(networkType=v), ["IPV6"], "DUAL"),
    *each(
        "rds-performance-insights-retention",
        lambda v: instance(performanceInsightsRetentionPeriod=v),
        [30, 8, 744],
        23 * 31,
    ),
    *each(
        "rds-performance-insights-off",
        lambda v: instance(performanceInsightsEnabled=v, performanceInsightsRetentionPeriod=7),
        [False],
        True,
    ),
    *each(
        "rds-monitoring-role", lambda v: instance(monitoringInterval=60, monitoringRoleArn=v), [None], "arn:elsewhere"
    ),
    *each(
        "rds-window-form", lambda v: windows((v, "sun:03:00-sun:04:00")), ["1:00-2:00", "25:00-26:00"], "01:00-02:00"
    ),
    *each(
        "rds-window-form",
        lambda v: windows(("01:00-02:00", v)),
        ["03:00-04:00", "day:03:00-day:04:00"],
        "Sun:03:00-Sun:04:00",
    ),
    *each(
        "rds-window-length",
        windows,
        [("01:00-01:29", "sun:03:00-sun:04:00"), ("01:00-02:00", "sun:03:00-sun:03:10")],
        ("01:00-01:30", "sun:03:00-sun:03:30"),
    ),
    *each(
        "rds-window-overlap",
        windows,
        [("01:00-02:00", "sun:01:59-sun:03:00"), ("23:30-00:30", "sun:00:00-sun:01:00")],
        ("01:00-02:00", "sun:02:00-sun:03:00"),
    ),
    *each(
        "rds-final-snapshot",
        lambda v: instance(skipFinalSnapshot=False, finalSnapshotIdentifier=v),
        [None, "a--b", "1a", "a-", "a" * 256],
        "main-final-1",
    ),
    *each(
        "rds-storage",
        stored,
        [("gp3", 19, None, None), ("io1", 99, 1000, None), ("standard", 4000, None, None)],
        ("gp3", 20, None, None),
    ),
    *each("rds-storage-autoscaling", lambda v: instance(maxAllocatedStorage=v), [20, 21, 65537], 22),
    *each(
        "rds-iops",
        stored,
        [
            ("gp3", 100, 3000, None),
            ("gp3", 400, 11999, None),
            ("io1", 100, 999, None),
            ("gp2", 400, 3000, None),
            ("io2", 100, None, None),
        ],
        ("gp3", 400, 12000, None),
    ),
    *each("rds-iops-ratio", stored, [("io1", 100, 5001, None), ("io2", 100, 100001, None)], ("io1", 100, 5000, None)),
    *each(
        "rds-throughput",
        stored,
        [("gp3", 100, None, 500), ("gp3", 400, 12000, 499), ("gp3", 400, 12000, 3001), ("io1", 100, 1000, 500)],
        ("gp3", 400, 12000, 3000),
    ),
    *each("rds-multi-az-zone", lambda v: instance(multiAz=True, availabilityZone=v), ["eu-north-1a"], None),
    *each("rds-subnet-group-zones", subnets, [("a",), ("a", "a")], ("a", "b")),
    *each("rds-parameter-method", parameter, [("log_statement", "now")], ("log_statement", "immediate")),
    *each(
        "rds-parameter-group-family",
        field("rds/parameterGroup:ParameterGroup", "family"),
        ["postgres", "postgresql17"],
        "postgres17",
    ),
    *each(
        "rds-parameter-unknown",
        parameter,
        [("log_statment", "immediate"), ("query_cache_size", "immediate")],
        ("log_statement", "immediate"),
    ),
    *each(
        "rds-parameter-static",
        parameter,
        [
            ("max_connections", "immediate"),
            ("shared_preload_libraries", "immediate"),
            ("rds.logical_replication", "immediate"),
        ],
        ("max_connections", "pending-reboot"),
    ),
    Case(
        "rds-parameter-twice",
        [parameters(("log_statement", "immediate"), ("LOG_STATEMENT", "immediate"))],
        [parameters(("log_statement", "immediate"), ("log_lock_waits", "immediate"))],
    ),
    *each("rds-parameter-group-major", of_family, ["postgres16", "postgres18", "mysql8.0"], "postgres17"),
    *each("rds-event-source", lambda v: subscription(sourceType=v), ["instance", "db_instance"], "db-instance"),
    *each(
        "rds-event-category",
        lambda v: subscription(eventCategories=v),
        [["failures"], ["backup", "low-storage"]],
        ["backup", "low storage"],
    ),
    *each("rds-event-source-type", lambda v: subscription(sourceType=v, sourceIds=["main"]), [None], "db-instance"),
    *each(
        "rds-event-topic-region",
        lambda v: subscription(snsTopic=v),
        ["arn:aws:sns:us-east-1:210000000001:t"],
        "arn:aws:sns:eu-north-1:210000000001:t",
    ),
]
