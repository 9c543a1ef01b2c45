"""The two steps of a leaving: its day is written for review; then the stack goes, and the record names what stays."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from graph.state import graph_of_state
from infra.problems import Problem, ProblemsError
from infra.tenants.files import find_stack_file_problems, parse_tenant, read_tenant
from infra.tenants.hold import refuse_under_hold
from infra.tenants.listing import offboarding_file
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from infra.yaml_edit import changed
from infra.yaml_text import read_yaml
from operations.ending import notify
from operations.engine.errors import MistakenError
from operations.engine.stack import open_stack
from operations.tenant.counted import left_in
from operations.tenant.emptying import end_buckets, require_rights
from operations.tenant.handover.places import find_place
from operations.tenant.handover.reading import VerifiedExport, Wanted, verify_export
from operations.tenant.handover.tasks import Tasks
from operations.tenant.leaving import Left, left_by, plan_text, protections, record_text
from operations.tenant.pool_leaving import PoolLeaving
from operations.tenant.put_aside import put_aside
from operations.tenant.remains import Remaining, of_pool, of_silo, read_remaining
from operations.tenant.silo_leaving import SiloLeaving
from operations.tenant.silo_stack import DeployedSilo, SiloStack, person_of
from project.files import Project
from project.whole_file import write_whole

DRAFTS = ".workbuoy/leaving"


@dataclass(frozen=True, kw_only=True)
class DestroyOptions:
    """What a person gave; `ask` shows the plan and tells whether the customer's name was typed.

    `record` is the file that records it: by default the one of a leaving.
    """

    export: str | None
    without_export: str | None
    keep_snapshot_days: int
    ask: Callable[[str], bool]
    record: Path | None = None


def retiring(root: Path, name: str, today: date) -> Tenant:
    """A customer whose day has come. Raises ProblemsError."""
    tenant = read_tenant(root, name)
    refuse_under_hold(tenant, "nothing is destroyed")
    day = tenant.dates.retiring
    if day is None or day > today:
        why = (
            f"retires on {day}; nothing is destroyed before"
            if day
            else f"is not retiring: `workbuoy tenant retire {name} --on DATE` first, in a reviewed change"
        )
        raise ProblemsError([Problem(file=tenant.path, path="dates.retiring", message=f"{name} {why}")])
    return tenant


def destroy_silo(project: Project, tenant: Tenant, options: DestroyOptions) -> Path:
    """Destroy the stack and write the record; safe to repeat after an interruption.

    Raises ProblemsError and EngineError, the first before anything is touched.
    """
    if project.stack_file(tenant.stack).exists() and (found := list(find_stack_file_problems(project.root, tenant))):
        raise ProblemsError(found)
    opened = open_stack(project, tenant.stack, notify=notify)
    return take_down(project.root, tenant, options, DeployedSilo(project, tenant, opened))


def take_down(root: Path, tenant: Tenant, options: DestroyOptions, silo: SiloStack) -> Path:
    """The same of a stack wherever it stands: under the engine, or in a rehearsal."""
    today = datetime.now(UTC).date()
    draft = draft_of(root, tenant)
    file = options.record or offboarding_file(root, tenant.name)
    noted = root / DRAFTS / f"{tenant.stack}.export.json"
    begun = draft.exists() or _recorded(file, tenant)
    if begun and not silo.exists():  # it was forgotten, and the record is written before that
        noted.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)
        return file
    left, remaining = _from_draft(draft, today) if draft.exists() else _standing(tenant, silo, options, today)
    s3 = silo.client("s3")
    leaving = SiloLeaving(
        tenant=tenant,
        noted=noted,
        tasks=silo.tasks,
        read=lambda address: _read(s3, tenant, address, left.buckets),
        notify=notify,
    )
    export = options.export
    if export is not None:
        _read(s3, tenant, export, left.buckets)
    elif options.without_export is None:
        export = leaving.export()
    require_rights(s3, tenant.stack, left.buckets)
    silo.require_free()
    deletable = left.keys_deletable_after(today, options.keep_snapshot_days)
    if not options.ask(plan_text(tenant.stack, left, deletable)):
        message = f"the name that was typed is not {tenant.name}; nothing was changed"
        raise ProblemsError([Problem(message=message)])
    _write_draft(draft, left, remaining, today)
    silo.destroy()
    end_buckets(s3, left.kept_buckets, today, options.keep_snapshot_days)
    text = record_text(
        tenant,
        left,
        destroyed=today,
        deletable=deletable,
        confirmed_by=silo.person(),
        export=export,
        without_export=options.without_export,
        remaining=remaining,
    )
    _write_record(file, text)
    silo.forget()
    noted.unlink(missing_ok=True)  # after it: as long as the stack is known, the same command finishes by both
    draft.unlink()
    return file


def _recorded(file: Path, tenant: Tenant) -> bool:
    """Whether a record tells of this very leaving, and not of an earlier one of the same name."""
    if not file.exists():
        return False
    dates = read_yaml(file).content.get("dates") or {}
    wanted = (tenant.dates.signed, tenant.dates.retiring)
    return (dates.get("signed"), dates.get("retiring")) == tuple(day and str(day) for day in wanted)


def _standing(tenant: Tenant, silo: SiloStack, options: DestroyOptions, today: date) -> tuple[Left, list[Remaining]]:
    """What stands, and what will remain of it."""
    graph = silo.graph()
    refusing = list(protections(graph))
    if refusing:
        some = "; ".join(refusing[:3]) + (f" and {len(refusing) - 3} more" if len(refusing) > 3 else "")
        raise MistakenError(
            f"{tenant.stack}: protections still stand: {some}",
            f"`workbuoy tenant deploy {tenant.name}` with the retiring record lifts them; nothing was changed",
        )
    left = left_by(graph)
    if not left.resources:
        raise MistakenError(f"{tenant.stack}: nothing stands in it", f"remove {tenant.path} with a record of your own")
    beside = put_aside(silo.client("rds"), graph)
    return left, [*of_silo(graph, silo.base_graph(), today, options.keep_snapshot_days), *beside]


def _write_draft(draft: Path, left: Left, remaining: Sequence[Remaining], today: date) -> None:
    """A destruction that stops half-way is finished by it: outputs and resources go with the stack."""
    draft.parent.mkdir(parents=True, exist_ok=True)
    noted = {**asdict(left), "remaining": [one.document() for one in remaining], "day": today}
    write_whole(draft, json.dumps(noted, default=str))


def _from_draft(draft: Path, today: date) -> tuple[Left, list[Remaining]]:
    """What was noted, each day as much later as it is today."""
    noted: dict[str, Any] = json.loads(draft.read_text(encoding="utf-8"))
    late = today - date.fromisoformat(noted.pop("day"))
    remaining = read_remaining({"remaining": noted.pop("remaining")})
    fields: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in noted.items()}
    return Left(**fields), [replace(one, ends=one.ends + late if one.ends else None) for one in remaining]


def draft_of(root: Path, tenant: Tenant) -> Path:
    """Where a destruction or removal that has begun notes what it must know to go on."""
    return root / DRAFTS / f"{tenant.stack if tenant.isolation == 'silo' else tenant.name}.json"


def leave_pool(project: Project, tenant: Tenant, options: DestroyOptions) -> Path:
    """Remove a pool tenant's rows and objects, counted before and after, and write the record.

    Raises ProblemsError, TaskFailedError, TaskError, EngineError and botocore's errors; nothing was removed before the
    customer's name was typed.
    """
    import boto3  # a third of a second that help must not pay for

    base = open_stack(project, tenant.base, notify=notify)
    place = find_place(tenant.name, tenant.base, tenant.region, lambda _: base.outputs())
    graph = graph_of_state(base.export())
    draft, file = draft_of(project.root, tenant), offboarding_file(project.root, tenant.name)
    tasks = Tasks(boto3.Session(), place, notify)
    if not draft.exists() and _recorded(file, tenant) and _is_gone(file, tasks):
        return file
    beside = put_aside(boto3.client("rds", region_name=tenant.region), graph)
    s3 = boto3.client("s3", region_name=tenant.region)
    leaving = PoolLeaving(
        tenant=tenant,
        tasks=tasks,
        read=lambda address: _read(s3, tenant, address, ()),
        ask=options.ask,
        notify=notify,
        draft=draft,
        export=options.export,
    )
    done = leaving.take(with_export=options.without_export is None)
    removed = datetime.fromisoformat(done["removedAt"]).date()
    text = record_text(
        tenant,
        Left(),
        destroyed=removed,
        deletable=None,
        confirmed_by=person_of(base),
        export=done.get("export"),
        without_export=options.without_export,
        remaining=[*of_pool(graph, removed), *beside],
        counted=done,
    )
    _write_record(file, text)
    draft.unlink()
    return file


def _is_gone(record: Path, tasks: Tasks) -> bool:
    """Whether nothing is left of the pool tenant whose removal is recorded: counted, since nobody's word is taken."""
    tenant_id = read_yaml(record).content.get("tenantId")
    return bool(tenant_id) and not left_in(tasks.count(str(tenant_id)))


