"""The environment that the stack delivers to the service: the guide's settings, exactly.

Source: docs/guide.md, and the table of settings in app/README.md.
"""

from collections.abc import Mapping

from pulumi import Input, Output

from components.context import StackContext
from components.database import DATABASE_NAME, Database
from components.database import PORT as DATABASE_PORT
from components.exports import ExportsPlace
from components.files import Files
from components.observability_settings import TracesSettings
from components.secrets import Secrets
from components.service_settings import ServiceSettings
from components.task import METRICS_PORT
from components.task import PORT as SERVICE_PORT

Environment = Mapping[str, Input[str]]


def database_environment(database: Database, context: StackContext, settings: ServiceSettings) -> dict[str, Input[str]]:
    """What the service, `migrate` and rotation alike need to reach the database; no name and no password.

    The mock login is refused in production, so where it serves, the service runs as a development one.
    """
    return {
        "NODE_ENV": "development" if settings.login.mock else "production",
        "LOG_LEVEL": settings.log_level,
        "DATABASE_URL": _database_url(database.address),
        "S3_REGION": context.region,
    }


def _database_url(address: Input[str]) -> Output[str]:
    tail = f":{DATABASE_PORT}/{DATABASE_NAME}?schema=public&sslmode=verify-full"
    return Output.concat("postgresql://", address, tail)


def public_url(settings: ServiceSettings, dns_name: Input[str]) -> Input[str]:
    """Where people find the service: its host name, or the load balancer's own where it has none."""
    if settings.host_name:
        return f"https://{settings.host_name}"
    return Output.concat("http://", dns_name)


def service_environment(
    context: StackContext,
    settings: ServiceSettings,
    *,
    database: Database,
    files: Files,
    secrets: Secrets,
    url: Input[str],
    backups_kept_days: int,
    traces: TracesSettings | None = None,
) -> Environment:
    """The task's environment, shared by `migrate` and the service.

    `backups_kept_days` is how long the database's backups or the bucket's versions hold what was erased.
    """
    environment: dict[str, Input[str]] = {
        **database_environment(database, context, settings),
        "DATABASE_SECRET_ID": secrets.database_login_arn,
        "S3_BUCKET": files.bucket_name,
        "BACKUPS_KEPT_DAYS": str(backups_kept_days),
        "HOST": "0.0.0.0",  # noqa: S104  the task's own network interface
        "PORT": str(SERVICE_PORT),
        "METRICS_ENABLED": "true",
        "METRICS_PORT": str(METRICS_PORT),
        "OIDC_DEV_MOCK": "1" if settings.login.mock else "0",
        "PUBLIC_URL": url,
    }
    if settings.target_tls:
        environment["TLS_ENABLED"] = "true"
    if secrets.oidc_client_arn is not None and settings.login.issuer_url and settings.login.client_id:
        environment |= {
            "OIDC_ISSUER": settings.login.issuer_url,
            "OIDC_CLIENT_ID": settings.login.client_id,
            "OIDC_SECRET_ID": secrets.oidc_client_arn,
        }
    return environment | (traces_environment(context, traces) if traces else {})


def traces_environment(context: StackContext, traces: TracesSettings) -> dict[str, Input[str]]:
    """What OpenTelemetry's SDK reads. A customer's own stack is not named: spans hold nothing of customers.

    Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    """
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": traces.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={context.environment}",
        "OTEL_SERVICE_NAME": "workbuoy",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": f"{traces.sampled_percent / 100:g}",
    }


def restore_environment(environment: Environment, database: Database, secrets: Secrets) -> Environment:
    """The service's, and where a restored copy of the database stands beside it."""
    return {
        **environment,
        "RESTORED_DATABASE_URL": _database_url(database.restored_address),
        "RESTORED_DATABASE_SECRET_ID": secrets.restored_login_arn,
    }


def export_environment(environment: Environment, exports: ExportsPlace) -> Environment:
    """The service's, and where exports go."""
    return {**environment, "EXPORTS_BUCKET": exports.bucket_name}


def rotation_environment(context: StackContext, settings: ServiceSettings, database: Database) -> dict[str, Input[str]]:
    """The rotation function's environment; it reads the owner's secret itself."""
    return {
        **database_environment(database, context, settings),
        "DATABASE_OWNER_SECRET_ID": database.owner_secret_arn,
    }
