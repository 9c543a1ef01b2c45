"""A tenant moves to a base in another region while people work, and back, and nothing is lost or left."""

from __future__ import annotations

import random
import threading

import psycopg
import pytest
from starlette.testclient import TestClient

from tests.move.scene import NAME, PATIENCE_SECONDS, Two, part, place, serves
from tests.promotion.scene import everything, fill, rows, tenant_id
from tests.service import Service, attach, make_thing
from tests.test_login import superuser_url
from workbuoy_app.move.ending import end
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import thaw
from workbuoy_app.promotion.remove import remove

pytestmark = pytest.mark.slow  # each fills two databases and buckets


def same(two: Two) -> None:
    """Every row and object of the tenant is the same in both places."""
    assert everything(two.target) == everything(two.source)
    own = tenant_id(two.source)
    keys = two.keys(two.source, f"tenants/{own}/")
    assert two.keys(two.target, f"tenants/{own}/") == keys
    for key in keys:
        assert two.content(two.target, key) == two.content(two.source, key)


def test_a_tenant_moves_whole_and_is_served_in_one_place_at_a_time(two: Two) -> None:
    two.send()
    assert (part(two.source), serves(two.source)) == ("sends", True)
    assert two.receive().opened is False
    assert (part(two.target), serves(two.target)) == ("takes", False)
    assert rows(two.target, "select 1 from members") == [], "nobody logs in to half a copy"
    assert 0 < two.cut_over().frozen_seconds < PATIENCE_SECONDS
    assert (part(two.source), serves(two.source)) == ("holds", False)
    assert (part(two.target), serves(two.target)) == ("sends", True)
    same(two)
    left = two.keys(two.target, "imports/")
    assert left == ["imports/acme/manifest.json"]
    assert rows(two.target, "select name from tenants") == [(NAME,)]


def test_what_is_changed_while_it_is_copied_arrives(two: Two) -> None:
    with Service(two.source) as service:
        browser = service.browser("acme-user")
        things = [make_thing(browser, f"before {n}") for n in range(5)]
        files = [attach(browser, things[n]["id"], b"content %d" % n).json() for n in range(5)]
        two.send()
        two.receive()
        assert browser.put(f"/api/things/{things[0]['id']}", json={"title": "changed"}).status_code == 200
        assert browser.delete(f"/api/things/{things[1]['id']}").status_code == 204
        gone = f"/api/things/{things[2]['id']}/attachments/{files[2]['id']}"
        assert browser.delete(gone).status_code == 204
        new = make_thing(browser, "new")
        attach(browser, new["id"], b"new content")
        two.cut_over()
        assert browser.post("/api/things", json={"title": "too late"}).status_code == 423
    same(two)
    with Service(two.target) as service:
        browser = service.browser("acme-user")
        assert browser.post("/api/things", json={"title": "written in the new place"}).status_code == 201


def test_a_write_committed_late_with_an_early_time_is_not_lost(two: Two) -> None:
    """The note of a change is seen when the change is: no watermark passes it by."""
    own = tenant_id(two.source)
    two.send()
    with psycopg.connect(superuser_url(two.source)) as late:
        late.execute(
            "update things set body = 'late', updated_at = '2020-01-01' where tenant_id = %s and id ="
            " (select min(id::text)::uuid from things where tenant_id = %s)",
            [own, own],
        )
        rows(
            two.source,
            "update things set body = 'early' where tenant_id = %s and title like '%%plain' and id <>"
            " (select min(id::text)::uuid from things where tenant_id = %s)",  # which waits to be committed
            [own, own],
        )
        two.send()
        two.receive()
        late.commit()
    two.receive()
    two.cut_over()
    same(two)
    assert rows(two.target, "select count(*) from things where body = 'late'") == [(1,)]


