"""An export is read again to the last byte, and no manifest's word is taken for anything."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.problems import ProblemsError
from operations.tenant.handover.reading import Wanted, verify_export
from tests.operations.tenant.handover.exports import TENANT_ID, ExportsBucket, changed, export_of, rows_of, zipped

NOW = datetime.now(UTC)
WANTED = Wanted(tenant="acme", region="eu-west-1", allowed_regions=("eu-west-1", "eu-north-1"))


def read(files: dict[str, bytes], bucket: ExportsBucket | None = None, wanted: Wanted = WANTED) -> Any:
    bucket = bucket or ExportsBucket()
    return verify_export(bucket, bucket.put("acme/20261126T093000Z", files), wanted, datetime.now(UTC))


def refused(files: dict[str, bytes], bucket: ExportsBucket | None = None, wanted: Wanted = WANTED) -> str:
    with pytest.raises(ProblemsError) as caught:
        read(files, bucket, wanted)
    return str(caught.value.problems[0])


def test_whole_export_is_reported_by_what_lies_in_it() -> None:
    found = read(export_of("acme"))
    assert (found.tenant_id, found.files) == (TENANT_ID, 1)
    assert found.rows == {name: len(rows) for name, rows in rows_of("acme").items()}
    assert found.digest == json.loads(export_of("acme")["manifest.json"])["digest"]


def test_manifest_made_by_hand_is_no_export() -> None:
    assert "no manifest of an export" in refused({"manifest.json": b'{"complete": true, "tenant": "acme"}'})
    by_hand = {"format": "workbuoy-export", "version": 1, "complete": True, "tenant": "acme", "region": "eu-west-1"}
    assert "when it was made" in refused({"manifest.json": json.dumps(by_hand).encode()})
    moment = NOW.isoformat()
    by_hand |= {"made_at": moment, "frozen_at": moment, "archives": [], "tables": {}, "files": 0, "digest": "d"}
    assert "its digest is of other content" in refused({"manifest.json": json.dumps(by_hand).encode()})


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"complete": False}, "did not end"),
        ({"tenant": "globex"}, "an export of globex, not of acme"),
        ({"region": "us-east-1"}, "was made in us-east-1"),
        ({"frozen_at": None}, "went on writing"),
        ({"made_at": (NOW - timedelta(days=8)).isoformat()}, "older than 7 days"),
        ({"made_at": (NOW + timedelta(days=1)).isoformat()}, "a clock is off"),
        ({"made_at": "yesterday"}, "when it was made"),
        ({"archives": [{"name": "../rows.zip", "size_bytes": 1}]}, "does not name its archives"),
        ({"digest": "0" * 64}, "its digest is of other content"),
        ({"files": 2}, "holds 1 files"),
        ({"tenant_id": "another"}, "its digest is of other content"),
    ],
)
def test_manifest_that_says_otherwise_is_refused(values: dict[str, Any], why: str) -> None:
    frozen = {"frozen_at": (NOW - timedelta(days=9)).isoformat()} if "made_at" in values else {}
    assert why in refused(changed(export_of("acme"), **frozen, **values))


def test_export_in_a_region_that_residency_forbids_is_refused_whatever_it_says() -> None:
    assert "lies in us-east-1, which acme's residency does not allow" in refused(
        export_of("acme"), ExportsBucket("us-east-1")
    )


def test_file_that_was_changed_left_out_or_doubled_is_named() -> None:
    assert "invoice.pdf is not the file that its row says" in refused(export_of("acme", content=b"another invoice"))
    without = {**export_of("acme"), "files-001.zip": zipped({})}
    size = {"name": "files-001.zip", "size_bytes": len(without["files-001.zip"])}
    archives = [json.loads(without["manifest.json"])["archives"][0], size]
    assert "1 are missing" in refused(changed(without, archives=archives))


def test_archive_that_is_missing_or_cut_off_is_named() -> None:
    files = export_of("acme")
    missing = {name: body for name, body in files.items() if name != "files-001.zip"}
    assert "files-001.zip cannot be read: NoSuchKey" in refused(missing)
    assert "rows.zip is damaged" in refused({**files, "rows.zip": files["rows.zip"][:100]})


def test_export_in_a_bucket_that_goes_with_the_stack_is_refused() -> None:
    ending_buckets = Wanted(
        tenant="acme", region="eu-west-1", allowed_regions=("eu-west-1",), ending_buckets=("exports",)
    )
    assert "goes with the stack" in refused(export_of("acme"), wanted=ending_buckets)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_byte_of_rows_is_overlooked(place: int, by: int) -> None:
    files = export_of("acme")
    body = bytearray(files["rows.zip"])
    at = place % len(body)
    body[at] ^= by
    try:
        found = read({**files, "rows.zip": bytes(body)})
    except ProblemsError:
        return
    # What no program for archives reads (times, attributes) may differ; everything that was counted is as it was.
    assert found.digest == json.loads(files["manifest.json"])["digest"]
    assert hashlib.sha256(bytes(body)).hexdigest() != hashlib.sha256(files["rows.zip"]).hexdigest()
