"""An export as `workbuoy-app tenant hand-over` writes it (app/tests/handover), made here by the document alone."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

TENANT_ID = "01a20513-71fe-70a5-b661-5feb598c8d5d"
CONTENT = b"an invoice"
THING = "0190aaaa-0000-7000-8000-000000000001"
ATTACHMENT = "0190aaaa-0000-7000-8000-000000000002"


def line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def rows_of(tenant: str) -> dict[str, list[dict[str, Any]]]:
    """By table."""
    return {
        "tenants": [{"id": TENANT_ID, "name": tenant}],
        "things": [{"tenant_id": TENANT_ID, "id": THING, "title": "Årsmøte"}],
        "attachments": [
            {
                "tenant_id": TENANT_ID,
                "id": ATTACHMENT,
                "thing_id": THING,
                "name": "invoice.pdf",
                "size_bytes": len(CONTENT),
                "sha256": hashlib.sha256(CONTENT).hexdigest(),
                "object_key": f"tenants/{TENANT_ID}/{ATTACHMENT}",
            }
        ],
    }


def export_of(tenant: str, *, made_at: datetime | None = None, content: bytes = CONTENT) -> dict[str, bytes]:
    """Every file of it by its name; `content` is what lies in the archive of files."""
    tables, text = {}, {name: b"".join(map(line, rows)) for name, rows in rows_of(tenant).items()}
    for name, whole in text.items():
        tables[name] = {"rows": whole.count(b"\n"), "sha256": hashlib.sha256(whole).hexdigest()}
    attachment = rows_of(tenant)["attachments"][0]
    summed = f"{attachment['object_key']} {attachment['size_bytes']} {attachment['sha256']}\n".encode()
    objects = {"objects": 1, "size_bytes": len(CONTENT), "sha256": hashlib.sha256(summed).hexdigest()}
    archives = {
        "rows.zip": zipped({f"rows/{name}.jsonl": whole for name, whole in text.items()} | {"README.txt": b"..."}),
        "files-001.zip": zipped({f"files/{THING}/{ATTACHMENT}/invoice.pdf": content}),
    }
    told = {"tenant_id": TENANT_ID, "tenant": tenant, "schema_revision": "0011", "tables": tables, "objects": objects}
    moment = (made_at or datetime.now(UTC)).isoformat(timespec="seconds")
    manifest = {
        "format": "workbuoy-export",
        "version": 1,
        "complete": True,
        **told,
        "digest": hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
        "region": "eu-west-1",
        "made_at": moment,
        "frozen_at": moment,
        "files": 1,
        "archives": [{"name": name, "size_bytes": len(body)} for name, body in archives.items()],
    }
    return {"manifest.json": json.dumps(manifest).encode(), **archives}


def changed(files: dict[str, bytes], /, **values: Any) -> dict[str, bytes]:
    """The same with other values in its manifest; None takes one out."""
    manifest = json.loads(files["manifest.json"]) | values
    kept = {name: value for name, value in manifest.items() if value is not None or name == "frozen_at"}
    return {**files, "manifest.json": json.dumps(kept).encode()}


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive of these."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return stream.getvalue()


class ExportsBucket:
    """In place of S3: one bucket in one region, whose objects can be read in ranges."""

    def __init__(self, region: str = "eu-west-1") -> None:
        self.region = region
        self.objects: dict[str, bytes] = {}

    def put(self, folder: str, files: dict[str, bytes]) -> str:
        """Gives the manifest's address."""
        self.objects |= {f"{folder}/{name}": body for name, body in files.items()}
        return f"s3://exports/{folder}/manifest.json"

    def get_object(self, *, Bucket: str, Key: str, Range: str = "") -> dict[str, Any]:  # noqa: N803  boto3's names
        from botocore.exceptions import ClientError

        if (body := self.objects.get(Key)) is None:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Bucket}}, "GetObject")
        if Range:
            first, _, last = Range.removeprefix("bytes=").partition("-")
            body = body[int(first) : int(last) + 1]
        return {"Body": io.BytesIO(body)}

    def head_bucket(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket
        return {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": self.region}}}
