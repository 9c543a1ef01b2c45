"""Tenant files: reading one, reading all, and what only several files together can tell."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.settings import find_certificate_fault
from infra.meant import meant
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, settings_in, stack_file
from infra.tenants import capacity
from infra.tenants.hold import pool_obstacles
from infra.tenants.record import BASE_CERTIFICATE, Tenant
from infra.tenants.residency import allowed_regions
from infra.validation import find_problems
from infra.yaml_index import index_of
from infra.yaml_text import YamlFile, read_yaml

FOLDER = "tenants"
OFFBOARDED_FOLDER = "tenants/offboarded"


def tenant_file(root: Path, name: str) -> Path:
    """The file that holds a customer's record."""
    return root / FOLDER / f"{name}.yaml"


def offboarding_file(root: Path, name: str) -> Path:
    """The file that records a customer's leaving."""
    return root / OFFBOARDED_FOLDER / f"{name}.yaml"


def tenant_names(root: Path) -> list[str]:
    """Names of all tenant files, sorted."""
    return sorted(file.stem for file in (root / FOLDER).glob("*.yaml"))


def read_tenant(root: Path, name: str) -> Tenant:
    """A customer's record, held to everything that its own file can tell.

    Raises:
        ProblemsError: there is no such file, or it is wrong; every problem with its line.
    """
    file = tenant_file(root, name)
    if Path(name).name != name:  # never a path made of whatever was typed
        raise ProblemsError([_missing(root, name)])
    try:
        status = file.stat()
    except (OSError, ValueError):  # not there, or no name that a file can have
        raise ProblemsError([_missing(root, name)]) from None
    try:
        return _read(root, name, status.st_mtime_ns, status.st_size)
    except ProblemsError as error:
        raise ProblemsError([*error.problems, *_wrong_base(root, file)]) from None


def _wrong_base(root: Path, file: Path) -> list[Problem]:
    """A record edited to another region breaks rules of its own too; what matters is that its base lies elsewhere."""
    try:
        read = read_yaml(file, f"{FOLDER}/{file.name}")
    except ProblemsError:
        return []  # told already
    base, region = read.content.get("base"), read.content.get("region")
    settings = settings_in(stack_file(root, base)) if isinstance(base, str) else None
    if settings is None or settings.get("region") == region:
        return []
    return read.locate([_elsewhere(region, base, settings)])


def _missing(root: Path, name: str) -> Problem:
    if name in {file.stem for file in (root / OFFBOARDED_FOLDER).glob("*.yaml")}:
        return Problem(message=f"tenant {name} has left: {OFFBOARDED_FOLDER}/{name}.yaml tells when and how")
    for problem in _misnamed(root):
        if problem.file.rpartition(".")[0] == f"{FOLDER}/{name}":
            return problem
    close = meant(name, (file.stem for file in (root / FOLDER).glob("*.yaml")))
    message = f"there is no tenant {name!r}: no {FOLDER}/{name}.yaml{close or '; `workbuoy tenant list` shows all'}"
    return Problem(message=message)


@cache
def _read(root: Path, name: str, _modified_ns: int, _size: int) -> Tenant:
    """Cached, since every silo's program looks at all the others' host names."""
    file, called = tenant_file(root, name), f"{FOLDER}/{name}.yaml"
    tenant, problems = _validate(index_of(root).of(file, called), name)
    if problems or tenant is None:
        raise ProblemsError(read_yaml(file, called).locate(problems))
    return tenant


def parse_tenant(read: YamlFile, content: Mapping[str, Any], name: str) -> Tenant:
    """A record from content that stands in a file of this name. Raises ProblemsError."""
    tenant, problems = _validate(content, name)
    if problems or tenant is None:
        raise ProblemsError(read.locate(problems))
    return tenant


def _validate(content: Mapping[str, Any], name: str) -> tuple[Tenant | None, list[Problem]]:
    """The record, or its problems; telling them takes many times as long as finding none."""
    tenant, problems = None, []
    try:
        tenant = Tenant.model_validate_json(json.dumps(content))
    except ValueError:
        problems = find_problems(Tenant, content)
    if isinstance(content.get("name"), str) and content["name"] != name:
        message = f"is {content['name']}, but the file is called {name}.yaml; they go together"
        problems.append(Problem(path="name", message=message))
    return tenant, problems


@dataclass(frozen=True)
class Tenants:
    """Every customer whose file can be read, and every problem of the files, alone and together."""

    tenants: tuple[Tenant, ...]
    problems: tuple[Problem, ...]


