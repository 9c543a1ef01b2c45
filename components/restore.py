"""What bringing data back needs and nothing else has: a place for a copy of the database, and tasks that read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import StackContext
from components.database import PORT, Database
from components.firewall import SecurityGroup, SecurityGroupArgs
from components.log_group import LogGroup
from components.place import NetworkPlace
from components.role import Role
from components.service_settings import ServiceSettings
from components.task import TaskArgs, drill_task, restore_task


@dataclass(frozen=True, kw_only=True)
class RestoreArgs:
    """`environment` names both databases, and the copy's login by its secret."""

    context: StackContext
    settings: ServiceSettings
    environment: Mapping[str, Input[str]]
    network: NetworkPlace
    database: Database
    execution_role: Role
    role: Role
    log_group: LogGroup


class Restore(ComponentResource):
    """Security groups of a restored copy and of the tasks that read it, and their task definitions.

    The copy itself is never declared: an `up` that could replace it could take the database with it. Only these tasks
    reach it; the service does not.
    """

    task_definition_arn: Output[str]
    drill_task_definition_arn: Output[str]
    security_group_id: Output[str]
    copy_security_group_id: Output[str]

    def __init__(self, name: str, args: RestoreArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Restore", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        copies = SecurityGroup(
            f"{name}-copy",
            SecurityGroupArgs(
                context=context, vpc_id=args.network.vpc_id, description="A restored copy of the database"
            ),
            child,
        )
        tasks = SecurityGroup(
            name,
            SecurityGroupArgs(context=context, vpc_id=args.network.vpc_id, description="Tasks that bring data back"),
            child,
        )
        tasks.allow_to(args.database.security_group, PORT)
        tasks.allow_to(copies, PORT)
        args.network.let_reach_aws(tasks)
        self.security_group_id, self.copy_security_group_id = tasks.id, copies.id
        task = TaskArgs(
            context=context,
            settings=args.settings,
            environment=args.environment,
            owner_secret_arn=args.database.owner_secret_arn,
            execution_role=args.execution_role,
            task_role=args.role,
            log_group=args.log_group,
        )
        self.task_definition_arn = restore_task(task, child).arn
        self.drill_task_definition_arn = drill_task(task, child).arn
        self.register_outputs({"taskDefinitionArn": self.task_definition_arn})
