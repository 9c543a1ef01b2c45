"""A command that is killed may leave a tenant frozen, and says nothing: the service does."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.service import Service
from tests.test_login import superuser_url
from tests.test_removals import sweep
from workbuoy_app import logs, metrics, sweeper
from workbuoy_app.promotion.freeze import CUT_OVER, freeze, thaw

pytestmark = pytest.mark.slow  # each starts servers of its own

RESTORE = "restores/acme/20261126T093000Z/1"


def told(service: Service, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The lines that one sweep writes of a freeze."""
    logs.configure("info")
    capsys.readouterr()
    sweep(service)
    lines = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    return [line for line in lines if line["message"] == sweeper.STILL_FROZEN]


def age(service: Service, how: str) -> None:
    """Let every freeze have begun so long ago."""
    with psycopg.connect(superuser_url(service.settings)) as superuser:
        superuser.execute("update freezes set frozen_at = now() - %s::interval", [how])


@pytest.mark.parametrize("by", [RESTORE, CUT_OVER])
def test_a_freeze_that_a_killed_command_left_is_told_of_once_no_command_takes_so_long(
    service: Service, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    tenant = service.browser().get("/api/me").json()["tenant_id"]
    freeze(service.settings, "acme", by)
    age(service, "14 minutes")
    assert told(service, capsys) == []
    age(service, "16 minutes")
    (line,) = told(service, capsys)
    assert (line["level"], line["tenant"], line["tenant_name"]) == ("warn", tenant, "acme")
    assert line["frozen_by"] == by
    assert 960 <= int(str(line["frozen_seconds"])) < 1000
    assert 960 <= metrics.FREEZE_OLDEST._value.get() < 1000
    thaw(service.settings, "acme", by)
    assert told(service, capsys) == []
    assert metrics.FREEZE_OLDEST._value.get() == 0


def copied(service: Service, part: str) -> None:
    with psycopg.connect(superuser_url(service.settings)) as superuser:
        superuser.execute(
            "insert into copies (tenant_id, lineage, part, number, digest)"
            " select id, gen_random_uuid(), %s, 1, '' from tenants where name = 'acme'",
            [part],
        )


@pytest.mark.parametrize("by", [None, CUT_OVER])
def test_who_is_frozen_while_a_copy_is_made_or_handed_over_and_not_opened_is_told_of(
    service: Service, capsys: pytest.CaptureFixture[str], by: str | None
) -> None:
    service.browser().get("/api/me")
    freeze(service.settings, "acme", by)
    copied(service, "holds" if by else "sends")
    age(service, "16 minutes")
    (line,) = told(service, capsys)
    assert line["frozen_by"] == (by or "a person, on its way to another place")


def test_what_a_person_froze_and_what_serves_elsewhere_may_stand(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.browser().get("/api/me")
    freeze(service.settings, "globex")
    freeze(service.settings, "acme")
    copied(service, "holds")
    age(service, "30 days")
    assert told(service, capsys) == []
