"""Where a service is placed: the network, load balancer and cluster of its own stack or of a base stack."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input, Resource

from components.firewall import HTTPS_PORT, Doors


@dataclass(frozen=True, kw_only=True)
class NetworkPlace:
    """What databases, tasks and functions need of a network. `endpoints` must exist before what calls AWS starts."""

    vpc_id: Input[str]
    private_subnet_ids: Sequence[Input[str]]
    data_subnet_ids: Sequence[Input[str]]
    s3_prefix_list_id: Input[str]
    endpoints_security_group: Doors
    endpoints: Sequence[Resource] = ()

    def let_reach_aws(self, group: Doors) -> None:
        """Let a security group call AWS services through the endpoints, and S3 through its gateway."""
        group.open_door(self.endpoints_security_group, HTTPS_PORT)
        group.reach_prefix_list(self.s3_prefix_list_id, "s3")


@dataclass(frozen=True, kw_only=True)
class LoadBalancerPlace:
    """The listener that takes a service's rule, and what alarms name it by.

    One that is `shared` counts other services' failures too.
    """

    listener_arn: Input[str]
    arn_suffix: Input[str]
    security_group: Doors
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class ClusterPlace:
    """The cluster that runs a service's tasks."""

    arn: Input[str]
    name: Input[str]
