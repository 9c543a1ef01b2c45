"""Where a customer's data are exported, counted and removed, from the outputs of the stack that holds them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.tenants.record import Tenant
from operations.one_off import TaskPlace

NEEDED = (
    "clusterArn",
    "exportTaskDefinitionArn",
    "exportsBucketName",
    "filesBucketName",
    "oneOffTaskDefinitionArn",
    "privateSubnetIds",
    "serviceSecurityGroupId",
)


@dataclass(frozen=True, kw_only=True)
class HandoverPlace:
    """`exporting` runs as the role that reads and hands over, `one_off` as the service's own, which removes."""

    tenant: str
    exporting: TaskPlace
    one_off: TaskPlace
    exports_bucket: str


def find_place(tenant: Tenant, read_outputs: Callable[[str], Mapping[str, Any]]) -> HandoverPlace:
    """As the stack stands. Raises ProblemsError with every output that is missing."""
    stack = tenant.stack if tenant.isolation == "silo" else tenant.base
    outputs = read_outputs(stack)
    if missing := [name for name in NEEDED if not outputs.get(name)]:
        raise ProblemsError([Problem(message=f"stack {stack} has no output {one}: deploy it first") for one in missing])

    def tasks(definition: str, container: str) -> TaskPlace:
        return TaskPlace(
            stack=stack,
            region=tenant.region,
            cluster_arn=outputs["clusterArn"],
            task_definition_arn=outputs[definition],
            subnet_ids=tuple(outputs["privateSubnetIds"]),
            security_group_id=outputs["serviceSecurityGroupId"],
            bucket=outputs["filesBucketName"],
            container=container,
        )

    return HandoverPlace(
        tenant=tenant.name,
        exporting=tasks("exportTaskDefinitionArn", "export"),
        one_off=tasks("oneOffTaskDefinitionArn", "one-off"),
        exports_bucket=str(outputs["exportsBucketName"]),
    )
