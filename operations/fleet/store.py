"""Small objects in the backend that keeps the engine's state, written only by whoever saw what stands there.

S3 takes `If-None-Match: *` and `If-Match: ETAG` with a PutObject, so that of two writers one is refused. Ages are by
the clock of the store alone, since runners' clocks differ.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from operations.aws import error_code
from operations.engine.errors import MistakenError, UnreachableError

CONFLICTS: Final = 5
"""How often S3 may answer that another write of the same object is under way (409) before that counts as refused."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object: its content, the version that a replacement must name, and how long ago it was written."""

    body: bytes
    version: str
    age_seconds: float


class Store(Protocol):
    """Objects by key. Writes return the new version, or None where another write came first."""

    def read(self, key: str) -> Stored | None:
        """The object; None where there is none."""

    def create(self, key: str, body: bytes) -> str | None:
        """Write it where there is none."""

    def replace(self, key: str, body: bytes, version: str) -> str | None:
        """Write it over exactly this version."""


def open_store(address: str, region: str, profile: str | None = None) -> Store:
    """The store at a backend's address, `s3://BUCKET?region=...` or `file://FOLDER`.

    `profile` is of AWS's configuration; without one, whoever is signed in asks.

    Raises MistakenError for another address, and for a profile that is not there.
    """
    parts = urlsplit(address)
    if parts.scheme == "file":
        return FolderStore(Path(parts.path) / ".workbuoy-fleet")
    if parts.scheme == "s3":
        return S3Store(_client(parse_qs(parts.query), region, profile), parts.netloc, parts.path.strip("/"))
    raise MistakenError(
        f"the journal of a rollout lies beside the engine's state, and {address} takes no conditional writes",
        "set PULUMI_BACKEND_URL to the state bucket, s3://BUCKET?region=REGION",
    )


def _client(query: dict[str, list[str]], region: str, profile: str | None) -> Any:
    import boto3  # a third of a second that help must not pay for
    from botocore.config import Config
    from botocore.exceptions import ProfileNotFound

    endpoint = query.get("endpoint", [None])[0]
    config = Config(retries={"mode": "adaptive", "total_max_attempts": 10}, connect_timeout=10, read_timeout=30)
    try:
        session = boto3.Session(profile_name=profile)
    except ProfileNotFound:
        raise MistakenError(f"--journal-profile {profile}: AWS's configuration has no such profile") from None
    return session.client("s3", region_name=query.get("region", [region])[0], endpoint_url=endpoint, config=config)


class S3Store:
    """In a bucket."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def read(self, key: str) -> Stored | None:
        """Raises UnreachableError where S3 refuses or does not answer."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            body = found["Body"].read()
        except ClientError as error:
            code = error_code(error)
            if code in ("NoSuchKey", "404") or (code == "AccessDenied" and self._is_absent(key)):
                return None
            raise self._unreachable(error) from None
        except BotoCoreError as error:
            raise self._unreachable(error) from None
        response_date = found["ResponseMetadata"]["HTTPHeaders"].get("date")
        now = parsedate_to_datetime(response_date) if response_date else datetime.now(UTC)
        age = (now - found["LastModified"]).total_seconds()
        return Stored(body=body, version=found["ETag"], age_seconds=max(age, 0.0))

    def _is_absent(self, key: str) -> bool:
        """S3 tells that there is no object only to who may list the whole bucket; some may list the journal alone.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + key, MaxKeys=1)
        except (BotoCoreError, ClientError):
            return False  # so what refused the object stands
        return not any(one["Key"] == self._prefix + key for one in found.get("Contents", ()))

    def create(self, key: str, body: bytes) -> str | None:
        """Raises UnreachableError where S3 refuses or does not answer."""
        return self._put(key, body, {"IfNoneMatch": "*"})

    def replace(self, key: str, body: bytes, version: str) -> str | None:
        """Raises UnreachableError where S3 refuses or does not answer."""
        return self._put(key, body, {"IfMatch": version})

    def _put(self, key: str, body: bytes, condition: dict[str, str]) -> str | None:
        from botocore.exceptions import BotoCoreError, ClientError

        for attempt in range(CONFLICTS):
            try:
                put = self._client.put_object(
                    Bucket=self._bucket, Key=self._prefix + key, Body=body, ContentType="application/json", **condition
                )
            except ClientError as error:
                if error_code(error) == "ConditionalRequestConflict":
                    time.sleep(0.1 * 2**attempt)
                    continue
                if error_code(error) in ("PreconditionFailed", "NoSuchKey"):
                    return self._own_earlier(key, body)
                raise self._unreachable(error) from None
            except BotoCoreError as error:
                raise self._unreachable(error) from None
            return str(put["ETag"])
        return self._own_earlier(key, body)

    def _own_earlier(self, key: str, body: bytes) -> str | None:
        """A write whose answer was lost is sent again by the client, and refused for what it wrote itself."""
        found = self.read(key)
        return found.version if found is not None and found.body == body else None

    def _unreachable(self, error: Exception) -> UnreachableError:
        from operations.engine.messages import SIGN_IN  # imports Pulumi

        return UnreachableError(f"{self._bucket}: the journal cannot be used: {' '.join(str(error).split())}", SIGN_IN)


class FolderStore:
    """In a folder of this machine, for a backend that is a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> Stored | None:
        """The file, and how long ago it was written."""
        try:
            body, status = (self._folder / key).read_bytes(), (self._folder / key).stat()
        except FileNotFoundError:
            return None
        age = max(time.time() - status.st_mtime, 0.0)
        return Stored(body=body, version=hashlib.sha256(body).hexdigest(), age_seconds=age)

    def create(self, key: str, body: bytes) -> str | None:
        """One writer at a time, by the folder's lock."""
        with self._alone():
            return None if self.read(key) else self._write(key, body)

    def replace(self, key: str, body: bytes, version: str) -> str | None:
        """One writer at a time, by the folder's lock."""
        with self._alone():
            found = self.read(key)
            return self._write(key, body) if found is not None and found.version == version else None

    def _write(self, key: str, body: bytes) -> str:
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".")
        with os.fdopen(handle, "wb") as opened:
            opened.write(body)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(name, file)
        return hashlib.sha256(body).hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
