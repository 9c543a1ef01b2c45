"""An update held to what was reviewed.

An update makes its own plan: the cloud, the state or a value that was not known may have moved since the preview. The
engine's own way (`--save-plan`, `--plan`) is marked experimental and was not tried here with the genuine provider, so
each step that an update begins is compared with the reviewed one instead; one that goes further cancels the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from graph.plan import OPERATIONS, Operation, Plan
from graph.resource import name_of
from operations.engine.events import Event

_MAY_BECOME: Final[Mapping[Operation, frozenset[Operation]]] = {
    "same": frozenset({"same", "read"}),
    "read": frozenset({"same", "read"}),
    "update": frozenset({"update", "same"}),
    "replace": frozenset({"replace", "update", "same", "create", "delete"}),
    "create": frozenset({"create", "same"}),
    "import": frozenset({"import", "same"}),
    "delete": frozenset({"delete"}),
    "forget": frozenset({"forget"}),
}
"""What a reviewed step may turn out to be: a value that was not known may be the same, and then nothing is done."""


@dataclass
class Held:
    """The reviewed steps, and each step of the update that goes beyond them."""

    plan: Plan
    strayed: list[str] = field(default_factory=list)

    def goes_further(self, event: Event) -> bool:
        """Whether a step begins that was not reviewed. Components do nothing in the cloud."""
        step = event.get("resourcePreEvent", {}).get("metadata")
        op = OPERATIONS.get(step["op"]) if step else None
        if step is None or op is None:
            return False
        reviewed = self.plan.by_urn.get(step["urn"])
        allowed = _MAY_BECOME["same"] if reviewed is None else _MAY_BECOME[reviewed.op]
        if op in allowed:
            return False
        instead = f"reviewed as {reviewed.op}" if reviewed is not None else "not reviewed"
        self.strayed.append(f"{op} {name_of(step['urn'])} ({instead})")
        return True
