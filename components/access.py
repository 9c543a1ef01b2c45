"""Who may do what: the roles of everything that runs, each from the statements of the components it uses."""

from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions

from components.context import EXECUTION_ROLE, EXPORT_ROLE, RESTORE_ROLE, ROTATION_ROLE, TASK_ROLE, StackContext
from components.database import Database
from components.encryption import Encryption, read_key_through, use_key_through
from components.exports import ExportsPlace
from components.files import Files
from components.logs import Logs
from components.permissions import Condition, Statement
from components.role import Role, RoleArgs
from components.secrets import Secrets
from components.service_settings import ImageSettings


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    context: StackContext
    image: ImageSettings
    keys: Encryption
    database: Database
    files: Files
    secrets: Secrets
    logs: Logs
    exports: ExportsPlace


class Access(ComponentResource):
    """Five roles: `execution` starts tasks, `task` is the service itself, `rotation` changes its login, `restore`
    brings back what a copy of the database and the bucket's versions hold, and `export` hands over what a customer has.
    """

    execution: Role
    task: Role
    rotation: Role
    restore: Role
    export: Role

    def __init__(self, name: str, args: AccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Access", name, None, opts)
        context, keys, child = args.context, args.keys, ResourceOptions(parent=self)
        read_secrets_key = read_key_through(keys.secrets_key_arn, context, "secretsmanager", "ReadSecretsKey")
        self.execution = Role(
            EXECUTION_ROLE,
            RoleArgs(
                context=context,
                description="Starts tasks: pulls the image, injects the owner's login into migrate, opens the log",
                trusted_service="ecs-tasks.amazonaws.com",
                trust_conditions=_from_own_tasks(context),
                statements=[
                    *pull_image(args.image),
                    args.logs.service.write(),
                    args.database.read_owner_secret(),
                    read_secrets_key,
                ],
            ),
            child,
        )
        self.task = Role(
            TASK_ROLE,
            RoleArgs(
                context=context,
                description="What the service itself may do",
                trusted_service="ecs-tasks.amazonaws.com",
                trust_conditions=_from_own_tasks(context),
                statements=[
                    *args.files.store_objects(),
                    *args.files.note_erasures(),
                    use_key_through(keys.files_key_arn, context, "s3", "UseFilesKey"),
                    args.secrets.read_database_login(),
                    *args.secrets.read_oidc_client(),
                    read_secrets_key,
                ],
            ),
            child,
        )
        self.rotation = Role(
            ROTATION_ROLE,
            RoleArgs(
                context=context,
                description="Rotates the service's database login",
                trusted_service="lambda.amazonaws.com",
                statements=[
                    args.secrets.rotate_database_login(),
                    args.database.read_owner_secret(),
                    use_key_through(keys.secrets_key_arn, context, "secretsmanager", "UseSecretsKey"),
                    args.logs.rotation.write(),
                    *attach_to_network(context),
                ],
            ),
            child,
        )
        self.restore = Role(
            RESTORE_ROLE,
            RoleArgs(
                context=context,
                description="Brings rows and files back out of a restored copy, in tasks that a person starts",
                trusted_service="ecs-tasks.amazonaws.com",
                trust_conditions=_from_own_tasks(context),
                statements=[
                    *args.files.bring_back(),
                    use_key_through(keys.files_key_arn, context, "s3", "UseFilesKey"),
                    args.secrets.read_restored_login(),
                    read_secrets_key,
                ],
            ),
            child,
        )
        self.export = Role(
            EXPORT_ROLE,
            RoleArgs(
                context=context,
                description="Hands over what a customer has, and counts what is left, in tasks that a person starts",
                trusted_service="ecs-tasks.amazonaws.com",
                trust_conditions=_from_own_tasks(context),
                statements=[
                    *args.files.read_for_export(),
                    read_key_through(keys.files_key_arn, context, "s3", "ReadFilesKey"),
                    *args.exports.hand_over(context),
                ],
            ),
            child,
        )
        self.register_outputs({})


def pull_image(image: ImageSettings) -> list[Statement]:
    """Pull one repository's images."""
    return [
        Statement(
            sid="PullImage",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[image.repository_arn],
        ),
        Statement(
            sid="LogInToRegistry",
            actions=["ecr:GetAuthorizationToken"],
            resources=["*"],  # AWS knows no resource for this action
        ),
    ]


def attach_to_network(context: StackContext) -> list[Statement]:
    """What Lambda does in a function's name to put it into a VPC, and the function's own code may not.

    The managed policy AWSLambdaVPCAccessExecutionRole grants the same on every resource. Requests of the code itself
    carry `lambda:SourceFunctionArn`, Lambda's own do not: without the condition a function could put an interface into
    another customer's security group.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html (execution role, security best practice)
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
            resources=[context.arn("ec2", f"{kind}/*") for kind in ("network-interface", "security-group", "subnet")],
            conditions={"Null": {"lambda:SourceFunctionArn": "true"}},
        ),
        Statement(
            sid="SeeNetwork",
            actions=["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
            resources=["*"],  # AWS knows no resource for these actions
        ),
    ]


def _from_own_tasks(context: StackContext) -> Condition:
    """Trust ECS only for tasks of this account and region.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    return {
        "ArnLike": {"aws:SourceArn": context.arn("ecs", "*")},
        "StringEquals": {"aws:SourceAccount": context.account_id},
    }
