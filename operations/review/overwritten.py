"""Settings of which AWS keeps one a thing: put in the place of one that nobody here has seen, or said twice."""

from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from facts.subjects import OWNERS
from facts.types import noun_of
from graph import Graph, Mark, Resource
from graph.plan import Plan, PlanStep
from graph.values import at
from operations.review.effects import Found, NotEvaluated, stop

_ONE_EACH: Final = frozenset(
    (
        *(t.BUCKET_ACL, t.BUCKET_CORS, t.BUCKET_ENCRYPTION, t.BUCKET_LIFECYCLE, t.BUCKET_LOGGING),
        *(t.BUCKET_NOTIFICATION, t.BUCKET_OBJECT_LOCK, t.BUCKET_OWNERSHIP, t.BUCKET_POLICY, t.BUCKET_REPLICATION),
        *(t.KEY_POLICY, t.SECRET_POLICY, t.SECRET_ROTATION, t.TOPIC_POLICY, t.QUEUE_POLICY, t.REPOSITORY_POLICY),
        *(t.REPOSITORY_LIFECYCLE, t.BACKUP_VAULT_POLICY, t.BACKUP_VAULT_LOCK, t.ATTACHMENTS_EXCLUSIVE),
        *(t.PERMISSION_SET_POLICY, t.PERMISSION_SET_ATTACHMENTS, t.MAIN_ROUTE_TABLE, t.WEB_ACL_ASSOCIATION),
        t.WEB_ACL_LOGGING,
    )
)
_ONE_EACH_BY_VALUE: Final = frozenset((t.BUCKET_VERSIONING, t.BUCKET_PUBLIC_ACCESS, t.ENDPOINT_POLICY))
"""AWS keeps one of these, too. On something unseen they are judged by their value, and by nothing that they replace; an
endpoint's policy can only limit, where AWS's own default is everything."""


def overwritten(plan: Plan) -> Iterator[Found]:
    """Each setting of something that is declared nowhere here, and so takes the place of what it has; each that takes
    the place of another, and each that goes and takes another along."""
    for step in plan.steps:
        kept_once = step.type in _ONE_EACH
        if kept_once and step.op == "create" and step.new is not None:
            yield from _of_unseen(plan, step, step.new)
        if (kept_once or step.type in _ONE_EACH_BY_VALUE) and step.op in ("create", "import", "replace", "delete"):
            yield from _beside_another(plan, step)


def _of_unseen(plan: Plan, step: PlanStep, made: Resource) -> Iterator[Found]:
    ((path, of_type),) = OWNERS[step.type]
    named = at(made.inputs, path)
    declared = plan.after.find(named) is not None or plan.after.referred(made, path, of_type)
    seen = any(at(one.inputs, path) == named for one in plan.before.of(step.type))
    if isinstance(named, str) and not declared and not seen:
        what = f"the {noun_of(step.type)} of {named}, which nothing here declares, takes the place of what it has"
        yield NotEvaluated(step.urn, what, matters=plan.whole)


def _beside_another(plan: Plan, step: PlanStep) -> Iterator[Found]:
    """One that is made along with what goes is a rename, of which `removals` knows the alias."""
    goes = step.op == "delete"
    graph = plan.before if goes else plan.after
    thing = _whose(graph, graph.by_urn[step.urn])
    for other in plan.after.of(step.type) if thing else ():
        made = plan.by_urn[other.urn].op == "create"
        if other.urn != step.urn and _whose(plan.after, other) == thing and not (goes and made):
            along = f"`{other.name}`, which stays, goes with it" if goes else f"`{other.name}` is there too"
            what = f"{along}: AWS keeps one {noun_of(step.type)} for both, the last that was set"
            yield stop("same-name", step.urn, what)


def _whose(graph: Graph, one: Resource) -> str:
    """What a setting belongs to; empty where a recording does not tell."""
    ((path, of_type),) = OWNERS[one.type]
    named = at(one.inputs, path)
    if isinstance(named, Mark) and path not in one.property_dependencies:
        return ""
    found = graph.referred(one, path, of_type)
    return found[0].urn if len(found) == 1 else named if isinstance(named, str) else ""
