"""What a move changes in the customer's record, and where the records of its end stand."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, settings_in, stack_file, stacks_in
from infra.tenants.files import find_tenant_problems, parse_tenant
from infra.tenants.listing import MOVED_FOLDER
from infra.tenants.record import Tenant
from infra.yaml_edit import changed
from infra.yaml_text import read_yaml
from project.whole_file import write_whole

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SWAPPED = ("base", "region", "listenerPriority", "certificateArn")


def open_move(root: Path, tenant: Tenant, to: str, silo: Mapping[str, Any]) -> Path:
    """Write a silo's second stack file, and then the second place into the record. Raises ProblemsError."""
    if tenant.move is not None:
        raise _problem(tenant, "move", f"names {tenant.move.base} already; end that move first")
    move = {"direction": "to", "base": to, "region": target_region(root, tenant, to), **silo}
    file, text = _changed(root, tenant, {"move": move})
    if tenant.isolation == "silo":
        second, own = stack_file(root, f"{to}-{tenant.name}"), f"config:\n  {TENANT_KEY}: {tenant.name}\n"
        if second.exists() and second.read_bytes() != own.encode():  # else a command was killed after it
            raise _problem(tenant, "move.base", f"{second.name} is there already, and nothing is overwritten")
        write_whole(second, own)
    write_whole(file, text)
    return file


def target_region(root: Path, tenant: Tenant, to: str) -> str:
    """Where the base stack lies that `--to` names. Raises ProblemsError where the customer cannot move there."""
    found = {stack: one for stack in stacks_in(root) if (one := settings_in(stack_file(root, stack))) is not None}
    if to not in found:
        raise ProblemsError(
            [Problem(path="--to", message=f"there is no base stack {to}; there are: {', '.join(found)}")]
        )
    if to == tenant.base:
        raise ProblemsError(
            [Problem(path="--to", message=f"{tenant.name} is on {to} already; name another base stack")]
        )
    return str(found[to].get("region"))


def switch(root: Path, tenant: Tenant, today: date) -> Path:
    """Let both places of the record change places."""
    other = tenant.other
    if other is None:
        raise _problem(tenant, "move", "is not there, so there is nothing to switch to")
    values = other.model_dump(mode="json", by_alias=True, exclude_none=True)
    move = {**values["move"], "since": today.isoformat()}
    return _write(root, tenant, {**{key: values[key] for key in _SWAPPED if key in values}, "move": move})


def retire(root: Path, tenant: Tenant, today: date) -> Path:
    """Write the day from which a silo's stack in the place that does not serve may be destroyed."""
    if tenant.move is None or tenant.isolation == "pool":
        raise _problem(tenant, "move", "is not there, or of a pool tenant, which has no stack to destroy")
    move = tenant.move.model_copy(update={"retiring": today})
    return _write(root, tenant, {"move": move.model_dump(mode="json", by_alias=True, exclude_none=True)})


def close(root: Path, tenant: Tenant) -> Path:
    """Take the second place out of the record, and a silo's stack file there away."""
    file, text = _changed(root, tenant, {"move": None})
    if tenant.isolation == "silo" and tenant.other is not None:  # first: the record knows its name
        stack_file(root, tenant.other.stack).unlink(missing_ok=True)
    write_whole(file, text)
    return file


def _write(root: Path, tenant: Tenant, changes: Mapping[str, Any]) -> Path:
    file, text = _changed(root, tenant, changes)
    write_whole(file, text)
    return file


def _changed(root: Path, tenant: Tenant, changes: Mapping[str, Any]) -> tuple[Path, str]:
    """The record's file, and its text with these keys changed. Raises ProblemsError for what would not be in order."""
    file = root / tenant.path
    read = read_yaml(file, tenant.path)
    text, content = changed(file, read, changes)
    after = parse_tenant(read, content, tenant.name).lying_at(tenant.path)
    if problems := find_tenant_problems(root, after):
        raise ProblemsError(problems)
    return file, text


def removed_file(root: Path, left: Tenant, today: date) -> Path:
    """What records that a customer's rows and files were removed from a place, on a day."""
    return root / MOVED_FOLDER / f"{left.name}-{left.base}-{today}.yaml"


def destroyed_file(root: Path, left: Tenant, today: date) -> Path:
    """What records that the stack of a silo was destroyed in a place, on a day."""
    return root / MOVED_FOLDER / f"{left.name}-{left.base}-{today}-stack.yaml"


def is_recorded(root: Path, left: Tenant, since: date | None, new: Collection[str] = ()) -> bool:
    """Whether a record of this move says that the place is empty; of a silo, that its stack is destroyed.

    The customer may have left the same place before. So the record is one since the switch; where there was none, one
    of the day on which the second stack retires, or one of `new`, which names files that a change adds.
    """
    end = "-stack.yaml" if left.isolation == "silo" else ".yaml"
    prefix = f"{left.name}-{left.base}-"
    for file in (root / MOVED_FOLDER).glob(f"{prefix}*{end}"):
        day, path = file.name.removeprefix(prefix).removesuffix(end), f"{MOVED_FOLDER}/{file.name}"
        content = read_yaml(file, path).content  # two pairs of names can make one prefix
        same = (content.get("name"), content.get("base")) == (left.name, left.base)
        dates, retiring = content.get("dates"), left.dates.retiring
        retired = retiring is not None and isinstance(dates, Mapping) and dates.get("retiring") == str(retiring)
        of_this_move = day >= since.isoformat() if since is not None else retired or path in new
        if same and _DAY.fullmatch(day) and of_this_move:
            return True
    return False


def moved_records(root: Path, name: str) -> list[Path]:
    """The last record of each place that a customer left: where a stack was destroyed, what was in it went with it.

    The pool of a base stack and the customer's own stack on it are two places.
    """
    last: dict[tuple[str, str], Path] = {}
    for file in sorted((root / MOVED_FOLDER).glob(f"{name}-*.yaml"), key=_day_of):
        content = read_yaml(file, f"{MOVED_FOLDER}/{file.name}").content
        if content.get("name") == name:
            last[str(content.get("base")), str(content.get("isolation"))] = file
    return sorted(last.values(), key=_day_of)


def is_promoted(root: Path, silo: Tenant) -> bool:
    """Whether a record says that nothing of a customer is left in the pool from which they came into this stack."""
    for file in moved_records(root, silo.name):
        content = read_yaml(file, f"{MOVED_FOLDER}/{file.name}").content
        moved = content.get("moved")
        to = moved.get("to") if isinstance(moved, Mapping) else None
        if (content.get("isolation"), content.get("base"), to) == ("pool", silo.base, silo.stack):
            return True
    return False


def left_since(root: Path, name: str, day: date) -> list[Path]:
    """The records of those places that a customer left on that day or later."""
    return [one for one in moved_records(root, name) if _day_of(one)[0] >= day.isoformat()]


def _day_of(file: Path) -> tuple[str, bool]:
    found = _DAY.search(file.name)
    return (found[0] if found else "", file.name.endswith("-stack.yaml"))


def _problem(tenant: Tenant, path: str, message: str) -> ProblemsError:
    return ProblemsError([Problem(file=tenant.path, path=path, message=message)])
