"""The rotation function: a Lambda from the service's own image, and the schedule that calls it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.context import StackContext
from components.firewall import SecurityGroup
from components.log_group import LogGroup
from components.permissions import Statement

TIMEOUT_SECONDS = 120  # a first rotation waits for a database that has just come up


@dataclass(frozen=True, kw_only=True)
class RotationArgs:
    """`needed` is everything without which the first rotation, which AWS starts at once, would fail."""

    context: StackContext
    secret_arn: Input[str]
    rotation_days: int
    image_uri: str
    architecture: str
    environment: dict[str, Input[str]]
    role_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group: SecurityGroup
    log_group: LogGroup
    needed: Sequence[Resource]


class Rotation(ComponentResource):
    """Native rotation of the database login by four steps, the first of which makes the very first value."""

    function_name: Output[str]

    def __init__(self, name: str, args: RotationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Rotation", name, None, opts)
        function = aws.lambda_.Function(
            f"{name}-function",
            name=function_name(args.context, name),
            description="Writes each new value of the database login",
            package_type="Image",
            image_uri=args.image_uri,
            image_config=aws.lambda_.FunctionImageConfigArgs(commands=["rotate"]),
            architectures=[args.architecture],
            role=args.role_arn,
            memory_size=512,
            timeout=TIMEOUT_SECONDS,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=args.environment),
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=list(args.subnet_ids), security_group_ids=[args.security_group.id]
            ),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="JSON", log_group=args.log_group.name
            ),
            tags=args.context.tags(),
            opts=ResourceOptions(parent=self, depends_on=list(args.needed)),
        )
        permission = aws.lambda_.Permission(
            f"{name}-called-by-secrets-manager",
            function=function.name,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=args.context.account_id,
            source_arn=args.secret_arn,
            opts=ResourceOptions(parent=self),
        )
        aws.secretsmanager.SecretRotation(
            f"{name}-schedule",
            secret_id=args.secret_arn,
            rotation_lambda_arn=function.arn,
            rotation_rules=aws.secretsmanager.SecretRotationRotationRulesArgs(
                automatically_after_days=args.rotation_days
            ),
            opts=ResourceOptions(parent=self, depends_on=[permission, *args.needed]),
        )
        self.function_name = function.name
        self.register_outputs({"functionName": self.function_name})


def function_name(context: StackContext, name: str) -> str:
    """The function's physical name, which its log group carries before the function exists."""
    return f"{context.name}-{name}"


def attach_to_network(context: StackContext) -> list[Statement]:
    """What Lambda does in the function's name to put it into a VPC.

    The managed policy AWSLambdaVPCAccessExecutionRole grants the same on every resource.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    return [
        Statement(
            sid="AttachToNetwork",
            actions=[
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            resources=[
                context.arn("ec2", f"{kind}/*") for kind in ("network-interface", "security-group", "subnet")
            ],
        ),
        Statement(
            sid="SeeNetwork",
            actions=["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
            resources=["*"],  # AWS knows no resource for these actions
        ),
    ]
