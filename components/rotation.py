"""The rotation function: a Lambda from the service's own image, and the schedule that calls it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.context import StackContext
from components.database import PORT as DATABASE_PORT
from components.database import Database
from components.firewall import SecurityGroup, SecurityGroupArgs
from components.log_group import LogGroup
from components.logs import rotation_function_name
from components.place import NetworkPlace
from components.role import Role
from components.secrets import Secrets
from components.service_settings import ImageSettings

TIMEOUT_SECONDS = 120  # a first rotation waits for a database that has just come up


@dataclass(frozen=True, kw_only=True)
class RotationArgs:
    context: StackContext
    rotation_days: int
    image: ImageSettings
    architecture: str
    environment: Mapping[str, Input[str]]
    network: NetworkPlace
    database: Database
    secrets: Secrets
    role: Role
    log_group: LogGroup


class Rotation(ComponentResource):
    """Native rotation of the database login by four steps, the first of which makes the very first value."""

    function_name: Output[str]

    def __init__(self, name: str, args: RotationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Rotation", name, None, opts)
        secret_arn = args.secrets.database_login_arn
        security_group = SecurityGroup(
            name,
            SecurityGroupArgs(context=args.context, vpc_id=args.network.vpc_id, description="The rotation function"),
            ResourceOptions(parent=self),
        )
        security_group.allow_to(args.database.security_group, DATABASE_PORT)
        args.network.let_reach_aws(security_group)
        # AWS starts the first rotation at once; it fails where any of these is missing.
        needed: list[Resource] = [
            args.role.policy,
            args.database,
            args.secrets.database_login_policy,
            security_group,
            *args.network.ready,
        ]
        function = aws.lambda_.Function(
            f"{name}-function",
            name=rotation_function_name(args.context),
            description="Writes each new value of the database login",
            package_type="Image",
            image_uri=args.image.uri,
            image_config=aws.lambda_.FunctionImageConfigArgs(commands=["rotate"]),
            architectures=[args.architecture],
            role=args.role.arn,
            memory_size=512,
            timeout=TIMEOUT_SECONDS,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=dict(args.environment)),
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=list(args.network.private_subnet_ids), security_group_ids=[security_group.id]
            ),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=args.log_group.name),
            tags=args.context.tags(),
            opts=ResourceOptions(parent=self, depends_on=needed),
        )
        permission = aws.lambda_.Permission(
            f"{name}-called-by-secrets-manager",
            function=function.name,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=args.context.account_id,
            source_arn=secret_arn,
            opts=ResourceOptions(parent=self),
        )
        aws.secretsmanager.SecretRotation(
            f"{name}-schedule",
            secret_id=secret_arn,
            rotation_lambda_arn=function.arn,
            rotation_rules=aws.secretsmanager.SecretRotationRotationRulesArgs(
                automatically_after_days=args.rotation_days
            ),
            opts=ResourceOptions(parent=self, depends_on=[permission, *needed]),
        )
        self.function_name = function.name
        self.register_outputs({"functionName": self.function_name})
