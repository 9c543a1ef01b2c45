"""An export read again, from its manifest to the last byte of its last file: nobody's word is taken for it.

What is checked stands in docs/export-format.md. Everything is computed anew from what lies in the bucket; the digest
that comes of it is compared with what the manifest says, and by who removes, with what the database holds.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final

from infra.problems import Problem, ProblemsError
from operations.tenant.handover.ranged import opened

FORMAT, VERSION = "workbuoy-export", 1
LARGEST_MANIFEST_BYTES: Final = 16 * 1024 * 1024
MOST_AGE: Final = timedelta(days=7)
CLOCKS_DIFFER: Final = timedelta(minutes=5)
PIECE_BYTES: Final = 1 << 20
_ADDRESS: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+/)manifest\.json")
_ARCHIVE: Final = re.compile(r"(rows|files-\d{3,})\.zip")
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whose export it has to be, where it may lie and in which region it was made; `ending_buckets` go with a stack."""

    tenant: str
    region: str
    allowed_regions: Collection[str]
    ending_buckets: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class VerifiedExport:
    """What lies there."""

    address: str
    tenant_id: str
    digest: str
    made_at: datetime
    rows: Mapping[str, int]
    files: int


def is_of(found: VerifiedExport, counted: Mapping[str, Any]) -> bool:
    """Whether an export is of what a task counted, to the row: one of another day is another customer's."""
    rows = {name: rows for name, rows in counted["rows"].items() if name in found.rows}
    return (found.digest, found.tenant_id) == (counted["digest"], counted["tenant_id"]) and rows == dict(found.rows)


@dataclass
class _Found:
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    attachments: dict[str, tuple[int, str]] = field(default_factory=dict)
    objects: Any = field(default_factory=hashlib.sha256)
    object_count: int = 0
    object_bytes: int = 0
    files: int = 0

    @property
    def object_sum(self) -> dict[str, Any]:
        return {"objects": self.object_count, "size_bytes": self.object_bytes, "sha256": self.objects.hexdigest()}


