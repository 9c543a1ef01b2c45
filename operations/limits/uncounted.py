"""Resource types whose quotas nobody counts: every one is counted, has a reason for none, or is named."""

from dataclasses import dataclass
from pathlib import Path

from graph import Graph
from infra.yaml_text import read_yaml_value
from operations.limits.counting import quotas
from rehearsal.kinds import DECLARED_ONLY, KINDS


@dataclass(frozen=True, kw_only=True)
class WithoutQuota:
    """Types of which nobody meets a quota, and why; `base_alone` where that holds because no silo has one."""

    why: str
    types: tuple[str, ...]
    base_alone: bool = False


def without_quota() -> list[WithoutQuota]:
    """The committed list."""
    entries = read_yaml_value(Path(__file__).parent / "without_quota.yaml")
    return [WithoutQuota(**{**entry, "types": tuple(entry["types"])}) for entry in entries]


def uncounted(base: Graph, silo: Graph) -> list[str]:
    """Types of which an account may be allowed too few: those of the two graphs, and whatever can be rehearsed.

    A stack that sets an option has types that the graphs of the examples lack.
    """
    made = {one.type for one in (*base.resources, *silo.resources) if one.custom and one.type.startswith("aws:")}
    in_a_silo = {one.type for one in silo.resources}
    known = {one for quota in quotas() for one in quota.counts}
    for entry in without_quota():
        known.update(one for one in entry.types if not (entry.base_alone and one in in_a_silo))
    return sorted({*KINDS, *DECLARED_ONLY, *made} - known)
