"""A base stack: its components, and what each gets from the others."""

from typing import Any

from pulumi import ResourceOptions

from components.access import Access, AccessArgs
from components.cluster import Cluster, ClusterArgs
from components.context import StackContext
from components.database import Database, DatabaseArgs
from components.encryption import Encryption, EncryptionArgs
from components.files import Files, FilesArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.logs import Logs, LogsArgs
from components.network import Network, NetworkArgs
from components.observability import Observability, ObservabilityArgs
from components.rotation import Rotation, RotationArgs
from components.secrets import Secrets, SecretsArgs
from components.service import Service, ServiceArgs
from infra.environment import public_url, rotation_environment, service_environment
from infra.providers import make_providers
from infra.settings import StackSettings


def declare_stack(stack: str, settings: StackSettings) -> dict[str, Any]:
    """Declare a base stack and return its outputs: identifiers and ARNs, never a secret's value."""
    context = StackContext(
        name=f"workbuoy-{stack}",
        environment=settings.environment,
        account_id=settings.account,
        region=settings.region,
        permanent=settings.permanent,
        owner=settings.owner,
        permissions_boundary_arn=settings.permissions_boundary_arn,
    )
    opts = ResourceOptions(providers=make_providers(settings))
    app = settings.service

    keys = Encryption("keys", EncryptionArgs(context=context), opts)
    network = Network(
        "network",
        NetworkArgs(context=context, settings=settings.network, logs_key_arn=keys.logs_key_arn),
        opts,
    )
    database = Database(
        "database",
        DatabaseArgs(context=context, settings=settings.database, network=network, keys=keys),
        opts,
    )
    files = Files("files", FilesArgs(context=context, settings=settings.files, key_arn=keys.files_key_arn), opts)
    secrets = Secrets(
        "secrets",
        SecretsArgs(context=context, key_arn=keys.secrets_key_arn, with_oidc=not app.login.mock),
        opts,
    )
    logs = Logs(
        "logs",
        LogsArgs(context=context, retention_days=app.log_retention_days, key_arn=keys.logs_key_arn),
        opts,
    )
    access = Access(
        "access",
        AccessArgs(
            context=context,
            image=app.image,
            keys=keys,
            database=database,
            files=files,
            secrets=secrets,
            logs=logs,
        ),
        opts,
    )
    load_balancer = LoadBalancer(
        "load-balancer",
        LoadBalancerArgs(context=context, settings=app, network=network, log_bucket=files.log_bucket),
        opts,
    )
    cluster = Cluster("cluster", ClusterArgs(context=context, container_insights=app.container_insights), opts)
    rotation = Rotation(
        "rotation",
        RotationArgs(
            context=context,
            rotation_days=settings.secrets.rotation_days,
            image=app.image,
            architecture=app.architecture,
            environment=rotation_environment(context, app, database),
            network=network,
            database=database,
            secrets=secrets,
            role=access.rotation,
            log_group=logs.rotation,
        ),
        opts,
    )
    service = Service(
        "service",
        ServiceArgs(
            context=context,
            settings=app,
            environment=service_environment(
                context, app, database=database, files=files, secrets=secrets, load_balancer=load_balancer
            ),
            network=network,
            database=database,
            load_balancer=load_balancer,
            cluster=cluster,
            rotation=rotation,
            execution_role=access.execution,
            task_role=access.task,
            log_group=logs.service,
        ),
        opts,
    )
    observability = Observability(
        "observability",
        ObservabilityArgs(
            context=context,
            settings=settings.observability,
            key_arn=keys.alerts_key_arn,
            database=database,
            load_balancer=load_balancer,
            service=service,
            rotation=rotation,
            logs=logs,
        ),
        opts,
    )
    return {
        "url": public_url(app, load_balancer),
        "databaseAddress": database.address,
        "databaseLoginSecretArn": secrets.database_login_arn,
        "databaseOwnerSecretArn": database.owner_secret_arn,
        **({"oidcClientSecretArn": secrets.oidc_client_arn} if secrets.oidc_client_arn else {}),
        "filesBucketName": files.bucket_name,
        "alarmTopicArn": observability.topic_arn,
        "readLogsPolicyArn": observability.read_logs_policy_arn,
        "clusterArn": cluster.arn,
        "serviceName": service.service_name,
        "taskDefinitionArn": service.task_definition_arn,
        "listenerArn": load_balancer.listener_arn,
        "vpcId": network.vpc_id,
        "privateSubnetIds": network.private_subnet_ids,
        "dataSubnetIds": network.data_subnet_ids,
    }
