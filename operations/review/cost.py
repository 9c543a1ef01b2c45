"""What a change adds to, or takes from, the cost of a month at rest: by component, from the project's price table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from graph.plan import Plan
from operations.cost.estimate import monthly
from operations.cost.prices import PriceTable, read_prices
from operations.review.effects import Found, stop


@dataclass(frozen=True, slots=True)
class Cost:
    """USD a month: the difference, of which component, and the whole sum before and after of a whole plan.

    `unpriced` are the names of changed resources whose price is not known; the difference leaves them out.
    """

    difference: Decimal
    by_component: Mapping[str, Decimal]
    before: Decimal | None
    after: Decimal | None
    unpriced: tuple[str, ...]


def cost(plan: Plan) -> Cost:
    """The cost of a change."""
    prices = read_prices()
    before, after = _prices(plan, prices, old=True), _prices(plan, prices, old=False)
    by_component: dict[str, Decimal] = {}
    unpriced: list[str] = []
    for step in plan.steps:
        was, becomes = before.get(step.urn, Decimal(0)), after.get(step.urn, Decimal(0))
        if was is None or becomes is None:
            unpriced += [step.name] if step.changes else []
        elif was != becomes:
            component = step.component or "the stack itself"
            by_component[component] = by_component.get(component, Decimal(0)) + becomes - was
    return Cost(
        difference=sum(by_component.values(), Decimal(0)),
        by_component=by_component,
        before=_sum(before) if plan.whole else None,
        after=_sum(after) if plan.whole else None,
        unpriced=tuple(unpriced),
    )


def _prices(plan: Plan, prices: PriceTable, *, old: bool) -> Mapping[str, Decimal | None]:
    graph = plan.before if old else plan.after
    return {
        one.urn: monthly(one, graph, prices)
        for one in graph.resources
        if one.custom and not one.is_provider and not one.read and not one.type.startswith("pulumi:")
    }


def _sum(prices: Mapping[str, Decimal | None]) -> Decimal:
    return sum((one for one in prices.values() if one is not None), Decimal(0))


def over_budget(plan: Plan) -> Iterator[Found]:
    """A stack whose sum goes over the budget of its own settings (`monthlyBudgetUsd`)."""
    budget = _budget(plan.config)
    found = cost(plan) if budget is not None else None
    if budget is None or found is None or found.after is None or found.before is None:
        return
    if found.after > budget and found.after > found.before:
        what = f"{found.before:.2f} → {found.after:.2f} USD a month at rest, over the budget of {budget:g}"
        yield stop("over-budget", plan.stack_urn, what)


def _budget(config: Mapping[str, str]) -> float | None:
    settings = config.get("workbuoy:settings")
    try:
        parsed = json.loads(settings) if isinstance(settings, str) else settings or {}
        found = parsed.get("monthlyBudgetUsd")
    except (ValueError, AttributeError):
        return None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
