"""The database: RDS Postgres with backups, point-in-time recovery and a master password that only RDS knows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ComponentResource, Output, ResourceOptions
from pydantic import Field

from components.context import StackContext
from components.encryption import Encryption
from components.firewall import SecurityGroup, SecurityGroupArgs
from components.log_group import LogGroup, LogGroupArgs
from components.names import RESTORED
from components.permissions import Statement
from components.place import NetworkPlace
from components.role import Role, RoleArgs, from_own_account
from components.settings import BrokenRule, LogRetentionDays, Rule, Settings

PORT = 5432
DATABASE_NAME = "workbuoy"
OWNER_NAME = "workbuoy_owner"  # control RDS.25: neither postgres nor admin
# Every exported log gets a group before RDS makes one of its own that never expires.
EXPORTED_LOGS = ("postgresql", "upgrade")
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"


def _storage_can_grow(database: "DatabaseSettings") -> Iterator[BrokenRule]:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
    if database.max_allocated_storage_gib * 10 < database.allocated_storage_gib * 11:
        least = -(-database.allocated_storage_gib * 11 // 10)
        yield (
            "maxAllocatedStorageGib",
            f"storage autoscaling needs at least a tenth above allocatedStorageGib: {least} or more",
        )


def _windows_lie_apart(database: "DatabaseSettings") -> Iterator[BrokenRule]:
    """RDS refuses a backup window that overlaps the maintenance window."""
    backup_start, backup_end = (minutes_of(time) for time in database.backup_window.split("-"))
    maintenance_start, maintenance_end = (minutes_of(time[4:]) for time in database.maintenance_window.split("-"))
    for path, start, end in (
        ("backupWindow", backup_start, backup_end),
        ("maintenanceWindow", maintenance_start, maintenance_end),
    ):
        if (end - start) % 1440 < 30:
            yield path, "RDS wants a window of at least 30 minutes"
    if overlap(backup_start, backup_end, maintenance_start, maintenance_end):
        yield "maintenanceWindow", f"overlaps backupWindow {database.backup_window}; move one of them"


def minutes_of(clock: str) -> int:
    """Minutes from midnight of `HH:MM`."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def overlap(first_start: int, first_end: int, second_start: int, second_end: int) -> bool:
    """Whether two daily windows, in minutes from midnight and possibly across it, share a minute."""
    return (second_start - first_start) % 1440 < (first_end - first_start) % 1440 or (
        first_start - second_start
    ) % 1440 < (second_end - second_start) % 1440


_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_DAY = r"(mon|tue|wed|thu|fri|sat|sun)"


class DatabaseSettings(Settings):
    """Size, retention and care of the database."""

    engine_version: Annotated[
        str,
        Field(
            pattern=r"^1[4-8]$",
            examples=["17"],
            description="Major version only, such as '17', and at least 14: RDS upgrades the minor one by itself",
        ),
    ] = "17"
    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", examples=["db.t4g.micro"])]
    allocated_storage_gib: Annotated[int, Field(ge=20, le=65536)]
    max_allocated_storage_gib: Annotated[int, Field(ge=22, le=65536, description="Storage grows by itself up to here")]
    multi_az: Annotated[bool, Field(description="A standby in a second zone")]
    backup_retention_days: Annotated[
        int, Field(ge=1, le=35, description="Days that point-in-time recovery reaches back")
    ] = 7
    backup_window: Annotated[
        str, Field(pattern=rf"^{_TIME}-{_TIME}$", examples=["01:00-02:00"], description="Daily, UTC")
    ] = "01:00-02:00"
    maintenance_window: Annotated[
        str,
        Field(pattern=rf"^{_DAY}:{_TIME}-{_DAY}:{_TIME}$", examples=["sun:03:00-sun:04:00"], description="Weekly, UTC"),
    ] = "sun:03:00-sun:04:00"
    apply_immediately: Annotated[
        bool, Field(description="Do not wait for the maintenance window; a new major version needs it")
    ] = False
    performance_insights_retention_days: Literal[7, 31, 62, 93, 186, 372, 731] = 7
    enhanced_monitoring_interval_seconds: Literal[1, 5, 10, 15, 30, 60] = 60
    log_retention_days: LogRetentionDays = 90
    slow_query_milliseconds: Annotated[int, Field(ge=1, le=60000, description="Slower statements are logged")] = 500

    rules: ClassVar[tuple[Rule, ...]] = (_storage_can_grow, _windows_lie_apart)


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    context: StackContext
    settings: DatabaseSettings
    network: NetworkPlace
    keys: Encryption


