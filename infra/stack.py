"""A base stack: network, load balancer and cluster, and the service that all pool tenants share."""

from collections.abc import Sequence
from typing import Any

from pulumi import Output, ResourceOptions

from components.cluster import Cluster, ClusterArgs
from components.context import StackContext
from components.encryption import Encryption, EncryptionArgs
from components.exports import Exports, ExportsArgs
from components.files import Files, FilesArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.metrics import Metrics, MetricsArgs
from components.network import Network, NetworkArgs
from components.place import MetricsPlace
from components.readers import Readers, ReadersArgs
from infra.environment import public_url
from infra.providers import make_providers
from infra.settings import StackSettings
from infra.tenants.record import Tenant
from infra.watched import watched
from infra.workload import WorkloadArgs, context_of, copied_to, declare_workload, import_from


def declare_stack(stack: str, settings: StackSettings, moving: Sequence[Tenant]) -> dict[str, Any]:
    """Declare a base stack and return its outputs: identifiers and ARNs, never a secret's value.

    `infra.silo` places customers' own stacks by these outputs. `moving` are the pool's customers on their way from or
    to another base stack: each of the two then puts into the other's bucket, below that customer's own prefix.
    """
    imports = tuple(import_from(one.other.stack, one, settings) for one in moving if one.other is not None)
    writers = sorted({one.from_role_arn for one in imports})
    context = context_of(stack, settings)
    opts = ResourceOptions(providers=make_providers(settings))
    app = settings.service

    managed = settings.observability.prometheus == "managed"
    key_args = EncryptionArgs(
        context=context, files_writers=writers, copied_to=copied_to(settings), managed_prometheus=managed
    )
    keys = Encryption("keys", key_args, opts)
    network = Network(
        "network",
        NetworkArgs(
            context=context,
            settings=settings.network,
            logs_key_arn=keys.logs_key_arn,
            log_retention_days=app.log_retention_days,
        ),
        opts,
    )
    exports = Exports("exports", ExportsArgs(context=context, settings=settings.exports), opts)
    files = Files(
        "files",
        FilesArgs(
            context=context,
            settings=settings.files,
            key_arn=keys.files_key_arn,
            imports=imports,
            also_logged=[exports.bucket_name],
        ),
        opts,
    )
    exports.log_to(files.log_bucket)
    load_balancer = LoadBalancer(
        "load-balancer",
        LoadBalancerArgs(
            context=context,
            settings=app,
            network=network,
            log_bucket=files.log_bucket,
            logs_key_arn=keys.logs_key_arn,
        ),
        opts,
    )
    cluster = Cluster("cluster", ClusterArgs(context=context, container_insights=app.container_insights), opts)
    metrics = _metrics(context, settings, network, keys, opts)
    readers = _readers(context, settings, metrics, opts)
    workload = declare_workload(
        WorkloadArgs(
            context=context,
            settings=settings,
            keys=keys,
            files=files,
            network=network.place,
            load_balancer=load_balancer.place,
            cluster=cluster.place,
            exports=exports.place,
            url=public_url(app, load_balancer.dns_name),
            watched=watched(stack, settings),
            metrics=metrics,
            owns_workspace=True,
        ),
        opts,
    )
    return {
        **workload,
        "exportsBucketName": exports.bucket_name,
        "exportsKeyArn": exports.place.key_arn,
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "listenerArn": load_balancer.listener_arn,
        "loadBalancerArnSuffix": load_balancer.arn_suffix,
        "loadBalancerDnsName": load_balancer.dns_name,
        "loadBalancerSecurityGroupId": load_balancer.security_group.id,
        "accessLogBucketName": files.log_bucket.name,
        "vpcId": network.vpc_id,
        "privateSubnetIds": network.private_subnet_ids,
        "dataSubnetIds": network.data_subnet_ids,
        "s3PrefixListId": network.s3_prefix_list_id,
        "endpointsSecurityGroupId": network.endpoints_security_group.id,
        **_metrics_outputs(metrics),
        **readers,
    }


def _metrics(
    context: StackContext, settings: StackSettings, network: Network, keys: Encryption, opts: ResourceOptions
) -> MetricsPlace | None:
    if settings.observability.prometheus == "none":
        return None
    return Metrics(
        "metrics",
        MetricsArgs(
            context=context,
            scraper=settings.observability.prometheus,
            vpc_id=network.vpc_id,
            private_cidr_blocks=network.private_cidr_blocks,
            logs_key_arn=keys.logs_key_arn,
            log_retention_days=settings.service.log_retention_days,
        ),
        opts,
    ).place


def _readers(
    context: StackContext, settings: StackSettings, metrics: MetricsPlace | None, opts: ResourceOptions
) -> dict[str, Output[str]]:
    """The roles for Grafana and Prometheus that somebody may take, as outputs."""
    observability = settings.observability
    if not observability.grafana_role_arns and not observability.prometheus_role_arns:
        return {}
    readers = Readers(
        "readers",
        ReadersArgs(
            context=context,
            grafana_role_arns=observability.grafana_role_arns,
            prometheus_role_arns=observability.prometheus_role_arns,
            cluster_name=context.name,
            workspace_arn=metrics.workspace.arn if metrics and metrics.workspace else None,
        ),
        opts,
    )
    roles = {"grafanaRoleArn": readers.grafana_role_arn, "prometheusRoleArn": readers.prometheus_role_arn}
    return {name: arn for name, arn in roles.items() if arn is not None}


def _metrics_outputs(metrics: MetricsPlace | None) -> dict[str, Any]:
    """What `infra.silo` scrapes its service by."""
    if metrics is None:
        return {}
    scraper = {"metricsScraperSecurityGroupId": metrics.security_group_id}
    if metrics.workspace is None:
        return scraper
    return {
        **scraper,
        "metricsWorkspaceId": metrics.workspace.id,
        "metricsWorkspaceArn": metrics.workspace.arn,
        "metricsNamespaceId": metrics.workspace.namespace_id,
    }
