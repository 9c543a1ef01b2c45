"""What of a customer remains after a removal, where, and the day on which each ends: computed from the facts.

A copy that ends by a rule (a retention, a lifecycle, a recovery window) has its day; one that a person ends has none,
and says who. What S3 may take longer than its rule says is counted in.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from pydantic import ValidationError

from components.backup_settings import S3_LATE_DAYS
from facts.captions import ENGLISH
from facts.stores import Content, End, Form, Keeping, Reason, Store, stores
from graph import Graph
from infra.tenants.dates import Hold
from operations.locate.stores import serves_silos, takes_exports

RECORD: Final = "record"
EXPORTED: Final = "exports"
ACCESS_LOGS: Final = "access logs"
BY_A_PERSON: Final = "a person deletes it"
_ABOUT_NOBODY: Final = (Content.KEY, Content.FIGURES, Content.STAFF, Content.CREDENTIALS)
_GONE_AT_ONCE: Final = (Form.DATABASE_ROWS, Form.TASK_MEMORY, Form.UNFINISHED_UPLOADS, Form.FINAL_SNAPSHOT)
_TAKE_VERSIONS: Final = (Form.RECOVERY_POINTS, Form.RECOVERY_POINT_COPIES)
OBJECTS: Final = (Form.OBJECTS, Form.ARCHIVED_OBJECTS, Form.NONCURRENT_VERSIONS)
IN_BUCKETS: Final = (*OBJECTS, Form.UNFINISHED_UPLOADS, EXPORTED, ACCESS_LOGS)
"""Forms that S3 ends by a rule, and may be late with."""


@dataclass(frozen=True, kw_only=True)
class Remaining:
    """A copy; `ends` is the last day on which it can be had, None where a person ends it; `how` says by what.

    `form` is that of `facts.stores`, `exports`, `access logs`, or `record` for what no rule of AWS keeps.
    """

    what: str
    where: str
    form: str
    ends: date | None
    how: str

    @property
    def waits_for_a_person(self) -> bool:
        """Whether nothing ends it by a rule, so that a legal hold keeps it."""
        return self.ends is None or self.how.startswith(BY_A_PERSON)

    def document(self) -> dict[str, Any]:
        """As the record of a leaving holds it."""
        return {"what": self.what, "where": self.where, "form": str(self.form), "ends": self.ends, "how": self.how}

    def shown(self) -> dict[str, Any]:
        """As an output names it, where no form is asked for."""
        return {key: value for key, value in self.document().items() if key != "form"}


def of_pool(graph: Graph, removed: date) -> list[Remaining]:
    """A pool tenant whose rows and objects were removed: everything of the base that held a copy of them."""
    return [*_kept(graph, removed, lambda _: True), *_not_deleted_by_aws()]


def of_person(graph: Graph, erased: date) -> list[Remaining]:
    """One person who was erased from the stack that serves them: copies from before, whose rows named them.

    No file was removed: what they attached is the customer's, and names them no longer.
    """
    gone = [one for one in _kept(graph, erased, lambda _: True) if one.form not in OBJECTS]
    return [*gone, PERSON_IN_LEDGER]


def of_emptied_silo(own: Graph, base: Graph, removed: date) -> list[Remaining]:
    """A silo whose rows and objects were removed, and whose stack still stands."""
    return [
        *_kept(own, removed, lambda _: True),
        *_kept(base, removed, lambda one: serves_silos(base, one.holder)),
        *_not_deleted_by_aws(),
    ]


def of_silo(own: Graph, base: Graph | None, destroyed: date, snapshot_days: int) -> list[Remaining]:
    """A silo whose stack was destroyed: what outlives it, and what its base keeps of its requests and exports."""
    found = list(_outliving(own, destroyed, snapshot_days))
    if base is not None:
        found += _kept(base, destroyed, lambda one: serves_silos(base, one.holder))
    return [*found, *_not_deleted_by_aws()]


def _kept(graph: Graph, day: date, wanted: Any) -> Iterator[Remaining]:
    """What goes on standing: each copy ends as long after the removal as such copies are kept."""
    found = stores(graph)
    for store in found:
        if store.content in _ABOUT_NOBODY or store.form in _GONE_AT_ONCE or not wanted(store):
            continue
        if store.form in OBJECTS and store.content is Content.CUSTOMER and not takes_exports(store.holder):
            if store.form is not Form.NONCURRENT_VERSIONS:
                continue  # removed: what was current is an older version now
        elif store.form is Form.ARCHIVED_OBJECTS:
            continue  # the same objects, counted as objects
        if store.form in OBJECTS and store.form is not Form.OBJECTS and not _of_files(store):
            continue  # exports and logs: counted with the objects that they were
        yield _remaining(graph, store, day, _days(store, found))


def _days(store: Store, found: list[Store]) -> float | None:
    """An object that a rule deletes is an older version for as long as these are kept. AWS Backup takes versions too,
    so the last recovery point that holds one is made on the version's last day, for which S3 may be late.
    """
    days = store.kept.days if store.kept.how is not Keeping.UNTIL_DELETED else math.inf
    if store.form not in (Form.OBJECTS, *_TAKE_VERSIONS) or days is None:
        return days
    older = [
        one.kept.days
        for one in found
        if one.form is Form.NONCURRENT_VERSIONS
        and (_of_files(one) if store.form in _TAKE_VERSIONS else one.holder is store.holder)
    ]
    if None in older:
        return None
    late = S3_LATE_DAYS if older and store.form in _TAKE_VERSIONS else 0
    return days + max((one for one in older if one is not None), default=0) + late


def _of_files(store: Store) -> bool:
    return store.content is Content.CUSTOMER and not takes_exports(store.holder)


def _outliving(graph: Graph, day: date, snapshot_days: int) -> Iterator[Remaining]:
    for store in stores(graph):
        after = store.after_deletion
        if after.end in (End.NONE, End.DELETED) or store.content in (Content.FIGURES, Content.STAFF):
            continue
        if store.form is Form.FINAL_SNAPSHOT:
            until = day + timedelta(days=snapshot_days)
            how = f"{BY_A_PERSON} after {until}"
            yield Remaining(what="Final snapshot", where=store.name, form=store.form, ends=until, how=how)
        elif after.end is End.FOR_A_WHILE:
            yield _remaining(graph, store, day, after.days)
        elif after.reason is Reason.KEY_RETAINED:
            how = f"{BY_A_PERSON} once nothing needs it: keys.deletableAfter in this record, and KMS's 7 to 30 days"
            yield replace(_remaining(graph, store, day, math.inf), how=how)
        elif after.reason is Reason.BUCKET_RETAINED and store.form in IN_BUCKETS:
            yield _remaining(graph, store, day, _retained_days(store, snapshot_days))
        else:
            yield _remaining(graph, store, day, math.inf)


def _retained_days(store: Store, snapshot_days: int) -> float | None:
    """Of a bucket that stays as long as the snapshot (emptying.py): deleted that day, and a version so long after.

    Uploads that nobody finished end by the rule that they always had.
    """
    if store.form is Form.UNFINISHED_UPLOADS:
        return store.kept.days
    if store.form is not Form.NONCURRENT_VERSIONS:
        return snapshot_days
    days = store.kept.days
    return None if days is None else snapshot_days + max(days, snapshot_days)


def _remaining(graph: Graph, store: Store, day: date, days: float | None) -> Remaining:
    where = (store.holder.arn if store.form is Form.KEY else "") or store.name or graph.physical_name(store.holder)
    what, form = ENGLISH.what(store, lambda one: one.name), str(store.form)
    if store.form is Form.OBJECTS and takes_exports(store.holder):
        what, form = "Exports of the customer", EXPORTED
    elif store.form is Form.OBJECTS and store.content is not Content.CUSTOMER:
        form = ACCESS_LOGS
    where = where or store.holder.name
    if days is None or math.isinf(days):
        how = "not known: nothing shows how long it is kept" if days is None else BY_A_PERSON
        return Remaining(what=what, where=where, form=form, ends=None, how=how)
    late = S3_LATE_DAYS if form in IN_BUCKETS else 0
    return Remaining(
        what=what,
        where=where,
        form=form,
        ends=day + timedelta(days=math.ceil(days) + late),
        how=f"{math.ceil(days)} days" + (f", and {late} that S3 may take" if late else ""),
    )


def _not_deleted_by_aws() -> Iterator[Remaining]:
    """Where no rule of AWS ends anything."""
    yield Remaining(
        what="Name and dates, in the record of the removal and in git's history",
        where="tenants",
        form=RECORD,
        ends=None,
        how="stays: it is the proof of the removal, and holds nothing of what the customer stored",
    )
    yield Remaining(
        what="Entry of the erasure ledger: a keyed hash of the customer's id and name",
        where="erasures/entries",
        form=RECORD,
        ends=None,
        how="stays: without it a restored backup would bring the customer back",
    )


def read_remaining(record: Mapping[str, Any]) -> list[Remaining]:
    """What a record of a leaving lists. Raises ValueError for one of another form."""
    try:
        return [
            Remaining(
                what=str(one["what"]),
                where=str(one["where"]),
                form=str(one["form"]),
                ends=_day(one["ends"]),
                how=str(one["how"]),
            )
            for one in record["remaining"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"lists no remaining copies as this release writes them: {error}") from None


def read_hold(record: Mapping[str, Any]) -> Hold | None:
    """A hold that was ordered after the leaving, written into its record. Raises ValueError for one of another form."""
    dates = record.get("dates")
    stated = dates.get("hold") if isinstance(dates, Mapping) else None
    if stated is None:
        return None
    try:
        return Hold.model_validate_json(json.dumps(stated, default=str))
    except ValidationError as error:
        problems = "; ".join(one["msg"] for one in error.errors())
        raise ValueError(f"dates.hold must have since and reason, as a customer's file has them: {problems}") from None


PERSON_IN_LEDGER: Final = Remaining(
    what="Entries of the erasure ledger and of the audit trail: keyed hashes of the person's ids",
    where="erasures/entries, audit_events",
    form=RECORD,
    ends=None,
    how="stay: without them a restored backup would bring the person back",
)


def _day(value: Any) -> date | None:
    return value if value is None or isinstance(value, date) else date.fromisoformat(str(value))
