"""Whatever is interrupted, changed or wrong: a clear line, nothing half done, and the next run ends well."""

from __future__ import annotations

import datetime as clock
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from botocore.client import BaseClient
from psycopg import sql

from tests.promotion.scene import MANIFEST, Scene, everything, fill, refusing, rows, tenant_id
from workbuoy_app import registry, schema
from workbuoy_app.cli import main
from workbuoy_app.move import send as sending
from workbuoy_app.move.send import sums_here
from workbuoy_app.move.side import SENDS
from workbuoy_app.move.sums import Sums
from workbuoy_app.promotion import acting, tables
from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, owner_that_may_act
from workbuoy_app.promotion.bucket import Upload
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.export import withdraw
from workbuoy_app.promotion.freeze import find, freeze, thaw
from workbuoy_app.promotion.remove import remove
from workbuoy_app.roles import GROUP
from workbuoy_app.settings import MIB
from workbuoy_app.storage import PART_BYTES

pytestmark = pytest.mark.slow  # each fills two databases and buckets


class Interrupted(BaseException):
    """As Ctrl-C or a task that is stopped."""


@contextmanager
def interrupted_at(call: int, counted: str) -> Iterator[None]:
    """The n-th call to S3 of this name never happens."""
    made, real = 0, BaseClient._make_api_call

    def api_call(self: Any, name: str, parameters: Any) -> Any:
        nonlocal made
        made += counted in name
        if counted in name and made == call:
            raise Interrupted
        return real(self, name, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", api_call)
        yield


def no_helper_is_left(scene: Scene) -> bool:
    return not any(
        rows(each, "select 1 from members where issuer = %s", [OPERATOR]) for each in (scene.pool, scene.silo)
    )


def test_an_interrupted_removal_goes_on_where_it_was(scene: Scene) -> None:
    scene.export()
    digest = scene.receive_digest()
    with interrupted_at(3, "DeleteObject"), pytest.raises(Interrupted):
        remove(scene.pool, "acme", "acme", digest)
    assert rows(scene.pool, "select count(*) from things where title like 'acme%%'") == [(12,)]
    with pytest.raises(PromotionRefused, match="The removal of acme has begun"):
        withdraw(scene.pool, "acme", scene.place)
    assert rows(scene.pool, "select count(*) from freezes") == [(1,)]
    remove(scene.pool, "acme", "acme", digest)
    assert rows(scene.pool, "select name from tenants") == [("globex",)]


def test_schemas_that_differ_are_reported_and_not_mixed(scene: Scene) -> None:
    rows(scene.pool, "update alembic_version set version_num = '9999'")
    with pytest.raises(PromotionRefused, match="The schema here is 9999"):
        scene.export()
    rows(scene.pool, f"update alembic_version set version_num = '{schema.HEAD}'")
    scene.export()
    rows(scene.silo, "update alembic_version set version_num = '9999'")
    with pytest.raises(PromotionRefused, match="The schema here is 9999"):
        scene.receive()
    assert rows(scene.silo, "select 1 from tenants") == []


def test_a_tenant_that_is_there_already_is_left_alone(scene: Scene) -> None:
    registry.add_tenant(scene.silo, "acme")
    before = everything(scene.silo)
    scene.export()
    with pytest.raises(PromotionRefused, match="Another tenant has the name or id of acme"):
        scene.receive()
    assert everything(scene.silo) == before


def test_what_is_served_in_the_silo_takes_no_later_export(scene: Scene) -> None:
    """Somebody went back after the import, and comes again: what people wrote in the silo is not written over."""
    scene.export()
    scene.receive()
    rows(scene.silo, "update things set title = 'written meanwhile' where title like '%%plain'")
    before = everything(scene.silo)
    withdraw(scene.pool, "acme", scene.place)
    thaw(scene.pool, "acme")
    freeze(scene.pool, "acme")
    scene.export()
    with pytest.raises(PromotionRefused, match="acme is here already, and not by this move"):
        scene.receive()
    assert everything(scene.silo) == before


@pytest.mark.parametrize("code", ["AccessDenied", "QuotaExceeded"])
def test_a_bucket_that_denies_or_is_full_is_named_and_both_steps_go_on_afterwards(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    for step in (scene.export, scene.receive):
        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", refusing(code))
            with pytest.raises(PromotionRefused, match=f"S3 does not let us .*: {code}"):
                step()
        assert no_helper_is_left(scene)
        step()
    assert everything(scene.silo) == everything(scene.pool)


def test_a_clock_that_is_off_changes_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Yesterday(clock.datetime):
        @classmethod
        def now(cls, tz: clock.tzinfo | None = None) -> Yesterday:
            return cls.fromtimestamp(0, tz)

    with monkeypatch.context() as patch:
        patch.setattr(sending, "datetime", Yesterday)
        scene.export()
    assert scene.receive().opened
    assert everything(scene.silo) == everything(scene.pool)


def test_a_corrupted_object_of_the_pool_is_named(scene: Scene) -> None:
    (key, *_) = scene.keys(scene.pool, f"tenants/{tenant_id(scene.pool)}/")
    content = scene.content(scene.pool, key)
    scene.put(scene.pool, key, b"rotten")
    with pytest.raises(PromotionRefused, match=f"attachment {key.rpartition('/')[2]} is missing or is not"):
        scene.export()
    assert not scene.is_complete(MANIFEST)
    scene.put(scene.pool, key, content)
    scene.export()
    assert scene.receive().opened


def test_a_tenant_that_is_not_frozen_is_not_handed_over(scene: Scene) -> None:
    thaw(scene.pool, "acme")
    assert scene.export().part == SENDS
    assert not scene.is_complete(MANIFEST)
    assert not scene.receive().opened


def test_an_export_that_was_withdrawn_is_not_opened_and_the_pool_serves_again(scene: Scene) -> None:
    scene.export()
    with pytest.raises(PromotionRefused, match="thaw --withdraw"):
        thaw(scene.pool, "acme")
    withdraw(scene.pool, "acme", scene.place)
    thaw(scene.pool, "acme")
    assert not scene.receive().opened, "what came may be stored, and serves nobody"
    fill(scene.pool, "acme", things=2, objects=1, chunks=1)
    freeze(scene.pool, "acme")
    scene.export()
    assert scene.receive().opened
    assert everything(scene.silo) == everything(scene.pool)


def test_an_owner_who_could_not_yet_act_as_the_services_group_can_do_it(scene: Scene) -> None:
    """In AWS the owner is not let act as the group by `migrate`."""
    with psycopg.connect(superuser_of(scene)) as superuser:
        superuser.execute("revoke workbuoy_app from workbuoy_owner granted by workbuoy_owner")
    scene.export()
    assert scene.receive().opened


def without_condition(table: tables.Table, **_: bool) -> sql.Composed:
    """A seeded hole: the statement forgets whose rows it is to read."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    keys = sql.SQL(", ").join(map(sql.Identifier, table.key))
    return sql.SQL("select {} from {} order by {}").format(columns, sql.Identifier(table.name), keys)


def test_a_forgotten_condition_brings_no_row_of_another_tenant(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> Sums:
        with owner_that_may_act(scene.pool) as connection:
            return sums_here(connection, find(connection, "acme"))

    right, real = read(), tables.selection
    monkeypatch.setattr(
        tables,
        "selection",
        lambda table, **_: real(table) if table.name in tables.REGISTRY else without_condition(table),
    )
    assert read() == right, "the database itself holds the other tenant's rows back"
    monkeypatch.setattr(tables, "selection", without_condition)
    with pytest.raises(PromotionRefused, match="tenants: a row of another tenant"):
        read()
    # Even past the policies the last guard stands: as a superuser that does not act as the service's group.
    monkeypatch.setattr(
        tables,
        "selection",
        lambda table, **_: without_condition(table) if table.name == "things" else real(table),
    )
    with psycopg.connect(superuser_of(scene)) as superuser:
        superuser.execute("alter table things no force row level security")
    monkeypatch.setattr(tables, "as_group", acting.as_owner)
    with pytest.raises(PromotionRefused, match="things: a row of another tenant"):
        read()


def superuser_of(scene: Scene) -> str:
    from tests.test_login import superuser_url

    return superuser_url(scene.pool)


def test_the_database_shows_the_acting_owner_one_tenant(scene: Scene) -> None:
    acme, globex = tenant_id(scene.pool), tenant_id(scene.pool, "globex")
    thaw(scene.pool, "acme")
    with owner_that_may_act(scene.pool) as connection, acting_for(connection, acme):
        assert connection.execute("select count(*) from things").fetchone() == (0,), "nothing as the owner"
        as_group(connection)
        assert connection.execute("select current_user").fetchone() == (GROUP,)
        assert connection.execute("select distinct tenant_id from things").fetchall() == [(acme,)]
        stolen = "select count(*) from things where tenant_id = %s"
        assert connection.execute(stolen, [globex]).fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into things values (%s, gen_random_uuid(), '', '', 'open', now(), now())", [globex]
            )
    assert no_helper_is_left(scene)


def test_a_removal_needs_the_freeze_the_name_twice_and_the_receipt(scene: Scene) -> None:
    scene.export()
    digest = scene.receive_digest()
    before = everything(scene.pool)
    for name, confirmed, receipt, told in (
        ("acme", "globex", digest, "says globex, not acme"),
        ("acme", "acme", "0" * 64, "of other content"),
        ("globex", "globex", digest, "globex is not frozen"),
    ):
        with pytest.raises(PromotionRefused, match=told):
            remove(scene.pool, name, confirmed, receipt)
    withdraw(scene.pool, "acme", scene.place)
    with pytest.raises(PromotionRefused, match="of other content"):
        remove(scene.pool, "acme", "acme", digest)
    thaw(scene.pool, "acme")
    with pytest.raises(PromotionRefused, match="not frozen"):
        remove(scene.pool, "acme", "acme", digest)
    fill(scene.pool, "acme", things=1, objects=0, chunks=0)
    freeze(scene.pool, "acme")
    scene.export()
    with pytest.raises(PromotionRefused, match="of other content"):
        remove(scene.pool, "acme", "acme", digest)
    assert len(everything(scene.pool)["things"]) == len(before["things"]) + 1
    assert len(scene.keys(scene.pool, "tenants/")) == 7


class Parts:
    """Stands in for a client: takes what an upload sends."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def put_object(self, **request: Any) -> dict[str, str]:
        self.sent.append(len(request["Body"]))
        return {"VersionId": "x"}

    def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        return {"UploadId": "x"}

    def upload_part(self, **request: Any) -> dict[str, str]:
        assert request["PartNumber"] == len(self.sent) + 1
        self.sent.append(len(request["Body"]))
        return {"ETag": "x"}

    def complete_multipart_upload(self, **request: Any) -> dict[str, str]:
        assert len(request["MultipartUpload"]["Parts"]) == len(self.sent)
        return {"VersionId": "x"}


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (0, [0]),
        (1, [1]),
        (PART_BYTES, [PART_BYTES]),
        (PART_BYTES + 1, [PART_BYTES, 1]),
        (2 * PART_BYTES, [PART_BYTES] * 2),
        (2 * PART_BYTES + 9, [PART_BYTES, PART_BYTES, 9]),
    ],
)
def test_content_goes_in_parts_that_s3_takes(size: int, parts: list[int]) -> None:
    client = Parts()
    upload = Upload(client, {}, {"ContentType": "text/plain"})
    for start in range(0, size, MIB):
        upload.write(bytes(min(MIB, size - start)))
    upload.complete()
    assert client.sent == parts
    assert upload.version_id == "x"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "acme", "--to", "s3://bucket/imports/globex/"], "place of globex, not of acme"),
        (["export", "acme", "--to", "s3://bucket/tenants/acme/"], "not of the form"),
        (["export", "acme", "--to", "s3://bucket/imports/../tenants/"], "not of the form"),
        (["export", "acme", "--to", "s3://nowhere-at-all/imports/acme/"], "NoSuchBucket"),
        (["import", "--from", "s3://other-bucket/imports/acme/"], "not in this service's own bucket"),
        (["clear-import", "--from", "s3://other-bucket/imports/acme/"], "not in this service's own bucket"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_1(
    shared_scene: Scene,
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tests.promotion.test_round_trip import environment

    for name, value in environment(shared_scene.pool).items():
        monkeypatch.setenv(name, value)
    assert main(["tenant", *arguments]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
