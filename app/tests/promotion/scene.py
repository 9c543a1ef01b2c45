"""A pool with two tenants and a silo with none, each a database and a bucket, filled past the service: fast."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.test_login import superuser_url
from workbuoy_app import aws
from workbuoy_app.identifiers import new_id
from workbuoy_app.move.side import Side
from workbuoy_app.move.take import Received
from workbuoy_app.promotion.export import export
from workbuoy_app.promotion.receive import receive
from workbuoy_app.settings import Settings, StorageSettings

ODD_TEXTS = (
    "plain",
    "quotes ' \" and ; -- and $$",
    "back\\slash \\N \\. \\t",
    "lines\r\nand\ttabs",
    "%(tenant)s %s {} \x7f",
    "blåbærsyltetøy 🛟 \u202eright to left",
    '[]{}",: null',
    "",
)
KINDS = ("text/plain", 'text/plain; charset="utf-8"', "image/svg+xml", "application/octet-stream")
SIZES = (0, 1, 1000)
MANIFEST, RECEIPT = "imports/acme/manifest.json", "imports/acme/receipt.json"


@cache
def _client(anywhere: StorageSettings, read_timeout_seconds: float) -> Any:
    return aws.storage_client(anywhere, read_timeout_seconds)


def client(storage: StorageSettings, read_timeout_seconds: float = 60) -> Any:
    """A client for any bucket: making one takes longer than most of these tests."""
    return _client(replace(storage, bucket=""), read_timeout_seconds)


@dataclass(frozen=True)
class Scene:
    """Settings of both services, and where the export goes."""

    pool: Settings
    silo: Settings

    @property
    def place(self) -> str:
        assert self.silo.storage is not None
        return f"s3://{self.silo.storage.bucket}/imports/acme/"

    def export(self) -> Side:
        return export(self.pool, "acme", self.place)

    def is_complete(self, key: str) -> bool:
        """Does the manifest or the receipt say so?"""
        return (
            key in self.keys(self.silo, key)
            and json.loads(self.content(self.silo, key)).get("complete") is True
        )

    def receive(self) -> Received:
        return receive(self.silo, self.place)

    def receive_digest(self) -> str:
        """What came, for a removal."""
        sums = self.receive().side.sums
        assert sums is not None
        return sums.digest

    def client(self, side: Settings) -> Any:
        assert side.storage is not None
        return client(side.storage)

    def keys(self, side: Settings, prefix: str = "") -> list[str]:
        assert side.storage is not None
        pages = (
            self.client(side)
            .get_paginator("list_objects_v2")
            .paginate(Bucket=side.storage.bucket, Prefix=prefix)
        )
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def content(self, side: Settings, key: str) -> bytes:
        assert side.storage is not None
        body: bytes = self.client(side).get_object(Bucket=side.storage.bucket, Key=key)["Body"].read()
        return body

    def put(self, side: Settings, key: str, body: bytes) -> None:
        assert side.storage is not None
        self.client(side).put_object(Bucket=side.storage.bucket, Key=key, Body=body)


def rows(settings: Settings, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    """Past every policy."""
    with psycopg.connect(superuser_url(settings)) as superuser:
        cursor = superuser.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def awaited(settings: Settings) -> bool:
    """Does the service tell somebody of a freeze that stands too long?"""
    return bool(rows(settings, "select 1 from oldest_freeze()"))


def tenant_id(settings: Settings, name: str = "acme") -> UUID:
    """By its name."""
    found: UUID = rows(settings, "select id from tenants where name = %s", [name])[0][0]
    return found


def everything(settings: Settings, name: str = "acme") -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a tenant that are to move, read past every policy."""
    own = tenant_id(settings, name)
    tables = {"tenants": "id", "members": "tenant_id", "audit_events": "tenant_id", "things": "tenant_id"}
    tables |= {"attachments": "tenant_id", "attachment_chunks": "tenant_id"}
    with psycopg.connect(superuser_url(settings)) as superuser:
        return {
            table: superuser.execute(
                f"select * from {table} where {column} = %s order by 1, 2, 3", [own]
            ).fetchall()
            for table, column in tables.items()
        }


def fill(
    settings: Settings,
    name: str,
    *,
    things: int,
    objects: int,
    chunks: int,
    sizes: tuple[int, ...] = SIZES,
    chunk_bytes: int = 3008,
) -> None:
    """Rows and objects as the service would have left them, of every odd kind."""
    some = random.Random(name)
    own, storage = tenant_id(settings, name), settings.storage
    assert storage is not None
    now = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    thing_ids = [new_id() for _ in range(things)]
    with psycopg.connect(superuser_url(settings)) as superuser, superuser.cursor() as cursor:
        cursor.executemany(
            "insert into things values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    own,
                    thing,
                    f"{name} {ODD_TEXTS[n % 8]}",
                    ODD_TEXTS[n % 7] * 9,
                    "open",
                    now,
                    now + timedelta(n),
                )
                for n, thing in enumerate(thing_ids)
            ],
        )
        attach = "insert into attachments values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        for n in range(objects):
            attachment, size = new_id(), sizes[n % len(sizes)]
            content = (some.randbytes(4096) * (size // 4096 + 1))[:size]
            key = f"tenants/{own}/{attachment}"
            client(storage).put_object(Bucket=storage.bucket, Key=key, Body=content, ContentType=KINDS[n % 4])
            summed = hashlib.sha256(content).hexdigest()
            odd = (own, attachment, thing_ids[n % things], f"{ODD_TEXTS[n % 8]}.txt", KINDS[n % 4])
            cursor.execute(attach, (*odd, len(content), summed, key, now))
        for n in range(chunks):
            attachment, content = new_id(), some.randbytes(64) * (chunk_bytes // 64)
            summed = hashlib.sha256(content).hexdigest()
            plain = (
                own,
                attachment,
                thing_ids[n % things],
                f"chunk {n}",
                KINDS[n % 4],
                len(content),
                summed,
                None,
            )
            cursor.execute(attach, (*plain, now))
            cursor.execute(
                "insert into attachment_chunks values (%s, %s, %s, %s)", (own, attachment, 0, content)
            )


def with_bucket(settings: Settings, endpoint: str, name: str, region: str = "eu-west-1") -> Settings:
    """The settings with a new bucket."""
    storage = StorageSettings(bucket=name, region=region, endpoint=endpoint, force_path_style=True)
    where = {"LocationConstraint": storage.region}
    client(storage).create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return replace(settings, storage=storage)


def refusing(code: str) -> Callable[..., Any]:
    """Instead of a client's call: whatever writes to S3 is refused."""
    real = BaseClient._make_api_call

    def call(self: Any, operation: str, arguments: Any) -> Any:
        if operation in ("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart"):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
        return real(self, operation, arguments)

    return call
