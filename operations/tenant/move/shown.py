"""A move's plan and progress, as a person reads them and as a program does."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.tenants.record import Tenant
from operations.tenant.move.plan import Plan
from operations.tenant.steps import Step, steps_document, steps_text
from project.terminal import wrapped


def plan_document(tenant: Tenant, plan: Plan, steps: Sequence[Step]) -> dict[str, Any]:
    """For programs."""
    places = [
        {
            "what": one.what,
            "stack": one.stack,
            "region": one.region,
            "insideResidency": one.inside,
            "acceptedOutside": one.accepted,
        }
        for one in plan.places
    ]
    return {
        "tenant": tenant.name,
        "steps": steps_document(steps),
        "places": places,
        "obstacles": list(plan.obstacles),
        "frozenSeconds": plan.frozen_seconds,
        "copyingMinutes": plan.copying_minutes,
        "costUsd": plan.cost_usd,
    }


def plan_text(tenant: Tenant, plan: Plan, steps: Sequence[Step], size: tuple[int, int, float]) -> str:
    """Within the terminal's columns."""
    rows, objects, gigabytes = size
    lines = [f"{tenant.name} moves in {len(steps)} steps.", ""]
    lines += wrapped(f"Where data stand meanwhile (residency {tenant.residency}):", "")
    for place in dict.fromkeys(plan.places):
        verdict = "inside" if place.inside else "outside, accepted" if place.accepted else "OUTSIDE"
        lines += wrapped(f"{place.region}  {verdict}  {place.stack}: {place.what}", "  ", "    ")
    for obstacle in plan.obstacles:
        lines += wrapped(f"! {obstacle}", "", "  ")
    lines += [
        "",
        *wrapped(
            f"Estimated for {rows} rows and {objects} files of {gigabytes:g} GB, by rates measured on one machine: "
            f"{plan.copying_minutes} minutes of copying while the customer works, at most {plan.frozen_seconds:g} "
            f"seconds without writes at the cut-over, then DNS's time to live; {plan.cost_usd} USD of transfer.",
            "",
        ),
    ]
    lines += steps_text(steps)
    return "\n".join([*lines, f"\nNothing was done. How far it is: workbuoy tenant move {tenant.name} --live"])


def progress(name: str, documents: Mapping[str, Any]) -> str:
    """What the documents in both buckets say."""
    lines = []
    for stack, papers in documents.items():
        manifest, receipt = papers.get("manifest", {}), papers.get("receipt", {})
        sent = f"got batch {manifest['number']}" if manifest else "got nothing"
        handed = ", handed over" if manifest.get("handed_over") else ""
        acknowledged = f"; the other place says batch {receipt['number']}" if receipt else ""
        opened = " and that it serves" if receipt.get("opened") else ""
        lines.append(f"{stack}: {sent}{handed}{acknowledged}{opened}")
    return "\n".join([*lines, f"Next: workbuoy tenant move {name} (the steps)"])


def watched_text(name: str, stack: str, documents: Mapping[str, Any], firing: Sequence[str]) -> str:
    """How far both places are, and what CloudWatch says of the new one."""
    alarms = "\n".join(f"  {one} fires" for one in firing) or "  no alarm fires"
    return f"{progress(name, documents)}\n{stack}:\n{alarms}"
