"""What cannot be moved, or was tampered with: one clear line, nothing stored, and the next command ends well."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.client import BaseClient

from tests.move.scene import NAME, Two, part, place, serves
from tests.move.test_round_trip import same
from tests.promotion.scene import client, everything, refusing, rows, tenant_id
from tests.service import ISSUER
from workbuoy_app import registry
from workbuoy_app.move.cut_over import cut_over
from workbuoy_app.move.ending import drop, end, take_back
from workbuoy_app.move.send import send
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.export import withdraw
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.settings import Settings

pytestmark = pytest.mark.slow  # each fills two databases and buckets

MANIFEST = "imports/acme/manifest.json"
FIRST = "imports/acme/batches/00000001.ndjson.gz"


def put(side: Settings, key: str, body: bytes) -> None:
    assert side.storage is not None
    client(side.storage).put_object(Bucket=side.storage.bucket, Key=key, Body=body)


def changed(two: Two, key: str, change: Callable[[bytes], bytes]) -> None:
    content = two.content(two.target, key)
    put(
        two.target,
        key,
        gzip.compress(change(gzip.decompress(content))) if key.endswith(".gz") else change(content),
    )


def refused(two: Two, told: str) -> None:
    """Nothing more than before is stored, and the source serves."""
    before = rows(two.target, "select count(*) from things")
    with pytest.raises(PromotionRefused, match=told):
        two.receive()
    assert rows(two.target, "select count(*) from things") == before
    assert serves(two.source)


@pytest.mark.parametrize("by", [None, "restores/acme/20261126T093000Z/1"])
def test_a_cut_over_thaws_and_hands_over_nothing_that_another_command_froze(two: Two, by: str | None) -> None:
    two.send()
    two.receive()
    freeze(two.source, NAME, by)
    for _ in range(2):
        with pytest.raises(PromotionRefused, match="is frozen already"):
            cut_over(two.source, NAME, *place(two.target), within_seconds=0)
    assert rows(two.source, "select frozen_by from freezes") == [(by,)]
    assert part(two.source) == "sends"


def test_a_target_that_has_the_name_refuses_and_nothing_is_frozen(two: Two) -> None:
    registry.add_tenant(two.target, NAME)
    mine = everything(two.target)
    two.send()
    refused(two, "Another tenant has the name or id of acme here")
    with pytest.raises(PromotionRefused, match="Nobody receives acme"):
        cut_over(two.source, NAME, *place(two.target), within_seconds=0.5)
    assert serves(two.source)
    assert everything(two.target) == mine


def test_a_person_of_another_tenant_there_is_named_before_the_freeze(two: Two) -> None:
    registry.add_tenant(two.target, "umbrella")
    registry.add_member(two.target, "umbrella", ISSUER, "acme-user")
    two.send()
    with pytest.raises(PromotionRefused, match="1 of acme's members are members of another tenant here"):
        two.receive()
    assert serves(two.source)
    rows(two.target, "delete from members")
    two.cut_over()
    same(two)


@pytest.mark.parametrize(
    ("key", "change", "told"),
    [
        (FIRST, lambda text: text.replace(b'"batch":1', b'"batch":7'), "does not follow"),
        (FIRST, lambda text: text[: len(text) // 2], "no JSON|no end"),
        (FIRST, lambda _: b"\n", "no JSON"),
        (FIRST, lambda _: b'{"batch": 1}\n', "does not follow"),
        (MANIFEST, lambda text: text.replace(b'"tenant": "acme"', b'"tenant": "globex"'), "is of globex"),
        (MANIFEST, lambda text: text.replace(b'"tenant_id": "', b'"tenant_id": "../'), "not of the form"),
        (MANIFEST, lambda text: text.replace(b'"number": ', b'"number": "many", "n": '), "not of the form"),
    ],
)  # fmt: skip
def test_a_tampered_or_foreign_batch_is_refused(
    two: Two, key: str, change: Callable[[bytes], bytes], told: str
) -> None:
    two.send()
    changed(two, key, change)
    refused(two, told)
    assert rows(two.target, "select 1 from tenants") == []


def test_a_row_changed_on_its_way_is_seen_by_the_sums(two: Two) -> None:
    two.send()
    key = next(
        one for one in two.keys(two.target, "imports/acme/batches/")
        if b"acme plain" in gzip.decompress(two.content(two.target, one))
    )  # fmt: skip
    changed(two, key, lambda text: text.replace(b"acme plain", b"acme PLAIN"))
    with pytest.raises(
        PromotionRefused, match="does not follow"
    ):  # each names the checksum of the one before
        two.receive()
    assert not serves(two.target)
    drop(two.target, NAME, *place(two.source))
    end(two.source, NAME, *place(two.target))
    two.move()
    same(two)


def test_a_batch_of_another_time_is_refused(two: Two) -> None:
    two.send()
    old = two.content(two.target, FIRST)
    end(two.source, NAME, *place(two.target))
    two.send()
    put(two.target, FIRST, old)
    refused(two, "does not follow what is here")


def test_a_move_is_given_up_and_leaves_nothing(two: Two) -> None:
    before = everything(two.source)
    two.send()
    two.receive()
    drop(two.target, NAME, *place(two.source))
    drop(two.target, NAME, *place(two.source))  # again is no harm
    end(two.source, NAME, *place(two.target))
    assert rows(two.target, "select 1 from tenants") == []
    assert two.keys(two.target, "tenants/") == []
    assert two.keys(two.target, "imports/") == [MANIFEST]
    assert (part(two.source), rows(two.source, "select 1 from row_changes")) == (None, [])
    assert everything(two.source) == before
    two.move()
    same(two)


def test_without_a_receiver_the_tenant_is_never_frozen(two: Two) -> None:
    two.send()
    two.receive()
    with pytest.raises(PromotionRefused, match="nothing was frozen"):
        cut_over(two.source, NAME, *place(two.target), within_seconds=0.5)
    assert serves(two.source)
    with pytest.raises(PromotionRefused, match="send"):
        cut_over(two.target, NAME, *place(two.source), within_seconds=0.5)


def test_a_copy_that_was_dropped_after_the_hand_over_lets_the_source_serve_again(two: Two) -> None:
    two.send()
    two.receive()
    rows(two.source, "update copies set part = 'holds'")  # as a cut-over that was killed before it could tell
    rows(two.source, "insert into freezes (tenant_id, frozen_at) select tenant_id, now() from copies")
    with pytest.raises(PromotionRefused, match="go back by a cut-over there"):
        take_back(two.source, NAME, *place(two.target))
    drop(two.target, NAME, *place(two.source))
    with pytest.raises(PromotionRefused, match="on its way"):
        thaw(two.source, NAME)
    take_back(two.source, NAME, *place(two.target))
    assert serves(two.source)


@pytest.mark.parametrize("code", ["AccessDenied", "QuotaExceeded"])
def test_a_bucket_that_denies_or_is_full_is_named_and_every_step_goes_on_afterwards(
    two: Two, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    for step in (two.send, two.receive, lambda: two.cut_over(within=1.0)):
        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", refusing(code))
            with pytest.raises(PromotionRefused, match=f"S3 does not let us .*: {code}"):
                step()
        assert serves(two.source)
        assert not serves(two.target)
        if step != two.send:
            continue
        two.send()
    two.cut_over()
    same(two)


def test_a_missing_object_stops_the_copy_by_name(two: Two) -> None:
    own = tenant_id(two.source)
    key = two.keys(two.source, f"tenants/{own}/")[0]
    content = two.content(two.source, key)
    assert two.source.storage is not None
    client(two.source.storage).delete_object(Bucket=two.source.storage.bucket, Key=key)
    with pytest.raises(PromotionRefused, match=f"attachment {key.rpartition('/')[2]} is missing"):
        two.send()
    put(two.source, key, content)
    two.move()


def test_what_was_handed_over_by_a_move_is_not_withdrawn_as_an_export_is(two: Two) -> None:
    two.move()
    with pytest.raises(PromotionRefused, match="go back by a cut-over there"):
        withdraw(two.source, NAME, *place(two.target))
    assert (part(two.source), serves(two.target)) == ("holds", True)


def test_a_clock_that_is_off_changes_nothing(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time of either place is compared with the other's."""
    import datetime as clock

    from workbuoy_app.move import send as sending

    class Yesterday(clock.datetime):
        @classmethod
        def now(cls, tz: clock.tzinfo | None = None) -> Yesterday:
            return cls.fromtimestamp(0, tz)

    monkeypatch.setattr(sending, "datetime", Yesterday)
    two.move()
    same(two)


def test_the_place_of_another_tenant_or_of_this_service_is_no_target(two: Two) -> None:
    address, region = place(two.target)
    for wrong, told in (
        (address.replace("acme", "globex"), "not of acme"),
        (place(two.source)[0], "own bucket"),
        ("s3://somewhere/", "not of the form"),
    ):
        with pytest.raises(PromotionRefused, match=told):
            send(two.source, NAME, wrong, region)
    with pytest.raises(PromotionRefused, match="S3_BUCKET is not set"):
        send(replace(two.source, storage=None), NAME, address, region)
    assert json.dumps(rows(two.source, "select count(*) from copies")) == "[[0]]"
