"""Two buckets: streams in and out of them in parts, each failure reported with its key. Nothing touches the disk."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

from workbuoy_app.aws import storage_client
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.settings import MIB, Settings, StorageSettings
from workbuoy_app.storage import PART_BYTES

READ_TIMEOUT_SECONDS = 60  # a copy inside S3 answers when it is done: 1 GiB at most
PIECE_BYTES = MIB
AT_ONCE = 4  # objects; each holds two parts of 8 MiB at most
PAGE_OBJECTS = 200
FETCHED_DAYS = 7  # how long what S3 brought out of an archive can be read
_PLACE = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(imports/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))/?"
)
T = TypeVar("T")
# Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (ChecksumAlgorithm)
WITH_CHECKSUM = {"ChecksumAlgorithm": "CRC32"}
"""What S3 demands of every object that goes into a bucket with Object Lock."""
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


def for_each(items: Iterable[T], work: Callable[[T], object]) -> int:
    """Do `work` for a few at once, never knowing all; gives how many there were. Raises what `work` raises."""
    source, done = iter(items), 0
    with ThreadPoolExecutor(AT_ONCE) as several:
        while page := list(islice(source, PAGE_OBJECTS)):
            done += len(list(several.map(work, page)))
    return done


@dataclass(frozen=True)
class Sum:
    """Of content that has passed."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """An object's version, or the mark that says that it was deleted."""

    key: str
    id: str
    latest: bool
    deleted: bool
    size: int
    storage_class: str
    modified: datetime


class InArchive(PromotionRefused):
    """A version lies in an archive that nobody can read at once; `tier` is S3's name of it."""

    def __init__(self, message: str, tier: str) -> None:
        super().__init__(message)
        self.tier = tier


@dataclass(frozen=True)
class Place:
    """Where one tenant's export lies: `s3://BUCKET/imports/NAME/`."""

    bucket: str
    prefix: str
    tenant: str

    @property
    def manifest(self) -> str:
        """Its key: what was sent, and whether it was handed over."""
        return f"{self.prefix}/manifest.json"

    @property
    def receipt(self) -> str:
        """Its key: how far the place that takes the tenant has come."""
        return f"{self.prefix}/receipt.json"

    def object(self, attachment_id: UUID) -> str:
        """The key of an attachment's content."""
        return f"{self.prefix}/objects/{attachment_id}"


def place(address: str) -> Place:
    """Raises PromotionRefused for an address of another form."""
    if not (match := _PLACE.fullmatch(address)):
        raise PromotionRefused(f"{address} is not of the form s3://BUCKET/imports/TENANT/")
    return Place(*match.groups())


def own_storage(settings: Settings) -> StorageSettings:
    """This service's bucket. Raises PromotionRefused where there is none."""
    if settings.storage is None:
        raise PromotionRefused("S3_BUCKET is not set: tenants move through buckets.")
    return settings.storage


