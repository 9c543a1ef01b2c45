"""What a base stack and a customer's own stack have alike: database, secrets, logs, roles, service and alarms."""

from dataclasses import dataclass, replace
from typing import Any

from pulumi import Input, ResourceOptions

from components.access import Access, AccessArgs
from components.backup import LOCAL_DAYS, BackupCopy, BackupCopyArgs
from components.backup_settings import S3_LATE_DAYS
from components.context import TASK_ROLE, StackContext
from components.database import Database, DatabaseArgs
from components.encryption import Encryption
from components.exports import ExportsPlace
from components.files import Files, Import
from components.logs import Logs, LogsArgs
from components.observability import Observability, ObservabilityArgs
from components.place import ClusterPlace, LoadBalancerPlace, MetricsPlace, NetworkPlace
from components.restore import Restore, RestoreArgs
from components.rotation import Rotation, RotationArgs
from components.scraping import Scraping, ScrapingArgs
from components.secrets import Secrets, SecretsArgs
from components.service import LAST_PRIORITY, Service, ServiceArgs
from components.task import EXPORT, TaskArgs, named_commands
from infra.environment import export_environment, restore_environment, rotation_environment, service_environment
from infra.settings import StackSettings
from infra.tenants.record import Tenant
from monitoring.rules import rules
from monitoring.scrape import managed_alert_manager, managed_configuration
from monitoring.text import as_yaml
from monitoring.watched import Watched


def context_of(stack: str, settings: StackSettings) -> StackContext:
    """Where a stack stands and what it is called, by its settings."""
    return StackContext(
        name=f"workbuoy-{stack}",
        environment=settings.environment,
        account_id=settings.account,
        region=settings.region,
        permanent=settings.permanent,
        owner=settings.owner,
        permissions_boundary_arn=settings.permissions_boundary_arn,
    )


def import_from(stack: str, tenant: Tenant, settings: StackSettings) -> Import:
    """What lets another stack of this account bring a customer's data, by the role that its tasks have."""
    role_arn = f"arn:aws:iam::{settings.account}:role/workbuoy-{stack}-{TASK_ROLE}"
    return Import(tenant=tenant.name, from_role_arn=role_arn)


def copied_to(settings: StackSettings) -> tuple[str, str] | None:
    """The account that keeps a copy of the backups, and the region of its vault."""
    copy = settings.backup_copy
    return (copy.account, copy.region_beside(settings.region)) if copy else None


def backups_kept_days(settings: StackSettings) -> int:
    """How long something that was erased can still stand in a backup.

    A copy holds the bucket's older versions too, so that one of a version's last day outlives it by its own days.
    """
    versions = settings.files.expire_noncurrent_after_days + S3_LATE_DAYS
    if settings.backup_copy is not None:
        versions += max(settings.backup_copy.keep_days, LOCAL_DAYS)
    return max(settings.database.backup_retention_days, versions)


@dataclass(frozen=True, kw_only=True)
class WorkloadArgs:
    """Keys and files come first, since a load balancer writes its logs to them; the places are anyone's.

    A stack that owns the workspace of `metrics` tells its alert manager whom to call, for customers' stacks too.
    """

    context: StackContext
    settings: StackSettings
    keys: Encryption
    files: Files
    network: NetworkPlace
    load_balancer: LoadBalancerPlace
    cluster: ClusterPlace
    exports: ExportsPlace
    url: Input[str]
    watched: Watched
    metrics: MetricsPlace | None
    owns_workspace: bool = False
    priority: int = LAST_PRIORITY


