"""Files in a class that nobody can read at once are brought out of it first, and the journal says how long."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.promotion.scene import tenant_id
from tests.restore.conftest import AT, Past
from workbuoy_app.promotion.bucket import Bucket, InArchive
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.restore import stack
from workbuoy_app.restore.objects import FilesWait

pytestmark = pytest.mark.lengthy


@pytest.fixture
def slow_archive(moto: str) -> Iterator[str]:
    """S3 takes its time: whoever looks the first time after asking finds it under way, and then done."""
    _transition(moto, "set", {"progression": "manual", "times": 0})
    yield moto
    _transition(moto, "unset")


def _transition(moto: str, what: str, transition: dict[str, Any] | None = None) -> None:
    body = {"model_name": "s3::keyrestore", **({"transition": transition} if transition else {})}
    address = f"{moto}/moto-api/state-manager/{what}-transition"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


def archive(past: Past, storage_class: str, number: int = 0) -> str:
    """What a lifecycle rule does to a file that nobody reads."""
    key = past.file_keys()[number]
    content = past.s3.get_object(Bucket=past.bucket, Key=key)["Body"].read()
    for one in past.s3.list_object_versions(Bucket=past.bucket, Prefix=key)["Versions"]:
        past.s3.delete_object(Bucket=past.bucket, Key=key, VersionId=one["VersionId"])
    past.s3.put_object(Bucket=past.bucket, Key=key, Body=content, StorageClass=storage_class)
    return key


def journal(past: Past) -> dict[str, Any]:
    key = f"restores/acme/{AT}/1/journal.json"
    found: dict[str, Any] = json.loads(past.s3.get_object(Bucket=past.bucket, Key=key)["Body"].read())
    return found


@pytest.mark.parametrize(
    ("storage_class", "takes"), [("GLACIER", "3 to 5 hours"), ("DEEP_ARCHIVE", "12 hours")]
)
def test_an_archived_file_is_asked_for_waited_for_and_then_brought_back(
    past: Past, slow_archive: str, storage_class: str, takes: str
) -> None:
    assert slow_archive
    files = past.files()
    key = archive(past, storage_class)
    past.damage_rows()
    past.prepare()
    for _ in range(2):  # to ask again while S3 works is no harm
        with pytest.raises(FilesWait, match=f"1 files lie in an archive.*takes {takes}"):
            past.restore()
    waits = journal(past)["waits"]
    assert (waits["tiers"], waits["takes"]) == ({storage_class: 1}, takes)
    assert past.sql("select * from freezes") == [], "nobody is frozen while S3 works"
    told = past.restore()
    assert past.content() == past.acme
    assert past.files() == files
    assert told["files"]["again"] == 1
    newest = past.s3.head_object(Bucket=past.bucket, Key=key)
    assert "StorageClass" not in newest, "a copy out of an archive is there for some days only"


def test_the_longest_of_several_archives_is_reported(past: Past, slow_archive: str) -> None:
    assert slow_archive
    archive(past, "DEEP_ARCHIVE", 0)
    archive(past, "GLACIER", 1)
    past.prepare()
    with pytest.raises(FilesWait, match=r"2 files .*\(DEEP_ARCHIVE, GLACIER\).*takes 12 hours"):
        stack.bring_files(past.settings)


def test_a_version_that_can_be_read_at_once_is_taken_before_an_archived_one(
    past: Past, slow_archive: str
) -> None:
    assert slow_archive
    key = past.file_keys()[0]
    content = past.s3.get_object(Bucket=past.bucket, Key=key)["Body"].read()
    past.s3.put_object(Bucket=past.bucket, Key=key, Body=content, StorageClass="GLACIER")
    past.prepare()
    assert stack.bring_files(past.settings)["again"] == 1


def test_a_lost_file_is_reported_before_anybody_waits_for_an_archived_one(
    past: Past, slow_archive: str
) -> None:
    assert slow_archive
    archive(past, "GLACIER", 1)
    key = past.file_keys()[0]
    for one in past.s3.list_object_versions(Bucket=past.bucket, Prefix=key)["Versions"]:
        past.s3.delete_object(Bucket=past.bucket, Key=key, VersionId=one["VersionId"])
    past.prepare()
    with pytest.raises(PromotionRefused, match="1 files have no version any more"):
        past.restore()


class Refusing:
    """S3's answers where Intelligent-Tiering archived an object; moto has no such tier."""

    def __init__(self, tier: str) -> None:
        self.tier, self.asked = tier, list[dict[str, Any]]()

    def get_object(self, **_: Any) -> Any:
        from botocore.exceptions import ClientError

        told: Any = {
            "Error": {"Code": "InvalidObjectState"},
            "AccessTier": self.tier,
            "StorageClass": "INTELLIGENT_TIERING",
        }
        raise ClientError(told, "GetObject")

    def restore_object(self, **asked: Any) -> None:
        self.asked.append(asked["RestoreRequest"])


@pytest.mark.parametrize(("tier", "for_days"), [("DEEP_ARCHIVE_ACCESS", False), ("DEEP_ARCHIVE", True)])
def test_a_tier_of_intelligent_tiering_is_left_for_good_and_a_class_for_some_days(
    past: Past, tier: str, for_days: bool
) -> None:
    assert past.settings.storage is not None
    bucket, refusing = Bucket(past.settings.storage), Refusing(tier)
    bucket.client = refusing
    with pytest.raises(InArchive) as archived:
        bucket.sum(f"tenants/{tenant_id(past.settings)}/x", "1")
    bucket.fetch_from_archive("x", "1", archived.value.tier)
    (asked,) = refusing.asked
    assert ("Days" in asked, asked["GlacierJobParameters"]) == (for_days, {"Tier": "Standard"})
