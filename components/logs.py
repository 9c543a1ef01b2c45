"""The log groups of what runs: the service and the rotation function."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions

from components.context import StackContext
from components.log_group import LogGroup, LogGroupArgs


@dataclass(frozen=True, kw_only=True)
class LogsArgs:
    context: StackContext
    retention_days: int
    key_arn: Input[str]


class Logs(ComponentResource):
    """Made before what writes to them, so that nothing makes one of its own that never expires."""

    service: LogGroup
    rotation: LogGroup

    def __init__(self, name: str, args: LogsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Logs", name, None, opts)

        def group(kind: str, path: str) -> LogGroup:
            return LogGroup(
                f"{name}-{kind}",
                LogGroupArgs(
                    context=args.context,
                    name=path,
                    retention_days=args.retention_days,
                    key_arn=args.key_arn,
                ),
                ResourceOptions(parent=self),
            )

        self.service = group("service", f"/workbuoy/{args.context.name}/service")
        self.rotation = group("rotation", f"/aws/lambda/{rotation_function_name(args.context)}")
        self.register_outputs({})


def rotation_function_name(context: StackContext) -> str:
    """The function's physical name, which its log group carries before the function exists."""
    return f"{context.name}-rotation"
