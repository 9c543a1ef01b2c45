"""One person is let go of: whole, once, for good, and nobody else with them."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.killing import Sides, kill_at_every_call
from tests.person.conftest import LEAVER, People
from tests.promotion.scene import tenant_id
from tests.restore.conftest import AT
from tests.service import ISSUER, Service, make_thing
from workbuoy_app import registry
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.erasures import ERASED, ledger_needed
from workbuoy_app.person import erase as erasing
from workbuoy_app.person.erase import erase
from workbuoy_app.person.rows import erase_rows
from workbuoy_app.promotion.acting import as_group, as_owner, owner_that_may_act
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.restore import copy, tenant

pytestmark = pytest.mark.lengthy


def test_rows_carry_their_author_whatever_a_statement_says(people: People) -> None:
    assert people.sql("select created_by from things where title = 'Hers'") == [(people.leaver,)]
    assert people.sql("select created_by from things where title = 'His'") == [(people.stays,)]
    made = people.sql(
        "select name, created_by from attachments where thing_id = %s order by name", [people.thing]
    )
    assert made == [("hers.txt", people.leaver), ("script.txt", people.leaver)], "a token's member, too"


def test_member_s_own_session_changes_no_author(people: People) -> None:
    with owner_that_may_act(people.settings) as connection:
        connection.execute("select set_config('workbuoy.session', 'theirs', true)")
        connection.execute(
            "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
            " select 'theirs', tenant_id, id, now(), now(), now() + interval '1 day' from members where id = %s",
            [people.stays],
        )
        as_group(connection)
        for table in ("things", "attachments"):
            connection.execute(f"update {table} set created_by = %s", [people.stays])
        connection.execute(
            "insert into things (tenant_id, id, title, body, status, created_at, updated_at, created_by)"
            " select tenant_id, gen_random_uuid(), 'forged', '', 'open', now(), now(), %s from things limit 1",
            [people.leaver],
        )
        as_owner(connection)
        connection.commit()
    assert people.sql("select created_by from things where title in ('Hers', 'forged') order by title") == [
        (people.leaver,),
        (people.stays,),
    ]
    assert people.sql("select 1 from attachments where created_by = %s", [people.stays]) == []


def test_nothing_of_the_person_is_left_and_what_they_wrote_stays(people: People) -> None:
    before = people.sql("select title, body from things order by id")
    told = people.erase()
    assert people.named(people.leaver) == []
    assert people.sql("select title, body from things order by id") == before
    assert people.sql("select created_by from things where title = 'Hers'") == [(ERASED,)]
    assert {
        one for (one,) in people.sql("select created_by from attachments where thing_id = %s", [people.thing])
    } == {ERASED}
    assert told["rows"]["members"] == 1
    assert told["rows"]["authored"] == 3
    assert (
        people.sql(
            "select 1 from members where subject = %s and issuer <> %s",
            [LEAVER, "https://login.globex.example"],
        )
        == []
    )


def test_trail_keeps_what_was_done_under_a_hash(people: People) -> None:
    own = tenant_id(people.settings)
    asked = "select action from audit_events where tenant_id = %s and member_id = %s order by id"
    before = people.sql(asked, [own, people.leaver])
    told = people.erase()
    mark = UUID(told["mark"])
    assert mark.version == 8
    assert people.sql(asked, [own, mark]) == before
    assert people.sql(
        "select action from audit_events where tenant_id = %s and subject_id = %s order by id", [own, mark]
    )[-2:] == [("member.deleted",), ("person.erased",)]


def test_sessions_and_tokens_end_at_once(people: People) -> None:
    with Service(people.settings) as service:
        browser, script = service.browser(LEAVER), service.script(people.token)
        assert browser.get("/api/things").status_code == script.get("/api/things").status_code == 200
        people.erase()
        assert browser.get("/api/things").status_code == script.get("/api/things").status_code == 401


def waiting(people: People) -> bool:
    """Whether a write of the service's waits for the lock that the erasure holds."""
    return bool(
        people.sql(
            "select 1 from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()"
            " where locktype = 'advisory' and mode = 'ShareLock' and not granted"
        )
    )


