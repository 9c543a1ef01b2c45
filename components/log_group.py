"""A log group with a retention, a key, and the statements that let a role write to it or read it."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import StackContext
from components.permissions import Statement

READ_LOGS = (
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogRecord",
    "logs:GetQueryResults",
    "logs:StartQuery",
)


@dataclass(frozen=True, kw_only=True)
class LogGroupArgs:
    context: StackContext
    name: str
    retention_days: int
    key_arn: Input[str]


class LogGroup(ComponentResource):
    """One log group; in a permanent stack it is protected and survives the stack's end until its retention is over."""

    arn: Output[str]
    name: Output[str]

    def __init__(self, name: str, args: LogGroupArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:LogGroup", name, None, opts)
        self._arn = args.context.arn("logs", f"log-group:{args.name}")
        group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=args.name,
            retention_in_days=args.retention_days,
            kms_key_id=args.key_arn,
            skip_destroy=args.context.permanent,
            tags=args.context.tags("operational"),
            opts=ResourceOptions(parent=self, protect=args.context.protected),
        )
        self.arn, self.name = group.arn, group.name
        self.register_outputs({"arn": self.arn})

    def write(self) -> Statement:
        """Write to this group's streams."""
        return Statement(
            sid="WriteOwnLogs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[f"{self._arn}:*"],
        )

    def find_streams(self) -> list[Statement]:
        """Look up this group and its streams, which flow logs do before they write.

        Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
        """
        return [
            Statement(
                sid="FindLogGroups",
                actions=["logs:DescribeLogGroups"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(
                sid="FindOwnStreams",
                actions=["logs:DescribeLogStreams"],
                resources=[self._arn, f"{self._arn}:*"],
            ),
        ]

    def read(self, sid: str) -> Statement:
        """Read and search this group: for operators only."""
        return Statement(
            sid=sid,
            actions=READ_LOGS,
            resources=[self._arn, f"{self._arn}:*"],
        )
