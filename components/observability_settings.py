"""Who is notified, from which values on, and who else watches."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from components.alarms import DatabaseThresholds
from components.objectives import ObjectivesSettings
from components.settings import PRIVATE_RANGES, BrokenRule, CidrBlock, Email, RoleArn, Rule, Settings, given_twice


def _plain_http_stays_private(traces: "TracesSettings") -> Iterator[BrokenRule]:
    block = IPv4Network(traces.cidr_block)
    if traces.endpoint.startswith("http://") and not any(block.subnet_of(private) for private in PRIVATE_RANGES):
        yield "endpoint", f"{traces.cidr_block} is public: use https://, or name a private block for a receiver inside"


class TracesSettings(Settings):
    """Where the service sends spans of its requests and statements: a receiver of OTLP over HTTP that you run.

    Requests are not signed: X-Ray's own OTLP endpoint wants SigV4, so a collector before it has to sign.
    """

    endpoint: Annotated[
        str,
        Field(
            pattern=r"^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}))?(/[A-Za-z0-9._~/-]*)?$",
            examples=["http://collector.internal:4318"],
            max_length=300,
            description="Its base address; spans go to /v1/traces below it",
        ),
    ]
    cidr_block: Annotated[
        CidrBlock, Field(description="Where it is: the service may connect to this block on the endpoint's port")
    ]
    sampled_percent: Annotated[
        float,
        Field(ge=0, le=100, description="Of the requests whose caller sends no trace; else the caller decides"),
    ] = 10

    rules: ClassVar[tuple[Rule, ...]] = (_plain_http_stays_private,)

    @property
    def port(self) -> int:
        """The endpoint's TCP port."""
        parts = urlsplit(self.endpoint)
        return parts.port or (443 if parts.scheme == "https" else 80)


def _who_is_told_and_who_reads(settings: "ObservabilitySettings") -> Iterator[BrokenRule]:
    if settings.prometheus == "own" and not settings.prometheus_role_arns:
        yield "prometheusRoleArns", "prometheus: own needs the role under which Prometheus runs, to find the tasks"
    if settings.prometheus != "own" and settings.prometheus_role_arns:
        yield "prometheusRoleArns", f"prometheus: {settings.prometheus} has no use for it: take it out, or choose own"
    yield from given_twice(settings.alarm_emails, "alarmEmails")
    yield from given_twice(settings.prometheus_role_arns, "prometheusRoleArns")
    yield from given_twice(settings.grafana_role_arns, "grafanaRoleArns")


class ObservabilitySettings(Settings):
    """Who is told, and from which values on."""

    alarm_emails: Annotated[
        tuple[Email, ...],
        Field(description="Each must confirm by a link that AWS sends; permanent stacks need one"),
    ] = ()
    database_cpu_percent: Annotated[int, Field(ge=10, le=100)] = 80
    database_operations_per_second: Annotated[
        int, Field(ge=100, description="gp3's baseline is 3000, from 400 GiB on 12000")
    ] = 2400
    database_connections: Annotated[
        int,
        Field(ge=10, description="About 80 % of what the instance class takes (memory in bytes / 9531392)"),
    ] = 80
    database_transaction_log_gib: Annotated[int, Field(ge=1)] = 10
    service_error_percent: Annotated[int, Field(ge=1, le=100)] = 5
    service_response_seconds: Annotated[int, Field(ge=1, le=60, description="95 of 100 requests are faster")] = 1
    waf_blocked_requests: Annotated[
        int, Field(ge=1, description="A minute, five minutes long: an attack, or our own users refused")
    ] = 300
    drill_within_days: Annotated[
        int | None,
        Field(
            ge=8,
            le=365,
            examples=[30],
            description="Drill a restore every week, and alarm where the last good one is older; null drills nothing",
        ),
    ] = None
    objectives: ObjectivesSettings = ObjectivesSettings()
    prometheus: Annotated[
        Literal["none", "managed", "own"],
        Field(description="Who scrapes the service: nobody, AWS's managed collector, or a Prometheus in the network"),
    ] = "none"
    prometheus_role_arns: Annotated[
        tuple[RoleArn, ...],
        Field(description="Under which roles one's own Prometheus runs: they may ask ECS for the tasks"),
    ] = ()
    grafana_role_arns: Annotated[
        tuple[RoleArn, ...],
        Field(description="Under which roles Grafana runs: they may read the figures of CloudWatch and Prometheus"),
    ] = ()
    traces: Annotated[
        TracesSettings | None, Field(description="Spans by OpenTelemetry's SDK; null exports none and loads nothing")
    ] = None
    runbooks_url: Annotated[
        str,
        Field(
            pattern=r"^(https://[^\s#]+|docs)/runbooks\.md$",
            examples=["https://github.com/example/infrastructure/blob/main/docs/runbooks.md"],
            max_length=300,
            description="Where people read the runbooks; every alarm links to its section there",
        ),
    ] = "docs/runbooks.md"

    rules: ClassVar[tuple[Rule, ...]] = (_who_is_told_and_who_reads,)

    def runbook(self, name: str) -> str:
        """The section of an alarm, or of an alert for the same symptom."""
        return f"{self.runbooks_url}#{name}"

    def database_thresholds(self, allocated_storage_gib: int) -> DatabaseThresholds:
        """What a database of this size is watched for."""
        return DatabaseThresholds(
            cpu_percent=self.database_cpu_percent,
            operations_per_second=self.database_operations_per_second,
            free_storage_gib=max(2, allocated_storage_gib // 10),
            connections=self.database_connections,
            transaction_log_gib=self.database_transaction_log_gib,
        )
