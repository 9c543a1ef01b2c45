"""Gathering a pack, and writing its folder whole or not at all."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_in
from infra.tenants.files import read_tenants
from operations.evidence import declared
from operations.evidence.items import Item, State, worst
from operations.evidence.judged import Pack, as_json, judge
from operations.evidence.oscal import as_oscal
from operations.evidence.page import page
from operations.evidence.recorded import POOL, Subject, kinds, of_kind
from policies.frameworks import EvidenceKind
from policies.runner import Finding
from project.files import Project
from project.silos import base_of

if TYPE_CHECKING:
    from operations.evidence.live import Live


def stacks_of_customers(project: Project) -> tuple[str, ...]:
    """The stacks that hold customers' data: prod's base stacks and every customer's own."""
    found = []
    for stack in project.stacks():
        base = base_of(project, stack) or stack
        settings = settings_in(project.stack_file(base)) or {}
        if settings.get("environment") == "prod":
            found.append(stack)
    return tuple(found)


def gather(
    project: Project, stacks: Sequence[str], recorded: Path, since: date, now: datetime, *, live: "Live | None" = None
) -> Pack:
    """Everything of a period, judged; `live` is what the stacks' buckets hold of it.

    Raises what declaring and judging the stacks raise.
    """
    today = now.date()
    subjects = {kind: [(stack, "") for stack in stacks] for kind in kinds()}
    pools = _pools(project)
    subjects["matrix"] += [(stack, POOL) for stack in stacks if stack in pools]
    found = [_of_kind(kind, recorded, (since, today), subjects[kind], live) for kind in kinds()]
    reviews = next(one.state for one in found if one.kind == "reviews")
    known = declared.declare(project, stacks)
    controls = declared.controls(known, reviews)
    items = (
        declared.permissions(known),
        *found,
        declared.waivers(project.root, today),
        _erasures(project.root, since, today, stacks, live),
    )
    return Pack(
        since=datetime.combine(since, time(), UTC),
        until=now,
        stacks=tuple(stacks),
        controls=tuple(controls),
        findings=known.findings,
        items=items,
        judged=judge(controls, items),
    )


def _pools(project: Project) -> set[str]:
    """Base stacks that customers share. Raises ProblemsError for a record that cannot be read."""
    found = read_tenants(project.root)
    if found.problems:
        raise ProblemsError(found.problems)
    return {place.base for one in found.tenants if one.isolation == "pool" for place in one.places}


def _of_kind(
    kind: EvidenceKind, recorded: Path, period: tuple[date, date], subjects: Sequence[Subject], live: "Live | None"
) -> Item:
    """Drills and restores are the buckets' as well; one that could not be read is missing, whatever a folder holds."""
    if live is None or kind not in ("drills", "restores"):
        return of_kind(recorded, kind, *period, subjects)
    documents = [one for found in getattr(live, kind).values() for one in found]
    item = of_kind(recorded, kind, *period, subjects, live=documents)
    problems = tuple(f"{stack}: {why}" for (of, stack), why in live.problems.items() if of == kind)
    state = worst([item.state, State.MISSING]) if problems else item.state
    return replace(item, state=state, summary=(*item.summary, *problems))


def _erasures(root: Path, since: date, today: date, stacks: Sequence[str], live: "Live | None") -> Item:
    left = declared.erasures(root, since, today)
    if live is not None:
        from operations.evidence.live import erasures  # loads S3's client

        return erasures(live, stacks, left)
    gap = "the erasure ledgers were not read: --live, as an operator"
    return replace(left, state=worst([left.state, State.MISSING]), summary=(*left.summary, gap))


def require_empty(folder: Path) -> None:
    """Refuse a place that holds something, before any work is done. Raises ProblemsError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProblemsError([Problem(message=f"{folder} is there already and not empty; name a new folder")])
    if not folder.absolute().parent.is_dir():
        raise ProblemsError([Problem(message=f"{folder}: there is no folder {folder.parent}; make it first")])


def write(pack: Pack, folder: Path) -> None:
    """Write the folder whole, with the sum of each file. Raises ProblemsError where it cannot be written."""
    try:
        with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=".evidence-") as name:
            made = Path(name) / "pack"
            sums = []
            for path, text in _files(pack):
                file = made / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                sums.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n")
            (made / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
            if folder.is_dir():
                folder.rmdir()
            shutil.move(made, folder)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}"
        raise ProblemsError([Problem(message=message)]) from None


def _files(pack: Pack) -> Iterator[tuple[str, str]]:
    yield "index.html", page(pack)
    yield "evidence.json", _text(as_json(pack))
    yield "assessment-results.json", _text(as_oscal(pack, version("workbuoy-infrastructure")))
    yield "controls.json", _text([_verdict(one) for one in pack.findings])
    for item in pack.items:
        yield from ((path, _text(document)) for path, document in item.documents.items())


def _verdict(one: Finding) -> dict[str, str]:
    return {"control": one.control, "urn": one.urn, "level": one.level, "status": one.status, "message": one.message}


def _text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def as_lines(pack: Pack) -> Iterator[str]:
    """What is not shown, and the counts."""
    for item in pack.items:
        mark = "  " if item.state in (State.PASSED, State.NONE) else "! "
        yield f"{mark}{item.title}: {item.state.value}"
        yield from (f"      {one}" for one in item.summary if item.state is not State.PASSED)
    bad = [one for one in pack.controls if one.state in (State.FAILED, State.MISSING)]
    yield from (f"! control {one.name}: {one.state.value}" for one in bad)
    shown = pack.count(State.PASSED)
    yield f"{shown} of {len(pack.judged)} requirements answered; {pack.count(State.FAILED)} failed, " + (
        f"{pack.count(State.MISSING)} missing evidence, {pack.count(State.NONE)} without occasion"
    )
