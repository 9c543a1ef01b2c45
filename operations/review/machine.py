"""A review for programs: JSON."""

from typing import Any

from graph.plan import PolicyResult
from operations.review.assess import Review, ids_of
from operations.review.effects import Danger


def as_json(review: Review) -> dict[str, Any]:
    """Everything that the Markdown says, and the URNs behind it."""
    return {
        "stack": review.plan.stack,
        "source": review.plan.source,
        "stops": review.stops,
        "previewFailed": review.failed,
        "errors": list(review.plan.errors),
        "counts": review.counts,
        "losses": [_danger(danger) for danger in review.losses],
        "access": [_danger(danger) for danger in review.access],
        "notJudged": [_danger(danger) for danger in review.not_judged],
        "noted": [_danger(danger) for danger in review.noted],
        "residency": {
            "allowed": list(review.residency.allowed),
            "used": list(review.residency.used),
            "outside": [_danger(danger) for danger in review.outside],
        },
        "costUsdPerMonth": {
            "difference": f"{review.cost.difference:.2f}",
            "byComponent": {name: f"{usd:.2f}" for name, usd in review.cost.by_component.items()},
            "before": None if review.cost.before is None else f"{review.cost.before:.2f}",
            "after": None if review.cost.after is None else f"{review.cost.after:.2f}",
            "unpriced": list(review.cost.unpriced),
        },
        "downtime": {
            "class": review.downtime,
            "changes": [{"urn": i.urn, "class": i.length, "why": i.why} for i in review.interruptions],
        },
        "policies": None
        if review.plan.policies is None
        else {
            "stopping": [_policy(result) for result in review.violations],
            "advice": [_policy(result) for result in review.advice],
        },
        "notEvaluated": [{"urn": urn, "why": why} for urn, why in review.not_evaluated],
        "waived": [
            {**_danger(entry.danger), "owner": w.owner, "reason": w.reason, "lastDay": w.last_day.isoformat()}
            for entry in review.waived
            for w in [entry.filed.waiver]
        ],
        "unusedWaivers": [one.place for one in review.unused],
        "changes": {
            component: [
                {"urn": entry.step.urn, "op": entry.step.op, "details": list(entry.details)} for entry in entries
            ]
            for component, entries in review.changes.by_component.items()
        },
        "noise": {kind: [step.urn for step in steps] for kind, steps in review.changes.noise.items()},
        "tenants": list(review.tenants),
        "moves": [{"urn": m.new.urn, "was": m.old.urn, "alias": m.alias, "keeps": m.count} for m in review.moves],
        "beside": None
        if review.plan_differences is None
        else [{"urn": b.urn, "here": str(b.here), "there": str(b.there)} for b in review.plan_differences],
    }


def _danger(danger: Danger) -> dict[str, str]:
    return {"kind": danger.kind, "urn": danger.urn, "what": danger.what} | (
        {"left": danger.left} if danger.left else {}
    )


def _policy(result: PolicyResult) -> dict[str, Any]:
    return {
        "policy": result.policy,
        "ids": list(ids_of(result.policy)),
        "level": result.level,
        "urn": result.urn,
        "message": result.message,
    }
