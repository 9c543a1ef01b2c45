"""Where attachments' content lives: a bucket when `S3_BUCKET` is set, else the database. Never the disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from workbuoy_app.aws import storage_client
from workbuoy_app.logs import log
from workbuoy_app.metrics import storage_call
from workbuoy_app.problems import Unavailable
from workbuoy_app.settings import MIB, StorageSettings

T = TypeVar("T")
PART_BYTES = 8 * MIB  # S3 takes no part below 5 MiB, the last excepted
ADDRESS_LIFETIME_SECONDS = 300
REQUEST_PARAMETER, MEMBER_PARAMETER = "x-workbuoy-request", "x-workbuoy-member"
CALL_TIMEOUT_SECONDS = 5.0
PART_TIMEOUT_SECONDS = (
    60.0  # a part may be slow; what is silent ends after `aws.READ_TIMEOUT_SECONDS` all the same
)
QUICKLY_SECONDS = 1.0  # what failed so fast is tried once more
THREADS = 20
WAYS_BACK = "restores"
"""Below it and a tenant's name lies what stood before each restore: workbuoy_app/restore/journal.py."""
WAY_BACK_LASTS = timedelta(days=7)  # as the one of a switch: tests/operations/restore/test_switch.py


class StorageUnavailable(Unavailable):
    """The store refuses, hangs or is not there."""


class StorageRefused(StorageUnavailable):
    """The store answered, and does not do this."""


def object_key(tenant_id: UUID, attachment_id: UUID) -> str:
    """A key that nobody but the service chooses; a tenant's objects share a prefix."""
    return f"tenants/{tenant_id}/{attachment_id}"


@dataclass(frozen=True)
class Reading:
    """For which request, and for which member by the hash of the log, an address is signed."""

    request_id: str
    member: str


