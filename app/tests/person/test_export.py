"""An export of one person holds what is theirs, whole and open, and nothing of anybody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.handover.test_export import download, lines
from tests.person.conftest import LEAVER, People
from tests.promotion.scene import Scene
from workbuoy_app.person.export import export
from workbuoy_app.promotion.errors import PromotionRefused

pytestmark = pytest.mark.lengthy


@pytest.fixture(scope="module")
def manifest(shared_people: People) -> dict[str, Any]:
    return export(shared_people.settings, "acme", shared_people.leaver)


@pytest.fixture(scope="module")
def opened(shared_people: People, manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    scene = Scene(shared_people.settings, shared_people.settings)
    return download(scene, manifest, tmp_path_factory.mktemp("person"))


def test_it_holds_who_they_are_and_what_they_did_and_made(shared_people: People, opened: Path) -> None:
    (member,) = lines(opened, "members")
    assert (member["id"], member["subject"]) == (str(shared_people.leaver), LEAVER)
    assert [one["title"] for one in lines(opened, "things")] == ["Hers"]
    assert {one["name"] for one in lines(opened, "attachments")} == {"hers.txt", "script.txt"}
    assert len(lines(opened, "sessions")) == 1
    assert {"thing.created", "attachment.created", "token.created", "session.created"} <= {
        one["action"] for one in lines(opened, "audit_events")
    }


def test_their_files_lie_under_their_own_names(opened: Path) -> None:
    found = {file.name: file.read_bytes() for file in (opened / "files").rglob("*") if file.is_file()}
    assert found == {"hers.txt": b"her file", "script.txt": b"by a script"}


def test_no_secret_and_nobody_else_is_in_it(shared_people: People, opened: Path) -> None:
    text = "\n".join(file.read_text() for file in (opened / "rows").iterdir())
    for other in (
        str(shared_people.stays),
        str(shared_people.elsewhere),
        "His",
        "token_hash",
        shared_people.token,
    ):
        assert other not in text
    assert len(lines(opened, "api_tokens")) == 2


def test_manifest_counts_what_the_archives_hold(opened: Path, manifest: dict[str, Any]) -> None:
    written = json.loads((opened.parent / "manifest.json").read_text())
    assert {**written, "address": manifest["address"]} == manifest
    assert {table: len(lines(opened, table)) for table in written["tables"]} == {
        table: one["rows"] for table, one in written["tables"].items()
    }
    assert (written["files"], written["complete"]) == (2, True)


def test_nothing_was_changed_by_it(shared_people: People, manifest: dict[str, Any]) -> None:
    assert manifest
    assert shared_people.sql(
        "select count(*) from sessions where member_id = %s", [shared_people.leaver]
    ) == [(1,)]
    assert shared_people.sql("select count(*) from members where issuer = 'workbuoy:operator'") == [(0,)]


def test_unknown_person_is_refused(shared_people: People) -> None:
    for nobody in (uuid4(), shared_people.elsewhere):
        with pytest.raises(PromotionRefused, match="is or was a member of acme"):
            export(shared_people.settings, "acme", nobody)
