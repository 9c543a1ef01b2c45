"""A removal that is counted by another role than the one which removes: its word is never taken."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from infra.problems import Problem, ProblemsError
from operations.ending import Notify


class Counts(Protocol):
    """Who counts a customer's rows and objects; `operations.tenant.handover.tasks.Tasks` is one."""

    def count(self, tenant_id: str = "") -> Mapping[str, Any]:
        """What is there; of a customer that may be gone by its id."""


def left_in(counted: Mapping[str, Any]) -> dict[str, int]:
    """What is still there; older versions of objects end by the bucket's rule, and stand in the record."""
    left = {name: int(rows) for name, rows in counted["rows"].items() if rows}
    return left | ({"the bucket": int(counted["objects"])} if counted["objects"] else {})


def remove_counted(
    name: str, tenant_id: str, counts: Counts, remove: Callable[[], object], notify: Notify
) -> Mapping[str, Any]:
    """Remove what is still there; gives what was counted afterwards.

    Raises ProblemsError where a removal left something, and what `remove` and `count` raise.
    """
    if left_in(counts.count(tenant_id)):
        notify(f"removing {name} ...")
        remove()
    after = counts.count(tenant_id)
    if left := left_in(after):
        remaining = ", ".join(f"{count} in {table}" for table, count in left.items())
        message = f"{name} was said to be removed, and is still there: {remaining}. No record is written"
        raise ProblemsError([Problem(message=message)])
    return after