def declare_workload(args: WorkloadArgs, opts: ResourceOptions) -> dict[str, Any]:
    """Declare a service with everything of its own, and return its outputs."""
    context, settings, app = args.context, args.settings, args.settings.service
    workspace = args.metrics.workspace if args.metrics else None
    args.files.let_pages_read(args.url)
    database = Database(
        "database",
        DatabaseArgs(context=context, settings=settings.database, network=args.network, keys=args.keys),
        opts,
    )
    secrets = Secrets(
        "secrets",
        SecretsArgs(context=context, key_arn=args.keys.secrets_key_arn, with_oidc=not app.login.mock),
        opts,
    )
    logs = Logs(
        "logs",
        LogsArgs(context=context, retention_days=app.log_retention_days, key_arn=args.keys.logs_key_arn),
        opts,
    )
    access = Access(
        "access",
        AccessArgs(
            context=context,
            image=app.image,
            keys=args.keys,
            database=database,
            files=args.files,
            secrets=secrets,
            logs=logs,
            exports=args.exports,
        ),
        opts,
    )
    rotation = Rotation(
        "rotation",
        RotationArgs(
            context=context,
            rotation_days=settings.secrets.rotation_days,
            image=app.image,
            architecture=app.architecture,
            environment=rotation_environment(context, app, database),
            network=args.network,
            database=database,
            secrets=secrets,
            role=access.rotation,
            log_group=logs.rotation,
        ),
        opts,
    )
    environment = service_environment(
        context,
        app,
        database=database,
        files=args.files,
        secrets=secrets,
        url=args.url,
        backups_kept_days=backups_kept_days(settings),
        traces=settings.observability.traces,
    )
    tasks = TaskArgs(
        context=context,
        settings=app,
        environment=environment,
        owner_secret_arn=database.owner_secret_arn,
        execution_role=access.execution,
        task_role=access.task,
        log_group=logs.service,
    )
    service = Service(
        "service",
        ServiceArgs(
            tasks=tasks,
            network=args.network,
            database=database,
            load_balancer=args.load_balancer,
            cluster=args.cluster,
            rotation=rotation,
            metrics=args.metrics,
            traces=settings.observability.traces,
            priority=args.priority,
        ),
        opts,
    )
    restore = Restore(
        "restore",
        RestoreArgs(
            tasks=replace(
                tasks, environment=restore_environment(environment, database, secrets), task_role=access.restore
            ),
            network=args.network,
            database=database,
        ),
        opts,
    )
    exporting = replace(tasks, environment=export_environment(environment, args.exports), task_role=access.export)
    observability = Observability(
        "observability",
        ObservabilityArgs(
            context=context,
            settings=settings.observability,
            key_arn=args.keys.alerts_key_arn,
            database=database,
            load_balancer=args.load_balancer,
            service=service,
            rotation=rotation,
            logs=logs,
            workspace_arn=workspace.arn if workspace and args.owns_workspace else None,
            copied_away=settings.backup_copy is not None,
        ),
        opts,
    )
    copy = None
    if settings.backup_copy is not None:
        copy = BackupCopy(
            "backup",
            BackupCopyArgs(
                context=context,
                settings=settings.backup_copy,
                database_arn=database.instance.arn,
                database_key_arn=args.keys.database_key_arn,
                bucket_arn=args.files.bucket_arn,
                files_key_arn=args.keys.files_key_arn,
                topic_arn=observability.topic_arn,
            ),
            opts,
        )
    if args.metrics is not None and workspace is not None:
        Scraping(
            "scraping",
            ScrapingArgs(
                context=context,
                workspace=workspace,
                security_group_id=args.metrics.security_group_id,
                subnet_ids=args.network.private_subnet_ids,
                configuration=as_yaml(managed_configuration(args.watched)),
                rules=as_yaml(rules(args.watched)),
                alert_manager=as_yaml(managed_alert_manager(args.watched)) if args.owns_workspace else None,
                topic_ready=[observability.topic_ready],
            ),
            opts,
        )
    return {
        "url": args.url,
        "imageDigest": app.image.digest,
        "databaseAddress": database.address,
        "databaseFinalSnapshotName": database.final_snapshot_name,
        "databaseLoginSecretArn": secrets.database_login_arn,
        "databaseOwnerSecretArn": database.owner_secret_arn,
        **({"oidcClientSecretArn": secrets.oidc_client_arn} if secrets.oidc_client_arn else {}),
        "filesBucketName": args.files.bucket_name,
        **({"backupVaultName": copy.vault_name, "copiesVaultArn": copy.copies_vault_arn} if copy else {}),
        "alarmTopicArn": observability.topic_arn,
        "readLogsPolicyArn": observability.read_logs_policy_arn,
        "serviceName": service.service_name,
        "serviceSecurityGroupId": service.security_group_id,
        "taskDefinitionArn": service.task_definition_arn,
        "oneOffTaskDefinitionArn": service.one_off_task_definition_arn,
        "restoreTaskDefinitionArn": restore.task_definition_arn,
        "drillTaskDefinitionArn": restore.drill_task_definition_arn,
        "exportTaskDefinitionArn": named_commands(EXPORT, exporting, opts).arn,
        "restoreSecurityGroupId": restore.security_group_id,
        "restoredSecurityGroupId": restore.copy_security_group_id,
        "restoredLoginSecretArn": secrets.restored_login_arn,
    }
