"""What a change of customers' files must not do, by git's memory of how they were."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from infra.tenants.listing import MOVED_FOLDER, OFFBOARDED_FOLDER, name_in, offboarding_file, tenant_file
from infra.tenants.record import Tenant
from infra.yaml_text import parse_yaml
from operations.changed.files import changed_files
from operations.tenant.move.record import is_promoted, is_recorded
from project.git import git_text

_LEFT: Final = re.compile(rf"{OFFBOARDED_FOLDER}/([^/]+)\.yaml")


def find_forbidden_changes(root: Path, since: str) -> list[Problem]:
    """Customers who would move, change their isolation or vanish since `since`.

    Raises ProblemsError where git cannot compare.
    """
    changed = changed_files(root, since)
    if changed is None:  # a branch's first commit
        return []
    fork = _git(root, "merge-base", since, "HEAD").strip()
    problems: list[Problem] = []
    for path in changed.differing:
        if (name := name_in(path)) and (before := _read(_git(root, "show", f"{fork}:./{path}"))):
            problems += _problems(root, path, name, before, changed.added)
        elif _LEFT.fullmatch(path) and not (root / path).exists():
            problems += _lost_records(root, path, _read(_git(root, "show", f"{fork}:./{path}")))
    return problems


def _lost_records(root: Path, path: str, before: Mapping[str, Any]) -> Iterator[Problem]:
    """A record of a leaving stays; of a silo that came back it does as the record of a stack that was destroyed."""
    name, dates = str(before.get("name")), before.get("dates")
    day = dates.get("destroyed") if isinstance(dates, Mapping) else None
    kept = f"{MOVED_FOLDER}/{name}-{before.get('base')}-{day}-stack.yaml"
    after = _read((root / kept).read_text(encoding="utf-8")) if (root / kept).is_file() else {}
    same = bool(after) and all(after.get(key) == before.get(key) for key in ("name", "base", "dates"))
    silo = before.get("isolation") == "silo"
    if silo and same and tenant_file(root, name).exists():
        return
    back = f"; of a silo that came back after a mistake it is moved to {kept} (docs/runbooks.md)" if silo else ""
    yield Problem(file=path, message=f"records who left; put it back, it stays for good{back}")


def _problems(root: Path, path: str, name: str, before: Mapping[str, Any], added: Collection[str]) -> Iterator[Problem]:
    file = tenant_file(root, name)
    dates = before.get("dates")
    held = isinstance(dates, Mapping) and dates.get("hold") is not None
    if not file.exists() and held:
        message = "is removed while a legal hold stands: put it back; a change that releases the hold comes first"
        yield Problem(file=path, path="dates.hold", message=message)
        return
    if not file.exists():
        if not offboarding_file(root, name).exists():
            message = (
                f"is removed without a record in {OFFBOARDED_FOLDER}/: put it back; "
                f"`workbuoy tenant retire {name}` begins a leaving, `workbuoy tenant destroy {name}` records it"
            )
            yield Problem(file=path, message=message)
        return
    after = _read(file.read_text(encoding="utf-8", errors="replace"))
    if not after:
        return  # reported with the file itself
    planned = before.get("move")
    switched = isinstance(planned, Mapping) and all(after.get(key) == planned.get(key) for key in ("region", "base"))
    for key in ("region", "base"):
        if before.get(key) != after.get(key) and not switched:
            message = (
                f"was {before.get(key)} and is {after.get(key)}: put it back; "
                f"`workbuoy tenant move {name}` moves the data, and its `--run switch` writes this line"
            )
            yield Problem(file=path, path=key, message=message)
    yield from _forgotten_place(root, file.relative_to(root).as_posix(), before, after, added)
    was, is_now = before.get("isolation"), after.get("isolation")
    promoted = was == "pool" and after.get("promotion") == "open"
    taken_back = was == "silo" and before.get("promotion") == "open"  # the pool has everything until it is closed
    if was != is_now and not (promoted or taken_back):
        remedy = (
            f"`workbuoy tenant promote {name}` moves the data, with `promotion: open` in the record"
            if was == "pool"
            else "a silo's data does not go back into the pool"
        )
        yield Problem(file=path, path="isolation", message=f"was {was} and is {is_now}: put it back; {remedy}")


def _forgotten_place(
    root: Path, path: str, before: Mapping[str, Any], after: Mapping[str, Any], added: Collection[str]
) -> Iterator[Problem]:
    """Whether the record names a place that the customer was served from no more, and nothing says that it is empty.

    Of a place that never served AWS alone knows: `workbuoy tenant move NAME --run close` asks.
    """
    try:
        was, is_now = (Tenant.model_validate_json(json.dumps(one)) for one in (before, after))
    except ValueError:
        return  # reported with the file itself
    no_record = f"and {MOVED_FOLDER}/ has no record that nothing of {was.name} is left there: put it back"
    if was.promotion and not is_now.promotion and is_now.isolation == "silo" and not is_promoted(root, was):
        remedy = f"`workbuoy tenant promote {was.name} --live --run remove` empties the pool, and writes it"
        yield Problem(file=path, path="promotion", message=f"forgets the pool of {was.base}, {no_record}; {remedy}")
    if was.move is None or was.other is None:
        return
    left = was.other if was.move.direction == "from" else was
    if left.base in {one.base for one in is_now.places} or is_recorded(root, left, was.move.since, added):
        return
    message = (
        f"forgets {left.stack}, {no_record}; `workbuoy tenant move {left.name}` says what comes first, and "
        "`--run close` takes it out"
    )
    yield Problem(file=path, path="move", message=message)


def _read(text: str) -> Mapping[str, Any]:
    try:
        content, _ = parse_yaml(text, "a record")
    except ProblemsError:
        return {}
    return content if isinstance(content, Mapping) else {}


def _git(root: Path, *arguments: str) -> str:
    """What git prints; nothing for a file that was not there."""
    return git_text(root, *arguments) or ""