def read_tenants(root: Path) -> Tenants:
    """All customers, and what is wrong with their files."""
    tenants: list[Tenant] = []
    problems: list[Problem] = []
    for name in tenant_names(root):
        try:
            tenants.append(read_tenant(root, name))
        except ProblemsError as error:
            problems += error.problems
    problems += [*_misnamed(root), *_problems_together(root, tenants), *_orphans(root, tenants)]
    index_of(root).keep()
    return Tenants(tuple(tenants), tuple(problems))


def by_base(tenants: Iterable[Tenant]) -> dict[str, list[Tenant]]:
    """Base stack -> its customers."""
    found: dict[str, list[Tenant]] = defaultdict(list)
    for tenant in tenants:
        found[tenant.base].append(tenant)
    return dict(found)


def capacity_warnings(root: Path, base: str, *, beside: Tenant | None = None) -> list[str]:
    """Limits of a base stack that are nearly met, with a customer beside those who have files."""
    settings = settings_in(stack_file(root, base))
    if settings is None:
        return []
    tenants = {one.name: one for one in read_tenants(root).tenants if one.base == base}
    if beside is not None:
        tenants[beside.name] = beside
    return capacity.warnings(base, settings, tenants.values())


def _misnamed(root: Path) -> Iterator[Problem]:
    """Files that look like records and that nothing reads, since their names end otherwise."""
    for folder in (FOLDER, OFFBOARDED_FOLDER):
        for file in sorted((root / folder).glob("*.*")):
            if file.suffix.lower() in (".yml", ".yaml") and file.suffix != ".yaml":
                message = f"is not read under this name; call it {folder}/{file.stem}.yaml"
                yield Problem(file=f"{folder}/{file.name}", message=message)


def find_tenant_problems(root: Path, tenant: Tenant) -> list[Problem]:
    """What is wrong with one customer's record beside its base stack and all other customers."""
    others = []
    for name in tenant_names(root):
        try:
            others.append(read_tenant(root, name))
        except ProblemsError:
            continue  # `workbuoy tenant list` tells of it; it must not stop this customer
    together = [*_problems_together(root, [tenant, *(one for one in others if one.name != tenant.name)])]
    own = f"{FOLDER}/{tenant.name}.yaml"
    return [problem for problem in together if problem.file == own]


def _problems_together(root: Path, tenants: Iterable[Tenant]) -> Iterator[Problem]:
    tenants = list(tenants)
    bases = {base: settings_in(stack_file(root, base)) for base in {tenant.base for tenant in tenants}}
    holders: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for tenant in tenants:
        for path, value, scope in _own_values(tenant):
            holders[path, value, scope].append(tenant.name)
    full: dict[str, list[str]] = defaultdict(list)
    for base, standing in by_base(tenants).items():
        for tenant, message in capacity.beyond(bases[base] or {}, standing):
            full[tenant.name].append(message)
    left = {file.stem for file in (root / OFFBOARDED_FOLDER).glob("*.yaml")}
    for tenant in tenants:
        found = [
            *_base_problems(tenant, bases[tenant.base]),
            *_other_place_problems(root, tenant),
            *(Problem(path="base", message=message) for message in full[tenant.name]),
            *(
                problem
                for path, value, scope in _own_values(tenant)
                for problem in _taken(path, value, tenant, holders[path, value, scope])
            ),
        ]
        if tenant.name in left:
            message = f"{tenant.name} has left ({OFFBOARDED_FOLDER}/{tenant.name}.yaml), and no name is used twice"
            found.append(Problem(path="name", message=message))
        if found:
            yield from _locate(root, tenant.name, found)


def _locate(root: Path, name: str, found: list[Problem]) -> list[Problem]:
    file = f"{FOLDER}/{name}.yaml"
    try:
        return read_yaml(tenant_file(root, name), file).locate(found)
    except ProblemsError:  # a record that is about to be written has no lines yet
        return [Problem(file=file, path=one.path, message=one.message) for one in found]


def _own_values(tenant: Tenant) -> Iterator[tuple[str, object, str]]:
    """What no two customers may share: its path, its value, and the base within which it must be one's own.

    A certificate that two silos put on one listener would go for both with the first that leaves.
    """
    if tenant.host_name:
        yield "hostName", tenant.host_name, ""
    if tenant.listener_priority:
        yield "listenerPriority", tenant.listener_priority, tenant.base
    if tenant.certificate_arn not in (None, BASE_CERTIFICATE):
        yield "certificateArn", tenant.certificate_arn, tenant.base


def _taken(path: str, value: object, tenant: Tenant, holders: list[str]) -> Iterator[Problem]:
    others = [name for name in holders if name != tenant.name]
    if others:
        yield Problem(path=path, message=f"{value} is also {', '.join(sorted(others))}'s; choose another")


