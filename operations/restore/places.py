"""Where a stack's restore happens, from its outputs: tasks, a copy's place in the network, the copy's login."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.names import BEFORE, RESTORED
from operations.one_off import TASK_OUTPUTS, TaskPlace, expect_outputs, task_place

SERVING = ("clusterArn", "databaseAddress", "databaseLoginSecretArn", "serviceName")
NEEDED = (
    *SERVING,
    *TASK_OUTPUTS,
    "drillTaskDefinitionArn",
    "restoreSecurityGroupId",
    "restoreTaskDefinitionArn",
    "restoredLoginSecretArn",
    "restoredSecurityGroupId",
)


@dataclass(frozen=True, kw_only=True)
class SwitchPlace:
    """What a stack serves from: its service, the service's login, and the database with those beside it."""

    stack: str
    region: str
    cluster_arn: str
    service: str
    login_secret_arn: str
    database: str

    @property
    def copy(self) -> str:
        """The restored copy, until it serves."""
        return f"{self.database}-{RESTORED}"

    @property
    def before(self) -> str:
        """What served before a restored copy took its name."""
        return f"{self.database}-{BEFORE}"


@dataclass(frozen=True, kw_only=True)
class RestorePlace:
    """One stack's. The copy's name is the database's with an end, which the task's settings know too."""

    tasks: TaskPlace
    drill_tasks: TaskPlace
    """For the commands that touch the copy alone."""
    database: str
    copy_security_group_id: str
    login_secret_arn: str
    serving: SwitchPlace
    vault: str = ""
    copies_vault_arn: str = ""
    """Of a copy out of reach, where the stack has one."""

    @property
    def copy(self) -> str:
        """The copy's identifier: components/database.py."""
        return f"{self.database}-{RESTORED}"


def find_place(stack: str, region: str, read_outputs: Callable[[str], Mapping[str, Any]]) -> RestorePlace:
    """As the stack stands. Raises ProblemsError with every output that is missing."""
    outputs = read_outputs(stack)
    expect_outputs(NEEDED, {stack: outputs})
    tasks = task_place(
        stack,
        region,
        outputs,
        definition="restoreTaskDefinitionArn",
        container="restore",
        group="restoreSecurityGroupId",
    )
    return RestorePlace(
        tasks=tasks,
        drill_tasks=replace(tasks, task_definition_arn=outputs["drillTaskDefinitionArn"], container="drill"),
        database=_name_in(outputs),
        copy_security_group_id=outputs["restoredSecurityGroupId"],
        login_secret_arn=outputs["restoredLoginSecretArn"],
        serving=switch_place(stack, region, outputs),
        vault=outputs.get("backupVaultName") or "",
        copies_vault_arn=outputs.get("copiesVaultArn") or "",
    )


def switch_place(stack: str, region: str, outputs: Mapping[str, Any]) -> SwitchPlace:
    """As the stack stands. Raises ProblemsError with every output that is missing."""
    expect_outputs(SERVING, {stack: outputs})
    return SwitchPlace(
        stack=stack,
        region=region,
        cluster_arn=outputs["clusterArn"],
        service=outputs["serviceName"],
        login_secret_arn=outputs["databaseLoginSecretArn"],
        database=_name_in(outputs),
    )


def _name_in(outputs: Mapping[str, Any]) -> str:
    return str(outputs["databaseAddress"]).partition(".")[0]
