"""Everything that a review says, gathered from a plan and the waivers."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from facts.downtime import Class, Interruption, interruptions, longest
from facts.moves import Move, moves
from graph.plan import Plan, PolicyResult
from operations.review.base import accepted_by_base
from operations.review.changes import Changes, changes, summary, tenants
from operations.review.cost import Cost, cost
from operations.review.effects import ACCESS_KINDS, NOT_JUDGED_KINDS, Danger
from operations.review.findings import findings
from operations.review.judging import judge
from operations.review.plan_difference import PlanDifference
from operations.review.residency import Residency, residency
from operations.review.retirement import accepted_in
from operations.review.waivers import Filed, of_stack, read_waivers
from policies.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Waived:
    """A danger that a waiver accepts."""

    danger: Danger
    filed: Filed


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a reviewer must see of one plan; `stops` and `failed` decide the exit code."""

    plan: Plan
    dangers: tuple[Danger, ...]
    noted: tuple[Danger, ...]
    waived: tuple[Waived, ...]
    unused: tuple[Filed, ...]
    residency: Residency
    cost: Cost
    interruptions: tuple[Interruption, ...]
    downtime: Class
    violations: tuple[PolicyResult, ...]
    advice: tuple[PolicyResult, ...]
    not_evaluated: tuple[tuple[str, str], ...]
    changes: Changes
    tenants: tuple[str, ...]
    counts: dict[str, int]
    moves: tuple[Move, ...] = ()
    """What an alias would keep, which is deleted and made anew."""
    plan_differences: tuple[PlanDifference, ...] | None = None
    """Where another plan of the same change differs; None where there is none to compare with."""

    @property
    def losses(self) -> tuple[Danger, ...]:
        """Data, or what guards and watches them, that could be lost."""
        plan_differences = ACCESS_KINDS | NOT_JUDGED_KINDS | {"residency"}
        return tuple(one for one in self.dangers if one.kind not in plan_differences)

    @property
    def access(self) -> tuple[Danger, ...]:
        """What is exposed, and who may do more."""
        return tuple(one for one in self.dangers if one.kind in ACCESS_KINDS)

    @property
    def outside(self) -> tuple[Danger, ...]:
        """What lies outside residency or the account."""
        return tuple(one for one in self.dangers if one.kind == "residency")

    @property
    def not_judged(self) -> tuple[Danger, ...]:
        """What stops because nobody could judge it."""
        return tuple(one for one in self.dangers if one.kind in NOT_JUDGED_KINDS)

    @property
    def stops(self) -> bool:
        """Whether something dangerous is in the plan that nobody has accepted."""
        return bool(self.dangers or self.violations)

    @property
    def failed(self) -> bool:
        """Whether the preview itself failed for another reason than a policy, so that the plan is not whole."""
        return self.plan.failed and (bool(self.plan.errors) or not self.violations)


def assess(plan: Plan, waivers: Path, today: datetime.date, root: Path | None = None) -> Review:
    """Review a plan; raises InputError for waivers that are wrong or expired.

    What the files of the project in `root` accept counts beside the waivers: a customer's record, and its base stack's.
    """
    listed = read_waivers(waivers, today)
    own = of_stack(listed, plan)
    judged = judge(plan)
    by_record = accepted_in(root, plan.stack, judged.stopping, today) if root else ()
    by_base = accepted_by_base(root, plan, judged.stopping, listed, today) if root else ()
    filed = [*own, *by_record, *by_base]
    waived = tuple(Waived(danger, one) for danger in judged.stopping for one in filed if one.accepts(danger))
    accepted = [entry.danger for entry in waived]
    policies = (*(plan.policies or ()), *findings(plan, retiring=bool(by_record)))
    cut = interruptions(plan)
    return Review(
        plan=plan,
        dangers=tuple(danger for danger in judged.stopping if danger not in accepted),
        noted=judged.noted,
        waived=waived,
        unused=tuple(one for one in filed if one not in [entry.filed for entry in waived]),
        residency=residency(plan),
        cost=cost(plan),
        interruptions=tuple(cut),
        downtime=longest(cut),
        violations=tuple(p for p in policies if p.level == "mandatory" and not p.not_evaluated),
        advice=tuple(p for p in policies if p.level != "mandatory" and not p.not_evaluated),
        not_evaluated=judged.not_evaluated + tuple((p.urn, _unevaluated(p)) for p in policies if p.not_evaluated),
        changes=changes(plan),
        tenants=tenants(plan),
        counts=dict(summary(plan)),
        moves=moves(plan),
    )


def _unevaluated(result: PolicyResult) -> str:
    _, _, reason = result.message.partition("during preview: ")
    return f"{result.policy}: {reason.removeprefix('not evaluated: ') or 'a value is not known before the update'}"


def ids_of(policy: str) -> tuple[str, ...]:
    """The public ids of a policy of this project's pack; nothing for another pack's."""
    control = catalogue().get(policy)
    return control.ids if control else ()