def test_write_that_waited_for_the_erasure_ends_without_an_author(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds, goes_on = threading.Event(), threading.Event()

    def held(*arguments: Any) -> Any:
        erased = erase_rows(*arguments)
        holds.set()
        assert goes_on.wait(60)
        return erased

    monkeypatch.setattr(erasing, "erase_rows", held)
    with Service(people.settings) as service, ThreadPoolExecutor(2) as threads:
        browser = service.browser(LEAVER)
        erasure = threads.submit(people.erase)
        assert holds.wait(60)
        write = threads.submit(browser.post, "/api/things", json={"title": "late"})
        deadline = time.monotonic() + 60
        while not waiting(people) and not write.done() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not write.done(), "it waits until the erasure has ended"
        goes_on.set()
        assert erasure.result()["rows"]["members"] == 1
        status = write.result().status_code
    late = people.sql("select created_by from things where title = 'late'")
    assert (status, late) == (201, [(None,)])
    assert people.named(people.leaver) == []


def test_same_login_at_another_tenant_is_untouched(people: People) -> None:
    before = people.named(people.elsewhere)
    assert before == ["audit_events.subject_id", "members.id", "things.created_by"]
    people.erase()
    assert people.named(people.elsewhere) == before


def test_again_is_no_change_and_tells_when_it_was_done(people: People) -> None:
    first = people.erase()
    entries = people.entries()
    again = people.erase()
    assert (again["mark"], again["erased_at"]) == (first["mark"], first["erased_at"])
    assert "rows" not in again
    assert people.entries() == entries


def test_ended_membership_is_erased_by_its_id(people: People) -> None:
    registry.remove_member(people.settings, ISSUER, LEAVER)
    assert people.named(people.leaver) != []
    people.erase()
    assert people.named(people.leaver) == []


def test_rows_from_before_authors_are_found_by_the_trail(people: People) -> None:
    people.sql("alter table things disable trigger note_author")
    people.sql("update things set created_by = null")
    assert people.erase()["rows"]["authored"] == 3
    assert people.sql("select created_by from things where title = 'His'") == [(None,)]


def test_unknown_person_is_refused_and_nothing_is_noted(people: People) -> None:
    nobody = uuid4()
    with pytest.raises(PromotionRefused, match="is or was a member of acme"):
        erase(people.settings, "acme", nobody, nobody)
    with pytest.raises(PromotionRefused, match="is or was a member of acme"):
        erase(people.settings, "acme", people.elsewhere, people.elsewhere)
    with pytest.raises(PromotionRefused, match="--yes-erase says"):
        erase(people.settings, "acme", people.leaver, nobody)
    assert people.entries() == 0


def test_only_admin_of_others_stays(people: People) -> None:
    people.sql(
        "update members set role = 'reader' where tenant_id = %s and id <> %s",
        [tenant_id(people.settings), people.stays],
    )
    with pytest.raises(PromotionRefused, match="only admin"):
        erase(people.settings, "acme", people.stays, people.stays)
    assert people.entries() == 0


def test_tenant_that_is_copied_elsewhere_is_refused(people: People) -> None:
    freeze(people.settings, "acme")
    with pytest.raises(PromotionRefused, match="is frozen"):
        people.erase()
    thaw(people.settings, "acme")
    people.sql(
        "insert into copies (tenant_id, lineage, part, number, digest) values (%s, gen_random_uuid(), 'sends', 1, '')",
        [tenant_id(people.settings)],
    )
    with pytest.raises(PromotionRefused, match="on its way between two places"):
        people.erase()
    assert people.entries() == 0


def test_erased_person_does_not_come_back_from_a_copy(people: People) -> None:
    people.erase()
    assert people.named(people.leaver, in_copy=True) != []
    told = copy.prepare(people.settings)
    assert (told.persons_erased, told.tenants_erased) == (1, 0)
    assert people.named(people.leaver, in_copy=True) == []
    assert people.in_copy("select created_by from things where title = 'Hers'") == [(ERASED,)]
    assert people.named(people.stays, in_copy=True) != []
    assert copy.prepare(people.settings).persons_erased == 0


def test_erased_person_does_not_come_back_with_what_a_restore_had_kept(people: People) -> None:
    ledger_needed(people.settings).begin()
    copy.prepare(people.settings)
    people.sql("update things set body = 'since' where title = 'Hers'")
    tenant.restore(people.settings, "acme", AT)
    people.erase()
    assert people.sql("select body from things where title = 'Hers'") == [("what she wrote",)]
    tenant.undo(people.settings, "acme", AT)
    assert people.sql("select body, created_by from things where title = 'Hers'") == [("since", ERASED)]
    assert people.named(people.leaver) == []
    assert people.sql("select created_by from things where title = 'His'") == [(people.stays,)]


def test_new_membership_of_the_same_login_is_another_person(people: People) -> None:
    people.erase()
    again = registry.add_member(people.settings, "acme", ISSUER, LEAVER)
    assert again != people.leaver
    copy.prepare(people.settings)
    assert people.named(again) == ["audit_events.subject_id", "members.id"]


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX forks and kills like this")
def test_killed_at_any_call_the_same_command_goes_on(people: People, postgres: Postgres) -> None:
    """Between two runs either nothing or everything is done."""
    before = people.named(people.leaver)

    def erased(sides: Sides) -> object:
        return replace(people, settings=sides[0]).erase()

    def after(sides: Sides) -> None:
        there = replace(people, settings=sides[0])
        assert there.named(people.leaver) in (before, [])
        there.erase()
        assert there.named(people.leaver) == []
        with Service(there.settings) as service:
            make_thing(service.browser("stays"), "work goes on")

    kill_at_every_call(postgres, (people.settings,), erased, after)
