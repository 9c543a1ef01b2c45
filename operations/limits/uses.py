"""What a base stack and a silo take of each limit, without declaring them: `make generate` counts it in the graphs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph import Graph
from operations.limits.counting import MEASURED, Quota, limit_uses, quotas

FILE: Final = Path(__file__).parent / "uses.json"


@dataclass(frozen=True, kw_only=True)
class Use:
    """One limit whose number was read or can be granted, and what is taken of it."""

    quota: Quota
    base: float
    silo: float


def uses() -> list[Use]:
    """Limits of which a silo takes something; a base stack's own addresses are `infra.tenants.capacity`'s."""
    counted: dict[str, Any] = json.loads(FILE.read_bytes())["limits"]
    found = (Use(quota=one, **counted[one.name]) for one in quotas() if one.name in counted)
    return [one for one in found if one.silo and one.quota.quota != MEASURED and one.quota.scope != "bases in a region"]


def not_counted() -> list[str]:
    """Resource types of which nobody counts how many AWS allows."""
    found: list[str] = json.loads(FILE.read_bytes())["notCounted"]
    return found


def rendered(base: Graph, silo: Graph) -> str:
    """The file as committed."""
    from operations.limits.uncounted import uncounted  # it reads all that can be rehearsed; who asks reads the file

    limits = {one.quota.name: {"base": one.base, "silo": one.silo} for one in limit_uses(base, silo)}
    document: dict[str, Any] = {"of": {"base": base.stack, "silo": silo.stack}, "limits": dict(sorted(limits.items()))}
    document["notCounted"] = uncounted(base, silo)
    return json.dumps(document, indent=2) + "\n"
