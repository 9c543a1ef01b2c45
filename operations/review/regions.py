"""Where resources stand before and after, and whether residency allows it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph import Mark, Resource
from graph.plan import Plan, PlanStep
from graph.values import maps
from policies.rules.placement import ARN_REGION, ZONE


@dataclass(frozen=True, slots=True)
class Residency:
    """What a plan says of regions: the allowed ones, those in use, and what lies outside."""

    allowed: tuple[str, ...]
    used: tuple[str, ...]
    outside: tuple[tuple[str, str], ...]
    """URN and the region or regions outside."""


def region_of(state: Resource | None, regions: Mapping[str, tuple[str, str]], *, old: bool) -> str:
    """A resource's own region, else its zone's, else its provider's; empty where nothing tells."""
    if state is None:
        return ""
    own = state.inputs.get("region")
    if isinstance(own, str) and own and not isinstance(own, Mark):
        return own
    zone = ZONE.match(str(state.inputs.get("availabilityZone") or ""))
    if zone:
        return zone[1]
    provider = regions.get(state.provider.rpartition("::")[0]) or regions.get(state.provider)
    if provider:
        return provider[0 if old else 1]
    arn = ARN_REGION.match(str(state.outputs.get("arn") or ""))
    return arn[1] if old and arn else ""


def residency(plan: Plan) -> Residency:
    """Every region that the plan's new state names, compared with what the stack's settings allow."""
    allowed = allowed_regions(plan.config)
    providers = provider_regions(plan)
    used: dict[str, None] = {}
    outside: list[tuple[str, str]] = []
    for step in plan.steps:
        if step.new is None or not step.type.startswith("aws:") or step.type.startswith("aws:iam/"):
            continue
        places = list(dict.fromkeys(_places(step, providers) or _by_configuration(plan)))
        used |= dict.fromkeys(places)
        strangers = [place for place in places if allowed and place not in allowed]
        if strangers:
            outside.append((step.urn, ", ".join(strangers)))
    return Residency(allowed, tuple(used), tuple(outside))


def provider_regions(plan: Plan) -> Mapping[str, tuple[str, str]]:
    """Old and new region of every provider, by URN."""
    return {
        step.urn: tuple(str(state.inputs.get("region", "")) if state else "" for state in (step.old, step.new))  # type: ignore[misc]
        for step in plan.steps
        if step.is_provider
    }


def _by_configuration(plan: Plan) -> list[str]:
    region = plan.config.get("aws:region")
    return [region] if region else []


def _places(step: PlanStep, providers: Mapping[str, tuple[str, str]]) -> list[str]:
    own = region_of(step.new, providers, old=False)
    return [place for place in (own, *_copies(step.new.inputs if step.new else {})) if place]


def _copies(inputs: Mapping[str, Any]) -> Iterator[str]:
    for replica in maps(inputs.get("replicas")):
        yield str(replica.get("region") or "")
    yield str(inputs.get("destinationRegion") or "")


def allowed_regions(config: Mapping[str, str]) -> tuple[str, ...]:
    """`residency` of the stack's own settings; empty where a recording holds none."""
    settings = config.get("workbuoy:settings")
    try:
        parsed = json.loads(settings) if isinstance(settings, str) else settings or {}
        return tuple(str(region) for region in parsed.get("residency") or ())
    except (ValueError, AttributeError):
        return ()
