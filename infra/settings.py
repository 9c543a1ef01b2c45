"""A stack's settings: the components' sections composed, and the rules between them."""

import difflib
import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, ClassVar

from pydantic import Field

from components.backup_settings import START_WITHIN_MINUTES, BackupCopySettings
from components.database import DatabaseSettings, minutes_of, overlap
from components.exports import ExportsSettings
from components.files import FilesSettings
from components.network_settings import NetworkSettings
from components.observability_settings import ObservabilitySettings
from components.offered import data_date, postgres_classes
from components.secrets import SecretsSettings
from components.service_settings import ServiceSettings
from components.settings import AccountId, Arn, BrokenRule, Region, Rule, Settings, find_certificate_fault, given_twice
from infra.environments import PERMANENT_ENVIRONMENTS, Environment

LEAST_BACKUP_DAYS = 7  # control RDS.11
LEAST_NONCURRENT_DAYS = 7
# https://docs.aws.amazon.com/cloud-map/latest/api/API_DnsConfig.html (MULTIVALUE)
MOST_MANAGED_TASKS = 8


def _region_lies_inside_residency(stack: "StackSettings") -> Iterator[BrokenRule]:
    if stack.region not in stack.residency:
        yield (
            "region",
            f"{stack.region} lies outside residency ({', '.join(stack.residency)}); "
            "data may not be kept there: choose one of these",
        )


def _residency_stands_once(stack: "StackSettings") -> Iterator[BrokenRule]:
    yield from given_twice(stack.residency, "residency")


def _permanence_follows_environment(stack: "StackSettings") -> Iterator[BrokenRule]:
    if stack.environment in PERMANENT_ENVIRONMENTS and not stack.permanent:
        yield (
            "permanent",
            f"must be true in {stack.environment}: it keeps data from being deleted with the stack",
        )


def _zones_lie_in_region(stack: "StackSettings") -> Iterator[BrokenRule]:
    for index, zone in enumerate(stack.network.zones):
        if zone.name[:-1] != stack.region:
            yield f"network.zones[{index}].name", f"{zone.name} is not a zone of region {stack.region}"


def _outside_login_needs_a_way_out(stack: "StackSettings") -> Iterator[BrokenRule]:
    issuer_url, nat = stack.service.login.issuer_url, stack.network.nat
    if issuer_url and nat == "none":
        yield "network.nat", f"the service must reach {issuer_url}: choose single or per-zone"


def _spans_need_a_way_out(stack: "StackSettings") -> Iterator[BrokenRule]:
    traces, network = stack.observability.traces, stack.network
    if (
        traces
        and network.nat == "none"
        and not IPv4Network(traces.cidr_block).subnet_of(IPv4Network(network.cidr_block))
    ):
        yield (
            "observability.traces.cidrBlock",
            f"{traces.cidr_block} lies outside the network ({network.cidr_block}), which has no way out: place the "
            "receiver inside, or choose network.nat single or per-zone",
        )


def _class_is_offered(stack: "StackSettings") -> Iterator[BrokenRule]:
    name = stack.database.instance_class
    offered = postgres_classes(stack.region)
    if name not in offered:
        near = difflib.get_close_matches(name, offered, n=1)
        yield (
            "database.instanceClass",
            f"RDS offers no {name} for Postgres in {stack.region}; {f'{near[0]} is near' if near else 'take another'} "
            f"(as of {data_date()}; `python -m rehearsal.checks.refresh` asks again)",
        )


def _image_is_own(stack: "StackSettings") -> Iterator[BrokenRule]:
    account = stack.service.image.account_id
    if account != stack.account:
        yield (
            "service.image.repository",
            f"is of account {account}; bootstrap makes a registry in {stack.account}, whose roles read no other",
        )


