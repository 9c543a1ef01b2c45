"""The ECS cluster that a base stack shares with its tenants' services."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components.context import StackContext
from components.place import ClusterPlace


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    context: StackContext
    container_insights: bool


class Cluster(ComponentResource):
    """A name under which Fargate runs tasks; it costs nothing while it is empty."""

    arn: Output[str]
    name: Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Cluster", name, None, opts)
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=args.context.name,
            settings=[
                aws.ecs.ClusterSettingArgs(
                    name="containerInsights", value="enabled" if args.container_insights else "disabled"
                )
            ],
            tags=args.context.tags(),
            opts=ResourceOptions(parent=self),
        )
        self.arn, self.name = cluster.arn, cluster.name
        self.register_outputs({"arn": self.arn})

    @property
    def place(self) -> ClusterPlace:
        """This cluster as a place for services."""
        return ClusterPlace(arn=self.arn, name=self.name)
