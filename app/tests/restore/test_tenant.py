"""One tenant comes back to a moment, whole, and nobody else notices."""

from __future__ import annotations

import argparse
import hashlib
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.promotion.scene import everything, fill, tenant_id
from tests.restore.conftest import AT, Past
from tests.service import ISSUER
from workbuoy_app import erasures, registry
from workbuoy_app.handover import count
from workbuoy_app.move import cut_over
from workbuoy_app.owner import owner_connection
from workbuoy_app.promotion import commands, export, freeze, remove
from workbuoy_app.promotion.bucket import Bucket
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.tables import line
from workbuoy_app.restore import tenant
from workbuoy_app.restore.journal import Journal
from workbuoy_app.restore.shape import shape

pytestmark = pytest.mark.lengthy


def test_rows_and_files_are_as_they_were_and_the_neighbour_s_later_writes_stay(past: Past) -> None:
    files, before = past.files(), everything(past.settings)
    past.damage()
    fill(past.settings, "globex", things=3, objects=1, chunks=0)
    neighbour, neighbour_files = everything(past.settings, "globex"), past.files("globex")
    past.prepare()
    told = past.restore()
    after = everything(past.settings)
    for table in ("things", "attachments", "attachment_chunks"):
        assert after[table] == before[table], table
    assert past.files() == files
    assert past.content() == past.acme
    assert (everything(past.settings, "globex"), past.files("globex")) == (neighbour, neighbour_files)
    assert told["files"] == {"files": 5, "again": 2, "marked": 1}
    assert past.sql("select * from freezes") == []


def test_no_version_is_deleted_for_good(past: Past) -> None:
    past.damage()
    versions = {one["VersionId"] for one in past.s3.list_object_versions(Bucket=past.bucket)["Versions"]}
    past.prepare()
    past.restore()
    assert versions <= {
        one["VersionId"] for one in past.s3.list_object_versions(Bucket=past.bucket)["Versions"]
    }


def test_members_sessions_and_the_audit_trail_stay_as_they_are_now(past: Past) -> None:
    registry.add_member(past.settings, "acme", ISSUER, "joined since")
    registry.remove_member(past.settings, ISSUER, "leaver")
    past.damage()
    now = everything(past.settings)
    past.prepare()
    past.restore()
    after = everything(past.settings)
    assert after["members"] == now["members"]
    added = [event for event in after["audit_events"] if event not in now["audit_events"]]
    assert set(now["audit_events"]) <= set(after["audit_events"])
    assert [(event[5], event[7]) for event in added] == [("tenant.restored", f"to {AT}")]


def test_a_tenant_that_the_database_lost_comes_back_whole(past: Past) -> None:
    before, files = everything(past.settings), past.files()
    own = tenant_id(past.settings)
    for table in ("things", "members", "audit_events"):
        past.sql(f"delete from {table} where tenant_id = %s", [own])
    past.sql("delete from audit_events where tenant_id = %s", [own])
    past.sql("delete from tenants where id = %s", [own])
    past.prepare()
    past.restore()
    after = everything(past.settings)
    assert after.pop("audit_events")[:-1] == before.pop("audit_events")
    assert after == before
    assert past.files() == files


@pytest.mark.parametrize(
    "dropped", ["things", "attachments", "attachment_chunks", "audit_events", "thing_search"]
)
def test_a_dropped_table_is_made_again_as_it_was_and_each_tenant_brought_back(
    past: Past, dropped: str
) -> None:
    with owner_connection(past.settings) as connection:
        stood = shape(connection)
    past.sql(f"drop table {dropped} cascade")
    past.prepare()
    assert past.restore()["made_again"] == [dropped]
    assert past.content() == past.acme
    assert tenant.restore(past.settings, "globex", AT)["others_to_restore"] is False
    assert past.content("globex") == past.globex
    with owner_connection(past.settings) as connection:
        assert shape(connection) == stood


