"""Where a customer's data are exported, counted and removed, from the outputs of the stack that holds them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from operations.one_off import TASK_OUTPUTS, TaskPlace, expect_outputs, task_place

NEEDED = (
    *TASK_OUTPUTS,
    "exportTaskDefinitionArn",
    "exportsBucketName",
    "oneOffTaskDefinitionArn",
    "serviceSecurityGroupId",
)


@dataclass(frozen=True, kw_only=True)
class HandoverPlace:
    """`exporting` runs as the role that reads and hands over, `one_off` as the service's own, which removes."""

    tenant: str
    exporting: TaskPlace
    one_off: TaskPlace
    exports_bucket: str


def find_place(tenant: str, stack: str, region: str, read_outputs: Callable[[str], Mapping[str, Any]]) -> HandoverPlace:
    """As the stack stands that holds a tenant's data. Raises ProblemsError with every output that is missing."""
    outputs = read_outputs(stack)
    expect_outputs(NEEDED, {stack: outputs})
    return HandoverPlace(
        tenant=tenant,
        exporting=task_place(stack, region, outputs, definition="exportTaskDefinitionArn", container="export"),
        one_off=task_place(stack, region, outputs),
        exports_bucket=str(outputs["exportsBucketName"]),
    )