def verify_export(s3: Any, address: str, wanted: Wanted, now: datetime) -> VerifiedExport:
    """Read an export whole.

    Raises ProblemsError for one that is missing, unfinished, of another customer, another time or another place, or
    holds anything but what its manifest says; botocore's errors where AWS refuses anything but the manifest.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise _problem(address, "must read like s3://BUCKET/NAME/TIME/manifest.json")
    bucket, folder = match["bucket"], match["key"]
    if bucket in wanted.ending_buckets:
        raise _problem(address, "lies in a bucket that goes with the stack; copy the export elsewhere first")
    manifest = _manifest(s3, address, bucket, f"{folder}manifest.json")
    made_at = _expect_own(address, manifest, wanted, now)
    _expect_region(s3, address, bucket, wanted)
    found = _Found()
    for archive in _archives(address, manifest):
        _read_archive(s3, (bucket, folder), archive, address, found)
    return _compared(address, manifest, made_at, found)


def _manifest(s3: Any, address: str, bucket: str, key: str) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        content = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read(LARGEST_MANIFEST_BYTES))
    except ClientError as error:
        raise _problem(address, f"cannot be read: {error.response['Error']['Code']}") from None
    except (BotoCoreError, OSError) as error:
        raise _problem(address, f"cannot be read: {' '.join(str(error).split())}") from None
    except ValueError:
        raise _problem(address, "is no JSON; name the export's manifest.json") from None
    if not isinstance(content, Mapping) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
        raise _problem(address, "is no manifest of an export: `workbuoy tenant export` makes one")
    return content


def _expect_own(address: str, manifest: Mapping[str, Any], wanted: Wanted, now: datetime) -> datetime:
    if manifest.get("complete") is not True:
        raise _problem(address, "is of an export that did not end; export again")
    if manifest.get("tenant") != wanted.tenant:
        raise _problem(address, f"is an export of {manifest.get('tenant')}, not of {wanted.tenant}")
    if manifest.get("region") != wanted.region:
        raise _problem(address, f"was made in {manifest.get('region')}, and {wanted.tenant} is in {wanted.region}")
    try:
        made_at = datetime.fromisoformat(str(manifest["made_at"])).astimezone(UTC)
        frozen_at = datetime.fromisoformat(manifest["frozen_at"]) if manifest["frozen_at"] else None
        late = frozen_at is not None and frozen_at.astimezone(UTC) > made_at + CLOCKS_DIFFER
    except (KeyError, ValueError, TypeError):
        raise _problem(address, "does not say when it was made") from None
    if frozen_at is None or late:
        raise _problem(address, f"was made while {wanted.tenant} went on writing; freeze it, then export again")
    if made_at > now + CLOCKS_DIFFER:
        raise _problem(address, f"was made at {made_at:%Y-%m-%d %H:%M} UTC, which is to come: a clock is off")
    if made_at < now - MOST_AGE:
        raise _problem(address, f"is of {made_at:%Y-%m-%d}, older than {MOST_AGE.days} days; export again")
    return made_at


def _expect_region(s3: Any, address: str, bucket: str, wanted: Wanted) -> None:
    """Where the bucket is, as S3 says; a manifest could say anything."""
    region = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "")
    if region not in wanted.allowed_regions:
        where = region or "a region that S3 does not tell"
        raise _problem(address, f"lies in {where}, which {wanted.tenant}'s residency does not allow")


def _archives(address: str, manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = manifest.get("archives")
    if not isinstance(listed, list) or not all(
        isinstance(one, Mapping) and _ARCHIVE.fullmatch(str(one.get("name"))) and isinstance(one.get("size_bytes"), int)
        for one in listed
    ):
        raise _problem(address, "does not name its archives; export again")
    # Rows first: they say what the files must be.
    return sorted(listed, key=lambda one: (one["name"] != "rows.zip", one["name"]))


def _read_archive(s3: Any, folder: tuple[str, str], archive: Mapping[str, Any], address: str, found: _Found) -> None:
    from botocore.exceptions import ClientError

    (bucket, prefix), name = folder, archive["name"]
    try:
        with zipfile.ZipFile(opened(s3, bucket, prefix + name, archive["size_bytes"])) as whole:
            for entry in whole.infolist():
                with whole.open(entry) as file:
                    _read_entry(entry.filename, file, address, found)
    except ClientError as error:
        raise _problem(address, f"{name} cannot be read: {error.response['Error']['Code']}") from None
    except _DAMAGED as error:
        raise _problem(address, f"{name} is damaged ({error}); export again") from None


def _read_entry(name: str, file: IO[bytes], address: str, found: _Found) -> None:
    kind, _, rest = name.partition("/")
    if kind == "rows":
        _read_rows(rest.removesuffix(".jsonl"), file, found)
    elif kind == "files":
        _, attachment, *_ = [*rest.split("/"), ""]
        if found.attachments.pop(attachment, None) != _sum(file):
            raise _problem(address, f"{name} is not the file that its row says, or a second one; export again")
        found.files += 1


def _read_rows(table: str, file: IO[bytes], found: _Found) -> None:
    hashed, rows = hashlib.sha256(), 0
    for line in file:
        hashed.update(line)
        rows += 1
        if table == "attachments":
            row = json.loads(line)
            found.attachments[row["id"]] = (row["size_bytes"], row["sha256"])
            if row["object_key"] is not None:
                found.objects.update(f"{row['object_key']} {row['size_bytes']} {row['sha256']}\n".encode())
                found.object_count += 1
                found.object_bytes += row["size_bytes"]
    found.tables[table] = {"rows": rows, "sha256": hashed.hexdigest()}


def _sum(file: IO[bytes]) -> tuple[int, str]:
    hashed, size = hashlib.sha256(), 0
    while piece := file.read(PIECE_BYTES):
        hashed.update(piece)
        size += len(piece)
    return size, hashed.hexdigest()


def _compared(address: str, manifest: Mapping[str, Any], made_at: datetime, found: _Found) -> VerifiedExport:
    stated = manifest.get("tables")
    for name in sorted({*found.tables, *(stated if isinstance(stated, Mapping) else {})}):
        here, there = found.tables.get(name), stated.get(name) if isinstance(stated, Mapping) else None
        if here != there:
            rows = here["rows"] if here else "no"
            raise _problem(address, f"holds {rows} rows of {name}, otherwise than it says; export again")
    if found.attachments or found.files != manifest.get("files"):
        raise _problem(address, f"holds {found.files} files, and {len(found.attachments)} are missing; export again")
    content = {name: manifest.get(name) for name in ("tenant_id", "tenant", "schema_revision")}
    content |= {"tables": found.tables, "objects": found.object_sum}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    if digest != manifest.get("digest") or manifest.get("objects") != found.object_sum:
        raise _problem(address, "was changed after the export: its digest is of other content; export again")
    return VerifiedExport(
        address=address,
        tenant_id=str(manifest["tenant_id"]),
        digest=digest,
        made_at=made_at,
        rows={name: one["rows"] for name, one in found.tables.items()},
        files=found.files,
    )


def _problem(address: str, message: str) -> ProblemsError:
    return ProblemsError([Problem(path="--export", message=f"{address}: {message}")])
