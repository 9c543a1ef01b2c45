"""A project as reviewed changes would have it in each state of a move: customers' records, and silos' stack files."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, settings_in, stack_file
from infra.tenants.files import find_tenant_problems, free_priority, parse_tenant, read_tenant, read_tenants
from infra.tenants.listing import FOLDER, tenant_file
from infra.tenants.record import BASE_CERTIFICATE, Tenant
from infra.yaml_text import as_yaml, read_yaml
from project.files import Project


@dataclass(frozen=True, kw_only=True)
class States:
    """One project a state. While `open` and `switched` the customers' data stand in both places."""

    tenants: tuple[Tenant, ...]
    open: Project
    switched: Project
    closed: Project


def states_of(project: Project, folder: Path, base: str, to: str, names: Sequence[str]) -> States:
    """Raises ProblemsError for customers who cannot move from `base` to `to`; all at once."""
    tenants: list[Tenant] = []
    problems: list[Problem] = []
    for name in names:
        try:
            tenants.append(_opened(project.root, name, base, to))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ProblemsError(problems)
    others = [one.other for one in tenants if one.other is not None]
    closed = [one.model_copy(update={"move": None}) for one in others]
    return States(
        tenants=tuple(tenants),
        open=project_with(project, folder / "open", tenants),
        switched=project_with(project, folder / "switched", others),
        closed=project_with(project, folder / "closed", closed),
    )


def _opened(root: Path, name: str, base: str, to: str) -> Tenant:
    tenant = read_tenant(root, name)
    file = tenant.path
    if tenant.base != base:
        raise ProblemsError([Problem(file=file, path="base", message=f"is {tenant.base}, and {base} is rehearsed")])
    if tenant.move is not None:
        if (tenant.move.direction, tenant.move.base) != ("to", to):
            where = f"{tenant.move.direction} {tenant.move.base}"
            raise ProblemsError([Problem(file=file, path="move", message=f"goes {where}, not to {to}")])
        return tenant
    settings = settings_in(stack_file(root, to))
    if settings is None:
        raise ProblemsError([Problem(message=f"there is no base stack {to}: no Pulumi.{to}.yaml")])
    move: dict[str, Any] = {"direction": "to", "base": to, "region": settings.get("region")}
    if tenant.isolation == "silo":
        move |= {"listenerPriority": free_priority(read_tenants(root).tenants, to), "certificateArn": BASE_CERTIFICATE}
    read = read_yaml(tenant_file(root, name), file)
    opened = parse_tenant(read, {**read.content, "move": move}, name)
    if found := find_tenant_problems(root, opened):
        raise ProblemsError(found)
    return opened


def project_with(project: Project, folder: Path, tenants: Iterable[Tenant]) -> Project:
    """The same files but for these customers' records and stack files; the program itself is not copied."""
    folder.mkdir()
    for file in project.root.iterdir():
        if file.name != FOLDER and not (file.name.startswith("Pulumi.") or file.name.startswith(".")):
            (folder / file.name).symlink_to(file)
    for file in project.root.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    shutil.copytree(project.root / FOLDER, folder / FOLDER)
    for tenant in tenants:
        record = tenant.model_dump(mode="json", by_alias=True, exclude_none=True)
        tenant_file(folder, tenant.name).write_text(as_yaml(record), encoding="utf-8")
        if tenant.isolation == "silo":
            wanted = [stack_file(folder, place.stack) for place in tenant.places]
            for file in folder.glob(f"Pulumi.*-{tenant.name}.yaml"):
                if file not in wanted:
                    file.unlink()
            for file in wanted:
                if not file.exists():
                    file.write_text(f"config:\n  {TENANT_KEY}: {tenant.name}\n", encoding="utf-8")
    return Project(project.name, folder, project.main)
