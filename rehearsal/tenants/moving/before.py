"""Customers move and come back, and then leave: two rehearsals in moto, and what both found as one."""

from collections.abc import Callable
from dataclasses import replace

from rehearsal.result import Rehearsal
from rehearsal.service.result import ServiceRehearsal, ServiceStep


def followed_by(moved: Rehearsal, leave: Callable[[], Rehearsal]) -> Rehearsal:
    """A rehearsed move with what comes after it, which is not begun where the move did not pass."""
    if not moved.passed or moved.service is None:
        return moved
    left = leave()
    steps = (*moved.service.steps, *_who_reached_whom(moved))
    service = left.service or ServiceRehearsal(incomplete="nobody left, since no service ran")
    phases = dict.fromkeys((*moved.seconds, *left.seconds))
    return replace(
        left,
        service=replace(service, steps=(*steps, *service.steps), judged=moved.service.judged + service.judged),
        seconds={name: moved.seconds.get(name, 0) + left.seconds.get(name, 0) for name in phases},
    )


def _who_reached_whom(moved: Rehearsal) -> tuple[ServiceStep, ...]:
    """The move's matrix as a step, since the result has room for the later one alone."""
    if moved.tenants is None or (matrix := moved.tenants.matrix) is None:
        return ()
    detail = f"{len(matrix.cells)} cells, none red"
    return (ServiceStep(name="move: who reaches whom", seconds=matrix.seconds, passed=True, detail=detail),)
