"""A customer's own stack: everything that holds data of its own, placed on a base stack's network and load balancer."""

from dataclasses import replace
from typing import Any

import pulumi
from pulumi import Output, ResourceOptions, StackReference

from components.certificate import ListenerCertificate, ListenerCertificateArgs
from components.encryption import Encryption, EncryptionArgs
from components.exports import ExportsPlace
from components.files import Files, FilesArgs, Import
from components.place import ClusterPlace, LoadBalancerPlace, MetricsPlace, NetworkPlace, WorkspacePlace
from infra.environment import public_url
from infra.providers import make_providers
from infra.settings import StackSettings
from infra.tenants.silo import Silo
from infra.watched import watched
from infra.workload import WorkloadArgs, context_of, copied_to, declare_workload, import_from


def declare_silo(stack: str, silo: Silo) -> dict[str, Any]:
    """Declare a customer's own stack and return its outputs: identifiers and ARNs, never a secret's value."""
    tenant, settings = silo.tenant, silo.settings
    retiring = tenant.dates.leaves_on is not None
    context = replace(context_of(stack, settings), tenant=tenant.name, retiring=retiring)
    opts = ResourceOptions(providers=make_providers(settings))
    base = StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{tenant.base}")
    zones = range(len(settings.network.zones))

    network = NetworkPlace(
        vpc_id=_output(base, "vpcId"),
        private_subnet_ids=[_output(base, "privateSubnetIds")[zone] for zone in zones],
        data_subnet_ids=[_output(base, "dataSubnetIds")[zone] for zone in zones],
        s3_prefix_list_id=_output(base, "s3PrefixListId"),
        endpoints_security_group_id=_output(base, "endpointsSecurityGroupId"),
    )
    load_balancer = LoadBalancerPlace(
        listener_arn=_output(base, "listenerArn"),
        arn_suffix=_output(base, "loadBalancerArnSuffix"),
        security_group_id=_output(base, "loadBalancerSecurityGroupId"),
        shared=True,
    )
    if silo.certificate_arn:
        ListenerCertificate(
            "certificate",
            ListenerCertificateArgs(listener_arn=load_balancer.listener_arn, certificate_arn=silo.certificate_arn),
            opts,
        )
    imports = _imports(silo)
    keys = Encryption(
        "keys",
        EncryptionArgs(
            context=context, files_writers=[one.from_role_arn for one in imports], copied_to=copied_to(settings)
        ),
        opts,
    )
    files = Files(
        "files",
        FilesArgs(
            context=context,
            settings=settings.files,
            key_arn=keys.files_key_arn,
            takes_load_balancer_logs=False,
            imports=imports,
        ),
        opts,
    )
    workload = declare_workload(
        WorkloadArgs(
            context=context,
            settings=settings,
            keys=keys,
            files=files,
            network=network,
            load_balancer=load_balancer,
            cluster=ClusterPlace(arn=_output(base, "clusterArn"), name=_output(base, "clusterName")),
            exports=ExportsPlace(
                bucket_name=_output(base, "exportsBucketName"),
                key_arn=_output(base, "exportsKeyArn"),
                tenant=tenant.name,
            ),
            url=public_url(settings.service, _output(base, "loadBalancerDnsName")),
            watched=watched(stack, settings, tenant.base, tenant.name),
            metrics=_metrics(base, settings),
            priority=silo.listener_priority,
        ),
        opts,
    )
    return {
        **workload,
        "tenant": tenant.name,
        "base": tenant.base,
        # What a one-off task of this customer's needs to be started.
        "exportsBucketName": _output(base, "exportsBucketName"),
        "clusterArn": _output(base, "clusterArn"),
        "privateSubnetIds": network.private_subnet_ids,
    }


def _imports(silo: Silo) -> tuple[Import, ...]:
    """While a promotion is open the base's service brings the customer's export; while they move, the other stack's."""
    tenant = silo.tenant
    if tenant.promotion is not None:
        return (import_from(tenant.base, tenant, silo.settings),)
    return (import_from(tenant.other.stack, tenant, silo.settings),) if tenant.other is not None else ()


def _metrics(base: StackReference, settings: StackSettings) -> MetricsPlace | None:
    """Who scrapes the base's service scrapes this one, into the same workspace."""
    scraper = settings.observability.prometheus
    if scraper == "none":
        return None
    workspace = (
        WorkspacePlace(
            id=_output(base, "metricsWorkspaceId"),
            arn=_output(base, "metricsWorkspaceArn"),
            namespace_id=_output(base, "metricsNamespaceId"),
        )
        if scraper == "managed"
        else None
    )
    return MetricsPlace(security_group_id=_output(base, "metricsScraperSecurityGroupId"), workspace=workspace)


def _output(base: StackReference, name: str) -> Output[Any]:
    """`require_output`, without making an output of each of the base's forty for each that is read; none is secret."""
    return base.outputs[name]
