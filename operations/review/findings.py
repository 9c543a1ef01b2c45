"""What the policies would say of the change: controls that a resource met before and does not meet after.

The engine's events carry the pack's own findings; `pulumi preview --json` carries none, nor do events of a preview
without the pack, and a recording was perhaps made by a pack that the same branch changed. Asking the rules here of the
graph before and after keeps them from disagreeing, and leaves alone what was wrong before this change.
"""

from collections.abc import Iterator, Mapping, Set

from graph import Graph
from graph.plan import Plan, PolicyResult
from operations.review.residency import allowed_regions


def findings(plan: Plan, *, retiring: bool = False) -> Iterator[PolicyResult]:
    """Mandatory findings that this change brings, where nobody here has asked for them.

    Of what is made, those of a recording alone: a rehearsal asks the rules of all that it makes. Where no pack was
    asked when it was recorded, they advise: it was made by hand, and no deployment is judged by it.
    """
    if plan.policies and not plan.recorded:
        return
    known = {(one.policy, one.urn) for one in plan.policies or () if one.level == "mandatory"}
    asked = {"update", "replace", "delete", "import", *(("create",) if plan.recorded else ())}
    if not any(step.op in asked for step in plan.steps):
        return
    regions = allowed_regions(plan.config)
    after, unjudged = _failing(plan.after, plan, regions, retiring=retiring)
    before, standing = _failing(plan.before, plan, regions, retiring=retiring)
    yield from _unjudged(plan, unjudged, set(standing.values()))
    for key, message in after.items():
        step = plan.by_urn.get(key[1])
        if key in before or key in known or step is None or (step.op == "create" and not plan.recorded):
            continue
        by_hand = plan.recorded and not plan.with_pack and step.op in ("create", "import")
        level = "advisory" if by_hand else "mandatory"
        yield PolicyResult(policy=key[0], level=level, urn=key[1], message=message)


def _unjudged(plan: Plan, unjudged: Mapping[str, str], standing: Set[str]) -> Iterator[PolicyResult]:
    """What no rule can judge, a document that is none for one; what stood so, and is left as it is, stops nothing."""
    for urn, message in unjudged.items():
        step = plan.by_urn.get(urn)
        if message in standing and (step is None or not step.changes):
            yield PolicyResult(policy="policies", level="advisory", urn="", message=f"stands already: {message}")
        else:
            yield PolicyResult(policy="policies", level="mandatory", urn="", message=message)


def _failing(
    graph: Graph, plan: Plan, regions: tuple[str, ...], *, retiring: bool
) -> tuple[Mapping[tuple[str, str], str], Mapping[str, str]]:
    """Messages by control and URN, and by URN those of rules that could not judge it."""
    from policies.errors import RuleError  # the rules: half a second that nothing changed does not need
    from policies.retiring import with_retirement
    from policies.runner import check

    custom = [one for one in graph.resources if not one.read]
    broken: list[RuleError] = []
    report = check(custom, plan.stack, with_retirement({}, retiring=retiring), allowed_regions=regions, broken=broken)
    unjudged = {error.urn: str(error) for error in reversed(broken)}
    return {(one.control, one.urn): one.message for one in report.violations}, unjudged
