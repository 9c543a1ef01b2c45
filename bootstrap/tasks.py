"""Who starts tasks of a stack's image: which definitions, in its own cluster alone, and with which roles."""

from collections.abc import Sequence

from bootstrap.scope import Scope
from components.permissions import Condition, Statement


def task_statements(scope: Scope, what: str, definitions: Sequence[str], roles: Sequence[str]) -> list[Statement]:
    """Start tasks by these definitions, find them again, and hand these of the stacks' roles to them.

    `what` names them in the statements' ids. Following what runs differs, and is whoever starts them's to add.
    """
    in_a_cluster: Condition = {"ArnLike": {"ecs:cluster": scope.named("ecs", "cluster/{}")}}
    return [
        Statement(
            sid=f"Run{what}",
            actions=["ecs:RunTask"],
            resources=scope.named("ecs", *(f"task-definition/{{}}-{one}:*" for one in definitions)),
            conditions=in_a_cluster,
        ),
        Statement(
            sid=f"Tag{what}",  # a task takes its definition's tags
            actions=["ecs:TagResource"],
            resources=scope.named("ecs", "task/{}/*"),
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        Statement(
            sid="FindRunningTasks",
            actions=["ecs:ListTasks"],
            resources=["*"],  # its only resource are container instances, and Fargate has none
            conditions=in_a_cluster,
        ),
        Statement(
            sid="SeeDefinitions",
            actions=["ecs:DescribeTaskDefinition"],
            resources=["*"],  # AWS knows no resource for this action
        ),
        Statement(
            sid="HandRolesToTasks",
            actions=["iam:PassRole"],
            resources=scope.roles(*roles),
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]