class ObjectStorage:
    """A bucket. Content passes in parts of 8 MiB, each of which may be sent again when the network fails."""

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._clients: dict[StorageSettings, Any] = {}  # by the endpoint: its own, and browsers'
        self._lock = asyncio.Lock()
        # Threads of their own: where the store hangs, nothing else waits for one, and signing asks no store at all.
        self._threads = ThreadPoolExecutor(THREADS, "storage")
        self._signing = ThreadPoolExecutor(1, "signing")
        self._aborts: set[asyncio.Task[None]] = set()

    async def check(self) -> None:
        """Ask for the bucket. Raises StorageUnavailable."""
        await self._call("check", lambda s3: s3.head_bucket(Bucket=self._settings.bucket))

    async def put(self, key: str, content: AsyncIterator[bytes], content_type: str) -> None:
        """Store `content`, or nothing at all when it breaks off. Raises StorageUnavailable."""
        parts = _parts(content)
        held = [part for part in (await anext(parts, None), await anext(parts, None)) if part]
        if len(held) < 2:
            whole = held[0] if held else b""
            await self._call(
                "put", lambda s3: s3.put_object(**self._at(key), Body=whole, ContentType=content_type)
            )
            return
        upload = await self._call(
            "create upload", lambda s3: s3.create_multipart_upload(**self._at(key), ContentType=content_type)
        )
        where = {**self._at(key), "UploadId": upload["UploadId"]}
        try:
            done: list[dict[str, Any]] = []
            while held:  # let go of one by one, so that no more than two are in memory
                done.append(await self._part(where, len(done) + 1, held.pop(0)))
            async for part in parts:
                done.append(await self._part(where, len(done) + 1, part))
            await self._call(
                "complete upload",
                lambda s3: s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done}),
            )
        except BaseException:
            # Aside: neither may a cancelled request leave parts that cost money and that nobody sees, nor may a store
            # that hangs take its time twice.
            abort = asyncio.create_task(self._abort(where))
            self._aborts.add(abort)
            abort.add_done_callback(self._aborts.discard)
            raise

    async def _part(self, where: dict[str, str], number: int, content: bytearray) -> dict[str, Any]:
        answer = await self._call(
            "put part",
            lambda s3: s3.upload_part(**where, PartNumber=number, Body=content),
            seconds=PART_TIMEOUT_SECONDS,
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

    async def end_ways_back(self, now: datetime) -> None:
        """Delete rows that restores kept as the way back, once their days are over; journals, which hold none, stay.

        What the store refuses does not keep the rest. Raises StorageUnavailable.
        """
        keys = await self._call("list", lambda s3: _old_ways_back(s3, self._settings.bucket, now))
        for key in keys:
            with suppress(StorageRefused):
                await self.delete(key)

    async def signed_address(self, key: str, name: str, content_type: str, reading: Reading) -> str:
        """An address that anyone may read from for five minutes, always as a download.

        It says for whom it was signed, under the signature: S3 writes the whole address into its records of access.
        """
        parameters = {
            **self._at(key),
            "ResponseContentDisposition": content_disposition(name),
            "ResponseContentType": content_type,
            "ResponseCacheControl": "private, no-store",
        }
        return str(
            await self._call(
                "sign",
                lambda s3: presigned(s3, parameters, reading),
                threads=self._signing,
                public=True,
            )
        )

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._settings.bucket, "Key": key}

    async def close(self) -> None:
        """Give what is being tidied up a moment, and let the threads go."""
        if self._aborts:
            await asyncio.wait(self._aborts, timeout=CALL_TIMEOUT_SECONDS)
        for threads in (self._threads, self._signing):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _call(
        self,
        operation: str,
        call: Callable[[Any], T],
        *,
        seconds: float = CALL_TIMEOUT_SECONDS,
        threads: ThreadPoolExecutor | None = None,
        public: bool = False,
    ) -> T:
        """Run a blocking call in a thread, bounded in time, counted, its errors made one kind."""
        from botocore.exceptions import BotoCoreError, ClientError  # loaded only where S3 is used

        began = time.monotonic()
        with storage_call(operation) as outcome:
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        return await self._in_thread(call, threads or self._threads, public=public)
                except (ClientError, BotoCoreError, TimeoutError) as error:
                    answer = error.response if isinstance(error, ClientError) else {}
                    code = str(answer.get("Error", {}).get("Code", type(error).__name__))
                    refused = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) < 500
                    if not refused and time.monotonic() - began < QUICKLY_SECONDS:
                        seconds, began = seconds - QUICKLY_SECONDS, began - QUICKLY_SECONDS
                        continue
                    outcome.failed()
                    where = {"bucket": self._settings.bucket, "host": self._host, "error": code}
                    log.warning("the store failed", extra={"operation": operation, **where})
                    raise (StorageRefused if refused else StorageUnavailable)(code) from None

    @property
    def _host(self) -> str:
        endpoint = self._settings.endpoint
        return urlsplit(endpoint).netloc if endpoint else f"s3.{self._settings.region}.amazonaws.com"

    async def _in_thread(self, call: Callable[[Any], T], threads: ThreadPoolExecutor, *, public: bool) -> T:
        loop = asyncio.get_running_loop()
        settings = self._settings
        if public and settings.public_endpoint:
            settings = replace(settings, endpoint=settings.public_endpoint)
        if settings not in self._clients:
            async with self._lock:
                if settings not in self._clients:
                    make = partial(storage_client, settings, attempts=1)
                    self._clients[settings] = await loop.run_in_executor(self._signing, make)
        return await loop.run_in_executor(threads, copy_context().run, call, self._clients[settings])


def presigned(s3: Any, parameters: dict[str, str], reading: Reading) -> str:
    """A signed address with who reads in its query.

    S3 ignores parameters that begin with `x-`, and writes them into its access log.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (custom access log information)
    """
    further = urlencode({REQUEST_PARAMETER: reading.request_id, MEMBER_PARAMETER: reading.member})

    def name_reader(request: Any, **_: Any) -> None:
        request.url += f"{'&' if urlsplit(request.url).query else '?'}{further}"

    # The one thread that signs runs this, so no other address is signed between the two lines.
    s3.meta.events.register("before-sign.s3.GetObject", name_reader, unique_id=REQUEST_PARAMETER)
    try:
        return str(
            s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=ADDRESS_LIFETIME_SECONDS)
        )
    finally:
        s3.meta.events.unregister("before-sign.s3.GetObject", name_reader, unique_id=REQUEST_PARAMETER)


async def _parts(content: AsyncIterator[bytes]) -> AsyncIterator[bytearray]:
    """Join what comes into parts of the size that S3 asks for, without copying one."""
    waiting = bytearray()
    async for piece in content:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            rest = waiting[PART_BYTES:]
            del waiting[PART_BYTES:]
            yield waiting
            waiting = rest
    if waiting:
        yield waiting


def content_disposition(name: str) -> str:
    """Download under this name (RFC 6266): as ASCII, and in full for those who read RFC 8187."""
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _old_ways_back(s3: Any, bucket: str, now: datetime) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{WAYS_BACK}/")
    found = (one for page in pages for one in page.get("Contents", ()))
    return [
        one["Key"] for one in found if "/before/" in one["Key"] and one["LastModified"] < now - WAY_BACK_LASTS
    ]
