"""Who may do more than before, by whatever resource: a policy, an attachment, a boundary, a trust, a grant."""

from collections.abc import Iterator
from dataclasses import replace

from facts import tokens as t
from facts.permissions.copies import copied_to
from facts.permissions.documents import LIMITING_TYPES, PolicyKind
from facts.places import own_accounts
from facts.reach import ALLOW_ALL, Grants, Reach, WrittenStatement, reach
from facts.runners import RUNNERS, runs_as
from facts.widening import Accounts, Widening, ended, widenings
from graph import Mark, Resource
from graph.marks import is_known
from graph.plan import Plan, PlanStep
from graph.resource import type_of
from operations.review.effects import Found, NotEvaluated, note, stop
from policies.exemptions import exemption_for


def widened(plan: Plan) -> Iterator[Found]:
    """Every grant that is new or wider, every refusal and boundary that is gone, every document that cannot be read."""
    before, after = reach(plan.before), reach(plan.after)
    accounts = _accounts(plan)
    seen: set[tuple[str, str]] = set()
    subjects = dict.fromkeys((*before, *after))
    everything = (
        *(found for key in subjects for found in _of_subject(plan, key, before, after, accounts)),
        *_of_runners(plan, before, after, accounts),
    )
    for found in everything:
        identity = (found.urn, found.why) if isinstance(found, NotEvaluated) else (found.danger.urn, found.danger.what)
        if identity not in seen:
            seen.add(identity)
            yield found


def _accounts(plan: Plan) -> Accounts:
    """Copies may go where a plan stops that names another account, which takes an own one to compare with."""
    own = own_accounts(plan.before) | own_accounts(plan.after)
    return Accounts(own, copied_to(one.inputs for one in plan.after.of(t.BACKUP_PLAN)) if own else frozenset())


def _of_subject(
    plan: Plan, key: tuple[str, PolicyKind], before: Reach, after: Reach, accounts: Accounts
) -> Iterator[Found]:
    subject, kind = key
    step = plan.by_urn.get(subject)
    if step is not None and step.op in ("delete", "forget") and key not in after:
        return
    new = step is not None and step.op in ("create", "import")
    old = None if new else before.get(key, Grants(kind))
    become = after.get(key, Grants(kind))
    if key not in before and become.statements and all(type_of(one.by) in LIMITING_TYPES for one in become.statements):
        # An endpoint lets all through without a policy, so any policy of a new one, or of one elsewhere, narrows.
        old = Grants(kind, [WrittenStatement(ALLOW_ALL, subject)])
    unread = {urn for urn, _ in become.unread}
    yield from _not_read(plan, old, become, new=new)
    known = old if old is None else replace(old, statements=[one for one in old.statements if one.by not in unread])
    for widening in widenings(known, become, accounts):
        yield from _judged(plan, widening, new=new)
    for less in () if unread else ended(known, become):
        yield note("unwatched", less.by, less.what)
    if old is not None:
        yield from _boundary(plan, subject, old, become)


def _of_runners(plan: Plan, before: Reach, after: Reach, accounts: Accounts) -> Iterator[Found]:
    """What runs under another role than before: it may do what that one may. What is new is its role's to say."""
    for step in plan.steps:
        if step.type not in RUNNERS or step.new is None or not step.changes:
            continue
        stood = {one.property: one for one in runs_as(plan.before, plan.before.by_urn[step.urn])} if step.old else {}
        for one in runs_as(plan.after, plan.after.by_urn[step.urn]):
            was = stood.get(one.property)
            if was and (was.value == one.value or (was.role and one.role and was.role.urn == one.role.urn)):
                continue
            if one.role is None:
                made_along = not step.old and isinstance(one.value, Mark)
                why = f"{one.property} is {one.value}, which nothing here declares: nobody knows what it may do"
                yield NotEvaluated(step.urn, why, matters=plan.whole and not made_along)
            elif step.old:
                grants = _of_role(before, was.role if was else None), _of_role(after, one.role)
                yield from _under(plan, step, one.role, grants, accounts)


def _of_role(reached: Reach, role: Resource | None) -> Grants:
    return reached.get((role.urn, "identity"), Grants("identity")) if role else Grants("identity")


def _under(
    plan: Plan, step: PlanStep, role: Resource, grants: tuple[Grants, Grants], accounts: Accounts
) -> Iterator[Found]:
    old, become = grants
    what = f"it runs under {role.name}"
    for _, name in become.unread:
        yield NotEvaluated(step.urn, f"{what}, whose {name} is not known")
    for widening in widenings(old, become, accounts):
        yield from _judged(plan, replace(widening, what=f"{what}: {widening.what}", by=step.urn), new=False)
    yield from _boundary(plan, step.urn, old, become)


def _judged(plan: Plan, widening: Widening, *, new: bool) -> Iterator[Found]:
    step = plan.by_urn.get(widening.by)
    if step is None:
        return
    exempted = _exempted(step, widening) if new else None
    if exempted:
        yield note("role-widened", widening.by, f"{widening.what}: {exempted}")
    elif widening.wide:
        yield stop("role-widened", widening.by, widening.what)
    elif not new and not plan.made_with_its_component(step):  # what comes along is what the change is about
        yield note("role-widened", widening.by, widening.what)


def _exempted(step: PlanStep, widening: Widening) -> str | None:
    """Why a new resource need not meet the controls that would refuse what it is allowed; None where it must.

    Of one that stands, what it gets more is for a person to see: its exemption was given for what it had.
    """
    if step.op != "create" or not widening.controls:
        return None
    found = [exemption_for(control, step.urn) for control in widening.controls]
    reasons = [one.reason for one in found if one is not None]
    return " ".join(dict.fromkeys(reasons)) if len(reasons) == len(found) else None


def _not_read(plan: Plan, old: Grants | None, become: Grants, *, new: bool) -> Iterator[Found]:
    for urn, name in become.unread:
        step = plan.by_urn.get(urn)
        if step is not None and step.changes:
            why = f"{name} cannot be read: it is not known before the update, not shown, or no policy document"
            made_along = step.op == "create" and (new or old is None or plan.made_with_its_component(step))
            yield NotEvaluated(urn, why, matters=not made_along)


def _boundary(plan: Plan, subject: str, old: Grants, become: Grants) -> Iterator[Found]:
    step = plan.by_urn.get(subject)
    if old.boundary is None or step is None or not step.changes:
        return
    if become.boundary is None:
        yield stop("role-widened", subject, f"the permissions boundary {_name(old.boundary)} is taken away")
    elif not is_known(become.boundary) or not is_known(old.boundary):
        yield NotEvaluated(subject, "permissionsBoundary is not shown, so whether it changes cannot be told")
    elif become.boundary != old.boundary:
        what = f"the permissions boundary is {_name(become.boundary)} instead of {_name(old.boundary)}"
        yield stop("role-widened", subject, what)


def _name(arn: object) -> str:
    return str(arn).rpartition("/")[2] or str(arn)
