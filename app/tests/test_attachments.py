"""Attachments: in the database, and in a bucket."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import tracemalloc
import urllib.request
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.service import Service, attach, make_thing
from workbuoy_app import aws, logs, storage
from workbuoy_app.settings import MIB, Settings, StorageSettings
from workbuoy_app.storage import ObjectStorage, Reading, presigned

CONTENT = bytes(range(256)) * 4096 * 20  # 20 MiB: three parts to a bucket, twenty chunks in the database


def objects(settings: Settings) -> list[dict[str, Any]]:
    """What the bucket holds."""
    assert settings.storage is not None
    found = aws.storage_client(settings.storage).list_objects_v2(Bucket=settings.storage.bucket)
    return list(found.get("Contents", []))


@pytest.mark.lengthy
@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, len(CONTENT)])
def test_content_in_the_database_comes_back_as_it_went_in(either_service: Service, size: int) -> None:
    browser = either_service.browser()
    thing = make_thing(browser)
    answer = attach(browser, thing["id"], CONTENT[:size], "båt.bin", "application/x-thing")
    assert answer.status_code == 201, answer.text
    attachment = answer.json()
    assert attachment["size_bytes"] == size
    assert attachment["sha256"] == hashlib.sha256(CONTENT[:size]).hexdigest()
    path = f"/api/things/{thing['id']}/attachments/{attachment['id']}"
    assert browser.get(path).json() == attachment
    download = browser.get(f"{path}/content")
    assert download.content == CONTENT[:size]
    assert download.headers["content-type"] == "application/x-thing"
    assert "filename*=UTF-8''b%C3%A5t.bin" in download.headers["content-disposition"]
    assert download.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in download.headers["content-security-policy"]


@pytest.mark.lengthy
@pytest.mark.parametrize("size", [0, 100, 8 * MIB, 8 * MIB + 1, len(CONTENT)])
def test_content_in_a_bucket_comes_back_through_a_signed_address(bucket_service: Service, size: int) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    attachment = attach(browser, thing["id"], CONTENT[:size], "båt.bin").json()
    assert attachment["sha256"] == hashlib.sha256(CONTENT[:size]).hexdigest()
    redirect = browser.get(f"/api/things/{thing['id']}/attachments/{attachment['id']}/content")
    assert redirect.status_code == 307
    with urllib.request.urlopen(redirect.headers["location"]) as download:
        assert download.read() == CONTENT[:size]
        assert download.headers["content-type"] == "text/plain"
    (stored,) = objects(bucket_service.settings)
    tenant = browser.get("/api/me").json()["tenant_id"]
    assert stored["Key"] == f"tenants/{tenant}/{attachment['id']}"


def test_a_signed_address_is_short_lived_and_of_version_four(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    attachment = attach(browser, thing["id"], b"x").json()
    redirect = browser.get(f"/api/things/{thing['id']}/attachments/{attachment['id']}/content")
    query = parse_qs(urlsplit(redirect.headers["location"]).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["300"]
    assert redirect.headers["cache-control"] == "no-store"


def test_a_signed_address_says_for_whom_it_was_signed_and_the_log_line_says_the_same(
    bucket_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    browser = bucket_service.browser()
    thing = make_thing(browser)
    attachment = attach(browser, thing["id"], b"x").json()
    capsys.readouterr()
    redirect = browser.get(f"/api/things/{thing['id']}/attachments/{attachment['id']}/content")
    query = parse_qs(urlsplit(redirect.headers["location"]).query)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [one for one in lines if one.get("object")]
    assert query["x-workbuoy-request"] == [line["request_id"]] == [redirect.headers["x-request-id"]]
    assert query["x-workbuoy-member"] == [line["member"]]
    assert line["object"] == f"tenants/{line['tenant']}/{attachment['id']}"


def test_who_reads_is_under_the_signature_and_of_that_address_alone() -> None:
    storage = StorageSettings(
        bucket="workbuoy-x", region="eu-west-1", access_key_id="a", secret_access_key="b"
    )
    client = aws.storage_client(storage)
    named, other = (
        presigned(client, {"Bucket": "workbuoy-x", "Key": "k"}, Reading("request-1", member))
        for member in ("one", "two")
    )
    plain = client.generate_presigned_url("get_object", Params={"Bucket": "workbuoy-x", "Key": "k"})
    signatures = {parse_qs(urlsplit(one).query)["X-Amz-Signature"][0] for one in (named, other, plain)}
    assert len(signatures) == 3
    assert "x-workbuoy" not in plain


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "eu-north-1"])
def test_without_an_endpoint_addresses_are_signed_for_the_region_itself(region: str) -> None:
    storage = StorageSettings(bucket="workbuoy-x", region=region, access_key_id="a", secret_access_key="b")
    address = aws.storage_client(storage).generate_presigned_url(
        "get_object", Params={"Bucket": "workbuoy-x", "Key": "k"}
    )
    parts = urlsplit(address)
    assert parts.netloc == f"workbuoy-x.s3.{region}.amazonaws.com"
    assert f"%2F{region}%2Fs3%2Faws4_request" in parts.query


def test_deleting_an_attachment_deletes_its_object(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    first = attach(browser, thing["id"], b"one").json()
    attach(browser, thing["id"], b"two")
    assert browser.delete(f"/api/things/{thing['id']}/attachments/{first['id']}").status_code == 204
    assert len(objects(bucket_service.settings)) == 1
    assert browser.delete(f"/api/things/{thing['id']}").status_code == 204
    assert objects(bucket_service.settings) == []


def test_a_checksum_that_the_client_names_is_checked(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    address = f"/api/things/{thing['id']}/attachments?name=a"
    right = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    refused = browser.post(address, content=b"content", headers={"Content-Digest": f"sha-256=:{wrong}:"})
    assert refused.status_code == 422
    assert objects(bucket_service.settings) == []
    assert browser.get(f"/api/things/{thing['id']}/attachments").json() == {"items": []}
    stored = browser.post(address, content=b"content", headers={"Content-Digest": f"sha-256=:{right}:"})
    assert stored.status_code == 201


@pytest.mark.lengthy
def test_a_thing_has_at_most_a_hundred_attachments(service: Service) -> None:
    browser = service.browser()
    thing = make_thing(browser)
    for _ in range(100):
        assert attach(browser, thing["id"], b"").status_code == 201
    assert attach(browser, thing["id"], b"").status_code == 409
    assert len(browser.get(f"/api/things/{thing['id']}/attachments").json()["items"]) == 100


def test_an_attachment_of_another_thing_is_not_found_under_this_one(service: Service) -> None:
    browser = service.browser()
    one, other = make_thing(browser), make_thing(browser)
    attachment = attach(browser, one["id"], b"x").json()
    path = f"/api/things/{other['id']}/attachments/{attachment['id']}"
    assert browser.get(path).status_code == 404
    assert browser.get(f"{path}/content").status_code == 404
    assert browser.delete(path).status_code == 404


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a\nb", "a\0b", "x" * 201])
def test_a_name_that_could_be_a_path_is_refused(shared_service: Service, name: str) -> None:
    browser = shared_service.browser()
    assert attach(browser, make_thing(browser)["id"], b"x", name).status_code == 422


@pytest.mark.parametrize(
    "kind", ["text", "text/", "/plain", "te xt/plain", "text/plain\r\nX: y", "a/" + "b" * 99]
)
def test_a_content_type_that_is_none_is_refused(shared_service: Service, kind: str) -> None:
    browser = shared_service.browser()
    try:
        status = attach(browser, make_thing(browser)["id"], b"x", kind=kind).status_code
    except ValueError:  # the client itself refuses a line break
        return
    assert status == 415


def test_of_an_upload_two_parts_are_in_memory_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []

    async def call(_: Any, __: str, ask: Any, **___: Any) -> Any:
        return ask(store)

    def upload_part(**part: Any) -> dict[str, str]:
        sent.append(len(part["Body"]))
        return {"ETag": "x"}

    store = Mock()
    store.upload_part = upload_part
    store.create_multipart_upload.return_value = {"UploadId": "x"}
    monkeypatch.setattr(storage, "PART_BYTES", MIB)
    monkeypatch.setattr(ObjectStorage, "_call", call)

    async def content() -> AsyncIterator[bytes]:
        for _ in range(16 * 20):
            yield bytes(MIB // 16)

    async def put() -> int:
        tracemalloc.start()
        try:
            await ObjectStorage(StorageSettings(bucket="b", region="eu-west-1")).put("key", content(), "a/b")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    greatest = asyncio.run(put())
    assert sent == [MIB] * 20
    assert greatest < 2.5 * MIB
