"""Evidence that commands left: one JSON document a file, in a folder a kind, each dated by itself or by its name.

`FOLDER/drills` holds what `workbuoy restore drill --evidence FILE` writes, `restores` what the other commands of
`workbuoy restore` write with it, the others what `--json` of a command
prints: `backups` of `workbuoy backups`, `reviews` of `workbuoy review`, `drift` of `workbuoy drift`, `matrix` of
`workbuoy rehearse BASE --tenants all`. A file that cannot be read, or says no day, is named and never passes.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from operations.evidence.items import Item, State, worst
from policies.frameworks import EvidenceKind

_DAYS: Final = ("writtenAt", "drilledAt", "lookedAt", "refreshedAt")
_NAMED: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
Verdict = Callable[[Mapping[str, Any]], tuple[State, str]]


@dataclass(frozen=True)
class Document:
    """A document with the day that it is of."""

    name: str
    day: date
    content: Mapping[str, Any]


def of_kind(
    folder: Path,
    kind: EvidenceKind,
    since: date,
    until: date,
    stacks: Sequence[str],
    *,
    live: Sequence[Mapping[str, Any]] = (),
) -> Item:
    """What a folder shows of a kind, and what was read `live`, for each stack that it must be shown of."""
    title, verdict, each, without = _KINDS[kind]
    documents, problems = _read(folder / kind)
    documents += [Document(_name(one), _day("", one), one) for one in live]
    fresh = [one for one in documents if since <= one.day <= until]
    summary, states = list(problems), [State.FAILED for _ in problems]
    for stack in stacks if each else [""]:
        own = [one for one in fresh if not stack or one.content.get("stack") == stack]
        state, words = _latest(own, verdict, kind, without)
        states.append(state)
        summary.append(f"{stack}: {words}" if stack else words)
    names = {f"recorded/{kind}/{one.name}": one.content for one in fresh}
    return Item(kind=kind, title=title, state=worst(states), summary=tuple(summary), documents=names)


def _latest(found: Sequence[Document], verdict: Verdict, kind: str, without: State) -> tuple[State, str]:
    """By the newest one: an older failure that was put right stays in the pack and does not decide."""
    if not found:
        return without, f"nothing of this period in {kind}/"
    newest = max(found, key=lambda one: (one.day, one.name))
    try:
        state, words = verdict(newest.content)
    except (KeyError, TypeError, AttributeError):
        return State.FAILED, f"{newest.name} is not what its command writes"
    return state, f"{newest.day}: {words} ({len(found)} in this period)"


def _read(folder: Path) -> tuple[list[Document], list[str]]:
    documents, problems = [], []
    for file in sorted(folder.glob("*.json")):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            documents.append(Document(file.name, _day(file.name, content), content))
        except (OSError, ValueError, AttributeError) as error:
            problems.append(f"{folder.name}/{file.name} cannot be read as evidence: {' '.join(str(error).split())}")
    return documents, problems


def _name(document: Mapping[str, Any]) -> str:
    """Of a file for a document of a bucket; every file system takes it."""
    return f"{document['stack']}-{str(document['writtenAt']).replace(':', '')}.json"


def _day(name: str, content: Any) -> date:
    if not isinstance(content, Mapping):
        raise ValueError("it is no JSON object")
    stated = next((str(content[key]) for key in _DAYS if content.get(key)), "")
    named = _NAMED.match(name)
    if not stated and named is None:
        raise ValueError("neither it nor its name says a day (YYYY-MM-DD.json)")
    return datetime.fromisoformat(stated).date() if stated else date.fromisoformat(str(named and named[0]))


def _drill(content: Mapping[str, Any]) -> tuple[State, str]:
    if content["good"] is not True:
        return State.FAILED, f"the drill failed: {content.get('problem') or 'it does not say why'}"
    return State.PASSED, f"restored; RPO {content['rpoSeconds']} s, RTO {content['rtoSeconds']} s"


def _restore(content: Mapping[str, Any]) -> tuple[State, str]:
    """Of a customer, of a whole stack, or of the switch that lets its copy serve."""
    switched = "went back to what served before" if content.get("back") else "switched"
    what = content.get("tenant") or (switched if "back" in content else "its database")
    if content["good"] is not True:
        return State.FAILED, f"{content['stack']}, {what}: {content.get('problem') or 'it does not say why'}"
    return State.PASSED, f"{content['stack']}, {what}: as of {content['at']}"


def _backups(content: Mapping[str, Any]) -> tuple[State, str]:
    bad = [one["what"] for one in content["findings"] if one["state"] != "good"]
    if bad or not content["findings"]:
        return State.FAILED, f"not good: {', '.join(bad) or 'nothing was looked at'}"
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


def _matrix(content: Mapping[str, Any]) -> tuple[State, str]:
    matrix = content["tenants"]["matrix"]
    if matrix["red"] or not matrix["cells"]:
        return State.FAILED, f"{matrix['red']} of {len(matrix['cells'])} cells are red"
    left = f", left out: {', '.join(matrix['leftOut'])}" if matrix["leftOut"] else ""
    return State.PASSED, f"{len(matrix['cells'])} attempts, each as it must be{left}"


_KINDS: Final[Mapping[EvidenceKind, tuple[str, Verdict, bool, State]]] = {
    "matrix": ("Who reaches whom (isolation matrix)", _matrix, False, State.MISSING),
    "drills": ("Restore drills", _drill, True, State.MISSING),
    "restores": ("Restores after an incident", _restore, False, State.NONE),
    "backups": ("Audits of backups", _backups, True, State.MISSING),
    "reviews": ("Reviews of changes", _review, False, State.MISSING),
    "drift": ("Drift from the program", _drift, True, State.MISSING),
}
"""Title, what a document shows, whether each stack must show it, and what it means that none is there."""


def kinds() -> Iterator[EvidenceKind]:
    """The kinds that commands leave as files."""
    yield from _KINDS
