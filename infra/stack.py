"""A base stack: network, load balancer and cluster, and the service that all pool tenants share."""

from typing import Any

from pulumi import ResourceOptions

from components.cluster import Cluster, ClusterArgs
from components.encryption import Encryption, EncryptionArgs
from components.exports import Exports, ExportsArgs
from components.files import Files, FilesArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network, NetworkArgs
from infra.environment import public_url
from infra.providers import make_providers
from infra.settings import StackSettings
from infra.workload import WorkloadArgs, context_of, declare_workload


def declare_stack(stack: str, settings: StackSettings) -> dict[str, Any]:
    """Declare a base stack and return its outputs: identifiers and ARNs, never a secret's value.

    `infra.silo` places customers' own stacks by these outputs.
    """
    context = context_of(stack, settings)
    opts = ResourceOptions(providers=make_providers(settings))
    app = settings.service

    keys = Encryption("keys", EncryptionArgs(context=context), opts)
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
    }