def _base_problems(tenant: Tenant, base: Mapping[str, Any] | None) -> Iterator[Problem]:
    if base is None:
        yield Problem(path="base", message=f"there is no base stack {tenant.base}: no Pulumi.{tenant.base}.yaml")
        return
    if base.get("region") != tenant.region:
        yield _elsewhere(tenant.region, tenant.base, base)
    outside = sorted(set(base.get("residency") or ()) - set(allowed_regions(tenant.residency)))
    if tenant.isolation == "pool" and outside:
        yield Problem(
            path="residency",
            message=f"leaves out {', '.join(outside)}, where base stack {tenant.base} may keep its pool's data: "
            "choose isolation silo, or another base stack",
        )
    yield from pool_obstacles(tenant, base)
    arn, account = tenant.certificate_arn or BASE_CERTIFICATE, base.get("account")
    if arn != BASE_CERTIFICATE and isinstance(account, str) and not PLACEHOLDER_ACCOUNT.search(arn):
        fault = find_certificate_fault(arn, str(base.get("region")), account)
        if fault:
            yield Problem(path="certificateArn", message=fault)
    service = base.get("service")
    if not isinstance(service, Mapping):
        return
    if tenant.isolation == "silo" and not service.get("certificateArn"):
        yield Problem(path="base", message=f"{tenant.base} serves plain HTTP; a silo needs a base stack with HTTPS")
    if tenant.host_name and service.get("hostName") == tenant.host_name:
        yield Problem(path="hostName", message=f"{tenant.host_name} is base stack {tenant.base}'s own; choose another")


def _other_place_problems(root: Path, tenant: Tenant) -> Iterator[Problem]:
    """What is wrong with the second place of a move, as it would be with the first."""
    if (other := tenant.other) is None:
        return
    for problem in _base_problems(other, settings_in(stack_file(root, other.base))):
        own = problem.path in ("base", "region", "certificateArn")
        yield Problem(path=f"move.{problem.path}" if own else problem.path, message=problem.message)


def moving(root: Path, base: str) -> list[Tenant]:
    """Pool customers who move from or to this base stack, as it has them.

    Only files that speak of a move are parsed: a base stack's program reads nobody else's record.
    """
    found = []
    for name in tenant_names(root):
        if b"\nmove:" in tenant_file(root, name).read_bytes():
            tenant = read_tenant(root, name).at(base)
            if tenant.isolation == "pool" and tenant.stack == base and tenant.move is not None:
                found.append(tenant)
    return found


def _elsewhere(region: object, base: object, settings: Mapping[str, Any]) -> Problem:
    return Problem(
        path="region",
        message=f"is {region}, but base stack {base} lies in {settings.get('region')}; choose a base stack there. "
        "A customer who is there already moves by a second stack, not by this line",
    )


def _orphans(root: Path, tenants: Iterable[Tenant]) -> Iterator[Problem]:
    """Customers' stack files whose tenant is gone without a record, or says another stack.

    Of a tenant whose own file is wrong, that file's problems tell.
    """
    known: dict[str, Tenant | None] = {**dict.fromkeys(tenant_names(root)), **{one.name: one for one in tenants}}
    for file in sorted(root.glob("Pulumi.*.yaml")):
        try:
            content = index_of(root).of(file, file.name)
            problems = list(_stack_problems(known, file.name[len("Pulumi.") : -len(".yaml")], content))
            yield from read_yaml(file).locate(problems, "config") if problems else ()
        except ProblemsError as error:
            if TENANT_KEY in file.read_text(encoding="utf-8", errors="replace"):
                yield from error.problems  # of a base stack's file, its own rehearsal tells


def _stack_problems(known: Mapping[str, Tenant | None], stack: str, content: Mapping[str, Any]) -> Iterator[Problem]:
    config = content.get("config")
    if TENANT_KEY not in str(content):
        return
    name = str(config.get(TENANT_KEY)) if isinstance(config, Mapping) else ""
    if name not in known:
        yield Problem(
            path=TENANT_KEY,
            message=f"there is no {FOLDER}/{name}.yaml; a customer who leaves gets {OFFBOARDED_FOLDER}/{name}.yaml, "
            "and this file goes with the stack",
        )
        return
    if (tenant := known[name]) is not None:
        yield from find_stack_problems(tenant, stack)


def find_stack_problems(tenant: Tenant, stack: str) -> list[Problem]:
    """Whether a stack's name is the one that follows from the record: a region never changes on a stack."""
    if tenant.isolation == "silo" and stack in {one.stack for one in tenant.places}:
        return []
    where = f"is in the pool of {tenant.base}" if tenant.isolation == "pool" else f"has stack {tenant.stack}"
    return [
        Problem(
            path=TENANT_KEY,
            message=f"by {FOLDER}/{tenant.name}.yaml {tenant.name} {where}, and this stack is {stack}: "
            "put the record back; moving is a second stack and a data move, never an edited record",
        )
    ]
