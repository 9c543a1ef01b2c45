"""What a move changes in the customer's record, and the record of the erasure at its end."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from components.files import FilesSettings
from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, settings_in, stack_file
from infra.tenants.files import find_tenant_problems, parse_tenant
from infra.tenants.listing import MOVED_FOLDER
from infra.tenants.record import Tenant
from infra.yaml_text import child, read_yaml
from project.whole_file import write_whole

_DEFAULT_DAYS = {"keepAccessLogsDays": FilesSettings.model_fields["keep_access_logs_days"].default}
_SWAPPED = ("base", "region", "listenerPriority", "certificateArn")


def open_move(root: Path, tenant: Tenant, to: str, silo: Mapping[str, Any]) -> Path:
    """Write the second place into the record, and a silo's second stack file. Raises ProblemsError, writing nothing."""
    if tenant.move is not None:
        raise _problem(tenant, "move", f"names {tenant.move.base} already; end that move first")
    settings = settings_in(stack_file(root, to))
    if settings is None:
        raise _problem(tenant, "move.base", f"there is no base stack {to}: no Pulumi.{to}.yaml")
    move = {"direction": "to", "base": to, "region": settings.get("region"), **silo}
    file = _write(root, tenant, {"move": move})
    if tenant.isolation == "silo":
        second = stack_file(root, f"{to}-{tenant.name}")
        write_whole(second, f"config:\n  {TENANT_KEY}: {tenant.name}\n")
    return file


def switch(root: Path, tenant: Tenant, today: date) -> Path:
    """Let both places of the record change places."""
    other = tenant.other
    if other is None:
        raise _problem(tenant, "move", "is not there, so there is nothing to switch to")
    values = other.model_dump(mode="json", by_alias=True, exclude_none=True)
    move = {**values["move"], "since": today.isoformat()}
    return _write(root, tenant, {**{key: values[key] for key in _SWAPPED if key in values}, "move": move})


def close(root: Path, tenant: Tenant) -> Path:
    """Take the second place out of the record."""
    return _write(root, tenant, {"move": None})


def _write(root: Path, tenant: Tenant, changes: Mapping[str, Any]) -> Path:
    """Change these keys alone; every other byte stays as a person wrote it. Raises ProblemsError."""
    file = root / tenant.path
    before, read = file.read_text(encoding="utf-8"), read_yaml(file, tenant.path)
    lines = before.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for key, value in sorted(changes.items(), key=lambda one: -_first_line(read.tree, one[0], len(lines))):
        first = _first_line(read.tree, key, len(lines))
        last = _last_line(lines, first)
        lines[first:last] = [yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True)] if value else []
    content = {key: value for key, value in {**read.content, **changes}.items() if value is not None}
    changed = parse_tenant(read, content, tenant.name)
    if problems := find_tenant_problems(root, changed):
        raise ProblemsError(problems)
    write_whole(file, "".join(lines))
    return file


def _first_line(tree: Any, key: str, end: int) -> int:
    found = child(tree, key)
    return found[0] - 1 if found is not None else end


def _last_line(lines: list[str], first: int) -> int:
    """After a key's block: its own line and what is indented below it."""
    last = first + 1
    while last < len(lines) and lines[last].startswith((" ", "-")):
        last += 1
    return min(last, len(lines)) if first < len(lines) else first


def record_erasure(root: Path, old: Tenant, new: Tenant, verdict: Mapping[str, Any]) -> Path:
    """Write what was removed from the old place, and which copies of it remain until when."""
    settings = settings_in(stack_file(root, old.base)) or {}
    now = datetime.now(UTC)
    file = root / MOVED_FOLDER / f"{old.name}-{old.base}-{now:%Y-%m-%d}.yaml"
    document = {
        "name": old.name,
        "from": {"stack": old.stack, "region": old.region},
        "to": {"stack": new.stack, "region": new.region},
        "switchedOn": new.move.since.isoformat() if new.move and new.move.since else None,
        "removedAt": now.isoformat(timespec="seconds"),
        "digest": verdict.get("digest"),
        "rows": verdict.get("rows"),
        "objectsDeleted": verdict.get("objects_deleted"),
        "erasureLedger": "noted before the removal, in the old place's bucket: a restored copy is held to it",
        "remaining": remaining(settings, now.date()),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    return file


def remaining(settings: Mapping[str, Any], today: date) -> list[dict[str, str]]:
    """Copies that a removal leaves, each with the last day on which it can be there, by the stack's settings."""
    kept = (
        ("automated backups of the database", "database", "backupRetentionDays"),
        ("noncurrent versions of files", "files", "expireNoncurrentAfterDays"),
        ("access logs of the bucket", "files", "keepAccessLogsDays"),
        ("logs of the service", "service", "logRetentionDays"),
    )
    found = []
    for what, section, key in kept:
        days = (settings.get(section) or {}).get(key, _DEFAULT_DAYS.get(key))
        until = (today + timedelta(days=int(days))).isoformat() if days else f"not known: no {section}.{key}"
        found.append({"what": what, "until": until})
    found.append({"what": "snapshots that a person made, and this repository's history", "until": "a person's to say"})
    return found


def _problem(tenant: Tenant, path: str, message: str) -> ProblemsError:
    return ProblemsError([Problem(file=tenant.path, path=path, message=message)])