def test_it_goes_back_with_all_that_was_written_in_the_new_place(two: Two) -> None:
    two.move()
    with Service(two.target) as service:
        browser = service.browser("acme-user")
        thing = make_thing(browser, "written there")
        attach(browser, thing["id"], b"attached there")
        first = browser.get("/api/things", params={"sort": "oldest"}).json()["items"][0]
        assert browser.delete(f"/api/things/{first['id']}").status_code == 204
    two.back.move()
    assert (part(two.source), serves(two.source)) == ("sends", True)
    assert (part(two.target), serves(two.target)) == ("holds", False)
    same(two)
    two.move()  # and once more: a stale answer of the first time is not taken for one
    same(two)
    assert serves(two.target)


def test_the_source_goes_only_after_a_comparison_and_leaves_nothing(two: Two) -> None:
    globex = everything(two.source, "globex")
    two.move()
    own = tenant_id(two.source)
    with pytest.raises(PromotionRefused, match="not compared"):
        remove(two.source, NAME, NAME, "0" * 64)
    with pytest.raises(PromotionRefused, match="on its way to or from another place"):
        thaw(two.source, NAME)
    two.remove()
    for table in ("members", "things", "attachments", "audit_events", "copies", "row_changes", "freezes"):
        assert rows(two.source, f"select 1 from {table} where tenant_id = %s", [own]) == []
    assert two.keys(two.source, f"tenants/{own}/") == []
    assert everything(two.source, "globex") == globex
    end(two.target, NAME, *place(two.source))
    assert rows(two.target, "select 1 from copies") == []
    assert serves(two.target)


def test_a_seeded_loss_is_seen_by_the_comparison(two: Two) -> None:
    """Were a change ever not noted, the source would still be there, and could not be removed."""
    two.send()
    two.receive()
    rows(two.source, "alter table things disable trigger note_change")
    rows(two.source, "update things set body = 'unseen' where title like 'acme plain'")
    rows(two.source, "alter table things enable trigger note_change")
    two.cut_over()
    with pytest.raises(PromotionRefused, match="acme here differs from what was opened there: things"):
        two.compare()
    with pytest.raises(PromotionRefused, match="not compared"):
        remove(two.source, NAME, NAME, "0" * 64)
    assert rows(two.source, "select count(*) from things where body = 'unseen'")[0][0] > 0


def test_nothing_is_lost_or_doubled_under_traffic_there_and_back(two: Two) -> None:
    """Whatever a writer was told is stored is there once, wherever the tenant is served then."""
    stored: set[str] = set()
    deleted: set[str] = set()
    stop = threading.Event()
    fill(two.source, NAME, things=200, objects=10, chunks=5)
    before = {
        str(row[0])
        for row in rows(two.source, "select id from things where tenant_id = %s", [tenant_id(two.source)])
    }

    def work(browser: TestClient, seed: int) -> None:
        some = random.Random(seed)
        mine: list[str] = []
        while not stop.is_set():
            if mine and some.random() < 0.3:
                chosen = mine.pop(some.randrange(len(mine)))
                if browser.delete(f"/api/things/{chosen}").status_code == 204:
                    deleted.add(chosen)
                else:
                    mine.append(chosen)
            elif mine and some.random() < 0.3:
                browser.put(f"/api/things/{some.choice(mine)}", json={"title": f"changed {some.random()}"})
            else:
                answer = browser.post("/api/things", json={"title": f"by {seed}"})
                if answer.status_code == 201:
                    mine.append(answer.json()["id"])
                    stored.add(answer.json()["id"])

    with Service(two.source) as first, Service(two.target) as second:
        for way, service in ((two, first), (two.back, second)):
            stop.clear()
            browsers = [
                service.browser("acme-user") for _ in range(3)
            ]  # before the moment when nobody logs in
            workers = [
                threading.Thread(target=work, args=one) for one in zip(browsers, range(3), strict=True)
            ]
            for worker in workers:
                worker.start()
            try:
                way.move()
            finally:
                stop.set()
                for worker in workers:
                    worker.join()
            found = [
                str(row[0])
                for row in rows(
                    way.target, "select id from things where tenant_id = %s", [tenant_id(way.target)]
                )
            ]
            assert len(found) == len(set(found))
            assert set(found) == (before | stored) - deleted
            same(way)
            way.compare()
