"""Drills, restores and erasures as the stacks' own buckets hold them: written once by whoever did it, and read here.

Each stack's bucket holds `evidence/` and the erasure ledger (components/files.py). What cannot be read is missing, and
a ledger that has not begun is no ledger without entries.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from components.names import ERASURES_BEGUN, ERASURES_PREFIX
from operations.aws import items_of
from operations.evidence.items import Item, State, worst
from operations.restore.evidence import DRILLS, RESTORES, Evidence, EvidenceError

ENTRIES: Final = f"{ERASURES_PREFIX}/entries/"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A stack's bucket."""

    stack: str
    region: str
    bucket: str


@dataclass
class Live:
    """What buckets hold of a period; `problems` is what of a kind could not be read, by the stack."""

    drills: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    restores: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    erasures: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    problems: dict[tuple[str, str], str] = field(default_factory=dict)


def read(session: Any, stacks: Sequence[str], place: Callable[[str], Place], since: date, until: date) -> Live:
    """Of each stack's bucket; nothing is raised for what AWS refuses or what does not stand."""
    from operations.engine.errors import EngineError  # imports what the engine needs

    found = Live()
    for stack in stacks:
        try:
            where = place(stack)
        except (EngineError, KeyError) as error:
            for kind in READ:
                found.problems[kind, stack] = f"its outputs cannot be read: {' '.join(str(error).split())}"
            continue
        for kind, reading in READ.items():
            try:
                documents = [one for one in reading(session, where) if since <= _day(one) <= until]
            except (EvidenceError, ValueError, TypeError, KeyError) as error:
                found.problems[kind, stack] = f"{where.bucket}: {' '.join(str(error).split())}"
            except (BotoCoreError, ClientError) as error:
                found.problems[kind, stack] = f"{where.bucket} cannot be read: {' '.join(str(error).split())}"
            else:
                getattr(found, kind)[stack] = documents
    return found


def erasures(live: Live, stacks: Sequence[str], left: Item) -> Item:
    """The ledger's entries beside the records of those who left: a leaving that no ledger notes fails."""
    summary, states, documents = list(left.summary), [left.state], dict(left.documents)
    gone = Counter(str(one.get("base")) for one in left.documents.values() if one.get("isolation") == "pool")
    for stack in stacks:
        if ("erasures", stack) in live.problems:
            summary.append(f"{stack}: {live.problems['erasures', stack]}")
            states.append(State.MISSING)
            continue
        entries = live.erasures[stack]
        counted = Counter(str(one["kind"]) for one in entries)
        shown = ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items()))
        summary.append(f"{stack}: {shown or 'no entry'} in the erasure ledger")
        states.append(State.PASSED if entries else State.NONE)
        documents[f"erasures/ledger-{stack}.json"] = {"entries": entries}
        if gone[stack] > counted["tenant"]:
            customers = f"{gone[stack]} pool customer{'s' if gone[stack] != 1 else ''} left"
            summary.append(
                f"{stack}: {customers} by their records, and {counted['tenant']} removals stand in its ledger"
            )
            states.append(State.FAILED)
    state = worst([one for one in states if one is not State.NONE] or [State.NONE])
    return Item(kind="erasures", title=left.title, state=state, summary=tuple(summary), documents=documents)


def _evidence(kind: str, session: Any, place: Place) -> Iterator[dict[str, Any]]:
    for one in Evidence(session=session, region=place.region, bucket=place.bucket).read(kind):
        if one.get("stack") != place.stack:
            raise EvidenceError(
                f"what was written at {one['writtenAt']} is of {one.get('stack')}, not of {place.stack}"
            )
        yield one


def _erasures(session: Any, place: Place) -> Iterator[dict[str, Any]]:
    """Every entry without its hashes, which say nothing to a reader. Raises EvidenceError without a ledger."""
    s3 = session.client("s3", region_name=place.region)
    listed = s3.list_objects_v2(Bucket=place.bucket, Prefix=ERASURES_BEGUN, MaxKeys=1)
    if not listed.get("Contents"):
        raise EvidenceError(f"{ERASURES_BEGUN} is not there: nobody knows what was erased")
    for one in items_of(s3, "list_objects_v2", "Contents", Bucket=place.bucket, Prefix=ENTRIES):
        entry = json.loads(s3.get_object(Bucket=place.bucket, Key=one["Key"])["Body"].read())
        yield {name: entry[name] for name in ("kind", "erased_at", "by", "until")}


def _day(document: Mapping[str, Any]) -> date:
    return datetime.fromisoformat(str(document.get("writtenAt") or document["erased_at"])).date()


READ: Final[Mapping[str, Callable[[Any, Place], Iterator[dict[str, Any]]]]] = {
    "drills": partial(_evidence, DRILLS),
    "restores": partial(_evidence, RESTORES),
    "erasures": _erasures,
}
"""Kinds of evidence that buckets hold -> who reads them."""
