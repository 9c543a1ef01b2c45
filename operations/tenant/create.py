"""A new customer's files: planned whole, held to every rule, then written both or not at all."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from components.settings import REGION
from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, settings_in, stack_file, stacks_in
from infra.tenants.files import capacity_warnings, find_tenant_problems, free_priority, read_tenants
from infra.tenants.listing import OFFBOARDED_FOLDER, list_records, new_tenant_file, offboarding_file
from infra.tenants.record import Tenant
from infra.tenants.residency import JURISDICTIONS, allowed_regions
from infra.validation import find_problems
from infra.yaml_text import as_yaml
from operations.fleet import cells

DEFAULT_TIER: Final = "standard"
_CONTACT: Final = re.compile(r"\s*(?P<role>[^:]+?)\s*:\s*(?P<name>[^<]+?)\s*<(?P<email>[^<>]+)>\s*")
_STACK_SCHEMA: Final = "# yaml-language-server: $schema=infra/stack.schema.json\n"
_OPTIONS: Final = {
    "name": "NAME",
    "dates.signed": "--signed",
    "contacts": "--contact",
    "hostName": "--host-name",
    "legalName": "--legal-name",
    "certificateArn": "--certificate-arn",
}


@dataclass(frozen=True, kw_only=True)
class NewTenant:
    """A new customer as a person asks for it; None means the default."""

    name: str
    legal_name: str
    isolation: str
    base: str
    residency: str
    contacts: tuple[str, ...]
    tier: str | None = None
    host_name: str | None = None
    certificate_arn: str | None = None
    signed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Made:
    """The files that were written, and the commands that come next."""

    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    next_steps: tuple[str, ...]


def create_files(root: Path, customer: NewTenant, *, chosen: bool = False) -> Made:
    """Write a customer's record, and a silo's stack file. A base stack that was `chosen` was chosen by its room.

    Raises:
        ProblemsError: with every problem of what was asked for; then nothing is written.
    """
    content, problems = _content(root, customer)
    problems += find_problems(Tenant, content)
    if customer.host_name is None and any(one.path == "name" for one in problems):
        problems = [one for one in problems if one.path != "hostName"]  # it was made of the name
    base = settings_in(stack_file(root, customer.base))
    if base is None:
        problems = [one for one in problems if one.path not in ("base", "region", "hostName")]
        known = ", ".join(sorted(_bases(root))) or "none"
        message = (
            f"there is no base stack {customer.base}: no Pulumi.{customer.base}.yaml with settings; there are: {known}"
        )
        problems.append(Problem(path="base", message=message))
    record = new_tenant_file(root, customer.name, customer.base)
    path = record.relative_to(root).as_posix()
    up = "../" * path.count("/")
    files = {record: f"# yaml-language-server: $schema={up}infra/tenants/tenant.schema.json\n{_as_yaml(content)}"}
    if not problems:
        tenant = Tenant.model_validate_json(_as_json(content)).lying_at(path)
        problems += find_tenant_problems(root, tenant)
        if tenant.isolation == "silo" and not chosen and (message := cells.full(root, tenant.base, tenant.tier)):
            problems.append(Problem(path="base", message=message))
        if tenant.isolation == "silo":
            stack = _as_yaml({"config": {TENANT_KEY: tenant.name}})
            files[stack_file(root, tenant.stack)] = _STACK_SCHEMA + stack
    if not any(one.path == "name" for one in problems):
        problems += _standing(root, customer.name, files)
    if problems:
        raise ProblemsError([Problem(path=_option(one.path), message=one.message) for one in problems])
    _write_new(files)
    warnings = capacity_warnings(root, customer.base) if customer.isolation == "silo" else []
    return Made(files=tuple(files), warnings=tuple(warnings), next_steps=_next_steps(customer))


def regions_of(residency: str) -> tuple[str, ...]:
    """The regions that a residency allows, as a person gives it. Raises ProblemsError for an unknown one."""
    try:
        return allowed_regions(_residency(residency))
    except KeyError:
        known = ", ".join(JURISDICTIONS)
        message = f"{residency} is no jurisdiction and no list of regions; known: {known}"
        raise ProblemsError([Problem(path="--residency", message=message)]) from None


def _residency(text: str) -> "str | tuple[str, ...]":
    regions = tuple(part.strip() for part in text.split(","))
    return regions if len(regions) > 1 or REGION.fullmatch(text) else text


def _bases(root: Path) -> Iterator[str]:
    return (stack for stack in stacks_in(root) if settings_in(stack_file(root, stack)) is not None)


def _content(root: Path, customer: NewTenant) -> tuple[dict[str, Any], list[Problem]]:
    base = settings_in(stack_file(root, customer.base)) or {}
    contacts, problems = _contacts(customer.contacts)
    residency = _residency(customer.residency)
    silo = customer.isolation == "silo"
    content = {
        "name": customer.name,
        "legalName": customer.legal_name,
        "isolation": customer.isolation,
        "base": customer.base,
        "region": base.get("region", "eu-west-1"),
        "residency": residency if isinstance(residency, str) else list(residency),
        "tier": customer.tier or (DEFAULT_TIER if silo else None),
        "hostName": customer.host_name or (_default_host(customer.name, base) if silo else None),
        "listenerPriority": free_priority(read_tenants(root).tenants, customer.base) if silo else None,
        "certificateArn": customer.certificate_arn,
        "contacts": contacts,
        "dates": {"signed": customer.signed or datetime.now(UTC).date().isoformat()},
    }
    return {key: value for key, value in content.items() if value is not None}, problems


def _contacts(given: tuple[str, ...]) -> tuple[list[dict[str, str]], list[Problem]]:
    found = [(text, _CONTACT.fullmatch(text)) for text in given]
    problems = [
        Problem(path="contacts", message=f"{text!r} must read like 'privacy: Kari Nordmann <kari@acme.example>'")
        for text, match in found
        if match is None
    ]
    contacts = [{"name": match["name"], "email": match["email"], "role": match["role"]} for _, match in found if match]
    return contacts or [{"name": "nobody", "email": "nobody@example.org", "role": "technical"}], problems


def _default_host(name: str, base: Mapping[str, Any]) -> str | None:
    service = base.get("service")
    own = service.get("hostName") if isinstance(service, Mapping) else None
    return f"{name}.{own.partition('.')[2]}" if isinstance(own, str) and "." in own else None


def _standing(root: Path, name: str, files: Mapping[Path, str]) -> Iterator[Problem]:
    elsewhere = (root / path for path in list_records(root).paths.get(name, ()))
    for file in dict.fromkeys([*elsewhere, *files]):
        if os.path.lexists(file):
            yield Problem(message=f"{file.relative_to(root)} is there already, and nothing is overwritten")
    if stack_file(root, name).exists():
        message = f"is a stack's name (Pulumi.{name}.yaml), and some commands take a name of either; choose another"
        yield Problem(path="name", message=message)
    if offboarding_file(root, name).exists() and not any(os.path.lexists(file) for file in files):
        message = f"{name} has left ({OFFBOARDED_FOLDER}/{name}.yaml), and no name is used twice"
        yield Problem(path="name", message=message)


def _option(path: str) -> str:
    head = path.partition("[")[0]
    return _OPTIONS.get(head, f"--{head}") if path else ""


def _as_yaml(content: Mapping[str, Any]) -> str:
    return as_yaml({key: _days(value) if key == "dates" else value for key, value in content.items()})


def _days(dates: Mapping[str, str]) -> dict[str, Any]:
    """Days as YAML writes them, without quotes; what is no day is reported as a problem before anything is written."""
    found: dict[str, Any] = dict(dates)
    for key, text in dates.items():
        try:
            found[key] = date.fromisoformat(text)
        except ValueError:
            continue
    return found


def _as_json(content: Mapping[str, Any]) -> str:
    import json

    return json.dumps(content)


def _write_new(files: Mapping[Path, str]) -> None:
    """Write all of these files or none; one that appeared meanwhile is left alone."""
    from project.whole_file import write_whole

    claimed: list[Path] = []
    try:
        for file in files:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            claimed.append(file)
        for file, text in files.items():
            write_whole(file, text)
    except BaseException as error:
        for file in claimed:
            file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            message = f"{error.filename} cannot be written: {error.strerror}; nothing was written"
            raise ProblemsError([Problem(message=message)]) from None
        raise


def _next_steps(customer: NewTenant) -> tuple[str, ...]:
    stack = f"{customer.base}-{customer.name}" if customer.isolation == "silo" else customer.base
    merged = (
        f"workbuoy tenant deploy {customer.name}  (once it is merged)"
        if customer.isolation == "silo"
        else f"once it is merged, a one-off task of {customer.base} makes its row: "
        f"`workbuoy-app tenant add {customer.name}` (docs/first-day.md)"
    )
    review = f"git switch --create tenant-{customer.name}, commit, and open a pull request"
    return (f"workbuoy rehearse {stack}", review, merged)
