"""Who reads the service's metrics: a way to its port for the scraper alone and, where AWS runs it, a workspace.

Sources: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector.html and, for a collector in a VPC,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/managed-prometheus-collectors-vpc-setup.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import StackContext
from components.encryption import customer_key, use_for_metrics
from components.firewall import SecurityGroup, SecurityGroupArgs
from components.log_group import LogGroup, LogGroupArgs
from components.place import MetricsPlace, WorkspacePlace
from components.settings import CidrBlock
from components.task import METRICS_PORT

DNS_TTL_SECONDS = 15


@dataclass(frozen=True, kw_only=True)
class MetricsArgs:
    """`scraper` is who scrapes: AWS's managed collector, or a Prometheus of one's own."""

    context: StackContext
    scraper: Literal["managed", "own"]
    vpc_id: Input[str]
    private_cidr_blocks: Sequence[CidrBlock]
    logs_key_arn: Input[str]
    log_retention_days: int


class Metrics(ComponentResource):
    """What a base stack has once for all of its services: the scraper's security group and, if managed, a workspace.

    The group reaches the metrics' port of the private subnets as a whole; each service admits the group on its own.
    """

    place: MetricsPlace

    def __init__(self, name: str, args: MetricsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Metrics", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        scraper = SecurityGroup(
            f"{name}-scraper",
            SecurityGroupArgs(context=args.context, vpc_id=args.vpc_id, description="What scrapes the service"),
            self._child,
        )
        for cidr_block in args.private_cidr_blocks:
            scraper.reach_cidr_block(cidr_block, METRICS_PORT)
        self.place = MetricsPlace(
            security_group_id=scraper.id, workspace=self._workspace() if args.scraper == "managed" else None
        )
        self.register_outputs({"scraperSecurityGroupId": scraper.id})

    def _workspace(self) -> WorkspacePlace:
        context = self._args.context
        key = customer_key(
            f"{self._name}-key",
            context,
            kind="metrics",
            description="Metrics of the services",
            classification="operational",
            users=use_for_metrics(context),
            opts=self._child,
        )
        log = LogGroup(
            f"{self._name}-log",
            LogGroupArgs(
                context=context,
                name=f"/aws/vendedlogs/prometheus/{context.name}",
                retention_days=self._args.log_retention_days,
                key_arn=self._args.logs_key_arn,
            ),
            self._child,
        )
        workspace = aws.amp.Workspace(
            f"{self._name}-workspace",
            alias=context.name,
            kms_key_arn=key.arn,
            logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(log_group_arn=Output.concat(log.arn, ":*")),
            tags=context.tags("operational"),
            opts=ResourceOptions(parent=self, protect=context.protected),
        )
        namespace = aws.servicediscovery.PrivateDnsNamespace(
            f"{self._name}-names",
            name=names_of(context.name),
            description="Addresses of tasks, for the collector of metrics",
            vpc=self._args.vpc_id,
            tags=context.tags(),
            opts=self._child,
        )
        return WorkspacePlace(id=workspace.id, arn=workspace.arn, namespace_id=namespace.id)


def names_of(base_name: str) -> str:
    """The private domain below which a base stack's collectors find tasks."""
    return f"{base_name}.internal"


def register_tasks(name: str, context: StackContext, workspace: WorkspacePlace, opts: ResourceOptions) -> Output[str]:
    """A name in DNS for the tasks of one service, kept by ECS; returns the registry's ARN.

    DNS answers with at most eight tasks: https://docs.aws.amazon.com/cloud-map/latest/api/API_DnsConfig.html
    """
    return aws.servicediscovery.Service(
        f"{name}-names",
        name=context.name,
        description="Tasks of the service",
        dns_config=aws.servicediscovery.ServiceDnsConfigArgs(
            namespace_id=workspace.namespace_id,
            routing_policy="MULTIVALUE",
            dns_records=[aws.servicediscovery.ServiceDnsConfigDnsRecordArgs(type="A", ttl=DNS_TTL_SECONDS)],
        ),
        tags=context.tags(),
        opts=opts,
    ).arn