class Bucket:
    """A bucket, by a client that waits longer than the service's."""

    def __init__(
        self,
        settings: StorageSettings,
        name: str | None = None,
        region: str | None = None,
        *,
        locked: bool = False,
    ) -> None:
        settings = replace(settings, bucket=name or settings.bucket, region=region or settings.region)
        self.name = settings.bucket
        self.client = storage_client(settings, READ_TIMEOUT_SECONDS)
        self._sent = WITH_CHECKSUM if locked else {}

    def read(self, key: str, version: str = "") -> Iterator[bytes]:
        """An object's content, or a version's, piece by piece. Raises PromotionRefused."""
        named = {"VersionId": version} if version else {}
        with self._reporting_errors("read", key):
            body = self.client.get_object(Bucket=self.name, Key=key, **named)["Body"]
            yield from body.iter_chunks(PIECE_BYTES)

    def sum(self, key: str, version: str = "") -> Sum:
        """Read an object, or a version of it, for its size and checksum. Raises InArchive where it must wait."""
        hashed, size = hashlib.sha256(), 0
        for piece in self.read(key, version):
            hashed.update(piece)
            size += len(piece)
        return Sum(size, hashed.hexdigest())

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a compressed object. Raises PromotionRefused, also for a damaged one."""
        with self._reporting_errors("read", key):
            body = self.client.get_object(Bucket=self.name, Key=key)["Body"]
            try:
                yield from gzip.GzipFile(fileobj=body)
            except _DAMAGED:
                raise PromotionRefused(f"{key} is damaged. Export again.") from None

    def json(self, key: str) -> dict[str, Any] | None:
        """A small document; None where there is none, and an empty one where it is no JSON object."""
        from botocore.exceptions import ClientError  # loaded only where S3 is used

        with self._reporting_errors("read", key):
            try:
                body = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
            except ClientError as error:
                if _code(error) == "NoSuchKey":
                    return None
                raise
        try:
            document = json.loads(body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def put_json(self, key: str, document: dict[str, Any]) -> None:
        """Write a small document at once."""
        with self._reporting_errors("write", key):
            self.client.put_object(Bucket=self.name, Key=key, **_document(document))

    def put_new(self, key: str, document: dict[str, Any]) -> bool:
        """Write a small document where none is; False where there is one already."""
        from botocore.exceptions import ClientError  # loaded only where S3 is used

        with self._reporting_errors("write", key):
            try:
                self.client.put_object(
                    Bucket=self.name, Key=key, IfNoneMatch="*", **_document(document), **self._sent
                )
            except ClientError as error:
                if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict"):
                    return False
                raise
        return True

    def put(self, key: str, pieces: Iterable[bytes], content_type: str) -> Sum:
        """Store what comes, wholly or not at all; gives its sum."""
        hashed, size = hashlib.sha256(), 0
        with self.writing(key, content_type) as upload:
            for piece in pieces:
                hashed.update(piece)
                size += len(piece)
                upload.write(piece)
        return Sum(size, hashed.hexdigest())

    @contextmanager
    def writing(self, key: str, content_type: str) -> Iterator[Upload]:
        """An object under way, which is there when the block ends and not when it breaks off."""
        with self._reporting_errors("write", key):
            where = {"Bucket": self.name, "Key": key}
            upload = Upload(self.client, where, {"ContentType": content_type, **self._sent})
            try:
                yield upload
                upload.complete()
            except BaseException:
                upload.abort()
                raise

    def copy(self, source: str, key: str, content_type: str, version: str = "") -> str:
        """Inside S3, one version where it is named; gives the new object's version."""
        named = {"VersionId": version} if version else {}
        with self._reporting_errors(f"copy {source} to", key):
            answer = self.client.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": self.name, "Key": source, **named},
                ContentType=content_type,
                MetadataDirective="REPLACE",
            )
        return str(answer.get("VersionId", ""))

    def fetch_from_archive(self, key: str, version: str, tier: str) -> None:
        """Ask S3 to bring a version out of its archive; where it does so already, that is success.

        What Intelligent-Tiering archived moves back for good; of the other classes a copy can be read for some days.
        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
        """
        from botocore.exceptions import ClientError  # loaded only where S3 is used

        for_days = {} if tier.endswith("_ACCESS") else {"Days": FETCHED_DAYS}
        with self._reporting_errors("bring out of its archive", key):
            try:
                self.client.restore_object(
                    Bucket=self.name,
                    Key=key,
                    VersionId=version,
                    RestoreRequest={**for_days, "GlacierJobParameters": {"Tier": "Standard"}},
                )
            except ClientError as error:
                if _code(error) != "RestoreAlreadyInProgress":
                    raise

    def versions(self, prefix: str) -> Iterator[Version]:
        """Every version and delete marker below a prefix, by key, of each key the newest first."""
        with self._reporting_errors("list the versions of", prefix):
            for page in self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=prefix
            ):
                found = [_version(one, deleted=False) for one in page.get("Versions", [])]
                found += [_version(one, deleted=True) for one in page.get("DeleteMarkers", [])]
                yield from (one for _, one in sorted(found, key=itemgetter(0)))

    def keys(self, prefix: str) -> Iterator[str]:
        """What lies below a prefix."""
        with self._reporting_errors("list", prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            ):
                yield from (each["Key"] for each in page.get("Contents", []))

    def delete(self, key: str) -> None:
        """One that is not there is success."""
        with self._reporting_errors("delete", key):
            self.client.delete_object(Bucket=self.name, Key=key)

    @contextmanager
    def _reporting_errors(self, action: str, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # loaded only where S3 is used

        try:
            yield
        except ClientError as error:
            message = f"S3 does not let us {action} {self.name}/{key}: {_code(error)}"
            if _code(error) == "InvalidObjectState":
                raise InArchive(message, _tier(error)) from None
            raise PromotionRefused(message) from None
        except BotoCoreError as error:
            reason = type(error).__name__
            raise PromotionRefused(f"S3 did not answer ({action} {self.name}/{key}): {reason}") from None


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _tier(error: Any) -> str:
    """Of an InvalidObjectState: the tier of Intelligent-Tiering, else the storage class."""
    fields = {**error.response.get("Error", {}), **error.response}
    return str(fields.get("AccessTier") or fields.get("StorageClass") or "an archive")


def _document(document: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"
    return {"Body": text, "ContentType": "application/json"}


def _version(found: dict[str, Any], *, deleted: bool) -> tuple[tuple[str, bool, float], Version]:
    """One of a listing, and its place: S3 sends versions and delete markers apart."""
    place = (found["Key"], not found["IsLatest"], -found["LastModified"].timestamp())
    return place, Version(
        key=found["Key"],
        id=found["VersionId"],
        latest=found["IsLatest"],
        deleted=deleted,
        size=0 if deleted else found["Size"],
        storage_class="" if deleted else found.get("StorageClass", ""),
        modified=found["LastModified"],
    )


class Upload:
    """Takes bytes, sends them in parts of 8 MiB; in one request where there is but one part."""

    def __init__(self, client: Any, where: dict[str, str], sent: dict[str, str]) -> None:
        self._client, self._where, self._sent = client, where, sent
        self._checksum = {name: sent[name] for name in WITH_CHECKSUM if name in sent}
        self.version_id = ""
        self._waiting = bytearray()
        self._upload: dict[str, str] | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, content: bytes) -> int:
        """As a file's."""
        self._waiting += content
        while len(self._waiting) > PART_BYTES:
            self._send(PART_BYTES)
        return len(content)

    def flush(self) -> None:
        """As a file's; a part is sent when it is full."""

    def _send(self, length: int) -> None:
        if self._upload is None:
            begun = self._client.create_multipart_upload(**self._where, **self._sent)
            self._upload = {**self._where, "UploadId": begun["UploadId"]}
        number = len(self._parts) + 1
        body = bytes(memoryview(self._waiting)[:length])
        del self._waiting[:length]
        answer = self._client.upload_part(**self._upload, PartNumber=number, Body=body, **self._checksum)
        summed = {name: answer[name] for name in ("ETag", "ChecksumCRC32") if name in answer}
        self._parts.append({"PartNumber": number, **summed})

    def complete(self) -> None:
        """The object is there."""
        if self._upload is None:
            answer = self._client.put_object(**self._where, Body=bytes(self._waiting), **self._sent)
        else:
            self._send(len(self._waiting))
            parts = {"Parts": self._parts}
            answer = self._client.complete_multipart_upload(**self._upload, MultipartUpload=parts)
        self.version_id = str(answer.get("VersionId", ""))

    def abort(self) -> None:
        """Leave nothing; what cannot be taken away now goes with the bucket's rule for unfinished uploads."""
        from botocore.exceptions import BotoCoreError, ClientError  # loaded only where S3 is used

        if self._upload is not None:
            try:
                self._client.abort_multipart_upload(**self._upload)
            except (BotoCoreError, ClientError):
                return
