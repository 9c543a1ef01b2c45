"""Two bases: each a database, and a bucket in a region of its own."""

from __future__ import annotations

import itertools

import pytest

from tests.conftest import copy
from tests.move.scene import Two, versioned
from tests.promotion.conftest import clients_made_once
from tests.promotion.scene import fill, with_bucket
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.move import side, take
from workbuoy_app.settings import load

__all__ = ["clients_made_once"]
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each side waits for the other at every step."""
    for module in (side, take):
        monkeypatch.setattr(module, "POLL_SECONDS", 0.05)


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
