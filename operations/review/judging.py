"""Everything that a plan means, judged by each of the modules that knows one kind of effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from facts.types import loss_of
from graph.plan import Plan
from graph.resource import type_of
from infra.environments import PERMANENT_ENVIRONMENTS, environment_of
from operations.review.cost import over_budget
from operations.review.effects import KINDS, Danger, Effect, Judge, NotEvaluated, stop
from operations.review.opened import opened
from operations.review.overwritten import overwritten
from operations.review.properties import properties
from operations.review.removals import removals
from operations.review.residency import outside
from operations.review.shortened import shortened
from operations.review.weakened import weakened
from operations.review.widened import widened

JUDGES: Final[Sequence[Judge]] = (
    *(removals, weakened, shortened, overwritten, widened, opened, outside, properties, over_budget),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What stops, what a reviewer must read, and what could not be evaluated, URN and reason."""

    stopping: tuple[Danger, ...]
    noted: tuple[Danger, ...]
    not_evaluated: tuple[tuple[str, str], ...]


def guards_customers(stack: str) -> bool:
    """Whether customers' data are in a stack, or it shows what will be done to them: prod and staging."""
    return environment_of(stack) in PERMANENT_ENVIRONMENTS


def judge(plan: Plan) -> Judged:
    """Judge a plan, the most final and the dearest first.

    What could not be evaluated, and could hide something, stops where customers' data are (prod and staging).
    """
    found = [one for judge in JUDGES for one in judge(plan)]
    strict = guards_customers(plan.stack)
    effects = [one for one in found if isinstance(one, Effect)]
    unknown = [one for one in found if isinstance(one, NotEvaluated)]
    effects += [stop("not-judged", one.urn, one.why) for one in unknown if one.matters and strict]
    order = {kind: position for position, kind in enumerate(KINDS)}

    def rank(danger: Danger) -> tuple[int, int]:
        return order[danger.kind], -loss_of(type_of(danger.urn))

    return Judged(
        stopping=_distinct(sorted((one.danger for one in effects if one.stops), key=rank)),
        noted=_distinct(sorted((one.danger for one in effects if not one.stops), key=rank)),
        not_evaluated=tuple(dict.fromkeys((one.urn, one.why) for one in unknown if not (one.matters and strict))),
    )


def _distinct(dangers: Sequence[Danger]) -> tuple[Danger, ...]:
    return tuple(dict.fromkeys(dangers))
