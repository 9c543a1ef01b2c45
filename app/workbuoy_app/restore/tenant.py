"""One tenant's rows and files as they were at a moment, out of a prepared copy, while the others go on.

Frozen no longer than it takes to write its rows. Who may log in stays as it is now, and so does the audit trail:
content goes back, access and the record of what happened do not. A tenant that the database no longer knows comes
back whole. Every step may be killed: the same command goes on, by the journal that stands beside the way back.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import psycopg

from workbuoy_app.erasures import TENANT, ledger_needed
from workbuoy_app.identifiers import new_id
from workbuoy_app.person.rows import erase_noted
from workbuoy_app.promotion import freeze
from workbuoy_app.promotion.acting import acting_for, as_group, as_owner, owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, own_storage
from workbuoy_app.promotion.content import Content, lines_summed, measure, parse
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant
from workbuoy_app.promotion.tables import (
    MOVED,
    REGISTRY,
    Table,
    canonical_rows,
    insert,
    line,
    moved_tables,
    parsed,
    rows_with_objects,
)
from workbuoy_app.restore.copy import MARK, prepared_copy
from workbuoy_app.restore.journal import Journal, open_journal
from workbuoy_app.restore.objects import Brought, FilesWait, ObjectRow, bring, mark_others
from workbuoy_app.restore.shape import delete_left, make_again, prove_keys, unproved_keys
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings
from workbuoy_app.storage import WAY_BACK_LASTS

FORMAT, COMPRESSION = 1, 6  # of the rows that stood before
NO_ROOM = "53"  # class of SQLSTATE: disk full, out of memory, too many connections
CONTENT = tuple(name for name in MOVED if name not in REGISTRY)


@dataclass(frozen=True)
class Source:
    """Where a tenant's rows come from: what they add up to, each table's lines, and the rows that name files."""

    content: Content
    lines: Callable[[Table], Iterator[bytes]]
    object_rows: Callable[[], Iterator[ObjectRow]]


def restore(settings: Settings, name: str, at: str, *, again: bool = False) -> dict[str, Any]:
    """Bring a tenant back to what the copy holds; `at` is the copy's moment and names the journal.

    To a moment to which it was brought back before, nothing is done unless `again`; then `already` says so. Raises
    PromotionRefused. What had not been replaced by then is thawed, as if nothing had happened.
    """
    bucket = Bucket(own_storage(settings))
    with prepared_copy(settings) as there, freeze.turn(settings, name), owner_that_may_act(settings) as here:
        tenant = _in_copy(settings, there, name, at)
        made = make_again(here, there, MARK)
        known = _known(here, tenant)
        journal = open_journal(bucket, name, at, again=again)
        if journal.ended:
            return {**journal.document, "already": True}
        journal.document["made_again"] = sorted({*journal.document.get("made_again", []), *made})
        content = _content(there, tenant, CONTENT if known else MOVED)

        def lines(table: Table) -> Iterator[bytes]:
            with acting_for(there, tenant.id):
                yield from (line(row) for row in canonical_rows(there, table, tenant.id))
            there.rollback()

        source = Source(content, lines, lambda: rows_with_objects(there, tenant))
        whole = not journal.may_have_replaced
        return _Steps(settings, here, bucket, tenant, source, journal, journal.folder, known, whole).take()


def undo(settings: Settings, name: str, at: str) -> dict[str, Any]:
    """Go back to the rows and files that stood before the last restore to `at`, which may have been killed.

    Raises PromotionRefused.
    """
    bucket = Bucket(own_storage(settings))
    with freeze.turn(settings, name), owner_that_may_act(settings) as here:
        journal = open_journal(bucket, name, at)
        kept = bucket.json(journal.kept_manifest) or {}
        tenant = freeze.find(here, name)
        here.rollback()
        began = tenant.frozen_by == journal.folder
        back = journal.sibling("undo")
        kept_at = kept.get("frozen_at")
        if back.ended and not began and back.document.get("kept_at", kept_at) == kept_at:
            return {**back.document, "already": True}
        if not kept.get("complete") or not journal.may_have_replaced:
            if began:
                freeze.thaw(settings, name, journal.folder)
            raise PromotionRefused(
                f"{bucket.name}/{journal.kept_manifest} is not there: nothing of it was replaced, or more than"
                f" {WAY_BACK_LASTS.days} days ago."
                + (f" {name} was frozen for it, and is no longer." if began else "")
            )
        if back.ended:
            back.begin_again()
        back.document["kept_at"] = kept_at
        content = parse(kept)

        def lines(table: Table) -> Iterator[bytes]:
            return lines_summed(
                table.name, bucket.lines(journal.kept_rows(table.name)), content.tables[table.name]
            )

        def object_rows() -> Iterator[ObjectRow]:
            key, summed = journal.kept_rows("attachments"), content.tables["attachments"]
            rows = (parsed(text) for text in lines_summed("attachments", bucket.lines(key), summed))
            return (row for row in rows if row.get("object_key") is not None)

        source = Source(content, lines, object_rows)
        whole = not back.may_have_replaced and (journal.ended or not began)
        steps = _Steps(settings, here, bucket, tenant, source, back, journal.folder, known=True, whole=whole)
        undone = steps.take()
        if not journal.ended:
            journal.forget("kept", "replacing", "replaced", "compared", "thawing")
        return undone


@dataclass
class _Steps:
    settings: Settings
    here: Owner
    bucket: Bucket
    tenant: Tenant
    source: Source
    journal: Journal
    run: str
    """The folder of the restore, by whose name it, or its undoing, freezes the tenant."""
    known: bool
    whole: bool
    """No run that was killed may have replaced anything, so that to give up is to thaw."""
    files: Brought = field(default_factory=Brought)

    def take(self) -> dict[str, Any]:
        """All that are left."""
        if "thawing" not in self.journal.steps:
            try:
                self._until_replaced()
            except PromotionRefused:
                self._give_up()
                raise
            except psycopg.Error as error:
                # Without room the server rolls back and says so; after a lost connection nobody knows what it did.
                if (error.sqlstate or "").startswith(NO_ROOM):
                    self._give_up()
                raise
            self._compare()
        return self._end()

    def _until_replaced(self) -> None:
        """Files first, since a row without one is worse than the other way round; then frozen, kept, replaced."""
        with self.journal.step("files"):
            self._bring_files()
        if self.known:
            self.tenant = freeze.freeze(self.settings, self.tenant.name, self.run)
            with self.journal.step("kept"):
                self._keep()
        self.journal.note("replacing")
        with self.journal.step("replaced"):
            self._replace()

    def _bring_files(self) -> None:
        """Where S3 must first bring some out of an archive, the journal says since when and how long that takes."""
        try:
            self.files = bring(self.bucket, self.tenant.id, self.source.object_rows())
        except FilesWait as waits:
            self.journal.wait(waits.tiers, waits.takes)
            raise

    def _give_up(self) -> None:
        """Where nothing was replaced, the tenant goes on as it was."""
        self.here.rollback()
        if not self.known or not self.whole:
            return
        if (
            freeze.find(self.here, self.tenant.name).frozen_by == self.run
        ):  # it may have been frozen by a killed run
            self.journal.forget("kept", "replacing")
            freeze.thaw(self.settings, self.tenant.name, self.run)

    def _compare(self) -> None:
        """A sweeper may have taken a file meanwhile. What no row names is marked as deleted."""
        with self.journal.step("compared"):
            rows = self.source.object_rows
            self.files = bring(self.bucket, self.tenant.id, rows(), self.files)
            marked = mark_others(self.bucket, self.tenant.id, rows())
        found = {"files": len(self.files.versions), "again": self.files.again, "marked": marked}
        frozen = (datetime.now(UTC) - self.tenant.frozen_at).total_seconds() if self.tenant.frozen_at else 0.0
        self.journal.document |= {"files": found, "frozen_seconds": round(frozen, 3)}
        self.journal.note("thawing")  # from here on members write: a second run must replace nothing

    def _end(self) -> dict[str, Any]:
        if self.known:
            freeze.thaw(self.settings, self.tenant.name, self.run)
        self._let_go()
        content = self.source.content
        rows = {name: each.rows for name, each in content.tables.items()}
        unproved = prove_keys(self.here)
        self.journal.end(rows=rows, digest=content.digest, others_to_restore=bool(unproved))
        return self.journal.document

    def _let_go(self) -> None:
        """Rows that were kept as the way back may name an author who was erased since."""
        ledger = ledger_needed(self.settings)
        self.here.rollback()
        with self.here.transaction():
            erase_noted(self.here, ledger, ledger.entries(), self.tenant.id)

    def _keep(self) -> None:
        """The way back: what stands now, before it goes. Not again under the same freeze: it may be replaced by now."""
        frozen_at = str(self.tenant.frozen_at)
        found = self.bucket.json(self.journal.kept_manifest) or {}
        if found.get("complete") and found.get("frozen_at") == frozen_at:
            return

        @contextmanager
        def sink(table: Table) -> Iterator[Callable[[bytes], object]]:
            with (
                self.bucket.writing(self.journal.kept_rows(table.name), "application/gzip") as upload,
                gzip.GzipFile("", "wb", COMPRESSION, upload, mtime=0) as compressed,
            ):
                yield compressed.write

        content = measure(self.here, self.tenant, sink, CONTENT)
        self.here.rollback()
        document = {**asdict(content), "digest": content.digest, "format": FORMAT, "complete": True}
        self.bucket.put_json(self.journal.kept_manifest, {**document, "frozen_at": frozen_at})

    def _replace(self) -> None:
        """In one transaction, added up before it is committed; frozen before it and after it."""
        here, tenant, content = self.here, self.tenant, self.source.content
        with here.transaction():
            tables = [table for table in moved_tables(here) if table.name in content.tables]
            freeze.lock(here, tenant.id)
            here.execute("select set_config('workbuoy.import', 'on', true)")
            here.execute("delete from freezes where tenant_id = %s", [tenant.id])
            if unproved_keys(here):
                delete_left(here, tenant.id)
            for table in tables:
                if table.name in REGISTRY:
                    insert(here, table, self.source.lines(table), tenant)
            with acting_for(here, tenant.id):
                as_group(here)
                # Attachments and their chunks go with things; a file that is wanted again is no longer to go; what was
                # answered since tells of things that are gone.
                for name in ("things", "object_removals", "idempotency_keys"):
                    here.execute(f"delete from {name} where tenant_id = %s", [tenant.id])
                for table in tables:
                    if table.name not in REGISTRY:
                        insert(here, table, self.source.lines(table), tenant)
            as_owner(here)
            if differences := measure(here, tenant, only=content.tables).differences(content):
                raise PromotionRefused(
                    f"What was stored differs: {', '.join(differences)}. It was rolled back."
                )
            if self.known:
                here.execute(
                    "insert into freezes (tenant_id, frozen_at, frozen_by) values (%s, %s, %s)",
                    [tenant.id, tenant.frozen_at, tenant.frozen_by],
                )
            self._keep_in_trail()

    def _keep_in_trail(self) -> None:
        """An operator did it: the trail, which does not go back, says to which moment."""
        self.here.execute(
            "insert into audit_events (tenant_id, id, happened_at, action, subject_id, details)"
            " values (%s, %s, clock_timestamp(), 'tenant.restored', %s, %s)",
            [self.tenant.id, new_id(), self.tenant.id, f"to {self.journal.document['at']}"],
        )


def _content(connection: Owner, tenant: Tenant, only: Collection[str]) -> Content:
    content = measure(connection, tenant, only=only)
    connection.rollback()
    return content


def _in_copy(settings: Settings, there: Owner, name: str, at: str) -> Tenant:
    """The tenant as it was. Raises PromotionRefused where it was erased since, or did not exist."""
    try:
        return replace(freeze.find(there, name), frozen_at=None)
    except PromotionRefused:
        ledger = ledger_needed(settings)
        hashed = ledger.hashed(TENANT, name)
        erased = [one.erased_at for one in ledger.entries() if one.kind == TENANT and hashed in one.ids]
        if erased:
            day = f"{max(erased):%Y-%m-%d %H:%M} UTC"
            raise PromotionRefused(
                f"{name} was removed on {day}, and what was erased stays erased."
            ) from None
        raise PromotionRefused(f"{name} did not exist at {at}, or had another name.") from None
    finally:
        there.rollback()


def _known(here: Owner, tenant: Tenant) -> bool:
    """Whether the database that serves has the tenant. Raises PromotionRefused where it has another of its name."""
    found = here.execute(
        "select id, name from tenants where name = %s or id = %s", [tenant.name, tenant.id]
    ).fetchall()
    here.rollback()
    if found and found != [(tenant.id, tenant.name)]:
        raise PromotionRefused(
            f"Another tenant has the name or id of {tenant.name} now. Nothing was changed."
        )
    return bool(found)
