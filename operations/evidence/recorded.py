"""Evidence that commands left: one JSON document a file, in a folder a kind, each dated by itself or by its name.

`FOLDER/drills` holds what `workbuoy restore drill --evidence FILE` writes, `restores` what the other commands of
`workbuoy restore` write with it, the others what `--json` of a command
prints: `backups` of `workbuoy backups`, `reviews` of `workbuoy review`, `drift` of `workbuoy drift`, `matrix` of
`workbuoy rehearse BASE --tenants all`. A file that cannot be read, or says no day, is named and never passes.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from operations.evidence.items import Item, State, worst
from policies.frameworks import EvidenceKind

_TIMES: Final = ("writtenAt", "drilledAt", "lookedAt")
_NAMED: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
POOL: Final = "pool"
Subject = tuple[str, str]
"""A stack, and what of it where that is not the whole."""


@dataclass(frozen=True)
class Document:
    """A document with the moment that it is of; with its day's begin where its name alone says when."""

    name: str
    at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What a document shows, and of what; whether each stack must be shown, and what it means that none is."""

    title: str
    verdict: Callable[[Mapping[str, Any]], tuple[State, str]]
    shows: Callable[[Mapping[str, Any]], Iterable[Subject]] = lambda content: [(content["stack"], "")]
    each: bool = True
    without: State = State.MISSING


def of_kind(
    folder: Path,
    kind: EvidenceKind,
    since: date,
    until: date,
    subjects: Sequence[Subject],
    *,
    live: Sequence[Mapping[str, Any]] = (),
) -> Item:
    """What a folder shows of a kind, and what was read `live`: of each subject the newest document decides.

    An older failure that was put right stays in the pack and does not decide; documents of other stacks do not either.
    """
    known = _KINDS[kind]
    documents, problems = _read(folder / kind)
    documents += [Document(_name(one), _moment("", one), one) for one in live]
    fresh = [one for one in documents if since <= one.at.date() <= until]
    found: dict[Subject, list[Document]] = {one: [] for one in subjects if known.each}
    stacks = {stack for stack, _ in subjects}
    for one in sorted(fresh, key=lambda one: (one.at, one.name)):
        try:
            shown = {subject for subject in known.shows(one.content) if subject[0] in stacks}
        except _MALFORMED:
            problems.append(f"{one.name} is not what its command writes")
            continue
        for subject in shown:
            found.setdefault(subject, []).append(one)
    summary, states = list(problems), [State.FAILED for _ in problems]
    for (stack, part), own in found.items():
        state, words = _latest(own, known) if own else (known.without, f"nothing of this period in {kind}/")
        states.append(state)
        summary.append(f"{stack}{part and f', {part}'}: {words}")
    if not found:
        states.append(known.without)
        summary.append(f"nothing of this period in {kind}/")
    names = {f"recorded/{kind}/{one.name}": one.content for one in fresh}
    return Item(kind=kind, title=known.title, state=worst(states), summary=tuple(summary), documents=names)


_MALFORMED: Final = (KeyError, TypeError, AttributeError, ValueError)


def _latest(found: Sequence[Document], kind: _Kind) -> tuple[State, str]:
    newest = found[-1]
    try:
        state, words = kind.verdict(newest.content)
    except _MALFORMED:
        return State.FAILED, f"{newest.name} is not what its command writes"
    return state, f"{newest.at.date()}: {words} ({len(found)} in this period)"


def _read(folder: Path) -> tuple[list[Document], list[str]]:
    documents, problems = [], []
    for file in sorted(folder.glob("*.json")):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            documents.append(Document(file.name, _moment(file.name, content), content))
        except (OSError, ValueError, OverflowError) as error:
            problems.append(f"{folder.name}/{file.name} cannot be read as evidence: {' '.join(str(error).split())}")
    return documents, problems


def _name(document: Mapping[str, Any]) -> str:
    """Of a file for a document of a bucket; every file system takes it."""
    return f"{document['stack']}-{str(document['writtenAt']).replace(':', '')}.json"


def _moment(name: str, content: Any) -> datetime:
    if not isinstance(content, Mapping):
        raise ValueError("it is no JSON object")
    stated = next((str(content[key]) for key in _TIMES if content.get(key)), "")
    named = _NAMED.match(name)
    if not stated and named is None:
        raise ValueError("neither it nor its name says a day (YYYY-MM-DD.json)")
    at = datetime.fromisoformat(stated or str(named and named[0]))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _drill(content: Mapping[str, Any]) -> tuple[State, str]:
    if content["good"] is not True:
        return State.FAILED, f"the drill failed: {content.get('problem') or 'it does not say why'}"
    return State.PASSED, f"restored; RPO {content['rpoSeconds']} s, RTO {content['rtoSeconds']} s"


def _restore(content: Mapping[str, Any]) -> tuple[State, str]:
    """Of a customer, of a whole stack, or of the switch that lets its copy serve."""
    if content["good"] is not True:
        return State.FAILED, f"failed: {content.get('problem') or 'it does not say why'}"
    switched = "went back to what served before" if content.get("back") else "switched"
    return State.PASSED, f"{switched if 'back' in content else 'restored'}, as of {content['at']}"


def _backups(content: Mapping[str, Any]) -> tuple[State, str]:
    """What was left to another account's people on purpose is no failure, and nothing shows it."""
    bad = [one["what"] for one in content["findings"] if one["state"] not in ("good", "not_asked")]
    if bad or not content["findings"]:
        return State.FAILED, f"not good: {', '.join(bad) or 'nothing was looked at'}"
    if left := [one["what"] for one in content["findings"] if one["state"] == "not_asked"]:
        return State.MISSING, f"not asked: {', '.join(left)}; look with --vault-profile"
    return State.PASSED, f"{len(content['findings'])} findings, all good"


