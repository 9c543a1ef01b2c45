"""What was accepted for a base stack counts for its customers' own stacks: where copies of their backups go."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from facts import tokens as t
from graph.plan import Plan
from graph.resource import type_of
from infra.problems import ProblemsError
from infra.stack_files import settings_in
from operations.review.effects import Danger
from operations.review.residency import names_account
from operations.review.waivers import Filed, accepting
from policies.exemptions import stack_of
from project.files import Project, find_project
from rehearsal import stand_ins


def accepted_by_base(
    root: Path, plan: Plan, stopping: Sequence[Danger], waivers: Sequence[Filed], today: datetime.date
) -> tuple[Filed, ...]:
    """A waiver for each account that backups are copied to and that the base stack's file, or a waiver of it, names.

    The file is the one beside the tool that judges: on GitHub the base branch's. A pull request that names another
    account stops for the base stack, and there for each customer's too. None where there is no project.
    """
    try:
        return tuple(_accepted(find_project(root), plan, stopping, waivers, today))
    except ProblemsError:
        return ()


def _accepted(
    project: Project, plan: Plan, stopping: Sequence[Danger], waivers: Sequence[Filed], today: datetime.date
) -> Iterator[Filed]:
    base = _base_of(project, plan.stack)
    if base is None:
        return
    named = _account_in_file(project, base, offline=plan.offline)
    of_base = [one for one in waivers if stack_of(one.waiver.urn) == base]
    for danger in stopping:
        if danger.kind != "residency" or type_of(danger.urn) != t.BACKUP_PLAN:
            continue
        places = [one.place for one in of_base if _is_the_same(one, danger)]
        if named and danger.what == names_account(named):
            places.insert(0, f"{project.stack_file(base).name}: backupCopy.account")
        if places:
            reason = f"Copies of the backups of {base}, on which this stack stands, go there"
            owner = f"the base stack {base}"
            yield Filed(accepting(danger, reason=reason, owner=owner, last_day=today), places[0])


def _base_of(project: Project, stack: str) -> str | None:
    """By its name, BASE-CUSTOMER: where the tool of the base branch judges, a new customer has no record yet."""
    bases = [one for one in project.stacks() if settings_in(project.stack_file(one))]
    found = [one for one in bases if stack.startswith(f"{one}-")]
    return None if stack in bases else max(found, key=len, default=None)


def _account_in_file(project: Project, base: str, *, offline: bool) -> str | None:
    """What a program declares without an engine has a stand-in for a placeholder."""
    settings = settings_in(project.stack_file(base)) or {}
    copy = (stand_ins.replace(settings)[0] if offline else settings).get("backupCopy")
    account = copy.get("account") if isinstance(copy, dict) else None
    return str(account) if account else None


def _is_the_same(filed: Filed, danger: Danger) -> bool:
    waiver = filed.waiver
    return (type_of(waiver.urn), waiver.effect, waiver.change) == (t.BACKUP_PLAN, danger.kind, danger.what)
