"""Where attachments' content lives: a bucket when `S3_BUCKET` is set, else the database. Never the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

from workbuoy_app.aws import storage_client
from workbuoy_app.logs import log
from workbuoy_app.metrics import storage_call
from workbuoy_app.problems import Unavailable
from workbuoy_app.settings import MIB, StorageSettings

T = TypeVar("T")
PART_BYTES = 8 * MIB  # S3 takes no part below 5 MiB, the last excepted
ADDRESS_LIFETIME_SECONDS = 300
CALL_TIMEOUT_SECONDS = 30


class StorageUnavailable(Unavailable):
    """The store refuses, hangs or is not there."""


def object_key(tenant_id: UUID, attachment_id: UUID) -> str:
    """A key that nobody but the service chooses; a tenant's objects share a prefix."""
    return f"tenants/{tenant_id}/{attachment_id}"


class ObjectStorage:
    """A bucket. Content passes in parts of 8 MiB, each of which may be sent again when the network fails."""

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._client: Any = None
        self._lock = asyncio.Lock()

    async def check(self) -> None:
        """Ask for the bucket. Raises StorageUnavailable."""
        await self._call("check", lambda s3: s3.head_bucket(Bucket=self._settings.bucket))

    async def put(self, key: str, content: AsyncIterator[bytes], content_type: str) -> None:
        """Store `content`, or nothing at all when it breaks off. Raises StorageUnavailable."""
        parts = _parts(content)
        first = await anext(parts, b"")
        second = await anext(parts, None)
        if second is None:
            await self._call(
                "put", lambda s3: s3.put_object(**self._at(key), Body=first, ContentType=content_type)
            )
            return
        upload = await self._call(
            "create upload", lambda s3: s3.create_multipart_upload(**self._at(key), ContentType=content_type)
        )
        where = {**self._at(key), "UploadId": upload["UploadId"]}
        try:
            done = [await self._part(where, 1, first), await self._part(where, 2, second)]
            async for part in parts:
                done.append(await self._part(where, len(done) + 1, part))
            await self._call(
                "complete upload",
                lambda s3: s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done}),
            )
        except BaseException:
            # Shielded: a cancelled request must not leave parts that cost money and that nobody sees.
            await asyncio.shield(self._abort(where))
            raise

    async def _part(self, where: dict[str, str], number: int, content: bytes) -> dict[str, Any]:
        answer = await self._call(
            "put part", lambda s3: s3.upload_part(**where, PartNumber=number, Body=content)
        )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    async def _abort(self, where: dict[str, str]) -> None:
        try:
            await self._call("abort upload", lambda s3: s3.abort_multipart_upload(**where))
        except StorageUnavailable:
            log.warning("an upload's parts were left to the bucket's lifecycle rule")

    async def delete(self, key: str) -> None:
        """Delete an object; one that is not there is success. Raises StorageUnavailable."""
        await self._call("delete", lambda s3: s3.delete_object(**self._at(key)))

    async def signed_address(self, key: str, name: str, content_type: str) -> str:
        """An address that anyone may read from for five minutes, always as a download."""
        parameters = {
            **self._at(key),
            "ResponseContentDisposition": content_disposition(name),
            "ResponseContentType": content_type,
            "ResponseCacheControl": "private, no-store",
        }
        return str(
            await self._call(
                "sign",
                lambda s3: s3.generate_presigned_url(
                    "get_object", Params=parameters, ExpiresIn=ADDRESS_LIFETIME_SECONDS
                ),
            )
        )

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._settings.bucket, "Key": key}

    async def _call(self, operation: str, call: Callable[[Any], T]) -> T:
        """Run a blocking call in a thread, bounded in time, counted, its errors made one kind."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded only where S3 is used

        with storage_call(operation) as outcome:
            try:
                async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
                    if self._client is None:
                        async with self._lock:
                            if self._client is None:
                                self._client = await asyncio.to_thread(storage_client, self._settings)
                    return await asyncio.to_thread(call, self._client)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code", "unknown"))
                outcome.failed()
                log.warning("storage refused", extra={"operation": operation, "error": code})
                raise StorageUnavailable(code) from None
            except (BotoCoreError, TimeoutError) as error:
                outcome.failed()
                log.warning("storage failed", extra={"operation": operation, "error": type(error).__name__})
                raise StorageUnavailable(type(error).__name__) from None


async def _parts(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Join what comes into parts of the size that S3 asks for."""
    waiting = bytearray()
    async for piece in content:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def content_disposition(name: str) -> str:
    """Download under this name (RFC 6266): as ASCII, and in full for those who read RFC 8187."""
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
