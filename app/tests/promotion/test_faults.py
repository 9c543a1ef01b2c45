"""Whatever is interrupted, changed or wrong: a clear line, nothing half done, and the next run ends well."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from botocore.client import BaseClient
from psycopg import sql

from tests.promotion.scene import Scene, everything, fill, rows, tenant_id
from workbuoy_app import schema
from workbuoy_app.cli import main
from workbuoy_app.promotion import acting, tables
from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, owner_that_may_act
from workbuoy_app.promotion.bucket import Upload
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.export import withdraw
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.promotion.remove import remove
from workbuoy_app.roles import GROUP
from workbuoy_app.settings import MIB
from workbuoy_app.storage import PART_BYTES

pytestmark = pytest.mark.slow  # each fills two databases and buckets

MANIFEST = "imports/acme/manifest.json"
RECEIPT = "imports/acme/receipt.json"


class Interrupted(BaseException):
    """As Ctrl-C or a task that is stopped."""


@contextmanager
def interrupted_at(call: int, counted: str = "") -> Iterator[list[str]]:
    """The n-th call to S3 or statement of the database (of those with this word) never happens; gives all of them."""
    made: list[str] = []
    real_call, real_execute = BaseClient._make_api_call, psycopg.Connection.execute

    def count(name: str) -> None:
        if counted in name:
            made.append(name)
        if counted in name and len(made) == call:
            raise Interrupted

    def api_call(self: Any, name: str, parameters: Any) -> Any:
        count(name)
        return real_call(self, name, parameters)

    def execute(self: Any, statement: Any, *arguments: Any, **named: Any) -> Any:
        count(str(statement))
        return real_execute(self, statement, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", api_call)
        patch.setattr(psycopg.Connection, "execute", execute)
        yield made


def is_complete(scene: Scene, key: str) -> bool:
    return key in scene.keys(scene.silo, key) and bool(json.loads(scene.content(scene.silo, key))["complete"])


def no_helper_is_left(scene: Scene) -> bool:
    return not any(
        rows(each, "select 1 from members where issuer = %s", [OPERATOR]) for each in (scene.pool, scene.silo)
    )


def test_an_export_interrupted_anywhere_is_seen_to_be_unfinished_and_repeats(scene: Scene) -> None:
    with interrupted_at(0) as made:
        whole = scene.export()
    scene.client(scene.silo).delete_object(Bucket=scene.place.split("/")[2], Key=MANIFEST)
    points = random.Random(7).sample(range(1, len(made)), 5)
    for call in (*points, len(made)):  # the last one writes the manifest
        with interrupted_at(call), pytest.raises(Interrupted):
            scene.export()
        assert not is_complete(scene, MANIFEST)
        with pytest.raises(PromotionRefused, match="export"):
            scene.receive()
        assert rows(scene.silo, "select 1 from tenants") == []
    assert no_helper_is_left(scene)
    assert scene.export() == whole
    assert scene.receive() == (whole, True)


def test_an_import_interrupted_anywhere_leaves_all_rows_or_none_and_repeats(scene: Scene) -> None:
    content = scene.export()
    with interrupted_at(0) as made:
        scene.receive()
    last = everything(scene.silo)
    for call in sorted(random.Random(8).sample(range(1, len(made)), 5)):
        for table in ("things", "members", "tenants"):
            rows(scene.silo, f"delete from {table}")
        scene.client(scene.silo).delete_object(Bucket=scene.place.split("/")[2], Key=RECEIPT)
        with interrupted_at(call), pytest.raises(Interrupted):
            scene.receive()
        assert not is_complete(scene, RECEIPT)
        assert rows(scene.silo, "select count(*) from things")[0][0] in (0, content.tables["things"].rows)
        assert no_helper_is_left(scene)
        scene.receive()
        assert is_complete(scene, RECEIPT)
        assert everything(scene.silo) == last


def test_an_interrupted_removal_goes_on_where_it_was(scene: Scene) -> None:
    digest = scene.export().digest
    with interrupted_at(3, "DeleteObject"), pytest.raises(Interrupted):
        remove(scene.pool, "acme", "acme", digest)
    assert rows(scene.pool, "select count(*) from things where title like 'acme%%'") == [(12,)]
    with pytest.raises(PromotionRefused, match="The removal of acme has begun"):
        thaw(scene.pool, "acme")
    assert rows(scene.pool, "select count(*) from freezes") == [(1,)]
    remove(scene.pool, "acme", "acme", digest)
    assert rows(scene.pool, "select name from tenants") == [("globex",)]


def changed_row(scene: Scene, change: Callable[[bytes], bytes], table: str = "things") -> None:
    key = f"imports/acme/rows/{table}.ndjson.gz"
    scene.put(scene.silo, key, gzip.compress(change(gzip.decompress(scene.content(scene.silo, key)))))


def refused_import(scene: Scene, match: str) -> None:
    with pytest.raises(PromotionRefused, match=match):
        scene.receive()
    assert rows(scene.silo, "select 1 from tenants") == []
    assert rows(scene.silo, "select 1 from things") == []
    assert not is_complete(scene, RECEIPT)


def test_a_changed_row_object_or_file_is_named_and_nothing_is_imported(scene: Scene) -> None:
    scene.export()
    globex = str(tenant_id(scene.pool, "globex")).encode()
    acme = str(tenant_id(scene.pool)).encode()
    changes: list[tuple[str, Callable[[bytes], bytes], str]] = [
        ("things", lambda text: text.replace(b"quotes", b"Quotes"), "things"),
        ("members", lambda text: text.replace(b"acme-user", b"mallory"), "members"),
        ("attachments", lambda text: text.replace(b"chunk 0", b"chunk 9"), "attachments"),
        (
            "attachment_chunks",
            lambda text: b"".join(text.splitlines(keepends=True)[:-1]),
            "attachment_chunks.*2 of 3",
        ),
        ("things", lambda text: text.replace(acme, globex), "things: the exported file"),
        ("things", lambda text: text.replace(b'"body"', b'"bodies"'), "things: the exported file"),
        ("attachments", lambda text: text[:20], "no JSON"),
        ("attachments", lambda _: b"[]", "no row"),
    ]
    for table, change, named in changes:
        key = f"imports/acme/rows/{table}.ndjson.gz"
        before = scene.content(scene.silo, key)
        changed_row(scene, change, table)
        refused_import(scene, named)
        scene.put(scene.silo, key, before)
    key = "imports/acme/rows/things.ndjson.gz"
    before = scene.content(scene.silo, key)
    for damaged in (before[:-9], b"no gzip", before[:40] + b"\x00\xff" + before[42:]):
        scene.put(scene.silo, key, damaged)
        refused_import(scene, "things.*(damaged|not what)")
    scene.put(scene.silo, key, before)
    (one, *_) = scene.keys(scene.silo, "imports/acme/objects/")
    content = scene.content(scene.silo, one)
    scene.put(scene.silo, one, content + b"!")
    refused_import(scene, f"tenants/.*/{one.rpartition('/')[2]} is not what its row says")
    scene.client(scene.silo).delete_object(Bucket=scene.place.split("/")[2], Key=one)
    refused_import(scene, one)
    scene.put(scene.silo, one, content)
    assert scene.receive()[1]


def test_a_manifest_that_is_missing_foreign_or_changed_is_refused(scene: Scene) -> None:
    refused_import(scene, "export first")
    scene.export()
    manifest = json.loads(scene.content(scene.silo, MANIFEST))
    for change, named in (
        ({"complete": False}, "did not end"),
        ({"format": 99}, "format 99"),
        ({"tables": {}}, "changed after"),
        ({"tenant_id": "../x"}, "form"),
        ({"tenant": "globex"}, "changed after"),
    ):
        scene.put(scene.silo, MANIFEST, json.dumps({**manifest, **change}).encode())
        refused_import(scene, named)
    for body in (b"{", b"[]", b""):
        scene.put(scene.silo, MANIFEST, body)
        refused_import(scene, "did not end")


def test_schemas_that_differ_are_told_and_not_mixed(scene: Scene) -> None:
    rows(scene.pool, "update alembic_version set version_num = '9999'")
    scene.export()
    refused_import(scene, f"exported 9999, this database {schema.HEAD}")


def test_a_tenant_that_is_there_with_other_content_is_left_alone(scene: Scene) -> None:
    scene.export()
    scene.receive()
    rows(scene.silo, "update things set title = 'written meanwhile' where title like '%%plain'")
    before = everything(scene.silo)
    with pytest.raises(PromotionRefused, match=r"things \(12 rows here, 12 there\). Nothing was changed"):
        scene.receive()
    assert everything(scene.silo) == before
    rows(scene.silo, "update tenants set name = 'other'")
    with pytest.raises(PromotionRefused, match="Another tenant has the name or id of acme"):
        scene.receive()


def test_a_corrupted_object_of_the_pool_or_of_the_silo_is_named(scene: Scene) -> None:
    (key, *_) = scene.keys(scene.pool, f"tenants/{tenant_id(scene.pool)}/")
    content = scene.content(scene.pool, key)
    scene.put(scene.pool, key, b"rotten")
    with pytest.raises(PromotionRefused, match=key):
        scene.export()
    assert not is_complete(scene, MANIFEST)
    scene.put(scene.pool, key, content)
    scene.export()
    scene.receive()
    scene.put(scene.silo, key, b"rotten")
    with pytest.raises(PromotionRefused, match=key):
        scene.receive()


def test_a_tenant_that_is_not_frozen_or_was_thawed_meanwhile_is_not_exported(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbuoy_app.promotion import export as exporting

    real = exporting._copied

    def thawed_meanwhile(*arguments: Any) -> Any:
        thaw(scene.pool, "acme")
        freeze(scene.pool, "acme")
        return real(*arguments)

    monkeypatch.setattr(exporting, "_copied", thawed_meanwhile)
    with pytest.raises(PromotionRefused, match="thawed and frozen again"):
        scene.export()
    thaw(scene.pool, "acme")
    with pytest.raises(PromotionRefused, match="tenant freeze acme"):
        scene.export()
    assert not is_complete(scene, MANIFEST)


def test_an_export_that_was_withdrawn_is_not_imported(scene: Scene) -> None:
    scene.export()
    withdraw(scene.pool, "acme", scene.place)
    refused_import(scene, "did not end")


def test_an_owner_who_could_not_yet_act_as_the_services_group_can_do_it(scene: Scene) -> None:
    """In AWS the owner is not let act as the group by `migrate`."""
    with psycopg.connect(superuser_of(scene)) as superuser:
        superuser.execute("revoke workbuoy_app from workbuoy_owner granted by workbuoy_owner")
    scene.export()
    assert scene.receive()[1]


def without_condition(table: tables.Table, **_: bool) -> sql.Composed:
    """A seeded hole: the statement forgets whose rows it is to read."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    keys = sql.SQL(", ").join(map(sql.Identifier, table.key))
    return sql.SQL("select {} from {} order by {}").format(columns, sql.Identifier(table.name), keys)


def test_a_forgotten_condition_brings_no_row_of_another_tenant(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = scene.export()
    real = tables.selection
    monkeypatch.setattr(
        tables,
        "selection",
        lambda table, **_: real(table) if table.name in tables.REGISTRY else without_condition(table),
    )
    assert scene.export() == right, "the database itself holds the other tenant's rows back"
    monkeypatch.setattr(tables, "selection", without_condition)
    with pytest.raises(PromotionRefused, match="tenants: a row of another tenant"):
        scene.export()
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
        scene.export()
    assert not is_complete(scene, MANIFEST)


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
    digest = scene.export().digest
    before = everything(scene.pool)
    for name, confirmed, receipt, told in (
        ("acme", "globex", digest, "says globex, not acme"),
        ("acme", "acme", "0" * 64, "of other content"),
        ("globex", "globex", digest, "globex is not frozen"),
    ):
        with pytest.raises(PromotionRefused, match=told):
            remove(scene.pool, name, confirmed, receipt)
    thaw(scene.pool, "acme")
    with pytest.raises(PromotionRefused, match="not frozen"):
        remove(scene.pool, "acme", "acme", digest)
    fill(scene.pool, "acme", things=1, objects=0, chunks=0)
    freeze(scene.pool, "acme")
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
