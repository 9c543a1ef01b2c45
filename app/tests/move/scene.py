"""The two places of a move, and its commands as one-off tasks of either run them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.promotion.scene import client, rows
from workbuoy_app.move.cut_over import CutOver, cut_over
from workbuoy_app.move.ending import compare
from workbuoy_app.move.send import send
from workbuoy_app.move.side import Side
from workbuoy_app.move.take import Received, receive
from workbuoy_app.promotion.remove import remove
from workbuoy_app.settings import Settings

NAME = "acme"
PATIENCE_SECONDS = (
    120.0  # how long each place waits for the other one; how fast either is, a loaded machine decides
)


def versioned(settings: Settings) -> Settings:
    """As the stacks' buckets are."""
    assert settings.storage is not None
    client(settings.storage).put_bucket_versioning(
        Bucket=settings.storage.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return settings


def place(settings: Settings) -> tuple[str, str]:
    """Where the other service writes, and that bucket's region."""
    assert settings.storage is not None
    assert settings.storage.region is not None
    return f"s3://{settings.storage.bucket}/imports/{NAME}/", settings.storage.region


@dataclass(frozen=True)
class Two:
    """The tenant is served by `source` at first."""

    source: Settings
    target: Settings

    @property
    def back(self) -> Two:
        """The other way."""
        return Two(self.target, self.source)

    def send(self) -> Side:
        return send(self.source, NAME, *place(self.target))

    def receive(self, wait: float = 0.0) -> Received:
        return receive(self.target, NAME, *place(self.source), wait_seconds=wait)

    def cut_over(self, within: float = PATIENCE_SECONDS) -> CutOver:
        """With a receiver that waits, as the operator's command starts it."""
        with beside(lambda: self.receive(wait=within)):
            return cut_over(self.source, NAME, *place(self.target), within_seconds=within)

    def move(self) -> CutOver:
        self.send()
        self.receive()
        return self.cut_over()

    def compare(self) -> str:
        return compare(self.source, NAME, *place(self.target)).digest

    def remove(self) -> Any:
        return remove(self.source, NAME, NAME, self.compare())

    def keys(self, side: Settings, prefix: str = "") -> list[str]:
        assert side.storage is not None
        pages = client(side.storage).get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=side.storage.bucket, Prefix=prefix)
        return [each["Key"] for page in found for each in page.get("Contents", [])]

    def content(self, side: Settings, key: str) -> bytes:
        assert side.storage is not None
        body: bytes = client(side.storage).get_object(Bucket=side.storage.bucket, Key=key)["Body"].read()
        return body


class beside:  # noqa: N801 - reads as a statement
    """Something that runs in a thread of its own until the block has ended; its failure is raised then."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as failure:
            self._failure = failure

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: Any, *problem: Any) -> None:
        self._thread.join()
        if self._failure is not None and kind is None:
            raise self._failure


def part(settings: Settings) -> str | None:
    """What is noted of the move there."""
    found = rows(settings, "select part from copies")
    return found[0][0] if found else None


def serves(settings: Settings) -> bool:
    """May people of the tenant write there?"""
    asked = (
        "select 1 from tenants t where name = %s and not exists (select from freezes where tenant_id = t.id)"
    )
    return bool(rows(settings, asked, [NAME]))
