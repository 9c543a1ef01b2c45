"""A fleet on one page, in the look of a rehearsal's report: it fetches nothing and sends nothing.

It names customers, so it is kept with the workflow's artifacts, for those who may read the repository, and never on a
public site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from infra.tenants.record import Tenant
from operations.fleet.cells import Cell, nearly_full
from operations.fleet.looks import Looks
from operations.fleet.page_form import Form, form_section
from operations.fleet.standing import SUBJECTS, Row, Stack, running_image
from operations.fleet.text import some
from project.terminal import count
from rehearsal.report.markup import Child, Html, code, el, join
from rehearsal.report.page import head, script
from rehearsal.report.present import Column, chip, table

SCRIPT = Path(__file__).parent / "page.js"
_TITLES = {
    "version": ("Versions", "Images that run"),
    "drift": ("Drift", "What differs from the program"),
    "drill": ("Restore drills", "How old the last good one is"),
    "backup": ("Backups", "What a restore would start from"),
}
_FOLDED = 200
"""From so many customers on, their table is folded."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Everything that the page shows. `form` is None where nobody knows the repository."""

    environment: str
    stacks: Sequence[Stack]
    cells: Sequence[Cell]
    tenants: Sequence[Tenant]
    rows: Sequence[Row]
    looks: Looks
    form: Form | None
    made_at: datetime


def page(fleet: Fleet) -> str:
    """One HTML document; the same fleet and moment give the same text."""
    title = _title(fleet)
    body = el(
        "body",
        el("a", "Skip to the fleet", href="#main", class_="skip"),
        el(
            "main",
            el("h1", title),
            el("p", f"Environment {fleet.environment}, as looked at until {fleet.made_at:%Y-%m-%d %H:%M} UTC."),
            _figures(fleet),
            [_subject(subject, fleet.rows) for subject in SUBJECTS],
            _cells(fleet.cells),
            _customers(fleet),
            form_section(fleet.form),
            id="main",
            class_="estate",
        ),
        script(SCRIPT) if fleet.form else None,
    )
    return f"<!doctype html>\n{el('html', head(title, SCRIPT), body, lang='en')}\n"


def _title(fleet: Fleet) -> str:
    bad = {name for row in fleet.rows if not row.good for name in row.stacks}
    if not fleet.stacks:
        return f"{fleet.environment}: nothing stands yet"
    if bad:
        return f"{fleet.environment}: {len(bad):,} of {count(len(fleet.stacks), 'stack')} need attention"
    return f"{fleet.environment}: all {count(len(fleet.stacks), 'stack')} are in order"


def _figures(fleet: Fleet) -> Html:
    silos = sum(one.isolation == "silo" for one in fleet.tenants)
    bases = {one.base.stack for one in fleet.stacks}
    accounts = {one.base.account for one in fleet.stacks}
    costs = fleet.looks.of("cost")
    priced = [one for one in fleet.stacks if one.name in costs and costs[one.name].complete]
    usd = sum((Decimal(costs[one.name].per_month) for one in priced), Decimal(0))
    unknown = len(fleet.stacks) - len(priced)
    at_rest = f"{usd:,.0f} USD a month at rest" if priced else "cost not known"
    lines = (
        f"{count(len(fleet.tenants), 'customer')}: {silos:,} with stacks of their own, "
        f"{len(fleet.tenants) - silos:,} in pools",
        f"{count(len(bases), 'base stack')} in {count(len(accounts), 'account')}",
        at_rest + (f", without {count(unknown, 'stack')} whose cost is not known" if unknown and priced else ""),
    )
    return el("ul", [el("li", one) for one in lines])


def _subject(subject: str, rows: Sequence[Row]) -> Html:
    matching = [one for one in rows if one.subject == subject]
    columns = (Column("What"), Column("Verdict"), Column("Stacks", "number"), Column("Which"))
    cells: list[list[Child]] = [
        [
            code(one.cause) if one.cause.startswith("sha256:") else one.cause,
            chip("in order" if one.good else "needs attention", "" if one.good else "bad"),
            f"{len(one.stacks):,}",
            some(one.stacks, 10),
        ]
        for one in matching
    ]
    title, caption = _TITLES[subject]
    return el(
        "section", el("h2", title), table(caption, columns, cells, class_="cards") if cells else el("p", "Nothing.")
    )


def _cells(cells: Sequence[Cell]) -> Html:
    columns = (
        Column("Base stack"),
        Column("Region"),
        Column("Account"),
        Column("Silos", "number"),
        Column("Room", "number"),
        Column("What ends it"),
    )
    rows: list[list[Child]] = [
        [
            one.name,
            one.base.region,
            code(one.base.account),
            f"{one.silos:,}",
            join(f"{one.room:,} ", chip(f"{one.taken:.0%} taken", "warn") if nearly_full(one) else None),
            one.limit,
        ]
        for one in cells
    ]
    return el("section", el("h2", "Cells"), table("Base stacks and their room", columns, rows, class_="cards"))


def _customers(fleet: Fleet) -> Html:
    columns = (
        Column("Customer"),
        Column("Base stack"),
        Column("Isolation"),
        Column("Image"),
        Column("Drift"),
        Column("Last good drill"),
        Column("USD a month", "number"),
    )
    rows = [_customer(one, fleet.looks) for one in sorted(fleet.tenants, key=lambda one: one.name)]
    drawn = (
        table("Each with the stack that holds its data", columns, rows, class_="cards")
        if rows
        else el("p", "None yet.")
    )
    if len(rows) > _FOLDED:
        drawn = el("details", el("summary", f"All {len(rows):,} customers"), drawn)
    return el("section", el("h2", "Customers"), drawn)


def _customer(tenant: Tenant, looks: Looks) -> list[Child]:
    releases, drift, drills, cost = (
        looks.of(kind).get(tenant.stack) for kind in ("releases", "drift", "drills", "cost")
    )
    silo = tenant.isolation == "silo"
    unknown = el("span", "not looked at", class_="quiet")
    return [
        tenant.name,
        f"{tenant.base}, {tenant.region}",
        f"silo, {tenant.tier}" if silo else "pool",
        code(running_image(releases)[:19] or "none") if releases else unknown,
        (chip("drifted", "bad") if drift.drifted else "none") if drift else unknown,
        _day(drills.last_good_at) if drills else unknown,
        (f"{Decimal(cost.per_month):,.2f}" if cost else unknown) if silo else "its base's",
    ]


def _day(moment: str | None) -> Html:
    return el("time", moment[:10], datetime=moment) if moment else chip("never", "warn")
