"""What goes (WB.12): deleted, replaced, let go of, moved, or made anew under a name that is still taken."""

from collections.abc import Iterator, Mapping
from typing import Final

from facts import tokens as t
from facts.captions import ENGLISH
from facts.moves import Move
from facts.places import is_regional, region_of
from facts.reach import owners
from facts.stores import End, Form, guards, stores
from facts.types import TYPES, Loss, Removal, ResourceType, judged_among, noun_of
from graph import Graph, Resource
from graph.plan import Plan, PlanStep
from graph.values import at
from operations.review.effects import Found, NotEvaluated, note, stop

_NAMES: Final = ("name", "bucket", "identifier", "clusterIdentifier", "dashboardName")
_REUSED_BY_DESIGN: Final = frozenset({t.TASK_DEFINITION})  # a family has revisions


def removals(plan: Plan) -> Iterator[Found]:
    """Everything that goes, is replaced, is moved, or is of a type that is not known."""
    left = _left_of_each(plan.before)
    for step in plan.steps:
        if step.is_component or step.is_provider or step.looked_up:
            continue
        listed = TYPES.get(step.type)
        yield from _unknown(step) if listed is None else _known(step, listed, left.get(step.urn, ""))
        yield from _moved(plan, step)
        yield from _unprotected(step)
    yield from _same_names(plan)


def _unknown(step: PlanStep) -> Iterator[Found]:
    """A type outside the list may hold or guard anything."""
    if step.op == "create":  # a share, a peering, an import of other rights: it may open or grant anything
        yield NotEvaluated(step.urn, f"{step.type} is made, a type that this review does not know")
    elif step.op in ("delete", "replace", "forget", "update", "import"):
        verb = {"delete": "deleted", "replace": "replaced", "forget": "let go of"}.get(step.op, "changed")
        yield stop("unknown-type", step.urn, f"{step.type} is {verb}, a type that this review does not know")


def _known(step: PlanStep, listed: ResourceType, left: str) -> Iterator[Found]:
    if listed.runs_code and step.changes:
        yield stop("runs-code", step.urn, f"{listed.noun}: it runs code of its own during the deployment")
    elif listed.loss is not Loss.NOTHING:
        yield from _lost(step, listed, left)
    elif step.op in ("delete", "forget") and listed.removal is Removal.STOPS:
        yield stop("unwatched" if listed.token == t.TRAIL else "safeguard-off", step.urn, f"the {listed.noun} goes")
    elif step.op in ("delete", "forget") and listed.removal is Removal.NOTED:
        yield note("unwatched", step.urn, f"the {listed.noun} goes")
    elif step.op == "replace" and listed.removal in (Removal.STOPS, Removal.JUDGED):
        yield note("unwatched", step.urn, f"the {listed.noun} is replaced: there is a gap{_because(step)}")
    elif step.op == "replace" and listed.token in (t.SECURITY_GROUP, t.ROLE, t.LOAD_BALANCER, t.SERVICE):
        yield note("unwatched", step.urn, f"the {listed.noun} is replaced{_because(step)}")


def _lost(step: PlanStep, listed: ResourceType, left: str) -> Iterator[Found]:
    if step.op == "replace":
        because = ", ".join(_change(step, path) for path in step.replace_paths) or "the program asks for it"
        yield stop("replace", step.urn, f"a new, empty {listed.noun} takes its place, because of {because}", left)
    elif step.op == "delete" and listed.loss is Loss.KEY:
        yield stop(
            "key-deletion", step.urn, f"the {listed.noun} is scheduled for deletion, with all that it encrypts", left
        )
    elif step.op == "delete":
        yield stop("delete", step.urn, f"the {listed.noun} is deleted", left)
    elif step.op == "forget":
        yield stop("forget", step.urn, f"the {listed.noun} leaves the stack's state and care", left)


def _because(step: PlanStep) -> str:
    return f", because of {', '.join(_change(step, path) for path in step.replace_paths)}" if step.replace_paths else ""


def _change(step: PlanStep, path: str) -> str:
    old, new = (at(state.inputs, path) if state else None for state in (step.old, step.new))
    if isinstance(old, str | int | float) and isinstance(new, str | int | float):
        return f"{path} {old} → {new}"
    return path


Left = Mapping[str, str]
"""URN of what holds data -> what stays of it once it is gone, in words; empty where nothing here knows."""


