"""Who may open a connection to whom: every door of a stack, as security group rules."""

from dataclasses import dataclass
from typing import Literal

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import StackContext
from components.settings import CidrBlock

HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class SecurityGroupArgs:
    context: StackContext
    vpc_id: Input[str]
    description: str


class SecurityGroup(ComponentResource):
    """A security group without inline rules, so that each rule is a resource with its own line in a preview."""

    id: Output[str]

    def __init__(self, name: str, args: SecurityGroupArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:SecurityGroup", name, None, opts)
        self._name, self._context = name, args.context
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            description=args.description,
            vpc_id=args.vpc_id,
            tags=args.context.tags(Name=f"{args.context.name}-{name}"),
            opts=ResourceOptions(parent=self),
        )
        self.id = group.id
        self.register_outputs({"id": self.id})

    def admit_cidr_block(self, cidr_block: CidrBlock, port: int) -> None:
        """Let an address range connect to this group."""
        self._rule("from", _slug(cidr_block), port, f"{cidr_block} to {self._name}", cidr_ipv4=cidr_block)

    def admit_group(self, peer_name: str, group_id: Input[str], port: int) -> None:
        """Let a shared security group connect to this one; its own way out is its stack's affair."""
        self._rule("from", peer_name, port, f"{peer_name} to {self._name}", referenced_security_group_id=group_id)

    def reach_cidr_block(self, cidr_block: CidrBlock, port: int) -> None:
        """Let this group connect to an address range."""
        self._rule("to", _slug(cidr_block), port, f"{self._name} to {cidr_block}", cidr_ipv4=cidr_block)

    def reach_group(self, peer_name: str, group_id: Input[str], port: int) -> None:
        """Let this group connect to a shared one; its own way in is its stack's affair."""
        self._rule("to", peer_name, port, f"{self._name} to {peer_name}", referenced_security_group_id=group_id)

    def reach_internet(self) -> None:
        """Let this group connect to any address by HTTPS."""
        self._rule("to", "internet", HTTPS_PORT, f"{self._name} to the internet", cidr_ipv4="0.0.0.0/0")

    def reach_prefix_list(self, prefix_list_id: Input[str], what: str) -> None:
        """Let this group connect to an AWS service behind a gateway endpoint."""
        self._rule("to", what, HTTPS_PORT, f"{self._name} to {what}", prefix_list_id=prefix_list_id)

    def allow_to(self, target: "SecurityGroup", port: int) -> None:
        """Let this group connect to another one on one TCP port: out on this side and in on that side."""
        self.reach_group(target._name, target.id, port)
        target.admit_group(self._name, self.id, port)

    def _rule(
        self,
        direction: Literal["from", "to"],
        peer_name: str,
        port: int,
        description: str,
        **peer: Input[str],
    ) -> None:
        rule = aws.vpc.SecurityGroupIngressRule if direction == "from" else aws.vpc.SecurityGroupEgressRule
        rule(
            f"{self._name}-{direction}-{peer_name}-on-{port}",
            security_group_id=self.id,
            description=description,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=self._context.tags(),
            opts=ResourceOptions(parent=self),
            **peer,
        )


def _slug(cidr_block: str) -> str:
    return cidr_block.replace(".", "-").replace("/", "-")
