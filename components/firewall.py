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


class Doors(ComponentResource):
    """The rules of one security group, each a resource with its own line in a preview."""

    id: Input[str]

    def __init__(self, type_: str, name: str, context: StackContext, opts: ResourceOptions | None) -> None:
        super().__init__(type_, name, None, opts)
        self._name, self._context = name, context

    def admit_cidr_block(self, cidr_block: CidrBlock, port: int) -> None:
        """Let an address range connect to this group."""
        self._rule("from", _slug(cidr_block), port, f"{cidr_block} to {self._name}", cidr_ipv4=cidr_block)

    def reach_internet(self, port: int = HTTPS_PORT) -> None:
        """Let this group connect to any address on one port."""
        self._rule("to", "internet", port, f"{self._name} to the internet", cidr_ipv4="0.0.0.0/0")

    def reach_prefix_list(self, prefix_list_id: Input[str], what: str, port: int = HTTPS_PORT) -> None:
        """Let this group connect to an AWS service behind a gateway endpoint."""
        self._rule("to", what, port, f"{self._name} to {what}", prefix_list_id=prefix_list_id)

    def open_door(self, target: "Doors", port: int) -> None:
        """Let this group connect to another one on one TCP port: out on this side and in on that side."""
        description = f"{self._name} to {target._name}"
        self._rule("to", target._name, port, description, referenced_security_group_id=target.id)
        target._rule("from", self._name, port, description, referenced_security_group_id=self.id)

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


class SecurityGroup(Doors):
    """A security group of this stack, without inline rules."""

    id: Output[str]

    def __init__(self, name: str, args: SecurityGroupArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:SecurityGroup", name, args.context, opts)
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            description=args.description,
            vpc_id=args.vpc_id,
            tags=args.context.tags(Name=f"{args.context.name}-{name}"),
            opts=ResourceOptions(parent=self),
        )
        self.id = group.id
        self.register_outputs({"id": self.id})


class SharedSecurityGroup(Doors):
    """A base stack's security group: nothing but the rules that this stack adds to it."""

    def __init__(
        self, name: str, context: StackContext, group_id: Input[str], opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("workbuoy:aws:SharedSecurityGroup", name, context, opts)
        self.id = group_id
        self.register_outputs({})


def _slug(cidr_block: str) -> str:
    return cidr_block.replace(".", "-").replace("/", "-")
