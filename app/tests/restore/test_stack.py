"""All tenants' files as a restored database names them, before it serves and once it does."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.promotion.scene import fill
from tests.restore.conftest import Past
from tests.service import ISSUER
from workbuoy_app import owner_commands, registry
from workbuoy_app.erasures import Ledger, ledger_of
from workbuoy_app.person.erase import erase
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.content import measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import find, freeze
from workbuoy_app.promotion.remove import remove
from workbuoy_app.restore import copy, stack
from workbuoy_app.restore.copy import copy_settings

pytestmark = pytest.mark.lengthy


def switched(past: Past) -> Past:
    """The copy's name and login are the service's now."""
    return replace(past, settings=replace(copy_settings(past.settings), restored=None))


def _next_second() -> datetime:
    """S3 tells whole seconds."""
    began = datetime.now(UTC).replace(microsecond=0)
    while (now := datetime.now(UTC).replace(microsecond=0)) == began:
        time.sleep(0.01)
    return now


def test_files_of_every_tenant_are_as_the_copy_s_rows_name_them(past: Past) -> None:
    files, neighbour = past.files(), past.files("globex")
    past.damage()
    past.s3.put_object(Bucket=past.bucket, Key=past.file_keys("globex")[0], Body=b"overwritten")
    past.prepare()
    told = stack.bring_files(past.settings)
    assert (told["tenants"], told["files"], told["again"]) == (["acme", "globex"], 7, 3)
    assert past.files().items() >= files.items()  # what the rows of now name is still there
    assert past.files("globex") == neighbour


def test_once_it_serves_what_has_no_row_is_marked_and_later_files_stay(past: Past) -> None:
    files, neighbour = past.files(), past.files("globex")
    past.damage()
    registry.add_tenant(past.settings, "newcomer")
    fill(past.settings, "newcomer", things=1, objects=2, chunks=0)
    newcomer = past.file_keys("newcomer")
    past.prepare()
    stack.bring_files(past.settings)
    past.s3.delete_object(
        Bucket=past.bucket, Key=past.file_keys("globex")[0]
    )  # the sweeper's, before the switch
    at, now = _next_second(), switched(past)
    later = f"tenants/{newcomer[0].split('/')[1]}/later"
    past.s3.put_object(Bucket=past.bucket, Key=later, Body=b"written by the restored service")
    copy.admit(now.settings)
    told = stack.settle_files(now.settings, at)
    assert (now.files(), now.files("globex")) == (files, neighbour)
    assert told["again"] == 1
    left = past.s3.list_objects_v2(Bucket=past.bucket, Prefix=f"tenants/{newcomer[0].split('/')[1]}/")
    assert later in [one["Key"] for one in left["Contents"]]
    versions = past.s3.list_object_versions(Bucket=past.bucket, Prefix=newcomer[0])["Versions"]
    assert versions, "nothing is deleted for good"


def in_database(past: Past) -> list[str]:
    return [subject for (subject,) in past.sql("select subject from members where subject = 'leaver'")]


def test_what_is_erased_between_the_check_and_the_start_is_gone_when_the_copy_serves(past: Past) -> None:
    past.prepare()
    now = switched(past)
    registry.remove_member(past.settings, ISSUER, "leaver")
    assert in_database(now)
    copy.admit(now.settings)
    assert not in_database(now)


def test_a_database_that_served_last_is_left_alone(past: Past) -> None:
    """What the ledger notes is sometimes refused afterwards, and nothing is to carry that out later."""
    ledger = ledger_of(past.settings)
    assert ledger is not None
    ledger.note("member", (f"{ISSUER}\nleaver",), by="operator")
    copy.admit(past.settings)
    assert in_database(past)
    past.prepare()
    now = switched(past)
    copy.admit(now.settings)
    registry.add_member(now.settings, "acme", ISSUER, "leaver")
    ledger.note("member", (f"{ISSUER}\nleaver",), by="operator")
    copy.admit(now.settings)
    assert in_database(now)


def test_migrate_erases_before_a_service_starts(past: Past) -> None:
    past.prepare()
    now = switched(past)
    registry.remove_member(past.settings, ISSUER, "leaver")
    assert owner_commands.run(now.settings, argparse.Namespace(command="migrate")) == 0
    assert not in_database(now)


def test_nothing_starts_where_the_bucket_does_not_say_which_database_served_last(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    assert past.settings.storage is not None
    absent = replace(past.settings, storage=replace(past.settings.storage, bucket="of-nobody"))
    assert owner_commands.run(absent, argparse.Namespace(command="migrate")) == 1
    assert "of-nobody" in capsys.readouterr().err


def test_who_was_erased_while_the_copy_served_is_erased_before_what_served_before_serves_again(
    past: Past,
) -> None:
    past.prepare()
    now = switched(past)
    copy.admit(now.settings)
    ((person,),) = now.sql("select id from members where subject = 'leaver'")
    erase(now.settings, "acme", person, person)
    freeze(now.settings, "globex")
    with owner_that_may_act(now.settings) as connection:
        digest = measure(connection, find(connection, "globex")).digest
    remove(now.settings, "globex", "globex", digest)
    for _ in range(2):
        copy.admit(past.settings)
        assert past.sql("select name from tenants") == [("acme",)]
        assert past.sql("select count(*) from members where id = %s", [person]) == [(0,)]
    told = stack.settle_files(past.settings, _next_second())
    assert (told["tenants"], told["files"]) == (["acme"], 5)
    assert past.s3.list_objects_v2(Bucket=past.bucket, Prefix="tenants/")["KeyCount"] == 5, "none of globex's"


def test_a_copy_that_serves_a_second_time_misses_nothing_that_was_erased_between(past: Past) -> None:
    past.prepare()
    now = switched(past)
    copy.admit(now.settings)
    copy.admit(past.settings)
    registry.remove_member(past.settings, ISSUER, "leaver")
    copy.admit(now.settings)
    assert not in_database(now)


def test_a_killed_start_erases_again(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    past.prepare()
    now = switched(past)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "note_serving", killed)
        with pytest.raises(KeyboardInterrupt):
            copy.admit(now.settings)
    registry.remove_member(past.settings, ISSUER, "leaver")
    copy.admit(now.settings)
    assert not in_database(now)


def test_files_are_put_in_order_only_once_the_service_was_started(past: Past) -> None:
    past.prepare()
    with pytest.raises(PromotionRefused, match="Start it, then put the files in order"):
        stack.settle_files(switched(past).settings, _next_second())


def test_settling_twice_changes_nothing_more(past: Past) -> None:
    past.damage()
    past.prepare()
    now = switched(past)
    copy.admit(now.settings)
    moment = _next_second()
    stack.settle_files(now.settings, moment)
    before = past.s3.list_object_versions(Bucket=past.bucket, Prefix="tenants/")
    told = stack.settle_files(now.settings, moment)
    after = past.s3.list_object_versions(Bucket=past.bucket, Prefix="tenants/")
    assert (told["again"], told["marked"]) == (0, 0)
    assert len(after["Versions"]) == len(before["Versions"])
    assert len(after["DeleteMarkers"]) == len(before["DeleteMarkers"])


def test_a_moment_to_come_marks_nothing(past: Past) -> None:
    with pytest.raises(PromotionRefused, match="is in the future"):
        stack.settle_files(past.settings, datetime.now(UTC) + timedelta(minutes=1))


def test_files_of_a_copy_that_was_not_prepared_are_brought_by_nobody(past: Past) -> None:
    with pytest.raises(PromotionRefused, match="restore prepare, before anything reads it"):
        stack.bring_files(past.settings)
