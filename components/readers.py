"""Roles for what watches from outside the program: Grafana, and a Prometheus of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import StackContext
from components.permissions import Statement
from components.role import Role, RoleArgs

GRAFANA_ROLE = "grafana"
PROMETHEUS_ROLE = "prometheus"


@dataclass(frozen=True, kw_only=True)
class ReadersArgs:
    """Who may take each role, by ARN; nobody where the list is empty, and then there is no such role."""

    context: StackContext
    grafana_role_arns: Sequence[str]
    prometheus_role_arns: Sequence[str]
    cluster_name: str
    workspace_arn: Input[str] | None


class Readers(ComponentResource):
    """Roles that read figures and change nothing; neither reaches an object, a row, a secret or a line of a log."""

    grafana_role_arn: Output[str] | None = None
    prometheus_role_arn: Output[str] | None = None

    def __init__(self, name: str, args: ReadersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Readers", name, None, opts)
        child = ResourceOptions(parent=self)
        if args.grafana_role_arns:
            self.grafana_role_arn = Role(
                GRAFANA_ROLE,
                RoleArgs(
                    context=args.context,
                    description="Lets Grafana read the figures of CloudWatch and of managed Prometheus",
                    trusted_role_arns=args.grafana_role_arns,
                    statements=[
                        *([query_metrics(args.workspace_arn)] if args.workspace_arn is not None else []),
                        read_cloudwatch_metrics(args.context),
                    ],
                ),
                child,
            ).arn
        if args.prometheus_role_arns:
            self.prometheus_role_arn = Role(
                PROMETHEUS_ROLE,
                RoleArgs(
                    context=args.context,
                    description="Lets a Prometheus of one's own find the tasks that it scrapes",
                    trusted_role_arns=args.prometheus_role_arns,
                    statements=find_tasks(args.context.account_id, args.context.region, args.cluster_name),
                ),
                child,
            ).arn
        self.register_outputs({})


def query_metrics(workspace_arn: Input[str]) -> Statement:
    """Ask one workspace.

    Source: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-onboard-query-grafana-7.3.html
    """
    return Statement(
        sid="QueryMetrics",
        actions=["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"],
        resources=[workspace_arn],
    )


def read_cloudwatch_metrics(context: StackContext) -> Statement:
    """What Grafana's data source asks CloudWatch, without its logs and alarms.

    Source: https://grafana.com/docs/grafana/latest/datasources/aws-cloudwatch/configure/
    """
    return Statement(
        sid="ReadCloudWatchMetrics",
        actions=["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
        resources=["*"],  # AWS knows no resource for these actions
        conditions={"StringEquals": {"aws:RequestedRegion": context.region}},
    )


def find_tasks(account_id: str, region: str, cluster: str) -> list[Statement]:
    """What a Prometheus that asks ECS needs, and no more.

    It first asks for the cluster `default`, whether there is one or not, to try its credentials.

    Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#aws_sd_config
    """
    arn = f"arn:aws:ecs:{region}:{account_id}"
    return [
        Statement(
            sid="ReadOwnCluster",
            actions=["ecs:DescribeClusters"],
            resources=[f"{arn}:cluster/{cluster}", f"{arn}:cluster/default"],
        ),
        Statement(
            sid="ReadServicesAndTasks",
            actions=["ecs:DescribeServices", "ecs:DescribeTasks"],
            resources=[f"{arn}:service/{cluster}/*", f"{arn}:task/{cluster}/*"],
        ),
        Statement(
            sid="ListServicesAndTasks",
            actions=["ecs:ListServices", "ecs:ListTasks"],
            resources=["*"],  # AWS knows no resource for these actions that Fargate has
            conditions={"ArnEquals": {"ecs:cluster": f"{arn}:cluster/{cluster}"}},
        ),
        Statement(
            sid="AskForPublicAddresses",  # the tasks have none, and without the answer Prometheus drops them all
            actions=["ec2:DescribeNetworkInterfaces"],
            resources=["*"],  # AWS knows no resource for this action
            conditions={"StringEquals": {"aws:RequestedRegion": region}},
        ),
    ]
