"""Where a service is placed: the network, load balancer and cluster of its own stack or of a base stack."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input, Resource

from components.firewall import HTTPS_PORT, SecurityGroup
from components.waf import Waf


@dataclass(frozen=True, kw_only=True)
class NetworkPlace:
    """What databases, tasks and functions need of a network. `ready` must exist before what calls AWS starts.

    Shared groups admit the private subnets as a whole: a rule for each customer would meet AWS's limit for a group.
    """

    vpc_id: Input[str]
    private_subnet_ids: Sequence[Input[str]]
    data_subnet_ids: Sequence[Input[str]]
    s3_prefix_list_id: Input[str]
    endpoints_security_group_id: Input[str]
    ready: Sequence[Resource] = ()

    def let_reach_aws(self, group: SecurityGroup) -> None:
        """Let a security group call AWS services through the endpoints, and S3 through its gateway."""
        group.reach_group("network-endpoints", self.endpoints_security_group_id, HTTPS_PORT)
        group.reach_prefix_list(self.s3_prefix_list_id, "s3")


@dataclass(frozen=True, kw_only=True)
class LoadBalancerPlace:
    """The listener that takes a service's rule, and what alarms name it by.

    One that is `shared` counts other services' failures too, and its `waf` is its own stack's to watch.
    """

    listener_arn: Input[str]
    arn_suffix: Input[str]
    security_group_id: Input[str]
    shared: bool = False
    waf: Waf | None = None


@dataclass(frozen=True, kw_only=True)
class WorkspacePlace:
    """A managed Prometheus workspace, and the namespace of Cloud Map in which its collectors find tasks."""

    id: Input[str]
    arn: Input[str]
    namespace_id: Input[str]


@dataclass(frozen=True, kw_only=True)
class MetricsPlace:
    """The security group of what scrapes, and where AWS's collectors write; no workspace: a Prometheus of one's own."""

    security_group_id: Input[str]
    workspace: WorkspacePlace | None


@dataclass(frozen=True, kw_only=True)
class ClusterPlace:
    """The cluster that runs a service's tasks."""

    arn: Input[str]
    name: Input[str]