def _write_record(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text)


def _read(s3: Any, tenant: Tenant, address: str, ending_buckets: Collection[str]) -> VerifiedExport:
    """Raises ProblemsError for an export that is not whole, not theirs, too old, or where it must not lie."""
    wanted = Wanted(
        tenant=tenant.name,
        region=tenant.region,
        allowed_regions=allowed_regions(tenant.residency),
        ending_buckets=ending_buckets,
    )
    notify(f"reading {address} again ...")
    return verify_export(s3, address, wanted, datetime.now(UTC))


def retire(root: Path, name: str, day: str, today: date) -> Path:
    """Write the day into a customer's record; every other byte stays as a person wrote it.

    The same day again is no change. Raises ProblemsError, and then nothing is written.
    """
    try:
        first = date.fromisoformat(day)
    except ValueError:
        raise ProblemsError([Problem(path="--on", message=f"must be a day such as 2026-12-31; it is {day}")]) from None
    if first < today:
        message = f"{day} is past: a leaving is reviewed and deployed before its day comes; name {today} or later"
        raise ProblemsError([Problem(path="--on", message=message)])
    before = read_tenant(root, name)
    path = before.path
    file = root / path
    if before.dates.retiring == first:  # the same once more, such as after an interruption
        return file
    if before.dates.retiring is not None:
        message = f"says {before.dates.retiring} already; change that line by hand"
        raise ProblemsError([Problem(file=path, path="dates.retiring", message=message)])
    read = read_yaml(file, path)
    text, content = changed(file, read, {"dates.retiring": first})
    parse_tenant(read, content, name)
    write_whole(file, text)
    return file
