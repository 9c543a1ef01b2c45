"""What wakes a person, and what that person should do: every alarm of a stack, as one list."""

from dataclasses import dataclass, field
from typing import Literal

from pulumi import Input

GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One CloudWatch metric; a `statistic` such as p95 is a percentile."""

    namespace: str
    name: str
    dimensions: dict[str, Input[str]]
    statistic: str = "Average"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """When `metric` (or `expression` over `metrics`) has been past `threshold` for `minutes`, one minute a datapoint;
    or for `days`, one day a datapoint.

    `missing_data` says what no data means: for error counts it means that nothing happened. `search` is the title of
    the saved search to begin with (`components.searches`); the runbooks have a section under the alarm's name.
    """

    name: str
    advice: str
    search: str
    threshold: float
    minutes: int = 5
    days: int = 0
    comparison: Literal["above", "below"] = "above"
    metric: Metric | None = None
    expression: str = ""
    metrics: dict[str, Metric] = field(default_factory=dict)
    missing_data: Literal["missing", "notBreaching", "breaching"] = "missing"
    unit: Literal["", "bytes", "days", "percent", "seconds"] = ""

    @property
    def period_seconds(self) -> int:
        """Of one datapoint."""
        return 86_400 if self.days else 60

    @property
    def datapoints(self) -> int:
        """That must be past the threshold."""
        return self.days or self.minutes


@dataclass(frozen=True, kw_only=True)
class DatabaseThresholds:
    cpu_percent: float
    operations_per_second: float
    free_storage_gib: float
    connections: float
    transaction_log_gib: float


def database_alarms(identifier: str, thresholds: DatabaseThresholds) -> list[Alarm]:
    """Alarms of one RDS Postgres instance.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
    """

    def metric(name: str, statistic: str = "Average") -> Metric:
        return Metric(
            namespace="AWS/RDS",
            name=name,
            dimensions={"DBInstanceIdentifier": identifier},
            statistic=statistic,
        )

    return [
        Alarm(
            name="database-cpu",
            search="slow statements",
            unit="percent",
            metric=metric("CPUUtilization"),
            threshold=thresholds.cpu_percent,
            minutes=10,
            missing_data="breaching",
            advice="Open Performance Insights, find the statement with the highest load and mend or index it; "
            "if all are fair, raise database.instanceClass.",
        ),
        Alarm(
            name="database-iops",
            search="slow statements",
            expression="reads + writes",
            metrics={"reads": metric("ReadIOPS"), "writes": metric("WriteIOPS")},
            threshold=thresholds.operations_per_second,
            minutes=10,
            advice="The volume is near its baseline. Look for sequential scans in Performance Insights; "
            "if the load is real, add storage or provision more IOPS.",
        ),
        Alarm(
            name="database-free-storage",
            search="database messages",
            unit="bytes",
            metric=metric("FreeStorageSpace", "Minimum"),
            threshold=thresholds.free_storage_gib * GIB,
            comparison="below",
            advice="Storage grows by itself up to database.maxAllocatedStorageGib: raise that limit now, "
            "then find what grew. A full disk stops the database.",
        ),
        Alarm(
            name="database-connections",
            search="database messages",
            metric=metric("DatabaseConnections", "Maximum"),
            threshold=thresholds.connections,
            advice="Look for idle transactions in pg_stat_activity and for a deployment that has not ended; "
            "new logins fail when none are left.",
        ),
        Alarm(
            name="database-transaction-log",
            search="database messages",
            unit="bytes",
            metric=metric("TransactionLogsDiskUsage", "Maximum"),
            threshold=thresholds.transaction_log_gib * GIB,
            advice="An unused replication slot keeps the log: look at pg_replication_slots and drop the one "
            "that nobody reads.",
        ),
        Alarm(
            name="database-transaction-ids",
            search="database messages",
            metric=metric("MaximumUsedTransactionIDs", "Maximum"),
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Autovacuum.html
            threshold=1_000_000_000,
            advice="Autovacuum has fallen behind. End the oldest transaction, then VACUUM FREEZE the table that "
            "age(relfrozenxid) names; at two thousand million Postgres stops writing.",
        ),
    ]


def service_alarms(
    load_balancer: Input[str],
    target_group: Input[str],
    error_percent: float,
    seconds: float,
    tasks: int,
    *,
    shared: bool = False,
) -> list[Alarm]:
    """Alarms of the service as its users see it, from the load balancer's side; `tasks` is how many it has at least.

    What the load balancer itself could not answer is counted for all services together, so behind a shared one the
    connections that this service refused stand in for it.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """

    def metric(name: str, statistic: str = "Sum") -> Metric:
        return Metric(
            namespace="AWS/ApplicationELB",
            name=name,
            dimensions={"LoadBalancer": load_balancer, "TargetGroup": target_group},
            statistic=statistic,
        )

    unanswered = Metric(
        namespace="AWS/ApplicationELB",
        name="HTTPCode_ELB_5XX_Count",
        dimensions={"LoadBalancer": load_balancer},
        statistic="Sum",
    )
    return [
        Alarm(
            name="service-errors",
            search="errors",
            unit="percent",
            # Both kinds of failure: the service's own answers, and no answer at all.
            expression="100 * (FILL(failed, 0) + FILL(unanswered, 0)) / requests",
            metrics={
                "failed": metric("HTTPCode_Target_5XX_Count"),
                "unanswered": metric("TargetConnectionErrorCount") if shared else unanswered,
                "requests": metric("RequestCount"),
            },
            threshold=error_percent,
            missing_data="notBreaching",
            advice="Run the saved search 'errors' for the request ids. Began with a deployment: roll back; "
            "database alarms too: mend those first.",
        ),
        Alarm(
            name="service-response-time",
            search="slow requests",
            unit="seconds",
            metric=metric("TargetResponseTime", "p95"),
            threshold=seconds,
            minutes=10,
            missing_data="notBreaching",
            advice="Compare with database-cpu and database-iops; run the saved search 'slow requests' to see "
            "which route, then raise service.maxTasks if every route is slow.",
        ),
        Alarm(
            name="service-unhealthy-tasks",
            search="starts and stops",
            # A task that ends before it answers is no unhealthy target: it is missing among the healthy ones.
            expression=f"IF(healthy < {tasks}, {tasks} - healthy, unhealthy)",
            metrics={
                "healthy": metric("HealthyHostCount", "Minimum"),
                "unhealthy": metric("UnHealthyHostCount", "Maximum"),
            },
            threshold=0,
            minutes=10,  # one that ended for once is replaced sooner
            missing_data="notBreaching",
            advice="Read the stopped task's reason in ECS and its last log lines; a task that cannot become "
            "healthy is replaced again and again.",
        ),
        Alarm(
            name="service-no-tasks",
            search="starts and stops",
            metric=metric("HealthyHostCount", "Maximum"),
            threshold=1,
            comparison="below",
            # A target group with no target reports nothing: no requests either, so that no other alarm here can fire.
            missing_data="breaching",
            advice="Nobody answers. Read the service's events in ECS: a task that never starts has no log. A secret "
            "without a value, a key or an image that cannot be reached, a desired count of 0.",
        ),
    ]


def waf_alarms(web_acl: str, region: str, blocked_requests: float) -> list[Alarm]:
    """Alarms of the firewall before the load balancer.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
    """
    return [
        Alarm(
            name="waf-blocked-requests",
            search="blocked requests",
            metric=Metric(
                namespace="AWS/WAFV2",
                name="BlockedRequests",
                dimensions={"WebACL": web_acl, "Region": region, "Rule": "ALL"},
                statistic="Sum",
            ),
            threshold=blocked_requests,
            missing_data="notBreaching",
            advice="Run the saved search 'blocked requests'. One rule and many addresses of customers: it refuses "
            "our own users, so name it in service.waf.countedRules. Few addresses: an attack, and it is refused.",
        ),
    ]


def log_namespace(stack_name: str) -> str:
    """Where the stack counts its log lines; a metric filter with a default value can have no dimension."""
    return f"Workbuoy/{stack_name}"


def own_alarms(stack_name: str, function_name: Input[str]) -> list[Alarm]:
    """Alarms on what the service's log says, and on the rotation function."""
    return [
        Alarm(
            name="service-error-lines",
            search="errors",
            metric=Metric(namespace=log_namespace(stack_name), name="ErrorLines", dimensions={}, statistic="Sum"),
            threshold=10,
            missing_data="notBreaching",
            advice="Run the saved search 'errors'; lines without a request id come from start-up or migrate.",
        ),
        Alarm(
            name="service-owed-deletions",
            search="storage calls",
            unit="seconds",
            metric=Metric(
                namespace=log_namespace(stack_name), name="OwedDeletionAge", dimensions={}, statistic="Maximum"
            ),
            threshold=3600,
            missing_data="notBreaching",
            advice="Deleted attachments are still in the bucket. List them: `workbuoy-app removals` as a one-off task; "
            "then look why the store refuses, in the log's lines of the operation delete.",
        ),
        Alarm(
            name="service-standing-freeze",
            search="errors",
            metric=Metric(namespace=log_namespace(stack_name), name="StandingFreezes", dimensions={}, statistic="Sum"),
            threshold=0,
            minutes=1,  # the service has waited already
            missing_data="notBreaching",
            advice="A restore, a move or a promotion stopped half-way and left its customer unable to write. Say the "
            "same command again: it goes on. The line in the saved search 'errors' names both.",
        ),
        Alarm(
            name="rotation-errors",
            search="rotation steps",
            metric=Metric(
                namespace="AWS/Lambda",
                name="Errors",
                dimensions={"FunctionName": function_name},
                statistic="Sum",
            ),
            threshold=0,
            minutes=1,
            missing_data="notBreaching",
            advice="The database login was not rotated; the old one still works. Read the function's log, mend "
            "the cause and start the rotation again: every step may be repeated.",
        ),
    ]


DRILL_ALARM = "restore-drill"
DRILL_METRIC = "LastGoodDrillAge"


def drill_alarms(stack_name: str, within_days: int | None) -> list[Alarm]:
    """That a restore was tried lately; none where no drills are wanted.

    The workflow of the drills measures the age every night, in days (operations/restore/drills.py). Two days, since it
    runs at no exact time.
    """
    if within_days is None:
        return []
    return [
        Alarm(
            name=DRILL_ALARM,
            search="errors",
            unit="days",
            days=2,
            metric=Metric(namespace=log_namespace(stack_name), name=DRILL_METRIC, dimensions={}, statistic="Minimum"),
            threshold=within_days,
            missing_data="breaching",
            advice="Nobody knows whether this stack can be restored. Look at the last run of the workflow `drills`, "
            "then run `workbuoy restore drill STACK`.",
        )
    ]
