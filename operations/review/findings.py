"""What the policies would say of the change: controls that a resource met before and does not meet after.

The engine's events carry the pack's own findings; `pulumi preview --json` carries none, nor do events of a preview
without the pack, and a recording was perhaps made by a pack that the same branch changed. Asking the rules here of the
graph before and after keeps them from disagreeing, and leaves alone what was wrong before this change.
"""

from collections.abc import Iterator, Mapping

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
    from policies.errors import RuleError  # the rules: half a second that nothing changed does not need

    regions = allowed_regions(plan.config)
    try:
        after = _failing(plan.after, plan, regions, retiring=retiring)
    except RuleError as error:  # a document that is none, for one: no finding can be made, so the change must not pass
        yield PolicyResult(policy="policies", level="mandatory", urn="", message=str(error))
        return
    try:
        before = _failing(plan.before, plan, regions, retiring=retiring)
    except RuleError:  # this change mends what nobody could judge: all that fails then counts as brought by it
        before = {}
    for key, message in after.items():
        step = plan.by_urn.get(key[1])
        if key in before or key in known or step is None or (step.op == "create" and not plan.recorded):
            continue
        by_hand = plan.recorded and not plan.with_pack and step.op in ("create", "import")
        level = "advisory" if by_hand else "mandatory"
        yield PolicyResult(policy=key[0], level=level, urn=key[1], message=message)


def _failing(graph: Graph, plan: Plan, regions: tuple[str, ...], *, retiring: bool) -> Mapping[tuple[str, str], str]:
    from policies.retiring import with_retirement
    from policies.runner import check

    custom = [one for one in graph.resources if not one.read]
    settings = with_retirement({}, retiring=retiring)
    report = check(custom, plan.stack, settings, allowed_regions=regions)
    return {(one.control, one.urn): one.message for one in report.violations}
