"""A form whose script makes the links that open a new customer's files on GitHub. It sends nothing, knows no token."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.settings import EMAIL, HOST_NAME, LONGEST_HOST_NAME
from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_in, stack_file
from infra.tenants.files import free_priority
from infra.tenants.listing import FOLDER, OFFBOARDED_FOLDER
from infra.tenants.record import BASE_CERTIFICATE, LONGEST_NAME, RESERVED_NAMES, Tenant
from infra.tenants.residency import JURISDICTIONS
from infra.tenants.tiers import TIERS
from operations.fleet.cells import DEFAULT_TIER, Cell
from rehearsal.report.markup import Child, Html, code, el

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[\w.-]+", re.ASCII)
_SERVER: Final = re.compile(r"https://[a-z0-9.-]+")
_ROLES: Final = ("privacy", "technical", "billing")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A base stack as the form offers it. `priority` is the lowest free one of its listener."""

    stack: str
    region: str
    domain: str
    folder: str
    priority: int
    https: bool


@dataclass(frozen=True, kw_only=True)
class Form:
    """`address` is the repository's, such as https://github.com/workbuoy/infrastructure."""

    address: str
    places: Sequence[Place]
    taken: Sequence[str]


def form_of(root: Path, server: str, repository: str, cells: Iterable[Cell], tenants: Sequence[Tenant]) -> Form:
    """Raises ProblemsError where the repository's name or its server cannot stand in a link."""
    left = (file.stem for file in (root / OFFBOARDED_FOLDER).glob("*.yaml"))
    if not _SERVER.fullmatch(server) or not _REPOSITORY.fullmatch(repository):
        message = f"{server}/{repository} is no repository's address; name it like OWNER/NAME"
        raise ProblemsError([Problem(path="--repository", message=message)])
    return Form(
        address=f"{server}/{repository}",
        places=[_place(root, one, tenants) for one in cells],
        taken=sorted({*(one.name for one in tenants), *left, *RESERVED_NAMES}),
    )


def _place(root: Path, cell: Cell, tenants: Iterable[Tenant]) -> Place:
    settings: Mapping[str, Any] = settings_in(stack_file(root, cell.name)) or {}
    service = settings.get("service")
    host = str(service.get("hostName") or "") if isinstance(service, Mapping) else ""
    return Place(
        stack=cell.name,
        region=cell.base.region,
        domain=host.partition(".")[2],
        folder=f"{FOLDER}/{cell.name}" if (root / FOLDER / cell.name).is_dir() else FOLDER,
        priority=free_priority(tenants, cell.name),
        https=cell.https,
    )


def form_section(form: Form | None) -> Html:
    """The form, or how to do without it."""
    by_hand = el("p", "By hand: ", code("workbuoy tenant create NAME ..."), " writes the same files.")
    if form is None or not form.places:
        why = "Nothing tells which repository this is." if form is None else "There is no base stack to put one on."
        return el("section", el("h2", "A new customer"), el("p", why), by_hand)
    return el(
        "section",
        el("h2", "A new customer"),
        el(
            "p",
            "The links below open GitHub with the customer's file filled in; there you propose it as a pull request. "
            "Nothing leaves this page before you follow one.",
        ),
        _form(form),
        el("p", id="said", role="status"),
        el("pre", id="content", tabindex=0, aria_label="The record", hidden=True),
        el(
            "p",
            el("a", "1. Open the record as a new file", id="record", target="_blank", rel="noopener noreferrer"),
            class_="step",
        ),
        el(
            "p",
            el("a", "2. Add its stack's file", id="stack", target="_blank", rel="noopener noreferrer"),
            " on the same branch, ",
            el("code", id="branch"),
            ", which the first step made.",
            class_="step",
            id="second",
            hidden=True,
        ),
        el("noscript", el("p", "The form needs this page's own script.")),
        by_hand,
    )


def _form(form: Form) -> Html:
    bases = [
        el(
            "option",
            f"{one.stack} ({one.region})",
            value=one.stack,
            data_region=one.region,
            data_domain=one.domain,
            data_folder=one.folder,
            data_priority=one.priority,
            data_https=one.https,
        )
        for one in form.places
    ]
    residencies = [el("option", name, value=name, data_regions=" ".join(of)) for name, of in JURISDICTIONS.items()]
    return el(
        "form",
        _input("name", "Name", "Small letters, digits and dashes.", pattern="[a-z][a-z0-9]*(-[a-z0-9]+)*",
               maxlength=LONGEST_NAME),
        _input("legalName", "Name in the contract", maxlength=200),
        _select("isolation", "Isolation", [_option("silo"), _option("pool")]),
        _select("base", "Base stack", bases),
        _select("residency", "Residency", residencies),
        _select("tier", "Tier of a silo", [_option(one, selected=one == DEFAULT_TIER) for one in TIERS], silo=True),
        _input("hostName", "Host name of a silo", "Left empty: the name, and the base's domain.", silo=True,
               pattern=HOST_NAME[1:-1], maxlength=LONGEST_HOST_NAME, required=False),
        _input("certificateArn", "Certificate of a silo", "An ACM ARN, or base where the base's own covers it.",
               silo=True, value=BASE_CERTIFICATE, maxlength=2048,
               pattern=rf"{BASE_CERTIFICATE}|arn:aws:acm:[a-z0-9\-]+:\d{{12}}:certificate\/.+"),
        _select("role", "Contact for", [_option(one) for one in _ROLES]),
        _input("contact", "Contact's name", maxlength=100),
        _input("email", "Contact's address", type_="email", pattern=EMAIL[1:-1], maxlength=254),
        _input("signed", "Day of the contract", type_="date"),
        id="customer",
        class_="form",
        autocomplete="off",
        data_address=form.address,
        data_taken=" ".join(form.taken),
    )  # fmt: skip


def _input(name: str, label: str, hint: str = "", *, silo: bool = False, **attributes: Any) -> Html:
    attributes = {"required": True, "type_": "text", **attributes}
    field = el("input", name=name, aria_describedby=f"{name}-hint" if hint else None, **attributes)
    return _labelled(label, field, el("small", hint, id=f"{name}-hint") if hint else None, silo=silo)


def _select(name: str, label: str, options: Sequence[Html], *, silo: bool = False) -> Html:
    return _labelled(label, el("select", options, name=name, required=True), None, silo=silo)


def _labelled(label: str, field: Html, hint: Child, *, silo: bool) -> Html:
    return el("label", el("span", label), field, hint, data_silo=silo)


def _option(value: str, *, selected: bool = False) -> Html:
    return el("option", value, value=value, selected=selected)
