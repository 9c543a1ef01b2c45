"""Two bases: each a database, and a bucket in a region of its own."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest

from tests.conftest import copy
from tests.move.scene import Two, versioned
from tests.promotion.conftest import clients_made_once
from tests.promotion.scene import fill, with_bucket
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.move import side, take
from workbuoy_app.move.side import Channel
from workbuoy_app.settings import load

__all__ = ["clients_made_once"]
_numbers = itertools.count()


class Post:
    """Instead of the module `time`: who sleeps wakes up when another has written something."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._written = 0
        self._own = threading.local()  # how much of it a thread has written, and seen of the others

    def written(self) -> None:
        with self._changed:
            self._written += 1
            self._own.written = getattr(self._own, "written", 0) + 1
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._of_others() != getattr(self._own, "seen", 0), seconds)
            self._own.seen = self._of_others()

    def _of_others(self) -> int:
        return self._written - getattr(self._own, "written", 0)


@pytest.fixture(autouse=True)
def looks_when_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each side waits for the other at every step."""
    post, write = Post(), Channel.write

    def noted(channel: Channel, *what: Any, **more: Any) -> None:
        write(channel, *what, **more)
        post.written()

    monkeypatch.setattr(Channel, "write", noted)
    for module in (side, take):
        monkeypatch.setattr(module, "time", post)


@pytest.fixture
def two(empty: Two) -> Two:
    """acme and globex in Ireland; nobody in Stockholm yet."""
    fill(empty.source, "acme", things=12, objects=5, chunks=3)
    fill(empty.source, "globex", things=4, objects=2, chunks=1)
    return empty


@pytest.fixture
def empty(postgres: Postgres, migrated: str, without_tenants: str, moto: str) -> Two:
    """Both have nothing but members in Ireland."""
    number = next(_numbers)
    mock = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    ireland = load({"DATABASE_URL": copy(postgres, migrated), **mock})
    stockholm = load({"DATABASE_URL": copy(postgres, without_tenants), **mock})
    return Two(
        versioned(with_bucket(ireland, moto, f"ireland-{number}")),
        versioned(with_bucket(stockholm, moto, f"stockholm-{number}", "eu-north-1")),
    )
