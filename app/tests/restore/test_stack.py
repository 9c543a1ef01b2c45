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
from workbuoy_app.person.erase import erase
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.content import measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import find, freeze
from workbuoy_app.promotion.remove import remove
from workbuoy_app.restore import stack
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
    told = stack.settle_files(now.settings, at)
    assert (now.files(), now.files("globex")) == (files, neighbour)
    assert told["again"] == 1
    left = past.s3.list_objects_v2(Bucket=past.bucket, Prefix=f"tenants/{newcomer[0].split('/')[1]}/")
    assert later in [one["Key"] for one in left["Contents"]]
    versions = past.s3.list_object_versions(Bucket=past.bucket, Prefix=newcomer[0])["Versions"]
    assert versions, "nothing is deleted for good"
    assert now.sql("select to_regclass('restored_copy')") == [(None,)]


def test_what_is_erased_between_the_check_and_the_switch_holds_the_service_up_until_it_is_erased(
    past: Past,
) -> None:
    past.prepare()
    now = switched(past)
    registry.remove_member(past.settings, ISSUER, "leaver")
    for _ in range(2):
        with pytest.raises(PromotionRefused, match="is still in it, so it does not serve yet"):
            stack.admit(now.settings)
    assert now.sql("select count(*) from members where subject = 'leaver'") == [(1,)]
    stack.settle_files(now.settings, _next_second())
    assert now.sql("select count(*) from members where subject = 'leaver'") == [(0,)]
    stack.admit(now.settings)


def test_a_copy_that_serves_is_no_copy_any_more_and_later_erasures_hold_nothing_up(past: Past) -> None:
    past.prepare()
    now = switched(past)
    stack.admit(now.settings)
    assert now.sql("select to_regclass('restored_copy')") == [(None,)]
    registry.remove_member(now.settings, ISSUER, "leaver")
    stack.admit(now.settings)


def test_migrate_does_not_let_a_service_start_on_what_was_erased(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    past.prepare()
    now = switched(past)
    registry.remove_member(past.settings, ISSUER, "leaver")
    options = argparse.Namespace(command="migrate")
    assert owner_commands.run(now.settings, options) == 1
    assert "it does not serve yet" in capsys.readouterr().err
    stack.settle_files(now.settings, _next_second())
    assert owner_commands.run(now.settings, options) == 0


def test_who_was_erased_while_the_copy_served_is_erased_once_what_served_before_serves_again(
    past: Past,
) -> None:
    past.prepare()
    now = switched(past)
    stack.admit(now.settings)
    ((person,),) = now.sql("select id from members where subject = 'leaver'")
    erase(now.settings, "acme", person, person)
    freeze(now.settings, "globex")
    with owner_that_may_act(now.settings) as connection:
        digest = measure(connection, find(connection, "globex")).digest
    remove(now.settings, "globex", "globex", digest)
    told = stack.settle_files(past.settings, _next_second())
    assert (told["tenants"], told["files"]) == (["acme"], 5)
    assert past.sql("select name from tenants") == [("acme",)]
    assert past.sql("select count(*) from members where id = %s", [person]) == [(0,)]
    assert past.s3.list_objects_v2(Bucket=past.bucket, Prefix="tenants/")["KeyCount"] == 5, "none of globex's"


def test_settling_twice_changes_nothing_more(past: Past) -> None:
    past.damage()
    past.prepare()
    now = switched(past)
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
