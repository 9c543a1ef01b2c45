"""What a rehearsal hands to a customer's own stack: the record and its base's settings, which its program would read.

Both go the way of the stack file's own configuration, so that stand-ins for placeholders get into them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from infra.problems import ProblemsError
from infra.stack_files import settings_in, stack_file
from infra.tenants.files import read_tenant
from infra.tenants.listing import record_path
from infra.tenants.residency import allowed_regions
from infra.yaml_text import read_yaml
from project.files import Project, read_config


def tenant_of(project: Project, config: Mapping[str, Any]) -> str | None:
    """The tenant whose own stack this configuration is; none for a base stack."""
    name = config.get(f"{project.name}:tenant")
    return name if isinstance(name, str) else None


def base_of(project: Project, stack: str) -> str | None:
    """The base stack that a customer's own stack stands on; none for a base stack, or where the record says none.

    Raises as `read_config` does.
    """
    base = _base(_record(project, read_config(project, stack)), stack)
    return base if isinstance(base, str) and project.stack_file(base).is_file() else None


def whole_config(project: Project, stack: str, config: dict[str, Any]) -> dict[str, Any]:
    """A stack's configuration, with record and base settings where it is a customer's own.

    What cannot be read is left out: the program then reads it itself, and says what is wrong with it.
    """
    record = _record(project, config)
    settings = settings_in(stack_file(project.root, str(_base(record, stack))))
    if not record or settings is None:
        return config
    return {**config, f"{project.name}:record": record, f"{project.name}:settings": dict(settings)}


def residency_of(project: Project, stack: str) -> list[str]:
    """The regions that a stack's settings, or its customer's record, allow; none where they name none.

    Raises as `read_config` does.
    """
    config = read_config(project, stack)
    record = _record(project, config)
    if record:
        residency = record.get("residency")
        try:
            return list(allowed_regions(tuple(residency) if isinstance(residency, list) else str(residency)))
        except KeyError:
            return []
    settings = config.get(f"{project.name}:settings")
    return list(settings.get("residency") or ()) if isinstance(settings, dict) else []


def retiring_on(project: Project, stack: str) -> date | None:
    """The day on which a customer's own stack retires, by its record; none for any other stack, and under a hold.

    Of a customer who moves, that is the day of the place that they left.
    """
    try:
        name = tenant_of(project, read_config(project, stack))
        return read_tenant(project.root, name).at(stack).dates.leaves_on if name is not None else None
    except ProblemsError:
        return None


def _base(record: Mapping[str, Any], stack: str) -> object:
    """Of the stack; while a customer moves, the record names two."""
    move = record.get("move")
    other = move.get("base") if isinstance(move, Mapping) else None
    return other if other and stack == f"{other}-{record.get('name')}" else record.get("base")


def _record(project: Project, config: Mapping[str, Any]) -> dict[str, Any]:
    name = tenant_of(project, config)
    if name is None:
        return {}
    try:
        path = record_path(project.root, name)
        return read_yaml(project.root / path, path).content
    except ProblemsError:
        return {}