def test_rows_of_another_tenant_stay_until_it_is_brought_back_too(past: Past) -> None:
    past.sql("drop table things cascade")
    past.prepare()
    attachments = past.sql(
        "select count(*) from attachments where tenant_id = %s", [tenant_id(past.settings, "globex")]
    )
    assert past.restore()["others_to_restore"] is True
    own = tenant_id(past.settings, "globex")
    assert past.sql("select count(*) from attachments where tenant_id = %s", [own]) == attachments


def test_the_shape_tells_rules_rights_triggers_and_keys_of_every_table(past: Past) -> None:
    with owner_connection(past.settings) as connection:
        told = "\n".join(shape(connection))
    for wanted in (
        "create table things (",
        "FOREIGN KEY (tenant_id, thing_id) REFERENCES things(tenant_id, id)",
        "CREATE TRIGGER",
        "create policy ",
        "alter table things force row level security",
        "grant SELECT on things to ",
    ):
        assert wanted in told


def test_a_table_that_cannot_be_made_as_it_was_leaves_nothing_changed(past: Past) -> None:
    past.sql("drop table things cascade")
    past.sql("alter table attachments add column added text")
    past.prepare()
    with pytest.raises(PromotionRefused, match="could not be made again as the copy has it"):
        past.restore()
    assert past.sql("select to_regclass('things')") == [(None,)]


def test_a_removed_tenant_does_not_come_back(past: Past) -> None:
    freeze.freeze(past.settings, "acme")
    with pytest.raises(PromotionRefused) as refused:
        remove.remove(past.settings, "acme", "acme", "no digest")
    digest = str(refused.value).rpartition("comes to ")[2].split(".")[0]
    remove.remove(past.settings, "acme", "acme", digest)
    assert past.prepare().tenants_erased == 1
    assert past.in_copy("select name from tenants") == [("globex",)]
    with pytest.raises(
        PromotionRefused, match=r"acme was removed on 2.* UTC, and what was erased stays erased"
    ):
        past.restore()


def test_a_tenant_that_did_not_exist_then_is_one_line(past: Past) -> None:
    registry.add_tenant(past.settings, "initech")
    past.prepare()
    with pytest.raises(PromotionRefused, match=f"initech did not exist at {AT}"):
        tenant.restore(past.settings, "initech", AT)


def test_another_tenant_of_that_name_is_left_alone(past: Past) -> None:
    past.sql("update tenants set name = 'renamed' where name = 'acme'")
    registry.add_tenant(past.settings, "acme")
    past.prepare()
    with pytest.raises(PromotionRefused, match="Another tenant has the name or id of acme now"):
        past.restore()


def test_a_second_run_changes_nothing_and_says_so(past: Past) -> None:
    past.damage()
    past.prepare()
    told = past.restore()
    fill(past.settings, "acme", things=1, objects=0, chunks=0)
    now = past.content()
    assert past.restore() == {**told, "already": True}
    assert past.content() == now
    past.restore(again=True)
    assert past.content() == past.acme


def test_the_way_back_is_what_stood_before(past: Past) -> None:
    past.damage()
    damaged = past.content()
    past.prepare()
    past.restore()
    told = tenant.undo(past.settings, "acme", AT)
    assert past.content() == damaged
    assert tenant.undo(past.settings, "acme", AT) == {**told, "already": True}
    named = past.sql(
        "select object_key, sha256 from attachments where tenant_id = %s and object_key is not null",
        [tenant_id(past.settings)],
    )
    assert {key: hashlib.sha256(content).hexdigest() for key, content in past.files().items()} == dict(named)
    assert past.sql("select * from freezes") == []


def test_nothing_can_be_undone_that_was_not_done(past: Past) -> None:
    past.prepare()
    with pytest.raises(PromotionRefused, match="nothing of it was replaced"):
        tenant.undo(past.settings, "acme", AT)


def test_a_tenant_that_somebody_froze_is_refused_and_stays_frozen(past: Past) -> None:
    past.prepare()
    freeze.freeze(past.settings, "acme")
    with pytest.raises(PromotionRefused, match="is frozen already"):
        past.restore()
    assert len(past.sql("select * from freezes")) == 1


