"""The second step of a leaving: the stack goes, what must stay is named, and the record is written."""

import getpass
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from graph.state import graph_of_state
from infra.problems import Problem, ProblemsError
from infra.tenants.files import FOLDER, offboarding_file, read_tenant
from infra.tenants.record import Tenant
from operations.engine.errors import MistakenError
from operations.engine.placement import who_am_i
from operations.engine.stack import EngineStack, open_stack
from operations.tenant.ending import tell
from operations.tenant.export import check_export
from operations.tenant.leaving import Left, left_by, plan_text, protections, record_text
from rehearsal.program import Project
from rehearsal.whole_file import write_whole

DRAFTS = ".workbuoy/leaving"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person gave; `ask` shows the plan and tells whether the customer's name was typed."""

    export: str | None
    without_export: str | None
    keep_snapshot_days: int
    ask: Callable[[str], bool]


def retiring(root: Path, name: str, today: date) -> Tenant:
    """A customer whose day has come. Raises ProblemsError."""
    tenant = read_tenant(root, name)
    day = tenant.dates.retiring
    if day is None or day > today:
        why = (
            f"retires on {day}; nothing is destroyed before"
            if day
            else f"is not retiring: `workbuoy tenant retire {name} --on DATE` first, in a reviewed change"
        )
        raise ProblemsError([Problem(file=f"{FOLDER}/{name}.yaml", path="dates.retiring", message=f"{name} {why}")])
    return tenant


def destroy_silo(project: Project, tenant: Tenant, wish: Wish) -> Path:
    """Destroy the stack and write the record; safe to repeat after an interruption.

    Raises ProblemsError and EngineError, the first before anything is touched.
    """
    opened = open_stack(project, tenant.stack, tell=tell)
    left = _left(project.root, tenant, opened)
    if wish.export is not None:
        check_export(wish.export, tenant.name, opened.place.region, left.buckets)
    today = datetime.now(UTC).date()
    deletable = left.keys_deletable_after(today, wish.keep_snapshot_days)
    if not wish.ask(plan_text(tenant.stack, left, deletable)):
        message = f"the name that was typed is not {tenant.name}; nothing was changed"
        raise ProblemsError([Problem(message=message)])
    draft = _draft(project.root, tenant)
    draft.parent.mkdir(parents=True, exist_ok=True)
    write_whole(draft, json.dumps(asdict(left)))
    opened.destroy(on_output=tell)
    text = record_text(
        tenant,
        left,
        destroyed=today,
        deletable=deletable,
        confirmed_by=_person(opened),
        export=wish.export,
        without_export=wish.without_export,
    )
    file = _write_record(project.root, tenant, text)
    draft.unlink()
    opened.remove()
    return file


def _left(root: Path, tenant: Tenant, opened: EngineStack) -> Left:
    """What stands. A destruction that stopped half-way noted it before it began: the outputs go with the stack."""
    graph = graph_of_state(opened.export())
    refusing = list(protections(graph))
    if refusing:
        some = "; ".join(refusing[:3]) + (f" and {len(refusing) - 3} more" if len(refusing) > 3 else "")
        raise MistakenError(
            f"{tenant.stack}: protections still stand: {some}",
            f"`workbuoy tenant deploy {tenant.name}` with the retiring record lifts them; nothing was changed",
        )
    draft = _draft(root, tenant)
    if draft.exists():
        return _from_draft(draft)
    left = left_by(graph)
    if not left.resources:
        raise MistakenError(
            f"{tenant.stack}: nothing stands in it", f"remove {FOLDER}/{tenant.name}.yaml with a record of your own"
        )
    return left


def _from_draft(draft: Path) -> Left:
    noted: Mapping[str, Any] = json.loads(draft.read_text(encoding="utf-8"))
    fields: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in noted.items()}
    return Left(**fields)


def _draft(root: Path, tenant: Tenant) -> Path:
    return root / DRAFTS / f"{tenant.stack}.json"


def leave_pool(project: Project, tenant: Tenant, wish: Wish) -> Path:
    """Record that a pool tenant's rows and objects have been removed. Raises ProblemsError."""
    if wish.export is not None:
        check_export(wish.export, tenant.name, tenant.region, ())
    if not wish.ask(f"{tenant.name}: its rows and objects in {tenant.base} have been removed"):
        raise ProblemsError([Problem(message=f"the name that was typed is not {tenant.name}; nothing was changed")])
    today = datetime.now(UTC).date()
    text = record_text(
        tenant,
        Left(),
        destroyed=today,
        deletable=today,
        confirmed_by=getpass.getuser(),
        export=wish.export,
        without_export=wish.without_export,
    )
    return _write_record(project.root, tenant, text)


def _person(opened: EngineStack) -> str:
    """Whoever is signed in to the account; on a moto server the user of this machine."""
    if opened.place.endpoint_url is not None:
        return getpass.getuser()
    return who_am_i(opened.name, opened.place.region, opened.variables)["Arn"]


def _write_record(root: Path, tenant: Tenant, text: str) -> Path:
    file = offboarding_file(root, tenant.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text)
    return file
