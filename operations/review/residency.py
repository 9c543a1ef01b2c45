"""Where resources stand and what places they name, and whether residency and the account allow it."""

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from facts import tokens as t
from facts.places import own_accounts, places
from graph import Graph
from graph.plan import Plan, PlanStep
from operations.review.effects import Found, NotEvaluated, note, stop


@dataclass(frozen=True, slots=True)
class Residency:
    """The regions that are allowed, empty where the recording holds none, and those that the new state names."""

    allowed: tuple[str, ...]
    used: tuple[str, ...]


def residency(plan: Plan) -> Residency:
    """What a plan says of regions."""
    used = {
        one.region: None
        for resource in plan.after.resources
        if resource.custom
        for one in sorted(places(plan.after, resource), key=lambda one: one.region)
        if one.region
    }
    return Residency(allowed_regions(plan.config), tuple(used))


def outside(plan: Plan) -> Iterator[Found]:
    """Every region outside residency, every region and account that was never named before, and what residency allows
    beyond what is used."""
    allowed = allowed_regions(plan.config)
    accounts = own_accounts(plan.before) | own_accounts(plan.after)
    before = {place for one in plan.before.resources if one.custom for place in places(plan.before, one)}
    for step in plan.steps:
        yield from _of_provider(step)
        if step.new is None or step.is_component or step.is_provider or step.looked_up:
            continue
        found = places(plan.after, plan.after.by_urn[step.urn])
        strangers = sorted(one.region for one in found if one.region and allowed and one.region not in allowed)
        if strangers:
            yield stop("residency", step.urn, f"in {', '.join(strangers)}")
        if step.changes:
            foreign = sorted({one.account for one in found - before if one.account} - accounts)
            yield from (_of_account(plan, step.urn, one, known=bool(accounts)) for one in foreign)
            yield from _of_buckets(plan, step.urn, {one.bucket for one in found - before})
    used = residency(plan).used
    wider = [region for region in allowed if region not in used]
    if wider and plan.whole:
        yield note(
            "residency", plan.stack_urn, f"residency also allows {', '.join(wider)}, where nothing of this stack is"
        )


def _of_buckets(plan: Plan, urn: str, named: Set[str]) -> Iterator[Found]:
    for bucket in sorted(named - {""}):
        if plan.after.find(bucket, t.BUCKET) is None:
            yield NotEvaluated(urn, f"something goes to the bucket {bucket}, which nothing here declares", plan.whole)


def _of_provider(step: PlanStep) -> Iterator[Found]:
    """A provider that may work in one account more, or in any; all other accounts are a move of the whole stack."""
    if not step.is_provider or step.old is None or step.new is None:
        return
    was, becomes = (own_accounts(Graph([one])) for one in (step.old, step.new))
    if was and not becomes:
        yield stop("residency", step.urn, f"it is held to no account any more, before to {', '.join(sorted(was))}")
    elif was & becomes:
        yield from (stop("residency", step.urn, f"it may work in account {one} too") for one in sorted(becomes - was))


def _of_account(plan: Plan, urn: str, account: str, *, known: bool) -> Found:
    if known:
        return stop("residency", urn, names_account(account))
    missing = "and the provider names no allowedAccountIds" if plan.whole else "and the plan shows no provider"
    # `pulumi preview --json` leaves out what stays as it is, so that of a provider nothing follows.
    return NotEvaluated(urn, f"names something of account {account}, {missing} to compare it with", matters=plan.whole)


def names_account(account: str) -> str:
    """What is said of a resource that names something of an account which the stack does not call its own."""
    return f"names something of another account, {account}"


def allowed_regions(config: Mapping[str, str]) -> tuple[str, ...]:
    """`residency` of the stack's own settings; empty where a recording holds none."""
    settings = config.get("workbuoy:settings")
    try:
        parsed = json.loads(settings) if isinstance(settings, str) else settings or {}
        return tuple(str(region) for region in parsed.get("residency") or ())
    except (ValueError, AttributeError):
        return ()