def test_a_file_of_which_no_version_is_left_stops_it_before_anything_is_frozen(past: Past) -> None:
    past.damage()
    now = past.content()
    key = past.in_copy(
        "select object_key from attachments where object_key is not null and size_bytes > 0 limit 1"
    )
    for one in past.s3.list_object_versions(Bucket=past.bucket, Prefix=key[0][0])["Versions"]:
        past.s3.delete_object(Bucket=past.bucket, Key=one["Key"], VersionId=one["VersionId"])
    past.prepare()
    with pytest.raises(PromotionRefused, match="1 files have no version any more"):
        past.restore()
    assert past.content() == now
    assert past.sql("select * from freezes") == []


def test_a_row_that_arrives_otherwise_is_rolled_back_and_the_tenant_writes_on(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.damage()
    now = past.content()
    past.prepare()

    def twisted(row: dict[str, Any]) -> bytes:
        return line({**row, "body": "twisted"} if "body" in row else row)

    monkeypatch.setattr(tenant, "line", twisted)
    with pytest.raises(PromotionRefused, match="What was stored differs"):
        past.restore()
    assert past.content() == now
    assert past.sql("select * from freezes") == []
    monkeypatch.undo()
    past.restore()
    assert past.content() == past.acme


@pytest.mark.parametrize("full", [psycopg.errors.DiskFull, psycopg.errors.OutOfMemory])
def test_a_database_without_room_lets_the_tenant_write_on_as_it_was(
    past: Past, monkeypatch: pytest.MonkeyPatch, full: type[psycopg.Error]
) -> None:
    past.damage()
    now = past.content()
    past.prepare()

    def insert(*_: object) -> None:
        raise full("could not extend file")

    with monkeypatch.context() as patch:
        patch.setattr(tenant, "insert", insert)
        with pytest.raises(full):
            past.restore()
    assert past.content() == now
    assert past.sql("select * from freezes") == []
    past.restore()
    assert past.content() == past.acme


class Killed(BaseException):
    """As kill -9: nothing runs after it but what frees a connection."""


def _killed(*_: object, **__: object) -> None:
    raise Killed


STEPS = ("files", "kept", "replacing", "replaced", "compared", "thawing")
# Done and not noted yet; and what is noted before it is done.
KILLS = [*((step, "before") for step in STEPS), ("replacing", "after"), ("thawing", "after")]


def restore_killed_as_it_notes(past: Past, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    """A restore that ends before or after it has noted a step."""
    note = Journal.note

    def killed(journal: Journal, name: str, seconds: float = 0.0) -> None:
        if name == step and when == "before":
            raise Killed
        note(journal, name, seconds)
        if name == step:
            raise Killed

    restore_killed_at(past, monkeypatch, Journal, "note", killed)


def restore_killed_at(
    past: Past,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    killed: Callable[..., None] = _killed,
) -> None:
    """A restore that ends in one of its methods."""
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, killed)
        with pytest.raises(Killed):
            past.restore()


@pytest.mark.parametrize(("step", "when"), KILLS)
def test_a_killed_run_is_gone_on_with_and_ends_the_same(
    past: Past, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    files = past.files()
    past.damage()
    past.prepare()
    restore_killed_as_it_notes(past, monkeypatch, step, when)
    past.restore()
    assert past.content() == past.acme
    assert past.files() == files
    assert past.sql("select * from freezes") == []
    tenant.undo(past.settings, "acme", AT)
    assert past.content() != past.acme  # the way back was not written over


@pytest.mark.parametrize("step", ["replaced", "compared"])
def test_what_a_killed_restore_froze_is_thawed_by_its_own_commands_alone(
    past: Past, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    past.damage()
    past.prepare()
    before = past.content()
    restore_killed_as_it_notes(past, monkeypatch, step, "before")
    for by_hand in (freeze.freeze, freeze.thaw):
        with pytest.raises(PromotionRefused, match=r"is frozen already, since .* by restores/acme/"):
            by_hand(past.settings, "acme")
    assert len(past.sql("select * from freezes")) == 1
    tenant.undo(past.settings, "acme", AT)
    assert (past.content(), past.sql("select * from freezes")) == (before, [])
    past.restore()
    assert past.content() == past.acme


def test_a_restore_that_was_killed_before_it_kept_anything_is_given_up_by_undoing_it(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.damage()
    past.prepare()
    before = past.content()
    restore_killed_at(past, monkeypatch, tenant._Steps, "_keep")
    with pytest.raises(PromotionRefused, match="was frozen for it, and is no longer"):
        tenant.undo(past.settings, "acme", AT)
    assert (past.content(), past.sql("select * from freezes")) == (before, [])


def test_a_second_run_that_must_wait_for_files_lets_go_what_the_killed_one_froze(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.damage()
    past.prepare()
    restore_killed_at(past, monkeypatch, tenant._Steps, "_keep")
    with monkeypatch.context() as patch:
        patch.setattr(tenant, "bring", _refused)
        with pytest.raises(PromotionRefused, match="not now"):
            past.restore()
    assert past.sql("select * from freezes") == []


def test_undoing_gives_back_nothing_that_an_earlier_attempt_kept_before_the_members_wrote_on(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.damage()
    past.prepare()
    with monkeypatch.context() as patch:
        patch.setattr(tenant._Steps, "_replace", _refused)
        with pytest.raises(PromotionRefused, match="not now"):
            past.restore()
    fill(past.settings, "acme", things=1, objects=1, chunks=0)
    now, files = past.content(), past.files()
    restore_killed_at(past, monkeypatch, tenant._Steps, "_keep")
    with pytest.raises(PromotionRefused, match="was frozen for it, and is no longer"):
        tenant.undo(past.settings, "acme", AT)
    assert (past.content(), past.files(), past.sql("select * from freezes")) == (now, files, [])


@pytest.mark.parametrize("go_on", [Past.restore, lambda past: tenant.undo(past.settings, "acme", AT)])
def test_whoever_must_wait_for_files_after_a_run_was_killed_that_had_replaced_rows_lets_nobody_write(
    past: Past, monkeypatch: pytest.MonkeyPatch, go_on: Callable[[Past], object]
) -> None:
    past.damage()
    past.prepare()
    before = past.content()
    restore_killed_as_it_notes(past, monkeypatch, "replaced", "before")
    with monkeypatch.context() as patch:
        patch.setattr(tenant, "bring", _refused)
        with pytest.raises(PromotionRefused, match="not now"):
            go_on(past)
    assert len(past.sql("select * from freezes")) == 1
    tenant.undo(past.settings, "acme", AT)
    assert (past.content(), past.sql("select * from freezes")) == (before, [])


def test_what_was_undone_after_a_kill_and_restored_again_can_be_undone_again(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.damage()
    past.prepare()
    restore_killed_at(past, monkeypatch, tenant._Steps, "_compare")
    tenant.undo(past.settings, "acme", AT)
    fill(past.settings, "acme", things=1, objects=1, chunks=0)
    now = past.content()
    past.restore()
    assert "already" not in tenant.undo(past.settings, "acme", AT)
    assert past.content() == now
    assert tenant.undo(past.settings, "acme", AT)["already"]


def _refused(*_: object) -> None:
    raise PromotionRefused("not now")


def test_a_run_that_was_killed_after_its_thaw_replaces_nothing_any_more(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.damage()
    past.prepare()
    restore_killed_at(past, monkeypatch, Journal, "end")
    fill(past.settings, "acme", things=1, objects=1, chunks=0)
    now, files = past.content(), past.files()
    past.restore()
    assert (past.content(), past.files()) == (now, files)


def test_what_is_owed_to_be_removed_is_not_removed_once_it_is_wanted_again(past: Past) -> None:
    own, key = tenant_id(past.settings), past.file_keys()[0]
    past.sql("delete from attachments where object_key = %s", [key])
    past.sql(
        "insert into object_removals (tenant_id, object_key, noted_at) values (%s, %s, now())", [own, key]
    )
    past.prepare()
    past.restore()
    assert past.sql("select object_key from object_removals") == []
    assert key in past.file_keys()


def test_writes_wait_outside_and_come_in_afterwards(past: Past) -> None:
    past.damage()
    past.prepare()
    own = tenant_id(past.settings)
    refused = threading.Event()

    def write() -> None:
        with owner_connection(past.settings) as connection:
            connection.execute("select pg_advisory_lock_shared(freeze_key(%s))", [own])
            refused.wait(1)

    writer = threading.Thread(target=write)
    writer.start()
    past.restore()
    refused.set()
    writer.join()
    assert past.content() == past.acme


def test_a_copy_without_a_ledger_is_read_by_nobody(past: Past) -> None:
    past.s3.delete_object(Bucket=past.bucket, Key=erasures.BEGUN)
    with pytest.raises(PromotionRefused, match="nobody knows what was erased"):
        past.prepare()
    with pytest.raises(PromotionRefused, match="nobody knows what was erased"):
        past.restore()


def test_an_erasure_since_the_copy_was_prepared_stops_it(past: Past) -> None:
    past.prepare()
    registry.remove_member(past.settings, ISSUER, "leaver")
    with pytest.raises(PromotionRefused, match="restore prepare, before anything reads it"):
        past.restore()
    assert past.prepare().members_erased == 1
    past.restore()


def test_an_entry_of_the_ledger_names_nobody(past: Past) -> None:
    registry.remove_member(past.settings, ISSUER, "leaver")
    assert past.settings.storage is not None
    bucket = Bucket(past.settings.storage)
    (key,) = bucket.keys(erasures.ENTRIES)
    entry = bucket.json(key)
    assert entry is not None
    assert "leaver" not in str(entry)
    assert (entry["kind"], entry["by"]) == ("member", "operator")


def test_the_way_back_of_a_removed_tenant_goes_with_it_and_is_counted(past: Past) -> None:
    past.damage()
    past.prepare()
    past.restore()
    kept = past.s3.list_objects_v2(Bucket=past.bucket, Prefix="restores/acme/")["KeyCount"]
    past.s3.put_object(Bucket=past.bucket, Key="restores/acme-2/kept", Body=b"another tenant's")
    before = count.count(past.settings, "acme")
    assert (kept > 2, before["objects"]) == (True, 5 + kept)
    freeze.freeze(past.settings, "acme")
    remove.remove(past.settings, "acme", "acme", before["digest"])
    assert past.s3.list_objects_v2(Bucket=past.bucket, Prefix="restores/acme/")["KeyCount"] == 0
    assert past.s3.list_objects_v2(Bucket=past.bucket, Prefix="restores/acme-2/")["KeyCount"] == 1
    assert count.count(past.settings, "acme", before["tenant_id"])["objects"] == 0


def _cut_over(past: Past) -> object:
    return cut_over.cut_over(past.settings, "acme", "s3://elsewhere/imports/acme/", within_seconds=0)


def _export(past: Past) -> object:
    return export.export(past.settings, "acme", "s3://elsewhere/imports/acme/")


def _command(action: str, **more: str | None) -> Callable[[Past], object]:
    options = argparse.Namespace(action=action, name="acme", **more)
    return lambda past: commands.run(past.settings, options)


COMMANDS: dict[str, Callable[[Past], object]] = {
    "cut-over": _cut_over,
    "export": _export,
    "freeze": _command("freeze"),
    "thaw": _command("thaw", withdraw=None),
    "remove": _command("remove", yes_remove="acme", receipt="0"),
    "restore": lambda past: past.restore(),
    "undo": lambda past: tenant.undo(past.settings, "acme", AT),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_restore_froze_is_nobody_else_s_to_thaw_hand_over_or_remove(
    past: Past, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(freeze, "LEFT_BY_A_KILL_SECONDS", 0)
    past.damage()
    past.prepare()
    real = tenant._Steps._keep
    refused: list[str] = []

    def meanwhile(self: tenant._Steps) -> None:
        with pytest.raises(PromotionRefused) as error:
            COMMANDS[command](past)
        refused.append(str(error.value))
        real(self)

    monkeypatch.setattr(tenant._Steps, "_keep", meanwhile)
    past.restore()
    assert [one.startswith("Another command works on acme here") for one in refused] == [True]
    assert past.content() == past.acme
    assert past.sql("select * from freezes") == []
