"""Drills and erasures are read from the stacks' own buckets; what cannot be read is missing."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import pytest

from operations.evidence.items import Item, State
from operations.evidence.live import Live, Place, erasures, read
from operations.evidence.recorded import of_kind
from tests.operations.evidence.conftest import NOW, SINCE
from tests.quick_moto import quick_moto

pytestmark = pytest.mark.lengthy

REGION, STACKS = "eu-west-1", ("prod", "prod-acme")
UNTIL = NOW.date()
DRILL = {
    "stack": "prod",
    "writtenAt": "2026-11-20T03:00:00+00:00",
    "good": True,
    "problem": "",
    "rpoSeconds": 300,
    "rtoSeconds": 1260.5,
}
NOBODY = Item(kind="erasures", title="Erasures", state=State.NONE, summary=("nobody left in this period",))


def left(*names: str) -> Item:
    documents = {f"erasures/{name}.json": {"name": name, "isolation": "pool", "base": "prod"} for name in names}
    return Item(kind="erasures", title="Erasures", state=State.PASSED, summary=names, documents=documents)


@pytest.fixture
def s3() -> Iterator[Any]:
    with quick_moto():
        client = boto3.client("s3", region_name=REGION)
        for stack in STACKS:
            client.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": REGION})
            put(client, stack, "erasures/begun.json", {"salt": "5eed"})
        yield client


def put(s3: Any, bucket: str, key: str, document: Any) -> None:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body)


def erased(s3: Any, kind: str, day: str, bucket: str = "prod") -> None:
    entry = {"format": 1, "kind": kind, "ids": ["0" * 64], "erased_at": f"{day}T03:00:00+00:00", "by": "operator"}
    put(s3, bucket, f"erasures/entries/{day}-{kind}.json", {**entry, "until": None})


def place(stack: str) -> Place:
    return Place(stack=stack, region=REGION, bucket=stack)


def look() -> Live:
    return read(boto3.Session(), STACKS, place, SINCE, UNTIL)


def test_entries_of_the_period_are_shown_without_their_hashes(s3: Any) -> None:
    erased(s3, "tenant", "2026-11-01")
    erased(s3, "person", "2026-11-02")
    erased(s3, "member", "2020-01-01")
    found = look()
    assert {one["kind"] for one in found.erasures["prod"]} == {"tenant", "person"}
    item = erasures(found, STACKS, left("initech"))
    assert item.state is State.PASSED
    assert "prod: 1 person, 1 tenant in the erasure ledger" in item.summary
    assert "0" * 64 not in json.dumps(dict(item.documents))


def test_leaving_that_no_ledger_notes_fails(s3: Any) -> None:
    assert s3
    item = erasures(look(), STACKS, left("initech"))
    assert item.state is State.FAILED
    assert "prod: 1 pool customer left by their records, and 0 removals stand in its ledger" in item.summary


def test_a_removal_in_another_stack_does_not_stand_for_one(s3: Any) -> None:
    erased(s3, "tenant", "2026-11-01", bucket="prod-acme")
    assert erasures(look(), STACKS, left("initech")).state is State.FAILED


def test_leaving_a_stack_that_was_not_asked_for_fails_nothing(s3: Any) -> None:
    assert s3
    assert erasures(look(), ("prod-acme",), left("initech")).state is State.PASSED


def test_a_document_that_is_of_another_stack_than_its_bucket_shows_nothing(s3: Any) -> None:
    put(s3, "prod-acme", "evidence/drills/20261120T030000Z.json", {**DRILL, "stack": "../../prod"})
    found = look()
    assert found.drills.get("prod-acme") is None
    assert "is of ../../prod, not of prod-acme" in found.problems["drills", "prod-acme"]


def test_nothing_erased_is_no_occasion(s3: Any) -> None:
    assert s3
    assert erasures(look(), STACKS, NOBODY).state is State.NONE


@pytest.mark.parametrize("what", ["no ledger", "no bucket", "damaged", "no stack"])
def test_what_cannot_be_read_is_missing_and_never_passes(s3: Any, what: str) -> None:
    erased(s3, "tenant", "2026-11-01")
    if what == "no ledger":
        s3.delete_object(Bucket="prod-acme", Key="erasures/begun.json")
    elif what == "no bucket":
        for one in s3.list_objects_v2(Bucket="prod-acme")["Contents"]:
            s3.delete_object(Bucket="prod-acme", Key=one["Key"])
        s3.delete_bucket(Bucket="prod-acme")
    elif what == "damaged":
        put(s3, "prod-acme", "erasures/entries/20261101-tenant.json", b"{}")

    def known(stack: str) -> Place:
        if what == "no stack" and stack == "prod-acme":
            raise KeyError("filesBucketName")
        return place(stack)

    item = erasures(read(boto3.Session(), STACKS, known, SINCE, UNTIL), STACKS, left("initech"))
    assert item.state is State.MISSING
    assert any(one.startswith("prod-acme: ") for one in item.summary)


def test_drills_of_the_bucket_decide_with_those_of_the_folder(s3: Any, tmp_path: Any) -> None:
    put(s3, "prod", "evidence/drills/20261120T030000Z.json", DRILL)
    found = look()
    item = of_kind(tmp_path, "drills", SINCE, UNTIL, [("prod", "")], live=found.drills["prod"])
    assert (item.state, list(item.documents)) == (
        State.PASSED,
        ["recorded/drills/prod-2026-11-20T030000+0000.json"],
    )
    put(
        s3,
        "prod",
        "evidence/drills/20261121T030000Z.json",
        {**DRILL, "writtenAt": "2026-11-21T03:00:00+00:00", "good": False},
    )
    worse = of_kind(tmp_path, "drills", SINCE, UNTIL, [("prod", "")], live=look().drills["prod"])
    assert worse.state is State.FAILED


def test_restores_of_the_bucket_decide_by_the_newest_and_none_is_no_occasion(s3: Any, tmp_path: Any) -> None:
    def item() -> Any:
        return of_kind(tmp_path, "restores", SINCE, UNTIL, [(one, "") for one in STACKS], live=look().restores["prod"])

    assert item().state is State.NONE
    restored = {"stack": "prod", "tenant": "initech", "at": "2026-11-01T09:30:00+00:00", "good": False, "problem": "no"}
    put(s3, "prod", "evidence/restores/1.json", {**restored, "writtenAt": "2026-11-20T03:00:00+00:00"})
    assert item().state is State.FAILED
    assert item().summary == ("prod, initech: 2026-11-20: failed: no (1 in this period)",)
    put(s3, "prod", "evidence/restores/2.json", {**restored, "good": True, "writtenAt": "2026-11-20T04:00:00+00:00"})
    assert item().state is State.PASSED


def test_drills_outside_the_period_show_nothing(s3: Any) -> None:
    put(s3, "prod", "evidence/drills/20200101T030000Z.json", {**DRILL, "writtenAt": "2020-01-01T03:00:00+00:00"})
    assert look().drills["prod"] == []
    assert date(2020, 1, 1) < SINCE
