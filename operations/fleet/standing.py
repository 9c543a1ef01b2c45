"""How a fleet's stacks stand: versions, drift, drills and backups, one row a cause and not a customer.

A stack that nobody looked at has a row too, and never a good one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from operations.backups.finding import State
from operations.changed.estate import Base, read_bases
from operations.fleet.looks import Looks
from operations.fleet.text import some
from operations.tenant.files_check import read_checked

SUBJECTS: Final = ("version", "drift", "drill", "backup")
_NOT_LOOKED_AT: Final = "was not looked at"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that can be looked at; `tenant` is whose own it is."""

    name: str
    base: Base
    tenant: str | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One cause or version, with all stacks that have it. `good` is whether nobody needs to do anything."""

    subject: str
    cause: str
    good: bool
    stacks: tuple[str, ...]


def stacks_of(root: Path, environment: str) -> list[Stack]:
    """Base stacks of an environment and the customers' own stacks on them, as far as their accounts are real.

    Raises ProblemsError for stack files that say too little.
    """
    bases = {name: one for name, one in read_bases(root).items() if one.environment == environment and one.reachable}
    own = [
        Stack(name=one.stack, base=bases[one.base], tenant=one.name)
        for tenant in read_checked(root).tenants
        for one in tenant.silos
        if one.base in bases
    ]
    return [*(Stack(name=name, base=base) for name, base in bases.items()), *own]


def rows_of(stacks: Sequence[Stack], looks: Looks) -> list[Row]:
    """All rows, by subject; what needs attention comes first, then what most stacks have."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for stack in stacks:
        for subject, good, cause in _findings(stack, looks):
            found.setdefault((subject, _alike(stack, cause), good), []).append(stack.name)
    rows = [
        Row(subject=subject, cause=cause, good=good, stacks=tuple(names))
        for (subject, cause, good), names in found.items()
    ]
    return sorted(rows, key=lambda one: (SUBJECTS.index(one.subject), one.good, -len(one.stacks), one.cause))


def _findings(stack: Stack, looks: Looks) -> Iterator[tuple[str, bool, str]]:
    for subject, kind, judge in (
        ("version", "releases", _versions),
        ("drift", "drift", _drift),
        ("drill", "drills", _drills),
        ("backup", "backups", _backups),
    ):
        if (look := looks.of(kind).get(stack.name)) is not None:
            yield from ((subject, good, cause) for good, cause in judge(look))
        elif kind == "drills" and not stack.base.drilled:
            yield subject, True, "no setting asks for drills (observability.drillWithinDays)"
        else:
            yield subject, False, _NOT_LOOKED_AT
    accounts = looks.of("drift-account")
    asked = bool(accounts) and stack.name in looks.of("drift")  # of others, and of this one's other drift
    if asked and stack.name not in accounts:
        yield "drift", False, "what was added beside the program was not looked at"
    if (added := accounts.get(stack.name)) is not None:
        yield from (("drift", False, f"added beside the program: {_names(one.urn)}") for one in added.resources)
        yield from (("drift", False, f"could not be asked: {one}") for one in added.unread)


def _versions(look: Any) -> Iterator[tuple[bool, str]]:
    running = running_image(look)
    yield (True, running) if running else (False, "no image is declared as running")


def running_image(look: Any) -> str:
    """The digest that a stack's service runs by `workbuoy releases`; empty where none does."""
    return next((str(one.digest) for one in look.releases if one.runs), "")


def _drift(look: Any) -> Iterator[tuple[bool, str]]:
    if look.refreshed_at is not None:
        yield False, "a refresh took drift into the state, and no update followed"
    for one in look.resources:
        how = "is gone" if one.gone else f"differs in {', '.join(one.properties) or 'something'}"
        yield False, "; ".join([f"{_names(one.urn)} {how}", *one.dangers])
    if not look.drifted:
        yield True, "no drift"
    elif not look.resources and look.refreshed_at is None:
        yield False, "drifted"


def _names(urn: str) -> str:
    """A resource's type and name, which many stacks have alike."""
    parts = urn.split("::")
    return f"{parts[2].rpartition('$')[2]} {parts[3]}" if len(parts) > 3 else urn


def _drills(look: Any) -> Iterator[tuple[bool, str]]:
    within = f"within {look.within_days} days" if look.within_days else "at some time"
    if look.last_good_at is None:
        yield not look.overdue, "no restore was ever tried with success"
    else:
        yield not look.overdue, f"no good drill {within}" if look.overdue else f"a good drill {within}"


def _backups(look: Any) -> Iterator[tuple[bool, str]]:
    bad = [one for one in look.findings if not State[one.state.upper()].well]
    yield from ((False, f"{one.what}: {one.state}") for one in bad)
    if not look.findings:
        yield False, "nothing was found to look at"
    elif not bad:
        yield True, "can be brought back"


def _alike(stack: Stack, cause: str) -> str:
    """A cause that many have alike, though each names its own stack and customer."""
    cause = cause.replace(stack.name, "STACK")
    return cause.replace(stack.tenant, "NAME") if stack.tenant else cause


def as_json(rows: Iterable[Row]) -> list[Mapping[str, Any]]:
    """For programs."""
    return [{"subject": one.subject, "cause": one.cause, "good": one.good, "stacks": list(one.stacks)} for one in rows]


def as_text(rows: Sequence[Row], stacks: int) -> str:
    """For a terminal: a line a row; the first names of those that need attention."""
    lines = [f"{stacks:,} stacks"]
    for subject in SUBJECTS:
        lines.append(f"{subject}s" if subject != "drift" else subject)
        for one in (row for row in rows if row.subject == subject):
            mark = " " if one.good else "!"
            names = "" if one.good else f": {some(one.stacks)}"
            lines.append(f"{mark} {len(one.stacks):>7,}  {_short(one.cause)}{names}")
    return "\n".join(lines)


def _short(cause: str) -> str:
    return cause[:19] if cause.startswith("sha256:") else cause
