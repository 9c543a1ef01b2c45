"""A tampered or foreign export, or one of another date: one clear line, and the silo serves nobody by it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from tests.promotion.scene import MANIFEST, RECEIPT, Scene, everything, rows, tenant_id
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.export import withdraw

pytestmark = pytest.mark.slow  # each fills two databases and buckets

BATCH = "imports/acme/batches/00000001.ndjson.gz"


def changed(scene: Scene, key: str, change: Callable[[bytes], bytes]) -> None:
    content = scene.content(scene.silo, key)
    whole = gzip.compress(change(gzip.decompress(content))) if key.endswith(".gz") else change(content)
    scene.put(scene.silo, key, whole)


def refused_import(scene: Scene, match: str) -> None:
    """Nobody is served by what came."""
    with pytest.raises(PromotionRefused, match=match):
        scene.receive()
    assert rows(scene.silo, "select 1 from tenants where id not in (select tenant_id from freezes)") == []
    assert not scene.is_complete(RECEIPT)


def batch_with(scene: Scene, text: bytes) -> str:
    """The key of the last batch that holds it."""
    keys = scene.keys(scene.silo, "imports/acme/batches/")
    return [one for one in keys if text in gzip.decompress(scene.content(scene.silo, one))][-1]


@pytest.mark.parametrize(
    ("held", "change", "told"),
    [
        (b"quotes", lambda text: text.replace(b"quotes", b"Quotes"), "does not follow"),
        (b"acme-user", lambda text: text.replace(b"acme-user", b"mallory"), "not what the other place sent"),
        (b"chunk 0", lambda text: text.replace(b"chunk 0", b"chunk 9"), "does not follow"),
        (b'"body"', lambda text: text.replace(b'"body"', b'"bodies"'), "other columns"),
        (b'"row":"attachments"', lambda text: text[: len(text) // 2], "no JSON"),
        (b'"row":"attachments"', lambda _: b"[]", "no row"),
    ],
)
def test_a_changed_row_or_file_is_refused_and_the_silo_serves_nobody(
    scene: Scene, held: bytes, change: Callable[[bytes], bytes], told: str
) -> None:
    scene.export()
    changed(scene, batch_with(scene, held), change)
    refused_import(scene, told)


def test_what_another_command_froze_and_has_not_ended_is_not_handed_over(scene: Scene) -> None:
    rows(scene.pool, "update freezes set frozen_by = 'restores/acme/20261126T093000Z/1' returning 1")
    with pytest.raises(PromotionRefused, match=r"is frozen already, since .* by restores/acme/"):
        scene.export()
    assert not scene.is_complete(MANIFEST)
    assert rows(scene.pool, "select part from copies") == []


def test_a_row_of_another_tenant_is_refused(scene: Scene) -> None:
    scene.export()
    acme, globex = (str(tenant_id(scene.pool, name)).encode() for name in ("acme", "globex"))
    key = batch_with(scene, b'"row":"things"')
    changed(scene, key, lambda text: text.replace(acme, globex))
    refused_import(scene, "a row of another tenant came along")


def test_a_damaged_file_or_object_is_named_and_the_right_one_is_taken(scene: Scene) -> None:
    scene.export()
    before = scene.content(scene.silo, BATCH)
    for damaged in (before[:-9], b"no gzip", before[:40] + b"\x00\xff" + before[42:]):
        scene.put(scene.silo, BATCH, damaged)
        refused_import(scene, "damaged|no JSON|no row")
    scene.put(scene.silo, BATCH, before)
    (one, *_) = scene.keys(scene.silo, "imports/acme/objects/")
    content = scene.content(scene.silo, one)
    scene.put(scene.silo, one, content + b"!")
    refused_import(scene, f"tenants/.*/{one.rpartition('/')[2]} is not what its row says")
    scene.client(scene.silo).delete_object(Bucket=scene.place.split("/")[2], Key=one)
    refused_import(scene, one)
    scene.put(scene.silo, one, content)
    assert scene.receive().opened
    assert everything(scene.silo) == everything(scene.pool)


def test_a_manifest_that_is_missing_foreign_or_changed_is_refused(scene: Scene) -> None:
    refused_import(scene, "Nothing of acme has come yet")
    scene.export()
    manifest = json.loads(scene.content(scene.silo, MANIFEST))
    for change, named in (
        ({"format": 99}, "Nothing of acme has come"),
        ({"tenant": "globex"}, "is of globex"),
        ({"tenant_id": str(tenant_id(scene.pool, "globex"))}, "another tenant"),
        ({"tenant_id": "../x"}, "not of the form"),
        ({"lineage": str(tenant_id(scene.pool))}, "does not follow"),
        ({"number": "many"}, "not of the form"),
    ):
        scene.put(scene.silo, MANIFEST, json.dumps({**manifest, **change}).encode())
        refused_import(scene, named)
    for body in (b"{", b"[]", b""):
        scene.put(scene.silo, MANIFEST, body)
        refused_import(scene, "Nothing of acme has come yet")


def test_an_export_of_another_date_is_refused(scene: Scene) -> None:
    scene.export()
    old = scene.content(scene.silo, BATCH)
    withdraw(scene.pool, "acme", scene.place)
    scene.export()
    scene.put(scene.silo, BATCH, old)
    refused_import(scene, "does not follow what is here")
