"""A resource on its way through a rehearsal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.kinds.kind import Kind
from rehearsal.result import Check, Declared, FieldResult, Rehearsed, State


@dataclass(slots=True)
class Made:
    """A resource on its way through a rehearsal."""

    declared: Declared
    kind: Kind | None = None
    properties: dict[str, Any] = field(default_factory=dict)  # with the name and all tags that are sent
    values: dict[str, Any] = field(default_factory=dict)  # what templates may name
    outputs: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    region: str = ""
    state: State = State.DECLARED_ONLY
    reason: str = ""
    create_ms: float = 0.0
    salt: str = ""  # tells a replacement's made-up name from that of what it replaces


def rehearsed(made: Made, fields: tuple[FieldResult, ...] = (), read_ms: float = 0.0) -> Rehearsed:
    """The result of one resource."""
    state = made.state
    if state is State.COMPARED and any(one.check is Check.DIFFERS for one in fields):
        state = State.DIFFERS
    return Rehearsed(
        declared=made.declared,
        state=state,
        id=made.id,
        outputs=made.outputs,
        fields=fields,
        reason=made.reason,
        region=made.region,
        create_ms=made.create_ms,
        read_ms=read_ms,
    )
