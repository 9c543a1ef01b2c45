"""One pack of the example project, gathered once over recorded documents in their commands' own forms."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from operations.evidence.judged import Pack, judge
from operations.evidence.live import Live
from operations.evidence.pack import gather, stacks_of_customers
from operations.evidence.recorded import POOL, kinds, of_kind
from project.files import find_project
from tests.conftest import PROJECT

SINCE = date(2026, 10, 1)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STACKS = ("prod", "prod-acme", "prod-eu-north-1", "prod-eu-north-1-globex")

DRILL = {"good": True, "drilledAt": "2026-11-20T03:00:00+00:00", "rpoSeconds": 300, "rtoSeconds": 1260.5, "by": "arn"}
BACKUPS = {"lookedAt": "2026-11-25T04:00:00+00:00", "findings": [{"what": "moment", "state": "good", "found": "now"}]}
DRIFT: Mapping[str, Any] = {"drifted": False, "refreshedAt": None, "resources": []}
REVIEW = {"schema": 1, "stack": "prod", "stops": True, "previewFailed": False, "errors": []}
PARTIES = [*({"name": stack, "kind": "silo"} for stack in STACKS), {"name": "initech", "kind": "pool tenant"}]
CELLS: Mapping[str, Any] = {"parties": PARTIES, "sampled": None, "red": 0, "cells": [{"red": False}], "leftOut": []}
MATRIX: Mapping[str, Any] = {"stack": "prod", "tenants": {"tenants": {}, "matrix": CELLS}}
SUBJECTS = [(stack, "") for stack in STACKS]


def record(folder: Path, kind: str, name: str, content: Any) -> None:
    """Put a document where its command's output is kept."""
    (folder / kind).mkdir(parents=True, exist_ok=True)
    (folder / kind / name).write_text(content if isinstance(content, str) else json.dumps(content))


def record_all(folder: Path) -> None:
    """Good evidence of every kind and stack."""
    for stack in STACKS:
        record(folder, "drills", f"{stack}.json", {**DRILL, "stack": stack})
        record(folder, "backups", f"{stack}.json", {**BACKUPS, "stack": stack})
        record(folder, "drift", f"2026-11-26-{stack}.json", {**DRIFT, "stack": stack})
    record(folder, "reviews", "2026-11-02-prod.json", REVIEW)
    record(folder, "matrix", "2026-11-03-prod.json", MATRIX)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Everything is there, and good."""
    folder = tmp_path_factory.mktemp("recorded")
    record_all(folder)
    project = find_project(PROJECT)
    empty: dict[str, list[dict[str, Any]]] = {stack: [] for stack in STACKS}
    nothing = Live(drills=empty, restores=empty, erasures=empty)
    return gather(project, stacks_of_customers(project), folder, SINCE, NOW, live=nothing)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recorded documents, free to be changed."""
    record_all(tmp_path / "recorded")
    return tmp_path / "recorded"


def verify_export(whole: Pack, folder: Path) -> Pack:
    """The pack with what a folder holds now; what is declared stays."""
    pool = [("prod", POOL)]
    again = {
        kind: of_kind(folder, kind, SINCE, NOW.date(), SUBJECTS + (pool if kind == "matrix" else []))
        for kind in kinds()
    }
    items = tuple(again.get(one.kind, one) for one in whole.items)
    return replace(whole, items=items, judged=judge(whole.controls, items))
