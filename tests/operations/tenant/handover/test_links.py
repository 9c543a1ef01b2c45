"""Addresses of a customer's newest export, found wherever the image writes one."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from operations.tenant.handover.links import links_of, person_folder, signing_client
from tests.conftest import ROOT
from tests.quick_moto import quick_moto

MEMBER = "0193a000-0000-7000-8000-000000000001"
MADE = datetime(2026, 11, 26, 9, 30, 0, 120, tzinfo=UTC)


def folder_of(file: str) -> str:
    """A folder of an export, called as the image calls it."""
    source = (ROOT / "app/workbuoy_app" / file).read_text(encoding="utf-8")
    (form,) = re.findall(r"/\{made_at:([^}]+)\}", source)
    return f"{MADE:{form}}"


@pytest.fixture
def s3() -> Iterator[Any]:
    with quick_moto():
        found = signing_client("eu-west-1")
        found.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield found


def put(s3: Any, folder: str, made_at: str = "2026-11-26T09:30:00+00:00") -> None:
    body = json.dumps({"made_at": made_at, "archives": [{"name": "rows.zip"}]}).encode()
    s3.put_object(Bucket="exports", Key=f"{folder}/manifest.json", Body=body)


def test_an_export_under_the_name_that_the_image_gives_it_is_found_and_the_newest_one_at_that(s3: Any) -> None:
    put(s3, "acme/20261120T093000Z", "an older one")
    put(s3, f"acme/{folder_of('handover/export.py')}")
    put(s3, f"{person_folder('acme', MEMBER)}/{folder_of('person/export.py')}", "one person's")
    put(s3, "acme-2/20261127T093000.000001Z", "another customer's")
    found = links_of(s3, "exports", "acme", 1)
    assert found is not None
    assert found["madeAt"] == "2026-11-26T09:30:00+00:00"
    assert [one["name"] for one in found["links"]] == ["manifest.json", "rows.zip"]
    begins = {one["address"].partition("?")[0].rpartition("/acme/")[0] for one in found["links"]}
    assert begins == {"https://exports.s3.eu-west-1.amazonaws.com"}
    assert all("X-Amz-Algorithm=AWS4-HMAC-SHA256" in one["address"] for one in found["links"]), "KMS takes no other"
    own = links_of(s3, "exports", person_folder("acme", MEMBER), 1)
    assert own is not None
    assert own["madeAt"] == "one person's"


def test_an_export_that_did_not_end_has_no_address(s3: Any) -> None:
    s3.put_object(Bucket="exports", Key=f"acme/{folder_of('handover/export.py')}/rows.zip", Body=b"x")
    assert links_of(s3, "exports", "acme", 1) is None
