"""Where a stack's restore happens, from its outputs: tasks, a copy's place in the network, the copy's login."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.problems import Problem, ProblemsError
from operations.one_off import TaskPlace

NEEDED = (
    "clusterArn",
    "databaseAddress",
    "drillTaskDefinitionArn",
    "filesBucketName",
    "privateSubnetIds",
    "restoreSecurityGroupId",
    "restoreTaskDefinitionArn",
    "restoredLoginSecretArn",
    "restoredSecurityGroupId",
)


@dataclass(frozen=True, kw_only=True)
class RestorePlace:
    """One stack's. The copy's name is the database's with an end, which the task's settings know too."""

    tasks: TaskPlace
    drill_tasks: TaskPlace
    """For the commands that touch the copy alone."""
    database: str
    copy_security_group_id: str
    login_secret_arn: str
    vault: str = ""
    copies_vault_arn: str = ""
    """Of a copy out of reach, where the stack has one."""

    @property
    def copy(self) -> str:
        """The copy's identifier: components/database.py."""
        return f"{self.database}-restored"


def find_place(stack: str, region: str, read_outputs: Callable[[str], Mapping[str, Any]]) -> RestorePlace:
    """As the stack stands. Raises ProblemsError with every output that is missing."""
    outputs = read_outputs(stack)
    if missing := [name for name in NEEDED if not outputs.get(name)]:
        raise ProblemsError([Problem(message=f"stack {stack} has no output {one}: deploy it first") for one in missing])
    tasks = TaskPlace(
        stack=stack,
        region=region,
        cluster_arn=outputs["clusterArn"],
        task_definition_arn=outputs["restoreTaskDefinitionArn"],
        subnet_ids=tuple(outputs["privateSubnetIds"]),
        security_group_id=outputs["restoreSecurityGroupId"],
        bucket=outputs["filesBucketName"],
        container="restore",
    )
    return RestorePlace(
        tasks=tasks,
        drill_tasks=replace(tasks, task_definition_arn=outputs["drillTaskDefinitionArn"], container="drill"),
        database=str(outputs["databaseAddress"]).partition(".")[0],
        copy_security_group_id=outputs["restoredSecurityGroupId"],
        login_secret_arn=outputs["restoredLoginSecretArn"],
        vault=outputs.get("backupVaultName") or "",
        copies_vault_arn=outputs.get("copiesVaultArn") or "",
    )
