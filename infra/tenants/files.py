"""Tenant files: reading one, reading all, and what only several files together can tell."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.settings import find_certificate_fault
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem, ProblemsError
from infra.stack_files import SETTINGS_KEY, TENANT_KEY, mentions, settings_in, settings_of, stack_file, stacks_in
from infra.suggestion import suggestion
from infra.tenants import capacity
from infra.tenants.hold import pool_obstacles
from infra.tenants.listing import FOLDER, OFFBOARDED_FOLDER, Listing, list_records
from infra.tenants.record import BASE_CERTIFICATE, LAST_PRIORITY, Tenant
from infra.tenants.residency import allowed_regions
from infra.validation import find_problems
from infra.yaml_index import index_of
from infra.yaml_text import YamlFile, read_yaml


def read_tenant(root: Path, name: str) -> Tenant:
    """A customer's record, held to everything that its own file can tell.

    Raises:
        ProblemsError: there is no such file, there are two, or it is wrong; every problem with its line.
    """
    listing = list_records(root)
    if name not in listing.paths:
        raise ProblemsError([_missing(root, name, listing)])
    return _read_listed(root, name, listing)


def _read_listed(root: Path, name: str, listing: Listing) -> Tenant:
    path, *others = listing.paths[name]
    if others:
        raise ProblemsError(one for one in listing.problems if one.file in (path, *others))
    try:
        status = os.stat(f"{root}/{path}")
    except OSError as error:  # a link to nothing, or taken away meanwhile
        raise ProblemsError([Problem(file=path, message=f"cannot be read: {error.strerror}")]) from None
    try:
        return _read(root, path, name, status.st_mtime_ns, status.st_size)
    except ProblemsError as error:
        raise ProblemsError([*error.problems, *_wrong_base(root, path)]) from None


def _wrong_base(root: Path, path: str) -> list[Problem]:
    """A record edited to another region breaks rules of its own too; what matters is that its base lies elsewhere."""
    try:
        read = read_yaml(root / path, path)
    except ProblemsError:
        return []  # reported already
    base, region = read.content.get("base"), read.content.get("region")
    settings = settings_in(stack_file(root, base)) if isinstance(base, str) else None
    if settings is None or settings.get("region") == region:
        return []
    return read.locate([_elsewhere(region, base, settings)])


def _missing(root: Path, name: str, listing: Listing) -> Problem:
    if name in _left(root):
        return Problem(message=f"tenant {name} has left: {OFFBOARDED_FOLDER}/{name}.yaml tells when and how")
    for problem in listing.problems:
        if problem.file.rpartition("/")[2].rpartition(".")[0] == name:
            return problem
    close = suggestion(name, listing.paths)
    message = f"there is no tenant {name!r}: no {FOLDER}/{name}.yaml{close or '; `workbuoy tenant list` shows all'}"
    return Problem(message=message)


def _left(root: Path) -> set[str]:
    """Names of customers who have left."""
    return {file.stem for file in (root / OFFBOARDED_FOLDER).glob("*.yaml")}


@cache
def _read(root: Path, path: str, name: str, _modified_ns: int, _size: int) -> Tenant:
    """Cached, since every silo's program looks at all the others' host names."""
    tenant, problems = _validate(index_of(root).of(path), name)
    if problems or tenant is None:
        raise ProblemsError(read_yaml(root / path, path).locate(problems))
    return tenant.lying_at(path)


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
    listing = list_records(root)
    tenants: list[Tenant] = []
    problems: list[Problem] = []
    for name in listing.names():
        try:
            tenants.append(_read_listed(root, name, listing))
        except ProblemsError as error:
            problems += error.problems
    problems += [*listing.problems, *_problems_together(root, tenants), *_orphans(root, tenants, listing)]
    index_of(root).keep()
    return Tenants(tuple(tenants), tuple(dict.fromkeys(problems)))


def by_base(tenants: Iterable[Tenant]) -> dict[str, list[Tenant]]:
    """Base stack -> its customers, as it has them: one who moves stands on two."""
    found: dict[str, list[Tenant]] = defaultdict(list)
    for tenant in tenants:
        for place in tenant.places:
            found[place.base].append(place)
    return dict(found)


def free_priority(tenants: Iterable[Tenant], base: str) -> int:
    """The lowest listener priority that no silo has on a base stack."""
    taken = {one.listener_priority for one in by_base(tenants).get(base, ())}
    return next(number for number in range(1, LAST_PRIORITY + 2) if number not in taken)


def capacity_warnings(root: Path, base: str) -> list[str]:
    """Limits of a base stack that are nearly met."""
    settings = settings_in(stack_file(root, base))
    if settings is None:
        return []
    return capacity.warnings(base, settings, by_base(read_tenants(root).tenants).get(base, ()))


def find_tenant_problems(root: Path, tenant: Tenant) -> list[Problem]:
    """What is wrong with one customer's record beside its base stack and all other customers."""
    listing, others = list_records(root), []
    for name in listing.names():
        try:
            others.append(_read_listed(root, name, listing))
        except ProblemsError:
            continue  # `workbuoy tenant list` tells of it; it must not stop this customer
    standing = [tenant, *(one for one in others if one.name != tenant.name)]
    return [problem for problem in _problems_together(root, standing) if problem.file == tenant.path]


