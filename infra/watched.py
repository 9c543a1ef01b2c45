"""What `monitoring/` is to know of a stack, from its settings."""

from infra.settings import StackSettings
from monitoring.watched import Watched


def watched(stack: str, settings: StackSettings, base: str | None = None, tenant: str = "") -> Watched:
    """A stack as its settings describe it.

    Args:
        stack: its name.
        settings: its own.
        base: the base stack whose cluster a customer's own stack runs in.
        tenant: the customer, likewise.
    """
    return Watched(
        stack=stack,
        cluster=f"workbuoy-{base or stack}",
        account_id=settings.account,
        region=settings.region,
        memory_mib=settings.service.memory_mib,
        min_tasks=settings.service.min_tasks,
        allocated_storage_gib=settings.database.allocated_storage_gib,
        observability=settings.observability,
        has_waf=settings.service.waf is not None and base is None,
        tenant=tenant,
    )
