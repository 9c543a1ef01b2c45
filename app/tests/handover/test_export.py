"""An export is everything that a tenant has, and opens with `unzip` and `python -m json.tool` alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from botocore.client import BaseClient
from hypothesis import given
from hypothesis import strategies as st

from tests.promotion.scene import Scene, client, everything, refusing, rows, tenant_id
from workbuoy_app.handover import archives
from workbuoy_app.handover.export import LONGEST_NAME_BYTES, hand_over, path_of
from workbuoy_app.promotion.errors import PromotionRefused

pytestmark = pytest.mark.lengthy


def download(scene: Scene, manifest: dict[str, Any], folder: Path) -> Path:
    """Every archive, unzipped by `unzip`, and the manifest beside."""
    storage = scene.pool.storage
    assert storage is not None
    bucket, _, key = manifest["address"].removeprefix("s3://").partition("/")
    prefix = key.removesuffix("manifest.json")
    for name in ("manifest.json", *(one["name"] for one in manifest["archives"])):
        body = client(storage).get_object(Bucket=bucket, Key=prefix + name)["Body"].read()
        (folder / name).write_bytes(body)
        if name.endswith(".zip"):
            subprocess.run(["unzip", "-q", "-d", folder / "opened", folder / name], check=True)
    return folder / "opened"


@pytest.fixture(scope="module")
def manifest(handing_over: Scene) -> dict[str, Any]:
    """acme's."""
    return hand_over(handing_over.pool, "acme")


@pytest.fixture(scope="module")
def opened(handing_over: Scene, manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """acme's, unzipped."""
    return download(handing_over, manifest, tmp_path_factory.mktemp("acme"))


def lines(opened: Path, table: str) -> list[dict[str, Any]]:
    """A table's rows, as Python's own command for JSON reads them."""
    tool = [sys.executable, "-m", "json.tool", "--json-lines", "--compact", "--no-ensure-ascii"]
    file = opened / "rows" / f"{table}.jsonl"
    said = subprocess.run([*tool, str(file)], check=True, capture_output=True, text=True, encoding="utf-8")
    return [json.loads(line) for line in said.stdout.split("\n") if line]


def test_every_row_of_every_table_is_in_it(handing_over: Scene, opened: Path) -> None:
    for table, stored in everything(handing_over.pool).items():
        assert len(lines(opened, table)) == len(stored), table
    own = str(tenant_id(handing_over.pool))
    assert {row["tenant_id"] for row in lines(opened, "things")} == {own}


def test_every_file_lies_under_its_own_name_with_its_own_content(opened: Path) -> None:
    attachments = lines(opened, "attachments")
    found = {file.parent.name: file for file in (opened / "files").rglob("*") if file.is_file()}
    assert found.keys() == {row["id"] for row in attachments}
    for row in attachments:
        content = found[row["id"]].read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert found[row["id"]].parent.parent.name == row["thing_id"]
    assert "årsmøte 🛟.pdf" in {file.name for file in found.values()}


def test_manifest_counts_and_sums_what_the_archives_hold(opened: Path, manifest: dict[str, Any]) -> None:
    written = json.loads((opened.parent / "manifest.json").read_text())
    assert {**written, "address": manifest["address"]} == manifest
    assert written["complete"] is True
    assert written["region"] == "eu-west-1"
    assert written["frozen_at"]
    for name, each in written["tables"].items():
        text = (opened / "rows" / f"{name}.jsonl").read_bytes()
        assert (text.count(b"\n"), hashlib.sha256(text).hexdigest()) == (each["rows"], each["sha256"])
    for each in written["archives"]:
        content = (opened.parent / each["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each["size_bytes"], each["sha256"])
        assert each["version_id"]


def test_whoever_opens_it_finds_what_the_files_are(opened: Path) -> None:
    assert "rows/TABLE.jsonl" in (opened / "README.txt").read_text()


def test_tenant_that_goes_on_is_exported_without_being_frozen(handing_over: Scene) -> None:
    manifest = hand_over(handing_over.pool, "globex")
    assert manifest["frozen_at"] is None
    assert manifest["files"] == 3


def test_file_that_is_not_what_its_row_says_leaves_an_export_without_a_manifest(handing_over: Scene) -> None:
    key = rows(handing_over.pool, "select object_key from attachments where size_bytes = 1000 limit 1")[0][0]
    before = handing_over.content(handing_over.pool, key)
    handing_over.put(handing_over.pool, key, b"changed")
    tenant = rows(handing_over.pool, OWNER_OF, [key])[0][0]
    made_at = datetime.now(UTC)
    with pytest.raises(PromotionRefused, match="is not what its row says"):
        hand_over(handing_over.pool, tenant, now=lambda: made_at)
    handing_over.put(handing_over.pool, key, before)
    storage = handing_over.pool.storage
    assert storage is not None
    folder = f"{tenant}/{made_at:%Y%m%dT%H%M%S.%fZ}/"
    listed = client(storage).list_objects_v2(Bucket=handing_over.pool.exports_bucket, Prefix=folder)[
        "Contents"
    ]
    assert {one["Key"].removeprefix(folder) for one in listed} == {"rows.zip"}


@pytest.mark.parametrize("code", ["AccessDenied", "QuotaExceeded"])
def test_place_that_denies_or_is_full_is_named_and_the_same_command_exports_afterwards(
    handing_over: Scene, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", refusing(code))
        with pytest.raises(PromotionRefused, match=f"S3 does not let us .*: {code}"):
            hand_over(handing_over.pool, "globex", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    manifest = hand_over(handing_over.pool, "globex", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert manifest["address"].endswith("globex/20260101T000000.000000Z/manifest.json")
    storage = handing_over.pool.storage
    assert storage is not None
    for version in client(storage).list_object_versions(
        Bucket=handing_over.pool.exports_bucket, Prefix="globex/20260101T000000.000000Z/"
    )["Versions"]:
        where = {"Bucket": handing_over.pool.exports_bucket, "Key": version["Key"]}
        client(storage).delete_object(**where, VersionId=version["VersionId"], BypassGovernanceRetention=True)


OWNER_OF = "select t.name from tenants t join attachments a on a.tenant_id = t.id where a.object_key = %s"


def test_no_place_for_exports_is_one_line(handing_over: Scene) -> None:
    with pytest.raises(PromotionRefused, match="EXPORTS_BUCKET is not set"):
        hand_over(replace(handing_over.pool, exports_bucket=None), "acme")


def test_large_export_is_several_archives_that_open_alone(
    handing_over: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archives, "LARGEST_BYTES", 1500)
    manifest = hand_over(handing_over.pool, "acme")
    names = [one["name"] for one in manifest["archives"]]
    assert names[:3] == ["rows.zip", "files-001.zip", "files-002.zip"]
    download(handing_over, manifest, tmp_path)
    held = [len(ZipFile(tmp_path / name).namelist()) for name in names[1:]]
    assert sum(held) == manifest["files"]


@given(st.text(min_size=1, max_size=200))
def test_every_name_becomes_one_that_stays_in_its_folder(name: str) -> None:
    path = path_of({"thing_id": "thing", "id": "attachment", "name": name})
    last = path.removeprefix("files/thing/attachment/")
    assert path.startswith("files/thing/attachment/")
    assert last not in ("", ".", "..")
    assert "/" not in last
    assert len(last.encode()) <= LONGEST_NAME_BYTES