def _problems_together(root: Path, tenants: Iterable[Tenant]) -> Iterator[Problem]:
    tenants = list(tenants)
    at, left = _by_place(root, by_base(tenants)), _left(root)
    for tenant in tenants:
        found = list(at[tenant.name, tenant.base])
        if tenant.other is not None:
            found += _of_move(at[tenant.name, tenant.other.base], found)
        if tenant.name in left:
            message = f"{tenant.name} has left ({OFFBOARDED_FOLDER}/{tenant.name}.yaml), and no name is used twice"
            found.append(Problem(path="name", message=message))
        if found:
            yield from _locate(root, tenant.path, found)


def _by_place(root: Path, standing: Mapping[str, list[Tenant]]) -> dict[tuple[str, str], list[Problem]]:
    """Customer and base stack -> what is wrong with the one on the other."""
    holders: dict[tuple[str, object, str], set[str]] = defaultdict(set)
    for place in (one for places in standing.values() for one in places):
        for own in _own_values(place):
            holders[own].add(place.name)
    found: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for base, places in standing.items():
        settings = _settings(root, base)
        for place in places:
            found[place.name, base] += [*_base_problems(root, place, settings), *_taken(place, holders)]
        for place, message in capacity.beyond(settings or {}, places):
            found[place.name, base].append(Problem(path="base", message=message))
    return found


def _settings(root: Path, base: str) -> Mapping[str, Any] | None:
    """As `settings_in`, from the index."""
    try:
        return settings_of(index_of(root).of(stack_file(root, base).name))
    except ProblemsError:
        return None


def _locate(root: Path, path: str, found: list[Problem]) -> list[Problem]:
    try:
        return read_yaml(root / path, path).locate(found)
    except ProblemsError:  # a record that is about to be written has no lines yet
        return [Problem(file=path, path=one.path, message=one.message) for one in found]


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


def _taken(place: Tenant, holders: Mapping[tuple[str, object, str], set[str]]) -> Iterator[Problem]:
    for own in _own_values(place):
        if others := holders[own] - {place.name}:
            yield Problem(path=own[0], message=f"{own[1]} is also {', '.join(sorted(others))}'s; choose another")


def _base_problems(root: Path, tenant: Tenant, base: Mapping[str, Any] | None) -> Iterator[Problem]:
    if base is None:
        known, file = stacks_in(root), stack_file(root, tenant.base).name
        why = f"{file} holds no settings that can be read" if tenant.base in known else f"no {file}"
        message = f"there is no base stack {tenant.base}: {why}{suggestion(tenant.base, known)}"
        yield Problem(path="base", message=message)
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