def _boundary_is_own(stack: "StackSettings") -> Iterator[BrokenRule]:
    arn = stack.permissions_boundary_arn
    if arn and not re.fullmatch(rf"arn:aws:iam::{stack.account}:policy/[\w+=,.@/-]+", arn):
        yield (
            "permissionsBoundaryArn",
            f"must be a policy of the stack's own account (arn:aws:iam::{stack.account}:policy/...); it is {arn}",
        )


def _image_lies_in_region(stack: "StackSettings") -> Iterator[BrokenRule]:
    image_region = stack.service.image.region
    if image_region != stack.region:
        yield (
            "service.image.repository",
            f"lies in {image_region}; Lambda takes images of its own region only: copy it to {stack.region}",
        )


def _certificate_lies_in_region(stack: "StackSettings") -> Iterator[BrokenRule]:
    certificate_arn = stack.service.certificate_arn
    if certificate_arn and (fault := find_certificate_fault(certificate_arn, stack.region, stack.account)):
        yield "service.certificateArn", fault


def _permanent_speaks_https(stack: "StackSettings") -> Iterator[BrokenRule]:
    if stack.permanent and stack.service.certificate_arn is None:
        yield (
            "service.certificateArn",
            "a permanent stack serves HTTPS only: name its ACM certificate and hostName",
        )


def _permanent_has_real_login(stack: "StackSettings") -> Iterator[BrokenRule]:
    if stack.permanent and stack.service.login.mock:
        yield "service.login.mock", "a permanent stack never runs the mock login: give issuerUrl and clientId"


def _permanent_keeps_backups(stack: "StackSettings") -> Iterator[BrokenRule]:
    days = stack.database.backup_retention_days
    if stack.permanent and days < LEAST_BACKUP_DAYS:
        yield (
            "database.backupRetentionDays",
            f"a permanent stack needs at least {LEAST_BACKUP_DAYS}; it is {days}",
        )


def _permanent_keeps_versions(stack: "StackSettings") -> Iterator[BrokenRule]:
    days = stack.files.expire_noncurrent_after_days
    if stack.permanent and days < LEAST_NONCURRENT_DAYS:
        yield (
            "files.expireNoncurrentAfterDays",
            f"a permanent stack needs at least {LEAST_NONCURRENT_DAYS}; it is {days}",
        )


def _permanent_has_standby(stack: "StackSettings") -> Iterator[BrokenRule]:
    if stack.permanent and not stack.database.multi_az:
        yield "database.multiAz", "a permanent stack needs a standby in a second zone: set true"


def _permanent_wakes_someone(stack: "StackSettings") -> Iterator[BrokenRule]:
    if stack.permanent and not stack.observability.alarm_emails:
        yield "observability.alarmEmails", "a permanent stack needs at least one person who is told of alarms"


def _managed_collector_finds_all_tasks(stack: "StackSettings") -> Iterator[BrokenRule]:
    tasks = stack.service.max_tasks
    if stack.observability.prometheus == "managed" and tasks > MOST_MANAGED_TASKS:
        yield (
            "service.maxTasks",
            f"is {tasks}; DNS, by which managed Prometheus finds tasks, answers with {MOST_MANAGED_TASKS}: lower it, "
            "or set observability.prometheus to own",
        )


def _copy_goes_elsewhere(stack: "StackSettings") -> Iterator[BrokenRule]:
    copy = stack.backup_copy
    if copy is not None and copy.account == stack.account:
        yield (
            "backupCopy.account",
            "is the stack's own: whoever gets at the stack would get at its copies; take another",
        )


def _copy_stays_inside_residency(stack: "StackSettings") -> Iterator[BrokenRule]:
    region = stack.backup_copy.region if stack.backup_copy else None
    if region is not None and region not in stack.residency:
        yield "backupCopy.region", f"{region} lies outside residency ({', '.join(stack.residency)}): take one of these"


