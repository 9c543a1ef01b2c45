"""Where a promotion begins and ends, from the tenant file and the outputs of both stacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.tenants.record import Tenant
from operations.one_off import TASK_OUTPUTS, TaskPlace, expect_outputs, task_place
from operations.tenant.steps import Side

ReadOutputs = Callable[[str], Mapping[str, Any]]
NEEDED = (*TASK_OUTPUTS, "oneOffTaskDefinitionArn", "serviceSecurityGroupId")


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """One tenant's way; `address` is the export's place in the silo's bucket."""

    tenant: str
    pool: TaskPlace
    silo: TaskPlace

    @property
    def prefix(self) -> str:
        """Of every key of the export."""
        return f"imports/{self.tenant}"

    @property
    def address(self) -> str:
        """As `workbuoy-app tenant export --to` takes it."""
        return f"s3://{self.silo.bucket}/{self.prefix}/"

    def place(self, side: Side) -> TaskPlace:
        """One of the two."""
        return self.pool if side == "old" else self.silo


def expect_promotion(tenant: Tenant) -> None:
    """Raises ProblemsError unless the tenant's file says that it is on its way."""
    if tenant.isolation != "silo":
        message = "is pool: step 1 of the plan is a reviewed change to silo, with promotion: open"
        raise ProblemsError([Problem(file=tenant.path, path="isolation", message=message)])
    if tenant.promotion != "open":
        message = (
            "is not open, so the silo takes no export: a reviewed change opens it, `workbuoy tenant deploy` applies"
        )
        raise ProblemsError([Problem(file=tenant.path, path="promotion", message=message)])


def find_promotion(tenant: Tenant, read_outputs: ReadOutputs) -> Promotion:
    """Both stacks as they stand. Raises ProblemsError with every output that is missing."""
    expect_promotion(tenant)
    stacks = (tenant.base, tenant.stack)
    pool, silo = task_places(dict.fromkeys(stacks, tenant.region), read_outputs)
    return Promotion(tenant=tenant.name, pool=pool, silo=silo)


def task_places(regions: Mapping[str, str], read_outputs: ReadOutputs) -> list[TaskPlace]:
    """Where tasks of these stacks run, by stack and region. Raises ProblemsError with every output that is missing."""
    outputs = {stack: read_outputs(stack) for stack in regions}
    expect_outputs(NEEDED, outputs)
    return [task_place(stack, region, outputs[stack]) for stack, region in regions.items()]
