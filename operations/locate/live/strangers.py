"""Which things that only carry a customer's tag may hold data: all whose kind the stack does not show to hold none."""

import re
from typing import Final

from facts.types import Loss, loss_of
from graph import Graph

ArnKind = tuple[str, str]
# What AWS makes by itself of a declared resource, with its tags: a service's tasks, and the daily snapshots that are
# RDS's automated backups.
_MADE_ALONG: Final[frozenset[ArnKind]] = frozenset({("ecs", "task"), ("rds", "snapshot:rds")})


def kind_of(arn: str) -> ArnKind:
    """The service and the kind of thing that an ARN names; an ARN without a kind has an empty one."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "", ""
    if parts[5].startswith("snapshot:rds:"):
        return parts[2], "snapshot:rds"
    kind = re.match(r"[a-z-]+(?=[:/])", parts[5])
    return parts[2], kind[0] if kind else ""


def harmless_kinds(declared: Graph) -> frozenset[ArnKind]:
    """Kinds of things that the stack declares and that hold nothing."""
    by_kind: dict[ArnKind, list[Loss]] = {}
    for one in declared.resources:
        if one.custom and isinstance(one.outputs.get("arn"), str):
            by_kind.setdefault(kind_of(one.outputs["arn"]), []).append(loss_of(one.type))
    return _MADE_ALONG | {kind for kind, losses in by_kind.items() if kind[0] and max(losses) is Loss.NOTHING}
