"""What bringing data back needs and nothing else has: a place for a copy of the database, and tasks that read it."""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions

from components.database import PORT, Database
from components.firewall import SecurityGroup, SecurityGroupArgs
from components.place import NetworkPlace
from components.task import RESTORE, TaskArgs, drill_task, named_commands


@dataclass(frozen=True, kw_only=True)
class RestoreArgs:
    """The environment of `tasks` names both databases, and the copy's login by its secret."""

    tasks: TaskArgs
    network: NetworkPlace
    database: Database


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
        context, child = args.tasks.context, ResourceOptions(parent=self)
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
        self.task_definition_arn = named_commands(RESTORE, args.tasks, child).arn
        self.drill_task_definition_arn = drill_task(args.tasks, child).arn
        self.register_outputs({"taskDefinitionArn": self.task_definition_arn})
