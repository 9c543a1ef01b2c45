"""What is deleted sooner than before: two lifecycles of one bucket or registry, whatever resource says them."""

from collections.abc import Iterator

from facts.lifecycle import Lifecycle, lifecycles
from facts.stores import FOREVER
from graph.plan import Plan
from operations.review.effects import Found, NotEvaluated, stop


def shortened(plan: Plan) -> Iterator[Found]:
    """Every kind of data that is deleted sooner than before. What is new has nothing to lose yet."""
    before, after = lifecycles(plan.before), lifecycles(plan.after)
    for subject, becomes in after.items():
        step = plan.by_urn.get(subject)
        if step is not None and step.op in ("create", "replace", "import"):
            continue
        yield from _compared(plan, before.get(subject) or Lifecycle(becomes.by, {}, []), becomes)


def _compared(plan: Plan, was: Lifecycle, becomes: Lifecycle) -> Iterator[Found]:
    for urn in becomes.unread:
        step = plan.by_urn.get(urn)
        if step is not None and step.changes:
            yield stop("safeguard-unknown", urn, "the lifecycle's rules are not known before the update")
    if was.unread or becomes.unread:
        yield from (
            NotEvaluated(urn, "the lifecycle's rules are not shown, so whether they are shorter cannot be told")
            for urn in was.unread
            if urn not in becomes.unread and urn in plan.by_urn and plan.by_urn[urn].changes
        )
        return
    for (scope, what), deadline in becomes.deadlines.items():
        old = was.deadline(scope, what)
        where = f" under {scope}" if scope else ""
        if deadline.days < old.days:
            sentence = f"{what}{where} deleted {_shown(deadline.days)} instead of {_shown(old.days)}"
            yield stop("lifecycle-shortened", becomes.by, sentence)
        elif deadline.spared < old.spared:
            sentence = f"the newest {deadline.spared:g} {what}{where} are kept for longer, instead of {old.spared:g}"
            yield stop("lifecycle-shortened", becomes.by, sentence)


def _shown(days: float) -> str:
    return "never" if days == FOREVER else "at once" if days == 0 else f"after {days:g} day{'s' if days != 1 else ''}"
