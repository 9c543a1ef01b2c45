"""A tenant that moved is the same in every row and byte; whoever stayed behind did not move."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys

import pytest

from tests.promotion.scene import Scene, everything, fill, rows, tenant_id
from tests.service import Service, make_thing
from tests.test_process import clean
from workbuoy_app.move.side import SENDS
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.promotion.remove import remove
from workbuoy_app.settings import MIB, Settings

GREATEST_MIB = 200  # README says it
pytestmark = pytest.mark.slow  # each fills two databases and buckets


def environment(settings: Settings) -> dict[str, str]:
    """What a process of these settings is given."""
    address, storage = settings.database, settings.storage
    assert storage is not None
    assert storage.endpoint is not None
    url = f"postgresql://{address.user}:{address.password}@{address.host}:{address.port}/{address.database}"  # type: ignore[union-attr]
    where = {"S3_BUCKET": storage.bucket, "S3_REGION": storage.region, "S3_ENDPOINT": storage.endpoint}
    return clean() | where | {"DATABASE_URL": url, "S3_FORCE_PATH_STYLE": "true"}


def test_thousands_of_rows_and_every_odd_name_arrive_as_they_were(scene: Scene) -> None:
    thaw(scene.pool, "acme")
    fill(scene.pool, "acme", things=3000, objects=40, chunks=20, sizes=(0, 17, 4096))
    freeze(scene.pool, "acme")
    scene.export()
    received = scene.receive()
    assert received.opened
    assert everything(scene.silo) == everything(scene.pool)
    own = tenant_id(scene.pool)
    assert scene.keys(scene.silo, "tenants/") == scene.keys(scene.pool, f"tenants/{own}/")
    for key in scene.keys(scene.silo, "tenants/"):
        assert scene.content(scene.silo, key) == scene.content(scene.pool, key)


def test_nothing_of_another_tenant_is_exported_and_its_members_log_in(scene: Scene) -> None:
    scene.export()
    globex = str(tenant_id(scene.pool, "globex"))
    for key in scene.keys(scene.silo, "imports/acme/"):
        body = scene.content(scene.silo, key)
        text = gzip.decompress(body) if key.endswith(".gz") else body
        assert globex.encode() not in text
        assert b"globex" not in text
    scene.receive()
    assert rows(scene.silo, "select name from tenants") == [("acme",)]
    for side in (scene.pool, scene.silo):
        assert rows(side, "select 1 from members where issuer = 'workbuoy:operator'") == []
        assert rows(side, "select 1 from sessions") == []
    with Service(scene.silo) as service:
        browser = service.browser("acme-user")
        things = browser.get("/api/things", params={"limit": 100}).json()["items"]
        assert len(things) == 12
        files = [browser.get(f"/api/things/{each['id']}/attachments").json()["items"] for each in things]
        assert sum(map(len, files)) == 8
        assert browser.post("/api/things", json={"title": "written in the new place"}).status_code == 201
        assert service.browser(None).post("/auth/mock", data={"subject": "globex-user"}).status_code == 403


def test_both_commands_repeated_change_nothing(scene: Scene) -> None:
    first = scene.export()
    names = sorted(scene.keys(scene.silo))
    assert scene.export() == first
    assert sorted(scene.keys(scene.silo)) == names
    received = scene.receive()
    assert received.opened
    before, receipt = everything(scene.silo), scene.content(scene.silo, "imports/acme/receipt.json")
    assert scene.receive().opened
    assert everything(scene.silo) == before
    assert scene.content(scene.silo, "imports/acme/receipt.json") == receipt


def test_what_is_copied_while_people_work_is_not_copied_again_in_the_freeze(scene: Scene) -> None:
    thaw(scene.pool, "acme")
    fill(scene.pool, "acme", things=300, objects=10, chunks=5)
    with Service(scene.pool) as service:
        browser = service.browser("acme-user")
        things = [make_thing(browser, f"before {n}") for n in range(3)]
        assert scene.export().part == SENDS
        assert not scene.receive().opened
        assert rows(scene.silo, "select 1 from members") == [], "nobody logs in to half a copy"
        assert browser.put(f"/api/things/{things[0]['id']}", json={"title": "changed"}).status_code == 200
        assert browser.delete(f"/api/things/{things[1]['id']}").status_code == 204
        make_thing(browser, "new")
        before = set(scene.keys(scene.silo, "imports/acme/batches/"))
        freeze(scene.pool, "acme")
        scene.export()
        (last,) = set(scene.keys(scene.silo, "imports/acme/batches/")) - before
        lines = gzip.decompress(scene.content(scene.silo, last)).splitlines()
        assert len([one for one in lines if b'"row":"things"' in one]) == 2
        assert scene.receive().opened
        assert browser.post("/api/things", json={"title": "too late"}).status_code == 423
    assert everything(scene.silo) == everything(scene.pool)


def test_the_whole_way_by_the_commands_of_the_image(scene: Scene) -> None:
    """As one-off tasks run them; the last line of each is its verdict."""

    def run(side: Settings, *arguments: str) -> dict[str, object]:
        outcome = subprocess.run(
            [sys.executable, "-m", "workbuoy_app", "tenant", *arguments],
            env=environment(side),
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stderr
        verdict: dict[str, object] = json.loads(outcome.stdout.splitlines()[-1])
        return verdict

    thaw(scene.pool, "acme")
    assert run(scene.pool, "freeze", "acme")["frozen_at"]
    exported = run(scene.pool, "export", "acme", "--to", scene.place)
    imported = run(scene.silo, "import", "--from", scene.place)
    assert (exported["handed_over"], imported["opened"], imported["batch"]) == (True, True, exported["batch"])
    digest = imported["digest"]
    assert digest == json.loads(scene.content(scene.silo, "imports/acme/receipt.json"))["sums_digest"]
    removed = run(scene.pool, "remove", "acme", "--yes-remove", "acme", "--receipt", str(digest))
    assert removed["objects_deleted"] == 5
    run(scene.silo, "clear-import", "--from", scene.place)
    assert scene.keys(scene.silo, "imports/") == ["imports/acme/manifest.json", "imports/acme/receipt.json"]
    assert rows(scene.silo, "select 1 from copies") == [], "it notes no more changes"
    assert len(scene.keys(scene.silo, "tenants/")) == 5


def test_removing_takes_that_tenant_alone_and_all_of_it(scene: Scene) -> None:
    own, globex = tenant_id(scene.pool), everything(scene.pool, "globex")
    with Service(scene.pool) as service:
        service.browser("acme-user")  # a session that has to go too
    scene.export()
    digest = scene.receive_digest()
    remove(scene.pool, "acme", "acme", digest)
    for table in (
        "members",
        "sessions",
        "things",
        "attachments",
        "attachment_chunks",
        "object_removals",
        "freezes",
        "api_tokens",
        "audit_events",
    ):
        assert rows(scene.pool, f"select 1 from {table} where tenant_id = %s", [own]) == []
    assert rows(scene.pool, "select name from tenants") == [("globex",)]
    assert scene.keys(scene.pool, f"tenants/{own}/") == []
    assert everything(scene.pool, "globex") == globex
    assert len(scene.keys(scene.pool, "tenants/")) == 2


# Peak of resident memory, as the process itself sees it: what wait4 tells begins with the parent's.
PEAK = """
import sys
from workbuoy_app.cli import main
status = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(status, int(peak.split()[1]) // 1024)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux tells a process its peak")
def test_memory_does_not_grow_with_the_tenant(scene: Scene) -> None:
    """208 MiB of rows and objects pass; no process ever holds as much, interpreter and botocore included."""
    thaw(scene.pool, "acme")
    fill(scene.pool, "acme", things=1, objects=4, chunks=48, sizes=(40 * MIB,), chunk_bytes=MIB)
    freeze(scene.pool, "acme")
    for side, arguments in (
        (scene.pool, ["export", "acme", "--to", scene.place]),
        (scene.silo, ["import", "--from", scene.place]),
    ):
        outcome = subprocess.run(
            [sys.executable, "-c", PEAK, "tenant", *arguments],
            env=environment(side),
            capture_output=True,
            text=True,
            check=True,
        )
        status, peak_mib = map(int, outcome.stdout.split()[-2:])
        print(arguments[0], peak_mib, "MiB")
        assert status == 0
        assert peak_mib < GREATEST_MIB