def _copy_avoids_windows(stack: "StackSettings") -> Iterator[BrokenRule]:
    """AWS Backup takes no snapshot in a window of the database, nor in the hour before.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/troubleshooting.html
    """
    if stack.backup_copy is None:
        return
    start = minutes_of(stack.backup_copy.starts_at)
    maintenance = (time[4:] for time in stack.database.maintenance_window.split("-"))
    for name, window in (("backupWindow", stack.database.backup_window.split("-")), ("maintenanceWindow", maintenance)):
        begins, ends = map(minutes_of, window)
        if overlap(start, start + START_WITHIN_MINUTES, begins - 60, ends):
            yield (
                "backupCopy.startsAt",
                f"{stack.backup_copy.starts_at} begins in the hour before database.{name}, or in it, when AWS Backup "
                "takes no snapshot",
            )


def _readers_are_own(stack: "StackSettings") -> Iterator[BrokenRule]:
    for name, arns in (
        ("prometheusRoleArns", stack.observability.prometheus_role_arns),
        ("grafanaRoleArns", stack.observability.grafana_role_arns),
    ):
        for index, arn in enumerate(arns):
            if f":{stack.account}:" not in arn:
                yield (
                    f"observability.{name}[{index}]",
                    f"must be a role of the stack's own account {stack.account}; it is {arn}",
                )


def _moto_serves_local_only(stack: "StackSettings") -> Iterator[BrokenRule]:
    if (stack.environment == "local") != (stack.endpoint_url is not None):
        yield (
            "endpointUrl",
            "the stack local, and no other, names a moto server such as http://127.0.0.1:5000",
        )


class StackSettings(Settings):
    """Everything that a stack file decides, under `workbuoy:settings`."""

    environment: Environment
    account: Annotated[
        AccountId,
        Field(
            description="AWS account id, in quotes; 000000000NNN is a placeholder that only a rehearsal takes",
        ),
    ]
    region: Annotated[Region, Field(description="Never changes on a stack: moving is a second stack")]
    residency: Annotated[tuple[Region, ...], Field(min_length=1, description="Regions in which data may be kept")]
    permanent: Annotated[bool, Field(description="Drives every safeguard against losing data")]
    owner: Annotated[
        str, Field(pattern=r"^[a-z0-9-]{2,40}$", examples=["platform-team"], description="Team named in every tag")
    ]
    permissions_boundary_arn: Annotated[
        Arn | None,
        Field(
            description="Put on every role of the stack",
            examples=["arn:aws:iam::111122223333:policy/workbuoy-boundary"],
        ),
    ] = None
    endpoint_url: Annotated[
        str | None,
        Field(
            pattern=r"^http://(localhost|127\.0\.0\.1):\d{2,5}$",
            examples=["http://127.0.0.1:5000"],
            description="A moto server instead of AWS; for the stack local",
        ),
    ] = None
    monthly_budget_usd: Annotated[
        float | None,
        Field(
            gt=0, description="A change that takes the cost at rest over it stops the review; about what it costs today"
        ),
    ] = None
    network: NetworkSettings
    database: DatabaseSettings
    files: FilesSettings
    exports: ExportsSettings = ExportsSettings()
    backup_copy: Annotated[
        BackupCopySettings | None,
        Field(description="A copy of the backups in another account, out of reach; without it there is none"),
    ] = None
    secrets: SecretsSettings = SecretsSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    service: ServiceSettings

    rules: ClassVar[tuple[Rule, ...]] = (
        _region_lies_inside_residency,
        _permanence_follows_environment,
        _zones_lie_in_region,
        _outside_login_needs_a_way_out,
        _spans_need_a_way_out,
        _class_is_offered,
        _residency_stands_once,
        _image_is_own,
        _boundary_is_own,
        _image_lies_in_region,
        _certificate_lies_in_region,
        _permanent_speaks_https,
        _permanent_has_real_login,
        _permanent_keeps_backups,
        _permanent_keeps_versions,
        _permanent_has_standby,
        _permanent_wakes_someone,
        _managed_collector_finds_all_tasks,
        _readers_are_own,
        _copy_goes_elsewhere,
        _copy_stays_inside_residency,
        _copy_avoids_windows,
        _moto_serves_local_only,
    )
