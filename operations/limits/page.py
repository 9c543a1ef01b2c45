"""The page docs/limits.md, made from the list of limits and the declared graphs; `make generate` writes it."""

from collections.abc import Iterator

from facts import tokens as t
from graph import Graph
from operations.limits.counting import LimitUse, Rate, limit_uses, rates, state_kilobytes
from operations.limits.uncounted import uncounted

GOAL = 1000
SCOPES = {
    "base": "a base stack",
    "region": "an account's region",
    "account": "an account",
    "bases in a region": "base stacks in a region",
}


def page(base: Graph, silo: Graph) -> str:
    """The whole page, for one silo of the tier that the example has."""
    found = limit_uses(base, silo)
    silos, bases = [one for one in found if not one.of_bases], [one for one in found if one.of_bases]
    return (
        "\n".join(
            (
                *_head(silos, base, silo),
                *_silos(silos),
                *_bases(bases),
                *_actions(found),
                *_not_counted(base, silo),
                *_rates(silo),
            )
        )
        + "\n"
    )


def _head(found: list[LimitUse], base: Graph, silo: Graph) -> Iterator[str]:
    read = next(one for one in found if one.quota.source)
    fixed = [(one.fits, one) for one in found if one.quota.adjustable == "no" and one.fits is not None]
    limit = min(fits for fits, one in fixed if one.quota.scope == "base")
    most, regional = min(((fits, one) for fits, one in fixed if one.quota.scope == "region"), key=lambda one: one[0])
    roles = next(one for one in found if one.quota.name == "Roles")
    yield from (
        "# Limits on the way to 1,000 silos",
        "",
        "<!-- Made by `make generate`; change the lists in operations/limits and the components. -->",
        "",
        f"What one silo takes is counted in the declared graphs of `{silo.stack}` (tier standard) and `{base.stack}`.",
        "Numbers are AWS's defaults, read in stored copies of the pages that are named. An account may have others:",
        "Service Quotas tells. What was read nowhere is marked not verified.",
        "",
        f"- The first limit that was read is {read.quota.name}: {_fits(read)} silos in {SCOPES[read.quota.scope]}.",
        f"- The lowest that no request moves is {limit} silos on one base stack: its load balancer's target groups.",
        f"  So {GOAL:,} silos need at least {-(-GOAL // limit)} base stacks.",
        f"- {regional.quota.name} let {most} silos into an account's region, and no request moves that.",
        f"  So {GOAL:,} silos need at least {-(-GOAL // most)} regions or accounts.",
        f"- With 5,000 roles, one account holds {int((5000 - roles.base) // roles.silo):,} silos at most.",
        "  Beyond that, base stacks in further accounts; the same program declares them.",
        "",
    )


def _silos(found: list[LimitUse]) -> Iterator[str]:
    yield from (
        "## Silos",
        "",
        "| Limit | Default | For | Can be raised | One silo | The base | Silos that fit | Read at |",
        "|---|---|---|---|---|---|---|---|",
    )
    for one in found:
        yield (
            f"| {one.quota.name} | {_number(one.limit)} | {SCOPES[one.quota.scope]} | {one.quota.adjustable} "
            f"| {_number(one.silo)} | {_number(one.base)} | {_fits(one)} | {_source(one.quota.source)} |"
        )
    yield ""


def _bases(found: list[LimitUse]) -> Iterator[str]:
    yield from (
        "## Base stacks in one region",
        "",
        "| Limit | Default | Can be raised | One base | Bases that fit | Read at |",
        "|---|---|---|---|---|---|",
    )
    for one in found:
        yield (
            f"| {one.quota.name} | {_number(one.limit)} | {one.quota.adjustable} | {_number(one.base)} "
            f"| {_fits(one)} | {_source(one.quota.source)} |"
        )
    yield ""


def _fits(one: LimitUse) -> str:
    if one.fits is None:
        return "no end" if one.limit is not None else "-"
    return f"{one.fits:,}"


def _source(address: str) -> str:
    return f"[page]({address})" if address else "not verified"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _actions(found: list[LimitUse]) -> Iterator[str]:
    yield from ("## What to do about each", "")
    for one in found:
        yield f"- **{one.quota.name}**: {one.quota.do}"
    yield ""


def _not_counted(base: Graph, silo: Graph) -> Iterator[str]:
    yield from (
        "## Not counted",
        "",
        "How many of these AWS allows was not read, so no number above counts them. Some are made by an option alone.",
        "Look them up in Service Quotas before many silos have them. Types of which no quota is met, and why:",
        "`operations/limits/without_quota.yaml`.",
        "",
        "| Type | One silo | The base |",
        "|---|---|---|",
    )
    for token in uncounted(base, silo):
        yield f"| `{token}` | {len(list(silo.of(token)))} | {len(list(base.of(token)))} |"
    yield ""


def _rate(one: Rate, **counted: str) -> str:
    means = one.means.format(**counted)
    return f"| {one.name} | {one.default} | {one.adjustable} | {means} | {_source(one.source)} |"


def _rates(silo: Graph) -> Iterator[str]:
    alarms = len(list(silo.of(t.METRIC_ALARM)))
    count = sum(1 for one in silo.resources if one.custom and not one.type.startswith("pulumi:"))
    minutes = alarms * GOAL / 3 / 60
    yield from (
        "## Rates, and the engine",
        "",
        "Rates are shared by everybody in an account's region: services and deployments alike.",
        "",
        "| Rate | Default | Can be raised | What it means | Read at |",
        "|---|---|---|---|---|",
        *(_rate(one, alarms=str(alarms), minutes=f"{minutes:.0f}") for one in rates()),
        "",
        f"A silo is a Pulumi stack of its own, of {count} resources and a state of about {state_kilobytes(silo)} kB.",
        "Neither it nor the base stack's state grows with the number of silos.",
        "",
        "## One limit that shaped the design",
        "",
        "A security group takes 60 rules each way. Two rules a silo on the base's group for endpoints would have",
        "ended at 29 silos. So the base's groups admit and reach the private subnets as a whole, each silo's own",
        "groups name the base's, and no rule of a silo stands on a group of the base; a test holds that.",
    )
