"""What stands, as the commands about a customer ask for it; each import is paid by whoever asks."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from operations.ending import notify

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.engine.stack import EngineStack
    from project.files import Project


def opened(project: "Project", stack: str) -> "EngineStack":
    """A stack, open. Raises as `open_stack` does."""
    from operations.engine.stack import open_stack  # imports Pulumi

    return open_stack(project, stack, notify=notify)


def outputs(project: "Project", stack: str) -> dict[str, Any]:
    """What a deployed stack says of itself."""
    return opened(project, stack).outputs()


def session() -> Any:
    """boto3's, of whoever is signed in."""
    import boto3  # half a second

    return boto3.Session()


def unmade(tenant: "Tenant", stacks: Callable[[], Collection[str]]) -> str:
    """Why a customer's stack stays as it is while a move has yet to make the second: no policy names an absent role.

    `stacks` asks which stand, where that matters.
    """
    second = next((one for one in tenant.unsettled if one.dates.retiring is None), None)
    if second is None or second.stack in stacks():
        return ""
    makes = f"workbuoy tenant deploy {tenant.name} --base {second.base}"
    return f"its move's {second.stack} is not made yet, whose role {tenant.stack} lets in: `{makes}` makes it"


def destroyed(tenant: "Tenant", stacks: Callable[[], Collection[str]]) -> str:
    """Why nothing of a customer's is deployed who retires, where the stack does not stand."""
    if tenant.dates.retiring is None or tenant.stack in stacks():
        return ""
    return f"{tenant.stack}: does not stand, and {tenant.path} retires it: it was destroyed, or never made"


def not_to_update(project: "Project", tenant: "Tenant") -> str:
    """Why a release leaves a customer out of whose stacks one does not stand; empty where it does not."""

    def stacks() -> Collection[str]:
        return opened(project, tenant.base).stacks()

    return unmade(tenant, stacks) or destroyed(tenant, stacks)


def absent(project: "Project", stacks: Collection[str]) -> list[str]:
    """Those of these that a move has yet to make, or that retire and are destroyed. Raises as `open_stack` does."""
    from infra.tenants.files import read_tenants  # all customers' files

    silos = [one for tenant in read_tenants(project.root).tenants for one in tenant.unsettled if one.stack in stacks]
    standing = {base: opened(project, base).stacks() for base in {one.base for one in silos}}
    return [one.stack for one in silos if one.stack not in standing[one.base]]