def _review(content: Mapping[str, Any]) -> tuple[State, str]:
    """A review that stopped a change is a control that worked; one that could not be made shows nothing."""
    if content["previewFailed"] or content["errors"]:
        return State.FAILED, "the review could not be made"
    return State.PASSED, "it stopped the change" if content["stops"] else "nothing stopped the change"


def _drift(content: Mapping[str, Any]) -> tuple[State, str]:
    if content["drifted"] or content.get("unread"):
        return State.FAILED, f"{len(content['resources'])} resources differ from the program"
    return State.PASSED, "nothing differs from the program"


def _of_restore(content: Mapping[str, Any]) -> Iterator[Subject]:
    """That a copy was made says nothing of the switch that lets it serve."""
    yield content["stack"], content.get("tenant") or ("switch" if "back" in content else "")


def _of_drift(content: Mapping[str, Any]) -> Iterator[Subject]:
    """What was added beside the program is another question than what differs from it."""
    yield content["stack"], "beside the program" if "unread" in content else ""


def _of_matrix(content: Mapping[str, Any]) -> Iterator[Subject]:
    """Every stack that was tried, or was left out of a sample; a pool only where the service ran and held tenants."""
    matrix = content["tenants"]["matrix"]
    yield from ((one["name"], "") for one in matrix["parties"] if one["kind"] != "pool tenant")
    if matrix["sampled"]:
        yield from ((stack, "") for stack in content["tenants"]["tenants"].values())
    if any(one["kind"] == "pool tenant" for one in matrix["parties"]):
        yield content["stack"], POOL


def _matrix(content: Mapping[str, Any]) -> tuple[State, str]:
    matrix = content["tenants"]["matrix"]
    if matrix["red"] or not matrix["cells"]:
        return State.FAILED, f"{matrix['red']} of {len(matrix['cells'])} cells are red"
    left = f", left out: {', '.join(matrix['leftOut'])}" if matrix["leftOut"] else ""
    return State.PASSED, f"{len(matrix['cells'])} attempts, each as it must be{left}"


_KINDS: Final[Mapping[EvidenceKind, _Kind]] = {
    "matrix": _Kind(title="Who reaches whom (isolation matrix)", verdict=_matrix, shows=_of_matrix),
    "drills": _Kind(title="Restore drills", verdict=_drill),
    "restores": _Kind(
        title="Restores after an incident", verdict=_restore, shows=_of_restore, each=False, without=State.NONE
    ),
    "backups": _Kind(title="Audits of backups", verdict=_backups),
    "reviews": _Kind(title="Reviews of changes", verdict=_review, each=False),
    "drift": _Kind(title="Drift from the program", verdict=_drift, shows=_of_drift),
}


def kinds() -> Iterator[EvidenceKind]:
    """The kinds that commands leave as files."""
    yield from _KINDS
