"""A copy is brought up to date, freed of what was erased, and looked at before anybody reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.restore.conftest import Past
from tests.service import ISSUER
from workbuoy_app import registry
from workbuoy_app.migrate import migrate
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.restore import copy
from workbuoy_app.restore.copy import copy_settings
from workbuoy_app.settings import SettingsError, load

pytestmark = pytest.mark.lengthy


def test_a_good_copy_is_counted_and_the_service_is_ready_on_it(past: Past) -> None:
    past.prepare()
    found = copy.check(past.settings)
    assert found.good, found
    assert {one.tenant: one.objects.objects for one in found.tenants} == {"acme": 5, "globex": 2}
    assert found.tenants[0].tables["things"].rows == 12


def test_a_copy_whose_files_are_gone_is_not_good(past: Past) -> None:
    key = past.file_keys()[1]
    for one in past.s3.list_object_versions(Bucket=past.bucket, Prefix=key)["Versions"]:
        past.s3.delete_object(Bucket=past.bucket, Key=key, VersionId=one["VersionId"])
    past.prepare()
    found = copy.check(past.settings)
    assert (found.good, found.files_missing) == (False, 1)


def test_a_file_that_was_deleted_since_is_still_there_to_be_brought_back(past: Past) -> None:
    past.s3.delete_object(Bucket=past.bucket, Key=past.file_keys()[0])
    past.prepare()
    assert copy.check(past.settings).files_missing == 0


def test_an_older_schema_is_brought_to_this_release_s(past: Past) -> None:
    migrate(copy_settings(past.settings), target="0009", back=True)
    told = past.prepare()
    assert told.schema_before == "0009"
    past.damage()
    past.restore()
    assert past.content() == past.acme


def test_a_later_schema_is_refused(past: Past) -> None:
    past.in_copy("update alembic_version set version_num = '9999'")
    past.prepare()
    with pytest.raises(PromotionRefused, match="a later release made it"):
        past.restore()


def test_members_removed_since_are_gone_from_the_copy_and_later_ones_of_the_same_identity_stay(
    past: Past,
) -> None:
    registry.remove_member(past.settings, ISSUER, "leaver")
    registry.add_member(past.settings, "acme", ISSUER, "leaver")
    assert past.prepare().members_erased == 1
    assert past.in_copy("select 1 from members where subject = 'leaver'") == []
    (again,) = past.sql(
        "select id, tenant_id, issuer, subject, created_at from members where subject = 'leaver'"
    )
    past.in_copy(
        "insert into members (id, tenant_id, issuer, subject, created_at) values (%s, %s, %s, %s, %s)", again
    )
    assert past.prepare().members_erased == 0


def test_nobody_is_logged_in_on_a_copy(past: Past) -> None:
    past.in_copy(
        "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
        " select 'hash', tenant_id, id, now(), now(), now() + interval '1 day' from members limit 1"
    )
    past.prepare()
    assert past.in_copy("select * from sessions") == []


def test_the_database_that_serves_is_no_copy_of_itself() -> None:
    url = "postgresql://owner:hush@db.example/workbuoy"
    with pytest.raises(SettingsError, match="names the database that serves"):
        load({"DATABASE_URL": url, "RESTORED_DATABASE_URL": url})
    with pytest.raises(SettingsError, match="RESTORED_DATABASE_SECRET_ID is needed"):
        load({"DATABASE_URL": url, "RESTORED_DATABASE_URL": "postgresql://copy.example/workbuoy"})


def test_without_a_copy_there_is_nothing_to_read(past: Past) -> None:
    with pytest.raises(PromotionRefused, match="RESTORED_DATABASE_URL is not set"):
        copy.prepare(replace(past.settings, restored=None))