def _of_move(problems: Iterable[Problem], known: Iterable[Problem]) -> Iterator[Problem]:
    """What is wrong with the second place of a move, by the keys that say it there, and not with both."""
    own = ("base", "region", "listenerPriority", "certificateArn")
    for problem in (one for one in problems if one not in known):
        yield Problem(path=f"move.{problem.path}" if problem.path in own else problem.path, message=problem.message)


def refuse_customers_stack(root: Path, stack: str) -> None:
    """Raise ProblemsError where a base stack's settings stand in the file of a customer's own stack."""
    for base in stacks_in(root):
        name = stack.removeprefix(f"{base}-")
        if name == stack or name not in list_records(root).paths:
            continue
        tenant = read_tenant(root, name)
        if not find_stack_problems(tenant, stack):
            message = f"{stack} is {name}'s own stack by {tenant.path}: its file holds {TENANT_KEY}: {name} alone"
            raise ProblemsError(
                read_yaml(stack_file(root, stack)).locate([Problem(path=SETTINGS_KEY, message=message)], "config")
            )


def moving(root: Path, base: str) -> list[Tenant]:
    """Pool customers who move from or to this base stack, as it has them.

    Only files that speak of a move are parsed: a base stack's program reads nobody else's record.
    """
    found = []
    listing = list_records(root)
    for name in listing.names():
        if mentions(root / listing.path(name), "move"):
            tenant = _read_listed(root, name, listing).at(base)
            if tenant.isolation == "pool" and tenant.stack == base and tenant.move is not None:
                found.append(tenant)
    return found


def _elsewhere(region: object, base: object, settings: Mapping[str, Any]) -> Problem:
    return Problem(
        path="region",
        message=f"is {region}, but base stack {base} lies in {settings.get('region')}; choose a base stack there. "
        "A customer who is there already moves by a second stack, not by this line",
    )


def _orphans(root: Path, tenants: Iterable[Tenant], listing: Listing) -> Iterator[Problem]:
    """Customers' stack files whose tenant is gone without a record, or says another stack.

    Of a tenant whose own file is wrong, that file's problems tell.
    """
    known: dict[str, Tenant | None] = {**dict.fromkeys(listing.paths), **{one.name: one for one in tenants}}
    for stack in stacks_in(root):
        file = stack_file(root, stack)
        try:
            problems = list(_stack_problems(known, stack, index_of(root).of(file.name)))
            yield from read_yaml(file).locate(problems, "config") if problems else ()
        except ProblemsError as error:
            if mentions(file, TENANT_KEY):
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


def find_stack_file_problems(root: Path, tenant: Tenant) -> Iterator[Problem]:
    """Whether the stack of a silo has a file, and the customer's: two pairs of names can make one stack's name."""
    file = stack_file(root, tenant.stack)
    if tenant.isolation == "pool":
        return
    if not file.is_file():
        message = f"a silo needs its stack's file {file.name}, which holds `config: {{workbuoy:tenant: {tenant.name}}}`"
        yield Problem(file=tenant.path, path="isolation", message=message)
        return
    try:
        config = index_of(root).of(file.name).get("config")
    except ProblemsError:
        return  # whoever reads the file says what is wrong with it
    name = config.get(TENANT_KEY) if isinstance(config, Mapping) else None
    if name != tenant.name:
        whose = f"is the stack of {name}" if name else "is no customer's stack"
        message = f"with base {tenant.base} the stack is {tenant.stack}, and that {whose}; choose another name"
        yield Problem(file=tenant.path, path="name", message=message)


def find_stack_problems(tenant: Tenant, stack: str) -> list[Problem]:
    """Whether a stack's name is the one that follows from the record: a region never changes on a stack."""
    if tenant.isolation == "silo" and stack in {one.stack for one in tenant.places}:
        return []
    where = f"is in the pool of {tenant.base}" if tenant.isolation == "pool" else f"has stack {tenant.stack}"
    return [
        Problem(
            path=TENANT_KEY,
            message=f"by {tenant.path} {tenant.name} {where}, and this stack is {stack}: "
            "put the record back; moving is a second stack and a data move, never an edited record",
        )
    ]
