"""The network: public subnets for the load balancer, private ones for tasks, data ones without a way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import StackContext
from components.firewall import HTTPS_PORT, SecurityGroup, SecurityGroupArgs
from components.log_group import LogGroup, LogGroupArgs
from components.network_settings import NetworkSettings, ZoneSettings
from components.permissions import ANYONE, Statement, policy_document
from components.place import NetworkPlace
from components.role import Role, RoleArgs, from_own_account
from components.settings import CidrBlock

# What the service, its migrations and the rotation function call without leaving the network.
INTERFACE_ENDPOINT_SERVICES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    context: StackContext
    settings: NetworkSettings
    logs_key_arn: Input[str]
    log_retention_days: int
    """What the stack's other logs keep, for flow logs whose settings say nothing."""


class Network(ComponentResource):
    """A VPC over two or three zones whose data subnets have no route but the local one."""

    vpc_id: Output[str]
    public_subnet_ids: list[Output[str]]
    private_subnet_ids: list[Output[str]]
    private_cidr_blocks: list[CidrBlock]
    data_subnet_ids: list[Output[str]]
    s3_prefix_list_id: Output[str]
    endpoints_security_group: SecurityGroup
    endpoints: Sequence[aws.ec2.VpcEndpoint]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Network", name, None, opts)
        self._name, self._context, self._child = name, args.context, ResourceOptions(parent=self)
        settings = args.settings
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=settings.cidr_block,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=self._child,
        )
        self.vpc_id = vpc.id
        self._empty_default_security_group()
        self.public_subnet_ids = self._subnets("public", settings.zones)
        self.private_cidr_blocks = [zone.private_cidr_block for zone in settings.zones]
        self.private_subnet_ids = self._subnets("private", settings.zones)
        self.data_subnet_ids = self._subnets("data", settings.zones)
        private_route_table_ids = self._routes(settings)
        self.endpoints_security_group = SecurityGroup(
            f"{name}-endpoints",
            SecurityGroupArgs(context=args.context, vpc_id=vpc.id, description="Interface endpoints of AWS services"),
            opts=self._child,
        )
        for cidr_block in self.private_cidr_blocks:
            self.endpoints_security_group.admit_cidr_block(cidr_block, HTTPS_PORT)
        s3 = self._s3_gateway(private_route_table_ids)
        self.s3_prefix_list_id = s3.prefix_list_id
        self.endpoints = [s3, *self._interface_endpoints()]
        self._flow_logs(settings.flow_log_retention_days or args.log_retention_days, args.logs_key_arn)
        self.register_outputs({"vpcId": self.vpc_id})

    @property
    def place(self) -> NetworkPlace:
        """This network as a place for services."""
        return NetworkPlace(
            vpc_id=self.vpc_id,
            private_subnet_ids=self.private_subnet_ids,
            data_subnet_ids=self.data_subnet_ids,
            s3_prefix_list_id=self.s3_prefix_list_id,
            endpoints_security_group_id=self.endpoints_security_group.id,
            ready=[self.endpoints_security_group, *self.endpoints],
        )

    def _tags(self, role: str) -> dict[str, str]:
        return self._context.tags(Name=f"{self._context.name}-{role}")

    def _empty_default_security_group(self) -> None:
        """Without rules of its own, what forgets to name a group can talk to nobody (control EC2.2)."""
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default-group",
            vpc_id=self.vpc_id,
            ingress=[],
            egress=[],
            tags=self._tags("default-closed"),
            opts=self._child,
        )

    def _subnets(self, kind: Literal["public", "private", "data"], zones: Sequence[ZoneSettings]) -> list[Output[str]]:
        return [
            aws.ec2.Subnet(
                f"{self._name}-{kind}-{zone.name[-1]}",
                vpc_id=self.vpc_id,
                availability_zone=zone.name,
                cidr_block=getattr(zone, f"{kind}_cidr_block"),
                map_public_ip_on_launch=False,
                tags=self._tags(f"{kind}-{zone.name[-1]}"),
                opts=self._child,
            ).id
            for zone in zones
        ]

    def _route_table(self, kind: str, subnet_ids: Sequence[Output[str]], letters: Sequence[str]) -> Output[str]:
        table = aws.ec2.RouteTable(
            f"{self._name}-{kind}-routes", vpc_id=self.vpc_id, tags=self._tags(kind), opts=self._child
        )
        for letter, subnet_id in zip(letters, subnet_ids, strict=True):
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{kind}-routes-{letter}",
                route_table_id=table.id,
                subnet_id=subnet_id,
                opts=self._child,
            )
        return table.id

    def _routes(self, settings: NetworkSettings) -> list[Output[str]]:
        """Route tables: public to the internet, private to the NAT of their zone if there is one, data nowhere.

        Returns the private tables' ids, zone by zone.
        """
        letters = [zone.name[-1] for zone in settings.zones]
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet-gateway",
            vpc_id=self.vpc_id,
            tags=self._tags("internet-gateway"),
            opts=self._child,
        )
        public_table_id = self._route_table("public", self.public_subnet_ids, letters)
        to_internet = aws.ec2.Route(
            f"{self._name}-public-to-internet",
            route_table_id=public_table_id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._child,
        )
        self._route_table("data", self.data_subnet_ids, letters)
        private_table_ids = [
            self._route_table(f"private-{letter}", [subnet_id], [letter])
            for letter, subnet_id in zip(letters, self.private_subnet_ids, strict=True)
        ]
        if settings.nat == "none":
            return private_table_ids
        nat_letters = letters if settings.nat == "per-zone" else letters[:1]
        nat_ids = [
            self._nat(letter, subnet_id, to_internet)
            for letter, subnet_id in zip(nat_letters, self.public_subnet_ids, strict=False)
        ]
        for index, (letter, table_id) in enumerate(zip(letters, private_table_ids, strict=True)):
            aws.ec2.Route(
                f"{self._name}-private-{letter}-to-internet",
                route_table_id=table_id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat_ids[index % len(nat_ids)],
                opts=self._child,
            )
        return private_table_ids

    def _nat(self, letter: str, subnet_id: Output[str], to_internet: aws.ec2.Route) -> Output[str]:
        address = aws.ec2.Eip(
            f"{self._name}-nat-{letter}-address",
            domain="vpc",
            tags=self._tags(f"nat-{letter}"),
            opts=self._child,
        )
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{letter}",
            allocation_id=address.id,
            subnet_id=subnet_id,
            tags=self._tags(f"nat-{letter}"),
            # A NAT gateway fails where its subnet has no way to the internet yet.
            opts=ResourceOptions(parent=self, depends_on=[to_internet]),
        ).id

    def _s3_gateway(self, route_table_ids: Sequence[Output[str]]) -> aws.ec2.VpcEndpoint:
        region = self._context.region
        own_buckets = Statement(
            sid="BucketsOfThisAccount",
            actions=[
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:PutObject",
            ],
            resources=["*"],  # narrowed to this account: bucket names hold a suffix that is not known yet
            principals=ANYONE,
            conditions={"StringEquals": {"aws:ResourceAccount": self._context.account_id}},
        )
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
        image_layers = Statement(
            sid="LayersOfImages",
            actions=["s3:GetObject"],
            resources=[f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*"],
            principals=ANYONE,
        )
        return aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(route_table_ids),
            policy=policy_document([own_buckets, image_layers]),
            tags=self._tags("s3"),
            opts=self._child,
        )

    def _interface_endpoints(self) -> list[aws.ec2.VpcEndpoint]:
        """Endpoints that answer principals of this account only, so that no foreign credentials work from inside."""
        own_account = Statement(
            sid="PrincipalsOfThisAccount",
            actions=["*"],  # each endpoint serves one service; roles decide the actions
            resources=["*"],
            principals=ANYONE,
            conditions={"StringEquals": {"aws:PrincipalAccount": self._context.account_id}},
        )
        return [
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{self._context.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=list(self.private_subnet_ids),
                security_group_ids=[self.endpoints_security_group.id],
                policy=policy_document([own_account]),
                tags=self._tags(service.replace(".", "-")),
                opts=self._child,
            )
            for service in INTERFACE_ENDPOINT_SERVICES
        ]

    def _flow_logs(self, retention_days: int, logs_key_arn: Input[str]) -> None:
        log_group = LogGroup(
            f"{self._name}-flow-logs",
            LogGroupArgs(
                context=self._context,
                name=f"/workbuoy/{self._context.name}/flow-logs",
                retention_days=retention_days,
                key_arn=logs_key_arn,
            ),
            opts=self._child,
        )
        role = Role(
            f"{self._name}-flow-logs",
            RoleArgs(
                context=self._context,
                description="Writes the network's flow logs",
                trusted_service="vpc-flow-logs.amazonaws.com",
                statements=[log_group.write(), *log_group.find_streams()],
                trust_conditions=from_own_account(self._context),
            ),
            opts=self._child,
        )
        aws.ec2.FlowLog(
            f"{self._name}-flow-log",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=log_group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600,
            tags=self._tags("flow-log"),
            opts=ResourceOptions(parent=self, depends_on=[role.policy]),
        )
