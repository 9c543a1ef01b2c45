"""The two steps of a leaving: its day is written for review; then the stack goes, and the record names what stays."""

import getpass
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from graph.state import graph_of_state
from infra.problems import Problem, ProblemsError
from infra.tenants.files import FOLDER, offboarding_file, parse_tenant, read_tenant, tenant_file
from infra.tenants.record import Tenant
from infra.yaml_text import child, read_yaml
from operations.ending import tell
from operations.engine.account import who_am_i
from operations.engine.errors import MistakenError
from operations.engine.stack import EngineStack, open_stack
from operations.tenant.emptying import require_rights
from operations.tenant.leaving import Left, left_by, plan_text, protections, record_text
from project.files import Project
from project.whole_file import write_whole

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
    require_rights(tenant.stack, left.buckets, opened.place)
    opened.require_free()
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


_ADDRESS: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)")
LARGEST_MANIFEST_BYTES: Final = 16 * 1024 * 1024


def check_export(address: str, tenant: str, region: str, doomed: Collection[str]) -> None:
    """Read the manifest. Raises ProblemsError for one that is missing, unfinished, another's, or in a doomed bucket."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise _problem(address, "must read like s3://BUCKET/PATH/manifest.json")
    if match["bucket"] in doomed:
        raise _problem(address, "lies in a bucket that goes with the stack; copy the export elsewhere first")
    manifest = _manifest(address, match["bucket"], match["key"], region)
    if manifest.get("complete") is not True:
        raise _problem(address, "is of an export that did not end; export again")
    if manifest.get("tenant") != tenant:
        raise _problem(address, f"is an export of {manifest.get('tenant')}, not of {tenant}")


def _manifest(address: str, bucket: str, key: str, region: str) -> Mapping[str, Any]:
    import boto3  # noqa: PLC0415  a third of a second that help must not pay for
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        body = boto3.client("s3", region_name=region).get_object(Bucket=bucket, Key=key)["Body"]
        content = json.loads(body.read(LARGEST_MANIFEST_BYTES))
    except ClientError as error:
        raise _problem(address, f"cannot be read: {error.response['Error']['Code']}") from None
    except (BotoCoreError, OSError) as error:
        raise _problem(address, f"cannot be read: {' '.join(str(error).split())}") from None
    except ValueError:
        raise _problem(address, "is no JSON; name the export's manifest.json") from None
    if not isinstance(content, Mapping):
        raise _problem(address, "is no manifest of an export")
    return content


def _problem(address: str, message: str) -> ProblemsError:
    return ProblemsError([Problem(path="--export", message=f"{address}: {message}")])


def retire(root: Path, name: str, day: str, today: date) -> Path:
    """Write the day into a customer's record; every other byte stays as a person wrote it.

    Raises ProblemsError, and then nothing is written.
    """
    try:
        first = date.fromisoformat(day)
    except ValueError:
        raise ProblemsError([Problem(path="--on", message=f"must be a day such as 2026-12-31; it is {day}")]) from None
    if first < today:
        message = f"{day} is past: a leaving is reviewed and deployed before its day comes; name {today} or later"
        raise ProblemsError([Problem(path="--on", message=message)])
    before = read_tenant(root, name)
    file = tenant_file(root, name)
    if before.dates.retiring is not None:
        message = f"says {before.dates.retiring} already; change that line by hand"
        raise ProblemsError([Problem(file=f"{FOLDER}/{name}.yaml", path="dates.retiring", message=message)])
    read = read_yaml(file, f"{FOLDER}/{name}.yaml")
    dates = child(read.tree, "dates")
    if dates is None or not isinstance(dates[1], yaml.MappingNode) or dates[1].flow_style:
        message = "must be written as a block, one day a line, so that a line can be added"
        raise ProblemsError(read.locate([Problem(path="dates", message=message)]))
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(value.end_mark.line for _, value in dates[1].value)
    indent = " " * dates[1].value[0][0].start_mark.column
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    lines.insert(last + 1, f"{indent}retiring: {day}\n")
    content = {**read.content, "dates": {**read.content["dates"], "retiring": day}}
    parse_tenant(read, content, name)
    write_whole(file, "".join(lines))
    return file
