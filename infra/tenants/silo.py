"""The settings of a customer's own stack: its base stack's, with the customer's record and tier laid over them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from infra.load import load_settings, read_configured
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem, ProblemsError
from infra.settings import StackSettings
from infra.stack_files import TENANT_KEY, find_file_problems, stack_file
from infra.tenants.files import (
    find_stack_problems,
    find_tenant_problems,
    parse_tenant,
    read_tenant,
)
from infra.tenants.hold import HELD_SETTINGS
from infra.tenants.record import BASE_CERTIFICATE, Tenant
from infra.tenants.residency import allowed_regions
from infra.tenants.tiers import TIERS
from infra.validation import find_problems
from infra.yaml_text import read_yaml

_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class Silo:
    """A customer's own stack: the record, and the settings that follow from it.

    Without a `certificate_arn` the base's own certificate covers the host name.
    """

    tenant: Tenant
    settings: StackSettings
    listener_priority: int
    certificate_arn: str | None


def load_silo(
    root: Path,
    stack: str,
    name: str,
    base_configured: Mapping[str, Any] | None = None,
    record: Mapping[str, Any] | None = None,
) -> Silo:
    """A customer's own stack from its tenant file and its base stack's file.

    Args:
        root: the project's folder.
        stack: the stack's name, `<base>-<tenant>`.
        name: the tenant's, all that the stack's own file holds.
        base_configured: the base's `workbuoy:settings` where a rehearsal hands them over, with stand-ins for
            placeholders; else they are read from the base's file.
        record: the tenant file's content, likewise.

    Raises:
        ProblemsError: any of the three files is wrong, or they do not fit; every problem has its line.
    """
    file = stack_file(root, stack)
    problems = find_file_problems(file, TENANT_KEY) if file.exists() else []
    tenant = _tenant_of(root, file, name)
    of_stack = find_stack_problems(tenant, stack)
    problems += find_tenant_problems(root, tenant)
    problems += read_yaml(file).locate(of_stack, "config") if file.exists() else of_stack
    if problems:
        raise ProblemsError(problems)
    read = read_yaml(root / tenant.path, tenant.path)
    if record is not None:
        tenant = parse_tenant(read, record, name)
    tenant = tenant.at(stack)
    base = load_settings(root, tenant.base, base_configured or read_configured(root, tenant.base))
    if tenant.certificate_arn and PLACEHOLDER_ACCOUNT.search(tenant.certificate_arn):
        message = f"{tenant.certificate_arn} names a placeholder account; put the real account id there"
        raise ProblemsError(read.locate([Problem(path="certificateArn", message=message)]))
    return Silo(
        tenant=tenant,
        settings=_settings(tenant, base),
        listener_priority=_demanded(tenant.listener_priority),
        certificate_arn=None if tenant.certificate_arn == BASE_CERTIFICATE else _demanded(tenant.certificate_arn),
    )


def _tenant_of(root: Path, file: Path, name: str) -> Tenant:
    """The record that the stack's file names. Raises ProblemsError, at that line where there is no such record."""
    try:
        return read_tenant(root, name)
    except ProblemsError as error:
        missing = [Problem(path=TENANT_KEY, message=one.message) for one in error.problems if not one.file]
        located = read_yaml(file).locate(missing, "config") if file.exists() else missing
        raise ProblemsError([*located, *(one for one in error.problems if one.file)]) from None


def _demanded(value: _Value | None) -> _Value:
    """A rule of the record demands it of every silo, before anything here runs."""
    if value is None:
        raise ValueError("a silo's record without one passed its own rules")
    return value


def _settings(tenant: Tenant, base: StackSettings) -> StackSettings:
    values = base.model_dump(mode="json", by_alias=True)
    for section, sizes in TIERS[_demanded(tenant.tier)].items():
        values[section] |= sizes
    for section, kept in (HELD_SETTINGS if tenant.dates.hold else {}).items():
        values[section] |= kept
    values["residency"] = list(allowed_regions(tenant.residency))
    values["service"]["hostName"] = tenant.host_name
    if tenant.certificate_arn != BASE_CERTIFICATE:
        values["service"]["certificateArn"] = tenant.certificate_arn
    if tenant.login is not None:
        values["service"]["login"] = tenant.login.model_dump(mode="json", by_alias=True)
    problems = find_problems(StackSettings, values)
    if problems:  # the base's own settings are right: what breaks a rule is the tier's, or the record's
        raise ProblemsError(
            Problem(file=tenant.path, path="tier", message=f"makes {one.path}: {one.message}") for one in problems
        )
    return StackSettings.model_validate_json(json.dumps(values))