class Database(ComponentResource):
    """A Postgres instance that can go back to any minute of its retention.

    The owner's password is made and rotated by RDS in a secret of its own (`owner_secret_arn`, JSON keys `username`
    and `password`). In a permanent stack the instance is protected, deletion takes a final snapshot under a name that
    stays the same, and automated backups outlive the instance.
    """

    identifier: str
    allocated_storage_gib: int
    address: Output[str]
    restored_address: Output[str]
    owner_secret_arn: Output[str]
    messages_log: LogGroup
    security_group: SecurityGroup
    final_snapshot_name: Output[str]
    instance: aws.rds.Instance

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Database", name, None, opts)
        context, settings, child = args.context, args.settings, ResourceOptions(parent=self)
        self.identifier = f"{context.name}-{name}"
        self.allocated_storage_gib = settings.allocated_storage_gib
        self.security_group = SecurityGroup(
            name,
            SecurityGroupArgs(context=context, vpc_id=args.network.vpc_id, description="The database"),
            opts=child,
        )
        subnet_group = aws.rds.SubnetGroup(
            f"{name}-subnets",
            description=f"{context.name}: data subnets",
            subnet_ids=list(args.network.data_subnet_ids),
            tags=context.tags(),
            opts=child,
        )
        log_groups = [self._log_group(name, log, args) for log in EXPORTED_LOGS]
        self.messages_log = log_groups[0]
        monitoring_role = Role(
            f"{name}-monitoring",
            RoleArgs(
                context=context,
                description="Writes the database's enhanced monitoring",
                trusted_service="monitoring.rds.amazonaws.com",
                statements=write_enhanced_monitoring(context),
                trust_conditions=from_own_account(context),
            ),
            opts=child,
        )
        final_snapshot_suffix = random.RandomId(
            f"{name}-final-snapshot-suffix",
            byte_length=4,
            keepers={"identifier": self.identifier},
            opts=child,
        )
        self.final_snapshot_name = Output.concat(self.identifier, "-final-", final_snapshot_suffix.hex)
        self.instance = aws.rds.Instance(
            f"{name}-instance",
            identifier=self.identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            # A change of the major version is reviewed, and meant, only together with applyImmediately.
            allow_major_version_upgrade=settings.apply_immediately,
            auto_minor_version_upgrade=True,
            apply_immediately=settings.apply_immediately,
            instance_class=settings.instance_class,
            db_name=DATABASE_NAME,
            username=OWNER_NAME,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.keys.secrets_key_arn,
            iam_database_authentication_enabled=True,
            port=PORT,
            ca_cert_identifier=CERTIFICATE_AUTHORITY,
            parameter_group_name=self._parameters(name, context, settings).name,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=args.keys.database_key_arn,
            allocated_storage=settings.allocated_storage_gib,
            max_allocated_storage=settings.max_allocated_storage_gib,
            multi_az=settings.multi_az,
            publicly_accessible=False,
            db_subnet_group_name=subnet_group.name,
            vpc_security_group_ids=[self.security_group.id],
            backup_retention_period=settings.backup_retention_days,
            backup_window=settings.backup_window,
            maintenance_window=settings.maintenance_window,
            copy_tags_to_snapshot=True,
            deletion_protection=context.protected,
            skip_final_snapshot=not context.permanent,
            final_snapshot_identifier=self.final_snapshot_name,
            delete_automated_backups=not context.permanent,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.keys.database_key_arn,
            performance_insights_retention_period=settings.performance_insights_retention_days,
            monitoring_interval=settings.enhanced_monitoring_interval_seconds,
            monitoring_role_arn=monitoring_role.arn,
            enabled_cloudwatch_logs_exports=list(EXPORTED_LOGS),
            tags=context.tags("customer-data"),
            opts=ResourceOptions(
                parent=self,
                protect=context.protected,
                depends_on=[monitoring_role.policy, *log_groups],
            ),
        )
        self.address = self.instance.address
        # Of one account and region, addresses differ in the instance's name alone.
        self.restored_address = self.address.apply(_of_the_copy)
        self.owner_secret_arn = self.instance.master_user_secrets.apply(_only_secret_arn)
        self.register_outputs({"address": self.address, "ownerSecretArn": self.owner_secret_arn})

    def read_owner_secret(self) -> Statement:
        """Read the owner's name and password: for `migrate` and for rotation only."""
        return Statement(
            sid="ReadDatabaseOwnerSecret",
            actions=["secretsmanager:GetSecretValue"],
            resources=[self.owner_secret_arn],
        )

    def _log_group(self, name: str, log: str, args: DatabaseArgs) -> LogGroup:
        return LogGroup(
            f"{name}-{log}-log",
            LogGroupArgs(
                context=args.context,
                name=f"/aws/rds/instance/{self.identifier}/{log}",
                retention_days=args.settings.log_retention_days,
                key_arn=args.keys.logs_key_arn,
            ),
            opts=ResourceOptions(parent=self),
        )

    def _parameters(self, name: str, context: StackContext, settings: DatabaseSettings) -> aws.rds.ParameterGroup:
        """Named by the engine's automatic suffix, so that a new family's group exists before the old one goes."""
        parameters = {
            "rds.force_ssl": "1",
            "log_min_duration_statement": str(settings.slow_query_milliseconds),
            "log_statement": "ddl",
            "log_lock_waits": "1",
            "idle_in_transaction_session_timeout": "60000",
        }
        return aws.rds.ParameterGroup(
            f"{name}-parameters",
            family=f"postgres{settings.engine_version}",
            description=f"{context.name}: TLS only, slow queries logged",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(name=key, value=value, apply_method="immediate")
                for key, value in parameters.items()
            ],
            tags=context.tags(),
            opts=ResourceOptions(parent=self),
        )


def _of_the_copy(address: str) -> str:
    name, dot, rest = address.partition(".")
    return f"{name}-{RESTORED}{dot}{rest}"


def _only_secret_arn(secrets: Sequence[aws.rds.outputs.InstanceMasterUserSecret]) -> str:
    """An instance has exactly one master secret, and its ARN from the moment it exists."""
    (secret,) = secrets
    assert secret.secret_arn is not None  # noqa: S101  optional only in the provider's schema
    return secret.secret_arn


def write_enhanced_monitoring(context: StackContext) -> list[Statement]:
    """Write enhanced monitoring to the one log group that RDS keeps for it in each account.

    The managed policy AmazonRDSEnhancedMonitoringRole grants the same on every group whose name begins with RDS.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
    """
    group_arn = context.arn("logs", "log-group:RDSOSMetrics")
    return [
        Statement(
            sid="KeepMonitoringLogGroup",
            actions=["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            resources=[group_arn, f"{group_arn}:*"],
        ),
        Statement(
            sid="WriteMonitoringStreams",
            actions=[
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            resources=[f"{group_arn}:*"],
        ),
    ]