def _left_of_each(graph: Graph) -> Left:
    found: dict[str, list[str]] = {}
    unknown: set[str] = set()
    for store in stores(graph):
        if store.form is Form.UNKNOWN:
            unknown.add(store.holder.urn)
        kept = found.setdefault(store.holder.urn, [])
        if store.after_deletion.end not in (End.NONE, End.DELETED):
            kept.append(f"{ENGLISH.what(store)}: {ENGLISH.after_deletion(store)}")
    for urn, kept in found.items():
        kept += [f"{ENGLISH.guards[one]} refuses it" for one in guards(graph.by_urn[urn])]
    return {urn: "; ".join(dict.fromkeys(kept)) or "nothing" for urn, kept in found.items() if urn not in unknown}


def _moved(plan: Plan, step: PlanStep) -> Iterator[Found]:
    if step.old is None or step.new is None or not is_regional(step.new):
        return
    old, new = plan.before.by_urn[step.urn], plan.after.by_urn[step.urn]
    before, after = region_of(plan.before, old), region_of(plan.after, new)
    if before and after and before != after:
        what = f"it moves from {before} to {after}: a new, empty resource there; move the data first"
        yield stop("region-move", step.urn, what)


def _unprotected(step: PlanStep) -> Iterator[Found]:
    yield from _ignored(step)
    if step.old is None or step.new is None:
        return
    if step.old.protect and not step.new.protect:
        what = "`protect` is lifted, so that this or a later change may delete or replace it"
        yield stop("protect-off", step.urn, what)
    if step.old.retain_on_delete and not step.new.retain_on_delete:
        yield stop("protect-off", step.urn, "`retainOnDelete` is lifted, so that `destroy` takes it along")


def _ignored(step: PlanStep) -> Iterator[Found]:
    """What the program asks for and does not hold to: somebody changes it in the cloud, and nothing puts it back."""
    before, after = (state.ignore_changes if state else () for state in (step.old, step.new))
    ignored = [path for path in after if path not in before]
    judged = tuple(judged_among(step.type, ignored))
    for path in ignored:
        what = f"{path} is ignored from now on: it stays as it is in the cloud"
        if path in judged:
            yield stop("safeguard-off", step.urn, f"{what}, whatever it becomes there")
        elif step.old is not None:
            yield note("protect-off", step.urn, what)


def _same_names(plan: Plan) -> Iterator[Found]:
    """A resource that was renamed in the code, without an alias, and is the same thing to AWS.

    Most services refuse the create half-way, since the name is taken. Some answer it with what is there (ECS does), or
    put it in the place of what is there (a bucket's policy), and then the delete takes the only one.
    """
    going = [step for step in plan.steps if step.op == "delete" and step.old is not None]
    for step in plan.steps:
        if step.op != "create" or step.new is None or step.type in _REUSED_BY_DESIGN:
            continue
        for gone in going:
            same = _same_thing(plan, gone, step) if gone.type == step.type else ""
            if same and gone.old is not None:
                what = (
                    f"a new {noun_of(step.type)} has the name {same} of `{gone.name}`, which is deleted after it: keep "
                    f"the one that stands with `{Move(gone.old, step.new, 1).alias}`"
                )
                yield stop("same-name", step.urn, what)
                break


def _same_thing(plan: Plan, gone: PlanStep, made: PlanStep) -> str:
    """By what name or id AWS takes two resources of one type for one; empty where it does not.

    Before it is made the engine knows no id, but one that stands may go by a property of its own, as what belongs to a
    bucket does by the bucket's name.
    """
    assert gone.old is not None and made.new is not None  # noqa: S101, PT018  asked by _same_names
    old, new = gone.old, made.new
    if region_of(plan.before, old) != region_of(plan.after, new) or _belong_apart(plan, gone, made):
        return ""
    name, id_ = _physical_name(old), old.id
    if name and name == _physical_name(new):
        return name
    by_own = any(value == id_ and new.inputs.get(key) == id_ for key, value in old.inputs.items())
    return id_ if id_ and (new.id == id_ or by_own) else ""


def _belong_apart(plan: Plan, gone: PlanStep, made: PlanStep) -> bool:
    """Whether they belong to different things, as two roles' policies of one name do."""
    assert gone.old is not None and made.new is not None  # noqa: S101, PT018  asked by _same_names
    whose = owners(plan.before, plan.before.by_urn[gone.urn]), owners(plan.after, plan.after.by_urn[made.urn])
    return whose != ([gone.urn], [made.urn]) and set(whose[0]).isdisjoint(whose[1])


def _physical_name(resource: Resource) -> str:
    """The name that AWS knows it by; `bucket` is that only of a bucket itself."""
    for key in _NAMES:
        value = resource.inputs.get(key)
        if value and isinstance(value, str) and (key != "bucket" or resource.type == t.BUCKET):
            return value
    return ""
